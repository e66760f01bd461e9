"""A Chaos-style RiskOracle: one update a parameter, which injectors carry to a RiskSteward.

publishRiskParameterUpdate(referenceId, newValue, updateType, market, additionalData); the reference
is the artefact's hash. The value is bytes, and each type has its own form, the injectors':

    RateStrategyUpdate      abi.encode(InterestRateInputData), market is the loan's own token
    ltv, liquidationThreshold, liquidationBonus
                            one word in basis points, market is the asset's aToken
    supplyCap               one word in the *smallest* units of the aToken, unlike the engine's
                            whole tokens

Source: risk-oracle, RiskOracle.sol (`address market`); aave-v3-risk-stewards, AaveStewardInjector*.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from fractions import Fraction
from typing import Any

from eth_utils.address import to_checksum_address

from paramgen.book.venues import RiskOracle
from paramgen.targets import aave
from paramgen.targets.calls import (
    Call,
    ProposalError,
    arguments,
    arguments_of,
    as_hex,
    call,
    encoded,
)
from paramgen.targets.present import Ask, Key, Present, all_sent, key_of
from paramgen.targets.setters import Held, Setting, Unit
from paramgen.targets.venue import (
    Emission,
    Expressed,
    Parameters,
    Reading,
    Refusal,
    Venue,
    alone,
)
from paramgen.units import BPS, YEAR_365

LATEST = "getLatestUpdateByParameterAndMarket(string,address)"
PUBLISH = "publishRiskParameterUpdate(string,bytes,string,address,bytes)"
STRATEGY = "RateStrategyUpdate"
WORDS = ("ltv", "liquidationThreshold", "liquidationBonus", "supplyCap")
_FIELDS = ("ltv", "liquidation_threshold", "liquidation_bonus")
_WORD = ("uint256",)
_RATES = ("uint256",) * len(aave.RATES)
_UPDATE = "(uint256,bytes,string,bytes,string,uint256,address,bytes)"
"""Time, value, reference, value before, type, number, market, additional data."""
_BP = Unit("bp", Fraction(BPS), "%")
UNITS = (
    {name: aave.UNITS[name] for name in aave.RATES}
    | dict.fromkeys(WORDS[:3], _BP)
    | {"supplyCap": Unit("of the token's smallest unit")}
)


def express(parameters: Parameters, market: RiskOracle) -> Expressed:
    """As the pool takes them in the end, and so with its refusals."""
    settings: list[Setting] = []
    refusals: list[Refusal] = []
    of = (market.oracle, market.receipt)
    if "collateral" in market.sets:
        settings += (
            Setting(of, name, parameters[field])
            for name, field in zip(WORDS, _FIELDS, strict=False)
        )
        refusals += aave.collateral_refusals(parameters)
    if "caps" in market.sets:
        tokens, refused = aave.cap_of(parameters)
        settings.append(Setting(of, "supplyCap", tokens * 10**parameters.decimals))
        refusals += refused
    if "rates" in market.sets and market.loan is not None:
        rates, refused = aave.rates_of(parameters)
        loan = (market.oracle, market.loan.token)
        settings += (
            Setting(loan, name, value)
            for name, value in zip(aave.RATES, astuple(rates), strict=True)
        )
        refusals += refused
    return Expressed(tuple(settings), tuple(refusals))


def encode(settings: Sequence[Setting], reference: bytes) -> Emission:
    """One update a parameter, a rate strategy as one.

    Raises
    ------
    ProposalError : a setting is of no update.
    """
    lost = [each.name for each in settings if each.name not in (*WORDS, *aave.RATES)]
    if lost:
        raise ProposalError(f"no function sets {', '.join(lost)}")
    calls: list[Call] = []
    for of in dict.fromkeys(each.of for each in settings):
        known = {each.name: each.value for each in settings if each.of == of}
        updates = [(name, encoded(_WORD, (known[name],))) for name in WORDS if name in known]
        if aave.RATES[0] in known:
            updates.append((STRATEGY, encoded(_RATES, [known[name] for name in aave.RATES])))
        calls += (
            call(of[0], PUBLISH, as_hex(reference), value, kind, of[1], b"")
            for kind, value in updates
        )
    return Emission(tuple(calls))


def decode(emission: Emission) -> tuple[Setting, ...]:
    """The settings of updates that all name one reference.

    Raises
    ------
    ProposalError : a call is no update, of no known type, or carries something beside its value.
    """
    settings: list[Setting] = []
    references = set()
    for found in emission.calls:
        values = arguments(found, PUBLISH)
        if values is None:
            raise ProposalError(f"0x{found.data[:4].hex()} of {found.to} is no {PUBLISH}")
        reference, value, kind, market, additional = values
        references.add(reference)
        if additional or len(references) > 1:
            raise ProposalError(f"{kind} of {market} carries something beside its value")
        settings += _settings((found.to, str(to_checksum_address(market))), kind, value)
    return tuple(settings)


def _settings(of: tuple[str, ...], kind: str, value: bytes) -> list[Setting]:
    names = aave.RATES if kind == STRATEGY else (kind,)
    integers = arguments_of(_RATES if kind == STRATEGY else _WORD, value)
    if integers is None or (kind != STRATEGY and kind not in WORDS):
        raise ProposalError(f"{kind!r} of {of[1]} is no update that is known here")
    return [Setting(of, name, each) for name, each in zip(names, integers, strict=True)]


def readings(settings: Sequence[Setting], market: RiskOracle) -> tuple[Reading, ...]:
    """What the oracle keeps as latest of each type and market."""
    found = [
        Reading(market.oracle, f"getLatestUpdateByParameterAndMarket({each.name}, {each.of[1]})",
                each.value)
        for each in settings if each.name in WORDS
    ]  # fmt: skip
    rates = [each for each in settings if each.name in aave.RATES]
    found += (
        Reading(market.oracle,
                f"getLatestUpdateByParameterAndMarket({STRATEGY}, {each.of[1]}).{each.name}",
                each.value)
        for each in rates
    )  # fmt: skip
    return tuple(found)


def present(settings: Sequence[Setting], market: RiskOracle, ask: Ask) -> Present:
    """The latest update of each, None where none was published.

    Whether a pool took it is not the oracle's to say, so an equal one is published again.
    """
    del market
    found: dict[Key, Held] = {}
    for each in settings:
        if key_of(each) not in found:
            kind = each.name if each.name in WORDS else STRATEGY
            found |= _latest(each.of, kind, ask(each.of[0], LATEST, [_UPDATE], kind, each.of[1]))
    return found


def _latest(of: tuple[str, ...], kind: str, answer: tuple[Any, ...] | None) -> dict[Key, Held]:
    names, types = (aave.RATES, _RATES) if kind == STRATEGY else ((kind,), _WORD)
    integers = None if answer is None else arguments_of(types, answer[0][1])
    return {(of, name): value for name, value in zip(names, integers or _NONE, strict=False)}


_NONE = (None,) * len(aave.RATES)


RISK_ORACLE = Venue(
    "risk-oracle",
    YEAR_365,
    UNITS,
    express,
    encode,
    decode,
    readings,
    aave.curve,
    aave.resolution,
    (PUBLISH,),
    alone(decode),
    present,
    all_sent,
)
