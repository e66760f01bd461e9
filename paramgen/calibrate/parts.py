"""The parts of a calibration: what each is fitted to, again for a resample, and as recorded.

The fits are those of a compilation, by the same functions (spec 3.5, 3.6).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from paramgen.book.calibration import (
    Breaker,
    Coverage,
    Decay,
    Estimate,
    Haircut,
    Outflow,
    Pair,
    Price,
    Resampling,
    Settings,
    Staleness,
)
from paramgen.book.quantity import Frozen
from paramgen.calibrate.resample import Intervals
from paramgen.calibrate.tails import Sought, monotone
from paramgen.params.binding import Binding, ParameterError, greatest
from paramgen.params.breaker import (
    Alarms,
    Anchors,
    BreakerPair,
    BreakerPairs,
    breaker_pairs,
    feed_anchors,
)
from paramgen.params.fallback import DecayMode, DecayRisk, GapTail, gap_tail, staleness_limit
from paramgen.params.history import (
    History,
    annual_volatility,
    horizon_returns,
    quantise,
    update_gaps,
)
from paramgen.params.losses import YEAR, Array, loss_quantile, market_loss
from paramgen.params.tails import (
    Standardised,
    confidence_quantile,
    confidence_z,
)

AGES = (1.0, 1.5, 2.0, 3.0, 5.0, 8.0, 13.0, 21.0)
"""Ages at which a decay is held against the history, in staleness limits."""

_FEWEST_READINGS = 250


class Part(Protocol):
    """One part of a calibration, fitted."""

    @property
    def window(self) -> float:
        """Longest window of its statistics, seconds."""

    def again(self, history: History) -> Mapping[str, float]:
        """Return its statistics of a resample, by name."""

    def record(self, history: History, found: Intervals, how: Resampling) -> Frozen:
        """Return it as recorded."""


# Staleness ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class StalenessPart:
    """T and the gaps it rests on."""

    gaps: GapTail
    bound: Binding
    asked: Settings

    @property
    def window(self) -> float:
        """Gaps have no window."""
        return 0.0

    def again(self, history: History) -> Mapping[str, float]:
        """Return the quantile of a resample's gaps."""
        tail = gap_tail(update_gaps(history), self.asked.alarms_per_year)
        return {} if tail.quantile is None else {"gap": tail.quantile}

    def record(self, history: History, found: Intervals, how: Resampling) -> Staleness:
        """Return T; candidates that are known, not fitted, hold its interval up."""
        del how
        known = {k: v for k, v in self.bound.candidates.items() if k != "quantile of the gaps"}
        floor = max(known.values(), default=0.0)
        gap = self.gaps.quantile
        quantile = None if gap is None else found.around("gap", gap)
        ends = (None, None) if quantile is None else (quantile.low, quantile.high)
        low, high = (None if end is None else max(floor, end) for end in ends)
        return Staleness(
            limit=Estimate(value=self.bound.value, low=low, high=high),
            binding=self.bound.binding,
            candidates=dict(self.bound.candidates),
            updates_per_year=quantise(self.gaps.updates_per_year),
            quantile=quantile,
            longest_gap=float(update_gaps(history).max()),
            warnings=self._warnings(history),
        )

    def _warnings(self, history: History) -> tuple[str, ...]:
        found = []
        if self.asked.heartbeat is None:
            found.append("no heartbeat was given: T rests on the gaps alone")
        if self.asked.kind == "prices":
            found.append("gaps between prices are those of the sampling, not of a feed's updates")
        expected = self.asked.alarms_per_year * history.years
        if self.gaps.quantile is not None and expected < 1.0:
            found.append(
                f"extrapolated: {history.years:.3g} years hold {expected:.3g} of the gaps sought, "
                "so that the longest one seen stands for them"
            )
        return tuple(found)


def fit_staleness(history: History, asked: Settings) -> StalenessPart:
    """Fit T; the heartbeat is no candidate where none was given."""
    gaps = gap_tail(update_gaps(history), asked.alarms_per_year)
    known = asked.heartbeat is not None
    bound = staleness_limit(
        gaps,
        heartbeat=asked.heartbeat or 0.0,
        margin=asked.margin,
        calendar_heartbeat=asked.closure,
    )
    candidates = dict(bound.candidates)
    if not known:
        candidates.pop("heartbeat + margin")
    if asked.longest_gap is not None:
        candidates["longest gap published"] = asked.longest_gap
    return StalenessPart(gaps, greatest(candidates), asked)


