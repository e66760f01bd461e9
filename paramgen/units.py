"""Quantities whose unit is part of their type, parsed exactly and rounded by name.

A book writes decimals with units (`25 bp`, `4.8 %`, `90 d`, `8 000 000 USD`). They become exact
fractions here; floats enter only in the risk model and never reach an encoder.
"""

from __future__ import annotations

import enum
import math
import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

WAD = 10**18
RAY = 10**27
BPS = 10_000
PRICE_UNITS = 10**8

SIGNIFICANT_DIGITS = 12
"""Reals are cut to this many digits before directed rounding (numpy's exp differs beyond)."""


class Dimension(enum.Enum):
    """What a quantity measures; the value is the unit it is held in."""

    FRACTION = "1"
    RATE = "1/year"
    TIME = "s"
    MONEY = "USD"
    NUMBER = "number"


class Rounding(enum.Enum):
    """Direction of rounding; there is no default anywhere."""

    DOWN = "down"
    UP = "up"
    EXACT = "exact"
    NEAREST = "nearest"


@dataclass(frozen=True)
class Year:
    """A year's length as a contract counts it."""

    name: str
    seconds: Fraction


YEAR_365 = Year("365 d", Fraction(31_536_000))
YEAR_365_2425 = Year("365.2425 d", Fraction(31_556_952))
YEAR_365_24 = Year("365.24 d", Fraction(31_556_736))


@dataclass(frozen=True)
class Annum:
    """A simple rate per year that knows which year it means.

    Raises
    ------
    TypeError
        From `per_second` without a rounding: say which way to round.
    """

    rate: Fraction
    year: Year

    def per_second(self, scale: int, rounding: Rounding) -> int:
        """The rate per second as an integer in units of 1/scale, rounded as named."""
        return round_fraction(self.rate * scale / self.year.seconds, rounding)

    @classmethod
    def from_per_second(cls, value: int, scale: int, year: Year) -> Annum:
        """The yearly rate that an encoded per-second integer stands for, exactly."""
        return cls(Fraction(value, scale) * year.seconds, year)


class UnitError(ValueError):
    """A text that is not a quantity of the wanted dimension. The message says what is wanted."""


def round_fraction(value: Fraction, rounding: Rounding) -> int:
    """Round to an integer in the named direction.

    Raises
    ------
    UnitError
        For `EXACT` when the value is no integer.
    """
    if rounding is Rounding.DOWN:
        return math.floor(value)
    if rounding is Rounding.UP:
        return math.ceil(value)
    if rounding is Rounding.NEAREST:
        return round(value)
    if value.denominator != 1:
        raise UnitError(f"{float(value)!r} is not a whole number of units")
    return value.numerator


def quantise(value: float, digits: int = SIGNIFICANT_DIGITS) -> Fraction:
    """A real cut to `digits` significant decimal digits, as an exact fraction.

    Elementary functions differ between processors in the last bits; after this cut the same book
    gives the same integers on any of them.

    Raises
    ------
    UnitError
        When the value is NaN or infinite.
    """
    if not math.isfinite(value):
        raise UnitError(f"{value!r} is not a finite number")
    context = Context(prec=digits, rounding=ROUND_HALF_EVEN)
    return Fraction(context.create_decimal(Decimal(value)))


_UNITS: dict[str, tuple[Dimension, Fraction]] = {
    "%": (Dimension.FRACTION, Fraction(1, 100)),
    "bp": (Dimension.FRACTION, Fraction(1, BPS)),
    "s": (Dimension.TIME, Fraction(1)),
    "min": (Dimension.TIME, Fraction(60)),
    "h": (Dimension.TIME, Fraction(3_600)),
    "d": (Dimension.TIME, Fraction(86_400)),
    "w": (Dimension.TIME, Fraction(604_800)),
    "y": (Dimension.TIME, YEAR_365.seconds),
    "USD": (Dimension.MONEY, Fraction(1)),
}
_WRITTEN = {
    Dimension.FRACTION: 'a fraction such as "25 bp", "4.8 %" or "0.048"',
    Dimension.RATE: 'a rate such as "4.8 %/y" or "25 bp/y"',
    Dimension.TIME: 'a time such as "90 d", "1 h" or "3720 s"',
    Dimension.MONEY: 'money such as "8 000 000 USD"',
    Dimension.NUMBER: 'a plain number such as "3" or "0.5"',
}
_SHAPE = re.compile(
    r"(?P<sign>[+-]?)(?P<whole>[0-9]{1,3}(?:[ _\u00a0\u202f][0-9]{3})+|[0-9]+)(?P<part>\.[0-9]+)?"
    r"\s*(?P<unit>[A-Za-z%]+)?(?P<per>/y)?"
)
_LONGEST = 64


def parse(text: str, dimension: Dimension) -> Fraction:
    """Read a decimal with its unit, exactly.

    Parameters
    ----------
    text : such as `25 bp`, `4.8 %`, `90 d`, `8 000 000 USD`; digits may be grouped by threes.
    dimension : what is wanted. A rate takes `%/y` and `bp/y`; a bare number is a fraction.

    Returns
    -------
    Fraction, in the dimension's own unit (1, 1/year, seconds, USD).

    Raises
    ------
    UnitError
        Saying what was wanted; exponents, NaN and infinities are not numbers here.
    """
    wanted = _WRITTEN[dimension]
    match = _SHAPE.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if match is None:
        raise UnitError(f"must be {wanted}.")
    digits = re.sub(r"\D", "", match["whole"])
    magnitude = Fraction(f"{match['sign']}{digits}{match['part'] or ''}")
    if match["unit"] is None:
        if match["per"] or dimension not in (Dimension.FRACTION, Dimension.NUMBER):
            raise UnitError(f"has no unit; must be {wanted}.")
        return magnitude
    found, scale = _UNITS.get(match["unit"], (None, Fraction(0)))
    if found is None:
        raise UnitError(f"has the unknown unit {match['unit']!r}; must be {wanted}.")
    if match["per"]:
        found = Dimension.RATE if found is Dimension.FRACTION else None
    if found is not dimension:
        raise UnitError(f"is of another kind; must be {wanted}.")
    return magnitude * scale
