"""Every row of the signal map moves what it says, the way it says."""

from __future__ import annotations

import numpy as np
import pytest

from paramgen.model.signals import SIGNAL_MAP, SignalRow

WORSE_BY = {
    "custody coverage": 0.7,
    "collateral proof missing": 0.5,
    "pool depth over issuance": 1 / 40,
    "oracle deviation": 0.012,
    "oracle delay": 2.0,
    "custodian downgrade": 2.0,
    "market-maker exit": 0.5,
}
BASE = np.array([0.004])
WEIGHT = 0.8

rows = pytest.mark.parametrize("row", SIGNAL_MAP, ids=lambda row: row.signal)


def test_map_has_the_reports_signals() -> None:
    assert {row.signal for row in SIGNAL_MAP} == set(WORSE_BY)


@rows
def test_benign_signal_changes_nothing(row: SignalRow) -> None:
    assert row.apply(BASE, row.benign, WEIGHT) == pytest.approx(BASE, rel=1e-14)


@rows
def test_worse_signal_raises_what_it_moves(row: SignalRow) -> None:
    worse = WORSE_BY[row.signal]
    assert (worse < row.benign) == (row.worse_when == "lower")
    assert row.apply(BASE, worse, WEIGHT)[0] > BASE[0]


@rows
def test_signal_better_than_benign_earns_no_credit(row: SignalRow) -> None:
    better = 2 * row.benign if row.worse_when == "lower" else 0.0
    assert row.apply(BASE, better, WEIGHT) == pytest.approx(BASE, rel=1e-14)


@rows
def test_unknown_signal_is_not_taken_for_a_good_one(row: SignalRow) -> None:
    assert np.isnan(row.apply(BASE, np.nan, WEIGHT)[0])
