"""Euler's vaults: setLTV and setCaps of a vault, and a kinked rate model from its factory.

LTVs are in 1e4. A cap is a 16-bit decimal float, 10^(c & 63)·(c >> 6)/100 of the vault's asset,
rounded down to three digits at most; the raw value 0 means *no cap*, so a cap of nothing is 1. A
ramp is taken only when the liquidation LTV falls. Rates are per second in 1e27 and the slopes per
unit of utilisation in 1/(2³² − 1); no year enters the charge, the year of 365.2425 d is that of
Euler's displays. A vault's setCaps sets both its caps: the asset's vault is collateral alone and
may lend nothing, the lending vault's supply cap has to be given as it stands.

Source: euler-vault-kit, Governance.sol, AmountCap.sol, IRMLinearKink.sol; evk-periphery,
EulerKinkIRMFactory.sol, whose limit is 1 000 % a year compounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction

from paramgen.book.venues import Euler
from paramgen.mirror.rate import WAD
from paramgen.targets.present import Ask, Key, Present, address_at, calls_left_out, key_of, told
from paramgen.targets.setters import Held, Setter, Setting, Unit
from paramgen.targets.venue import (
    Expressed,
    Parameters,
    Polyline,
    Reading,
    Refusal,
    Resolution,
    Venue,
    alone,
    ceil_divide,
    codec,
    picked,
    signatures_of,
    together,
)
from paramgen.units import BPS, PRICE_UNITS, RAY, YEAR_365_2425

FULL = 2**32 - 1
"""Full utilisation of the rate model."""
RAY_PER_WAD = RAY // WAD
MAX_RATE = 75_986_279_153_383_989_049
"""Highest rate at full utilisation that the factory deploys, 1e-27 a second: 1 000 % APY."""
MAX_SANE_AMOUNT = 2**112 - 1
NOTHING = 1
"""A raw cap of zero: mantissa 0, exponent 1."""
_MANTISSA, _EXPONENT, _HUNDREDTHS = 1_023, 63, 100

LTVS = ("borrowLTV", "liquidationLTV", "rampDuration")
CAPS = ("supplyCap", "borrowCap")
RATES = ("baseRate", "slope1", "slope2", "kink")
SETTERS = (
    Setter("setLTV(address,uint16,uint16,uint32)", ("collateral",), LTVS),
    Setter("setCaps(uint16,uint16)", (), CAPS),
    Setter("deploy(uint256,uint256,uint256,uint32)", (), RATES),
    Setter("setInterestRateModel(address)", (), ("interestRateModel",)),
)
_PER_STEP = "of 1e-27 a second for 1/(2^32 - 1) of utilisation"
UNITS = {
    "borrowLTV": Unit("bp", Fraction(BPS), "%"),
    "liquidationLTV": Unit("bp", Fraction(BPS), "%"),
    "rampDuration": Unit("s"),
    "supplyCap": Unit("as AmountCap"),
    "borrowCap": Unit("as AmountCap"),
    "baseRate": Unit("1e-27 a second", Fraction(RAY) / YEAR_365_2425.seconds, "% in 365.2425 d"),
    "slope1": Unit(_PER_STEP, Fraction(RAY, FULL) / YEAR_365_2425.seconds, "% in 365.2425 d"),
    "slope2": Unit(_PER_STEP, Fraction(RAY, FULL) / YEAR_365_2425.seconds, "% in 365.2425 d"),
    "kink": Unit("of 2^32 - 1", Fraction(FULL), "%"),
    "interestRateModel": Unit(""),
}


def amount_of(raw: int) -> int | None:
    """What a raw cap allows, None for no cap."""
    if raw == 0:
        return None
    return int(10 ** (raw & _EXPONENT) * (raw >> 6) // _HUNDREDTHS)


def cap_below(amount: int) -> int:
    """The largest raw cap that allows at most this amount; the smallest exponent of equals."""
    best, allowed = NOTHING, 0
    for exponent in range(_EXPONENT + 1):
        mantissa = min(_MANTISSA, (_HUNDREDTHS * amount + _HUNDREDTHS - 1) // 10**exponent)
        raw = mantissa << 6 | exponent
        found = amount_of(raw) or 0
        if allowed < found <= amount:
            best, allowed = raw, found
    return best


def express(parameters: Parameters, market: Euler) -> Expressed:
    """LTVs and caps down, rates up."""
    parts = (("collateral", _ltvs), ("caps", _caps), ("rates", _rates))
    return together(said(parameters, market) for part, said in parts if part in market.sets)


def _ltvs(parameters: Parameters, market: Euler) -> Expressed:
    borrow, liquidation = parameters["ltv"], parameters["liquidation_threshold"]
    of = (market.vault, market.collateral_vault)
    values = (borrow, liquidation, market.ramp)
    settings = tuple(Setting(of, name, value) for name, value in zip(LTVS, values, strict=True))
    refusals = []
    if borrow > liquidation:
        refusals.append(Refusal("ltv", borrow, "must not exceed the liquidation LTV.", liquidation))
    if market.ramp and liquidation >= market.liquidation_ltv:
        now = market.liquidation_ltv
        refusals.append(Refusal(
            "liquidation_threshold", liquidation,
            f"is no lowering from {now} bp, and only a lowering may be ramped: leave ramp out.",
            now - 1 if now else None,
        ))  # fmt: skip
    return Expressed(settings, tuple(refusals))


def _caps(parameters: Parameters, market: Euler) -> Expressed:
    amount = int(parameters.collateral_tokens * 10**parameters.decimals)
    debt = parameters["debt_ceiling"] * 10**market.loan.decimals
    settings = [
        Setting((market.collateral_vault,), "supplyCap", cap_below(amount)),
        Setting((market.collateral_vault,), "borrowCap", NOTHING),
    ]
    refusals = list(_cap_refusals(
        "supply_cap", parameters, amount, 2 * MAX_SANE_AMOUNT,
        Fraction(parameters.price, PRICE_UNITS * 10**parameters.decimals),
    ))  # fmt: skip
    if market.supply_cap is not None:
        settings += [
            Setting((market.vault,), "supplyCap", market.supply_cap),
            Setting((market.vault,), "borrowCap", cap_below(debt)),
        ]
        per_unit = Fraction(1, 10**market.loan.decimals)
        refusals += _cap_refusals("debt_ceiling", parameters, debt, MAX_SANE_AMOUNT, per_unit)
    return Expressed(tuple(settings), tuple(refusals))


def _cap_refusals(
    field: str, parameters: Parameters, amount: int, most: int, per_unit: Fraction
) -> Iterator[Refusal]:
    """`per_unit` is what the smallest unit is worth, USD."""
    if amount > most:
        yield Refusal(field, parameters[field], f"is {amount} units, above {most}.",
                      int((amount_of(cap_below(most)) or 0) * per_unit))  # fmt: skip


def _rates(parameters: Parameters, market: Euler) -> Expressed:
    if market.irm is not None:
        return Expressed((Setting((market.vault,), "interestRateModel", market.irm),))
    curve = parameters.curve
    kink = curve.kink * FULL // WAD
    values = (
        curve.base_rate * RAY_PER_WAD,
        ceil_divide(curve.slope_1 * RAY_PER_WAD, max(kink, 1)),
        ceil_divide(curve.slope_2 * RAY_PER_WAD, FULL - kink),
        kink,
    )
    of = (market.factory,)
    settings = tuple(Setting(of, name, value) for name, value in zip(RATES, values, strict=True))
    over = values[0] + values[1] * kink + values[2] * (FULL - kink) - MAX_RATE
    if over <= 0:
        return Expressed(settings)
    field = max(("base_rate", "slope_1", "slope_2"), key=lambda name: parameters[name])
    less = ceil_divide(over + 2 * FULL, RAY_PER_WAD)
    refusal = Refusal(
        field, parameters[field],
        f"makes the rate at full utilisation exceed {MAX_RATE} (1e-27 a second, 1 000 % APY).",
        max(0, parameters[field] - less),
    )  # fmt: skip
    return Expressed(settings, (refusal,))


def readings(settings: Sequence[Setting], market: Euler) -> tuple[Reading, ...]:
    """The vaults' and the rate model's getters."""
    getters = {
        "borrowLTV": f"LTVBorrow({market.collateral_vault})",
        "liquidationLTV": f"LTVLiquidation({market.collateral_vault})",
        "supplyCap": "caps().supplyCap",
        "borrowCap": "caps().borrowCap",
        "interestRateModel": "interestRateModel()",
    } | {name: f"{name}()" for name in RATES}
    return tuple(
        Reading("the deployed model" if each.name in RATES else each.of[0],
                getters[each.name], each.value)
        for each in settings if each.name in getters
    )  # fmt: skip


def curve(settings: Sequence[Setting], market: Euler) -> Polyline | None:
    """The model's slopes per second."""
    del market
    found = picked(settings, *RATES)
    if found is None:
        return None
    base, low, high, kink = found
    vertex = base + low * kink
    full = vertex + high * (FULL - kink)
    rates = (Fraction(rate, RAY) for rate in (base, vertex, full))
    return Polyline.kinked(Fraction(kink, FULL), *rates)


