"""Position impact: the arrays beside a plain loop over positions, and what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paramgen.backtest.impact import (
    TODAY,
    Change,
    Fall,
    Snapshot,
    Terms,
    by_case,
    impacts,
    rates,
)
from paramgen.encode import Word
from paramgen.mirror.rate import WAD, Curve
from tests.support.markets import RATE, word_of

CURVE = Curve(**RATE)


@st.composite
def markets(draw):
    """Up to two markets, their terms before and after, and up to thirty positions in them."""
    terms = st.builds(Terms, st.integers(0, 10_000), st.integers(0, 5_000), st.just(CURVE))
    changes = [
        Change(name, draw(terms), draw(terms), draw(st.integers(1, 10**14)),
               draw(st.sampled_from([0, 6, 8, 18])))
        for name in ("a", "b")
    ]  # fmt: skip
    rows = draw(
        st.lists(
            st.tuples(
                st.sampled_from("xyz"),
                st.sampled_from("ab"),
                st.integers(0, 10**26),
                st.integers(0, 10**20),
            ),
            max_size=30,
        )
    )
    falls = draw(st.lists(st.builds(Fall, st.just("fall"), st.integers(0, WAD)), max_size=2))
    return changes, rows, tuple(falls)


def snapshot_of(rows):
    columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
    return Snapshot(*(np.array(column, dtype=object) for column in columns))


def one_by_one(change, fall, rows):
    """The same figures by a plain loop: count, debt, value, bad debt and bonus of each side."""
    sides = {"before": [0] * 5, "after": [0] * 5, "newly": [0] * 5}
    accounts = []
    for account, asset, amount, debt in rows:
        if asset != change.asset:
            continue
        worth = amount * change.price // 10**change.decimals * fall.kept // WAD
        before = debt * 10_000 > worth * change.before.threshold
        after = debt * 10_000 > worth * change.after.threshold
        for name, holds, terms in (
            ("before", before, change.before),
            ("after", after, change.after),
            ("newly", after and not before, change.after),
        ):
            if holds:
                paid = min(debt, worth * 10_000 // (10_000 + terms.bonus))
                bonus = -(-paid * terms.bonus // 10_000)
                figures = (1, debt, worth, debt - paid, bonus)
                sides[name] = [a + b for a, b in zip(sides[name], figures, strict=True)]
        if after and not before and account not in accounts:
            accounts.append(account)
    return sides, tuple(accounts)


@settings(deadline=None, max_examples=200)
@given(markets())
def test_the_arrays_say_what_a_loop_over_positions_says_to_the_last_unit(drawn):
    changes, rows, falls = drawn
    found = list(impacts(snapshot_of(rows), changes, {"a": falls, "b": falls}))
    assert len(found) == len(changes) * (1 + len(falls))
    for each in found:
        change = next(c for c in changes if c.asset == each.asset)
        sides, accounts = one_by_one(change, each.fall, rows)
        for name, figures in sides.items():
            assert list(vars(getattr(each, name)).values()) == figures
        assert each.accounts == accounts


@settings(deadline=None, max_examples=100)
@given(markets(), st.integers(0, WAD), st.integers(0, WAD))
def test_a_deeper_fall_never_leaves_less_bad_debt_or_fewer_liquidatable(drawn, one, other):
    changes, rows, _ = drawn
    falls = (Fall("deep", min(one, other)), Fall("shallow", max(one, other)))
    found = list(impacts(snapshot_of(rows), changes, {"a": falls, "b": falls}))
    for deep, shallow in ((found[i + 1], found[i + 2]) for i in (0, 3)):
        assert deep.after.count >= shallow.after.count
        assert deep.after.bad_debt >= shallow.after.bad_debt


def test_nobody_is_newly_liquidatable_where_nothing_changes():
    terms = Terms(8_000, 500, CURVE)
    change = Change("a", terms, terms, 10**8, 6)
    rows = [("x", "a", 10**6, 79 * 10**6), ("y", "a", 10**6, 81 * 10**6)]
    (today,) = impacts(snapshot_of(rows), [change], {})
    assert (today.before, today.newly.count, today.accounts) == (today.after, 0, ())
    assert today.fall is TODAY


def test_a_position_exactly_at_its_threshold_may_not_be_liquidated():
    change = Change("a", Terms(8_000, 0, CURVE), Terms(8_000, 0, CURVE), 10**8, 0)
    found = [
        next(iter(impacts(snapshot_of([("x", "a", 100, debt)]), [change], {}))).after.count
        for debt in (80 * 10**8, 80 * 10**8 + 1)
    ]
    assert found == [0, 1]


def test_cases_are_summed_over_the_markets_that_they_concern():
    change = [Change(n, Terms(0, 0, None), Terms(0, 0, None), 10**8, 0) for n in ("a", "b")]
    rows = [("x", "a", 1, 10**8), ("x", "b", 1, 10**8)]
    found = list(impacts(snapshot_of(rows), change, {"b": (Fall("own", WAD // 2),)}))
    today, own = by_case(found)
    assert (today.asset, today.after.count, today.after.debt) == ("in 2 markets", 2, 2 * 10**8)
    assert (own.asset, own.after.count, own.after.bad_debt) == ("in 1 market", 1, 10**8 // 2)


def test_rates_are_the_contract_s_own_at_the_utilisation_asked():
    words = {Word.COLLATERAL: word_of(Word.COLLATERAL), Word.RATE: word_of(Word.RATE)}
    before = Terms.of(words)
    after = Terms.of({**words, Word.RATE: word_of(Word.RATE, slope_1=2 * RATE["slope_1"])})
    change = Change("a", before, after, 10**8, 0)
    rows = [("x", "a", 1, 1_000 * 10**8)]
    (found,) = rates(snapshot_of(rows), [change], 0.9, 0.1)
    at_kink = (RATE["base_rate"] + RATE["slope_1"]) * 31_536_000 / WAD
    assert found.borrow[0] == pytest.approx(at_kink)
    assert found.supply[0] == pytest.approx(at_kink * 0.9 * 0.9)
    assert found.paid[1] - found.paid[0] == pytest.approx(
        1_000 * RATE["slope_1"] * 31_536_000 / WAD
    )
