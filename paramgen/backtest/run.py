"""A backtest: compile every fold from its past, replay every policy at every cadence, judge.

Each step is a pure function of plain data, so that any mapper may spread the tasks; results come
back in the order of the tasks, whoever worked on them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from paramgen.backtest.borrowers import BookRun, BookTask, book_tasks, run_book
from paramgen.backtest.coverage import Covered, decay_coverage, horizon_losses
from paramgen.backtest.events import GUARDS, PAUSES, Event, Guard, Span, events, joined, spans
from paramgen.backtest.haircut import haircut_test
from paramgen.backtest.lending import LendingRun, lending_runs
from paramgen.backtest.liquidity import PoolHistory
from paramgen.backtest.policies import OURS, Policy, Tape
from paramgen.backtest.replay import Rounds
from paramgen.backtest.walk import (
    LEGS,
    CompiledFold,
    CompileTask,
    Fold,
    Walk,
    between,
    compile_fold,
    compile_task,
    folds,
    leg_history,
    rounds,
)
from paramgen.book.loaded import Loaded
from paramgen.book.prices import OracleSpec
from paramgen.mirror.oracle import Configuration, Deployment, State, Status
from paramgen.params.losses import YEAR
from paramgen.units import PRICE_UNITS, Rounding, round_fraction

DECIMALS = 8
EVERY_UPDATE = 0
"""A cadence of a keeper who pokes at each of the primary's rounds."""

T = TypeVar("T")
R = TypeVar("R")


class Mapper(Protocol):
    """Applies a function to every task; the results are in the order of the tasks."""

    def __call__(self, work: Callable[[T], R], tasks: Sequence[T], /) -> Iterable[R]: ...


def in_line(work: Callable[[T], R], tasks: Sequence[T], /) -> Iterable[R]:
    """One task after another, here."""
    return map(work, tasks)


@dataclass(frozen=True)
class Episode:
    """A labelled time of stress.

    Attributes
    ----------
    name : label. asset : whose; empty for every asset.
    start, end : Unix seconds, end excluded.
    level : price before which a pause is in time; None where none is asked.
    """

    name: str
    asset: str
    start: int
    end: int
    level: float | None = None

    def concerns(self, asset: str) -> bool:
        """Whether the episode is the asset's."""
        return self.asset in ("", asset)


@dataclass(frozen=True)
class Request:
    """What is asked.

    Attributes
    ----------
    loaded : book, policy and histories. assets : those to walk through, each with a history.
    policies : ours first. cadences : seconds between pokes, `EVERY_UPDATE` for each round.
    reset_after : seconds from a trip to its reset.
    pools : by asset, the pool that its collateral is sold into; without one no book is simulated.
    """

    loaded: Loaded
    assets: tuple[str, ...]
    walk: Walk
    policies: tuple[Policy, ...]
    cadences: tuple[int, ...]
    episodes: tuple[Episode, ...]
    reset_after: int | None
    pools: Mapping[str, PoolHistory] = field(default_factory=dict)

    def episodes_of(self, asset: str) -> tuple[Episode, ...]:
        """The episodes that are an asset's, its own and those of every asset."""
        return tuple(one for one in self.episodes if one.concerns(asset))


@dataclass(frozen=True)
class ReplayTask:
    """One asset × fold × policy × cadence."""

    compiled: CompiledFold
    policy: Policy
    cadence: int
    tape: Tape
    configuration: Configuration


@dataclass(frozen=True)
class ReplayedFold:
    """What happened: events, and spans of alarms by guard, of pauses, and of any other trouble."""

    asset: str
    fold: Fold
    policy: str
    cadence: int
    events: tuple[Event, ...]
    alarms: dict[Guard, tuple[Span, ...]]
    pauses: tuple[Span, ...]
    away: tuple[Span, ...]


@dataclass(frozen=True)
class CoverTask:
    """One asset × fold: what the prices did against what was promised of them."""

    compiled: CompiledFold
    rounds: Rounds
    cadence: int


@dataclass(frozen=True)
class CoveredFold:
    """Coverage of the decay and of the Gaussian one; losses over horizons end to end.

    starts, losses, exceptions : (k,) when each horizon began, its log loss, and whether that passed
    the quantile. haircut : (k,) whether the loss, debt's growth counted, passed the haircut.
    """

    asset: str
    fold: Fold
    decay: tuple[Covered, ...]
    gaussian: tuple[Covered, ...]
    starts: NDArray[np.int64]
    losses: NDArray[np.float64]
    exceptions: NDArray[np.bool_]
    haircut: NDArray[np.bool_]


