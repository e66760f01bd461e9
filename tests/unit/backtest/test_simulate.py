"""One path through feeds, oracle and position; worlds and policies of a book on the same draws."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from paramgen.backtest.simulate import (
    LIQUIDATED,
    OPEN,
    STUCK,
    Leg,
    Market,
    distribution,
    endure,
    simulate,
)
from paramgen.backtest.trials import AS_IT_STANDS, Plan, trials
from paramgen.edge.scale import task_seed
from paramgen.mirror.oracle import Configuration, Deployment, Oracle, State
from paramgen.params.history import History
from paramgen.scenarios.library import SCENARIOS
from paramgen.scenarios.paths import MARK, JumpDiffusion
from tests.support.rwa import loaded

HOUR = 3_600
CONFIGURATION = Configuration(
    primary_staleness=2 * HOUR,
    secondary_staleness=2 * HOUR,
    maximum_age=5 * HOUR,
    decay_step=0,
    decay_rate=0,
    decay_floor=0,
    band_up=5_000,
    band_down=5_000,
    band_windows=1,
    band_window=24 * HOUR,
    accrual=0,
    tolerance=1_000,
    confirm_delay=600,
)
MARKET = Market(
    policy="ours",
    oracle=Oracle(
        Deployment(8, None, 10**6, 10**10), CONFIGURATION, State.seeded(10**8, 1_700_000_000)
    ),
    legs=(Leg(HOUR, 0.005),),
    poke=HOUR,
    delay=2 * HOUR,
    reset_after=None,
    ltv=0.80,
    threshold=0.84,
    rate=0.1,
)


def through(values, market=MARKET, efficiency=0.97):
    values = np.asarray(values, dtype=np.float64)
    return endure(market, HOUR * np.arange(values.size), values, efficiency)


def test_a_value_that_stays_leaves_the_position_open():
    found = through(np.ones(20))
    assert found["outcome"] == OPEN
    assert found["bad_debt"] == 0.0
    assert found["trips"] == 0
    assert found["paused"] == 0.0


def test_a_slow_fall_inside_the_band_is_liquidated_after_the_delay_at_the_value_then():
    """4 % down: 0.80 of debt against 0.84·0.96 is not liquidable; at 0.95 it is."""
    values = [1.0, 0.96, 0.952, 0.951, 0.95, 0.95, 0.95]
    found = through(values)
    assert found["outcome"] == LIQUIDATED
    assert found["sold_after"] == 4 * HOUR  # liquidable at the second hour, two hours' delay
    assert found["bad_debt"] == 0.0


def test_a_sale_below_the_debt_is_bad_debt_of_just_that_much():
    values = [1.0, 0.951, 0.951, 0.951, 0.951]
    found = through(values, efficiency=0.8)
    debt = 0.80 * np.exp(0.1 * 2 * HOUR / 31_536_000)
    assert found["bad_debt"] == pytest.approx(1.0 - 0.951 * 0.8 / debt)


def test_a_jump_through_the_band_trips_and_what_nobody_may_sell_is_stuck():
    found = through([1.0, 1.0, *[0.6] * 10])
    assert found["outcome"] == STUCK
    assert found["trips"] == 1
    assert found["paused"] > 0.5
    assert found["bad_debt"] == pytest.approx(1.0 - 0.6 * 0.97 / 0.80)


def test_a_reset_lets_the_same_jump_be_liquidated():
    found = through([1.0, 1.0, *[0.6] * 10], replace(MARKET, reset_after=3 * HOUR))
    assert found["outcome"] == LIQUIDATED
    assert found["sold_after"] == (2 + 3 + 2) * HOUR


def test_a_value_of_nothing_is_no_answer_and_ends_stuck():
    found = through([1.0, 1.0, *[0.0] * 12])
    assert found["outcome"] == STUCK
    assert found["bad_debt"] == 1.0


def test_a_published_value_comes_with_its_heartbeat_alone():
    """Without a deviation trigger the fall is not said before the next day."""
    slow = replace(MARKET, legs=(Leg(24 * HOUR, 0.0),), oracle=calm(30 * HOUR))
    values = np.where(np.arange(30) < 2, 1.0, 0.95)
    assert through(values, slow)["sold_after"] == 26 * HOUR
    assert through(values)["sold_after"] == 4 * HOUR


def calm(staleness):
    wider = replace(CONFIGURATION, primary_staleness=staleness, maximum_age=100 * HOUR)
    return replace(MARKET.oracle, configuration=wider)


@pytest.fixture(scope="module")
def planned():
    scenarios = {name: SCENARIOS[name] for name in ("all at once", "redemption held up")}
    return Plan(
        policies={"a": loaded(), "b": loaded()},
        assets=("firex-hash-power", "buidl"),
        scenarios=scenarios,
        paths=5,
        block=2,
        seconds=10 * 86_400,
        reset_after=86_400,
        seed=3,
    )


def test_trials_split_paths_and_leave_out_scenarios_that_do_not_concern_an_asset(planned):
    found = trials(planned)
    assert sorted(found) == [
        f"{asset}/{first:09d}" for asset in ("buidl", "firex-hash-power") for first in (0, 2, 4)
    ]
    assert [trial.paths for key, trial in sorted(found.items())] == [2, 2, 1] * 2
    worlds = {t.asset: [w.scenario for w in t.worlds] for t in found.values()}
    assert worlds["buidl"] == [AS_IT_STANDS, "all at once", "redemption held up"]
    assert worlds["firex-hash-power"] == [AS_IT_STANDS, "all at once"]


def test_a_scenario_moves_the_world_and_never_what_is_on_chain(planned):
    trial = trials(planned)["buidl/000000000"]
    calm_world, stressed = trial.worlds[:2]
    assert stressed.model.volatility == pytest.approx(2.0 * calm_world.model.volatility)
    assert stressed.efficiency <= calm_world.efficiency <= 1.0
    assert trial.markets[0].oracle == trial.markets[1].oracle


def test_the_same_policy_twice_gives_the_same_rows_on_the_same_draws(planned):
    trial = trials(planned)["firex-hash-power/000000000"]
    rows = simulate(trial, task_seed(3, "firex-hash-power/000000000"))
    ours = [row for row in rows if row["policy"] == "a"]
    theirs = [{**row, "policy": "a"} for row in rows if row["policy"] == "b"]
    assert ours == theirs
    assert rows == simulate(trial, task_seed(3, "firex-hash-power/000000000"))
    other = simulate(trial, task_seed(3, "firex-hash-power/000000002"))
    assert [row["worst"] for row in rows] != [row["worst"] for row in other]


def test_every_row_says_that_it_is_synthetic(planned):
    trial = trials(planned)["buidl/000000000"]
    for row in simulate(trial, task_seed(3, "k")):
        assert row["label"].startswith(f"{MARK}: Merton")
        assert row["label"].endswith("seed 3")
    found = distribution(simulate(trial, task_seed(3, "k")), 0.99)
    assert found.label.startswith(MARK)


def test_a_like_asset_s_returns_are_resampled_and_widened_by_the_scenario(planned):
    """Bare of jumps, every return drawn is one of the history's, or twice it under the scenario."""
    times = 3_600.0 * np.arange(200)
    steps = np.random.default_rng(6).choice([-0.002, 0.001, 0.003], 199)
    prices = np.exp(np.concatenate([[0.0], np.cumsum(steps)]))
    like = replace(planned, like=History(times, prices, 0), assets=("buidl",))
    trial = trials(like)["buidl/000000000"]
    calm_world, stressed = trial.worlds[:2]
    assert stressed.returns == pytest.approx(2.0 * calm_world.returns)
    still = JumpDiffusion(0.0, 0.0, np.zeros(1), np.zeros(1))
    alone = replace(trial, worlds=(replace(calm_world, model=still),), markets=trial.markets[:1])
    (first, second) = simulate(alone, task_seed(3, "k"))
    assert first["label"].startswith(f"{MARK}: stationary block bootstrap of 199 returns")
    assert first["worst"] != second["worst"]
    drawn = np.log(first["worst"]) / 0.001
    assert drawn == pytest.approx(round(drawn), abs=1e-6)


def test_a_distribution_counts_every_path():
    base = {"asset": "a", "scenario": "s", "policy": "p", "label": "l", "paused": 0.0, "trips": 0}
    rows = [{**base, "outcome": OPEN, "bad_debt": 0.0} for _ in range(98)]
    rows += [{**base, "outcome": LIQUIDATED, "bad_debt": debt} for debt in (0.1, 0.3)]
    found = distribution(rows, 0.98)
    assert found.paths == 100
    assert found.liquidated == pytest.approx(0.02)
    assert found.with_bad_debt == pytest.approx(0.02)
    assert found.mean == pytest.approx(0.004)
    assert (found.quantile, found.worst) == (0.1, 0.3)
