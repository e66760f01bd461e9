"""`paramgen explain ASSET.FIELD`: value ← formula ← inputs ← evidence, with derivatives."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from rich.text import Text
from rich.tree import Tree

from paramgen.book.quantity import Input
from paramgen.book.resolve import inputs
from paramgen.cli.output import console, json_option, number, show_json, table
from paramgen.compiler.build import CompiledAsset, compile_asset
from paramgen.compiler.explain import Derivative, derivatives, upstream
from paramgen.compiler.ledger import INPUT, Quantity
from paramgen.edge.load import load_book
from paramgen.encode import BY_NAME
from paramgen.errors import ParamgenError

_DEFAULT = Path("examples/rwa/book.yaml")
_ALIASES = {"lt": "liquidation_threshold", "bonus": "liquidation_bonus", "yield": "composite_yield"}


class UnknownFieldError(ParamgenError):
    """A name that is no quantity of the asset."""


@click.command()
@click.argument("name", metavar="ASSET.FIELD")
@click.option(
    "--book", type=click.Path(path_type=Path), default=_DEFAULT, show_default=True,
    help="The book.",
)  # fmt: skip
@json_option
def explain(name: str, book: Path, as_json: bool) -> int:
    """Trace ASSET.FIELD to its evidence, and say what moves it.

    FIELD is any quantity: a parameter such as ltv or slope_2, or a step such as haircut.
    """
    asset, field = _split(name)
    loaded = load_book(book)
    compiled = compile_asset(loaded, asset)
    quantities = compiled.derived.quantities
    if field not in quantities:
        steps = ", ".join(key for key, q in quantities.items() if q.formula != INPUT)
        raise UnknownFieldError(f"{asset} has no quantity {field!r}. It has {steps}.")
    rows = derivatives(loaded, asset, compiled.fits, field)
    leaves = dict(inputs(loaded.book)) | dict(inputs(loaded.policy, "policy"))
    if as_json:
        show_json(_document(compiled, field, rows, leaves))
        return 0
    _show(compiled, field, rows, leaves)
    return 0


def _split(name: str) -> tuple[str, str]:
    asset, dot, field = name.partition(".")
    if not dot or not field:
        raise click.UsageError(f"{name!r} is not ASSET.FIELD, such as sg-short-note.ltv.")
    return asset, _ALIASES.get(field, field)


def _document(
    compiled: CompiledAsset,
    field: str,
    rows: tuple[Derivative, ...],
    leaves: Mapping[str, Input],
) -> dict[str, Any]:
    steps = upstream(compiled.derived.quantities, field)
    return {
        "asset": compiled.derived.identifier,
        "field": field,
        "landed": _landed(compiled, field),
        "steps": [_step(step, leaves) for step in steps],
        "derivatives": [
            {"input": row.path, "written": row.written, "slope": row.slope, "reason": row.reason}
            for row in rows
        ],
    }


def _landed(compiled: CompiledAsset, field: str) -> dict[str, Any] | None:
    encoded = compiled.landed.parameters.get(field)
    if encoded is None:
        return None
    return {
        "integer": encoded.integer,
        "value": number(float(encoded.landed)),
        "rounding": encoded.field.rounding.value,
        "error": number(float(encoded.error)),
    }


def _step(step: Quantity, leaves: Mapping[str, Input]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": step.name,
        "value": number(step.value),
        "unit": step.unit,
        "formula": step.formula,
        "uses": list(step.uses),
    }
    if step.binding:
        found["binding"] = step.binding
        found["candidates"] = {name: number(value) for name, value in step.candidates.items()}
    if step.name in leaves:
        found["written"] = leaves[step.name].written
        found["evidence"] = leaves[step.name].evidence
    return found


def _show(
    compiled: CompiledAsset,
    field: str,
    rows: tuple[Derivative, ...],
    leaves: Mapping[str, Input],
) -> None:
    quantities = compiled.derived.quantities
    name = Text(f"{compiled.derived.identifier}.{field}", style="bold")
    root = Tree(name.append(_rounded(compiled, field), style="not bold"))
    _grow(root, quantities, field, leaves, set())
    console().print(root)
    moving = [row for row in rows if row.slope or row.reason]
    table(
        f"What moves {field}",
        ("input", "as written", f"d({field})/d(input)"),
        (
            (row.path, row.written, row.reason if row.slope is None else f"{row.slope:+.4g}")
            for row in moving
        ),
    )


def _rounded(compiled: CompiledAsset, field: str) -> str:
    encoded = compiled.landed.parameters.get(field)
    if encoded is None:
        return ""
    kind = BY_NAME[field]
    return (
        f", {kind.meaning}: {float(encoded.landed):.10g} ({encoded.integer}, rounded "
        f"{kind.rounding.value} from {float(encoded.wanted):.10g})"
    )


def _grow(
    tree: Tree,
    quantities: Mapping[str, Quantity],
    name: str,
    leaves: Mapping[str, Input],
    seen: set[str],
) -> None:
    step = quantities[name]
    if name in leaves:
        found = leaves[name]
        source = f" ← {found.evidence}" if found.evidence else " (policy)"
        tree.add(f"{name} = {found.written}{source}")
        return
    bound = f"  bound by {step.binding}" if step.binding else ""
    known = "  (above)" if name in seen else ""
    branch = tree.add(f"{name} = {step.value:.8g} {step.unit}  {step.formula}{bound}{known}")
    if name in seen:
        return
    seen.add(name)
    for used in step.uses:
        _grow(branch, quantities, used, leaves, seen)
