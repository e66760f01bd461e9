"""A simulated book of borrowers under every policy, its resets, and no breaker at all (spec 3.7).

The terms are those that landed at the fold's start: LT, LTV, bonus and the rate curve's integers;
the book is as large as the landed debt ceiling, sales meet the depth of a pool's own history. What
is assumed of borrowers and of the market's rules is in `ASSUMED`, the same for every policy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from paramgen.backtest.liquidations import Terms, simulate
from paramgen.backtest.liquidity import PoolHistory, active_depth, naive_depth
from paramgen.backtest.outcome import Outcome
from paramgen.backtest.policies import Policy, Tape
from paramgen.backtest.positions import Lognormal, Positions, draw_positions
from paramgen.backtest.served import Market, served_by, tape
from paramgen.backtest.walk import CompiledFold
from paramgen.book.exits import Pool
from paramgen.book.policy import Policy as Appetite
from paramgen.book.schema import Asset
from paramgen.encode import BY_NAME
from paramgen.mirror.oracle import Configuration
from paramgen.mirror.rate import Curve
from paramgen.params.losses import Array
from paramgen.units import PRICE_UNITS

HOUR = 3_600
RESETS = (6 * HOUR, 24 * HOUR)
"""Delays of a reset whose cost is shown beside that of the one asked for."""

CALM = 30 * 86_400
"""Past of a fold from which the depth that TVL promises is read."""


class Assumed(NamedTuple):
    """Of borrowers and rules, where neither book nor policy says.

    deviation : of the log of a position's size. usage : shape of LTV used, mean 0.71 of the limit.
    close_factor, full_close_health : of a large lending protocol's liquidations.
    most : borrowers at most.
    """

    deviation: float
    usage: tuple[float, float]
    close_factor: float
    full_close_health: float
    most: int


ASSUMED = Assumed(1.5, (5.0, 2.0), 0.5, 0.95, 2_000)


@dataclass(frozen=True)
class BookTask:
    """One asset × fold × policy × reset: a book on a tape."""

    compiled: CompiledFold
    policy: Policy
    configuration: Configuration
    tape: Tape
    market: Market
    terms: Terms
    positions: Positions


@dataclass(frozen=True)
class BookRun:
    """What one policy left of the book; `reset_after` None where nobody resets."""

    asset: str
    fold: int
    policy: str
    trips: bool
    reset_after: int | None
    outcome: Outcome

    @property
    def name(self) -> str:
        """Policy and reset, for tables."""
        if not self.trips:
            return self.policy
        if self.reset_after is None:
            return f"{self.policy}, no reset"
        return f"{self.policy}, reset {self.reset_after / HOUR:g} h"


def book_tasks(
    compiled: CompiledFold,
    spec: Asset,
    appetite: Appetite,
    tapes: Mapping[Policy, tuple[Configuration, Tape]],
    pool: PoolHistory,
) -> list[BookTask]:
    """One task a policy and reset of a fold that landed.

    Parameters
    ----------
    tapes : each policy's configuration and tape.
    pool : history of the pool that collateral is sold into, from before the fold.
    """
    integers = compiled.integers
    if integers is None:
        return []
    found = []
    for policy, (configuration, one) in tapes.items():
        depth = _depth(policy, pool, compiled.fold.start)
        prices = one.primary.answers / PRICE_UNITS
        market = Market(one.primary.times, prices, pool.times, depth)
        terms = landed_terms(integers, spec, appetite)
        book = _book(integers, terms, appetite, float(prices[0]))
        found += [
            BookTask(compiled, policy, configuration, again, market, terms, book)
            for again in _resets(policy, one)
        ]
    return found


def run_book(task: BookTask) -> BookRun:
    """Replay the policy and run the book over what it served."""
    served = served_by(task.policy.replayed(task.configuration, task.tape))
    outcome = simulate(task.positions, task.terms, tape(task.market, task.tape.moments, served))
    return BookRun(
        task.compiled.asset,
        task.compiled.fold.index,
        task.policy.name,
        task.policy.trips,
        task.tape.reset_after,
        outcome,
    )


def landed_terms(integers: Mapping[str, int], spec: Asset, appetite: Appetite) -> Terms:
    """The market's terms as they landed; cash is what leaves utilisation at the kink."""
    landed = {name: float(BY_NAME[name].decode(integers[name])) for name in _LANDED}
    curve = Curve(*(integers[name] for name in ("base_rate", "slope_1", "slope_2", "kink")))
    return Terms(
        threshold=landed["liquidation_threshold"],
        loan_to_value=landed["ltv"],
        bonus=landed["liquidation_bonus"],
        close_factor=ASSUMED.close_factor,
        full_close_health=ASSUMED.full_close_health,
        gas=float(appetite.liquidation.gas),
        pool_fee=pool_fee(spec),
        curve=curve,
        cash=landed["debt_ceiling"] * (1.0 / landed["kink"] - 1.0),
    )


def pool_fee(spec: Asset) -> float:
    """The lowest fee of the asset's pools, nothing where it has none."""
    fees = (float(r.fee) for r in spec.liquidity.routes.values() if isinstance(r, Pool))
    return min(fees, default=0.0)


_LANDED = ("liquidation_threshold", "ltv", "liquidation_bonus", "debt_ceiling", "kink")


def _book(integers: Mapping[str, int], terms: Terms, appetite: Appetite, price: float) -> Positions:
    """Borrowers up to the debt ceiling, as many as give the policy's typical liquidation."""
    total = float(BY_NAME["debt_ceiling"].decode(integers["debt_ceiling"]))
    count = round(total / float(appetite.liquidation.typical_size))
    return draw_positions(
        appetite.caps.seed,
        min(max(count, 1), ASSUMED.most),
        Lognormal(ASSUMED.deviation),
        total_debt=total,
        price=price,
        loan_to_value=terms.loan_to_value,
        usage=ASSUMED.usage,
    )


def _depth(policy: Policy, pool: PoolHistory, start: int) -> Array:
    """Depth as it was, or as TVL promised it from the calm before the fold."""
    active = active_depth(pool)
    if policy.depth == "active":
        return active
    return np.full(active.shape, naive_depth(pool.between(start - CALM, start)).concentrated)


def _resets(policy: Policy, one: Tape) -> Sequence[Tape]:
    if not policy.trips:
        return (replace(one, reset_after=None),)
    return tuple(replace(one, reset_after=delay) for delay in (None, *RESETS))
