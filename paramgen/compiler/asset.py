"""One asset from evidence to real-valued parameters, in the order of spec 3.0."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from paramgen.book.policy import Policy
from paramgen.book.schema import Book
from paramgen.compiler import collateral, credit, oracle, premia
from paramgen.compiler.exits import exits
from paramgen.compiler.fits import Fits
from paramgen.compiler.ledger import Ledger, Quantity, Scope
from paramgen.model.pricing import (
    UNSTRESSED,
    Decomposition,
    RiskDrivers,
    decompose,
    decompose_one_period,
    market_premium,
)
from paramgen.params.binding import ParameterError
from paramgen.params.fallback import DecayMode, decay_factor
from paramgen.params.losses import YEAR, Array


@dataclass(frozen=True)
class Derived:
    """Everything that was derived of one asset, before rounding."""

    identifier: str
    quantities: Mapping[str, Quantity]
    causes: credit.Causes

    def value(self, name: str) -> float:
        """A quantity's value by its standard name."""
        return self.quantities[name].value


def price_asset(scope: Scope, book: Book, marks: premia.Benchmark, fits: Fits) -> credit.Causes:
    """Benchmark, credit, premia and the composite price; everything that T and σ allow."""
    rate = premia.risk_free(scope, book, marks)
    pd, lgd = credit.note(scope, book)
    credit.exposure(scope)
    found = credit.causes(scope, book, pd, lgd)
    z, volatility = oracle.price_statistics(scope, fits)
    limit = oracle.staleness(scope, fits)
    _market(scope, limit)
    calm, stressed = exits(scope, stressed=False), exits(scope, stressed=True)
    premia.liquidity_premium(scope, premia.ExitCosts(calm, stressed, volatility, z), rate)
    premia.counterparty_premium(scope, found)
    premia.legal_premium(scope, book)
    _composite(scope)
    return found


def derive_asset(
    identifier: str,
    book: Book,
    policy: Policy,
    marks: premia.Benchmark,
    fits: Fits,
    *,
    stress: RiskDrivers = UNSTRESSED,
) -> Derived:
    """Every parameter of one asset, real-valued, with its because.

    Parameters
    ----------
    stress : multipliers of risk: what would be derived, were they so.

    Raises
    ------
    ParameterError
        Naming the parameter that evidence and policy do not allow, or the asset whose inputs stand
        where a formula has no value.
    """
    try:
        return _derive(
            Scope(identifier, book.assets[identifier], policy, Ledger(), stress), book, marks, fits
        )
    except ParameterError:
        raise
    except (ValueError, ArithmeticError) as error:
        raise ParameterError(
            "derivation", f"a formula has no value here: {error}", math.nan, math.nan,
            "Look for an input at the edge of its range, such as 0 % or 100 %.",
        ) from error  # fmt: skip


def _derive(scope: Scope, book: Book, marks: premia.Benchmark, fits: Fits) -> Derived:
    found = price_asset(scope, book, marks, fits)
    ledger = scope.ledger
    z, volatility = ledger.value("z"), ledger.value("volatility")
    limit = ledger.value("primary_staleness")
    oracle.staleness_loss(scope, z, volatility, limit)
    up, _ = oracle.band(scope, fits)
    allowed = oracle.tolerance(scope, fits.tolerance)
    oracle.decay(scope, found, z, volatility, limit)
    oracle.overstatement(scope, allowed, up)
    oracle.reference(scope)
    covers, horizon = collateral.kept(scope, found)
    routes = exits(scope, stressed=True)
    _, threshold, _ = collateral.thresholds(scope, covers, horizon, routes)
    collateral.rates(scope, found, threshold, fits.outflow)
    collateral.caps(scope, found, covers, routes)
    return Derived(scope.identifier, ledger.quantities, found)


def compiled_decay(derived: Derived, policy: Policy) -> Callable[[Array], Array]:
    """D(τ) of ages in seconds as derived, of which the encoded decay is a lower bound."""
    risk = oracle.decay_risk(
        derived.causes, derived.value("z"), derived.value("volatility"), float(policy.confidence)
    )
    limit, mode = derived.value("primary_staleness"), DecayMode(policy.oracle.decay)
    return lambda ages: decay_factor(ages, risk, limit, mode)


