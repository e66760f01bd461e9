"""Where an asset is listed: the venue's contracts, and what of the venue the book governs.

Addresses and units of the venue's own tokens are identities, not risk evidence: they rest on the
chain, and `paramgen verify` shows them to whoever votes.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from eth_utils.address import to_checksum_address
from pydantic import AfterValidator, Field, model_validator

from paramgen.book.quantity import Count, Flag, Frozen, refuse

Address = Annotated[
    str,
    Field(pattern=r"^0x[0-9a-fA-F]{40}$"),
    AfterValidator(lambda text: str(to_checksum_address(text))),
]
"""With its checksum, as calls are read back."""
Label = Annotated[str, Field(min_length=1, max_length=64)]
Decimals = Annotated[Count, Field(le=18)]
Part = Literal["collateral", "caps", "rates"]
_ALL: tuple[Part, ...] = ("collateral", "caps", "rates")
_AAVE_FIELDS = (
    "ltv", "liqThreshold", "liqBonus", "debtCeiling", "supplyCap", "borrowCap",
    "optimalUsageRatio", "baseVariableBorrowRate", "variableRateSlope1", "variableRateSlope2",
)  # fmt: skip
_SHARED = "KEEP_CURRENT_STRING"


class Loan(Frozen):
    """The token that is borrowed against the asset. `at_par` says that one of it is one USD."""

    token: Address
    decimals: Decimals
    at_par: Flag = False

    @model_validator(mode="after")
    def _par(self) -> Self:
        if not self.at_par:
            raise refuse(
                "must be a token at par: debts are compiled in USD.",
                "Write at_par: true if one loan token counts as one USD.",
            )
        return self


class Listing(Frozen):
    """What every venue needs: the chain, and which parts of the market the book sets."""

    chain_id: Annotated[Count, Field(ge=1)]
    sets: tuple[Part, ...] = _ALL

    @model_validator(mode="after")
    def _parts(self) -> Self:
        if not self.sets or len(set(self.sets)) < len(self.sets):
            raise refuse("must name each part once: collateral, caps, rates.")
        return self


class EMode(Frozen):
    """An e-mode category: the number of one that exists, or the label of one to create."""

    category: Annotated[Count, Field(ge=1, le=255)] | None = None
    label: Label | None = None
    borrowables: tuple[Address, ...] = ()

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if (self.category is None) == (self.label is None):
            raise refuse("needs exactly one of category, label.")
        if self.label is not None and not self.borrowables:
            raise refuse("creates a category and needs its borrowables.")
        if self.category is not None and self.borrowables:
            raise refuse("names a category that exists, whose borrowables are not set here.")
        if self.label == _SHARED:
            raise refuse(f"must not be {_SHARED}, which Aave reads as no label.")
        return self


class _Aave(Listing):
    """A reserve of Aave V3; `keep` names the engine's fields that stay as they are."""

    collateral: Address
    loan: Loan | None = None
    isolated: Flag = False
    emode: EMode | None = None
    keep: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _kept(self) -> Self:
        unknown = sorted(set(self.keep) - set(_AAVE_FIELDS))
        if unknown:
            raise refuse(
                f"cannot keep {', '.join(unknown)}.", f"The engine has {', '.join(_AAVE_FIELDS)}."
            )
        shares = {"ltv", "liqThreshold", "liqBonus"} & set(self.keep)
        if self.emode is not None and self.emode.label is not None and shares:
            raise refuse(f"creates a category and cannot keep its {', '.join(sorted(shares))}.")
        if "rates" in self.sets and self.loan is None:
            raise refuse("sets rates and needs the loan, whose reserve they belong to.")
        return self


class AaveEngine(_Aave):
    """Aave V3's ConfigEngine, delegatecalled by the executor that holds the rights.

    Either the executor, where the carrier owns it, or the payloads controller that does.
    """

    kind: Literal["aave-config-engine"]
    engine: Address
    executor: Address | None = None
    payloads_controller: Address | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.executor is None) == (self.payloads_controller is None):
            raise refuse("needs exactly one of executor, payloads_controller.")
        return self


class AaveRiskSteward(_Aave):
    """Aave's RiskSteward, called by its council."""

    kind: Literal["aave-risk-steward"]
    steward: Address

    @model_validator(mode="after")
    def _no_creation(self) -> Self:
        if self.emode is not None and self.emode.label is not None:
            raise refuse("cannot create an e-mode category: the steward only changes one.")
        return self


class RiskOracle(Listing):
    """A Chaos-style RiskOracle; caps and collateral are published for the aToken."""

    kind: Literal["risk-oracle"]
    oracle: Address
    receipt: Address
    loan: Loan | None = None

    @model_validator(mode="after")
    def _loan(self) -> Self:
        if "rates" in self.sets and self.loan is None:
            raise refuse("sets rates and needs the loan, whose reserve they belong to.")
        return self


class CompoundV2(Listing):
    """A JumpRateModelV2 of a Compound V2 fork.

    `blocks_per_year` is the constant in the model, `block_time` what a block of the chain takes, in
    milliseconds; the rate that is charged follows from both.
    """

    kind: Literal["compound-v2"]
    model: Address
    blocks_per_year: Annotated[Count, Field(ge=1_000)]
    block_time: Annotated[Count, Field(ge=1, le=15_768)]
    sets: tuple[Part, ...] = ("rates",)

    @model_validator(mode="after")
    def _rates(self) -> Self:
        if self.sets != ("rates",):
            raise refuse("sets the rates alone.")
        return self


class Comet(Listing):
    """A Comet `market` through its Configurator.

    `store_front` is the market's storeFrontPriceFactor, the share of the penalty that buyers of
    absorbed collateral get, in whole percent; without it the liquidation factor stays as it is.
    """

    kind: Literal["comet"]
    configurator: Address
    proxy_admin: Address
    market: Address
    collateral: Address
    store_front: Annotated[Count, Field(ge=1, le=100)] | None = None


class Euler(Listing):
    """A pair of Euler vaults: the asset's, and the one that lends against it.

    `liquidation_ltv` is the pair's LTV in basis points as it stands: a lower one may be ramped down
    over `ramp` seconds, no other. `supply_cap` is the lending vault's as it stands, raw: setCaps
    sets both caps of a vault. `irm` is the model once the factory has deployed it.
    """

    kind: Literal["euler"]
    collateral_vault: Address
    vault: Address
    factory: Address
    irm: Address | None = None
    loan: Loan
    liquidation_ltv: Annotated[Count, Field(le=10_000)] = 0
    ramp: Annotated[Count, Field(le=2**32 - 1)] = 0
    supply_cap: Annotated[Count, Field(le=2**16 - 1)] | None = None


class Morpho(Listing):
    """A market of Morpho Blue; `market` is the id of the one it replaces."""

    kind: Literal["morpho-blue"]
    morpho: Address
    collateral: Address
    oracle: Address
    irm: Address
    loan: Loan
    market: Annotated[str, Field(pattern=r"^0x[0-9a-f]{64}$")] | None = None


class Fraxlend(Listing):
    """A Fraxlend pair of version 3; `rate_contract` once it has been deployed."""

    kind: Literal["fraxlend"]
    pair: Address
    rate_contract: Address | None = None
    sets: tuple[Part, ...] = ("collateral", "rates")

    @model_validator(mode="after")
    def _parts_of_a_pair(self) -> Self:
        if "caps" in self.sets:
            raise refuse("has no caps that the book could set.")
        return self


Entry = Annotated[
    AaveEngine | AaveRiskSteward | RiskOracle | CompoundV2 | Comet | Euler | Morpho | Fraxlend,
    Field(discriminator="kind"),
]
