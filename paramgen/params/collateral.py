"""Bonus, liquidation threshold, loan-to-value and Morpho's LLTV (spec 3.2).

Times are years, rates and volatilities per year and √year, thresholds fractions of value.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from paramgen.params.binding import Binding, ParameterError, greatest, least

MORPHO_MAX_INCENTIVE = 1.15
MORPHO_CURSOR = 0.3
"""MAX_LIQUIDATION_INCENTIVE_FACTOR and LIQUIDATION_CURSOR of morpho-blue's ConstantsLib."""


@dataclass(frozen=True)
class ExitRoute:
    """One way out of the collateral, for one size of sale.

    Parameters
    ----------
    name : "redemption", "pool", …
    impact : s_r(Q), price impact of selling Q in one go, a fraction of price.
    fee : fraction of price.
    time : τ_r in years, from decision to cash.
    """

    name: str
    impact: float
    fee: float
    time: float


def liquidation_bonus(
    routes: Sequence[ExitRoute],
    *,
    z: float,
    volatility: float,
    funding_rate: float,
    gas: float,
    typical_size: float,
) -> Binding:
    """Return b = min_r[s_r(Q_typ) + fee_r + zσ√τ_r + κτ_r] + gas/Q_typ, what a liquidator needs.

    Parameters
    ----------
    routes : at the typical size Q_typ.
    z, volatility : standardised quantile and σ per √year of the price while the route runs.
    funding_rate : κ per year, the liquidator's cost of money.
    gas, typical_size : USD of one liquidation and the median debt it repays.

    Raises
    ------
    ParameterError : no route at all, so that no bonus would bring a liquidator.

    Source: spec 3.2.
    """
    _require_route(routes, "liquidation bonus")
    fixed = gas / typical_size
    return least(
        {
            route.name: route.impact
            + route.fee
            + z * volatility * math.sqrt(route.time)
            + funding_rate * route.time
            + fixed
            for route in routes
        }
    )


def liquidation_threshold(
    kept: float, bonus: float, routes: Sequence[ExitRoute], kept_after: Mapping[str, float]
) -> Binding:
    """Return LT = min{K(H_p)/(1+b), max_r K(H_p+τ_r)(1−s_r(Q*))}.

    Either a liquidator takes the collateral with the bonus, or the protocol sells it itself by its
    best route; the debt must be covered whichever happens.

    Parameters
    ----------
    kept : K(H_p).
    bonus : b, as a fraction.
    routes : at the policy's liquidation size Q*.
    kept_after : K(H_p + τ_r) by route name.

    Raises
    ------
    ParameterError : no route at all, or every one of them loses the whole value.

    Source: spec 3.2.
    """
    _require_route(routes, "liquidation threshold")
    own = greatest({r.name: kept_after[r.name] * (1.0 - r.impact) for r in routes})
    threshold = least(
        {
            "a liquidator acts, K(H_p)/(1+b)": kept / (1.0 + bonus),
            f"own exit by {own.binding}, K(H_p+τ)·(1−s)": own.value,
        }
    )
    if threshold.value <= 0.0:
        raise ParameterError(
            "liquidation threshold", "nothing is left to lend against", threshold.value, 0.0,
            "The asset does not serve as collateral at this size and confidence.",
        )  # fmt: skip
    return threshold


def loan_to_value(
    threshold: float,
    *,
    z: float,
    volatility: float,
    user_time: float,
    rate_max: float,
    accrual: float,
    decay_at_limit: float,
) -> Binding:
    """Return LTV = min{LT·exp(−z_u·σ·√T_user − max(0, r_max−g)·T_user), LT·D(T⁺)}.

    The first leaves the borrower time to act; the second keeps the step at which decay begins from
    liquidating, by silence alone, whoever borrowed at LTV.

    Parameters
    ----------
    threshold : LT.
    z, volatility : z_u of the policy and σ per √year.
    user_time : T_user in years, the notice a borrower is given.
    rate_max, accrual : r_max of the debt and g of the asset, per year.
    decay_at_limit : D(T⁺), `fallback.DecayCurve.at_limit`.

    Source: spec 3.2.
    """
    buffer = z * volatility * math.sqrt(user_time) + max(0.0, rate_max - accrual) * user_time
    return least(
        {
            "time for the borrower to act": threshold * math.exp(-buffer),
            "decay begins, LT·D(T⁺)": threshold * decay_at_limit,
        }
    )


