"""What a sale costs on an automated market maker or an order book (spec 2.3).

Uniswap v3 is walked with the contracts' own integers: TickMath, SqrtPriceMath and SwapMath of
v3-core, each rounding as there, stopping at bitmap-word boundaries as the pool does, because
every stop rounds once more. Constant-product pools and order books are vectorised floats.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from paramgen.model.arrays import Float, FloatLike, as_float, offenders

MIN_TICK: Final = -887_272
MAX_TICK: Final = 887_272
MIN_SQRT_RATIO: Final = 4_295_128_739
MAX_SQRT_RATIO: Final = 1_461_446_703_485_210_103_287_273_052_203_988_822_378_723_970_342

_Q96: Final = 1 << 96
_UINT256: Final = (1 << 256) - 1
_PIPS: Final = 1_000_000
_WORD_BITS: Final = 256

# 1/sqrt(1.0001)^(2^i) in Q128, i = 0…19, as v3-core TickMath writes them.
INVERSE_ROOTS: Final = (
    0xFFFCB933BD6FAD37AA2D162D1A594001,
    0xFFF97272373D413259A46990580E213A,
    0xFFF2E50F5F656932EF12357CF3C7FDCC,
    0xFFE5CACA7E10E4E61C3624EAA0941CD0,
    0xFFCB9843D60F6159C9DB58835C926644,
    0xFF973B41FA98C081472E6896DFB254C0,
    0xFF2EA16466C96A3843EC78B326B52861,
    0xFE5DEE046A99A2A811C461F1969C3053,
    0xFCBE86C7900A88AEDCFFC83B479AA3A4,
    0xF987A7253AC413176F2B074CF7815E54,
    0xF3392B0822B70005940C7A398E4B70F3,
    0xE7159475A2C29B7443B29C7FA6E889D9,
    0xD097F3BDFD2022B8845AD8F792AA5825,
    0xA9F746462D870FDF8A65DC1F90E061E5,
    0x70D869A156D2A1B890BB3DF62BAF32F7,
    0x31BE135F97D08FD981231505542FCFA6,
    0x9AA508B5B7A84E1C677DE54F3E99BC9,
    0x5D6AF8DEDB81196699C329225EE604,
    0x2216E584F5FA1EA926041BEDFE98,
    0x48A170391F7DC42444E8FA2,
)


def _ceil_div(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)


@lru_cache(maxsize=65_536)
def sqrt_ratio_at_tick(tick: int) -> int:
    """√(1.0001^tick) in Q96, rounded up: TickMath.getSqrtRatioAtTick.

    Raises
    ------
    ValueError : |tick| > 887 272.

    Source: Uniswap/v3-core, contracts/libraries/TickMath.sol.
    """
    if not MIN_TICK <= tick <= MAX_TICK:
        raise ValueError(f"tick {tick} lies outside ±{MAX_TICK}")
    ratio = 1 << 128
    for bit, factor in enumerate(INVERSE_ROOTS):
        if abs(tick) >> bit & 1:
            ratio = ratio * factor >> 128
    if tick > 0:
        ratio = _UINT256 // ratio
    return _ceil_div(ratio, 1 << 32)


def tick_at_sqrt_ratio(sqrt_price: int) -> int:
    """Greatest tick whose ratio is ≤ `sqrt_price` (Q96): TickMath.getTickAtSqrtRatio.

    The contract reaches the same integer through a base-2 logarithm; this is its definition.

    Raises
    ------
    ValueError : outside [MIN_SQRT_RATIO, MAX_SQRT_RATIO), as the contract's "R".
    """
    if not MIN_SQRT_RATIO <= sqrt_price < MAX_SQRT_RATIO:
        raise ValueError(f"square-root price {sqrt_price} lies outside the range of ticks")
    ticks = range(MIN_TICK, MAX_TICK + 1)
    return ticks[bisect_right(ticks, sqrt_price, key=sqrt_ratio_at_tick) - 1]


def amount0_delta(sqrt_a: int, sqrt_b: int, liquidity: int, *, round_up: bool) -> int:
    """Token0 between two prices: L·(√b − √a)/(√a·√b), SqrtPriceMath.getAmount0Delta."""
    low, high = sorted((sqrt_a, sqrt_b))
    numerator = (liquidity << 96) * (high - low)
    if round_up:
        return _ceil_div(_ceil_div(numerator, high), low)
    return numerator // high // low


def amount1_delta(sqrt_a: int, sqrt_b: int, liquidity: int, *, round_up: bool) -> int:
    """Token1 between two prices: L·(√b − √a), SqrtPriceMath.getAmount1Delta."""
    product = liquidity * abs(sqrt_b - sqrt_a)
    return _ceil_div(product, _Q96) if round_up else product // _Q96


def next_sqrt_price_from_input(
    sqrt_price: int, liquidity: int, amount_in: int, *, zero_for_one: bool
) -> int:
    """Price after `amount_in`, fee taken: SqrtPriceMath.getNextSqrtPriceFromInput.

    Token0 in: 1/√P′ = 1/√P + Δ/L, rounded up; token1 in: √P′ = √P + Δ/L, rounded down; either
    way the price moves no further than the input pays for.
    """
    if not zero_for_one:
        return sqrt_price + amount_in * _Q96 // liquidity
    if amount_in == 0:
        return sqrt_price
    numerator = liquidity << 96
    product = amount_in * sqrt_price
    if product <= _UINT256 and numerator + product <= _UINT256:
        return _ceil_div(numerator * sqrt_price, numerator + product)
    # The contract leaves the exact form where it would overflow 256 bits; so must its mirror.
    return _ceil_div(numerator, numerator // sqrt_price + amount_in)


class SwapStep(NamedTuple):
    """One step within constant liquidity, amounts in the tokens' smallest units."""

    sqrt_price: int
    amount_in: int
    amount_out: int
    fee: int


