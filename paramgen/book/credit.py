"""Who may not pay: an asset's obligor, its pool and intermediaries, and the law it stands under."""

from __future__ import annotations

import enum
from typing import Self

from pydantic import Field, model_validator

from paramgen.book.evidence import Identifier, Section, Text
from paramgen.book.quantity import (
    Count,
    Duration,
    Flag,
    InnerShare,
    Money,
    Number,
    PositiveNumber,
    Probability,
    Rate,
    Share,
    SignedNumber,
    refuse,
)


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
