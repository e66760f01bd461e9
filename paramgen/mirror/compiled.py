"""The mirror of the oracle, compiled: what `paramgen.mirror.oracle` says, for millions of moments.

Each function is the one of its name there, in machine integers, and in wide ones where a product
or a quotient passes 64 bits. No number here is a float. What the words of the contract can hold,
this carries; `carries` says whether an oracle is such a one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple, cast

import numpy as np
from numba import njit

from paramgen.mirror import decay, oracle
from paramgen.mirror.oracle import Oracle, Status
from paramgen.model import wide
from paramgen.model.wide import Wide

MAX_PRICE: Final = (1 << 54) - 1
MAX_TIME: Final = (1 << 32) - 1
MAX_EPOCH: Final = (1 << 62) - 1

_LIVE: Final = int(Status.LIVE)
_SECONDARY: Final = int(Status.SECONDARY)
_CONTESTED: Final = int(Status.CONTESTED)
_HELD: Final = int(Status.HELD)
_DECAYING: Final = int(Status.DECAYING)
_STOPPED: Final = int(Status.STOPPED)
_TRIPPED: Final = int(Status.TRIPPED)

_FRACTION: Final = oracle.FRACTION
_GROWTH: Final = oracle.GROWTH
_MAX_PREVIOUS_AGE: Final = oracle.MAX_PREVIOUS_AGE
_UNIT: Final = 1 << 32
_SCALE: Final = np.uint64(oracle.GROWTH * oracle.FRACTION)
_ROOT_BITS: Final = 36
"""√(255·2^64), the widest band, is below 2^36."""

_STEP_UNIT: Final = decay.STEP_UNIT
_FLOOR_UNIT: Final = decay.WAD // 10**4
_EXPONENT_UNIT: Final = np.uint64(decay.EXPONENT_UNIT)
_LN2_Q96: Final = wide.constant(decay.LN2_Q96)
_1680_Q96: Final = wide.constant(1680 * decay.Q96)
_840_Q96: Final = wide.constant(840 * decay.Q96)
_180_Q96: Final = wide.constant(180 * decay.Q96)
_ONE_LESS_MARGIN: Final = np.uint64(decay.ONE_LESS_MARGIN)
_WAD: Final = np.uint64(decay.WAD)
_96: Final = np.uint64(96)

_signed: Callable[[np.uint64], int] = cast(Any, np.int64)
"""Back from a word known to be below 2^63; mixed signs would become floats."""


class Rules(NamedTuple):
    """What no poke moves: configuration, bounds and reference, as `Oracle` names them."""

    primary_staleness: int
    secondary_staleness: int
    maximum_age: int
    decay_step: int
    decay_rate: int
    decay_floor: int
    band_up: int
    band_down: int
    band_windows: int
    band_window: int
    accrual: int
    tolerance: int
    confirm_delay: int
    min_price: int
    has_secondary: int
    has_reference: int
    reference_price: int
    reference_as_of: int
    reference_maximum_age: int
    reference_growth: int
    reference_headroom: int


class Words(NamedTuple):
    """The state word and the contest word."""

    price: int
    anchor: int
    previous_anchor: int
    price_time: int
    anchor_time: int
    previous_age: int
    contested: int
    tripped: int
    outside_since: int
    outside_round_time: int
    epoch: int


class Answer(NamedTuple):
    """What a feed said: a price in 8 decimals, 0 where the contract takes none, and its time."""

    price: int
    time: int


class Leg(NamedTuple):
    """A judged answer; all zero for an invalid one."""

    price: int
    time: int
    fresh: bool
    inside: bool


class Verdict(NamedTuple):
    """As `paramgen.mirror.oracle.Verdict`."""

    status: int
    price: int
    time: int
    undecayed: int


def carries(oracle: Oracle) -> bool:
    """Whether every field fits the word that the contract keeps it in.

    Then no product here overflows: the widths of the words bound them, as the contract's own
    comments on its unchecked blocks say.
    """
    deployment = oracle.deployment
    if not 0 < deployment.min_price <= deployment.max_price <= MAX_PRICE:
        return False
    if oracle.configuration.band_windows < 1 or oracle.contest.epoch > MAX_EPOCH:
        return False
    parts = (oracle.configuration, oracle.state, oracle.contest, oracle.reference)
    try:
        return all(part.word >= 0 for part in parts)
    except ValueError:
        return False


def rules_of(oracle: Oracle) -> Rules:
    """The constants of an oracle that `carries` admits."""
    reference = {f"reference_{key}": value for key, value in vars(oracle.reference).items()}
    return Rules(
        **vars(oracle.configuration),
        min_price=oracle.deployment.min_price,
        has_secondary=int(oracle.deployment.secondary_decimals is not None),
        has_reference=int(oracle.deployment.has_reference),
        **reference,
    )


def words_of(oracle: Oracle) -> Words:
    """The words of an oracle that `carries` admits."""
    return Words(**vars(oracle.state), **vars(oracle.contest))


@njit(cache=True)
def read(rules: Rules, words: Words, first: Leg, second: Leg, now: int) -> Verdict:
    """The verdict of a read, on legs already judged."""
    if words.tripped:
        return _pause(_TRIPPED, words)
    live = first.fresh and first.inside
    if live and not words.contested:
        return _served(_LIVE, first)
    return _judged(rules, words, first, second, now)


@njit(cache=True)
def poke(rules: Rules, words: Words, first: Leg, second: Leg, now: int) -> tuple[Verdict, Words]:
    """The verdict on both legs, and the words after it is recorded."""
    if words.tripped:
        return _pause(_TRIPPED, words), words
    verdict = _judged(rules, words, first, second, now)
    if verdict.status == _LIVE:
        return verdict, _recorded(rules, words, first)
    if verdict.status == _CONTESTED:
        return verdict, _contest(rules, words, first, now)
    if verdict.status == _TRIPPED:
        return verdict, _trip(words)
    return verdict, words


@njit(cache=True)
def reset(words: Words, price: int, as_of: int) -> Words:
    """The words after a reviewed reset."""
    return Words(price, price, price, as_of, as_of, 0, 0, 0, 0, 0, words.epoch + 1)


@njit(cache=True)
def judge(rules: Rules, words: Words, answer: Answer, staleness: int, now: int) -> Leg:
    """An answer as a leg: valid, fresh, inside."""
    price, time = answer
    if price == 0 or not 0 < time <= now:
        return Leg(0, 0, fresh=False, inside=False)
    inside = in_band(rules, words, price, time)
    if inside and rules.has_reference:
        inside = below_reference(rules, price, time, now)
    return Leg(price, time, now - time <= staleness, inside)


@njit(cache=True)
def in_band(rules: Rules, words: Words, price: int, time: int) -> bool:
    """Whether an observation lies inside the accrued bands of both anchors."""
    elapsed = max(0, time - words.anchor_time)
    if not _around(rules, words.anchor, elapsed, price):
        return False
    elapsed = max(0, time - (words.anchor_time - words.previous_age))
    return _around(rules, words.previous_anchor, elapsed, price)


@njit(cache=True)
def below_reference(rules: Rules, price: int, time: int, now: int) -> bool:
    """Whether a price respects the NAV cap; a reference past its maximum age caps nothing."""
    if now - rules.reference_as_of > rules.reference_maximum_age:
        return True
    growth = _GROWTH + rules.reference_growth * max(0, time - rules.reference_as_of)
    headroom = np.uint64(_FRACTION + rules.reference_headroom)
    grown = wide.product_2(np.uint64(rules.reference_price), np.uint64(growth))
    return not wide.less(wide.product(grown, headroom), wide.product(np.uint64(price), _SCALE))


@njit(cache=True)
def widening(rules: Rules, elapsed: int) -> int:
    """v = √clip(Δ/w, 1, n) in units of 2^-32, rounded down."""
    if elapsed <= rules.band_window:
        return _UNIT
    if elapsed >= rules.band_window * rules.band_windows:
        return _root(wide.shift_left(wide.word(np.uint64(rules.band_windows)), np.uint64(64)))
    scaled = wide.shift_left(wide.word(np.uint64(elapsed)), np.uint64(64))
    return _root(wide.divide(scaled, wide.word(np.uint64(rules.band_window)))[0])


@njit(cache=True)
def decay_factor(rules: Rules, age: int) -> int:
    """max(D(age), floor) in 1e18, for age > the primary's staleness."""
    late = age - rules.primary_staleness
    exponent = rules.decay_step * _STEP_UNIT + rules.decay_rate * late
    return max(exponential(np.uint64(exponent)), rules.decay_floor * _FLOOR_UNIT)


