"""Collateral and rate parameters of one asset: thresholds, rates, caps (spec 3.1–3.4)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from paramgen.compiler.credit import Causes, cause_names
from paramgen.compiler.exits import Exit, able, split_sale
from paramgen.compiler.fits import ShareFit
from paramgen.compiler.ledger import Scope
from paramgen.params.binding import Binding, ParameterError
from paramgen.params.breaker import check_band_ceiling
from paramgen.params.caps import (
    BadDebt,
    bad_debt,
    debt_ceiling,
    simulated_losses,
    supply_cap,
    target_loss_cap,
)
from paramgen.params.collateral import liquidation_bonus, liquidation_threshold, loan_to_value
from paramgen.params.losses import (
    YEAR,
    default_jump_loss,
    haircut,
    kept_fraction,
    loss_quantile,
    market_loss,
    protection_horizon,
)
from paramgen.params.rates import (
    base_with_carry_floor,
    collateral_risk_premium,
    kinked_curve,
    lender_yield,
    optimal_utilisation,
    rate_at_optimal,
)


@dataclass(frozen=True)
class Kept:
    """K(H) of one asset with everything but the horizon filled in."""

    default: float
    oracle: float
    z: float
    volatility: float
    rate_max: float

    def after(self, horizon: float) -> float:
        """K(H), H in years."""
        market = market_loss(loss_quantile(self.z, self.volatility, horizon))
        return float(kept_fraction(self.default, market, self.oracle, self.rate_max, horizon))


def kept(scope: Scope, found: Causes) -> tuple[Kept, float]:
    """K and the horizon H_p in years (spec 3.1)."""
    ledger = scope.ledger
    detection, auction = (scope.rule(f"horizons.{name}") for name in ("detection", "auction"))
    limit = ledger.value("primary_staleness")
    horizon = float(protection_horizon(limit, detection, auction)) / YEAR
    ledger.derive(
        "protection_horizon", horizon * YEAR, "s", "H_p = T + detection + auction",
        "primary_staleness", "policy.horizons.detection", "policy.horizons.auction",
    )  # fmt: skip
    wind_down, confidence = scope.rule("horizons.wind_down") / YEAR, scope.rule("confidence")
    jump = float(default_jump_loss(found.hazard, found.loss, wind_down, confidence))
    ledger.derive(
        "default_loss", jump, "1", "h_d = Σ m_j·ℓ_j/(1−α) over H_c",
        *cause_names(scope, found), "policy.horizons.wind_down", "policy.confidence",
    )  # fmt: skip
    covers = Kept(
        jump,
        ledger.value("oracle_loss"),
        ledger.value("z"),
        ledger.value("volatility"),
        scope.rule("rates.maximum"),
    )
    market = float(market_loss(loss_quantile(covers.z, covers.volatility, horizon)))
    ledger.derive(
        "market_loss", market, "1", "h_m(H_p) = 1 − e^{−zσ√H_p}",
        "z", "volatility", "protection_horizon",
    )  # fmt: skip
    parts = ("default_loss", "market_loss", "oracle_loss")
    ledger.derive(
        "kept", covers.after(horizon), "1", "K(H_p) = (1−h_d)(1−h_m)(1−ε)·e^{−r_max·H_p}",
        *parts, "policy.rates.maximum", "protection_horizon",
    )  # fmt: skip
    ledger.derive("haircut", float(haircut(covers.after(horizon))), "1", "1 − K(H_p)", "kept")
    return covers, horizon


def _route_names(scope: Scope) -> tuple[str, ...]:
    return tuple(name for name in scope.ledger.quantities if ".liquidity.routes." in name)


def _sale(routes: tuple[Exit, ...], size: float, field: str) -> tuple[Exit, ...]:
    taking = able(routes, size)
    if taking or not routes:
        return taking
    largest = max(route.capacity for route in routes)
    raise ParameterError(
        field, "no single exit takes the policy's liquidation size", largest, size,
        "Lower the policy's size, or declare the capacity of a further exit.",
    )  # fmt: skip


def thresholds(
    scope: Scope, covers: Kept, horizon: float, routes: tuple[Exit, ...]
) -> tuple[float, float, float]:
    """Bonus, LT and LTV (spec 3.2)."""
    ledger = scope.ledger
    size, typical = scope.rule("liquidation.size"), scope.rule("liquidation.typical_size")
    bonus_bound = _bonus(scope, covers, _sale(routes, typical, "liquidation bonus"), typical)
    used = (*_route_names(scope), "z", "volatility")
    rules = ("typical_size", "gas", "funding_rate")
    bonus = ledger.bind(
        "liquidation_bonus", bonus_bound, "1", "min_r[s_r + fee_r + zσ√τ_r + κτ_r] + gas/Q_typ",
        *used, *(f"policy.liquidation.{rule}" for rule in rules),
    )  # fmt: skip
    taking = _sale(routes, size, "liquidation threshold")
    after = {route.name: covers.after(horizon + route.time) for route in taking}
    own = [route.quoted(size) for route in taking]
    lt = ledger.bind(
        "liquidation_threshold",
        liquidation_threshold(covers.after(horizon), bonus, own, after),
        "1",
        "min{K(H_p)/(1+b), max_r K(H_p+τ_r)·(1−s_r(Q*))}",
        "kept", "liquidation_bonus", *used, "policy.liquidation.size",
    )  # fmt: skip
    check_band_ceiling(ledger.value("band_down"), lt, bonus)
    user = scope.rule("horizons.user") / YEAR
    ltv_bound = loan_to_value(
        lt,
        z=scope.rule("horizons.user_z"),
        volatility=covers.volatility,
        user_time=user,
        rate_max=covers.rate_max,
        accrual=scope.take("accrual"),
        decay_at_limit=ledger.value("decay_at_limit"),
    )
    ltv = ledger.bind(
        "ltv", ltv_bound, "1", "min{LT·e^{−z_u·σ·√T_user − (r_max−g)⁺·T_user}, LT·D(T⁺)}",
        "liquidation_threshold", "decay_at_limit", "volatility", scope.path("accrual"),
        "policy.horizons.user", "policy.horizons.user_z", "policy.rates.maximum",
    )  # fmt: skip
    return bonus, lt, ltv


def _bonus(scope: Scope, covers: Kept, routes: tuple[Exit, ...], typical: float) -> Binding:
    return liquidation_bonus(
        [route.quoted(typical) for route in routes],
        z=covers.z,
        volatility=covers.volatility,
        funding_rate=scope.rule("liquidation.funding_rate"),
        gas=scope.rule("liquidation.gas"),
        typical_size=typical,
    )


def recovered(
    scope: Scope, covers: Kept, horizon: float, routes: tuple[Exit, ...], bonus: float
) -> float:
    """What a unit of collateral brings after a horizon in years, with a bonus set before.

    A liquidator pays K(H)/(1+b) where the bonus is at least what he needs now; else the protocol
    sells by its best exit or, where none takes the policy's size whole, by all of them. What no
    exit ever takes brings nothing.
    """
    size, typical = scope.rule("liquidation.size"), scope.rule("liquidation.typical_size")
    after = {route.name: covers.after(horizon + route.time) for route in routes}
    own = [after[route.name] * (1.0 - route.impact(size)) for route in able(routes, size)]
    taking = able(routes, typical)
    needed = _bonus(scope, covers, taking, typical).value if taking else math.inf
    liquidator = covers.after(horizon) / (1.0 + bonus) if needed <= bonus else 0.0
    return (
        max(liquidator, *own)
        if own
        else max(liquidator, _sold_apart(covers, horizon, routes, size))
    )


def _sold_apart(covers: Kept, horizon: float, routes: tuple[Exit, ...], size: float) -> float:
    """What all exits together bring of a sale that none takes whole; zero where they do not."""
    now = covers.after(horizon)
    if now <= 0.0:
        return 0.0

    def waiting(route: Exit, time: float) -> float:
        return route.fee + 1.0 - covers.after(horizon + time) / now

    try:
        return now * (1.0 - split_sale(routes, size, waiting))
    except ParameterError:
        return 0.0


def rates(scope: Scope, found: Causes, lt: float, outflow: ShareFit | None) -> None:
    """Lender's yield and the kinked curve (spec 3.4); the outflow calibrated, or as stated."""
    ledger = scope.ledger
    premium = float(collateral_risk_premium(found.hazard, found.loss, lt))
    ledger.derive(
        "collateral_premium", premium, "1/year", "Σ λ_j·max(0, 1 − (1−ℓ_j)/LT)",
        *cause_names(scope, found), "liquidation_threshold",
    )  # fmt: skip
    wanted = lender_yield(
        ledger.value("risk_free"), [premium], [1.0], scope.rule("rates.liquidity_premium")
    )
    ledger.derive(
        "lender_yield", wanted, "1/year", "r_f + collateral premium + π_L",
        "risk_free", "collateral_premium", "policy.rates.liquidity_premium",
    )  # fmt: skip
    leaving = scope.take("lending.outflow") if outflow is None else outflow.value
    kink = optimal_utilisation(leaving, 1.0)
    formula = "U* = 1 − Q_α(net outflow)/TVL"
    if outflow is None:
        ledger.derive("kink", kink, "1", formula, scope.path("lending.outflow"))
    else:
        ledger.derive("kink", kink, "1", f"{formula} ← {outflow.cited}", on=outflow.cited)
    at_kink = rate_at_optimal(wanted, kink, scope.rule("rates.reserve_factor"))
    ledger.derive(
        "rate_at_kink", at_kink, "1/year", "y_L/(U*·(1−RF))",
        "lender_yield", "kink", "policy.rates.reserve_factor",
    )  # fmt: skip
    base = _base_rate(scope, found)
    curve = kinked_curve(
        at_kink, base, kink, scope.take("lending.elasticity"), scope.rule("rates.maximum")
    )
    ledger.derive("slope_1", curve.slope_low, "1/year", "r(U*) − base", "rate_at_kink", "base_rate")
    ledger.bind(
        "slope_2", curve.slope_high_binding, "1/year",
        "min(max(s₁, ln(1/U*)/η), r_max − r(U*))",
        "slope_1", "kink", "rate_at_kink", scope.path("lending.elasticity"),
        "policy.rates.maximum",
    )  # fmt: skip


