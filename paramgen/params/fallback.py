"""When a price is stale, and how it decays from there (spec 3.5).

Ages and limits are Unix seconds; volatilities are per √year and hazards per year of 365 days.

What goes on chain is linear in the exponent, exponent(τ) = step + rate·(τ − T) for τ > T, with
D = max(exp(−exponent), floor). **Lemma**: the encoded D lies at or below the compiled one at every
age in [T, maximum age].

1. The compiled exponent is market(τ) + default(τ). In the modes chord and tangent the market part
   is itself linear from T on, and the encoded one is equal to it; in the mode joint it is
   zσ(√τ − √T), concave, zero at T, and lies below its tangent there, which is encoded.
2. The default part Σ c_j·min(1, h_j·τ/a) is concave with slope at most Σ c_j·h_j/a. The encoded one
   starts from default(T) with exactly that slope, hence lies above it.
3. So exponent(τ) ≥ market(τ) + default(τ), that is exp(−exponent) ≤ D(τ).
4. D falls with age, so the floor D(maximum age) is at most D(τ); the maximum of two lower bounds is
   a lower bound.

The slope is kept where the default part is flat already at T: a rate that dropped to zero
there would give an asset of higher hazard a higher price at later ages.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum

import numpy as np
from numpy.typing import ArrayLike

from paramgen.params.binding import Binding, ParameterError, greatest
from paramgen.params.losses import YEAR, Array, loss_quantile, market_loss

CALENDAR_SHARE = 20.0
"""With f ≥ n/20 the quantile of the gaps would be one in twenty or commoner: no quantile at all."""

_DAY = 86_400.0


@dataclass(frozen=True)
class GapTail:
    """What the gaps between a feed's updates say of its staleness.

    Parameters
    ----------
    updates_per_year : n, from the mean gap.
    alarms_per_year : f, false alarms a year.
    quantile : Q_{1−f/n} of the gaps in seconds; None where f ≥ n/20 and it would be no quantile.
    """

    updates_per_year: float
    alarms_per_year: float
    quantile: float | None


def gap_tail(gaps: ArrayLike, alarms_per_year: float) -> GapTail:
    """Return the tail of (n,) gaps in seconds, n ≥ 1. Source: spec 3.5."""
    seconds = np.asarray(gaps, dtype=np.float64)
    per_year = YEAR / float(seconds.mean())
    if alarms_per_year >= per_year / CALENDAR_SHARE:
        return GapTail(per_year, alarms_per_year, None)
    # "higher": between two observed gaps the larger one is the safe reading.
    level = 1.0 - alarms_per_year / per_year
    quantile = float(np.quantile(seconds, level, method="higher"))
    return GapTail(per_year, alarms_per_year, quantile)


def staleness_limit(
    gaps: GapTail | None,
    *,
    heartbeat: float,
    margin: float,
    calendar_heartbeat: float | None = None,
) -> Binding:
    """Return T = max(heartbeat + margin, Q_{1−f/n}(gaps)) in seconds, n updates a year.

    Where f ≥ n/20 there are too few updates for a quantile, and the calendar heartbeat, the longest
    gap that business days and holidays allow, stands in its place.

    Parameters
    ----------
    gaps : tail of the seconds between updates; None where only a heartbeat is known.
    heartbeat, margin : seconds.
    calendar_heartbeat : seconds, `longest_closure`; None where the feed keeps no calendar.

    Raises
    ------
    ParameterError : the feed updates too seldom for a quantile and no calendar is given.

    Source: spec 3.5.
    """
    candidates = {"heartbeat + margin": heartbeat + margin}
    if calendar_heartbeat is not None:
        candidates["calendar heartbeat + margin"] = calendar_heartbeat + margin
    if gaps is not None and gaps.quantile is not None:
        candidates["quantile of the gaps"] = gaps.quantile
    elif gaps is not None and calendar_heartbeat is None:
        raise ParameterError(
            "staleness limit", "too few updates a year for a quantile of the gaps",
            gaps.updates_per_year, CALENDAR_SHARE * gaps.alarms_per_year,
            "Give the calendar (business days between updates and the holidays) of the feed.",
        )  # fmt: skip
    return greatest(candidates)


def longest_closure(business_days: int, holidays: Sequence[date], first: date, last: date) -> float:
    """Return the longest time, in seconds, between updates so many business days apart.

    Weekends and the given holidays are closed; every start in [first, last] is tried, so that
    Christmas after a weekend counts. Source: spec 3.5, the calendar heartbeat.

    Raises
    ------
    ParameterError : no business day lies in the range.
    """
    closed = np.array(sorted(holidays), dtype="datetime64[D]")
    days = np.arange(np.datetime64(first, "D"), np.datetime64(last, "D") + 1)
    starts = days[np.is_busday(days, holidays=closed)]
    if starts.size == 0:
        raise ParameterError(
            "calendar heartbeat", "no business day in the range", 0.0, 1.0,
            "Give a range of at least a year and check the holidays.",
        )  # fmt: skip
    ends = np.busday_offset(starts, business_days, holidays=closed)
    return float(np.max(ends - starts).astype(np.int64)) * _DAY


def check_staleness(limit: float, z: float, volatility: float, largest_loss: float) -> float:
    """Return h_m(T), refusing a staleness limit over which the price may fall too far.

    Parameters
    ----------
    limit : T in seconds.
    z, volatility : standardised quantile and σ per √year.
    largest_loss : the policy's ceiling on h_m(T), a fraction.

    Raises
    ------
    ParameterError : h_m(T) exceeds the ceiling. It is not clipped: a shorter T would alarm.

    Source: spec 3.0.
    """
    loss = float(market_loss(loss_quantile(z, volatility, limit / YEAR)))
    if loss <= largest_loss:
        return loss
    raise ParameterError(
        "staleness limit", f"the price may fall too far within {limit:.6g} s", loss, largest_loss,
        "Find a feed with a shorter heartbeat, or raise the policy's ceiling.",
    )  # fmt: skip


class DecayMode(Enum):
    """How the market part continues beyond T.

    CHORD and TANGENT lie below the quantile of the price at every age; JOINT starts from no
    market loss at T and is sound only for solvency, where T is already in the horizon H_p.
    """

    CHORD = "chord"
    TANGENT = "tangent"
    JOINT = "joint"


@dataclass(frozen=True)
class DecayRisk:
    """What a price that nobody confirms may have lost.

    Parameters
    ----------
    z, volatility : standardised quantile and σ per √year.
    hazard : (k,) λ_j per year, one a disjoint cause; a scalar for one cause.
    loss_given_default : (k,) ℓ_j, each in [0, 1).
    confidence : α in (0, 1).
    """

    z: float
    volatility: float
    hazard: ArrayLike
    loss_given_default: ArrayLike
    confidence: float

    def __post_init__(self) -> None:
        """Refuse a total loss, whose exponent is not a number a chain can hold."""
        worst = float(np.max(self.loss_given_default))
        if worst >= 1.0:
            raise ParameterError(
                "decay", "a total loss given default has no finite exponent", worst, 1.0,
                "State a recovery above zero, or do not lend against the asset.",
            )  # fmt: skip

    @property
    def jumps(self) -> Array:
        """Exponent of each cause's recovery, ln(1/(1−ℓ_j)), (k,)."""
        loss = np.atleast_1d(np.asarray(self.loss_given_default, dtype=np.float64))
        exponents: Array = -np.log1p(-loss)
        return exponents

    @property
    def default_slope(self) -> float:
        """Rise of the default exponent per second until the first cause is flat."""
        return float(np.sum(self.jumps * self._pace))

    @property
    def _pace(self) -> Array:
        """λ_j/ln(1/α) per second, (k,): the inverse of the age at which a cause is flat."""
        tail = -math.log(self.confidence) * YEAR
        pace: Array = np.atleast_1d(np.asarray(self.hazard, dtype=np.float64)) / tail
        return pace

    def default_exponent(self, age: ArrayLike) -> Array:
        """Return Σ_j ln(1/(1−ℓ_j))·min(1, λ_j·τ/ln(1/α)).

        Per cause the chord to the recovery jump, then flat; a mean hazard·LGD·τ would be no
        quantile. The sum lies above the quantile of disjoint causes: with losses descending, that
        is the jump J_m at the first m with Σ_{j≤m} λ_j·τ ≥ ln(1/α), and the first m terms come to
        at least J_m·min(1, Σ_{j≤m} λ_j·τ/ln(1/α)) = J_m.
        """
        seconds = np.asarray(age, dtype=np.float64)[..., None]
        exponent: Array = np.sum(self.jumps * np.minimum(1.0, self._pace * seconds), axis=-1)
        return exponent

    def market_exponent(self, age: ArrayLike, limit: float, mode: DecayMode) -> Array:
        """Return the market part for ages from the limit T on, both in seconds."""
        seconds = np.asarray(age, dtype=np.float64)
        if mode is DecayMode.JOINT:
            joint: Array = self._sigma_root(seconds) - self._sigma_root(limit)
            return joint
        linear: Array = self._sigma_root(limit) + self.market_slope(limit, mode) * (seconds - limit)
        return linear

    def market_slope(self, limit: float, mode: DecayMode) -> float:
        """Return the slope per second of the chord, or of the tangent at T."""
        chord = float(self._sigma_root(limit)) / limit
        return chord if mode is DecayMode.CHORD else chord / 2.0

    def _sigma_root(self, age: ArrayLike) -> Array:
        seconds = np.asarray(age, dtype=np.float64)
        root: Array = self.z * self.volatility * np.sqrt(seconds / YEAR)
        return root


