"""The field table: what it says is what the contracts say, and what lands is what was meant."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paramgen.encode import (
    BY_NAME,
    FIELDS,
    GUARDED,
    Encoded,
    EncodingError,
    Field,
    Loosens,
    Word,
    pack,
    unpack,
)
from paramgen.mirror.guardrails import RAMPED
from paramgen.units import Rounding

LIBRARIES = Path(__file__).resolve().parents[2] / "contracts" / "libraries"
CONTRACT_NAMES = {"slope_1": "SLOPE1", "slope_2": "SLOPE2", "base_rate": "BASE"}
COLLATERAL_NAMES = {
    "ltv": "LTV_OFFSET",
    "liquidation_threshold": "LIQUIDATION_THRESHOLD_OFFSET",
    "liquidation_bonus": "BONUS_OFFSET",
    "supply_cap": "SUPPLY_CAP_OFFSET",
    "debt_ceiling": "DEBT_CEILING_OFFSET",
}
HOMES = {
    Word.ORACLE: "OracleWords",
    Word.REFERENCE: "OracleWords",
    Word.RATE: "RateCurve",
    Word.COLLATERAL: "CollateralWord",
}
UNITS = {
    "1e-6": 10**6, "1e-5": 10**5, "1e-14 per second": 10**14, "1e-18 per second": 10**18,
    "1e18": 10**18, "basis points": 10**4, "seconds": 1,
}  # fmt: skip

every_field = pytest.mark.parametrize("field", BY_NAME.values(), ids=lambda field: field.name)


def expressible(field: Field):
    """Integers whose value lies within the field's bounds."""
    low = -(-field.minimum * field.scale // 1)
    high = min(field.maximum * field.scale // 1, field.largest)
    return st.integers(int(low), int(high))


def reals(field: Field):
    return st.fractions(field.minimum, field.maximum, max_denominator=10**24)


def source(word: Word) -> str:
    return (LIBRARIES / f"{HOMES[word]}.sol").read_text(encoding="utf-8")


def constant(field: Field) -> str:
    return COLLATERAL_NAMES.get(field.name) or CONTRACT_NAMES.get(field.name, field.name.upper())


# Layout -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", Word)
def test_fields_lie_side_by_side_and_fit_their_word(word):
    fields = FIELDS[word]
    assert fields[0].offset == 0
    assert all(low.offset + low.bits == high.offset for low, high in pairwise(fields))
    assert fields[-1].offset + fields[-1].bits <= 256


def test_names_are_unique_across_words():
    assert len(BY_NAME) == sum(len(fields) for fields in FIELDS.values())


@every_field
def test_offsets_equal_those_of_the_contracts(field):
    found = re.search(rf"constant {constant(field)} = (\d+);", source(field.word))
    assert found, f"{HOMES[field.word]}.sol has no {constant(field)}"
    assert int(found[1]) == field.offset


@every_field
def test_widths_and_units_equal_those_noted_in_the_contracts(field):
    if field.word is Word.COLLATERAL:
        return
    pattern = rf"constant {constant(field)} = \d+; // (\d+) bits(?:, ([^\n,:]+))?"
    found = re.search(pattern, source(field.word))
    assert found, f"{HOMES[field.word]}.sol does not note the width of {constant(field)}"
    assert int(found[1]) == field.bits
    if found[2] in UNITS:
        per_year = field.unit == "%/y"
        assert field.scale * (31_536_000 if per_year else 1) == UNITS[found[2]]


def test_parameter_ids_and_widths_equal_those_of_the_domains():
    text = (LIBRARIES / "Domains.sol").read_text(encoding="utf-8")
    entry = r"\(\(UNUSED_(\d+) - (\w+)\.(\w+)\) \| \(UNUSED_\1 << 8\)\)"
    rows = re.findall(entry, text)
    assert [(name, int(bits)) for bits, _, name in rows] == [
        (constant(field), field.bits) for field in GUARDED
    ]
    assert [library for _, library, _ in rows] == [HOMES[field.word] for field in GUARDED]
    for bits in {bits for bits, _, _ in rows}:
        assert f"UNUSED_{bits} = 256 - {bits};" in text


@every_field
def test_bounds_are_expressible_within_the_bits(field):
    assert 0 <= field.minimum < field.maximum
    assert field.maximum * field.scale <= field.largest


# Values -------------------------------------------------------------------------------------------


@every_field
@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_what_is_encoded_decodes_to_itself(field, data):
    integer = data.draw(expressible(field))
    value = field.decode(integer)
    assert field.encode(value) == integer
    assert field.declare(value) == integer


@every_field
@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_rounding_goes_in_the_named_direction_and_by_less_than_one_unit(field, data):
    value = data.draw(reals(field))
    if field.rounding is Rounding.EXACT and (value * field.scale).denominator != 1:
        with pytest.raises(EncodingError, match="nearest expressible"):
            field.encode(value)
        return
    landed = Encoded(field, value, field.encode(value))
    unit = 1 / field.scale
    assert abs(landed.error) < unit
    assert landed.error <= 0 or field.rounding is not Rounding.DOWN
    assert landed.error >= 0 or field.rounding is not Rounding.UP
    assert abs(landed.error) <= unit / 2 or field.rounding is not Rounding.NEAREST


@every_field
@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_a_declared_value_is_kept_or_the_nearest_expressible_one_is_named(field, data):
    value = data.draw(reals(field))
    if (value * field.scale).denominator == 1:
        assert field.decode(field.declare(value)) == value
        return
    with pytest.raises(EncodingError) as raised:
        field.declare(value)
    nearest = Fraction(str(raised.value).rpartition(" ")[2])
    assert abs(nearest - value) <= 1 / field.scale / 2
    assert (nearest * field.scale).denominator == 1


@pytest.mark.parametrize(
    ("name", "value", "nearest"),
    [
        ("ltv", "0.61255", "0.6126"),
        ("liquidation_bonus", "0.00004", "0"),
        ("band_up", "0.012356", "0.01236"),
        ("band_window", "60.5", "60"),
        ("supply_cap", "1000.7", "1001"),
    ],
)
def test_a_declared_value_that_does_not_fit_names_the_nearest_one(name, value, nearest):
    with pytest.raises(EncodingError, match=rf"nearest expressible value is {nearest}$"):
        BY_NAME[name].declare(Fraction(value))


@every_field
def test_values_beyond_the_bounds_are_refused_and_never_clipped(field):
    beyond = [field.maximum + Fraction(1, 10**30)]
    beyond += [field.minimum - Fraction(1, 10**30)]
    for value in beyond:
        for encode in (field.encode, field.declare):
            with pytest.raises(EncodingError, match="must lie in"):
                encode(value)


LOOSER_WHEN_LARGER = {
    "ltv", "liquidation_threshold", "supply_cap", "debt_ceiling", "kink",
    "primary_staleness", "secondary_staleness", "maximum_age", "decay_floor", "band_up",
    "band_down", "band_windows", "tolerance",
    "reference_price", "reference_growth", "reference_headroom",
}  # fmt: skip
LOOSER_WHEN_SMALLER = {
    "base_rate", "slope_1", "slope_2", "decay_step", "decay_rate", "reference_maximum_age",
}  # fmt: skip


@every_field
def test_the_direction_that_loosens_is_the_one_that_takes_more_risk(field):
    if field.name in LOOSER_WHEN_LARGER:
        assert field.loosens is Loosens.UP
    elif field.name in LOOSER_WHEN_SMALLER:
        assert field.loosens is Loosens.DOWN
    else:
        assert field.loosens is Loosens.EITHER


@every_field
def test_rounding_is_against_risk(field):
    """What counts whole seconds or either way is exact, nearest, or against the larger loss."""
    others = {
        "band_window": Rounding.EXACT,
        "confirm_delay": Rounding.EXACT,
        "reference_as_of": Rounding.EXACT,
        "accrual": Rounding.NEAREST,
        "liquidation_bonus": Rounding.UP,
        "reference_maximum_age": Rounding.DOWN,
    }
    against = {Loosens.UP: Rounding.DOWN, Loosens.DOWN: Rounding.UP}
    assert field.rounding is (others.get(field.name) or against[field.loosens])


def test_a_voted_rate_lands_no_lower_than_it_was_voted():
    """Comet's floor(n·1e18) on floats puts 3 % of basis-point values one bp low."""
    field = BY_NAME["base_rate"]
    for bps in range(10_000):
        value = Fraction(bps, 10_000)
        assert 0 <= field.decode(field.encode(value)) - value < Fraction(1, 10**10)


# Words --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", Word)
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_a_word_unpacks_into_what_was_packed(word, data):
    integers = {field.name: data.draw(st.integers(0, field.largest)) for field in FIELDS[word]}
    packed = pack(word, integers)
    assert 0 <= packed < 1 << 256
    assert unpack(word, packed) == integers
    spare = 1 << (FIELDS[word][-1].offset + FIELDS[word][-1].bits)
    assert spare >= 1 << 256 or unpack(word, packed | spare) == integers


@pytest.mark.parametrize("word", Word)
def test_a_word_takes_exactly_its_own_fields_within_their_bits(word):
    integers = {field.name: field.largest for field in FIELDS[word]}
    first = FIELDS[word][0]
    with pytest.raises(EncodingError, match=f"does not fit {first.bits} bits"):
        pack(word, integers | {first.name: first.largest + 1})
    with pytest.raises(EncodingError, match="does not fit"):
        pack(word, integers | {first.name: -1})
    with pytest.raises(EncodingError, match="stranger"):
        pack(word, integers | {"stranger": 1})
    del integers[first.name]
    with pytest.raises(EncodingError, match=first.name):
        pack(word, integers)


def test_the_page_of_the_contracts_has_every_direction_that_loosens():
    page = (LIBRARIES.parents[1] / "docs" / "contracts.md").read_text("utf-8")
    section = page.partition("### Which direction loosens")[2].partition("\n### ")[0]
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (yes)? ?\|$", section, re.M)
    assert [(name, way, bool(ramped)) for name, way, ramped in rows] == [
        (field.name, field.loosens.value, field.name in RAMPED) for field in GUARDED
    ]
