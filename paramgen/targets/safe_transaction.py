"""One transaction of a Safe: what its owners sign, and the calls that it makes.

A Safe's queue is off chain. What pins a transaction there is its hash, an EIP-712 hash over every
field that the Safe will use; so a transaction that is told by anyone is believed once its fields
give the hash that was asked for. Source: safe-smart-account 1.4.1, contracts/Safe.sol
(`encodeTransactionData`) and contracts/libraries/MultiSend.sol.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

from eth_utils.crypto import keccak

from paramgen.targets.calls import (
    Call,
    ProposalError,
    address,
    arguments,
    as_hex,
    call,
    from_hex,
    word_hash,
)
from paramgen.targets.envelope import read_json, require_actions, whole_number

EXECUTE = (
    "execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)"
)
HASHED = (
    "getTransactionHash(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,"
    "uint256)"
)
MULTI_SEND = "multiSend(bytes)"
MULTI_SEND_CALL_ONLY = "0x9641d764fc13c8B624c04430C7356C1C7C8102e2"
"""Where the call-only form of 1.4.1 stands on every chain: its CREATE2 address."""

MULTI_SEND_CALL_ONLY_CODE = "0xecd5bd14a08c5d2122379900b2f272bdf107a7e92423c10dd5fe3254386c9939"
"""keccak of the code that has to stand there: to delegate to no code succeeds and does nothing."""

MULTI_SENDS: Final = frozenset(
    {
        MULTI_SEND_CALL_ONLY,
        "0x38869bf66a61cF6bDB996A6aE40D5853Fd43B526",
        "0x40A2aCCbd92BCA938b02010E17A5b8929b49130D",
        "0xA1dabEF33b3B82c7814B6D82A79e50F4AC44102B",
        "0xA238CBeb142c10Ef7Ad8442C6D1f9E89e07e7761",
        "0x998739BFdAAdde7C933B942a68053933098f9EDa",
    }
)
"""MultiSend and MultiSendCallOnly of 1.4.1 and 1.3.0 (plain and EIP-155), the only code that a
Safe may delegate to here: any other could do anything in the Safe's name."""

NOBODY = "0x0000000000000000000000000000000000000000"
_DOMAIN = keccak(text="EIP712Domain(uint256 chainId,address verifyingContract)")
_TYPE = keccak(
    text="SafeTx(address to,uint256 value,bytes data,uint8 operation,uint256 safeTxGas,"
    "uint256 baseGas,uint256 gasPrice,address gasToken,address refundReceiver,uint256 nonce)"
)
_HEAD = 1 + 20 + 32 + 32
_WHAT = "a Safe's transaction"


class Operation(IntEnum):
    """How a Safe calls."""

    CALL = 0
    DELEGATE_CALL = 1


@dataclass(frozen=True)
class SafeTransaction:
    """Everything that a Safe's owners sign; the fields after `operation` concern gas and order."""

    to: str
    value: int
    data: bytes
    operation: Operation
    nonce: int
    safe_tx_gas: int = 0
    base_gas: int = 0
    gas_price: int = 0
    gas_token: str = NOBODY
    refund_receiver: str = NOBODY


def transaction_hash(found: SafeTransaction, chain_id: int, safe: str) -> bytes:
    """The hash that owners of `safe` sign on this chain."""
    to, value, data, *rest = hashed_fields(found)
    numbers = ("uint256", "uint256", "uint256")
    inner = word_hash(
        ("bytes32", "address", "uint256", "bytes32", "uint8", *numbers, "address", "address",
         "uint256"),
        (_TYPE, to, value, keccak(data), *rest),
    )  # fmt: skip
    domain = word_hash(("bytes32", "uint256", "address"), (_DOMAIN, chain_id, safe))
    return keccak(b"\x19\x01" + domain + inner)


def hashed_fields(found: SafeTransaction) -> tuple[Any, ...]:
    """Every field, as the Safe's own getter of the hash takes them."""
    return (
        found.to, found.value, found.data, found.operation, found.safe_tx_gas, found.base_gas,
        found.gas_price, found.gas_token, found.refund_receiver, found.nonce,
    )  # fmt: skip


def of_calls(calls: Sequence[Call], nonce: int) -> SafeTransaction:
    """The transaction that the builder makes of a batch: several calls go through MultiSend.

    Raises
    ------
    ProposalError : there are no calls.
    """
    require_actions(calls, None, _WHAT)
    if len(calls) == 1:
        (only,) = calls
        return SafeTransaction(only.to, only.value, only.data, Operation.CALL, nonce)
    sent = call(MULTI_SEND_CALL_ONLY, MULTI_SEND, b"".join(map(_pack, calls)))
    return SafeTransaction(sent.to, 0, sent.data, Operation.DELEGATE_CALL, nonce)


