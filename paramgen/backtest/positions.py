"""Borrowers of a simulated book, drawn from a distribution of sizes and of the use of a limit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paramgen.model.arrays import Float, as_float

CENTS = 2
"""Decimals of a debt in USD."""


@dataclass(frozen=True)
class Positions:
    """Borrowers: (n,) tokens of collateral and (n,) USD of debt."""

    collateral: Float
    debt: Float


@dataclass(frozen=True)
class Lognormal:
    """Sizes e^{sN}, s the deviation of the log."""

    deviation: float

    def sizes(self, generator: np.random.Generator, count: int) -> Float:
        """Draw relative sizes."""
        return as_float(generator.lognormal(0.0, self.deviation, count))


@dataclass(frozen=True)
class Pareto:
    """Sizes with P(size > x) = x^{−index}, x ≥ 1."""

    index: float

    def sizes(self, generator: np.random.Generator, count: int) -> Float:
        """Draw relative sizes."""
        return as_float(1.0 + generator.pareto(self.index, count))


def draw_positions(
    seed: int,
    count: int,
    sizes: Lognormal | Pareto,
    *,
    total_debt: float,
    price: float,
    loan_to_value: float,
    usage: tuple[float, float],
) -> Positions:
    """Return borrowers whose loan-to-value is a Beta(`usage`) share of the limit.

    Debts are cents and collateral millionths of a token, which also takes the last bits, different
    between processors, off the draws. The same seed gives the same borrowers.

    Parameters
    ----------
    total_debt : USD, to which the sizes are scaled, save for rounding.
    price : at which they borrowed. loan_to_value : the limit LTV.
    usage : both shape parameters; (5, 2) has mean 0.71 and a tenth of all above 0.91.
    """
    generator = np.random.default_rng(seed)
    size = sizes.sizes(generator, count)
    share = np.clip(generator.beta(*usage, count), 1e-3, 1.0)
    debt = np.round(size * (total_debt / size.sum()), CENTS)
    return Positions(np.round(debt / (share * loan_to_value * price) + 5e-7, 6), debt)