def liquidation_incentive_factor(lltv: float) -> float:
    """Return Morpho Blue's LIF = min(1.15, 1/(1 − 0.3(1 − LLTV))).

    Source: morpho-blue, ConstantsLib and `_liquidationIncentiveFactor`.
    """
    return min(MORPHO_MAX_INCENTIVE, 1.0 / (1.0 - MORPHO_CURSOR * (1.0 - lltv)))


def largest_enabled_lltv(enabled: Iterable[float], threshold: float, kept: float) -> Binding:
    """Return the largest enabled LLTV with LLTV ≤ LT and LLTV·LIF ≤ K(H_p).

    LLTV·LIF rises with LLTV, so the smaller of the two conditions' own largest values meets both.

    Raises
    ------
    ParameterError : no enabled value meets a condition.

    Source: spec 3.2.
    """
    positive = [lltv for lltv in enabled if lltv > 0.0]
    fitting = {
        "LLTV at most LT": [x for x in positive if x <= threshold],
        "LLTV·LIF at most K(H_p)": [
            x for x in positive if x * liquidation_incentive_factor(x) <= kept
        ],
    }
    for condition, values in fitting.items():
        if not values:
            raise ParameterError(
                "LLTV", f"no enabled value has {condition}",
                min(positive, default=math.nan), min(threshold, kept),
                "Use a venue with a free liquidation threshold, or enable a lower LLTV.",
            )  # fmt: skip
    return least({condition: max(values) for condition, values in fitting.items()})


def price_discount(lltv: float, threshold: float, kept: float) -> float:
    """Return the oracle discount d with LLTV(1−d) = LT, zero where LLTV is already below.

    A discount lowers the trigger but cancels in LLTV·LIF, since the liquidator seizes at the same
    discounted price; it is therefore refused where that product does not pass by itself.

    Raises
    ------
    ParameterError : LLTV·LIF exceeds K(H_p).

    Source: spec 3.2.
    """
    product = lltv * liquidation_incentive_factor(lltv)
    if product > kept:
        raise ParameterError(
            "price discount", "it cannot repair LLTV·LIF above K(H_p)", product, kept,
            "Choose a lower enabled LLTV.",
        )  # fmt: skip
    return max(0.0, 1.0 - threshold / lltv)


def loss_after_fall(lltv: float, discount: float, fall: float) -> float:
    """Return the bad debt, per unit of collateral value, of a position at its trigger.

    The debt is LLTV(1−d); after the fall the collateral, seized at the discounted price with the
    incentive, repays (1−fall)(1−d)/LIF of it.
    """
    repaid = (1.0 - fall) * (1.0 - discount) / liquidation_incentive_factor(lltv)
    return max(0.0, lltv * (1.0 - discount) - repaid)


def smart_ltv(
    confidence: float, volatility: float, liquidity: float, debt_cap: float, bonus: float
) -> float:
    """Return the second opinion e^{−cσ/√(l/d)} − β, printed beside ours and binding nothing.

    Parameters
    ----------
    confidence : c, a multiple of σ.
    volatility : σ per √day of the pair.
    liquidity, debt_cap : l and d in one currency, what sells within the bonus and what is lent.
    bonus : β, the liquidation bonus.

    Source: SmartLTV formula (B.Protocol, RiskDAO); spec 3.2.
    """
    return math.exp(-confidence * volatility / math.sqrt(liquidity / debt_cap)) - bonus


def _require_route(routes: Sequence[ExitRoute], field: str) -> None:
    if not routes:
        raise ParameterError(
            field, "no exit route at all", 0.0, 1.0,
            "Declare a redemption, a pool, an order book or an auction for the asset.",
        )  # fmt: skip
