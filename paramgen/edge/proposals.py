"""Proposals that are under way on a chain: a governor's, a timelock's, a Safe's.

Content is believed for the id that commits to it: OpenZeppelin's proposal id, a timelock's
operation id, a Safe's transaction hash. A governor that counts its ids is asked for what it stores.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from paramgen.edge.rpc import Pinned, RpcError
from paramgen.proposal.actions import APPLY_BATCH
from paramgen.proposal.verify import Disagreement
from paramgen.targets.calls import Call, ProposalError, arguments, as_hex
from paramgen.targets.envelope import Carried, calls_of, with_selectors
from paramgen.targets.events import (
    CREATED,
    EXECUTED,
    FAILED,
    SALT,
    SCHEDULED,
    Log,
    Operation,
    Proposed,
    executed_hash,
    operation,
    proposed,
    topic,
)
from paramgen.targets.safe_transaction import (
    HASHED,
    SafeTransaction,
    calls_of_transaction,
    executed,
    hashed_fields,
    transaction_hash,
)
from paramgen.targets.timelock import NO_PREDECESSOR

GOVERNOR_STATES: Final = (
    "pending", "active", "canceled", "defeated", "succeeded", "queued", "expired", "executed",
)  # fmt: skip
OPEN_STATES: Final = frozenset({"pending", "active", "succeeded", "queued"})
NO_OPERATION, DONE = 0, 1
MAX_NONCES: Final = 10_000
"""Transactions back from a Safe's latest in which one that was executed is looked for."""

NOT_ASKED = "not asked of a chain"
_STEWARD_ROLE = keccak(text="STEWARD_ROLE")
_ARRAYS = ("address[]", "uint256[]")


@dataclass(frozen=True)
class Live:
    """A proposal as it is under way.

    Attributes
    ----------
    id : as the chain names it.
    state : in its carrier's own word.
    is_open : whether it can still be carried out.
    """

    id: str
    carried: Carried
    state: str
    is_open: bool


# --- a governor ---------------------------------------------------------------------------------


def governor_proposal(pinned: Pinned, governor: str, number: int, start: int) -> Live:
    """A governor's proposal by its id.

    Raises
    ------
    RpcError, ProposalError : there is none, or what the node tells of it does not fit its id.
    """
    logs = pinned.logs(governor, [topic(CREATED)], start)
    told = {proposed(log) for log in logs if log.data[:32] == number.to_bytes(32)}
    state = pinned.call(governor, "state(uint256)", ["uint8"], number)
    _require_one(len(told), state is not None, f"proposal {number} of {governor}", start)
    (found,) = told
    if not found.names_its_content:
        _require_stored(pinned, governor, found)
    return _governors(pinned, governor, found, state)


def governor_proposals(pinned: Pinned, governor: str, start: int) -> tuple[Live, ...]:
    """Every proposal of a governor that can still be carried out, the oldest first.

    Raises
    ------
    RpcError, ProposalError : the node's events do not fit what the governor says.
    """
    found = []
    for log in pinned.logs(governor, [topic(CREATED)], start):
        each = proposed(log)
        state = pinned.call(governor, "state(uint256)", ["uint8"], each.id)
        live = _governors(pinned, governor, each, state)
        if live.is_open:
            if not each.names_its_content:
                _require_stored(pinned, governor, each)
            found.append(live)
    return tuple(found)


def _governors(
    pinned: Pinned, governor: str, found: Proposed, state: tuple[int, ...] | None
) -> Live:
    if state is None or state[0] >= len(GOVERNOR_STATES):
        raise RpcError(
            f"{governor} says no state of proposal {found.id}, of which there is an event"
        )
    name = GOVERNOR_STATES[state[0]]
    carried = Carried(pinned.chain_id, governor, found.description, found.calls)
    return Live(str(found.id), carried, name, name in OPEN_STATES)


def _require_stored(pinned: Pinned, governor: str, found: Proposed) -> None:
    """Hold an event to what a governor stores that counts its ids: Compound's, old and new."""
    bravo = pinned.call(
        governor, "getActions(uint256)", (*_ARRAYS, "string[]", "bytes[]"), found.id
    )
    if bravo is not None:
        targets, values, signatures, data = bravo
        whole = with_selectors(signatures, data, "a stored proposal")
        stored = calls_of(targets, values, whole, "a stored proposal"), found.description
    else:
        stored = _details(pinned, governor, found)
    if stored != (found.calls, found.description):
        raise RpcError(
            f"the event of proposal {found.id} is not what {governor} stores: the node changed it"
        )


