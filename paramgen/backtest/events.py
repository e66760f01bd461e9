"""From verdicts to what happened: changes of status, trips, resets, and spans of a pause."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from paramgen.backtest.replay import Replay
from paramgen.mirror.oracle import Status

Integers = NDArray[np.int64]


class Guard(StrEnum):
    """What stopped or aged the price: the breaker, or staleness."""

    BREAKER = "breaker"
    STALENESS = "staleness"


GUARDS = {
    Guard.BREAKER: (Status.CONTESTED, Status.TRIPPED),
    Guard.STALENESS: (Status.DECAYING, Status.STOPPED),
}
PAUSES = (Status.CONTESTED, Status.STOPPED, Status.TRIPPED)

_CAUSES = {
    Status.LIVE: "fresh inside the band",
    Status.SECONDARY: "primary gone, secondary inside the band",
    Status.CONTESTED: "sources apart",
    Status.HELD: "no fresh source, price within its limit",
    Status.DECAYING: "price older than the staleness limit",
    Status.STOPPED: "price older than the maximum age",
    Status.TRIPPED: "every fresh source outside the band",
}
TRIP, RESET = "trip persisted", "reset"


@dataclass(frozen=True)
class Event:
    """A change of status, a persisted trip or a reset.

    Attributes
    ----------
    time : Unix seconds. before, after : status; equal for a trip or a reset that changes none.
    price : the primary's last answer then, 8 decimals.
    cause : why.
    """

    time: int
    before: Status
    after: Status
    price: int
    cause: str


@dataclass(frozen=True)
class Span:
    """A time in one kind of trouble, [start, end), Unix seconds."""

    start: int
    end: int

    @property
    def length(self) -> int:
        """Seconds."""
        return self.end - self.start


def events(replayed: Replay, prices: Integers) -> tuple[Event, ...]:
    """Every event in order of time; of those at one time the reset comes first.

    Parameters
    ----------
    prices : (m,) the primary's last answer at each moment, 8 decimals.
    """
    status = replayed.status
    before = np.append(np.uint8(Status.LIVE), status[:-1])
    found = [
        (1, Event(int(t), Status(b), Status(a), int(p), _CAUSES[Status(a)]))
        for t, b, a, p in _changes(replayed.times, before, status, prices)
    ]
    for order, times, cause in ((0, replayed.resets, RESET), (2, replayed.trips, TRIP)):
        at = np.searchsorted(replayed.times, times)
        found += [
            (order, Event(int(replayed.times[i]), Status(before[i]), Status(status[i]),
                          int(prices[i]), cause))
            for i in at
        ]  # fmt: skip
    return tuple(event for _, event in sorted(found, key=lambda pair: (pair[1].time, pair[0])))


def _changes(
    times: Integers, before: NDArray[np.uint8], after: NDArray[np.uint8], prices: Integers
) -> zip[tuple[int, int, int, int]]:
    changed = before != after
    return zip(times[changed], before[changed], after[changed], prices[changed], strict=True)


def spans(
    times: Integers, status: NDArray[np.uint8], among: tuple[Status, ...], end: int
) -> tuple[Span, ...]:
    """Maximal runs of moments whose status is among those named.

    A run lasts to the first moment after it, or to `end`.
    """
    inside = np.isin(status, [int(member) for member in among])
    edges = np.diff(np.concatenate(([0], inside.astype(np.int8), [0])))
    stops = np.append(times, end)
    return tuple(
        Span(int(times[start]), int(stops[stop]))
        for start, stop in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True)
    )


def joined(found: tuple[Span, ...], quiet: int) -> tuple[Span, ...]:
    """Spans less than `quiet` seconds apart as one: a flicker is one alarm, not many."""
    together: list[Span] = []
    for span in found:
        if together and span.start - together[-1].end < quiet:
            together[-1] = Span(together[-1].start, max(span.end, together[-1].end))
        else:
            together.append(span)
    return tuple(together)
