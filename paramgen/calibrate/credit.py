"""Default and loss models from counts and panels, with their intervals (spec 2.2).

Two forms of evidence. *Counts*: obligors and defaults by period and rating grade. A logit on the
grade's rank shares strength between grades, each grade is smoothed towards it, and because
defaults come in bad years the counts are thinned by their dispersion before any bound is drawn.
*Panels*: one row an obligor and period, with signals and an outcome: defaulted or not, or the
fraction lost. One logit serves both, on standardised signals with a weak prior, so that it exists
where signals separate the defaults.

Every fitted value leaves quantised; seeds are arguments.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from arch.bootstrap import IIDBootstrap, StationaryBootstrap
from numpy.typing import NDArray
from scipy import stats
from scipy.special import expit, logit

from paramgen.model.arrays import Float, as_float
from paramgen.model.credit import (
    fit_default_logit,
    most_prudent_bound,
    smoothed_default_probability,
    upper_credible_bound,
)
from paramgen.params.binding import ParameterError
from paramgen.params.history import quantise

WEAK_DEVIATION = 2.5
"""Prior deviation of a coefficient on a standardised signal (Gelman and others 2008)."""

INTERCEPT_DEVIATION = 10.0
FOLDS = 5
BINS = 10
MIN_DEFAULTS_PER_SIGNAL = 10
"""Fewer events a coefficient, and a logit is mostly its prior (Peduzzi and others 1996)."""

_INTERVAL = 0.90
_YEARS_PER_BLOCK = 3
"""Mean length of a block of years: a credit cycle's bad years come two to four in a row."""


@dataclass(frozen=True)
class Bounded:
    """A value with the 90 % interval of its bootstrap."""

    value: float
    lower: float
    upper: float


# Counts -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Counts:
    """Obligors and defaults, (periods, grades) each; grades run from best to worst."""

    periods: tuple[str, ...]
    grades: tuple[str, ...]
    obligors: Float
    defaults: Float


@dataclass(frozen=True)
class Appetite:
    """How much is believed.

    Parameters
    ----------
    strength : κ of the smoothing, in obligor-years.
    quantile : q of the upper credible bound, γ of the most prudent one.
    resamples, seed : of the bootstrap.
    prior : π₀ of a panel's mean outcome; None for the mean of the panel itself. Counts are
        smoothed to the logit on their grades instead.
    """

    strength: float
    quantile: float
    resamples: int
    seed: int
    prior: float | None = None


@dataclass(frozen=True)
class GradeFit:
    """One grade: what was counted and what may be believed of it, per year.

    `dispersion` is the factor by which years differ more than independent defaults would;
    `smoothed` and both bounds use counts divided by it.
    """

    grade: str
    obligors: float
    defaults: float
    rate: Bounded
    fitted: float
    dispersion: float
    smoothed: float
    credible: float
    prudent: float


@dataclass(frozen=True)
class GradesFit:
    """All grades, the slope of log-odds per grade, and what to know before using them."""

    grades: tuple[GradeFit, ...]
    slope: float
    warnings: tuple[str, ...]


def fit_grades(counts: Counts, appetite: Appetite) -> GradesFit:
    """Fit the default probability of every grade.

    Raises
    ------
    ParameterError : fewer than two periods or grades, or not one default.

    Source: spec 2.2; McCullagh and Nelder (1989), section 4.5, for the dispersion; Pluto and
    Tasche (2005) for the most prudent bound.
    """
    _require_counts(counts)
    obligors, defaults = counts.obligors.sum(axis=0), counts.defaults.sum(axis=0)
    fitted, slope = _by_rank(obligors, defaults)
    spread = dispersion(counts.obligors, counts.defaults)
    n, d = obligors / spread, defaults / spread
    smoothed = smoothed_default_probability(d / n, n, fitted, appetite.strength)
    credible = upper_credible_bound(d, n, fitted, appetite.strength, appetite.quantile)
    prudent = most_prudent_bound(_this_and_worse(d), _this_and_worse(n), appetite.quantile)
    rates = _rate_intervals(counts, appetite)
    found = tuple(
        GradeFit(
            grade=grade,
            obligors=float(obligors[i]),
            defaults=float(defaults[i]),
            rate=rates[i],
            fitted=quantise(float(fitted[i])),
            dispersion=quantise(float(spread[i])),
            smoothed=quantise(float(smoothed[i])),
            credible=quantise(float(credible[i])),
            prudent=quantise(float(prudent[i])),
        )
        for i, grade in enumerate(counts.grades)
    )
    return GradesFit(found, quantise(slope), _grade_warnings(found, slope))


