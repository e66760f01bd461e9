from __future__ import annotations

import math

import pytest

from paramgen.params.binding import ParameterError
from paramgen.params.collateral import (
    ExitRoute,
    largest_enabled_lltv,
    liquidation_bonus,
    liquidation_incentive_factor,
    liquidation_threshold,
    loan_to_value,
    loss_after_fall,
    price_discount,
    smart_ltv,
)

POOL = ExitRoute("pool", impact=0.06, fee=0.0005, time=0.0)
REDEMPTION = ExitRoute("redemption", impact=0.0, fee=0.0, time=4 / 365)


@pytest.mark.parametrize(
    ("lltv", "factor"),
    [
        (0.385, 1.15),
        (0.625, 1.126761),
        (0.77, 1.074114),
        (0.86, 1.043841),
        (0.915, 1.026167),
        (0.945, 1.016777),
        (0.965, 1.010611),
        (0.98, 1.006036),
    ],
)
def test_morpho_liquidation_incentive_factors(lltv, factor):
    """Source: morpho-blue ConstantsLib; figures of its test suite."""
    assert liquidation_incentive_factor(lltv) == pytest.approx(factor, abs=5e-7)


def test_the_bonus_pays_the_cheapest_route_and_the_gas():
    bonus = liquidation_bonus(
        [POOL, REDEMPTION], z=2.5, volatility=0.02, funding_rate=0.1, gas=20, typical_size=10_000
    )
    waiting = 2.5 * 0.02 * math.sqrt(4 / 365) + 0.1 * 4 / 365
    assert bonus.binding == "redemption"
    assert bonus.value == pytest.approx(waiting + 0.002)
    assert bonus.candidates["pool"] == pytest.approx(0.0605 + 0.002)


def test_the_threshold_names_the_own_exit_where_it_binds():
    routes = [ExitRoute("pool", 0.2, 0.0, 0.0), ExitRoute("redemption", 0.1, 0.0, 0.05)]
    kept_after = {"pool": 0.9, "redemption": 0.88}
    threshold = liquidation_threshold(0.9, 0.05, routes, kept_after)
    assert threshold.value == pytest.approx(0.88 * 0.9)
    assert threshold.binding == "own exit by redemption, K(H_p+τ)·(1−s)"
    assert threshold.candidates["a liquidator acts, K(H_p)/(1+b)"] == pytest.approx(0.9 / 1.05)


def test_at_the_threshold_the_bonus_is_covered():
    threshold = liquidation_threshold(0.9, 0.05, [POOL], {"pool": 0.9})
    assert threshold.value * 1.05 <= 0.9


def test_no_route_at_all_is_an_error():
    with pytest.raises(ParameterError, match="no exit route"):
        liquidation_threshold(0.9, 0.05, [], {})
    with pytest.raises(ParameterError, match="no exit route"):
        liquidation_bonus([], z=2.3, volatility=0.1, funding_rate=0.1, gas=1.0, typical_size=1000.0)


def test_a_route_that_loses_everything_is_no_exit():
    with pytest.raises(ParameterError, match="nothing is left"):
        liquidation_threshold(0.9, 0.05, [ExitRoute("pool", 1.0, 0.0, 0.0)], {"pool": 0.9})


def test_the_step_of_decay_bounds_loan_to_value():
    def of(decay: float):
        return loan_to_value(
            0.8, z=1.65, volatility=0.05, user_time=1 / 365, rate_max=0.3, accrual=0.05,
            decay_at_limit=decay,
        )  # fmt: skip

    assert of(0.83).value == pytest.approx(0.8 * 0.83)
    assert of(0.83).binding == "decay begins, LT·D(T⁺)"
    assert of(1.0).binding == "time for the borrower to act"
    buffer = 1.65 * 0.05 * math.sqrt(1 / 365) + 0.25 / 365
    assert of(1.0).value == pytest.approx(0.8 * math.exp(-buffer))


def test_accrual_above_the_rate_earns_no_credit():
    common = {"z": 1.65, "volatility": 0.0, "user_time": 0.1, "decay_at_limit": 1.0}
    slow = loan_to_value(0.8, rate_max=0.05, accrual=0.2, **common)
    assert slow.candidates["time for the borrower to act"] == 0.8


ENABLED = (0.0, 0.385, 0.625, 0.77, 0.86, 0.915, 0.945, 0.965, 0.98)


def test_the_largest_enabled_lltv_meets_both_conditions():
    by_threshold = largest_enabled_lltv(ENABLED, threshold=0.9, kept=0.99)
    assert (by_threshold.value, by_threshold.binding) == (0.86, "LLTV at most LT")
    # 0.915·1.026167 = 0.9389 > 0.93, though 0.915 ≤ 0.92.
    by_product = largest_enabled_lltv(ENABLED, threshold=0.92, kept=0.93)
    assert (by_product.value, by_product.binding) == (0.86, "LLTV·LIF at most K(H_p)")


def test_no_enabled_lltv_is_an_error_and_never_the_idle_zero():
    with pytest.raises(ParameterError, match="no enabled value"):
        largest_enabled_lltv(ENABLED, threshold=0.3, kept=0.9)


def test_a_price_discount_cannot_repair_the_product():
    """91.5 % with a 7.7 % discount loses 3.5 % after a 10 % fall, plain 86 % nothing (spec 3.2)."""
    assert loss_after_fall(0.915, 0.077, 0.10) == pytest.approx(0.035, abs=5e-4)
    assert loss_after_fall(0.86, 0.0, 0.10) == 0.0
    with pytest.raises(ParameterError, match="cannot repair"):
        price_discount(0.915, threshold=0.8445, kept=0.90)


def test_a_price_discount_lowers_the_trigger_to_the_threshold():
    discount = price_discount(0.86, threshold=0.82, kept=0.92)
    assert 0.86 * (1.0 - discount) == pytest.approx(0.82)
    assert price_discount(0.86, threshold=0.88, kept=0.92) == 0.0


def test_smart_ltv_of_matched_liquidity():
    assert smart_ltv(2.0, 0.05, 4e6, 1e6, 0.05) == pytest.approx(math.exp(-0.05) - 0.05)
