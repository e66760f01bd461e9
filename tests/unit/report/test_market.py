"""Tables and pictures of the market: they say what the numbers say."""

from __future__ import annotations

import numpy as np
import pytest

from paramgen.backtest.liquidity import PoolHistory, compare, naive_depth
from paramgen.report.charts import draw
from paramgen.report.market import paint_slippage, slippage_table

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
