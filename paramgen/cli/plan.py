"""`paramgen plan`: what differs between a book and a chain; nothing is sent."""

from __future__ import annotations

import math
import sys
from contextlib import nullcontext, redirect_stdout
from pathlib import Path
from typing import Any

import click

from paramgen.cli.live_options import Houses, pending_options
from paramgen.cli.output import json_option, show_json
from paramgen.cli.quantities import DURATION
from paramgen.edge.files import read

DIFFERENT = 2
_FILE = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command()
@click.option("--book", type=_FILE, help="The book to compile.")
@click.option("--policy", type=_FILE, help="A policy in place of the one the book names.")
@click.option("--artefact", type=_FILE, help="A compiled artefact in place of a book.")
@click.option("--network", default="ethereum:local:test", show_default=True, help="ape's network.")
@click.option("--deployments", type=_FOLDER, help="Folder of the networks' deployments.")
@click.option("--save", type=_FILE, help="Where to save the plan for review.")
@click.option("--save-path", type=_FILE, help="Where to save the steward's path, if it is one.")
@click.option("--voting-time", type=DURATION, help="From a proposal to the end of its vote: 5 d.")
@click.option("--timelock-delay", type=DURATION, help="From queueing to execution: 2 d.")
@click.option("--page", type=_FILE, help="Where to draw it as a page: values, rate curves.")
@pending_options
@json_option
def plan(
    *,
    book: Path | None,
    policy: Path | None,
    artefact: Path | None,
    network: str,
    deployments: Path | None,
    save: Path | None,
    save_path: Path | None,
    voting_time: float | None,
    timelock_delay: float | None,
    page: Path | None,
    safe_tx: tuple[Path, ...],
    as_json: bool,
    **named: Any,
) -> int:
    """Show every parameter whose value on chain differs from the book's.

    With the addresses of governors, timelocks or a Safe, also what is under way there that touches
    the steward, where it meets this plan, and whether it would still pass.

    What is beyond one batch of the steward is shown as a path of dated steps; with --voting-time
    and --timelock-delay the date on which governance could be there stands beside it.

    Exit code 0 when no parameter differs, 2 when one does. Run it in the project's folder.
    """
    # ape takes a second to import, which no other command should wait for.
    from paramgen.cli.connected import connected  # noqa: PLC0415
    from paramgen.cli.connected_options import DEPLOYMENTS, Options  # noqa: PLC0415
    from paramgen.cli.runs import run_plan  # noqa: PLC0415

    options = Options(
        book=book,
        policy=policy,
        artefact=artefact,
        deployments=deployments or DEPLOYMENTS,
        save_plan=save,
        page=page,
        save_path=save_path,
        governance=_governance(voting_time, timelock_delay),
        as_json=as_json,
        dry_run=True,
        houses=Houses(**named, safe_tx=tuple(read(path) for path in safe_tx)),
    )
    with redirect_stdout(sys.stderr) if as_json else nullcontext(), connected(network) as provider:
        document = run_plan(provider, options)
    if as_json:
        show_json(document)
    return 0 if document["status"] == "nothing to do" else DIFFERENT


def _governance(voting: float | None, timelock: float | None) -> int | None:
    """Seconds from a proposal to its execution; None where neither part is known."""
    if voting is None and timelock is None:
        return None
    return math.ceil((voting or 0.0) + (timelock or 0.0))
