"""What is held side by side: the compiled oracle and what others run (spec 3.6, 3.7).

A policy is one small class: what it makes of a compiled fold, replayed over the same tape. Each
of the others differs from the compiled oracle in one thing, so that a difference has one cause.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from paramgen.backtest.replay import Replay, Rounds, replay
from paramgen.backtest.walk import CompiledFold
from paramgen.encode import ORACLE_FIELDS
from paramgen.mirror.oracle import Configuration, Deployment, Oracle, State, Status

Depth = Literal["active", "tvl"]

_WIDEST = {field.name: field.largest for field in ORACLE_FIELDS}


@dataclass(frozen=True)
class Tape:
    """What one asset's feeds said in one fold, and where the oracle stood before it.

    Parameters
    ----------
    deployment, seed : of the oracle; the seed is the last answer before the fold.
    primary, secondary : rounds from the seed's to the fold's last; None for one leg.
    moments : (m,) Unix seconds at which somebody reads or pokes; `poking` which of them poke.
    reset_after : seconds from a trip to its reset; None where nobody resets.
    """

    deployment: Deployment
    seed: State
    primary: Rounds
    secondary: Rounds | None
    moments: NDArray[np.int64]
    poking: NDArray[np.bool_]
    reset_after: int | None = None


class Policy(Protocol):
    """A way to guard a price, replayed over a tape.

    Attributes
    ----------
    name : as the command line takes it and tables show it.
    depth : what liquidity it believes in, for the simulated position book.
    trips : whether it ever trips, so that a reset matters.
    """

    @property
    def name(self) -> str: ...
    @property
    def depth(self) -> Depth: ...
    @property
    def trips(self) -> bool: ...

    def configuration(self, compiled: CompiledFold) -> Configuration | None:
        """The configuration it would land, None where it would not."""

    def replayed(self, configuration: Configuration, tape: Tape) -> Replay:
        """Every verdict on the tape."""


@dataclass(frozen=True)
class CompiledOracle:
    """The compiled word, as it would land."""

    name: str = "paramgen"
    depth: Depth = "active"
    trips: bool = True

    def configuration(self, compiled: CompiledFold) -> Configuration | None:
        """The compiled oracle word."""
        return compiled.configuration

    def replayed(self, configuration: Configuration, tape: Tape) -> Replay:
        """The contract's verdicts."""
        oracle = Oracle(tape.deployment, configuration, tape.seed)
        return replay(
            oracle,
            tape.primary,
            tape.secondary,
            tape.moments,
            tape.poking,
            reset_after=tape.reset_after,
        )


@dataclass(frozen=True)
class GaussianDecay(CompiledOracle):
    """The same with z of the normal distribution in place of the tail's."""

    name: str = "gaussian"

    def configuration(self, compiled: CompiledFold) -> Configuration | None:
        """The oracle word compiled with a Gaussian z."""
        return compiled.gaussian


@dataclass(frozen=True)
class TvlDepth(CompiledOracle):
    """The same verdicts, positions sized on total value locked instead of active liquidity."""

    name: str = "tvl-depth"
    depth: Depth = "tvl"


@dataclass(frozen=True)
class NoBreaker(CompiledOracle):
    """The same staleness and decay, and no band at all."""

    name: str = "no-breaker"
    trips: bool = False

    def configuration(self, compiled: CompiledFold) -> Configuration | None:
        """The compiled word with the widest band that its bits hold."""
        found = compiled.configuration
        if found is None:
            return None
        wide = {name: _WIDEST[name] for name in ("band_up", "band_down", "band_windows")}
        return replace(found, band_window=1, **wide)


@dataclass(frozen=True)
class SingleStep(NoBreaker):
    """A breaker on single updates: one that moves by more than the limit stops the price.

    No window, so that many small updates pass. It trips as the update comes, and is reset as the
    others are. Source: the report's 5–8 %, the usual setting (spec 3.6).
    """

    limit: float = 0.05

    @classmethod
    def of(cls, limit: float) -> SingleStep:
        """The rule at a limit, a fraction."""
        return cls(name=f"step-{100.0 * limit:g}", trips=True, limit=limit)

    def replayed(self, configuration: Configuration, tape: Tape) -> Replay:
        """The verdicts without a band, tripped from each large step until its reset."""
        served = super().replayed(configuration, tape)
        steps = tape.primary.times[1:][large_steps(tape.primary.answers, self.limit)]
        trips, resets = _tripped_spans(steps, tape.moments, tape.reset_after)
        paused = np.zeros(tape.moments.size, dtype=bool)
        for trip, reset in zip(trips, (*resets, None)[: len(trips)], strict=True):
            paused |= (tape.moments >= trip) & (True if reset is None else tape.moments < reset)
        return replace(
            served,
            status=np.where(paused, np.uint8(Status.TRIPPED), served.status).astype(np.uint8),
            price=np.where(paused, 0, served.price),
            undecayed=np.where(paused, 0, served.undecayed),
            trips=np.array(trips, dtype=np.int64),
            resets=np.array(resets, dtype=np.int64),
        )


def large_steps(answers: NDArray[np.int64], limit: float) -> NDArray[np.bool_]:
    """Whether each update moved by more than the limit from the one before it, (n−1,)."""
    moved: NDArray[np.bool_] = np.abs(np.diff(answers)) > limit * answers[:-1]
    return moved


def _tripped_spans(
    steps: NDArray[np.int64], moments: NDArray[np.int64], reset_after: int | None
) -> tuple[list[int], list[int]]:
    """When the rule trips and is reset; steps during a pause change nothing."""
    trips: list[int] = []
    resets: list[int] = []
    for step in steps[steps >= moments[0]].tolist() if moments.size else ():
        if len(trips) > len(resets) or (resets and step < resets[-1]):
            continue
        trips.append(step)
        due = moments.size
        if reset_after is not None:
            due = int(np.searchsorted(moments, step + reset_after))
        if due < moments.size:
            resets.append(int(moments[due]))
    return trips, resets


OURS = CompiledOracle()
OTHERS: Mapping[str, Policy] = {
    policy.name: policy
    for policy in (
        SingleStep.of(0.05),
        SingleStep.of(0.08),
        GaussianDecay(),
        TvlDepth(),
        NoBreaker(),
    )
}
"""Every policy that `--against` takes, by name."""
