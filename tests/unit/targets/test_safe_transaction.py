"""A Safe's transaction is believed for its hash alone, and makes no call that is not shown."""

import json
from dataclasses import asdict, fields, replace

import pytest
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from paramgen.targets.calls import Call, ProposalError, call
from paramgen.targets.safe_transaction import (
    MULTI_SEND,
    MULTI_SEND_CALL_ONLY,
    MULTI_SEND_CALL_ONLY_CODE,
    MULTI_SENDS,
    Operation,
    SafeTransaction,
    calls_of_transaction,
    of_calls,
    read_transaction,
    to_document,
    transaction_hash,
)
from tests.support.houses import MULTI_SEND_ARTEFACT

SAFE = "0x49d4450977E2c95362C13D3a31a09311E0Ea26A6"
STEWARD = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
FACTORY = "0x914d7Fec6aaC8cd542e72Bca78B30650d45643d7"
"""Safe's singleton factory, by which 1.4.1 was deployed everywhere with salt zero."""

TRANSACTION = SafeTransaction(STEWARD, 1, b"\x01\x02", Operation.CALL, 7)
addresses = st.binary(min_size=20, max_size=20).map(to_checksum_address)
calls = st.lists(
    st.builds(Call, addresses, st.integers(0, 2**256 - 1), st.binary(max_size=70)),
    min_size=1, max_size=5,
)  # fmt: skip


def told(**changes):
    """As the transaction service tells it."""
    return json.dumps(
        {
            "safe": SAFE, "to": STEWARD, "value": "1", "data": "0x0102", "operation": 0,
            "nonce": 7, "safeTxGas": 0, "baseGas": 0, "gasPrice": "0", "gasToken": None,
            "refundReceiver": None, "isExecuted": False, "confirmations": [],
        } | changes
    ).encode()  # fmt: skip


@given(calls=calls)
def test_a_batch_is_taken_apart_into_the_calls_that_went_in(calls):
    assert calls_of_transaction(of_calls(calls, 3)) == tuple(calls)


def test_the_call_only_form_stands_where_its_own_code_puts_it():
    code = bytes.fromhex(json.loads(MULTI_SEND_ARTEFACT.read_text())["bytecode"][2:])
    factory = bytes.fromhex(FACTORY[2:])
    at = keccak(b"\xff" + factory + bytes(32) + keccak(code))[12:]
    assert to_checksum_address(at) == MULTI_SEND_CALL_ONLY


def test_the_code_that_must_stand_there_is_the_packages_own():
    code = bytes.fromhex(json.loads(MULTI_SEND_ARTEFACT.read_text())["deployedBytecode"][2:])
    assert "0x" + keccak(code).hex() == MULTI_SEND_CALL_ONLY_CODE


def test_what_is_saved_is_read_again_as_it_was():
    found = replace(TRANSACTION, safe_tx_gas=2**64, base_gas=1, gas_price=2, value=2**255)
    assert read_transaction(json.dumps(to_document(found)).encode()) == found


def test_every_multi_send_has_the_checksum_of_its_address():
    assert {to_checksum_address(each) for each in MULTI_SENDS} == MULTI_SENDS


def test_what_the_transaction_service_tells_is_read():
    assert read_transaction(told()) == TRANSACTION
    assert read_transaction(told(data=None)).data == b""


@pytest.mark.parametrize("name", [field.name for field in fields(SafeTransaction)])
def test_every_field_is_part_of_the_hash(name):
    value = asdict(TRANSACTION)[name]
    other = {
        int: lambda: value + 1, str: lambda: SAFE, bytes: lambda: value + b"\0",
        Operation: lambda: Operation.DELEGATE_CALL,
    }[type(value)]()  # fmt: skip
    changed = replace(TRANSACTION, **{name: other})
    assert transaction_hash(changed, 1, SAFE) != transaction_hash(TRANSACTION, 1, SAFE)


def test_chain_and_safe_are_part_of_the_hash():
    first = transaction_hash(TRANSACTION, 1, SAFE)
    assert first not in (
        transaction_hash(TRANSACTION, 10, SAFE), transaction_hash(TRANSACTION, 1, STEWARD)
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (b"[]", "no JSON object"),
        (b'{"to": "0x"}', "lacks baseGas, data"),
        (told(operation=2), "operation 2"),
        (told(to="0x12"), "no address"),
        (told(value=str(2**256)), "does not fit a word"),
        (told(nonce=-1), "no whole number"),
        (told(data=["0x"]), "no hexadecimal"),
    ],
)
def test_what_is_no_transaction_is_refused_in_words(changed, why):
    with pytest.raises(ProposalError, match=why):
        read_transaction(changed)


def batch(packed):
    sent = call(MULTI_SEND_CALL_ONLY, MULTI_SEND, packed)
    return SafeTransaction(sent.to, 0, sent.data, Operation.DELEGATE_CALL, 0)


ONE = bytes(1) + bytes(20) + bytes(32) + (2).to_bytes(32) + b"\x01\x02"


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (replace(batch(ONE), to=STEWARD), "no known MultiSend"),
        (replace(batch(ONE), value=1), "not to multiSend"),
        (replace(batch(ONE), data=b"\x01\x02\x03\x04"), "not to multiSend"),
        (batch(ONE[:-1]), "ends within a call"),
        (batch(ONE + b"\0"), "ends within a call"),
        (batch(ONE[:53] + b"\xff" * 32 + ONE[85:]), "ends within a call"),
        (batch(b"\x01" + ONE[1:]), "a delegated call"),
        (replace(TRANSACTION, gas_price=1), "refund"),
        (replace(TRANSACTION, gas_token=SAFE), "refund"),
        (replace(TRANSACTION, refund_receiver=SAFE), "refund"),
    ],
)
def test_what_does_more_than_it_shows_is_refused(found, why):
    with pytest.raises(ProposalError, match=why):
        calls_of_transaction(found)
