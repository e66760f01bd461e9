"""Exact Uniswap v3 quotes of many amounts, compiled: `paramgen.model.amm` to the last integer.

As long as a step reaches its target, what it takes, gives and charges depends on the pool alone,
not on the amount still to be swapped, and it reaches its target exactly when what it takes is
there: ⌊r·(1−f)⌋ ≥ T ⟺ r ≥ T + ⌈T·f/(1−f)⌉. So the pool is walked once, as a ladder of states with
the input that leads to each; an amount is then found on it, and only its last, partial step is its
own.

Of swaps one after the other, which each start elsewhere, a step from one initialised tick is
worked out the first time that it is taken.

Source of the arithmetic: Uniswap/v3-core, libraries TickMath, SqrtPriceMath and SwapMath.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final, NamedTuple, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

from paramgen.model import wide
from paramgen.model.amm import (
    INVERSE_ROOTS,
    MAX_SQRT_RATIO,
    MAX_TICK,
    MIN_SQRT_RATIO,
    MIN_TICK,
    Pool,
    Quote,
    quote_exact_input,
    sqrt_ratio_at_tick,
)
from paramgen.model.wide import LIMB_BITS, WORD_LIMBS, Wide

_WHOLE: Final = 1_000_000
_PIPS: Final = wide.constant(_WHOLE)
_Q96: Final = wide.constant(1 << 96)
_BELOW_Q96: Final = np.uint64(0xFFFF_FFFF)
_ALL_ONES: Final = wide.constant((1 << 256) - 1)
_ROOTS: Final = np.array([wide.limbs(root, 2) for root in INVERSE_ROOTS], dtype=np.uint64)
_ONE: Final = np.uint64(1)
_WORD_BITS: Final = 256
_MAX_LIQUIDITY: Final = (1 << 128) - 1
_MAX_AMOUNT: Final = (1 << 255) - 1

# TickMath.getTickAtSqrtRatio: log√1.0001(2), and the errors of 14 bits of the logarithm, in Q128.
_LOG_BITS: Final = 14
_LOG_SCALE: Final = wide.constant(255_738_958_999_603_826_347_141)
_LOG_BELOW: Final = wide.constant(3_402_992_956_809_132_418_596_140_100_660_247_210)
_LOG_ABOVE: Final = wide.constant(291_339_464_771_989_622_907_027_621_153_398_088_495)

_CONSUMED, _OUT, _FEE, _PRICE, _LIQUIDITY = range(5)
_FIELDS: Final = 5
_ELSEWHERE: Final = -1

Limbs = NDArray[np.uint64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]
Exact = NDArray[np.object_]

_signed: Callable[[np.uint64], int] = cast(Any, np.int64)


@dataclass(frozen=True)
class Quotes:
    """(n,) outcomes of as many swaps, each of the pool as it was given; Python's integers.

    Parameters
    ----------
    amount_out, unfilled, fee : as in `paramgen.model.amm.Quote`.
    sqrt_price, tick, liquidity : the pool's after the swap.
    """

    amount_out: Exact
    unfilled: Exact
    fee: Exact
    sqrt_price: Exact
    tick: Integers
    liquidity: Exact


def quote_many(
    pool: Pool,
    amounts: Iterable[int],
    *,
    zero_for_one: bool,
    sqrt_price_limit: int | None = None,
) -> Quotes:
    """`quote_exact_input` of each amount on one pool, bit for bit.

    Parameters
    ----------
    amounts : (n,) smallest units, fee included.
    zero_for_one : token0 is sold. sqrt_price_limit : Q96; default the end of the ticks.

    Notes
    -----
    A pool or amounts that no contract could hold are walked in Python's integers instead.

    Raises
    ------
    ValueError : the limit lies behind the price, where the contract reverts with "SPL".
    """
    wanted = [int(amount) for amount in amounts]
    limit = sqrt_price_limit
    if limit is None:
        limit = MIN_SQRT_RATIO + 1 if zero_for_one else MAX_SQRT_RATIO - 1
    if limit > pool.sqrt_price if zero_for_one else limit < pool.sqrt_price:
        raise ValueError(f"limit {limit} lies behind the price {pool.sqrt_price}")
    if not _carries(pool, wanted, {zero_for_one: limit}):
        return _walked(pool, wanted, limit, zero_for_one=zero_for_one)
    walk = _walk_of(pool, limit, zero_for_one=zero_for_one)
    inputs = _limbs_of(wanted)
    values, ticks = _quote(walk, inputs, wide.constant(max(wanted, default=0)))
    return _quotes(values, ticks)


def swap_many(pool: Pool, amounts: Iterable[int], zero_for_one: Iterable[bool]) -> Quotes:
    """Swaps one after the other, each of the pool that the one before left, bit for bit.

    Parameters
    ----------
    amounts : (n,) smallest units, fee included. zero_for_one : (n,) whether token0 is sold.
    """
    wanted, down = [int(amount) for amount in amounts], [bool(sold) for sold in zero_for_one]
    ends = {True: MIN_SQRT_RATIO + 1, False: MAX_SQRT_RATIO - 1}
    if not _carries(pool, wanted, ends):
        return _swapped(pool, wanted, down)
    walk = _walk_of(pool, ends[True], zero_for_one=True)
    back = walk._replace(limit=wide.constant(ends[False]), zero_for_one=False)
    values, ticks = _swaps(walk, back, _limbs_of(wanted), np.array(down, dtype=np.bool_))
    return _quotes(values, ticks)


class _Walk(NamedTuple):
    """A pool and a direction, in limbs: (n, 4) ratios of ticks, nets in two's complement."""

    price: Wide
    tick: int
    liquidity: Wide
    kept: Wide
    fee: Wide
    spacing: int
    ticks: Integers
    ratios: Limbs
    nets: Limbs
    zero_for_one: bool
    limit: Wide


