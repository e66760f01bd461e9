"""A simulated book of borrowers on a tape of true and served prices (spec 3.7).

Each moment interest accrues at the contract's own rate, whoever can gains from an overstated price
borrows against it, and liquidators close what the oracle lets them and the market pays for:

- a position may be liquidated when LT·collateral·served price < debt and the market is priced;
- a liquidator repays debt, takes (1+b) times its worth at the served price, and sells it into the
  depth of that hour. He goes on until the last unit no longer pays: until the marginal price, fee
  taken, has fallen from the true one to served/(1+b)·(1 + gas share). Largest positions come first,
  since gas weighs least on them;
- what the sale pushed the pool down is not made good before the next reading of depth;
- a position whose collateral is gone is written off. What is left of the others counts as
  `shortfall` as far as its debt exceeds what the collateral repays at the bonus, C·p/(1+b), as in
  the target-loss check of spec 3.3.

Money is USD, prices are USD a token, times Unix seconds. A market without a price does nothing.
Borrowers only wait: nobody repays, adds collateral, or leaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from paramgen.backtest.outcome import Outcome, Series
from paramgen.backtest.positions import CENTS, Positions
from paramgen.backtest.replay import Replay, Rounds
from paramgen.backtest.served import Integers, Market, Tape, frozen, served_by, tape, unguarded
from paramgen.mirror.rate import WAD, Curve, rate_per_second
from paramgen.model.amm import constant_product_capacity, constant_product_slippage
from paramgen.model.arrays import Float, as_float

_MICRO = 10**6
"""Amounts meet the mirror's integers in millionths of a dollar, as a stablecoin holds them."""


@dataclass(frozen=True)
class Terms:
    """What the market allows, and what a liquidator pays.

    Parameters
    ----------
    threshold, loan_to_value, bonus : LT, LTV, b, fractions.
    close_factor : share of a debt that one liquidation may repay while the health
        LT·C·p/debt is at least `full_close_health`; below, all of it.
    gas : USD of one liquidation, weighed against the position's first debt times close factor.
    pool_fee : of the pool that collateral is sold into.
    curve : the rate model's integers.
    cash : USD lent to the market and not borrowed at the start.
    overdraw : USD a second that is borrowed as long as LTV·served exceeds the true price, when
        new debt is worth more than the collateral that must be brought for it. 0: nobody does.
    """

    threshold: float
    loan_to_value: float
    bonus: float
    close_factor: float
    full_close_health: float
    gas: float
    pool_fee: float
    curve: Curve
    cash: float
    overdraw: float = 0.0


def simulate(positions: Positions, terms: Terms, tape: Tape) -> Outcome:
    """Run a book over a tape; vectorised over positions, one step a moment.

    Raises
    ------
    ValueError : an empty tape.
    """
    if not tape.times.size:
        raise ValueError("positions: the tape has no moment")
    order = np.argsort(-positions.debt, kind="stable")
    state = _opened(positions, terms, order)
    rows: list[dict[str, float]] = []
    before = int(tape.times[0])
    for moment in _moments(tape):
        state, row = _step(state, terms, moment, moment.time - before)
        before = moment.time
        rows.append(row)
    columns = {name: as_float([row[name] for row in rows]) for name in rows[0]}
    return Outcome(tape, Series(**columns), _left(state, order))


def compare_oracles(
    positions: Positions,
    terms: Terms,
    market: Market,
    replays: Mapping[str, Replay],
    *,
    primary: Rounds,
    decimals: int,
) -> dict[str, Outcome]:
    """Run one book under each replayed oracle, and under none and under a frozen price.

    "no breaker" serves the primary whatever it says; "frozen price" stays for good at the last
    price before the first pause of the first replay.

    Parameters
    ----------
    replays : by name, over the same moments; at least one.
    primary, decimals : the rounds of the feed that an oracle without a breaker would serve.
    """
    first = next(iter(replays.values()))
    served = {name: served_by(replay) for name, replay in replays.items()}
    served["no breaker"] = unguarded(primary, decimals, first.times)
    served["frozen price"] = frozen(served_by(first))
    return {
        name: simulate(positions, terms, tape(market, first.times, prices))
        for name, prices in served.items()
    }


