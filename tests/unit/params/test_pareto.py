"""The generalised Pareto: what is fitted is what the data came from, on a grid too."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from paramgen.params.pareto import fit_pareto, pareto_quantile, pareto_survival


def test_the_pareto_is_recovered_from_its_own_draws():
    draws = stats.genpareto(0.3, scale=0.01).rvs(20_000, random_state=5)
    xi, scale = fit_pareto(draws)
    assert xi == pytest.approx(0.3, abs=0.03)
    assert scale == pytest.approx(0.01, rel=0.03)


def test_the_quantile_inverts_the_pareto_and_is_exponential_at_a_zero_shape():
    x = pareto_quantile(0.01, 0.3, 0.02, 0.05, 0.001)
    survival = 0.05 * stats.genpareto(0.3, loc=0.01, scale=0.02).sf(x)
    assert survival == pytest.approx(0.001)
    assert pareto_quantile(0.0, 0.0, 1.0, 0.05, 0.001) == pytest.approx(np.log(50))


def test_the_grouped_likelihood_does_not_explode_on_a_grid():
    smooth = stats.genpareto(0.2, scale=1e-3).rvs(4000, random_state=9)
    tick = 2e-3
    gridded = (np.floor(smooth / tick) + 0.5) * tick
    xi, scale = fit_pareto(gridded, tick)
    assert xi == pytest.approx(0.2, abs=0.06)
    assert scale == pytest.approx(1e-3, rel=0.08)


@pytest.mark.parametrize("xi", [-0.3, 0.0, 0.2, 0.7])
def test_the_likelihood_has_no_better_point_near_the_one_that_is_found(xi):
    excess = stats.genpareto.rvs(xi, scale=0.01, size=600, random_state=np.random.default_rng(4))
    shape, scale = fit_pareto(excess)
    best = stats.genpareto.logpdf(excess, shape, scale=scale).sum()
    nearby = [(0.01, 1), (-0.01, 1), (0, 1.01), (0, 0.99), (0.01, 0.99), (-0.01, 1.01)]
    for moved, stretched in nearby:
        other = stats.genpareto.logpdf(excess, shape + moved, scale=scale * stretched).sum()
        assert other < best
    assert shape == pytest.approx(xi, abs=3 * (1 + xi) / np.sqrt(600))


@given(st.floats(-0.4, 0.9, allow_subnormal=False), st.floats(0.1, 5.0))
def test_the_survival_function_is_that_of_the_library(xi, scale):
    x = np.linspace(0.0, 3.0, 20)
    expected = stats.genpareto.sf(x, xi, scale=scale)
    assert pareto_survival(x, xi, scale) == pytest.approx(expected, abs=1e-12)