@dataclass(frozen=True)
class Backtest:
    """Everything that was found, in order of asset, fold, policy and cadence."""

    request: Request
    compiled: tuple[CompiledFold, ...]
    replayed: tuple[ReplayedFold, ...]
    covered: tuple[CoveredFold, ...]
    books: tuple[BookRun, ...] = ()
    rates: tuple[LendingRun, ...] = ()


def run(request: Request, mapper: Mapper = in_line) -> Backtest:
    """Run a backtest, its tasks spread by `mapper`."""
    compiled = tuple(mapper(compile_fold, compile_tasks(request)))
    return Backtest(
        request,
        compiled,
        tuple(mapper(replay_fold, replay_tasks(request, compiled))),
        tuple(mapper(cover_fold, cover_tasks(request, compiled))),
        tuple(mapper(run_book, all_book_tasks(request, compiled))),
        lending_runs(request.loaded, compiled),
    )


def compile_tasks(request: Request) -> list[CompileTask]:
    """One task a fold of each asset's primary history."""
    return [
        compile_task(request.loaded, asset, fold)
        for asset in request.assets
        for fold in asset_folds(request, asset)
    ]


def asset_folds(request: Request, asset: str) -> tuple[Fold, ...]:
    """The folds of an asset's primary history."""
    times = request.loaded.histories[_history(request.loaded, asset)].times
    return folds(float(times[0]), float(times[-1]), request.walk)


def replay_tasks(request: Request, compiled: Sequence[CompiledFold]) -> list[ReplayTask]:
    """One task a policy and cadence of each fold that compiled."""
    found = []
    for fold, policy, cadence in product(compiled, request.policies, request.cadences):
        configuration = policy.configuration(fold)
        if configuration is None:
            continue
        tape = fold_tape(request, fold, configuration, cadence)
        found.append(ReplayTask(fold, policy, cadence, tape, configuration))
    return found


def replay_fold(task: ReplayTask) -> ReplayedFold:
    """Replay one policy over one fold."""
    replayed = task.policy.replayed(task.configuration, task.tape)
    times, status, end = replayed.times, replayed.status, task.compiled.fold.end
    word = task.compiled.configuration or task.configuration
    # As the slow pair counts: exceedances within the window of one anchor's band are one alarm.
    quiet = max(word.band_window * word.band_windows, word.confirm_delay)
    primary = task.tape.primary
    prices = primary.answers[np.searchsorted(primary.times, times, side="right") - 1]
    return ReplayedFold(
        asset=task.compiled.asset,
        fold=task.compiled.fold,
        policy=task.policy.name,
        cadence=task.cadence,
        events=events(replayed, prices),
        alarms={
            guard: joined(spans(times, status, among, end), quiet)
            for guard, among in GUARDS.items()
        },
        pauses=spans(times, status, PAUSES, end),
        away=spans(times, status, tuple(s for s in Status if s is not Status.LIVE), end),
    )


def cover_tasks(request: Request, compiled: Sequence[CompiledFold]) -> list[CoverTask]:
    """One task a fold that compiled, read at the policy's own cadence."""
    cadence = int(request.loaded.policy.oracle.poke_interval.value)
    return [
        CoverTask(fold, _leg_rounds(request.loaded, fold, LEGS[0]) or _NO_ROUNDS, cadence)
        for fold in compiled
        if fold.configuration is not None
    ]


def cover_fold(task: CoverTask) -> CoveredFold:
    """Judge one fold's decay and loss quantile."""
    found, fold = task.compiled, task.compiled.fold
    starts, losses = horizon_losses(found.horizon, task.rounds, fold)
    decay, gaussian = (
        () if word is None else decay_coverage(word, task.rounds, fold, task.cadence)
        for word in (found.configuration, found.gaussian)
    )
    exceptions = losses > found.loss
    short = _haircut_exceptions(found, task.rounds, starts)
    return CoveredFold(found.asset, fold, decay, gaussian, starts, losses, exceptions, short)


