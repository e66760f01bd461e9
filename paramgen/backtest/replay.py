"""Replay of one oracle over histories of its feeds: every verdict, poke, trip and reset.

The arithmetic is the mirror's, and so the contracts', in integers alone: compiled where the
contract's words hold the oracle, else in plain calls of the mirror. At each moment a feed answers
with its last round at or before it. A poke moves the oracle's words, a read does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from paramgen.mirror import compiled
from paramgen.mirror.compiled import Answer as Said
from paramgen.mirror.compiled import Rules, Words
from paramgen.mirror.oracle import (
    MAX_ANSWER,
    OUTPUT_DECIMALS,
    Answer,
    Contest,
    Deployment,
    Feeds,
    Oracle,
    State,
    Status,
    Verdict,
    judge,
    poke,
    reset,
    view,
)

_COLUMNS = ("status", "price", "updated_at", "undecayed", "tripped", "reset")

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Rounds:
    """What one feed said, in order of time.

    Parameters
    ----------
    times : (n,) Unix seconds of each round, which is also its `updatedAt`; of several rounds at
        one time the last counts.
    answers : (n,) raw answers in the feed's decimals, int64, or Python's integers (dtype object)
        where they pass 63 bits.

    Raises
    ------
    ValueError : lengths differ, times are not in order, or answers are no such integers.
    """

    times: Integers
    answers: Integers

    def __post_init__(self) -> None:
        """Refuse what is no history."""
        if self.times.shape != self.answers.shape or self.times.ndim != 1:
            raise ValueError("rounds: times and answers must be two arrays of one length")
        if self.answers.dtype not in (np.dtype(np.int64), np.dtype(object)):
            raise ValueError(f"rounds: answers must be integers, not {self.answers.dtype}")
        _require_order(self.times, "rounds: times")


@dataclass(frozen=True)
class Replay:
    """What an oracle said and did, (m,) one row a moment.

    Parameters
    ----------
    times : Unix seconds of each moment.
    status : `paramgen.mirror.oracle.Status`.
    price : 8 decimals, 0 in a pause.
    updated_at : time of the price's oldest contributor; in a pause that of the last base.
    undecayed : the price before decay, 0 in a pause.
    trips : (k,) times at which a trip was persisted.
    resets : (k,) times at which the oracle was reset.
    final : the oracle after the last moment.
    """

    times: Integers
    status: NDArray[np.uint8]
    price: Integers
    updated_at: Integers
    undecayed: Integers
    trips: Integers
    resets: Integers
    final: Oracle


class _History(NamedTuple):
    """What the compiled loop runs over: (2, m) normalised prices and times, (m,) moments."""

    prices: Integers
    times: Integers
    moments: Integers
    poking: Flags


def replay(
    oracle: Oracle,
    primary: Rounds,
    secondary: Rounds | None,
    moments: Integers,
    poking: Flags,
    *,
    reset_after: int | None = None,
) -> Replay:
    """Verdicts at every moment, bit for bit those of the contract.

    Parameters
    ----------
    oracle : as it stands before the first moment.
    primary, secondary : what the feeds said; None for a feed that never answers.
    moments : (m,) Unix seconds, in order.
    poking : (m,) whether a moment is a keeper's poke, or only a read.
    reset_after : seconds after a persisted trip from which the oracle is reset at the primary's
        last price and its time, before that moment's verdict, at the first moment at which the
        contract lets a governor: the price in the deployment's bounds, no older than the maximum
        age. None: nobody resets. A trip from before the first moment is never reset.

    Raises
    ------
    ValueError : moments are not in order, or not as many as `poking`.
    """
    require_moments(moments, poking)
    if not (compiled.carries(oracle) and _in_clock(moments)):
        return replay_by_mirror(
            oracle, primary, secondary, moments, poking, reset_after=reset_after
        )
    deployment = oracle.deployment
    legs = (
        _answers_at(primary, deployment.primary_decimals, deployment, moments),
        _answers_at(secondary, deployment.secondary_decimals, deployment, moments),
    )
    seen = np.zeros((len(_COLUMNS), moments.size), dtype=np.int64)
    words = _run(
        compiled.rules_of(oracle),
        compiled.words_of(oracle),
        _History(
            np.stack([prices for prices, _ in legs]),
            np.stack([times for _, times in legs]),
            moments.astype(np.int64),
            poking.astype(np.bool_),
        ),
        -1 if reset_after is None else reset_after,
        seen,
    )
    status, price, updated_at, undecayed, tripped, was_reset = seen
    return Replay(
        times=moments,
        status=status.astype(np.uint8),
        price=price,
        updated_at=updated_at,
        undecayed=undecayed,
        trips=moments[tripped != 0],
        resets=moments[was_reset != 0],
        final=_oracle_of(oracle, words),
    )


def replay_by_mirror(
    oracle: Oracle,
    primary: Rounds,
    secondary: Rounds | None,
    moments: Integers,
    poking: Flags,
    *,
    reset_after: int | None = None,
) -> Replay:
    """`replay` in plain calls of the mirror: the reference, and what carries any integers."""
    require_moments(moments, poking)
    verdicts: list[Verdict] = []
    trips: list[int] = []
    resets: list[int] = []
    tripped_at: int | None = None
    answers = zip(
        moments.tolist(),
        poking.tolist(),
        _answers(primary, moments),
        _answers(secondary, moments),
        strict=True,
    )
    for now, pokes, first, second in answers:
        due = reset_after is not None and tripped_at is not None and now >= tripped_at + reset_after
        if due and (price := resettable(oracle, first, now)) and first is not None:
            oracle, tripped_at = reset(oracle, price, first.updated_at), None
            resets.append(now)
        was_tripped = oracle.state.tripped
        if pokes:
            verdict, oracle = poke(oracle, Feeds(first, second), now)
        else:
            verdict = view(oracle, Feeds(first, second), now)
        if oracle.state.tripped and not was_tripped:
            tripped_at = now
            trips.append(now)
        verdicts.append(verdict)
    return _collected(moments, verdicts, trips, resets, oracle)


def require_moments(moments: Integers, poking: Flags) -> None:
    """Refuse moments out of order, or not as many as `poking`.

    Raises
    ------
    ValueError : naming which.
    """
    if moments.shape != poking.shape or moments.ndim != 1:
        raise ValueError("replay: moments and poking must be two arrays of one length")
    _require_order(moments, "replay: moments")


def resettable(oracle: Oracle, answer: Answer | None, now: int) -> int:
    """The price that a governor can reset to, from the primary's answer; 0 where there is none."""
    limit = oracle.configuration.maximum_age
    leg = judge(oracle, answer, oracle.deployment.primary_decimals, limit, now)
    return leg.price if leg.fresh else 0


