"""Market premium and composite price (spec 2.5, 2.7), its sensitivities and stresses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np
from scipy.optimize import brentq

from paramgen.model.arrays import Float, FloatLike, as_float

DEVIATION_FREE: Final = 50e-4
"""Oracle deviation that carries no premium (0.5 %; the report's signal map)."""


def market_premium(
    deviation: FloatLike,
    age: FloatLike,
    staleness_limit: FloatLike,
    *,
    deviation_weight: FloatLike,
    staleness_weight: FloatLike,
) -> Float:
    """S_mkt = k₁·max(0, deviation − 50 bp) + k₂·max(0, τ/T − 1), per year.

    Parameters
    ----------
    deviation : of the oracle from its reference, fraction. age, staleness_limit : τ and T, any
        one unit. deviation_weight, staleness_weight : k₁ and k₂, per year, from policy.
    """
    beyond = np.maximum(as_float(deviation) - DEVIATION_FREE, 0.0)
    late = np.maximum(as_float(age) / as_float(staleness_limit) - 1.0, 0.0)
    return as_float(as_float(deviation_weight) * beyond + as_float(staleness_weight) * late)


@dataclass(frozen=True)
class PriceInputs:
    """What the composite price is made of, each (n,); rates and premia continuous, per year."""

    risk_free: Float
    default_probability: Float
    loss_given_default: Float
    liquidity: Float
    market: Float
    counterparty: Float
    legal: Float


@dataclass(frozen=True)
class Decomposition:
    """The composite price by cause, (n,) each, per year; the parts sum to `total`."""

    risk_free: Float
    expected_loss: Float
    liquidity: Float
    market: Float
    counterparty: Float
    legal: Float

    @property
    def total(self) -> Float:
        """Composite yield, (n,) per year."""
        return as_float(sum(getattr(self, field.name) for field in fields(self)))


def decompose(inputs: PriceInputs) -> Decomposition:
    """Additive price: y = r_f + PD·LGD + LD + S_mkt + CVA + Legal.

    Source: the report, section 2.5.1.
    """
    return _composed(inputs, inputs.default_probability * inputs.loss_given_default)


def decompose_one_period(inputs: PriceInputs) -> Decomposition:
    """Exact one-year price: e^y·(1 − PD·LGD) = e^{y of the other parts}.

    The expected-loss part becomes −ln(1 − PD·LGD), never below the additive PD·LGD; the other
    parts are already continuous. PD·LGD = 1 has no finite price and gives infinity.

    Source: recovery of market value over one period, Duffie and Singleton 1999, equation 2.
    """
    with np.errstate(divide="ignore"):
        loss = -np.log1p(-inputs.default_probability * inputs.loss_given_default)
    return _composed(inputs, as_float(loss))


def _composed(inputs: PriceInputs, loss: Float) -> Decomposition:
    return Decomposition(
        risk_free=inputs.risk_free,
        expected_loss=loss,
        liquidity=inputs.liquidity,
        market=inputs.market,
        counterparty=inputs.counterparty,
        legal=inputs.legal,
    )


def sensitivities(
    inputs: PriceInputs,
    price: Callable[[PriceInputs], Decomposition] = decompose,
    *,
    shift: float = 0.2,
) -> dict[str, tuple[Float, Float]]:
    """Change of the price when one input at a time is multiplied by 1 − shift and 1 + shift.

    Returns
    -------
    Input's name to (change down, change up), each (n,) per year. `risk_free` is listed with the
    rest; "liquidity is the largest" holds of the premia alone.

    Source: the report, section 2.5.3.
    """
    base = price(inputs).total
    return {
        field.name: (
            as_float(price(_scaled(inputs, field.name, 1.0 - shift)).total - base),
            as_float(price(_scaled(inputs, field.name, 1.0 + shift)).total - base),
        )
        for field in fields(inputs)
    }


def _scaled(inputs: PriceInputs, name: str, factor: float) -> PriceInputs:
    return replace(inputs, **{name: getattr(inputs, name) * factor})


@dataclass(frozen=True)
class RiskDrivers:
    """What a stress moves, (n,) each; also the multipliers that move them (1 leaves alone).

    Parameters
    ----------
    default_probability, loss_given_default : fractions. depth : USD.
    volatility : per √year. horizon : years.
    """

    default_probability: FloatLike
    loss_given_default: FloatLike
    depth: FloatLike
    volatility: FloatLike
    horizon: FloatLike


UNSTRESSED: Final = RiskDrivers(1.0, 1.0, 1.0, 1.0, 1.0)


def stressed(drivers: RiskDrivers, multiplier: RiskDrivers) -> RiskDrivers:
    """Drivers times multipliers; a default probability or loss stays at most 1."""
    moved = {
        field.name: as_float(getattr(drivers, field.name)) * getattr(multiplier, field.name)
        for field in fields(drivers)
    }
    for name in ("default_probability", "loss_given_default"):
        moved[name] = np.minimum(moved[name], 1.0)
    return RiskDrivers(**moved)


def stress_table(
    price: Callable[[RiskDrivers], Float],
    drivers: RiskDrivers,
    scenarios: Mapping[str, RiskDrivers],
) -> dict[str, Float]:
    """Price under each scenario's multipliers, (n,) each, by the scenario's name.

    `price` maps drivers to a yield (or any (n,) figure); how depth, volatility and horizon reach
    it is the asset's exit, which the caller knows.
    """
    return {name: price(stressed(drivers, by)) for name, by in scenarios.items()}


def shocked(direction: RiskDrivers, size: float) -> RiskDrivers:
    """Multipliers of a shock of `size` along `direction`: each direction's component to its power.

    Direction (2, 1, ½, 1, 1) and size 1 double the default probability and halve the depth;
    size 0 changes nothing; sizes compound.
    """
    return RiskDrivers(
        **{
            field.name: as_float(getattr(direction, field.name)) ** size
            for field in fields(direction)
        }
    )


def coverage_margin(collateral_kept: FloatLike, threshold: FloatLike, bonus: FloatLike) -> Float:
    """How much collateral is left beyond debt and bonus at the threshold: K − LT·(1 + b)."""
    return as_float(as_float(collateral_kept) - as_float(threshold) * (1.0 + as_float(bonus)))


def reverse_stress(margin: Callable[[float], float], *, largest: float, steps: int = 64) -> float:
    """Smallest shock at which `margin` is no longer ≥ 0.

    Parameters
    ----------
    margin : of a shock ≥ 0, for example `coverage_margin` of what is kept along `shocked`.
    largest : where the search ends. steps : the search looks this often for the first failure,
        so that a margin which recovers is still caught, then refines within one step.

    Returns
    -------
    The shock; 0 where the margin fails unshocked, infinity where it holds throughout, NaN where
    it is NaN.

    Source: spec 2.7; root by Brent's method (scipy).
    """
    held = 0.0
    for shock in np.linspace(0.0, largest, steps + 1):
        value = margin(float(shock))
        if np.isnan(value):
            return float("nan")
        if value < 0.0:
            return float(shock) if shock == 0.0 else float(brentq(margin, held, float(shock)))
        held = float(shock)
    return float("inf")
