"""Benchmark and premia of one asset: liquidity, counterparties, law (spec 2.1, 2.3, 2.4)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from paramgen.book.schema import Book, tenor_years
from paramgen.compiler.credit import Causes, cause_names
from paramgen.compiler.exits import Exit, split_sale
from paramgen.compiler.ledger import Quantity, Scope
from paramgen.model.arrays import Float
from paramgen.model.counterparty import counterparty_spread, legal_discount
from paramgen.model.curve import (
    Curve,
    blended_benchmark,
    oracle_adjusted_rate,
    token_benchmark,
    treasury_curve,
)
from paramgen.model.liquidity import (
    THIN_CAP,
    exit_size,
    liquidity_discount,
    redemption_discount,
    relative_depth,
    thin_depth_discount,
    yield_discount,
)
from paramgen.model.pricing import PriceInputs
from paramgen.model.structure import structural_premium
from paramgen.params.binding import ParameterError
from paramgen.params.losses import YEAR

_EXPOSURE_QUARTERS = np.arange(1, 5) / 4.0


@dataclass(frozen=True)
class Benchmark:
    """Zero curve of the book, one for all assets; None where every asset states its own rate."""

    curve: Curve


def benchmark(book: Book) -> Benchmark:
    """Bootstrap the book's curve.

    Raises
    ------
    ValueError
        For negative forwards or unknown tenors, naming them.
    """
    return Benchmark(treasury_curve({k: float(v) for k, v in book.curve.par_yields.items()}))


def risk_free(scope: Scope, book: Book, marks: Benchmark) -> float:
    """Benchmark rate of the asset, continuous per year, raised for oracle noise (spec 2.1)."""
    used: tuple[str, ...]
    if scope.asset.risk_free is not None:
        rate, how, used = scope.take("risk_free"), "as stated", (scope.path("risk_free"),)
    elif scope.asset.tenor is not None:
        rate, how, used = _treasury(scope, book, marks, scope.asset.tenor)
    else:
        rate, how, used = _on_chain(scope, book)
    noise = scope.maybe("market.noise.deviation")
    if noise is not None:
        horizon = scope.take("market.noise.horizon") / YEAR
        rate = float(oracle_adjusted_rate(rate, noise**2, horizon))
        how = f"{how} + ½·Var[ln(oracle/reference)]/Δ"
        used = (*used, *(scope.path(f"market.noise.{part}") for part in ("deviation", "horizon")))
    return scope.ledger.derive("risk_free", rate, "1/year", how, *used)


def _on_chain(scope: Scope, book: Book) -> tuple[float, str, tuple[str, ...]]:
    found, path = book.curve.on_chain, "curve.on_chain.rate"
    if found is None:
        raise ParameterError(
            "benchmark", "a provider premium stands on an on-chain rate, and there is none",
            math.nan, math.nan, "Give curve.on_chain, or a tenor of the Treasury curve.",
        )  # fmt: skip
    rate = token_benchmark(scope.shared(path, found.rate), scope.take("provider_premium"))
    return float(rate), "on-chain rate + provider premium", (path, scope.path("provider_premium"))


def _treasury(
    scope: Scope, book: Book, marks: Benchmark, tenor: str
) -> tuple[float, str, tuple[str, ...]]:
    pillars = [(f"curve.par_yields.{name}", found) for name, found in book.curve.par_yields.items()]
    for path, found in pillars:
        scope.shared(path, found)
    zero, used = _zero(marks, tenor), tuple(path for path, _ in pillars)
    on_chain = book.curve.on_chain
    if on_chain is None:
        return zero, f"zero rate at {tenor}", used
    parts = ("rate", "weight", "age", "maximum_age", "tolerance")
    read = {p: scope.shared(f"curve.on_chain.{p}", getattr(on_chain, p)) for p in parts}
    try:
        blended = blended_benchmark(
            zero,
            read["rate"],
            weight=read["weight"],
            age=read["age"],
            maximum_age=read["maximum_age"],
            tolerance=read["tolerance"],
        )
    except ValueError:
        raise ParameterError(
            "benchmark", "the on-chain rate is stale or too far from the Treasury's",
            read["rate"], zero, "Read it anew, or leave curve.on_chain out.",
        ) from None  # fmt: skip
    used = (*used, *(f"curve.on_chain.{part}" for part in parts))
    return float(blended), f"(1−w)·zero rate at {tenor} + w·on-chain rate", used


def _zero(marks: Benchmark, tenor: str) -> float:
    years = tenor_years(tenor)
    try:
        return float(marks.curve.zero(years))
    except ValueError as error:
        raise ParameterError(
            "benchmark", f"the curve has no rate at {tenor}: {error}", years, math.nan,
            "Give curve.par_yields a pillar at or beyond the tenor.",
        ) from None  # fmt: skip


def counterparty_premium(scope: Scope, found: Causes) -> float:
    """Running CVA of all intermediaries, or the book's own figure (spec 2.4)."""
    ledger = scope.ledger
    stated = scope.maybe("cva")
    if stated is not None:
        return ledger.derive("counterparty", stated, "1/year", "as stated", scope.path("cva"))
    if len(found.names) == 1:
        return ledger.derive("counterparty", 0.0, "1/year", "no intermediary named")
    spread = counterparty_spread(
        found.hazard[None, 1:],
        1.0 - found.loss[None, 1:],
        found.hazard[:1],
        np.ones_like(_EXPOSURE_QUARTERS),
        _EXPOSURE_QUARTERS,
    )
    formula = "CVA/Σ(DF·EE·Δ) over disjoint first defaults, one year by quarters"
    names = cause_names(scope, found)
    return ledger.derive("counterparty", float(spread.sum()), "1/year", formula, *names)


