"""`paramgen compile`: the artefact, and beside it what it was made with."""

from __future__ import annotations

import json
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

import click

from paramgen import __version__
from paramgen.artefact import artefact, canonical
from paramgen.cli.check import warnings_of
from paramgen.cli.output import book_argument, json_option, show_json, table
from paramgen.compiler.build import Compiled, compile_book
from paramgen.compiler.land import Landed
from paramgen.edge.files import write_whole
from paramgen.edge.load import load_book

ARTEFACT = "artefact.json"
SIDECAR = "tools.json"
_TOOLS = ("numpy", "scipy", "pydantic", "PyYAML", "pyarrow", "pandas")
_COLUMNS = ("ltv", "liquidation_threshold", "liquidation_bonus", "supply_cap", "debt_ceiling")
_RATES = ("base_rate", "slope_1", "slope_2", "kink")


@click.command(name="compile")
@book_argument
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, file_okay=False), default=Path("build"),
    show_default=True, help="Folder for the artefact.",
)  # fmt: skip
@json_option
def compile_(book: Path, output: Path, as_json: bool) -> int:
    """Compile BOOK into the artefact: every parameter, its because, and its integers.

    The artefact's bytes depend on the inputs alone; versions of tools go to a file beside it.
    """
    compiled = compile_book(load_book(book))
    document = artefact(compiled)
    content = canonical(document)
    write_whole(output / ARTEFACT, content)
    write_whole(output / SIDECAR, _sidecar(document["hash"]))
    for warning in warnings_of(compiled):
        click.echo(f"warning: {warning}", err=True)
    if as_json:
        show_json(document)
        return 0
    show_parameters(compiled)
    click.echo(f"{output / ARTEFACT}: {document['hash']}")
    return 0


def _sidecar(artefact_hash: str) -> bytes:
    tools: dict[str, Any] = {name: metadata.version(name) for name in _TOOLS}
    tools |= {"paramgen": __version__, "python": platform.python_version()}
    document = {"artefact": artefact_hash, "machine": platform.machine(), "tools": tools}
    return (json.dumps(document, indent=2, sort_keys=True) + "\n").encode()


def show_parameters(compiled: Compiled) -> None:
    """The parameters that land, and second opinions beside them."""
    assets = compiled.assets
    table(
        "Collateral, as it lands (bound by)",
        ("asset", "LTV", "LT", "bonus", "supply cap USD", "debt ceiling USD", "Morpho LLTV"),
        (
            (
                name,
                *(_shown(found.landed, field) for field in _COLUMNS),
                f"{found.opinions.lltv:.1%}" if found.opinions.lltv else "none",
            )
            for name, found in assets.items()
        ),
    )
    table(
        "Rates, per year, and what holds collateral back",
        ("asset", "base", "slope 1", "slope 2", "kink", "haircut", "LT is bound by"),
        (
            (
                name,
                *(_shown(found.landed, field) for field in _RATES),
                f"{found.derived.value('haircut'):.2%}",
                found.derived.quantities["liquidation_threshold"].binding,
            )
            for name, found in assets.items()
        ),
    )
    others = [
        (f"{name} at {venue}", f"{100 * ltv:+.2f}", f"{100 * threshold:+.2f}")
        for name, found in assets.items()
        for venue, (ltv, threshold) in found.opinions.comparables.items()
    ]
    if others:
        table("Ours less another venue's, points", ("asset", "LTV", "LT"), others)


def _shown(landed: Landed, name: str) -> str:
    encoded = landed.parameters[name]
    value = float(encoded.landed)
    if encoded.field.unit == "USD":
        return f"{encoded.integer:,}".replace(",", " ")
    return f"{100.0 * value:.2f} %" if "%" in encoded.field.unit else f"{value:g}"