def resolution(market: Euler) -> Resolution:
    """A slope moves by less than 1e-27 a step, over 2³² steps in all; the kink by one step."""
    del market
    return Resolution(Fraction(FULL, RAY), Fraction(1, FULL))


def present(settings: Sequence[Setting], market: Euler, ask: Ask) -> Present:
    """What the vaults and the lending vault's rate model hold; a ramp under way is no value.

    While an LTV ramps down, what it is now stands, which is not yet what it will be.
    """
    found: dict[Key, Held] = {}
    for each in settings:
        if key_of(each) not in found:
            names, now = _NOW[each.name]
            values = now(each.of[0], market, ask)
            found |= {(each.of, name): value for name, value in zip(names, values, strict=True)}
    return found


def _ltvs_now(vault: str, market: Euler, ask: Ask) -> Sequence[Held]:
    return [
        told(ask, vault, f"{getter}(address)", ["uint16"], market.collateral_vault)[0]
        for getter in ("LTVBorrow", "LTVLiquidation")
    ]


def _caps_now(vault: str, market: Euler, ask: Ask) -> Sequence[Held]:
    del market
    return told(ask, vault, "caps()", ["uint16", "uint16"])


def _model_now(vault: str, market: Euler, ask: Ask) -> Sequence[Held]:
    del market
    return [address_at(ask, vault, "interestRateModel()")]


def _rates_now(factory: str, market: Euler, ask: Ask) -> Sequence[Held]:
    """Of the lending vault's model, None where it is of another kind."""
    del factory
    model = address_at(ask, market.vault, "interestRateModel()")
    answers = [ask(model, f"{name}()", ["uint256"]) for name in RATES]
    values = [each[0] for each in answers if each is not None]
    return values if len(values) == len(RATES) else (None,) * len(RATES)


_Now = tuple[Sequence[str], Callable[[str, Euler, Ask], Sequence[Held]]]
_NOW: Mapping[str, _Now] = {
    **dict.fromkeys(LTVS, (LTVS[:2], _ltvs_now)),
    **dict.fromkeys(CAPS, (CAPS, _caps_now)),
    **dict.fromkeys(RATES, (RATES, _rates_now)),
    "interestRateModel": (("interestRateModel",), _model_now),
}

_ENCODE, _DECODE = codec(SETTERS)
EULER = Venue(
    "euler",
    YEAR_365_2425,
    UNITS,
    express,
    _ENCODE,
    _DECODE,
    readings,
    curve,
    resolution,
    signatures_of(SETTERS),
    alone(_DECODE),
    present,
    calls_left_out([setter.names for setter in SETTERS]),
)
