"""Tables and pictures of the market: they say what the numbers say."""

from __future__ import annotations

import numpy as np
import pytest

from paramgen.backtest.lending import LendingRun
from paramgen.backtest.liquidations import Terms, simulate
from paramgen.backtest.liquidity import PoolHistory, compare, naive_depth
from paramgen.backtest.outcome import Outcome
from paramgen.backtest.positions import Positions
from paramgen.backtest.served import Tape
from paramgen.backtest.utilisation import Lending, run_lending, summarise
from paramgen.mirror.rate import WAD, Curve
from paramgen.report.charts import draw
from paramgen.report.market import (
    bad_debt_table,
    depth_section,
    lending_table,
    paint_bad_debt,
    paint_lending,
    paint_slippage,
    rates_section,
    slippage_table,
)
from paramgen.report.page import Page, html

HOUR = 3_600


@pytest.fixture(scope="module")
def comparison():
    times = 1_678_406_400 + HOUR * np.arange(4, dtype=np.int64)
    liquidity = np.array([10**17, 10**17, 10**12, 0])
    pool = PoolHistory(times, np.array([0, 0, -50, -400]), liquidity, 6, 1)
    calm = pool.between(int(times[0]), int(times[2]))
    return compare(pool, naive_depth(calm), [1e5, 1e6], 1e-4)


def test_the_slippage_table_holds_promises_first_and_then_every_hour(comparison):
    table = slippage_table(comparison)
    assert table.columns[-2:] == ("sale of 100 000", "sale of 1 000 000")
    assert table.rows[0][-1] == "0.011 %"
    assert table.rows[2][:3] == ("2023-03-10 00:00", "0", "100 000 000 000")
    assert table.rows[4][-1] == "50.06 %"
    assert table.rows[5][-2:] == ("100 %", "100 %")
    assert len(slippage_table(comparison, every=2).rows) == 4


def test_the_slippage_picture_is_drawn_with_empty_hours_and_is_the_same_every_time(comparison):
    picture = draw(paint_slippage(comparison, 1), height=5.0)
    assert picture.startswith("<?xml")
    assert picture == draw(paint_slippage(comparison, 1), height=5.0)


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Outcome]:
    terms = Terms(0.85, 0.8, 0.05, 1.0, 0.95, 0.0, 0.0, Curve(0, 0, 0, WAD // 2), 1e6)
    book = Positions(np.array([1_000.0]), np.array([800.0]))
    count = np.arange(3, dtype=np.int64)
    price = np.array([1.0, 0.8, 0.7])

    def run(served: list[float]) -> Outcome:
        tape = Tape(HOUR * count, price, np.array(served), np.full(3, 1e12), count)
        return simulate(book, terms, tape)

    return {"live": run([1.0, 0.8, 0.7]), "paused": run([1.0, 0.0, 0.0])}


def test_the_table_of_bad_debt_holds_every_oracle_and_every_total(outcomes):
    table = bad_debt_table(outcomes)
    assert [row[0] for row in table.rows] == ["live", "paused"]
    live, paused = (dict(zip(table.columns, row, strict=True)) for row in table.rows)
    assert (live["bad debt at the end"], live["written off"]) == ("38.10", "38.10")
    assert (paused["bad debt at the end"], paused["liquidated"]) == ("133", "0")


def test_the_picture_of_bad_debt_is_the_same_every_time(outcomes):
    assert draw(paint_bad_debt(outcomes)) == draw(paint_bad_debt(outcomes))


@pytest.fixture(scope="module")
def lending():
    """Half of the cash asked back at once, and then more than there is."""
    curve = Curve(0, WAD // 20 // 31_536_000, WAD // 31_536_000, 9 * WAD // 10)
    market = Lending(curve, WAD // 10, 20e6, 80e6, 0.42, 3 * 86_400.0)
    return run_lending(market, np.array([0.0, -0.1, -0.2, *[0.0] * 97]), HOUR), curve


def test_the_table_of_lending_holds_returns_beside_what_lenders_ask(lending):
    path, curve = lending
    table = lending_table({"ours": summarise(path, curve, 0.06)})
    row = dict(zip(table.columns, table.rows[0], strict=True))
    assert row["lenders ask"] == "6.00 %"
    assert row["hours with withdrawals waiting"] == f"{np.count_nonzero(path.waiting):g}" != "0"
    assert row["99 % of hours below"] == "100.00 %"


def test_the_picture_of_lending_names_the_waiting(lending):
    path, curve = lending
    assert draw(paint_lending(path, curve, 0.06)) == draw(paint_lending(path, curve, 0.06))


def test_sections_say_what_is_drawn_and_what_is_taken(lending, comparison):
    path, curve = lending
    runs = [
        LendingRun("note", fold, 0, curve, 0.06, path, summarise(path, curve, 0.06))
        for fold in (0, 1)
    ]
    rates, depth = rates_section(runs), depth_section("pool", comparison, 2)
    assert rates.text[0].startswith("Synthetic")
    assert [row[0] for row in rates.blocks[0].rows] == ["fold 0", "fold 1"]
    assert "no TVL" in depth.text[0]
    page = html(Page("Market", "", (), (rates, depth)))
    assert page.count("<img") == 2
