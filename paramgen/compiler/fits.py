"""Statistics that enter a compilation: fitted from a history, or declared and labelled as such.

Fits run once per book, before anything is derived, and are quantised to six digits, so that the
artefact's bytes do not depend on a processor's exp; derivatives and what-if reuse them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats

from paramgen.book.policy import Policy
from paramgen.book.schema import Asset, Feed
from paramgen.params.binding import Binding, greatest
from paramgen.params.breaker import SLOW_WINDOWS, breaker_pairs, windows_to_cap
from paramgen.params.fallback import GapTail, gap_tail, staleness_limit
from paramgen.params.history import (
    History,
    quantise,
    unsmoothed_returns,
    update_gaps,
    update_returns,
)
from paramgen.params.tails import confidence_z

_STUDENT_FREEDOM = 4


@dataclass(frozen=True)
class PriceFit:
    """Standardised quantile z and volatility σ per √year, with where they come from."""

    z: float
    volatility: float
    label: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class BandFit:
    """On-chain band: X up and down over a window, and after how many windows it stops."""

    up: float
    down: float
    window: float
    windows: float
    label: str
    power: float | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fits:
    """What the histories of one asset say; None where there is no history."""

    primary_gaps: GapTail | None
    secondary_gaps: GapTail | None
    price: PriceFit | None
    band: BandFit | None


def student_z(confidence: float) -> float:
    """Student-t₄ quantile at unit variance, for evidence without a history (spec 3.6)."""
    scale = math.sqrt((_STUDENT_FREEDOM - 2.0) / _STUDENT_FREEDOM)
    return quantise(float(stats.t.ppf(confidence, _STUDENT_FREEDOM)) * scale)


def fit_asset(
    asset: Asset, policy: Policy, histories: Mapping[str, History], appraisals: frozenset[str]
) -> Fits:
    """Fit everything one asset's evidence allows.

    Parameters
    ----------
    histories : by evidence id, as loaded.
    appraisals : ids of histories that are appraisals, un-smoothed before σ is taken.

    Raises
    ------
    ParameterError
        When a history does not carry the fit asked of it; the hint says what to declare.
    """
    oracle = asset.oracle
    alarms = float(policy.oracle.false_alarms)
    gaps = _gaps(oracle.primary, alarms, histories)
    limit = feed_staleness(oracle.primary, policy, gaps).value
    return Fits(
        primary_gaps=gaps,
        secondary_gaps=_gaps(oracle.secondary, alarms, histories),
        price=_price(asset, policy, histories, appraisals, limit),
        band=_band(asset, policy, histories),
    )


def _gaps(
    feed: Feed | None, alarms_per_year: float, histories: Mapping[str, History]
) -> GapTail | None:
    if feed is None or feed.history is None:
        return None
    return gap_tail(update_gaps(histories[feed.history]), alarms_per_year)


def feed_staleness(feed: Feed, policy: Policy, gaps: GapTail | None) -> Binding:
    """T of one feed from its gaps, heartbeat, calendar and published longest gap."""
    rules = policy.oracle
    closed = float(rules.business_gap) if feed.calendar == "business" else None
    fitted = staleness_limit(
        gaps,
        heartbeat=float(feed.heartbeat),
        margin=float(rules.margin),
        calendar_heartbeat=closed,
    )
    if feed.longest_gap is None:
        return fitted
    return greatest({**fitted.candidates, "longest gap published": float(feed.longest_gap)})


def _price(
    asset: Asset,
    policy: Policy,
    histories: Mapping[str, History],
    appraisals: frozenset[str],
    limit: float,
) -> PriceFit | None:
    name, confidence = asset.market.history, float(policy.confidence)
    if name is None:
        return None
    history = histories[name]
    if name in appraisals:
        returns, share = unsmoothed_returns(update_returns(history), accruing=False)
        sigma = quantise(float(np.std(returns, ddof=1)) * math.sqrt(history.updates_per_year))
        label = f"appraisals un-smoothed by {share:.3g}, Student-t₄ z"
        return PriceFit(student_z(confidence), sigma, label)
    found = confidence_z(history, limit, float(policy.oracle.poke_interval), confidence)
    label = f"{found.fit.method} over T, {found.fit.observations} readings"
    return PriceFit(found.z, found.volatility, label, found.fit.warnings)


def _band(asset: Asset, policy: Policy, histories: Mapping[str, History]) -> BandFit | None:
    oracle, rules = asset.oracle, policy.oracle
    if oracle.history is None:
        return None
    pairs = breaker_pairs(
        histories[oracle.history],
        accrual=float(asset.accrual),
        tick=float(oracle.tick),
        alarms_per_year=float(rules.false_alarms),
        shock=float(rules.shock),
    )
    fast, slow = pairs.fast, pairs.slow
    widest = fast.band_down if slow is None else max(fast.band_down, slow.band_down)
    return BandFit(
        up=fast.band_up,
        down=fast.band_down,
        window=float(math.ceil(fast.window)),
        windows=min(SLOW_WINDOWS, windows_to_cap(fast.band_down, widest)),
        label="accrual residuals" if slow is None else fast.down.method,
        power=fast.power,
        warnings=(*fast.up.warnings, *fast.down.warnings),
    )
