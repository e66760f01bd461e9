"""The compiled replay says what the mirror says, field by field, whatever the feeds say."""

from collections import Counter
from dataclasses import fields, replace
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paramgen.backtest.replay import Replay, Rounds, replay, replay_by_mirror
from paramgen.mirror import compiled, decay
from paramgen.mirror.oracle import Oracle, State, Status, widening
from tests.support.oracles import (
    DEPLOYMENTS,
    NOW,
    random_configuration,
    random_oracle,
    random_times,
)
from tests.support.rounds import random_history

seeds = st.integers(0, 2**63).map(Random)


def assert_equal(one: Replay, other: Replay) -> None:
    for field in fields(Replay):
        left, right = getattr(one, field.name), getattr(other, field.name)
        if isinstance(left, np.ndarray):
            assert left.dtype == right.dtype, field.name
            assert left.tolist() == right.tolist(), field.name
        else:
            assert left == right, field.name


def test_the_compiled_replay_equals_the_mirror_in_every_status():
    met: Counter[Status] = Counter()
    events: Counter[str] = Counter()

    @settings(max_examples=400, deadline=None)
    @given(seeds, st.sampled_from(sorted(DEPLOYMENTS)))
    def equal(random, name):
        oracle = random_oracle(random, DEPLOYMENTS[name])
        moments, poking, primary, secondary = random_history(random, oracle)
        reset_after = random.choice((None, 0, 60, oracle.configuration.primary_staleness))
        assert compiled.carries(oracle)
        said = replay(oracle, primary, secondary, moments, poking, reset_after=reset_after)
        reference = replay_by_mirror(
            oracle, primary, secondary, moments, poking, reset_after=reset_after
        )
        assert_equal(said, reference)
        met.update(Status(status) for status in said.status.tolist())
        events.update(trips=said.trips.size, resets=said.resets.size)

    equal()
    assert all(met[status] >= 50 for status in Status), met
    assert min(events["trips"], events["resets"]) >= 50, events


@given(st.integers(0, 2**61 - 1))
@settings(max_examples=1_000, deadline=None)
def test_the_compiled_exponential_equals_the_mirror_s(exponent):
    assert compiled.exponential(np.uint64(exponent)) == decay.exponential(exponent)


@given(seeds, st.integers(0, 2**33))
@settings(max_examples=500, deadline=None)
def test_the_compiled_widening_equals_the_mirror_s(random, elapsed):
    oracle = random_oracle(random, DEPLOYMENTS["one leg of 6 decimals"])
    rules = compiled.rules_of(oracle)
    edge = oracle.configuration.band_window * oracle.configuration.band_windows
    for age in (elapsed, elapsed % (edge + 2), edge - 1, edge):
        assert compiled.widening(rules, age) == widening(age, oracle.configuration)


def wider(oracle: Oracle, part: str, **values: int) -> Oracle:
    return replace(oracle, **{part: replace(getattr(oracle, part), **values)})


BEYOND = [
    ("deployment", {"max_price": 2**54}),
    ("deployment", {"min_price": 0}),
    ("configuration", {"band_windows": 0}),
    ("configuration", {"decay_rate": 2**36}),
    ("configuration", {"band_up": 2**16}),
    ("state", {"anchor": 2**54}),
    ("state", {"anchor_time": 2**32}),
    ("contest", {"epoch": 2**62}),
    ("reference", {"growth": 2**20}),
]


@pytest.mark.parametrize(("part", "values"), BEYOND)
def test_what_the_words_cannot_hold_is_left_to_the_mirror(part, values):
    random = Random(1)  # noqa: S311
    oracle = random_oracle(random, DEPLOYMENTS["two legs of 8 decimals and a reference"])
    beyond = wider(oracle, part, **values)
    assert compiled.carries(oracle)
    assert not compiled.carries(beyond)
    moments, poking, primary, secondary = random_history(random, oracle)
    said = replay(beyond, primary, secondary, moments, poking)
    assert_equal(said, replay_by_mirror(beyond, primary, secondary, moments, poking))


def test_times_beyond_the_clock_of_the_words_are_left_to_the_mirror():
    random = Random(2)  # noqa: S311
    oracle = random_oracle(random, DEPLOYMENTS["one leg of 6 decimals"])
    oracle = wider(oracle, "configuration", accrual=0)
    oracle = replace(oracle, state=State.seeded(10**8, NOW))
    moments = np.array([NOW, 2**32, 2**40])
    feed = Rounds(moments, np.full(3, 10**6))
    poking = np.ones(3, dtype=bool)
    said = replay(oracle, feed, None, moments, poking)
    assert_equal(said, replay_by_mirror(oracle, feed, None, moments, poking))
    assert said.updated_at.max() >= 2**32


@given(seeds)
@settings(max_examples=200, deadline=None)
def test_answers_of_machine_width_and_of_any_width_are_one_feed(random):
    oracle = random_oracle(random, DEPLOYMENTS["two legs of 8 and 18 decimals"])
    times = random_times(random, random_configuration(random), NOW, 10)
    edges = [2**63 - 1, -(2**63), 0, 1, oracle.deployment.min_price, oracle.deployment.max_price]
    answers = [random.choice([*edges, random.getrandbits(62)]) for _ in times]
    narrow = Rounds(np.array(times), np.array(answers, dtype=np.int64))
    wide = Rounds(np.array(times), np.array(answers, dtype=object))
    poking = np.ones(len(times), dtype=bool)
    moments = np.array(times)
    assert_equal(
        replay(oracle, narrow, narrow, moments, poking),
        replay_by_mirror(oracle, wide, wide, moments, poking),
    )
