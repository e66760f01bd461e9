"""The book: what is known of each asset, and where each number comes from.

Cross-references (evidence, counterparties, jurisdictions, basket members) are checked in
`paramgen.book.resolve`, after the shape has been.
"""

from __future__ import annotations

import enum
import re
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from paramgen.book.credit import Basket, Counterparty, Credit, Exposure, Jurisdiction, Structure
from paramgen.book.evidence import Address, Evidence, Identifier, Moment, Section, Text
from paramgen.book.exits import Liquidity
from paramgen.book.prices import Market, OracleSpec
from paramgen.book.quantity import (
    Count,
    Duration,
    InnerShare,
    PositiveMoney,
    PositiveNumber,
    Rate,
    Share,
    refuse,
)
from paramgen.book.venues import Entry

TENOR = r"^(\d+(?:\.5)?)([MY])$"


class OnChainRate(Section):
    """An on-chain rate that calibrates the benchmark (spec 2.1)."""

    rate: Rate
    weight: Share
    tolerance: Share
    age: Duration
    maximum_age: Duration


class Curve(Section):
    """Benchmark: Treasury par yields by tenor (`3M`, `1Y`), and an optional on-chain rate."""

    par_yields: dict[Annotated[str, Field(pattern=TENOR)], Rate] = Field(min_length=1)
    on_chain: OnChainRate | None = None


def tenor_years(tenor: str) -> float:
    """`3M` → 0.25, `1.5M` → 0.125, `10Y` → 10."""
    found = re.match(TENOR, tenor)
    if found is None:
        raise ValueError(tenor)
    return float(found[1]) / (12 if found[2] == "M" else 1)


class Lending(Section):
    """The loan market against the asset: outflow, declared or calibrated, elasticity, base rate."""

    outflow: InnerShare | None = None
    calibration: Identifier | None = None
    elasticity: PositiveNumber
    base_rate: Rate

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.outflow is None) == (self.calibration is None):
            raise refuse("needs exactly one of outflow, calibration.")
        return self


class Comparable(Section):
    """What another venue runs with, shown beside ours, never a target (spec 3.9)."""

    venue: Text
    ltv: Share
    liquidation_threshold: Share
    bonus: Share | None = None


class Band(Section):
    """A published range that our figure is held against."""

    low: Share
    high: Share


class Published(Section):
    """The source's own ranges (spec 2.8, 2.9); `price` says inside or outside."""

    expected_loss: Band | None = None
    composite_yield: Band | None = None
    liquidity_discount: Band | None = None


class AssetClass(enum.StrEnum):
    """Class whose prior and supervisory haircut apply."""

    TREASURY = "treasury"
    CASH = "cash"
    RECEIVABLE = "receivable"
    CORPORATE_NOTE = "corporate-note"
    REAL_ESTATE = "real-estate"
    COMMODITY = "commodity"
    FUND = "fund"
    HASH_POWER = "hash-power"
    BASKET = "basket"


class Deployment(Section):
    """Addresses on one network. What is absent is deployed as a mock on local networks only."""

    token: Address | None = None
    primary: Address | None = None
    secondary: Address | None = None
    accrual: Address | None = None


class Asset(Section):
    """One collateral asset and its isolated market.

    Its benchmark is the Treasury curve at a `tenor`, a `risk_free` rate as stated, or for a token
    or synthetic asset the on-chain rate plus a `provider_premium`.
    """

    name: Text
    asset_class: AssetClass = Field(alias="class")
    decimals: Annotated[Count, Field(le=18)] = 18
    issuance: PositiveMoney
    circulating: PositiveMoney
    accrual: Rate
    tenor: Annotated[str, Field(pattern=TENOR)] | None = None
    risk_free: Rate | None = None
    provider_premium: Rate | None = None
    exposure: Exposure | None = None
    credit: Credit | None = None
    structure: Structure | None = None
    basket: Basket | None = None
    liquidity: Liquidity
    counterparties: tuple[Identifier, ...] = ()
    cva: Rate | None = None
    jurisdiction: Identifier
    market: Market
    oracle: OracleSpec
    lending: Lending
    comparables: tuple[Comparable, ...] = ()
    published: Published = Published()
    deployments: dict[str, Deployment] = Field(default_factory=dict)
    venues: dict[Identifier, Entry] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        benchmarks = (self.tenor, self.risk_free, self.provider_premium)
        if sum(form is not None for form in benchmarks) != 1:
            raise refuse("needs exactly one of tenor, risk_free, provider_premium.")
        if (self.credit is None) == (self.basket is None):
            raise refuse("needs exactly one of credit, basket.")
        if self.basket is not None and self.structure is None:
            raise refuse(
                "has a basket and needs its structure: a correlation, and overcollateral and "
                "reserve, 0 % where nothing is subordinated."
            )
        return self


class Book(Section):
    """Everything that is known, in one file."""

    version: Literal["1"]
    name: Text
    as_of: Moment
    policy: Annotated[str, Field(max_length=256)]
    sources: dict[Identifier, Evidence] = Field(min_length=1)
    curve: Curve
    counterparties: dict[Identifier, Counterparty] = Field(default_factory=dict)
    jurisdictions: dict[Identifier, Jurisdiction] = Field(default_factory=dict)
    assets: dict[Identifier, Asset] = Field(min_length=1)
