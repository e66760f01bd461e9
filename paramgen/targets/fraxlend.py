"""Fraxlend, pairs of version 3 with their rate contract of version 2.

A pair has one LTV, in 1e5, for borrowing and for liquidation: `setMaxLTV`. Its rates stand in a
contract of their own, `VariableInterestRate`, immutable after its constructor: utilisation in 1e5,
rates per second in 1e18, a year of 365.24 d in its comments and in no arithmetic. With equal
bounds on the rate at full utilisation its curve stands still and is the compiled one. The
constructor validates nothing: a rate of zero below the kink, a vertex above full utilisation or a
half-life of zero would brick the pair at its next accrual, so everything is checked here.

Deployment comes first: `constructor_arguments` are its input, the pair then takes the address by
`setRateContract`. Source: fraxlend, VariableInterestRate.sol (2.0.0), FraxlendPair.sol.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from paramgen.book.venues import Fraxlend
from paramgen.mirror.rate import WAD
from paramgen.targets.calls import ProposalError, arguments_of, encoded
from paramgen.targets.present import Ask, Key, Present, address_at, calls_left_out, integer_at
from paramgen.targets.setters import Held, Setter, Setting, Unit, read, written
from paramgen.targets.venue import (
    Creation,
    Emission,
    Expressed,
    Parameters,
    Polyline,
    Reading,
    Refusal,
    Resolution,
    Venue,
    alone,
    ceil_divide,
    picked,
    signatures_of,
)
from paramgen.units import YEAR_365_24

UTILISATION = 10**5
LTV_PER_BP = UTILISATION // 10_000
MAX_UINT64 = 2**64 - 1
HALF_LIFE = 43_200
"""Has no effect while both bounds on the full rate are one; zero would divide by zero."""
CONTRACT = "VariableInterestRate"
SUFFIX = "[paramgen]"
RATES = (
    "VERTEX_UTILIZATION", "VERTEX_RATE_PERCENT", "MIN_TARGET_UTIL", "MAX_TARGET_UTIL",
    "ZERO_UTIL_RATE", "MIN_FULL_UTIL_RATE", "MAX_FULL_UTIL_RATE", "RATE_HALF_LIFE",
)  # fmt: skip
"""The constructor's arguments after the suffix, by the getters that give them back."""
_TYPES = ("string", *("uint256",) * len(RATES))
SETTERS = (
    Setter("setMaxLTV(uint256)", (), ("maxLTV",)),
    Setter("setRateContract(address)", (), ("rateContract",)),
)
_SHARE = Unit("1e-5", Fraction(UTILISATION), "%")
_RATE = Unit("1e-18 a second", Fraction(WAD) / YEAR_365_24.seconds, "% in 365.24 d")
UNITS = {
    "maxLTV": _SHARE,
    "rateContract": Unit(""),
    "VERTEX_UTILIZATION": _SHARE,
    "VERTEX_RATE_PERCENT": Unit("1e-18", Fraction(WAD), "% of the way to the full rate"),
    "MIN_TARGET_UTIL": _SHARE,
    "MAX_TARGET_UTIL": _SHARE,
    "ZERO_UTIL_RATE": _RATE,
    "MIN_FULL_UTIL_RATE": _RATE,
    "MAX_FULL_UTIL_RATE": _RATE,
    "RATE_HALF_LIFE": Unit("s"),
}


def express(parameters: Parameters, market: Fraxlend) -> Expressed:
    """The liquidation threshold as the one LTV, down; the curve, no part of it below."""
    settings: list[Setting] = []
    refusals: list[Refusal] = []
    if "collateral" in market.sets:
        threshold = parameters["liquidation_threshold"] * LTV_PER_BP
        settings.append(Setting((market.pair,), "maxLTV", threshold))
    if "rates" in market.sets:
        found = _rates(parameters)
        settings += found.settings
        refusals += found.refusals
        if market.rate_contract is not None:
            settings.append(Setting((market.pair,), "rateContract", market.rate_contract))
    return Expressed(tuple(settings), tuple(refusals))


