"""Exceedances in clusters, and how large a cluster is."""

from __future__ import annotations

import numpy as np
import pytest

from paramgen.params.threshold import cluster_peaks, extremal_index


def test_clusters_are_split_by_quiet_runs():
    values = np.array([5.0, 7.0, 0.0, 6.0, 0.0, 0.0, 0.0, 9.0])
    assert cluster_peaks(values, 1.0, run=2).tolist() == [7.0, 9.0]
    assert cluster_peaks(values, 1.0, run=1).tolist() == [7.0, 6.0, 9.0]
    assert cluster_peaks(values, 99.0, run=1).size == 0


def test_the_extremal_index_of_independent_and_of_repeated_values():
    rng = np.random.default_rng(0)
    independent = rng.random(20_000)
    repeated = np.repeat(rng.random(10_000), 2)
    assert extremal_index(independent > 0.95) == pytest.approx(1.0, abs=0.08)
    assert extremal_index(repeated > 0.95) == pytest.approx(0.5, abs=0.06)