def _details(pinned: Pinned, governor: str, found: Proposed) -> tuple[tuple[Call, ...], str]:
    types = (*_ARRAYS, "bytes[]", "bytes32")
    details = pinned.call(governor, "proposalDetails(uint256)", types, found.id)
    if details is None:
        raise RpcError(
            f"proposal {found.id} is not named after its content, and {governor} does not say what "
            "it stores: this cannot be believed"
        )
    targets, values, data, described = details
    same = described == keccak(text=found.description)
    return calls_of(targets, values, data, "a stored proposal"), found.description if same else ""


# --- a timelock ---------------------------------------------------------------------------------


def timelock_operation(pinned: Pinned, timelock: str, identifier: bytes, start: int) -> Live:
    """A timelock's operation by its id.

    Raises
    ------
    RpcError, ProposalError : there is none, or what the node tells of it does not give its id.
    """
    scheduled = pinned.logs(timelock, [topic(SCHEDULED), identifier], start)
    known = _timestamp(pinned, timelock, identifier)
    what = f"operation {as_hex(identifier)} of {timelock}"
    _require_one(min(len(scheduled), 1), known != NO_OPERATION, what, start)
    salts = pinned.logs(timelock, [topic(SALT), identifier], start)
    return _timelocks(pinned, timelock, operation(scheduled, salts), known)


def timelock_operations(pinned: Pinned, timelock: str, start: int) -> tuple[Live, ...]:
    """Every operation of a timelock that can still be carried out, the oldest first.

    Raises
    ------
    RpcError, ProposalError : the node's events do not give the operations' ids.
    """
    scheduled = _by_operation(pinned.logs(timelock, [topic(SCHEDULED)], start))
    salts = _by_operation(pinned.logs(timelock, [topic(SALT)], start))
    found = []
    for identifier, logs in scheduled.items():
        known = _timestamp(pinned, timelock, identifier)
        if known not in (NO_OPERATION, DONE):
            told = operation(logs, salts.get(identifier, ()))
            found.append(_timelocks(pinned, timelock, told, known))
    return tuple(found)


def _by_operation(logs: Sequence[Log]) -> dict[bytes, list[Log]]:
    found: dict[bytes, list[Log]] = {}
    for log in logs:
        found.setdefault(log.topics[1] if len(log.topics) > 1 else b"", []).append(log)
    return found


def _timestamp(pinned: Pinned, timelock: str, identifier: bytes) -> int:
    known = pinned.call(timelock, "getTimestamp(bytes32)", ["uint256"], identifier)
    if known is None:
        raise RpcError(f"{timelock} is no timelock on chain {pinned.chain_id}")
    return int(known[0])


def _timelocks(pinned: Pinned, timelock: str, found: Operation, known: int) -> Live:
    if found.predecessor != NO_PREDECESSOR:
        raise ProposalError(
            f"operation {as_hex(found.id)} waits for another, {as_hex(found.predecessor)}"
        )
    carried = Carried(pinned.chain_id, timelock, "", found.calls, found.salt, found.delay)
    names = {NO_OPERATION: "cancelled", DONE: "executed"}
    waiting = "ready" if known <= pinned.time else f"waiting, {known - pinned.time} s left"
    return Live(as_hex(found.id), carried, names.get(known, waiting), known not in names)


# --- a Safe -------------------------------------------------------------------------------------


def safe_transaction(
    pinned: Pinned | None, chain_id: int, safe: str, found: SafeTransaction, start: int
) -> Live:
    """A Safe's transaction that someone told: its queue is off chain, its hash commits to it all.

    Parameters
    ----------
    pinned : the chain; None where none is at hand, and nothing but the hash is known.

    Raises
    ------
    RpcError, ProposalError : the Safe on chain hashes it otherwise, or it does more than it shows.
    """
    digest = transaction_hash(found, chain_id, safe)
    carried = Carried(chain_id, safe, "", calls_of_transaction(found))
    if pinned is None:
        return Live(as_hex(digest), carried, NOT_ASKED, is_open=True)
    own = pinned.call(safe, HASHED, ["bytes32"], *hashed_fields(found))
    if own is None or own[0] != digest:
        raise RpcError(f"{safe} on chain {pinned.chain_id} does not hash the transaction so")
    state = _safe_state(pinned, safe, found.nonce, digest, start)
    return Live(as_hex(digest), carried, state, state == "queued")


