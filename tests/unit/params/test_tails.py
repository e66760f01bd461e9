from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from paramgen.params.binding import ParameterError
from paramgen.params.history import clean_history, horizon_returns, update_returns
from paramgen.params.losses import YEAR
from paramgen.params.tails import (
    METHOD_FILTERED,
    METHOD_POT,
    METHOD_STUDENT,
    alarm_threshold,
    confidence_quantile,
    confidence_z,
    gaussian_z,
    repeated_quantile,
    scale_quantile,
    tail_quantile,
    tolerance_tail,
)


def test_z_of_real_rounds_at_their_staleness_limit(eth):
    """Gaussian 2.326 covers only 98.1 % there; from data z99 is 2.8 to 3.05 (spec 3.5)."""
    for cadence in (600.0, 3600.0):
        measured = confidence_z(eth, 3720.0, cadence, 0.99)
        assert 2.8 <= measured.z <= 3.05
    returns = horizon_returns(eth, 3720.0, 3600.0)
    gaussian = gaussian_z(0.99) * measured.volatility * np.sqrt(3720.0 / YEAR)
    assert gaussian_z(0.99) == pytest.approx(2.326, abs=5e-4)
    assert np.mean(returns >= -gaussian) == pytest.approx(0.981, abs=0.002)


def test_one_alarm_a_year_on_real_rounds_with_its_diagnostics(eth):
    returns = np.abs(update_returns(eth))
    fit = alarm_threshold(returns, eth.updates_per_year, 1.0)
    assert fit.method == METHOD_POT
    assert fit.quantile == pytest.approx(0.056, abs=0.001)
    assert 0.4 < fit.xi < 0.6
    assert fit.exceedances >= 50
    assert 0.5 < fit.extremal_index < 0.7
    assert len(fit.diagnostics) == 8
    assert any("extrapolated" in warning for warning in fit.warnings)


def test_a_fitted_quantile_holds_out_of_sample():
    draws = stats.t(4).rvs(8000, random_state=11) * 0.01
    fit = confidence_quantile(draws, 0.999)
    assert fit.method == METHOD_POT
    assert fit.quantile == pytest.approx(stats.t(4).isf(0.001) * 0.01, rel=0.15)


def test_heavy_noise_without_a_mean_is_refused_by_the_gate_on_the_shape():
    draws = stats.genpareto(1.5, scale=1e-3).rvs(4000, random_state=2)
    fit = tail_quantile(draws, 1e-3)
    assert fit.method == METHOD_FILTERED
    assert any("upper 95 % bound of the shape" in warning for warning in fit.warnings)


def test_a_heavy_shape_is_not_escaped_by_trying_further_thresholds():
    draws = stats.genpareto(0.9, scale=1e-3).rvs(1500, random_state=11)
    fit = tail_quantile(draws, 1e-3)
    assert any(row.refusal is None for row in fit.diagnostics)
    assert fit.method == METHOD_FILTERED


def test_fewer_than_fifty_clusters_fall_to_filtered_simulation():
    draws = stats.t(4).rvs(300, random_state=1) * 0.01
    fit = tail_quantile(draws, 0.01)
    assert fit.method == METHOD_FILTERED
    assert fit.quantile == pytest.approx(stats.t(4).isf(0.01) * 0.01, rel=0.6)
    assert any("50 needed" in warning for warning in fit.warnings)


def test_filtered_simulation_keeps_the_larger_of_present_and_mean_volatility():
    noise = stats.norm.rvs(size=300, random_state=4)
    turbulent_end = noise * np.where(np.arange(300) < 250, 0.001, 0.01)
    calm_end = turbulent_end[::-1]
    now, later = tail_quantile(turbulent_end, 0.01), tail_quantile(calm_end, 0.01)
    assert now.quantile > 1.5 * later.quantile
    root_mean_square = np.sqrt(np.mean(calm_end**2))
    assert later.quantile > 1.5 * root_mean_square


def test_simulation_does_not_stand_for_what_is_rarer_than_its_sample_is_long():
    draws = np.clip(stats.norm.rvs(size=400, random_state=5), -2.0, 2.0) * 1e-3
    within, beyond = tail_quantile(draws, 1 / 400), tail_quantile(draws, 1e-5)
    assert within.method == METHOD_FILTERED
    assert beyond.method == METHOD_STUDENT
    assert beyond.quantile > 3.0 * within.quantile
    assert any(warning.startswith("extrapolated") for warning in beyond.warnings)


