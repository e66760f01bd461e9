"""Where tasks run, as options of a command, and how far they are, on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from paramgen.edge.scale import Progress, Where

Command = TypeVar("Command", bound=Callable[..., Any])


def scale_options(command: Command) -> Command:
    """Add `--workers` and `--scheduler`; `where` reads them."""
    workers = click.option(
        "--workers", type=click.IntRange(0, 256), default=0, show_default="this process alone",
        help="Run on a cluster of so many processes on this machine.",
    )  # fmt: skip
    scheduler = click.option(
        "--scheduler", default="", metavar="tcp://HOST:PORT",
        help="Run on the Dask scheduler at this address.",
    )  # fmt: skip
    return workers(scheduler(command))


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
