"""Walking forward: folds, and that nothing after a fold's start reaches what is compiled for it."""

from __future__ import annotations

import io
import itertools
import pickle
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paramgen.artefact import canonical
from paramgen.backtest.policies import OTHERS
from paramgen.backtest.run import compile_tasks, replay_tasks, run
from paramgen.backtest.summary import document
from paramgen.backtest.walk import Walk, compile_fold, folds
from paramgen.book.calibration import Estimate, Tolerance
from paramgen.edge.backtests import events_parquet, streamed_events
from paramgen.edge.scale import Where, spread
from tests.support.calibrations import calibrated, walk
from tests.support.feeds import DAY, HOUR, START, made_prices, request, with_feed


@given(
    days=st.integers(1, 400),
    training=st.integers(1, 200),
    length=st.integers(1, 90),
    window=st.none() | st.integers(1, 90),
)
def test_folds_follow_one_another_to_the_last_answer_and_fit_only_what_came_before(
    days, training, length, window
):
    asked = Walk(training * DAY, length * DAY, None if window is None else window * DAY)
    found = folds(START, START + days * DAY, asked)
    assert bool(found) == (days >= training)
    for before, after in itertools.pairwise(found):
        assert before.end == after.start
    for fold in found:
        assert START <= fold.fitted_from < fold.start < fold.end
        assert window is None or fold.start - fold.fitted_from <= window * DAY
    if found:
        assert found[0].start == START + training * DAY
        assert found[-1].end == START + days * DAY + 1


def test_a_fold_s_task_holds_no_answer_of_the_fold_or_after_it(tmp_path):
    loaded = with_feed(tmp_path, made_prices(32, seed=1))
    for task in compile_tasks(request(loaded)):
        for history in task.loaded.histories.values():
            assert history.times.max() < task.fold.start


def garbage_after(text: str, time: int) -> str:
    """The same history up to a time, and nonsense from then on."""
    head, *rows = text.splitlines()
    kept = [row for row in rows if int(row.split(",")[0]) < time]
    wild = [f"{time + 60 * step},{price}" for step, price in enumerate((150.0, 19_000.0) * 400)]
    return "\n".join([head, *kept, *wild, f"{time + 21 * DAY},700.0"]) + "\n"


def test_garbage_appended_to_the_future_leaves_past_folds_as_they_were_byte_for_byte(tmp_path):
    text, cut = made_prices(35, seed=2), START + 30 * DAY + HOUR
    (tmp_path / "wild").mkdir()
    before = with_feed(tmp_path, text)
    after = with_feed(tmp_path / "wild", garbage_after(text, cut))
    against = tuple(OTHERS.values())
    found = [run(request(loaded, against=against)) for loaded in (before, after)]
    past = [
        {
            "folds": [fold for fold in document(one)["folds"] if fold["fold"] < 2],
            "events": [repr(fold) for fold in one.replayed if fold.fold.index < 2],
            "covered": [
                (fold.decay, fold.gaussian, fold.exceptions.tolist())
                for fold in one.covered
                if fold.fold.index < 2
            ],
        }
        for one in found
    ]
    assert len(past[0]["folds"]) == 2
    assert any("TRIPPED" in row for row in map(repr, found[1].replayed))
    assert repr(past[0]).encode() == repr(past[1]).encode()


def test_the_same_request_gives_the_same_bytes(tmp_path):
    loaded = with_feed(tmp_path, made_prices(27, seed=3))
    first, second = (run(request(loaded, against=tuple(OTHERS.values()))) for _ in range(2))
    assert canonical(document(first)) == canonical(document(second))
    assert events_parquet(first.replayed) == events_parquet(second.replayed)


def test_events_stream_as_parts_that_together_are_the_file(tmp_path):
    head, *rows = made_prices(27, seed=3).splitlines()
    fallen = [f"{row.split(',')[0]},1" for row in rows[-20:]]
    prices = "\n".join([head, *rows[:-20], *fallen]) + "\n"
    asked = request(with_feed(tmp_path, prices), against=tuple(OTHERS.values()))
    out, seen = tmp_path / "out", {}
    left = out / "events.parquet.parts" / "part-000999.parquet"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"of a run that was killed")
    with streamed_events(out) as take:

        def taken(index, result):
            take(index, result)
            seen.update({path.name: path.read_bytes() for path in left.parent.glob("*")})

        with spread(Where(), take=taken) as mapper:
            found = run(asked, mapper)
    assert len(seen) == len(found.replayed)
    assert left.name not in seen
    parts = [pq.read_table(io.BytesIO(seen[name])) for name in sorted(seen)]
    whole = pq.read_table(io.BytesIO(events_parquet(found.replayed)))
    assert whole.num_rows > 0
    assert pa.concat_tables(parts).equals(whole)
    assert not left.parent.exists()