@njit(cache=True)
def exponential(exponent: np.uint64) -> int:
    """e^{−x} in 1e18 for x < 2^61 in 1e-14, rounded down."""
    scaled = wide.shift_left(wide.word(exponent), _96)
    scaled = wide.divide(scaled, wide.word(_EXPONENT_UNIT))[0]
    halvings, reduced = wide.divide(scaled, _LN2_Q96)
    if halvings[0] >= 64:  # noqa: PLR2004 - 1e18 is below 2^64
        return 0
    square = wide.shift_right(wide.product(reduced, reduced), _96)
    even = wide.product(wide.add(square, _180_Q96), square)
    even = wide.add(wide.shift_right(even, _96), _1680_Q96)
    odd = wide.add(wide.product(square, np.uint64(20)), _840_Q96)
    odd = wide.shift_right(wide.product(reduced, odd), _96)
    numerator = wide.product(wide.subtract(even, odd), _ONE_LESS_MARGIN)
    return _signed(wide.divide(numerator, wide.add(even, odd))[0][0] >> halvings[0])


@njit(cache=True)
def _judged(rules: Rules, words: Words, first: Leg, second: Leg, now: int) -> Verdict:
    if first.fresh and first.inside:
        return _with_live_primary(rules, words, first, second)
    return _without_primary(rules, words, first, second, now)


