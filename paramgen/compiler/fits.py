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
from paramgen.params.breaker import accrual_pair, fast_pair, slow_pair, windows_to_cap
from paramgen.params.fallback import staleness_limit
from paramgen.params.history import (
    History,
    quantise,
    unsmoothed_returns,
    update_gaps,
    update_returns,
)
from paramgen.params.losses import YEAR, Array
from paramgen.params.tails import confidence_z

_STUDENT_FREEDOM = 4
_SLOW_WINDOWS = 24


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
    """What the histories of one asset say; None, or no gaps, where there is no history.

    primary_gaps, secondary_gaps : (n,) seconds between updates.
    """

    primary_gaps: Array
    secondary_gaps: Array
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
    gaps = _gaps(oracle.primary, histories)
    limit = feed_staleness(oracle.primary, policy, gaps).value
    return Fits(
        primary_gaps=gaps,
        secondary_gaps=_gaps(oracle.secondary, histories),
        price=_price(asset, policy, histories, appraisals, limit),
        band=_band(asset, policy, histories),
    )


def _gaps(feed: Feed | None, histories: Mapping[str, History]) -> Array:
    if feed is None or feed.history is None:
        return np.zeros(0)
    return update_gaps(histories[feed.history])


def feed_staleness(feed: Feed, policy: Policy, gaps: Array) -> Binding:
    """T of one feed from its gaps, heartbeat, calendar and published longest gap."""
    rules = policy.oracle
    closed = float(rules.business_gap) if feed.calendar == "business" else None
    fitted = staleness_limit(
        gaps,
        heartbeat=float(feed.heartbeat),
        margin=float(rules.margin),
        alarms_per_year=float(rules.false_alarms),
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
    history = histories[oracle.history]
    alarms, shock = float(rules.false_alarms), float(rules.shock)
    tick = float(oracle.tick)
    accrual = float(asset.accrual)
    if accrual > 0.0:
        lookback = YEAR / history.updates_per_year
        pair = accrual_pair(
            history,
            accrual=accrual,
            lookback=lookback,
            alarms_per_year=alarms,
            shock=shock,
            tick=tick,
        )
        slow_width, label = pair.band_down, "accrual residuals"
    else:
        pair = fast_pair(history, alarms_per_year=alarms, shock=shock, tick=tick)
        slow = slow_pair(
            history,
            window=_SLOW_WINDOWS * pair.window,
            cadence=pair.window,
            alarms_per_year=alarms,
            shock=shock,
            tick=tick,
        )
        slow_width, label = max(pair.band_down, slow.band_down), pair.down.method
    windows = min(float(_SLOW_WINDOWS), windows_to_cap(pair.band_down, slow_width))
    window = float(math.ceil(pair.window))
    warnings = (*pair.up.warnings, *pair.down.warnings)
    return BandFit(pair.band_up, pair.band_down, window, windows, label, pair.power, warnings)
