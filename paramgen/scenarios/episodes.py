"""Historical episodes: when they were and who says so; the prices are the user's own history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np

from paramgen.model.arrays import Float
from paramgen.params.binding import ParameterError
from paramgen.params.history import History
from paramgen.params.losses import YEAR


@dataclass(frozen=True)
class Episode:
    """A labelled stretch of history.

    Attributes
    ----------
    calm : what lies before it and back to here is ordinary: for fits that must not have seen it.
    start, end : of the episode. peak : when it was worst, and `worst` the price then, per unit
        of the price before; of the market that `source` names.
    """

    name: str
    what: str
    calm: datetime
    start: datetime
    peak: datetime
    end: datetime
    worst: float
    source: str


EPISODES: Final[Mapping[str, Episode]] = {
    row.name: row
    for row in (
        Episode(
            name="usdc-2023-03",
            what="USDC loses its peg: 3.3 of 40 billion USD of its reserve lie with Silicon Valley "
            "Bank, closed on 10 March; the peg is back when deposits are guaranteed on the 12th",
            calm=datetime(2023, 3, 1, tzinfo=UTC),
            start=datetime(2023, 3, 10, 16, 0, tzinfo=UTC),
            peak=datetime(2023, 3, 11, 7, 15, tzinfo=UTC),
            end=datetime(2023, 3, 13, 16, 0, tzinfo=UTC),
            worst=0.8740,
            source="Kraken USDC/USD by the minute; Circle, statement of 11 March 2023",
        ),
    )
}
"""Every episode by its name."""


@dataclass(frozen=True)
class Lived:
    """What a history says of an episode.

    Attributes
    ----------
    rounds : of the history inside it. worst : lowest price over that at its start.
    worst_at : Unix seconds of the lowest.
    fall : largest loss from any price to one at most `horizon` later, a fraction.
    """

    episode: Episode
    rounds: int
    worst: float
    worst_at: float
    fall: float


def live_through(episode: Episode, history: History, horizon: float) -> Lived:
    """The episode as a history has it.

    Parameters
    ----------
    history : of any feed or market that covers the episode. horizon : years, such as H_p.

    Raises
    ------
    ParameterError
        When the history does not cover the episode.
    """
    start, end = episode.start.timestamp(), episode.end.timestamp()
    times, prices = history.times, history.prices
    first = int(np.searchsorted(times, start, side="right")) - 1
    if first < 0 or times[-1] < end:
        raise ParameterError(
            f"episode {episode.name}", "the history does not cover it", float(times[0]), start,
            f"It needs prices from {episode.start:%Y-%m-%d %H:%M} to {episode.end:%Y-%m-%d %H:%M}.",
        )  # fmt: skip
    inside = slice(first, int(np.searchsorted(times, end, side="right")))
    times, prices = times[inside], prices[inside]
    lowest = int(np.argmin(prices))
    return Lived(
        episode,
        prices.size,
        float(prices[lowest] / prices[0]),
        float(times[lowest]),
        largest_fall(times, prices, horizon * YEAR),
    )


def largest_fall(times: Float, prices: Float, within: float) -> float:
    """Largest loss from a price to a later one no more than `within` seconds after, a fraction."""
    ends = np.searchsorted(times, times + within, side="right")
    lowest = [float(prices[i:j].min()) for i, j in enumerate(ends)]
    return float(np.max(1.0 - np.asarray(lowest) / prices))
