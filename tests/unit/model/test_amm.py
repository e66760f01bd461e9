"""Exact Uniswap v3 arithmetic and the closed forms beside it."""

from __future__ import annotations

from math import isqrt

import numpy as np
import pytest

from paramgen.model.amm import (
    MAX_SQRT_RATIO,
    MAX_TICK,
    MIN_SQRT_RATIO,
    MIN_TICK,
    Pool,
    SwapStep,
    compute_swap_step,
    constant_product_capacity,
    constant_product_slippage,
    constant_product_spot_impact,
    liquidity_for_slippage,
    next_sqrt_price_from_input,
    order_book_capacity,
    order_book_slippage,
    pool_capacity,
    pool_slippage,
    quote_exact_input,
    range_for_liquidity,
    sqrt_ratio_at_tick,
    tick_at_sqrt_ratio,
)

ONE = 10**18
PAR = 1 << 96


def full_range(liquidity: int = 2 * ONE, fee_pips: int = 500, spacing: int = 10) -> Pool:
    edge = MAX_TICK // spacing * spacing
    return Pool(PAR, 0, liquidity, fee_pips, spacing, ((-edge, liquidity), (edge, -liquidity)))


@pytest.mark.parametrize(
    ("tick", "ratio"),
    [
        # Reference case 11 and Uniswap/v3-core test/TickMath.spec.ts.
        (-887_272, 4295128739),
        (-887_271, 4295343490),
        (-50, 79030349367926598376800521322),
        (0, PAR),
        (500, 81233731461783161732293370115),
        (887_271, 1461373636630004318706518188784493106690254656249),
        (887_272, 1461446703485210103287273052203988822378723970342),
    ],
)
def test_tick_math_equals_the_contracts(tick: int, ratio: int) -> None:
    assert sqrt_ratio_at_tick(tick) == ratio


def test_tick_of_a_ratio_equals_the_contracts() -> None:
    assert tick_at_sqrt_ratio(MIN_SQRT_RATIO) == MIN_TICK
    assert tick_at_sqrt_ratio(MAX_SQRT_RATIO - 1) == MAX_TICK - 1
    assert tick_at_sqrt_ratio(sqrt_ratio_at_tick(-8107)) == -8107
    assert tick_at_sqrt_ratio(sqrt_ratio_at_tick(-8107) - 1) == -8108


def test_ticks_and_ratios_outside_the_range_are_refused() -> None:
    with pytest.raises(ValueError, match="outside"):
        sqrt_ratio_at_tick(MAX_TICK + 1)
    with pytest.raises(ValueError, match="outside"):
        tick_at_sqrt_ratio(MAX_SQRT_RATIO)


