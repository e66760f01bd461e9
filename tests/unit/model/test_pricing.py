"""The composite price, its sensitivities and stresses."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from paramgen.model.amm import constant_product_slippage
from paramgen.model.pricing import (
    UNSTRESSED,
    PriceInputs,
    RiskDrivers,
    coverage_margin,
    decompose,
    decompose_one_period,
    market_premium,
    reverse_stress,
    sensitivities,
    shocked,
    stress_table,
    stressed,
)

# The report, section 2.5.2 (reference cases 01 and 02): the Singapore short note.
SINGAPORE = PriceInputs(
    risk_free=np.array([0.048]),
    default_probability=np.array([0.0035]),
    loss_given_default=np.array([0.30]),
    liquidity=np.array([0.008]),
    market=np.array([0.0]),
    counterparty=np.array([0.0012]),
    legal=np.array([0.0025]),
)


def test_singapore_note_yields_6_075_percent_exactly() -> None:
    price = decompose(SINGAPORE)
    assert price.total == pytest.approx([0.06075], rel=1e-15)
    assert price.expected_loss == pytest.approx([0.00105], rel=1e-15)


def test_singapore_note_sensitivities_are_the_reports() -> None:
    moves = sensitivities(SINGAPORE)
    expected = {
        "liquidity": 16.0,
        "legal": 5.0,
        "counterparty": 2.4,
        "default_probability": 2.1,
        "loss_given_default": 2.1,
        "market": 0.0,
        "risk_free": 96.0,
    }
    assert set(moves) == set(expected)
    for name, basis_points in expected.items():
        down, up = moves[name]
        assert 1e4 * up == pytest.approx([basis_points], abs=1e-9), name
        assert 1e4 * down == pytest.approx([-basis_points], abs=1e-9), name


def test_one_period_price_is_the_break_even_of_one_year() -> None:
    price = decompose_one_period(SINGAPORE)
    survived = 1.0 - 0.0035 * 0.30
    assert np.exp(price.total) * survived == pytest.approx(
        np.exp([0.048 + 0.008 + 0.0012 + 0.0025])
    )
    assert price.total[0] > decompose(SINGAPORE).total[0]


def test_certain_total_loss_has_no_finite_price() -> None:
    doomed = replace(
        SINGAPORE, default_probability=np.array([1.0]), loss_given_default=np.array([1.0])
    )
    assert np.isinf(decompose_one_period(doomed).total)


def test_parts_sum_to_the_price() -> None:
    price = decompose(SINGAPORE)
    assert sum(getattr(price, part.name) for part in fields(price)) == pytest.approx(price.total)


def test_market_premium_starts_beyond_half_a_percent_and_beyond_the_limit() -> None:
    premium = market_premium(
        np.array([0.004, 0.005, 0.015, 0.0]),
        np.array([60.0, 3600.0, 0.0, 7200.0]),
        3600.0,
        deviation_weight=0.5,
        staleness_weight=0.01,
    )
    assert premium == pytest.approx([0.0, 0.0, 0.005, 0.01])


DRIVERS = RiskDrivers(
    default_probability=np.array([0.03, 0.6]),
    loss_given_default=np.array([0.35, 0.7]),
    depth=np.array([1e6, 2e6]),
    volatility=np.array([0.1, 0.2]),
    horizon=np.array([0.25, 1.0]),
)


def price_of(drivers: RiskDrivers) -> np.ndarray:
    exit_cost = constant_product_slippage(1e5, drivers.depth)
    risk = 0.1 * drivers.volatility * np.sqrt(drivers.horizon)
    return drivers.default_probability * drivers.loss_given_default + exit_cost + risk


def test_stress_multiplies_and_keeps_probabilities() -> None:
    moved = stressed(DRIVERS, RiskDrivers(2.0, 2.0, 0.5, 3.0, 4.0))
    assert moved.default_probability == pytest.approx([0.06, 1.0])
    assert moved.loss_given_default == pytest.approx([0.7, 1.0])
    assert moved.depth == pytest.approx([5e5, 1e6])
    assert moved.volatility == pytest.approx([0.3, 0.6])
    assert moved.horizon == pytest.approx([1.0, 4.0])


def test_stress_table_prices_each_scenario() -> None:
    table = stress_table(
        price_of,
        DRIVERS,
        {"base": UNSTRESSED, "thin": replace(UNSTRESSED, depth=0.1)},
    )
    assert table["base"] == pytest.approx(price_of(DRIVERS))
    assert np.all(table["thin"] > table["base"])


def test_reverse_stress_finds_the_shock_that_breaks_the_threshold() -> None:
    direction = replace(UNSTRESSED, default_probability=2.0, depth=0.5)
    one = RiskDrivers(**{f.name: getattr(DRIVERS, f.name)[0] for f in fields(DRIVERS)})

    def margin(shock: float) -> float:
        kept = 1.0 - price_of(stressed(one, shocked(direction, shock)))
        return float(coverage_margin(kept, 0.7, 0.05))

    shock = reverse_stress(margin, largest=10.0)
    assert 0.0 < shock < 10.0
    assert margin(shock) == pytest.approx(0.0, abs=1e-9)
    assert margin(shock - 1e-6) > 0.0


def test_reverse_stress_catches_a_margin_that_recovers() -> None:
    assert reverse_stress(lambda shock: (shock - 2.0) * (shock - 4.0), largest=10.0) == (
        pytest.approx(2.0)
    )


def test_reverse_stress_says_already_broken_never_broken_and_unknown() -> None:
    assert reverse_stress(lambda shock: -1.0 - shock, largest=1.0) == 0.0
    assert reverse_stress(lambda shock: 1.0 + shock, largest=1.0) == float("inf")
    assert np.isnan(reverse_stress(lambda _: float("nan"), largest=1.0))
