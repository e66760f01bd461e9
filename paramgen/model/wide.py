"""Unsigned integers wider than a machine word, for compiled loops that must not round.

A number is a tuple of 64-bit limbs, least significant first; four of them are an EVM word. Sums,
products, shifts and comparisons are the code generator's own integers of that width; division,
which it has not beyond 128 bits, is Knuth's algorithm D on 64-bit digits.

Everything here is exact: results are taken modulo 2^(64·limbs) only where it is said.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

LIMB_BITS: Final = 64
WORD_LIMBS: Final = 4
_MASK: Final = (1 << LIMB_BITS) - 1

Limbs = tuple[np.uint64, ...]
Wide = tuple[np.uint64, np.uint64, np.uint64, np.uint64]
"""An EVM word: four limbs."""

ZERO: Final = (np.uint64(0), np.uint64(0), np.uint64(0), np.uint64(0))
_ALL: Final = np.uint64(_MASK)
_ONE: Final = np.uint64(1)
_HALF: Final = np.uint64(32)
_LOW_HALF: Final = np.uint64(0xFFFF_FFFF)


def limbs(value: int, count: int = WORD_LIMBS) -> Limbs:
    """A Python integer as `count` limbs.

    Raises
    ------
    OverflowError : it is negative or does not fit.
    """
    if not 0 <= value < 1 << LIMB_BITS * count:
        raise OverflowError(f"{value} does not fit into {count} limbs")
    return tuple(np.uint64(value >> LIMB_BITS * i & _MASK) for i in range(count))


def constant(value: int) -> Wide:
    """A Python integer as an EVM word.

    Raises
    ------
    OverflowError : it is negative or passes 256 bits.
    """
    first, second, third, fourth = limbs(value)
    return first, second, third, fourth


def integer(value: Limbs) -> int:
    """The Python integer that the limbs hold."""
    return sum(int(limb) << LIMB_BITS * i for i, limb in enumerate(value))


def _tuple(count: int) -> Any:
    tuple_of: Any = types.UniTuple
    return tuple_of(types.uint64, count)


def _count(kind: Any) -> int:
    return 1 if isinstance(kind, types.Integer) else len(kind)


def _load(builder: ir.IRBuilder, value: ir.Value, count: int, bits: int) -> ir.Value:
    """The limbs, side by side, as one integer of `bits`."""
    wide = ir.IntType(bits)
    unpack: Any = cgutils.unpack_tuple
    parts = [value] if count == 1 else unpack(builder, value, count)
    total = builder.zext(parts[0], wide)
    for i, part in enumerate(parts[1:], start=1):
        shifted = builder.shl(builder.zext(part, wide), ir.Constant(wide, LIMB_BITS * i))
        total = builder.or_(total, shifted)
    return total


def _store(context: Any, builder: ir.IRBuilder, value: ir.Value, count: int) -> ir.Value:
    """The low `count` limbs of an integer, as a tuple."""
    limb = ir.IntType(LIMB_BITS)
    parts = [
        builder.trunc(builder.lshr(value, ir.Constant(value.type, LIMB_BITS * i)), limb)
        for i in range(count)
    ]
    return context.make_tuple(builder, _tuple(count), parts)


Generate = Callable[[ir.IRBuilder, ir.Value, ir.Value], ir.Value]


def _operation(generate: Generate, result: int | None, width: int | None = None) -> Any:
    """A binary operation on limbs (or single words) of any counts, computed in `width` limbs.

    Parameters
    ----------
    generate : emits the operation on two integers of that width.
    result : limbs of the result; None for a truth value.
    width : limbs to compute in; by default the widest of operands and result.
    """

    def typed(_: Any, a: Any, b: Any) -> tuple[Any, Any]:
        counts = _count(a), _count(b)
        bits = LIMB_BITS * (width or max(*counts, result or 1))

        def generated(context: Any, builder: Any, _: Any, arguments: Any) -> Any:
            left, right = (
                _load(builder, value, count, bits)
                for value, count in zip(arguments, counts, strict=True)
            )
            value = generate(builder, left, right)
            return value if result is None else _store(context, builder, value, result)

        operands = [types.uint64 if n == 1 else _tuple(n) for n in counts]
        returned = types.boolean if result is None else _tuple(result)
        return returned(*operands), generated

    return intrinsic(typed)


add: Callable[[Any, Any], Wide] = _operation(lambda builder, a, b: builder.add(a, b), WORD_LIMBS)
"""a + b modulo 2^256."""

subtract: Callable[[Any, Any], Wide] = _operation(
    lambda builder, a, b: builder.sub(a, b), WORD_LIMBS
)
"""a − b modulo 2^256."""

less: Callable[[Any, Any], bool] = _operation(
    lambda builder, a, b: builder.icmp_unsigned("<", a, b), None
)
"""a < b."""

equal: Callable[[Any, Any], bool] = _operation(
    lambda builder, a, b: builder.icmp_unsigned("==", a, b), None
)
"""a = b."""

product_2: Callable[[Any, Any], tuple[np.uint64, np.uint64]] = _operation(
    lambda builder, a, b: builder.mul(a, b), 2
)
"""a·b modulo 2^128: exact for two words."""

product: Callable[[Any, Any], Wide] = _operation(
    lambda builder, a, b: builder.mul(a, b), WORD_LIMBS
)
"""a·b modulo 2^256."""

product_8: Callable[[Any, Any], Limbs] = _operation(
    lambda builder, a, b: builder.mul(a, b), 2 * WORD_LIMBS
)
"""a·b modulo 2^512: exact for two EVM words."""

shift_left: Callable[[Any, Any], Wide] = _operation(
    lambda builder, a, b: builder.shl(a, b), WORD_LIMBS
)
"""a·2^b modulo 2^256, b < 256."""

shift_left_8: Callable[[Any, Any], Limbs] = _operation(
    lambda builder, a, b: builder.shl(a, b), 2 * WORD_LIMBS
)
"""a·2^b modulo 2^512, b < 512."""

shift_right: Callable[[Any, Any], Wide] = _operation(
    lambda builder, a, b: builder.lshr(a, b), WORD_LIMBS
)
"""⌊a/2^b⌋ modulo 2^256, b < 64·limbs of a."""

_add_2: Callable[[Any, Any], tuple[np.uint64, np.uint64]] = _operation(
    lambda builder, a, b: builder.add(a, b), 2
)
_subtract_5: Callable[[Any, Any], Limbs] = _operation(
    lambda builder, a, b: builder.sub(a, b), WORD_LIMBS + 1
)
_add_5: Callable[[Any, Any], Limbs] = _operation(
    lambda builder, a, b: builder.add(a, b), WORD_LIMBS + 1
)
_product_5: Callable[[Any, Any], Limbs] = _operation(
    lambda builder, a, b: builder.mul(a, b), WORD_LIMBS + 1
)


def _leading_zeros(_typing: Any, _value: Any) -> tuple[Any, Any]:
    def generated(_context: Any, builder: Any, _: Any, arguments: Any) -> Any:
        return builder.ctlz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.uint64(types.uint64), generated


leading_zeros: Callable[[np.uint64], np.uint64] = cast(Any, intrinsic(_leading_zeros))
"""Zero bits above the highest one of a word; 64 for 0."""


@njit(cache=True)
def word(value: np.uint64) -> Wide:
    """A 64-bit unsigned word as four limbs."""
    return (np.uint64(value), np.uint64(0), np.uint64(0), np.uint64(0))


@njit(cache=True)
def bit_length(value: Wide) -> np.uint64:
    """Bits of four limbs; 0 for 0."""
    if value[3]:
        return np.uint64(256) - leading_zeros(value[3])
    if value[2]:
        return np.uint64(192) - leading_zeros(value[2])
    if value[1]:
        return np.uint64(128) - leading_zeros(value[1])
    return np.uint64(64) - leading_zeros(value[0])


@njit(cache=True)
def divide_2(high: np.uint64, low: np.uint64, divisor: np.uint64) -> tuple[np.uint64, np.uint64]:
    """Quotient and remainder of high·2^64 + low, high < divisor, divisor ≥ 2^63.

    Two digits of 32 bits, each estimated from the divisor's upper half and at most two too large.
    Source: Knuth, The Art of Computer Programming 2, §4.3.1, algorithm D.
    """
    upper, lower = divisor >> _HALF, divisor & _LOW_HALF
    first, rest = _half_digit(high, low >> _HALF, upper, lower, divisor)
    second, rest = _half_digit(rest, low & _LOW_HALF, upper, lower, divisor)
    return (first << _HALF) | second, rest


@njit(cache=True)
def _half_digit(
    high: np.uint64, digit: np.uint64, upper: np.uint64, lower: np.uint64, divisor: np.uint64
) -> tuple[np.uint64, np.uint64]:
    """The next 32 bits of a quotient, and what remains; the remainder wraps but ends exact."""
    estimate = high // upper
    rest = high - estimate * upper
    while estimate > _LOW_HALF or estimate * lower > ((rest << _HALF) | digit):
        estimate -= _ONE
        rest += upper
        if rest > _LOW_HALF:
            break
    return estimate, ((high << _HALF) | digit) - estimate * divisor


@njit(cache=True)
def _reciprocal(divisor: np.uint64) -> np.uint64:
    """⌊(2^128 − 1)/divisor⌋ − 2^64, divisor ≥ 2^63."""
    return divide_2(~divisor, _ALL, divisor)[0]


@njit(cache=True)
def _divide_by(
    high: np.uint64, low: np.uint64, divisor: np.uint64, reciprocal: np.uint64
) -> tuple[np.uint64, np.uint64]:
    """`divide_2` with the divisor's reciprocal at hand: two products instead of divisions.

    Source: Möller and Granlund, Improved division by invariant integers, 2011, algorithm 4.
    """
    fraction, quotient = _add_2(product_2(reciprocal, high), (low, high))
    quotient += _ONE
    rest = low - quotient * divisor
    if rest > fraction:
        quotient -= _ONE
        rest += divisor
    if rest >= divisor:
        quotient += _ONE
        rest -= divisor
    return quotient, rest


@njit(cache=True)
def _estimate(rest: Wide, divisor: Wide, reciprocal: np.uint64) -> np.uint64:
    """A limb of a quotient from the top limbs, never too small and at most one too large.

    Two more than the true one from a single limb of the divisor, and its second limb takes back
    what it shows to be too much: step D3 of the algorithm.
    """
    if rest[3] >= divisor[3]:
        return _ALL
    if rest[3] == 0 and rest[2] < divisor[3]:
        return np.uint64(0)
    estimate, left = _divide_by(rest[3], rest[2], divisor[3], reciprocal)
    while less((rest[1], left), product_2(estimate, divisor[2])):
        estimate -= _ONE
        left += divisor[3]
        if left < divisor[3]:
            break
    return estimate


@njit(cache=True)
def _digit(
    rest: Wide, limb: np.uint64, divisor: Wide, reciprocal: np.uint64
) -> tuple[np.uint64, Wide]:
    """One limb of a quotient: ⌊(rest·2^64 + limb)/divisor⌋ and the remainder.

    `rest` < `divisor` ≥ 2^255. The difference lies in (−2^257, 2^256): its fifth limb is its sign.
    """
    estimate = _estimate(rest, divisor, reciprocal)
    if estimate == 0:
        return estimate, (limb, rest[0], rest[1], rest[2])
    whole = (limb, rest[0], rest[1], rest[2], rest[3])
    left = _subtract_5(whole, _product_5(divisor, estimate))
    while left[4]:
        estimate -= _ONE
        left = _add_5(left, divisor)
    return estimate, (left[0], left[1], left[2], left[3])


@njit(cache=True)
def divide_8(dividend: Limbs, divisor: Wide) -> tuple[Wide, Wide]:
    """Quotient and remainder of eight limbs by four, where the quotient fits into four.

    That is, dividend < divisor·2^256, which includes divisor > 0.
    """
    shift = np.uint64(256) - bit_length(divisor)
    scaled = shift_left(divisor, shift)
    shifted = shift_left_8(dividend, shift)
    reciprocal = _reciprocal(scaled[3])
    rest = (shifted[4], shifted[5], shifted[6], shifted[7])
    fourth, rest = _digit(rest, shifted[3], scaled, reciprocal)
    third, rest = _digit(rest, shifted[2], scaled, reciprocal)
    second, rest = _digit(rest, shifted[1], scaled, reciprocal)
    first, rest = _digit(rest, shifted[0], scaled, reciprocal)
    return (first, second, third, fourth), shift_right(rest, shift)


@njit(cache=True)
def divide_up_by_word(dividend: Wide, divisor: np.uint64) -> Wide:
    """⌈dividend/divisor⌉ by one word, not 0."""
    shift = leading_zeros(divisor)
    scaled = divisor << shift
    shifted = _product_5(dividend, _ONE << shift)
    fourth, rest = divide_2(shifted[4], shifted[3], scaled)
    third, rest = divide_2(rest, shifted[2], scaled)
    second, rest = divide_2(rest, shifted[1], scaled)
    first, rest = divide_2(rest, shifted[0], scaled)
    quotient = (first, second, third, fourth)
    return add(quotient, _ONE) if rest else quotient


@njit(cache=True)
def divide(dividend: Wide, divisor: Wide) -> tuple[Wide, Wide]:
    """Quotient and remainder of four limbs by four, divisor > 0."""
    return divide_8(product_8(dividend, _ONE), divisor)


@njit(cache=True)
def multiply_divide(a: Wide, b: Wide, divisor: Wide) -> Wide:
    """⌊a·b/divisor⌋ through 512 bits, where it fits into 256: FullMath.mulDiv."""
    return divide_8(product_8(a, b), divisor)[0]


@njit(cache=True)
def multiply_divide_up(a: Wide, b: Wide, divisor: Wide) -> Wide:
    """⌈a·b/divisor⌉ through 512 bits, where it fits into 256: FullMath.mulDivRoundingUp."""
    quotient, rest = divide_8(product_8(a, b), divisor)
    return quotient if equal(rest, ZERO) else add(quotient, _ONE)
