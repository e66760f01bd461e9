"""Depth that was there, depth that TVL suggests, and what a sale costs in each."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paramgen.backtest.liquidity import (
    PoolHistory,
    active_depth,
    at_moments,
    compare,
    naive_depth,
    one_tick_value,
    seen_value,
    slippage,
    stressed_share,
    stressed_shares,
)
from paramgen.model.amm import Pool, pool_slippage, quote_exact_input, sqrt_ratio_at_tick
from tests.support.histories import usdc_pool

HOUR = 3_600
FEE_PIPS = 100
FEE = FEE_PIPS / 1e6
BEFORE = 1_678_406_400  # 2023-03-10T00:00Z
AFTER = BEFORE + 2 * 86_400
MONTH = 30 * 24
PAGE_HOURS = (18, 21, 22, 24, 27, 29, 36, 42)  # from 10 March 2023, midnight


def history(ticks, liquidity) -> PoolHistory:
    times = BEFORE + HOUR * np.arange(len(ticks), dtype=np.int64)
    return PoolHistory(times, np.array(ticks), np.array(liquidity), 6, 1)


@given(
    tick=st.integers(-1_500, 1_500),
    liquidity=st.integers(10**12, 10**18),
    share=st.floats(1e-3, 10.0),
)
def test_slippage_is_that_of_the_exact_walk_at_constant_liquidity(tick, liquidity, share):
    root = sqrt_ratio_at_tick(tick)
    pool = Pool(root, tick, liquidity, FEE_PIPS, 1, ())
    amount = max(1, int(share * liquidity * 2**96 // root))
    depth = active_depth(history([tick], [liquidity]))
    size = amount * (root / 2**96) ** 2 / 1e6
    walked = pool_slippage(pool, amount, zero_for_one=True)
    assert slippage([size], depth, FEE)[0, 0] == pytest.approx(walked, abs=1e-8)


@given(tick=st.integers(-1_500, 1_500), liquidity=st.integers(1, 10**18))
def test_one_tick_pays_out_what_the_exact_walk_takes_from_it(tick, liquidity):
    top = Pool(sqrt_ratio_at_tick(tick + 1), tick, liquidity, FEE_PIPS, 1, ())
    walk = quote_exact_input(
        top, 10**30, zero_for_one=True, sqrt_price_limit=sqrt_ratio_at_tick(tick)
    )
    assert walk.amount_out == one_tick_value(tick, liquidity, 1)


def test_no_liquidity_loses_the_whole_sale():
    assert slippage([1.0, 1e6], [0.0], FEE).tolist() == [[1.0, 1.0]]


@given(st.lists(st.floats(1.0, 1e12), min_size=2, max_size=8), st.floats(1.0, 1e9))
def test_thinner_depth_never_lowers_slippage(depths, size):
    found = slippage([size], sorted(depths), FEE)[:, 0]
    assert np.all(np.diff(found) <= 0.0)


def test_value_seen_counts_each_visited_tick_once_by_its_median():
    liquidity = 10**17
    quiet = seen_value(history([0, 0, 0], [liquidity, 3 * liquidity, liquidity]))
    assert quiet == one_tick_value(0, liquidity, 1) / 1e6
    moved = seen_value(history([0, 0, 1], [liquidity, liquidity, liquidity]))
    assert moved == (one_tick_value(0, liquidity, 1) + one_tick_value(1, liquidity, 1)) / 1e6


def test_depth_from_tvl_moves_with_tvl_alone():
    calm = history([0, 0, 0], [10**17, 2 * 10**17, 4 * 10**17])
    whole, left = naive_depth(calm), naive_depth(calm, locked_share=0.88)
    assert whole.concentrated == pytest.approx(2e11)
    assert left.concentrated == pytest.approx(0.88 * whole.concentrated)
    assert left.full_range == pytest.approx(0.88 * whole.full_range)


@given(
    st.lists(st.integers(0, 20), min_size=1, max_size=40),
    st.integers(1, 9),
    st.integers(1, 9),
)
def test_stressed_shares_look_back_for_the_usual_and_ahead_for_the_worst(depth, window, horizon):
    values = np.array(depth, dtype=np.float64)
    wanted = []
    for now in range(window, values.size - horizon + 1):
        usual = np.sort(values[now - window : now])[window // 2]
        worst = values[now : now + horizon].min()
        wanted.append(worst / usual if usual else np.inf if worst else 0.0)
    assert stressed_shares(values, window, horizon).tolist() == pytest.approx(wanted)


def test_a_stressed_share_without_readings_is_refused():
    with pytest.raises(ValueError, match="at least 48 readings"):
        stressed_share(np.ones(47), 24, 24, 0.01)


def test_a_moment_reads_the_last_reading_and_none_before_the_first():
    times = np.array([10, 20])
    assert at_moments(times, np.array([1.0, 2.0]), np.array([10, 19, 20, 99])).tolist() == [
        1.0, 1.0, 2.0, 2.0,
    ]  # fmt: skip
    with pytest.raises(ValueError, match="before the first"):
        at_moments(times, np.array([1.0, 2.0]), np.array([9]))


@pytest.mark.parametrize(
    ("times", "liquidity", "message"),
    [([1, 1], [1, 1], "rise"), ([1, 2], [1, -1], "at least 0"), ([1, 2], [1], "length")],
)
def test_what_is_no_history_is_refused(times, liquidity, message):
    with pytest.raises(ValueError, match=message):
        PoolHistory(np.array(times), np.zeros(2, dtype=np.int64), np.array(liquidity), 6, 1)


def test_active_liquidity_and_tvl_tell_apart_in_the_depeg():
    """10–11 March 2023: L falls from 2.7e17 to 1.4e10; TVL would have promised a basis point."""
    pool = usdc_pool()
    depeg = pool.between(BEFORE, AFTER)
    naive = naive_depth(pool.between(BEFORE - MONTH * HOUR, BEFORE))
    found = compare(depeg, naive, [1e5, 1e6], FEE)
    at = {int(time): row for row, time in enumerate(found.times)}
    calm, thin = at[BEFORE + 17 * HOUR], at[BEFORE + 29 * HOUR]
    assert (depeg.liquidity[calm], depeg.liquidity[thin]) == (
        273_353_938_115_989_734,
        14_139_206_705,
    )
    assert found.active[calm, 1] < 1.1e-4  # the fee, and 0.04 bp
    assert found.concentrated[1] < 1.1e-4
    assert found.active[thin].tolist() == pytest.approx([0.8783, 0.9863], abs=1e-4)
    assert found.one_tick[thin] < 1.0
    assert found.one_tick[calm] > 1e7


def test_slippage_across_the_depeg_hour_by_hour():
    """The table of docs/backtest-positions.md, basis points of a sale of 100 000 and 1 000 000."""
    pool = usdc_pool()
    naive = naive_depth(pool.between(BEFORE - MONTH * HOUR, BEFORE))
    found = compare(pool.between(BEFORE, AFTER), naive, [1e5, 1e6], FEE)
    shown = {int(hour): np.round(1e4 * found.active[hour], 2).tolist() for hour in PAGE_HOURS}
    assert shown == {
        18: [1.0, 1.04],
        21: [1.05, 1.47],
        22: [36.82, 348.02],
        24: [1.81, 9.11],
        27: [6.57, 56.44],
        29: [8_782.47, 9_863.26],
        36: [720.78, 4_368.95],
        42: [11.99, 109.79],
    }
    promised = np.round(1e4 * np.array([found.concentrated, found.full_range]), 2)
    assert promised.tolist() == [[1.0, 1.01], [11.67, 106.67]]


def test_no_share_fitted_before_the_depeg_foresees_it():
    """The history before holds May 2022, and still 1 % a day is 10 000 times above what came."""
    pool = usdc_pool()
    depth = active_depth(pool)
    known = int(np.searchsorted(pool.times, BEFORE))
    share = stressed_share(depth[:known], MONTH, 24, 0.01)
    assert share == pytest.approx(1.896e-4, rel=1e-3)
    assert stressed_shares(depth[known - MONTH : known + 48], MONTH, 24).min() < 1e-4 * share
