"""Compound's GovernorBravo: propose(address[],uint256[],string[],bytes[],string).

At most ten actions. With a signature beside it, an action's calldata has no selector; here all
signatures are empty and the calldata whole, which the timelock sends as it is. Source:
compound-protocol, contracts/Governance/GovernorBravoDelegate.sol and Timelock.sol.
"""

from __future__ import annotations

from collections.abc import Sequence

from paramgen.targets.calls import Call, as_hex, call
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
    with_selectors,
    write_json,
)

PROPOSE = "propose(address[],uint256[],string[],bytes[],string)"
MAX_ACTIONS = 10
_KEYS = ("format", "chain_id", "governor", "description", "actions", "calldata")
_WHAT = "a GovernorBravo proposal"


def write(calls: Sequence[Call], envelope: Envelope) -> bytes:
    """The proposal's actions in words, and the calldata to send."""
    require_actions(calls, MAX_ACTIONS, _WHAT)
    to, values, data = arrays(calls)
    unsigned = [""] * len(calls)
    proposed = call(envelope.carrier, PROPOSE, to, values, unsigned, data, envelope.description)
    return write_json(
        {
            "format": GOVERNOR_BRAVO.name,
            "chain_id": envelope.chain_id,
            "governor": envelope.carrier,
            "description": envelope.description,
            "actions": actions(calls),
            "calldata": as_hex(proposed.data),
        }
    )


def read(data: bytes) -> Carried:
    """Read the calldata, and hold everything else in the file to it."""
    sent = read_sent(data, _KEYS, _WHAT, carrier="governor", calldata="calldata", signature=PROPOSE)
    targets, values, signatures, calldatas, description = sent.arguments
    whole = with_selectors(signatures, calldatas, _WHAT)
    calls = calls_of(targets, values, whole, _WHAT)
    envelope = Envelope(sent.chain_id, sent.carrier, "", description, 0, b"")
    # Ours leave the signatures empty; a file with signatures says the same in another form.
    if not any(signatures):
        require_same(sent.document, write(calls, envelope), _WHAT)
    return Carried(sent.chain_id, sent.carrier, description, calls)


GOVERNOR_BRAVO = Format("governor-bravo", "governor-bravo.json", write, read)
