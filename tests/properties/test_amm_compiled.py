"""Compiled quotes are the walk's in Python integers, on pools of many ticks and of none."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from paramgen.model import wide
from paramgen.model.amm import (
    MAX_SQRT_RATIO,
    MAX_TICK,
    MIN_TICK,
    Pool,
    quote_exact_input,
    sqrt_ratio_at_tick,
    tick_at_sqrt_ratio,
)
from paramgen.model.amm_compiled import quote_many, sqrt_ratio, swap_many, tick_of
from tests.support.pools import pool_of, random_amount, random_pool

FULL = MAX_TICK // 10 * 10
PAR = 1 << 96
REFERENCE = Pool(PAR, 0, 2 * 10**18, 500, 10, ((-FULL, 2 * 10**18), (FULL, -2 * 10**18)))
seeds = st.integers(0, 2**63).map(Random)


def assert_equal(pool, amounts, *, zero_for_one, sqrt_price_limit=None):
    """Each compiled quote against the walk; how many crossed into other liquidity."""
    options = {"zero_for_one": zero_for_one, "sqrt_price_limit": sqrt_price_limit}
    quotes = quote_many(pool, amounts, **options)
    crossed = 0
    for i, amount in enumerate(amounts):
        want = quote_exact_input(pool, amount, **options)
        got = (
            quotes.amount_out[i],
            quotes.unfilled[i],
            quotes.fee[i],
            quotes.sqrt_price[i],
            quotes.tick[i],
            quotes.liquidity[i],
        )
        after = want.pool
        assert got == (
            want.amount_out, want.unfilled, want.fee, after.sqrt_price, after.tick, after.liquidity,
        ), (pool, amount, options)  # fmt: skip
        crossed += after.liquidity != pool.liquidity
    return crossed


def test_swap_through_four_bitmap_words_equals_the_contracts_snapshot():
    # Reference case 10, Uniswap/v3-core swap snapshots.
    quotes = quote_many(REFERENCE, [10**18], zero_for_one=True)
    assert quotes.amount_out.tolist() == [666444407401233536]
    assert quotes.tick.tolist() == [-8107]


@pytest.mark.parametrize(
    ("tick", "ratio"),
    [
        # Reference case 11.
        (-887_272, 4295128739),
        (-50, 79030349367926598376800521322),
        (0, PAR),
        (500, 81233731461783161732293370115),
        (887_271, 1461373636630004318706518188784493106690254656249),
        (887_272, MAX_SQRT_RATIO),
    ],
)
def test_ratios_equal_the_contracts(tick, ratio):
    assert wide.integer(sqrt_ratio(tick)) == ratio


@given(st.integers(MIN_TICK, MAX_TICK - 1), st.integers(0, 2**64))
@example(MIN_TICK, 0)
@example(MAX_TICK - 1, 2**64)
@settings(max_examples=1_000, deadline=None)
def test_ticks_and_ratios_equal_the_walk_s(tick, within):
    low, next_ = sqrt_ratio_at_tick(tick), sqrt_ratio_at_tick(tick + 1)
    assert wide.integer(sqrt_ratio(tick)) == low
    for price in (low, low + within % (next_ - low), next_ - 1):
        assert tick_of(wide.constant(price)) == tick == tick_at_sqrt_ratio(price)


def test_quotes_equal_the_walk_on_pools_of_many_ticks():
    crossed = []

    @given(seeds, st.booleans(), st.booleans())
    @settings(max_examples=200, deadline=None)
    def equal(random, zero_for_one, limited):
        pool = random_pool(random)
        amounts = [random_amount(random, pool) for _ in range(5)]
        limit = None
        if limited:
            reach = random.choice((0, 1, 50, 5_000))
            ends = (pool.tick - reach - 1, pool.tick + 1 + reach)
            bounded = min(MAX_TICK - 1, max(MIN_TICK + 1, ends[0 if zero_for_one else 1]))
            limit = sqrt_ratio_at_tick(bounded) + random.choice((0, 1))
            limit = (min if zero_for_one else max)(limit, pool.sqrt_price)
        options = {"zero_for_one": zero_for_one, "sqrt_price_limit": limit}
        # Inputs that end exactly on a crossed tick, and a unit to either side.
        whole = quote_exact_input(pool, max(amounts), **options)
        on_edge = max(amounts) - whole.unfilled
        amounts += [max(0, on_edge + unit) for unit in (-1, 0, 1)]
        crossed.append(assert_equal(pool, amounts, **options))

    equal()
    assert sum(crossed) > 200


@given(seeds)
@settings(max_examples=100, deadline=None)
def test_swaps_one_after_the_other_equal_the_walk(random):
    pool = random_pool(random)
    swaps = [(random_amount(random, pool), random.random() < 0.5) for _ in range(8)]
    assert_swaps_equal(pool, swaps)


def test_swaps_to_and_fro_over_the_same_ticks_equal_the_walk():
    """Steps that an earlier swap worked out are taken again, from both sides and word ends too."""
    spread = [
        (-10 * low, 10 * high, 10**18) for low, high in ((1, 2), (3, 90), (300, 4), (700, 600))
    ]
    pool = pool_of(PAR, 0, 500, 10, spread)
    crossing = [3 * 10**16, 10**17, 10**18, 10**19]
    whole = quote_exact_input(pool, 10**17, zero_for_one=True)
    to_a_tick = 10**30 - quote_exact_input(pool, 10**30, zero_for_one=True).unfilled
    swaps = [(amount, sold) for amount in crossing for sold in (True, False, False, True)]
    swaps += [(whole.amount_out, False), (to_a_tick, True), (0, False), (10**19, False)]
    assert_swaps_equal(pool, swaps + swaps[::-1] + swaps)


def assert_swaps_equal(pool, swaps):
    done = swap_many(pool, *zip(*swaps, strict=True))
    for i, (amount, zero_for_one) in enumerate(swaps):
        quote = quote_exact_input(pool, amount, zero_for_one=zero_for_one)
        pool = quote.pool
        assert (done.amount_out[i], done.unfilled[i], done.fee[i]) == (
            quote.amount_out, quote.unfilled, quote.fee,
        )  # fmt: skip
        assert (done.sqrt_price[i], done.tick[i], done.liquidity[i]) == (
            pool.sqrt_price, pool.tick, pool.liquidity,
        )  # fmt: skip


@pytest.mark.parametrize("zero_for_one", [True, False])
def test_the_extremes_of_a_pool_equal_the_walk(zero_for_one):
    # Beyond 256 bits the contract leaves its exact form.
    thin = replace(REFERENCE, liquidity=1, ticks=((-FULL, 1), (FULL, -1)))
    deep = 2**127
    deepest = replace(REFERENCE, liquidity=deep, ticks=((-FULL, deep), (FULL, -deep)))
    for pool in (thin, deepest, replace(REFERENCE, ticks=(), liquidity=0)):
        amounts = [0, 1, 2, 10**18, 2**128, 2**200, 2**255 - 1]
        assert_equal(pool, amounts, zero_for_one=zero_for_one)
    assert quote_many(REFERENCE, [], zero_for_one=zero_for_one).amount_out.size == 0


@pytest.mark.parametrize(
    "values",
    [
        {"liquidity": 2**140, "ticks": ((-FULL, 2**140), (FULL, -(2**140)))},
        {"tick": 5},
        {"ticks": ((-FULL, 10**18), (FULL, -3 * 10**18))},
    ],
)
def test_what_no_pool_can_be_is_walked_in_python_s_integers(values):
    pool = replace(REFERENCE, **values)
    limit = sqrt_ratio_at_tick(FULL + 1)
    assert_equal(pool, [1, 10**18, 2**90], zero_for_one=False, sqrt_price_limit=limit)
    assert_swaps_equal(pool, [(10**15, False), (10**12, True)])


def test_a_limit_behind_the_price_is_refused():
    for zero_for_one in (True, False):
        limit = PAR + (1 if zero_for_one else -1)
        with pytest.raises(ValueError, match="behind the price"):
            quote_many(REFERENCE, [1], zero_for_one=zero_for_one, sqrt_price_limit=limit)


def test_amounts_may_come_as_an_array():
    amounts = np.array([10**17, 10**18])
    quotes = quote_many(REFERENCE, amounts, zero_for_one=True)
    assert quotes.amount_out.tolist()[1] == 666444407401233536
