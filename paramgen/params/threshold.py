"""The threshold of a peaks-over-threshold fit: what each would give, and the first to be believed.

Exceedances come in clusters, so it is clusters that the gates count (spec 3.6).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from paramgen.params.history import quantise
from paramgen.params.losses import Array
from paramgen.params.pareto import fit_pareto, pareto_quantile

MIN_CLUSTERS = 50
MIN_DISTINCT = 15
MAX_SHAPE = 1.0
"""Gates of spec 3.6; at a shape of one the mean of the excess is infinite."""

THRESHOLD_LEVELS = (0.95, 0.96, 0.97, 0.975, 0.98, 0.99, 0.925, 0.90)
"""Quantile levels tried for the threshold, in order of preference; the lower two only serve
histories that leave too few exceedances at 95 %."""

_REJECT = 0.10


@dataclass(frozen=True)
class ThresholdDiagnostic:
    """What one threshold would have given, so that its choice can be judged."""

    level: float
    threshold: float
    xi: float
    xi_upper: float
    scale: float
    exceedances: int
    clusters: int
    distinct: int
    extremal_index: float
    quantile: float
    misfit: float
    refusal: str | None


def tried_thresholds(
    x: Array, probability: float, *, tick: float, per_cluster: bool
) -> tuple[ThresholdDiagnostic, ...]:
    """Return what each level gives for a loss of `probability`, none where data are too few.

    Parameters
    ----------
    x : (n,) losses in order of time, upper tail.
    tick : grid of the losses, 0 for continuous ones.
    per_cluster : count a cluster as one event, thinning the exceedances by θ.
    """
    if x.size < MIN_CLUSTERS:
        return ()
    return tuple(
        _tried(x, level, probability, tick, per_cluster)
        for level in THRESHOLD_LEVELS
        if 1.0 - level >= probability
    )


def _tried(
    x: Array, level: float, probability: float, tick: float, per_cluster: bool
) -> ThresholdDiagnostic:
    threshold = threshold_at(x, level, tick)
    exceeding = x > threshold
    count = int(np.count_nonzero(exceeding))
    theta = quantise(extremal_index(exceeding))
    clusters = cluster_peaks(x, threshold, _run_length(exceeding, theta)).size
    distinct = _distinct(x[exceeding], tick)
    few = _too_few(clusters, distinct)
    if few is not None:
        nan = math.nan
        return ThresholdDiagnostic(
            level, threshold, nan, nan, nan, count, clusters, distinct, theta, nan, nan, few
        )
    excess = x[exceeding] - threshold
    xi, scale = fit_pareto(excess, tick)
    rate = count / x.size * (theta if per_cluster else 1.0)
    quantile = pareto_quantile(threshold, xi, scale, rate, probability)
    misfit = _misfit(excess, xi, scale, tick)
    # Smith (1987), with as many independent excesses as there are clusters.
    xi_upper = quantise(xi + float(stats.norm.ppf(0.95)) * (1.0 + xi) / math.sqrt(clusters))
    refusal = _refusal(xi_upper, misfit)
    return ThresholdDiagnostic(
        level, quantise(threshold), xi, xi_upper, scale, count, clusters, distinct, theta,
        quantise(quantile), misfit, refusal,
    )  # fmt: skip


def threshold_at(x: Array, level: float, tick: float) -> float:
    """Return the quantile of the losses at a level, on a grid the middle of two ticks."""
    threshold = float(np.quantile(x, level))
    if tick > 0.0:
        # Between two ticks, so that each excess is the mid-point of its interval.
        threshold = (math.floor(threshold / tick) + 0.5) * tick
    return threshold


def first_admissible(tried: tuple[ThresholdDiagnostic, ...]) -> ThresholdDiagnostic | None:
    """Return the first admissible threshold, none once a shape is too heavy to be believed.

    A misfit asks for a higher threshold and too few exceedances for a lower one; going on after a
    heavy shape would be to try thresholds until chance gives a lighter one.
    """
    for row in tried:
        if row.refusal is None:
            return row
        if row.xi_upper >= MAX_SHAPE:
            return None
    return None


def extremal_index(exceeding: NDArray[np.bool_]) -> float:
    """Return the intervals estimate of θ in (0, 1], one over the mean size of a cluster.

    Source: Ferro and Segers (2003), equations 3 and 5; it needs no choice of a run length.
    """
    gaps = np.diff(np.flatnonzero(exceeding)).astype(np.float64)
    if gaps.size == 0:
        return 1.0
    if gaps.max() <= 2.0:  # noqa: PLR2004 - the estimator's own case distinction
        raw = 2.0 * gaps.sum() ** 2 / (gaps.size * np.sum(gaps**2))
    else:
        raw = 2.0 * np.sum(gaps - 1.0) ** 2 / (gaps.size * np.sum((gaps - 1.0) * (gaps - 2.0)))
    return min(1.0, float(raw))


def cluster_peaks(values: Array, threshold: float, run: int) -> Array:
    """Return the largest value of each cluster; `run` quiet observations end a cluster.

    Source: runs declustering, Coles (2001), §5.3.
    """
    at = np.flatnonzero(values > threshold)
    if at.size == 0:
        return np.zeros(0)
    starts = np.flatnonzero(np.append(True, np.diff(at) > run))
    return np.asarray(np.maximum.reduceat(values[at], starts))


def _run_length(exceeding: NDArray[np.bool_], theta: float) -> int:
    """Return the run length that splits off ⌊θN⌋ clusters (Ferro and Segers 2003, §4)."""
    gaps = np.sort(np.diff(np.flatnonzero(exceeding)))[::-1]
    between = min(math.floor(theta * (gaps.size + 1)), gaps.size) - 1
    return int(gaps[between]) - 1 if between >= 0 else 0


def _distinct(values: Array, tick: float) -> int:
    # The logarithm of a grid is a grid only up to rounding and the level of the price.
    return int(np.unique(np.round(values / tick) if tick > 0.0 else values).size)


def _too_few(clusters: int, distinct: int) -> str | None:
    if clusters < MIN_CLUSTERS:
        return f"{clusters} declustered exceedances, {MIN_CLUSTERS} needed"
    if distinct < MIN_DISTINCT:
        return f"{distinct} distinct exceedances, {MIN_DISTINCT} needed: the price is quantised"
    return None


def _refusal(xi_upper: float, misfit: float) -> str | None:
    if xi_upper >= MAX_SHAPE:
        return f"upper 95 % bound of the shape {xi_upper:.3g}, below {MAX_SHAPE:g} needed"
    if misfit < _REJECT:
        return f"the fit is rejected (Cramér–von Mises p = {misfit:.2g})"
    return None


def _misfit(excess: Array, xi: float, scale: float, tick: float) -> float:
    """Return the Cramér–von Mises p-value of the fit, 1 on a grid, where the test does not hold.

    The parameters being estimated, it is too high: only a gross misfit is caught, and the table of
    diagnostics is there for the rest.
    """
    if tick > 0.0:
        return 1.0
    uniform = np.asarray(stats.genpareto.cdf(excess, xi, loc=0.0, scale=scale))
    result = stats.cramervonmises(uniform, "uniform")
    return quantise(float(result.pvalue), 3)
