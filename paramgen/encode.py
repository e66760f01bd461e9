"""The field table: every on-chain parameter, its word, bits, unit, rounding and bounds.

A row here, a risk function that yields its value, and a Solidity getter are all that a parameter
is; the tests are parametrised over the table and fail until all three exist. Nothing else in the
project knows an offset or a scale.

Rounding is against risk (spec 3.0). `decode(encode(x)) = x` for every x a field can express.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction

from paramgen.units import BPS, PRICE_UNITS, WAD, YEAR_365, Dimension, Rounding, round_fraction

ORACLE_RATE = 10**14
"""Units of the oracle's decay and accrual rates, per second."""

BAND = 10**5
STEP = 10**6


class Word(enum.Enum):
    """The storage words of one market."""

    ORACLE = "oracle"
    RATE = "rate"
    COLLATERAL = "collateral"
    REFERENCE = "reference"


class Loosens(enum.Enum):
    """The direction in which a change lets more risk in; a loosening spends budget."""

    UP = "up"
    DOWN = "down"
    EITHER = "either"


class EncodingError(ValueError):
    """A value that a field cannot hold, or a declared one that it cannot express exactly."""


@dataclass(frozen=True)
class Field:
    """One parameter as one contract holds it.

    Attributes
    ----------
    name : the field's standard term.
    word, offset, bits : where it stands, least significant bit first.
    scale : encoded integer per unit of the real value.
    unit : how a person reads the real value: `%`, `bp`, `s`, `%/y`, `1/s`, `USD`, `1`.
    rounding : direction for derived values.
    loosens : direction in which a change lets more risk in.
    minimum, maximum : bounds on the real value, beyond what the bits enforce.
    meaning : one line.
    """

    name: str
    word: Word
    offset: int
    bits: int
    scale: Fraction
    unit: str
    rounding: Rounding
    loosens: Loosens
    minimum: Fraction
    maximum: Fraction
    meaning: str

    @property
    def dimension(self) -> Dimension:
        """What the real value measures, and so how a person writes it."""
        return _DIMENSIONS[self.unit]

    @property
    def largest(self) -> int:
        """The largest integer that the bits hold."""
        return (1 << self.bits) - 1

    def encode(self, value: Fraction) -> int:
        """Round a derived value in the field's direction; an exact field takes it as declared.

        Raises
        ------
        EncodingError
            When the value is outside the field's bounds or does not fit its bits.
        """
        if self.rounding is Rounding.EXACT:
            return self.declare(value)
        self._require_bounds(value)
        return self._fit(value, round_fraction(value * self.scale, self.rounding))

    def declare(self, value: Fraction) -> int:
        """Encode a declared value, which must be expressible exactly.

        Raises
        ------
        EncodingError
            Naming the nearest expressible value, to the last digit.
        """
        self._require_bounds(value)
        integer = round_fraction(value * self.scale, Rounding.NEAREST)
        if self.decode(integer) != value:
            nearest = _decimal(self.decode(integer))
            raise EncodingError(
                f"{self.name} = {float(value):.12g} cannot be expressed exactly; "
                f"the nearest expressible value is {nearest}"
            )
        return self._fit(value, integer)

    def _require_bounds(self, value: Fraction) -> None:
        if not self.minimum <= value <= self.maximum:
            raise EncodingError(
                f"{self.name} = {float(value):.12g} must lie in "
                f"[{float(self.minimum):.6g}, {float(self.maximum):.6g}]"
            )

    def _fit(self, value: Fraction, integer: int) -> int:
        if not 0 <= integer <= self.largest:
            raise EncodingError(
                f"{self.name} = {float(value):.12g} does not fit {self.bits} bits; "
                f"the largest expressible is {_decimal(self.decode(self.largest))}"
            )
        return integer

    def decode(self, integer: int) -> Fraction:
        """The real value that an encoded integer stands for, exactly."""
        return integer / self.scale


def _decimal(value: Fraction) -> str:
    """Return the value's whole decimal expansion; every scale divides a power of ten."""
    exact = Context(prec=_DIGITS).divide(Decimal(value.numerator), Decimal(value.denominator))
    return f"{exact.normalize():f}"


_DIGITS = 60
_DIMENSIONS = {
    "%": Dimension.FRACTION,
    "%/y": Dimension.RATE,
    "s": Dimension.TIME,
    "USD": Dimension.MONEY,
    "1": Dimension.NUMBER,
    "1/s": Dimension.NUMBER,
}
_PER_SECOND = WAD / YEAR_365.seconds
_ACCRUAL = ORACLE_RATE / YEAR_365.seconds


def _rows(
    word: Word,
    *rows: tuple[str, int, Fraction | int, str, Rounding, Loosens, float, float, str],
) -> tuple[Field, ...]:
    """Lay fields out from bit 0 upwards, in the order in which they stand."""
    fields, offset = [], 0
    for name, bits, scale, unit, rounding, loosens, low, high, meaning in rows:
        bounds = Fraction(str(low)), Fraction(str(high))
        place = name, word, offset, bits, Fraction(scale)
        fields.append(Field(*place, unit, rounding, loosens, *bounds, meaning))
        offset += bits
    return tuple(fields)


_DOWN, _UP = Rounding.DOWN, Rounding.UP
_EXACT, _NEAR = Rounding.EXACT, Rounding.NEAREST
_MORE, _LESS, _BOTH = Loosens.UP, Loosens.DOWN, Loosens.EITHER
_AGE = 180 * 86_400
_USD = 1_000_000_000_000
_PRICE = 180_143_985

