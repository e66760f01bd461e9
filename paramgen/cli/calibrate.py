"""`paramgen calibrate`: what the histories of feeds say, as evidence that a book can refer to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from paramgen.cli.calibration_tables import evidence_entry, show_calibrations, warnings_of
from paramgen.cli.output import json_option, show_json, with_options
from paramgen.cli.quantities import (
    CONFIDENCE,
    DURATION,
    INNER_SHARE,
    MOMENT,
    POSITIVE_DURATION,
    POSITIVE_NUMBER,
    RATE,
    SHARE,
)
from paramgen.cli.scale import scale_options, shown_progress, where
from paramgen.edge.files import write_whole
from paramgen.edge.scale import Kept, spread

_FILE = click.Path(path_type=Path, dir_okay=False)
_KINDS = ("rounds", "prices", "nav", "supply")

_options = with_options(
    click.option("--kind", type=click.Choice(_KINDS), default="rounds", show_default=True,
                 help="What the files hold: a feed's rounds, prices, NAVs, or a supply or TVL."),
    click.option("--time", default="time", show_default=True, help="Column of the times."),
    click.option("--price", default="price", show_default=True, help="Column of the prices."),
    click.option("--decimals", type=click.IntRange(0, 36), default=0, help="Scale of the prices."),
    click.option("--since", type=MOMENT, help="First day used."),
    click.option("--until", type=MOMENT, help="Day before which the history ends."),
    click.option("--leap", type=INNER_SHARE,
                 help="Leave out a price that leaps by more and is back with the next row."),
    click.option("--heartbeat", type=POSITIVE_DURATION, help="Of the feed, such as '1 h'."),
    click.option("--longest-gap", type=DURATION, help="As published."),
    click.option("--closure", type=POSITIVE_DURATION,
                 help="Longest closure of a feed that keeps business days, such as '4 d'."),
    click.option("--deviation", type=SHARE, default="0 %", help="Trigger of the feed, '50 bp'."),
    click.option("--accrual", type=RATE, help="Of a NAV, such as '4.8 %/y'."),
    click.option("--tick", type=SHARE, help="Smallest step of the price; seen in it by default."),
    click.option("--horizon", type=POSITIVE_DURATION, help="Of z, where it is not this feed's T."),
    click.option("--second", type=_FILE, multiple=True,
                 help="Second source; repeated, its price is the product of the files."),
    click.option("--second-time", help="Its column of the times, by default as --time."),
    click.option("--second-price", help="Its column of the prices, by default as --price."),
    click.option("--second-decimals", type=click.IntRange(0, 36), help="As --decimals by default."),
    click.option("--second-deviation", type=SHARE, default="0 %", help="Its trigger."),
    click.option("--policy", type=_FILE, help="Policy to calibrate for."),
    click.option("--book", type=_FILE, help="Book whose asset, policy and histories to take."),
    click.option("--asset", help="Of the book."),
    click.option("--confidence", type=CONFIDENCE, help="[default: 99 %]"),
    click.option("--false-alarms", "alarms_per_year", type=POSITIVE_NUMBER,
                 help="A year. [default: 1]"),
    click.option("--margin", type=DURATION, help="On the heartbeat. [default: 120 s]"),
    click.option("--poke-interval", type=POSITIVE_DURATION,
                 help="Keeper's cadence. [default: 1 h]"),
    click.option("--shock", type=INNER_SHARE, help="Fall to be caught. [default: 10 %]"),
    click.option("--slow-window", type=POSITIVE_DURATION, help="[default: 24 updates]"),
    click.option("--holding", type=POSITIVE_DURATION, default="1 d", show_default=True,
                 help="Period of the haircut, or of the outflow."),
    click.option("--seed", type=click.IntRange(0), default=1, show_default=True,
                 help="Of the resampling."),
    click.option("--resamples", type=click.IntRange(0, 100_000), default=200, show_default=True),
    click.option("--interval", type=INNER_SHARE, default="95 %", show_default=True,
                 help="Coverage of the intervals."),
    click.option("--name", help="Of the calibration, where there is one feed."),
    click.option("--report", type=_FILE, help="Page with the pictures, HTML."),
    click.option("-o", "--output", type=click.Path(path_type=Path, file_okay=False),
                 default=Path("build"), show_default=True, help="Folder for the evidence."),
)  # fmt: skip


@click.command()
@click.argument("feeds", nargs=-1, metavar="FEED…", type=_FILE)
@_options
@scale_options
@json_option
def calibrate(
    feeds: tuple[Path, ...], *, as_json: bool, workers: int, scheduler: str, **given: Any
) -> int:
    """Calibrate each FEED, a CSV or Parquet file of rounds, prices, NAVs or a supply.

    Staleness, decay, breaker pairs, haircut and, with --second, the tolerance; each with a
    confidence interval by the stationary block bootstrap, and with what the fit is worth. The
    result is evidence: a file that a book refers to by its hash. With --book and --asset, what is
    asked comes from the book, and without a FEED so do the histories. A run that is stopped goes on
    where it was when the same command is given again, a finished feed at a time.
    """
    # The resampling library takes seconds to import, which no other command should wait for.
    from paramgen.cli.calibration_run import Asked, asked_tasks, page_of, run  # noqa: PLC0415
    from paramgen.edge.calibrations import identity  # noqa: PLC0415

    asked = Asked(**given)
    to = where(workers, scheduler)
    tasks = asked_tasks(feeds, asked)
    made_from = identity(tasks, asked.how)
    kept = Kept(asked.output / f"calibrate-{made_from['inputs'][:16]}.parts", made_from)
    with (
        shown_progress("calibrating", silent=as_json) as progress,
        spread(to, progress, kept=kept) as mapper,
    ):
        found = run(tasks, asked, mapper)
        page = None if asked.report is None else page_of(list(zip(tasks, found, strict=True)))
        for one in found:
            write_whole(asked.output / one.file, one.content)
        if asked.report is not None and page is not None:
            write_whole(asked.report, page)
    for one in found:
        for warning in warnings_of(one.calibration):
            click.echo(f"warning: {one.calibration.name}: {warning}", err=True)
    if as_json:
        show_json({one.calibration.name: one.document for one in found})
        return 0
    show_calibrations([one.calibration for one in found])
    for one in found:
        click.echo(f"{asked.output / one.file}: sha256 {one.sha256}")
    click.echo("".join(evidence_entry(one) for one in found), nl=False)
    return 0