@njit(cache=True)
def _with_live_primary(rules: Rules, words: Words, first: Leg, second: Leg) -> Verdict:
    if not (second.fresh and second.inside):
        return _served(_LIVE, first)
    if not _agree(first.price, second.price, rules.tolerance):
        return _pause(_CONTESTED, words)
    if not words.contested:
        return _served(_LIVE, first)
    lower = min(first.price, second.price)
    return Verdict(_LIVE, lower, min(first.time, second.time), lower)


@njit(cache=True)
def _without_primary(rules: Rules, words: Words, first: Leg, second: Leg, now: int) -> Verdict:
    supported = second.fresh and second.inside
    if first.fresh:
        contested = supported and not _confirmed(rules, words, first.time, now)
        return _pause(_CONTESTED if contested else _TRIPPED, words)
    if supported:
        return _served(_SECONDARY, second)
    if second.fresh:
        return _pause(_TRIPPED, words)
    if first.inside and first.time > words.price_time:
        return _aged(rules, first.price, first.time, now)
    return _aged(rules, words.price, words.price_time, now)


@njit(cache=True)
def _aged(rules: Rules, price: int, time: int, now: int) -> Verdict:
    age = now - time
    if age <= rules.primary_staleness:
        return Verdict(_HELD, price, time, price)
    if age > rules.maximum_age:
        return Verdict(_STOPPED, 0, time, 0)
    worth = wide.product(np.uint64(price), np.uint64(decay_factor(rules, age)))
    decayed = _signed(wide.divide(worth, wide.word(_WAD))[0][0])
    if decayed < rules.min_price:
        return Verdict(_STOPPED, 0, time, 0)
    return Verdict(_DECAYING, decayed, time, price)


