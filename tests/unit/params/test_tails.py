from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from paramgen.params.binding import ParameterError
from paramgen.params.history import (
    anchored_moves,
    clean_history,
    horizon_returns,
    moves_over,
    price_tick,
    quantise,
    unsmoothed_returns,
    update_gaps,
    update_returns,
)
from paramgen.params.losses import YEAR
from paramgen.params.tails import (
    METHOD_FILTERED,
    METHOD_POT,
    METHOD_STUDENT,
    alarm_threshold,
    cluster_peaks,
    confidence_quantile,
    confidence_z,
    extremal_index,
    fit_pareto,
    gaussian_z,
    pareto_quantile,
    pareto_survival,
    repeated_quantile,
    scale_quantile,
    tail_quantile,
    tolerance_tail,
)

DAY = 86_400.0


def test_the_dirt_of_a_real_feed_is_left_out_and_counted(eth_rows, eth):
    assert eth_rows[-1, 4] == 0
    assert np.all(np.diff(eth.times) > 0)
    assert eth.times.size + eth.dropped == len(eth_rows)
    assert update_gaps(eth).max() == 3720.0


def test_newest_first_and_oldest_first_are_one_history():
    times, prices = np.array([10.0, 20.0, 20.0, 30.0]), np.array([1.0, 2.0, 3.0, 4.0])
    forward, backward = clean_history(times, prices), clean_history(times[::-1], prices[::-1])
    assert forward.prices.tolist() == backward.prices.tolist() == [1.0, 3.0, 4.0]
    assert forward.dropped == 1


def test_a_history_of_nothing_usable_is_an_error():
    with pytest.raises(ParameterError, match="too few usable"):
        clean_history([0.0, 1.0, np.nan], [1.0, 0.0, 2.0])


def test_returns_over_a_horizon_read_the_last_answer():
    history = clean_history([0.5, 100.5, 250.5, 400.5], [1.0, 2.0, 4.0, 8.0])
    assert horizon_returns(history, 100.0, 100.0) == pytest.approx(np.log([2, 1, 2, 2]))
    with pytest.raises(ParameterError, match="shorter than the horizon"):
        horizon_returns(history, 1000.0, 100.0)


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


def test_a_fitted_quantile_holds_out_of_sample():
    draws = stats.t(4).rvs(8000, random_state=11) * 0.01
    fit = confidence_quantile(draws, 0.999)
    assert fit.method == METHOD_POT
    assert fit.quantile == pytest.approx(stats.t(4).isf(0.001) * 0.01, rel=0.15)


def test_clusters_are_split_by_quiet_runs():
    values = np.array([5.0, 7.0, 0.0, 6.0, 0.0, 0.0, 0.0, 9.0])
    assert cluster_peaks(values, 1.0, run=2).tolist() == [7.0, 9.0]
    assert cluster_peaks(values, 1.0, run=1).tolist() == [7.0, 6.0, 9.0]
    assert cluster_peaks(values, 99.0, run=1).size == 0


def test_the_extremal_index_of_independent_and_of_repeated_values():
    rng = np.random.default_rng(0)
    independent = rng.random(20_000)
    repeated = np.repeat(rng.random(10_000), 2)
    assert extremal_index(independent > 0.95) == pytest.approx(1.0, abs=0.08)
    assert extremal_index(repeated > 0.95) == pytest.approx(0.5, abs=0.06)


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


def test_the_grouped_likelihood_does_not_explode_on_a_grid():
    smooth = stats.genpareto(0.2, scale=1e-3).rvs(4000, random_state=9)
    tick = 2e-3
    gridded = (np.floor(smooth / tick) + 0.5) * tick
    xi, scale = fit_pareto(gridded, tick)
    assert xi == pytest.approx(0.2, abs=0.06)
    assert scale == pytest.approx(1e-3, rel=0.08)


def test_a_tick_is_seen_in_the_prices():
    gridded = clean_history(np.arange(1.0, 5.0), [1.0001, 1.0, 0.9998, 1.0])
    assert price_tick(gridded) == pytest.approx(1e-4, rel=1e-5)
    smooth = clean_history(np.arange(1.0, 5.0), np.exp([0.1, 0.2, 0.3, 0.4]))
    assert price_tick(smooth) == 0.0


def test_an_anchor_judges_for_two_windows_and_the_worst_one_counts():
    logs = np.array([0.0, 0.01, 0.03, -0.02])
    history = clean_history(1e9 + DAY * np.arange(4), np.exp(logs))
    up, down = anchored_moves(history, DAY, 0.0)
    assert up == pytest.approx([0.01, 0.03, -0.03])
    assert down == pytest.approx([-0.01, -0.02, 0.05])


