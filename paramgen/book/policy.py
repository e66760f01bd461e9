"""The policy: a protocol's appetite. Confidence, horizons, sizes, elasticities, guardrails.

Nothing here is about one asset; an asset's numbers are in the book.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from paramgen.book.evidence import Address, Text
from paramgen.book.quantity import (
    AnyQuantity,
    Confidence,
    Count,
    Duration,
    Flag,
    Frozen,
    InnerShare,
    Money,
    Number,
    PositiveDuration,
    PositiveMoney,
    PositiveNumber,
    PositiveShare,
    Probability,
    Rate,
    Share,
    Volatility,
    refuse,
)
from paramgen.book.schema import AssetClass


class Horizons(Frozen):
    """Times between a price and its liquidation, to wind a market down, and to react."""

    detection: Duration
    auction: Duration
    wind_down: PositiveDuration
    user: Duration
    user_z: Number


class Liquidation(Frozen):
    """Sizes, costs and appetite of those who liquidate."""

    size: PositiveMoney
    typical_size: PositiveMoney
    gas: Money
    funding_rate: Rate
    fraction: PositiveShare
    largest_slippage: Share


class Liquidity(Frozen):
    """Liquidity premium: share of issuance sold, how often under stress, thin-depth exponent."""

    exit_share: Share
    stress_probability: Share
    thin_exponent: Number


class MarketPremium(Frozen):
    """S_mkt = k₁·max(0, deviation − 50 bp) + k₂·max(0, τ/T − 1), per year (spec 2.5)."""

    deviation_weight: Rate
    delay_weight: Rate


class SignalWeights(Frozen):
    """How strongly each row of the signal map moves what it moves (spec 2.2).

    `coverage` adds to the log-odds of PD per unit of missing coverage, `proof` is the share of
    recovery lost with unproven collateral, `downgrade` the growth of a custodian's hazard per
    notch, `exit` the hazard added when all market makers have left.
    """

    coverage: Number
    proof: Share
    downgrade: Number
    exit: Rate


class Rates(Frozen):
    """Interest-rate policy."""

    reserve_factor: Probability
    liquidity_premium: Rate
    maximum: Rate
    carry_floor: Flag = False


class OraclePolicy(Frozen):
    """How feeds are judged, and the ceilings that fitted values may not pass.

    `decay` is the market part of the decay (spec 3.5); `joint` is for solvency use alone.
    """

    margin: Duration
    business_gap: Duration
    false_alarms: PositiveNumber
    decay: Literal["chord", "tangent", "joint"]
    largest_market_loss: Share
    confirm_delay: Duration
    shock: InnerShare
    poke_interval: PositiveDuration
    update_limit: Share
    call_gas: Annotated[Count, Field(ge=30_000, le=1_000_000)]


class Caps(Frozen):
    """How much of an asset the protocol takes."""

    circulating_share: Share
    horizon: Duration
    target_loss: Money
    simulations: Annotated[Count, Field(ge=1_000, le=1_000_000)]
    seed: Count


class Guardrail(Frozen):
    """Envelope, step, cooldown and budget of one field; steps and bounds in the field's own unit.

    `step_up`, `step_down` are shares of the current value when `relative`.
    """

    minimum: AnyQuantity
    maximum: AnyQuantity
    step_up: AnyQuantity
    step_down: AnyQuantity
    relative: Flag = False
    cooldown: Duration
    window: Duration
    budget_steps: Annotated[Count, Field(ge=1, le=255)]

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.minimum.value > self.maximum.value:
            raise refuse("has a minimum above its maximum.")
        return self


class Roles(Frozen):
    """Who may do what on one network; absent on local networks, where the deployer does all."""

    governor: Address
    steward: Address
    guardian: Address


class Policy(Frozen):
    """One protocol's appetite, in one file."""

    version: Literal["1"]
    name: Text
    confidence: Confidence
    horizons: Horizons
    liquidation: Liquidation
    liquidity: Liquidity
    market: MarketPremium
    signals: SignalWeights
    rates: Rates
    oracle: OraclePolicy
    caps: Caps
    volatility_priors: dict[AssetClass, Volatility]
    enabled_lltvs: tuple[Share, ...] = Field(min_length=1)
    guardrails: dict[str, Guardrail]
    roles: dict[str, Roles] = Field(default_factory=dict)