def calls_of_transaction(found: SafeTransaction) -> tuple[Call, ...]:
    """The calls that the Safe makes.

    Raises
    ------
    ProposalError : it refunds gas, delegates to other code than MultiSend, or its batch is no
        whole one.
    """
    if found.gas_price or found.gas_token != NOBODY or found.refund_receiver != NOBODY:
        raise ProposalError(f"{_WHAT} pays a refund for gas out of the Safe")
    if found.operation is Operation.CALL:
        return (Call(found.to, found.value, found.data),)
    if found.to not in MULTI_SENDS:
        raise ProposalError(f"{_WHAT} delegates to {found.to}, which is no known MultiSend")
    packed = arguments(Call(found.to, found.value, found.data), MULTI_SEND)
    if packed is None or found.value:
        raise ProposalError(f"{_WHAT} delegates to MultiSend, but not to {MULTI_SEND}")
    return tuple(_unpack(packed[0]))


def _pack(sent: Call) -> bytes:
    head = bytes([Operation.CALL]) + from_hex(sent.to, "to")
    return head + sent.value.to_bytes(32) + len(sent.data).to_bytes(32) + sent.data


def _unpack(packed: bytes) -> Iterator[Call]:
    at = 0
    while at < len(packed):
        head = packed[at : at + _HEAD]
        end = at + _HEAD + int.from_bytes(head[53:])
        if len(head) < _HEAD or end > len(packed):
            raise ProposalError(f"{_WHAT} has a batch that ends within a call")
        if head[0] != Operation.CALL:
            raise ProposalError(f"{_WHAT} has a batch with a delegated call")
        to = address(as_hex(head[1:21]), "to")
        yield Call(to, int.from_bytes(head[21:53]), packed[at + _HEAD : end])
        at = end


def read_transaction(data: bytes) -> SafeTransaction:
    """Read a transaction as Safe's transaction service tells it; whatever else it tells is left.

    Raises
    ------
    ProposalError : a field is missing or no such value.
    """
    document = read_json(data, _WHAT)
    if not isinstance(document, Mapping):
        raise ProposalError(f"{_WHAT} is no JSON object")
    missing = sorted(_FIELDS - set(document))
    if missing:
        raise ProposalError(f"{_WHAT} lacks {', '.join(missing)}")
    return _transaction(document)


_FIELDS = frozenset(
    {"to", "value", "data", "operation", "nonce", "safeTxGas", "baseGas", "gasPrice", "gasToken",
     "refundReceiver"}
)  # fmt: skip


def _transaction(document: Mapping[str, Any]) -> SafeTransaction:
    return SafeTransaction(
        to=address(document["to"], "to"),
        value=_word(document, "value"),
        data=from_hex(document["data"] or "0x", "data"),
        operation=_operation(_word(document, "operation")),
        nonce=_word(document, "nonce"),
        safe_tx_gas=_word(document, "safeTxGas"),
        base_gas=_word(document, "baseGas"),
        gas_price=_word(document, "gasPrice"),
        gas_token=address(document["gasToken"] or NOBODY, "gasToken"),
        refund_receiver=address(document["refundReceiver"] or NOBODY, "refundReceiver"),
    )


def to_document(found: SafeTransaction) -> dict[str, Any]:
    """A transaction as the service tells it; `read_transaction` reads it again."""
    return {
        "to": found.to, "value": str(found.value), "data": as_hex(found.data),
        "operation": int(found.operation), "nonce": found.nonce,
        "safeTxGas": str(found.safe_tx_gas), "baseGas": str(found.base_gas),
        "gasPrice": str(found.gas_price), "gasToken": found.gas_token,
        "refundReceiver": found.refund_receiver,
    }  # fmt: skip


def executed(sent: Call, nonce: int) -> SafeTransaction:
    """The transaction that a call of `execTransaction` carries out at a nonce of the Safe.

    Raises
    ------
    ProposalError : it is no such call.
    """
    values = arguments(sent, EXECUTE)
    if values is None:
        raise ProposalError(f"{_WHAT} was not sent to it by {EXECUTE}")
    to, value, data, operation, safe_tx_gas, base_gas, gas_price, token, receiver, _ = values
    return SafeTransaction(
        address(to, "to"), value, data, _operation(operation), nonce, safe_tx_gas, base_gas,
        gas_price, address(token, "gasToken"), address(receiver, "refundReceiver"),
    )  # fmt: skip


def _word(document: Mapping[str, Any], name: str) -> int:
    value = whole_number(document[name], name)
    if value >= 1 << 256:
        raise ProposalError(f"{name} of {_WHAT} does not fit a word: {value}")
    return value


def _operation(number: int) -> Operation:
    try:
        return Operation(number)
    except ValueError:
        raise ProposalError(f"{_WHAT} has operation {number}, which is none") from None
