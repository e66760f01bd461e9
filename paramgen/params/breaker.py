"""Bands around an anchor, tolerance between sources, and the cap on an accruing value (spec 3.6).

Windows and ages are seconds, accrual rates per year; band widths and shocks are fractions of the
anchor, thresholds fitted on log returns being turned into fractions here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from paramgen.params.binding import Binding, ParameterError, greatest
from paramgen.params.history import (
    History,
    anchored_moves,
    horizon_returns,
    moves_over,
    quantise,
    update_returns,
)
from paramgen.params.losses import YEAR, Array
from paramgen.params.tails import TailFit, alarm_threshold, floored_at_tick

SLOW_WINDOWS = 24.0
"""How many windows of the fast pair the slow one spans."""

_TESTS = 2.0
"""A feed alarms by its fast or its slow pair, or on one of two sides; f is shared evenly."""

_LIFT = 1.01  # strictly above, also once rounded down to the basis points of a target


@dataclass(frozen=True)
class BreakerPair:
    """A window and the moves it admits: (w, X_up, X_down) with the fits they came from.

    `power` is the share of ordinary moments at which the policy's shock would be caught, at the
    first update (fast) or by the end of the window (slow).
    """

    window: float
    band_up: float
    band_down: float
    power: float
    up: TailFit
    down: TailFit


@dataclass(frozen=True)
class Anchors:
    """Which anchors judge an update of a feed, and how wide: what the fits are of.

    A price seen at t is refused when it lies farther than X(t−s) from one of the two anchors, set
    at s, that stand at t, X(Δ) = min(X_slow, X_fast·√clip(Δ/w, 1, n)). That is so when the move
    over v = √clip(Δ/w, 1, n) passes X_fast, or the move itself X_slow, whatever the anchor: two
    tests, each on the largest move against any anchor that may stand at t. If M is that largest
    move, N the updates a year and θ the extremal index of M,

        alarms a year ≤ N·[θ_fast·P(M_fast > X_fast) + θ_slow·P(M_slow > X_slow)],

    since neighbouring updates are held against the same anchors, so that a move that passes comes
    in clusters of 1/θ, and since an alarm of both counts twice. Each test has half of f.

    Attributes
    ----------
    window : w, seconds, the mean time between updates.
    interval : seconds, the longest time between two pokes.
    windows : n of them are the slow pair's.
    accrual : g per year.

    Source: spec 3.6, 4.2; `FallbackOracle._recorded` and Band.sol for the anchors; Leadbetter
    (1983) for the rate of clusters.
    """

    window: float
    interval: float
    windows: float = SLOW_WINDOWS
    accrual: float = 0.0

    @property
    def slow_window(self) -> float:
        """Seconds over which the slow pair is cumulative."""
        return self.windows * self.window

    def fast(self, history: History) -> Array:
        """Return (n−1,) largest moves either way as the band widens, one an update."""
        return _larger(anchored_moves(history, self.window, self.interval, windows=self.windows))

    def slow(self, history: History) -> Array:
        """Return (n−1,) largest moves either way, one an update; cumulative.

        Against the same anchors, unwidened, and against the price a slow window before, which is
        where the anchor of a keeper who is late may stand.
        """
        against = _larger(anchored_moves(history, self.window, self.interval))
        return np.maximum(against, np.abs(moves_over(history, self.slow_window)))

    def sides(self, history: History) -> tuple[Array, Array]:
        """Return (n−1,) largest rises above, and falls below, the accrued anchors."""
        return anchored_moves(history, self.window, self.interval, accrual=self.accrual)


def _larger(sides: tuple[Array, Array]) -> Array:
    return np.maximum(*sides)


@dataclass(frozen=True)
class Alarms:
    """What is asked of the pairs.

    Attributes
    ----------
    per_year : f, alarms a year of all tests of one feed together.
    shock : J, the fall to be detected. tick : grid of the prices as a fraction, 0 for none.
    """

    per_year: float
    shock: float
    tick: float = 0.0

    def threshold(self, moves: Array, history: History) -> TailFit:
        """Return the threshold that one of the two tests of a feed passes at half of f."""
        fit = alarm_threshold(
            moves,
            history.updates_per_year,
            self.per_year / _TESTS,
            tick=self.tick,
            per_cluster=True,
        )
        return floored_at_tick(fit, self.tick)


def fast_pair(history: History, anchors: Anchors, alarms: Alarms) -> BreakerPair:
    """Return the pair that judges a single update against the anchors standing then.

    Both sides share the threshold of the absolute move, twice the data of either: a price of the
    market rises as it falls. Source: spec 3.6, `Anchors`.
    """
    fit = alarms.threshold(anchors.fast(history), history)
    return _pair(anchors.window, update_returns(history), fit, fit, alarms.shock)


def slow_pair(history: History, anchors: Anchors, alarms: Alarms) -> BreakerPair:
    """Return the pair on moves over the slow window; cumulative. Source: spec 3.6, `Anchors`."""
    fit = alarms.threshold(anchors.slow(history), history)
    returns = horizon_returns(history, anchors.slow_window, anchors.window)
    return _pair(anchors.slow_window, returns, fit, fit, alarms.shock)


def accrual_pair(history: History, anchors: Anchors, alarms: Alarms) -> BreakerPair:
    """Return the pair of an accruing value: sides apart, about the accrued anchor.

    The band does not widen, and the two tests are its sides. Source: spec 3.6, `Anchors`.
    """
    up, down = anchors.sides(history)
    rises, falls = (alarms.threshold(side, history) for side in (up, down))
    return _pair(anchors.window, -down, rises, falls, alarms.shock)


@dataclass(frozen=True)
class BreakerPairs:
    """The fast pair and the slow one; None where one pair is both, that of an accruing value."""

    fast: BreakerPair
    slow: BreakerPair | None


def feed_anchors(
    history: History, interval: float, *, accrual: float = 0.0, windows: float = SLOW_WINDOWS
) -> Anchors:
    """Return the anchors of a feed whose window is the mean time between its updates."""
    return Anchors(YEAR / history.updates_per_year, interval, windows, accrual)


def breaker_pairs(history: History, anchors: Anchors, alarms: Alarms) -> BreakerPairs:
    """Return the pairs of a feed by its kind: accruing (g above zero) or of a market.

    Source: spec 3.6.
    """
    if anchors.accrual > 0.0:
        return BreakerPairs(accrual_pair(history, anchors, alarms), None)
    return BreakerPairs(fast_pair(history, anchors, alarms), slow_pair(history, anchors, alarms))


def _pair(window: float, returns: Array, up: TailFit, down: TailFit, shock: float) -> BreakerPair:
    return BreakerPair(
        window=window,
        band_up=quantise(math.expm1(up.quantile)),
        band_down=quantise(-math.expm1(-down.quantile)),
        power=detection_power(returns, down.quantile, shock),
        up=up,
        down=down,
    )


def detection_power(returns: ArrayLike, threshold: float, shock: float) -> float:
    """Return the share of moments at which a fall of `shock` on top of the noise is caught.

    Parameters
    ----------
    returns : (n,) ordinary log returns, the noise.
    threshold : log fall beyond which the breaker fires.
    shock : J, a fraction of the price in (0, 1).
    """
    shocked = np.asarray(returns, dtype=np.float64) + math.log1p(-shock)
    return quantise(float(np.mean(-shocked > threshold)))


def band_width(width: float, window: float, windows: float, age: ArrayLike) -> Array:
    """Return X(Δ) = X_w·√clip(Δ/w, 1, n), the band at an anchor's age in seconds.

    An older anchor has had longer to move; after n windows the band stops widening. Source:
    spec 4.2, so that neither the cadence of pokes nor the edge of a window decides.
    """
    steps = np.clip(np.asarray(age, dtype=np.float64) / window, 1.0, windows)
    band: Array = width * np.sqrt(steps)
    return band


def windows_to_cap(width: float, cap: float) -> float:
    """Return n = (X_cap/X_w)², at least one: the windows after which the band is at its cap."""
    return max(1.0, (cap / width) ** 2)


def accrued_band(
    anchor: float, accrual: float, age: float, band_up: float, band_down: float
) -> tuple[float, float]:
    """Return the lowest and highest price admitted about the accrued anchor.

    anchor·e^{g·Δt}·[1−X_down, 1+X_up], `age` in seconds, `accrual` g per year. Source: spec 3.6.
    """
    centre = anchor * math.exp(accrual * age / YEAR)
    return centre * (1.0 - band_down), centre * (1.0 + band_up)


def check_band_ceiling(band_down: float, threshold: float, bonus: float) -> float:
    """Return the ceiling 1 − LT(1+b), refusing an X_down beyond it.

    A fall inside the band is served as Live; beyond the ceiling such a fall leaves bad debt before
    anyone may liquidate.

    Raises
    ------
    ParameterError : X_down exceeds the ceiling. It is not clipped: a tighter band would alarm.

    Source: spec 3.0.
    """
    ceiling = 1.0 - threshold * (1.0 + bonus)
    if band_down <= ceiling:
        return ceiling
    raise ParameterError(
        "lower band", "ordinary noise exceeds what LT and bonus leave", band_down, ceiling,
        "Lower the policy's LT, or use a shorter window or a steadier feed.",
    )  # fmt: skip


def check_tolerance(tolerance: float, first_deviation: float, second_deviation: float) -> None:
    """Refuse a tolerance that the two feeds' own deviations δ₁ + δ₂ reach.

    Raises
    ------
    ParameterError : tolerance ≤ δ₁ + δ₂. Source: spec 3.0.
    """
    bound = first_deviation + second_deviation
    if tolerance > bound:
        return
    raise ParameterError(
        "tolerance", "two healthy feeds may lie as far apart", tolerance, bound,
        "Raise the tolerance above the sum of both feeds' deviation thresholds.",
    )  # fmt: skip


def least_tolerance(first_deviation: float, second_deviation: float) -> float:
    """Return a tolerance just above δ₁ + δ₂."""
    return quantise(_LIFT * (first_deviation + second_deviation))


def fitted_tolerance(fit: TailFit, first_deviation: float, second_deviation: float) -> Binding:
    """Return the tolerance the data ask for, lifted just above δ₁ + δ₂ where they ask for less."""
    return greatest(
        {
            "tail of |ln(p₁/p₂)|": fit.quantile,
            "deviations of both feeds": least_tolerance(first_deviation, second_deviation),
        }
    )


def smallest_band(
    deviation: float | None, tick: float = 0.0, accrual_error: float = 0.0
) -> Binding:
    """Return what X must exceed: its leg's δ, or one tick plus accrual error for a NAV.

    Parameters
    ----------
    deviation : δ of a market feed; None for a published NAV, which has no deviation trigger.
    tick, accrual_error : fractions, used for a NAV.

    Source: spec 3.0.
    """
    if deviation is not None:
        return greatest({"deviation threshold of the leg": deviation})
    return greatest({"one tick and accrual error": tick + accrual_error})


def check_band_floor(band: float, smallest: Binding) -> None:
    """Refuse a band that its own leg's ordinary update would break.

    Raises
    ------
    ParameterError : X does not exceed `smallest_band`.
    """
    if band > smallest.value:
        return
    raise ParameterError(
        "band", f"must exceed the {smallest.binding}", band, smallest.value,
        "Widen the band, or use a feed with a finer trigger.",
    )  # fmt: skip


@dataclass(frozen=True)
class UpperCap:
    """snapshot·(1 + g_max·Δt): what an accruing value may be at most.

    Parameters
    ----------
    snapshot : the value the cap starts from.
    taken_at : Unix seconds of the snapshot; coupled with it, both change together or not at all.
    growth : g_max per year, simple.
    """

    snapshot: float
    taken_at: float
    growth: float

    def at(self, time: float) -> float:
        """Return the cap at a time, in Unix seconds."""
        return self.snapshot * (1.0 + self.growth * (time - self.taken_at) / YEAR)


def check_upper_cap(
    cap: UpperCap, *, price: float, now: float, accrual: float, largest_headroom: float
) -> float:
    """Return the headroom cap/price − 1 at `now`, checking snapshot and time as one tuple.

    Either of the two alone may look right while the pair is not: in March 2026 a snapshot and its
    time were clamped apart and about 26 million USD were liquidated.

    Parameters
    ----------
    price, now : the value served and its Unix time.
    accrual : g per year, which g_max must not undercut.
    largest_headroom : policy, beyond which the cap guards nothing.

    Raises
    ------
    ParameterError : snapshot in the future, growth below the accrual, the cap below the price
        (healthy collateral would be marked down) or too far above it.

    Source: spec 3.6; Aave CAPO.
    """
    if cap.taken_at > now:
        raise ParameterError(
            "upper cap", "the snapshot lies in the future", cap.taken_at, now,
            "Take snapshot and time from one observation.",
        )  # fmt: skip
    if cap.growth < accrual:
        raise ParameterError(
            "upper cap", "its growth is below the accrual", cap.growth, accrual,
            "Raise g_max above the asset's yield.",
        )  # fmt: skip
    headroom = cap.at(now) / price - 1.0
    if headroom < 0.0:
        raise ParameterError(
            "upper cap", "lies below the price it would be applied to", cap.at(now), price,
            "Snapshot and time do not belong together; read both anew.",
        )  # fmt: skip
    if headroom > largest_headroom:
        raise ParameterError(
            "upper cap", "lies too far above the price to guard it", headroom, largest_headroom,
            "Snapshot and time do not belong together; read both anew.",
        )  # fmt: skip
    return headroom