def _walk_of(pool: Pool, limit: int, *, zero_for_one: bool) -> _Walk:
    ticks = np.array([tick for tick, _ in pool.ticks], dtype=np.int64)
    return _Walk(
        price=wide.constant(pool.sqrt_price),
        tick=pool.tick,
        liquidity=wide.constant(pool.liquidity),
        kept=wide.constant(_WHOLE - pool.fee_pips),
        fee=wide.constant(pool.fee_pips),
        spacing=pool.tick_spacing,
        ticks=ticks,
        ratios=_ratios(ticks),
        nets=_limbs_of([net % (1 << 256) for _, net in pool.ticks]),
        zero_for_one=zero_for_one,
        limit=wide.constant(limit),
    )


def _carries(pool: Pool, amounts: list[int], limits: Mapping[bool, int]) -> bool:
    """Whether prices, ticks, liquidity on the way and amounts are such as a pool can have.

    `limits` are prices by direction, whether token0 is sold; a direction without one is not gone.
    """
    return (
        _stands(pool)
        and all(MIN_SQRT_RATIO <= limit < MAX_SQRT_RATIO for limit in limits.values())
        and all(0 <= amount <= _MAX_AMOUNT for amount in amounts)
        and all(_holds(pool, zero_for_one=sold) for sold in limits)
    )


def _stands(pool: Pool) -> bool:
    """Whether price and tick agree, and the ticks lie on the pool's grid."""
    if not MIN_TICK <= pool.tick < MAX_TICK:
        return False
    if not sqrt_ratio_at_tick(pool.tick) <= pool.sqrt_price <= sqrt_ratio_at_tick(pool.tick + 1):
        return False
    if pool.tick_spacing < 1 or not 0 <= pool.fee_pips < _WHOLE:
        return False
    return not any(tick % pool.tick_spacing or abs(tick) > MAX_TICK for tick, _ in pool.ticks)


def _holds(pool: Pool, *, zero_for_one: bool) -> bool:
    crossed = (
        [-net for tick, net in reversed(pool.ticks) if tick <= pool.tick]
        if zero_for_one
        else [net for tick, net in pool.ticks if tick > pool.tick]
    )
    return all(0 <= held <= _MAX_LIQUIDITY for held in accumulate([pool.liquidity, *crossed]))


def _walked(pool: Pool, amounts: list[int], limit: int, *, zero_for_one: bool) -> Quotes:
    return _collected(
        quote_exact_input(pool, amount, zero_for_one=zero_for_one, sqrt_price_limit=limit)
        for amount in amounts
    )


