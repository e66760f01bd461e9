"""Real histories from the folder beside the project; where it is absent the test is skipped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from paramgen.backtest.liquidity import PoolHistory
from paramgen.backtest.replay import Rounds
from paramgen.edge.pools import read_pool
from paramgen.params.history import History, clean_history

DATA = Path(__file__).parents[2].parent / "shared" / "data"


def needed(relative: str) -> Path:
    """The path of a real history, or a skip that says which one is absent."""
    path = DATA / relative
    if not path.exists():
        pytest.skip(f"real data absent: ../shared/data/{relative}")
    return path


def usdc_minutes() -> History:
    """Kraken's USDC/USD closes by the minute, March 2023."""
    table = pq.read_table(needed("usdc-depeg/kraken_usdc_usd_1min.parquet"))
    seconds = table.column("timestamp").to_numpy().astype("datetime64[s]").astype(np.float64)
    return clean_history(seconds, table.column("close").to_numpy())


def usdc_pool() -> PoolHistory:
    """Uniswap v3's USDC/USDT 0.01 % pool by the hour, 2022 to 2026."""
    path = needed("uniswap-v3/usdc_usdt_hourly_2022_2026.parquet")
    return read_pool(path.read_bytes(), path.name)


def eth_usd() -> Rounds:
    """Rounds of ETH/USD, 8 decimals, oldest first, without the one of time zero."""
    table = pd.read_csv(needed("chainlink-rounds/eth_usd.csv"))
    table = table[table["update"] > 0].sort_values("update", kind="stable")
    return Rounds(table["update"].to_numpy(np.int64), table["answer"].to_numpy(np.int64))


def usdc_by_minute(name: str) -> Rounds:
    """Closes of one venue in March 2023 by the minute, as answers of 8 decimals."""
    table = pd.read_parquet(needed(f"usdc-depeg/{name}.parquet"), columns=["close"]).dropna()
    times = table.index.to_numpy().astype("datetime64[s]").astype(np.int64)
    return Rounds(times, np.rint(table["close"].to_numpy() * 1e8).astype(np.int64))
