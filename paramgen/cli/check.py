"""`paramgen check`: everything that is wrong with a book, at once."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from paramgen.cli.output import book_argument, json_option, show_json
from paramgen.compiler.build import Compiled, compile_book
from paramgen.edge.load import load_book
from paramgen.errors import InvalidInputError, Problem


@click.command()
@book_argument
@json_option
def check(book: Path, as_json: bool) -> int:
    """Validate BOOK, its policy and evidence, and that every parameter can land.

    Reports all problems at once, each with file, line, field, bound and what to do.
    """
    try:
        compiled = compile_book(load_book(book))
    except InvalidInputError as error:
        if not as_json:
            raise
        show_json({"valid": False, "problems": [_problem(p) for p in error.problems]})
        return 1
    warnings = warnings_of(compiled)
    if as_json:
        show_json({"valid": True, "problems": [], "warnings": warnings})
        return 0
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)
    count = len(compiled.assets)
    click.echo(f"{book}: {count} {'asset' if count == 1 else 'assets'}, no problems.")
    return 0


def _problem(problem: Problem) -> dict[str, object]:
    shown = asdict(problem)
    place: dict[str, object] = shown.pop("place")
    return place | shown


def warnings_of(compiled: Compiled) -> list[str]:
    """What compiles but deserves a look."""
    return [
        f"{name}: {text}"
        for name, found in compiled.assets.items()
        for text in found.opinions.warnings
    ]
