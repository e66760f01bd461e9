"""Credit of one asset: PD, LGD, structure, and the disjoint causes of a jump (spec 2.2, 2.6)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from paramgen.book.credit import Cohort, Credit, Logit, Role
from paramgen.book.schema import Book
from paramgen.compiler.ledger import Scope
from paramgen.model.arrays import Float
from paramgen.model.credit import (
    LogitFit,
    SignalPrior,
    exposure_at_default,
    floored,
    hazard_rate,
    loss_given_default,
    score_with_missing_signals,
    smoothed_default_probability,
    upper_credible_bound,
)
from paramgen.model.signals import (
    raise_for_coverage,
    raise_for_downgrade,
    raise_for_exit,
    raise_for_missing_proof,
)
from paramgen.model.structure import (
    Basket,
    attachment_point,
    senior_default_probability,
    tranche_expected_loss,
    tranche_expected_shortfall,
    two_point,
)
from paramgen.params.losses import YEAR


@dataclass(frozen=True)
class Causes:
    """Disjoint causes of a jump: the obligor first, then each intermediary.

    hazard : (k,) per year. loss : (k,) fraction lost, price impact excluded.
    """

    names: tuple[str, ...]
    hazard: Float
    loss: Float


def credit(scope: Scope, prefix: str = "") -> tuple[float, float]:
    """PD over one year and LGD of the obligor itself, before any structure (spec 2.2)."""
    return _probability(scope, prefix), _loss(scope, prefix)


def _probability(scope: Scope, prefix: str) -> float:
    ledger, form = scope.ledger, _form(scope)
    if form.pd is not None:
        base, how = scope.take("credit.pd"), "as stated"
        used = [scope.path("credit.pd")]
    elif form.cohort is not None:
        base, how, used = _from_cohort(scope, form.cohort)
    elif form.logit is not None:
        base, how, used = _from_logit(scope, form.logit)
    else:
        raise KeyError(f"{scope.identifier}: no form of PD")
    if form.floor is not None:
        base, how = float(floored(base, scope.take("credit.floor"))), f"{how}, floored"
        used.append(scope.path("credit.floor"))
    coverage = scope.maybe("credit.signals.custody_coverage")
    if coverage is not None:
        base = float(raise_for_coverage(base, coverage, scope.rule("signals.coverage")))
        how = f"{how}; log-odds raised for missing custody coverage"
        used += [scope.path("credit.signals.custody_coverage"), "policy.signals.coverage"]
    base = min(1.0, base * float(scope.stress.default_probability))
    return ledger.derive(f"{prefix}default_probability", base, "1", how, *used)


def _form(scope: Scope) -> Credit:
    form = scope.asset.credit
    if form is None:
        raise KeyError(f"{scope.identifier}: a basket has no credit of its own")
    return form


def _from_cohort(scope: Scope, cohort: Cohort) -> tuple[float, str, list[str]]:
    prior, weight = scope.take("credit.cohort.prior"), scope.take("credit.cohort.weight")
    used = [scope.path("credit.cohort.prior"), scope.path("credit.cohort.weight")]
    quantile = scope.maybe("credit.cohort.quantile")
    if quantile is not None:
        bound = upper_credible_bound(cohort.defaults, cohort.obligors, prior, weight, quantile)
        used.append(scope.path("credit.cohort.quantile"))
        return float(bound), "BetaInv(q; κπ₀+d, κ(1−π₀)+n−d)", used
    estimate = cohort.defaults / cohort.obligors if cohort.obligors else float("nan")
    smoothed = smoothed_default_probability(estimate, cohort.obligors, prior, weight)
    return float(smoothed), "(n·p̂ + κπ₀)/(n + κ)", used


def _from_logit(scope: Scope, form: Logit) -> tuple[float, str, list[str]]:
    at = "credit.logit"
    groups = {"on_chain": form.on_chain, "off_chain": form.off_chain}
    signals = [f"{at}.{group}.{name}" for group, found in groups.items() for name in found]

    def column(part: str, absent: float) -> Float:
        read = (scope.maybe(f"{signal}.{part}") for signal in signals)
        return np.asarray([absent if value is None else value for value in read])

    values = column("value", math.nan)
    score = np.asarray([scope.take(f"{at}.intercept"), *column("coefficient", 0.0)])
    fit = LogitFit(score, np.zeros((score.size, score.size)), math.nan)
    scored = score_with_missing_signals(
        fit,
        np.asarray([[1.0, *values]]),
        SignalPrior(
            np.asarray([1.0, *column("mean", 0.0)]), np.asarray([0.0, *column("deviation", 0.0)])
        ),
        last_known=np.asarray([[math.nan, *column("last_known", math.nan)]]),
        quantile=scope.rule("confidence"),
    )
    prior, weight = scope.take(f"{at}.prior"), scope.take(f"{at}.weight")
    smoothed = smoothed_default_probability(
        scored.upper.item(), scope.take(f"{at}.observations"), prior, weight
    )
    used = [scope.path(f"{at}.{name}") for name in ("intercept", "prior", "weight", "observations")]
    parts = ("coefficient", "value", "last_known", "mean", "deviation")
    used += [scope.path(f"{signal}.{part}") for signal in signals for part in parts]
    if not np.isnan(values).any():
        return float(smoothed), "logit smoothed to the prior", used
    how = "logit smoothed to the prior, what is missing at its worse known value and widened"
    return max(float(smoothed), prior), how, [*used, "policy.confidence"]


def _loss(scope: Scope, prefix: str) -> float:
    ledger, form = scope.ledger, _form(scope)
    if form.lgd is not None:
        base, how = scope.take("credit.lgd"), "as stated"
        used = [scope.path("credit.lgd")]
    else:
        at = "credit.recovery"
        names = ("recoverability", "enforceability", "slippage", "return_time", "cost")
        read = {name: scope.take(f"{at}.{name}") for name in names}
        used = [*(scope.path(f"{at}.{name}") for name in names), "risk_free"]
        known = ledger.quantities.get("risk_free")
        base = float(
            loss_given_default(
                recoverability=read["recoverability"],
                enforceability=read["enforceability"],
                exit_slippage=read["slippage"],
                rate=known.value if known else 0.0,
                return_time=read["return_time"] / YEAR,
                cost=read["cost"],
            )
        )
        how = "1 − clip(recoverability·enforceability·(1−s)·e^{−rτ} − c, 0, 1)"
    unproven = scope.maybe("credit.signals.unproven_collateral")
    if unproven is not None:
        base = float(raise_for_missing_proof(base, unproven, scope.rule("signals.proof")))
        how = f"{how}; raised for unproven collateral"
        used += [scope.path("credit.signals.unproven_collateral"), "policy.signals.proof"]
    base = min(1.0, base * float(scope.stress.loss_given_default))
    return ledger.derive(f"{prefix}loss_given_default", base, "1", how, *used)


def note(scope: Scope, book: Book, prefix: str = "") -> tuple[float, float]:
    """PD and LGD of what is tokenised: the obligor's, a tranche's, or a basket's (spec 2.6)."""
    if scope.asset.basket is not None:
        return _of_basket(scope, book, prefix)
    if scope.asset.structure is None:
        return credit(scope, prefix)
    return _of_tranche(scope, prefix)