def decay_factor(age: ArrayLike, risk: DecayRisk, limit: float, mode: DecayMode) -> Array:
    """Return the compiled D(τ) = exp(−market(τ) − default(τ)) for τ > T, and 1 up to T.

    Parameters
    ----------
    age : τ of the price in seconds, any shape.
    limit : T in seconds.

    D stays below the (1−α)-quantile of P_τ/P₀ in the modes chord and tangent. Source: spec 3.5.
    """
    seconds = np.asarray(age, dtype=np.float64)
    late = np.maximum(seconds, limit)
    exponent = risk.market_exponent(late, limit, mode) + risk.default_exponent(late)
    factor: Array = np.where(seconds > limit, np.exp(-exponent), 1.0)
    return factor


@dataclass(frozen=True)
class DecayCurve:
    """The form the chain holds: a step at T, one rate per second, a floor, a maximum age."""

    limit: float
    max_age: float
    step: float
    rate: float
    floor: float
    mode: DecayMode

    def factor(self, age: ArrayLike) -> Array:
        """Return max(exp(−step − rate·(τ−T)), floor) for τ > T, and 1 up to T.

        Beyond the maximum age pricing stops, so there the value has no meaning: NaN.
        """
        seconds = np.asarray(age, dtype=np.float64)
        exponent = self.step + self.rate * np.maximum(0.0, seconds - self.limit)
        decayed = np.maximum(np.exp(-exponent), self.floor)
        served = np.where(seconds > self.limit, decayed, 1.0)
        factor: Array = np.where(seconds > self.max_age, np.nan, served)
        return factor

    @property
    def at_limit(self) -> float:
        """D(T⁺), the step that loan-to-value must survive."""
        return max(math.exp(-self.step), self.floor)


def decay_curve(
    risk: DecayRisk, limit: float, max_age: float, mode: DecayMode = DecayMode.TANGENT
) -> DecayCurve:
    """Return the on-chain decay that lies below the compiled one; the lemma is this module's.

    Parameters
    ----------
    limit, max_age : T and the age at which pricing stops, in seconds.

    Raises
    ------
    ParameterError : the maximum age is not beyond T.

    Source: spec 3.5.
    """
    if max_age <= limit:
        raise ParameterError(
            "maximum age", "must lie beyond the staleness limit", max_age, limit,
            "Raise the policy's maximum age, or find a feed with a shorter heartbeat.",
        )  # fmt: skip
    step = float(risk.market_exponent(limit, limit, mode) + risk.default_exponent(limit))
    rate = risk.market_slope(limit, mode) + risk.default_slope
    floor = float(decay_factor(max_age, risk, limit, mode))
    return DecayCurve(limit, max_age, step, rate, floor, mode)
