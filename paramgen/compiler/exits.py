"""Ways out of an asset, each priced for a size of sale; the model's four kinds, one table."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import assert_never

import numpy as np

from paramgen.book.exits import Negotiated, OrderBook, Pool, Redemption
from paramgen.compiler.ledger import Scope
from paramgen.model.amm import (
    constant_product_capacity,
    constant_product_slippage,
    order_book_slippage,
)
from paramgen.params.binding import ParameterError
from paramgen.params.collateral import ExitRoute
from paramgen.params.losses import YEAR


@dataclass(frozen=True)
class Exit:
    """One route with its numbers read, stressed or calm.

    Attributes
    ----------
    fee : fraction of price beside the impact; a pool's is part of its impact already.
    time : years from decision to cash.
    capacity : USD it takes at most; infinite for a pool, whose impact says it.
    flat : impact at any size, for routes that are not walked.
    reserve : a pool's virtual reserve in USD. prices, sizes, mid : an order book.
    """

    name: str
    fee: float
    time: float
    capacity: float
    flat: float = 0.0
    reserve: float = 0.0
    pool_fee: float = 0.0
    mid: float = 0.0
    prices: tuple[float, ...] = ()
    sizes: tuple[float, ...] = ()

    def impact(self, size: float) -> float:
        """Price impact s_r(Q) of selling `size` USD, which must be within the capacity."""
        if self.reserve > 0.0:
            return float(constant_product_slippage(size, self.reserve, self.pool_fee))
        if self.prices:
            tokens = np.asarray(self.sizes) / np.asarray(self.prices)
            sold = np.asarray([size / self.mid])
            book = np.asarray([self.prices]), tokens[None, :]
            return float(order_book_slippage(sold, *book, np.asarray([self.mid]))[0])
        return self.flat

    def capacity_within(self, slippage: float, horizon: float) -> float:
        """USD that sell at an impact of at most `slippage` within `horizon` years."""
        if self.time > horizon:
            return 0.0
        if self.reserve > 0.0:
            return float(constant_product_capacity(slippage, self.reserve, self.pool_fee))
        if self.prices:
            taken = (p >= self.mid * (1.0 - slippage) for p in self.prices)
            return math.fsum(size for size, ok in zip(self.sizes, taken, strict=True) if ok)
        return self.capacity if self.flat <= slippage else 0.0

    def quoted(self, size: float) -> ExitRoute:
        """The route at one size, as the collateral formulas take it."""
        return ExitRoute(self.name, self.impact(size), self.fee, self.time)


def exits(scope: Scope, *, stressed: bool) -> tuple[Exit, ...]:
    """All routes of an asset under calm or stressed conditions."""
    return tuple(_read(scope, name, stressed) for name in scope.asset.liquidity.routes)


def _read(scope: Scope, name: str, stressed: bool) -> Exit:
    route = scope.asset.liquidity.routes[name]
    at = f"liquidity.routes.{name}"
    depth, delay = float(scope.stress.depth), float(scope.stress.horizon)
    match route:
        case Pool():
            left = scope.take(f"{at}.stress") if stressed else 1.0
            fee = scope.take(f"{at}.fee")
            reserve = scope.take(f"{at}.depth") * left * depth
            return Exit(name, 0.0, 0.0, math.inf, reserve=reserve, pool_fee=fee)
        case OrderBook():
            left = scope.take(f"{at}.stress") if stressed else 1.0
            levels = range(len(route.bids))
            sizes = tuple(scope.take(f"{at}.bids.{i}.size") * left * depth for i in levels)
            return Exit(
                name,
                scope.take(f"{at}.fee"),
                0.0,
                math.fsum(sizes),
                mid=scope.take(f"{at}.mid"),
                prices=tuple(scope.take(f"{at}.bids.{i}.price") for i in levels),
                sizes=sizes,
            )
        case Redemption():
            fee, time = scope.take(f"{at}.fee"), scope.take(f"{at}.time") * delay / YEAR
            return Exit(name, fee, time, scope.take(f"{at}.capacity") * depth)
        case Negotiated():
            discount = scope.take(f"{at}.{'stressed' if stressed else 'discount'}")
            time = scope.take(f"{at}.time") * delay / YEAR
            capacity = scope.take(f"{at}.capacity") * depth
            return Exit(name, 0.0, time, capacity, flat=discount)
        case _:
            assert_never(route)


def able(routes: Iterable[Exit], size: float) -> tuple[Exit, ...]:
    """The routes that take `size` whole."""
    return tuple(route for route in routes if route.capacity >= size)


def split_sale(
    routes: Iterable[Exit], size: float, waiting: Callable[[Exit, float], float]
) -> float:
    """Average discount of a sale larger than any one route, cheapest first, nothing dropped.

    What is left over queues for the route that takes the most in a given time, and counts as paid
    when the last of it is: a redemption of four times its capacity takes four times as long. Nor
    is a thin pool sold into at more than that queue costs.

    Parameters
    ----------
    size : USD to sell.
    waiting : by route and years until cash, what time and fees add to its impact.

    Raises
    ------
    ParameterError
        When no route ever takes the rest: a remainder is never dropped.
    """
    open_routes = tuple(route for route in routes if route.capacity > 0.0)
    queue = _queue(open_routes)

    def queued(rest: float) -> float:
        if queue is None:
            return math.inf
        until = queue.time * (1.0 + rest / queue.capacity)
        return queue.impact(min(rest, queue.capacity)) + waiting(queue, until)

    def at_once(route: Exit, amount: float) -> float:
        return route.impact(amount) + waiting(route, route.time)

    rest, paid = size, 0.0
    for route in sorted(open_routes, key=lambda r: at_once(r, min(size, r.capacity))):
        sold = min(rest, route.capacity)
        if sold > 0.0:
            paid += sold * min(1.0, at_once(route, sold), queued(rest))
        rest -= sold
    if rest > size * 1e-12:
        if queue is None:
            raise ParameterError(
                "liquidity", "the exits together do not take the sale", size - rest, size,
                "Declare how the remainder is redeemed; it cannot be dropped.",
            )  # fmt: skip
        paid += rest * min(1.0, queued(rest))
    return paid / size


def _queue(routes: tuple[Exit, ...]) -> Exit | None:
    """The route whose capacity comes back soonest; a pool or a book promises no such thing."""
    timed = [route for route in routes if route.time > 0.0]
    return max(timed, key=lambda route: route.capacity / route.time, default=None)
