"""Compiled Uniswap v3 quotes and swaps against the walk in Python's integers."""

from __future__ import annotations

from random import Random

from benchmarks.measure import Result, ratio, ratios, require, spaced
from paramgen.model.amm import Pool, quote_exact_input
from paramgen.model.amm_compiled import Quotes, quote_many, swap_many
from tests.support.chance import seeded
from tests.support.pools import pool_of

QUOTES = 10_000
PART = 1_000
POSITIONS = 200
ONE = 10**18


def deep_pool(random: Random) -> Pool:
    """A pool of hundreds of initialised ticks around par."""
    positions = [
        (-10 * random.randint(1, 3_000), 10 * random.randint(1, 3_000), 100 * ONE)
        for _ in range(POSITIONS)
    ]
    return pool_of(1 << 96, 0, 500, 10, positions)


def walk(
    pool: Pool, amounts: list[int], sold: list[bool], *, carried: bool
) -> list[tuple[int, ...]]:
    """Quotes one by one; `carried` leaves each swap's pool to the next."""
    rows = []
    for amount, zero_for_one in zip(amounts, sold, strict=True):
        quote = quote_exact_input(pool, amount, zero_for_one=zero_for_one)
        rows.append((quote.amount_out, quote.unfilled, quote.fee, quote.pool.sqrt_price))
        pool = quote.pool if carried else pool
    return rows


def columns(found: Quotes) -> list[tuple[int, ...]]:
    """What the compiled way found, as `walk` tells it."""
    return list(zip(found.amount_out, found.unfilled, found.fee, found.sqrt_price, strict=True))


def run() -> list[Result]:
    """Amounts from a few units to ten thousand, which cross up to half the pool's ticks.

    Both ways start from the pool and Python's integers, so that each pays for its own set-up: the
    compiled one reads the ticks into arrays once a call, the walk lists them at each amount.
    """
    random = seeded(1)
    pool = deep_pool(random)
    amounts = [random.randint(1, 10 ** random.randint(1, 4) * ONE) for _ in range(QUOTES)]
    sold = [bool(random.getrandbits(1)) for _ in amounts]
    part, all_sold = amounts[:PART], [True] * PART

    quotes, swaps = quote_many(pool, part, zero_for_one=True), swap_many(pool, amounts, sold)
    require(columns(quotes) == walk(pool, part, all_sold, carried=False))
    require(columns(swaps) == walk(pool, amounts, sold, carried=True))
    crossed = sum(1 for tick, _ in pool.ticks if quotes.tick.min() <= tick <= 0)
    ticks = f"{len(pool.ticks)} ticks of which up to {crossed} are crossed"
    return [
        ratio(
            f"walk over compiled quotes, {spaced(QUOTES)} amounts, {ticks}, {spaced(PART)} equal",
            ratios(
                lambda: quote_many(pool, amounts, zero_for_one=True),
                lambda: walk(pool, part, all_sold, carried=False),
                scale=PART / QUOTES,
            ),
            20,
        ),
        # Each swap's work depends on where the one before ended: a part could not be scaled up.
        ratio(
            f"walk over compiled swaps one after the other, {spaced(QUOTES)} both ways, all equal",
            ratios(
                lambda: swap_many(pool, amounts, sold),
                lambda: walk(pool, amounts, sold, carried=True),
            ),
            20,
        ),
    ]
