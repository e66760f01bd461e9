"""paramgen: a compiler from risk evidence to smart-contract parameters."""

__version__ = "0.1.0"
