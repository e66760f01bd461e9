"""A proposal under way is believed for its id, and what a node leaves out or changes is found."""

from dataclasses import replace

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from paramgen.edge.proposals import (
    DONE,
    executed_transaction,
    governor_proposal,
    governor_proposals,
    safe_transaction,
    timelock_operation,
    timelock_operations,
)
from paramgen.edge.rpc import RpcError, pin
from paramgen.targets.calls import ProposalError, as_hex, call, selector
from paramgen.targets.envelope import arrays
from paramgen.targets.events import CREATED, EXECUTED, FAILED, SALT, SCHEDULED, topic
from paramgen.targets.governor import proposal_id
from paramgen.targets.safe_transaction import (
    EXECUTE,
    HASHED,
    Operation,
    of_calls,
    transaction_hash,
)
from paramgen.targets.timelock import operation_id
from tests.support.nodes import CHAIN, TIME, Node

CARRIER = "0x49d4450977E2c95362C13D3a31a09311E0Ea26A6"
STEWARD = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
NOBODY = "0x" + "00" * 20
CALLS = (call(STEWARD, "setPriceMoveLimit(uint256)", 50), call(STEWARD, "f(uint256)", 7))
OTHER = (CALLS[0], call(STEWARD, "f(uint256)", 8))
WORDS = "Lower the kink"
SALT_OF = b"\x07" * 32
ID = proposal_id(CALLS, WORDS)


def on(node):
    return pin(node.web3())


def gives(node, signature, types, *values):
    """Let a getter of the carrier give values, whatever it is asked."""
    key = CARRIER.lower(), selector(signature)
    node.getters[key] = lambda _: encode(types, values)


# --- governors ----------------------------------------------------------------------------------


def created(number=ID, calls=CALLS, words=WORDS, signatures=None, data=None):
    targets, values, calldatas = arrays(calls)
    types = ("uint256", "address", "address[]", "uint256[]", "string[]", "bytes[]", "uint256",
             "uint256", "string")  # fmt: skip
    return encode(types, (number, STEWARD, targets, values, signatures or [""] * len(calls),
                          data or calldatas, 1, 2, words))  # fmt: skip


def governor(*events, state=1):
    node = Node()
    gives(node, "state(uint256)", ["uint8"], state)
    for event in events:
        node.emit(CARRIER, [topic(CREATED)], event)
    return node


def test_a_governors_proposal_is_found_by_its_id():
    other = proposal_id(OTHER, WORDS)
    live = governor_proposal(on(governor(created(other, OTHER), created())), CARRIER, ID, 10)
    assert (live.id, live.state, live.is_open) == (str(ID), "active", True)
    assert (live.carried.calls, live.carried.description) == (CALLS, WORDS)
    assert (live.carried.chain_id, live.carried.carrier) == (CHAIN, CARRIER)


@pytest.mark.parametrize(("state", "is_open"), [(0, True), (2, False), (3, False), (7, False)])
def test_only_what_can_still_be_carried_out_is_open(state, is_open):
    node = governor(created(), state=state)
    assert governor_proposal(on(node), CARRIER, ID, 10).is_open is is_open
    assert len(governor_proposals(on(node), CARRIER, 10)) == is_open


@pytest.mark.parametrize(
    ("events", "why"),
    [
        ([], "exists, but the node gives no event"),
        ([created()[:-32]], "cut short or damaged"),
        ([created() + bytes(32)], "cut short or damaged"),
        ([created(calls=OTHER)], "does not say what it stores"),
        ([created(words=WORDS + ".")], "does not say what it stores"),
        ([created(calls=CALLS[::-1])], "does not say what it stores"),
        ([created(), created(calls=OTHER)], "in more than one way"),
        ([created(data=[b""])], "arrays of different lengths"),
    ],
)
def test_an_event_that_does_not_give_its_id_is_refused(events, why):
    with pytest.raises((RpcError, ProposalError), match=why):
        governor_proposal(on(governor(*events)), CARRIER, ID, 10)