def _base_rate(scope: Scope, found: Causes) -> float:
    ledger, stated = scope.ledger, scope.take("lending.base_rate")
    path = scope.path("lending.base_rate")
    if not scope.policy.rates.carry_floor:
        return ledger.derive("base_rate", stated, "1/year", "as stated", path)
    carry = scope.take("accrual") - float(found.hazard @ found.loss)
    bound = base_with_carry_floor(stated, carry)
    names = cause_names(scope, found)
    formula = "no lower than the asset's carry"
    return ledger.bind("base_rate", bound, "1/year", formula, path, scope.path("accrual"), *names)


def caps(scope: Scope, found: Causes, covers: Kept, routes: tuple[Exit, ...]) -> None:
    """Supply cap and debt ceiling with the target-loss check by simulation (spec 3.3)."""
    ledger, policy = scope.ledger, scope.policy
    bonus, ltv = ledger.value("liquidation_bonus"), ledger.value("ltv")
    slippage, share = (
        scope.rule(f"liquidation.{name}") for name in ("largest_slippage", "fraction")
    )
    horizon = scope.rule("caps.horizon") / YEAR
    candidates = supply_cap(
        {route.name: route.capacity_within(slippage, horizon) for route in routes},
        liquidated_share=share,
        liquidation_size=scope.rule("liquidation.size"),
        circulating=scope.take("circulating"),
        circulating_share=scope.rule("caps.circulating_share"),
    )
    losses = simulated_losses(
        np.random.default_rng(policy.caps.seed),
        policy.caps.simulations,
        volatility=covers.volatility,
        horizon=ledger.value("protection_horizon") / YEAR,
        hazard=found.hazard,
        loss=found.loss,
        wind_down=scope.rule("horizons.wind_down") / YEAR,
    )

    def shortfall(cap: float) -> BadDebt:
        return bad_debt(
            cap,
            losses,
            position_ltv=[ltv],
            bonus=bonus,
            liquidated_share=share,
            impact=lambda size: _best_impact(routes, size),
            confidence=float(policy.confidence),
        )

    amount = scope.rule("caps.target_loss")
    bound: Binding = target_loss_cap(candidates, amount, shortfall)
    rules = tuple(name for name in ledger.quantities if name.startswith("policy.caps."))
    sizes = ("size", "fraction", "largest_slippage")
    cap = ledger.bind(
        "supply_cap", bound, "USD",
        "min(Σ capacity_r(s ≤ s*)/f, Q*/f, c·circulating, target loss)",
        *_route_names(scope), scope.path("circulating"), "ltv", "liquidation_bonus", "volatility",
        "protection_horizon", *cause_names(scope, found), *rules,
        *(f"policy.liquidation.{size}" for size in sizes), "policy.horizons.wind_down",
    )  # fmt: skip
    quantile = shortfall(cap).quantile
    ledger.derive("bad_debt", quantile, "USD", "α-quantile of bad debt at the cap", "supply_cap")
    ceiling = debt_ceiling(cap, ltv)
    ledger.derive("debt_ceiling", ceiling, "USD", "cap·LTV", "supply_cap", "ltv")


def _best_impact(routes: tuple[Exit, ...], size: float) -> float:
    """Impact of the best single exit; the whole value where none takes the size."""
    return min((route.impact(size) + route.fee for route in able(routes, size)), default=1.0)
