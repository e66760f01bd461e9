"""From the options of `paramgen calibrate` to calibrations."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click

from paramgen.backtest.run import Mapper
from paramgen.book.calibration import Resampling, Settings
from paramgen.book.evidence import IDENTIFIER, HistoryFormat
from paramgen.calibrate.agreement import Readings
from paramgen.cli.calibration_tables import COLUMNS, rows, warnings_of
from paramgen.compiler.build import chosen_assets
from paramgen.edge.calibration_files import CalibrationFile
from paramgen.edge.calibrations import (
    Task,
    book_settings,
    book_tasks,
    calibrate_files,
    side_by_side,
)
from paramgen.edge.feeds import Days, Feed, read_feed
from paramgen.edge.load import load_book, load_policy
from paramgen.params.breaker import SLOW_WINDOWS
from paramgen.params.history import quantise, visible_tick
from paramgen.params.losses import YEAR
from paramgen.report.calibration import Shown, calibration_page
from paramgen.report.page import html

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


_OF_THE_BOOK = (
    "heartbeat", "longest_gap", "closure", "deviation", "accrual", "tick", "second_deviation",
    "confidence", "alarms_per_year", "margin", "poke_interval", "shock", "slow_window",
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """The options, by their names."""

    kind: str
    time: str
    price: str
    decimals: int
    since: datetime | None
    until: datetime | None
    leap: float | None
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
    book: Path | None
    asset: str | None
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
    report: Path | None
    output: Path

    @property
    def days(self) -> Days:
        """The days to be used."""
        return Days(datetime.now(UTC), self.since, self.until, self.leap)

    @property
    def how(self) -> Resampling:
        """How intervals are had."""
        return Resampling(seed=self.seed, resamples=self.resamples, interval=self.interval)

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


def asked_tasks(feeds: Sequence[Path], asked: Asked) -> Sequence[Task]:
    """Read what every calibration that was asked for is made from; nothing is written.

    Raises
    ------
    click.UsageError
        The options contradict each other.
    InvalidInputError
        A file, a policy or a book has problems.
    """
    if (asked.book is None) != (asked.asset is None):
        raise click.UsageError("--book and --asset go together.")
    beside = [name for name in _OF_THE_BOOK if getattr(asked, name) not in (None, 0.0)]
    if asked.book is not None and beside:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in beside)
        raise click.UsageError(f"With --book, what is asked comes from it: leave out {options}.")
    if not feeds and asked.book is None:
        raise click.UsageError("Name a FEED, or a --book and its --asset.")
    return _tasks(feeds, asked) if feeds else _book_tasks(asked)


def run(tasks: Sequence[Task], asked: Asked, mapper: Mapper = map) -> list[CalibrationFile]:
    """Make the calibrations, spread by `mapper`, in the order of their tasks."""
    return list(mapper(partial(_calibrated, asked.how), tasks))


def _calibrated(how: Resampling, task: Task) -> CalibrationFile:
    return calibrate_files(task.name, task.feed, task.seconds, task.settings, how)


def page_of(made: Sequence[tuple[Task, CalibrationFile]]) -> bytes:
    """The calibrations on a page, with the pictures by which they can be judged."""
    shown = [
        Shown(
            calibration=file.calibration,
            history=task.feed.history,
            readings=_readings(task, file),
            rows=tuple(rows(file.calibration)),
            warnings=tuple(warnings_of(file.calibration)),
        )
        for task, file in made
    ]
    return html(calibration_page(shown, COLUMNS)).encode()


def _readings(task: Task, file: CalibrationFile) -> Readings | None:
    if file.calibration.tolerance is None:
        return None
    return side_by_side(task.feed, task.seconds, task.settings)


def _book_tasks(asked: Asked) -> Sequence[Task]:
    loaded = load_book(asked.book or Path(), asked.policy)
    return book_tasks(loaded, asked.asset or "", asked.days, asked.holding)


def _tasks(feeds: Sequence[Path], asked: Asked) -> Sequence[Task]:
    """A task for each file; what is asked comes from the book, or from the options."""
    given = _given(asked)
    tasks = []
    for name, path in _named(feeds, asked).items():
        role = "supply" if asked.kind == "supply" else "feed"
        feed = read_feed(path, role, asked.columns, asked.days)
        second = [
            read_feed(leg, "second", asked.second_columns, asked.days) for leg in asked.second
        ]
        tasks.append(Task(name, feed, second, given or _settings(feed, asked)))
    return tasks


def _given(asked: Asked) -> Settings | None:
    if asked.book is None or asked.asset is None:
        return None
    loaded = load_book(asked.book, asked.policy)
    chosen_assets(loaded, [asked.asset])
    found = book_settings(
        loaded.book.assets[asked.asset], loaded.policy, asked.holding, asked.horizon
    )
    return found.model_copy(update={"kind": "supply"}) if asked.kind == "supply" else found


def _named(feeds: Sequence[Path], asked: Asked) -> Mapping[str, Path]:
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


def _appetite(asked: Asked) -> Mapping[str, float]:
    """Each of the policy's numbers: as asked for, else the policy's, else the usual one."""
    found = dict(APPETITE)
    if asked.policy is not None:
        policy = load_policy(asked.policy)
        found["confidence"] = float(policy.confidence)
        found |= {name: float(getattr(policy.oracle, rule)) for name, rule in _RULES.items()}
    given = {name: getattr(asked, name) for name in APPETITE}
    return found | {name: value for name, value in given.items() if value is not None}


def _settings(feed: Feed, asked: Asked) -> Settings:
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
            **_appetite(asked),
            "second_deviation": asked.second_deviation,
            "accrual": asked.accrual or 0.0,
            "tick": tick,
            "windows": quantise(windows),
        }
    )
