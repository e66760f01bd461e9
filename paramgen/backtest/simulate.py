"""Bad debt over generated paths, through the contract's own verdicts (spec 3.3, 3.7).

A path is what the asset is truly worth. The feeds report it as they are set to, the oracle judges
what they say, a position opened at LTV is liquidated by the price it serves, and sold for what the
asset is then worth. Pure: a trial and a seed give its rows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from paramgen.backtest.replay import Replay, Rounds, replay
from paramgen.mirror.oracle import Oracle, Status
from paramgen.model.arrays import YEAR_SECONDS, Float
from paramgen.scenarios.paths import (
    JumpDiffusion,
    Label,
    Synthetic,
    block_bootstrap,
    jump_diffusion,
)

SERVED: Final = (Status.LIVE, Status.SECONDARY, Status.HELD, Status.DECAYING)
"""Verdicts with a price, by which a position can be liquidated."""

LIQUIDATED, STUCK, OPEN = "liquidated", "insolvent, not liquidated", "open"


@dataclass(frozen=True)
class Leg:
    """How a feed reports: at the latest every `heartbeat` seconds, at once beyond `deviation`.

    A deviation of zero is a published value, which comes with the heartbeat alone.
    """

    heartbeat: int
    deviation: float


@dataclass(frozen=True)
class Market:
    """What is on chain under one policy.

    oracle : seeded at the first price and time. legs : primary, and secondary if there is one.
    poke : seconds between a keeper's pokes, the cadence of everything here.
    delay : seconds from a position's being liquidable to its sale.
    reset_after : seconds from a trip to its reset; None where nobody resets.
    ltv, threshold : as landed. rate : of the debt, per year; a borrower pays it as it falls due,
        until his position is liquidable.
    """

    policy: str
    oracle: Oracle
    legs: tuple[Leg, ...]
    poke: int
    delay: int
    reset_after: int | None
    ltv: float
    threshold: float
    rate: float


@dataclass(frozen=True)
class World:
    """How the asset's value moves under one scenario, and what selling it brings of that value.

    returns : log returns of a like asset at the pokes' cadence, resampled in blocks in place of
        the model's drift and diffusion; the jumps stay. None for the model alone.
    """

    scenario: str
    model: JumpDiffusion
    efficiency: float
    returns: Float | None = None


@dataclass(frozen=True)
class Trial:
    """Some paths of one asset, in every world and under every policy, on the same draws.

    first : number of the first path. seconds : length of a path. seed : of the run, for the label.
    """

    asset: str
    worlds: tuple[World, ...]
    markets: tuple[Market, ...]
    first: int
    paths: int
    seconds: int
    seed: int


def simulate(trial: Trial, seed: np.random.SeedSequence) -> list[dict[str, Any]]:
    """One row a world, policy and path; a task for `paramgen.edge.scale`."""
    return [row for world in trial.worlds for row in _of_world(trial, world, seed)]


def _of_world(trial: Trial, world: World, seed: np.random.SeedSequence) -> Iterator[dict[str, Any]]:
    for market in trial.markets:
        # The same entropy for every world and policy: they differ by themselves, not by luck.
        drawn = _paths(trial, world, market, seed)
        for number, values in enumerate(drawn.prices):
            found = endure(market, drawn.times.astype(np.int64), values, world.efficiency)
            yield {
                "asset": trial.asset,
                "scenario": world.scenario,
                "policy": market.policy,
                "path": trial.first + number,
                "label": str(Label(drawn.label.method, (trial.seed,))),
                **found,
            }


def _paths(trial: Trial, world: World, market: Market, seed: np.random.SeedSequence) -> Synthetic:
    entropy = (trial.seed, *seed.spawn_key)
    steps = max(1, trial.seconds // market.poke)
    jumps = partial(jump_diffusion, paths=trial.paths, steps=steps, step=market.poke, seed=entropy)
    if world.returns is None:
        return jumps(world.model)
    moved = block_bootstrap(
        world.returns, paths=trial.paths, steps=steps, step=market.poke, seed=(*entropy, 1)
    )
    fallen = jumps(replace(world.model, drift=0.0, volatility=0.0))
    method = f"{moved.label.method}, with the jumps of a {fallen.label.method}"
    return Synthetic(Label(method, entropy), moved.times, moved.prices * fallen.prices)


def endure(
    market: Market, elapsed: NDArray[np.int64], values: Float, efficiency: float
) -> dict[str, Any]:
    """What one path does to a position opened at LTV.

    Parameters
    ----------
    elapsed : (m + 1,) seconds from the start, one a poke. values : (m + 1,) starting at 1.

    Returns
    -------
    `outcome`; `bad_debt` per unit of debt; `sold_after` seconds, or None; `worst`, the lowest
    value; `paused`, the share of pokes without a price; `trips` of the breaker.
    """
    first = market.oracle.state.price
    times = market.oracle.state.price_time + elapsed
    answers = np.rint(values * first).astype(np.int64)
    feeds = [_rounds(leg, elapsed, times, answers) for leg in market.legs]
    said = replay(
        market.oracle,
        feeds[0],
        feeds[1] if len(feeds) > 1 else None,
        times,
        np.ones(times.size, dtype=np.bool_),
        reset_after=market.reset_after,
    )
    due, sold = _liquidation(market, said, first)
    at = times.size - 1 if sold is None else sold
    waited = 0 if due is None else int(elapsed[at] - elapsed[due])
    debt = market.ltv * math.exp(market.rate * waited / YEAR_SECONDS)
    short = max(0.0, 1.0 - float(values[at]) * efficiency / debt)
    return {
        "outcome": LIQUIDATED if sold is not None else STUCK if short > 0.0 else OPEN,
        "bad_debt": short,
        "sold_after": None if sold is None else int(elapsed[sold]),
        "worst": float(values.min()),
        "paused": float(1.0 - np.isin(said.status, SERVED).mean()),
        "trips": int(said.trips.size),
    }


def _liquidation(market: Market, said: Replay, first: int) -> tuple[int | None, int | None]:
    """The poke at which the served price makes the position liquidable, and that of its sale.

    The sale waits for the market's delay, and then for a price.
    """
    served = np.isin(said.status, SERVED)
    liquidable = served & (market.ltv * first > market.threshold * said.price)
    if not liquidable.any():
        return None, None
    due = int(np.argmax(liquidable))
    ready = due + -(-market.delay // market.poke)
    later = np.flatnonzero(served[ready:])
    return due, ready + int(later[0]) if later.size else None


def _rounds(
    leg: Leg, elapsed: NDArray[np.int64], times: NDArray[np.int64], answers: NDArray[np.int64]
) -> Rounds:
    """What a feed said of a path: a round where it is due or the value has strayed."""
    reported, last, at = [0], int(answers[0]), 0
    for index, (now, value) in enumerate(zip(elapsed.tolist(), answers.tolist(), strict=True)):
        strayed = leg.deviation > 0.0 and abs(value - last) > leg.deviation * last
        if now - at >= leg.heartbeat or strayed:
            reported.append(index)
            last, at = value, now
    chosen = np.unique(np.asarray(reported))
    return Rounds(times[chosen], answers[chosen])


@dataclass(frozen=True)
class Distribution:
    """Bad debt of one asset, world and policy over its paths, per unit of debt."""

    asset: str
    scenario: str
    policy: str
    label: str
    paths: int
    liquidated: float
    with_bad_debt: float
    mean: float
    quantile: float
    worst: float
    paused: float
    trips: float


def distribution(rows: Sequence[Mapping[str, Any]], confidence: float) -> Distribution:
    """The distribution over the rows of one asset, scenario and policy."""
    one = rows[0]
    debts = np.asarray([row["bad_debt"] for row in rows])
    return Distribution(
        asset=one["asset"],
        scenario=one["scenario"],
        policy=one["policy"],
        label=one["label"],
        paths=len(rows),
        liquidated=float(np.mean([row["outcome"] == LIQUIDATED for row in rows])),
        with_bad_debt=float(np.mean(debts > 0.0)),
        mean=float(debts.mean()),
        quantile=float(np.quantile(debts, confidence, method="higher")),
        worst=float(debts.max()),
        paused=float(np.mean([row["paused"] for row in rows])),
        trips=float(np.mean([row["trips"] for row in rows])),
    )
