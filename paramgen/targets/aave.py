"""Aave V3's own values: what the ConfigEngine's structs take, shared by all ways that reach it.

Shares and rates are in basis points; a bonus of 5_00 is 5 % (the pool keeps 105_00) and has to be
above zero; the liquidation threshold 0 is skipped in silence; the pool wants LT·(1 + bonus) ≤ 1,
rounded to the nearest basis point, and LTV ≤ LT. Caps are in whole tokens, where 0 is *no cap*,
and the debt ceiling of an isolated asset in whole USD, where 0 is *not isolated*. KEEP_CURRENT is
2²⁵⁶ − 43. Source: aave-v3-origin 3.6.0, extensions/v3-config-engine, ReserveConfiguration.sol,
PoolConfigurator.sol. The struct of CollateralUpdate, and so its selector, is 3.6's: from 3.7 on it
has no debt ceiling, and such an engine refuses these calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from fractions import Fraction
from typing import Any

from paramgen.book.venues import AaveEngine, AaveRiskSteward, Loan, RiskOracle
from paramgen.mirror.aave_rates import AaveRates, NotExpressibleError, aave_rates
from paramgen.mirror.rate import WAD
from paramgen.targets.calls import ProposalError
from paramgen.targets.present import (
    Ask,
    Key,
    Objection,
    Present,
    Scene,
    address_at,
    changing,
    fields_kept,
    integer_at,
    key_of,
    stands,
    told,
)
from paramgen.targets.setters import Held, Setter, Setting, Unit
from paramgen.targets.venue import (
    Expressed,
    Parameters,
    Polyline,
    Reading,
    Refusal,
    Resolution,
    picked,
    together,
)
from paramgen.units import BPS, PRICE_UNITS, YEAR_365

MAX_CAP = 2**36 - 1
_CENTS = 100
MAX_DEBT_CEILING = (2**40 - 1) // _CENTS
"""In USD; the pool keeps two decimals in 40 bits."""
_HALF = BPS // 2

RATES = (
    "optimalUsageRatio", "baseVariableBorrowRate", "variableRateSlope1", "variableRateSlope2",
)  # fmt: skip
COLLATERAL = ("ltv", "liqThreshold", "liqBonus", "debtCeiling", "liqProtocolFee")
CAPS = ("supplyCap", "borrowCap")
EMODE = ("eMode.ltv", "eMode.liqThreshold", "eMode.liqBonus", "eMode.label")
NEW_EMODE = (
    "newEMode.ltv", "newEMode.liqThreshold", "newEMode.liqBonus", "newEMode.label",
    "newEMode.borrowables", "newEMode.collaterals",
)  # fmt: skip
_STRUCTS = (RATES, COLLATERAL, CAPS, EMODE, NEW_EMODE)
_ROW = "(address,uint256,uint256,uint256,uint256,uint256)[]"
COLLATERALS = Setter(f"updateCollateralSide({_ROW})", ("asset",), COLLATERAL, rows=True)
CAP_UPDATES = Setter("updateCaps((address,uint256,uint256)[])", ("asset",), CAPS, rows=True)
EMODES = Setter(
    "updateEModeCategories((uint8,uint256,uint256,uint256,string)[])", ("category",), EMODE,
    rows=True,
)  # fmt: skip
NEW_EMODES = Setter(
    "createEModeCategories((uint256,uint256,uint256,string,address[],address[])[])", (),
    NEW_EMODE, rows=True,
)  # fmt: skip
RATE_ROW = "((address,(uint256,uint256,uint256,uint256))[])"

_BP = Unit("bp", Fraction(BPS), "%")
_BP_YEAR = Unit("bp", Fraction(BPS), "%/y")
UNITS = (
    dict.fromkeys((*COLLATERAL, *EMODE[:3], *NEW_EMODE[:3], RATES[0]), _BP)
    | dict.fromkeys(RATES[1:], _BP_YEAR)
    | {name: Unit("whole tokens") for name in CAPS}
    | {name: Unit("") for name in (EMODE[3], *NEW_EMODE[3:])}
    | {"debtCeiling": Unit("USD")}
)

Market = AaveEngine | AaveRiskSteward


def express(parameters: Parameters, market: Market, to: tuple[str, ...]) -> Expressed:
    """What the engine's structs take; `to` leads to the contract that takes them."""
    parts = (("collateral", _collateral), ("rates", _rates), ("caps", _caps))
    found = together(said(parameters, market, to) for part, said in parts if part in market.sets)
    kept = frozenset(market.keep)
    held = [replace(each, value=None) if _plain(each) in kept else each for each in found.settings]
    return Expressed(
        changing(held, _STRUCTS),
        tuple(each for each in found.refusals if not _said_by(each.field, market) <= kept),
    )


