"""Prices of a market as arrays: the compiler's own, a plain loop's, whatever the block."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from benchmarks.pricing import APPETITE, YIELDS, Loop, by_asset, market
from paramgen.compiler.build import price_book
from paramgen.model.credit import hazard_rate
from paramgen.model.curve import treasury_curve
from paramgen.model.portfolio import Appetite, Universe, price
from paramgen.params.losses import YEAR
from tests.support.rwa import loaded

CURVE = treasury_curve(YIELDS)


def test_arrays_give_what_a_loop_in_quantlib_and_scipy_gives():
    universe = market(400)
    loop = Loop(CURVE, APPETITE)
    looped = np.array([loop.price(*row) for row in by_asset(universe)])
    assert price(CURVE, universe, APPETITE).parts.total == pytest.approx(looped, abs=1e-12)


@pytest.mark.parametrize("block", [1, 7, 100, 1_000])
def test_the_block_changes_nothing(block):
    universe = market(100)
    whole, parts = price(CURVE, universe, APPETITE), price(CURVE, universe, APPETITE, block)
    for name in ("inputs", "parts"):
        for part in fields(getattr(whole, name)):
            assert getattr(getattr(parts, name), part.name) == pytest.approx(
                getattr(getattr(whole, name), part.name), rel=1e-13
            )


def test_the_term_structure_of_default_is_of_one_hazard():
    universe = replace(market(50), attachment=np.zeros(50))
    found = price(CURVE, universe, APPETITE)
    hazard = hazard_rate(universe.default_probability)
    assert found.default_to_tenor == pytest.approx(1.0 - np.exp(-hazard * universe.tenor))


def test_an_asset_that_no_exit_takes_is_an_error_and_no_price():
    closed = replace(market(20), reserve=np.zeros(20), redemption_capacity=np.zeros(20))
    with pytest.raises(ValueError, match="have no exit route"):
        price(CURVE, closed, APPETITE)


def one_of(asset, name, priced):
    """The book's asset as a universe of one: redeemed whole, no pool, its own note's numbers."""
    book, found = priced.loaded.book, priced.assets[name]
    route = asset.liquidity.routes["redemption"]
    law = book.jurisdictions[asset.jurisdiction]
    chain = [book.counterparties[c] for c in asset.counterparties]
    numbers = {
        "tenor": 0.25,
        "default_probability": float(asset.credit.pd),
        "recoverability": 1.0 - float(asset.credit.lgd),
        "enforceability": 1.0,
        "slippage": 0.0,
        "return_time": 0.0,
        "cost": 0.0,
        "correlation": 0.5,
        "attachment": 0.0,
        "issuance": float(asset.issuance),
        "reserve": 0.0,
        "fee": 0.0,
        "stress": 1.0,
        "redemption_fee": float(route.fee),
        "redemption_time": float(route.time) / YEAR,
        "redemption_capacity": float(route.capacity),
        "volatility": found.value("volatility"),
        "holding_period": float(asset.liquidity.holding_period) / YEAR,
        "deviation": float(asset.market.deviation),
        "age": float(asset.market.delay),
        "staleness_limit": found.value("primary_staleness"),
        "legal_probability": 0.0,
        "legal_loss": 0.0,
        "legal_cost": float(law.premium),
    }
    return Universe(
        **{key: np.array([value]) for key, value in numbers.items()},
        hazard=np.array([[float(c.hazard) for c in chain]]),
        recovery=np.array([[float(c.recovery) for c in chain]]),
    )


def test_an_asset_of_the_book_costs_what_the_compiler_says():
    priced = price_book(loaded(), ["buidl"])
    book, policy = priced.loaded.book, priced.loaded.policy
    appetite = Appetite(
        confidence=float(policy.confidence),
        z=priced.assets["buidl"].value("z"),
        exit_share=float(policy.liquidity.exit_share),
        stress_probability=float(policy.liquidity.stress_probability),
        thin_exponent=float(policy.liquidity.thin_exponent),
        deviation_weight=float(policy.market.deviation_weight),
        delay_weight=float(policy.market.delay_weight),
    )
    universe = one_of(book.assets["buidl"], "buidl", priced)
    found = price(priced.marks.curve, universe, appetite)
    for part in fields(found.parts):
        expected = priced.assets["buidl"].value(part.name)
        assert getattr(found.parts, part.name).item() == pytest.approx(expected, abs=1e-15), part
