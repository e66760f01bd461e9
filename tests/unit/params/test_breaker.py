from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from paramgen.params.binding import ParameterError
from paramgen.params.breaker import (
    Alarms,
    Anchors,
    UpperCap,
    accrual_pair,
    accrued_band,
    band_width,
    check_band_ceiling,
    check_band_floor,
    check_tolerance,
    check_upper_cap,
    detection_power,
    fast_pair,
    feed_anchors,
    fitted_tolerance,
    slow_pair,
    smallest_band,
    windows_to_cap,
)
from paramgen.params.history import clean_history, horizon_returns, price_tick, update_returns
from paramgen.params.losses import YEAR
from paramgen.params.tails import METHOD_POT, alarm_threshold, tolerance_tail

HOUR, DAY = 3_600.0, 86_400.0
YEARLY = Alarms(per_year=1.0, shock=0.10)
BILL = Anchors(window=DAY, interval=HOUR, windows=1.0, accrual=0.05)


def test_one_alarm_a_year_on_real_eth_rounds_is_5_6_per_cent_an_update(eth):
    """What the rule of 5 to 8 % an update is held against; a band against anchors is wider."""
    single = np.abs(update_returns(eth))
    fit = alarm_threshold(single, eth.updates_per_year, 1)
    assert fit.method == METHOD_POT
    assert fit.quantile == pytest.approx(0.056, abs=0.001)


def test_the_fast_pair_holds_against_every_anchor_that_an_eth_update_may_meet(eth):
    anchors = feed_anchors(eth, HOUR)
    pair = fast_pair(eth, anchors, YEARLY)
    assert pair.down.method == METHOD_POT
    assert pair.down.quantile == pytest.approx(0.0959, abs=0.001)
    assert pair.band_up > pair.down.quantile > pair.band_down
    assert np.mean(anchors.fast(eth) > pair.down.quantile) < 1e-3
    assert pair.power > 0.5


def test_each_of_a_feed_s_two_tests_has_half_of_the_alarms(eth):
    anchors = feed_anchors(eth, HOUR)
    moves = anchors.fast(eth)
    half = alarm_threshold(moves, eth.updates_per_year, 0.5, per_cluster=True)
    assert YEARLY.threshold(moves, eth) == half


def test_the_hourly_pair_fires_at_the_first_sign_of_the_usdc_depeg(usdc):
    """A 60-minute pair fitted on the calm days fires at 21:52Z, 0.9957, and never before."""
    calm_until = datetime(2023, 3, 10, tzinfo=UTC).timestamp()
    calm = usdc.times < calm_until
    history = clean_history(usdc.times[calm], usdc.prices[calm])
    anchors = feed_anchors(history, 60.0, windows=HOUR * history.updates_per_year / YEAR)
    pair = slow_pair(history, anchors, Alarms(1.0, shock=0.01, tick=price_tick(history)))
    assert pair.window == pytest.approx(HOUR)
    # The largest hourly move of the calm is 10 bp; one alarm a year asks for more than it saw.
    assert 0.0010 <= pair.band_down <= 0.0040

    moves = horizon_returns(usdc, HOUR, 60)
    times = usdc.times[0] + HOUR + 60 * np.arange(moves.size)
    alarms = times[np.abs(moves) > pair.down.quantile]
    assert alarms[0] == datetime(2023, 3, 10, 21, 52, tzinfo=UTC).timestamp()
    assert usdc.prices[usdc.times <= alarms[0]][-1] == 0.9957


def test_a_move_seen_from_several_anchors_counts_once():
    rng = np.random.default_rng(2)
    logs = np.cumsum(rng.standard_t(4, 20_000) * 1e-3)
    history = clean_history(1e9 + 600 * np.arange(20_000.0), np.exp(logs))
    anchors = feed_anchors(history, 600.0, windows=6.0)
    pair = slow_pair(history, anchors, Alarms(12.0, shock=0.05))
    every = alarm_threshold(anchors.slow(history), history.updates_per_year, 6)
    assert pair.down.method == METHOD_POT
    assert pair.down.extremal_index < 0.5
    assert pair.down.quantile < 0.9 * every.quantile


def test_the_usual_single_step_rule_misses_the_usdc_depeg(usdc):
    early = usdc.prices[: int(np.argmax(usdc.prices < 0.90))]
    assert np.abs(np.diff(np.log(early))).max() < 0.05


def bill(falls: dict[int, float], days: int = 600, tick: float = 1e-4):
    """A bill accruing 5 % a year, published daily on a grid, with falls on given days."""
    steps = np.full(days, 0.05 / 365)
    for day, fall in falls.items():
        steps[day] -= fall
    prices = np.round(100 * np.exp(np.cumsum(steps)) / (100 * tick)) * 100 * tick
    return clean_history(1.7e9 + DAY * np.arange(days), prices)


