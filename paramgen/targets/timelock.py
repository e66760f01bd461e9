"""OpenZeppelin's TimelockController: one operation, scheduled and later executed.

The operation's id is keccak(abi.encode(targets, values, payloads, predecessor, salt)). Source:
OpenZeppelin Contracts, governance/TimelockController.sol.
"""

from __future__ import annotations

from collections.abc import Sequence

from paramgen.targets.calls import Call, ProposalError, as_hex, call, word_hash
from paramgen.targets.envelope import (
    Carried,
    Envelope,
    Format,
    actions,
    arrays,
    calls_of,
    read_sent,
    require_actions,
    require_same,
    salt_of,
    write_json,
)

SCHEDULE = "scheduleBatch(address[],uint256[],bytes[],bytes32,bytes32,uint256)"
EXECUTE = "executeBatch(address[],uint256[],bytes[],bytes32,bytes32)"
NO_PREDECESSOR = bytes(32)
_KEYS = (
    "format", "chain_id", "timelock", "operation_id", "salt", "delay", "actions", "schedule",
    "execute",
)  # fmt: skip
_WHAT = "a timelock's operation"


def operation_id(calls: Sequence[Call], salt: bytes) -> bytes:
    """The timelock's id of an operation without a predecessor."""
    types = ("address[]", "uint256[]", "bytes[]", "bytes32", "bytes32")
    return word_hash(types, (*arrays(calls), NO_PREDECESSOR, salt))


def write(calls: Sequence[Call], envelope: Envelope) -> bytes:
    """The operation with its id, and the calldata of both its steps."""
    require_actions(calls, None, _WHAT)
    tail = (NO_PREDECESSOR, envelope.salt)
    schedule = call(envelope.carrier, SCHEDULE, *arrays(calls), *tail, envelope.delay)
    execute = call(envelope.carrier, EXECUTE, *arrays(calls), *tail)
    return write_json(
        {
            "format": TIMELOCK.name,
            "chain_id": envelope.chain_id,
            "timelock": envelope.carrier,
            "operation_id": as_hex(operation_id(calls, envelope.salt)),
            "salt": as_hex(envelope.salt),
            "delay": envelope.delay,
            "actions": actions(calls),
            "schedule": as_hex(schedule.data),
            "execute": as_hex(execute.data),
        }
    )


def read(data: bytes) -> Carried:
    """Read the scheduling calldata, and hold everything else in the file to it."""
    sent = read_sent(
        data, _KEYS, _WHAT, carrier="timelock", calldata="schedule", signature=SCHEDULE
    )
    targets, values, payloads, predecessor, salt, delay = sent.arguments
    if predecessor != NO_PREDECESSOR:
        raise ProposalError(f"{_WHAT} waits for another operation, {as_hex(predecessor)}")
    salt_of(sent.document["salt"])
    calls = calls_of(targets, values, payloads, _WHAT)
    envelope = Envelope(sent.chain_id, sent.carrier, "", "", 0, salt, delay)
    require_same(sent.document, write(calls, envelope), _WHAT)
    return Carried(sent.chain_id, sent.carrier, "", calls, salt, delay)


TIMELOCK = Format("timelock", "timelock.json", write, read, carries_description=False)
