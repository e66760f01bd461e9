"""Verdicts, checkpoint reads, pokes and the words they leave: mirror against bytecode.

Random configurations, states and feeds, hostile ones included, and sequences of pokes under a
moving clock. The contract is the real one; a harness plants its words.
"""

from collections import Counter
from dataclasses import dataclass, replace
from random import Random

import pytest
from eth_utils import function_signature_to_4byte_selector

from paramgen.mirror.oracle import (
    Answer,
    Deployment,
    Feeds,
    Oracle,
    Status,
    Verdict,
    guardian_refusal,
    last_price,
    poke,
    reset,
    view,
)
from tests.support.chance import scaled, seeded
from tests.support.oracles import (
    DEPLOYMENTS,
    NOW,
    log_uniform,
    random_answer,
    random_configuration,
    random_oracle,
)
from tests.support.revm import DEPLOYER, Machine, array, arrays

BATCH = 400
BATCHES = 25
SEQUENCES = 300
STEPS = 10
CASE = "(uint256,uint256,uint256,uint256,(uint8,int256,uint256),(uint8,int256,uint256),uint256)"
RESULT_WORDS = 12
REFUSALS = {
    "NotPaused": "NotPaused(address,uint8)",
    "NoLegSupports": "NoLegSupports(uint256,uint256)",
}
FAULTS = range(1, 8)


@dataclass(frozen=True)
class Case:
    """An oracle, what its feeds do (a fault, 0 for none, and an answer), a guardian's price."""

    oracle: Oracle
    faults: tuple[int, int]
    answers: tuple[Answer, Answer]
    review: int

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
            self.review,
        )


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
    return Case(oracle, faults, (first, second), random_review(random, oracle, price))


def random_review(random: Random, oracle: Oracle, price: int) -> int:
    """A price for a guardian's reset, often at the edge of what the primary supports."""
    tolerance = oracle.configuration.tolerance
    lowest = price * 10**5 // (10**5 + tolerance)
    reviewed = random.choice((price, lowest, oracle.state.price)) + random.choice((-1, 0, 1))
    return min(2**54 - 1, max(1, reviewed))


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
        refused_by(guardian_refusal(case.oracle, case.feeds, case.review, now)),
    ]
    return words, after, poked


def refused_by(name: str | None) -> int:
    """An error's selector as a `bytes4` result word; 0 for none."""
    if name is None:
        return 0
    return int.from_bytes(function_signature_to_4byte_selector(REFUSALS[name])) << 224


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
