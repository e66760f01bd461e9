"""Quantiles of the tails of histories, and how far to believe them (spec 3.6).

Returns and thresholds are natural logarithms; every fitted value leaves quantised.

How far a tail is believed depends on the data, and the label of a fit says so: peaks over
threshold where the gates of spec 3.6 are passed, else filtered historical simulation from 250
observations, else the upper bound of the volatility with Student-t₄ tails and a class prior. What
is rarer than the sample is long takes the larger of the last two.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from paramgen.model.arrays import as_float
from paramgen.params.binding import ParameterError
from paramgen.params.history import (
    History,
    annual_volatility,
    horizon_returns,
    quantise,
)
from paramgen.params.losses import YEAR, Array
from paramgen.params.pareto import fit_pareto, pareto_quantile
from paramgen.params.threshold import (
    MAX_SHAPE,
    ThresholdDiagnostic,
    extremal_index,
    first_admissible,
    threshold_at,
    tried_thresholds,
)

METHOD_POT = "peaks over threshold"
METHOD_FILTERED = "filtered historical simulation"
METHOD_STUDENT = "upper volatility, Student-t4"

MIN_FILTERED = 250
"""Observations that a filtered simulation needs, spec 3.6."""

_EWMA = 0.94
_STUDENT_FREEDOM = 4
_UPPER_VOLATILITY = 0.95


@dataclass(frozen=True)
class TailFit:
    """A quantile and how far to believe it.

    `exceedances` are declustered; `level`, `threshold`, `xi` and `scale` are NaN where no
    generalised Pareto was fitted. `diagnostics` lists every threshold tried.
    """

    quantile: float
    method: str
    level: float
    threshold: float
    xi: float
    scale: float
    exceedances: int
    distinct: int
    extremal_index: float
    observations: int
    probability: float
    warnings: tuple[str, ...]
    diagnostics: tuple[ThresholdDiagnostic, ...]


def tail_quantile(
    losses: ArrayLike,
    probability: float,
    *,
    tick: float = 0.0,
    prior_volatility: float = 0.0,
    per_cluster: bool = False,
    levels: bool = False,
) -> TailFit:
    """Return the loss exceeded with `probability` an observation, by the best admissible method.

    The generalised Pareto is fitted to *all* exceedances: fitting cluster peaks alone biases
    return levels (Fawcett and Walshaw 2007), on ETH rounds 5.6 % against 3.9–5.4 %. The dependence
    is paid for where it belongs: the gates count clusters, and so does the error of ξ,
    (1+ξ)/√clusters (Smith 1987).

    Parameters
    ----------
    losses : (n,) in order of time, upper tail; all non-negative means absolute values.
    probability : in (0, 0.5).
    tick : grid of the losses, 0 for continuous ones; a grid takes the grouped likelihood.
    prior_volatility : class prior of σ an observation, floor of the last method.
    per_cluster : count a cluster as one event, thinning the exceedances by θ.
    levels : the values persist, as a distance between two sources does; a filter of volatility,
        which divides each by the spread of those just before it, would say nothing of them.

    Raises
    ------
    ParameterError : neither two observations nor a prior.

    Source: spec 3.6; McNeil, Frey and Embrechts, §5.2.
    """
    x = as_float(losses)
    tried = tried_thresholds(x, probability, tick=tick, per_cluster=per_cluster)
    chosen = first_admissible(tried)
    if chosen is not None:
        return _peaks(x, chosen, probability, tried)
    if levels or x.size < MIN_FILTERED or not np.any(x != 0.0):
        return _student(x, probability, prior_volatility, tried)
    filtered = _filtered(x, probability, prior_volatility, tried)
    if x.size * probability >= 1.0:
        return filtered
    # A simulation of history knows nothing rarer than its largest value: days of a calm would make
    # a threshold for years of ordinary noise.
    student = _student(x, probability, prior_volatility, tried)
    return max(filtered, student, key=lambda fit: fit.quantile)


def alarm_threshold(
    losses: ArrayLike,
    updates_per_year: float,
    alarms_per_year: float,
    *,
    tick: float = 0.0,
    prior_volatility: float = 0.0,
    per_cluster: bool = False,
    levels: bool = False,
) -> TailFit:
    """Return the threshold that ordinary noise passes at most `alarms_per_year` times.

    Every exceedance counts as an alarm unless `per_cluster`: θ at the fitted threshold would
    overstate the clustering of the alarms, which are rarer and nearer to independent.
    """
    return tail_quantile(
        losses,
        alarms_per_year / updates_per_year,
        tick=tick,
        prior_volatility=prior_volatility,
        per_cluster=per_cluster,
        levels=levels,
    )


def confidence_quantile(
    losses: ArrayLike, confidence: float, *, tick: float = 0.0, prior_volatility: float = 0.0
) -> TailFit:
    """Return q_α, the loss not exceeded with `confidence` an observation."""
    return tail_quantile(losses, 1.0 - confidence, tick=tick, prior_volatility=prior_volatility)


def repeated_quantile(
    losses: ArrayLike,
    like: TailFit,
    *,
    tick: float = 0.0,
    prior_volatility: float = 0.0,
    per_cluster: bool = False,
) -> float:
    """Return the quantile of other losses by the method, and at the level, of a fit already made.

    For resamples, whose spread is to be that of the estimate: were the method chosen anew, one that
    was admitted with few exceedances to spare would be refused in half of them.

    Parameters
    ----------
    losses : (n,) in order of time, as in `tail_quantile`.
    like : the fit to be repeated; its probability is that of the quantile.

    Returns
    -------
    The quantile; NaN where nothing lies above the threshold.
    """
    x = as_float(losses)
    if like.method == METHOD_POT:
        return _quantile_at(x, like, tick, per_cluster)
    by = _filtered if like.method == METHOD_FILTERED else _student
    return by(x, like.probability, prior_volatility, ()).quantile


def _quantile_at(x: Array, like: TailFit, tick: float, per_cluster: bool) -> float:
    threshold = threshold_at(x, like.level, tick)
    exceeding = x > threshold
    if not exceeding.any():
        return math.nan
    xi, scale = fit_pareto(x[exceeding] - threshold, tick)
    rate = float(np.mean(exceeding)) * (extremal_index(exceeding) if per_cluster else 1.0)
    return quantise(pareto_quantile(threshold, xi, scale, rate, like.probability))


@dataclass(frozen=True)
class Standardised:
    """z = q_α(T)/(σ√T) and the fit it came from."""

    z: float
    volatility: float
    fit: TailFit


def confidence_z(
    history: History, horizon: float, cadence: float, confidence: float
) -> Standardised:
    """Return the z that makes zσ√T the α-quantile of the loss, seen at the keeper's cadence.

    Gaussian z = 2.326 covers only 98.1 % of real ETH rounds at their staleness limit; from data
    z₉₉ is about 2.8 to 3.05. Horizon and cadence in seconds. Source: spec 3.5.
    """
    volatility = annual_volatility(history)
    if volatility == 0.0:
        raise ParameterError(
            "quantile z", "the price never moved", 0.0, 0.0,
            "State a volatility from the class prior and a Gaussian z.",
        )  # fmt: skip
    fit = confidence_quantile(-horizon_returns(history, horizon, cadence), confidence)
    # A value that rises at the confidence asked has a loss of none, not a gain to count on.
    z = quantise(max(0.0, fit.quantile) / (volatility * math.sqrt(horizon / YEAR)))
    return Standardised(z, volatility, fit)


def gaussian_z(confidence: float) -> float:
    """Return the normal quantile, for evidence without a history; to be labelled as such."""
    return quantise(float(stats.norm.ppf(confidence)))


def floored_at_tick(fit: TailFit, tick: float) -> TailFit:
    """Return the fit with a quantile of at least one tick, saying so where it was less."""
    if fit.quantile >= tick:
        return fit
    return replace(fit, quantile=tick, warnings=(*fit.warnings, f"floored at one tick, {tick:.6g}"))


def tolerance_tail(
    first: ArrayLike, second: ArrayLike, readings_per_year: float, alarms_per_year: float
) -> TailFit:
    """Return the tolerance |ln(p₁/p₂)| passed in at most `alarms_per_year` episodes.

    Two sources disagree for as long as one lags, so an episode is one event: exceedances are
    thinned by the extremal index. `first` and `second` are (n,) prices read at the same times.

    Source: spec 3.6.
    """
    distance = np.abs(np.log(as_float(first) / as_float(second)))
    return alarm_threshold(
        distance, readings_per_year, alarms_per_year, per_cluster=True, levels=True
    )


def scale_quantile(
    quantile: ArrayLike,
    measured_days: ArrayLike,
    holding_days: ArrayLike,
    revaluation_days: ArrayLike = 1.0,
) -> Array:
    """Carry a log-loss quantile to another holding period, in business days.

    q_N = q_M·√((N_R + T_M − 1)/T_M), where q_M over T_M days is itself the quantile over
    `measured_days` carried by the square-root rule. A quantile scales so; a haircut does not.

    Parameters
    ----------
    quantile : log loss over `measured_days`.
    holding_days : T_M, the exposure at daily revaluation.
    revaluation_days : N_R, business days between revaluations.

    Source: 12 CFR 324.132(b)(2), CRE22.59; spec 3.1.
    """
    days = as_float(revaluation_days) + as_float(holding_days) - 1.0
    scaled: Array = as_float(quantile) * np.sqrt(days / as_float(measured_days))
    return scaled


def _peaks(
    x: Array, row: ThresholdDiagnostic, probability: float, tried: tuple[ThresholdDiagnostic, ...]
) -> TailFit:
    accepted = [other.quantile for other in tried if other.refusal is None]
    low, high = min(accepted), max(accepted)
    warnings = _extrapolation(x.size, probability)
    if high > 1.5 * low:
        warnings += (f"the quantile runs from {low:.6g} to {high:.6g} over the thresholds tried",)
    return TailFit(
        row.quantile, METHOD_POT, row.level, row.threshold, row.xi, row.scale, row.clusters,
        row.distinct, row.extremal_index, x.size, probability, warnings, tried,
    )  # fmt: skip


def _filtered(
    x: Array, probability: float, prior: float, tried: tuple[ThresholdDiagnostic, ...]
) -> TailFit:
    """Quantile of the EWMA-standardised losses, at the larger of today's and the mean volatility.

    A threshold set in a calm would be a wrong one for a year. Source: Barone-Adesi, Giannopoulos
    and Vosper (1999), with the RiskMetrics filter λ = 0.94.
    """
    root_mean_square = math.sqrt(float(np.mean(x**2)))
    variance = np.empty(x.size + 1)
    variance[0] = root_mean_square**2
    for i, square in enumerate(x**2):
        variance[i + 1] = _EWMA * variance[i] + (1.0 - _EWMA) * square
    # A long run of unchanged values must not divide the next move by next to nothing.
    deviation = np.sqrt(np.maximum(variance, (0.1 * root_mean_square) ** 2))
    standard = x / deviation[:-1]
    volatility = max(float(deviation[-1]), root_mean_square, prior)
    level = float(np.quantile(standard, 1.0 - probability, method="higher"))
    return _without_pareto(
        quantise(max(0.0, level * volatility)), METHOD_FILTERED, x, probability, tried
    )


def _student(
    x: Array, probability: float, prior: float, tried: tuple[ThresholdDiagnostic, ...]
) -> TailFit:
    """Student-t₄ quantile of unit variance, at σ's 95 % upper bound, floored at the class prior."""
    if x.size < 2 and prior <= 0.0:  # noqa: PLR2004 - one value has no volatility
        raise ParameterError(
            "tail quantile", "neither data nor a class prior", float(x.size), 2.0,
            "Give a history, or the prior volatility of the asset's class.",
        )  # fmt: skip
    upper = 0.0
    if x.size:
        chi_square = float(stats.chi2.ppf(1.0 - _UPPER_VOLATILITY, x.size))
        upper = math.sqrt(float(np.sum(x**2)) / chi_square)
    folded = bool(np.all(x >= 0.0)) and bool(np.any(x > 0.0))
    one_sided = probability / 2.0 if folded else probability
    unit_variance = math.sqrt((_STUDENT_FREEDOM - 2.0) / _STUDENT_FREEDOM)
    level = float(stats.t.isf(one_sided, _STUDENT_FREEDOM)) * unit_variance
    label = METHOD_STUDENT + (", class prior" if prior > upper else "")
    return _without_pareto(quantise(level * max(upper, prior)), label, x, probability, tried)


def _without_pareto(
    quantile: float,
    method: str,
    x: Array,
    probability: float,
    tried: tuple[ThresholdDiagnostic, ...],
) -> TailFit:
    refusals = (f"{x.size} observations are too few for a threshold",)
    if tried:
        decisive = next((row for row in tried if row.xi_upper >= MAX_SHAPE), tried[0])
        refusals = (f"threshold at {decisive.level:.1%} of the losses: {decisive.refusal}",)
    return TailFit(
        quantile, method, math.nan, math.nan, math.nan, math.nan, 0, int(np.unique(x).size), 1.0,
        x.size, probability, refusals + _extrapolation(x.size, probability), tried,
    )  # fmt: skip


def _extrapolation(observations: int, probability: float) -> tuple[str, ...]:
    if observations * probability >= 1.0:
        return ()
    return (f"extrapolated: {1.0 / probability:.6g} observations an event, {observations} seen",)
