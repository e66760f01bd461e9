"""Mirror of `Decay.sol` and of the exponential under it.

D(age) = exp(−(step + rate·(age − T))), rounded down and never above e^{−x}, floored.
"""

from __future__ import annotations

WAD = 10**18

# Source: solady v0.1.26 `FixedPointMathLib.expWad` (Remco Bloemen's (6, 7)-term rational
# approximation in Q96). EXPONENT_ZERO is where the result falls below one half of 1e-18.
EXPONENT_ZERO = -41_446_531_673_892_822_313
LN2_Q96 = 54_916_777_467_707_473_351_141_471_128
SCALE = 3_822_833_074_963_236_453_042_738_258_902_158_003_155_416_615_667


def decay_factor(step: int, rate: int, floor: int, staleness: int, age: int) -> int:
    """max(D(age), floor) in 1e18, for age > staleness.

    Parameters
    ----------
    step : exponent at the staleness limit, 1e-6.
    rate : growth of the exponent, 1e-14 per second.
    floor : basis points.
    staleness, age : seconds.

    Notes
    -----
    `exp_wad` exceeds ⌊e^{−x}·1e18⌋ by at most 1, hence one unit less.
    """
    exponent = step * 10**12 + rate * 10**4 * (age - staleness)
    lowest = floor * (WAD // 10**4)
    decayed = exp_wad(-exponent)
    return decayed - 1 if decayed > lowest else lowest


def exp_wad(x: int) -> int:
    """e^x in 1e18 for x ≤ 0 in 1e18, as solady computes it."""
    if x <= EXPONENT_ZERO:
        return 0
    reduced = truncated_divide(x << 78, 5**18)
    k = (truncated_divide(reduced << 96, LN2_Q96) + 2**95) >> 96
    p, q = rational(reduced - k * LN2_Q96)
    return truncated_divide(p, q) * SCALE >> (195 - k)


def rational(reduced: int) -> tuple[int, int]:
    """Numerator in Q192 and denominator in Q96 of e^reduced / s, |reduced| ≤ ½·ln 2 in Q96.

    Adds, multiplies and shifts alone, so that the certificate of its error runs this code itself.
    """
    y = reduced + 1346386616545796478920950773328
    y = (y * reduced >> 96) + 57155421227552351082224309758442
    p = y + reduced - 94201549194550492254356042504812
    p = (p * y >> 96) + 28719021644029726153956944680412240
    p = p * reduced + (4385272521454847904659076985693276 << 96)

    q = reduced - 2855989394907223263936484059900
    q = (q * reduced >> 96) + 50020603652535783019961831881945
    q = (q * reduced >> 96) - 533845033583426703283633433725380
    q = (q * reduced >> 96) + 3604857256930695427073651918091429
    q = (q * reduced >> 96) - 14423608567350463180887372962807573
    q = (q * reduced >> 96) + 26449188498355588339934803723976023
    return p, q


def truncated_divide(numerator: int, denominator: int) -> int:
    """Signed division towards zero, as the EVM's `sdiv`."""
    quotient = abs(numerator) // abs(denominator)
    return quotient if (numerator < 0) == (denominator < 0) else -quotient
