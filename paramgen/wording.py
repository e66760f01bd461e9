"""Encoded integers as a person reads them: grouped, in the largest unit that is exact."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from fractions import Fraction

from paramgen.encode import BY_NAME

ABSENT = "none"

_MOMENTS = ("reference_as_of",)
_TIMES = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
_DIGITS = 6


def shown(field: str, *integers: int | None) -> tuple[list[str], str]:
    """Encoded integers of one field in one unit, and that unit.

    Returns
    -------
    The texts in order (`none` for None) and the unit: times in the largest that divides all.
    """
    unit = BY_NAME[field].unit
    if field in _MOMENTS:
        return [ABSENT if integer is None else moment(integer) for integer in integers], "UTC"
    values = [None if integer is None else BY_NAME[field].decode(integer) for integer in integers]
    factor, unit = _scale(unit, [value for value in values if value is not None])
    return [ABSENT if value is None else number(value * factor) for value in values], unit


def duration(seconds: int) -> str:
    """A time in the largest unit that divides it."""
    factor, unit = _scale("s", [Fraction(seconds)])
    return f"{number(seconds * factor)} {unit}"


def span(seconds: int) -> str:
    """A time to three digits, for a reader; plans show it exactly."""
    unit, length = next((u for u in _TIMES if seconds >= u[1]), _TIMES[-1])
    return f"{seconds / length:.3g} {unit}"


def moment(seconds: int) -> str:
    """A Unix time in UTC, to the minute."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")


def number(value: Fraction) -> str:
    """Whole numbers grouped by threes; others to six significant digits."""
    if value.denominator == 1:
        return f"{value.numerator:,}".replace(",", " ")
    return f"{float(value):.{_DIGITS}g}"


def _scale(unit: str, values: Sequence[Fraction]) -> tuple[Fraction, str]:
    """What to multiply by, and the unit that it gives."""
    if unit in ("%", "%/y"):
        return Fraction(100), unit
    if unit == "s":
        name, length = next(t for t in _TIMES if all(value % t[1] == 0 for value in values))
        return Fraction(1, length), name
    return Fraction(1), "" if unit == "1" else unit