@njit(cache=True)
def _confirmed(rules: Rules, words: Words, round_time: int, now: int) -> bool:
    if not words.contested or words.outside_since == 0:
        return False
    elapsed = now - words.outside_since
    due = rules.confirm_delay <= elapsed <= rules.maximum_age
    return due and round_time != words.outside_round_time


@njit(cache=True)
def _agree(a: int, b: int, tolerance: int) -> bool:
    difference, least = np.uint64(abs(a - b)), np.uint64(min(a, b))
    allowed = wide.product_2(least, np.uint64(tolerance))
    return not wide.less(allowed, wide.product_2(difference, np.uint64(_FRACTION)))


@njit(cache=True)
def _around(rules: Rules, anchor: int, elapsed: int, price: int) -> bool:
    """What lies inside the narrowest band lies inside any, so most need no root."""
    growth = np.uint64(_GROWTH + rules.accrual * elapsed)
    accrued = wide.product_2(np.uint64(anchor), growth)
    scaled = wide.product(wide.product_2(np.uint64(price), _SCALE), np.uint64(_UNIT))
    if _within(rules, accrued, scaled, _UNIT):
        return True
    spread = widening(rules, elapsed)
    return spread != _UNIT and _within(rules, accrued, scaled, spread)


@njit(cache=True)
def _within(rules: Rules, accrued: tuple[np.uint64, np.uint64], scaled: Wide, spread: int) -> bool:
    most = wide.product(accrued, np.uint64(_FRACTION * _UNIT + rules.band_up * spread))
    if wide.less(most, scaled):
        return False
    least = _FRACTION * _UNIT - rules.band_down * spread
    return least <= 0 or not wide.less(scaled, wide.product(accrued, np.uint64(least)))


@njit(cache=True)
def _root(value: Wide) -> int:
    """⌊√value⌋ below 2^36, bit by bit from the highest."""
    root = np.uint64(0)
    for bit in range(_ROOT_BITS - 1, -1, -1):
        tried = root | (np.uint64(1) << np.uint64(bit))
        if not wide.less(value, wide.product_2(tried, tried)):
            root = tried
    return _signed(root)


@njit(cache=True)
def _recorded(rules: Rules, words: Words, leg: Leg) -> Words:
    age = leg.time - words.anchor_time
    anchor, previous_anchor = words.anchor, words.previous_anchor
    anchor_time, previous_age = words.anchor_time, words.previous_age
    if age >= rules.band_window:
        kept = age <= _MAX_PREVIOUS_AGE
        previous_anchor = anchor if kept else leg.price
        previous_age = age if kept else 0
        anchor, anchor_time = leg.price, leg.time
    return Words(
        leg.price, anchor, previous_anchor, leg.time, anchor_time, previous_age,
        0, words.tripped, words.outside_since, words.outside_round_time, words.epoch,
    )  # fmt: skip


@njit(cache=True)
def _contest(rules: Rules, words: Words, first: Leg, now: int) -> Words:
    since, round_time = words.outside_since, words.outside_round_time
    if first.inside:
        if since != 0:
            since, round_time = 0, 0
    else:
        recent = now - since <= rules.maximum_age
        if not (words.contested and since != 0 and recent):
            since, round_time = now, first.time
    return Words(
        words.price, words.anchor, words.previous_anchor, words.price_time, words.anchor_time,
        words.previous_age, 1, words.tripped, since, round_time, words.epoch,
    )  # fmt: skip


@njit(cache=True)
def _trip(words: Words) -> Words:
    return Words(
        words.price, words.anchor, words.previous_anchor, words.price_time, words.anchor_time,
        words.previous_age, words.contested, 1, 0, 0, words.epoch + 1,
    )  # fmt: skip


@njit(cache=True)
def _served(status: int, leg: Leg) -> Verdict:
    return Verdict(status, leg.price, leg.time, leg.price)


@njit(cache=True)
def _pause(status: int, words: Words) -> Verdict:
    return Verdict(status, 0, words.price_time, 0)
