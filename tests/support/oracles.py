"""Random oracles and what their feeds say, hostile answers and the edges of every rule included."""

from collections.abc import Callable
from enum import IntEnum
from random import Random

from paramgen.mirror.oracle import (
    Answer,
    Configuration,
    Contest,
    Deployment,
    Oracle,
    Reference,
    State,
)

NOW = 1_800_000_000


class Stored(IntEnum):
    """The words of `IFallbackOracle.Word`, for its getter `stored`."""

    STATE = 0
    CONFIGURATION = 1
    CONTEST = 2
    REFERENCE = 3


DEPLOYMENTS = {
    "two legs of 8 and 18 decimals": Deployment(8, 18, 10**4, 10**13),
    "two legs of 8 decimals and a reference": Deployment(8, 8, 1, 2**54 - 1, has_reference=True),
    "one leg of 6 decimals": Deployment(6, None, 10**6, 10**12),
    "two legs of 18 and 0 decimals": Deployment(18, 0, 10**8, 10**15),
}


def log_uniform(random: Random, low: int, high: int) -> int:
    """An integer in [low, high] with a uniform number of digits."""
    return min(high, max(low, round(low * (high / low) ** random.random())))


def random_configuration(random: Random) -> Configuration:
    staleness = log_uniform(random, 1, 2**23)
    return Configuration(
        primary_staleness=staleness,
        secondary_staleness=log_uniform(random, 1, staleness),
        maximum_age=random.randint(staleness, 2**24 - 1),
        decay_step=random.choice((0, random.getrandbits(random.randint(1, 20)))),
        decay_rate=random.choice((0, random.getrandbits(random.randint(1, 36)))),
        decay_floor=random.choice((0, random.randint(0, 10_000))),
        band_up=log_uniform(random, 1, 2**16 - 1),
        band_down=log_uniform(random, 1, 2**16 - 1),
        band_windows=random.choice((1, 2, random.randint(1, 255))),
        band_window=log_uniform(random, 1, 2**24 - 1),
        accrual=random.choice((0, random.getrandbits(20))),
        tolerance=log_uniform(random, 1, 2**16 - 1),
        confirm_delay=log_uniform(random, 1, 2**14 - 1),
    )


def random_price(random: Random, deployment: Deployment) -> int:
    return log_uniform(random, deployment.min_price, deployment.max_price)


def near(random: Random, price: int, deployment: Deployment) -> int:
    """A price from a unit to some tens of per cent away, within bounds."""
    move = price * random.choice((0, 10**-5, 10**-3, 0.02, 0.3)) * random.uniform(-1, 1)
    moved = price + round(move) + random.choice((0, 0, -1, 1))
    return min(deployment.max_price, max(deployment.min_price, moved))


def random_age(random: Random, configuration: Configuration) -> int:
    """An age in seconds, often one at which a verdict turns."""
    edges = (
        configuration.primary_staleness,
        configuration.secondary_staleness,
        configuration.maximum_age,
        configuration.band_window,
        configuration.confirm_delay,
    )
    if random.random() < 0.4:
        return max(0, random.choice(edges) + random.choice((-1, 0, 1)))
    if random.random() < 0.5:
        return random.randint(0, configuration.secondary_staleness)
    return random.randint(0, 2 * configuration.maximum_age)


def random_state(random: Random, configuration: Configuration, deployment: Deployment) -> State:
    anchor = random_price(random, deployment)
    return State(
        price=near(random, anchor, deployment),
        anchor=anchor,
        previous_anchor=near(random, anchor, deployment),
        price_time=NOW - random_age(random, configuration),
        anchor_time=NOW - random_age(random, configuration),
        previous_age=random.choice((0, random.getrandbits(24))),
        contested=int(random.random() < 0.4),
        tripped=int(random.random() < 0.03),
    )


def random_contest(random: Random, configuration: Configuration) -> Contest:
    return Contest(
        outside_since=random.choice((0, NOW - random_age(random, configuration))),
        outside_round_time=NOW - random_age(random, configuration),
        epoch=random.getrandbits(32),
    )


