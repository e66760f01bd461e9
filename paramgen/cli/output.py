"""What commands share: the book argument, JSON on stdout, tables, and writing without halves."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from paramgen.units import quantise

book_argument = click.argument("book", type=click.Path(path_type=Path), metavar="BOOK")
json_option = click.option(
    "--json", "as_json", is_flag=True, help="One JSON document on stdout, nothing else."
)
Command = Callable[..., Any]


def with_options(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """One decorator of several options, which `--help` lists in this order."""

    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def show_json(document: Mapping[str, Any] | Sequence[Any]) -> None:
    """Print one JSON document."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True))


def number(value: float) -> float:
    """A real for JSON, cut to twelve significant digits."""
    return float(quantise(value))


def table(title: str, columns: Iterable[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table: the first column to the left, the others to the right."""
    sheet = Table(title=title, title_justify="left", header_style="bold")
    for index, column in enumerate(columns):
        sheet.add_column(column, justify="right" if index else "left", overflow="fold")
    for row in rows:
        sheet.add_row(*row)
    console().print(sheet)


def console() -> Console:
    """A terminal as wide as it is, or wide enough for a table when it is none.

    Without markup: `min_r[s_r + fee_r]` is a formula, not a style.
    """
    plain = Console(markup=False, highlight=False)
    return plain if plain.is_terminal else Console(width=160, markup=False, highlight=False)


def percent(value: float, digits: int = 3) -> str:
    """A fraction as a person reads it."""
    return f"{100.0 * value:.{digits}f} %"


def basis_points(value: float) -> str:
    """A fraction in basis points."""
    return f"{10_000.0 * value:.4g}"