def test_an_accruing_value_has_a_narrow_band_floored_at_its_tick():
    pair = accrual_pair(bill({}), BILL, Alarms(1.0, shock=0.005, tick=1e-4))
    assert 1e-4 <= pair.down.quantile < 10e-4
    assert 1e-4 <= pair.up.quantile < 10e-4
    assert pair.power == 1.0


def test_falls_widen_the_lower_side_of_the_band_more_than_the_upper():
    fallen = bill(dict.fromkeys(range(50, 600, 60), 0.002))
    pair = accrual_pair(fallen, BILL, Alarms(1.0, shock=0.05, tick=1e-4))
    assert pair.band_down > 2 * pair.band_up


def test_detection_power_is_the_share_of_moments_a_shock_is_caught():
    noise = np.array([-0.02, -0.01, 0.0, 0.01, 0.02])
    assert detection_power(noise, 0.05, 1.0 - np.exp(-0.05)) == pytest.approx(0.4)
    assert detection_power(noise, 0.05, 0.10) == 1.0
    assert detection_power(noise, 0.05, 0.001) == 0.0


def test_the_band_widens_with_the_root_of_age_and_then_stops():
    ages = np.array([0.0, 3600.0, 4 * 3600.0, 9 * 3600.0, 1e9])
    assert band_width(0.02, 3600.0, 9.0, ages) == pytest.approx([0.02, 0.02, 0.04, 0.06, 0.06])
    assert windows_to_cap(0.02, 0.06) == pytest.approx(9.0)
    assert windows_to_cap(0.02, 0.01) == 1.0


def test_the_band_stands_around_the_accrued_anchor():
    low, high = accrued_band(100.0, 0.05, YEAR, 0.001, 0.002)
    assert (low, high) == pytest.approx((100 * np.exp(0.05) * 0.998, 100 * np.exp(0.05) * 1.001))


def test_a_lower_band_beyond_its_ceiling_is_an_error_not_a_clip():
    assert check_band_ceiling(0.05, 0.85, 0.05) == pytest.approx(1 - 0.85 * 1.05)
    with pytest.raises(ParameterError, match="ordinary noise exceeds"):
        check_band_ceiling(0.12, 0.85, 0.05)


def test_a_tolerance_within_both_feeds_deviations_is_refused():
    check_tolerance(0.0101, 0.005, 0.005)
    with pytest.raises(ParameterError, match="two healthy feeds"):
        check_tolerance(0.01, 0.005, 0.005)


def test_a_fitted_tolerance_is_lifted_above_both_deviations_and_says_so():
    rng = np.random.default_rng(3)
    second = 100.0 * np.exp(rng.normal(0.0, 1e-4, 3000))
    fit = tolerance_tail(np.full(3000, 100.0), second, 8760, 1)
    lifted = fitted_tolerance(fit, 0.005, 0.0025)
    assert lifted.binding == "deviations of both feeds"
    check_tolerance(lifted.value, 0.005, 0.0025)


def test_a_band_must_exceed_its_own_leg():
    check_band_floor(0.0051, smallest_band(0.005))
    with pytest.raises(ParameterError, match="deviation threshold of the leg"):
        check_band_floor(0.005, smallest_band(0.005))
    with pytest.raises(ParameterError, match="one tick and accrual error"):
        check_band_floor(1.2e-4, smallest_band(None, tick=1e-4, accrual_error=0.2e-4))


def test_snapshot_and_time_of_the_upper_cap_are_checked_together():
    now, start = 1.75e9, 1.75e9 - 30 * DAY
    common = {"price": 1.05, "now": now, "accrual": 0.05, "largest_headroom": 0.01}
    assert check_upper_cap(UpperCap(1.046, start, 0.10), **common) > 0.0
    # The newer time with the old snapshot: each plausible, together below the price.
    with pytest.raises(ParameterError, match="below the price"):
        check_upper_cap(UpperCap(1.046, now, 0.10), **common)
    # The newer snapshot with the old time: too far above it.
    with pytest.raises(ParameterError, match="too far above"):
        check_upper_cap(UpperCap(1.053, start, 0.10), **common)
    with pytest.raises(ParameterError, match="in the future"):
        check_upper_cap(UpperCap(1.046, now + 1, 0.10), **common)
    with pytest.raises(ParameterError, match="below the accrual"):
        check_upper_cap(UpperCap(1.046, start, 0.04), **common)
