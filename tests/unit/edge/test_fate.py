"""What became of a transaction, of a node that moves between two questions or shows not yet all."""

from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import pytest
from web3.exceptions import Web3RPCError

from paramgen.edge.deployments import Intent
from paramgen.edge.fate import Status, content_hash, fate
from paramgen.edge.node import Head

SENDER, TARGET = "0x" + "11" * 20, "0x" + "22" * 20
NONCE, BLOCK = 7, 90
DATA = b"\x01\x02"
OURS, OTHER = bytes(31) + b"\x01", bytes(31) + b"\x02"
INTENT = Intent(
    "ParameterSteward", "applyBatch", SENDER, NONCE, None, (), TARGET,
    content_hash(DATA), "0x" + OURS.hex(), BLOCK - 1,
)  # fmt: skip


def mined(transaction=OURS, data=DATA):
    sent = {"from": SENDER, "to": TARGET, "nonce": NONCE, "input": data, "value": 0}
    return {"hash": transaction, **sent}


@dataclass
class Shown:
    """A node by what it shows: counts as of `latest`, blocks up to its head, receipts or none."""

    head_number: int = BLOCK
    counted: bool = True
    user: dict | None = field(default_factory=mined)
    receipts: bool = True
    old_state: bool = True
    by_hash: bool = False

    @property
    def web3(self):
        return SimpleNamespace(eth=SimpleNamespace(get_block=self._block))

    def _block(self, number, *, full_transactions):
        assert full_transactions
        there = number == BLOCK and self.user is not None
        return {"transactions": [self.user] if there else []}

    def head(self):
        return Head(self.head_number, 0)

    def count(self, _, block):
        if block in ("latest", "pending"):
            return NONCE + self.counted
        if not self.old_state:
            raise Web3RPCError("missing trie node")
        return NONCE + (block >= BLOCK)

    def receipt(self, transaction):
        if transaction == "0x" + OURS.hex() and not self.by_hash:
            return None
        return self._receipt(transaction) if self.receipts else None

    def _receipt(self, transaction):
        return {
            "status": 1, "transactionHash": bytes.fromhex(transaction[2:]), "blockNumber": BLOCK,
            "blockHash": bytes(32),
        }  # fmt: skip

    def transaction(self, _):
        return None


class MinesBetweenQuestions:
    """The transaction is mined after the first question, whichever that is."""

    def __init__(self):
        self.asked = 0

    def _is_mined(self):
        self.asked += 1
        return self.asked > 1

    def count(self, _sender, _block):
        return NONCE + self._is_mined()

    def receipt(self, _hash):
        if not self._is_mined():
            return None
        hashes = {"transactionHash": OURS, "blockHash": bytes(32)}
        return {"status": 1, "blockNumber": 5, **hashes}


def test_what_is_mined_while_we_ask_has_landed_and_was_not_replaced():
    assert fate(MinesBetweenQuestions(), INTENT).status is Status.LANDED


def test_a_nonce_that_is_counted_before_its_block_is_shown_is_pending():
    assert fate(Shown(head_number=BLOCK - 1), INTENT).status is Status.PENDING


def test_a_block_that_is_shown_before_its_receipt_leaves_it_pending():
    assert fate(Shown(), INTENT).status is Status.PENDING


def test_with_block_and_receipt_it_has_landed():
    found = fate(Shown(by_hash=True), INTENT)
    assert (found.status, found.block) == (Status.LANDED, BLOCK)


@pytest.mark.parametrize(
    ("data", "status"), [(DATA, Status.LANDED), (b"", Status.REPLACED)], ids=["same", "other"]
)
def test_another_hash_has_landed_where_its_content_is_the_same(data, status):
    found = fate(Shown(user=mined(OTHER, data)), INTENT)
    assert (found.status, found.transaction) == (status, "0x" + OTHER.hex())


def test_a_node_without_old_state_can_say_only_that_the_nonce_is_used():
    found = fate(Shown(old_state=False), INTENT)
    assert (found.status, found.transaction) == (Status.REPLACED, None)


def test_what_is_neither_counted_nor_known_was_dropped():
    assert fate(Shown(counted=False), replace(INTENT, transaction=None)).status is Status.DROPPED
