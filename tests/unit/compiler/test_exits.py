"""Exits together: nothing is dropped, what is left over waits, and stress never helps."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paramgen.compiler.asset import stressed_price
from paramgen.compiler.build import fit_book
from paramgen.compiler.exits import Exit, split_sale
from paramgen.compiler.premia import benchmark
from paramgen.compiler.stress import DIRECTION, LARGEST_SHOCK
from paramgen.model.pricing import UNSTRESSED, shocked
from paramgen.params.binding import ParameterError
from paramgen.scenarios.library import MULTIPLIERS
from tests.support.rwa import loaded

RATE = 0.10
DAY = 1 / 365


def waiting(route, time):
    return route.fee + RATE * time


def redemption(capacity, days=1.0):
    return Exit("redemption", 0.0, days * DAY, capacity)


def pool(reserve):
    return Exit("pool", 0.0, 0.0, math.inf, reserve=reserve)


def test_a_sale_within_capacity_waits_once():
    assert split_sale([redemption(100.0)], 100.0, waiting) == pytest.approx(RATE * DAY)


def test_what_is_left_over_waits_its_turn_and_counts_when_the_last_is_paid():
    # A quarter at once, three quarters by the fourth day.
    expected = (0.25 * 1 + 0.75 * 4) * RATE * DAY
    assert split_sale([redemption(25.0)], 100.0, waiting) == pytest.approx(expected)


def test_nobody_sells_into_a_thin_pool_what_redeems_next_week():
    alone = split_sale([redemption(25.0)], 100.0, waiting)
    assert split_sale([redemption(25.0), pool(1.0)], 100.0, waiting) <= alone


def test_a_deep_pool_spares_the_queue():
    alone = split_sale([redemption(1.0)], 100.0, waiting)
    assert split_sale([redemption(1.0), pool(1e6)], 100.0, waiting) < alone


def test_a_remainder_without_a_queue_is_an_error_not_a_zero():
    book = Exit("book", 0.0, 0.0, 50.0, mid=1.0, prices=(1.0,), sizes=(50.0,))
    with pytest.raises(ParameterError, match="do not take the sale"):
        split_sale([book], 100.0, waiting)


@given(
    capacity=st.floats(1.0, 1e4),
    days=st.floats(0.1, 90.0),
    share=st.floats(0.05, 1.0),
    slower=st.floats(1.0, 8.0),
)
def test_less_capacity_and_more_time_never_make_an_exit_cheaper(capacity, days, share, slower):
    better = split_sale([redemption(capacity, days)], 1_000.0, waiting)
    worse = split_sale([redemption(capacity * share, days * slower)], 1_000.0, waiting)
    assert worse >= better - 1e-12


@pytest.mark.parametrize("name", sorted(loaded().book.assets))
def test_every_asset_has_a_price_under_every_stress(name):
    """A stress passes the policy's ceilings and exhausts exits; it must be priced all the same."""
    fits, _ = fit_book(loaded())

    def price(by):
        book, policy = loaded().book, loaded().policy
        return stressed_price(
            name, book, policy, benchmark(book), fits[name], stress=by, bonus=0.05
        )

    calm = price(UNSTRESSED)
    for by in (*MULTIPLIERS.values(), shocked(DIRECTION, LARGEST_SHOCK)):
        found = price(by)
        assert math.isfinite(found.composite_yield)
        assert found.composite_yield >= calm.composite_yield - 1e-12
        assert found.ordinary <= calm.ordinary + 1e-12
        assert found.recovered_tail <= calm.recovered_tail + 1e-12