def executed_transaction(pinned: Pinned, safe: str, digest: bytes, start: int) -> Live:
    """A Safe's transaction by its hash alone, which the chain knows once it is executed.

    Raises
    ------
    RpcError, ProposalError : it was not executed, or not by a plain call of the Safe.
    """
    logs = [log for log in _outcomes(pinned, safe, start) if executed_hash(log) == digest]
    if not logs:
        raise RpcError(
            f"{safe} has executed no transaction {as_hex(digest)} since block {start}. One that is "
            "still queued is off chain: give it with --safe-tx"
        )
    sent = pinned.sent(logs[-1].transaction)
    first = executed(sent, 0)
    if sent.to != safe:
        raise ProposalError(
            f"{as_hex(digest)} was executed through {sent.to}; give the transaction with --safe-tx"
        )
    newest = _nonce(pinned, safe)
    for nonce in range(newest - 1, max(-1, newest - 1 - MAX_NONCES), -1):
        found = replace(first, nonce=nonce)
        if transaction_hash(found, pinned.chain_id, safe) == digest:
            return safe_transaction(pinned, pinned.chain_id, safe, found, start)
    raise RpcError(f"the transaction that the node gives for {as_hex(digest)} has another hash")


def _safe_state(pinned: Pinned, safe: str, nonce: int, digest: bytes, start: int) -> str:
    if nonce >= _nonce(pinned, safe):
        return "queued"
    outcomes = [log for log in _outcomes(pinned, safe, start) if executed_hash(log) == digest]
    if not outcomes:
        return f"replaced: another transaction took nonce {nonce}"
    return "executed" if outcomes[-1].topics[0] == topic(EXECUTED) else "failed"


def _outcomes(pinned: Pinned, safe: str, start: int) -> Iterator[Log]:
    for signature in (EXECUTED, FAILED):
        yield from pinned.logs(safe, [topic(signature)], start)


def _nonce(pinned: Pinned, safe: str) -> int:
    found = pinned.call(safe, "nonce()", ["uint256"])
    if found is None:
        raise RpcError(f"{safe} is no Safe on chain {pinned.chain_id}")
    return int(found[0])


# --- what the chain says of it ------------------------------------------------------------------


def against_chain(pinned: Pinned, live: Live, steward: str) -> Iterator[Disagreement]:
    """Why the chain would not take an open proposal as it stands; nothing where it would.

    The steward has to be governed by the carrier (or its timelock), the markets to be as assumed,
    the deadline to lie ahead.
    """
    governors = senders_of(pinned, live.carried.carrier)
    admin = pinned.call(steward, "defaultAdmin()", ["address"])
    holds = [
        pinned.call(steward, "hasRole(bytes32,address)", ["bool"], _STEWARD_ROLE, each)
        for each in governors
    ]
    if (admin is None or admin[0].lower() not in governors) and (True,) not in holds:
        found = "nobody" if admin is None else str(to_checksum_address(admin[0]))
        yield Disagreement("chain: governor of the steward", live.carried.carrier, found)
    for number, sent in enumerate(live.carried.calls, start=1):
        values = arguments(sent, APPLY_BATCH)
        if values is not None:
            yield from _batch(pinned, sent.to, number, values)


def senders_of(pinned: Pinned, carrier: str) -> list[str]:
    """Who may send what a carrier carries: it and its timelock, in lower case."""
    timelock = pinned.call(carrier, "timelock()", ["address"])
    return [carrier.lower(), *((timelock[0].lower(),) if timelock else ())]


def _batch(
    pinned: Pinned, steward: str, number: int, values: Sequence[Any]
) -> Iterator[Disagreement]:
    batch, expected, deadline, _ = values
    assets, masks = [row[0] for row in batch], [row[1] for row in batch]
    now = pinned.call(steward, "stateHash(address[],uint8[])", ["bytes32"], assets, masks)
    if now is None or now[0] != expected:
        found = "no hash" if now is None else as_hex(now[0])
        yield Disagreement(f"chain, call {number}: state hash", as_hex(expected), found)
    if deadline < pinned.time:
        where = f"chain, call {number}: deadline"
        yield Disagreement(where, str(deadline), f"block time {pinned.time}")


def _require_one(told: int, known: bool, what: str, start: int) -> None:
    """Hold the number of events to whether the contract knows what they tell of."""
    if told > 1:
        raise RpcError(f"the node tells {what} in more than one way")
    if told == 0 and known:
        raise RpcError(
            f"{what} exists, but the node gives no event of it since block {start}: name an "
            "earlier --from-block, or ask another node"
        )
    if told == 0:
        raise RpcError(f"there is no {what}")
