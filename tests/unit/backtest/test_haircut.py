"""The haircut of each date against the horizon after it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from paramgen.backtest.haircut import haircut_test
from paramgen.backtest.statistics import kupiec

HOUR = 3_600
TIMES = HOUR * np.arange(6, dtype=np.int64)
PRICES = np.array([1.0, 0.95, 0.90, 0.99, 0.50, 0.50])


def held(kept: float, horizon: int = HOUR, **options):
    dates = TIMES
    return haircut_test(TIMES, PRICES, dates, np.full(dates.size, kept), horizon, **options)


def test_a_loss_beyond_the_haircut_is_an_exception_and_one_at_it_is_not():
    found = held(0.95)
    assert found.dates.tolist() == TIMES[:-1].tolist()
    assert found.loss.tolist() == pytest.approx([0.05, 1 - 0.90 / 0.95, -0.1, 1 - 0.5 / 0.99, 0.0])
    assert found.exceptions.tolist() == [False, True, False, True, False]


def test_dates_without_a_whole_horizon_are_left_out():
    assert held(0.9, horizon=4 * HOUR).dates.tolist() == [0, HOUR]


def test_the_growth_of_debt_counts_as_loss():
    found = held(0.95, debt_rate=math.log(1.02) / HOUR)
    assert found.loss[0] == pytest.approx(1.0 - 0.95 / 1.02)
    assert found.exceptions[0]


def test_a_date_before_the_history_is_refused():
    with pytest.raises(ValueError, match="before the first"):
        haircut_test(TIMES, PRICES, np.array([-1]), np.array([0.9]), HOUR)


def test_exceptions_of_a_known_tail_pass_kupiec():
    generator = np.random.default_rng(5)
    prices = np.exp(np.cumsum(generator.normal(0.0, 0.02, 4_001)))
    times = HOUR * np.arange(4_001, dtype=np.int64)
    kept = np.full(times.size, math.exp(-2.326 * 0.02))
    found = haircut_test(times, prices, times, kept, HOUR)
    assert not kupiec(int(found.exceptions.sum()), found.exceptions.size, 0.01).rejected