@dataclass(frozen=True)
class _Moment:
    time: int
    price: float
    served: float
    depth: float
    reading: int


@dataclass(frozen=True)
class _Borrowers:
    """Overdrawers as one position, then all by falling first debt; debt is principal·index."""

    principal: Float
    collateral: Float
    gas_share: Float

    @cached_property
    def owed(self) -> float:
        return float(self.principal.sum())

    @cached_property
    def pledged(self) -> float:
        return float(self.collateral.sum())

    @cached_property
    def deepest(self) -> float:
        """Most principal on one token: below it no price concerns anybody."""
        some = self.collateral > 0.0
        ratio = np.divide(
            self.principal, self.collateral, out=np.zeros(self.principal.size), where=some
        )
        return float(ratio.max())


@dataclass(frozen=True)
class _State:
    borrowers: _Borrowers
    index: float
    cash: float
    sold: float
    reading: int

    @property
    def owed(self) -> float:
        return self.borrowers.owed * self.index

    @property
    def debt(self) -> Float:
        return as_float(self.borrowers.principal * self.index)

    def indebted_beyond(self, worth: float) -> bool:
        """Whether any position owes more than `worth` a token of its collateral."""
        return self.borrowers.deepest * self.index > worth


@dataclass(frozen=True)
class _Liquidations:
    repaid: float = 0.0
    seized: float = 0.0
    proceeds: float = 0.0
    written_off: float = 0.0
    waiting: float = 0.0


def _moments(tape: Tape) -> list[_Moment]:
    columns = (tape.times, tape.price, tape.served, tape.depth, tape.reading)
    return [_Moment(*row) for row in zip(*(c.tolist() for c in columns), strict=True)]


def _opened(positions: Positions, terms: Terms, order: Integers) -> _State:
    debt = np.append(np.inf, positions.debt[order])
    smallest = 10.0**-CENTS
    borrowers = _Borrowers(
        principal=np.append(0.0, debt[1:]),
        collateral=np.append(0.0, positions.collateral[order]),
        gas_share=terms.gas / terms.close_factor / np.maximum(debt, smallest),
    )
    return _State(borrowers, index=1.0, cash=terms.cash, sold=0.0, reading=-1)


def _left(state: _State, order: Integers) -> Positions:
    back = np.append(1 + np.argsort(order, kind="stable"), 0)
    return Positions(state.borrowers.collateral[back], state.debt[back])


def _step(
    state: _State, terms: Terms, moment: _Moment, seconds: int
) -> tuple[_State, dict[str, float]]:
    if moment.reading != state.reading:
        state = replace(state, sold=0.0, reading=moment.reading)
    state, rate, interest = _accrue(state, terms, seconds)
    drawn = deposited = 0.0
    done = _Liquidations()
    if moment.served > 0.0:
        state, drawn, deposited = _overdraw(state, terms, moment, seconds)
        state, done = _liquidate(state, terms, moment)
    return state, {
        "debt": state.owed,
        "collateral": state.borrowers.pledged,
        "cash": state.cash,
        "utilisation": _utilised(state.owed, state.cash),
        "rate": rate,
        "interest": interest,
        "drawn": drawn,
        "deposited": deposited,
        "shortfall": _shortfall(state, moment.price / (1.0 + terms.bonus)),
        **vars(done),
    }


def _shortfall(state: _State, worth: float) -> float:
    if not state.indebted_beyond(worth):
        return 0.0
    return float(np.maximum(state.debt - state.borrowers.collateral * worth, 0.0).sum())


def _utilised(debt: float, cash: float) -> float:
    return debt / (debt + cash) if debt > 0.0 else 0.0


