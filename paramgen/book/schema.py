"""The book: what is known of each asset, and where each number comes from.

Cross-references (evidence, counterparties, jurisdictions, basket members) are checked in
`paramgen.book.resolve`, after the shape has been.
"""

from __future__ import annotations

import enum
import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from paramgen.book.quantity import (
    Count,
    Duration,
    Flag,
    Frozen,
    InnerShare,
    Money,
    Number,
    PositiveDepth,
    PositiveDuration,
    PositiveMoney,
    PositiveNumber,
    PositiveShare,
    Probability,
    Rate,
    Share,
    SignedNumber,
    Volatility,
    refuse,
)
from paramgen.book.venues import Entry

IDENTIFIER = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
SHA256 = r"^[0-9a-f]{64}$"
ADDRESS = r"^0x[0-9a-fA-F]{40}$"
TENOR = r"^(\d+(?:\.5)?)([MY])$"

Identifier = Annotated[str, Field(pattern=IDENTIFIER, max_length=64)]
Text = Annotated[str, Field(min_length=1, max_length=2_000)]
Sha256 = Annotated[str, Field(pattern=SHA256)]
Address = Annotated[str, Field(pattern=ADDRESS)]


def _moment(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise refuse(
            "must be a date or time, such as 2025-12-31 or 2025-12-31T16:00:00Z."
        ) from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}"}),
]


class EvidenceKind(enum.StrEnum):
    """How far a number can be trusted; `assumption` is labelled so in all output."""

    PUBLISHED = "published"
    ASSUMPTION = "assumption"
    HISTORY = "history"
    CALIBRATION = "calibration"
    CHAIN = "chain"


_FILED = frozenset({EvidenceKind.HISTORY, EvidenceKind.CALIBRATION})


class HistoryFormat(Frozen):
    """Which columns of a CSV or Parquet file hold a history.

    `decimals` divides the price; `interval` says how often the asset is valued when the rows are
    appraisals or closes rather than a feed's own updates.
    """

    time: Text = "time"
    price: Text = "price"
    decimals: Count = 0
    appraisal: Flag = False


class Evidence(Frozen):
    """One source of numbers: who says so, as of when, and the file that proves it."""

    source: Text
    as_of: Moment
    kind: EvidenceKind
    file: Annotated[str, Field(max_length=256)] | None = None
    sha256: Sha256 | None = None
    history: HistoryFormat | None = None

    @model_validator(mode="after")
    def _pinned(self) -> Self:
        if (self.file is None) != (self.sha256 is None):
            raise refuse("needs file and sha256 together: a file is pinned by its hash.")
        if self.kind in _FILED and self.file is None:
            raise refuse(f"is a {self.kind.value} and needs a file with its sha256.")
        if self.kind is EvidenceKind.CALIBRATION and self.history is not None:
            raise refuse("is a calibration, which has no columns of a history.")
        if self.history is not None and self.file is None:
            raise refuse("describes columns of a file but names no file.")
        return self


class Section(Frozen):
    """A part of the book whose inputs rest on one evidence unless they name another."""

    evidence: Identifier | None = None


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


class Role(enum.StrEnum):
    """Whose default the holder is exposed to besides the obligor's (spec 2.4)."""

    CUSTODIAN = "custodian"
    SPV = "spv"
    SERVICER = "servicer"
    ORACLE = "oracle"
    EXECUTOR = "executor"
    VENUE = "venue"


class Counterparty(Section):
    """One intermediary; its default events are disjoint from the obligor's."""

    name: Text
    role: Role
    hazard: Rate
    recovery: Share


class Jurisdiction(Section):
    """Legal discount: a premium as quoted, or probability · loss + cost."""

    name: Text
    premium: Rate | None = None
    probability: Rate | None = None
    loss: Share | None = None
    cost: Rate | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        parts = (self.probability, self.loss, self.cost)
        if self.premium is not None and any(part is not None for part in parts):
            raise refuse("takes either premium, or probability, loss and cost.")
        if self.premium is None and any(part is None for part in parts):
            raise refuse("needs premium, or all of probability, loss and cost.")
        return self


