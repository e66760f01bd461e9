"""The compiled replay against the contract executed in pyrevm, and against the mirror."""

from __future__ import annotations

import numpy as np

from benchmarks.measure import Result, ratio, ratios, require, spaced
from paramgen.backtest.replay import Rounds, replay, replay_by_mirror
from paramgen.mirror.oracle import Deployment, Oracle, State
from tests.support.replays import execute, final, prepared
from tests.support.revm import words_of
from tests.support.rounds import ETH

MOMENTS = 125_000
PART = 20_000
START = 1_680_000_000
PAR = 2_000 * 10**8
OUTAGE = 10
"""Rounds that a feed misses in a row, about five hours."""

OUTAGES = 0.01
"""How often that begins, a round."""


def feeds() -> tuple[Rounds, Rounds, np.ndarray]:
    """Two feeds that answer about every half an hour, each with outages, and the keeper's pokes."""
    random = np.random.default_rng(1)
    times = START + np.cumsum(random.integers(600, 3_000, MOMENTS))
    prices = PAR * np.exp(np.cumsum(random.normal(0.0, 1e-3, MOMENTS)))
    legs = []
    for late, noise in ((0, 0.0), (20, 4e-3)):
        begins = random.random(MOMENTS) < OUTAGES
        silent = np.convolve(begins, np.ones(OUTAGE))[:MOMENTS] > 0
        seen = np.rint(prices * np.exp(random.normal(0.0, noise, MOMENTS))).astype(np.int64)
        legs.append(Rounds(times[~silent] + late, seen[~silent]))
    return legs[0], legs[1], times + 30


def run() -> list[Result]:
    """A keeper who pokes after every round, over two legs."""
    primary, secondary, moments = feeds()
    oracle = Oracle(Deployment(8, 8, 10**6, 10**15), ETH, State.seeded(PAR, START))
    poking = np.ones(MOMENTS, dtype=bool)
    everything = (oracle, primary, secondary, moments, poking)
    part = (oracle, primary, secondary, moments[:PART], poking[:PART])

    calls = prepared(primary, secondary, moments, poking)
    statuses = check(everything, calls)
    mirrored, compiled = replay_by_mirror(*part), replay(*part)
    require(np.array_equal(mirrored.price, compiled.price) and mirrored.final == compiled.final)
    scale = PART / MOMENTS
    fast = ratios(lambda: replay(*everything), lambda: execute(oracle, calls[:PART]), scale=scale)
    mirror = ratios(lambda: replay(*everything), lambda: replay_by_mirror(*part), scale=scale)
    work = f"{spaced(MOMENTS)} pokes over {spaced(primary.times.size)} rounds, {statuses} statuses"
    return [
        ratio(f"contract in pyrevm over compiled replay, equal on {work}", fast, 10),
        ratio(f"mirror over compiled replay, equal on {spaced(PART)} of them", mirror, 10),
    ]


def check(
    everything: tuple[Oracle, Rounds, Rounds, np.ndarray, np.ndarray],
    calls: list[tuple[int, bytes]],
) -> int:
    """Compare every verdict of the bytecode and the words that it leaves; how many statuses."""
    said, deployed = execute(everything[0], calls)
    verdicts = np.array([words_of(data) for data in said], dtype=np.int64)
    ours = replay(*everything)
    for column, values in enumerate((ours.status, ours.price, ours.updated_at)):
        require(np.array_equal(verdicts[:, column], values))
    require(final(deployed, everything[0]) == ours.final)
    return len(set(ours.status.tolist()))
