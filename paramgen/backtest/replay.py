"""Replay of one oracle over histories of its feeds: every verdict, poke, trip and reset.

The arithmetic is the mirror's, and so the contracts', in integers alone. At each moment a feed
answers with its last round at or before it. A poke moves the oracle's words, a read does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from paramgen.mirror.oracle import (
    Answer,
    Feeds,
    Oracle,
    Status,
    Verdict,
    normalised,
    poke,
    reset,
    view,
)

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Rounds:
    """What one feed said, in order of time.

    Parameters
    ----------
    times : (n,) Unix seconds of each round, which is also its `updatedAt`; of several rounds at
        one time the last counts.
    answers : (n,) raw answers in the feed's decimals.

    Raises
    ------
    ValueError : lengths differ, or times are not in order.
    """

    times: Integers
    answers: Integers

    def __post_init__(self) -> None:
        """Refuse what is no history."""
        if self.times.shape != self.answers.shape or self.times.ndim != 1:
            raise ValueError("rounds: times and answers must be two arrays of one length")
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
    return replay_by_mirror(oracle, primary, secondary, moments, poking, reset_after=reset_after)


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
    if answer is None or now - answer.updated_at > oracle.configuration.maximum_age:
        return 0
    price = normalised(answer.answer, oracle.deployment.primary_decimals)
    within = oracle.deployment.min_price <= price <= oracle.deployment.max_price
    return price if within else 0


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
