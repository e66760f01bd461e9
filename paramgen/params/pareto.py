"""The generalised Pareto distribution of the excess over a threshold (spec 3.6).

Excesses and scales are of one unit, here natural logarithms; every fitted value leaves quantised.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize

from paramgen.model.arrays import as_float
from paramgen.params.history import quantise
from paramgen.params.losses import Array

_LEAST_SHAPE = -0.5
_NO_SHAPE = 1e-12
_STRETCHES = np.concatenate((np.linspace(-8.0, -0.1, 24), np.geomspace(0.1, 40.0, 48)))
"""First guesses of ln(1 + ξ·x_max/σ): below zero the tail ends, above zero it is heavy."""


def fit_pareto(excess: Array, tick: float = 0.0) -> tuple[float, float]:
    """Return (ξ, σ) of the generalised Pareto by maximum likelihood, ξ above −½.

    Only ξ/σ is searched for: given it, ξ is a mean of logarithms. On a grid each excess stands for
    the interval of one tick around it, and the likelihood is of the intervals: point likelihoods on
    few distinct values run off to ξ of about 5.

    Parameters
    ----------
    excess : (n,) positive; on a grid, mid-points (k+½)·tick.

    Source: the profile likelihood of Davison (1984) and Grimshaw (1993); below ξ = −½ maximum
    likelihood is not regular (Smith 1985).
    """
    if tick > 0.0:
        return _fit_grouped(excess, tick)
    costs = _profile_cost(_STRETCHES, excess)
    stretches = _STRETCHES[np.isfinite(costs)]
    at = int(np.argmin(costs[np.isfinite(costs)]))
    best = optimize.minimize_scalar(
        lambda stretch: float(_profile_cost(np.array([stretch]), excess)[0]),
        bounds=(stretches[max(at - 1, 0)], stretches[min(at + 1, stretches.size - 1)]),
        method="bounded",
        options={"xatol": 1e-9},
    )
    ratio = math.expm1(best.x) / float(excess.max())
    xi = float(np.mean(np.log1p(ratio * excess)))
    return quantise(xi), quantise(xi / ratio)


def _profile_cost(stretch: Array, excess: Array) -> Array:
    """Return ln σ + ξ, the negative log-likelihood an excess less one, at the best ξ."""
    ratio = np.expm1(stretch) / excess.max()
    xi = np.mean(np.log1p(np.multiply.outer(ratio, excess)), axis=-1)
    cost: Array = np.where(xi > _LEAST_SHAPE, np.log(xi / ratio) + xi, np.inf)
    return cost


def _fit_grouped(excess: Array, tick: float) -> tuple[float, float]:
    low, counts = np.unique(np.floor(excess / tick + 1e-9), return_counts=True)

    def negative_log_likelihood(parameters: Array) -> float:
        shape, scale = float(parameters[0]), math.exp(float(parameters[1]))
        upper = pareto_survival(low * tick, shape, scale)
        lower = pareto_survival((low + 1.0) * tick, shape, scale)
        mass = np.maximum(upper - lower, np.finfo(np.float64).tiny)
        return -float(np.sum(counts * np.log(mass)))

    start = np.array([0.1, math.log(float(excess.mean()))])
    best = optimize.minimize(negative_log_likelihood, start, method="Nelder-Mead")
    return quantise(float(best.x[0])), quantise(math.exp(float(best.x[1])))


def pareto_quantile(
    threshold: float, xi: float, scale: float, rate: float, probability: float
) -> float:
    """Return u + σ/ξ·((ζ_u/p)^ξ − 1), exponential at ξ = 0; `rate` is ζ_u."""
    steps = math.log(rate / probability)
    growth = steps if xi == 0.0 else math.expm1(xi * steps) / xi
    return threshold + scale * growth


def pareto_survival(excess: ArrayLike, xi: float, scale: float) -> Array:
    """Return the probability of a larger excess, (1 + ξx/σ)^{−1/ξ}, exponential at ξ = 0."""
    x = as_float(excess) / scale
    with np.errstate(divide="ignore"):  # beyond the end of a bounded tail: e^{−∞}
        hazard = x if abs(xi) < _NO_SHAPE else np.log1p(np.maximum(xi * x, -1.0)) / xi
        survival: Array = np.exp(-hazard)
    return survival
