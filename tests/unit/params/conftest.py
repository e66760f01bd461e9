"""Real histories of the parameter tests; absent data skips, with the reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from paramgen.params.history import History, clean_history

DATA = Path(__file__).parents[3].parent / "shared" / "data"


def _needed(relative: str) -> Path:
    path = DATA / relative
    if not path.exists():
        pytest.skip(f"real data absent: ../shared/data/{relative}")
    return path


@pytest.fixture(scope="session")
def eth_rows() -> np.ndarray:
    """Columns index, round, answer, start, update, answeredInRound, as published: newest first."""
    path = _needed("chainlink-rounds/eth_usd.csv")
    return np.genfromtxt(path, delimiter=",", skip_header=1)


@pytest.fixture(scope="session")
def eth(eth_rows) -> History:
    return clean_history(eth_rows[:, 4], eth_rows[:, 2])


@pytest.fixture(scope="session")
def usdc() -> History:
    path = _needed("usdc-depeg/kraken_usdc_usd_1min.parquet")
    table = pytest.importorskip("pyarrow.parquet").read_table(path)
    seconds = table.column("timestamp").to_numpy().astype("datetime64[s]").astype(np.float64)
    return clean_history(seconds, table.column("close").to_numpy())
