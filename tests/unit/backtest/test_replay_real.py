"""Real rounds through both replays: ETH/USD over ten months, USDC by the minute in March 2023."""

from dataclasses import fields

import numpy as np
import pytest

from paramgen.backtest.replay import Rounds, replay, replay_by_mirror
from paramgen.mirror.oracle import Configuration, Deployment, Oracle, State, Status
from tests.support.histories import eth_usd, usdc_by_minute
from tests.support.rounds import DAY, ETH, HOUR, MINUTE, USDC


def both(configuration: Configuration, first: Rounds, second: Rounds | None, every: int):
    """A keeper who pokes every so often, readers in between, resets a day after a trip."""
    seed = State.seeded(int(first.answers[0]), int(first.times[0]))
    oracle = Oracle(Deployment(8, 8, 10**6, 10**13), configuration, seed)
    moments = np.arange(first.times[0], first.times[-1] + 2 * DAY, every // 3)
    poking = np.arange(moments.size) % 3 == 0
    return (
        run(oracle, first, second, moments, poking, reset_after=DAY)
        for run in (replay, replay_by_mirror)
    )


def assert_one(compiled, mirrored) -> None:
    for field in fields(compiled):
        ours, theirs = getattr(compiled, field.name), getattr(mirrored, field.name)
        assert np.array_equal(ours, theirs), field.name


@pytest.mark.parametrize("every", [12 * MINUTE, HOUR, DAY])
def test_the_rounds_of_eth_usd_give_one_replay(every):
    rounds = eth_usd()
    compiled, mirrored = both(ETH, rounds, None, every)
    assert_one(compiled, mirrored)
    statuses = set(compiled.status.tolist())
    assert {Status.LIVE, Status.DECAYING, Status.STOPPED} <= statuses


@pytest.mark.parametrize("second", ["binance_us_usdc_usdt_1min", None])
def test_the_depeg_gives_one_replay_and_pauses(second):
    other = None if second is None else usdc_by_minute(second)
    compiled, mirrored = both(USDC, usdc_by_minute("kraken_usdc_usd_1min"), other, 15 * MINUTE)
    assert_one(compiled, mirrored)
    assert compiled.trips.size > 0
    assert compiled.resets.size > 0
