"""Counterparty and legal premium (spec 2.4).

The counterparty of a token is a chain: custodian, issuing vehicle, servicer, oracle, liquidation
executor. Their defaults and the obligor's are competing risks, of which at most the first
happens, so that no loss is priced both here and as PD·LGD.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from paramgen.model.arrays import Float, FloatLike, as_float


def first_default_probability(hazard: Float, obligor_hazard: FloatLike, time: Float) -> Float:
    """Probability that counterparty j is the first of all to default, in each interval.

    With constant hazards, h_j/H·(e^{−H·t_{i−1}} − e^{−H·t_i}), H the sum over counterparties and
    obligor. The events are disjoint; over counterparties and obligor they sum to 1 − e^{−H·t}.

    Parameters
    ----------
    hazard : (n, k) per year, one column a counterparty.
    obligor_hazard : (n,) per year. time : (m,) years, increasing, from t₁ (t₀ is 0).

    Returns
    -------
    (n, k, m) probabilities.

    Source: cause-specific hazards of competing risks, Kalbfleisch and Prentice, chapter 8.
    """
    share, any_default = _first_of_all(as_float(hazard), obligor_hazard, as_float(time))
    return as_float(share[..., None] * any_default[..., None, :])


def _first_of_all(hazard: Float, obligor_hazard: FloatLike, time: Float) -> tuple[Float, Float]:
    """h_j/H, (n, k), and the probability that any defaults in each interval, (n, m)."""
    total = np.einsum("...k->...", hazard) + as_float(obligor_hazard)
    survival = np.exp(-total[..., None] * time)
    share = np.divide(
        hazard, total[..., None], out=np.zeros_like(hazard), where=total[..., None] != 0.0
    )
    return share, as_float(-np.diff(survival, axis=-1, prepend=1.0))


def credit_valuation_adjustment(
    discounted_exposure: Float, default_probability: Float, recovery: FloatLike
) -> Float:
    """CVA = (1−R)·Σ DF(tᵢ)·EE(tᵢ)·[S(tᵢ₋₁)−S(tᵢ)].

    Parameters
    ----------
    discounted_exposure : (..., m) DF·EE.
    default_probability : (..., m) of default within each interval.
    recovery : (...,) fraction.

    Source: Hull, chapter on CVA and DVA; Basel III, MAR50.
    """
    loss = as_float(discounted_exposure) * as_float(default_probability)
    return as_float((1.0 - as_float(recovery)) * loss.sum(axis=-1))


def running_spread(value: FloatLike, discounted_exposure: Float, time: Float) -> Float:
    """Yearly spread worth `value`: CVA/Σ(DF·EE·Δ).

    Parameters
    ----------
    value : (...,) CVA, in the exposure's units. discounted_exposure : (..., m).
    time : (m,) years, increasing, from t₁.
    """
    annuity = (as_float(discounted_exposure) * np.diff(as_float(time), prepend=0.0)).sum(axis=-1)
    return as_float(as_float(value) / annuity)


def counterparty_spread(
    hazard: Float,
    recovery: Float,
    obligor_hazard: FloatLike,
    discounted_exposure: Float,
    time: Float,
) -> Float:
    """Running CVA spread of the whole chain, each cause's share apart.

    Parameters
    ----------
    hazard, recovery : (n, k), one column a counterparty.
    obligor_hazard : (n,). discounted_exposure : (n, m) or (m,) DF·EE. time : (m,) years.

    Returns
    -------
    (n, k) per year; the sum over the last axis is the CVA term of the composite price.
    """
    # One sum over time for all counterparties: their hazards are constant, so their shares are.
    exposure = as_float(discounted_exposure)
    share, any_default = _first_of_all(as_float(hazard), obligor_hazard, as_float(time))
    lost = credit_valuation_adjustment(exposure, any_default, 0.0)
    value = (1.0 - as_float(recovery)) * share * lost[..., None]
    return running_spread(value, exposure[..., None, :], time)


def forward_exposure(
    *,
    strike: FloatLike,
    forward: FloatLike,
    rate: FloatLike,
    maturity: FloatLike,
    volatility: FloatLike,
    time: FloatLike,
) -> Float:
    """Discounted expected exposure of a long forward at `time`: e^{−rT}·[F·Φ(d₁) − K·Φ(d₂)].

    Source: Hull, credit risk, example of the gold forward (Black 1976 on the forward price).
    """
    strike, forward = as_float(strike), as_float(forward)
    deviation = as_float(volatility) * np.sqrt(as_float(time))
    d1 = np.log(forward / strike) / deviation + 0.5 * deviation
    option = forward * ndtr(d1) - strike * ndtr(d1 - deviation)
    return as_float(np.exp(-as_float(rate) * as_float(maturity)) * option)


@dataclass(frozen=True)
class SwapLegs:
    """Present values of a credit default swap per unit notional; premium and accrual per spread."""

    premium: Float
    accrual: Float
    payoff: Float

    @property
    def par_spread(self) -> Float:
        """Spread a year at which the swap is worth nothing."""
        return as_float(self.payoff / (self.premium + self.accrual))


def credit_default_swap(
    hazard: FloatLike, recovery: FloatLike, rate: FloatLike, years: int
) -> SwapLegs:
    """Legs of a swap paying yearly in arrear, defaults at mid-year.

    Parameters
    ----------
    hazard, rate : (n,) per year, continuous. recovery : (n,). years : whole years to maturity.

    Source: Hull, chapter on credit derivatives, valuation of credit default swaps.
    """
    hazard, rate = as_float(hazard)[..., None], as_float(rate)[..., None]
    end = np.arange(1, years + 1, dtype=np.float64)
    default = np.exp(-hazard * (end - 1.0)) - np.exp(-hazard * end)
    at_default = (default * np.exp(-rate * (end - 0.5))).sum(axis=-1)
    return SwapLegs(
        premium=as_float(np.exp(-(hazard + rate) * end).sum(axis=-1)),
        accrual=as_float(0.5 * at_default),
        payoff=as_float((1.0 - as_float(recovery)) * at_default),
    )


def legal_discount(probability: FloatLike, loss: FloatLike, cost: FloatLike) -> Float:
    """Yield premium for law, by jurisdiction: π_j·L_j + c_j.

    Parameters
    ----------
    probability : π_j a year that a claim must be enforced and fails.
    loss : L_j, fraction lost then. cost : c_j, yearly cost of enforceability, fraction.

    The report gives Singapore alone, 25 bp in all; every other value is an assumption of the
    book. There is no default, BUIDL's included.
    """
    return as_float(as_float(probability) * as_float(loss) + as_float(cost))
