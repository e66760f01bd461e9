"""Liquidity discount (spec 2.3): the cost of the best exit, spread over the holding period.

Two units meet here. A *price* discount D is lost once, at the sale; a *yield* discount is earned
each year. `yield_from_price` and `price_from_yield` convert; nothing else in the model may mix
them.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from paramgen.model.arrays import Bool, Float, FloatLike, as_float, offenders

THIN_DEPTH: Final = 0.10
"""Depth over issuance below which an asset counts as thin, and the least stressed exit."""

THIN_BASE: Final = 50e-4
"""Yield discount at the edge of thinness, per year (50 bp)."""

THIN_CAP: Final = 300e-4
"""Largest yield discount for thin depth, per year (300 bp)."""


def yield_from_price(price_discount: FloatLike, holding_period: FloatLike) -> Float:
    """Continuous yield that repays a price discount over a holding period: −ln(1−D)/h.

    Parameters
    ----------
    price_discount : D, fraction of price. holding_period : h, years.
    """
    return as_float(-np.log1p(-as_float(price_discount)) / as_float(holding_period))


def price_from_yield(yield_discount: FloatLike, holding_period: FloatLike) -> Float:
    """Price discount equal to a continuous yield over a holding period: 1 − e^{−y·h}."""
    return as_float(-np.expm1(-as_float(yield_discount) * as_float(holding_period)))


def redemption_discount(
    fee: FloatLike,
    rate: FloatLike,
    notice: FloatLike,
    volatility: FloatLike,
    quantile: FloatLike,
) -> Float:
    """Price discount of redeeming: fee + rτ + z·σ√τ, at most 1. For the liquidity discount only.

    Collateral parameters (spec 3) count time and volatility elsewhere, once.

    Parameters
    ----------
    fee : fraction. rate : funding, per year. notice : τ, years to cash.
    volatility : σ, per √year. quantile : z of the policy's confidence.
    """
    notice = as_float(notice)
    waiting = as_float(rate) * notice
    risk = as_float(quantile) * as_float(volatility) * np.sqrt(notice)
    return as_float(np.minimum(as_float(fee) + waiting + risk, 1.0))


def best_route(slippage: Float, available: Bool) -> Float:
    """Least slippage over the routes open to each asset (AMM, order book, redemption).

    Parameters
    ----------
    slippage : (..., r) fraction, one column a route; whatever stands in a closed one is ignored.
    available : (..., r).

    Returns
    -------
    (...,) fraction; NaN where an open route's slippage is.

    Raises
    ------
    ValueError : an asset has no route; a missing exit is no cost of zero.
    """
    closed = ~np.any(available, axis=-1)
    if np.any(closed):
        raise ValueError(f"assets at {offenders(closed)} have no exit route")
    return as_float(np.min(np.where(available, slippage, np.inf), axis=-1))


def exit_size(issuance: FloatLike, share: FloatLike = THIN_DEPTH) -> Float:
    """Stressed exit Q in USD: `share` of issuance, never below the tenth that spec 2.3 asks."""
    return as_float(as_float(issuance) * np.maximum(as_float(share), THIN_DEPTH))


def liquidity_discount(slippage: Float, probability: FloatLike, holding_period: FloatLike) -> Float:
    """Yield discount of costly exits: LD = ν·E[s(Q)], ν = 1/holding period.

    Parameters
    ----------
    slippage : (..., k) price discounts of the exit sizes considered, best route each.
    probability : (k,) or (..., k) of those sizes, summing to 1.
    holding_period : (...,) years.

    Source: Amihud and Mendelson, Asset pricing and the bid-ask spread, 1986.
    """
    expected = (as_float(slippage) * as_float(probability)).sum(axis=-1)
    return as_float(expected / as_float(holding_period))


def stressed_active_depth(active_depth: FloatLike, stress_factor: FloatLike) -> Float:
    """Active liquidity left under stress; in October 2025 one pool's fell 300 times, TVL 12 %."""
    return as_float(as_float(active_depth) / as_float(stress_factor))


def relative_depth(
    pool_depth: FloatLike, redemption_capacity: FloatLike, issuance: FloatLike
) -> Float:
    """Depth over issuance δ; redemption capacity over the horizon counts as depth."""
    depth = as_float(pool_depth) + as_float(redemption_capacity)
    return as_float(depth / as_float(issuance))


def thin_depth_discount(relative_depth: FloatLike, exponent: FloatLike = 1.0) -> Float:
    """Yield discount for thin depth: 50 bp·(10 %/δ)^γ below δ = 10 %, at most 300 bp, else 0.

    Parameters
    ----------
    relative_depth : δ ≥ 0, fraction of issuance. exponent : γ.

    Source: the report, section 2 signal map (50 bp to 200–300 bp); spec 2.3.
    """
    depth = as_float(relative_depth)
    with np.errstate(divide="ignore"):
        discount = np.minimum(THIN_BASE * (THIN_DEPTH / depth) ** as_float(exponent), THIN_CAP)
    return as_float(np.where(depth >= THIN_DEPTH, 0.0, discount))


def yield_discount(exit_discount: FloatLike, thin_discount: FloatLike) -> Float:
    """Liquidity discount priced: the larger of the exit's cost and the thin-depth rule.

    Both measure one lack of depth, so they are not added.
    """
    return as_float(np.maximum(as_float(exit_discount), as_float(thin_discount)))