def compute_swap_step(
    sqrt_price: int, sqrt_target: int, liquidity: int, remaining: int, fee_pips: int
) -> SwapStep:
    """Swap of an exact input up to a target price: SwapMath.computeSwapStep, amount ≥ 0.

    Parameters
    ----------
    sqrt_price, sqrt_target : Q96. remaining : input left, fee included.
    fee_pips : hundredths of a basis point.

    Source: Uniswap/v3-core, contracts/libraries/SwapMath.sol.
    """
    zero_for_one = sqrt_price >= sqrt_target
    delta_in, delta_out = (
        (amount0_delta, amount1_delta) if zero_for_one else (amount1_delta, amount0_delta)
    )
    after_fee = remaining * (_PIPS - fee_pips) // _PIPS
    to_target = delta_in(sqrt_target, sqrt_price, liquidity, round_up=True)
    if after_fee >= to_target:
        out = delta_out(sqrt_target, sqrt_price, liquidity, round_up=False)
        fee = _ceil_div(to_target * fee_pips, _PIPS - fee_pips)
        return SwapStep(sqrt_target, to_target, out, fee)
    landed = next_sqrt_price_from_input(sqrt_price, liquidity, after_fee, zero_for_one=zero_for_one)
    out = delta_out(landed, sqrt_price, liquidity, round_up=False)
    if landed == sqrt_target:
        paid = to_target
        return SwapStep(landed, paid, out, _ceil_div(paid * fee_pips, _PIPS - fee_pips))
    paid = delta_in(landed, sqrt_price, liquidity, round_up=True)
    return SwapStep(landed, paid, out, remaining - paid)


@dataclass(frozen=True)
class Pool:
    """A Uniswap v3 pool at one block.

    Parameters
    ----------
    sqrt_price : Q96 root of token1 per token0, smallest units.
    tick : the pool's slot0 tick (just below a crossed tick it differs from the price's).
    liquidity : active L at `tick`; never TVL.
    fee_pips : hundredths of a basis point (500 is 0.05 %).
    tick_spacing : ticks lie on its multiples.
    ticks : (tick, liquidityNet), ascending, initialised ticks only.
    """

    sqrt_price: int
    tick: int
    liquidity: int
    fee_pips: int
    tick_spacing: int
    ticks: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Quote:
    """Outcome of a swap. `unfilled` is the input that no liquidity took; it is never dropped."""

    amount_out: int
    unfilled: int
    fee: int
    pool: Pool


def quote_exact_input(
    pool: Pool, amount_in: int, *, zero_for_one: bool, sqrt_price_limit: int | None = None
) -> Quote:
    """Walk the ticks for an exact input, bit for bit as UniswapV3Pool.swap.

    Parameters
    ----------
    amount_in : smallest units, fee included.
    zero_for_one : token0 is sold. sqrt_price_limit : Q96; default the end of the ticks.

    Returns
    -------
    Quote whose `pool` is the state after the swap.

    Source: Uniswap/v3-core, contracts/UniswapV3Pool.sol (swap) and libraries/TickBitmap.sol.
    """
    limit = sqrt_price_limit
    if limit is None:
        limit = MIN_SQRT_RATIO + 1 if zero_for_one else MAX_SQRT_RATIO - 1
    initialised = [tick for tick, _ in pool.ticks]
    net = dict(pool.ticks)
    remaining, out, fees = amount_in, 0, 0
    while remaining > 0 and pool.sqrt_price != limit:
        tick_next = _next_tick_within_word(
            initialised, pool.tick, pool.tick_spacing, zero_for_one=zero_for_one
        )
        sqrt_next = sqrt_ratio_at_tick(tick_next)
        target = max(sqrt_next, limit) if zero_for_one else min(sqrt_next, limit)
        step = compute_swap_step(pool.sqrt_price, target, pool.liquidity, remaining, pool.fee_pips)
        remaining -= step.amount_in + step.fee
        out += step.amount_out
        fees += step.fee
        pool = _advance(pool, step.sqrt_price, tick_next, net, zero_for_one=zero_for_one)
    return Quote(out, remaining, fees, pool)


