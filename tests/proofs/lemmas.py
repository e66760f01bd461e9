"""Lemmas over the integers, by z3: products and quotients of unknowns, where bit vectors are lost.

Run by the provers' own interpreter (`make prove`), which has z3 and not the project's dependencies:
`paramgen.encode` needs none. Each lemma is the negation of its claim, found unsatisfiable.

Bridge. The contracts compute in words of 256 bits, unchecked where they say so. `bridge_*` shows
from the field table's own widths that no intermediate value reaches 2^256 nor falls below 0, so
the words are the integers of these lemmas. A floor of a division is given by its two defining
inequalities. What a lemma needs of a product of two unknowns is one of two rules of signs, `grows`
and `cancels`, which are lemmas themselves; with them every claim is linear in its products.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import z3

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from paramgen.encode import BY_NAME
from paramgen.mirror.decay import LN2_Q96, Q96, STEP_UNIT

WAD = 10**18
FULL = 2**16 - 1
WORD = 2**256
AMOUNT = 2**128 - 1
TIME = 2**32 - 1
PRICE = BY_NAME["reference_price"].largest
Constraints = list[z3.BoolRef]
Lemma = Callable[[], list[z3.BoolRef]]


def field(name: str) -> tuple[z3.ArithRef, Constraints]:
    """Any integer that the field's bits hold."""
    value = z3.Int(name)
    return value, [value >= 0, value <= BY_NAME[name].largest]


def integers(names: str) -> list[z3.ArithRef]:
    return [z3.Int(name) for name in names.split()]


def floor(quotient: z3.ArithRef, numerator: z3.ArithRef, denominator: z3.ArithRef) -> Constraints:
    """quotient = ⌊numerator / denominator⌋ for a positive denominator."""
    return [quotient * denominator <= numerator, numerator < (quotient + 1) * denominator]


def ceiling(quotient: z3.ArithRef, numerator: z3.ArithRef, denominator: z3.ArithRef) -> Constraints:
    """quotient = ⌈numerator / denominator⌉ for a positive denominator."""
    return [numerator <= quotient * denominator, (quotient - 1) * denominator < numerator]


def grows(factor: z3.ArithRef, less: z3.ArithRef, more: z3.ArithRef) -> z3.BoolRef:
    """Multiplying by a factor that is not negative keeps the order."""
    return z3.Implies(z3.And(factor >= 0, less <= more), factor * less <= factor * more)


def cancels(factor: z3.ArithRef, less: z3.ArithRef, more: z3.ArithRef) -> z3.BoolRef:
    """A positive factor of both sides can be dropped."""
    return z3.Implies(z3.And(factor > 0, factor * less < factor * more), less < more)


def rule_of_growing() -> Constraints:
    return [z3.Not(grows(*integers("factor less more")))]


def rule_of_cancelling() -> Constraints:
    return [z3.Not(cancels(*integers("factor less more")))]


# --- decay ------------------------------------------------------------------------------------


def decay_exponent_grows_with_age() -> Constraints:
    """Of two ages beyond T the higher has no smaller exponent, and none is below the step."""
    (step, s), (rate, r) = field("decay_step"), field("decay_rate")
    young, old = integers("young old")
    exponents = [step * STEP_UNIT + rate * late for late in (young, old)]
    ages = [young >= 0, old >= young, old <= TIME]
    rules = [grows(rate, young, old), grows(rate, z3.IntVal(0), young)]
    claim = z3.And(step * STEP_UNIT <= exponents[0], exponents[0] <= exponents[1])
    return [*s, *r, *ages, *rules, z3.Not(claim)]


def decay_of_a_price_never_raises_it() -> Constraints:
    """⌊price·factor/1e18⌋ ≤ price for a factor of at most 1e18, and falls with the factor."""
    price, factor, smaller, served, less = integers("price factor smaller served less")
    ranges = [price >= 0, price <= PRICE, smaller >= 0, factor >= smaller, factor <= WAD]
    quotients = floor(served, price * factor, z3.IntVal(WAD))
    quotients += floor(less, price * smaller, z3.IntVal(WAD))
    rules = [grows(price, smaller, factor), grows(price, factor, z3.IntVal(WAD))]
    return [*ranges, *quotients, *rules, z3.Or(served > price, less > served)]


def bridge_decay() -> Constraints:
    """No intermediate value of the exponential, nor price·factor, reaches 2^256."""
    step, rate = BY_NAME["decay_step"].largest, BY_NAME["decay_rate"].largest
    exponent = step * STEP_UNIT + rate * TIME
    square = LN2_Q96 * LN2_Q96 >> 96
    even = (square + 180 * Q96) * square + (1680 * Q96 << 96)
    odd = LN2_Q96 * (20 * square + 840 * Q96)
    products = (exponent << 96, even, odd, (even >> 96) * WAD, PRICE * WAD)
    return [z3.BoolVal(any(product >= WORD for product in products))]


# --- rates ------------------------------------------------------------------------------------


def rise(slope: z3.ArithRef, run: z3.ArithRef, room: z3.ArithRef, up: z3.ArithRef) -> Constraints:
    """up = ⌈slope·run/room⌉, as either branch of the curve has it, for 0 ≤ run ≤ room."""
    return [slope >= 0, room > 0, run >= 0, run <= room, *ceiling(up, slope * run, room)]


