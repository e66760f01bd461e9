"""The replay over one oracle's life: which round a moment sees, what a poke moves, who resets."""

from dataclasses import replace

import numpy as np
import pytest

from paramgen.backtest.replay import Rounds, replay
from paramgen.mirror.oracle import Configuration, Deployment, Oracle, State, Status

START = 1_700_000_000
HOUR = 3_600
PAR = 10**8
CONFIGURATION = Configuration(
    primary_staleness=2 * HOUR,
    secondary_staleness=2 * HOUR,
    maximum_age=48 * HOUR,
    decay_step=1_000,
    decay_rate=10**6,
    decay_floor=0,
    band_up=1_000,
    band_down=1_000,
    band_windows=4,
    band_window=HOUR,
    accrual=0,
    tolerance=100,
    confirm_delay=600,
)
ORACLE = Oracle(
    Deployment(8, 8, PAR // 100, 100 * PAR), CONFIGURATION, State.seeded(PAR, START - HOUR)
)


def hours(*values: float) -> np.ndarray:
    return START + np.array([round(value * HOUR) for value in values], dtype=np.int64)


def rounds(times: np.ndarray, prices: list[float]) -> Rounds:
    return Rounds(times, np.array([round(price * PAR) for price in prices], dtype=np.int64))


def run(primary, moments, secondary=None, poking=True, **options):
    pokes = np.broadcast_to(np.asarray(poking), moments.shape)
    return replay(ORACLE, primary, secondary, moments, pokes, **options)


def test_a_moment_sees_the_last_round_at_or_before_it():
    seen = run(rounds(hours(0, 1), [1.001, 1.002]), hours(-0.5, 0, 0.99, 1, 1.5))
    assert seen.status.tolist() == [Status.HELD, *[Status.LIVE] * 4]
    assert seen.price.tolist() == [PAR, 100_100_000, 100_100_000, 100_200_000, 100_200_000]
    assert seen.updated_at.tolist() == [START - HOUR, START, START, START + HOUR, START + HOUR]


def test_of_two_rounds_at_one_time_the_last_counts():
    assert run(rounds(hours(0, 0), [1.001, 1.002]), hours(0)).price.tolist() == [100_200_000]


def test_a_read_moves_no_word_and_a_poke_does():
    feed = rounds(hours(0), [1.005])
    assert run(feed, hours(0), poking=False).final == ORACLE
    assert run(feed, hours(0)).final.state.price == 100_500_000


def test_a_silent_feed_is_held_then_decays_then_stops():
    seen = run(rounds(hours(0), [1.0]), hours(0, 2, 3, 48, 49))
    live, held, decaying = Status.LIVE, Status.LIVE, Status.DECAYING
    assert seen.status.tolist() == [live, held, decaying, decaying, Status.STOPPED]
    assert seen.price[2] > seen.price[3] > 0
    assert seen.undecayed.tolist() == [PAR] * 4 + [0]


def test_a_jump_trips_once_and_nobody_resets_unasked():
    seen = run(rounds(hours(0, 1), [1.0, 0.9]), hours(0, 1, 2, 30))
    assert seen.status.tolist() == [Status.LIVE, *[Status.TRIPPED] * 3]
    assert seen.trips.tolist() == hours(1).tolist()
    assert seen.resets.size == 0
    assert seen.final.state.tripped


def test_a_read_persists_no_trip():
    seen = run(rounds(hours(0, 1), [1.0, 0.9]), hours(0, 1), poking=np.array([True, False]))
    assert seen.status[-1] == Status.TRIPPED
    assert seen.trips.size == 0


def test_a_reset_comes_at_the_first_moment_at_or_past_its_time():
    feed = rounds(hours(0, 1, 6), [1.0, 0.9, 0.91])
    seen = run(feed, hours(0, 1, 6.9, 7, 7.5), reset_after=6 * HOUR)
    assert seen.resets.tolist() == hours(7).tolist()
    tripped, live = Status.TRIPPED, Status.LIVE
    assert seen.status.tolist() == [live, tripped, tripped, live, live]
    assert seen.price[-1] == 91_000_000
    assert seen.final.contest.epoch == 2


def test_a_reset_waits_for_a_price_that_the_contract_takes():
    feed = rounds(hours(0, 1, 6, 60), [1.0, 0.9, 1000.0, 0.92])
    seen = run(feed, hours(0, 1, 7, 59, 60), reset_after=6 * HOUR)
    assert seen.resets.tolist() == hours(60).tolist()
    silent = run(rounds(hours(0, 1), [1.0, 0.9]), hours(0, 1, 50), reset_after=6 * HOUR)
    assert silent.resets.size == 0


def test_a_trip_from_before_the_first_moment_is_never_reset():
    tripped = replace(ORACLE, state=replace(ORACLE.state, tripped=1))
    moments = hours(0, 100)
    seen = replay(tripped, rounds(moments, [1, 1]), None, moments, moments > 0, reset_after=0)
    assert seen.status.tolist() == [Status.TRIPPED] * 2
    assert seen.resets.size == 0


def test_two_legs_that_disagree_are_contested_until_they_agree():
    first = rounds(hours(0, 1, 2), [1.0, 1.005, 1.0])
    seen = run(first, hours(0, 1, 2), secondary=rounds(hours(0), [1.0]))
    assert seen.status.tolist() == [Status.LIVE, Status.CONTESTED, Status.LIVE]
    assert seen.price[1] == seen.undecayed[1] == 0


@pytest.mark.parametrize("times", [hours(1, 0), hours(0, 1, 2)])
def test_rounds_out_of_order_or_of_two_lengths_are_refused(times):
    with pytest.raises(ValueError, match="rounds: times"):
        rounds(times, [1.0, 1.0])


@pytest.mark.parametrize("moments", [hours(1, 0), hours(0)])
def test_moments_out_of_order_or_without_a_flag_are_refused(moments):
    feed = rounds(hours(0), [1.0])
    with pytest.raises(ValueError, match="replay: moments"):
        replay(ORACLE, feed, None, moments, np.array([True, True]))
