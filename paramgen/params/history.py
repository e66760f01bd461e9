"""Histories of a feed: its gaps, its returns, and what an accrual leaves of them (spec 3.5, 3.6).

Times are Unix seconds, rates per year of 365 days, returns natural logarithms. Every fitted value
leaves quantised to six significant digits: exp, log and pow differ in their last bits between
processors, and a fit must not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paramgen.model.arrays import as_float
from paramgen.params.binding import ParameterError
from paramgen.params.losses import YEAR, Array

_GRID_SLACK = 1e-12
_MAX_SMOOTHING = 0.9
_FINE_STEPS = 20.0


@dataclass(frozen=True)
class History:
    """A feed's answers in order of time.

    Parameters
    ----------
    times : (n,) Unix seconds, strictly increasing.
    prices : (n,) positive.
    dropped : rows left out as unusable.
    reasons : how many of them for which reason.
    """

    times: Array
    prices: Array
    dropped: int
    reasons: Mapping[str, int] = field(default_factory=dict)

    @property
    def years(self) -> float:
        """Length from first to last answer."""
        return float(self.times[-1] - self.times[0]) / YEAR

    @property
    def updates_per_year(self) -> float:
        """Mean number of updates a year."""
        return (self.times.size - 1) / self.years


def clean_history(times: ArrayLike, prices: ArrayLike) -> History:
    """Order a history by time and leave out what no feed can have meant.

    Rows without a positive, finite time and price go; of rows with one time the last given in
    round order stays, newest-first input being recognised by its ends.

    Raises
    ------
    ParameterError : fewer than two usable rows.
    """
    t, p = as_float(times), as_float(prices)
    flaws = {
        "no time": ~np.isfinite(t),
        "a time not above zero": t <= 0.0,
        "no price": ~np.isfinite(p),
        "a price not above zero": p <= 0.0,
    }
    usable = np.ones(t.size, dtype=bool)
    reasons = {}
    for flaw, found in flaws.items():
        reasons[flaw] = int(np.count_nonzero(usable & found))
        usable &= ~found
    t, p = t[usable], p[usable]
    if t.size and t[0] > t[-1]:
        t, p = t[::-1], p[::-1]
    order = np.argsort(t, kind="stable")
    t, p = t[order], p[order]
    last = np.append(np.diff(t) > 0.0, True) if t.size else np.zeros(0, dtype=bool)
    if np.count_nonzero(last) < 2:  # noqa: PLR2004 - a gap needs two ends
        raise ParameterError(
            "history", "too few usable rows", float(np.count_nonzero(last)), 2.0,
            "Check that the columns are those of time and answer.",
        )  # fmt: skip
    reasons["a time already answered"] = int(np.count_nonzero(~last))
    found_reasons = {reason: count for reason, count in reasons.items() if count}
    return History(t[last], p[last], sum(found_reasons.values()), found_reasons)


def update_gaps(history: History) -> Array:
    """Return (n−1,) seconds between consecutive updates."""
    return np.diff(history.times)


def update_returns(history: History) -> Array:
    """Return (n−1,) log returns from update to update."""
    return np.diff(np.log(history.prices))


def horizon_returns(history: History, horizon: float, cadence: float) -> Array:
    """Return log returns over `horizon`, the feed read by a keeper every `cadence` seconds.

    The price at a time is the last answer at or before it, as the chain would see it. Returns
    overlap where the cadence is shorter than the horizon.

    Raises
    ------
    ParameterError : the history is no longer than the horizon.
    """
    start, end = history.times[0], history.times[-1] - horizon
    if end < start:
        raise ParameterError(
            "horizon returns", "the history is shorter than the horizon",
            float(history.times[-1] - start), horizon, "Give a longer history.",
        )  # fmt: skip
    pokes = np.arange(start, end + 1.0, cadence)
    logs = np.log(history.prices)
    before = np.searchsorted(history.times, pokes, side="right") - 1
    after = np.searchsorted(history.times, pokes + horizon, side="right") - 1
    returns: Array = logs[after] - logs[before]
    return returns


def annual_volatility(history: History) -> float:
    """Return σ per √year, the root of the realised variance Σr²/years, quantised."""
    returns = update_returns(history)
    return quantise(math.sqrt(math.fsum(returns**2) / history.years))


def price_tick(history: History, digits: int = 12) -> float:
    """Return the coarsest decimal step that all prices are multiples of, over the median price.

    Zero where the prices use `digits` decimals or more, that is, where no grid is to be seen.
    """
    for decimals in range(digits):
        if np.all(
            np.abs(history.prices - np.round(history.prices, decimals))
            <= _GRID_SLACK * history.prices
        ):
            return quantise(10.0**-decimals / float(np.median(history.prices)))
    return 0.0


def visible_tick(history: History) -> float:
    """Return the grid of the prices where ordinary moves are few steps of it, else zero.

    A grid that a typical move spans twenty times and more leaves returns as good as continuous.
    """
    tick = price_tick(history)
    moves = np.abs(update_returns(history))
    typical = float(np.median(moves[moves > 0.0])) if np.any(moves > 0.0) else 0.0
    return tick if typical < _FINE_STEPS * tick else 0.0


def anchored_moves(
    history: History,
    window: float,
    interval: float,
    *,
    accrual: float = 0.0,
    windows: float = 1.0,
) -> tuple[Array, Array]:
    """Return how far each update rose above, and fell below, the worst anchor that may judge it.

    e = ln(1 + [P_t/P_s·e^{−g(t−s)} − 1]/v), v = √clip((t−s)/w, 1, n): the band at v = 1 that would
    just hold P_t against an anchor set at s, as the contract widens it; ln(P_t/P_s) − g(t−s) where
    it does not. For each t the largest e and the largest −e are kept.

    An anchor stands from s until a poke sees an update a window younger, and judges as the previous
    one until that happens once more. Pokes come no more than `interval` apart, at moments nobody
    chose for us: every s counts that some of them would leave in place at t, the update before t
    always. So no cadence at least as quick sees a larger move than this.

    Parameters
    ----------
    window, interval : seconds.
    accrual : g per year.
    windows : n, one for no widening.

    Returns
    -------
    (n−1,) up and (n−1,) down, one an update; either may be negative.

    Source: spec 3.6, 4.2; contracts/libraries/Band.sol.
    """
    times, size = history.times, history.times.size
    accrued = np.log(history.prices) - accrual * (times - times[0]) / YEAR
    last = _last_judged(times, window, interval)
    up, down = np.full(size - 1, -np.inf), np.full(size - 1, -np.inf)
    for lag in range(1, int(np.max(last - np.arange(size))) + 1):
        judged = last[:-lag] >= np.arange(lag, size)
        widening = np.sqrt(np.clip((times[lag:] - times[:-lag]) / window, 1.0, windows))
        move = np.log1p(np.expm1(accrued[lag:] - accrued[:-lag]) / widening)
        np.maximum(up[lag - 1 :], move, out=up[lag - 1 :], where=judged)
        np.maximum(down[lag - 1 :], -move, out=down[lag - 1 :], where=judged)
    return up, down


def _last_judged(times: Array, window: float, interval: float) -> NDArray[np.int64]:
    """(n,) index of the last update that each, as an anchor, may be held against."""

    def rolled(anchors: NDArray[np.int64]) -> NDArray[np.int64]:
        due = np.minimum(np.searchsorted(times, times[anchors] + window), times.size - 1)
        seen: NDArray[np.int64] = np.searchsorted(times, times[due] + interval, side="right") - 1
        return seen

    return rolled(rolled(np.arange(times.size)))


def moves_over(history: History, lookback: float) -> Array:
    """Return (n−1,) log moves to each update from the price that stood `lookback` seconds before.

    Zero where the history is not that old.
    """
    before = np.searchsorted(history.times, history.times[1:] - lookback, side="right") - 1
    logs = np.log(history.prices)
    moves: Array = np.where(before >= 0, logs[1:] - logs[before], 0.0)
    return moves


def unsmoothed_returns(returns: ArrayLike, *, accruing: bool) -> tuple[Array, float]:
    """Return Geltner's (r_t − φ_c·r_{t−1})/(1−φ_c) of appraisal returns, and φ_c.

    φ_c = min(0.9, φ̂ + (1+3φ̂)/n): the first autocorrelation of a short series is biased low by
    about (1+3φ)/n (Kendall 1954). A negative φ̂ is no smoothing and counts as none.

    Parameters
    ----------
    returns : (n,) of evenly spaced appraisals, n ≥ 3.
    accruing : whether the value accrues, in which case its smoothness is no appraisal's.

    Returns
    -------
    (n−1,) un-smoothed returns and φ_c, quantised.

    Raises
    ------
    ParameterError : an accruing value, or fewer than three returns.

    Source: Geltner (1993); spec 3.6.
    """
    r = as_float(returns)
    if accruing:
        raise ParameterError(
            "un-smoothing", "an accruing value is never un-smoothed", 1.0, 0.0,
            "Fit the residuals about its accrual instead.",
        )  # fmt: skip
    if r.size < 3:  # noqa: PLR2004 - two pairs are the least a correlation has
        raise ParameterError(
            "un-smoothing", "too few returns", float(r.size), 3.0, "Give more appraisals."
        )
    centred = r - r.mean()
    variance = float(np.sum(centred**2))
    estimate = float(np.sum(centred[1:] * centred[:-1])) / variance if variance > 0.0 else 0.0
    estimate = max(0.0, estimate)
    smoothing = quantise(min(_MAX_SMOOTHING, estimate + (1.0 + 3.0 * estimate) / r.size))
    unsmoothed: Array = (r[1:] - smoothing * r[:-1]) / (1.0 - smoothing)
    return unsmoothed, smoothing


def quantise(value: float, digits: int = 6) -> float:
    """Return the value at so many significant digits, the nearest double to that decimal."""
    return float(f"{value:.{digits - 1}e}")