def rate_rises_within_a_branch() -> Constraints:
    """⌈slope·run/room⌉ is monotone in run: u up to the kink, u − kink beyond it."""
    slope, room, u, v, at_u, at_v = integers("slope room u v at_u at_v")
    branch = [*rise(slope, u, room, at_u), *rise(slope, v, room, at_v), u <= v]
    rules = [grows(slope, u, v), cancels(room, at_u - 1, at_v)]
    return [*branch, *rules, at_u > at_v]


def rate_meets_at_the_kink() -> Constraints:
    """Each branch rises from 0 to its slope to the last bit: no step down, or up, across the kink.

    With the lemma before, for u ≤ kink ≤ v: rise(u) ≤ slope1 ≤ slope1 + rise(v).
    """
    slope, room, run, up = integers("slope room run up")
    rules = [grows(slope, run, room), grows(slope, z3.IntVal(0), run)]
    rules += [
        cancels(room, up - 1, slope),
        cancels(room, slope - 1, up),
        cancels(room, z3.IntVal(-1), up),
    ]
    rules += [cancels(room, up - 1, z3.IntVal(0))]
    claim = z3.And(
        up >= 0, up <= slope, z3.Implies(run == 0, up == 0), z3.Implies(run == room, up == slope)
    )
    return [*rise(slope, run, room, up), *rules, z3.Not(claim)]


def utilisation_rounds_up_and_stays_below_one() -> Constraints:
    """⌈borrows·1e18/total⌉ is at least the share and at most 1e18, for 0 < borrows ≤ total."""
    borrows, total, u = integers("borrows total u")
    ranges = [borrows > 0, total >= borrows, *ceiling(u, borrows * WAD, total)]
    rules = [cancels(total, u - 1, z3.IntVal(WAD)), cancels(total, z3.IntVal(0), u)]
    claim = z3.And(borrows * WAD <= total * u, u > 0, u <= WAD)
    return [*ranges, *rules, z3.Not(claim)]


def suppliers_never_earn_more_than_borrowers_pay() -> Constraints:
    """⌊rate·u·(1 − factor)/1e36⌋ ≤ rate·u/1e18, with paid = rate·u and keep = 1e18 − factor."""
    paid, keep, earned = integers("paid keep earned")
    ranges = [paid >= 0, keep >= 0, keep <= WAD, grows(paid, keep, z3.IntVal(WAD))]
    return [*ranges, *floor(earned, paid * keep, z3.IntVal(WAD * WAD)), earned * WAD > paid]


def bridge_rates() -> Constraints:
    """Amounts below 2^128, slopes of 48 and a kink of 64 bits: no sum or product leaves a word."""
    slope, kink = BY_NAME["slope_1"].largest, BY_NAME["kink"].largest
    largest = [AMOUNT * WAD + 2 * AMOUNT, slope * kink + kink, 3 * slope, 2 * slope * WAD * WAD]
    return [z3.BoolVal(max(largest) >= WORD)]


# --- band -------------------------------------------------------------------------------------


def band_admits_no_more_than_its_width() -> Constraints:
    """scaled − low ≤ width, wrapping at 2^256, says low ≤ scaled ≤ low + width and nothing else.

    With low = accrued·(1 − X_down) and width = accrued·(X_up + X_down) that is, exactly,
    accrued·(1 − X_down) ≤ price ≤ accrued·(1 + X_up): no rounding lets more than X through.
    """
    scaled, low, width, wrapped = integers("scaled low width wrapped")
    ranges = [scaled >= 0, low >= 0, width >= 0, scaled < 2**128, low < 2**128, width < 2**128]
    wraps = wrapped == z3.If(scaled >= low, scaled - low, scaled - low + WORD)
    inside = z3.And(low <= scaled, scaled <= low + width)
    return [*ranges, wraps, inside != (wrapped <= width)]


def band_widening_is_rounded_down() -> Constraints:
    """v = ⌊√⌊Δ·2^64/w⌋⌋ in 2^-32 has v² ≤ Δ/w: no more than X_w·√(Δ/w) is admitted."""
    elapsed, window, ratio, square = integers("elapsed window ratio square")
    ranges = [elapsed >= 0, window > 0, square >= 0, square <= ratio]
    ranges += [*floor(ratio, elapsed * 2**64, window), grows(window, square, ratio)]
    return [*ranges, window * square > elapsed * 2**64]


def agreement_is_the_tolerance() -> Constraints:
    """(high − low)·1e5 ≤ low·tol says high ≤ low·(1 + tol/1e5), to the last unit."""
    low, high, tol = integers("low high tol")
    ranges = [low > 0, high >= low, high <= PRICE, tol >= 0, tol < 2**16]
    return [
        *ranges,
        ((high - low) * 10**5 <= low * tol) != (high * 10**5 <= low * 10**5 + low * tol),
    ]


