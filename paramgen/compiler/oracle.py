"""Oracle parameters of one asset: staleness, band, tolerance, decay (spec 3.5, 3.6)."""

from __future__ import annotations

from paramgen.compiler.credit import Causes, cause_names
from paramgen.compiler.fits import (
    BandFit,
    Cited,
    Fits,
    GapFit,
    ShareFit,
    feed_staleness,
    student_z,
)
from paramgen.compiler.ledger import Scope
from paramgen.params.breaker import (
    UpperCap,
    check_band_floor,
    check_tolerance,
    check_upper_cap,
    smallest_band,
)
from paramgen.params.fallback import (
    DecayCurve,
    DecayMode,
    DecayRisk,
    check_staleness,
    decay_curve,
)
from paramgen.params.losses import YEAR, oracle_loss

_DAY = 86_400.0


def price_statistics(scope: Scope, fits: Fits) -> tuple[float, float]:
    """z and σ, fitted from a history; else σ as declared or the class prior, with Student's z."""
    ledger, fit = scope.ledger, fits.price
    confidence = scope.rule("confidence")
    more = float(scope.stress.volatility)
    if fit is not None:
        formula, volatility = f"{fit.label}{_cited(fit.cited)}", fit.volatility * more
        ledger.derive("volatility", volatility, "1/√year", formula, on=fit.cited)
        z = ledger.derive("z", fit.z, "1", formula, "policy.confidence", on=fit.cited)
        return z, volatility
    asset_class = scope.asset.asset_class.value
    stated, prior = scope.maybe("market.volatility"), f"volatility_priors.{asset_class}"
    label = f"class prior σ of {asset_class}" if stated is None else "declared σ"
    volatility = more * (scope.rule(prior) if stated is None else stated)
    used = (scope.path("market.volatility"), f"policy.{prior}")
    ledger.derive("volatility", volatility, "1/√year", label, *used)
    z = student_z(confidence)
    return ledger.derive("z", z, "1", "Student-t₄, no history", "policy.confidence"), volatility


def staleness(scope: Scope, fits: Fits) -> float:
    """T of both feeds; `staleness_loss` holds it to its ceiling."""
    ledger = scope.ledger
    limit = _feed(scope, "primary", fits.primary_gaps)
    if scope.asset.oracle.secondary is None:
        ledger.derive("secondary_staleness", 0.0, "s", "no secondary feed")
    else:
        _feed(scope, "secondary", fits.secondary_gaps)
    return limit


def staleness_loss(scope: Scope, z: float, volatility: float, limit: float) -> float:
    """What a price may lose within T, held to the policy's ceiling.

    Apart from T itself, since a stress may pass the ceiling and must still be priced.
    """
    ledger = scope.ledger
    ceiling = scope.rule("oracle.largest_market_loss")
    loss = check_staleness(limit, z, volatility, ceiling)
    return ledger.derive(
        "market_loss_at_staleness", loss, "1", "h_m(T) = 1 − e^{−zσ√T}, within its ceiling",
        "z", "volatility", "primary_staleness", "policy.oracle.largest_market_loss",
    )  # fmt: skip


def _cited(found: Cited | None) -> str:
    return "" if found is None else f" ← {found}"


def _feed(scope: Scope, leg: str, gaps: GapFit) -> float:
    feed = getattr(scope.asset.oracle, leg)
    scope.take(f"oracle.{leg}.heartbeat")
    scope.maybe(f"oracle.{leg}.longest_gap")
    rules = ("margin", "business_gap", "false_alarms")
    for rule in rules:
        scope.rule(f"oracle.{rule}")
    return scope.ledger.bind(
        f"{leg}_staleness", feed_staleness(feed, scope.policy, gaps.tail), "s",
        f"max(heartbeat + margin, Q_{{1−f/n}}(gaps)){_cited(gaps.cited)}",
        scope.path(f"oracle.{leg}.heartbeat"), scope.path(f"oracle.{leg}.longest_gap"),
        *(f"policy.oracle.{rule}" for rule in rules),
        on=gaps.cited,
    )  # fmt: skip


def band(scope: Scope, fits: Fits) -> tuple[float, float]:
    """X up and down about the accrued anchor, its window, and where it stops widening."""
    ledger = scope.ledger
    found, used = _declared_band(scope) if fits.band is None else (fits.band, ())
    scope.rule("oracle.false_alarms")
    used = (*used, "policy.oracle.false_alarms")
    accrual = scope.take("accrual")
    deviation, tick = scope.take("oracle.primary.deviation"), scope.take("oracle.tick")
    daily = accrual * max(ledger.value("primary_staleness"), _DAY) / YEAR
    least = smallest_band(deviation if deviation > 0.0 else None, tick, _accrual_error(daily))
    ledger.derive(
        "smallest_band", least.value, "1", least.binding,
        scope.path("oracle.primary.deviation"), scope.path("oracle.tick"), scope.path("accrual"),
    )  # fmt: skip
    by, on = f"{found.label}{_cited(found.cited)}", found.cited
    up = ledger.derive("band_up", found.up, "1", f"X↑ by {by}", *used, on=on)
    down = ledger.derive("band_down", found.down, "1", f"X↓ by {by}", *used, on=on)
    check_band_floor(up, least)
    check_band_floor(down, least)
    ledger.derive("band_window", found.window, "s", "window w of the pair", *used, on=on)
    formula = "(X_slow/X_w)², within the slow window: X(Δ) = X_w·√min(n, max(1, Δ/w))"
    ledger.derive("band_windows", found.windows, "1", formula, *used, on=on)
    ledger.derive("accrual", accrual, "1/year", "accrual of the anchor", scope.path("accrual"))
    return up, down


