"""A band's threshold is of what the contract checks: replayed by the mirror at any cadence."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from paramgen.backtest.replay import Rounds, replay
from paramgen.backtest.statistics import poisson_interval
from paramgen.mirror.oracle import (
    FRACTION,
    Configuration,
    Deployment,
    Oracle,
    State,
    Status,
)
from paramgen.params.breaker import (
    Alarms,
    Anchors,
    breaker_pairs,
    feed_anchors,
    windows_to_cap,
)
from paramgen.params.history import History, clean_history
from paramgen.params.losses import YEAR

HOUR, DAY = 3_600, 86_400
START = 1_700_000_000
WINDOWS = 24.0
_LEAST = 1e-4


def landed(fast: float, slow: float, window: int) -> Configuration:
    """A band with these widths either way, rounded against an alarm, and nothing else that acts."""
    width = math.ceil(fast * FRACTION) + 1
    windows = math.ceil(min(WINDOWS, windows_to_cap(fast, slow)))
    return Configuration(
        primary_staleness=2**24 - 1, secondary_staleness=0, maximum_age=2**24 - 1,
        decay_step=0, decay_rate=0, decay_floor=0, band_up=width, band_down=width,
        band_windows=windows, band_window=window, accrual=0, tolerance=0, confirm_delay=1,
    )  # fmt: skip


def trips(history: History, configuration: Configuration, pokes, reset_after=None):
    """Times of persisted trips, the keeper poking at these moments and whenever one qualifies."""
    rounds = Rounds(history.times.astype(np.int64), np.rint(history.prices * 1e8).astype(np.int64))
    first = State.seeded(int(rounds.answers[0]), int(rounds.times[0]))
    oracle = Oracle(Deployment(8, None, 1, 2**53), configuration, first)
    moments = np.unique(np.concatenate([pokes, rounds.times]))
    return replay(
        oracle, rounds, None, moments, np.isin(moments, pokes), reset_after=reset_after
    )  # fmt: skip


updates = st.lists(
    st.tuples(st.integers(1, 3 * HOUR), st.floats(-0.03, 0.03)), min_size=2, max_size=60
)


@given(updates, st.integers(60, 2 * HOUR), st.integers(60, 4 * HOUR), st.randoms())
def test_no_cadence_as_quick_as_the_keepers_meets_a_larger_move_than_the_fits_are_of(
    moves, window, interval, random
):
    gaps, steps = (np.array(column) for column in zip(*moves, strict=True))
    times = START + np.concatenate(([0], np.cumsum(gaps)))
    history = clean_history(times, 100.0 * np.exp(np.concatenate(([0.0], np.cumsum(steps)))))
    anchors = Anchors(window=float(window), interval=float(interval), windows=WINDOWS)
    fast, slow = (math.expm1(largest(history).max()) for largest in (anchors.fast, anchors.slow))
    pokes, now = [], int(times[0])
    while now <= times[-1]:
        pokes.append(now)
        now += random.randint(1, interval)
    wide = max(fast, _LEAST)
    found = trips(history, landed(wide, max(slow, wide), window), np.array(pokes))
    assert (found.price > 0).all()


def alarms_of(found, configuration: Configuration) -> int:
    """Alarms, those within the reach of one anchor's band being one."""
    quiet = configuration.band_window * configuration.band_windows
    status = np.isin(found.status, [int(member) for member in (Status.CONTESTED, Status.TRIPPED)])
    starts = found.times[status]
    return int(starts.size and 1 + np.count_nonzero(np.diff(starts) >= quiet))


def made(seed: int, years: float, freedom: float, gap: int = HOUR) -> History:
    """A feed whose truth is known: updates every hour, Student's returns, 50 % a year."""
    count = int(years * YEAR / gap)
    scale = 0.5 * math.sqrt(gap / YEAR) * math.sqrt((freedom - 2.0) / freedom)
    random = np.random.default_rng(seed)
    steps = stats.t.rvs(freedom, scale=scale, size=count, random_state=random)
    return clean_history(START + float(gap) * np.arange(count), 100.0 * np.exp(np.cumsum(steps)))


@pytest.mark.parametrize("cadence", [HOUR, 3 * HOUR])
def test_a_feed_of_known_noise_alarms_as_often_as_stated_on_years_it_was_not_fitted_to(cadence):
    whole, stated = made(7, 40.0, 5.0), 1.0
    past = whole.times < START + 4 * YEAR
    history = History(whole.times[past], whole.prices[past], 0)
    pairs = breaker_pairs(history, feed_anchors(history, float(cadence)), Alarms(stated, 0.1))
    configuration = landed(pairs.fast.band_up, pairs.slow.band_up, HOUR)
    later = History(whole.times[~past], whole.prices[~past], 0)
    pokes = np.arange(int(later.times[0]), int(later.times[-1]), cadence)
    found = trips(later, configuration, pokes, reset_after=6 * HOUR)
    alarms = alarms_of(found, configuration)
    # No more often than stated, and not so seldom that the band would be no breaker.
    assert poisson_interval(alarms, later.years).low <= stated
    assert alarms / later.years >= 0.1 * stated
