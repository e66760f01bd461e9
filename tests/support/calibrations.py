"""Made feeds, and calibrations of them with the usual settings."""

from __future__ import annotations

import numpy as np
from scipy import stats

from paramgen.book.calibration import Resampling, Settings
from paramgen.calibrate.feed import calibrate_feed
from paramgen.params.history import History, clean_history

HOUR, DAY = 3_600.0, 86_400.0
BARE = Resampling(seed=1, resamples=0, interval=0.95)


def asked(**changes) -> Settings:
    usual = {
        "kind": "rounds", "confidence": 0.99, "alarms_per_year": 1.0, "margin": 120.0,
        "poke_interval": HOUR, "shock": 0.1, "heartbeat": HOUR, "closure": None,
        "longest_gap": None, "horizon": None, "deviation": 0.005, "second_deviation": 0.0,
        "accrual": 0.0, "tick": 0.0, "windows": 24.0, "holding": DAY,
    }  # fmt: skip
    return Settings.model_validate(usual | changes)


def calibrated(history: History, how: Resampling = BARE, **changes):
    return calibrate_feed("feed", (), history, asked(**changes), how)


def walk(seed: int, n: int = 6_000, *, scale: float = 1e-3, freedom: float = 4.0) -> History:
    """Hourly updates with Student's returns."""
    steps = stats.t.rvs(freedom, scale=scale, size=n, random_state=np.random.default_rng(seed))
    return clean_history(1.6e9 + HOUR * np.arange(n), 100.0 * np.exp(np.cumsum(steps)))
