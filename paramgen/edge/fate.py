"""What became of a transaction: by its hash, or by what used its nonce.

A wallet that speeds a transaction up replaces it by one of another hash, with the same nonce and
the same content: that has landed. With another content it never will, for a nonce is used once.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from typing import Any

from eth_utils.crypto import keccak

from paramgen.edge.deployments import Intent
from paramgen.edge.node import RPC_TROUBLE, Node, hex_

DEEPEST_REORGANISATION = 64
"""Blocks. Two epochs of proof of stake: deeper is no reorganisation, but another chain."""


class Status(enum.StrEnum):
    """What became of a step."""

    NOT_SENT = "not sent"
    PENDING = "pending"
    LANDED = "landed"
    REVERTED = "reverted"
    REPLACED = "replaced"
    DROPPED = "dropped"


@dataclass(frozen=True)
class Fate:
    """What became of a transaction.

    Attributes
    ----------
    transaction : hash of the one that used the nonce, which a wallet may have replaced.
    block, block_hash : where it was mined, None where it was not.
    queued : whether it is pending behind a nonce that nothing uses, and so cannot be mined.
    """

    status: Status
    transaction: str | None = None
    block: int | None = None
    block_hash: str | None = None
    queued: bool = False


def fate(node: Node, intent: Intent) -> Fate:
    """What the chain and the node's pool say of a transaction that was to be sent.

    A nonce that is used was used by this transaction, by one of the same content, or by another;
    one that is not used leaves it pending while the pool has any transaction of that nonce.
    """
    # The count is asked first: what is mined between the two questions then has its receipt.
    is_used = node.count(intent.sender, "latest") > intent.nonce
    if intent.transaction is not None:
        receipt = node.receipt(intent.transaction)
        if receipt is not None:
            return _mined(receipt)
    if is_used:
        return _by_nonce(node, intent)
    pending = node.count(intent.sender, "pending")
    if pending <= intent.nonce and not _is_known(node, intent):
        return Fate(Status.DROPPED, intent.transaction)
    return Fate(Status.PENDING, intent.transaction, queued=pending < intent.nonce)


def content_hash(data: bytes) -> str:
    """Hash of a transaction's data, as intents carry it."""
    return "0x" + keccak(data).hex()


def _is_known(node: Node, intent: Intent) -> bool:
    return intent.transaction is not None and node.transaction(intent.transaction) is not None


def _mined(receipt: Any) -> Fate:
    return Fate(
        Status.LANDED if receipt["status"] == 1 else Status.REVERTED,
        hex_(receipt["transactionHash"]),
        int(receipt["blockNumber"]),
        hex_(receipt["blockHash"]),
    )


def _by_nonce(node: Node, intent: Intent) -> Fate:
    """Find what used the nonce; a node that keeps no old state can say only that it is used.

    A node may count a transaction a moment before it shows the block, and show the block before the
    receipt: until it shows all three nothing is certain, and the transaction is pending.
    """
    pending = Fate(Status.PENDING, intent.transaction)
    try:
        head = node.head().number
        if node.count(intent.sender, head) <= intent.nonce:
            return pending
        found = _user_of_nonce(node, intent, head)
    except RPC_TROUBLE:
        found = None
    if found is None:
        return Fate(Status.REPLACED)
    receipt = node.receipt(hex_(found["hash"]))
    if receipt is None:
        return pending
    mined = _mined(receipt)
    return mined if _is_same(found, intent) else replace(mined, status=Status.REPLACED)


def _user_of_nonce(node: Node, intent: Intent, head: int) -> Any | None:
    """The mined transaction of the intent's sender and nonce, by bisection over its count.

    Between the block before the intent, less a reorganisation, and the head the count passes the
    nonce once.
    """
    low, high = max(intent.block - DEEPEST_REORGANISATION, 0), head
    while low < high:
        middle = (low + high) // 2
        if node.count(intent.sender, middle) > intent.nonce:
            high = middle
        else:
            low = middle + 1
    block = node.web3.eth.get_block(low, full_transactions=True)
    mined = (t for t in block["transactions"] if t["from"].lower() == intent.sender.lower())
    return next((t for t in mined if t["nonce"] == intent.nonce), None)


def _is_same(found: Any, intent: Intent) -> bool:
    """Whether a transaction does what the intent says: same target, same data, no value.

    An intent of before data hashes were kept is judged by its target, and by the code it left.
    """
    target = (found.get("to") or "").lower()
    data = bytes(found["input"] if "input" in found else found["data"])
    return (
        target == (intent.target or "").lower()
        and intent.data_hash in ("", content_hash(data))
        and found["value"] == 0
    )
