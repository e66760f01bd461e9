"""Morpho Blue: createMarket((loanToken, collateralToken, oracle, irm, lltv)).

A market's five parameters are its identity, keccak of their words: a changed oracle, rate model or
LLTV is a new market, and positions stay in the old one until their owners move them. There is one
LLTV and no separate LTV; it is one of those that Morpho's owner enabled. The rate model is ours,
which answers per second in 1e18 and follows the steward's word, so that no rate is set here. The
oracle answers at 1e36·10^(loan decimals − collateral decimals). Source: morpho-blue, Morpho.sol,
MarketParamsLib.sol, IIrm.sol, IOracle.sol.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from eth_utils.address import to_checksum_address

from paramgen.book.venues import Morpho
from paramgen.mirror.rate import WAD
from paramgen.mirror.venues import PAR, morpho_price, morpho_scale
from paramgen.targets.calls import as_hex, from_hex, word_hash
from paramgen.targets.present import (
    Ask,
    Objection,
    Present,
    Scene,
    all_sent,
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
    Venue,
    alone,
    codec,
    signatures_of,
)
from paramgen.units import Rounding, round_fraction

NAMES = ("loanToken", "collateralToken", "oracle", "irm", "lltv")
SETTERS = (Setter("createMarket((address,address,address,address,uint256))", (), NAMES),)
UNITS = {name: Unit("") for name in NAMES[:4]} | {"lltv": Unit("1e-18", Fraction(WAD), "%")}
_PARAMETERS = "idToMarketParams(bytes32)"
_TYPES = ("address", "address", "address", "address", "uint256")


def market_id(settings: Sequence[Setting]) -> str:
    """The market's id, which its five parameters are."""
    known = {each.name: each.value for each in settings}
    return as_hex(word_hash(_TYPES, [known[name] for name in NAMES]))


def express(parameters: Parameters, market: Morpho) -> Expressed:
    """The largest enabled LLTV that the asset carries, as the artefact chose it."""
    lltv = parameters.lltv
    if lltv is None:
        bound = "admits no LLTV that the policy lists as enabled."
        return Expressed((), (
            Refusal("liquidation_threshold", parameters["liquidation_threshold"], bound, None),
        ))  # fmt: skip
    addresses = (market.loan.token, market.collateral, market.oracle, market.irm)
    values: tuple[Held, ...] = (
        *addresses,
        round_fraction(lltv * WAD, Rounding.EXACT),
    )
    of = (market.morpho,)
    settings = tuple(Setting(of, name, value) for name, value in zip(NAMES, values, strict=True))
    if market.market is not None and market_id(settings) == market.market:
        bound = f"is that of the market {market.market}: it exists, nothing is to be created."
        return Expressed(settings, (
            Refusal("liquidation_threshold", parameters["liquidation_threshold"], bound, None),
        ))  # fmt: skip
    return Expressed(settings)


def oracle_price(parameters: Parameters, market: Morpho) -> int:
    """What the market's oracle answers at the reviewed price, the loan token at par."""
    scale = morpho_scale(10**parameters.decimals, 10**market.loan.decimals)
    return morpho_price(parameters.price, PAR, scale)


def readings(settings: Sequence[Setting], market: Morpho) -> tuple[Reading, ...]:
    """The market as Morpho keeps it under its id."""
    found = market_id(settings)
    return tuple(
        Reading(market.morpho, f"idToMarketParams({found}).{each.name}", each.value)
        for each in settings
    )


def curve(settings: Sequence[Setting], market: Morpho) -> Polyline | None:
    """No setting is of the curve: the model reads the steward's word, bit for bit."""
    del settings, market
    return None


def resolution(market: Morpho) -> Resolution:
    """Nothing is rounded."""
    del market
    return Resolution(Fraction(0))


def present(settings: Sequence[Setting], market: Morpho, ask: Ask) -> Present:
    """The parameters of the market that the new one replaces, or else of the new one itself."""
    replaced = market.market or market_id(settings)
    values = _market_at(market.morpho, replaced, ask)
    now = dict(zip(NAMES, values if _is_created(values) else _NOTHING, strict=True))
    return {(each.of, each.name): now[each.name] for each in settings}


def _market_at(morpho: str, identifier: str, ask: Ask) -> Sequence[Held]:
    """A market's parameters; all zero where there is none of this id."""
    found = told(ask, morpho, _PARAMETERS, _TYPES, from_hex(identifier, "market"))
    return [*(str(to_checksum_address(each)) for each in found[:-1]), found[-1]]


def objects(settings: Sequence[Setting], market: Morpho, scene: Scene) -> Iterator[Objection]:
    """What createMarket reverts on: a market that exists, a model or LLTV that is not enabled."""
    known = {each.name: each.value for each in settings}
    created = market_id(settings)
    if _exists(market.morpho, created, scene.ask):
        yield Objection(f"market {created}", "created", "it exists already, nothing is to be done")
    if market.market is not None and not _exists(market.morpho, market.market, scene.ask):
        yield Objection(f"market {market.market}", "replaced", "there is none of this id")
    for name, getter in (("irm", "isIrmEnabled(address)"), ("lltv", "isLltvEnabled(uint256)")):
        if told(scene.ask, market.morpho, getter, ["bool"], known[name]) != (True,):
            yield Objection(name, str(known[name]), "Morpho's owner has not enabled it")


def _is_created(values: Sequence[Held]) -> bool:
    return any(int(str(each), 0) for each in values)


def _exists(morpho: str, identifier: str, ask: Ask) -> bool:
    return _is_created(_market_at(morpho, identifier, ask))


_NOTHING: Sequence[Held] = (None,) * len(NAMES)
_ENCODE, _DECODE = codec(SETTERS)
MORPHO = Venue(
    "morpho-blue",
    None,
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
    all_sent,
    objects,
)
