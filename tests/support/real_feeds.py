"""Real histories beside the project; what is absent skips the test that asks for it."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from paramgen.book.evidence import HistoryFormat
from paramgen.edge.histories import read_history
from paramgen.params.history import History

DATA = Path(__file__).parents[3] / "shared" / "data"

ROUNDS = HistoryFormat(time="update", price="answer", decimals=8)
NUMBERED = HistoryFormat(time="3", price="1", decimals=8)
CLOSES = HistoryFormat(time="timestamp", price="close")


def needed(relative: str) -> Path:
    """A file of the shared data, or a skip with the reason."""
    path = DATA / relative
    if not path.is_file():
        pytest.skip(f"real data absent: ../shared/data/{relative}")
    return path


@cache
def _read(path: Path, form: HistoryFormat) -> History:
    found = read_history(path.read_bytes(), path.name, form)
    return History(found.times, found.prices, found.dropped, found.reasons)


def eth_usd() -> History:
    """Rounds of a feed with a heartbeat of an hour."""
    return _read(needed("chainlink-rounds/eth_usd.csv"), ROUNDS)


def eth_btc() -> History:
    """Rounds of a feed with a heartbeat of a day."""
    return _read(needed("chainlink-rounds/eth_btc.csv"), NUMBERED)


def usdc(until: str | None = None) -> History:
    """Closes by the minute, before a day."""
    found = _read(needed("usdc-depeg/kraken_usdc_usd_1min.parquet"), CLOSES)
    if until is None:
        return found
    keep = found.times < datetime.fromisoformat(until).replace(tzinfo=UTC).timestamp()
    return History(found.times[keep], found.prices[keep], 0)
