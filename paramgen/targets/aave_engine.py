"""Aave V3's ConfigEngine, delegatecalled by the executor that holds the rights.

The engine has no state and no rights: its code has to run as an account that has them. Aave's
governance lets an `Executor` do so, which its owner (a payloads controller, a Safe, a timelock)
calls: executeTransaction(target, value, signature, data, withDelegatecall). Each of the engine's
functions is one such call here, with an empty signature and the whole calldata, so that every value
stands in what is voted on and no payload contract has to be trusted.

Where a payloads controller owns the executor, the same calls become one payload of it, whose id a
vote then names: createPayload((target, withDelegateCall, accessLevel, value, signature,
callData)[]), at access level 1, that of risk parameters.

Source: aave-v3-origin 3.6.0, AaveV3ConfigEngine.sol and AaveV3Payload.sol; aave-governance-v3,
payloads/Executor.sol and payloads/PayloadsControllerCore.sol.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from eth_utils.address import to_checksum_address

from paramgen.book.venues import AaveEngine
from paramgen.targets import aave
from paramgen.targets.calls import Call, ProposalError, arguments, call
from paramgen.targets.present import Ask, Objection, Present, Scene
from paramgen.targets.setters import Setter, Setting, read, written
from paramgen.targets.venue import (
    Emission,
    Expressed,
    Parameters,
    Venue,
    alone,
)
from paramgen.units import YEAR_365

EXECUTE = "executeTransaction(address,uint256,string,bytes,bool)"
CREATE = "createPayload((address,bool,uint8,uint256,string,bytes)[])"
DIRECT, PAYLOAD = "delegatecall", "payload"
"""How a setting reaches the engine: the second part of what it is of."""
_LEVEL = 1
_DELEGATED = True
RATES = Setter(f"updateRateStrategies{aave.RATE_ROW}", ("asset",), aave.RATES, rows=True)
SETTERS = (aave.EMODES, aave.NEW_EMODES, aave.COLLATERALS, RATES, aave.CAP_UPDATES)
"""In the order in which `AaveV3Payload` runs them."""


def express(parameters: Parameters, market: AaveEngine) -> Expressed:
    """The engine's values, of the engine as its executor or its payloads controller reaches it."""
    if market.payloads_controller is not None:
        return aave.express(
            parameters, market, (market.payloads_controller, PAYLOAD, market.engine)
        )
    return aave.express(parameters, market, (str(market.executor), DIRECT, market.engine))


def encode(settings: Sequence[Setting], reference: bytes) -> Emission:
    """The engine's calls, each delegatecalled by its executor, or all as one payload."""
    del reference
    calls: list[Call] = []
    for carrier, way in dict.fromkeys(each.of[:2] for each in settings):
        inner = [replace(s, of=s.of[2:]) for s in settings if s.of[:2] == (carrier, way)]
        found = written(SETTERS, inner)
        if way == PAYLOAD:
            actions = [(each.to, _DELEGATED, _LEVEL, 0, "", each.data) for each in found]
            calls.append(call(carrier, CREATE, actions))
        else:
            calls += (
                call(carrier, EXECUTE, each.to, 0, "", each.data, _DELEGATED) for each in found
            )
    return Emission(tuple(calls))


def decode(emission: Emission) -> tuple[Setting, ...]:
    """The settings in an executor's calls, or in the actions of a payload.

    Raises
    ------
    ProposalError : a call is no delegatecall of the engine, or sends something beside its calldata.
    """
    settings: list[Setting] = []
    for found in emission.calls:
        way, actions = _actions(found)
        for target, delegated, level, wei, signature, data in actions:
            if wei or signature or not delegated or level != _LEVEL:
                raise ProposalError(f"{found.to} does not plainly delegatecall {target}")
            inner = read(SETTERS, Call(str(to_checksum_address(target)), 0, data))
            settings += (replace(each, of=(found.to, way, *each.of)) for each in inner)
    return tuple(settings)


def _actions(found: Call) -> tuple[str, Sequence[tuple[str, bool, int, int, str, bytes]]]:
    payload = arguments(found, CREATE)
    if payload is not None:
        return PAYLOAD, payload[0]
    values = arguments(found, EXECUTE)
    if values is None:
        raise ProposalError(f"0x{found.data[:4].hex()} of {found.to} is no {EXECUTE}")
    target, wei, signature, data, delegated = values
    return DIRECT, [(target, delegated, _LEVEL, wei, signature, data)]


def present(settings: Sequence[Setting], market: AaveEngine, ask: Ask) -> Present:
    """What the engine's pool holds."""
    return aave.present(settings, aave.Pool.of_engine(market.engine, ask), ask)


def objects(settings: Sequence[Setting], market: AaveEngine, scene: Scene) -> Iterator[Objection]:
    """Where what the engine keeps is not what was meant to stand."""
    return aave.unthawed(settings, aave.Pool.of_engine(market.engine, scene.ask), scene)


AAVE_ENGINE = Venue(
    "aave-config-engine",
    YEAR_365,
    aave.UNITS,
    express,
    encode,
    decode,
    aave.readings,
    aave.curve,
    aave.resolution,
    (EXECUTE, CREATE),
    alone(decode),
    present,
    aave.leave,
    objects,
)
