"""Aave's RiskSteward: the engine's structs, called by the risk council within bounds.

updateCollateralSide, updateRates (the engine calls it updateRateStrategies), updateCaps and
updateEModeCategories; no category is created. A cap, LTV, LT, bonus or ceiling of zero is refused,
the liquidation protocol fee has to be kept. For each parameter the steward has a `minDelay` since
its last change and a `maxPercentChange`, in basis points of the old value for caps and ceilings, in
absolute basis points elsewhere; what is kept is not judged. `refusals` repeats that judgement for
values read from a chain; nothing here knows them. A steward that refuses a value equal to the
current one (some versions do) wants it kept: the book's `keep`.

Source: aave-v3-risk-stewards, RiskSteward.sol and IRiskSteward.sol.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from paramgen.book.venues import AaveRiskSteward
from paramgen.targets import aave
from paramgen.targets.present import Ask, Present, address_at
from paramgen.targets.setters import Setter, Setting
from paramgen.targets.venue import (
    Expressed,
    Parameters,
    Polyline,
    Reading,
    Refusal,
    Resolution,
    Venue,
    alone,
    codec,
    signatures_of,
)
from paramgen.units import BPS, YEAR_365

RATES = Setter(f"updateRates{aave.RATE_ROW}", ("asset",), aave.RATES, rows=True)
SETTERS = (aave.EMODES, aave.COLLATERALS, RATES, aave.CAP_UPDATES)
RELATIVE = frozenset({"supplyCap", "borrowCap", "debtCeiling"})


@dataclass(frozen=True)
class Limit:
    """What the steward allows of one parameter: seconds between changes, size of a change."""

    min_delay: int
    max_percent_change: int


@dataclass(frozen=True)
class Current:
    """One parameter on chain, in the engine's units, and when the steward last changed it."""

    value: int
    last_updated: int


def refusals(
    settings: Sequence[Setting],
    current: Mapping[tuple[tuple[str, ...], str], Current],
    limits: Mapping[str, Limit],
    now: int,
) -> Iterator[str]:
    """Every change that the steward would refuse at `now`, and when or within what it would not."""
    for each in settings:
        if not isinstance(each.value, int) or each.name not in limits:
            continue
        held, limit = current[(each.of, each.name)], limits[each.name]
        ready = held.last_updated + limit.min_delay
        if now < ready:
            yield f"{each.name} of {each.of[-1]}: DebounceNotRespected before {ready}"
        relative = held.value * limit.max_percent_change // BPS
        most = relative if each.name in RELATIVE else limit.max_percent_change
        if abs(each.value - held.value) > most:
            low, high = max(held.value - most, 0), held.value + most
            yield f"{each.name} of {each.of[-1]}: UpdateNotInRange, {low} to {high} are"


def express(parameters: Parameters, market: AaveRiskSteward) -> Expressed:
    """The engine's values, of the steward; zeros are refused."""
    found = aave.express(parameters, market, (market.steward,))
    known = {refusal.field for refusal in found.refusals}
    zeros = [
        Refusal(field, 0, "is zero, which the steward refuses: keep it, or go to governance.", 1)
        for field, name in (("ltv", "ltv"),)
        if "collateral" in market.sets and parameters[field] == 0 and field not in known
        and name not in market.keep
    ]  # fmt: skip
    return Expressed(found.settings, (*found.refusals, *zeros))


def readings(settings: Sequence[Setting], market: AaveRiskSteward) -> tuple[Reading, ...]:
    """As pool and strategy give them."""
    del market
    return aave.readings(settings)


def curve(settings: Sequence[Setting], market: AaveRiskSteward) -> Polyline | None:
    """The strategy's two lines."""
    del market
    return aave.curve(settings)


def resolution(market: AaveRiskSteward) -> Resolution:
    """Whole basis points."""
    del market
    return aave.resolution()


def present(settings: Sequence[Setting], market: AaveRiskSteward, ask: Ask) -> Present:
    """What the pool holds, which the steward's engine configures."""
    engine = address_at(ask, market.steward, "CONFIG_ENGINE()")
    return aave.present(settings, aave.Pool.of_engine(engine, ask), ask)


_ENCODE, _DECODE = codec(SETTERS)
AAVE_RISK_STEWARD = Venue(
    "aave-risk-steward",
    YEAR_365,
    aave.UNITS,
    express,
    _ENCODE,
    _DECODE,
    readings,
    curve,
    resolution,
    signatures_of(SETTERS),
    alone(_DECODE),
    present,
    aave.leave,
)
