"""`paramgen init`: a commented starter that compiles as it is."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path

import click

from paramgen.book.json_schema import MODELS, render
from paramgen.edge.files import write_whole
from paramgen.errors import ParamgenError


class NotEmptyError(ParamgenError):
    """A folder that already holds what would be written."""


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path())
def init(folder: Path) -> int:
    """Write a starter book, policy, evidence and schemas into FOLDER, by default here."""
    with as_file(files("paramgen.edge") / "templates") as templates:
        sources = sorted(path for path in templates.rglob("*") if path.is_file())
        targets = {folder / path.relative_to(templates): path.read_bytes() for path in sources}
    # What the files' first line points an editor to.
    schemas = {folder / "schema" / f"{name}.schema.json": render(name).encode() for name in MODELS}
    targets |= schemas
    standing = [str(path) for path in targets if path.exists()]
    if standing:
        raise NotEmptyError(
            f"{', '.join(standing)} already there; nothing was written.\n"
            "    Name an empty folder: paramgen init my-book"
        )
    for path, content in targets.items():
        write_whole(path, content)
        click.echo(str(path))
    click.echo(f"Next: paramgen check {folder / 'book.yaml'}")
    return 0