def test_a_move_against_an_older_anchor_counts_as_the_band_widens():
    history = clean_history(1e9 + DAY * np.arange(3), np.exp([0.0, 0.01, 0.03]))
    up, _ = anchored_moves(history, DAY, 0.0, windows=4.0)
    # As the contract does, fractions over the widening: the band that would just hold the move.
    assert up == pytest.approx([0.01, np.log1p(np.expm1(0.03) / np.sqrt(2.0))])


def test_an_anchor_judges_longer_where_the_keeper_is_slow():
    history = clean_history(1e9 + DAY * np.arange(6), np.exp(0.01 * np.arange(6.0)))
    slow, _ = anchored_moves(history, DAY, DAY)
    assert slow == pytest.approx([0.01, 0.02, 0.03, 0.04, 0.04])


def test_a_move_over_a_window_is_from_the_price_that_stood_before_it():
    times = 1e9 + DAY * np.array([0.0, 1.0, 2.5, 3.0])
    history = clean_history(times, np.exp([0.0, 0.01, 0.03, 0.02]))
    assert moves_over(history, 2 * DAY) == pytest.approx([0.0, 0.03, 0.01])


def test_residuals_are_about_the_accrual_and_never_lose_an_update_to_a_closure():
    times = 1e9 + DAY * np.array([0.0, 1.0, 5.0, 6.0])
    history = clean_history(times, np.exp(0.05 * (times - times[0]) / YEAR))
    up, down = anchored_moves(history, DAY, 0.0, accrual=0.05)
    assert up.size == down.size == 3
    assert up == pytest.approx(np.zeros(3), abs=1e-14)


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


def test_geltner_gives_back_the_volatility_that_appraisal_smoothed():
    rng = np.random.default_rng(21)
    true = rng.normal(0.0, 0.05, 4000)
    smooth = np.zeros(4000)
    for i in range(1, 4000):
        smooth[i] = 0.6 * smooth[i - 1] + 0.4 * true[i]
    unsmoothed, smoothing = unsmoothed_returns(smooth, accruing=False)
    assert smoothing == pytest.approx(0.6, abs=0.03)
    assert unsmoothed.std() == pytest.approx(0.05, rel=0.1)


def test_short_appraisals_are_corrected_for_bias_and_capped():
    trend = np.array([0.01, 0.012, 0.014, 0.016, 0.018, 0.02])
    centred = trend - trend.mean()
    estimate = (centred[1:] * centred[:-1]).sum() / (centred**2).sum()
    _, smoothing = unsmoothed_returns(trend, accruing=False)
    assert smoothing == pytest.approx(min(0.9, estimate + (1 + 3 * estimate) / 6), rel=1e-5)
    _, capped = unsmoothed_returns(np.cumsum(np.ones(200)), accruing=False)
    assert capped == 0.9


def test_an_accruing_value_is_never_unsmoothed():
    with pytest.raises(ParameterError, match="never un-smoothed"):
        unsmoothed_returns([0.01, 0.01, 0.01], accruing=True)


def test_fits_leave_at_six_significant_digits():
    assert quantise(0.0123456789) == 0.0123457
    assert quantise(quantise(123456789.0)) == 123457000.0
    assert quantise(1.0 / 3.0 * (1 + 2e-16)) == quantise(1.0 / 3.0)
    assert quantise(0.0) == 0.0


def test_a_value_that_only_rises_loses_nothing_rather_than_less_than_nothing():
    generator = np.random.default_rng(9)
    steps = generator.gamma(4.0, 1e-5, 2_000)
    history = clean_history(1e9 + 3_600.0 * np.arange(2_000), np.exp(np.cumsum(steps)))
    assert confidence_z(history, 7_200.0, 3_600.0, 0.99).z == 0.0


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


def test_a_quantile_repeated_on_its_own_losses_is_itself():
    losses = np.abs(stats.t.rvs(4, size=5_000, random_state=np.random.default_rng(2)))
    for probability, per_cluster in [(1e-3, False), (1e-4, True)]:
        fit = tail_quantile(losses, probability, per_cluster=per_cluster)
        again = repeated_quantile(losses, fit, per_cluster=per_cluster)
        assert again == pytest.approx(fit.quantile, rel=1e-5)
    few = tail_quantile(losses[:400], 0.01)
    assert repeated_quantile(losses[:400], few) == few.quantile


@given(st.floats(-0.4, 0.9, allow_subnormal=False), st.floats(0.1, 5.0))
def test_the_survival_function_is_that_of_the_library(xi, scale):
    x = np.linspace(0.0, 3.0, 20)
    expected = stats.genpareto.sf(x, xi, scale=scale)
    assert pareto_survival(x, xi, scale) == pytest.approx(expected, abs=1e-12)