def _advance(
    pool: Pool, sqrt_price: int, tick_next: int, net: dict[int, int], *, zero_for_one: bool
) -> Pool:
    if sqrt_price == sqrt_ratio_at_tick(tick_next):
        crossed = net.get(tick_next, 0)
        return replace(
            pool,
            sqrt_price=sqrt_price,
            tick=tick_next - 1 if zero_for_one else tick_next,
            liquidity=pool.liquidity + (-crossed if zero_for_one else crossed),
        )
    if sqrt_price == pool.sqrt_price:
        return pool
    return replace(pool, sqrt_price=sqrt_price, tick=tick_at_sqrt_ratio(sqrt_price))


def _next_tick_within_word(
    initialised: Sequence[int], tick: int, spacing: int, *, zero_for_one: bool
) -> int:
    """Next initialised tick in the same bitmap word, or the word's end, clamped to the range."""
    compressed = tick // spacing
    if zero_for_one:
        edge = (compressed // _WORD_BITS) * _WORD_BITS * spacing
        at = bisect_right(initialised, compressed * spacing) - 1
        return max(edge if at < 0 else max(edge, initialised[at]), MIN_TICK)
    compressed += 1
    edge = (compressed // _WORD_BITS * _WORD_BITS + _WORD_BITS - 1) * spacing
    at = bisect_left(initialised, compressed * spacing)
    return min(edge if at == len(initialised) else min(edge, initialised[at]), MAX_TICK)


def pool_slippage(
    pool: Pool, amount_in: int, *, zero_for_one: bool, redemption_discount: float | None = None
) -> float:
    """Shortfall of a swap against the spot price, fee included: s = 1 − out/(in·P).

    Parameters
    ----------
    amount_in : smallest units, > 0.
    redemption_discount : price discount at which what the pool cannot take is redeemed.

    Raises
    ------
    ValueError : the pool cannot take all of it and no redemption is named.
    """
    quote = quote_exact_input(pool, amount_in, zero_for_one=zero_for_one)
    if quote.unfilled and redemption_discount is None:
        raise ValueError(
            f"{quote.unfilled} of {amount_in} units find no liquidity and have no redemption"
        )
    at_spot = _value_at_spot(pool, amount_in, zero_for_one=zero_for_one)
    rest = quote.unfilled / amount_in * (1.0 - (redemption_discount or 0.0))
    return 1.0 - quote.amount_out / at_spot - rest


def pool_capacity(pool: Pool, slippage: float, *, zero_for_one: bool, at_most: int) -> int:
    """Largest input, up to `at_most`, that the pool takes whole within `slippage` of spot.

    Slippage grows with the size, so the size is found by bisection on the exact walk (in
    integers of any width, which the standard bisection over a range cannot index).
    """
    within, beyond = 0, at_most + 1
    while beyond - within > 1:
        amount_in = (within + beyond) // 2
        quote = quote_exact_input(pool, amount_in, zero_for_one=zero_for_one)
        at_spot = _value_at_spot(pool, amount_in, zero_for_one=zero_for_one)
        if quote.unfilled or quote.amount_out < (1.0 - slippage) * at_spot:
            beyond = amount_in
        else:
            within = amount_in
    return within


def _value_at_spot(pool: Pool, amount_in: int, *, zero_for_one: bool) -> float:
    price = (pool.sqrt_price / _Q96) ** 2
    return amount_in * price if zero_for_one else amount_in / price


def constant_product_slippage(size: FloatLike, reserve: FloatLike, fee: FloatLike = 0.0) -> Float:
    """Average slippage on x·y = k: s = 1 − g·x/(x + gΔ), g = 1 − fee.

    Within one range of a concentrated pool, at price 1, `reserve` is the active liquidity L.
    A full-range pool of 1M holds 500k a side: 50k costs 9.09 %, not 1–2 %.

    Parameters
    ----------
    size : Δ sold. reserve : x of the token sold, same units. fee : fraction.

    Source: Angeris and others, An analysis of Uniswap markets, 2019; spec 2.3.
    """
    size, reserve, kept = as_float(size), as_float(reserve), 1.0 - as_float(fee)
    return as_float(1.0 - kept * reserve / (reserve + kept * size))


def constant_product_spot_impact(
    size: FloatLike, reserve: FloatLike, fee: FloatLike = 0.0
) -> Float:
    """Fall of the marginal price on x·y = k: 1 − (x/(x + gΔ))²."""
    size, reserve, kept = as_float(size), as_float(reserve), 1.0 - as_float(fee)
    return as_float(1.0 - (reserve / (reserve + kept * size)) ** 2)


def constant_product_capacity(
    slippage: FloatLike, reserve: FloatLike, fee: FloatLike = 0.0
) -> Float:
    """Largest sale within `slippage`: Δ = x·(1/(1−s) − 1/g), zero where the fee alone exceeds s.

    Inverse of `constant_product_slippage`. With no fee it is also the capacity of liquidity L.
    """
    kept = 1.0 - as_float(fee)
    ratio = 1.0 / (1.0 - as_float(slippage)) - 1.0 / kept
    return as_float(as_float(reserve) * np.maximum(ratio, 0.0))


def liquidity_for_slippage(size: FloatLike, slippage: FloatLike) -> Float:
    """Active liquidity at price 1 that sells `size` within `slippage`, no fee: L = Q(1−s)/s."""
    size, slippage = as_float(size), as_float(slippage)
    return as_float(size * (1.0 - slippage) / slippage)


def range_for_liquidity(total_value: FloatLike, liquidity: FloatLike) -> Float:
    """Price ratio r of the range [1/r, r] over which `total_value` at price 1 gives L.

    TVL = 2L·(1 − 1/√r). NaN where the value exceeds 2L: less than a full range is impossible.

    Source: Uniswap v3 whitepaper, equations 2.2 and 6.29–6.30.
    """
    share = 1.0 - as_float(total_value) / (2.0 * as_float(liquidity))
    return as_float(np.where(share > 0.0, share, np.nan) ** -2.0)


def order_book_slippage(
    size: FloatLike,
    bid_price: Float,
    bid_size: Float,
    mid: FloatLike,
    redemption_price: FloatLike | None = None,
) -> Float:
    """Slippage of selling into a book: s = 1 − VWAP_bid(Q)/mid, all of Q accounted for.

    Parameters
    ----------
    size : (n,) units of the token. bid_price, bid_size : (n, m) levels in any order; pad with
        size 0. mid : (n,). redemption_price : (n,) at which what the book cannot take is
        redeemed, NaN where it cannot be.

    Returns
    -------
    (n,) fraction of mid lost.

    Raises
    ------
    ValueError : a remainder has neither bid nor redemption.
    """
    size, mid = as_float(size), as_float(mid)
    price, depth = _best_bids_first(bid_price, bid_size)
    filled = _fill(size, depth)
    unfilled = np.maximum(size - depth.sum(axis=-1), 0.0)
    redeemed = as_float(np.nan if redemption_price is None else redemption_price)
    stranded = (unfilled > 0.0) & np.isnan(redeemed)
    if np.any(stranded):
        raise ValueError(f"sales at {offenders(stranded)} exceed the bids and have no redemption")
    proceeds = (filled * price).sum(axis=-1) + np.where(unfilled > 0.0, unfilled * redeemed, 0.0)
    return as_float(1.0 - proceeds / (size * mid))


def order_book_capacity(
    slippage: FloatLike, bid_price: Float, bid_size: Float, mid: FloatLike
) -> Float:
    """Largest sale whose average price stays within `slippage` of mid, (n,) units of the token.

    Levels above the limit price give their surplus, levels below spend it:
    Σ(p − limit)·q = 0 at the last unit.
    """
    price, depth = _best_bids_first(bid_price, bid_size)
    above = price - ((1.0 - as_float(slippage)) * as_float(mid))[..., None]
    surplus = np.cumsum(np.maximum(above, 0.0) * depth, axis=-1)[..., -1]
    cost = np.maximum(-above, 0.0)
    spent = _fill(surplus, cost * depth)
    share = np.divide(spent, cost, out=np.zeros_like(spent), where=cost > 0.0)
    return as_float(np.where(above >= 0.0, depth, share).sum(axis=-1))


def _best_bids_first(bid_price: Float, bid_size: Float) -> tuple[Float, Float]:
    order = np.argsort(-bid_price, axis=-1)
    return (
        np.take_along_axis(bid_price, order, axis=-1),
        np.take_along_axis(bid_size, order, axis=-1),
    )


def _fill(amount: Float, depth: Float) -> Float:
    """Amount taken from each successive level, (..., m)."""
    reached = np.minimum(np.cumsum(depth, axis=-1), amount[..., None])
    return as_float(np.diff(reached, axis=-1, prepend=0.0))
