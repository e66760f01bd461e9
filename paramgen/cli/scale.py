"""Where tasks run, as options of a command, and how far they are, on a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from paramgen.cli.output import with_options
from paramgen.edge.scale import Progress, Where

scale_options = with_options(
    click.option(
        "--workers", type=click.IntRange(0, 256), default=0, show_default="this process alone",
        help="Run on a cluster of so many processes on this machine.",
    ),
    click.option(
        "--scheduler", default="", metavar="tcp://HOST:PORT",
        help="Run on the Dask scheduler at this address.",
    ),
)  # fmt: skip
"""`--workers` and `--scheduler`; `where` reads them."""


def where(workers: int, scheduler: str) -> Where:
    """Read the two options, of which one is enough.

    Raises
    ------
    click.UsageError
        When both are given.
    """
    if workers and scheduler:
        raise click.UsageError("--workers and --scheduler are two answers to one question.")
    return Where(workers, scheduler)


@contextmanager
def shown_progress(what: str, *, silent: bool) -> Iterator[Progress | None]:
    """Show on stderr how many parts are done, where that is a terminal and JSON is not asked."""
    console = Console(stderr=True)
    if silent or not console.is_terminal:
        yield None
        return
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)