def _swapped(pool: Pool, amounts: list[int], zero_for_one: list[bool]) -> Quotes:
    def one_by_one() -> Iterator[Quote]:
        left = pool
        for amount, sold in zip(amounts, zero_for_one, strict=True):
            quote = quote_exact_input(left, amount, zero_for_one=sold)
            left = quote.pool
            yield quote

    return _collected(one_by_one())


def _collected(quotes: Iterable[Quote]) -> Quotes:
    rows = [
        (q.amount_out, q.unfilled, q.fee, q.pool.sqrt_price, q.pool.tick, q.pool.liquidity)
        for q in quotes
    ]
    out, unfilled, fee, price, tick, liquidity = (
        _exact([row[at] for row in rows]) for at in range(_FIELDS + 1)
    )
    return Quotes(out, unfilled, fee, price, tick.astype(np.int64), liquidity)


def _quotes(values: Limbs, ticks: Integers) -> Quotes:
    unfilled, out, fee, price, liquidity = (_integers_of(values[:, i]) for i in range(_FIELDS))
    return Quotes(out, unfilled, fee, price, ticks, liquidity)


def _exact(values: list[int]) -> Exact:
    return np.fromiter(values, dtype=object, count=len(values))


def _limbs_of(values: list[int]) -> Limbs:
    data = b"".join(value.to_bytes(8 * WORD_LIMBS, "little") for value in values)
    return np.frombuffer(data, dtype="<u8").astype(np.uint64).reshape(-1, WORD_LIMBS)


def _integers_of(values: Limbs) -> Exact:
    used = max((i for i in range(WORD_LIMBS) if values[:, i].any()), default=0)
    whole = values[:, used].astype(object)
    for i in reversed(range(used)):
        whole = whole << LIMB_BITS | values[:, i].astype(object)
    return whole


@njit(cache=True)
def _quote(walk: _Walk, amounts: Limbs, most: Wide) -> tuple[Limbs, Integers]:
    """(n, fields, limbs) and (n,) ticks; the first field is what found no liquidity."""
    ladder, rungs = _ladder(walk, most)
    values = np.zeros((len(amounts), _FIELDS, WORD_LIMBS), dtype=np.uint64)
    ticks = np.zeros(len(amounts), dtype=np.int64)
    for i in range(len(amounts)):
        amount = _load(amounts, i)
        below = _count_below(ladder, amount)
        if below == len(ladder):
            values[i], ticks[i] = ladder[below - 1], rungs[below - 1]
            _store(values[i], _CONSUMED, wide.subtract(amount, _load(ladder[below - 1], _CONSUMED)))
        elif wide.equal(_load(ladder[below], _CONSUMED), amount):
            values[i], ticks[i] = ladder[below], rungs[below]
            _store(values[i], _CONSUMED, wide.ZERO)
        else:
            values[i], ticks[i] = ladder[below - 1], rungs[below - 1]
            ticks[i] = _partial(walk, values[i], ticks[i], amount)
    return values, ticks


@njit(cache=True)
def _swaps(down: _Walk, up: _Walk, amounts: Limbs, sold: Flags) -> tuple[Limbs, Integers]:
    """As `_quote`, each swap from where the one before ended."""
    values = np.zeros((len(amounts), _FIELDS, WORD_LIMBS), dtype=np.uint64)
    ticks = np.zeros(len(amounts), dtype=np.int64)
    steps_down, steps_up = _no_steps(down), _no_steps(up)
    price, liquidity, tick = down.price, down.liquidity, down.tick
    for i in range(len(amounts)):
        _store(values[i], _PRICE, price)
        _store(values[i], _LIQUIDITY, liquidity)
        walk, steps = (down, steps_down) if sold[i] else (up, steps_up)
        tick = _swap(walk, steps, values[i], tick, _load(amounts, i))
        price, liquidity = _load(values[i], _PRICE), _load(values[i], _LIQUIDITY)
        ticks[i] = tick
    return values, ticks


class _Steps(NamedTuple):
    """The whole steps of one direction from just beyond each of the (n,) initialised ticks.

    Parameters
    ----------
    rows : (n, fields, limbs), the last of them that of a step from elsewhere.
    ticks, crossed : what `_whole` returned of each. known : whether it was taken before.
    """

    rows: Limbs
    ticks: Integers
    crossed: Integers
    known: Flags


