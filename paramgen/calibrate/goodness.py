"""How well a generalised Pareto fits the excesses it was fitted to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from paramgen.params.history import quantise
from paramgen.params.losses import Array
from paramgen.params.pareto import fit_pareto, pareto_survival

_SIMULATIONS = 199


@dataclass(frozen=True)
class Goodness:
    """p-values of the Cramér–von Mises and the Anderson–Darling test."""

    cramer_von_mises: float
    anderson_darling: float


def goodness(excess: Array, xi: float, scale: float, seed: int) -> Goodness:
    """Return p-values by parametric bootstrap, the parameters being estimated from the sample.

    Tabulated p-values hold for known parameters and are too high here. Each simulated sample is
    fitted anew; the share of them that lie as far from their fit is the p-value. Excesses of one
    episode count as independent, which makes the p-values too low, never too high.

    Parameters
    ----------
    excess : (n,) positive, continuous.
    seed : of the simulated samples.

    Source: Stute, González-Manteiga and Presedo-Quindimil (1993); Choulakian and Stephens (2001).
    """
    seen = _distances(excess, xi, scale)
    generator = np.random.default_rng(seed)
    simulated = stats.genpareto.rvs(
        xi, scale=scale, size=(_SIMULATIONS, excess.size), random_state=generator
    )
    drawn = np.array([_distances(sample, *fit_pareto(sample)) for sample in simulated])
    above = np.count_nonzero(drawn >= seen, axis=0)
    cramer, anderson = (quantise((int(count) + 1) / (_SIMULATIONS + 1), 3) for count in above)
    return Goodness(cramer, anderson)


def _distances(excess: Array, xi: float, scale: float) -> Array:
    """W² and A² of a sample from its fit, (2,)."""
    survival = np.clip(pareto_survival(np.sort(excess), xi, scale), 1e-12, 1.0 - 1e-12)
    n = survival.size
    rank = np.arange(1, n + 1)
    cramer = 1.0 / (12.0 * n) + np.sum((1.0 - survival - (2 * rank - 1) / (2.0 * n)) ** 2)
    logs = np.log1p(-survival) + np.log(survival[::-1])
    return np.array([cramer, -n - np.mean((2 * rank - 1) * logs)])
