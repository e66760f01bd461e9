"""Mirror of the venue adapters: Morpho's price and interest, Compound's and Euler's rate units."""

from __future__ import annotations

from paramgen.mirror.rate import WAD, Curve, ceil_divide, rate_per_second

PAR = 10**8
MORPHO_SCALE = 10**36
MAX_BLOCK_TIME = 15_768
MILLISECONDS = 1_000
RAY_PER_WAD = 10**9


def morpho_scale(collateral_unit: int, loan_unit: int) -> int:
    """10^(36 + loan decimals − collateral decimals); a unit is a whole token in its smallest."""
    return MORPHO_SCALE * loan_unit // collateral_unit


def morpho_price(collateral: int, loan: int, scale: int) -> int:
    """Collateral in loan tokens at Morpho's scale, rounded down; both prices in 8 decimals.

    `loan` is `PAR` where the market has no loan leg.
    """
    return collateral * scale // loan


def morpho_rate(curve: Curve, supplied: int, borrowed: int) -> int:
    """Borrow rate per second in 1e18 from a market's totals."""
    return rate_per_second(curve, max(0, supplied - borrowed), borrowed, 0)


def morpho_interest(borrowed: int, rate: int, elapsed: int) -> int:
    """What Morpho books: three terms of e^(rate·elapsed) − 1, each rounded down."""
    first = rate * elapsed
    second = first * first // (2 * WAD)
    third = second * first // (3 * WAD)
    return borrowed * (first + second + third) // WAD


def compound_borrow_rate(per_second: int, block_time: int) -> int:
    """Borrow rate per block of `block_time` milliseconds in 1e18, rounded up."""
    return ceil_divide(per_second * block_time, MILLISECONDS)


def compound_supply_rate(per_second: int, block_time: int) -> int:
    """What lenders earn per block of `block_time` milliseconds in 1e18, rounded down."""
    return per_second * block_time // MILLISECONDS


def euler_rate(per_second: int) -> int:
    """Borrow rate per second in 1e27."""
    return per_second * RAY_PER_WAD
