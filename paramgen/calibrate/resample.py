"""Confidence intervals by resampling a feed's updates in blocks.

An update is its gap and its log return, drawn together; each resample is a feed of its own, whose
every statistic is had anew, so that what moves together in the intervals moves together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from arch.bootstrap import StationaryBootstrap, optimal_block_length
from numpy.typing import ArrayLike

from paramgen.book.calibration import Estimate, Resampling
from paramgen.model.arrays import as_float
from paramgen.params.binding import ParameterError
from paramgen.params.history import History, quantise, update_gaps, update_returns
from paramgen.params.losses import Array

Statistics = Callable[[History], Mapping[str, float]]
"""Every statistic of a feed by name; NaN, or none, where a resample does not carry it."""

_LEAST_DRAWS = 0.9
"""Share of the resamples that must carry a statistic for its interval to be stated."""


@dataclass(frozen=True)
class Intervals:
    """Ends of each statistic's interval by name, and the mean block that was drawn."""

    ends: Mapping[str, tuple[float, float]]
    block: int

    def around(self, name: str, value: float) -> Estimate:
        """Return the value with its interval, or alone where there is none."""
        low, high = self.ends.get(name, (None, None))
        return Estimate(value=value, low=low, high=high)


def block_length(series: ArrayLike, least: float = 1.0) -> int:
    """Return the mean length of blocks for a series, by Politis and White (2004) as corrected.

    Parameters
    ----------
    series : (n,) whose dependence the blocks are to keep.
    least : never shorter; a window of a statistic should lie in one block.

    A series without variation has no such length; n^⅓ is what theory leaves.
    """
    x = as_float(series)
    if x.size < _FEWEST or not np.ptp(x) > 0.0:
        found = float(x.size ** (1.0 / 3.0))
    else:
        found = float(optimal_block_length(x)["stationary"].iloc[0])
    longest = max(1.0, float(x.size) / 4.0)
    return math.ceil(min(max(found, least, 1.0), longest))


_FEWEST = 20


def feed_intervals(
    history: History, statistics: Statistics, how: Resampling, least_block: float = 1.0
) -> Intervals:
    """Return percentile intervals of a feed's statistics under the stationary bootstrap.

    Parameters
    ----------
    history : n updates, n ≥ 2.
    least_block : in updates, the longest window among the statistics.

    Source: Politis and Romano (1994); `arch.bootstrap`.
    """
    gaps, returns = update_gaps(history), update_returns(history)
    block = block_length(np.abs(returns), least_block)

    def drawn(seconds: Array, moves: Array) -> Mapping[str, float]:
        return statistics(_rebuilt(history, seconds, moves))

    return _intervals(drawn, (gaps, returns), block, how)


def series_intervals(
    series: Array, statistics: Callable[[Array], Mapping[str, float]], how: Resampling
) -> Intervals:
    """Return percentile intervals of the statistics of one series of readings, (n,)."""
    return _intervals(statistics, (series,), block_length(series), how)


def _intervals(
    statistics: Callable[..., Mapping[str, float]],
    data: tuple[Array, ...],
    block: int,
    how: Resampling,
) -> Intervals:
    if how.resamples == 0:
        return Intervals({}, block)
    source = StationaryBootstrap(block, *data, seed=np.random.default_rng(how.seed))
    draws = [_carried(statistics, drawn) for drawn, _ in source.bootstrap(how.resamples)]
    names = {name for draw in draws for name in draw}
    columns = {name: np.array([draw.get(name, math.nan) for draw in draws]) for name in names}
    tail = (1.0 - how.interval) / 2.0
    return Intervals(
        {
            name: _ends(found, tail)
            for name, found in columns.items()
            if np.mean(np.isfinite(found)) >= _LEAST_DRAWS
        },
        block,
    )


def _carried(
    statistics: Callable[..., Mapping[str, float]], drawn: Sequence[Any]
) -> Mapping[str, float]:
    try:
        return statistics(*drawn)
    except ParameterError:
        return {}


def _ends(values: Array, tail: float) -> tuple[float, float]:
    low, high = np.quantile(values[np.isfinite(values)], [tail, 1.0 - tail])
    return quantise(float(low)), quantise(float(high))


def _rebuilt(history: History, gaps: Array, returns: Array) -> History:
    times = history.times[0] + np.concatenate(([0.0], np.cumsum(gaps)))
    logs = math.log(history.prices[0]) + np.concatenate(([0.0], np.cumsum(returns)))
    return History(times, np.exp(logs), 0)
