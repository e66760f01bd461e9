"""Calibrated evidence: what `paramgen calibrate` found in a feed, as a book refers to it.

Reals are written as text, the shortest that reads back as the same double, so that a file has the
same bytes wherever it is written. Losses and thresholds are natural logarithms, times seconds.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer

from paramgen.book.quantity import Frozen, refuse

SCHEMA: Literal["paramgen/calibration/1"] = "paramgen/calibration/1"


def _real(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise refuse("must be a real, written as text.") from None
    if not math.isfinite(number):
        raise refuse("must be finite.")
    return number


Real = Annotated[float, BeforeValidator(_real), PlainSerializer(repr, return_type=str)]
Whole = Annotated[int, Field(ge=0)]


class Estimate(Frozen):
    """A value with its confidence interval; no ends where nothing was resampled."""

    value: Real
    low: Real | None = None
    high: Real | None = None


class Threshold(Frozen):
    """What one threshold would have given; no fit where there were too few exceedances."""

    level: Real
    threshold: Real
    shape: Real | None
    shape_upper: Real | None
    scale: Real | None
    exceedances: Whole
    clusters: Whole
    distinct: Whole
    extremal_index: Real
    quantile: Real | None
    cramer_von_mises: Real | None
    refusal: str | None


class Tail(Frozen):
    """A tail quantile, how it was had, and how well the tail fits.

    Attributes
    ----------
    quantile : the log loss that is exceeded with `probability` an observation.
    level, threshold, shape, scale : of the generalised Pareto; None under another method.
    expected_exceedances : of the quantile in a sample of this size.
    cramer_von_mises, anderson_darling : p-values by parametric bootstrap; None on a grid.
    thresholds : every level tried, in order of preference.
    """

    quantile: Estimate
    probability: Real
    method: str
    level: Real | None
    threshold: Real | None
    shape: Estimate | None
    scale: Real | None
    observations: Whole
    clusters: Whole
    distinct: Whole
    extremal_index: Real
    expected_exceedances: Real
    cramer_von_mises: Real | None
    anderson_darling: Real | None
    thresholds: tuple[Threshold, ...]
    warnings: tuple[str, ...]


class Staleness(Frozen):
    """T in seconds with the candidates it is the largest of, and the tail of the gaps.

    `quantile` is None where updates are too few a year for one.
    """

    limit: Estimate
    binding: str
    candidates: dict[str, Real]
    updates_per_year: Real
    quantile: Estimate | None
    longest_gap: Real
    warnings: tuple[str, ...]


class Coverage(Frozen):
    """At one age: the (1−α)-quantile of P_τ/P₀ seen, the decay there, how often it was enough."""

    age: Real
    observed: Real
    decay: Real
    covered: Real
    readings: Whole


class Decay(Frozen):
    """The market part of a decay: its step at T, its rate a second, and how it has covered."""

    step: Estimate
    rate: Estimate
    coverage: tuple[Coverage, ...]


class Price(Frozen):
    """z and σ of the price over `horizon`, read every `cadence`, and the decays they give."""

    z: Estimate
    volatility: Estimate
    horizon: Real
    cadence: Real
    chord: Decay
    tangent: Decay
    tail: Tail


class Pair(Frozen):
    """A breaker's window with X up and down, as fractions; one tail where both sides share it."""

    window: Real
    band_up: Estimate
    band_down: Estimate
    power: Real
    tails: dict[Literal["both", "up", "down"], Tail]


class Breaker(Frozen):
    """The pairs: fast and slow of a market price, one about the accrued anchor of a NAV.

    `windows` of the fast pair make the slow one.
    """

    kind: Literal["market", "accrual"]
    windows: Real
    fast: Pair
    slow: Pair | None


class Tolerance(Frozen):
    """How far two feeds may lie apart, above the sum of their deviation thresholds.

    `left_out` readings had one of the two older than its staleness limit.
    """

    value: Estimate
    binding: str
    deviations: tuple[Real, Real]
    block: Whole
    readings: Whole
    left_out: Whole
    largest: Real
    tail: Tail


class Haircut(Frozen):
    """Market loss over a holding period: from its own tail, and as zσ√H gives it."""

    horizon: Real
    loss: Estimate
    by_root_of_time: Real | None
    tail: Tail


class Outflow(Frozen):
    """Share of the supply that leaves within `window`, at the confidence."""

    window: Real
    share: Estimate
    tail: Tail


class Input(Frozen):
    """A file that was read: what of it was used, and why the rest was not."""

    role: Literal["feed", "second", "second leg", "supply", "policy", "book"]
    file: str
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    used: Whole
    left_out: dict[str, Whole]
    first: Real | None = None
    last: Real | None = None


class Settings(Frozen):
    """What was asked for. Times in seconds, rates per year, the rest fractions.

    Attributes
    ----------
    confidence : α. alarms_per_year : f. shock : J, the fall to be caught. accrual : g.
    margin : on the heartbeat. poke_interval : the keeper's cadence.
    closure : longest closure of a feed that keeps business days; None of one that does not.
    longest_gap : as published. horizon : of z; None where it is this feed's own T.
    windows : of the fast pair in the slow one. holding : period of the haircut and the outflow.
    """

    kind: Literal["rounds", "prices", "nav", "supply"]
    confidence: Real
    alarms_per_year: Real
    margin: Real
    poke_interval: Real
    shock: Real
    heartbeat: Real | None
    closure: Real | None
    longest_gap: Real | None
    horizon: Real | None
    deviation: Real
    second_deviation: Real
    accrual: Real
    tick: Real
    windows: Real
    holding: Real


class Resampling(Frozen):
    """How intervals were had: the stationary bootstrap of Politis and Romano (1994).

    `block` is the mean length of a block, in updates; `interval` the coverage asked for.
    """

    seed: Whole
    resamples: Whole
    interval: Real
    block: Whole | None = None


class Calibration(Frozen):
    """One feed calibrated; a section is absent where `refused` says why, or it was not asked for.

    `model` is raised with every change that moves a number.
    """

    schema_: Literal["paramgen/calibration/1"] = Field(default=SCHEMA, alias="schema")
    model: Literal["2"] = "2"
    name: str
    inputs: tuple[Input, ...]
    settings: Settings
    resampling: Resampling
    staleness: Staleness | None = None
    price: Price | None = None
    breaker: Breaker | None = None
    tolerance: Tolerance | None = None
    haircut: Haircut | None = None
    outflow: Outflow | None = None
    refused: dict[str, str]
