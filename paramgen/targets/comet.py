"""Compound III: a Comet market through its Configurator.

Rates are given in 1e18 a year of 31 536 000 s and stored per second, rounded down; slopes are per
unit of utilisation, so the low one is s₁/U* and the high one s₂/(1 − U*). The factors keep four
decimals and have to ascend strictly: borrow < liquidate < liquidation factor. A supply cap keeps
whole tokens. Nothing takes effect before `deployAndUpgradeTo`, which is therefore the last call.

The borrow side is set; the market's own supply curve stays. Source: comet, Configurator.sol,
CometWithExtendedAssetList.sol, AssetList.sol.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from eth_utils.address import to_checksum_address

from paramgen.book.venues import Comet
from paramgen.mirror.rate import WAD
from paramgen.targets.calls import Call, ProposalError, arguments, call
from paramgen.targets.present import Ask, Key, Present, all_sent, integer_at, key_of, told
from paramgen.targets.setters import Held, Setter, Setting, Unit, read, written
from paramgen.targets.venue import (
    Emission,
    Expressed,
    Parameters,
    Polyline,
    Reading,
    Refusal,
    Resolution,
    Venue,
    ceil_divide,
    picked,
    signatures_of,
    together,
)
from paramgen.units import BPS, YEAR_365

SECONDS_PER_YEAR = int(YEAR_365.seconds)
MAX_UINT64 = 2**64 - 1
FACTOR = WAD // BPS
"""Factors keep four decimals."""
PERCENT = 100
DEPLOY = "deployAndUpgradeTo(address,address)"

RATES = (
    "borrowKink",
    "borrowPerYearInterestRateBase",
    "borrowPerYearInterestRateSlopeLow",
    "borrowPerYearInterestRateSlopeHigh",
)
FACTORS = ("borrowCollateralFactor", "liquidateCollateralFactor", "liquidationFactor")
SETTERS = (
    *(Setter(f"set{name[0].upper()}{name[1:]}(address,uint64)", ("comet",), (name,))
      for name in RATES),
    Setter("updateAssetBorrowCollateralFactor(address,address,uint64)",
           ("comet", "asset"), FACTORS[:1]),
    Setter("updateAssetLiquidateCollateralFactor(address,address,uint64)",
           ("comet", "asset"), FACTORS[1:2]),
    Setter("updateAssetLiquidationFactor(address,address,uint64)",
           ("comet", "asset"), FACTORS[2:]),
    Setter("updateAssetSupplyCap(address,address,uint128)", ("comet", "asset"), ("supplyCap",)),
)  # fmt: skip
UNITS = {
    "borrowKink": Unit("1e-18", Fraction(WAD), "%"),
    **{name: Unit("1e-18", Fraction(WAD), "%/y") for name in RATES[1:]},
    **{name: Unit("1e-18", Fraction(WAD), "%") for name in FACTORS},
    "supplyCap": Unit("of the token's smallest unit"),
    "upgradedBy": Unit(""),
}


def express(parameters: Parameters, market: Comet) -> Expressed:
    """Rates up, factors and cap down; the bonus becomes a penalty, rounded up."""
    parts = (("rates", _rates), ("collateral", _factors), ("caps", _cap))
    found = together(said(parameters, market) for part, said in parts if part in market.sets)
    deployed = Setting((market.configurator, market.market), "upgradedBy", market.proxy_admin)
    return Expressed((*found.settings, deployed), found.refusals)


def _rates(parameters: Parameters, market: Comet) -> Expressed:
    curve = parameters.curve
    low = ceil_divide(curve.slope_1 * WAD, curve.kink)
    high = ceil_divide(curve.slope_2 * WAD, WAD - curve.kink)
    values = (curve.kink, *(rate * SECONDS_PER_YEAR for rate in (curve.base_rate, low, high)))
    of = (market.configurator, market.market)
    settings = tuple(Setting(of, name, value) for name, value in zip(RATES, values, strict=True))
    most = MAX_UINT64 // SECONDS_PER_YEAR
    checks = (
        ("base_rate", values[1], most),
        ("slope_1", values[2], most * curve.kink // WAD),
        ("slope_2", values[3], most * (WAD - curve.kink) // WAD),
    )
    return Expressed(settings, tuple(
        Refusal(field, parameters[field],
                f"needs {value} in a uint64, which holds {MAX_UINT64}, a slope of 1 845 %/y.",
                nearest)
        for field, value, nearest in checks if value > MAX_UINT64
    ))  # fmt: skip


def _factors(parameters: Parameters, market: Comet) -> Expressed:
    of = (market.configurator, market.market, market.collateral)
    borrow, liquidate = parameters["ltv"], parameters["liquidation_threshold"]
    values = [borrow, liquidate]
    if market.store_front is not None:
        values.append(_liquidation_factor(parameters, market.store_front))
    settings = tuple(
        Setting(of, name, value * FACTOR) for name, value in zip(FACTORS, values, strict=False)
    )
    return Expressed(settings, tuple(_factor_refusals(values)))


def _liquidation_factor(parameters: Parameters, store_front: int) -> int:
    """1 − d/f in basis points, down: d = b/(1 + b) is the discount that gives a buyer the bonus."""
    bonus = parameters["liquidation_bonus"]
    discount = Fraction(bonus * BPS, BPS + bonus)
    return BPS - ceil_divide(discount.numerator * PERCENT, discount.denominator * store_front)


def _factor_refusals(values: Sequence[int]) -> Iterator[Refusal]:
    borrow, liquidate = values[0], values[1]
    highest = values[2] if len(values) == len(FACTORS) else BPS + 1
    threshold = min(liquidate, highest - 1)
    if liquidate >= highest:
        yield Refusal("liquidation_threshold", liquidate,
                      f"must lie below the liquidation factor, {highest} bp.",
                      threshold if threshold > 0 else None)  # fmt: skip
    if liquidate == 0:
        yield Refusal("liquidation_threshold", 0, "must lie above the borrow factor.", 1)
    if borrow >= max(threshold, 1):
        yield Refusal("ltv", borrow, "must lie below the liquidate factor.", max(threshold - 1, 0))


def _cap(parameters: Parameters, market: Comet) -> Expressed:
    of = (market.configurator, market.market, market.collateral)
    tokens = int(parameters.collateral_tokens)
    setting = Setting(of, "supplyCap", tokens * 10**parameters.decimals)
    if tokens < 2**64 and tokens * 10**parameters.decimals < 2**128:
        return Expressed((setting,))
    most = min(2**64, 2**128 // 10**parameters.decimals) - 1
    nearest = most * parameters.price // 10**8
    bound = f"is {tokens} tokens, of which the market keeps {most}."
    return Expressed((setting,), (Refusal("supply_cap", parameters["supply_cap"], bound, nearest),))


def encode(settings: Sequence[Setting], reference: bytes) -> Emission:
    """The Configurator's calls, then each market's upgrade."""
    del reference
    deployed = [each for each in settings if each.name == "upgradedBy"]
    upgrades = (call(str(each.value), DEPLOY, *each.of) for each in deployed)
    changed = [each for each in settings if each.name != "upgradedBy"]
    return Emission((*written(SETTERS, changed), *upgrades))


def decode(emission: Emission) -> tuple[Setting, ...]:
    """The settings, each of a market that is upgraded afterwards.

    Raises
    ------
    ProposalError : a call is none of these, or a market is changed and not upgraded after it.
    """
    settings: list[Setting] = []
    waiting: set[tuple[str, ...]] = set()
    for found in emission.calls:
        told = tell(found)
        for each in told:
            if each.name == "upgradedBy":
                waiting.discard(each.of)
            else:
                waiting.add(each.of[:2])
        settings += told
    if waiting:
        comets = ", ".join(sorted(comet for _, comet in waiting))
        raise ProposalError(f"{comets} is changed and not upgraded after it: nothing takes effect")
    return tuple(settings)


def tell(found: Call) -> tuple[Setting, ...]:
    """What one call sets, an upgrade included.

    Raises
    ------
    ProposalError : it is none of these.
    """
    upgraded = arguments(found, DEPLOY)
    if upgraded is None:
        return read(SETTERS, found)
    of = tuple(str(to_checksum_address(each)) for each in upgraded)
    return (Setting(of, "upgradedBy", found.to),)


def readings(settings: Sequence[Setting], market: Comet) -> tuple[Reading, ...]:
    """The market's getters after the upgrade: rates per second, factors and cap as kept."""
    known = {each.name: each.value for each in settings if isinstance(each.value, int)}
    found = (
        [Reading(market.market, "borrowKink()", known["borrowKink"])] if RATES[0] in known else []
    )
    found += [
        Reading(market.market, _per_second(name), known[name] // SECONDS_PER_YEAR)
        for name in RATES[1:] if name in known
    ]  # fmt: skip
    found += [
        Reading(market.market, f"getAssetInfoByAddress({market.collateral}).{name}",
                known[name] // FACTOR * FACTOR)
        for name in FACTORS if name in known
    ]  # fmt: skip
    if "supplyCap" in known:
        getter = f"getAssetInfoByAddress({market.collateral}).supplyCap"
        found.append(Reading(market.market, getter, known["supplyCap"]))
    return tuple(found)


def curve(settings: Sequence[Setting], market: Comet) -> Polyline | None:
    """The stored slopes per second."""
    del market
    found = picked(settings, *RATES)
    if found is None:
        return None
    kink, base, low, high = found[0], *(value // SECONDS_PER_YEAR for value in found[1:])
    at, unit = Fraction(kink, WAD), Fraction(1, WAD)
    vertex = base + low * at
    return Polyline.kinked(at, base * unit, vertex * unit, (vertex + high * (1 - at)) * unit)


def resolution(market: Comet) -> Resolution:
    """Less than one unit of 1e-18 a second for each of two slopes."""
    del market
    return Resolution(Fraction(2, WAD))


def present(settings: Sequence[Setting], market: Comet, ask: Ask) -> Present:
    """What the market runs on, in the Configurator's units; the upgrade itself is no value.

    The Configurator may hold something else that nobody has deployed yet, so every value is sent,
    also one that stands.
    """
    found: dict[Key, Held] = {}
    for each in settings:
        if each.name in RATES:
            found[key_of(each)] = _rate_now(each.name, market, ask)
        elif each.name in _ASSET and key_of(each) not in found:
            info = told(ask, market.market, _INFO, [_INFO_TYPE], market.collateral)[0]
            found |= {(each.of, name): info[at] for name, at in _ASSET.items()}
    return found


def _rate_now(name: str, market: Comet, ask: Ask) -> int:
    if name == RATES[0]:
        return integer_at(ask, market.market, "borrowKink()")
    return integer_at(ask, market.market, _per_second(name)) * SECONDS_PER_YEAR


def _per_second(name: str) -> str:
    """The market's getter of what the Configurator takes by the year."""
    return f"{name.replace('PerYear', 'PerSecond')}()"


_INFO = "getAssetInfoByAddress(address)"
_INFO_TYPE = "(uint8,address,address,uint64,uint64,uint64,uint64,uint128)"
"""Offset, asset, price feed, scale, then the values."""
_ASSET = {name: at for at, name in enumerate((*FACTORS, "supplyCap"), start=4)}


COMET = Venue(
    "comet",
    YEAR_365,
    UNITS,
    express,
    encode,
    decode,
    readings,
    curve,
    resolution,
    (*signatures_of(SETTERS), DEPLOY),
    tell,
    present,
    all_sent,
)
