"""What must hold of every calibration, whatever the feed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from paramgen.book.calibration import Calibration, Resampling
from paramgen.calibrate.feed import calibrate_feed
from paramgen.calibrate.goodness import goodness
from paramgen.calibrate.resample import block_length, feed_intervals
from paramgen.compiler.fits import SLOW_WINDOWS
from paramgen.params.history import History, update_returns
from paramgen.params.pareto import fit_pareto
from paramgen.params.tails import confidence_quantile, repeated_quantile
from tests.support.calibrations import asked, calibrated, walk

BARE = Resampling(seed=1, resamples=0, interval=0.9)
seeds = st.integers(0, 10_000)


@settings(max_examples=10, deadline=None)
@given(seed=seeds, power=st.integers(-20, 20))
def test_the_unit_of_the_price_changes_nothing(seed, power):
    history = walk(seed, 1_200)
    scaled = History(history.times, history.prices * 2.0**power, 0)
    first, second = calibrated(history), calibrated(scaled)
    assert first.breaker.fast.band_down.value == pytest.approx(
        second.breaker.fast.band_down.value, rel=1e-4
    )
    assert first.price.z.value == pytest.approx(second.price.z.value, rel=1e-4)
    assert first.staleness == second.staleness


@settings(max_examples=10, deadline=None)
@given(seed=seeds, worse=st.floats(1.5, 4.0))
def test_larger_moves_never_give_a_narrower_band_or_a_slower_decay(seed, worse):
    history = walk(seed, 1_200)
    wild = History(history.times, 100.0 * (history.prices / 100.0) ** worse, 0)
    calm, found = calibrated(history), calibrated(wild)
    assert found.breaker.fast.band_down.value > calm.breaker.fast.band_down.value
    assert found.breaker.slow.band_up.value > calm.breaker.slow.band_up.value
    assert found.price.tangent.rate.value > calm.price.tangent.rate.value
    assert found.haircut.loss.value > calm.haircut.loss.value


@settings(max_examples=10, deadline=None)
@given(seed=seeds, fewer=st.sampled_from([2.0, 4.0, 12.0]))
def test_more_false_alarms_allowed_never_give_a_wider_band(seed, fewer):
    history = walk(seed, 2_000)
    strict, lax = calibrated(history), calibrated(history, alarms_per_year=fewer)
    assert lax.breaker.fast.band_down.value <= strict.breaker.fast.band_down.value


@settings(max_examples=5, deadline=None)
@given(seed=seeds)
def test_what_is_written_reads_back_as_it_was(seed):
    found = calibrate_feed("feed", (), walk(seed, 600), asked(windows=SLOW_WINDOWS), BARE)
    assert Calibration.model_validate_json(found.model_dump_json(by_alias=True)) == found


def test_more_data_give_a_narrower_interval_on_average():
    how = Resampling(seed=2, resamples=60, interval=0.9)

    def width(n: int, seed: int) -> float:
        history = walk(seed, n)

        def deviation(resample: History) -> dict[str, float]:
            return {"deviation": float(np.std(update_returns(resample)))}

        low, high = feed_intervals(history, deviation, how).ends["deviation"]
        return high - low

    short, long = (np.mean([width(n, seed) for seed in range(8)]) for n in (400, 3_200))
    assert long < 0.6 * short


def test_intervals_of_a_quantile_cover_it_about_as_often_as_they_say():
    """A 99 % quantile of Student's tail in 90 % intervals: three in four at least, being few."""
    how = Resampling(seed=3, resamples=60, interval=0.9)
    truth = float(stats.t.ppf(0.99, 4)) * 1e-3

    def covers(seed: int) -> bool:
        history = walk(seed, 1_500)
        fit = confidence_quantile(-update_returns(history), 0.99)

        def quantile(resample: History) -> dict[str, float]:
            return {"q": repeated_quantile(-update_returns(resample), fit)}

        low, high = feed_intervals(history, quantile, how).ends["q"]
        return low <= truth <= high

    assert np.mean([covers(seed) for seed in range(60)]) >= 0.75


def test_a_right_tail_passes_and_a_wrong_one_fails_the_test_of_fit():
    generator = np.random.default_rng(6)
    right = stats.genpareto.rvs(0.2, size=300, random_state=generator)
    wrong = 1.0 + generator.uniform(0.0, 0.2, size=300)
    assert goodness(right, *fit_pareto(right), seed=1).anderson_darling > 0.05
    assert goodness(wrong, *fit_pareto(wrong), seed=1).anderson_darling < 0.01


def test_a_dependent_series_is_drawn_in_longer_blocks():
    generator = np.random.default_rng(7)
    noise = generator.standard_normal(2_000)
    persistent = np.zeros(2_000)
    for i in range(1, persistent.size):
        persistent[i] = 0.9 * persistent[i - 1] + noise[i]
    assert block_length(persistent) > 3 * block_length(noise)
    assert block_length(np.zeros(1_000)) == 10
    assert block_length(noise, least=24) >= 24
