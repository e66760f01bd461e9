"""A feed calibrated: the compiler's own figures, each with an interval and what it is worth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from paramgen.book.calibration import Resampling
from paramgen.params.binding import ParameterError
from paramgen.params.history import clean_history
from paramgen.params.losses import YEAR
from tests.support.calibrations import DAY, HOUR, calibrated, walk
from tests.support.real_feeds import eth_btc, eth_usd, usdc

QUICK = Resampling(seed=1, resamples=40, interval=0.90)


def test_real_hourly_rounds_give_the_figures_that_are_known_of_them():
    found = calibrated(eth_usd())
    assert found.staleness.limit.value == 3_720.0
    assert 2.8 <= found.price.z.value <= 3.05
    assert found.breaker.fast.tails["both"].quantile.value == pytest.approx(0.0959, abs=5e-4)
    assert found.refused == {}


def test_a_feed_s_own_heartbeat_holds_where_its_gaps_in_a_month_are_shorter():
    found = calibrated(eth_btc(), heartbeat=DAY, holding=HOUR)
    assert found.staleness.longest_gap == 3_696.0
    assert found.staleness.limit.value == 86_520.0
    assert found.staleness.binding == "heartbeat + margin"
    assert any(text.startswith("extrapolated: 0.0759 years") for text in found.staleness.warnings)


def test_calm_days_give_the_hourly_pair_that_hears_the_depeg():
    calm = usdc(until="2023-03-10")
    windows = HOUR * calm.updates_per_year / YEAR
    found = calibrated(
        calm, kind="prices", tick=1e-4, poke_interval=60.0, heartbeat=60.0, windows=windows
    )
    assert found.breaker.slow.window == pytest.approx(HOUR)
    assert 0.0010 <= found.breaker.slow.band_down.value <= 0.0040
    assert found.breaker.slow.tails["both"].anderson_darling is None  # a grid has no such test


def test_an_interval_holds_its_value_and_says_how_it_was_had():
    found = calibrated(walk(3), QUICK)
    for estimate in (
        found.price.z,
        found.price.volatility,
        found.price.chord.rate,
        found.breaker.fast.band_down,
        found.breaker.slow.band_down,
        found.haircut.loss,
    ):
        assert estimate.low < estimate.value < estimate.high
    assert (found.resampling.seed, found.resampling.resamples) == (1, 40)
    assert found.resampling.block >= 24  # the slow window lies in one block


def test_the_same_seed_gives_the_same_document_and_another_does_not():
    again = [calibrated(walk(4, 1_500), QUICK).model_dump_json() for _ in range(2)]
    other = QUICK.model_copy(update={"seed": 2})
    assert again[0] == again[1] != calibrated(walk(4, 1_500), other).model_dump_json()


def test_the_decay_that_is_calibrated_covers_the_history_at_every_age():
    found = calibrated(eth_usd())
    for decay in (found.price.chord, found.price.tangent):
        assert len(decay.coverage) == 8
        assert all(row.covered >= 0.99 for row in decay.coverage)
    assert found.price.tangent.rate.value == pytest.approx(
        found.price.chord.rate.value / 2, rel=1e-5
    )
    assert found.price.tangent.step == found.price.chord.step


def test_a_value_that_accrues_is_fitted_about_its_accrual_each_side_apart():
    days, generator = 1_500, np.random.default_rng(5)
    steps = 0.05 / 365 + stats.t.rvs(5, scale=2e-5, size=days, random_state=generator)
    history = clean_history(1.6e9 + DAY * np.arange(days), np.exp(np.cumsum(steps)))
    found = calibrated(history, kind="nav", accrual=0.05, tick=1e-6, heartbeat=DAY)
    assert found.breaker.kind == "accrual"
    assert found.breaker.slow is None
    assert set(found.breaker.fast.tails) == {"up", "down"}
    assert found.breaker.fast.band_down.value < 1e-3


def test_a_supply_gives_an_outflow_and_nothing_of_a_price():
    generator = np.random.default_rng(6)
    moves = generator.standard_t(4, 2_000) * 5e-3
    history = clean_history(1.6e9 + DAY * np.arange(2_000.0), 1e8 * np.exp(np.cumsum(moves)))
    found = calibrated(history, QUICK, kind="supply", poke_interval=DAY, holding=7 * DAY)
    assert found.price is found.breaker is found.staleness is None
    share = found.outflow.share
    seen = np.quantile(1 - history.prices[7:] / history.prices[:-7], 0.99)
    assert share.low < share.value < share.high
    assert share.value == pytest.approx(seen, rel=0.25)


def test_a_supply_that_only_grows_says_nothing_of_a_run():
    history = clean_history(DAY * np.arange(1.0, 400.0), np.arange(1e6, 1e6 + 399))
    with pytest.raises(ParameterError, match="does not fall at this confidence"):
        calibrated(history, kind="supply", poke_interval=DAY, holding=DAY)


def test_what_the_data_do_not_allow_is_refused_by_name_and_leaves_the_rest():
    history = clean_history(1.6e9 + DAY * 91 * np.arange(40.0), 100.0 + np.arange(40.0) % 3)
    found = calibrated(history, heartbeat=91 * DAY, holding=4_000 * DAY)
    assert "too few updates" in found.refused["staleness"]
    assert "no staleness limit" in found.refused["price"]
    assert "shorter than the horizon" in found.refused["haircut"]
    assert found.breaker is not None


def test_a_tail_too_thin_for_its_confidence_says_so():
    rich, poor = calibrated(walk(7, 8_000)), calibrated(walk(7, 300))
    assert rich.price.tail.warnings == ()
    (thin,) = [text for text in poor.price.tail.warnings if text.startswith("thin")]
    assert "2.9" in thin
    assert any("extrapolated" in text for text in poor.breaker.fast.tails["both"].warnings)


def test_gaps_alone_bear_a_staleness_limit_only_with_a_warning():
    found = calibrated(eth_usd(), heartbeat=None)
    assert found.staleness.candidates == {"quantile of the gaps": 3_720.0}
    assert "no heartbeat was given" in found.staleness.warnings[0]
