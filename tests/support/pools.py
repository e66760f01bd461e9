"""Random Uniswap v3 pools of many ticks, and amounts from a unit to beyond their liquidity."""

from random import Random

from paramgen.model.amm import MAX_TICK, Pool, sqrt_ratio_at_tick

FEES = {100: 1, 500: 10, 3_000: 60, 10_000: 200}


def random_positions(
    random: Random, tick: int, spacing: int, count: int
) -> list[tuple[int, int, int]]:
    """Ranges around a tick and the liquidity of each, from a dusting to a flood."""
    most = MAX_TICK // spacing
    centre = tick // spacing
    positions = []
    for _ in range(count):
        reach = 2 ** random.randint(0, 12)
        low = max(-most, centre - random.randint(0, reach))
        high = min(most, centre + random.randint(1, reach))
        if low < high:
            positions.append((low * spacing, high * spacing, 10 ** random.randint(3, 24)))
    return positions


def pool_of(
    sqrt_price: int, tick: int, fee: int, spacing: int, positions: list[tuple[int, int, int]]
) -> Pool:
    """The pool that these positions make at this price."""
    nets: dict[int, int] = {}
    for low, high, liquidity in positions:
        nets[low] = nets.get(low, 0) + liquidity
        nets[high] = nets.get(high, 0) - liquidity
    active = sum(liquidity for low, high, liquidity in positions if low <= tick < high)
    # A net of zero is an initialised tick all the same: the walk stops there.
    return Pool(sqrt_price, tick, active, fee, spacing, tuple(sorted(nets.items())))


def random_market(
    random: Random,
    fee: int,
    *,
    at: int | None = None,
    positions: list[tuple[int, int, int]] | None = None,
) -> tuple[Pool, list[tuple[int, int, int]]]:
    """A pool at any price, mostly one where positions overlap, and its positions.

    `at` is a tick to stand exactly on.
    """
    spacing = FEES[fee]
    reach = random.choice((1_000, 100_000, 800_000))
    tick = random.randint(-reach, reach) if at is None else at
    low, high = sqrt_ratio_at_tick(tick), sqrt_ratio_at_tick(tick + 1)
    price = low if at is not None else random.choice((low, random.randrange(low, high)))
    if positions is None:
        positions = random_positions(random, tick, spacing, random.randint(0, 30))
    return pool_of(price, tick, fee, spacing, positions), positions


def random_pool(random: Random) -> Pool:
    """A pool of any fee."""
    return random_market(random, random.choice(list(FEES)))[0]


def random_amount(random: Random, pool: Pool) -> int:
    """An amount with a uniform number of digits, up to what drains the pool and more."""
    most = max(1, pool.liquidity).bit_length() + 40
    return random.getrandbits(random.randint(1, most))
