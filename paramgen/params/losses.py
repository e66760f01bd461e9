"""Losses over a horizon, and what is kept after them (spec 3.1).

Times are years of 365 days, rates continuous per year, losses fractions of value. All functions
broadcast over assets. NaN in, NaN out: the book has validated.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from paramgen.model.arrays import YEAR_SECONDS, Float, as_float
from paramgen.params.binding import ParameterError

Array = Float

YEAR = float(YEAR_SECONDS)
"""Seconds in the ACT/365F year of every rate and volatility here."""


def protection_horizon(staleness: ArrayLike, detection: ArrayLike, auction: ArrayLike) -> Array:
    """Return H_p = T + detection + auction, the time a fall runs before collateral is sold.

    All in one unit of time, (n,) or scalar. An exit route adds its own time to it; legal time
    enters only the loss given default. Source: spec 3.1.
    """
    total: Array = as_float(staleness) + as_float(detection) + as_float(auction)
    return total


def loss_quantile(z: ArrayLike, volatility: ArrayLike, horizon: ArrayLike) -> Array:
    """Return q_α(H) = z·σ·√H, the quantile of the log loss.

    Parameters
    ----------
    z : standardised α-quantile, from data (`tails.confidence_quantile`).
    volatility : per √year.
    horizon : years.
    """
    quantile: Array = as_float(z) * as_float(volatility) * np.sqrt(as_float(horizon))
    return quantile


def market_loss(quantile: ArrayLike) -> Array:
    """Return h_m = max(0, 1 − e^{−q}) of a log-loss quantile q, never below zero for a gain."""
    return np.maximum(0.0, -np.expm1(-as_float(quantile)))


def default_jump_loss(
    hazard: ArrayLike, loss: ArrayLike, wind_down: ArrayLike, confidence: float
) -> Array:
    """Return h_d, the expected shortfall of the jump from disjoint causes of default.

    h_d = Σ m_j·ℓ_j/(1−α), worst losses first, m_j = min(p_j, 1 − α − Σ_{i<j} m_i),
    p_j = 1 − e^{−λ_j·H_c}. It is smooth and monotone in every input, where a rule that switches
    to the recovery once p exceeds 1 − α is a cliff.

    Parameters
    ----------
    hazard : (..., k) λ per year, one column a cause (obligor, custodian, …).
    loss : (..., k) ℓ, fraction lost given the cause, price impact excluded.
    wind_down : (...) H_c in years, the time to wind the market down.
    confidence : α in (0, 1).

    Source: expected shortfall of a discrete loss, McNeil, Frey and Embrechts, §2.3; spec 3.1.
    """
    hazards, losses = np.broadcast_arrays(as_float(hazard), as_float(loss))
    probability = -np.expm1(-hazards * as_float(wind_down)[..., None])
    order = np.argsort(-losses, axis=-1, kind="stable")
    tail = 1.0 - confidence
    cumulative = np.cumsum(np.take_along_axis(probability, order, axis=-1), axis=-1)
    mass = np.diff(np.minimum(cumulative, tail), axis=-1, prepend=0.0)
    shortfall: Array = np.sum(mass * np.take_along_axis(losses, order, axis=-1), axis=-1) / tail
    return shortfall


def oracle_loss(deviation: float, tolerance: float | None, band_up: float | None) -> float:
    """Return ε = 1 − e^{−(δ + min(tolerance, X_up))}, the largest overstatement served as Live.

    Parameters
    ----------
    deviation : δ, the feed's own deviation threshold.
    tolerance : largest log distance of the two sources; None with a single source.
    band_up : X_up of the band; None where no band stands.

    Raises
    ------
    ParameterError : neither bound is present, so that nothing limits the overstatement.

    Age is not counted here: staleness is in the horizon H_p. Source: spec 3.1.
    """
    present = [bound for bound in (tolerance, band_up) if bound is not None]
    if not present:
        raise ParameterError(
            "oracle loss", "no bound on an overstated price", np.inf, np.inf,
            "Give the asset a second source with a tolerance, or a band around an anchor.",
        )  # fmt: skip
    return float(-np.expm1(-(deviation + min(present))))


def kept_fraction(
    default: ArrayLike,
    market: ArrayLike,
    oracle: ArrayLike,
    rate_max: ArrayLike,
    horizon: ArrayLike,
) -> Array:
    """Return K(H) = (1−h_d)(1−h_m(H))(1−ε)·e^{−r_max·H}, what a unit of collateral still covers.

    Parameters
    ----------
    default, market, oracle : h_d, h_m(H) and ε, fractions in [0, 1].
    rate_max : r_max per year, at which the debt grows while nobody sells.
    horizon : H in years.
    """
    survives = (1.0 - as_float(default)) * (1.0 - as_float(market)) * (1.0 - as_float(oracle))
    kept: Array = survives * np.exp(-as_float(rate_max) * as_float(horizon))
    return kept


def haircut(kept: ArrayLike) -> Array:
    """Return the published haircut 1 − K(H_p)."""
    return 1.0 - as_float(kept)


SUPERVISORY_HAIRCUTS: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "sovereign, weight 0 %": (0.005, 0.02, 0.04),
        "sovereign, weight 20 or 50 %": (0.01, 0.03, 0.06),
        "sovereign, weight 100 %": (0.15,),
        "corporate, weight 20 %": (0.01, 0.04, 0.08),
        "corporate, weight 50 %": (0.02, 0.06, 0.12),
        "corporate, weight 100 %": (0.04, 0.08, 0.16),
        "securitisation": (0.04, 0.12, 0.24),
        "main-index equity or gold": (0.15,),
        "other equity": (0.25,),
        "other": (0.25,),
    }
)
"""Ten-day haircuts of 12 CFR 324.132 table 1; three columns are residual maturities of up to one
year, up to five years, and longer; one column holds for every maturity."""
_MATURITY_LIMITS = (1.0, 5.0)


def supervisory_haircut(category: str, maturity: float) -> float:
    """Return the ten-business-day haircut of 12 CFR 324.132 for a residual maturity in years.

    Raises KeyError for a category that table 1 does not list.
    """
    row = SUPERVISORY_HAIRCUTS[category]
    column = bisect_left(_MATURITY_LIMITS, maturity)
    return row[min(column, len(row) - 1)]


def supervisory_warning(
    haircut_ten_days: float, category: str, maturity: float, factor: float = 2.0
) -> str | None:
    """Compare a ten-day haircut of ours with the supervisory one; None when inside the band.

    The band runs from 1/factor to factor times the supervisory figure. The table is a plausibility
    check only: our haircut is never moved towards it. Source: spec 3.1.
    """
    standard = supervisory_haircut(category, maturity)
    low, high = standard / factor, standard * factor
    if low <= haircut_ten_days <= high:
        return None
    side = "below" if haircut_ten_days < low else "above"
    return (
        f"ten-day haircut {haircut_ten_days:.2%} lies {side} the band {low:.2%} to {high:.2%} "
        f"around the supervisory {standard:.2%} for {category}, maturity {maturity:g} years "
        "(12 CFR 324.132)"
    )
