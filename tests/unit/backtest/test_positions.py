"""Borrowers drawn at random, the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from paramgen.backtest.positions import Lognormal, Pareto, draw_positions


@pytest.mark.parametrize("sizes", [Lognormal(1.5), Pareto(1.2)])
def test_drawn_borrowers_owe_what_was_asked_within_the_limit_and_are_the_same_each_time(sizes):
    def drawn(seed):
        return draw_positions(
            seed, 2_000, sizes, total_debt=1e8, price=0.5, loan_to_value=0.8, usage=(5, 2)
        )

    found = drawn(7)
    assert found.debt.sum() == pytest.approx(1e8, abs=10.0)
    drawn_share = found.debt / (found.collateral * 0.5) / 0.8
    assert drawn_share.max() <= 1.0
    assert np.mean(drawn_share) == pytest.approx(5 / 7, abs=0.01)
    assert drawn(7).debt.tobytes() == found.debt.tobytes()
    assert drawn(8).debt.tobytes() != found.debt.tobytes()
