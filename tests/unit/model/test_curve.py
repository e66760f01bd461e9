"""The benchmark curve against Hull, the Treasury and QuantLib."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import QuantLib as ql  # noqa: N813

from paramgen.model.curve import (
    TREASURY_TENORS,
    Curve,
    accrual,
    blended_benchmark,
    bond,
    bootstrap,
    compounded_rate,
    continuous_rate,
    oracle_adjusted_rate,
    par_instrument,
    token_benchmark,
    treasury_curve,
)

# US Treasury par yields of 28 June 2024, percent; zeros to 4 decimals, percent, continuous
# (reference case 04: bootstrap agreeing with QuantLib PiecewiseLogLinearDiscount, 30/360).
PAR_2024_06_28 = {
    "1M": 5.47,
    "3M": 5.48,
    "6M": 5.33,
    "1Y": 5.09,
    "2Y": 4.71,
    "3Y": 4.52,
    "5Y": 4.33,
    "7Y": 4.33,
    "10Y": 4.36,
    "20Y": 4.61,
    "30Y": 4.51,
}
ZERO_2024_06_28 = {
    "1M": 5.4576,
    "3M": 5.4428,
    "6M": 5.2602,
    "1Y": 5.0233,
    "2Y": 4.6452,
    "3Y": 4.4546,
    "5Y": 4.2626,
    "7Y": 4.2686,
    "10Y": 4.3075,
    "20Y": 4.626,
    "30Y": 4.4382,
}


@pytest.fixture(scope="module")
def treasury() -> Curve:
    return treasury_curve({tenor: value / 100 for tenor, value in PAR_2024_06_28.items()})


def test_hull_bootstrap_gives_the_zero_rates_of_his_table() -> None:
    # Hull, OFOD 7th to 9th edition, tables 4.3 and 4.4 (reference case 03).
    quoted = [
        (0.25, 0.0, 97.5),
        (0.5, 0.0, 94.9),
        (1.0, 0.0, 90.0),
        (1.5, 0.08, 96.0),
        (2.0, 0.12, 101.6),
    ]
    curve = bootstrap([bond(f"{t:g}Y", t, coupon, price) for t, coupon, price in quoted])
    zeros = 100 * curve.zero(np.array([t for t, _, _ in quoted]))
    assert zeros == pytest.approx([10.127, 10.469, 10.536, 10.681, 10.808], abs=5e-4)


@pytest.mark.parametrize(("tenor", "zero"), ZERO_2024_06_28.items())
def test_treasury_par_yields_give_the_reference_zero(
    treasury: Curve, tenor: str, zero: float
) -> None:
    assert 100 * float(treasury.zero(TREASURY_TENORS[tenor])) == pytest.approx(zero, abs=5e-5)


def test_every_par_yield_is_repriced_to_1e12(treasury: Curve) -> None:
    for tenor, value in PAR_2024_06_28.items():
        item = par_instrument(tenor, TREASURY_TENORS[tenor], value / 100)
        priced = np.array(item.flows) @ treasury.discount(np.array(item.times))
        assert abs(priced - 1.0) <= 1e-12, tenor


def test_quantlib_bootstrap_of_the_same_bonds_agrees() -> None:
    today = ql.Date(28, 6, 2024)
    ql.Settings.instance().evaluationDate = today
    count, calendar = ql.Thirty360(ql.Thirty360.BondBasis), ql.NullCalendar()
    helpers = [
        ql.FixedRateBondHelper(
            ql.QuoteHandle(ql.SimpleQuote(100.0)),
            0,
            100.0,
            ql.Schedule(
                today,
                today + ql.Period(years, ql.Years),
                ql.Period(6, ql.Months),
                calendar,
                ql.Unadjusted,
                ql.Unadjusted,
                ql.DateGeneration.Backward,
                False,  # noqa: FBT003
            ),
            [PAR_2024_06_28[f"{years}Y"] / 100],
            count,
        )
        for years in (1, 2, 3, 5, 7, 10, 20, 30)
    ]
    reference = ql.PiecewiseLogLinearDiscount(today, helpers, count)
    ours = treasury_curve(
        {t: y / 100 for t, y in PAR_2024_06_28.items() if t.endswith("Y")},
    )
    for time in (1.0, 2.0, 4.0, 10.0, 25.0, 30.0):
        assert float(ours.discount(time)) == pytest.approx(reference.discount(time), abs=1e-9)


def test_missing_pillars_are_left_out_and_extra_ones_taken() -> None:
    with_four_months = treasury_curve({"3M": 0.05, "4M": 0.0505, "6M": 0.05, "1Y": 0.049})
    without = treasury_curve({"3M": 0.05, "4M": float("nan"), "6M": 0.05, "1Y": 0.049})
    assert with_four_months.names == ("3M", "4M", "6M", "1Y")
    assert without.names == ("3M", "6M", "1Y")


def test_log_discount_is_linear_between_pillars(treasury: Curve) -> None:
    five, seven = np.log(treasury.discount(5.0)), np.log(treasury.discount(7.0))
    assert np.log(treasury.discount(5.5)) == pytest.approx(0.75 * five + 0.25 * seven, rel=1e-14)
    assert treasury.forward(5.1, 5.2) == pytest.approx(treasury.forward(6.5, 6.9), rel=1e-10)


def test_zero_before_the_first_pillar_is_that_pillars(treasury: Curve) -> None:
    short = treasury.zero(np.array([0.0, 0.01, 1 / 12]))
    assert np.ptp(short) < 1e-15


def test_negative_forward_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="negative forward rate from 1Y to 2Y"):
        treasury_curve({"1Y": 0.08, "2Y": 0.02, "3Y": 0.03})


def test_times_outside_the_curve_are_refused(treasury: Curve) -> None:
    with pytest.raises(ValueError, match="at 1 lie outside the curve"):
        treasury.discount(np.array([1.0, 31.0]))


@pytest.mark.parametrize(
    ("yields", "message"),
    [
        ({"9Y": 0.04}, "unknown tenors 9Y"),
        ({"1Y": float("nan")}, "at least one"),
        ({}, "at least one"),
    ],
)
def test_unusable_par_yields_are_refused(yields: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        treasury_curve(yields)


def test_bond_at_a_price_no_discount_factor_gives_is_refused() -> None:
    with pytest.raises(ValueError, match="no discount factor gives"):
        bootstrap([bond("1Y", 1.0, 0.0, 90.0), bond("2Y", 2.0, 0.05, 1.0)])


def test_two_instruments_of_one_maturity_are_refused() -> None:
    with pytest.raises(ValueError, match="not after the pillar before it"):
        bootstrap([bond("a", 1.0, 0.0, 90.0), bond("b", 1.0, 0.0, 91.0)])


def test_par_yield_off_the_half_year_is_refused() -> None:
    with pytest.raises(ValueError, match="whole number of half years"):
        par_instrument("15M", 1.25, 0.05)


def test_compounding_conversion_matches_hull() -> None:
    # Hull, example 4.3: 10 % semiannual is 9.758 % continuous; 8 % continuous, 8.08 % quarterly.
    assert float(continuous_rate(0.10, 2)) == pytest.approx(0.09758, abs=5e-6)
    assert float(compounded_rate(0.08, 4)) == pytest.approx(0.0808, abs=5e-5)


def test_blocks_of_a_year_compound_to_the_yearly_growth() -> None:
    one_block = float(accrual(0.05, 12))
    assert (1 + one_block) ** (31_536_000 // 12) == pytest.approx(np.exp(0.05), rel=1e-9)


def test_blend_defaults_to_the_treasury_rate() -> None:
    rate = blended_benchmark(0.048, 0.052, age=60.0, maximum_age=3600.0, tolerance=0.01)
    assert float(rate) == 0.048


def test_blend_weights_the_on_chain_rate() -> None:
    rate = blended_benchmark(
        np.array([0.048, 0.048]),
        np.array([0.052, np.nan]),
        weight=np.array([0.25, 0.0]),
        age=60.0,
        maximum_age=3600.0,
        tolerance=0.01,
    )
    assert rate == pytest.approx([0.049, 0.048])


@pytest.mark.parametrize(
    ("on_chain", "age", "message"),
    [(0.05, 3601.0, "stale at 0"), (0.05, np.nan, "stale at 0"), (0.08, 60.0, "tolerance")],
)
def test_bad_on_chain_rate_is_refused_even_at_weight_zero(
    on_chain: float, age: float, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        blended_benchmark(0.048, on_chain, age=age, maximum_age=3600.0, tolerance=0.01)


def test_token_benchmark_adds_the_provider_premium() -> None:
    assert float(token_benchmark(0.05, 0.01)) == pytest.approx(0.06)


def test_oracle_noise_raises_the_rate_and_no_noise_is_identity() -> None:
    adjusted = oracle_adjusted_rate(0.05, np.array([0.0, 1e-4, 4e-4]), 0.25)
    assert adjusted == pytest.approx([0.05, 0.0502, 0.0508], rel=1e-14)
    assert adjusted[0] == 0.05


def test_every_published_day_is_repriced_to_1e12() -> None:
    # par_yields_2021_2025.csv, newest first; the 1.5M and 4M pillars appear midway.
    path = Path(__file__).parents[4] / "shared" / "data" / "treasury" / "par_yields_2021_2025.csv"
    if not path.exists():
        pytest.skip("shared/data/treasury is not beside the repository")
    with path.open() as lines:
        rows = list(csv.DictReader(lines))[::25]
    pillars = set()
    for row in rows:
        yields = {
            name.replace(" Mo", "M").replace(" Yr", "Y"): float(text or "nan") / 100
            for name, text in row.items()
            if name != "Date"
        }
        curve = treasury_curve(yields)
        pillars.add(len(curve.times))
        for tenor in curve.names:
            item = par_instrument(tenor, TREASURY_TENORS[tenor], yields[tenor])
            error = np.array(item.flows) @ curve.discount(np.array(item.times)) - 1.0
            assert abs(error) <= 1e-12, (row["Date"], tenor)
    assert pillars == {12, 13, 14}