def _plain(setting: Setting) -> str:
    """The engine's field, of a reserve or of a category."""
    return setting.name.rpartition(".")[2]


def _said_by(field: str, market: Market) -> frozenset[str]:
    """The engine's fields that say a compiled one; where all are kept, nothing is refused of it.

    The highest rate is refused of base and slopes together.
    """
    if field == "debt_ceiling":
        return frozenset({"debtCeiling" if market.isolated else "borrowCap"})
    return _SAID_BY[field]


_SAID_BY = {
    "ltv": frozenset({"ltv"}),
    "liquidation_threshold": frozenset({"liqThreshold"}),
    "liquidation_bonus": frozenset({"liqBonus"}),
    "supply_cap": frozenset({"supplyCap"}),
    "kink": frozenset(RATES[:1]),
    **dict.fromkeys(("base_rate", "slope_1", "slope_2"), frozenset(RATES[1:])),
}


def _collateral(parameters: Parameters, market: Market, to: tuple[str, ...]) -> Expressed:
    shares = tuple(
        parameters[field] for field in ("ltv", "liquidation_threshold", "liquidation_bonus")
    )
    refusals = [*collateral_refusals(parameters)]
    emode = market.emode
    if emode is None:
        ceiling, refused = _ceiling(parameters, market)
        values: tuple[Held, ...] = (*shares, ceiling, None)
        refusals += refused
        return Expressed(_named((*to, market.collateral), COLLATERAL, values), tuple(refusals))
    if emode.category is not None:
        of = (*to, str(emode.category))
        return Expressed(_named(of, EMODE, (*shares, None)), tuple(refusals))
    values = (*shares, emode.label, emode.borrowables, (market.collateral,))
    return Expressed(_named(to, NEW_EMODE, values), tuple(refusals))


def _named(
    of: tuple[str, ...], names: Sequence[str], values: Sequence[Held]
) -> tuple[Setting, ...]:
    return tuple(Setting(of, name, value) for name, value in zip(names, values, strict=True))


def _ceiling(parameters: Parameters, market: Market) -> tuple[int | None, tuple[Refusal, ...]]:
    """The isolated asset's debt ceiling; what is not isolated keeps what it has."""
    if not market.isolated:
        return None, ()
    ceiling = parameters["debt_ceiling"]
    if ceiling == 0:
        bound = "would end the isolation: Aave reads a ceiling of 0 as none."
        return 0, (Refusal("debt_ceiling", 0, bound, 1),)
    if ceiling > MAX_DEBT_CEILING:
        bound = f"must not exceed {MAX_DEBT_CEILING} USD, which 40 bits of cents hold."
        return ceiling, (Refusal("debt_ceiling", ceiling, bound, MAX_DEBT_CEILING),)
    return ceiling, ()


def collateral_refusals(parameters: Parameters) -> Iterator[Refusal]:
    """What the configurator reverts on, and what it skips in silence."""
    ltv, bonus = parameters["ltv"], parameters["liquidation_bonus"]
    threshold = parameters["liquidation_threshold"]
    if bonus == 0:
        yield Refusal("liquidation_bonus", 0, "must be above 0: the pool wants more than 100 %.", 1)
    highest = _highest_threshold(max(bonus, 1))
    if threshold == 0:
        yield Refusal("liquidation_threshold", 0, "is skipped in silence, LTV and bonus with it.",
                      1)  # fmt: skip
    if threshold > highest:
        yield Refusal("liquidation_threshold", threshold,
                      f"times (1 + {max(bonus, 1)} bp) must not exceed 100 %.",
                      highest)  # fmt: skip
    most = min(max(threshold, 1), highest)
    if ltv > most:
        yield Refusal("ltv", ltv, "must not exceed the liquidation threshold.", most)


def _highest_threshold(bonus: int) -> int:
    """The largest LT with percentMul(LT, 100_00 + bonus) ≤ 100_00; percentMul rounds half up."""
    return ((BPS + 1) * BPS - _HALF - 1) // (BPS + bonus)


def _rates(parameters: Parameters, market: Market, to: tuple[str, ...]) -> Expressed:
    rates, refusals = rates_of(parameters)
    of = (*to, _loan(market).token)
    return Expressed(_named(of, RATES, astuple(rates)), refusals)


def _loan(market: Market | RiskOracle) -> Loan:
    if market.loan is None:
        raise ValueError("the book refuses rates without a loan")
    return market.loan