class Cohort(Section):
    """Defaults among comparable obligors; PD is smoothed towards the prior (spec 2.2)."""

    obligors: Count
    defaults: Count
    prior: InnerShare
    weight: PositiveNumber
    quantile: InnerShare | None = None

    @model_validator(mode="after")
    def _counts(self) -> Self:
        if self.defaults > self.obligors:
            raise refuse(f"has {self.defaults} defaults among {self.obligors} obligors.")
        return self


class Covariate(Section):
    """One behaviour or proxy in the logit.

    Without a `value` it falls to its prior `mean` (0 if absent), or to its `last_known` value where
    that is worse, and its prior `deviation` widens the score: silence never lowers PD.
    """

    coefficient: SignedNumber
    value: SignedNumber | None = None
    last_known: SignedNumber | None = None
    mean: SignedNumber | None = None
    deviation: Number | None = None


class Logit(Section):
    """PD by logit on on-chain behaviour and off-chain proxies, smoothed to a prior."""

    intercept: SignedNumber
    on_chain: dict[Identifier, Covariate] = Field(default_factory=dict)
    off_chain: dict[Identifier, Covariate] = Field(default_factory=dict)
    prior: InnerShare
    weight: PositiveNumber
    observations: Number


class Recovery(Section):
    """Parts of LGD = 1 − clip(recoverability·enforceability·(1−s)·e^{−rτ} − c, 0, 1)."""

    recoverability: Share
    enforceability: Share
    slippage: Share
    return_time: Duration
    cost: Share


class Signals(Section):
    """Observations of the signal map (spec 2.2); what is absent moves nothing.

    `custody_coverage` is deposits over claims, `unproven_collateral` the share without proof,
    `custodian_notches` the notches lost, `market_makers_left` the share of them gone.
    """

    custody_coverage: Share | None = None
    unproven_collateral: Share | None = None
    custodian_notches: Number | None = None
    market_makers_left: Share | None = None


class Credit(Section):
    """The obligor: PD over one year in one of three forms, LGD declared or built."""

    pd: Probability | None = None
    cohort: Cohort | None = None
    logit: Logit | None = None
    floor: Share | None = None
    lgd: Share | None = None
    recovery: Recovery | None = None
    signals: Signals = Signals()

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if sum(form is not None for form in (self.pd, self.cohort, self.logit)) != 1:
            raise refuse("needs exactly one of pd, cohort, logit.")
        if (self.lgd is None) == (self.recovery is None):
            raise refuse("needs exactly one of lgd, recovery.")
        return self


class Structure(Section):
    """SPV, waterfall and enhancement of a pool (spec 2.6); the note is the [A, D] tranche."""

    correlation: InnerShare
    overcollateral: Share
    reserve: Share
    discretionary_waterfall: Flag = False
    waterfall_premium: Rate | None = None

    @model_validator(mode="after")
    def _premium(self) -> Self:
        if self.discretionary_waterfall and self.waterfall_premium is None:
            raise refuse("has a discretionary waterfall and needs its waterfall_premium.")
        return self


class Member(Section):
    """One asset of a basket."""

    asset: Identifier
    weight: Share


class Basket(Section):
    """A mixed pool of other assets of the book, tranched like any pool."""

    members: tuple[Member, ...] = Field(min_length=2)


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


class Noise(Section):
    """How far the oracle strays from its reference, and over what pricing horizon (spec 2.1)."""

    deviation: Share
    horizon: PositiveDuration


class Exposure(Section):
    """What stands beside supply·NAV in the exposure at default (spec 2.2)."""

    accrued: Money | None = None
    undrawn: Money | None = None
    conversion: Share | None = None
    reserve: Money | None = None

    @model_validator(mode="after")
    def _conversion(self) -> Self:
        if (self.undrawn is None) != (self.conversion is None):
            raise refuse("needs undrawn and its conversion factor together.")
        return self


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
