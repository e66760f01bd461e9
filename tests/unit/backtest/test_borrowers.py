"""A book of borrowers on the terms that landed, under each policy and its resets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from paramgen.backtest.borrowers import CALM, landed_terms
from paramgen.backtest.liquidity import PoolHistory, active_depth
from paramgen.backtest.policies import NoBreaker, SingleStep, TvlDepth
from paramgen.backtest.run import Episode, all_book_tasks, compile_fold, compile_tasks, run
from paramgen.backtest.summary import document
from paramgen.encode import BY_NAME
from tests.support.feeds import DAY, HOUR, START, made_prices, request, with_feed

FALL = START + 26 * DAY


def pool() -> PoolHistory:
    """Deep until the fall, a hundredth of it from then on; par, six decimals."""
    times = np.arange(START - CALM, START + 32 * DAY, HOUR, dtype=np.int64)
    liquidity = np.where(times < FALL, 10**13, 10**11).astype(np.int64)
    return PoolHistory(times, np.zeros(times.size, dtype=np.int64), liquidity, 6, 1)


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """A fall of a quarter at once, six days into the second fold."""
    head, *rows = made_prices(30, seed=31, step=0.001).splitlines()
    fallen = [
        f"{time},{float(price) * (0.75 if int(time) >= FALL else 1.0):.8f}"
        for time, price in (row.split(",") for row in rows)
    ]
    loaded = with_feed(tmp_path_factory.mktemp("book"), "\n".join([head, *fallen]) + "\n")
    episode = Episode("fall", "eth", FALL - HOUR, FALL + 3 * DAY)
    against = (SingleStep.of(0.05), TvlDepth(), NoBreaker())
    return replace(request(loaded, against=against, episodes=(episode,)), pools={"eth": pool()})


@pytest.fixture(scope="module")
def ran(asked):
    return run(asked)


def test_a_book_is_run_only_where_an_episode_is_for_each_policy_and_reset(ran):
    assert {one.fold for one in ran.books} == {1}
    names = [one.name for one in ran.books]
    resets = ("no reset", "reset 6 h", "reset 24 h")
    guarded = [
        f"{name}, {reset}" for name in ("paramgen", "step-5", "tvl-depth") for reset in resets
    ]
    assert names == [*guarded, "no-breaker"]
    assert len(document(ran)["books"]) == len(names)


def test_the_book_stands_on_the_integers_that_landed(asked):
    compiled = [compile_fold(task) for task in compile_tasks(asked)]
    task = all_book_tasks(asked, compiled)[0]
    integers = task.compiled.integers
    assert task.terms.threshold == float(BY_NAME["liquidation_threshold"].decode(
        integers["liquidation_threshold"]))  # fmt: skip
    assert task.terms.curve.kink == integers["kink"]
    ceiling = float(BY_NAME["debt_ceiling"].decode(integers["debt_ceiling"]))
    assert task.positions.debt.sum() == pytest.approx(ceiling, rel=1e-6)
    worth = task.positions.collateral * task.tape.primary.answers[0] / 1e8
    assert (task.positions.debt <= worth * task.terms.loan_to_value * (1 + 1e-9)).all()
    assert ceiling / (ceiling + task.terms.cash) == pytest.approx(integers["kink"] / 1e18)
    again = landed_terms(integers, asked.loaded.book.assets["eth"], asked.loaded.policy)
    assert again == task.terms


def test_tvl_promises_the_depth_of_the_calm_and_the_market_has_what_is_left(asked):
    compiled = [compile_fold(task) for task in compile_tasks(asked)]
    depths = {task.policy.name: task.market.depth for task in all_book_tasks(asked, compiled)}
    calm = active_depth(pool())[0]
    assert depths["tvl-depth"] == pytest.approx(calm)
    assert depths["paramgen"][-1] == pytest.approx(calm / 100.0)


def test_a_pause_liquidates_nothing_and_its_reset_goes_on_with_it(ran):
    totals = {one.name: one.outcome.totals for one in ran.books}
    assert totals["paramgen, no reset"].liquidated == 0.0
    assert totals["paramgen, reset 6 h"].liquidated > 0.0
    assert totals["no-breaker"].liquidated > 0.0
    promised, met = totals["tvl-depth, reset 6 h"], totals["paramgen, reset 6 h"]
    assert promised.liquidated > 10.0 * met.liquidated
