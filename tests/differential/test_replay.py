"""The compiled replay against the contract executed in pyrevm, moment by moment.

Real rounds of ETH/USD and USDC's depeg under several keepers, and random oracles with hostile
feeds: every verdict, every price, every trip and reset, and the words at the end.
"""

from collections import Counter
from dataclasses import fields, replace

import numpy as np
import pytest

from paramgen.backtest.replay import Replay, Rounds, replay
from paramgen.mirror.oracle import Contest, Deployment, Oracle, Reference, State, Status
from tests.support.chance import scaled, seeded
from tests.support.histories import eth_usd, usdc_by_minute
from tests.support.oracles import DEPLOYMENTS, NOW, random_oracle
from tests.support.replays import replay_by_contract
from tests.support.rounds import DAY, ETH, HOUR, MINUTE, USDC, random_history

ORACLES = 80
STEPS = 50
REAL = 4_000
READS = 3
"""Moments between two pokes, the poke included."""

DEPEG = 1_678_449_600
"""2023-03-10 12:00Z, hours before USDC left its peg."""


def assert_equal(ours: Replay, contract: Replay) -> None:
    for field in fields(Replay):
        left, right = getattr(ours, field.name), getattr(contract, field.name)
        if isinstance(left, np.ndarray):
            different = np.flatnonzero(left != right) if left.shape == right.shape else [-1]
            assert len(different) == 0, (field.name, different[:3])
        else:
            assert left == right, field.name


def deployable(random, deployment: Deployment) -> Oracle:
    """A random oracle as its constructor leaves it."""
    oracle = random_oracle(random, deployment)
    reference = oracle.reference
    if reference.price:
        reference = replace(reference, as_of=NOW, price=oracle.state.price)
        reference = reference if reference.maximum_age else Reference()
    return replace(
        oracle,
        state=State.seeded(oracle.state.price, NOW),
        contest=Contest(),
        reference=reference,
    )


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_replays_of_random_oracles_equal_the_contract(name, comparisons):
    random = seeded(f"replay {name}")
    met: Counter[Status] = Counter()
    trips = resets = 0
    for _ in range(scaled(ORACLES)):
        oracle = deployable(random, DEPLOYMENTS[name])
        moments, poking, primary, secondary = random_history(random, oracle, STEPS)
        reset_after = random.choice((None, 0, oracle.configuration.primary_staleness))
        options = {"reset_after": reset_after}
        ours = replay(oracle, primary, secondary, moments, poking, **options)
        assert_equal(
            ours, replay_by_contract(oracle, primary, secondary, moments, poking, **options)
        )
        met.update(Status(status) for status in ours.status.tolist())
        trips, resets = trips + ours.trips.size, resets + ours.resets.size
        comparisons.add("replay", moments.size)
    reachable = set(Status)
    if DEPLOYMENTS[name].secondary_decimals is None:
        reachable -= {Status.SECONDARY, Status.CONTESTED}
    assert all(met[status] for status in reachable), met
    assert trips
    assert resets


def real(name: str) -> tuple[Oracle, Rounds, Rounds | None, np.ndarray]:
    """An oracle seeded at what its primary says first, both legs, and the moments."""
    if name == "eth_usd":
        first, second, configuration, every = eth_usd(), None, ETH, HOUR
        start = int(first.times[-1]) - scaled(REAL) * every // READS
    else:
        first, configuration, every = usdc_by_minute("kraken_usdc_usd_1min"), USDC, 5 * MINUTE
        second = None if name == "usdc alone" else usdc_by_minute("binance_us_usdc_usdt_1min")
        start = DEPEG
    moments = np.arange(max(start, first.times[0]), first.times[-1] + 2 * DAY, every // READS)
    price = int(first.answers[np.searchsorted(first.times, moments[0], side="right") - 1])
    seed = State.seeded(price, int(moments[0]))
    oracle = Oracle(Deployment(8, 8, 10**6, 10**13), configuration, seed)
    return oracle, first, second, moments[: scaled(REAL)]


@pytest.mark.parametrize("name", ["eth_usd", "usdc alone", "usdc and its second route"])
def test_replays_of_real_rounds_equal_the_contract(name, comparisons):
    oracle, first, second, moments = real(name)
    poking = np.arange(moments.size) % READS == 0
    ours = replay(oracle, first, second, moments, poking, reset_after=DAY)
    assert_equal(ours, replay_by_contract(oracle, first, second, moments, poking, reset_after=DAY))
    assert name == "eth_usd" or ours.trips.size
    assert name == "usdc alone" or Status.LIVE in ours.status
    comparisons.add("replay", moments.size)
