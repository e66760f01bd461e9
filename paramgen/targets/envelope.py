"""What a form of governance adds to the calls that it carries, and what all forms share."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final

from paramgen.targets.calls import (
    Call,
    ProposalError,
    address,
    arguments,
    as_hex,
    from_hex,
    required,
    selector,
)

MAX_DEPTH: Final = 64
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)


@dataclass(frozen=True)
class Envelope:
    """Who carries the calls, and with what words.

    Attributes
    ----------
    chain_id : the chain that the calls are for.
    carrier : address of the governor, timelock or Safe.
    title, description : for people; a governor's description is hashed into its proposal id.
    created_at : Unix seconds, an input so that the same proposal has the same bytes.
    salt : 32 bytes that tell one operation of a timelock from an equal one.
    delay : seconds that a timelock waits.
    """

    chain_id: int
    carrier: str
    title: str
    description: str
    created_at: int
    salt: bytes
    delay: int = 0


@dataclass(frozen=True)
class Carried:
    """What a file says when it is read by its calldata alone."""

    chain_id: int
    carrier: str
    description: str
    calls: tuple[Call, ...]
    salt: bytes | None = None
    delay: int | None = None


@dataclass(frozen=True)
class Sent:
    """A file as its carrier's calldata tells it, before the rest of the file is held to it.

    Attributes
    ----------
    document : the file.
    chain_id, carrier : which chain's governor or timelock it is for.
    arguments : of the call that is sent to it.
    """

    document: Mapping[str, Any]
    chain_id: int
    carrier: str
    arguments: tuple[Any, ...]


@dataclass(frozen=True)
class Format:
    """One form of governance.

    Attributes
    ----------
    name : as the command line takes it.
    file : name of the file that it is written to.
    write : calls and envelope to bytes; the same two give the same bytes.
    read : bytes to what they carry. Raises ProposalError where the bytes contradict themselves.
    carries_description : whether what is sent commits to the description.
    """

    name: str
    file: str
    write: Callable[[Sequence[Call], Envelope], bytes]
    read: Callable[[bytes], Carried]
    carries_description: bool = True


def write_json(document: Mapping[str, Any]) -> bytes:
    """JSON for people and wallets: indented, keys in the order given."""
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def read_json(data: bytes, what: str) -> Any:
    """JSON in which no key stands twice: two readers might take different ones.

    Raises
    ------
    ProposalError : the bytes are no such JSON.
    """
    if nests_too_deep(data):
        raise ProposalError(f"{what} is no JSON of a proposal: it nests deeper than {MAX_DEPTH}")

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise ProposalError(f"{what} names {', '.join(twice)} twice")
        return dict(pairs)

    try:
        return json.loads(data, object_pairs_hook=unique)
    except ValueError as error:
        raise ProposalError(f"{what} is no JSON: {error}") from None


def plain_json(data: bytes) -> Any:
    """What a file of ours says, which may be anybody's.

    Raises
    ------
    ValueError : it is no JSON, or nests deeper than anything honest.
    """
    if nests_too_deep(data):
        raise ValueError(f"it nests deeper than {MAX_DEPTH}")
    return json.loads(data)


def nests_too_deep(data: bytes) -> bool:
    """Whether JSON nests deeper than anything honest.

    The standard library's reader recurses in C: once another package has raised the recursion
    limit, deep brackets end the process rather than the reading.
    """
    outside = _STRING.sub(b"", data)
    steps = ((byte in b"[{") - (byte in b"]}") for byte in outside if byte in b"[{]}")
    return any(depth > MAX_DEPTH for depth in accumulate(steps))


def require_actions(calls: Sequence[Call], most: int | None, what: str) -> None:
    """Refuse an empty proposal, and one with more actions than its governor takes.

    Raises
    ------
    ProposalError
    """
    if not calls:
        raise ProposalError(f"there is nothing to propose to {what}")
    if most is not None and len(calls) > most:
        raise ProposalError(f"{what} takes at most {most} actions, this needs {len(calls)}")


def actions(calls: Sequence[Call]) -> list[dict[str, str]]:
    """Calls as JSON values."""
    return [{"to": call.to, "value": str(call.value), "data": as_hex(call.data)} for call in calls]


def arrays(calls: Sequence[Call]) -> tuple[list[str], list[int], list[bytes]]:
    """Targets, values and calldatas of calls, as governors and timelocks take them."""
    return [c.to for c in calls], [c.value for c in calls], [c.data for c in calls]


def calls_of(
    targets: Sequence[Any], values: Sequence[Any], calldatas: Sequence[bytes], what: str
) -> tuple[Call, ...]:
    """Calls of three arrays of one length.

    Raises
    ------
    ProposalError : the lengths differ.
    """
    if not len(targets) == len(values) == len(calldatas):
        raise ProposalError(f"{what} has arrays of different lengths")
    return tuple(
        Call(address(to, "target"), int(value), bytes(data))
        for to, value, data in zip(targets, values, calldatas, strict=True)
    )


def with_selectors(signatures: Sequence[str], calldatas: Sequence[bytes], what: str) -> list[bytes]:
    """Calldata as it is sent, where a governor may keep the signature beside it.

    Raises
    ------
    ProposalError : there are not as many of one as of the other.
    """
    if len(signatures) != len(calldatas):
        raise ProposalError(f"{what} has arrays of different lengths")
    return [
        selector(name) + bytes(rest) if name else bytes(rest)
        for name, rest in zip(signatures, calldatas, strict=True)
    ]


def read_sent(
    data: bytes, keys: Sequence[str], what: str, *, carrier: str, calldata: str, signature: str
) -> Sent:
    """Read a file of these keys; `carrier` and `calldata` are those of the call of `signature`.

    Raises
    ------
    ProposalError : it lacks a key, has another, or its calldata is no such call.
    """
    document = required(read_json(data, what), keys, what)
    to = address(document[carrier], carrier)
    found = arguments(Call(to, 0, from_hex(document[calldata], calldata)), signature)
    if found is None:
        raise ProposalError(f"{what} has calldata that is no call of {signature}")
    return Sent(document, whole_number(document["chain_id"], "chain_id"), to, found)


def require_same(document: Mapping[str, Any], written: bytes, what: str) -> None:
    """Refuse a file whose words for people are not those that its calldata gives.

    Raises
    ------
    ProposalError : naming the parts that differ.
    """
    again = json.loads(written)
    differing = sorted(key for key in again if document.get(key) != again[key])
    if differing:
        raise ProposalError(f"{what} contradicts its own calldata in {', '.join(differing)}")


def whole_number(value: Any, what: str) -> int:
    """A whole number, given as such or as decimal text.

    Raises
    ------
    ProposalError : it is none.
    """
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    raise ProposalError(f"{what} is no whole number: {value!r}")


def salt_of(value: Any) -> bytes:
    """32 bytes.

    Raises
    ------
    ProposalError : there are not 32.
    """
    salt = from_hex(value, "salt")
    if len(salt) != 32:  # noqa: PLR2004 - bytes of a word
        raise ProposalError(f"salt has {len(salt)} bytes, not 32")
    return salt