# name, bits, scale, unit, rounding, direction that loosens, least, most, meaning
ORACLE_FIELDS = _rows(
    Word.ORACLE,
    ("primary_staleness", 24, 1, "s", _DOWN, _MORE, 1, _AGE, "age to which it counts as live"),
    ("secondary_staleness", 24, 1, "s", _DOWN, _MORE, 0, _AGE, "the same, of the secondary"),
    ("maximum_age", 24, 1, "s", _DOWN, _MORE, 1, _AGE, "age at which pricing stops"),
    ("decay_step", 20, STEP, "1", _UP, _LESS, 0, 1, "exponent of decay at the limit"),
    ("decay_rate", 36, ORACLE_RATE, "1/s", _UP, _LESS, 0, 0.0005, "its growth with age"),
    ("decay_floor", 14, BPS, "%", _DOWN, _MORE, 0, 1, "factor that decay does not pass"),
    ("band_up", 16, BAND, "%", _DOWN, _MORE, 0, 0.65, "largest rise above the anchor"),
    ("band_down", 16, BAND, "%", _DOWN, _MORE, 0, 0.65, "largest fall below the anchor"),
    ("band_windows", 8, 1, "1", _DOWN, _MORE, 1, 255, "windows until it stops widening"),
    ("band_window", 24, 1, "s", _EXACT, _BOTH, 1, _AGE, "window of the band"),
    ("accrual", 20, _ACCRUAL, "%/y", _NEAR, _BOTH, 0, 0.33, "rate at which the anchor accrues"),
    ("tolerance", 16, BAND, "%", _DOWN, _MORE, 0, 0.65, "largest disagreement of two sources"),
    ("confirm_delay", 14, 1, "s", _EXACT, _BOTH, 1, 16_383, "wait before a trip persists"),
)
RATE_FIELDS = _rows(
    Word.RATE,
    ("base_rate", 48, _PER_SECOND, "%/y", _UP, _LESS, 0, 9.9, "borrow rate at no utilisation"),
    ("slope_1", 48, _PER_SECOND, "%/y", _UP, _LESS, 0, 9.9, "its rise up to the kink"),
    ("slope_2", 48, _PER_SECOND, "%/y", _UP, _LESS, 0, 9.9, "its rise beyond the kink"),
    ("kink", 64, WAD, "%", _DOWN, _MORE, 0.01, 0.9999, "optimal utilisation"),
)
COLLATERAL_FIELDS = _rows(
    Word.COLLATERAL,
    ("ltv", 16, BPS, "%", _DOWN, _MORE, 0, 1, "largest loan to value at borrowing"),
    ("liquidation_threshold", 16, BPS, "%", _DOWN, _MORE, 0, 1, "where liquidation begins"),
    ("liquidation_bonus", 16, BPS, "%", _UP, _BOTH, 0, 1, "a liquidator's gain on the debt"),
    ("supply_cap", 64, 1, "USD", _DOWN, _MORE, 0, _USD, "largest collateral value"),
    ("debt_ceiling", 64, 1, "USD", _DOWN, _MORE, 0, _USD, "largest debt against the asset"),
)
REFERENCE_FIELDS = _rows(
    Word.REFERENCE,
    ("reference_price", 54, PRICE_UNITS, "USD", _DOWN, _MORE, 0, _PRICE, "reviewed NAV"),
    ("reference_as_of", 32, 1, "s", _EXACT, _BOTH, 0, 2**32 - 1, "time of that value"),
    ("reference_maximum_age", 24, 1, "s", _DOWN, _LESS, 0, _AGE, "age to which it caps the price"),
    ("reference_growth", 20, _ACCRUAL, "%/y", _DOWN, _MORE, 0, 0.33, "fastest rise of the cap"),
    ("reference_headroom", 16, BAND, "%", _DOWN, _MORE, 0, 0.65, "room above the accrued cap"),
)

FIELDS: Mapping[Word, tuple[Field, ...]] = {
    Word.ORACLE: ORACLE_FIELDS,
    Word.RATE: RATE_FIELDS,
    Word.COLLATERAL: COLLATERAL_FIELDS,
    Word.REFERENCE: REFERENCE_FIELDS,
}
BY_NAME: Mapping[str, Field] = {field.name: field for row in FIELDS.values() for field in row}

GUARDED: tuple[Field, ...] = tuple(
    field
    for word in (Word.ORACLE, Word.RATE, Word.COLLATERAL, Word.REFERENCE)
    for field in FIELDS[word]
    if field.name != "reference_as_of"
)
"""The fields under the steward's guardrails; a field's place here is its parameter id on chain.

A reference's time is judged by the clock, not by a step.
"""


@dataclass(frozen=True)
class Encoded:
    """A value as it lands: the integer, what it stands for, and what rounding did to it."""

    field: Field
    wanted: Fraction
    integer: int

    @property
    def landed(self) -> Fraction:
        """The value that the integer stands for."""
        return self.field.decode(self.integer)

    @property
    def error(self) -> Fraction:
        """Quantisation error, landed − wanted."""
        return self.landed - self.wanted


def pack(word: Word, integers: Mapping[str, int]) -> int:
    """Join a word from its fields' integers.

    Raises
    ------
    EncodingError
        When a field is missing, unknown, or too large for its bits.
    """
    fields = FIELDS[word]
    names = {field.name for field in fields}
    if set(integers) != names:
        odd = ", ".join(sorted(names ^ set(integers)))
        raise EncodingError(f"the {word.value} word needs exactly its own fields; check {odd}")
    packed = 0
    for field in fields:
        integer = integers[field.name]
        if not 0 <= integer <= field.largest:
            raise EncodingError(f"{field.name} = {integer} does not fit {field.bits} bits")
        packed |= integer << field.offset
    return packed


def unpack(word: Word, packed: int) -> dict[str, int]:
    """Split a word into its fields' integers; bits outside the fields are ignored."""
    return {field.name: packed >> field.offset & field.largest for field in FIELDS[word]}