@pytest.mark.parametrize(
    ("arguments", "zero_for_one", "expected"),
    [
        # Uniswap/v3-core test/SqrtPriceMath.spec.ts, getNextSqrtPriceFromInput.
        ((PAR, ONE, ONE // 10), False, 87150978765690771352898345369),
        ((PAR, ONE, ONE // 10), True, 72025602285694852357767227579),
        ((PAR, 10 * ONE, 1 << 100), True, 624999999995069620),
        ((PAR, 1, (2**256 - 1) // 2), True, 1),
        ((PAR, ONE, 0), True, PAR),
    ],
)
def test_next_price_equals_the_contracts(
    arguments: tuple[int, int, int], zero_for_one: bool, expected: int
) -> None:
    assert next_sqrt_price_from_input(*arguments, zero_for_one=zero_for_one) == expected


@pytest.mark.parametrize(
    ("target", "step"),
    [
        # Uniswap/v3-core test/SwapMath.spec.ts: capped at the target, then fully spent.
        ((101, 100), (9975124224178055, 9925619580021728, 5988667735148)),
        ((1000, 100), (999400000000000000, 666399946655997866, 600000000000000)),
    ],
)
def test_swap_step_equals_the_contracts(
    target: tuple[int, int], step: tuple[int, int, int]
) -> None:
    sqrt_target = isqrt((target[0] << 192) // target[1])
    taken = compute_swap_step(PAR, sqrt_target, 2 * ONE, ONE, 600)
    assert taken == SwapStep(taken.sqrt_price, *step)


def test_swap_through_four_bitmap_words_equals_the_contracts_snapshot() -> None:
    # Reference case 10, Uniswap/v3-core swap snapshots: one stop less and the last digit differs.
    quote = quote_exact_input(full_range(), ONE, zero_for_one=True)
    assert quote.amount_out == 666444407401233536
    assert quote.pool.tick == -8107
    assert quote.unfilled == 0


def test_crossing_a_tick_applies_its_liquidity() -> None:
    inner = 600
    pool = Pool(
        PAR,
        0,
        3 * ONE,
        3000,
        60,
        ((-887_220, ONE), (-inner, 2 * ONE), (inner, -2 * ONE), (887_220, -ONE)),
    )
    down = quote_exact_input(pool, ONE, zero_for_one=True)
    up = quote_exact_input(pool, ONE, zero_for_one=False)
    assert down.pool.liquidity == up.pool.liquidity == ONE
    assert down.pool.tick < -inner
    assert up.pool.tick > inner
    # At price 1 and a symmetric book both directions give the same but for rounding.
    assert down.amount_out == pytest.approx(up.amount_out, rel=1e-12)


def test_price_limit_stops_the_walk_and_leaves_the_rest_unfilled() -> None:
    limit = sqrt_ratio_at_tick(-100)
    quote = quote_exact_input(full_range(), ONE, zero_for_one=True, sqrt_price_limit=limit)
    assert quote.pool.sqrt_price == limit
    assert 0 < quote.unfilled < ONE


def test_input_beyond_all_liquidity_is_redeemed_or_refused_never_dropped() -> None:
    pool = Pool(PAR, 0, ONE, 100, 1, ((-10, ONE), (10, -ONE)))
    quote = quote_exact_input(pool, ONE, zero_for_one=True)
    assert quote.unfilled > 0
    assert quote.pool.liquidity == 0
    with pytest.raises(ValueError, match="no liquidity and have no redemption"):
        pool_slippage(pool, ONE, zero_for_one=True)
    redeemed = pool_slippage(pool, ONE, zero_for_one=True, redemption_discount=0.03)
    share = quote.unfilled / ONE
    assert redeemed == pytest.approx(1 - quote.amount_out / ONE - share * 0.97, rel=1e-12)


def test_single_range_capacity_inverts_its_slippage() -> None:
    capacity = pool_capacity(full_range(), 0.01, zero_for_one=True, at_most=100 * ONE)
    closed_form = float(constant_product_capacity(0.01, 2.0 * ONE, 5e-4))
    assert capacity == pytest.approx(closed_form, rel=1e-12)
    assert pool_slippage(full_range(), capacity, zero_for_one=True) <= 0.01 + 1e-15


def test_full_range_pool_of_one_million_costs_nine_percent_for_fifty_thousand() -> None:
    # Reference case 12: the report's 1–2 % needs concentration.
    assert float(constant_product_slippage(50_000, 500_000)) == pytest.approx(0.0909091, abs=5e-8)
    assert float(constant_product_spot_impact(50_000, 500_000)) == pytest.approx(
        0.1735537, abs=5e-8
    )


@pytest.mark.parametrize(
    ("slippage", "liquidity", "ratio"), [(0.01, 4_950_000, 1.23734), (0.02, 2_450_000, 1.578567)]
)
def test_concentration_that_the_reports_slippage_needs(
    slippage: float, liquidity: float, ratio: float
) -> None:
    # Reference case 13, whose second ratio, printed as 1.57858, is (1 − 1M/4.9M)^−2 = 1.578567.
    needed = liquidity_for_slippage(50_000, slippage)
    assert float(needed) == pytest.approx(liquidity)
    assert float(range_for_liquidity(1e6, needed)) == pytest.approx(ratio, abs=5e-6)
    assert float(constant_product_slippage(50_000, needed)) == pytest.approx(slippage)


def test_no_range_holds_more_value_than_the_full_one() -> None:
    assert np.isnan(range_for_liquidity(1e6, 4e5))


BID_PRICE = np.array([[0.98, 0.99, 0.97]])
BID_SIZE = np.array([[200.0, 100.0, 300.0]])


def test_order_book_takes_best_bids_first() -> None:
    slippage = order_book_slippage(np.array([200.0]), BID_PRICE, BID_SIZE, 1.0)
    assert slippage == pytest.approx([1 - (100 * 0.99 + 100 * 0.98) / 200])


def test_order_book_remainder_is_redeemed_or_refused_never_dropped() -> None:
    size = np.array([1000.0])
    with pytest.raises(ValueError, match="sales at 0 exceed the bids"):
        order_book_slippage(size, BID_PRICE, BID_SIZE, 1.0)
    redeemed = order_book_slippage(size, BID_PRICE, BID_SIZE, 1.0, redemption_price=0.9)
    assert redeemed == pytest.approx([1 - (99 + 196 + 291 + 400 * 0.9) / 1000])


@pytest.mark.parametrize("slippage", [0.005, 0.01, 0.0125, 0.015, 0.02, 0.021])
def test_order_book_capacity_inverts_its_slippage(slippage: float) -> None:
    capacity = order_book_capacity(slippage, BID_PRICE, BID_SIZE, np.array([1.0]))
    if slippage < 0.01:
        assert capacity == [0.0]
        return
    assert capacity[0] <= BID_SIZE.sum()
    reached = order_book_slippage(capacity, BID_PRICE, BID_SIZE, 1.0)
    assert reached == pytest.approx([slippage]) or capacity[0] == BID_SIZE.sum()
