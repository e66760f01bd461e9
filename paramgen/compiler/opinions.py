"""Second opinions beside the parameters: other venues, supervisors, rules of thumb; none binds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from paramgen.book.policy import Policy
from paramgen.book.schema import Asset, AssetClass
from paramgen.compiler.asset import Derived
from paramgen.compiler.fits import Fits
from paramgen.params.binding import ParameterError
from paramgen.params.collateral import largest_enabled_lltv, smart_ltv
from paramgen.params.losses import (
    YEAR,
    loss_quantile,
    market_loss,
    supervisory_haircut,
    supervisory_warning,
)
from paramgen.params.rates import carry_check

_TEN_DAYS = 10.0 / 365.0
_DAYS = 365.0

SUPERVISORY: Mapping[AssetClass, tuple[str, float]] = {
    AssetClass.TREASURY: ("sovereign, weight 0 %", 0.5),
    AssetClass.CASH: ("sovereign, weight 0 %", 0.5),
    AssetClass.RECEIVABLE: ("securitisation", 0.5),
    AssetClass.CORPORATE_NOTE: ("corporate, weight 100 %", 0.5),
    AssetClass.REAL_ESTATE: ("other", 1.0),
    AssetClass.COMMODITY: ("other", 1.0),
    AssetClass.FUND: ("other equity", 1.0),
    AssetClass.HASH_POWER: ("other", 1.0),
    AssetClass.BASKET: ("securitisation", 1.0),
}
"""Row of 12 CFR 324.132 and maturity in years that each class is held against."""


@dataclass(frozen=True)
class Opinions:
    """Figures printed beside ours.

    Attributes
    ----------
    lltv : largest enabled Morpho LLTV, None where none passes, with the reason in `warnings`.
    smart_ltv : e^{−cσ/√(l/d)} − β.
    levered_carry : what a holder levered to LTV earns a year; positive loops invite leverage.
    comparables : by venue, our LTV and LT less theirs.
    given_away : −ln LT by cause, so that a difference from others can be laid at its cause.
    """

    lltv: float | None
    smart_ltv: float
    levered_carry: float
    comparables: Mapping[str, tuple[float, float]]
    given_away: Mapping[str, float]
    warnings: tuple[str, ...]


def opinions(asset: Asset, policy: Policy, derived: Derived, fits: Fits) -> Opinions:
    """Gather every second opinion on one asset."""
    value = derived.value
    lltv, refusal = _lltv(policy, derived)
    carry = carry_check(
        value("accrual"), derived.causes.hazard, derived.causes.loss, value("rate_at_kink"),
        value("ltv"),
    )  # fmt: skip
    fitted = [fit.warnings for fit in (fits.price, fits.band) if fit is not None]
    supervised = _supervised(asset, derived)
    return Opinions(
        lltv=lltv,
        smart_ltv=smart_ltv(
            value("z"), value("volatility") / _DAYS**0.5, value("supply_cap"),
            value("debt_ceiling"), value("liquidation_bonus"),
        ),
        levered_carry=carry.levered_return,
        comparables={
            other.venue: (
                value("ltv") - float(other.ltv),
                value("liquidation_threshold") - float(other.liquidation_threshold),
            )
            for other in asset.comparables
        },
        given_away=_given_away(derived, float(policy.rates.maximum)),
        warnings=(*(text for group in fitted for text in group), *supervised, *refusal),
    )  # fmt: skip


def _given_away(derived: Derived, rate_max: float) -> Mapping[str, float]:
    """Parts of −ln LT: K(H_p) is a product, and what LT leaves of it goes to the exit."""
    value = derived.value
    losses = ("default_loss", "market_loss", "oracle_loss")
    parts = {name.removesuffix("_loss"): -math.log1p(-value(name)) for name in losses}
    parts["rates"] = rate_max * value("protection_horizon") / YEAR
    return {**parts, "exit": math.log(value("kept") / value("liquidation_threshold"))}


def _lltv(policy: Policy, derived: Derived) -> tuple[float | None, tuple[str, ...]]:
    enabled = [float(lltv) for lltv in policy.enabled_lltvs]
    try:
        bound = largest_enabled_lltv(
            enabled, derived.value("liquidation_threshold"), derived.value("kept")
        )
    except ParameterError as error:
        return None, (f"{error.field}: {error.message}",)
    return bound.value, ()


def _supervised(asset: Asset, derived: Derived) -> tuple[str, ...]:
    """Supervisory haircuts cover prices and hint at jumps; ours are told apart, so both are held.

    What is too low is judged on the whole haircut, what is too high on its market part alone.
    """
    category, maturity = SUPERVISORY[asset.asset_class]
    theirs = supervisory_haircut(category, maturity)
    quantile = loss_quantile(derived.value("z"), derived.value("volatility"), _TEN_DAYS)
    market, whole = float(market_loss(quantile)), derived.value("haircut")
    doubted = whole if whole < theirs else market if market > theirs else None
    warning = None if doubted is None else supervisory_warning(doubted, category, maturity)
    return (warning,) if warning else ()