def test_a_proposal_that_no_one_knows_and_one_without_a_state_are_refused():
    with pytest.raises(RpcError, match="there is no proposal"):
        governor_proposal(on(Node()), CARRIER, ID, 10)
    node = governor(created())
    node.getters.clear()
    with pytest.raises(RpcError, match="says no state"):
        governor_proposal(on(node), CARRIER, ID, 10)
    with pytest.raises(RpcError, match="says no state"):
        governor_proposal(on(governor(created(), state=8)), CARRIER, ID, 10)


def bravo(stored, event):
    node = governor(event)
    targets, values, data = arrays(stored)
    signatures = ["setPriceMoveLimit(uint256)", ""]
    types = ("address[]", "uint256[]", "string[]", "bytes[]")
    gives(node, "getActions(uint256)", types, targets, values, signatures, [data[0][4:], data[1]])
    return node


def with_signatures(calls):
    data = [calls[0].data[4:], calls[1].data]
    return created(12, calls, signatures=["setPriceMoveLimit(uint256)", ""], data=data)


def test_a_governor_that_counts_its_ids_is_held_to_what_it_stores():
    honest = bravo(CALLS, with_signatures(CALLS))
    assert governor_proposal(on(honest), CARRIER, 12, 10).carried.calls == CALLS
    forged = bravo(CALLS, with_signatures(OTHER))
    with pytest.raises(RpcError, match=r"is not what .* stores"):
        governor_proposal(on(forged), CARRIER, 12, 10)


def test_compounds_newer_governor_stores_the_hash_of_the_words_too():
    types = ("address[]", "uint256[]", "bytes[]", "bytes32")
    node = governor(created(12))
    gives(node, "proposalDetails(uint256)", types, *arrays(CALLS), keccak(text=WORDS))
    assert governor_proposal(on(node), CARRIER, 12, 10).carried.description == WORDS
    gives(node, "proposalDetails(uint256)", types, *arrays(CALLS), keccak(text="other words"))
    with pytest.raises(RpcError, match=r"is not what .* stores"):
        governor_proposal(on(node), CARRIER, 12, 10)


# --- timelocks ----------------------------------------------------------------------------------

OPERATION = operation_id(CALLS, SALT_OF)


def timelock(
    calls=CALLS, *, timestamp=TIME + 500, salt=SALT_OF, leave_out=(), predecessor=bytes(32)
):
    node = Node()
    gives(node, "getTimestamp(bytes32)", ["uint256"], timestamp)
    schedule(node, calls, salt=salt, leave_out=leave_out, predecessor=predecessor)
    return node


def schedule(node, calls, *, salt=SALT_OF, leave_out=(), predecessor=bytes(32), delay=60, block=50):
    types = ("address", "uint256", "bytes", "bytes32", "uint256")
    for index, each in enumerate(calls):
        if index not in leave_out:
            data = encode(types, (each.to, each.value, each.data, predecessor, delay))
            node.emit(CARRIER, [topic(SCHEDULED), OPERATION, index.to_bytes(32)], data, block)
    if salt is not None:
        node.emit(CARRIER, [topic(SALT), OPERATION], salt, block)


def test_a_timelocks_operation_is_found_by_its_id():
    live = timelock_operation(on(timelock()), CARRIER, OPERATION, 10)
    assert (live.id, live.state, live.is_open) == (as_hex(OPERATION), "waiting, 400 s left", True)
    carried = live.carried
    assert (carried.calls, carried.salt, carried.delay) == (CALLS, SALT_OF, 60)


@pytest.mark.parametrize(
    ("timestamp", "state", "count"), [(DONE, "executed", 0), (TIME + 100, "ready", 1)]
)
def test_the_state_of_an_operation_is_its_timestamps(timestamp, state, count):
    node = timelock(timestamp=timestamp)
    assert timelock_operation(on(node), CARRIER, OPERATION, 10).state == state
    assert len(timelock_operations(on(node), CARRIER, 10)) == count


def test_an_operation_that_was_scheduled_anew_waits_as_it_was_scheduled_last():
    node = timelock()
    schedule(node, CALLS, delay=90, block=60)
    assert timelock_operation(on(node), CARRIER, OPERATION, 10).carried.delay == 90