def legal_premium(scope: Scope, book: Book) -> float:
    """Legal discount of the jurisdiction, raised for a discretionary waterfall."""
    name = scope.asset.jurisdiction
    law, at = book.jurisdictions[name], f"jurisdictions.{scope.asset.jurisdiction}"
    if law.premium is not None:
        premium, used = scope.shared(f"{at}.premium", law.premium), [f"{at}.premium"]
        how = "as stated"
    else:
        parts = [(part, getattr(law, part)) for part in ("probability", "loss", "cost")]
        read = [scope.shared(f"{at}.{part}", found) for part, found in parts]
        premium, how = float(legal_discount(*read)), "π·L + c"
        used = [f"{at}.{part}" for part, _ in parts]
    structure = scope.asset.structure
    if structure is not None and structure.waterfall_premium is not None:
        surcharge = scope.take("structure.waterfall_premium")
        skipping = structure.discretionary_waterfall
        premium = float(structural_premium(premium, skipping, surcharge))
        used.append(scope.path("structure.waterfall_premium"))
    return scope.ledger.derive("legal", premium, "1/year", how, *used)


@dataclass(frozen=True)
class ExitCosts:
    """What the liquidity premium is made of."""

    calm: tuple[Exit, ...]
    stressed: tuple[Exit, ...]
    volatility: float
    z: float


def liquidity_premium(scope: Scope, routes: ExitCosts, rate: float) -> float:
    """LD = ν·E[s(Q)] against the thin-depth rule, or the book's own figure (spec 2.3)."""
    ledger = scope.ledger
    stated = scope.maybe("liquidity.premium")
    if stated is not None:
        # A stated premium has no exits behind it; like the thin-depth rule it goes with 1/depth,
        # and ends where that does.
        path, thin = scope.path("liquidity.premium"), stated / float(scope.stress.depth)
        stated = max(stated, min(thin, THIN_CAP))
        return ledger.derive("liquidity", stated, "1/year", "as stated", path)
    issuance = scope.take("issuance")
    size = float(exit_size(issuance, scope.rule("liquidity.exit_share")))
    stress = scope.rule("liquidity.stress_probability")
    holding = scope.take("liquidity.holding_period") / YEAR

    def waiting(route: Exit, time: float) -> float:
        """Fee, funding and price risk while a route takes its time; for the premium alone."""
        return float(redemption_discount(route.fee, rate, time, routes.volatility, routes.z))

    slippage = [split_sale(group, size, waiting) for group in (routes.calm, routes.stressed)]
    spread = float(
        liquidity_discount(np.asarray(slippage), np.asarray([1.0 - stress, stress]), holding)
    )
    used = tuple(name for name in ledger.quantities if ".liquidity." in name)
    used = (*used, scope.path("issuance"), "policy.liquidity.exit_share", "volatility", "risk_free")
    exit_cost = ledger.derive("exit_cost", spread, "1/year", "E[s(Q)]/holding period", *used)
    depth = [exit_depth(group, issuance) for group in (routes.calm, routes.stressed)]
    shown = ledger.derive("relative_depth", min(depth), "1", "stressed depth / issuance", *used)
    exponent = scope.rule("liquidity.thin_exponent")
    thin = ledger.derive(
        "thin_depth", float(thin_depth_discount(shown, exponent)), "1/year",
        "50 bp·(10 %/δ)^γ below δ = 10 %, at most 300 bp", "relative_depth",
        "policy.liquidity.thin_exponent",
    )  # fmt: skip
    formula = "larger of exit cost and thin-depth rule"
    found = float(yield_discount(exit_cost, thin))
    return ledger.derive("liquidity", found, "1/year", formula, "exit_cost", "thin_depth")


def exit_depth(group: tuple[Exit, ...], issuance: float) -> float:
    """δ of a group of exits: pools, books and redemption capacity over issuance."""
    return float(relative_depth(_pooled(group), _redeemable(group), issuance))


def _pooled(group: tuple[Exit, ...]) -> float:
    return sum(route.reserve + sum(route.sizes) for route in group)


def _redeemable(group: tuple[Exit, ...]) -> float:
    return sum(route.capacity for route in group if not route.reserve and not route.prices)


def price_inputs(quantities: Mapping[str, Quantity]) -> PriceInputs:
    """The composite price's arguments, (1,) each."""

    def value(name: str) -> Float:
        return np.asarray([quantities[name].value])

    return PriceInputs(
        risk_free=value("risk_free"),
        default_probability=value("default_probability"),
        loss_given_default=value("loss_given_default"),
        liquidity=value("liquidity"),
        market=value("market"),
        counterparty=value("counterparty"),
        legal=value("legal"),
    )
