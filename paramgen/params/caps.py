"""Supply cap and debt ceiling, with the loss they may end in (spec 3.3). Money is USD."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from paramgen.params.binding import Binding, ParameterError, least
from paramgen.params.history import quantise
from paramgen.params.losses import Array

_HALVINGS = 50
_LEAST_CAP = 1.0
"""USD; a smaller cap lands as zero."""
_STUDENT_FREEDOM = 4


def supply_cap(
    capacities: Mapping[str, float],
    *,
    liquidated_share: float,
    liquidation_size: float,
    circulating: float,
    circulating_share: float,
) -> Binding:
    """Return min(Σ_r capacity_r/f_liq, Q*/f_liq, c·circulating) in USD.

    Parameters
    ----------
    capacities : by route, USD that sell at an impact of at most s* within the horizon, on
        stressed *active* depth; a redemption's capacity is what the horizon lets through. A
        missing route is left out: it adds nothing and kills nothing.
    liquidated_share : f_liq, share of the supply to be sold in the stress, in (0, 1].
    liquidation_size : Q*, for which LT was set.
    circulating, circulating_share : USD in circulation and c.

    Raises
    ------
    ParameterError : no route at all, none that takes anything, or a cap below a dollar: an error,
        not a zero, which venues read as no cap at all.

    Source: spec 3.3.
    """
    total = math.fsum(capacities.values())
    if total <= 0.0:
        raise ParameterError(
            "supply cap", "no route takes any of the asset", total, 0.0,
            "Declare a redemption, a pool, an order book or an auction for the asset.",
        )  # fmt: skip
    bound = least(
        {
            "capacity of the routes": total / liquidated_share,
            "liquidation size": liquidation_size / liquidated_share,
            "share of circulation": circulating_share * circulating,
        }
    )
    if bound.value < _LEAST_CAP:
        raise ParameterError(
            "supply cap", f"{bound.binding} leaves less than a dollar", bound.value, _LEAST_CAP,
            f"Raise the {bound.binding}; an asset that may not be supplied is not listed.",
        )  # fmt: skip
    return bound


def debt_ceiling(cap: float, loan_to_value: float) -> float:
    """Return cap·LTV, the debt that the capped supply can carry."""
    return cap * loan_to_value


def simulated_losses(
    generator: np.random.Generator,
    draws: int,
    *,
    volatility: float,
    horizon: float,
    hazard: ArrayLike,
    loss: ArrayLike,
    wind_down: float,
) -> Array:
    """Return (draws,) fractions of value lost over one stress: market move, then default.

    The market move over the horizon is Student-t₄ of volatility σ; each cause strikes within the
    wind-down time with 1 − e^{−λH_c}. Causes are disjoint: at most one strikes, worst first.
    Draws are taken in a fixed order and a rise before a default is not counted on, so that worse
    inputs never lower any draw.

    Parameters
    ----------
    generator : seeded by the caller; same seed, same draws.
    volatility, horizon, wind_down : σ per √year, years, years.
    hazard, loss : (k,) λ per year and ℓ.

    Source: spec 3.3.
    """
    normal = generator.standard_normal((_STUDENT_FREEDOM + 1, draws))
    uniform = generator.random(draws)
    spread = np.sqrt(np.sum(normal[1:] ** 2, axis=0) / _STUDENT_FREEDOM)
    unit = normal[0] / spread * math.sqrt((_STUDENT_FREEDOM - 2.0) / _STUDENT_FREEDOM)
    kept = np.exp(volatility * math.sqrt(horizon) * np.minimum(0.0, unit))

    losses = np.asarray(loss, dtype=np.float64)
    order = np.argsort(-losses, kind="stable")
    probability = -np.expm1(-np.asarray(hazard, dtype=np.float64)[order] * wind_down)
    edges = np.minimum(1.0, np.cumsum(probability))
    cause = np.searchsorted(edges, uniform, side="right")
    jump = np.append(losses[order], 0.0)[cause]
    total: Array = 1.0 - kept * (1.0 - jump)
    return total


@dataclass(frozen=True)
class BadDebt:
    """How a position book fares at a cap; the quantile is what the policy bounds."""

    cap: float
    quantile: float
    mean: float


def bad_debt(
    cap: float,
    losses: Array,
    *,
    position_ltv: ArrayLike,
    bonus: float,
    liquidated_share: float,
    impact: Callable[[float], float],
    confidence: float,
) -> BadDebt:
    """Return the bad debt, in USD, of positions whose collateral fills the cap.

    What is left of the collateral repays debt at the worse of 1/(1+b), a liquidator's, and
    1−s(f·cap), the protocol's own sale of the liquidated share.

    Parameters
    ----------
    losses : (d,) fractions of value, `simulated_losses`.
    position_ltv : (m,) debt over collateral value, equally weighted.
    impact : s(Q), non-decreasing in USD sold.

    Source: spec 3.3.
    """
    recovery = min(1.0 / (1.0 + bonus), 1.0 - impact(liquidated_share * cap))
    repaid = (1.0 - losses)[:, None] * recovery
    shortfall = np.maximum(0.0, np.asarray(position_ltv, dtype=np.float64) - repaid).mean(axis=1)
    level = float(np.quantile(shortfall, confidence, method="higher"))
    return BadDebt(cap, quantise(cap * level), quantise(cap * float(shortfall.mean())))


def target_loss_cap(
    candidates: Binding, amount: float, bad_debt_at: Callable[[float], BadDebt]
) -> Binding:
    """Return the cap with the target-loss check among its candidates.

    The largest cap, no larger than the others allow, whose bad-debt quantile is at most `amount`.
    Bad debt does not fall with the cap, so that halving the interval finds it.

    Parameters
    ----------
    candidates : `supply_cap`.
    amount : the policy's bad debt at confidence α, USD.
    bad_debt_at : `bad_debt` with everything but the cap filled in, on the same draws.

    Raises
    ------
    ParameterError : no cap worth a dollar keeps within the amount.

    Source: spec 3.3.
    """
    if bad_debt_at(candidates.value).quantile <= amount:
        return candidates
    low, high = 0.0, candidates.value
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        within = bad_debt_at(middle).quantile <= amount
        low, high = (middle, high) if within else (low, middle)
    # Six digits, downwards: the search leaves noise that differs between processors.
    step = 10.0 ** (math.floor(math.log10(low)) - 5) if low >= _LEAST_CAP else 1.0
    cap = math.floor(low / step) * step
    if cap < _LEAST_CAP:
        raise ParameterError(
            "supply cap", "any lending passes the policy's bad debt", bad_debt_at(1.0).quantile,
            amount, "Lower the LTV or raise the amount; the asset may not serve as collateral.",
        )  # fmt: skip
    return least({**candidates.candidates, "target loss": cap})
