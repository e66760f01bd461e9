"""The borrow curve as the data of Aave's own rate strategy, which an existing pool cannot exchange.

`DefaultReserveInterestRateStrategyV2` holds four numbers a reserve, in whole basis points: the
kink and, a year of 31 536 000 s, the rate at 0, the rise up to the kink and the rise beyond. The
curve is the same, so what is lost is the rounding. It goes against risk: rates up, the kink down.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from paramgen.errors import ParamgenError
from paramgen.mirror.rate import WAD, Curve
from paramgen.units import BPS, YEAR_365

MIN_OPTIMAL = 1_00
MAX_OPTIMAL = 99_00
MAX_RATE = 1_000_00
_UNITS_PER_BP = Fraction(WAD, BPS) / YEAR_365.seconds
"""One basis point a year in 1e-18 per second."""


@dataclass(frozen=True)
class AaveRates:
    """`InterestRateData` of Aave V3.1 and later, in basis points."""

    optimal_usage_ratio: int
    base_variable_borrow_rate: int
    variable_rate_slope_1: int
    variable_rate_slope_2: int

    def refusals(self) -> tuple[str, ...]:
        """What the strategy would revert on, in its own order."""
        found = []
        if not MIN_OPTIMAL <= self.optimal_usage_ratio <= MAX_OPTIMAL:
            found.append(f"optimalUsageRatio {self.optimal_usage_ratio} outside 100–9900 bp")
        if self.variable_rate_slope_1 > self.variable_rate_slope_2:
            found.append(
                f"variableRateSlope1 {self.variable_rate_slope_1} bp above "
                f"variableRateSlope2 {self.variable_rate_slope_2} bp"
            )
        if self._highest > MAX_RATE:
            found.append(f"highest rate {self._highest} bp above {MAX_RATE} bp")
        return tuple(found)

    def nearest(self) -> AaveRates:
        """What the strategy accepts: the kink in its bounds, slope 2 up to slope 1, then both cut.

        It is looser than the curve in two cases: a kink below 1 % rises to it, and rates fall where
        the highest would exceed the strategy's own limit.
        """
        optimal = min(max(self.optimal_usage_ratio, MIN_OPTIMAL), MAX_OPTIMAL)
        base = min(self.base_variable_borrow_rate, MAX_RATE)
        slope_1 = min(self.variable_rate_slope_1, (MAX_RATE - base) // 2)
        slope_2 = max(self.variable_rate_slope_2, slope_1)
        return AaveRates(optimal, base, slope_1, min(slope_2, MAX_RATE - base - slope_1))

    def rate_at(self, u: Fraction) -> Fraction:
        """Borrow rate at utilisation `u` in [0, 1], basis points a year, exact."""
        return _kinked(
            self.base_variable_borrow_rate,
            self.variable_rate_slope_1,
            self.variable_rate_slope_2,
            Fraction(self.optimal_usage_ratio, BPS),
            u,
        )

    @property
    def _highest(self) -> int:
        slopes = self.variable_rate_slope_1 + self.variable_rate_slope_2
        return self.base_variable_borrow_rate + slopes


class NotExpressibleError(ParamgenError):
    """Aave's strategy has no data for the curve; it refuses `rounded` and accepts `nearest`."""

    def __init__(self, rounded: AaveRates) -> None:
        self.rounded = rounded
        self.nearest = rounded.nearest()
        reasons = "; ".join(rounded.refusals())
        super().__init__(f"Aave's rate strategy refuses {reasons}. Nearest: {self.nearest}")


def aave_rates(curve: Curve) -> AaveRates:
    """The curve in whole basis points, at no utilisation below it.

    A rate becomes the fewest basis points whose own encoding per second reaches it, so a curve of
    whole basis points comes back as it was. Hence "not below" holds to the last unit of each of the
    three rates: 3e-18 per second, 1e-6 bp a year.

    Raises
    ------
    NotExpressibleError
        Naming what the strategy would revert on, and the nearest that it accepts.
    """
    rounded = AaveRates(
        optimal_usage_ratio=curve.kink * BPS // WAD,
        base_variable_borrow_rate=_basis_points(curve.base_rate),
        variable_rate_slope_1=_basis_points(curve.slope_1),
        variable_rate_slope_2=_basis_points(curve.slope_2),
    )
    if rounded.refusals():
        raise NotExpressibleError(rounded)
    return rounded


def largest_excess(curve: Curve, rates: AaveRates) -> Fraction:
    """The most by which `rates` exceed the curve at any utilisation, basis points a year.

    Both are linear between their kinks, so their difference is largest at a kink or an end.
    """
    kinks = (Fraction(curve.kink, WAD), Fraction(rates.optimal_usage_ratio, BPS))
    return max(rates.rate_at(u) - _exact_rate(curve, u) for u in (Fraction(0), *kinks, Fraction(1)))


def _exact_rate(curve: Curve, u: Fraction) -> Fraction:
    """The curve before its own rounding, basis points a year."""
    kink = Fraction(curve.kink, WAD)
    return _kinked(curve.base_rate, curve.slope_1, curve.slope_2, kink, u) / _UNITS_PER_BP


def _kinked(base: int, slope_1: int, slope_2: int, kink: Fraction, u: Fraction) -> Fraction:
    if u <= kink:
        return base + slope_1 * u / kink
    return base + slope_1 + slope_2 * (u - kink) / (1 - kink)


def _basis_points(per_second: int) -> int:
    """The least b with ⌈b·units⌉ ≥ rate, that is with b·units > rate − 1; 0 for 0."""
    return (per_second - 1) // _UNITS_PER_BP + 1
