"""What an oracle served, beside what was true."""

from __future__ import annotations

import numpy as np

from paramgen.backtest.served import frozen


def test_a_frozen_oracle_stays_at_its_last_price_before_the_first_pause():
    assert frozen(np.array([0.0, 1.0, 0.9, 0.0, 0.7])).tolist() == [0.0, 1.0, 0.9, 0.9, 0.9]
    for never_paused in ([1.0, 0.5], [0.0, 0.0]):
        assert frozen(np.array(never_paused)).tolist() == never_paused