def rates_of(parameters: Parameters) -> tuple[AaveRates, tuple[Refusal, ...]]:
    """The strategy's data, or the nearest and what it differs in."""
    try:
        return aave_rates(parameters.curve), ()
    except NotExpressibleError as error:
        rounded, nearest = error.rounded, error.nearest
    scale = Fraction(WAD, BPS) / YEAR_365.seconds
    wanted = {
        "kink": nearest.optimal_usage_ratio * (WAD // BPS),
        "base_rate": -int(-nearest.base_variable_borrow_rate * scale // 1),
        "slope_1": -int(-nearest.variable_rate_slope_1 * scale // 1),
        "slope_2": -int(-nearest.variable_rate_slope_2 * scale // 1),
    }
    bounds = {
        "kink": "must lie within 1–99 %.",
        "base_rate": "must leave the highest rate at 1 000 % or below.",
        "slope_1": "must leave the highest rate at 1 000 % or below.",
        "slope_2": "must not lie below slope 1, nor take the highest rate above 1 000 %.",
    }
    return nearest, tuple(
        Refusal(field, parameters[field], bounds[field], wanted[field])
        for field, name in _OF.items()
        if getattr(rounded, name) != getattr(nearest, name)
    )


_OF = {
    "kink": "optimal_usage_ratio",
    "base_rate": "base_variable_borrow_rate",
    "slope_1": "variable_rate_slope_1",
    "slope_2": "variable_rate_slope_2",
}


def _caps(parameters: Parameters, market: Market, to: tuple[str, ...]) -> Expressed:
    tokens, refusals = cap_of(parameters)
    settings = _named((*to, market.collateral), CAPS, (tokens, None))
    if market.loan is None or market.isolated:
        return Expressed(settings, refusals)
    ceiling = parameters["debt_ceiling"]
    settings += _named((*to, market.loan.token), CAPS, (None, ceiling))
    return Expressed(settings, (*refusals, *_cap_refusals(parameters, "debt_ceiling", ceiling, 1)))


def cap_of(parameters: Parameters) -> tuple[int, tuple[Refusal, ...]]:
    """The supply cap in whole tokens, rounded down."""
    tokens = int(parameters.collateral_tokens)
    price = Fraction(parameters.price, PRICE_UNITS)
    return tokens, tuple(_cap_refusals(parameters, "supply_cap", tokens, price))


def _cap_refusals(
    parameters: Parameters, field: str, tokens: int, price: Fraction | int
) -> Iterator[Refusal]:
    if tokens == 0:
        yield Refusal(field, parameters[field], "is less than a token, and Aave reads 0 as no cap.",
                      -int(-price // 1))  # fmt: skip
    if tokens > MAX_CAP:
        yield Refusal(field, parameters[field],
                      f"is {tokens} tokens, of which Aave keeps {MAX_CAP}.",
                      int(MAX_CAP * price))  # fmt: skip


def readings(settings: Sequence[Setting], market: Market) -> tuple[Reading, ...]:
    """What pool and strategy give back; what is kept is read and compared with nothing."""
    del market
    return tuple(_reading(each) for each in settings if each.value is not None)


def _reading(setting: Setting) -> Reading:
    value = setting.value
    if setting.name.lower().endswith("liqbonus") and isinstance(value, int):
        value += BPS
    if setting.name == "debtCeiling" and isinstance(value, int):
        value *= _CENTS
    return Reading(setting.of[-1], setting.name, value)


def curve(settings: Sequence[Setting], market: Market | RiskOracle) -> Polyline | None:
    """The strategy's two lines; a year of 31 536 000 s."""
    del market
    found = picked(settings, *RATES)
    if found is None:
        return None
    kink, base, low, high = found
    unit = Fraction(1, BPS) / YEAR_365.seconds
    rates = (rate * unit for rate in (base, base + low, base + low + high))
    return Polyline.kinked(Fraction(kink, BPS), *rates)


def resolution(market: Market | RiskOracle) -> Resolution:
    """Less than one basis point a year for each of three rates; the kink by one."""
    del market
    return Resolution(3 * Fraction(1, BPS) / YEAR_365.seconds, Fraction(1, BPS))


# --- what stands --------------------------------------------------------------------------------

leave = fields_kept(_STRUCTS, NEW_EMODE)
"""What stands is sent as KEEP_CURRENT."""

_RESERVE = ("uint256",) * 5 + ("bool",) * 5


@dataclass(frozen=True)
class Pool:
    """A pool, and the data provider that its addresses provider names."""

    address: str
    reader: str

    @classmethod
    def of_engine(cls, engine: str, ask: Ask) -> Pool:
        """The pool that an engine configures."""
        pool = address_at(ask, engine, "POOL()")
        provider = address_at(ask, pool, "ADDRESSES_PROVIDER()")
        return cls(pool, address_at(ask, provider, "getPoolDataProvider()"))

    def is_frozen(self, asset: str, ask: Ask) -> bool:
        """Whether the reserve is frozen: its LTV reads 0, and a new one waits for the thaw."""
        return bool(self.reserve(asset, ask)[-1])

    def reserve(self, asset: str, ask: Ask) -> tuple[Any, ...]:
        """Decimals, LTV, LT, bonus, reserve factor, and five flags, the last of them frozen.

        Raises
        ------
        ProposalError : the pool does not list the asset.
        """
        types = ["address"] * 3
        receipt = told(ask, self.reader, "getReserveTokensAddresses(address)", types, asset)[0]
        if not int(receipt, 16):
            raise ProposalError(f"{asset} is no reserve of the pool {self.address}: list it first")
        return told(ask, self.reader, "getReserveConfigurationData(address)", _RESERVE, asset)


def present(settings: Sequence[Setting], pool: Pool, ask: Ask) -> Present:
    """What the pool holds of settings, as the engine's structs would say it.

    Raises
    ------
    ProposalError : the pool does not answer, or does not list an asset.
    """
    found: dict[Key, Held] = {}
    for each in settings:
        if key_of(each) not in found:
            (struct,) = (names for names in _STRUCTS if each.name in names)
            values = _NOW[struct](pool, each.of[-1], ask)
            found |= {(each.of, name): now for name, now in zip(struct, values, strict=True)}
    return found


def _collateral_now(pool: Pool, asset: str, ask: Ask) -> Sequence[Held]:
    _, ltv, threshold, bonus, *_ = pool.reserve(asset, ask)
    ceiling = integer_at(ask, pool.reader, "getDebtCeiling(address)", asset)
    fee = integer_at(ask, pool.reader, "getLiquidationProtocolFee(address)", asset)
    return ltv, threshold, _bonus(bonus), _whole(ceiling), fee


def _bonus(kept: int) -> int | None:
    """The engine's bonus; the pool keeps 0 of what is no collateral, which no bonus is."""
    return kept - BPS if kept >= BPS else None


def _whole(cents: int) -> Held:
    """A ceiling in USD; cents, which the engine cannot say, equal no value of it."""
    usd, rest = divmod(cents, _CENTS)
    return f"{usd}.{rest:02} USD" if rest else usd


def _rates_now(pool: Pool, asset: str, ask: Ask) -> Sequence[Held]:
    pool.reserve(asset, ask)
    strategy = address_at(ask, pool.reader, "getInterestRateStrategyAddress(address)", asset)
    types = ["uint16", "uint32", "uint32", "uint32"]
    return told(ask, strategy, "getInterestRateDataBps(address)", types, asset)


def _caps_now(pool: Pool, asset: str, ask: Ask) -> Sequence[Held]:
    pool.reserve(asset, ask)
    borrow, supply = told(
        ask, pool.reader, "getReserveCaps(address)", ["uint256", "uint256"], asset
    )
    return supply, borrow


def _emode_now(pool: Pool, category: str, ask: Ask) -> Sequence[Held]:
    getter = "getEModeCategoryCollateralConfig(uint8)"
    ltv, threshold, bonus = told(ask, pool.address, getter, ["uint16"] * 3, int(category))
    if not threshold:
        raise ProposalError(f"{category} is no e-mode category of the pool {pool.address}")
    label = told(ask, pool.address, "getEModeCategoryLabel(uint8)", ["string"], int(category))[0]
    return ltv, threshold, _bonus(bonus), label


def _nothing_now(pool: Pool, of: str, ask: Ask) -> Sequence[Held]:
    """A category that is to be created."""
    del pool, of, ask
    return (None,) * len(NEW_EMODE)


_NOW: Mapping[Sequence[str], Callable[[Pool, str, Ask], Sequence[Held]]] = {
    COLLATERAL: _collateral_now,
    RATES: _rates_now,
    CAPS: _caps_now,
    EMODE: _emode_now,
    NEW_EMODE: _nothing_now,
}


def unthawed(settings: Sequence[Setting], pool: Pool, scene: Scene) -> Iterator[Objection]:
    """Frozen reserves whose LTV the engine would keep as it reads it: 0, also after the thaw.

    Source: PoolConfigurator.sol, configureReserveAsCollateral, `_pendingLtv`.
    """
    moved = {
        each.of for each in settings
        if each.name in COLLATERAL[1:3] and each.value is not None
        and not stands(each, scene.present)
    }  # fmt: skip
    for each in settings:
        kept = each.name == COLLATERAL[0] and each.value is None
        if kept and each.of in moved and pool.is_frozen(each.of[-1], scene.ask):
            why = "the reserve is frozen, and keeping its LTV would make it 0 after the thaw"
            yield Objection(f"ltv of {each.of[-1]}", "keep current", f"{why}: give it a value")
