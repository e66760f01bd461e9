"""Bring a proposal into a live Safe's queue, or carry it out: `ape run propose_safe --help`."""

from pathlib import Path
from typing import Any

import click

from paramgen.cli.connected import ConnectedCommand
from paramgen.cli.propose_safe import SafeOptions, run_propose_safe

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(cls=ConnectedCommand)
@click.argument("proposal", type=click.Path(path_type=Path, file_okay=False))
@click.option("--book", type=_FILE, help="The book to compile.")
@click.option("--artefact", type=_FILE, help="A compiled artefact in place of a book.")
@click.option("--safe", required=True, metavar="ALIAS", help="The Safe, as ape names it.")
@click.option("--account", multiple=True, metavar="ALIAS",
              help="An owner among ape's accounts who signs; may be given again. The first sends. "
              "[default: as many of ape's as are needed]")  # fmt: skip
@click.option("--execute", is_flag=True, help="Carry it out; enough owners must have signed.")
@click.option("--save-tx", type=_FILE, help="Where to save the transaction for `verify --safe-tx`.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout, nothing else.")
def cli(provider: Any, **options: Any) -> Any:
    """Sign PROPOSAL, a folder of `paramgen propose --format safe`, and post it to its Safe's queue.

    The folder is first held to the book, as `paramgen verify` does. The second owner runs the same
    command, the last one with --execute. Exit code 2 where the proposal is not the book's.
    """
    return run_propose_safe(provider, SafeOptions(**options))
