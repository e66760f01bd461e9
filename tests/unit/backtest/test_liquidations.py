"""A book of borrowers: what is kept, who is liquidated, and what is lost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paramgen.backtest.liquidations import Terms, simulate
from paramgen.backtest.positions import Lognormal, Positions, draw_positions
from paramgen.backtest.served import Tape
from paramgen.mirror.rate import WAD, Curve, rate_per_second

YEAR = 31_536_000
HOUR = 3_600
FREE = Curve(0, 0, 0, WAD // 2)
KINKED = Curve(0, WAD // 20 // YEAR, WAD // 4 // YEAR, 9 * WAD // 10)
TERMS = Terms(
    threshold=0.85,
    loan_to_value=0.80,
    bonus=0.05,
    close_factor=0.5,
    full_close_health=0.95,
    gas=20.0,
    pool_fee=1e-4,
    curve=KINKED,
    cash=2e6,
)
PLAIN = replace(TERMS, close_factor=1.0, gas=0.0, pool_fee=0.0, curve=FREE)
ENDLESS = 1e18


def taped(price, served=None, depth=ENDLESS) -> Tape:
    """A tape by the hour, each hour with its own reading of depth."""
    price = np.array(price, dtype=np.float64)
    served = price if served is None else np.array(served, dtype=np.float64)
    count = np.arange(price.size, dtype=np.int64)
    depths = np.broadcast_to(np.array(depth, dtype=np.float64), price.shape)
    return Tape(HOUR * count, price, served, depths, count)


def one(debt=800.0, collateral=1_000.0) -> Positions:
    return Positions(np.array([collateral]), np.array([debt]))


def book(seed=1, count=50) -> Positions:
    return draw_positions(
        seed, count, Lognormal(1.5), total_debt=1e7, price=1.0, loan_to_value=0.8, usage=(5, 2)
    )


# What a run is held to.


FLOWS = ("repaid", "seized", "proceeds", "written_off", "interest", "drawn")


def plain_loop(positions: Positions, terms: Terms, tape: Tape) -> dict[str, float]:
    """The same market in plain words, one borrower at a time."""
    order = sorted(range(len(positions.debt)), key=lambda i: (-positions.debt[i], i))
    people = [
        {"d": positions.debt[i], "c": positions.collateral[i], "first": positions.debt[i]}
        for i in order
    ]
    people.insert(0, {"d": 0.0, "c": 0.0, "first": np.inf})
    pool = {"cash": terms.cash, "sold": 0.0, "reading": None}
    total = dict.fromkeys(FLOWS, 0.0)
    before = tape.times[0]
    rows = zip(tape.times, tape.price, tape.served, tape.depth, tape.reading, strict=True)
    for time, price, served, depth, reading in rows:
        if reading != pool["reading"]:
            pool["sold"], pool["reading"] = 0.0, reading
        owed = sum(p["d"] for p in people)
        rate = rate_per_second(terms.curve, round(pool["cash"] * 1e6), round(owed * 1e6), 0)
        for p in people:
            p["d"] *= 1.0 + rate * int(time - before) / WAD
        total["interest"] += owed * rate * int(time - before) / WAD
        if served > 0:
            amount = min(terms.overdraw * (time - before), pool["cash"])
            borrow_in_plain(people[0], pool, total, terms, (price, served, amount))
            for p in people:
                liquidate_in_plain(p, pool, total, terms, (price, served, depth))
        before = time
    total["debt"], total["collateral"] = (sum(p[key] for p in people) for key in "dc")
    total["cash"] = pool["cash"]
    total["shortfall"] = sum(
        max(0.0, p["d"] - p["c"] * tape.price[-1] / (1.0 + terms.bonus)) for p in people
    )
    return total


def borrow_in_plain(person, pool, total, terms, moment):
    price, served, amount = moment
    if terms.loan_to_value * served > price:
        person["d"] += amount
        person["c"] += amount / (terms.loan_to_value * served)
        pool["cash"] -= amount
        total["drawn"] += amount


def liquidate_in_plain(person, pool, total, terms, moment):
    price, served, depth = moment
    owed = person["d"]
    health = terms.threshold * served * person["c"] / owed if owed > 0 else np.inf
    if health >= 1.0:
        return
    wanted = owed * (1.0 if health < terms.full_close_health else terms.close_factor)
    tokens = min(wanted * (1.0 + terms.bonus) / served, person["c"])
    kept, sold = 1.0 - terms.pool_fee, pool["sold"]
    share = 1.0 + terms.gas / (terms.close_factor * person["first"])
    least = served / (1.0 + terms.bonus) * share  # the last unit must fetch this
    room = max(0.0, depth / kept * (np.sqrt(kept * price / least) - 1.0) - sold)
    tokens = min(tokens, room / price)
    repaid = tokens * served / (1.0 + terms.bonus)
    fetched = [kept * depth * q / (depth + kept * q) for q in (sold, sold + tokens * price)]
    pool["sold"] += tokens * price
    person["c"] -= tokens
    person["d"] = max(0.0, owed - repaid)
    pool["cash"] += repaid
    for key, value in (
        ("repaid", repaid),
        ("seized", tokens),
        ("proceeds", fetched[1] - fetched[0]),
    ):
        total[key] += value
    if person["c"] <= 1e-9:
        total["written_off"] += person["d"]
        person["d"] = person["c"] = 0.0


def wild_tape(seed: int) -> Tape:
    """Four days by ten minutes: falls, recovers, pauses, is served late; depth by the hour."""
    generator = np.random.default_rng(seed)
    count = 4 * 144
    price = np.exp(np.cumsum(generator.normal(-6e-4, 0.008, count)))
    served = np.roll(price, 2)
    served[:2] = price[0]
    served[generator.random(count) < 0.2] = 0.0
    times = 600 * np.arange(count, dtype=np.int64)
    reading = times // HOUR
    depth = np.exp(generator.normal(13.0, 3.0, int(reading[-1]) + 1))[reading]
    return Tape(times, price, served, depth, reading)


@pytest.mark.parametrize("seed", range(6))
def test_the_vectorised_book_is_the_plain_loop(seed):
    terms = replace(TERMS, overdraw=0.5 * (seed % 2))
    tape = wild_tape(seed)
    found, wanted = simulate(book(seed), terms, tape), plain_loop(book(seed), terms, tape)
    assert wanted["repaid"] > 1e5  # the tape does liquidate
    for key in FLOWS:
        assert getattr(found.series, key).sum() == pytest.approx(wanted[key], rel=1e-9, abs=1e-3)
    for key in ("debt", "collateral", "cash", "shortfall"):
        assert getattr(found.series, key)[-1] == pytest.approx(wanted[key], rel=1e-9, abs=1e-3)


@given(seed=st.integers(0, 10_000), overdraw=st.sampled_from([0.0, 3.0]))
@settings(max_examples=25, deadline=None)
def test_collateral_debt_and_cash_balance_to_the_cent(seed, overdraw):
    start = book(seed)
    found = simulate(start, replace(TERMS, overdraw=overdraw), wild_tape(seed))
    series = found.series
    owed = start.debt.sum() + series.interest.sum() + series.drawn.sum()
    assert owed == pytest.approx(
        series.repaid.sum() + series.written_off.sum() + series.debt[-1], abs=0.01
    )
    brought = start.collateral.sum() + series.deposited.sum()
    assert brought == pytest.approx(series.seized.sum() + series.collateral[-1], abs=0.01)
    assert series.cash[-1] == pytest.approx(
        TERMS.cash + series.repaid.sum() - series.drawn.sum(), abs=0.01
    )
    assert found.left.debt.sum() == pytest.approx(series.debt[-1], abs=0.01)
    assert found.left.collateral.sum() == pytest.approx(series.collateral[-1], abs=0.01)
    totals = found.totals
    assert totals.bad_debt == pytest.approx(series.written_off.sum() + series.shortfall[-1])
    assert totals.liquidation_loss == pytest.approx(
        series.seized @ found.tape.price - totals.liquidated
    )


@given(seed=st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_nothing_is_liquidated_or_drawn_in_a_pause(seed):
    tape = wild_tape(seed)
    series = simulate(book(seed), replace(TERMS, overdraw=3.0), tape).series
    paused = tape.served == 0.0
    for flow in (series.repaid, series.seized, series.proceeds, series.written_off, series.drawn):
        assert not flow[paused].any()


# Properties on falls; each says what it needs, since a book is monotone in nothing without.

falls = st.lists(st.floats(0.0, 0.12), min_size=2, max_size=14).map(
    lambda steps: np.exp(-np.cumsum([0.0, *steps]))
)
"""Prices that only fall."""


@given(price=falls, seed=st.integers(0, 99), depth=st.floats(0.0, 1e8))
def test_bad_debt_lies_between_that_of_endless_depth_and_that_of_none(price, seed, depth):
    """Any depth that pays out is better than none, and none better than endless."""
    endless, some, none = (
        simulate(book(seed), PLAIN, taped(price, depth=each)).totals.bad_debt
        for each in (ENDLESS, depth, 0.0)
    )
    assert endless <= some + 1e-3
    assert some <= none + 1e-3


@given(price=falls, seed=st.integers(0, 99), depth=st.floats(0.0, 1e8), share=st.floats(0.0, 1.0))
def test_thinner_depth_never_lowers_bad_debt(price, seed, depth, share):
    """At LT·(1+b) = 1, where a partial liquidation does not make a position healthy.

    Where it does, what was left of it can fall with a later gap, and a thinner pool that had
    liquidated it whole, for longer, would have spared that: no rule is monotone there.
    """
    terms = replace(PLAIN, threshold=1.0 / (1.0 + PLAIN.bonus))
    deep, thin = (
        simulate(book(seed), terms, taped(price, depth=each)).totals.bad_debt
        for each in (depth, share * depth)
    )
    assert deep <= thin + 1e-3


@given(
    price=falls,
    seed=st.integers(0, 99),
    depth=st.sampled_from([ENDLESS, 1e5, 1e7]),
    hours=st.tuples(*[st.integers(0, 14)] * 3),
)
def test_a_later_reset_never_lowers_bad_debt_where_the_price_only_falls(price, seed, depth, hours):
    trip, wait, longer = hours
    terms = replace(PLAIN, threshold=1.0 / (1.0 + PLAIN.bonus))
    lost = []
    for pause in (wait, wait + longer):
        served = price.copy()
        served[trip : trip + pause] = 0.0
        lost.append(simulate(book(seed), terms, taped(price, served, depth)).totals.bad_debt)
    assert lost[0] <= lost[1] + 1e-3


@given(
    price=falls,
    seed=st.integers(0, 99),
    thresholds=st.lists(st.floats(0.5, 0.95), min_size=2, max_size=2).map(sorted),
    empty=st.lists(st.booleans(), min_size=15, max_size=15),
)
def test_a_lower_threshold_never_raises_bad_debt(price, seed, thresholds, empty):
    """Hour by hour all can be sold or nothing: positions do not compete for what there is."""
    depth = np.where(empty, 0.0, ENDLESS)[: price.size]
    low, high = (
        simulate(book(seed), replace(PLAIN, threshold=t), taped(price, depth=depth)).totals.bad_debt
        for t in thresholds
    )
    assert low <= high + 1e-3


def test_a_deeper_pool_can_leave_more_bad_debt_where_a_partial_liquidation_heals():
    """Why the property above stands at LT·(1+b) = 1: LT 0.85, b 5 %, five hours at 0.93, then 0.50.

    The deeper pool stops as soon as the position is healthy; the thinner one, in smaller steps,
    has by then sold more of it, and less of it is left for the fall.
    """
    price = [1.0, *[0.93] * 5, 0.5]
    deep, thin = (simulate(one(), PLAIN, taped(price, depth=d)).totals for d in (4_000.0, 3_600.0))
    assert deep.liquidated < thin.liquidated
    lost = (deep.bad_debt, thin.bad_debt)
    assert lost == pytest.approx((280.31, 245.51), abs=0.01)


# Cases by hand.


def test_a_healthy_book_only_accrues():
    found = simulate(one(), replace(TERMS, cash=200.0), taped([1.0] * 25))
    rate = rate_per_second(KINKED, 200 * 10**6, 800 * 10**6, 0) / WAD
    assert found.series.utilisation[0] == pytest.approx(0.8)
    assert found.series.debt[1] == pytest.approx(800.0 * (1.0 + rate * HOUR))
    assert found.totals.liquidated == 0.0
    assert found.left.collateral[0] == 1_000.0


def test_half_is_closed_while_health_is_near_one_and_all_below():
    terms = replace(TERMS, curve=FREE, pool_fee=0.0, gas=0.0)
    half = simulate(one(), terms, taped([1.0, 0.92])).totals.liquidated
    whole = simulate(one(), terms, taped([1.0, 0.88])).totals.liquidated
    assert (half, whole) == (pytest.approx(400.0), pytest.approx(800.0))


def test_a_gap_through_the_bonus_leaves_what_the_collateral_does_not_repay():
    found = simulate(one(), PLAIN, taped([1.0, 0.80])).totals
    assert found.liquidated == pytest.approx(800.0 / 1.05)
    assert found.written_off == found.bad_debt == pytest.approx(800.0 - 800.0 / 1.05)
    assert found.liquidation_loss == pytest.approx(800.0 - 800.0 / 1.05)


def test_a_liquidator_stops_where_the_last_unit_does_not_pay():
    """Sale of Q into x·y = k: the price falls by 1/(1+b) at Q = R(√(1+b) − 1)."""
    reserve = 1_000.0
    found = simulate(one(), PLAIN, taped([1.0, 0.93], depth=reserve))
    sold = reserve * (np.sqrt(1.05) - 1.0)
    assert found.series.seized[1] * 0.93 == pytest.approx(sold)
    assert found.totals.slippage == pytest.approx(sold - reserve * sold / (reserve + sold))
    assert found.totals.peak_waiting == pytest.approx(800.0 - sold / 1.05)


def test_a_sale_is_not_made_good_before_the_next_reading_of_depth():
    tape = taped([1.0, 0.93, 0.93, 0.93], depth=1_000.0)
    tape = replace(tape, reading=np.array([0, 1, 1, 2]))
    repaid = simulate(one(), PLAIN, tape).series.repaid
    assert repaid[1] > 0.0
    assert repaid[2] == pytest.approx(0.0, abs=1e-9)
    assert repaid[3] > 0.0


def test_nobody_liquidates_for_less_than_fee_and_gas():
    fall = taped([1.0, 0.92])
    cheap, dear = (
        simulate(one(), replace(TERMS, curve=FREE, gas=gas), fall).totals.liquidated
        for gas in (15.0, 25.0)  # 5 % of the 400 that one liquidation repays is 20
    )
    assert cheap > 0.0 == dear
    assert simulate(one(), replace(PLAIN, pool_fee=0.05), fall).totals.liquidated == 0.0


def test_nobody_liquidates_at_a_price_that_the_market_does_not_pay():
    """A frozen price of 1 while the market pays 0.80: the bonus is no bonus."""
    found = simulate(one(840.0), PLAIN, taped([1.0, 0.80], [1.0, 1.0])).totals
    assert found.liquidated == 0.0
    assert found.bad_debt == pytest.approx(840.0 - 800.0 / 1.05)


def test_an_overstated_price_is_borrowed_against_until_the_cash_is_gone():
    terms = replace(PLAIN, cash=5_000.0, overdraw=1.0)
    found = simulate(one(100.0), terms, taped([1.0, 0.7, 0.7, 0.7], [1.0] * 4))
    assert found.series.drawn.tolist() == [0.0, 3_600.0, 1_400.0, 0.0]
    assert found.left.collateral[-1] == pytest.approx(5_000.0 / 0.8)
    assert found.totals.bad_debt == pytest.approx(5_000.0 - 5_000.0 / 0.8 * 0.7 / 1.05)
    paused = simulate(one(100.0), terms, taped([1.0, 0.7, 0.7, 0.7], [1.0, 0.0, 0.0, 0.0]))
    assert paused.totals.overdrawn == paused.totals.bad_debt == 0.0


def test_an_empty_tape_is_refused():
    with pytest.raises(ValueError, match="no moment"):
        simulate(one(), TERMS, taped([]))