def test_few_data_take_the_upper_volatility_and_the_class_prior_as_floor():
    draws = stats.norm.rvs(size=20, random_state=8) * 0.01
    own = tail_quantile(draws, 0.01)
    assert own.method == METHOD_STUDENT
    # Wider than the normal quantile of the same sample, for σ and tail are both uncertain.
    assert own.quantile > 2.326 * np.sqrt(np.mean(draws**2)) * 1.2
    floored = tail_quantile(draws, 0.01, prior_volatility=0.05)
    assert floored.method.endswith("class prior")
    t4 = stats.t(4).isf(0.01) / np.sqrt(2.0)
    assert floored.quantile == pytest.approx(0.05 * t4, rel=1e-5)


def test_absolute_values_spend_the_probability_on_both_sides():
    draws = stats.norm.rvs(size=20, random_state=8) * 0.01
    both, one = tail_quantile(np.abs(draws), 0.02), tail_quantile(draws, 0.01)
    assert both.quantile == one.quantile


def test_neither_data_nor_prior_is_an_error():
    with pytest.raises(ParameterError, match="neither data nor a class prior"):
        tail_quantile([], 0.01)


def test_a_quantised_price_is_refused_by_its_distinct_values():
    draws = np.round(np.abs(stats.norm.rvs(size=5000, random_state=6)) * 2) * 1e-4
    fit = tail_quantile(draws, 1e-3, tick=1e-4)
    assert fit.method == METHOD_FILTERED
    assert any("quantised" in warning for warning in fit.warnings)


def test_a_disagreement_that_lasts_is_one_episode():
    rng = np.random.default_rng(12)
    distance = np.repeat(rng.standard_t(5, 3000) * 1e-3, 4)
    fit = tolerance_tail(np.exp(distance), np.ones(distance.size), 8760, 1)
    every = alarm_threshold(np.abs(distance), 8760, 1)
    assert fit.extremal_index < 0.4
    assert fit.quantile < every.quantile


def test_a_distance_is_never_divided_by_the_spread_of_the_distances_before_it():
    # Five basis points for days, then ten minutes at ten percent: too heavy for a threshold.
    distance = np.concatenate([np.full(4_000, 5e-4), np.full(10, 0.1), np.full(400, 5e-4)])
    distance += np.random.default_rng(5).normal(0.0, 1e-5, distance.size)
    fit = tolerance_tail(np.exp(distance), np.ones(distance.size), 365 * 1_440, 1)
    assert fit.method == METHOD_STUDENT
    filtered = alarm_threshold(distance, 365 * 1_440, 1, per_cluster=True)
    assert filtered.method == METHOD_FILTERED
    assert fit.quantile < 0.5 * filtered.quantile


def test_haircut_scaling_by_the_square_root_of_business_days():
    """Source: CRE22.59 and 12 CFR 324.132: 4 % at ten days."""
    assert scale_quantile(0.04, 10, 20) == pytest.approx(0.056569, abs=5e-7)
    assert scale_quantile(0.04, 10, 5) == pytest.approx(0.028284, abs=5e-7)
    assert scale_quantile(0.04, 10, 5, revaluation_days=5) == pytest.approx(0.037947, abs=5e-7)


def test_a_value_that_only_rises_loses_nothing_rather_than_less_than_nothing():
    generator = np.random.default_rng(9)
    steps = generator.gamma(4.0, 1e-5, 2_000)
    history = clean_history(1e9 + 3_600.0 * np.arange(2_000), np.exp(np.cumsum(steps)))
    assert confidence_z(history, 7_200.0, 3_600.0, 0.99).z == 0.0


def test_a_quantile_repeated_on_its_own_losses_is_itself():
    losses = np.abs(stats.t.rvs(4, size=5_000, random_state=np.random.default_rng(2)))
    for probability, per_cluster in [(1e-3, False), (1e-4, True)]:
        fit = tail_quantile(losses, probability, per_cluster=per_cluster)
        again = repeated_quantile(losses, fit, per_cluster=per_cluster)
        assert again == pytest.approx(fit.quantile, rel=1e-5)
    few = tail_quantile(losses[:400], 0.01)
    assert repeated_quantile(losses[:400], few) == few.quantile