def _declared_band(scope: Scope) -> tuple[BandFit, tuple[str, ...]]:
    """The band from declared statistics: as wide after n windows as the slow pair allows."""
    parts = ("up", "down", "window", "slow_up", "slow_down", "slow_window")
    read = {part: scope.take(f"oracle.band.{part}") for part in parts}
    widest = min(read["slow_up"] / read["up"], read["slow_down"] / read["down"])
    windows = max(1.0, min(widest**2, read["slow_window"] / read["window"]))
    fit = BandFit(read["up"], read["down"], read["window"], windows, "declared statistics")
    return fit, tuple(scope.path(f"oracle.band.{part}") for part in parts)


def _accrual_error(period_accrual: float) -> float:
    """What linear accrual on chain and a day more or less can be off by: half a square."""
    return period_accrual**2 / 2.0


def tolerance(scope: Scope, fit: ShareFit | None) -> float | None:
    """Largest disagreement of two feeds, fitted or stated, above the sum of their thresholds."""
    ledger = scope.ledger
    confirm = scope.rule("oracle.confirm_delay")
    ledger.derive("confirm_delay", confirm, "s", "policy", "policy.oracle.confirm_delay")
    if scope.asset.oracle.secondary is None:
        ledger.derive("tolerance", 0.0, "1", "one feed")
        return None
    found = scope.take("oracle.tolerance") if fit is None else fit.value
    thresholds = [scope.take(f"oracle.{leg}.deviation") for leg in ("primary", "secondary")]
    check_tolerance(found, *thresholds)
    return ledger.derive(
        "tolerance", found, "1",
        "as stated, above δ₁ + δ₂" if fit is None else f"{fit.label}{_cited(fit.cited)}",
        scope.path("oracle.tolerance"), scope.path("oracle.primary.deviation"),
        scope.path("oracle.secondary.deviation"),
        on=None if fit is None else fit.cited,
    )  # fmt: skip


def decay_risk(found: Causes, z: float, volatility: float, confidence: float) -> DecayRisk:
    """What an unconfirmed price may have lost, by cause."""
    return DecayRisk(
        z=z,
        volatility=volatility,
        hazard=found.hazard,
        loss_given_default=found.loss,
        confidence=confidence,
    )


def decay(scope: Scope, found: Causes, z: float, volatility: float, limit: float) -> DecayCurve:
    """Step at T, rate beyond it and floor of a price that nobody confirms (spec 3.5)."""
    ledger = scope.ledger
    confidence = scope.rule("confidence")
    maximum_age = scope.take("oracle.maximum_age")
    mode = DecayMode(scope.policy.oracle.decay)
    risk = decay_risk(found, z, volatility, confidence)
    curve = decay_curve(risk, limit, maximum_age, mode)
    used = ("z", "volatility", "primary_staleness", *cause_names(scope, found), "policy.confidence")
    step = f"market({mode.value}) + default exponent at T"
    ledger.derive("decay_step", curve.step, "1", step, *used)
    ledger.derive("decay_rate", curve.rate, "1/s", "slope of both exponents beyond T", *used)
    age_path = scope.path("oracle.maximum_age")
    floor = "compiled D at the maximum age"
    ledger.derive("decay_floor", curve.floor, "1", floor, *used, age_path)
    ledger.derive("maximum_age", maximum_age, "s", "as stated", age_path)
    at_limit = "e^{−step}, no lower than the floor"
    ledger.derive("decay_at_limit", curve.at_limit, "1", at_limit, "decay_step", "decay_floor")
    return curve


def overstatement(scope: Scope, allowed: float | None, up: float) -> float:
    """ε, the largest overstatement still served as Live (spec 3.1)."""
    deviation = scope.take("oracle.primary.deviation")
    loss = oracle_loss(deviation, allowed, up)
    return scope.ledger.derive(
        "oracle_loss", loss, "1", "1 − e^{−(δ + min(tolerance, X↑))}",
        scope.path("oracle.primary.deviation"), "tolerance", "band_up",
    )  # fmt: skip


def reference(scope: Scope) -> None:
    """NAV reference that caps the price; its two coupled values are checked together."""
    spec = scope.asset.oracle.reference
    if spec is None:
        return
    ledger, at = scope.ledger, "oracle.reference"
    price, growth = scope.take(f"{at}.price"), scope.take(f"{at}.growth")
    headroom, maximum_age = scope.take(f"{at}.headroom"), scope.take(f"{at}.maximum_age")
    served, served_at = scope.take("oracle.price"), scope.asset.oracle.price_as_of.timestamp()
    taken_at = spec.as_of.timestamp()
    cap = UpperCap(price * (1.0 + headroom), taken_at, growth)
    accrual = scope.take("accrual")
    largest = scope.rule("oracle.largest_market_loss")
    check_upper_cap(
        cap, price=served, now=served_at, accrual=accrual, largest_headroom=headroom + largest
    )
    ledger.derive("reference_price", price, "USD", "reviewed NAV", scope.path(f"{at}.price"))
    ledger.derive("reference_as_of", taken_at, "s", "time of that NAV")
    age = scope.path(f"{at}.maximum_age")
    ledger.derive("reference_maximum_age", maximum_age, "s", "as stated", age)
    used = scope.path(f"{at}.growth"), scope.path("accrual")
    ledger.derive("reference_growth", growth, "1/year", "g_max, at least the accrual", *used)
    room = scope.path(f"{at}.headroom")
    ledger.derive("reference_headroom", headroom, "1", "as stated", room)
