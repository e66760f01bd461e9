"""What was true of a market, and beside it the price that an oracle served.

Money is USD, prices are USD a token, times Unix seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paramgen.backtest.liquidity import at_moments
from paramgen.backtest.replay import Replay, Rounds
from paramgen.mirror.oracle import OUTPUT_DECIMALS
from paramgen.model.arrays import Float, as_float

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Market:
    """What was true: (k,) prices at times, (d,) depth in USD at its own times."""

    times: Integers
    prices: Float
    depth_times: Integers
    depth: Float


@dataclass(frozen=True)
class Tape:
    """What happens at each moment, (m,) in order of time.

    Parameters
    ----------
    price : true. served : by the oracle, 0 in a pause. depth : USD of virtual reserve.
    reading : which reading of depth holds; sales add up until the next.
    """

    times: Integers
    price: Float
    served: Float
    depth: Float
    reading: Integers


def tape(market: Market, moments: Integers, served: Float) -> Tape:
    """Return what is true beside what is served, each as last known at a moment.

    Raises
    ------
    ValueError : a moment lies before the first price or reading of depth.
    """
    return Tape(
        times=moments,
        price=at_moments(market.times, market.prices, moments),
        served=served,
        depth=at_moments(market.depth_times, market.depth, moments),
        reading=np.searchsorted(market.depth_times, moments, side="right"),
    )


def served_by(replay: Replay) -> Float:
    """Return (m,) prices that an oracle served, in USD, 0 in a pause."""
    return as_float(replay.price / 10.0**OUTPUT_DECIMALS)


def unguarded(primary: Rounds, decimals: int, moments: Integers) -> Float:
    """Return (m,) prices of an oracle without a breaker: the primary's last answer, always."""
    return at_moments(primary.times, as_float(primary.answers / 10.0**decimals), moments)


def frozen(served: Float) -> Float:
    """Return (m,) prices of an oracle that stays at its last price where this one first pauses."""
    priced = np.flatnonzero(served > 0.0)
    if not priced.size:
        return served
    pauses = np.flatnonzero(served[priced[0] :] <= 0.0)
    if not pauses.size:
        return served
    last = int(priced[0] + pauses[0]) - 1
    return as_float(np.where(np.arange(served.size) > last, served[last], served))
