"""Verdicts, checkpoint reads, pokes and the words they leave: mirror against bytecode.

Random configurations, states and feeds, hostile ones included, and sequences of pokes under a
moving clock. The contract is the real one; a harness plants its words.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

import pytest

from paramgen.mirror.oracle import (
    Answer,
    Configuration,
    Contest,
    Deployment,
    Feeds,
    Oracle,
    Reference,
    State,
    Status,
    Verdict,
    last_price,
    poke,
    reset,
    view,
)
from tests.support.chance import scaled, seeded
from tests.support.revm import DEPLOYER, Machine, array, arrays

NOW = 1_800_000_000
BATCH = 400
BATCHES = 25
SEQUENCES = 300
STEPS = 10
CASE = "(uint256,uint256,uint256,uint256,(uint8,int256,uint256),(uint8,int256,uint256))"
RESULT_WORDS = 11
FAULTS = range(1, 8)

DEPLOYMENTS = {
    "two legs of 8 and 18 decimals": Deployment(8, 18, 10**4, 10**13),
    "two legs of 8 decimals and a reference": Deployment(8, 8, 1, 2**54 - 1, has_reference=True),
    "one leg of 6 decimals": Deployment(6, None, 10**6, 10**12),
    "two legs of 18 and 0 decimals": Deployment(18, 0, 10**8, 10**15),
}


@dataclass(frozen=True)
class Case:
    """An oracle and what its feeds do: a fault (0 for none) and an answer each."""

    oracle: Oracle
    faults: tuple[int, int]
    answers: tuple[Answer, Answer]

    @property
    def feeds(self) -> Feeds:
        first, second = (
            None if fault else answer
            for fault, answer in zip(self.faults, self.answers, strict=True)
        )
        return Feeds(first, second)

    @property
    def words(self) -> tuple[int, ...]:
        legs = (
            word
            for fault, answer in zip(self.faults, self.answers, strict=True)
            for word in (fault, answer.answer, answer.updated_at)
        )
        oracle = self.oracle
        return (
            oracle.state.word,
            oracle.contest.word,
            oracle.configuration.word,
            oracle.reference.word,
            *legs,
        )


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


def random_case(random: Random, oracle: Oracle, now: int = NOW) -> Case:
    deployment = oracle.deployment
    decimals = deployment.primary_decimals
    first = random_answer(random, oracle, decimals, now, None)
    price = first.answer * 10**8 // 10**decimals
    second_decimals = deployment.secondary_decimals or 0
    second = random_answer(random, oracle, second_decimals, now, max(1, price))
    faults = (
        random.choice(FAULTS) if random.random() < 0.15 else 0,
        random.choice(FAULTS) if random.random() < 0.15 else 0,
    )
    if random.random() < 0.2 and 0 < first.updated_at <= now:
        contest = replace(oracle.contest, outside_round_time=first.updated_at)
        oracle = replace(oracle, contest=contest)
    return Case(oracle, faults, (first, second))


def random_oracle(random: Random, deployment: Deployment) -> Oracle:
    configuration = random_configuration(random)
    state = random_state(random, configuration, deployment)
    reference = random_reference(random, state, deployment)
    if not deployment.has_reference:
        reference = Reference()
    return Oracle(
        deployment, configuration, state, random_contest(random, configuration), reference
    )


def expected(case: Case, now: int) -> tuple[list[int], Oracle, Verdict]:
    """The harness's result words by the mirror, the oracle after the poke, its verdict."""
    viewed = view(case.oracle, case.feeds, now)
    read = last_price(case.oracle, now)
    poked, after = poke(case.oracle, case.feeds, now)
    words = [
        viewed.status,
        viewed.price,
        viewed.time,
        viewed.undecayed,
        read.price,
        read.time if read.price else 0,
        poked.status,
        poked.price,
        poked.time,
        after.state.word,
        after.contest.word,
    ]
    return words, after, poked


def deploy(machine: Machine, deployment: Deployment) -> str:
    first = machine.deploy("FaultyFeed", deployment.primary_decimals)
    second = "0x0"
    if deployment.secondary_decimals is not None:
        second = machine.deploy("FaultyFeed", deployment.secondary_decimals)
    configuration = random_configuration(seeded(0))
    return machine.deploy(
        "OracleHarness",
        0xA55E7,  # asset
        0,  # its decimals
        int(first, 16),
        deployment.primary_decimals,
        int(second, 16),
        deployment.secondary_decimals or 0,
        120_000,
        deployment.min_price,
        deployment.max_price,
        int(DEPLOYER, 16),
        int(deployment.has_reference),
        0,
        deployment.max_price,
        machine.now,
        configuration.word,
        0,
    )


def assert_equal(
    machine: Machine, harness: str, cases: list[Case]
) -> tuple[list[Oracle], Counter[Status]]:
    """Compare one batch; the oracles after their pokes and the verdicts met."""
    words = machine.call(harness, f"evaluate({CASE}[])", arrays(array([c.words for c in cases])))
    results = words[2:]
    assert len(results) == RESULT_WORDS * len(cases)
    after, met = [], Counter()
    for i, case in enumerate(cases):
        want, oracle, verdict = expected(case, machine.now)
        got = results[RESULT_WORDS * i : RESULT_WORDS * (i + 1)]
        assert got == want, case
        after.append(oracle)
        met[verdict.status] += 1
    return after, met


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_verdicts_equal_the_mirror_for_any_words_and_feeds(name, comparisons):
    deployment = DEPLOYMENTS[name]
    machine = Machine(NOW)
    harness = deploy(machine, deployment)
    random = seeded(name)
    met: Counter[Status] = Counter()
    for _ in range(scaled(BATCHES)):
        cases = [random_case(random, random_oracle(random, deployment)) for _ in range(BATCH)]
        met += assert_equal(machine, harness, cases)[1]
        comparisons.add("verdict", 3 * BATCH)
    reachable = set(Status)
    if deployment.secondary_decimals is None:
        reachable -= {Status.SECONDARY, Status.CONTESTED}
    assert all(met[status] >= BATCH * BATCHES // 200 for status in reachable), met


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_sequences_of_pokes_leave_the_mirror_s_words(name, comparisons):
    deployment = DEPLOYMENTS[name]
    machine = Machine(NOW)
    harness = deploy(machine, deployment)
    random = seeded(f"sequence {name}")
    oracles = [random_oracle(random, deployment) for _ in range(SEQUENCES)]
    oracles = [replace(o, state=replace(o.state, tripped=0)) for o in oracles]
    for _ in range(STEPS):
        machine.move_to(machine.now + log_uniform(random, 1, 10**5))
        cases = [random_case(random, oracle, machine.now) for oracle in oracles]
        oracles, _ = assert_equal(machine, harness, cases)
        oracles = [reset(o, o.state.anchor, machine.now) if o.state.tripped else o for o in oracles]
        comparisons.add("verdict", 3 * SEQUENCES)
