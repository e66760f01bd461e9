"""One page of results: what was asked, what came out, pictures beside their numbers.

A page is one file that loads nothing: style inside, pictures as data. Every text is escaped by the
template engine, pictures too, which are shown as images so that nothing in them can run.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

from jinja2 import Environment, PackageLoader, StrictUndefined, Template


@dataclass(frozen=True)
class Table:
    """Rows of text under named columns; a cell that reads as a number is set to the right."""

    kind: ClassVar[str] = "table"
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"{self.caption}: {len(row)} cells in {len(self.columns)} columns")

    @property
    def heads(self) -> tuple[tuple[str, bool], ...]:
        """Each column's name, and whether it stands above numbers alone."""
        cells = zip(*self.rows, strict=True) if self.rows else [()] * len(self.columns)
        numeric = (any(column) and all(map(is_number, filter(None, column))) for column in cells)
        return tuple(zip(self.columns, numeric, strict=True))


@dataclass(frozen=True)
class Picture:
    """An SVG with the sentence that says what to see in it; the caption is its text for readers."""

    kind: ClassVar[str] = "picture"
    caption: str
    svg: str

    @property
    def source(self) -> str:
        """The picture as a data address."""
        return "data:image/svg+xml;base64," + base64.b64encode(self.svg.encode()).decode()


@dataclass(frozen=True)
class Warnings:
    """What a reader must know before believing the numbers."""

    kind: ClassVar[str] = "warnings"
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Section:
    """A heading, its sentences and what they speak of, in order."""

    heading: str
    text: tuple[str, ...] = ()
    blocks: tuple[Table | Picture | Warnings, ...] = ()


@dataclass(frozen=True)
class Page:
    """A whole page.

    `facts` are pairs of name and value: inputs with their hashes, policy numbers, seeds, versions.
    """

    title: str
    summary: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]


def html(page: Page) -> str:
    """Render the page; the same page gives the same bytes."""
    return _template().render(page=page, is_number=is_number)


def is_number(cell: str) -> bool:
    """Whether a cell holds a number, with unit or sign, and so belongs to the right."""
    text = cell.strip().lstrip("−-+<≥≤> ")
    return text[:1].isdigit() and not _RATIO.match(text)


_RATIO = re.compile(r"1/[a-z]+$")
"""A unit such as `1/s` is no number."""


def rows(cells: Sequence[Sequence[object]]) -> tuple[tuple[str, ...], ...]:
    """Text of every cell, as `str` writes it; None is an empty cell."""
    return tuple(tuple("" if cell is None else str(cell) for cell in row) for row in cells)


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("paramgen.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("page.html")