@pytest.mark.parametrize(
    ("node", "why"),
    [
        (timelock(()), "exists, but the node gives no event"),
        (timelock(OTHER), "do not give its id"),
        (timelock(CALLS[::-1]), "do not give its id"),
        (timelock(salt=None), "do not give its id"),
        (timelock(salt=SALT_OF[:-1]), "salt is cut short"),
        (timelock(leave_out=(0,)), "lacks calls"),
        (timelock(leave_out=(1,)), "do not give its id"),
        (timelock((), timestamp=0, salt=None), "there is no operation"),
        (Node(), "is no timelock"),
    ],
)
def test_events_that_do_not_give_the_operations_id_are_refused(node, why):
    with pytest.raises((RpcError, ProposalError), match=why):
        timelock_operation(on(node), CARRIER, OPERATION, 10)


# --- Safes --------------------------------------------------------------------------------------

QUEUED = of_calls(CALLS, 7)
DIGEST = transaction_hash(QUEUED, CHAIN, CARRIER)


def safe(nonce, outcome=None, sent=QUEUED, *, topics=True, to=CARRIER):
    node = Node()
    gives(node, "nonce()", ["uint256"], nonce)
    gives(node, HASHED, ["bytes32"], DIGEST)
    if outcome is not None:
        word = bytes(32)
        node.emit(
            CARRIER, [topic(outcome), *([DIGEST] if topics else [])],
            word if topics else DIGEST + word,
        )  # fmt: skip
        arguments = (
            sent.to,
            sent.value,
            sent.data,
            sent.operation,
            0,
            0,
            0,
            NOBODY,
            NOBODY,
            b"sig",
        )
        data = as_hex(call(CARRIER, EXECUTE, *arguments).data)
        hashed = node.events[0]["transactionHash"]
        node.transactions[hashed] = {"to": to, "value": "0x0", "input": data, "blockNumber": "0x32"}
    return node


@pytest.mark.parametrize(
    ("node", "state", "is_open"),
    [
        (safe(7), "queued", True),
        (safe(5), "queued", True),
        (safe(8), "replaced: another transaction took nonce 7", False),
        (safe(8, EXECUTED), "executed", False),
        (safe(8, FAILED), "failed", False),
        (safe(8, EXECUTED, topics=False), "executed", False),
    ],
)
def test_a_told_transaction_has_the_state_that_the_safe_gives_it(node, state, is_open):
    live = safe_transaction(on(node), CHAIN, CARRIER, QUEUED, 10)
    assert (live.state, live.is_open, live.carried.calls) == (state, is_open, CALLS)
    assert live.id == as_hex(DIGEST)


def test_a_safe_that_hashes_otherwise_or_is_none_is_refused():
    with pytest.raises(RpcError, match="does not hash the transaction so"):
        safe_transaction(on(safe(7)), CHAIN, CARRIER, replace(QUEUED, nonce=8), 10)
    with pytest.raises(RpcError, match="does not hash the transaction so"):
        safe_transaction(on(Node()), CHAIN, CARRIER, QUEUED, 10)


@pytest.mark.parametrize("nonce", [8, 50])
def test_an_executed_transaction_is_found_by_its_hash_alone(nonce):
    live = executed_transaction(on(safe(nonce, EXECUTED)), CARRIER, DIGEST, 10)
    assert (live.state, live.carried.calls) == ("executed", CALLS)


@pytest.mark.parametrize(
    ("node", "why"),
    [
        (safe(7), "still queued is off chain"),
        (safe(8, EXECUTED, of_calls(OTHER, 7)), "has another hash"),
        (safe(8, EXECUTED, replace(QUEUED, operation=Operation.CALL)), "has another hash"),
        (safe(8, EXECUTED, to=STEWARD), "was executed through"),
    ],
)
def test_an_executed_transaction_that_does_not_give_the_hash_is_refused(node, why):
    with pytest.raises((RpcError, ProposalError), match=why):
        executed_transaction(on(node), CARRIER, DIGEST, 10)