def _of_tranche(scope: Scope, prefix: str) -> tuple[float, float]:
    pd, lgd = credit(scope, f"{prefix}pool_")
    attachment, correlation = _attachment(scope, prefix)
    pool = (f"{prefix}pool_default_probability", f"{prefix}pool_loss_given_default")
    used = (*pool, f"{prefix}attachment", scope.path("structure.correlation"))
    hit = senior_default_probability(pd, lgd, correlation, attachment)
    formula = "Φ((Φ⁻¹(p) − √(1−ρ)·Φ⁻¹(A/lgd))/√ρ), chance that the note is hit at all"
    scope.ledger.derive(f"{prefix}senior_default_probability", float(hit), "1", formula, *used)
    expected = float(tranche_expected_loss(pd, lgd, correlation, attachment))
    confidence = scope.rule("confidence")
    worst = float(tranche_expected_shortfall(pd, lgd, correlation, attachment, confidence))
    return _two_point(scope, prefix, expected, worst, used)


def _of_basket(scope: Scope, book: Book, prefix: str) -> tuple[float, float]:
    basket = scope.asset.basket
    if basket is None:
        raise KeyError("basket")
    rows: list[tuple[float, float, float]] = []
    used: list[str] = []
    for index, member in enumerate(basket.members):
        inner = scope.member(member.asset, book.assets[member.asset])
        name = f"{prefix}member {member.asset}: "
        weight = scope.take(f"basket.members.{index}.weight")
        rows.append((weight, *note(inner, book, name)))
        used += [f"{name}default_probability", f"{name}loss_given_default"]
        used.append(scope.path(f"basket.members.{index}.weight"))
    weights, pds, lgds = np.asarray(rows).T
    attachment, correlation = _attachment(scope, prefix)
    pool = Basket(weights[None], pds[None], lgds[None], np.full((1, len(rows)), correlation))
    used += [f"{prefix}attachment", scope.path("structure.correlation")]
    expected = float(pool.tranche_expected_loss(attachment)[0])
    worst = float(pool.tranche_expected_shortfall(attachment, scope.rule("confidence"))[0])
    return _two_point(scope, prefix, expected, worst, tuple(used))


