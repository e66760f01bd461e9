"""The example book, loaded and compiled once for all tests that only read it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from paramgen.book.loaded import Loaded
from paramgen.compiler.build import Compiled, compile_book
from paramgen.edge.load import load_book

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "examples" / "rwa" / "book.yaml"


@cache
def loaded() -> Loaded:
    return load_book(BOOK)


@cache
def compiled() -> Compiled:
    return compile_book(loaded())
