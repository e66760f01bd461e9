"""How a rate model behaves: utilisation, rates and lenders' return under flows (spec 3.4).

One market, step by step, in whole millionths of a dollar and with the contract's own integers for
utilisation, rates and reserves. Each step interest accrues at the rate of its start; borrowers move
part of the way to the debt they want at that rate,

    B* = B₀·index·demand·e^{−η(r − r₀)},  η = −∂ln U/∂r in years,

the index being that of interest, which nobody pays off for its own sake. So η alone says how they
answer the rate, and lenders' flows move utilisation until the rate has moved borrowers. Lenders put
in or take out a share of what they hold, whatever the rate. Whoever wants more than the cash waits
in line, and withdrawals go before new loans.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from paramgen.backtest.liquidity import at_moments
from paramgen.mirror.rate import WAD, Curve, rate_at, utilisation
from paramgen.model.arrays import YEAR_SECONDS, Float, as_float
from paramgen.params.tails import gaussian_z

Integers = NDArray[np.int64]

UNIT = 10**6
"""Smallest units in a dollar, as a stablecoin holds it."""

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


@dataclass(frozen=True)
class Lending:
    """A loan market and those who use it.

    Parameters
    ----------
    curve : the rate model's integers. reserve_factor : share of interest kept, in 1e18.
    cash, borrows : USD at the start; the start counts as wanted, r₀ = r(U₀).
    elasticity : η in years, ≥ 0. response : seconds in which borrowers go 1 − 1/e of their way.
    """

    curve: Curve
    reserve_factor: int
    cash: float
    borrows: float
    elasticity: float
    response: float


@dataclass(frozen=True)
class LendingPath:
    """What happened, (m,) one row a step; stocks in USD after it, rates a year.

    Parameters
    ----------
    utilisation : at the start of the step, by which its rates were set. borrow_rate : paid.
    cash, borrows, reserves, supply : stocks; supply is what lenders hold.
    waiting : part of the supply that was asked back and found no cash.
    held, earned : USD that lenders held at the start of the step, and earned in it.
    step : seconds.
    """

    utilisation: Float
    borrow_rate: Float
    cash: Float
    borrows: Float
    reserves: Float
    supply: Float
    waiting: Float
    held: Float
    earned: Float
    step: int

    @property
    def lender_rate(self) -> Float:
        """(m,) what lenders earned on what they held, a year, after the reserve factor."""
        held = self.held
        rate = np.divide(self.earned, held, out=np.zeros(held.size), where=held > 0.0)
        return as_float(rate * (YEAR_SECONDS / self.step))


@dataclass(frozen=True)
class Behaviour:
    """A path in numbers.

    Parameters
    ----------
    quantiles : utilisation at `QUANTILES`. above_kink : share of steps.
    lender_return : earned over held, a year. asked : the risk price y_L it is held against.
    dry_hours : hours in which a withdrawal waited. most_waiting : USD.
    """

    quantiles: tuple[float, ...]
    above_kink: float
    lender_return: float
    asked: float
    dry_hours: float
    most_waiting: float

    @property
    def pays(self) -> bool:
        """Whether lenders earned at least the price of their risk."""
        return self.lender_return >= self.asked


def run_lending(
    lending: Lending, flows: Float, step: int, demand: Float | None = None
) -> LendingPath:
    """Run a market over lenders' flows.

    Parameters
    ----------
    flows : (m,) net share of supply put in (> 0) or asked back (< 0) in each step.
    step : seconds.
    demand : (m,) borrowers' wish beside the rate's part, 1 as at the start.

    Returns
    -------
    LendingPath; cash + borrows − reserves = supply at every step, to the last unit.

    Raises
    ------
    OverflowError : an amount outgrew the contract's 128 bits.
    """
    pool = _Pool(round(lending.cash * UNIT), round(lending.borrows * UNIT), 0, 0, 0)
    pool = replace(pool, supply=pool.cash + pool.borrows)
    start = _rate(lending, pool)[1]
    share = -math.expm1(-step / lending.response)
    wishes = np.ones(flows.size) if demand is None else demand
    rows, index = [], 1.0
    for flow, wish in zip(flows.tolist(), wishes.tolist(), strict=True):
        held = pool.supply
        used, rate = _rate(lending, pool)
        pool = _accrued(pool, lending, rate * step)
        earned = pool.supply - held
        index *= 1.0 + rate * step / WAD
        pool = _flowed(pool, flow)
        wanted = lending.borrows * UNIT * index * wish * _answer(lending, rate - start)
        pool = _borrowed(pool, round(share * (wanted - pool.borrows)))
        rows.append((used, rate, held, earned, pool))
    return _path(rows, step)


def summarise(path: LendingPath, curve: Curve, asked: float) -> Behaviour:
    """Return a path in numbers.

    Parameters
    ----------
    asked : y_L a year, the yield at which lenders are paid for their risk (spec 3.4).
    """
    held = float(path.held.sum()) * path.step / YEAR_SECONDS
    return Behaviour(
        quantiles=tuple(float(q) for q in np.quantile(path.utilisation, QUANTILES)),
        above_kink=float(np.mean(path.utilisation > curve.kink / WAD)),
        lender_return=float(path.earned.sum()) / held if held > 0.0 else 0.0,
        asked=asked,
        dry_hours=float(np.count_nonzero(path.waiting > 0.0)) * path.step / 3_600.0,
        most_waiting=float(path.waiting.max()),
    )


def draw_flows(
    seed: int,
    steps: int,
    step: int,
    *,
    outflow: float,
    window: float,
    confidence: float,
    reversion: float,
) -> Float:
    """Return flows of a supply that wanders about its mean, of which a share leaves in a window.

    ln supply is an Ornstein–Uhlenbeck process started at its mean, with stationary deviation
    Q_α/(z_α·√(2(1 − e^{−window/reversion}))), so that the net outflow over a window passes Q_α with
    probability 1 − α. It comes back: a supply that walked would measure its walk, not the model.

    Parameters
    ----------
    outflow : Q_α of the net outflow over `window` seconds, share of supply, as book and policy
        state it. confidence : α. reversion : seconds in which a deviation falls to 1/e.
    """
    stationary = outflow / gaussian_z(confidence)
    stationary /= math.sqrt(-2.0 * math.expm1(-window / reversion))
    kept = math.exp(-step / reversion)
    shocks = np.random.default_rng(seed).standard_normal(steps)
    shocks *= stationary * math.sqrt(1.0 - kept * kept)
    level = np.append(0.0, signal.lfilter([1.0], [1.0, -kept], shocks))
    return as_float(np.round(np.expm1(np.diff(level)), 9))


def flows_of(times: Integers, total_value: Float, step: int) -> Float:
    """Return the flows in a history of TVL: its relative change from step to step.

    Each step reads the last value at or before it.

    Raises
    ------
    ValueError : a total value is not positive.
    """
    if np.any(total_value <= 0.0):
        raise ValueError("a history of TVL must be positive throughout")
    moments = np.arange(int(times[0]), int(times[-1]) + 1, step, dtype=np.int64)
    values = at_moments(times, total_value, moments)
    return as_float(values[1:] / values[:-1] - 1.0)


@dataclass(frozen=True)
class _Pool:
    """Smallest units; cash + borrows − reserves = supply, of which `waiting` was asked back."""

    cash: int
    borrows: int
    reserves: int
    supply: int
    waiting: int


def _rate(lending: Lending, pool: _Pool) -> tuple[int, int]:
    used = utilisation(pool.cash, pool.borrows, pool.reserves)
    return used, rate_at(lending.curve, used)


def _answer(lending: Lending, rise: int) -> float:
    return math.exp(-lending.elasticity * rise * YEAR_SECONDS / WAD)


def _accrued(pool: _Pool, lending: Lending, growth: int) -> _Pool:
    interest = pool.borrows * growth // WAD
    kept = interest * lending.reserve_factor // WAD
    return replace(
        pool,
        borrows=pool.borrows + interest,
        reserves=pool.reserves + kept,
        supply=pool.supply + interest - kept,
    )


def _flowed(pool: _Pool, flow: float) -> _Pool:
    """Put in, or ask back and pay out as far as the cash that is not reserves goes."""
    amount = round(flow * pool.supply)
    put_in, asked = max(0, amount), max(0, min(-amount, pool.supply - pool.waiting))
    return _paid_out(
        replace(
            pool,
            cash=pool.cash + put_in,
            supply=pool.supply + put_in,
            waiting=pool.waiting + asked,
        )
    )


def _borrowed(pool: _Pool, change: int) -> _Pool:
    """Lend what is free of reserves and of those in line, or take repayment, which pays them."""
    free = max(0, pool.cash - pool.reserves - pool.waiting)
    change = max(-pool.borrows, min(change, free))
    return _paid_out(replace(pool, cash=pool.cash - change, borrows=pool.borrows + change))


def _paid_out(pool: _Pool) -> _Pool:
    paid = min(pool.waiting, max(0, pool.cash - pool.reserves))
    return replace(
        pool, cash=pool.cash - paid, supply=pool.supply - paid, waiting=pool.waiting - paid
    )


def _path(rows: list[tuple[int, int, int, int, _Pool]], step: int) -> LendingPath:
    stocks = {
        field.name: as_float([getattr(pool, field.name) for *_, pool in rows]) / UNIT
        for field in fields(_Pool)
    }
    return LendingPath(
        utilisation=as_float([used for used, *_ in rows]) / WAD,
        borrow_rate=as_float([rate for _, rate, *_ in rows]) * (YEAR_SECONDS / WAD),
        held=as_float([held for _, _, held, *_ in rows]) / UNIT,
        earned=as_float([earned for *_, earned, _ in rows]) / UNIT,
        step=step,
        **stocks,
    )