def _haircut_exceptions(
    found: CompiledFold, rounds: Rounds, starts: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Whether the published haircut fell short over each horizon."""
    if not starts.size:
        return np.zeros(0, dtype=bool)
    kept = np.full(starts.size, found.kept)
    rate, prices = found.rate_max / YEAR, rounds.answers / PRICE_UNITS
    return haircut_test(
        rounds.times, prices, starts, kept, found.horizon, debt_rate=rate
    ).exceptions


def all_book_tasks(request: Request, compiled: Sequence[CompiledFold]) -> list[BookTask]:
    """A book for each asset with a pool, in the folds that an episode touches, else in all."""
    found: list[BookTask] = []
    for fold in compiled:
        pool = request.pools.get(fold.asset)
        if pool is None or not _stressed(request, fold):
            continue
        configurations = ((one, one.configuration(fold)) for one in request.policies)
        tapes = {
            policy: (word, fold_tape(request, fold, word, request.cadences[0]))
            for policy, word in configurations
            if word is not None
        }
        spec = request.loaded.book.assets[fold.asset]
        found += book_tasks(fold, spec, request.loaded.policy, tapes, pool)
    return found


def _stressed(request: Request, compiled: CompiledFold) -> bool:
    mine = request.episodes_of(compiled.asset)
    fold = compiled.fold
    return not mine or any(one.start < fold.end and one.end > fold.start for one in mine)


# Tapes -------------------------------------------------------------------------------------------

_NO_ROUNDS = Rounds(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))


def fold_tape(
    request: Request, compiled: CompiledFold, configuration: Configuration, cadence: int
) -> Tape:
    """What one fold's feeds said, and every moment at which a verdict can change."""
    loaded, fold = request.loaded, compiled.fold
    primary = _leg_rounds(loaded, compiled, LEGS[0]) or _NO_ROUNDS
    secondary = _leg_rounds(loaded, compiled, LEGS[1])
    spec = loaded.book.assets[compiled.asset].oracle
    legs = (primary,) if secondary is None else (primary, secondary)
    pokes = poke_times(primary, fold, cadence)
    moments = _moments(legs, pokes, configuration, fold)
    return Tape(
        deployment=deployment_of(spec, two_legs=secondary is not None),
        seed=State.seeded(int(primary.answers[0]), int(primary.times[0])),
        primary=primary,
        secondary=secondary,
        moments=moments,
        poking=np.isin(moments, pokes),
        reset_after=request.reset_after,
    )


def poke_times(primary: Rounds, fold: Fold, cadence: int) -> NDArray[np.int64]:
    """When the keeper pokes in a fold."""
    if cadence == EVERY_UPDATE:
        return primary.times[primary.times >= fold.start]
    return np.arange(fold.start, fold.end, cadence, dtype=np.int64)


def _moments(
    legs: Sequence[Rounds], pokes: NDArray[np.int64], configuration: Configuration, fold: Fold
) -> NDArray[np.int64]:
    """Every round, every poke, and the second after each age at which a verdict changes."""
    limits = (configuration.primary_staleness, configuration.secondary_staleness)
    ages = (0, *(limit + 1 for limit in (*limits, configuration.maximum_age)))
    found = [pokes, *(leg.times + age for leg in legs for age in ages)]
    moments: NDArray[np.int64] = np.unique(np.concatenate(found))
    return moments[(moments >= fold.start) & (moments < fold.end)]


def _leg_rounds(loaded: Loaded, compiled: CompiledFold, leg: str) -> Rounds | None:
    """A leg's rounds from the last before the fold to the fold's end."""
    name = leg_history(loaded.book.assets[compiled.asset], leg)
    if name is None:
        return None
    history = loaded.histories[name]
    last = int(np.searchsorted(history.times, compiled.fold.start)) - 1
    begin = float(history.times[last]) if last >= 0 else compiled.fold.start
    return rounds(between(history, begin, compiled.fold.end))


def deployment_of(spec: OracleSpec, *, two_legs: bool, has_reference: bool = False) -> Deployment:
    """What the constructor would fix for an asset, both legs in eight decimals."""
    return Deployment(
        primary_decimals=DECIMALS,
        secondary_decimals=DECIMALS if two_legs else None,
        min_price=round_fraction(spec.lowest.value * PRICE_UNITS, Rounding.UP),
        max_price=round_fraction(spec.highest.value * PRICE_UNITS, Rounding.DOWN),
        has_reference=has_reference,
    )


def _history(loaded: Loaded, asset: str) -> str:
    name = leg_history(loaded.book.assets[asset], LEGS[0])
    if name is None:
        raise KeyError(f"{asset} has no history to walk through")
    return name


def with_ours(against: Iterable[Policy]) -> tuple[Policy, ...]:
    """The policies side by side, ours first."""
    return (OURS, *against)
