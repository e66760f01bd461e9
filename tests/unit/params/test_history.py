"""Histories as they come: dirt, horizons, anchored moves, appraisals that smooth."""

from __future__ import annotations

import numpy as np
import pytest

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
)
from paramgen.params.losses import YEAR

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