# Price and decay ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class PricePart:
    """z, σ and the market part of the decay, from T on."""

    standard: Standardised
    sought: Sought[History]
    limit: float
    asked: Settings

    @property
    def window(self) -> float:
        """The horizon of z."""
        return self.limit

    def again(self, history: History) -> Mapping[str, float]:
        """Return q_α(T), σ and z of a resample."""
        volatility, quantile = annual_volatility(history), self.sought.again(history)
        if volatility == 0.0:
            return {}
        z = quantile / (volatility * math.sqrt(self.limit / YEAR))
        return {"price": quantile, "volatility": volatility, "z": z}

    def record(self, history: History, found: Intervals, how: Resampling) -> Price:
        """Return z, σ and both decays with the coverage they have had."""
        z, volatility = self.standard.z, self.standard.volatility
        quantile = found.around("price", self.standard.fit.quantile)
        return Price(
            z=found.around("z", z),
            volatility=found.around("volatility", volatility),
            horizon=self.limit,
            cadence=self.asked.poke_interval,
            chord=self._decay(history, quantile, DecayMode.CHORD),
            tangent=self._decay(history, quantile, DecayMode.TANGENT),
            tail=self.sought.record(history, quantile, how),
        )

    def _decay(self, history: History, quantile: Estimate, mode: DecayMode) -> Decay:
        alpha = self.asked.confidence
        risk = DecayRisk(self.standard.z, self.standard.volatility, 0.0, 0.0, alpha)
        step = float(risk.market_exponent(self.limit, self.limit, mode))
        slope = risk.market_slope(self.limit, mode)
        share = (1.0 if mode is DecayMode.CHORD else 0.5) / self.limit
        exact = Estimate(value=step, low=quantile.low, high=quantile.high)
        return Decay(
            step=monotone(exact, lambda end: max(0.0, end)),
            rate=monotone(exact, lambda end: max(0.0, end) * share),
            coverage=tuple(
                _coverage(returns, age, step + slope * (age - self.limit), alpha)
                for age, returns in aged_returns(history, self.limit, self.asked.poke_interval)
            ),
        )


def aged_returns(history: History, limit: float, cadence: float) -> tuple[tuple[float, Array], ...]:
    """Return ages from T on, in seconds, with the log returns over them, while there are enough."""
    longest = float(history.times[-1] - history.times[0]) - _FEWEST_READINGS * cadence
    ages = (limit * multiple for multiple in AGES)
    return tuple((age, horizon_returns(history, age, cadence)) for age in ages if age <= longest)


def _coverage(returns: Array, age: float, exponent: float, confidence: float) -> Coverage:
    return Coverage(
        age=age,
        observed=quantise(math.exp(float(np.quantile(returns, 1.0 - confidence)))),
        decay=quantise(math.exp(-exponent)),
        covered=quantise(float(np.mean(returns >= -exponent))),
        readings=returns.size,
    )


def fit_price(history: History, asked: Settings, limit: float | None) -> PricePart:
    """Fit z and σ over a staleness limit in seconds.

    Raises
    ------
    ParameterError : there is no limit, or the history does not carry the fit.
    """
    if limit is None:
        raise ParameterError(
            "quantile z", "there is no staleness limit to fit it over", math.nan, math.nan,
            "Give the feed's heartbeat or its calendar, or a horizon.",
        )  # fmt: skip
    cadence = asked.poke_interval
    found = confidence_z(history, limit, cadence, asked.confidence)
    sought = Sought[History](lambda h: -horizon_returns(h, limit, cadence), found.fit)
    return PricePart(found, sought, limit, asked)


# Breaker ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class BreakerPart:
    """The pairs and the tails of their sides, by name."""

    pairs: BreakerPairs
    sought: Mapping[str, Sought[History]]
    asked: Settings

    @property
    def window(self) -> float:
        """The longer pair's."""
        return (self.pairs.slow or self.pairs.fast).window

    def again(self, history: History) -> Mapping[str, float]:
        """Return the thresholds of a resample."""
        return {name: one.again(history) for name, one in self.sought.items()}

    def record(self, history: History, found: Intervals, how: Resampling) -> Breaker:
        """Return the pairs."""
        fast, slow = self.pairs.fast, self.pairs.slow
        record = _PairRecorder(self, history, found, how)
        if slow is None:
            sides = {"up": "up", "down": "down"}
            return Breaker(
                kind="accrual", windows=self.asked.windows, fast=record.pair(fast, sides), slow=None
            )
        return Breaker(
            kind="market",
            windows=self.asked.windows,
            fast=record.pair(fast, {"both": "fast"}),
            slow=record.pair(slow, {"both": "slow"}),
        )


