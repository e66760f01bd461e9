"""The certificate that the decay factor on chain never exceeds the true one.

`decay_factor` serves exp_wad(−E) − 1 for an exponent of E·1e-18 (or the floor). With x = E·1e-18,

    exp_wad(−E) = ⌊R·S·2^(k−195)⌋,   R = trunc(p / q),   (p, q) = rational(t − k·L),

where t is −x·2^96 rounded towards zero, L stands for ln 2·2^96 and S for 1e18·2^99 times a
constant. Four things part it from 1e18·e^{−x}, as factors:

    rounding t up                     ≤ e^(2^−96)
    L for ln 2·2^96, k ≤ 61 times     ≤ e^(k·|L/2^96 − ln 2|)
    p/q and its inner roundings       ≤ 1 + δ        over the whole reduced interval
    truncating R and the shift        ≤ 1            both round down

The third is a polynomial identity with rational coefficients: `rational`, the mirror's own code,
run on an enclosure of every reduced argument at once, against Taylor's polynomial of e^z. Since
e^{−x} ≤ 1, a product of the four below 1 + 1e-18 means exp_wad(−E) ≤ 1e18·e^{−x} + 1, so that one
unit less is at most the true value.

The mirror equals the deployed bytecode to the last bit (tests/differential).
"""

from decimal import Decimal, localcontext
from fractions import Fraction

import pytest

from paramgen.encode import BY_NAME
from paramgen.mirror import decay
from paramgen.mirror.decay import EXPONENT_ZERO, LN2_Q96, SCALE, WAD, exp_wad
from tests.proofs.enclosure import Enclosure, exponential, natural_logarithm_of_two
from tests.support.chance import seeded

Q96 = 1 << 96
TERMS = 28
MOST_HALVINGS = 61
# |t − k·L| ≤ L/2 + 1: k is the nearest integer to t/L but for a truncated quotient's last bit.
RADIUS = Fraction(LN2_Q96 // 2 + 2, Q96)
PIECES = 16
SAMPLES = 40_000


def rational_excess(rational) -> Fraction:
    """δ: by how much p/q, scaled, can exceed e^z in relative terms, all roundings included."""
    p, q = rational(Enclosure.variable(Q96, RADIUS))
    e = exponential(RADIUS, TERMS)
    # p·S·2^-195 ≤ 1e18·e^z·q·(1 + δ) for q > 0, so the difference is what δ has to cover.
    difference = p.scaled(Fraction(SCALE, 1 << 195)) - (e * q).scaled(Fraction(WAD))
    assert q.least > 0, "the denominator has no zero"
    assert p.least > 0, "truncation rounds down"
    return difference.bound(PIECES) / (WAD * e.least * q.least)


def reduction_excess() -> Fraction:
    """By how much rounding t and taking L for ln 2·2^96 can exceed, in relative terms.

    e^y ≤ 1 + 2·y for 0 ≤ y ≤ 1.
    """
    low, high = natural_logarithm_of_two(120)
    drift = max(abs(Fraction(LN2_Q96, Q96) - low), abs(Fraction(LN2_Q96, Q96) - high))
    return 2 * (Fraction(1, Q96) + MOST_HALVINGS * drift)


def total_excess(rational) -> Fraction:
    return (1 + rational_excess(rational)) * (1 + reduction_excess()) - 1


def test_the_exponential_exceeds_the_true_one_by_less_than_a_unit():
    assert total_excess(decay.rational) * WAD < 1


def test_the_excess_is_as_small_as_the_contract_says():
    """`Decay.sol` states a relative excess below 2^-62; sampled, it is 2^-65.7."""
    assert total_excess(decay.rational) < Fraction(1, 1 << 62)


def test_every_exponent_is_reduced_within_the_certified_range():
    largest = 1 << 75
    step, rate, age = (BY_NAME[n].largest for n in ("decay_step", "decay_rate", "maximum_age"))
    assert step * 10**12 + rate * 10**4 * age < largest
    assert exp_wad(-largest) == exp_wad(EXPONENT_ZERO) == 0
    # From the first exponent that is not zero to none: at most 61 halvings.
    halvings = Fraction(-EXPONENT_ZERO, WAD) / natural_logarithm_of_two(120)[0]
    assert halvings + Fraction(1, 2) < MOST_HALVINGS


@pytest.mark.parametrize("planted", [1, -1], ids=["numerator", "denominator"])
def test_a_changed_coefficient_voids_the_certificate(planted):
    """One part in 2^57 more in the numerator, or less in the denominator, and the proof fails."""

    def changed(reduced):
        p, q = decay.rational(reduced)
        return (p + (p >> 57), q) if planted > 0 else (p, q - (q >> 57))

    assert total_excess(changed) * WAD > 1


def test_the_mirror_never_exceeds_the_true_exponential():
    """The same claim by dense sampling, the edges of every reduced interval included."""
    random = seeded(75)
    edges = [round(WAD * (k + Fraction(1, 2)) * LN2_Q96 / Q96) for k in range(60)]
    exponents = [e + d for e in edges for d in range(-20, 21)]
    exponents += [random.randrange(-EXPONENT_ZERO) for _ in range(SAMPLES // 2)]
    exponents += [random.getrandbits(random.randint(1, 65)) for _ in range(SAMPLES // 2)]
    with localcontext() as context:
        context.prec = 50
        for exponent in exponents:
            true = (Decimal(-exponent) / WAD).exp() * WAD
            assert max(exp_wad(-exponent) - 1, 0) <= true, exponent
