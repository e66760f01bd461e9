"""The contracts' integer arithmetic in plain Python integers, bit for bit.

One module for each Solidity library or contract: `words` (packing), `decay`, `rate`, `oracle`,
`steward`, `venues` (the adapters).
Compared with the deployed bytecode in `tests/differential`.
"""
