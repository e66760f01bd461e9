"""What an asset is priced by: its market, its feeds, and the oracle that is fitted to them."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from paramgen.book.evidence import Identifier, Moment, Section
from paramgen.book.quantity import (
    Duration,
    Number,
    PositiveDuration,
    PositiveNumber,
    PositiveShare,
    Rate,
    Share,
    Volatility,
    refuse,
)


class Noise(Section):
    """How far the oracle strays from its reference, and over what pricing horizon (spec 2.1)."""

    deviation: Share
    horizon: PositiveDuration


class Market(Section):
    """Price risk: a history or its calibration, else a volatility, else the class prior."""

    history: Identifier | None = None
    calibration: Identifier | None = None
    volatility: Volatility | None = None
    deviation: Share
    delay: Duration
    noise: Noise | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.calibration is None:
            return self
        beside = {"history": self.history, "volatility": self.volatility}
        for name, found in beside.items():
            if found is not None:
                raise refuse(
                    f"has a {name} beside its calibration, {self.calibration}.",
                    f"The calibration holds σ and z: leave out {name}, or the calibration.",
                )
        return self


class Feed(Section):
    """A price source as published: heartbeat and deviation threshold, and its observed gaps."""

    heartbeat: PositiveDuration
    deviation: Share
    calendar: Literal["continuous", "business"] = "continuous"
    longest_gap: Duration | None = None
    history: Identifier | None = None
    calibration: Identifier | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.history is not None and self.calibration is not None:
            raise refuse(
                f"has a history beside its calibration, {self.calibration}.",
                "Its gaps come from one of them: leave the other out.",
            )
        return self


class Reference(Section):
    """The NAV reference that caps the price from above."""

    price: PositiveNumber
    as_of: Moment
    maximum_age: PositiveDuration
    growth: Rate
    headroom: Share


class BandStatistics(Section):
    """Breaker statistics declared when there is no history: moves per window, and their window."""

    up: PositiveShare
    down: PositiveShare
    window: PositiveDuration
    slow_up: PositiveShare
    slow_down: PositiveShare
    slow_window: PositiveDuration


class OracleSpec(Section):
    """Feeds, first reviewed price, bounds, and what the breaker is fitted to.

    A calibration gives the band, and the tolerance where it holds one and the book states none.
    """

    price: PositiveNumber
    price_as_of: Moment
    lowest: PositiveNumber
    highest: Number
    tick: Share
    primary: Feed
    secondary: Feed | None = None
    tolerance: Share | None = None
    band: BandStatistics | None = None
    history: Identifier | None = None
    calibration: Identifier | None = None
    reference: Reference | None = None
    maximum_age: PositiveDuration

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if not self.lowest.value < self.price.value < self.highest.value:
            raise refuse("needs lowest < price < highest.")
        sources = (self.band, self.history, self.calibration)
        if sum(source is not None for source in sources) != 1:
            raise refuse(
                "needs exactly one of band, history, calibration: what is the breaker fitted to?"
            )
        if self.secondary is not None and self.tolerance is None and self.calibration is None:
            raise refuse("has two feeds and needs the tolerance between them.")
        return self
