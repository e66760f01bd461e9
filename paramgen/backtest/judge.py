"""Judgement of a backtest: alarms against the stated rate, detection, coverage, exceptions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from paramgen.backtest.coverage import Covered, summed
from paramgen.backtest.events import Guard, Span
from paramgen.backtest.run import Backtest, Episode, ReplayedFold
from paramgen.backtest.statistics import (
    Interval,
    QuantileTest,
    judge_quantile,
    poisson_interval,
)
from paramgen.backtest.walk import LEGS, leg_history
from paramgen.book.loaded import PriceHistory
from paramgen.params.losses import YEAR


@dataclass(frozen=True)
class Alarms:
    """False alarms of one guard: every alarm that begins outside the labelled episodes.

    `rate` is a year, with its exact Poisson interval; `stated` is the policy's. `paused` is the
    share of the time outside episodes that the alarms lasted.
    """

    guard: Guard
    count: int
    years: float
    rate: float
    interval: Interval
    stated: float
    paused: float

    @property
    def within(self) -> bool:
        """Whether the stated rate lies in the interval."""
        return self.stated in self.interval


@dataclass(frozen=True)
class Detection:
    """What became of one labelled episode; times in Unix seconds, None for what never came.

    Attributes
    ----------
    detected : first pause. delay : seconds from the episode's start to it.
    price : the primary's last answer then. noticed : first verdict other than Live.
    crossed : first answer below the episode's level.
    """

    episode: Episode
    detected: int | None
    delay: int | None
    price: float | None
    noticed: int | None
    crossed: int | None

    @property
    def in_time(self) -> bool | None:
        """Whether the pause came before the level was crossed; None where no level is asked."""
        if self.episode.level is None:
            return None
        if self.detected is None:
            return False
        return self.crossed is None or self.detected <= self.crossed


@dataclass(frozen=True)
class Verdict:
    """One policy at one cadence over all folds of an asset."""

    asset: str
    policy: str
    cadence: int
    folds: int
    alarms: tuple[Alarms, ...]
    detections: tuple[Detection, ...]


@dataclass(frozen=True)
class Promise:
    """What was promised of an asset's price and what came of it."""

    asset: str
    decay: tuple[Covered, ...]
    gaussian: tuple[Covered, ...]
    loss: QuantileTest
    haircut: QuantileTest


def verdicts(found: Backtest) -> tuple[Verdict, ...]:
    """A verdict for each asset, policy and cadence."""
    grouped: dict[tuple[str, str, int], list[ReplayedFold]] = {}
    for fold in found.replayed:
        grouped.setdefault((fold.asset, fold.policy, fold.cadence), []).append(fold)
    return tuple(_verdict(found, rows) for rows in grouped.values())


def promises(found: Backtest) -> tuple[Promise, ...]:
    """Coverage and exceptions of each asset, over all its folds."""
    probability = 1.0 - float(found.request.loaded.policy.confidence)
    return tuple(
        Promise(
            asset,
            summed([fold.decay for fold in rows]),
            summed([fold.gaussian for fold in rows]),
            judge_quantile(np.concatenate([fold.exceptions for fold in rows]), probability),
            judge_quantile(np.concatenate([fold.haircut for fold in rows]), probability),
        )
        for asset in found.request.assets
        if (rows := [fold for fold in found.covered if fold.asset == asset])
    )


def tape(found: Backtest, asset: str) -> PriceHistory:
    """The prices that an asset's primary said."""
    loaded = found.request.loaded
    return loaded.histories[leg_history(loaded.book.assets[asset], LEGS[0]) or ""]


def _verdict(found: Backtest, rows: Sequence[ReplayedFold]) -> Verdict:
    head, request = rows[0], found.request
    episodes = request.episodes_of(head.asset)
    stated = float(request.loaded.policy.oracle.false_alarms)
    return Verdict(
        head.asset,
        head.policy,
        head.cadence,
        len(rows),
        tuple(false_alarms(rows, episodes, guard, stated) for guard in Guard),
        tuple(_detection(rows, one, tape(found, head.asset)) for one in episodes),
    )


def false_alarms(
    rows: Sequence[ReplayedFold], episodes: Sequence[Episode], guard: Guard, stated: float
) -> Alarms:
    """Count the alarms of one guard that begin outside every episode."""
    found = [
        span
        for row in rows
        for span in row.alarms[guard]
        if not any(one.start <= span.start < one.end for one in episodes)
    ]
    calm = sum(row.fold.end - row.fold.start - _labelled(row, episodes) for row in rows) / YEAR
    if calm <= 0.0:
        nothing = Interval(0.0, math.inf)
        return Alarms(guard, 0, 0.0, 0.0, nothing, stated, 0.0)
    return Alarms(
        guard=guard,
        count=len(found),
        years=calm,
        rate=len(found) / calm,
        interval=poisson_interval(len(found), calm),
        stated=stated,
        paused=sum(span.length for span in found) / YEAR / calm,
    )


def _labelled(row: ReplayedFold, episodes: Iterable[Episode]) -> int:
    """Seconds of a fold inside any episode."""
    moments = sorted(
        (max(one.start, row.fold.start), min(one.end, row.fold.end)) for one in episodes
    )
    total, reached = 0, row.fold.start
    for start, end in moments:
        total += max(0, end - max(start, reached))
        reached = max(reached, end)
    return total


def _detection(rows: Sequence[ReplayedFold], episode: Episode, prices: PriceHistory) -> Detection:
    paused = _first([span for row in rows for span in row.pauses], episode)
    inside = (prices.times >= episode.start) & (prices.times < episode.end)
    low = inside & (prices.prices < (episode.level if episode.level is not None else -math.inf))
    at = None
    if paused is not None:
        last = int(np.searchsorted(prices.times, paused, side="right")) - 1
        at = float(prices.prices[last])
    return Detection(
        episode=episode,
        detected=paused,
        delay=None if paused is None else paused - episode.start,
        price=at,
        noticed=_first([span for row in rows for span in row.away], episode),
        crossed=int(prices.times[np.argmax(low)]) if low.any() else None,
    )


def _first(found: Iterable[Span], episode: Episode) -> int | None:
    starts = [
        max(span.start, episode.start)
        for span in found
        if span.start < episode.end and span.end > episode.start
    ]
    return min(starts, default=None)