@njit(cache=True)
def _no_steps(walk: _Walk) -> _Steps:
    count = len(walk.ticks) + 1
    return _Steps(
        np.zeros((count, _FIELDS, WORD_LIMBS), dtype=np.uint64),
        np.zeros(count, dtype=np.int64),
        np.zeros(count, dtype=np.int64),
        np.zeros(count, dtype=np.bool_),
    )


@njit(cache=True)
def _swap(walk: _Walk, steps: _Steps, state: Limbs, tick: int, amount: Wide) -> int:
    """Take steps while they are paid for, in place, then the part of one; the tick after.

    A step from just beyond an initialised tick is the same whichever swap takes it: the price is
    the tick's, and so is the liquidity.
    """
    at = _ELSEWHERE
    while wide.less(_load(state, _CONSUMED), amount) and not wide.equal(
        _load(state, _PRICE), walk.limit
    ):
        if at == _ELSEWHERE or not steps.known[at]:
            steps.ticks[at], steps.crossed[at] = _whole(walk, steps.rows[at], state, tick)
            steps.known[at] = True
        paid = wide.add(_load(state, _CONSUMED), _load(steps.rows[at], _CONSUMED))
        if wide.less(amount, paid):
            return _partial(walk, state, tick, amount)
        _take(state, steps.rows[at])
        tick, at = steps.ticks[at], steps.crossed[at]
    _store(state, _CONSUMED, wide.subtract(amount, _load(state, _CONSUMED)))
    return tick


@njit(cache=True)
def _ladder(walk: _Walk, most: Wide) -> tuple[Limbs, Integers]:
    """The states after each whole step, (k, fields, limbs) and (k,) ticks, the pool's own first.

    Ends at the limit, or with the first state that takes the largest amount.
    """
    longest = len(walk.ticks) + (MAX_TICK - MIN_TICK) // (walk.spacing * _WORD_BITS) + 4
    ladder = np.zeros((longest, _FIELDS, WORD_LIMBS), dtype=np.uint64)
    step = np.zeros((_FIELDS, WORD_LIMBS), dtype=np.uint64)
    ticks = np.zeros(longest, dtype=np.int64)
    _store(ladder[0], _PRICE, walk.price)
    _store(ladder[0], _LIQUIDITY, walk.liquidity)
    ticks[0] = walk.tick
    count = 1
    while wide.less(_load(ladder[count - 1], _CONSUMED), most) and not wide.equal(
        _load(ladder[count - 1], _PRICE), walk.limit
    ):
        ladder[count] = ladder[count - 1]
        ticks[count], _ = _whole(walk, step, ladder[count], ticks[count - 1])
        _take(ladder[count], step)
        count += 1
    return ladder[:count], ticks[:count]


@njit(cache=True)
def _whole(walk: _Walk, step: Limbs, state: Limbs, tick: int) -> tuple[int, int]:
    """Write the step from a state to its target: what it adds, and the pool that it leaves.

    Returns the tick after it and the place of the initialised tick it crossed, or `_ELSEWHERE`.
    """
    price, liquidity = _load(state, _PRICE), _load(state, _LIQUIDITY)
    at, initialised = _next_tick(walk, tick)
    target = sqrt_ratio(at) if initialised < 0 else _load(walk.ratios, initialised)
    nearer, farther = (target, walk.limit) if walk.zero_for_one else (walk.limit, target)
    limited = wide.less(nearer, farther)
    if limited:
        target = walk.limit
    taken = _amount_in(walk, price, target, liquidity)
    # Amounts are below 2^193, the fee below 2^20.
    fee = wide.divide_up_by_word(wide.product(taken, walk.fee), walk.kept[0])
    _store(step, _CONSUMED, wide.add(taken, fee))
    _store(step, _OUT, _amount_out(walk, price, target, liquidity))
    _store(step, _FEE, fee)
    _store(step, _PRICE, target)
    _store(step, _LIQUIDITY, liquidity)
    if limited:
        return tick_of(target), _ELSEWHERE
    if initialised >= 0:
        _cross(walk, step, initialised)
    return (at - 1 if walk.zero_for_one else at), initialised