def dispersion(obligors: Float, defaults: Float) -> Float:
    """Pearson's χ²/(periods − 1) of each grade about its own mean rate, at least one.

    Parameters
    ----------
    obligors, defaults : (periods, grades).
    """
    rate = defaults.sum(axis=0) / obligors.sum(axis=0)
    expected = obligors * rate
    variance = np.where(expected > 0.0, expected * (1.0 - rate), np.inf)
    chi = ((defaults - expected) ** 2 / variance).sum(axis=0)
    return as_float(np.maximum(1.0, chi / (len(obligors) - 1)))


def _require_counts(counts: Counts) -> None:
    periods, grades = counts.obligors.shape
    if min(periods, grades) < 2:  # noqa: PLR2004 - a spread and a slope need two points each
        raise ParameterError(
            "counts", "too few periods or grades", float(min(periods, grades)), 2.0,
            "Give at least two periods of at least two grades.",
        )  # fmt: skip
    if counts.defaults.sum() == 0.0:
        raise ParameterError(
            "counts", "not one default", 0.0, 1.0,
            "Use the most prudent bound of a cohort with zero defaults instead.",
        )  # fmt: skip


def _by_rank(obligors: Float, defaults: Float) -> tuple[Float, float]:
    rank = _standardised(np.arange(float(obligors.size)))
    design = np.column_stack([np.ones(obligors.size), rank])
    base = float(logit(defaults.sum() / obligors.sum()))
    precision = np.array([INTERCEPT_DEVIATION, WEAK_DEVIATION]) ** -2.0
    fit = fit_default_logit(design, defaults, np.array([base, 0.0]), precision, obligors)
    return as_float(expit(design @ fit.coefficients)), float(fit.coefficients[1])


def _standardised(values: Float) -> Float:
    return as_float((values - values.mean()) / values.std())


def _this_and_worse(values: Float) -> Float:
    return as_float(np.cumsum(values[::-1])[::-1])


def _rate_intervals(counts: Counts, appetite: Appetite) -> tuple[Bounded, ...]:
    """Rate of each grade, whole blocks of years drawn together so that cycles stay whole."""

    def rates(obligors: Float, defaults: Float) -> Float:
        return as_float(defaults.sum(axis=0) / np.maximum(obligors.sum(axis=0), 1.0))

    bootstrap = StationaryBootstrap(
        _YEARS_PER_BLOCK, counts.obligors, counts.defaults, seed=appetite.seed
    )
    lower, upper = _limits(bootstrap, rates, appetite.resamples)
    values = rates(counts.obligors, counts.defaults)
    return tuple(map(_bounded, values, lower, upper))


def _limits(
    bootstrap: IIDBootstrap, statistic: Callable[..., Float], resamples: int
) -> tuple[Float, Float]:
    drawn = bootstrap.apply(statistic, resamples)
    tail = 0.5 * (1.0 - _INTERVAL)
    lower, upper = np.quantile(drawn, [tail, 1.0 - tail], axis=0)
    return as_float(lower), as_float(upper)


def _bounded(value: float, lower: float, upper: float) -> Bounded:
    return Bounded(quantise(float(value)), quantise(float(lower)), quantise(float(upper)))


def _grade_warnings(grades: Sequence[GradeFit], slope: float) -> tuple[str, ...]:
    found = []
    if slope <= 0.0:
        found.append("worse grades do not default more often: are the grades in order?")
    for better, worse in pairwise(grades):
        if worse.smoothed < better.smoothed:
            found.append(f"{worse.grade} comes out safer than {better.grade}; too few defaults")
    thin = [grade.grade for grade in grades if grade.defaults < MIN_DEFAULTS_PER_SIGNAL]
    if thin:
        found.append(
            f"fewer than {MIN_DEFAULTS_PER_SIGNAL} defaults in {', '.join(thin)}: "
            "the bounds rest on the neighbouring grades"
        )
    return tuple(found)


# Panels -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Panel:
    """Obligors by period with their signals and what became of them.

    Parameters
    ----------
    obligors : (n,) codes; rows of one obligor are drawn together.
    signals : names of the k columns.
    values : (n, k) finite.
    outcome : (n,) in [0, 1]: defaulted within the year, or the fraction lost.
    """

    obligors: NDArray[np.int64]
    signals: tuple[str, ...]
    values: Float
    outcome: Float


