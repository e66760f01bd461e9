"""Real histories of the parameter tests; absent data skips, with the reason."""

from __future__ import annotations

import numpy as np
import pytest

from paramgen.params.history import History, clean_history
from tests.support.histories import needed, usdc_minutes


@pytest.fixture(scope="session")
def eth_rows() -> np.ndarray:
    """Columns index, round, answer, start, update, answeredInRound, as published: newest first."""
    path = needed("chainlink-rounds/eth_usd.csv")
    return np.genfromtxt(path, delimiter=",", skip_header=1)


@pytest.fixture(scope="session")
def eth(eth_rows) -> History:
    return clean_history(eth_rows[:, 4], eth_rows[:, 2])


@pytest.fixture(scope="session")
def usdc() -> History:
    return usdc_minutes()
