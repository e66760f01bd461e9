"""Small made histories for the two feeds of the example book, and a backtest of them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from paramgen.backtest.policies import Policy
from paramgen.backtest.run import Episode, Request, with_ours
from paramgen.backtest.walk import Walk
from paramgen.book.loaded import Loaded
from paramgen.edge.backtests import parse_history, with_histories
from paramgen.edge.load import load_book
from tests.support.rwa import ROOT

FEEDS = ROOT / "examples" / "rwa" / "feeds.yaml"
START = 1_690_000_000
HOUR, DAY = 3_600, 86_400


@cache
def feeds() -> Loaded:
    return load_book(FEEDS)


def made_prices(days: float, *, seed: int, level: float = 2_000.0, step: float = 0.004) -> str:
    """CSV of a feed that answers about every half hour, Student-t₄ steps; `time,price`."""
    chance = np.random.default_rng(seed)
    gaps = chance.integers(600, 3_000, size=int(days * DAY / 1_800))
    times = START + np.cumsum(gaps)
    prices = level * np.exp(np.cumsum(step * chance.standard_t(4, size=times.size)))
    kept = times < START + days * DAY
    rows = zip(times[kept], prices[kept], strict=True)
    return "time,price\n" + "".join(f"{time},{price:.8f}\n" for time, price in rows)


def with_feed(folder: Path, text: str, feed: str = "eth", base: Loaded | None = None) -> Loaded:
    """The example book with a history, as the command line would give it."""
    path = folder / f"{feed}.csv"
    path.write_text(text)
    loaded, problems = with_histories(base or feeds(), [parse_history(f"{feed}={path}")])
    assert not problems
    return loaded


def request(
    loaded: Loaded,
    *,
    training: float = 20,
    fold: float = 5,
    against: tuple[Policy, ...] = (),
    cadences: tuple[int, ...] = (HOUR,),
    episodes: tuple[Episode, ...] = (),
    reset_after: int | None = 6 * HOUR,
    asset: str = "eth",
) -> Request:
    """A backtest of one asset; lengths in days."""
    return Request(
        loaded=loaded,
        assets=(asset,),
        walk=Walk(int(training * DAY), int(fold * DAY)),
        policies=with_ours(against),
        cadences=cadences,
        episodes=episodes,
        reset_after=reset_after,
    )
