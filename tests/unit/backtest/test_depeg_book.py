"""The USDC depeg of March 2023 on a simulated book: what a breaker, its reset and depth cost."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from paramgen.backtest.liquidations import Terms, compare_oracles
from paramgen.backtest.liquidity import active_depth, naive_depth
from paramgen.backtest.outcome import Outcome
from paramgen.backtest.positions import Lognormal, draw_positions
from paramgen.backtest.replay import Replay, Rounds, replay
from paramgen.backtest.served import Market
from paramgen.mirror.oracle import Configuration, Deployment, Oracle, State
from paramgen.mirror.rate import WAD, Curve
from tests.support.histories import usdc_minutes, usdc_pool

HOUR, DAY, YEAR = 3_600, 86_400, 31_536_000
START = 1_678_406_400  # 2023-03-10T00:00Z
END = START + 4 * DAY
TROUGH = START + DAY + 7 * HOUR + 15 * 60
PAR = 10**8
TERMS = Terms(
    threshold=0.95,
    loan_to_value=0.93,
    bonus=0.02,
    close_factor=0.5,
    full_close_health=0.95,
    gas=20.0,
    pool_fee=1e-4,
    curve=Curve(0, WAD // 20 // YEAR, WAD // 4 // YEAR, 9 * WAD // 10),
    cash=11e6,
)
BOOK = draw_positions(
    20230310, 2_000, Lognormal(1.5), total_debt=1e8, price=1.0, loan_to_value=0.93, usage=(5, 2)
)


@dataclass(frozen=True)
class Depeg:
    """One book, the market by the minute, and a breaker with its resets."""

    market: Market
    calm_depth: float
    rounds: Rounds
    replays: dict[str, Replay]

    def outcomes(self, terms: Terms = TERMS, depth: float | None = None) -> dict[str, Outcome]:
        market = self.market
        if depth is not None:
            market = replace(market, depth=np.full(market.depth.shape, depth))
        return compare_oracles(BOOK, terms, market, self.replays, primary=self.rounds, decimals=8)


def hour_breaker() -> Oracle:
    """60 minutes and 25 bp, which spec 3.6 names: no alarm in the calm days before.

    Declared, so that what is tested here is the book; fitted pairs lie between 10 and 25 bp and
    trip in the same minute (`test_the_hourly_pair_fires_at_the_first_sign_of_the_usdc_depeg`).
    """
    band = 250  # 1e-5
    configuration = Configuration(
        primary_staleness=HOUR,
        secondary_staleness=HOUR,
        maximum_age=2 * DAY,
        decay_step=1_000,
        decay_rate=10_000,
        decay_floor=0,
        band_up=band,
        band_down=band,
        band_windows=1,
        band_window=HOUR,
        accrual=0,
        tolerance=100,
        confirm_delay=600,
    )
    return Oracle(
        Deployment(8, None, PAR // 100, 100 * PAR), configuration, State.seeded(PAR, START - 60)
    )


@pytest.fixture(scope="module")
def depeg() -> Depeg:
    history, pool = usdc_minutes(), usdc_pool()
    rounds = Rounds(history.times.astype(np.int64), np.round(history.prices * PAR).astype(np.int64))
    moments = np.arange(START, END, 60, dtype=np.int64)
    every = np.ones(moments.size, dtype=bool)
    resets = {"no reset": None, "reset after 6 h": 6 * HOUR, "reset after 24 h": 24 * HOUR}
    return Depeg(
        Market(rounds.times, history.prices, pool.times, active_depth(pool)),
        naive_depth(pool.between(START - 30 * DAY, START)).concentrated,
        rounds,
        {
            name: replay(hour_breaker(), rounds, None, moments, every, reset_after=seconds)
            for name, seconds in resets.items()
        },
    )


def thousands(outcomes: dict[str, Outcome]) -> dict[str, tuple[float, ...]]:
    """Bad debt at its worst, debt liquidated, most debt waiting, overdrawn; thousands of USD."""
    return {
        name: tuple(
            round(value / 1e3)
            for value in (
                totals.peak_bad_debt, totals.liquidated, totals.peak_waiting, totals.overdrawn,
            )
        )
        for name, totals in ((name, outcome.totals) for name, outcome in outcomes.items())
    }  # fmt: skip


def test_the_breaker_trips_at_2152_before_the_price_passes_97(depeg):
    trips = {name: found.trips[0] for name, found in depeg.replays.items()}
    assert set(trips.values()) == {START + 21 * HOUR + 52 * 60}
    assert depeg.replays["reset after 6 h"].resets[0] == START + 27 * HOUR + 52 * 60


@pytest.fixture(scope="module")
def active(depeg) -> dict[str, Outcome]:
    return depeg.outcomes()


def test_bad_debt_by_reset_delay(active):
    """The table of docs/backtest-positions.md."""
    assert thousands(active) == {
        "no reset": (226, 0, 0, 0),
        "reset after 6 h": (134, 2_069, 4_103, 0),
        "reset after 24 h": (226, 305, 1, 0),
        "no breaker": (99, 2_103, 12_206, 0),
        "frozen price": (226, 0, 0, 0),
    }


def test_the_book_survives_because_the_price_comes_back(active):
    for outcome in active.values():
        assert outcome.totals.bad_debt < 1_000.0 < outcome.totals.peak_bad_debt


def test_a_frozen_price_is_borrowed_against_until_the_cash_is_gone(depeg):
    """1 000 USD a second; a pause cannot be borrowed against, nor can a price that follows."""
    found = depeg.outcomes(replace(TERMS, overdraw=1_000.0))
    assert thousands(found)["frozen price"] == (617, 0, 0, 11_000)
    assert found["frozen price"].series.utilisation.max() == 1.0
    assert all(
        outcome.totals.overdrawn == 0.0 for name, outcome in found.items() if name != "frozen price"
    )


def test_depth_from_tvl_would_have_liquidated_what_active_depth_could_not(depeg):
    naive = thousands(depeg.outcomes(depth=depeg.calm_depth))
    assert naive["no breaker"] == (0, 10_129, 31, 0)


def test_the_worst_of_the_bad_debt_stands_at_the_trough(active):
    outcome = active["no reset"]
    assert outcome.tape.times[np.argmax(outcome.series.bad_debt)] == pytest.approx(TROUGH, abs=HOUR)
    assert outcome.totals.liquidated == 0.0
