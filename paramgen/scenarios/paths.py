"""Price paths that nobody observed: resampled returns, and jumps of default (spec 3.7).

Every generator returns `Synthetic`, whose label says how the paths were made. Whatever is had from
them carries that label on, and no output shows one without the other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from paramgen.model.arrays import YEAR_SECONDS, Float, as_float
from paramgen.params.history import quantise

MARK: Final = "SYNTHETIC"
"""With what every label begins, whatever the generator."""


@dataclass(frozen=True)
class Label:
    """What a generated path is, in words that every output repeats.

    method : generator and its parameters. seed : entropy of the draws.
    """

    method: str
    seed: tuple[int, ...]

    def __str__(self) -> str:
        return f"{MARK}: {self.method}; seed {'-'.join(str(part) for part in self.seed)}"


@dataclass(frozen=True)
class Synthetic:
    """Generated paths with their label.

    times : (m + 1,) seconds from the start, the start included.
    prices : (n, m + 1), each path starting at 1.
    """

    label: Label
    times: Float
    prices: Float = field(repr=False)


@dataclass(frozen=True)
class JumpDiffusion:
    """Parameters of Merton's model with disjoint causes of a fall.

    drift : continuous growth between jumps, per year: an asset's accrual.
    volatility : σ per √year. hazard : (k,) λ per year. loss : (k,) fraction lost in each jump.
    """

    drift: float
    volatility: float
    hazard: Float
    loss: Float

    @property
    def method(self) -> str:
        """The parameters, as a label says them."""
        causes = ", ".join(
            f"{rate:.4g} a year losing {lost:.4g}"
            for rate, lost in zip(self.hazard, self.loss, strict=True)
        )
        return (
            f"Merton jump-diffusion, drift {self.drift:.4g}, sigma {self.volatility:.4g}, "
            f"jumps {causes}"
        )


def jump_diffusion(
    model: JumpDiffusion, *, paths: int, steps: int, step: float, seed: tuple[int, ...]
) -> Synthetic:
    """Exact paths of dP/P₋ = g·dt + σ·dW − Σ ℓ_j·dN_j at given times.

    P_t = exp((g − σ²/2)t + σW_t)·Π(1 − ℓ_j)^{N_j(t)}: no step is an approximation, whatever its
    length. The drift is not compensated for the jumps: it is what the asset promises, and the
    jumps are how the promise is broken.

    Parameters
    ----------
    paths, steps : n and m. step : seconds. seed : entropy of a `numpy.random.SeedSequence`.

    Source: Merton, Option pricing when underlying stock returns are discontinuous, 1976,
    equation 14, with jumps of fixed size.
    """
    generator = np.random.default_rng(np.random.SeedSequence(seed))
    span = step / YEAR_SECONDS
    normal = generator.standard_normal((paths, steps))
    increments = (model.drift - 0.5 * model.volatility**2) * span + (
        model.volatility * math.sqrt(span) * normal
    )
    kept = np.ones((paths, steps))
    for rate, lost in zip(model.hazard, model.loss, strict=True):
        # A power, not a sum of logarithms: a cause that takes everything has none.
        kept *= (1.0 - lost) ** generator.poisson(rate * span, (paths, steps))
    prices = np.exp(np.cumsum(increments, axis=1)) * np.cumprod(kept, axis=1)
    return _from_start(Label(model.method, seed), step, prices)


def block_bootstrap(
    returns: Float,
    *,
    paths: int,
    steps: int,
    step: float,
    seed: tuple[int, ...],
    block: float | None = None,
) -> Synthetic:
    """Paths of resampled log returns, in blocks of geometric length, so that dependence is kept.

    Parameters
    ----------
    returns : (k,) log returns at one cadence. paths, steps : n and m.
    step : seconds between returns.
    block : mean length of a block; None for the length of Politis and White.

    Source: Politis and Romano, The stationary bootstrap, 1994; Patton, Politis and White 2009 for
    the length; both by `arch`.
    """
    # The library takes seconds to import, which the other generator should not wait for.
    from arch.bootstrap import StationaryBootstrap  # noqa: PLC0415 - slow

    found = as_float(returns)
    length = max(1, round(mean_block(found) if block is None else block))
    generator = np.random.default_rng(np.random.SeedSequence(seed))
    resampled = StationaryBootstrap(length, found, seed=generator)
    rounds = math.ceil(steps / found.size)
    draws = (data[0][0] for data in resampled.bootstrap(paths * rounds))
    joined = np.concatenate(list(draws)).reshape(paths, rounds * found.size)[:, :steps]
    method = f"stationary block bootstrap of {found.size} returns, mean block {length}"
    return _from_start(Label(method, seed), step, np.exp(np.cumsum(joined, axis=1)))


def mean_block(returns: Float) -> float:
    """Mean block length for a stationary bootstrap, of the returns or their size.

    The longer of the two: clustering shows in the size of returns, not in their sign. Quantised.
    """
    from arch.bootstrap import optimal_block_length  # noqa: PLC0415 - slow, as above

    pair = np.column_stack([returns, np.abs(returns)])
    lengths = optimal_block_length(pair)["stationary"].to_numpy()
    return quantise(float(np.nanmax(np.append(lengths, 1.0))))


def _from_start(label: Label, step: float, prices: Float) -> Synthetic:
    paths, steps = prices.shape
    whole = np.concatenate([np.ones((paths, 1)), prices], axis=1)
    return Synthetic(label, as_float(step * np.arange(steps + 1)), whole)