@dataclass(frozen=True)
class _PairRecorder:
    part: BreakerPart
    history: History
    found: Intervals
    how: Resampling

    def pair(self, pair: BreakerPair, sides: Mapping[str, str]) -> Pair:
        tails = {
            side: self.part.sought[name].record(self.history, self._quantile(name), self.how)
            for side, name in sides.items()
        }
        up, down = tails.get("up") or tails["both"], tails.get("down") or tails["both"]
        return Pair(
            window=pair.window,
            band_up=monotone(up.quantile, math.expm1),
            band_down=monotone(down.quantile, lambda q: -math.expm1(-q)),
            power=pair.power,
            tails=tails,
        )

    def _quantile(self, name: str) -> Estimate:
        return self.found.around(name, self.part.sought[name].fit.quantile)


def fit_breaker(history: History, asked: Settings) -> BreakerPart:
    """Fit the pairs of the feed's kind."""
    anchors = feed_anchors(
        history, asked.poke_interval, accrual=asked.accrual, windows=asked.windows
    )
    alarms = Alarms(asked.alarms_per_year, asked.shock, asked.tick)
    pairs = breaker_pairs(history, anchors, alarms)
    return BreakerPart(pairs, _sides(pairs, anchors, asked.tick), asked)


def _sides(pairs: BreakerPairs, anchors: Anchors, tick: float) -> Mapping[str, Sought[History]]:
    fast, slow = pairs.fast, pairs.slow
    if slow is None:
        fits = {
            "up": (lambda h: anchors.sides(h)[0], fast.up),
            "down": (lambda h: anchors.sides(h)[1], fast.down),
        }
    else:
        fits = {"fast": (anchors.fast, fast.down), "slow": (anchors.slow, slow.down)}
    return {
        name: Sought[History](losses, fit, tick, per_cluster=True)
        for name, (losses, fit) in fits.items()
    }


# Losses over a holding period ---------------------------------------------------------------------


@dataclass(frozen=True)
class HaircutPart:
    """Market loss over the holding period, from its own tail."""

    sought: Sought[History]
    by_root_of_time: float | None
    asked: Settings

    @property
    def window(self) -> float:
        """The holding period."""
        return self.asked.holding

    def again(self, history: History) -> Mapping[str, float]:
        """Return q_α(H) of a resample."""
        return {"haircut": self.sought.again(history)}

    def record(self, history: History, found: Intervals, how: Resampling) -> Haircut:
        """Return h_m(H), beside what zσ√H gives."""
        quantile = found.around("haircut", self.sought.fit.quantile)
        return Haircut(
            horizon=self.asked.holding,
            loss=monotone(quantile, lambda q: float(market_loss(q))),
            by_root_of_time=self.by_root_of_time,
            tail=self.sought.record(history, quantile, how),
        )


def fit_haircut(history: History, asked: Settings, standard: Standardised | None) -> HaircutPart:
    """Fit q_α over the holding period."""
    sought = _held(history, asked)
    by_root = None
    if standard is not None:
        log_loss = loss_quantile(standard.z, standard.volatility, asked.holding / YEAR)
        by_root = quantise(float(market_loss(log_loss)))
    return HaircutPart(sought, by_root, asked)


@dataclass(frozen=True)
class OutflowPart:
    """Net outflow of a supply over the holding period."""

    sought: Sought[History]
    asked: Settings

    @property
    def window(self) -> float:
        """The holding period."""
        return self.asked.holding

    def again(self, history: History) -> Mapping[str, float]:
        """Return the quantile of a resample's outflows."""
        return {"outflow": self.sought.again(history)}

    def record(self, history: History, found: Intervals, how: Resampling) -> Outflow:
        """Return the share that leaves; a logarithm, so that it never is the whole."""
        quantile = found.around("outflow", self.sought.fit.quantile)
        return Outflow(
            window=self.asked.holding,
            share=monotone(quantile, lambda q: -math.expm1(-q)),
            tail=self.sought.record(history, quantile, how),
        )


def fit_outflow(history: History, asked: Settings) -> OutflowPart:
    """Fit Q_α of the net outflow, relative to what was there.

    Raises
    ------
    ParameterError : the supply never fell by so much as a trace at the confidence.
    """
    sought = _held(history, asked)
    if sought.fit.quantile <= 0.0:
        raise ParameterError(
            "outflow", "the supply does not fall at this confidence", sought.fit.quantile, 0.0,
            "Declare an outflow; a supply that has only grown says nothing of a run.",
        )  # fmt: skip
    return OutflowPart(sought, asked)


def _held(history: History, asked: Settings) -> Sought[History]:
    """Losses over the holding period, read at the keeper's cadence."""

    def losses(source: History) -> Array:
        return -horizon_returns(source, asked.holding, asked.poke_interval)

    return Sought(losses, confidence_quantile(losses(history), asked.confidence))
