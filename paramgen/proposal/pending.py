"""What a proposal under way would change, and where it crosses a plan.

A batch lands only on the configuration that it names, so of two batches of one market whichever
lands second is refused, whatever fields they set.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paramgen.difference import PARAMETER_IDS, Standing
from paramgen.encode import FIELDS, unpack
from paramgen.mirror.domains import MASK
from paramgen.plan import ChainState, Plan
from paramgen.proposal.actions import (
    APPLY_BATCH,
    SET_GUARDRAILS,
    SET_PRICE_MOVE_LIMIT,
    WORD_ORDER,
    function_of,
)
from paramgen.targets.calls import Call, arguments

PRICE_MOVE_LIMIT = "price move limit"


@dataclass(frozen=True)
class Touched:
    """What calls would change.

    Attributes
    ----------
    fields : `asset.field`, `guardrail of field`, `price move limit`, or the function called.
    markets : assets, or addresses outside the book, of which a batch sets words.
    """

    fields: tuple[str, ...]
    markets: tuple[str, ...]


@dataclass(frozen=True)
class Crossing:
    """Where a proposal under way and a plan meet.

    Attributes
    ----------
    fields : what both would change.
    markets : of these the batch that lands second is refused.
    """

    fields: tuple[str, ...]
    markets: tuple[str, ...]


def touched(calls: Iterable[Call], state: ChainState) -> Touched:
    """What calls of the steward would change on this state; calls of anything else are left."""
    ours = [each for each in calls if each.to == state.steward]
    batches = [rows for each in ours if (rows := _rows(each)) is not None]
    names = _names(state)
    return Touched(
        fields=tuple(dict.fromkeys(field for each in ours for field in _fields(each, state))),
        markets=tuple(dict.fromkeys(_name(row[0], names) for rows in batches for row in rows)),
    )


def crossing(found: Touched, plan: Plan) -> Crossing:
    """What a plan shares with what is under way."""
    planned = {f"{change.asset}.{change.field}" for change in plan.changes}
    planned |= {_rail(change.field) for change in plan.guardrails}
    if plan.price_move_limit is not None:
        planned.add(PRICE_MOVE_LIMIT)
    return Crossing(
        fields=tuple(field for field in found.fields if field in planned),
        markets=tuple(asset for asset in found.markets if asset in plan.words),
    )


def _rows(found: Call) -> Sequence[Any] | None:
    values = arguments(found, APPLY_BATCH)
    return None if values is None else values[0]


def _fields(found: Call, state: ChainState) -> Iterator[str]:
    rows = _rows(found)
    if rows is not None:
        for row in rows:
            yield from _words(row, state)
    elif (rails := arguments(found, SET_GUARDRAILS)) is not None:
        yield from _rails(rails[0], rails[1], state)
    elif (limit := arguments(found, SET_PRICE_MOVE_LIMIT)) is not None:
        if limit[0] != state.price_move_limit:
            yield PRICE_MOVE_LIMIT
    else:
        yield function_of(found)


def _words(row: Sequence[Any], state: ChainState) -> Iterator[str]:
    """Fields of one row of a batch that differ from what stands."""
    address, mask, *values = row
    names = _names(state)
    asset, standing = _name(address, names), _standing(address, names, state)
    for word, value in zip(WORD_ORDER, values, strict=True):
        if not mask & MASK[word]:
            continue
        after, before = unpack(word, value), unpack(word, standing.words[word] if standing else 0)
        for field in FIELDS[word]:
            if after[field.name] != before[field.name]:
                yield f"{asset}.{field.name}"


def _rails(ids: Sequence[int], rails: Sequence[int], state: ChainState) -> Iterator[str]:
    names = {identifier: name for name, identifier in PARAMETER_IDS.items()}
    for identifier, rail in zip(ids, rails, strict=False):
        if rail != state.rail(identifier):
            yield _rail(names.get(identifier, str(identifier)))


def _rail(field: str) -> str:
    return f"guardrail of {field}"


def _names(state: ChainState) -> dict[str, str]:
    """Asset by address in lower case."""
    return {standing.address.lower(): name for name, standing in state.standings().items()}


def _name(address: str, names: Mapping[str, str]) -> str:
    return names.get(address.lower(), address)


def _standing(address: str, names: Mapping[str, str], state: ChainState) -> Standing | None:
    return state.standings().get(names.get(address.lower(), ""))
