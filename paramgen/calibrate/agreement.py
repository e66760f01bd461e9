"""How far two sources of one price lie apart, read at the same times (spec 3.6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from paramgen.book.calibration import Estimate, Resampling, Settings, Tolerance
from paramgen.calibrate.resample import series_intervals
from paramgen.calibrate.tails import Sought
from paramgen.params.binding import ParameterError
from paramgen.params.breaker import fitted_tolerance, least_tolerance
from paramgen.params.history import History, quantise
from paramgen.params.losses import YEAR, Array
from paramgen.params.tails import tolerance_tail


@dataclass(frozen=True)
class Source:
    """One source: a feed, or a route whose price is the product of its legs.

    Attributes
    ----------
    legs : histories, one a leg.
    limits : seconds after which each leg is stale.
    """

    legs: Sequence[History]
    limits: Sequence[float]

    def read(self, times: Array) -> Array:
        """Return the price at (n,) times; NaN where a leg has none or a stale one."""
        price = np.ones(times.size)
        for leg, limit in zip(self.legs, self.limits, strict=True):
            at = np.searchsorted(leg.times, times, side="right") - 1
            fresh = (at >= 0) & (times - leg.times[at] <= limit)
            price *= np.where(fresh, leg.prices[at], np.nan)
        return price


@dataclass(frozen=True)
class Readings:
    """Two sources side by side.

    Attributes
    ----------
    times, first, second : (n,) where both are fresh.
    left_out : readings where one of them is not.
    """

    times: Array
    first: Array
    second: Array
    left_out: int

    @property
    def distance(self) -> Array:
        """|ln(p₁/p₂)|, (n,)."""
        distance: Array = np.abs(np.log(self.first / self.second))
        return distance


def readings(first: Source, second: Source, cadence: float) -> Readings:
    """Read both sources every `cadence` seconds while both have begun and neither has ended.

    A stale source has nothing to agree with: the oracle leaves it out, and so does the fit.

    Raises
    ------
    ParameterError : they have fewer than two readings in common.
    """
    legs = (*first.legs, *second.legs)
    start = max(float(leg.times[0]) for leg in legs)
    times = np.arange(start, min(float(leg.times[-1]) for leg in legs) + 1.0, cadence)
    one, other = first.read(times), second.read(times)
    both = np.isfinite(one) & np.isfinite(other)
    common = int(np.count_nonzero(both))
    if common < 2:  # noqa: PLR2004 - one reading has no spread
        raise ParameterError(
            "tolerance", "the two sources have too few readings in common", float(common), 2.0,
            "Give histories of the same days.",
        )  # fmt: skip
    return Readings(times[both], one[both], other[both], int(times.size) - common)


def calibrate_tolerance(found: Readings, asked: Settings, how: Resampling) -> Tolerance:
    """Return the tolerance between two sources, with its interval and its tail.

    Parameters
    ----------
    found : both sources at the keeper's cadence.
    asked : f, and the deviation thresholds of both.

    Source: spec 3.6.
    """
    alarms, deviations = asked.alarms_per_year, (asked.deviation, asked.second_deviation)
    per_year = YEAR / asked.poke_interval
    fit = tolerance_tail(found.first, found.second, per_year, alarms)
    bound = fitted_tolerance(fit, *deviations)
    sought = Sought[Array](lambda distance: distance, fit, per_cluster=True)
    distance = found.distance
    drawn = series_intervals(distance, lambda x: {"tolerance": sought.again(x)}, how)
    quantile = drawn.around("tolerance", fit.quantile)
    return Tolerance(
        value=_lifted(quantile, deviations, bound.value),
        binding=bound.binding,
        deviations=deviations,
        block=drawn.block,
        readings=distance.size,
        left_out=found.left_out,
        largest=quantise(float(distance.max())),
        tail=sought.record(distance, quantile, how),
    )


def _lifted(quantile: Estimate, deviations: tuple[float, float], value: float) -> Estimate:
    least = least_tolerance(*deviations)
    low, high = (None if end is None else max(end, least) for end in (quantile.low, quantile.high))
    return Estimate(value=value, low=low, high=high)
