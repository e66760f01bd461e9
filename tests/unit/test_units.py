"""Quantities are read exactly, rounded by name, and never mistaken for one another."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paramgen.units import (
    RAY,
    WAD,
    YEAR_365,
    YEAR_365_24,
    YEAR_365_2425,
    Annum,
    Dimension,
    Rounding,
    UnitError,
    parse,
    quantise,
    round_fraction,
)

UNITS = {
    Dimension.FRACTION: {"": 1, " %": Fraction(1, 100), " bp": Fraction(1, 10_000)},
    Dimension.RATE: {" %/y": Fraction(1, 100), " bp/y": Fraction(1, 10_000)},
    Dimension.TIME: {" s": 1, " min": 60, " h": 3_600, " d": 86_400, " w": 604_800,
                     " y": 31_536_000},
    Dimension.MONEY: {" USD": 1},
    Dimension.NUMBER: {"": 1},
}  # fmt: skip
WRITTEN = [(dimension, unit) for dimension, units in UNITS.items() for unit in units]


def decimals():
    return st.decimals(-(10**12), 10**12, allow_nan=False, allow_infinity=False, places=9)


@pytest.mark.parametrize(("dimension", "unit"), WRITTEN)
@settings(deadline=None, max_examples=50)
@given(value=decimals())
def test_a_decimal_with_its_unit_is_read_exactly(dimension, unit, value):
    text = f"{value:f}{unit}"
    assert parse(text, dimension) == Fraction(value) * UNITS[dimension][unit]


@given(st.integers(0, 10**15), st.sampled_from([" ", "_", "\u00a0", "\u202f"]))
@settings(deadline=None)
def test_digits_may_be_grouped_by_threes(number, space):
    assert parse(f"{number:,}".replace(",", space) + " USD", Dimension.MONEY) == number


@pytest.mark.parametrize(
    ("text", "dimension", "value"),
    [
        ("25 bp", Dimension.FRACTION, "1/400"),
        ("4.8 %", Dimension.FRACTION, "0.048"),
        ("6.075 %/y", Dimension.RATE, "0.06075"),
        ("90 d", Dimension.TIME, "7776000"),
        ("8 000 000 USD", Dimension.MONEY, "8000000"),
        ("  -0.5  ", Dimension.NUMBER, "-1/2"),
        ("+3%", Dimension.FRACTION, "0.03"),
    ],
)
def test_the_books_notation_means_what_it_says(text, dimension, value):
    assert parse(text, dimension) == Fraction(value)


@pytest.mark.parametrize(("dimension", "unit"), WRITTEN)
@pytest.mark.parametrize("other", Dimension)
def test_a_quantity_of_one_kind_is_never_read_as_another(dimension, unit, other):
    bare = unit == "" and other in (Dimension.FRACTION, Dimension.NUMBER)
    if other is dimension or bare:
        assert parse(f"2{unit}", other) is not None
        return
    with pytest.raises(UnitError, match="must be"):
        parse(f"2{unit}", other)


@pytest.mark.parametrize(
    "text",
    ["", " ", "nan", "NaN", ".nan", "inf", "-inf", ".inf", "Infinity", "true", "1e5", "1E-3",
     "0x10", "1,000", "1.000.000", "1 00", "10 00 USD", "1..2", ".5", "5.", "1/2", "٣", "１", "²",
     "--1", "1 % %", "%", "bp", "1 bps", "9" * 65, "1\n2"],
)  # fmt: skip
@pytest.mark.parametrize("dimension", Dimension)
def test_what_is_no_decimal_is_no_quantity(text, dimension):
    with pytest.raises(UnitError):
        parse(text, dimension)


@settings(deadline=None, max_examples=300)
@given(st.text(max_size=70), st.sampled_from(Dimension))
def test_no_text_at_all_fails_otherwise_than_as_a_unit_error(text, dimension):
    try:
        value = parse(text, dimension)
    except UnitError:
        return
    assert isinstance(value, Fraction)


def test_a_missing_and_an_unknown_unit_are_told_apart():
    with pytest.raises(UnitError, match=r'has no unit; must be money such as "8 000 000 USD"\.'):
        parse("8 000 000", Dimension.MONEY)
    with pytest.raises(UnitError, match="has the unknown unit 'EUR'"):
        parse("8 EUR", Dimension.MONEY)
    with pytest.raises(UnitError, match="is of another kind"):
        parse("8 d/y", Dimension.RATE)


# Rounding -----------------------------------------------------------------------------------------


@given(st.fractions())
@settings(deadline=None)
def test_rounding_goes_where_it_is_told(value):
    down, up = round_fraction(value, Rounding.DOWN), round_fraction(value, Rounding.UP)
    nearest = round_fraction(value, Rounding.NEAREST)
    assert down <= value <= up
    assert up - down == (value.denominator != 1)
    assert abs(nearest - value) <= Fraction(1, 2)


def test_exact_rounding_refuses_what_is_not_whole():
    assert round_fraction(Fraction(3), Rounding.EXACT) == 3
    with pytest.raises(UnitError, match="not a whole number"):
        round_fraction(Fraction(7, 2), Rounding.EXACT)


def test_a_rate_per_second_must_be_told_which_way_to_round():
    with pytest.raises(TypeError):
        Annum(Fraction("0.075"), YEAR_365).per_second(RAY)


@given(st.fractions(0, 10), st.sampled_from([YEAR_365, YEAR_365_2425, YEAR_365_24]))
@settings(deadline=None)
def test_a_rate_per_second_knows_its_year_and_comes_back_within_one_unit(rate, year):
    annum = Annum(rate, year)
    for scale in (WAD, RAY):
        up, down = (annum.per_second(scale, way) for way in (Rounding.UP, Rounding.DOWN))
        above, below = (Annum.from_per_second(units, scale, year).rate for units in (up, down))
        assert below <= rate <= above
        assert above - below <= year.seconds / scale


def test_a_year_is_as_long_as_the_contract_counts_it():
    assert (YEAR_365.seconds, YEAR_365_2425.seconds, YEAR_365_24.seconds) == (
        31_536_000, 31_556_952, 31_556_736,
    )  # fmt: skip


# Reals --------------------------------------------------------------------------------------------


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12))
@settings(deadline=None)
def test_a_real_is_cut_to_twelve_significant_digits(value):
    cut = quantise(value)
    assert abs(cut - Fraction(value)) <= abs(Fraction(value)) * Fraction(1, 10**11)
    digits = Decimal(cut.numerator) / Decimal(cut.denominator)
    assert len(digits.normalize().as_tuple().digits) <= 12


@given(st.floats(0.001, 1000), st.integers(-2, 2))
@settings(deadline=None)
def test_the_last_bits_of_a_processor_do_not_reach_an_integer(value, bits):
    short = float(f"{value:.9g}")
    noisy = short * (1 + bits * 2.0**-52)
    assert quantise(noisy) == quantise(short)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_not_finite_never_becomes_a_fraction(value):
    with pytest.raises(UnitError, match="not a finite number"):
        quantise(value)
