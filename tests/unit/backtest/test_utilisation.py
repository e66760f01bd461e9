"""A loan market under flows: exact books, exact rates, borrowers who answer, lenders who wait."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paramgen.backtest.utilisation import (
    QUANTILES,
    UNIT,
    Lending,
    draw_flows,
    flows_of,
    run_lending,
    summarise,
)
from paramgen.mirror.rate import WAD, Curve, rate_per_second, supply_rate_per_second
from paramgen.params.rates import kinked_curve, rate_at_optimal

YEAR, DAY, HOUR = 31_536_000, 86_400, 3_600
ASKED = 0.06075


def integers(asked=ASKED, optimal=0.9, reserve=0.1, elasticity=0.42) -> Curve:
    curve = kinked_curve(rate_at_optimal(asked, optimal, reserve), 0.0, optimal, elasticity, 1.0)
    rates = (math.ceil(rate * WAD / YEAR) for rate in (0.0, curve.slope_low, curve.slope_high))
    return Curve(*rates, int(optimal * WAD))


MARKET = Lending(integers(), WAD // 10, 10e6, 90e6, 0.42, 3 * DAY)
STILL = np.zeros(24 * 365)

flows = st.lists(st.floats(-0.3, 0.3), min_size=1, max_size=60).map(np.array)


@given(flows=flows, wishes=st.floats(0.2, 3.0), elasticity=st.floats(0.0, 5.0))
def test_cash_borrows_and_reserves_are_the_supply_to_the_last_unit(flows, wishes, elasticity):
    lending = replace(MARKET, elasticity=elasticity)
    path = run_lending(lending, flows, HOUR, np.full(flows.size, wishes))
    left = (path.cash + path.borrows - path.reserves - path.supply) * UNIT
    assert np.abs(left).max() < 0.5
    assert np.all(path.waiting <= path.supply)
    for stock in (path.cash, path.borrows, path.supply, path.waiting):
        assert stock.min() >= 0.0
    assert path.utilisation.max() <= 1.0


@given(flows=flows)
def test_rates_are_those_of_the_contract_at_each_step(flows):
    path = run_lending(MARKET, flows, HOUR)
    cash = np.append(MARKET.cash, path.cash)
    borrows = np.append(MARKET.borrows, path.borrows)
    reserves = np.append(0.0, path.reserves)
    for row in range(flows.size):
        pool = (round(cash[row] * UNIT), round(borrows[row] * UNIT), round(reserves[row] * UNIT))
        rate = rate_per_second(MARKET.curve, *pool)
        assert path.borrow_rate[row] == pytest.approx(rate * YEAR / WAD)
        paid = supply_rate_per_second(MARKET.curve, *pool, MARKET.reserve_factor)
        # The supply rate takes the reserve factor and both roundings in one.
        assert path.lender_rate[row] == pytest.approx(paid * YEAR / WAD, rel=1e-6, abs=1e-9)


def test_a_market_at_its_optimum_pays_lenders_the_price_of_their_risk():
    """6.075 % at U* 0.9 and RF 0.1 takes 7.5 % of borrowers; spec 3.4."""
    found = run_lending(MARKET, STILL, HOUR)
    assert found.borrow_rate[0] == pytest.approx(0.075, rel=1e-9)
    assert found.lender_rate[0] == pytest.approx(ASKED, rel=1e-6)
    behaviour = summarise(found, MARKET.curve, ASKED)
    assert behaviour.pays  # left alone, interest drives it above the kink, not below
    assert found.utilisation[-1] < 0.91
    assert behaviour.dry_hours == 0.0


def test_the_second_slope_brings_a_full_market_back_from_the_edge():
    """ln(1/U*)/η: at U = 1 borrowers want U* of what they owed, so that cash comes back."""
    run = np.zeros(24 * 60)
    run[0] = -0.1  # all the cash there is
    found = run_lending(MARKET, run, HOUR)
    assert found.utilisation[1] == pytest.approx(1.0, abs=2e-3)
    assert found.utilisation[-1] < 0.96
    assert found.cash[-1] > 0.04 * found.supply[-1]
    deaf = run_lending(replace(MARKET, elasticity=0.0), run, HOUR)
    assert deaf.utilisation[-1] > 0.99


def test_withdrawals_beyond_the_cash_wait_and_go_before_new_loans():
    run = np.zeros(200)
    run[0] = -0.15
    found = run_lending(MARKET, run, HOUR)
    assert found.waiting[0] == pytest.approx(5e6, rel=1e-2)
    assert np.all(np.diff(found.waiting) <= 0.0)
    dry = found.waiting > 0.0
    assert np.all(found.cash[dry] <= found.reserves[dry] + 1e-6)
    assert np.all(np.diff(found.borrows[dry]) < 0.02 * 90e6)
    behaviour = summarise(found, MARKET.curve, ASKED)
    assert behaviour.dry_hours == np.count_nonzero(dry) > 0
    assert behaviour.most_waiting == found.waiting.max()


@given(seed=st.integers(0, 1_000))
@settings(max_examples=15, deadline=None)
def test_borrowers_who_answer_more_never_leave_lenders_waiting_longer_after_a_run(seed):
    outflow = float(np.random.default_rng(seed).uniform(0.1, 0.4))
    run = np.zeros(24 * 30)
    run[0] = -outflow
    hours = [
        summarise(run_lending(replace(MARKET, elasticity=e), run, HOUR), MARKET.curve, 0).dry_hours
        for e in (0.0, 0.2, 0.42, 1.0)
    ]
    assert hours == sorted(hours, reverse=True)


WEEKLY = {"outflow": 0.1, "window": 7 * DAY, "confidence": 0.99, "reversion": 30 * DAY}


def test_drawn_flows_lose_the_stated_share_of_a_window_with_the_stated_frequency():
    drawn = draw_flows(3, 24 * 7 * 6_000, HOUR, **WEEKLY)
    weeks = np.log1p(drawn).reshape(6_000, -1).sum(axis=1)
    assert np.mean(weeks < -0.1) == pytest.approx(0.01, abs=0.004)
    again = draw_flows(3, 10, HOUR, **WEEKLY)
    assert again.tobytes() == drawn[:10].tobytes()


def test_flows_of_a_history_are_its_steps():
    times = np.array([0, HOUR, 4 * HOUR])
    found = flows_of(times, np.array([100.0, 90.0, 99.0]), HOUR)
    assert found.tolist() == pytest.approx([-0.1, 0.0, 0.0, 0.1])
    with pytest.raises(ValueError, match="positive"):
        flows_of(times, np.array([100.0, 0.0, 99.0]), HOUR)


@pytest.mark.parametrize(
    ("elasticity", "wanted"),
    [(0.42, (0.883, 0.959, 0.285, 0.0694, 0.0)), (0.10, (0.884, 0.983, 0.308, 0.0761, 16.0))],
)
def test_a_year_of_drawn_flows_at_the_compiled_kink(elasticity, wanted):
    """The table of docs/backtest-positions.md: 10 % a week leaves at 99 %, kink and slopes at 0.42.

    Where borrowers answer four times less than the second slope was made for, withdrawals wait.
    """
    drawn = draw_flows(12, 24 * 365, HOUR, **WEEKLY)
    lending = replace(MARKET, elasticity=elasticity)
    found = summarise(run_lending(lending, drawn, HOUR), MARKET.curve, ASKED)
    quantiles = dict(zip(QUANTILES, found.quantiles, strict=True))
    shown = (quantiles[0.5], quantiles[0.99], found.above_kink, found.lender_return)
    assert (*shown, found.dry_hours) == pytest.approx(wanted, abs=5e-4)
    assert found.pays