def _in_clock(moments: Integers) -> bool:
    return moments.size == 0 or (moments[0] >= 0 and moments[-1] <= compiled.MAX_TIME)


def _answers_at(
    rounds: Rounds | None, decimals: int | None, deployment: Deployment, moments: Integers
) -> tuple[Integers, Integers]:
    """(m,) normalised price and time of the round that each moment sees; 0 for no valid one."""
    nothing = np.zeros(moments.size, dtype=np.int64)
    if rounds is None or decimals is None or rounds.times.size == 0:
        return nothing, nothing
    last = np.searchsorted(rounds.times, moments, side="right") - 1
    prices = np.where(last >= 0, _normalised(rounds.answers, decimals, deployment)[last], 0)
    return prices, np.where(last >= 0, rounds.times[last], 0).astype(np.int64)


def _normalised(answers: Integers, decimals: int, deployment: Deployment) -> Integers:
    """(n,) answers in 8 decimals, rounded down; 0 where the contract takes none of them."""
    least, most = deployment.min_price, deployment.max_price
    scale = 10 ** abs(decimals - OUTPUT_DECIMALS)
    if decimals <= OUTPUT_DECIMALS:
        least, most = -(-least // scale), most // scale
    else:
        least, most = least * scale, min((most + 1) * scale - 1, MAX_ANSWER)
    # Where a bound passes 64 bits numpy would compare as floats: int64 ends below it.
    if answers.dtype == np.int64:
        most = min(most, int(np.iinfo(np.int64).max))
    if least > most:
        return np.zeros(answers.size, dtype=np.int64)
    kept = np.where((answers >= least) & (answers <= most), answers, 0)
    scaled = kept * scale if decimals <= OUTPUT_DECIMALS else kept // scale
    return np.asarray(scaled, dtype=np.int64)


@njit(cache=True)
def _run(rules: Rules, words: Words, history: _History, reset_after: int, seen: Integers) -> Words:
    """Fill `seen`, (columns, m), and return the words after the last moment."""
    tripped_at = np.int64(-1)
    for i in range(history.moments.size):
        now = history.moments[i]
        said = Said(history.prices[0, i], history.times[0, i])
        other = Said(history.prices[1, i], history.times[1, i])
        due = reset_after >= 0 and tripped_at >= 0 and now >= tripped_at + reset_after
        if due and said.price and now - said.time <= rules.maximum_age:
            words, tripped_at = compiled.reset(words, said.price, said.time), np.int64(-1)
            seen[5, i] = 1
        was_tripped = words.tripped
        first = compiled.judge(rules, words, said, rules.primary_staleness, now)
        second = compiled.judge(rules, words, other, rules.secondary_staleness, now)
        if history.poking[i]:
            verdict, words = compiled.poke(rules, words, first, second, now)
        else:
            verdict = compiled.read(rules, words, first, second, now)
        if words.tripped and not was_tripped:
            tripped_at = now
            seen[4, i] = 1
        seen[0, i], seen[1, i] = verdict.status, verdict.price
        seen[2, i], seen[3, i] = verdict.time, verdict.undecayed
    return words


def _oracle_of(before: Oracle, words: Words) -> Oracle:
    values = {name: int(value) for name, value in words._asdict().items()}
    state = {field.name: values[field.name] for field in fields(State)}
    contest = {field.name: values[field.name] for field in fields(Contest)}
    return replace(before, state=State(**state), contest=Contest(**contest))


def _require_order(times: Integers, name: str) -> None:
    if np.any(times[1:] < times[:-1]):
        raise ValueError(f"{name} must not fall")


def _answers(rounds: Rounds | None, moments: Integers) -> Iterator[Answer | None]:
    """The last round at or before each moment, None before the first."""
    if rounds is None:
        return (None for _ in range(moments.size))
    times, answers = rounds.times.tolist(), rounds.answers.tolist()
    last = np.searchsorted(rounds.times, moments, side="right") - 1
    return (Answer(answers[at], times[at]) if at >= 0 else None for at in last.tolist())


def _collected(
    moments: Integers, verdicts: list[Verdict], trips: list[int], resets: list[int], final: Oracle
) -> Replay:
    columns = {
        field.name: [getattr(verdict, field.name) for verdict in verdicts]
        for field in fields(Verdict)
    }
    return Replay(
        times=moments,
        status=np.array([Status(status) for status in columns["status"]], dtype=np.uint8),
        price=np.array(columns["price"], dtype=np.int64),
        updated_at=np.array(columns["time"], dtype=np.int64),
        undecayed=np.array(columns["undecayed"], dtype=np.int64),
        trips=np.array(trips, dtype=np.int64),
        resets=np.array(resets, dtype=np.int64),
        final=final,
    )
