"""The rate model that landed in each fold, under flows of lenders drawn from its own kink.

The kink leaves the policy's quantile of net outflow unborrowed, U* = 1 − Q_α/TVL, stated by the
book or calibrated; no history of TVL comes with it. So the flows are drawn, and labelled so in
every output. What neither book nor policy says is in `ASSUMED`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from paramgen.backtest.utilisation import (
    Behaviour,
    Lending,
    LendingPath,
    draw_flows,
    run_lending,
    summarise,
)
from paramgen.backtest.walk import CompiledFold
from paramgen.book.loaded import Loaded
from paramgen.book.policy import Policy
from paramgen.book.schema import Asset
from paramgen.encode import BY_NAME
from paramgen.mirror.rate import WAD, Curve
from paramgen.model.arrays import YEAR_SECONDS

HOUR = 3_600
DAY = 24 * HOUR


class Assumed(NamedTuple):
    """Seconds, of flows and borrowers.

    window : over which the outflow is a quantile. reversion : in which supply comes back.
    response : in which borrowers go 1 − 1/e of the way to the debt they want.
    """

    window: float
    reversion: float
    response: float


ASSUMED = Assumed(window=7.0 * DAY, reversion=30.0 * DAY, response=3.0 * DAY)


@dataclass(frozen=True)
class LendingRun:
    """One asset × fold: the market that landed and what became of it in the fold's length.

    `asked` is y_L as it landed, r(U*)·U*·(1−RF) a year.
    """

    asset: str
    fold: int
    start: int
    curve: Curve
    asked: float
    path: LendingPath
    behaviour: Behaviour


def landed_lending(integers: Mapping[str, int], spec: Asset, appetite: Policy) -> Lending:
    """Return the market as it landed: debt at its ceiling, cash what leaves it at the kink."""
    curve = Curve(*(integers[name] for name in ("base_rate", "slope_1", "slope_2", "kink")))
    borrows = float(BY_NAME["debt_ceiling"].decode(integers["debt_ceiling"]))
    return Lending(
        curve=curve,
        reserve_factor=int(appetite.rates.reserve_factor.value * WAD),
        cash=borrows * (WAD / curve.kink - 1.0),
        borrows=borrows,
        elasticity=float(spec.lending.elasticity),
        response=ASSUMED.response,
    )


def lender_price(lending: Lending) -> float:
    """Return y_L a year as the curve's integers pay it at the kink, reserve factor taken."""
    curve = lending.curve
    at_kink = (curve.base_rate + curve.slope_1) / WAD * YEAR_SECONDS
    return at_kink * (curve.kink / WAD) * (1.0 - lending.reserve_factor / WAD)


def lending_runs(loaded: Loaded, compiled: Iterable[CompiledFold]) -> tuple[LendingRun, ...]:
    """Run every fold that landed, hour by hour; the policy's seed and the fold give the draws."""
    return tuple(
        _run(one, one.integers, loaded.book.assets[one.asset], loaded.policy)
        for one in compiled
        if one.integers is not None
    )


def _run(
    compiled: CompiledFold, integers: Mapping[str, int], spec: Asset, appetite: Policy
) -> LendingRun:
    lending, fold = landed_lending(integers, spec, appetite), compiled.fold
    flows = draw_flows(
        appetite.caps.seed + fold.index,
        max(1, int(fold.end - fold.start) // HOUR),
        HOUR,
        outflow=1.0 - lending.curve.kink / WAD,  # U* = 1 − Q_α(net outflow)/TVL
        window=ASSUMED.window,
        confidence=float(appetite.confidence),
        reversion=ASSUMED.reversion,
    )
    path, asked = run_lending(lending, flows, HOUR), lender_price(lending)
    found = summarise(path, lending.curve, asked)
    return LendingRun(
        compiled.asset, fold.index, int(fold.start), lending.curve, asked, path, found
    )
