"""Liquidity discount: routes, thin depth, and the two units."""

from __future__ import annotations

import numpy as np
import pytest

from paramgen.model.liquidity import (
    best_route,
    exit_size,
    liquidity_discount,
    price_from_yield,
    redemption_discount,
    relative_depth,
    stressed_active_depth,
    thin_depth_discount,
    yield_discount,
    yield_from_price,
)


def test_thin_depth_gives_the_reports_200_and_300_bp() -> None:
    discount = 1e4 * thin_depth_discount(np.array([1 / 40, 1 / 60, 1 / 200, 0.0]))
    assert discount == pytest.approx([200.0, 300.0, 300.0, 300.0])


def test_depth_of_a_tenth_is_not_thin() -> None:
    assert thin_depth_discount(np.array([0.10, 0.5])) == pytest.approx([0.0, 0.0])
    assert thin_depth_discount(np.array([0.0999999])) == pytest.approx([50e-4], rel=1e-5)


def test_redemption_capacity_counts_as_depth() -> None:
    without, with_redemption = relative_depth(0.0, np.array([0.0, 4e7]), 1e8)
    assert float(thin_depth_discount(without)) == pytest.approx(0.03)
    assert float(thin_depth_discount(with_redemption)) == 0.0


def test_price_and_yield_discounts_convert_both_ways() -> None:
    # 8 % of price over two years is 4.17 % a year, not 8 % and not 4 %.
    assert float(yield_from_price(0.08, 2.0)) == pytest.approx(0.0416908, abs=5e-8)
    price = np.array([0.0, 0.03, 0.25])
    assert price_from_yield(yield_from_price(price, 1.5), 1.5) == pytest.approx(price)


def test_redemption_costs_fee_time_and_risk() -> None:
    cost = redemption_discount(0.001, 0.05, 0.25, 0.1, 2.0)
    assert float(cost) == pytest.approx(0.001 + 0.0125 + 0.1)
    assert float(redemption_discount(0.0, 0.05, 0.0, 0.4, 3.0)) == 0.0
    assert float(redemption_discount(0.5, 0.05, 1.0, 2.0, 3.0)) == 1.0


def test_best_of_the_open_routes_is_taken() -> None:
    slippage = np.array([[0.02, 0.01, 0.005], [0.02, np.nan, 0.05]])
    available = np.array([[True, True, False], [True, False, True]])
    assert best_route(slippage, available) == pytest.approx([0.01, 0.02])


def test_asset_without_a_route_is_refused_not_priced_at_zero() -> None:
    available = np.array([[True, False], [False, False]])
    with pytest.raises(ValueError, match="assets at 1 have no exit route"):
        best_route(np.zeros((2, 2)), available)


def test_discount_is_expected_slippage_over_the_holding_period() -> None:
    slippage = np.array([[0.01, 0.04], [0.0, 0.1]])
    discount = liquidity_discount(slippage, np.array([0.75, 0.25]), np.array([1.0, 0.5]))
    assert discount == pytest.approx([0.0175, 0.05])


def test_exit_is_at_least_a_tenth_of_issuance() -> None:
    assert exit_size(1e6, np.array([0.02, 0.3])) == pytest.approx([1e5, 3e5])


def test_stressed_depth_is_active_depth_over_the_factor() -> None:
    assert float(stressed_active_depth(3e6, 300.0)) == pytest.approx(1e4)


def test_thinness_and_exit_cost_are_not_added() -> None:
    assert yield_discount(np.array([0.01, 0.04]), 0.02) == pytest.approx([0.02, 0.04])