@dataclass(frozen=True)
class Stressed:
    """One asset under multipliers of risk, with the thresholds that it was given before.

    composite_yield, expected_loss : per year.
    ordinary, tail : what a unit of collateral keeps over H_p, by an ordinary outcome (one standard
        deviation of the market, the expected default loss) and at the policy's confidence.
    recovered_ordinary, recovered_tail : what selling it then brings, by a liquidator where the
        bonus still pays him, else by the protocol's own exits.
    volatility, causes : what moves the price under the stress.
    """

    volatility: float
    causes: credit.Causes
    composite_yield: float
    expected_loss: float
    ordinary: float
    tail: float
    recovered_ordinary: float
    recovered_tail: float


def stressed_price(
    identifier: str,
    book: Book,
    policy: Policy,
    marks: premia.Benchmark,
    fits: Fits,
    *,
    stress: RiskDrivers,
    bonus: float,
) -> Stressed:
    """Price an asset under multipliers of risk, and what its collateral then brings.

    At the tail that the thresholds were set for they hold by construction, so what breaks them is
    asked of the ordinary outcome; the tail says what is lost beyond.

    Parameters
    ----------
    bonus : b as it was set before the stress.
    """
    scope = Scope(identifier, book.assets[identifier], policy, Ledger(), stress)
    found = price_asset(scope, book, marks, fits)
    up, _ = oracle.band(scope, fits)
    oracle.overstatement(scope, oracle.tolerance(scope, fits.tolerance), up)
    tail, horizon = collateral.kept(scope, found)
    horizon *= float(stress.horizon)
    struck = -np.expm1(-found.hazard * scope.rule("horizons.wind_down") / YEAR)
    ordinary = replace(tail, z=1.0, default=min(1.0, float(struck @ found.loss)))
    routes = exits(scope, stressed=True)
    value = scope.ledger.value
    return Stressed(
        value("volatility"),
        found,
        value("composite_yield"),
        value("expected_loss"),
        ordinary.after(horizon),
        tail.after(horizon),
        collateral.recovered(scope, ordinary, horizon, routes, bonus),
        collateral.recovered(scope, tail, horizon, routes, bonus),
    )


def decomposition(derived: Derived) -> Decomposition:
    """The composite price by cause, (1,) each."""
    return decompose(premia.price_inputs(derived.quantities))


def _market(scope: Scope, limit: float) -> None:
    deviation, delay = scope.take("market.deviation"), scope.take("market.delay")
    weights = ("deviation_weight", "delay_weight")
    by_deviation, by_delay = (scope.rule(f"market.{weight}") for weight in weights)
    premium = market_premium(
        deviation, delay, limit, deviation_weight=by_deviation, staleness_weight=by_delay
    )
    scope.ledger.derive(
        "market", float(premium), "1/year", "k₁·max(0, deviation − 50 bp) + k₂·max(0, τ/T − 1)",
        scope.path("market.deviation"), scope.path("market.delay"), "primary_staleness",
        *(f"policy.market.{weight}" for weight in weights),
    )  # fmt: skip


def _composite(scope: Scope) -> None:
    ledger = scope.ledger
    parts = decompose(premia.price_inputs(ledger.quantities))
    ledger.derive(
        "expected_loss", parts.expected_loss.item(), "1/year", "PD·LGD",
        "default_probability", "loss_given_default",
    )  # fmt: skip
    names = ("risk_free", "expected_loss", "liquidity", "market", "counterparty", "legal")
    formula = "r_f + PD·LGD + LD + S_mkt + CVA + Legal"
    ledger.derive("composite_yield", parts.total.item(), "1/year", formula, *names)
    exact = decompose_one_period(premia.price_inputs(ledger.quantities)).total.item()
    formula = "the same with −ln(1 − PD·LGD), exact over one period"
    ledger.derive("composite_yield_one_period", exact, "1/year", formula, *names)
