"""A fitted tail as it is recorded: its interval, its goodness, and where it is too thin."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from scipy import stats

from paramgen.book.calibration import Estimate, Resampling, Tail, Threshold
from paramgen.calibrate.goodness import Goodness, goodness
from paramgen.params.history import quantise
from paramgen.params.losses import Array
from paramgen.params.tails import TailFit, repeated_quantile
from paramgen.params.threshold import ThresholdDiagnostic

Source = TypeVar("Source")

ENOUGH = 10.0
"""Exceedances of a quantile that a sample should hold for the sample to speak of it."""


@dataclass(frozen=True)
class Sought(Generic[Source]):
    """One tail: the losses it is of, its fit, and how to have the quantile of a resample.

    Attributes
    ----------
    losses : of a feed, or of readings: (n,) in order of time.
    tick : grid of the losses, 0 for none.
    per_cluster : whether a cluster counted as one event.
    """

    losses: Callable[[Source], Array]
    fit: TailFit
    tick: float = 0.0
    per_cluster: bool = False

    def again(self, source: Source) -> float:
        """Return the quantile of a resample by the same method, no finer than the grid."""
        losses = self.losses(source)
        again = repeated_quantile(losses, self.fit, tick=self.tick, per_cluster=self.per_cluster)
        return max(again, self.tick)

    def record(self, source: Source, quantile: Estimate, how: Resampling) -> Tail:
        """Return the tail with its diagnostics, its goodness of fit and its warnings."""
        fit = self.fit
        fits = self._goodness(source, how)
        expected = quantise(fit.observations * fit.probability)
        return Tail(
            quantile=quantile,
            probability=fit.probability,
            method=fit.method,
            level=_finite(fit.level),
            threshold=_finite(fit.threshold),
            shape=None if math.isnan(fit.xi) else _shape(fit, how.interval),
            scale=_finite(fit.scale),
            observations=fit.observations,
            clusters=fit.exceedances,
            distinct=fit.distinct,
            extremal_index=fit.extremal_index,
            expected_exceedances=expected,
            cramer_von_mises=fits.cramer_von_mises if fits else None,
            anderson_darling=fits.anderson_darling if fits else None,
            thresholds=tuple(_threshold(row) for row in fit.diagnostics),
            warnings=(*fit.warnings, *_thin(expected)),
        )

    def _goodness(self, source: Source, how: Resampling) -> Goodness | None:
        fit = self.fit
        if math.isnan(fit.xi) or self.tick > 0.0 or how.resamples == 0:
            return None
        losses = self.losses(source)
        excess = losses[losses > fit.threshold] - fit.threshold
        return goodness(excess, fit.xi, fit.scale, how.seed)


def monotone(estimate: Estimate, of: Callable[[float], float]) -> Estimate:
    """Return an estimate on another scale, by a function that never falls."""
    ends = (None if end is None else quantise(of(end)) for end in (estimate.low, estimate.high))
    low, high = ends
    return Estimate(value=quantise(of(estimate.value)), low=low, high=high)


def _shape(fit: TailFit, interval: float) -> Estimate:
    """ξ with its asymptotic interval, by as many excesses as clusters (Smith 1987)."""
    error = float(stats.norm.ppf((1.0 + interval) / 2.0)) * (1.0 + fit.xi)
    error /= math.sqrt(fit.exceedances)
    return Estimate(value=fit.xi, low=quantise(fit.xi - error), high=quantise(fit.xi + error))


def _thin(expected: float) -> tuple[str, ...]:
    if not 1.0 <= expected < ENOUGH:
        return ()
    return (f"thin: a sample of this size holds {expected:.3g} exceedances of this quantile",)


def _threshold(row: ThresholdDiagnostic) -> Threshold:
    return Threshold(
        level=row.level,
        threshold=quantise(row.threshold),
        shape=_finite(row.xi),
        shape_upper=_finite(row.xi_upper),
        scale=_finite(row.scale),
        exceedances=row.exceedances,
        clusters=row.clusters,
        distinct=row.distinct,
        extremal_index=row.extremal_index,
        quantile=_finite(row.quantile),
        cramer_von_mises=_finite(row.misfit),
        refusal=row.refusal,
    )


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