def random_reference(random: Random, state: State, deployment: Deployment) -> Reference:
    if random.random() < 0.2:
        return Reference()
    return Reference(
        price=near(random, state.anchor, deployment),
        as_of=NOW - random.getrandbits(random.randint(1, 24)),
        maximum_age=random.getrandbits(24),
        growth=random.getrandbits(20),
        headroom=random.getrandbits(random.randint(1, 16)),
    )


def band_edge(random: Random, oracle: Oracle, time: int) -> int:
    """A price within a few units of where the current anchor's band ends at `time`."""
    state, configuration = oracle.state, oracle.configuration
    elapsed = max(0, time - state.anchor_time)
    width = min(configuration.band_windows, max(1.0, elapsed / configuration.band_window)) ** 0.5
    side = random.choice((configuration.band_up, -configuration.band_down)) * 1e-5
    accrued = state.anchor * (1 + configuration.accrual * 1e-14 * elapsed)
    return max(0, round(accrued * (1 + side * width)) + random.choice((-2, -1, 0, 1, 2)))


def raw(price: int, decimals: int, random: Random) -> int:
    """A feed's answer that normalises to `price`, with dust below the eighth decimal."""
    if decimals <= 8:
        return price // 10 ** (8 - decimals)
    return price * 10 ** (decimals - 8) + random.choice((0, random.randrange(10 ** (decimals - 8))))


def hostile_answer(random: Random, deployment: Deployment, decimals: int) -> int:
    bounds = (deployment.min_price, deployment.max_price)
    return random.choice(
        (
            0,
            -1,
            1,
            -(2**255),
            2**255 - 1,
            2**128,
            2**128 - 1,
            raw(random.choice(bounds) + random.choice((-1, 0, 1)), decimals, random),
        )
    )


def random_answer(
    random: Random, oracle: Oracle, decimals: int, now: int, beside: int | None
) -> Answer:
    """An honest answer mostly; `beside` is the other leg's price, to lie within tolerance of."""
    time = now - random_age(random, oracle.configuration)
    if random.random() < 0.06:
        time = random.choice((0, now + 1, now + 10**6, 2**256 - 1, 2**64))
    if random.random() < 0.08:
        return Answer(hostile_answer(random, oracle.deployment, decimals), time)
    choices: list[Callable[[], int]] = [
        lambda: near(random, oracle.state.anchor, oracle.deployment),
        lambda: near(random, oracle.state.anchor, oracle.deployment),
        lambda: band_edge(random, oracle, min(time, 2**32)),
    ]
    if beside is not None:
        edge = beside * oracle.configuration.tolerance // 10**5
        choices.append(lambda: max(1, beside + random.choice((-1, 1)) * edge))
    return Answer(raw(random.choice(choices)(), decimals, random), time)


def random_oracle(random: Random, deployment: Deployment) -> Oracle:
    configuration = random_configuration(random)
    state = random_state(random, configuration, deployment)
    reference = random_reference(random, state, deployment)
    if not deployment.has_reference:
        reference = Reference()
    return Oracle(
        deployment, configuration, state, random_contest(random, configuration), reference
    )


def random_rounds(
    random: Random, oracle: Oracle, decimals: int, times: list[int], start: int
) -> list[Answer]:
    """What a feed said at each of its times: a walk from `start` and often back to it.

    With jumps, edges of the band and hostile answers; what starts beside it can agree with it.
    """
    price = start
    said = []
    for time in times:
        price = near(random, random.choice((price, start)), oracle.deployment)
        answer = raw(price, decimals, random)
        if random.random() < 0.1:
            answer = raw(band_edge(random, oracle, time), decimals, random)
        elif random.random() < 0.05:
            answer = hostile_answer(random, oracle.deployment, decimals)
        said.append(Answer(answer, time))
    return said


def random_times(random: Random, configuration: Configuration, start: int, count: int) -> list[int]:
    """Times from `start` on, apart by seconds or by the ages at which verdicts turn."""
    quickest = max(1, configuration.primary_staleness // 8)
    times = [start]
    for _ in range(count - 1):
        often = random.random() < 0.95
        gap = random.randint(0, quickest) if often else random_age(random, configuration)
        times.append(times[-1] + gap)
    return times
