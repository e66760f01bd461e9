"""Mirror of `Decay.sol`.

D(age) = exp(−(step + rate·(age − T))), rounded down and never above e^{−x}, floored.
"""

from __future__ import annotations

WAD = 10**18
Q96 = 1 << 96
LN2_Q96 = 54_916_777_467_707_473_351_141_471_128
STEP_UNIT = 10**8
EXPONENT_UNIT = 10**14
ONE_LESS_MARGIN = 999_999_998_000_000_000


def decay_factor(step: int, rate: int, floor: int, staleness: int, age: int) -> int:
    """max(D(age), floor) in 1e18, for age > staleness.

    Parameters
    ----------
    step : exponent at the staleness limit, 1e-6.
    rate : growth of the exponent, 1e-14 per second.
    floor : basis points.
    staleness, age : seconds.
    """
    exponent = step * STEP_UNIT + rate * (age - staleness)
    return max(exponential(exponent), floor * (WAD // 10**4))


def exponential(exponent: int) -> int:
    """e^{−x} in 1e18 for x ≥ 0 in 1e-14, rounded down.

    Notes
    -----
    x = k·ln 2 + r with 0 ≤ r < ln 2, Padé's [4/4] approximation of e^{−r}, less a margin above its
    largest excess. Source of the form: Baker and Graves-Morris, *Padé Approximants*, §1.2.
    """
    halvings, reduced = divmod((exponent << 96) // EXPONENT_UNIT, LN2_Q96)
    even, odd = pade(reduced)
    return (even - odd) * ONE_LESS_MARGIN // (even + odd) >> halvings


def pade(reduced: int) -> tuple[int, int]:
    """The even and the odd part, Q96, of Padé's [4/4] form at 0 ≤ reduced < ln 2, in Q96.

    Adds, multiplies and shifts alone, so that the certificate of its error runs this code itself.
    """
    square = reduced * reduced >> 96
    even = ((square + 180 * Q96) * square >> 96) + 1680 * Q96
    odd = reduced * (20 * square + 840 * Q96) >> 96
    return even, odd