def _attachment(scope: Scope, prefix: str) -> tuple[float, float]:
    parts = (scope.take("structure.overcollateral"), scope.take("structure.reserve"))
    paths = (scope.path("structure.overcollateral"), scope.path("structure.reserve"))
    formula = "(OC + reserve)/(1 + OC + reserve)"
    found = float(attachment_point(*parts))
    attachment = scope.ledger.derive(f"{prefix}attachment", found, "1", formula, *paths)
    return attachment, scope.take("structure.correlation")


def _two_point(
    scope: Scope, prefix: str, expected: float, worst: float, used: tuple[str, ...]
) -> tuple[float, float]:
    """A jump with the pool's own EL and ES: LGD = ES_α, PD = EL/ES_α.

    EL is never below (1−α)·ES_α, so PD is never below 1−α and the default loss of the collateral
    formulas, an expected shortfall itself, gives back exactly ES_α. The chance of any loss at all
    would not do: it nears one where a note attaches near zero, with a mean loss far below ES.
    """
    ledger = scope.ledger
    names = (f"{prefix}tranche_loss", f"{prefix}loss_given_default")
    ledger.derive(names[0], expected, "1", "expected loss of what is tokenised", *used)
    formula = "ES_α, mean loss of the worst 1−α outcomes of the pool"
    pd, shortfall = (float(part) for part in two_point(expected, worst, scope.rule("confidence")))
    lgd = ledger.derive(names[1], shortfall, "1", formula, *used, "policy.confidence")
    probability = f"{prefix}default_probability"
    return ledger.derive(
        probability, pd, "1", "EL/ES_α, which keeps the EL", *names, "policy.confidence"
    ), lgd


def causes(scope: Scope, book: Book, pd: float, lgd: float) -> Causes:
    """Obligor and intermediaries with hazards raised by their signals (spec 2.2, 2.4)."""
    ledger = scope.ledger
    obligor = ledger.derive(
        "obligor_hazard", float(hazard_rate(pd)), "1/year", "−ln(1 − PD)", "default_probability"
    )
    names, hazards, losses = ["obligor"], [obligor], [lgd]
    for identifier in scope.asset.counterparties:
        found = book.counterparties[identifier]
        at = f"counterparties.{identifier}"
        hazard = scope.shared(f"{at}.hazard", found.hazard)
        hazard, used = _signalled(scope, found.role, hazard)
        name = f"{identifier}_hazard"
        formula = "as stated" if not used else "raised for signals"
        hazards.append(ledger.derive(name, hazard, "1/year", formula, f"{at}.hazard", *used))
        losses.append(1.0 - scope.shared(f"{at}.recovery", found.recovery))
        names.append(identifier)
    return Causes(tuple(names), np.asarray(hazards), np.asarray(losses))


def _signalled(scope: Scope, role: Role, hazard: float) -> tuple[float, tuple[str, ...]]:
    if role is Role.CUSTODIAN:
        notches = scope.maybe("credit.signals.custodian_notches")
        if notches is not None:
            raised = raise_for_downgrade(hazard, notches, scope.rule("signals.downgrade"))
            used = (scope.path("credit.signals.custodian_notches"), "policy.signals.downgrade")
            return float(raised), used
    if role in (Role.EXECUTOR, Role.VENUE):
        left = scope.maybe("credit.signals.market_makers_left")
        if left is not None:
            raised = raise_for_exit(hazard, left, scope.rule("signals.exit"))
            return float(raised), (
                scope.path("credit.signals.market_makers_left"),
                "policy.signals.exit",
            )
    return hazard, ()


def exposure(scope: Scope) -> float:
    """EAD in USD and the loss expected of it in a year (spec 2.2)."""
    parts = ("accrued", "undrawn", "conversion", "reserve")
    read = {part: scope.maybe(f"exposure.{part}") or 0.0 for part in parts}
    found = exposure_at_default(
        supply=1.0,
        net_asset_value=scope.take("issuance"),
        accrued=read["accrued"],
        undrawn=read["undrawn"],
        conversion_factor=read["conversion"],
        reserve=read["reserve"],
    )
    ledger = scope.ledger
    used = (scope.path("issuance"), *(scope.path(f"exposure.{part}") for part in parts))
    formula = "supply·NAV + accrued + CCF·undrawn − reserve"
    ead = ledger.derive("exposure_at_default", float(found), "USD", formula, *used)
    loss = ledger.value("default_probability") * ledger.value("loss_given_default") * ead
    names = ("default_probability", "loss_given_default", "exposure_at_default")
    return ledger.derive("expected_loss_amount", loss, "USD/year", "PD·LGD·EAD", *names)


def cause_names(scope: Scope, found: Causes) -> tuple[str, ...]:
    """Names of the quantities that the causes rest on."""
    hazards = tuple(f"{name}_hazard" for name in found.names)
    recoveries = tuple(f"counterparties.{name}.recovery" for name in scope.asset.counterparties)
    return (*hazards, "loss_given_default", *recoveries)
