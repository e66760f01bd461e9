"""Statistics that enter a compilation: fitted from a history, calibrated, or declared as such.

Fits run once per book, before anything is derived, and are quantised to six digits, so that the
artefact's bytes do not depend on a processor's exp; derivatives and what-if reuse them. Calibrated
evidence holds the same figures, had by the same functions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats

from paramgen.book.calibration import Breaker, Calibration, Price
from paramgen.book.policy import Policy
from paramgen.book.prices import Feed
from paramgen.book.schema import Asset
from paramgen.compiler.calibrated import calibrated_gaps
from paramgen.params.binding import Binding, greatest
from paramgen.params.breaker import (
    SLOW_WINDOWS,
    Alarms,
    breaker_pairs,
    feed_anchors,
    windows_to_cap,
)
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
class Cited:
    """The file that a fit rests on, as a because names it."""

    evidence: str
    sha256: str

    def __str__(self) -> str:
        """Enough of the hash to tell it from another; the artefact's inputs hold the whole."""
        return f"{self.evidence}, sha256 {self.sha256[:12]}…"


@dataclass(frozen=True)
class PriceFit:
    """Standardised quantile z and volatility σ per √year, with where they come from."""

    z: float
    volatility: float
    label: str
    warnings: tuple[str, ...] = ()
    cited: Cited | None = None


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
    cited: Cited | None = None


@dataclass(frozen=True)
class GapFit:
    """Tail of a feed's gaps; no tail where there is neither history nor calibration."""

    tail: GapTail | None = None
    cited: Cited | None = None


@dataclass(frozen=True)
class ShareFit:
    """A calibrated share: a tolerance or an outflow."""

    value: float
    label: str
    cited: Cited


@dataclass(frozen=True)
class Fits:
    """What the evidence on one asset says; None where the book declares instead."""

    primary_gaps: GapFit
    secondary_gaps: GapFit
    price: PriceFit | None
    band: BandFit | None
    tolerance: ShareFit | None = None
    outflow: ShareFit | None = None


@dataclass(frozen=True)
class Records:
    """The files that statistics come from, by evidence id.

    Attributes
    ----------
    histories, calibrations : as loaded.
    appraisals : ids of histories that are appraisals, un-smoothed before σ is taken.
    hashes : sha256 of each file.
    """

    histories: Mapping[str, History]
    calibrations: Mapping[str, Calibration]
    appraisals: frozenset[str]
    hashes: Mapping[str, str]

    def cite(self, name: str) -> Cited:
        """The evidence as a because names it."""
        return Cited(name, self.hashes[name])


def student_z(confidence: float) -> float:
    """Student-t₄ quantile at unit variance, for evidence without a history (spec 3.6)."""
    scale = math.sqrt((_STUDENT_FREEDOM - 2.0) / _STUDENT_FREEDOM)
    return quantise(float(stats.t.ppf(confidence, _STUDENT_FREEDOM)) * scale)


def fit_asset(asset: Asset, policy: Policy, records: Records) -> Fits:
    """Fit everything one asset's evidence allows; calibrations are those that `mismatches` passed.

    Raises
    ------
    ParameterError
        When a history does not carry the fit asked of it; the hint says what to declare.
    """
    oracle = asset.oracle
    gaps = fit_gaps(oracle.primary, policy, records)
    limit = feed_staleness(oracle.primary, policy, gaps.tail).value
    return Fits(
        primary_gaps=gaps,
        secondary_gaps=fit_gaps(oracle.secondary, policy, records),
        price=_price(asset, policy, records, limit),
        band=_band(asset, policy, records),
        tolerance=_tolerance(asset, records),
        outflow=_outflow(asset, records),
    )


def fit_gaps(feed: Feed | None, policy: Policy, records: Records) -> GapFit:
    """Return the tail of a feed's gaps, from its history or as calibrated."""
    alarms = float(policy.oracle.false_alarms)
    if feed is None:
        return GapFit()
    if feed.calibration is not None:
        staleness = records.calibrations[feed.calibration].staleness
        tail = None if staleness is None else calibrated_gaps(staleness, alarms)
        return GapFit(tail, records.cite(feed.calibration))
    if feed.history is None:
        return GapFit()
    tail = gap_tail(update_gaps(records.histories[feed.history]), alarms)
    return GapFit(tail, records.cite(feed.history))


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