@njit(cache=True)
def _take(state: Limbs, step: Limbs) -> None:
    """Go a whole step, in place."""
    for field in (_CONSUMED, _OUT, _FEE):
        _increase(state, field, _load(step, field))
    for field in (_PRICE, _LIQUIDITY):
        _store(state, field, _load(step, field))


@njit(cache=True)
def _partial(walk: _Walk, state: Limbs, tick: int, amount: Wide) -> int:
    """Take the last step, which falls short of its target, in place; the tick after it.

    That it lands on the target itself is impossible: the input that this takes is rounded up, and
    so is the price that less input leads to, away from the target.
    """
    price, liquidity = _load(state, _PRICE), _load(state, _LIQUIDITY)
    remaining = wide.subtract(amount, _load(state, _CONSUMED))
    after_fee = wide.multiply_divide(remaining, walk.kept, _PIPS)
    landed = _next_price(walk, price, liquidity, after_fee)
    paid = _amount_in(walk, price, landed, liquidity)
    _store(state, _CONSUMED, wide.ZERO)
    _increase(state, _OUT, _amount_out(walk, price, landed, liquidity))
    _increase(state, _FEE, wide.subtract(remaining, paid))
    _store(state, _PRICE, landed)
    return tick if wide.equal(landed, price) else tick_of(landed)


@njit(cache=True)
def _cross(walk: _Walk, state: Limbs, initialised: int) -> None:
    liquidity, net = _load(state, _LIQUIDITY), _load(walk.nets, initialised)
    crossed = wide.subtract(liquidity, net) if walk.zero_for_one else wide.add(liquidity, net)
    _store(state, _LIQUIDITY, crossed)


