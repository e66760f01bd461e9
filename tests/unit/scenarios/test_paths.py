"""Generated paths: their law, their seeds, and the label that goes with them everywhere."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from paramgen.model.arrays import YEAR_SECONDS
from paramgen.scenarios.paths import (
    MARK,
    JumpDiffusion,
    Synthetic,
    block_bootstrap,
    jump_diffusion,
    mean_block,
)

DAY = 86_400.0
MODEL = JumpDiffusion(0.05, 0.2, np.array([0.8, 0.3]), np.array([0.1, 0.4]))


def log_returns(found):
    return np.diff(np.log(found.prices), axis=1)


def clustered(size, seed=5):
    """Returns whose size persists and whose sign does not: an ARCH recursion."""
    draws = np.random.default_rng(seed).standard_normal(size)
    returns = np.zeros(size)
    for i in range(1, size):
        returns[i] = draws[i] * math.sqrt(1e-5 + 0.8 * returns[i - 1] ** 2)
    return returns


def autocorrelation(values, lag=1):
    centred = values - values.mean(axis=-1, keepdims=True)
    return float((centred[..., lag:] * centred[..., :-lag]).sum() / (centred**2).sum())


@pytest.mark.parametrize("steps", [1, 12, 365])
def test_jump_diffusion_has_merton_s_moments_whatever_the_step(steps):
    """E[P_T] = e^{(g − Σλℓ)T}; the logarithm's variance is σ²T + Σλ·ln²(1 − ℓ)·T."""
    found = jump_diffusion(
        MODEL, paths=40_000 // min(steps, 4), steps=steps, step=YEAR_SECONDS / steps, seed=(3,)
    )
    final = found.prices[:, -1]
    n = final.size
    mean = math.exp(0.05 - float(MODEL.hazard @ MODEL.loss))
    assert abs(final.mean() - mean) < 4.0 * final.std() / math.sqrt(n)
    logs = np.log(final)
    jumps = np.log1p(-MODEL.loss)
    variance = 0.2**2 + float(MODEL.hazard @ jumps**2)
    fourth = np.mean((logs - logs.mean()) ** 4)
    assert abs(logs.var() - variance) < 4.0 * math.sqrt((fourth - variance**2) / n)
    drift = 0.05 - 0.5 * 0.2**2 + float(MODEL.hazard @ jumps)
    assert abs(logs.mean() - drift) < 4.0 * math.sqrt(variance / n)


def test_jump_counts_are_poisson_with_the_hazard():
    """Without diffusion or drift each fall is a jump, and their number says λT."""
    rate, lost, paths = 1.5, 0.2, 20_000
    model = JumpDiffusion(0.0, 0.0, np.array([rate]), np.array([lost]))
    found = jump_diffusion(model, paths=paths, steps=24, step=YEAR_SECONDS / 24, seed=(11,))
    counts = np.rint(np.log(found.prices[:, -1]) / math.log1p(-lost)).astype(int)
    seen = np.bincount(np.minimum(counts, 6), minlength=7)
    expected = np.append(stats.poisson.pmf(range(6), rate), stats.poisson.sf(5, rate)) * paths
    assert stats.chisquare(seen, expected).pvalue > 1e-3


def test_a_jump_that_takes_everything_leaves_nothing_and_no_nan():
    model = JumpDiffusion(0.0, 0.3, np.array([2.0]), np.array([1.0]))
    prices = jump_diffusion(model, paths=500, steps=12, step=30 * DAY, seed=(1,)).prices
    assert np.isfinite(prices).all()
    ruined = prices == 0.0
    assert 0.5 < ruined[:, -1].mean() < 1.0
    assert np.all(ruined[:, 1:] >= ruined[:, :-1])


def test_without_jumps_it_is_geometric_brownian_motion():
    model = JumpDiffusion(0.0, 0.4, np.zeros(0), np.zeros(0))
    found = jump_diffusion(model, paths=400, steps=50, step=DAY, seed=(8,))
    unit = (log_returns(found) + 0.5 * 0.16 / 365) / (0.4 / math.sqrt(365))
    assert stats.kstest(unit.ravel(), "norm").pvalue > 1e-3


def test_blocks_keep_the_autocorrelation_that_single_draws_lose():
    returns = clustered(4_000)
    size = autocorrelation(np.abs(returns))
    assert size > 0.2
    whole = np.abs(log_returns(block_bootstrap(returns, paths=40, steps=4_000, step=60, seed=(2,))))
    single = np.abs(
        log_returns(block_bootstrap(returns, paths=40, steps=4_000, step=60, seed=(2,), block=1))
    )
    assert autocorrelation(whole) > 0.6 * size
    assert abs(autocorrelation(single)) < 0.02


def test_the_bootstrap_keeps_the_moments_of_what_it_draws_from():
    returns = clustered(2_000)
    drawn = log_returns(block_bootstrap(returns, paths=200, steps=2_000, step=60, seed=(4,)))
    assert drawn.std() == pytest.approx(returns.std(), rel=0.03)
    assert abs(drawn.mean() - returns.mean()) < 0.1 * returns.std()
    assert np.isin(np.round(drawn, 12), np.round(returns, 12)).all()


@pytest.mark.parametrize("steps", [10, 100, 350])
def test_the_bootstrap_makes_paths_shorter_and_longer_than_the_history(steps):
    found = block_bootstrap(clustered(100), paths=7, steps=steps, step=DAY, seed=(0,))
    assert found.prices.shape == (7, steps + 1)
    assert found.times == pytest.approx(DAY * np.arange(steps + 1))


def test_the_mean_block_is_longer_where_sizes_cluster():
    plain = np.random.default_rng(3).standard_normal(4_000)
    assert mean_block(clustered(4_000)) > 2.0 * mean_block(plain)


def made(seed):
    returns = clustered(300)
    return (
        jump_diffusion(MODEL, paths=5, steps=20, step=DAY, seed=seed),
        block_bootstrap(returns, paths=5, steps=20, step=DAY, seed=seed),
    )


def test_the_seed_alone_decides():
    for one, again, other in zip(made((7, 1)), made((7, 1)), made((7, 2)), strict=True):
        assert one.prices.tobytes() == again.prices.tobytes()
        assert one.prices.tobytes() != other.prices.tobytes()


def test_every_generated_path_says_that_it_is_synthetic_how_and_from_what_seed():
    for found in made((7, 1)):
        assert isinstance(found, Synthetic)
        text = str(found.label)
        assert text.startswith(f"{MARK}: ")
        assert text.endswith("seed 7-1")
        assert found.label.method in text
