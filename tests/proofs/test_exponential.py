"""The certificate that the decay factor on chain never exceeds the true one.

`decay_factor` serves exponential(E) (or the floor) for x = E·1e-14. With t = ⌊x·2^96⌋, L = LN2_Q96,
k = ⌊t/L⌋, r = t − k·L and (even, odd) = pade(r),

    exponential(E) = ⌊ ⌊(even − odd)·M / (even + odd)⌋ / 2^k ⌋,   M = 1e18·(1 − 2e-9).

Four things part it from 1e18·e^{−x}, as factors:

    rounding t down                         ≤ e^(2^−96)
    L for ln 2·2^96, k ≤ 60 times (¹)       ≤ e^(k·|L/2^96 − ln 2|)
    Padé's form and its inner roundings     ≤ 1 + δ   over the whole reduced interval
    M for 1e18                              = 1 − 2e-9

and truncating the quotient and the shift, which round down. A product of the four below 1 means
exponential(E) ≤ 1e18·e^{−x}.

The third is a polynomial identity with rational coefficients: `pade`, the mirror's own code, run on
an enclosure of every reduced argument at once (and of their negatives), against Taylor's polynomial
of e^r.

(¹) Beyond 60 halvings the quotient, below 2^60, is shifted to 0.

The mirror equals the deployed bytecode to the last bit (tests/differential).
"""

from decimal import Decimal, localcontext
from fractions import Fraction

import pytest

from paramgen.encode import BY_NAME
from paramgen.mirror import decay
from paramgen.mirror.decay import (
    EXPONENT_UNIT,
    LN2_Q96,
    ONE_LESS_MARGIN,
    Q96,
    STEP_UNIT,
    WAD,
    exponential,
)
from tests.proofs.enclosure import Enclosure, natural_logarithm_of_two
from tests.proofs.enclosure import exponential as taylor
from tests.support.chance import seeded

TERMS = 28
MOST_HALVINGS = 60
RADIUS = Fraction(LN2_Q96, Q96)
PIECES = 64
SAMPLES = 40_000
MARGIN = 1 - Fraction(ONE_LESS_MARGIN, WAD)


def approximation_error(pade) -> Fraction:
    """δ: a bound on |(even − odd)/(even + odd)·e^r − 1|, all roundings included."""
    even, odd = pade(Enclosure.variable(Q96, RADIUS))
    denominator = even + odd
    difference = (even - odd) * taylor(RADIUS, TERMS) - denominator
    pairs = zip(difference.pieces(PIECES), denominator.pieces(PIECES), strict=True)
    return max(_ratio(above, below) for above, below in pairs)


def _ratio(above: Enclosure, below: Enclosure) -> Fraction:
    assert below.least > 0, "the denominator has no zero"
    return (above.magnitude + above.error) / below.least


def reduction_error() -> Fraction:
    """By how much rounding t and taking L for ln 2·2^96 can err, in relative terms.

    e^y ≤ 1 + 2·y for 0 ≤ y ≤ 1.
    """
    low, high = natural_logarithm_of_two(120)
    drift = max(abs(Fraction(LN2_Q96, Q96) - low), abs(Fraction(LN2_Q96, Q96) - high))
    return 2 * (Fraction(1, Q96) + MOST_HALVINGS * drift)


def largest(pade) -> Fraction:
    """The largest factor by which `exponential` can stand above e^{−x}."""
    return (1 + approximation_error(pade)) * (1 + reduction_error()) * (1 - MARGIN)


def smallest(pade) -> Fraction:
    """The smallest factor before the two truncations."""
    return (1 - approximation_error(pade)) * (1 - reduction_error()) * (1 - MARGIN)


def test_the_exponential_never_exceeds_the_true_one():
    assert largest(decay.pade) < 1


def test_the_exponential_is_hardly_below_the_true_one():
    """`Decay.sol` states less than 4e-9, beside a unit for each truncation."""
    assert smallest(decay.pade) > 1 - Fraction(4, 10**9)


def test_no_exponent_overflows_and_every_quotient_ends_by_sixty_halvings():
    step, rate, age = (BY_NAME[n].largest for n in ("decay_step", "decay_rate", "maximum_age"))
    assert step * STEP_UNIT + rate * age < 1 << 61
    assert ONE_LESS_MARGIN < 1 << MOST_HALVINGS
    assert exponential((1 << 61) - 1) == 0


@pytest.mark.parametrize("planted", [1, -1], ids=["even", "odd"])
def test_a_changed_coefficient_voids_the_certificate(planted):
    """One part in 2^30 more in the even part, or less in the odd one, and the proof fails."""

    def changed(reduced):
        even, odd = decay.pade(reduced)
        return (even + (even >> 30), odd) if planted > 0 else (even, odd - (odd >> 30))

    assert largest(changed) > 1


def test_the_mirror_never_exceeds_the_true_exponential():
    """The same claim by dense sampling, the edges of every reduced interval included."""
    random = seeded(75)
    edges = [round(EXPONENT_UNIT * k * LN2_Q96 / Q96) for k in range(1, 61)]
    exponents = [e + d for e in edges for d in range(-20, 21)]
    exponents += [random.randrange(50 * EXPONENT_UNIT) for _ in range(SAMPLES // 2)]
    exponents += [random.getrandbits(random.randint(1, 61)) for _ in range(SAMPLES // 2)]
    with localcontext() as context:
        context.prec = 50
        for exponent in exponents:
            true = (Decimal(-exponent) / EXPONENT_UNIT).exp() * WAD
            assert exponential(exponent) <= true, exponent


def test_the_mirror_never_rises():
    """Where k changes, the excess of one interval's end falls back to none."""
    edges = [EXPONENT_UNIT * k * LN2_Q96 // Q96 for k in range(1, 61)]
    for edge in edges:
        values = [exponential(edge + d) for d in range(-50, 51)]
        assert values == sorted(values, reverse=True)
