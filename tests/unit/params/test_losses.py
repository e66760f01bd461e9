from __future__ import annotations

import numpy as np
import pytest

from paramgen.params.binding import ParameterError
from paramgen.params.losses import (
    default_jump_loss,
    haircut,
    kept_fraction,
    loss_quantile,
    market_loss,
    oracle_loss,
    protection_horizon,
    supervisory_haircut,
    supervisory_warning,
)


def test_market_loss_of_a_gain_is_zero_and_of_a_loss_exact():
    assert market_loss([-0.1, 0.0, -np.log(0.9)]) == pytest.approx([0.0, 0.0, 0.1])


def test_the_quantile_grows_with_the_root_of_time():
    assert loss_quantile(3.0, 0.4, [0.25, 1.0]) == pytest.approx([0.6, 1.2])


def test_the_horizon_adds_up_per_asset():
    assert protection_horizon([1.0, 2.0], 0.5, 0.25) == pytest.approx([1.75, 2.75])


def test_jump_loss_against_the_expected_shortfall_by_simulation():
    hazard, loss, confidence = np.array([0.004, 0.05]), np.array([0.6, 0.2]), 0.99
    p = -np.expm1(-hazard)
    # p₁ = 0.4 % at 60 %, then 20 % fills the rest of the worst 1 %.
    expected = (p[0] * 0.6 + (0.01 - p[0]) * 0.2) / 0.01
    assert default_jump_loss(hazard, loss, 1.0, confidence) == pytest.approx(expected)

    draws = np.random.default_rng(7).random(2_000_000)
    losses = np.where(draws < p[0], 0.6, np.where(draws < p.sum(), 0.2, 0.0))
    worst = np.sort(losses)[-20_000:]
    assert worst.mean() == pytest.approx(expected, rel=0.02)


def test_a_certain_default_loses_the_worst_loss_and_no_more():
    assert default_jump_loss([5.0, 5.0], [0.3, 0.7], 1.0, 0.99) == pytest.approx(0.7)


def test_no_cliff_where_the_probability_of_default_passes_the_confidence():
    hazard = -np.log1p(-np.array([0.0099, 0.0101]))
    below, above = default_jump_loss(hazard[:, None], np.full((2, 1), 0.5), np.ones(2), 0.99)
    assert 0.0 <= above - below < 0.01


def test_the_order_in_which_causes_are_written_does_not_matter():
    one = default_jump_loss([[0.01, 0.002, 0.03]], [[0.2, 0.9, 0.4]], [1.0], 0.99)
    other = default_jump_loss([[0.03, 0.01, 0.002]], [[0.4, 0.2, 0.9]], [1.0], 0.99)
    assert one == pytest.approx(other, rel=1e-14)


def test_oracle_loss_takes_the_tighter_of_the_bounds_present():
    assert oracle_loss(0.005, 0.01, 0.05) == pytest.approx(-np.expm1(-0.015))
    assert oracle_loss(0.005, None, 0.05) == pytest.approx(-np.expm1(-0.055))
    assert oracle_loss(0.005, 0.01, None) == pytest.approx(-np.expm1(-0.015))


def test_an_overstatement_without_bound_is_an_error():
    with pytest.raises(ParameterError, match="no bound"):
        oracle_loss(0.005, None, None)


def test_kept_fraction_multiplies_the_losses_and_the_growth_of_debt():
    kept = kept_fraction(0.1, 0.2, 0.05, 0.3, 0.5)
    assert kept == pytest.approx(0.9 * 0.8 * 0.95 * np.exp(-0.15))
    assert haircut(kept) == pytest.approx(1.0 - kept)


@pytest.mark.parametrize(
    ("category", "maturity", "expected"),
    [
        ("sovereign, weight 0 %", 1.0, 0.005),
        ("sovereign, weight 0 %", 4.0, 0.02),
        ("sovereign, weight 0 %", 5.01, 0.04),
        ("securitisation", 10.0, 0.24),
        ("main-index equity or gold", 0.0, 0.15),
        ("other", 30.0, 0.25),
    ],
)
def test_supervisory_haircuts_of_12_cfr_324_132(category, maturity, expected):
    assert supervisory_haircut(category, maturity) == expected


def test_a_haircut_outside_the_supervisory_band_is_named_not_clipped():
    assert supervisory_warning(0.15, "main-index equity or gold", 0.0) is None
    warning = supervisory_warning(0.05, "main-index equity or gold", 0.0)
    assert warning is not None
    assert "below the band 7.50% to 30.00%" in warning
    assert "main-index equity or gold" in warning
