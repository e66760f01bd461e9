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
from paramgen.cli.output import book_argument, json_option, show_json
from paramgen.cli.tables import show_parameters
from paramgen.compiler.build import compile_book
from paramgen.edge.files import write_whole
from paramgen.edge.load import load_book

ARTEFACT = "artefact.json"
SIDECAR = "tools.json"
_TOOLS = ("numpy", "scipy", "pydantic", "PyYAML", "pyarrow", "pandas")


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
    show_parameters(document)
    click.echo(f"{output / ARTEFACT}: {document['hash']}")
    return 0


def _sidecar(artefact_hash: str) -> bytes:
    tools: dict[str, Any] = {name: metadata.version(name) for name in _TOOLS}
    tools |= {"paramgen": __version__, "python": platform.python_version()}
    document = {"artefact": artefact_hash, "machine": platform.machine(), "tools": tools}
    return (json.dumps(document, indent=2, sort_keys=True) + "\n").encode()
