"""Depth of a concentrated pool over time, from what is active and from what is locked (spec 2.3).

A pool's history gives a tick and the liquidity active at it, hour by hour. Active liquidity L is a
constant-product pool of virtual reserve L·√P around the spot price, so that the slippage of a sale
is `amm.constant_product_slippage` of it. L is taken to hold beyond its tick: where liquidity thins
out away from the price, as in calm, that flatters a large sale; where a gap is crossed, as in the
depeg, the next tick may hold more. What one tick takes is given beside it and needs no such guess.

A history of ticks holds no TVL. The naive depth is therefore derived in two stated ways, `Naive`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from paramgen.model.amm import amount1_delta, constant_product_slippage, sqrt_ratio_at_tick
from paramgen.model.arrays import Float, as_float

Integers = NDArray[np.int64]

_TICK_BASE = 1.0001


@dataclass(frozen=True)
class PoolHistory:
    """A concentrated pool, one row a reading, in order of time.

    Parameters
    ----------
    times : (n,) Unix seconds, strictly increasing.
    ticks : (n,) slot0 ticks, of token1 per token0 in smallest units.
    liquidity : (n,) active L ≥ 0 at the tick, never TVL. Zero: no liquidity at the price.
    decimals : of token1, in whose units depth and values are given.
    spacing : ticks between initialised ones.

    Raises
    ------
    ValueError : lengths differ, times do not rise, or a liquidity is negative.
    """

    times: Integers
    ticks: Integers
    liquidity: Integers
    decimals: int
    spacing: int

    def __post_init__(self) -> None:
        """Refuse what is no history."""
        if not self.times.shape == self.ticks.shape == self.liquidity.shape:
            raise ValueError("pool history: times, ticks and liquidity must have one length")
        if np.any(np.diff(self.times) <= 0):
            raise ValueError("pool history: times must rise")
        if np.any(self.liquidity < 0):
            raise ValueError("pool history: liquidity must be at least 0")

    def between(self, start: int, end: int) -> PoolHistory:
        """The readings with start ≤ time < end."""
        kept = slice(*np.searchsorted(self.times, (start, end)).tolist())
        columns = self.times[kept], self.ticks[kept], self.liquidity[kept]
        return PoolHistory(*columns, self.decimals, self.spacing)


def active_depth(history: PoolHistory) -> Float:
    """Return (n,) virtual reserve L·√P in whole token1, the depth that a sale meets."""
    root = _TICK_BASE ** (history.ticks / 2.0)
    return as_float(history.liquidity * root / 10.0**history.decimals)


def one_tick_value(tick: int, liquidity: int, spacing: int) -> int:
    """Return the token1, smallest units, that liquidity over one tick range holds: L·(√b − √a).

    It is what the range pays out before the price leaves it; exact, rounded down.
    """
    low = tick // spacing * spacing
    ends = sqrt_ratio_at_tick(low), sqrt_ratio_at_tick(low + spacing)
    return amount1_delta(*ends, liquidity, round_up=False)


def seen_value(history: PoolHistory) -> float:
    """Return, in whole token1, the value locked in every tick range that the price has visited.

    Each range counts with the median of the liquidity seen in it, `one_tick_value` worth. Ranges
    that were never visited hold what nobody can see in such a history, so the pool's TVL lies
    above this, save for what moved within the history.
    """
    ranges = history.ticks // history.spacing * history.spacing
    values = (
        one_tick_value(int(low), int(np.median(history.liquidity[ranges == low])), history.spacing)
        for low in np.unique(ranges)
    )
    return sum(values) / 10.0**history.decimals


@dataclass(frozen=True)
class Naive:
    """Depth, in whole token1, as TVL would give it from a calm history.

    Parameters
    ----------
    concentrated : TVL times the concentration of calm days. Whatever that TVL is, the product on
        calm days is their median active depth; only the TVL's own change since enters.
    full_range : half of `seen_value`, a pool of that TVL spread over all prices.
    """

    concentrated: float
    full_range: float


def naive_depth(calm: PoolHistory, locked_share: float = 1.0) -> Naive:
    """Return the depth that a reader of TVL assumes.

    Parameters
    ----------
    locked_share : TVL now over TVL in `calm`. A history of ticks does not give it; 1 says that
        nobody withdrew, 0.88 is the fall of TVL at which active liquidity fell 300 times in one
        pool of October 2025 (spec 2.3).
    """
    median = float(np.median(active_depth(calm)))
    return Naive(locked_share * median, locked_share * seen_value(calm) / 2.0)


def slippage(sizes: ArrayLike, depth: ArrayLike, fee: float) -> Float:
    """Return (n, k) shortfall of each sale against the spot price at each depth; 1 without depth.

    Parameters
    ----------
    sizes : (k,) > 0, and depth : (n,) ≥ 0, in one unit. fee : of the pool, a fraction.
    """
    reserve = np.maximum(as_float(depth), 0.0)[:, None]
    return constant_product_slippage(as_float(sizes)[None, :], reserve, fee)


@dataclass(frozen=True)
class Comparison:
    """Slippage by the depth that was there and by the depth that TVL suggests.

    Parameters
    ----------
    times, ticks : (n,). depth, one_tick : (n,) whole token1, active and within one tick range.
    sizes : (k,) sales in whole token1.
    active : (n, k) slippage from active liquidity.
    concentrated, full_range : (k,) slippage from `Naive`, the same at all times.
    """

    times: Integers
    ticks: Integers
    depth: Float
    one_tick: Float
    sizes: Float
    active: Float
    concentrated: Float
    full_range: Float


def compare(history: PoolHistory, naive: Naive, sizes: ArrayLike, fee: float) -> Comparison:
    """Return the slippage of sales at every reading beside what TVL would have promised."""
    depth = active_depth(history)
    rows = zip(history.ticks.tolist(), history.liquidity.tolist(), strict=True)
    unit = 10.0**history.decimals
    return Comparison(
        times=history.times,
        ticks=history.ticks,
        depth=depth,
        one_tick=as_float([one_tick_value(*row, history.spacing) / unit for row in rows]),
        sizes=as_float(sizes),
        active=slippage(sizes, depth, fee),
        concentrated=slippage(sizes, [naive.concentrated], fee)[0],
        full_range=slippage(sizes, [naive.full_range], fee)[0],
    )


def stressed_shares(depth: ArrayLike, window: int, horizon: int) -> Float:
    """Return the least depth of the next `horizon` readings over the past `window`'s median.

    Walk-forward: what a book that measured its depth on the past window would have had left at the
    worst reading of the horizon.

    Parameters
    ----------
    depth : (n,) evenly spaced readings. window, horizon : numbers of readings;
        of an even window the upper median.

    Returns
    -------
    (n − window − horizon + 1,), none where the history is shorter. Infinite where the past was
    empty and the future is not, 0 where both are.
    """
    values = as_float(depth)
    count = values.size - window - horizon + 1
    if count <= 0:
        return np.zeros(0)
    past = ndimage.median_filter(values, size=window, origin=(window - 1) // 2)
    ahead = ndimage.minimum_filter1d(values, size=horizon, origin=-(horizon // 2))
    usual, worst = past[window - 1 : window - 1 + count], ahead[window : window + count]
    with np.errstate(divide="ignore", invalid="ignore"):
        return as_float(np.nan_to_num(worst / usual, nan=0.0, posinf=np.inf))


def stressed_share(depth: ArrayLike, window: int, horizon: int, probability: float) -> float:
    """Return the share of depth undercut with `probability` a start, a book's `stress` of a pool.

    Raises
    ------
    ValueError : too few readings for a single start.
    """
    shares = stressed_shares(depth, window, horizon)
    if not shares.size:
        raise ValueError(f"a stressed share needs at least {window + horizon} readings of depth")
    return float(np.quantile(shares, probability, method="lower"))


def at_moments(times: Integers, values: Float, moments: Integers) -> Float:
    """Return the value of the last reading at or before each moment, as a chain would show it.

    Raises
    ------
    ValueError : a moment lies before the first reading.
    """
    last = np.searchsorted(times, moments, side="right") - 1
    if last.size and last.min() < 0:
        raise ValueError(f"moment {int(moments.min())} lies before the first reading {times[0]}")
    return as_float(values[last])