def bridge_band() -> Constraints:
    """An accrued anchor, its widened band and a scaled price stay below 2^256."""
    accrual, up = BY_NAME["accrual"].largest, BY_NAME["band_up"].largest
    windows = BY_NAME["band_windows"].largest
    accrued = PRICE * (10**14 + accrual * TIME)
    widened = accrued * (10**5 * 2**32 + up * (2**32 * (windows + 1)))
    scaled = PRICE * 10**14 * 10**5 * 2**32
    return [z3.BoolVal(max(widened, scaled, TIME << 64) >= WORD or accrued * 2 * 10**5 >= 2**128)]


# --- guardrails -------------------------------------------------------------------------------


def share_is_at_least_what_the_move_costs() -> Constraints:
    """⌈move·FULL/budget⌉ of FULL is no less than move of budget; a move within the budget fits."""
    move, budget, share = integers("move budget share")
    ranges = [move >= 0, budget > 0, *ceiling(share, move * FULL, budget)]
    ranges.append(cancels(budget, share - 1, z3.IntVal(FULL)))
    return [*ranges, z3.Or(budget * share < move * FULL, z3.And(move <= budget, share > FULL))]


def leak_is_monotone_and_linear() -> Constraints:
    """Left after more time is less or equal; what leaks is FULL·t/window rounded down, never up."""
    spent, window, early, late, leak0, leak1 = integers("spent window early late leak0 leak1")
    ranges = [spent >= 0, spent <= FULL, window > 0, early >= 0, early <= late, late < window]
    quotients = [*floor(leak0, FULL * early, window), *floor(leak1, FULL * late, window)]
    rules = [cancels(window, leak0, leak1 + 1), cancels(window, leak1, z3.IntVal(FULL + 1))]
    rules.append(cancels(window, z3.IntVal(-1), leak0))
    left = [z3.If(leak < spent, spent - leak, 0) for leak in (leak0, leak1)]
    claim = z3.And(
        left[1] <= left[0], left[0] <= spent, window * leak1 <= FULL * late, leak1 <= FULL
    )
    return [*ranges, *quotients, *rules, z3.Not(claim)]


def leaking_in_parts_leaks_no_more() -> Constraints:
    """⌊a⌋ + ⌊b⌋ ≤ ⌊a + b⌋: no cadence of touching a budget gives back more of it."""
    window, one, two, leak1, leak2, whole = integers("window one two leak1 leak2 whole")
    ranges = [window > 0, one >= 0, two >= 0]
    quotients = [*floor(leak1, FULL * one, window), *floor(leak2, FULL * two, window)]
    quotients += floor(whole, FULL * (one + two), window)
    return [*ranges, *quotients, cancels(window, leak1 + leak2, whole + 1), leak1 + leak2 > whole]


def bridge_guardrails() -> Constraints:
    """Values of 64 bits, steps of 32, 255 steps a budget: no product leaves a word."""
    value, step = 2**64 - 1, 2**32 - 1
    budget = step * value * 255
    return [z3.BoolVal(max(value * 10**4 * FULL + budget, FULL * 2**24) >= WORD)]


LEMMAS: tuple[Lemma, ...] = (
    rule_of_growing,
    rule_of_cancelling,
    decay_exponent_grows_with_age,
    decay_of_a_price_never_raises_it,
    bridge_decay,
    rate_rises_within_a_branch,
    rate_meets_at_the_kink,
    utilisation_rounds_up_and_stays_below_one,
    suppliers_never_earn_more_than_borrowers_pay,
    bridge_rates,
    band_admits_no_more_than_its_width,
    band_widening_is_rounded_down,
    agreement_is_the_tolerance,
    bridge_band,
    share_is_at_least_what_the_move_costs,
    leak_is_monotone_and_linear,
    leaking_in_parts_leaks_no_more,
    bridge_guardrails,
)


def holds(lemma: Lemma) -> bool:
    """Whether the negated claim has no model; unknown is not a proof.

    First with products as opaque unknowns, which proves no less truly and is enough beside the
    rules of signs; then, for those rules themselves, with what z3 knows of products.
    """
    return any(_refuted(lemma(), knows_products=known) for known in (False, True))


def _refuted(constraints: Constraints, knows_products: bool) -> bool:
    solver = z3.SimpleSolver()
    solver.set("timeout", 120_000)
    solver.set("arith.nl", knows_products)
    solver.add(*constraints)
    return solver.check() == z3.unsat


def satisfiable_premises(lemma: Lemma) -> bool:
    """Whether the premises alone have a model, so that no claim holds for want of a case."""
    solver = z3.Solver()
    solver.set("timeout", 120_000)
    solver.add(*lemma()[:-1])
    return solver.check() == z3.sat


def main() -> int:
    failed = 0
    for lemma in LEMMAS:
        start = time.perf_counter()
        proved, supported = holds(lemma), satisfiable_premises(lemma)
        failed += not (proved and supported)
        verdict = "proved" if proved else "NOT PROVED"
        vacuous = "" if supported else "  PREMISES WITHOUT A MODEL"
        print(f"{verdict}  {lemma.__name__}  {time.perf_counter() - start:.2f} s{vacuous}")
    print(f"{len(LEMMAS) - failed} of {len(LEMMAS)} lemmas proved")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