def test_every_task_survives_pickling_and_the_order_of_work_changes_nothing(tmp_path):
    asked = request(with_feed(tmp_path, made_prices(27, seed=4)), against=(OTHERS["step-5"],))

    def elsewhere_and_backwards(work, tasks):
        done = [(at, work(pickle.loads(pickle.dumps(task)))) for at, task in enumerate(tasks)]  # noqa: S301
        return [result for _, result in sorted(done, key=lambda pair: pair[0])]

    assert canonical(document(run(asked, elsewhere_and_backwards))) == canonical(
        document(run(asked))
    )


def test_parameters_are_the_compiler_s_own_on_the_truncated_history(tmp_path):
    asked = request(with_feed(tmp_path, made_prices(27, seed=5)))
    task = compile_tasks(asked)[0]
    found = compile_fold(task)
    assert found.configuration is not None
    assert found.integers["band_up"] == found.configuration.band_up
    assert found.z > 0.0
    assert found.gaussian.decay_step != found.configuration.decay_step
    assert found.gaussian.band_up == found.configuration.band_up


def test_a_past_too_short_to_fit_is_a_refusal_with_a_reason_and_is_not_replayed(tmp_path):
    text = made_prices(27, seed=6)
    head, *rows = text.splitlines()
    late = [row for row in rows if int(row.split(",")[0]) > START + 24 * DAY]
    loaded = with_feed(tmp_path, "\n".join([head, rows[0], *late]) + "\n")
    asked = request(loaded, training=18, fold=5)
    found = [compile_fold(task) for task in compile_tasks(asked)]
    assert found[0].configuration is None
    assert "fewer than two answers" in found[0].refusal
    assert {task.compiled.fold.index for task in replay_tasks(asked, found)} <= {
        fold.fold.index for fold in found if fold.configuration is not None
    }


def two_feeds(tmp_path):
    """Two feeds that say the same, a tolerance of 20 % between them stated."""
    base = with_feed(tmp_path, made_prices(27, seed=7))
    asset = base.book.assets["eth"]
    secondary = asset.oracle.primary.model_copy(update={"history": None})
    stated = asset.market.deviation.at(asset.market.deviation.value * 40)
    oracle = asset.oracle.model_copy(update={"secondary": secondary, "tolerance": stated})
    book = base.book.model_copy(
        update={"assets": {**base.book.assets, "eth": asset.model_copy(update={"oracle": oracle})}}
    )
    return with_feed(
        tmp_path, made_prices(27, seed=7), "eth.secondary", type(base)(
            book, base.policy, base.inputs, base.histories, base.lines
        )
    )  # fmt: skip


def test_two_feeds_have_their_tolerance_fitted_to_the_past(tmp_path):
    two = two_feeds(tmp_path)
    assert np.isclose(float(two.book.assets["eth"].oracle.tolerance.value), 0.2)
    found = compile_fold(compile_tasks(request(two))[0])
    # Both feeds say the same, so that only their deviation thresholds are left.
    assert found.configuration.tolerance == pytest.approx(1_010, abs=1)


def calibrated_in(loaded, *, second=False):
    """The book on a calibration, of another feed's whole history, wherever it may rest on one."""
    evidence = calibrated(walk(3, scale=5e-3)).model_copy(
        update={"tolerance": Tolerance.model_construct(value=Estimate.model_construct(value=0.3))}
    )
    asset = loaded.book.assets["eth"]
    on = {"calibration": "known-later"}
    legs = {"primary": asset.oracle.primary.model_copy(update=on)}
    if second:
        legs |= {"secondary": asset.oracle.secondary.model_copy(update=on), "tolerance": None}
    updates = {
        "market": asset.market.model_copy(update=on),
        "oracle": asset.oracle.model_copy(update=on | legs),
    }
    book = loaded.book.model_copy(
        update={"assets": {**loaded.book.assets, "eth": asset.model_copy(update=updates)}}
    )
    return replace(loaded, book=book, calibrations={"known-later": evidence})


def test_a_fold_is_fitted_to_its_past_where_the_book_rests_on_a_calibration(tmp_path):
    loaded = with_feed(tmp_path, made_prices(27, seed=7))
    plain, of_a_calibration = (
        compile_fold(compile_tasks(request(one))[0]) for one in (loaded, calibrated_in(loaded))
    )
    assert of_a_calibration.configuration is not None
    assert of_a_calibration == plain


def test_a_calibrated_tolerance_is_refitted_to_both_feeds_past(tmp_path):
    two = calibrated_in(two_feeds(tmp_path), second=True)
    found = compile_fold(compile_tasks(request(two))[0])
    assert found.configuration.tolerance == pytest.approx(1_010, abs=1)
