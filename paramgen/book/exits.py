"""The ways out of an asset: routes by which it is sold or redeemed, and how long it is held."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from paramgen.book.evidence import Identifier, Section
from paramgen.book.quantity import (
    Duration,
    Money,
    PositiveDepth,
    PositiveDuration,
    PositiveNumber,
    PositiveShare,
    Probability,
    Rate,
    Share,
    refuse,
)


class Pool(Section):
    """An AMM around its spot tick.

    `depth` is the virtual reserve of the asset bought with, in USD: L·√P of a concentrated pool,
    half of a full-range pool's value; never TVL. `stress` is the share of it left under stress.
    """

    kind: Literal["amm"]
    depth: PositiveDepth
    fee: Probability
    stress: PositiveShare


class Quote(Section):
    """One bid."""

    price: PositiveNumber
    size: Money


class OrderBook(Section):
    """A CLOB: bids as quoted, sizes in USD, and the mid they stand against.

    `stress` is the share of each bid left under stress.
    """

    kind: Literal["clob"]
    mid: PositiveNumber
    bids: tuple[Quote, ...] = Field(min_length=1)
    fee: Share
    stress: PositiveShare


class Redemption(Section):
    """Redemption with the issuer: at NAV less a fee, after a time, up to a capacity."""

    kind: Literal["redemption"]
    fee: Share
    time: Duration
    capacity: Money


class Negotiated(Section):
    """A sale to a market maker or over the counter at a price-level discount.

    The report's 3–7 / 8–15 / 15–25 % stand here: normal, under stress, and in an extreme event.
    """

    kind: Literal["negotiated"]
    discount: Share
    stressed: Probability
    extreme: Share | None = None
    time: Duration
    capacity: Money

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.stressed.value < self.discount.value:
            raise refuse("has a stressed discount below the normal one.")
        if self.extreme is not None and self.extreme.value < self.stressed.value:
            raise refuse("has an extreme discount below the stressed one.")
        return self


Route = Annotated[Pool | OrderBook | Redemption | Negotiated, Field(discriminator="kind")]


class Liquidity(Section):
    """Ways out, and the holding period that turns a price discount into a yield."""

    holding_period: PositiveDuration
    routes: dict[Identifier, Route] = Field(default_factory=dict)
    premium: Rate | None = None
