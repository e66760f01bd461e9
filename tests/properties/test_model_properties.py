"""Laws the risk model obeys everywhere: monotone, bounded, cash conserved, NaN carried through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paramgen.model import amm, counterparty, credit, curve, liquidity, pricing, structure

law = settings(deadline=None, max_examples=60)

fractions = st.floats(0.0, 1.0)
interior = st.floats(1e-4, 0.9999)
correlations = st.floats(0.01, 0.95)
money = st.floats(1.0, 1e9)
years = st.floats(1e-3, 10.0)
nan = float("nan")


# Curve


@law
@given(st.lists(st.floats(0.001, 0.12), min_size=5, max_size=5))
def test_any_curve_without_negative_forwards_reprices_its_par_yields(yields: list[float]) -> None:
    par = dict(zip(("3M", "1Y", "5Y", "10Y", "30Y"), yields, strict=True))
    try:
        zero = curve.treasury_curve(par)
    except ValueError as refusal:
        if "forward" not in str(refusal) and "no discount factor" not in str(refusal):
            raise
        return
    for name, value in par.items():
        item = curve.par_instrument(name, curve.TREASURY_TENORS[name], value)
        priced = np.array(item.flows) @ zero.discount(np.array(item.times))
        assert abs(priced - 1.0) <= 1e-12
    grid = zero.discount(np.linspace(0.0, 30.0, 200))
    assert np.all(np.diff(grid) <= 1e-12)
    assert grid[0] == 1.0


@law
@given(st.floats(-0.2, 0.5), st.integers(1, 365))
def test_compounding_round_trips(rate: float, periods: int) -> None:
    there = curve.continuous_rate(rate, periods)
    assert float(curve.compounded_rate(there, periods)) == pytest.approx(rate, abs=1e-14)


# Credit


@law
@given(
    st.lists(st.floats(-3, 3), min_size=3, max_size=3),
    st.lists(st.floats(-2, 2), min_size=3, max_size=3),
    st.permutations([0, 1, 2]),
    st.integers(0, 10_000),
)
def test_silence_never_lowers_default_probability_in_whatever_order(
    signals: list[float], weights: list[float], order: list[int], seed: int
) -> None:
    root = np.random.default_rng(seed).normal(size=(4, 4))
    fit = credit.LogitFit(np.array([-3.0, *weights]), root @ root.T + 0.01 * np.eye(4), 0.0)
    prior = credit.SignalPrior(np.array([1.0, 0.0, 0.5, -0.5]), np.array([0.0, 1.0, 0.5, 0.2]))
    known = np.array([[1.0, *signals]])
    design = known.copy()
    score = credit.score_with_missing_signals(fit, design, prior, quantile=0.95)
    for silent in order:
        design[0, 1 + silent] = np.nan
        after = credit.score_with_missing_signals(
            fit, design, prior, last_known=known, quantile=0.95
        )
        assert after.point[0] >= score.point[0] * (1 - 1e-12)
        assert after.upper[0] >= score.upper[0] * (1 - 1e-12)
        score = after


@law
@given(st.integers(0, 40), st.integers(0, 500), interior, st.floats(1.0, 200.0))
def test_one_more_default_never_improves_the_credible_bound(
    defaults: int, good: int, prior: float, strength: float
) -> None:
    count = defaults + good + 1
    bound = credit.upper_credible_bound(
        np.array([defaults, defaults + 1.0]), count, prior, strength, 0.95
    )
    assert 0.0 <= bound[0] <= bound[1] <= 1.0


@law
@given(fractions, fractions, fractions, years, st.floats(0.0, 0.3))
def test_loss_given_default_is_a_fraction_and_grows_with_slippage_and_time(
    recoverability: float, enforceability: float, slippage: float, time: float, cost: float
) -> None:
    loss = credit.loss_given_default(
        recoverability=recoverability,
        enforceability=enforceability,
        exit_slippage=np.array([slippage, min(slippage + 0.1, 1.0), slippage]),
        rate=0.05,
        return_time=np.array([time, time, 2 * time]),
        cost=cost,
    )
    assert np.all((loss >= 0.0) & (loss <= 1.0))
    assert loss[0] <= loss[1] + 1e-15
    assert loss[0] <= loss[2] + 1e-15


# Exits


@law
@given(
    st.integers(10**15, 10**24),
    st.floats(1e-6, 0.3),
    st.sampled_from([(100, 1), (500, 10), (3000, 60), (10_000, 200)]),
    st.booleans(),
)
def test_tick_walk_in_one_range_is_the_constant_product(
    liquidity_units: int, share: float, tier: tuple[int, int], zero_for_one: bool
) -> None:
    fee_pips, spacing = tier
    edge = amm.MAX_TICK // spacing * spacing
    pool = amm.Pool(
        1 << 96,
        0,
        liquidity_units,
        fee_pips,
        spacing,
        ((-edge, liquidity_units), (edge, -liquidity_units)),
    )
    size = int(liquidity_units * share)
    walked = amm.pool_slippage(pool, size, zero_for_one=zero_for_one)
    closed = float(amm.constant_product_slippage(size, liquidity_units, fee_pips / 1e6))
    assert walked == pytest.approx(closed, abs=40.0 / size + 1e-12)
    assert walked >= closed - 1e-12


@law
@given(
    st.lists(st.integers(1, 10**20), min_size=1, max_size=6),
    st.integers(1, 10**22),
    st.booleans(),
)
def test_swap_conserves_input_and_splitting_it_never_pays(
    depths: list[int], amount: int, zero_for_one: bool
) -> None:
    ticks = [(60 * (i + 1), depth) for i, depth in enumerate(depths)]
    book = sorted([(-tick, depth) for tick, depth in ticks] + [(t, -d) for t, d in ticks])
    pool = amm.Pool(1 << 96, 0, sum(depths), 3000, 60, tuple(book))
    whole = amm.quote_exact_input(pool, amount, zero_for_one=zero_for_one)
    assert 0 <= whole.unfilled <= amount
    first = amm.quote_exact_input(pool, amount // 2, zero_for_one=zero_for_one)
    second = amm.quote_exact_input(first.pool, amount - amount // 2, zero_for_one=zero_for_one)
    if first.unfilled == 0:
        # Each crossing rounds once more in the pool's favour, a few units at most either way.
        assert abs(first.amount_out + second.amount_out - whole.amount_out) <= 16


@law
@given(st.integers(amm.MIN_TICK, amm.MAX_TICK - 1))
def test_tick_and_ratio_are_inverse(tick: int) -> None:
    ratio = amm.sqrt_ratio_at_tick(tick)
    assert amm.tick_at_sqrt_ratio(ratio) == tick
    assert amm.tick_at_sqrt_ratio(amm.sqrt_ratio_at_tick(tick + 1) - 1) == tick


@law
@given(
    st.lists(st.tuples(st.floats(0.5, 1.0), st.floats(0.0, 1e5)), min_size=1, max_size=6),
    st.floats(1.0, 1e6),
    st.floats(0.0, 0.5),
)
def test_order_book_slippage_grows_with_size_and_never_passes_its_worst_price(
    levels: list[tuple[float, float]], size: float, redemption: float
) -> None:
    price = np.array([[p for p, _ in levels]] * 2)
    depth = np.array([[q for _, q in levels]] * 2)
    sizes = np.array([size, 1.5 * size])
    slippage = amm.order_book_slippage(sizes, price, depth, 1.0, redemption_price=redemption)
    assert slippage[0] <= slippage[1] + 1e-9
    assert np.all(slippage <= 1.0 - redemption + 1e-9)


@law
@given(st.floats(1e-4, 1.0), st.floats(1.0, 1.9))
def test_thinner_is_never_cheaper(depth: float, factor: float) -> None:
    discount = liquidity.thin_depth_discount(np.array([depth / factor, depth]))
    assert 0.0 <= discount[1] <= discount[0] <= liquidity.THIN_CAP


# Counterparties


@law
@given(st.lists(st.floats(0.0, 2.0), min_size=2, max_size=2), st.floats(0.0, 2.0), years)
def test_chain_and_obligor_never_default_with_more_than_certainty(
    hazard: list[float], obligor: float, horizon: float
) -> None:
    time = np.linspace(horizon / 4, horizon, 4)
    first = counterparty.first_default_probability(np.array([hazard]), np.array([obligor]), time)
    assert np.all(first >= 0.0)
    obligor_first = counterparty.first_default_probability(
        np.array([[obligor]]), np.array([sum(hazard)]), time
    )
    assert first.sum() + obligor_first.sum() <= 1.0 + 1e-12


# Structure


@law
@given(interior, fractions, correlations, st.floats(0.0, 0.5), st.floats(0.0, 0.3))
def test_enhancement_never_raises_senior_loss_and_worse_pools_never_lower_it(
    probability: float, lgd: float, rho: float, attachment: float, more: float
) -> None:
    base = structure.tranche_expected_loss(probability, lgd, rho, attachment)
    safer = structure.tranche_expected_loss(probability, lgd, rho, attachment + more)
    worse = structure.tranche_expected_loss(min(1.5 * probability, 0.9999), lgd, rho, attachment)
    assert -1e-14 <= safer <= base + 1e-12
    assert base <= worse + 1e-12
    assert base <= lgd + 1e-12


@law
@given(interior, correlations, fractions)
def test_excess_lies_between_jensen_and_certainty(p: float, rho: float, threshold: float) -> None:
    excess = float(structure.expected_excess(p, rho, threshold))
    assert max(p - threshold, 0.0) - 1e-12 <= excess <= p * (1.0 - threshold) + 1e-12


@law
@given(st.lists(st.floats(0.0, 1e9), min_size=6, max_size=6), st.booleans())
def test_waterfall_conserves_cash_and_pays_no_level_before_those_above(
    amounts: list[float], fired: bool
) -> None:
    cash, *owed = (np.array([amount]) for amount in amounts)
    claims = structure.Claims(*owed)
    paid = structure.distribute(cash, claims, np.array([fired]))
    levels = [
        paid.custody_and_administration,
        paid.servicing,
        paid.senior,
        paid.junior,
        paid.equity,
    ]
    assert sum(levels) == pytest.approx(cash, rel=1e-12, abs=1e-6)
    assert all(level >= 0.0 for level in levels)
    if paid.junior > 0.0:
        assert paid.senior_shortfall <= 1e-6
    if fired and paid.equity > 1e-6:
        assert paid.senior >= claims.senior_balance - 1e-6


# Composite price

inputs = st.builds(
    lambda values: pricing.PriceInputs(*(np.array([value]) for value in values)),
    st.lists(st.floats(0.0, 0.5), min_size=7, max_size=7),
)


@law
@given(inputs, st.sampled_from([field.name for field in fields(pricing.PriceInputs)]))
def test_no_worse_input_lowers_the_price(worse: pricing.PriceInputs, name: str) -> None:
    raised = replace(worse, **{name: getattr(worse, name) + 0.1})
    for price in (pricing.decompose, pricing.decompose_one_period):
        assert price(raised).total >= price(worse).total
    assert pricing.decompose_one_period(worse).total >= pricing.decompose(worse).total - 1e-15


@law
@given(st.floats(0.01, 5.0))
def test_reverse_stress_is_the_first_failure(threshold: float) -> None:
    found = pricing.reverse_stress(lambda shock: threshold - shock, largest=6.0)
    assert found == pytest.approx(threshold, abs=1e-9)


# NaN

one = np.array([0.3])
UNKNOWN: dict[str, Callable[[], object]] = {
    "zero rate": lambda: curve.treasury_curve({"1Y": 0.05}).zero(nan),
    "benchmark": lambda: curve.blended_benchmark(
        nan, nan, weight=0.0, age=0.0, maximum_age=1.0, tolerance=0.1
    ),
    "smoothed PD without prior": lambda: credit.smoothed_default_probability(nan, 10.0, nan, 5.0),
    "credible bound": lambda: credit.upper_credible_bound(nan, 10.0, 0.1, 5.0, 0.9),
    "LGD": lambda: credit.loss_given_default(
        recoverability=nan,
        enforceability=1.0,
        exit_slippage=0.0,
        rate=0.0,
        return_time=0.0,
        cost=0.0,
    ),
    "EAD": lambda: credit.exposure_at_default(supply=nan, net_asset_value=1.0),
    "floored PD": lambda: credit.floored(nan, 0.01),
    "constant product": lambda: amm.constant_product_slippage(nan, 1.0),
    "constant product capacity": lambda: amm.constant_product_capacity(nan, 1.0),
    "order book": lambda: amm.order_book_slippage(
        np.array([nan]), np.ones((1, 2)), np.ones((1, 2)), 1.0
    ),
    "thin depth": lambda: liquidity.thin_depth_discount(nan),
    "redemption": lambda: liquidity.redemption_discount(0.0, nan, 1.0, 0.1, 2.0),
    "best route": lambda: liquidity.best_route(np.array([nan, 0.1]), np.array([True, True])),
    "CVA": lambda: counterparty.counterparty_spread(
        np.array([[nan]]), np.array([[0.4]]), 0.0, np.ones(2), np.array([0.5, 1.0])
    ),
    "tranche": lambda: structure.tranche_expected_loss(0.1, 0.4, nan, 0.05),
    "attachment": lambda: structure.attachment_point(nan),
    "senior PD": lambda: structure.senior_default_probability(0.1, 0.4, 0.1, nan),
    "waterfall": lambda: (
        structure.distribute(
            np.array([nan]), structure.Claims(one, one, one, one, one), np.array([False])
        ).equity
    ),
    "market premium": lambda: pricing.market_premium(
        nan, 0.0, 1.0, deviation_weight=1.0, staleness_weight=1.0
    ),
    "price": lambda: (
        pricing.decompose(pricing.PriceInputs(one, one, one * nan, one, one, one, one)).total
    ),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_unknown_in_is_unknown_out(name: str) -> None:
    assert np.all(np.isnan(UNKNOWN[name]())), name
