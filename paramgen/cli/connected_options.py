"""What the commands that bring a chain to a book are asked: their options and defaults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from paramgen.cli.live_options import Houses
from paramgen.cli.quantities import FiniteRange
from paramgen.cli.reporting import REPORT
from paramgen.edge.node import PUBLIC_CONFIRMATIONS, Waiting

DEFAULT_BOOK = Path("examples/rwa/book.yaml")
DEPLOYMENTS = Path("deployments")
OUTPUT = Path("build")


@dataclass(frozen=True)
class Options:
    """What the user asked for; fields are the options' names."""

    book: Path | None = None
    policy: Path | None = None
    artefact: Path | None = None
    account: str | None = None
    mocks: bool = False
    output: Path = OUTPUT
    deployments: Path = DEPLOYMENTS
    dry_run: bool = False
    yes: bool = False
    as_json: bool = False
    plan: Path | None = None
    save_plan: Path | None = None
    report: Path | None = None
    confirmations: int | None = None
    patience: float | None = None
    page: Path | None = None
    houses: Houses = field(default_factory=Houses)
    path: Path | None = None
    save_path: Path | None = None
    governance: int | None = None


def shared_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every connected command."""
    path = click.Path(path_type=Path, dir_okay=False)
    folder = click.Path(path_type=Path, file_okay=False)
    options = (
        click.option("--book", type=path, help=f"The book to compile. [default: {DEFAULT_BOOK}]"),
        click.option("--policy", type=path, help="A policy in place of the one the book names."),
        click.option("--artefact", type=path, help="A compiled artefact in place of a book."),
        click.option("--account", metavar="ALIAS",
                     help="ape's account that sends (TEST::1 on local networks); on a fork, an "
                     "address to impersonate."),
        click.option("--mocks", is_flag=True, help="Mock what is missing, off local networks too."),
        click.option("-o", "--output", type=folder, default=OUTPUT, show_default=True,
                     help="Folder for the artefact."),
        click.option("--deployments", type=folder, default=DEPLOYMENTS, show_default=True,
                     help="Folder of the networks' deployments."),
        click.option("--report", type=path,
                     help=f"Where to write what became of each step. [default: OUTPUT/{REPORT}]"),
        click.option("--confirmations", type=click.IntRange(0), metavar="BLOCKS",
                     help="Blocks on top of a transaction's own before it counts as landed. "
                     f"[default: 0 on local networks, {PUBLIC_CONFIRMATIONS} or the network's own "
                     "elsewhere]"),
        click.option("--patience", type=FiniteRange(0, min_open=True), metavar="SECONDS",
                     help="How long a transaction may take to land. "
                     f"[default: {Waiting.patience:.0f}]"),
        click.option("--dry-run", is_flag=True, help="Show what would be done, do nothing."),
        click.option("--yes", is_flag=True, help="Do not ask."),
        click.option("--json", "as_json", is_flag=True,
                     help="One JSON document on stdout, nothing else."),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command
