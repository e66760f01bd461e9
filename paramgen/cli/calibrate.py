"""`paramgen calibrate`: what the histories of feeds say, as evidence that a book can refer to."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from paramgen.book.calibration import Resampling, Settings
from paramgen.book.schema import IDENTIFIER, HistoryFormat
from paramgen.cli.calibration_tables import evidence_entry, show_calibrations, warnings_of
from paramgen.cli.output import json_option, show_json
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
from paramgen.edge.calibration_files import CalibrationFile
from paramgen.edge.feeds import Days, Feed, read_feed
from paramgen.edge.files import write_whole
from paramgen.edge.load import load_policy
from paramgen.params.breaker import SLOW_WINDOWS
from paramgen.params.history import quantise, visible_tick
from paramgen.params.losses import YEAR

_FILE = click.Path(path_type=Path, dir_okay=False)
_KINDS = ("rounds", "prices", "nav", "supply")

APPETITE: Mapping[str, float] = {
    "confidence": 0.99,
    "alarms_per_year": 1.0,
    "margin": 120.0,
    "poke_interval": 3_600.0,
    "shock": 0.10,
}
"""What stands where neither a policy nor an option says otherwise."""

_RULES = {
    "alarms_per_year": "false_alarms",
    "margin": "margin",
    "poke_interval": "poke_interval",
    "shock": "shock",
}
"""Where in a policy's oracle section each of them stands."""

_OPTIONS = (
    click.option("--kind", type=click.Choice(_KINDS), default="rounds", show_default=True,
                 help="What the files hold: a feed's rounds, prices, NAVs, or a supply or TVL."),
    click.option("--time", default="time", show_default=True, help="Column of the times."),
    click.option("--price", default="price", show_default=True, help="Column of the prices."),
    click.option("--decimals", type=click.IntRange(0, 36), default=0, help="Scale of the prices."),
    click.option("--since", type=MOMENT, help="First day used."),
    click.option("--until", type=MOMENT, help="Day before which the history ends."),
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
    click.option("-o", "--output", type=click.Path(path_type=Path, file_okay=False),
                 default=Path("build"), show_default=True, help="Folder for the evidence."),
)  # fmt: skip


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@dataclass(frozen=True)
class _Asked:
    """The options, by their names."""

    kind: str
    time: str
    price: str
    decimals: int
    since: datetime | None
    until: datetime | None
    heartbeat: float | None
    longest_gap: float | None
    closure: float | None
    deviation: float
    accrual: float | None
    tick: float | None
    horizon: float | None
    second: tuple[Path, ...]
    second_time: str | None
    second_price: str | None
    second_decimals: int | None
    second_deviation: float
    policy: Path | None
    confidence: float | None
    alarms_per_year: float | None
    margin: float | None
    poke_interval: float | None
    shock: float | None
    slow_window: float | None
    holding: float
    seed: int
    resamples: int
    interval: float
    name: str | None
    output: Path

    @property
    def days(self) -> Days:
        """The days to be used."""
        return Days(datetime.now(UTC), self.since, self.until)

    @property
    def columns(self) -> HistoryFormat:
        """Columns of the feeds."""
        return _columns(self.time, self.price, self.decimals)

    @property
    def second_columns(self) -> HistoryFormat:
        """Columns of the second source's files."""
        decimals = self.decimals if self.second_decimals is None else self.second_decimals
        return _columns(self.second_time or self.time, self.second_price or self.price, decimals)


def _columns(time: str, price: str, decimals: int) -> HistoryFormat:
    return HistoryFormat(time=time, price=price, decimals=decimals)


@click.command()
@click.argument("feeds", nargs=-1, required=True, metavar="FEED…", type=_FILE)
@_options
@json_option
def calibrate(feeds: tuple[Path, ...], *, as_json: bool, **given: Any) -> int:
    """Calibrate each FEED, a CSV or Parquet file of rounds, prices, NAVs or a supply.

    Staleness, decay, breaker pairs, haircut and, with --second, the tolerance; each with a
    confidence interval by the stationary block bootstrap, and with what the fit is worth. The
    result is evidence: a file that a book refers to by its hash.
    """
    asked = _Asked(**given)
    named = _named(feeds, asked)
    rules = _appetite(asked)
    found = [_calibrated(name, feed, asked, rules) for name, feed in named.items()]
    for one in found:
        write_whole(asked.output / one.file, one.content)
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


def _named(feeds: Sequence[Path], asked: _Asked) -> Mapping[str, Path]:
    """The feeds by the names of their calibrations."""
    if asked.name is not None and len(feeds) > 1:
        raise click.UsageError("--name names one calibration, and there are several feeds.")
    if asked.second and len(feeds) > 1:
        raise click.UsageError("--second stands beside one feed, and there are several.")
    named: dict[str, Path] = {}
    for feed in feeds:
        name = asked.name or slug(feed.stem)
        if re.fullmatch(IDENTIFIER, name) is None:
            hint = "lower-case words joined by hyphens, such as eth-usd"
            raise click.UsageError(f"{name!r} is no name of evidence: give --name, {hint}.")
        if name in named:
            raise click.UsageError(f"{named[name]} and {feed} would both be named {name}.")
        named[name] = feed
    return named


def slug(text: str) -> str:
    """A file's name as an id of evidence."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _appetite(asked: _Asked) -> Mapping[str, float]:
    """Each of the policy's numbers: as asked for, else the policy's, else the usual one."""
    found = dict(APPETITE)
    if asked.policy is not None:
        policy = load_policy(asked.policy)
        found["confidence"] = float(policy.confidence)
        found |= {name: float(getattr(policy.oracle, rule)) for name, rule in _RULES.items()}
    given = {name: getattr(asked, name) for name in APPETITE}
    return found | {name: value for name, value in given.items() if value is not None}


def _calibrated(
    name: str, path: Path, asked: _Asked, rules: Mapping[str, float]
) -> CalibrationFile:
    # The resampling library takes seconds to import, which no other command should wait for.
    from paramgen.edge.calibrations import calibrate_files  # noqa: PLC0415

    feed = read_feed(
        path, "supply" if asked.kind == "supply" else "feed", asked.columns, asked.days
    )
    seconds = [read_feed(leg, "second", asked.second_columns, asked.days) for leg in asked.second]
    how = Resampling(seed=asked.seed, resamples=asked.resamples, interval=asked.interval)
    return calibrate_files(name, feed, seconds, _settings(feed, asked, rules), how)


def _settings(feed: Feed, asked: _Asked, rules: Mapping[str, float]) -> Settings:
    if asked.kind == "nav" and not asked.accrual:
        raise click.UsageError("--kind nav needs its --accrual, such as '4.8 %/y'.")
    if asked.kind != "nav" and asked.accrual:
        raise click.UsageError("--accrual is of a NAV: give --kind nav.")
    tick = visible_tick(feed.history) if asked.tick is None else asked.tick
    windows = SLOW_WINDOWS
    if asked.slow_window is not None:
        windows = asked.slow_window * feed.history.updates_per_year / YEAR
    kept = ("kind", "heartbeat", "closure", "longest_gap", "horizon", "deviation", "holding")
    return Settings.model_validate(
        {
            **{name: getattr(asked, name) for name in kept},
            **rules,
            "second_deviation": asked.second_deviation,
            "accrual": asked.accrual or 0.0,
            "tick": tick,
            "windows": quantise(windows),
        }
    )
