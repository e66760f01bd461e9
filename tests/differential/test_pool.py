"""Compiled quotes against Uniswap's own v3 pool, its bytecode executed in pyrevm.

Pools of many overlapping positions at any price, swaps in both directions from a unit to beyond
all liquidity: what each takes and gives, and the price, tick and liquidity that it leaves.
"""

from dataclasses import replace

import numpy as np
import pytest

from paramgen.model.amm import (
    MAX_SQRT_RATIO,
    MAX_TICK,
    MIN_SQRT_RATIO,
    MIN_TICK,
    sqrt_ratio_at_tick,
)
from paramgen.model.amm_compiled import quote_many, swap_many
from tests.support.chance import scaled, seeded
from tests.support.pools import FEES, random_amount, random_market
from tests.support.uniswap import Market

POOLS = {100: 2, 500: 8, 3_000: 19, 10_000: 19}
"""By fee: the finer the ticks, the longer the bytecode walks through words without liquidity."""

SWAPS = 210
LIMITED = 10
FULL_RANGE = 2 * 10**18


def ends(zero_for_one: bool) -> int:
    return MIN_SQRT_RATIO + 1 if zero_for_one else MAX_SQRT_RATIO - 1


@pytest.mark.parametrize("fee", POOLS)
def test_swaps_equal_the_real_pool(fee, comparisons):
    random = seeded(f"pool {fee}")
    crossed = emptied = 0
    for _ in range(scaled(POOLS[fee])):
        pool, positions = random_market(random, fee)
        swaps = [(random.random() < 0.5, max(1, random_amount(random, pool))) for _ in range(SWAPS)]
        ours = swap_many(pool, [amount for _, amount in swaps], [sold for sold, _ in swaps])
        market = Market(pool, positions)
        found = market.trade([(sold, amount, ends(sold)) for sold, amount in swaps])
        for i, (_, amount) in enumerate(swaps):
            assert found[i] == (
                amount - ours.unfilled[i],
                ours.amount_out[i],
                ours.sqrt_price[i],
                ours.tick[i],
                ours.liquidity[i],
            ), (pool, positions, swaps[: i + 1])
        crossed += np.count_nonzero(np.diff(ours.liquidity))
        emptied += np.count_nonzero(ours.liquidity == 0)
        comparisons.add("swap", SWAPS)
    assert crossed > POOLS[fee] * SWAPS // 10, crossed
    assert emptied


def test_swaps_up_to_a_limit_equal_the_real_pool(comparisons):
    random = seeded("limits")
    for _ in range(scaled(LIMITED)):
        pool, positions = random_market(random, random.choice(list(FEES)))
        market = Market(pool, positions)
        for _ in range(LIMITED):
            sold, amount = random.random() < 0.5, max(1, random_amount(random, pool))
            reach = random.choice((1, 10, 1_000))
            tick = min(MAX_TICK - 1, max(MIN_TICK + 1, pool.tick + (-reach if sold else reach + 1)))
            limit = sqrt_ratio_at_tick(tick) + random.choice((0, 1))
            if limit >= pool.sqrt_price if sold else limit <= pool.sqrt_price:
                continue
            ours = quote_many(pool, [amount], zero_for_one=sold, sqrt_price_limit=limit)
            ((taken, given, *left),) = market.trade([(sold, amount, limit)])
            assert (taken, given) == (amount - ours.unfilled[0], ours.amount_out[0])
            assert left == [ours.sqrt_price[0], ours.tick[0], ours.liquidity[0]]
            price, tick, liquidity = left
            pool = replace(pool, sqrt_price=price, tick=tick, liquidity=liquidity)
            comparisons.add("swap", 1)


def test_the_pool_of_the_reference_case_gives_its_output():
    full = MAX_TICK // 10 * 10
    pool, positions = random_market(seeded(0), 500, at=0, positions=[(-full, full, FULL_RANGE)])
    sold = True
    (swap,) = Market(pool, positions).trade([(sold, 10**18, ends(sold))])
    assert swap[:2] == (10**18, 666444407401233536)
