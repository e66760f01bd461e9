from __future__ import annotations

import numpy as np
import pytest

from paramgen.params.binding import ParameterError
from paramgen.params.rates import (
    base_with_carry_floor,
    carry_check,
    collateral_risk_premium,
    kinked_curve,
    lender_yield,
    optimal_utilisation,
    per_second,
    rate_at_optimal,
)


def test_the_report_s_yield_gives_seven_and_a_half_per_cent_at_the_kink():
    assert rate_at_optimal(0.06075, 0.9, 0.1) == pytest.approx(0.075, abs=1e-15)


def test_an_elasticity_of_0_42_years_gives_a_second_slope_of_25_per_cent():
    curve = kinked_curve(0.075, 0.0, 0.9, elasticity=0.42, rate_max=2.0)
    assert curve.slope_high == pytest.approx(0.25, abs=0.002)
    assert curve.slope_high_binding.binding == "return to the optimum, ln(1/U*)/η"


def test_the_lender_s_premium_counts_only_losses_beyond_the_cushion():
    premium = collateral_risk_premium([[0.02, 0.01]], [[0.10, 0.50]], [0.8])
    assert premium == pytest.approx([0.01 * (1.0 - 0.5 / 0.8)])


def test_lender_yield_weights_collaterals_by_what_is_borrowed():
    assert lender_yield(0.048, [0.01, 0.03], [0.75, 0.25], 0.002) == pytest.approx(0.065)
    with pytest.raises(ParameterError, match="sum to one"):
        lender_yield(0.048, [0.01, 0.03], [0.75, 0.35], 0.002)


def test_utilisation_leaves_the_outflow_at_hand():
    assert optimal_utilisation(1e6, 1e7) == pytest.approx(0.9)


@pytest.mark.parametrize("outflow", [0.0, -1.0, 1e7, 2e7])
def test_an_outflow_of_nothing_or_everything_is_an_error(outflow):
    with pytest.raises(ParameterError, match="strictly between"):
        optimal_utilisation(outflow, 1e7)


def test_the_curve_passes_its_three_corners():
    curve = kinked_curve(0.075, 0.01, 0.9, elasticity=0.42, rate_max=2.0)
    assert curve.rate([0.0, 0.9, 1.0]) == pytest.approx([0.01, 0.075, 0.075 + curve.slope_high])
    assert np.all(np.diff(curve.rate(np.linspace(0.0, 1.0, 101))) > 0.0)


def test_an_inelastic_market_is_bound_by_the_ceiling():
    curve = kinked_curve(0.075, 0.0, 0.9, elasticity=0.1, rate_max=0.5)
    assert curve.slope_high == pytest.approx(0.425)
    assert curve.slope_high_binding.binding == "ceiling, r_max − r(U*)"


def test_an_elastic_market_still_has_a_second_slope_no_flatter_than_the_first():
    curve = kinked_curve(0.2, 0.0, 0.9, elasticity=5.0, rate_max=1.0)
    assert curve.slope_high == curve.slope_low == pytest.approx(0.2)


def test_a_ceiling_below_twice_the_first_slope_is_an_error():
    with pytest.raises(ParameterError, match="less than the first slope") as caught:
        kinked_curve(0.2, 0.0, 0.9, elasticity=0.42, rate_max=0.35)
    assert caught.value.bound == pytest.approx(0.2)


def test_a_base_above_the_optimum_is_an_error():
    with pytest.raises(ParameterError, match="base rate exceeds"):
        kinked_curve(0.05, 0.06, 0.9, elasticity=0.42, rate_max=1.0)


def test_the_carry_is_levered_on_the_holder_s_own_money():
    check = carry_check(0.05, [0.01], [0.4], borrow_rate=0.04, loan_to_value=0.8)
    assert check.carry == pytest.approx(0.046)
    assert check.leverage == pytest.approx(5.0)
    assert check.levered_return == pytest.approx(5 * 0.046 - 4 * 0.04)
    assert check.pays
    assert base_with_carry_floor(0.0, check.carry).binding == "carry of the asset"


def test_a_year_of_seconds_is_365_days():
    assert per_second(0.075) * 31_536_000 == pytest.approx(0.075)
