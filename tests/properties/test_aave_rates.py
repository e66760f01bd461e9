"""Our curve as the data of Aave's rate strategy: never below, exact where it can be, or refused."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paramgen.mirror.aave_rates import (
    AaveRates,
    NotExpressibleError,
    aave_rates,
    largest_excess,
)
from paramgen.mirror.rate import WAD, Curve
from paramgen.units import BPS
from tests.support.aave import TABLE, YEARLY, encoded, table

MAX_RATE = 100_000
UNIT = Fraction(31_536_000 * BPS, WAD)
"""1e-18 per second in basis points a year."""


@st.composite
def curves(draw) -> Curve:
    """What Aave's strategy can express, with room for the rounding of three rates."""
    slope_2 = draw(st.integers(0, WAD * 9 // 31_536_000))
    slope_1 = draw(st.integers(0, min(slope_2, WAD // 2 // 31_536_000)))
    base = draw(st.integers(0, WAD * 2 // 5 // 31_536_000))
    return Curve(base, slope_1, slope_2, draw(st.integers(WAD // 100, WAD * 99 // 100)))


@given(curve=curves(), u=st.fractions(0, 1))
def test_the_data_never_charges_less_than_the_curve(curve, u):
    rates = _expressed(curve)
    assert rates.rate_at(u) >= _rate_at(curve, u) - 3 * UNIT


@given(curve=curves(), u=st.fractions(0, 1))
def test_the_largest_excess_is_the_largest(curve, u):
    rates = _expressed(curve)
    assert rates.rate_at(u) - _rate_at(curve, u) <= largest_excess(curve, rates)


@given(curve=curves())
def test_a_kink_on_a_whole_basis_point_costs_less_than_three_basis_points(curve):
    curve = Curve(
        curve.base_rate, curve.slope_1, curve.slope_2, curve.kink * BPS // WAD * WAD // BPS
    )
    assert largest_excess(curve, _expressed(curve)) < 3 + UNIT


@given(
    base=st.integers(0, 20_000),
    slopes=st.tuples(st.integers(0, 40_000), st.integers(0, 40_000)).map(sorted),
    kink=st.integers(100, 9_900),
)
def test_whole_basis_points_come_back_as_they_were(base, slopes, kink):
    curve = encoded(str(base), str(slopes[0]), str(slopes[1]), str(Fraction(kink, BPS)))
    assert aave_rates(curve) == AaveRates(kink, base, *slopes)
    assert largest_excess(curve, aave_rates(curve)) <= 0


@given(
    rates=st.builds(
        AaveRates,
        st.integers(0, BPS),
        *(st.integers(0, 2 * MAX_RATE) for _ in range(3)),
    )
)
def test_the_nearest_is_accepted_and_an_accepted_one_is_its_own_nearest(rates):
    nearest = rates.nearest()
    assert nearest.refusals() == ()
    assert (nearest == rates) == (rates.refusals() == ())


@pytest.mark.parametrize(
    ("yearly", "reason", "nearest"),
    [
        (("0", "500", "6000", "0.9901"), "optimalUsageRatio 9901", AaveRates(9900, 0, 500, 6000)),
        (("0", "500", "6000", "0.0099"), "optimalUsageRatio 99", AaveRates(100, 0, 500, 6000)),
        (("10", "500", "400", "0.8"), "variableRateSlope1 500", AaveRates(8000, 10, 500, 500)),
        (
            ("1", "49999.5", "49999.5", "0.8"),
            "highest rate 100001",
            AaveRates(8000, 1, 49999, 50000),
        ),
    ],
)
def test_what_the_strategy_cannot_hold_is_refused_with_the_nearest(yearly, reason, nearest):
    with pytest.raises(NotExpressibleError, match=reason) as refusal:
        aave_rates(encoded(*yearly))
    assert refusal.value.nearest == nearest


def test_every_reason_is_named_at_once():
    with pytest.raises(NotExpressibleError, match=r"optimalUsageRatio .*; variableRateSlope1 "):
        aave_rates(encoded("0", "500", "400", "0.995"))


def test_the_table_of_the_tests_on_aaves_code_is_what_the_conversion_gives():
    assert TABLE.read_text(encoding="utf-8") == table(), "python -m tests.support.aave"
    assert all(encoded(*yearly).is_valid for yearly in YEARLY.values())


def _expressed(curve: Curve) -> AaveRates:
    """Rounding may lift slope 1 above slope 2 by a basis point; the nearest is not below."""
    try:
        return aave_rates(curve)
    except NotExpressibleError as refusal:
        return refusal.nearest


def _rate_at(curve: Curve, u: Fraction) -> Fraction:
    kink = Fraction(curve.kink, WAD)
    if u <= kink:
        return (curve.base_rate + curve.slope_1 * u / kink) * UNIT
    return (curve.base_rate + curve.slope_1 + curve.slope_2 * (u - kink) / (1 - kink)) * UNIT