@dataclass(frozen=True)
class Weight:
    """One signal's coefficient per unit of the signal, and what is ordinary of the signal."""

    name: str
    coefficient: Bounded
    mean: float
    deviation: float


@dataclass(frozen=True)
class ReliabilityBin:
    """Rows of similar prediction: what was predicted out of sample and what happened.

    `lower` and `upper` are the Clopper–Pearson limits of the outcome for events, of the mean by
    its standard error for fractions.
    """

    rows: int
    predicted: float
    observed: float
    lower: float
    upper: float


@dataclass(frozen=True)
class PanelFit:
    """A logit in the units of its signals.

    `smoothed_rate` is the mean outcome smoothed to the prior, for an obligor without signals;
    `discrimination` is the area under the ROC curve out of sample, NaN for fractions; `error` the
    mean squared error out of sample and `error_of_mean` that of predicting the mean alone;
    `misfit` the p-value of the reliability bins (Hosmer and Lemeshow).
    """

    intercept: Bounded
    weights: tuple[Weight, ...]
    observations: int
    base_rate: float
    smoothed_rate: float
    discrimination: float
    error: float
    error_of_mean: float
    misfit: float
    bins: tuple[ReliabilityBin, ...]
    warnings: tuple[str, ...]


def fit_panel(panel: Panel, appetite: Appetite) -> PanelFit:
    """Fit signal weights by maximum a posteriori, judged on obligors left out of the fit.

    Raises
    ------
    ParameterError : a signal that never changes, outcomes all alike, or too few obligors.

    Source: spec 2.2; Gelman and others (2008); Papke and Wooldridge (1996) for fractions;
    Hosmer and Lemeshow (2013), section 5.2, for the bins.
    """
    _require_panel(panel)
    coefficients = _coefficients(panel.values, panel.outcome)
    lower, upper = _coefficient_limits(panel, appetite)
    bounded = tuple(map(_bounded, coefficients, lower, upper))
    predicted = _out_of_fold(panel)
    bins = _bins(predicted, panel.outcome)
    events = _is_event(panel.outcome)
    weights = tuple(
        Weight(name, bound, quantise(float(column.mean())), quantise(float(column.std())))
        for name, bound, column in zip(panel.signals, bounded[1:], panel.values.T, strict=True)
    )
    mean = float(panel.outcome.mean())
    return PanelFit(
        intercept=bounded[0],
        weights=weights,
        observations=panel.outcome.size,
        base_rate=quantise(mean),
        smoothed_rate=_smoothed_rate(panel, appetite),
        discrimination=_roc_area(predicted, panel.outcome) if events else math.nan,
        error=quantise(float(np.mean((panel.outcome - predicted) ** 2))),
        error_of_mean=quantise(float(np.mean((panel.outcome - mean) ** 2))),
        misfit=_hosmer_lemeshow(bins, events=events),
        bins=bins,
        warnings=_panel_warnings(panel, weights),
    )


def _require_panel(panel: Panel) -> None:
    columns = zip(panel.signals, panel.values.T, strict=True)
    constant = [name for name, column in columns if np.ptp(column) == 0.0]
    if constant:
        raise ParameterError(
            f"signal {constant[0]}", "never changes, so that it says nothing", 0.0, 0.0,
            "Leave the column out.",
        )  # fmt: skip
    if np.ptp(panel.outcome) == 0.0:
        raise ParameterError(
            "outcome", "is the same in every row", float(panel.outcome[0]), 0.0,
            "A fit needs both defaults and survivals.",
        )  # fmt: skip
    obligors = np.unique(panel.obligors).size
    if obligors < FOLDS:
        raise ParameterError(
            "panel", "too few obligors", float(obligors), float(FOLDS), "Give more of them."
        )


def _coefficients(values: Float, outcome: Float) -> Float:
    """(k+1,) intercept and weights, fitted on standardised signals, in the signals' own units."""
    mean, deviation = values.mean(axis=0), values.std(axis=0)
    deviation = np.where(deviation > 0.0, deviation, 1.0)
    design = np.column_stack([np.ones(outcome.size), (values - mean) / deviation])
    base = logit(np.clip(outcome.mean(), 1e-6, 1.0 - 1e-6))
    centre = np.array([base, *np.zeros(mean.size)])
    prior = np.array([INTERCEPT_DEVIATION, *np.full(mean.size, WEAK_DEVIATION)])
    found = fit_default_logit(design, outcome, centre, prior**-2.0).coefficients
    weights = found[1:] / deviation
    return as_float([found[0] - float(weights @ mean), *weights])