def _price(asset: Asset, policy: Policy, records: Records, limit: float) -> PriceFit | None:
    market = asset.market
    if market.calibration is not None:
        price = records.calibrations[market.calibration].price
        return None if price is None else _calibrated_price(price, records.cite(market.calibration))
    if market.history is None:
        return None
    history, cited = records.histories[market.history], records.cite(market.history)
    confidence = float(policy.confidence)
    if market.history in records.appraisals:
        returns, share = unsmoothed_returns(update_returns(history), accruing=False)
        sigma = quantise(float(np.std(returns, ddof=1)) * math.sqrt(history.updates_per_year))
        label = f"appraisals un-smoothed by {share:.3g}, Student-t₄ z"
        return PriceFit(student_z(confidence), sigma, label, cited=cited)
    found = confidence_z(history, limit, float(policy.oracle.poke_interval), confidence)
    fit = found.fit
    return PriceFit(
        found.z, found.volatility, _over(fit.method, fit.observations), fit.warnings, cited
    )


def _calibrated_price(price: Price, cited: Cited) -> PriceFit:
    tail = price.tail
    label = _over(tail.method, tail.observations)
    return PriceFit(price.z.value, price.volatility.value, label, tail.warnings, cited)


def _over(method: str, readings: int) -> str:
    return f"{method} over T, {readings} readings"


def _band(asset: Asset, policy: Policy, records: Records) -> BandFit | None:
    oracle, rules = asset.oracle, policy.oracle
    name = oracle.calibration
    if name is not None:
        breaker = records.calibrations[name].breaker
        return None if breaker is None else _calibrated_band(breaker, records.cite(name))
    if oracle.history is None:
        return None
    history = records.histories[oracle.history]
    anchors = feed_anchors(history, float(rules.poke_interval), accrual=float(asset.accrual))
    alarms = Alarms(float(rules.false_alarms), float(rules.shock), float(oracle.tick))
    pairs = breaker_pairs(history, anchors, alarms)
    fast, slow = pairs.fast, pairs.slow
    return BandFit(
        up=fast.band_up,
        down=fast.band_down,
        window=float(math.ceil(fast.window)),
        windows=_windows(fast.band_up, None if slow is None else slow.band_up, SLOW_WINDOWS),
        label=_ACCRUAL if slow is None else fast.down.method,
        power=fast.power,
        warnings=(*fast.up.warnings, *fast.down.warnings),
        cited=records.cite(oracle.history),
    )


_ACCRUAL = "accrual residuals"


def _calibrated_band(breaker: Breaker, cited: Cited) -> BandFit:
    fast, slow = breaker.fast, breaker.slow
    up = fast.band_up.value
    up_tail, down_tail = (fast.tails.get(side) or fast.tails["both"] for side in ("up", "down"))
    return BandFit(
        up=up,
        down=fast.band_down.value,
        window=float(math.ceil(fast.window)),
        windows=_windows(up, None if slow is None else slow.band_up.value, breaker.windows),
        label=_ACCRUAL if slow is None else down_tail.method,
        power=fast.power,
        warnings=(*up_tail.warnings, *down_tail.warnings),
        cited=cited,
    )


def _windows(fast: float, slow: float | None, spanned: float) -> float:
    """After how many windows a band stops: at the slow pair's width, within its window.

    By the upper side, which needs the more: e^q − 1 grows faster with q than 1 − e^{−q}.
    """
    widest = fast if slow is None else max(fast, slow)
    return min(spanned, windows_to_cap(fast, widest))


def _tolerance(asset: Asset, records: Records) -> ShareFit | None:
    oracle = asset.oracle
    if oracle.calibration is None or oracle.secondary is None or oracle.tolerance is not None:
        return None
    found = records.calibrations[oracle.calibration].tolerance
    if found is None:
        return None
    label = f"{found.binding}, by {found.tail.method}"
    return ShareFit(found.value.value, label, records.cite(oracle.calibration))


def _outflow(asset: Asset, records: Records) -> ShareFit | None:
    name = asset.lending.calibration
    found = None if name is None else records.calibrations[name].outflow
    if found is None or name is None:
        return None
    label = f"{found.tail.method} over {found.window:g} s"
    return ShareFit(found.share.value, label, records.cite(name))
