"""Composite price of many assets at once (spec 2.7): every part an array, no loop over assets.

The same functions as the compiler's, composed for what a screen of a whole market knows of each
asset: PD and its term structure, recovery, tranche, pool and redemption, intermediaries, law.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import numpy as np

from paramgen.model.amm import constant_product_slippage
from paramgen.model.arrays import Bool, Float, as_float, offenders
from paramgen.model.counterparty import counterparty_spread, legal_discount
from paramgen.model.credit import (
    cumulative_default_probability,
    hazard_rate,
    loss_given_default,
)
from paramgen.model.curve import Curve
from paramgen.model.liquidity import (
    exit_size,
    liquidity_discount,
    redemption_discount,
    relative_depth,
    thin_depth_discount,
    yield_discount,
)
from paramgen.model.pricing import Decomposition, PriceInputs, decompose, market_premium
from paramgen.model.structure import (
    tranche_expected_loss,
    tranche_expected_shortfall,
    two_point,
)

BLOCK: Final = 8_192
"""Assets at a time: what one takes stays in a processor's cache, and memory does not grow."""

_QUARTERS: Final = np.arange(1, 5) / 4.0


@dataclass(frozen=True)
class Universe:
    """What is known of n assets; (n,) each unless said, rates per year, times in years, USD.

    Parameters
    ----------
    tenor : of the benchmark. default_probability : of the pool's obligors over a year.
    recoverability, enforceability, slippage, return_time, cost : parts of LGD (spec 2.2).
    correlation, attachment : of the pool and its note; attachment 0 for an asset that is no note.
    issuance : in USD. reserve, fee, stress : a pool's virtual reserve, its fee and the share left
        under stress; reserve 0 for no pool.
    redemption_fee, redemption_time, redemption_capacity : capacity 0 for no redemption.
    volatility : per √year. holding_period : over which an exit's cost is earned back.
    hazard, recovery : (n, k) of intermediaries.
    deviation, age, staleness_limit : of the oracle; age and limit in one unit.
    legal_probability, legal_loss, legal_cost : of the jurisdiction.
    """

    tenor: Float
    default_probability: Float
    recoverability: Float
    enforceability: Float
    slippage: Float
    return_time: Float
    cost: Float
    correlation: Float
    attachment: Float
    issuance: Float
    reserve: Float
    fee: Float
    stress: Float
    redemption_fee: Float
    redemption_time: Float
    redemption_capacity: Float
    volatility: Float
    holding_period: Float
    hazard: Float
    recovery: Float
    deviation: Float
    age: Float
    staleness_limit: Float
    legal_probability: Float
    legal_loss: Float
    legal_cost: Float

    def part(self, chosen: slice) -> Universe:
        """The assets in a slice."""
        return Universe(**{f.name: getattr(self, f.name)[chosen] for f in fields(self)})


@dataclass(frozen=True)
class Appetite:
    """What a policy says of every asset alike; the names are the policy's."""

    confidence: float
    z: float
    exit_share: float
    stress_probability: float
    thin_exponent: float
    deviation_weight: float
    delay_weight: float


@dataclass(frozen=True)
class Priced:
    """Composite prices of n assets.

    inputs, parts : (n,) each. default_to_tenor : (n,) PD(t) at the benchmark's tenor.
    """

    inputs: PriceInputs
    parts: Decomposition
    default_to_tenor: Float


def price(curve: Curve, universe: Universe, appetite: Appetite, block: int = BLOCK) -> Priced:
    """Composite price of every asset: y = r_f + PD·LGD + LD + S_mkt + CVA + Legal.

    Raises
    ------
    ValueError : an asset has neither a pool nor a redemption that takes its exit, or a tenor lies
        outside the curve; positions are within their block.
    """
    count = universe.tenor.size
    names = [field.name for field in fields(PriceInputs)]
    found = {name: np.empty(count) for name in (*names, "to_tenor")}
    for start in range(0, count, block):
        chosen = slice(start, start + block)
        inputs, to_tenor = _price_block(curve, universe.part(chosen), appetite)
        for name in names:
            found[name][chosen] = getattr(inputs, name)
        found["to_tenor"][chosen] = to_tenor
    to_tenor = found.pop("to_tenor")
    whole = PriceInputs(**found)
    return Priced(whole, decompose(whole), to_tenor)


def _price_block(curve: Curve, assets: Universe, appetite: Appetite) -> tuple[PriceInputs, Float]:
    rate = curve.zero(assets.tenor)
    default, loss = _note(assets, rate, appetite.confidence)
    hazard = hazard_rate(default)
    inputs = PriceInputs(
        risk_free=rate,
        default_probability=default,
        loss_given_default=loss,
        liquidity=_liquidity(assets, rate, appetite),
        market=market_premium(
            assets.deviation,
            assets.age,
            assets.staleness_limit,
            deviation_weight=appetite.deviation_weight,
            staleness_weight=appetite.delay_weight,
        ),
        counterparty=counterparty_spread(
            assets.hazard, assets.recovery, hazard, np.ones_like(_QUARTERS), _QUARTERS
        ).sum(axis=-1),
        legal=legal_discount(assets.legal_probability, assets.legal_loss, assets.legal_cost),
    )
    return inputs, cumulative_default_probability(hazard, assets.tenor)


def _note(assets: Universe, rate: Float, confidence: float) -> tuple[Float, Float]:
    """PD and LGD of what is tokenised; a tranche as a two-point jump with its own EL and ES."""
    default = assets.default_probability.copy()
    loss = loss_given_default(
        recoverability=assets.recoverability,
        enforceability=assets.enforceability,
        exit_slippage=assets.slippage,
        rate=rate,
        return_time=assets.return_time,
        cost=assets.cost,
    )
    at = np.flatnonzero(assets.attachment > 0.0)
    pool = (default[at], loss[at], assets.correlation[at], assets.attachment[at])
    expected = tranche_expected_loss(*pool)
    worst = tranche_expected_shortfall(*pool, confidence)
    default[at], loss[at] = two_point(expected, worst, confidence)
    return default, loss


def _liquidity(assets: Universe, rate: Float, appetite: Appetite) -> Float:
    size = exit_size(assets.issuance, appetite.exit_share)
    redeemed = redemption_discount(
        assets.redemption_fee, rate, assets.redemption_time, assets.volatility, appetite.z
    )
    redeemable = assets.redemption_capacity >= size
    calm, stressed = (
        _best(size, assets.reserve * left, assets.fee, redeemed, redeemable)
        for left in (1.0, assets.stress)
    )
    likely = appetite.stress_probability
    expected = (1.0 - likely) * calm + likely * stressed
    cost = liquidity_discount(expected[:, None], 1.0, assets.holding_period)
    depth = relative_depth(
        assets.reserve * assets.stress, assets.redemption_capacity, assets.issuance
    )
    return yield_discount(cost, thin_depth_discount(depth, appetite.thin_exponent))


def _best(size: Float, reserve: Float, fee: Float, redeemed: Float, redeemable: Bool) -> Float:
    pooled = reserve > 0.0
    closed = ~(pooled | redeemable)
    if np.any(closed):
        raise ValueError(f"assets at {offenders(closed)} have no exit route")
    impact = constant_product_slippage(size, np.where(pooled, reserve, 1.0), fee)
    by_pool = np.where(pooled, impact, np.inf)
    return as_float(np.where(redeemable, np.minimum(by_pool, redeemed), by_pool))