def _rates(parameters: Parameters) -> Expressed:
    curve = parameters.curve
    kink = curve.kink * UTILISATION // WAD
    rise, full = curve.slope_1, curve.slope_1 + curve.slope_2
    share = ceil_divide(rise * WAD, full) if full else 0
    highest = curve.base_rate + full
    values = (kink, share, 0, UTILISATION, curve.base_rate, highest, highest, HALF_LIFE)
    settings = tuple(
        Setting((CONTRACT,), name, value) for name, value in zip(RATES, values, strict=True)
    )
    refusals = []
    if not 0 < kink < UTILISATION:
        nearest = WAD // UTILISATION if kink == 0 else WAD - WAD // UTILISATION
        refusals.append(Refusal("kink", curve.kink, "must lie within 0.001–99.999 %.", nearest))
    if highest > MAX_UINT64:
        field = max(("base_rate", "slope_1", "slope_2"), key=lambda name: parameters[name])
        less = parameters[field] - (highest - MAX_UINT64)
        bound = f"makes {highest} at full utilisation, which the contract would cut to 64 bits."
        refusals.append(Refusal(field, parameters[field], bound, max(0, less)))
    return Expressed(settings, tuple(refusals))


def encode(settings: Sequence[Setting], reference: bytes) -> Emission:
    """The pair's calls, and the constructor's input where rates are set."""
    del reference
    values = picked(settings, *RATES)
    created = () if values is None else (Creation(CONTRACT, encoded(_TYPES, (SUFFIX, *values))),)
    sent = [each for each in settings if each.name not in RATES]
    return Emission(written(SETTERS, sent), created)


def decode(emission: Emission) -> tuple[Setting, ...]:
    """The settings of calls and creations.

    Raises
    ------
    ProposalError : a call or a creation is none of these.
    """
    settings = [each for found in emission.calls for each in read(SETTERS, found)]
    for creation in emission.creations:
        values = arguments_of(_TYPES, creation.arguments)
        if creation.contract != CONTRACT or values is None or values[0] != SUFFIX:
            raise ProposalError(f"the creation of {creation.contract} is none of {CONTRACT}")
        settings += [
            Setting((CONTRACT,), name, value) for name, value in zip(RATES, values[1:], strict=True)
        ]
    return tuple(settings)


def readings(settings: Sequence[Setting], market: Fraxlend) -> tuple[Reading, ...]:
    """The pair's and the rate contract's getters."""
    contract = market.rate_contract or "the deployed rate contract"
    return tuple(
        Reading(market.pair if each.of[0] == market.pair else contract,
                f"{each.name}()", each.value)
        for each in settings
    )  # fmt: skip


def curve(settings: Sequence[Setting], market: Fraxlend) -> Polyline | None:
    """The contract's own vertex, rounded down by its division, and its two lines."""
    del market
    values = picked(settings, *RATES)
    if values is None:
        return None
    kink, share, zero, full = values[0], values[1], values[4], values[5]
    vertex = (full - zero) * share // WAD + zero
    rates = (Fraction(rate, WAD) for rate in (zero, vertex, full))
    return Polyline.kinked(Fraction(kink, UTILISATION), *rates)


def resolution(market: Fraxlend) -> Resolution:
    """The vertex moves by at most one unit of 1e-18 a second, the kink by 1e-5."""
    del market
    return Resolution(Fraction(1, WAD), Fraction(1, UTILISATION))


def present(settings: Sequence[Setting], market: Fraxlend, ask: Ask) -> Present:
    """What the pair and its rate contract hold, None where that is of another kind."""
    contract = address_at(ask, market.pair, "rateContract()")
    found: dict[Key, Held] = {}
    for each in settings:
        if each.name in RATES:
            answer = ask(contract, f"{each.name}()", ["uint256"])
            found[each.of, each.name] = None if answer is None else answer[0]
        elif each.name == "rateContract":
            found[each.of, each.name] = contract
        else:
            found[each.of, each.name] = integer_at(ask, market.pair, f"{each.name}()")
    return found


FRAXLEND = Venue(
    "fraxlend",
    YEAR_365_24,
    UNITS,
    express,
    encode,
    decode,
    readings,
    curve,
    resolution,
    signatures_of(SETTERS),
    alone(decode),
    present,
    calls_left_out((*(setter.names for setter in SETTERS), RATES)),
)
