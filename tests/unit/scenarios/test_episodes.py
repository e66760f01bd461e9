"""Historical episodes: definitions alone, lived through on a history that the user gives."""

from __future__ import annotations

import numpy as np
import pytest

from paramgen.book.evidence import HistoryFormat
from paramgen.edge.histories import read_history
from paramgen.params.binding import ParameterError
from paramgen.params.history import History
from paramgen.params.losses import YEAR
from paramgen.scenarios.episodes import EPISODES, largest_fall, live_through
from tests.support.rwa import ROOT

USDC = EPISODES["usdc-2023-03"]
KRAKEN = ROOT.parent / "shared" / "data" / "usdc-depeg" / "kraken_usdc_usd_1min.parquet"


@pytest.mark.parametrize("episode", EPISODES.values(), ids=lambda episode: episode.name)
def test_an_episode_is_ordered_and_sourced(episode):
    assert episode.calm < episode.start < episode.peak < episode.end
    assert 0.0 < episode.worst < 1.0
    assert episode.source
    assert episode.what


def test_the_largest_fall_looks_no_further_than_its_horizon():
    times = np.array([0.0, 10.0, 20.0, 30.0])
    prices = np.array([1.0, 0.9, 0.95, 0.5])
    assert largest_fall(times, prices, 10.0) == pytest.approx(1.0 - 0.5 / 0.95)
    assert largest_fall(times, prices, 5.0) == 0.0
    assert largest_fall(times, prices, 30.0) == pytest.approx(0.5)


def test_a_history_that_does_not_cover_the_episode_is_refused_by_name():
    late = USDC.start.timestamp() + 60.0
    history = History(np.array([late, late + 1e6]), np.array([1.0, 1.0]), 0)
    with pytest.raises(ParameterError, match="usdc-2023-03"):
        live_through(USDC, history, 0.01)


@pytest.mark.skipif(not KRAKEN.is_file(), reason="../shared/data/usdc-depeg is absent")
def test_the_depeg_is_where_its_definition_says():
    form = HistoryFormat(time="timestamp", price="low")
    found = read_history(KRAKEN.read_bytes(), KRAKEN.name, form)
    lived = live_through(USDC, History(found.times, found.prices, 0), 24 * 3_600 / YEAR)
    assert lived.worst == pytest.approx(USDC.worst, abs=2e-3)
    assert abs(lived.worst_at - USDC.peak.timestamp()) <= 60.0
    assert lived.fall == pytest.approx(1.0 - USDC.worst, abs=5e-3)
