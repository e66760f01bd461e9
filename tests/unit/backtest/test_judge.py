"""What is made of verdicts: spans, alarms, detection, the rules side by side."""

from __future__ import annotations

import numpy as np
import pytest

from paramgen.backtest.events import Guard, Span, joined, spans
from paramgen.backtest.judge import false_alarms, verdicts
from paramgen.backtest.policies import NoBreaker, SingleStep, large_steps
from paramgen.backtest.run import EVERY_UPDATE, Episode, ReplayedFold, run
from paramgen.backtest.walk import Fold
from paramgen.mirror.oracle import Status
from paramgen.params.losses import YEAR
from tests.support.feeds import DAY, HOUR, START, made_prices, request, with_feed


def falling(days: float, at: float, *, over: int, depth: float, seed: int = 11) -> str:
    """A made history whose price falls by `depth` in so many equal updates, and stays there."""
    head, *rows = made_prices(days, seed=seed, step=0.001).splitlines()
    lines, passed = [head], 0
    for row in rows:
        time, price = row.split(",")
        passed += int(time) >= START + at * DAY
        fallen = (1.0 - depth) ** min(1.0, passed / over)
        lines.append(f"{time},{float(price) * fallen:.8f}")
    return "\n".join(lines) + "\n"


def test_spans_are_maximal_runs_and_last_to_the_next_moment_or_the_end():
    times = np.array([10, 20, 30, 40, 50])
    status = np.array([0, 6, 6, 0, 6], dtype=np.uint8)
    assert spans(times, status, (Status.TRIPPED,), 99) == (Span(20, 40), Span(50, 99))
    assert spans(times, status, (Status.STOPPED,), 99) == ()


def test_a_flicker_is_one_alarm_and_two_apart_are_two():
    found = (Span(0, 10), Span(15, 20), Span(100, 110))
    assert joined(found, 20) == (Span(0, 20), Span(100, 110))
    assert joined(found, 5) == found


def replayed(start: int, end: int, *alarms: Span) -> ReplayedFold:
    by_guard = {Guard.BREAKER: alarms, Guard.STALENESS: ()}
    return ReplayedFold("eth", Fold(0, 0, start, end), "paramgen", 0, (), by_guard, (), ())


def test_alarms_inside_an_episode_are_none_and_its_time_is_no_exposure():
    year = int(YEAR)
    row = replayed(0, 2 * year, Span(10, 20), Span(year + 5, year + 9))
    episode = Episode("stress", "", year, 2 * year)
    found = false_alarms([row], [episode], Guard.BREAKER, 1.0)
    assert (found.count, found.years, found.rate) == (1, 1.0, 1.0)
    assert found.within
    assert found.interval.high == pytest.approx(5.5716, abs=1e-4)
    twice = Episode("again", "", year, year + year // 2)
    assert false_alarms([row], [episode, twice], Guard.BREAKER, 1.0).years == 1.0


def test_a_stated_rate_far_from_what_was_seen_is_outside_the_interval():
    many = [Span(n * 1_000, n * 1_000 + 1) for n in range(40)]
    found = false_alarms([replayed(0, int(YEAR), *many)], [], Guard.BREAKER, 1.0)
    assert not found.within


@pytest.fixture(scope="module")
def slide(tmp_path_factory):
    """A fall of 30 % in updates of about 3 % each, day 25; what every rule makes of it."""
    text = falling(30, 25, over=12, depth=0.30)
    loaded = with_feed(tmp_path_factory.mktemp("slide"), text)
    episode = Episode("slide", "eth", START + 25 * DAY, START + 30 * DAY, 1_400.0)
    return run(
        request(
            loaded,
            against=(SingleStep.of(0.05), NoBreaker()),
            cadences=(EVERY_UPDATE, HOUR, DAY),
            episodes=(episode,),
            reset_after=None,
        )
    )


def test_a_slide_of_small_updates_trips_the_window_and_never_the_single_step(slide):
    by_policy = {(one.policy, one.cadence): one.detections[0] for one in verdicts(slide)}
    for cadence in (EVERY_UPDATE, HOUR, DAY):
        ours = by_policy["paramgen", cadence]
        assert ours.detected is not None
        assert ours.in_time
        assert ours.delay < DAY / 2
        assert by_policy["step-5", cadence].detected is None
        assert by_policy["step-5", cadence].in_time is False
        assert by_policy["no-breaker", cadence].detected is None


def test_nobody_resets_so_the_pause_lasts_to_the_end_of_the_fold(slide):
    row = next(r for r in slide.replayed if r.policy == "paramgen" and r.fold.index == 1)
    assert row.pauses[-1].end == row.fold.end
    assert [event.cause for event in row.events].count("trip persisted") == 1


def test_one_large_step_trips_the_single_step_rule_until_its_reset(tmp_path):
    loaded = with_feed(tmp_path, falling(30, 25, over=1, depth=0.07))
    asked = request(loaded, against=(SingleStep.of(0.05), SingleStep.of(0.08)))
    found = {r.policy: r for r in run(asked).replayed if r.fold.index == 1}
    (pause,) = found["step-5"].pauses
    assert pause.start >= START + 25 * DAY
    assert 6 * HOUR <= pause.length < 7 * HOUR
    causes = [event.cause for event in found["step-5"].events]
    assert causes.count("trip persisted") == causes.count("reset") == 1
    assert found["step-8"].pauses == ()


def test_a_step_of_exactly_the_limit_is_not_more_than_it():
    answers = np.array([10_000, 9_500, 9_976, 9_477])
    assert large_steps(answers, 0.05).tolist() == [False, True, True]


def test_a_silent_feed_is_a_staleness_alarm_and_no_breaker_s(tmp_path):
    head, *rows = made_prices(30, seed=12).splitlines()
    silent = range(START + 22 * DAY, START + 23 * DAY - 6 * HOUR)
    kept = [row for row in rows if int(row.split(",")[0]) not in silent]
    found = run(request(with_feed(tmp_path, "\n".join([head, *kept]) + "\n"), fold=10))
    (row,) = found.replayed
    (alarm,) = row.alarms[Guard.STALENESS]
    limit = found.compiled[0].configuration.primary_staleness
    last = max(int(r.split(",")[0]) for r in kept if int(r.split(",")[0]) < silent.start)
    assert alarm.start == last + limit + 1
    assert row.events[0].cause == "price older than the staleness limit"
