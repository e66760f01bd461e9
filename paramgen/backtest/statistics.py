"""Tests of a quantile's exceptions, intervals on counts and shares (spec 3.7).

Exceptions are booleans in order of time, one an observation; probabilities are fractions. All
likelihood ratios use 0·ln 0 = 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

Flags = NDArray[np.bool_]

SIGNIFICANCE = 0.05
"""Level of every test here, two-sided for intervals."""

GREEN_UP_TO = 0.95
YELLOW_UP_TO = 0.9999
"""Cumulative probabilities at which the Basel zones begin."""


@dataclass(frozen=True)
class LikelihoodRatio:
    """A likelihood-ratio test: statistic, degrees of freedom, p-value."""

    statistic: float
    freedom: int

    @property
    def p_value(self) -> float:
        """Probability of a statistic as large under the hypothesis, by the χ² limit."""
        return float(stats.chi2.sf(self.statistic, self.freedom))

    @property
    def rejected(self) -> bool:
        """Whether the hypothesis is rejected at `SIGNIFICANCE`."""
        return self.p_value < SIGNIFICANCE


def kupiec(exceptions: int, observations: int, probability: float) -> LikelihoodRatio:
    """Proportion of failures: is the rate of exceptions the quantile's?

    LR = 2·[x·ln(p̂/p) + (n−x)·ln((1−p̂)/(1−p))], p̂ = x/n, χ²(1).

    Parameters
    ----------
    exceptions, observations : x ≤ n, n > 0.
    probability : p in (0, 1), one less the confidence.

    Source: Kupiec (1995), *Journal of Derivatives* 3(2).
    """
    seen = exceptions / observations
    ratio = _log_likelihood(exceptions, observations, seen)
    ratio -= _log_likelihood(exceptions, observations, probability)
    return LikelihoodRatio(max(0.0, 2.0 * ratio), 1)


def independence(exceptions: Flags) -> LikelihoodRatio:
    """Do exceptions come in clusters? First-order Markov chain against independence, χ²(1).

    Parameters
    ----------
    exceptions : (n,) in order of time, n ≥ 2.

    Source: Christoffersen (1998), *International Economic Review* 39(4).
    """
    before, after = exceptions[:-1], exceptions[1:]
    calm, hit = after[~before], after[before]
    apart = _log_likelihood(int(calm.sum()), calm.size, _share(calm))
    apart += _log_likelihood(int(hit.sum()), hit.size, _share(hit))
    together = _log_likelihood(int(after.sum()), after.size, _share(after))
    return LikelihoodRatio(max(0.0, 2.0 * (apart - together)), 1)


def conditional_coverage(exceptions: Flags, probability: float) -> LikelihoodRatio:
    """Right rate and independent at once, χ²(2): the sum of both ratios.

    The rate's likelihood takes the same n−1 transitions as the chain's, so that the two add up.
    """
    seen = exceptions[1:]
    rate = kupiec(int(seen.sum()), seen.size, probability)
    return LikelihoodRatio(rate.statistic + independence(exceptions).statistic, 2)


class Light(StrEnum):
    """Zone of a backtest; insufficient where not even zero exceptions could be rejected."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    INSUFFICIENT = "insufficient"


def smallest_sample(probability: float) -> int:
    """Fewest observations at which zero exceptions are rejected: 192 at 1 %.

    −2·n·ln(1−p) must pass the χ²(1) quantile; below, a model that never fails passes unseen.
    """
    critical = float(stats.chi2.isf(SIGNIFICANCE, 1))
    return math.floor(critical / (-2.0 * math.log1p(-probability))) + 1


def traffic_light(exceptions: int, observations: int, probability: float) -> Light:
    """Basel zone by the binomial probability of at most so many exceptions.

    At 250 observations and 1 %: green to 4, yellow to 9, red from 10. Source: Basel MAR99.
    """
    if observations < smallest_sample(probability):
        return Light.INSUFFICIENT
    cumulative = float(stats.binom.cdf(exceptions, observations, probability))
    if cumulative < GREEN_UP_TO:
        return Light.GREEN
    return Light.YELLOW if cumulative < YELLOW_UP_TO else Light.RED


@dataclass(frozen=True)
class Interval:
    """A two-sided interval of confidence 1 − `SIGNIFICANCE`."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        """Whether the value lies inside, ends included."""
        return self.low <= value <= self.high


def poisson_interval(events: int, exposure: float) -> Interval:
    """Exact interval of a rate from a count of events.

    Parameters
    ----------
    events : k ≥ 0.
    exposure : time observed, > 0; the rate is per unit of it.

    Source: Garwood (1936), *Biometrika* 28: half the χ² quantiles at 2k and 2k+2.
    """
    tail = SIGNIFICANCE / 2.0
    low = float(stats.chi2.ppf(tail, 2 * events)) / 2.0 if events else 0.0
    return Interval(low / exposure, float(stats.chi2.isf(tail, 2 * events + 2)) / 2.0 / exposure)


def share_interval(successes: int, trials: int) -> Interval:
    """Exact interval of a share of independent trials.

    Source: Clopper and Pearson (1934), *Biometrika* 26, by `scipy.stats.binomtest`.
    """
    found = stats.binomtest(successes, trials).proportion_ci(1.0 - SIGNIFICANCE, method="exact")
    return Interval(float(found.low), float(found.high))


@dataclass(frozen=True)
class QuantileTest:
    """Everything that is asked of one sequence of exceptions; None where it is too short."""

    observations: int
    exceptions: int
    probability: float
    coverage: LikelihoodRatio | None
    independent: LikelihoodRatio | None
    conditional: LikelihoodRatio | None
    light: Light


def judge_quantile(exceptions: Flags, probability: float) -> QuantileTest:
    """All tests on a loss quantile's exceptions.

    Parameters
    ----------
    exceptions : (n,) in order of time, of horizons that do not overlap.
    probability : of an exception, one less the confidence.
    """
    n, x = int(exceptions.size), int(exceptions.sum())
    enough = n >= smallest_sample(probability)
    return QuantileTest(
        observations=n,
        exceptions=x,
        probability=probability,
        coverage=kupiec(x, n, probability) if enough else None,
        independent=independence(exceptions) if enough else None,
        conditional=conditional_coverage(exceptions, probability) if enough else None,
        light=traffic_light(x, n, probability),
    )


def _log_likelihood(successes: int, trials: int, probability: float) -> float:
    """Bernoulli log-likelihood, x·ln p + (n−x)·ln(1−p)."""
    hit = float(special.xlogy(successes, probability))
    return hit + float(special.xlog1py(trials - successes, -probability))


def _share(flags: Flags) -> float:
    return float(flags.mean()) if flags.size else 0.0
