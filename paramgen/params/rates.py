"""The kinked interest-rate model from what lenders need (spec 3.4).

Rates are simple accrual rates per year of 365 days; utilisation is a fraction.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from paramgen.params.binding import Binding, ParameterError, greatest, least
from paramgen.params.losses import YEAR, Array


def collateral_risk_premium(hazard: ArrayLike, loss: ArrayLike, threshold: ArrayLike) -> Array:
    """Return Σ_j λ_j·max(0, 1 − (1−ℓ_j)/LT), what lenders lose a year on one collateral.

    A cause hurts the lender only beyond the cushion 1 − LT that the borrower provides.

    Parameters
    ----------
    hazard, loss : (..., k) λ per year and ℓ, one column a cause.
    threshold : (...) LT in (0, 1].

    Source: spec 3.4.
    """
    losses = np.asarray(loss, dtype=np.float64)
    cushion = np.asarray(threshold, dtype=np.float64)[..., None]
    lender_loss = np.maximum(0.0, 1.0 - (1.0 - losses) / cushion)
    premium: Array = np.sum(np.asarray(hazard, dtype=np.float64) * lender_loss, axis=-1)
    return premium


def lender_yield(
    risk_free: float, risk_premium: ArrayLike, borrowed_share: ArrayLike, liquidity_premium: float
) -> float:
    """Return y_L = r_f + Σ_i share_i·premium_i + π_L.

    Parameters
    ----------
    risk_free, liquidity_premium : r_f and the policy's π_L, per year.
    risk_premium : (n,) per collateral, `collateral_risk_premium`.
    borrowed_share : (n,) share of the debt that each collateral carries, summing to one.

    Raises
    ------
    ParameterError : the shares do not sum to one.

    Source: spec 3.4.
    """
    share = np.asarray(borrowed_share, dtype=np.float64)
    total = math.fsum(share)
    if not math.isclose(total, 1.0, abs_tol=1e-9):
        raise ParameterError(
            "lender's yield", "borrowed shares must sum to one", total, 1.0,
            "State for every collateral the share of the market's debt it carries.",
        )  # fmt: skip
    weighted = math.fsum(share * np.asarray(risk_premium, dtype=np.float64))
    return risk_free + weighted + liquidity_premium


def optimal_utilisation(outflow_quantile: float, total_value: float) -> float:
    """Return U* = 1 − Q_α(net outflow)/TVL: the liquidity that must be at hand, unborrowed.

    Parameters
    ----------
    outflow_quantile : α-quantile of the net outflow over the policy's window, in USD.
    total_value : TVL in USD.

    Raises
    ------
    ParameterError : the outflow is not positive, so the whole could be lent, or takes all.

    Source: spec 3.4.
    """
    utilisation = 1.0 - outflow_quantile / total_value
    if 0.0 < utilisation < 1.0:
        return utilisation
    raise ParameterError(
        "optimal utilisation", "must lie strictly between 0 and 1", utilisation,
        float(utilisation > 0.0),
        "Check the outflow quantile against the market's total value.",
    )  # fmt: skip


def rate_at_optimal(lender: float, utilisation: float, reserve_factor: float) -> float:
    """Return r(U*) = y_L/(U*·(1−RF)): borrowers pay on U*, lenders receive on the whole.

    Source: spec 3.4; 6.075 %, 0.9 and 0.1 give 7.500 %.
    """
    return lender / (utilisation * (1.0 - reserve_factor))


@dataclass(frozen=True)
class KinkedCurve:
    """Annual rates of a kinked model; `slope_high_binding` names what set the second slope."""

    base: float
    optimal_utilisation: float
    slope_low: float
    slope_high: float
    slope_high_binding: Binding

    def rate(self, utilisation: ArrayLike) -> Array:
        """Return the borrow rate per year at a utilisation in [0, 1]."""
        u = np.asarray(utilisation, dtype=np.float64)
        kink = self.optimal_utilisation
        below = np.minimum(u, kink) / kink
        above = np.maximum(0.0, u - kink) / (1.0 - kink)
        curve: Array = self.base + self.slope_low * below + self.slope_high * above
        return curve


def kinked_curve(
    at_optimal: float, base: float, utilisation: float, elasticity: float, rate_max: float
) -> KinkedCurve:
    """Return base, s₁ = r(U*) − base and s₂ = min(max(s₁, ln(1/U*)/η), r_max − r(U*)).

    The second slope is what brings a full market back to U* when borrowers answer the rate with
    elasticity η; 0.42 years and U* = 0.9 give 25 %.

    Parameters
    ----------
    at_optimal, base, rate_max : r(U*), the base rate and the ceiling, per year.
    utilisation : U* in (0, 1).
    elasticity : η = −∂ln U/∂r in years, its lower credible bound.

    Raises
    ------
    ParameterError : r(U*) is below the base, or the ceiling leaves less than s₁ above U*.

    Source: spec 3.4.
    """
    slope_low = at_optimal - base
    if slope_low < 0.0:
        raise ParameterError(
            "first slope", "the base rate exceeds the rate at the optimum", base, at_optimal,
            "Lower the base rate or its carry floor.",
        )  # fmt: skip
    wanted = greatest(
        {
            "no flatter than the first slope": slope_low,
            "return to the optimum, ln(1/U*)/η": math.log(1.0 / utilisation) / elasticity,
        }
    )
    slope_high = least(
        {wanted.binding: wanted.value, "ceiling, r_max − r(U*)": rate_max - at_optimal}
    )
    if slope_high.value < slope_low:
        raise ParameterError(
            "second slope", "the ceiling leaves less than the first slope", slope_high.value,
            slope_low, "Raise the policy's largest rate or lower the lender's yield.",
        )  # fmt: skip
    return KinkedCurve(base, utilisation, slope_low, slope_high.value, slope_high)


@dataclass(frozen=True)
class CarryCheck:
    """What a leveraged holder earns a year; printed, never binding by itself."""

    carry: float
    borrow_rate: float
    leverage: float
    levered_return: float

    @property
    def pays(self) -> bool:
        """Whether borrowing at the kink to hold more of the asset is worth its while."""
        return self.carry > self.borrow_rate


def carry_check(
    accrual: float, hazard: ArrayLike, loss: ArrayLike, borrow_rate: float, loan_to_value: float
) -> CarryCheck:
    """Hold g − Σλ_jℓ_j against r(U*) at the largest leverage 1/(1−LTV).

    The levered return on own money is L·carry − (L−1)·r. Source: spec 3.4.
    """
    expected_loss = math.fsum(np.ravel(np.multiply(hazard, loss)))
    carry = accrual - expected_loss
    leverage = 1.0 / (1.0 - loan_to_value)
    levered = leverage * carry - (leverage - 1.0) * borrow_rate
    return CarryCheck(carry, borrow_rate, leverage, levered)


def base_with_carry_floor(base: float, carry: float) -> Binding:
    """Return the base rate with the policy's option that an empty market pays no free carry."""
    return greatest({"declared base": base, "carry of the asset": carry})


def per_second(annual: float) -> float:
    """Return the simple accrual rate per second, r/Y, of an annual one."""
    return annual / YEAR
