"""Whether what was promised of a price held: the decay below it, and the loss quantile above."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paramgen.backtest.replay import Rounds
from paramgen.backtest.walk import Fold
from paramgen.mirror.decay import WAD
from paramgen.mirror.oracle import Configuration
from paramgen.params.losses import Array

AGES = (1.0, 1.5, 2.0, 3.0, 5.0, 8.0, 12.0, 24.0)
"""Ages at which decay is judged, in staleness limits, as far as the maximum age reaches."""


@dataclass(frozen=True)
class Covered:
    """Pairs of a price and a later one, at one age, and how many kept above the decayed price.

    `apart` are those whose spans do not overlap, which an exact interval may rest on; `lowest` is
    the smallest realised ratio P_{t+τ}/P_t, `factor` the encoded D(τ).
    """

    age: float
    seconds: int
    pairs: int
    held: int
    apart: int
    apart_held: int
    lowest: float
    factor: float


def encoded_decay(configuration: Configuration, age: int) -> float:
    """D(τ) as the contract computes it, for τ at or beyond the staleness limit."""
    return configuration.decay_at(age) / WAD


def decay_coverage(
    configuration: Configuration, rounds: Rounds, fold: Fold, cadence: int
) -> tuple[Covered, ...]:
    """How often the price after an age was at least the decayed one, age by age.

    Prices are read every `cadence` seconds, as the keeper's checkpoint is, from the fold's start;
    both ends of a pair lie in the fold.
    """
    limit, last = configuration.primary_staleness, configuration.maximum_age
    ages = (round(multiple * limit) for multiple in AGES)
    found = []
    for multiple, age in zip(AGES, ages, strict=True):
        if age > min(last, fold.end - fold.start - 1):
            break
        ratios = _ratios(rounds, fold, age, cadence)
        found.append(_covered(multiple, age, ratios, encoded_decay(configuration, age), cadence))
    return tuple(found)


def horizon_losses(horizon: int, rounds: Rounds, fold: Fold) -> tuple[NDArray[np.int64], Array]:
    """Starts of horizons end to end, and the log loss over each."""
    ratios = _ratios(rounds, fold, horizon, horizon)
    starts = fold.start + horizon * np.arange(ratios.size, dtype=np.int64)
    return starts, -np.log(ratios)


def _ratios(rounds: Rounds, fold: Fold, age: int, cadence: int) -> Array:
    """P_{t+τ}/P_t for t every `cadence` seconds, t and t+τ within the fold."""
    starts = np.arange(fold.start, fold.end - age, cadence, dtype=np.int64)
    before, after = (
        rounds.answers[np.searchsorted(rounds.times, at, side="right") - 1]
        for at in (starts, starts + age)
    )
    ratios: Array = after / before
    return ratios


def _covered(multiple: float, age: int, ratios: Array, factor: float, cadence: int) -> Covered:
    held = ratios >= factor
    apart = held[:: -(-age // cadence)]
    return Covered(
        age=multiple,
        seconds=age,
        pairs=held.size,
        held=int(held.sum()),
        apart=apart.size,
        apart_held=int(apart.sum()),
        lowest=float(ratios.min()),
        factor=factor,
    )


def summed(parts: Sequence[tuple[Covered, ...]]) -> tuple[Covered, ...]:
    """Coverage of several folds together, age by age; the factor is the mean over pairs."""
    by_age: dict[float, list[Covered]] = {}
    for row in (row for part in parts for row in part):
        by_age.setdefault(row.age, []).append(row)
    return tuple(_sum(rows) for _, rows in sorted(by_age.items()))


def _sum(rows: list[Covered]) -> Covered:
    pairs = sum(row.pairs for row in rows)
    return Covered(
        age=rows[0].age,
        seconds=round(sum(row.seconds * row.pairs for row in rows) / pairs),
        pairs=pairs,
        held=sum(row.held for row in rows),
        apart=sum(row.apart for row in rows),
        apart_held=sum(row.apart_held for row in rows),
        lowest=min(row.lowest for row in rows),
        factor=sum(row.factor * row.pairs for row in rows) / pairs,
    )
