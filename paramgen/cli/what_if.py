"""`paramgen what-if`: recompile with changed inputs; which parameters move, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from paramgen.book.loaded import Loaded
from paramgen.book.resolve import rewrite
from paramgen.cli.output import book_argument, json_option, number, show_json, table
from paramgen.compiler.build import Compiled, compile_book
from paramgen.compiler.explain import upstream
from paramgen.edge.load import load_book
from paramgen.encode import Encoded
from paramgen.errors import Place

DIFFERENT = 2
_PLACE = Place("--set")


@click.command(name="what-if")
@book_argument
@click.option(
    "--set", "changes", multiple=True, required=True, metavar="PATH=VALUE",
    help="Such as assets.enote.credit.lgd='50 %' or policy.confidence='99.5 %'; may be repeated.",
)  # fmt: skip
@json_option
def what_if(book: Path, changes: tuple[str, ...], as_json: bool) -> int:
    """Recompile BOOK with changed inputs and show which parameters move.

    Exit code 2 when any does, 0 when none.
    """
    loaded = load_book(book)
    paths = [change.partition("=")[0].strip() for change in changes]
    before, after = compile_book(loaded), compile_book(_changed(loaded, changes))
    moves = _moves(before, after, paths)
    if as_json:
        show_json({"set": list(changes), "moves": moves})
    elif moves:
        table(
            "Parameters that move",
            ("parameter", "before", "after", "unit", "binding before", "binding after", "through"),
            ([str(move[key]) for key in _KEYS] for move in moves),
        )
    else:
        click.echo("No parameter moves.")
    return DIFFERENT if moves else 0


_KEYS = ("parameter", "before", "after", "unit", "binding_before", "binding_after", "through")


def _changed(loaded: Loaded, changes: Sequence[str]) -> Loaded:
    for change in changes:
        path, equals, text = (part.strip() for part in change.partition("="))
        if not equals or not text:
            raise click.UsageError(f"--set {change!r} is not PATH=VALUE.")
        if path.startswith("policy."):
            inner = path.removeprefix("policy.")
            loaded = replace(loaded, policy=rewrite(loaded.policy, inner, text, _PLACE))
        else:
            loaded = replace(loaded, book=rewrite(loaded.book, path, text, _PLACE))
    return loaded


def _moves(before: Compiled, after: Compiled, paths: Sequence[str]) -> list[dict[str, Any]]:
    rows = []
    for name, old in before.assets.items():
        new = after.assets[name]
        for field, encoded in old.landed.parameters.items():
            landed = new.landed.parameters[field]
            if encoded.integer == landed.integer:
                continue
            steps = [q.name for q in upstream(new.derived.quantities, field)]
            rows.append(
                {
                    "parameter": f"{name}.{field}",
                    "before": _value(encoded),
                    "after": _value(landed),
                    "unit": encoded.field.unit,
                    "binding_before": old.derived.quantities[field].binding,
                    "binding_after": new.derived.quantities[field].binding,
                    "through": ", ".join(path for path in paths if path in steps),
                }
            )
    return rows


def _value(encoded: Encoded) -> float:
    scale = 100.0 if "%" in encoded.field.unit else 1.0
    return number(scale * float(encoded.landed))