def _accrue(state: _State, terms: Terms, seconds: int) -> tuple[_State, float, float]:
    """Simple interest between moments, compounded at each, as the contracts accrue."""
    owed = state.owed
    rate = rate_per_second(terms.curve, round(state.cash * _MICRO), round(owed * _MICRO), 0)
    growth = rate * seconds / WAD
    return replace(state, index=state.index * (1.0 + growth)), rate / WAD, owed * growth


def _overdraw(
    state: _State, terms: Terms, moment: _Moment, seconds: int
) -> tuple[_State, float, float]:
    """Borrow at the limit against an overstated price, into the first position."""
    lent = terms.loan_to_value * moment.served
    amount = min(terms.overdraw * seconds, state.cash)
    if lent <= moment.price or amount <= 0.0:
        return state, 0.0, 0.0
    before = state.borrowers
    principal, collateral = before.principal.copy(), before.collateral.copy()
    principal[0] += amount / state.index
    collateral[0] += amount / lent
    borrowers = replace(before, principal=principal, collateral=collateral)
    moved = replace(state, borrowers=borrowers, cash=state.cash - amount)
    return moved, amount, amount / lent


def _liquidate(state: _State, terms: Terms, moment: _Moment) -> tuple[_State, _Liquidations]:
    if not state.indebted_beyond(terms.threshold * moment.served):
        return state, _Liquidations()
    debt, collateral = state.debt, state.borrowers.collateral
    backing = terms.threshold * moment.served * collateral
    open_to = backing < debt
    whole = backing < terms.full_close_health * debt
    wanted = np.where(open_to, np.where(whole, 1.0, terms.close_factor) * debt, 0.0)
    tokens = np.minimum(wanted * (1.0 + terms.bonus) / moment.served, collateral)
    sold = _sold(state, terms, moment, tokens * moment.price)
    share = np.divide(sold, tokens * moment.price, out=np.zeros(sold.size), where=sold > 0.0)
    return _settled(state, terms, moment, tokens, share)


def _sold(state: _State, terms: Terms, moment: _Moment, values: Float) -> Float:
    """Value sold of each position, first come first, while the last unit still pays."""
    margin = (
        moment.served / (moment.price * (1.0 + terms.bonus)) * (1.0 + state.borrowers.gas_share)
    )
    # The average down to a marginal price m is √(g·m), by which the capacity is inverted.
    average = np.sqrt((1.0 - terms.pool_fee) * margin)
    capacity = constant_product_capacity(1.0 - average, moment.depth, terms.pool_fee)
    before = state.sold + np.cumsum(values) - values
    return as_float(np.clip(capacity - before, 0.0, values))


def _settled(
    state: _State, terms: Terms, moment: _Moment, tokens: Float, share: Float
) -> tuple[_State, _Liquidations]:
    seized = np.where(share >= 1.0, tokens, share * tokens)
    repaid = seized * moment.served / (1.0 + terms.bonus)
    collateral = state.borrowers.collateral - seized
    owed = np.maximum(state.debt - repaid, 0.0)
    gone = (collateral <= 0.0) & (tokens > 0.0)
    sold = state.sold + float(seized.sum()) * moment.price
    done = _Liquidations(
        repaid=float(repaid.sum()),
        seized=float(seized.sum()),
        proceeds=_proceeds(sold, terms, moment) - _proceeds(state.sold, terms, moment),
        written_off=float(owed[gone].sum()),
        waiting=float(owed[(tokens > 0.0) & ~gone & (share < 1.0)].sum()),
    )
    borrowers = replace(
        state.borrowers,
        principal=np.where(gone, 0.0, owed) / state.index,
        collateral=collateral,
    )
    cash = state.cash + done.repaid
    return replace(state, borrowers=borrowers, cash=cash, sold=sold), done


def _proceeds(sold: float, terms: Terms, moment: _Moment) -> float:
    if sold == 0.0:
        return 0.0
    lost = constant_product_slippage(sold, moment.depth, terms.pool_fee)
    return sold * (1.0 - float(lost))
