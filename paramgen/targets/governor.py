"""OpenZeppelin's Governor: propose(address[],uint256[],bytes[],string).

Its id is keccak(abi.encode(targets, values, calldatas, keccak(description))), so that the
description is part of what is voted on (Compound's newer governor counts its ids instead; what it
is sent is the same). Source: OpenZeppelin Contracts, governance/Governor.sol.
"""

from __future__ import annotations

from collections.abc import Sequence

from eth_utils.crypto import keccak

from paramgen.targets.calls import Call, as_hex, call, word_hash
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
    write_json,
)

PROPOSE = "propose(address[],uint256[],bytes[],string)"
_KEYS = ("format", "chain_id", "governor", "proposal_id", "description", "actions", "calldata")
_WHAT = "a governor's proposal"


def proposal_id(calls: Sequence[Call], description: str) -> int:
    """The governor's id of a proposal."""
    types = ("address[]", "uint256[]", "bytes[]", "bytes32")
    return int.from_bytes(word_hash(types, (*arrays(calls), keccak(text=description))))


def write(calls: Sequence[Call], envelope: Envelope) -> bytes:
    """The proposal with its id, its actions in words, and the calldata to send."""
    require_actions(calls, None, _WHAT)
    proposed = call(envelope.carrier, PROPOSE, *arrays(calls), envelope.description)
    return write_json(
        {
            "format": GOVERNOR.name,
            "chain_id": envelope.chain_id,
            "governor": envelope.carrier,
            "proposal_id": str(proposal_id(calls, envelope.description)),
            "description": envelope.description,
            "actions": actions(calls),
            "calldata": as_hex(proposed.data),
        }
    )


def read(data: bytes) -> Carried:
    """Read the calldata, and hold everything else in the file to it."""
    sent = read_sent(data, _KEYS, _WHAT, carrier="governor", calldata="calldata", signature=PROPOSE)
    targets, values, calldatas, description = sent.arguments
    calls = calls_of(targets, values, calldatas, _WHAT)
    envelope = Envelope(sent.chain_id, sent.carrier, "", description, 0, b"")
    require_same(sent.document, write(calls, envelope), _WHAT)
    return Carried(sent.chain_id, sent.carrier, description, calls)


GOVERNOR = Format("governor", "governor.json", write, read)