@njit(cache=True)
def _next_tick(walk: _Walk, tick: int) -> tuple[int, int]:
    """Next initialised tick in the same bitmap word, or the word's end, clamped to the range.

    With it the tick's place among the initialised ones, `_ELSEWHERE` for the word's end.
    """
    compressed = tick // walk.spacing
    if walk.zero_for_one:
        edge = compressed // _WORD_BITS * _WORD_BITS * walk.spacing
        at = int(np.searchsorted(walk.ticks, compressed * walk.spacing, side="right")) - 1
        if at >= 0 and walk.ticks[at] >= edge:
            return walk.ticks[at], at
        return max(edge, MIN_TICK), _ELSEWHERE
    compressed += 1
    edge = (compressed // _WORD_BITS * _WORD_BITS + _WORD_BITS - 1) * walk.spacing
    at = int(np.searchsorted(walk.ticks, compressed * walk.spacing))
    if at < len(walk.ticks) and walk.ticks[at] <= edge:
        return walk.ticks[at], at
    return min(edge, MAX_TICK), _ELSEWHERE


@njit(cache=True)
def _amount_in(walk: _Walk, price: Wide, target: Wide, liquidity: Wide) -> Wide:
    if walk.zero_for_one:
        return _amount0(target, price, liquidity, round_up=True)
    return _amount1(price, target, liquidity, round_up=True)


@njit(cache=True)
def _amount_out(walk: _Walk, price: Wide, target: Wide, liquidity: Wide) -> Wide:
    if walk.zero_for_one:
        return _amount1(target, price, liquidity, round_up=False)
    return _amount0(price, target, liquidity, round_up=False)


@njit(cache=True)
def _amount0(low: Wide, high: Wide, liquidity: Wide, round_up: bool) -> Wide:
    numerator = wide.shift_left(liquidity, np.uint64(96))
    range_ = wide.subtract(high, low)
    if round_up:
        return wide.multiply_divide_up(
            wide.multiply_divide_up(numerator, range_, high), wide.word(_ONE), low
        )
    return wide.divide(wide.multiply_divide(numerator, range_, high), low)[0]


@njit(cache=True)
def _amount1(low: Wide, high: Wide, liquidity: Wide, round_up: bool) -> Wide:
    product = wide.product_8(liquidity, wide.subtract(high, low))
    amount = wide.shift_right(product, np.uint64(96))
    cut = product[0] | (product[1] & _BELOW_Q96)
    return wide.add(amount, _ONE) if round_up and cut else amount


@njit(cache=True)
def _next_price(walk: _Walk, price: Wide, liquidity: Wide, amount: Wide) -> Wide:
    """SqrtPriceMath.getNextSqrtPriceFromInput, its less exact form on overflow included."""
    if not walk.zero_for_one:
        return wide.add(price, wide.multiply_divide(amount, _Q96, liquidity))
    numerator = wide.shift_left(liquidity, np.uint64(96))
    product = wide.product_8(amount, price)
    low = (product[0], product[1], product[2], product[3])
    denominator = wide.add(numerator, low)
    overflows = product[4] | product[5] | product[6] | product[7]
    if not overflows and not wide.less(denominator, numerator):
        return wide.multiply_divide_up(numerator, price, denominator)
    denominator = wide.add(wide.divide(numerator, price)[0], amount)
    return wide.multiply_divide_up(numerator, wide.word(_ONE), denominator)


@njit(cache=True)
def sqrt_ratio(tick: int) -> Wide:
    """√(1.0001^tick) in Q96, rounded up, |tick| ≤ 887 272: TickMath.getSqrtRatioAtTick."""
    ratio = (np.uint64(0), np.uint64(0), _ONE, np.uint64(0))
    bits, bit = abs(tick), 0
    while bits:
        if bits & 1:
            factor = (_ROOTS[bit, 0], _ROOTS[bit, 1])
            ratio = wide.shift_right(wide.product(ratio, factor), np.uint64(128))
        bits, bit = bits >> 1, bit + 1
    if tick > 0:
        ratio = wide.divide(_ALL_ONES, ratio)[0]
    shifted = wide.shift_right(ratio, np.uint64(32))
    return wide.add(shifted, _ONE) if ratio[0] & _BELOW_Q96 else shifted


@njit(cache=True)
def _ratios(ticks: Integers) -> Limbs:
    rows = np.zeros((len(ticks), WORD_LIMBS), dtype=np.uint64)
    for i in range(len(ticks)):
        _store(rows, i, sqrt_ratio(ticks[i]))
    return rows


@njit(cache=True)
def tick_of(sqrt_price: Wide) -> int:
    """Greatest tick whose ratio is at most `sqrt_price`: TickMath.getTickAtSqrtRatio.

    A base-2 logarithm of fourteen fractional bits leaves two candidates.
    """
    scaled = wide.product(_log2(sqrt_price), _LOG_SCALE)
    low = _signed(wide.subtract(scaled, _LOG_BELOW)[2])
    high = _signed(wide.add(scaled, _LOG_ABOVE)[2])
    return low if low == high or wide.less(sqrt_price, sqrt_ratio(high)) else high


@njit(cache=True)
def _log2(sqrt_price: Wide) -> Wide:
    """log₂ of a Q96 price in Q64, 14 bits of its fraction, in two's complement."""
    length = wide.bit_length(sqrt_price)
    rest = wide.shift_left(sqrt_price, np.uint64(160) - length)
    rest = wide.shift_right(rest, np.uint64(32))
    fraction = np.uint64(0)
    for bit in range(63, 63 - _LOG_BITS, -1):
        rest = wide.shift_right(wide.product(rest, rest), np.uint64(127))
        carry = rest[2]
        fraction |= carry << np.uint64(bit)
        rest = wide.shift_right(rest, carry)
    whole = length - np.uint64(97)
    sign = np.uint64(0) - (whole >> np.uint64(63))
    return (fraction, whole, sign, sign)


@njit(cache=True)
def _count_below(ladder: Limbs, amount: Wide) -> int:
    """How many states of the ladder consumed less than the amount."""
    low, high = 0, len(ladder)
    while low < high:
        middle = (low + high) // 2
        if wide.less(_load(ladder[middle], _CONSUMED), amount):
            low = middle + 1
        else:
            high = middle
    return low


@njit(cache=True)
def _load(rows: Limbs, at: int) -> Wide:
    return (rows[at, 0], rows[at, 1], rows[at, 2], rows[at, 3])


@njit(cache=True)
def _store(rows: Limbs, at: int, value: Wide) -> None:
    rows[at, 0], rows[at, 1], rows[at, 2], rows[at, 3] = value


@njit(cache=True)
def _increase(rows: Limbs, at: int, value: Wide) -> None:
    _store(rows, at, wide.add(_load(rows, at), value))