def _coefficient_limits(panel: Panel, appetite: Appetite) -> tuple[Float, Float]:
    """Whole obligors are drawn: what one did in one year says much of the next."""
    order = np.argsort(panel.obligors, kind="stable")
    starts = np.unique(panel.obligors[order], return_index=True)[1][1:]
    rows = np.split(order, starts)

    def drawn(picked: NDArray[np.int64]) -> Float:
        at = np.concatenate([rows[i] for i in picked])
        return _coefficients(panel.values[at], panel.outcome[at])

    bootstrap = IIDBootstrap(np.arange(len(rows)), seed=appetite.seed)
    return _limits(bootstrap, drawn, appetite.resamples)


def _smoothed_rate(panel: Panel, appetite: Appetite) -> float:
    mean = float(panel.outcome.mean())
    prior = mean if appetite.prior is None else appetite.prior
    count = panel.outcome.size
    return quantise(float(smoothed_default_probability(mean, count, prior, appetite.strength)))


def _out_of_fold(panel: Panel) -> Float:
    """(n,) predictions by fits that never saw the obligor; folds follow the obligors' order."""
    fold = np.unique(panel.obligors, return_inverse=True)[1] % FOLDS
    predicted = np.empty(panel.outcome.size)
    for left_out in range(FOLDS):
        test = fold == left_out
        found = _coefficients(panel.values[~test], panel.outcome[~test])
        predicted[test] = expit(found[0] + panel.values[test] @ found[1:])
    return predicted


def _is_event(outcome: Float) -> bool:
    return bool(np.isin(outcome, (0.0, 1.0)).all())


def _roc_area(predicted: Float, outcome: Float) -> float:
    bad, good = predicted[outcome == 1.0], predicted[outcome == 0.0]
    return quantise(float(stats.mannwhitneyu(bad, good).statistic) / (bad.size * good.size))


def _bins(predicted: Float, outcome: Float) -> tuple[ReliabilityBin, ...]:
    order = np.argsort(predicted, kind="stable")
    parts = [part for part in np.array_split(order, BINS) if part.size]
    limits = _event_limits if _is_event(outcome) else _mean_limits
    return tuple(
        ReliabilityBin(
            part.size,
            quantise(float(predicted[part].mean())),
            quantise(float(outcome[part].mean())),
            *limits(outcome[part]),
        )
        for part in parts
    )


def _event_limits(outcome: Float) -> tuple[float, float]:
    found = stats.binomtest(int(outcome.sum()), outcome.size).proportion_ci(_INTERVAL, "exact")
    return quantise(float(found.low)), quantise(float(found.high))


def _mean_limits(outcome: Float) -> tuple[float, float]:
    error = float(outcome.std(ddof=1)) / math.sqrt(outcome.size) if outcome.size > 1 else 0.0
    reach = float(stats.norm.ppf(0.5 + 0.5 * _INTERVAL)) * error
    mean = float(outcome.mean())
    return quantise(max(0.0, mean - reach)), quantise(min(1.0, mean + reach))


def _hosmer_lemeshow(bins: Sequence[ReliabilityBin], *, events: bool) -> float:
    """p-value of Σ (observed − expected)²/variance; out of sample the bins are its freedom."""
    if not events:
        return math.nan
    rows = np.array([each.rows for each in bins], dtype=np.float64)
    expected = np.array([each.predicted for each in bins])
    observed = np.array([each.observed for each in bins])
    chi = float(np.sum(rows * (observed - expected) ** 2 / (expected * (1.0 - expected))))
    return quantise(float(stats.chi2.sf(chi, rows.size)))


def _panel_warnings(panel: Panel, weights: Sequence[Weight]) -> tuple[str, ...]:
    found = []
    events = min(float(panel.outcome.sum()), float((1.0 - panel.outcome).sum()))
    needed = MIN_DEFAULTS_PER_SIGNAL * len(panel.signals)
    if events < needed:
        found.append(
            f"{events:.4g} events for {len(panel.signals)} signals, {needed} needed: "
            "the weights are mostly their prior"
        )
    silent = [w.name for w in weights if w.coefficient.lower <= 0.0 <= w.coefficient.upper]
    if silent:
        found.append(f"the sign of {', '.join(silent)} is not settled by the data")
    return tuple(found)
