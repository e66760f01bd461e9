"""Rigorous enclosures of fixed-point code: a polynomial in its input, and an interval of error.

Running integer code on an `Enclosure` instead of an integer gives, for every input in the range at
once, the exact polynomial that the code approximates and a bound on what its roundings add.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Enclosure:
    """All values polynomial(z) + e with |z| ≤ radius and low ≤ e ≤ high."""

    coefficients: tuple[Fraction, ...]
    radius: Fraction
    low: Fraction = Fraction(0)
    high: Fraction = Fraction(0)

    @classmethod
    def variable(cls, unit: int, radius: Fraction) -> Enclosure:
        """The input itself, z·unit."""
        return cls((Fraction(0), Fraction(unit)), radius)

    @property
    def error(self) -> Fraction:
        """The largest absolute error."""
        return max(-self.low, self.high)

    @property
    def magnitude(self) -> Fraction:
        """A bound on |polynomial(z)|, coefficient by coefficient."""
        return sum((abs(c) * self.radius**i for i, c in enumerate(self.coefficients)), Fraction(0))

    def pieces(self, count: int) -> list[Enclosure]:
        """The same values over equal pieces of the range, each polynomial around its own middle.

        Around a near middle coefficients hardly cancel, so that their sum hardly overestimates.
        """
        half = self.radius / count
        middles = (-self.radius + (2 * i + 1) * half for i in range(count))
        around = (shifted(self.coefficients, middle) for middle in middles)
        return [Enclosure(piece, half, self.low, self.high) for piece in around]

    @property
    def least(self) -> Fraction:
        """A bound from below on the values: the constant less all that can be taken from it."""
        constant = self.coefficients[0]
        return constant - (self.magnitude - abs(constant)) + self.low

    def __add__(self, other: Enclosure | int) -> Enclosure:
        o = self._lift(other)
        size = max(len(self.coefficients), len(o.coefficients))
        pairs = zip(_padded(self.coefficients, size), _padded(o.coefficients, size), strict=True)
        total = tuple(a + b for a, b in pairs)
        return Enclosure(total, self.radius, self.low + o.low, self.high + o.high)

    __radd__ = __add__

    def __neg__(self) -> Enclosure:
        negated = tuple(-c for c in self.coefficients)
        return Enclosure(negated, self.radius, -self.high, -self.low)

    def __sub__(self, other: Enclosure | int) -> Enclosure:
        return self + -self._lift(other)

    def __mul__(self, other: Enclosure | int) -> Enclosure:
        """(p + e)·(q + f) = p·q + (p·f + q·e + e·f)."""
        o = self._lift(other)
        product = [Fraction(0)] * (len(self.coefficients) + len(o.coefficients) - 1)
        for i, a in enumerate(self.coefficients):
            for j, b in enumerate(o.coefficients):
                product[i + j] += a * b
        error = self.magnitude * o.error + o.magnitude * self.error + self.error * o.error
        return Enclosure(tuple(product), self.radius, -error, error)

    __rmul__ = __mul__

    def __rshift__(self, bits: int) -> Enclosure:
        """⌊value / 2^bits⌋ lies less than 1 below the quotient."""
        unit = Fraction(1, 1 << bits)
        quotient = tuple(c * unit for c in self.coefficients)
        return Enclosure(quotient, self.radius, self.low * unit - 1, self.high * unit)

    def scaled(self, factor: Fraction) -> Enclosure:
        """The values times an exact, non-negative factor."""
        scaled = tuple(c * factor for c in self.coefficients)
        return Enclosure(scaled, self.radius, self.low * factor, self.high * factor)

    def _lift(self, other: Enclosure | int) -> Enclosure:
        if isinstance(other, Enclosure):
            return other
        return Enclosure((Fraction(other),), self.radius)


def shifted(coefficients: tuple[Fraction, ...], middle: Fraction) -> tuple[Fraction, ...]:
    """Coefficients of polynomial(middle + z), by Horner's rule repeated."""
    row = list(coefficients)
    for start in range(len(row) - 1):
        for i in range(len(row) - 2, start - 1, -1):
            row[i] += middle * row[i + 1]
    return tuple(row)


def exponential(radius: Fraction, terms: int) -> Enclosure:
    """e^z for |z| ≤ radius < 1: its Taylor polynomial and Lagrange's remainder.

    |e^z − T_n(z)| ≤ e^radius·radius^(n+1)/(n+1)!, with e^radius < 3.
    """
    coefficients, factorial = [], 1
    for i in range(terms + 1):
        factorial *= max(i, 1)
        coefficients.append(Fraction(1, factorial))
    remainder = 3 * radius ** (terms + 1) / (factorial * (terms + 1))
    return Enclosure(tuple(coefficients), radius, -remainder, remainder)


def natural_logarithm_of_two(terms: int) -> tuple[Fraction, Fraction]:
    """Bounds on ln 2 = Σ 1/(i·2^i), whose tail is below its first term doubled."""
    low = sum((Fraction(1, i << i) for i in range(1, terms + 1)), Fraction(0))
    return low, low + 2 * Fraction(1, (terms + 1) << (terms + 1))


def _padded(coefficients: tuple[Fraction, ...], size: int) -> tuple[Fraction, ...]:
    return coefficients + (Fraction(0),) * (size - len(coefficients))
