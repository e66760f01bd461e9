"""Mirror of `RateCurve.sol`: the kinked borrow curve in 1e-18 per second.

r(u) = base + ⌈s₁·u/k⌉ for u ≤ k, base + s₁ + ⌈s₂·(u − k)/(1e18 − k)⌉ beyond.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from paramgen.mirror.words import RATE_CURVE

WAD = 10**18
MAX_RATE = 10 * WAD // 31_536_000
MAX_AMOUNT = 2**128 - 1


@dataclass(frozen=True)
class Curve:
    """`base_rate`, rise up to the kink, rise beyond, in 1e-18 per second; `kink` in 1e18."""

    base_rate: int
    slope_1: int
    slope_2: int
    kink: int

    @classmethod
    def from_word(cls, word: int) -> Curve:
        """Read a packed rate word."""
        return cls(**RATE_CURVE.unpack(word))

    @property
    def word(self) -> int:
        """The packed rate word."""
        return RATE_CURVE.pack(asdict(self))

    @property
    def is_valid(self) -> bool:
        """Whether the contracts accept the word."""
        highest = self.base_rate + self.slope_1 + self.slope_2
        return 0 < self.kink < WAD and highest <= MAX_RATE


def utilisation(cash: int, borrows: int, reserves: int) -> int:
    """min(1, ⌈borrows/(cash + borrows − reserves)⌉) in 1e18; 0 without borrows.

    Raises
    ------
    OverflowError
        An amount is 2^128 or more: the contract reverts.
    """
    if max(cash, borrows, reserves) > MAX_AMOUNT:
        raise OverflowError("an amount does not fit into 128 bits")
    total = cash + borrows - reserves
    if borrows == 0:
        return 0
    if borrows >= total:
        return WAD
    return ceil_divide(borrows * WAD, total)


def rate_at(curve: Curve, u: int) -> int:
    """Borrow rate at utilisation `u` ≤ 1e18, 1e-18 per second, rounded up."""
    if u <= curve.kink:
        return curve.base_rate + ceil_divide(curve.slope_1 * u, curve.kink)
    beyond = ceil_divide(curve.slope_2 * (u - curve.kink), WAD - curve.kink)
    return curve.base_rate + curve.slope_1 + beyond


def rate_per_second(curve: Curve, cash: int, borrows: int, reserves: int) -> int:
    """Borrow rate of a pool, 1e-18 per second, rounded up."""
    return rate_at(curve, utilisation(cash, borrows, reserves))


def supply_rate_per_second(
    curve: Curve, cash: int, borrows: int, reserves: int, reserve_factor: int
) -> int:
    """What lenders earn, 1e-18 per second, rounded down once; `reserve_factor` in 1e18."""
    u = utilisation(cash, borrows, reserves)
    return rate_at(curve, u) * u * (WAD - reserve_factor) // WAD**2


def ceil_divide(numerator: int, denominator: int) -> int:
    """⌈numerator/denominator⌉ for numbers ≥ 0."""
    return -(-numerator // denominator)
