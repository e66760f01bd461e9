"""Proposals as a chain tells them: the events of governors and timelocks, taken apart.

Where an id commits to what it names, the content is believed for the id and not for who told it;
so what a node leaves out or changes is found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eth_utils.crypto import keccak

from paramgen.targets.calls import (
    Call,
    ProposalError,
    argument_types,
    arguments_of,
    as_hex,
    word_hash,
)
from paramgen.targets.envelope import arrays, calls_of, with_selectors
from paramgen.targets.governor import proposal_id
from paramgen.targets.timelock import NO_PREDECESSOR

CREATED = (
    "ProposalCreated(uint256,address,address[],uint256[],string[],bytes[],uint256,uint256,string)"
)
SCHEDULED = "CallScheduled(bytes32,uint256,address,uint256,bytes,bytes32,uint256)"
SALT = "CallSalt(bytes32,bytes32)"
EXECUTED = "ExecutionSuccess(bytes32,uint256)"
FAILED = "ExecutionFailure(bytes32,uint256)"
_SCHEDULED_DATA = ("address", "uint256", "bytes", "bytes32", "uint256")
_INDEXED = 2
"""Indexed arguments of `SCHEDULED`: the operation's id, and the call's place in it."""


@dataclass(frozen=True)
class Log:
    """One event: its topics and data, and where in the chain it stands."""

    topics: tuple[bytes, ...]
    data: bytes
    block: int
    index: int
    transaction: str


@dataclass(frozen=True)
class Proposed:
    """One proposal of a governor."""

    id: int
    calls: tuple[Call, ...]
    description: str

    @property
    def names_its_content(self) -> bool:
        """Whether the id is the hash of the content, as OpenZeppelin's Governor has it."""
        return self.id == proposal_id(self.calls, self.description)


@dataclass(frozen=True)
class Operation:
    """One operation of a timelock. `delay` is what it was scheduled with, in seconds."""

    id: bytes
    calls: tuple[Call, ...]
    predecessor: bytes
    salt: bytes
    delay: int


def topic(signature: str) -> bytes:
    """First topic of an event."""
    return keccak(text=signature)


def proposed(log: Log) -> Proposed:
    """The proposal of an event; a signature beside calldata becomes its selector.

    Raises
    ------
    ProposalError : the event is cut short or not as the ABI writes it.
    """
    values = arguments_of(argument_types(CREATED), log.data)
    if values is None:
        raise ProposalError(f"the event of a proposal in block {log.block} is cut short or damaged")
    number, _, targets, wei, signatures, data, _, _, description = values
    whole = with_selectors(signatures, data, "a proposal's event")
    return Proposed(number, calls_of(targets, wei, whole, "a proposal's event"), description)


def operation(scheduled: Sequence[Log], salts: Sequence[Log]) -> Operation:
    """The operation of its events in the order of the chain.

    An operation that was cancelled and scheduled anew has its events twice; the last ones count.

    Raises
    ------
    ProposalError : an event is missing or damaged, so that they do not give the operation's id.
    """
    identifier = scheduled[-1].topics[1]
    parts = [_scheduled(log) for log in _last_round(scheduled)]
    calls = tuple(part[0] for part in parts)
    _, predecessor, delay = parts[0]
    salt = _salt(salts)
    types = ("address[]", "uint256[]", "bytes[]", "bytes32", "bytes32")
    whole = word_hash(types, (*arrays(calls), predecessor, salt))
    single = word_hash(
        ("address", "uint256", "bytes", "bytes32", "bytes32"),
        (calls[0].to, calls[0].value, calls[0].data, predecessor, salt),
    )
    if identifier != whole and (len(calls) > 1 or identifier != single):
        raise ProposalError(
            f"the events of operation {as_hex(identifier)} do not give its id: the node left some "
            "out, or changed them"
        )
    return Operation(identifier, calls, predecessor, salt, delay)


def _index(log: Log) -> int:
    """The call's place in its operation, the second indexed argument; −1 where it is missing."""
    indexed = log.topics[1:]
    return int.from_bytes(indexed[1]) if len(indexed) == _INDEXED else -1


def _last_round(scheduled: Sequence[Log]) -> Sequence[Log]:
    indices = [_index(log) for log in scheduled]
    starts = [at for at, index in enumerate(indices) if index == 0]
    last = scheduled[starts[-1] :] if starts else ()
    if not last or indices[starts[-1] :] != list(range(len(last))):
        raise ProposalError("a timelock's operation lacks calls: the node left events out")
    return last


def _scheduled(log: Log) -> tuple[Call, bytes, int]:
    values = arguments_of(_SCHEDULED_DATA, log.data)
    if values is None:
        raise ProposalError(
            f"the event of an operation in block {log.block} is cut short or damaged"
        )
    target, wei, data, predecessor, delay = values
    (only,) = calls_of([target], [wei], [data], "an operation's event")
    return only, predecessor, delay


def _salt(salts: Sequence[Log]) -> bytes:
    if not salts:
        return NO_PREDECESSOR
    values = arguments_of(("bytes32",), salts[-1].data)
    if values is None:
        raise ProposalError("the event of an operation's salt is cut short or damaged")
    salt: bytes = values[0]
    return salt


def executed_hash(log: Log) -> bytes:
    """The Safe's transaction that an event says was executed: a topic since 1.4, data before."""
    if len(log.topics) > 1:
        return log.topics[1]
    return log.data[:32]
