"""A transaction's fate is told by hash and nonce, by a node that is asked at its head."""

from dataclasses import replace

import pytest
from eth_utils.address import to_checksum_address
from web3.exceptions import BlockNotFound, TransactionNotFound, Web3RPCError

from paramgen.edge.deployments import Intent
from paramgen.edge.fate import Status, content_hash, fate
from paramgen.edge.node import ChainError, Node, Waiting

SENDER = to_checksum_address("0x" + "aa" * 20)
TARGET = to_checksum_address("0x" + "bb" * 20)
OURS, OTHER = b"\x01" * 32, b"\x02" * 32
DATA = b"set"


class Eth:
    """A chain of which the tests say everything: one transaction a block at most."""

    chain_id = 1

    def __init__(self, height=9):
        self.height, self.mined, self.pool, self.pruned = height, {}, {}, False

    def mine(self, number, tx_hash, nonce, *, data=DATA, to=TARGET, value=0, status=1):
        sent = {"hash": tx_hash, "nonce": nonce, "from": SENDER, "to": to, "input": data}
        self.mined[number] = ({**sent, "value": value}, status)

    def get_block(self, number, *, full_transactions=False):
        number = self.height if number == "latest" else number
        if number > self.height:
            raise BlockNotFound("no block")
        found = [self.mined[number][0]] if number in self.mined else []
        return {
            "number": number,
            "timestamp": 100 + number,
            "hash": bytes([number]) * 32,
            "transactions": found if full_transactions else [t["hash"] for t in found],
        }

    def get_transaction_count(self, _, block):
        if self.pruned and isinstance(block, int):
            raise Web3RPCError("missing trie node")
        last = block if isinstance(block, int) else self.height
        used = [t["nonce"] + 1 for n, (t, _) in self.mined.items() if n <= last]
        waiting = [nonce + 1 for nonce in self.pool.values()] if block == "pending" else []
        return max(used + waiting, default=0)

    def get_transaction(self, tx_hash):
        if bytes.fromhex(tx_hash[2:]) not in self.pool:
            raise TransactionNotFound("no transaction")
        return {"hash": tx_hash}

    def get_transaction_receipt(self, tx_hash):
        for number, (sent, status) in self.mined.items():
            if "0x" + sent["hash"].hex() == tx_hash:
                return {
                    "status": status,
                    "transactionHash": sent["hash"],
                    "blockNumber": number,
                    "blockHash": bytes([number]) * 32,
                }
        raise TransactionNotFound("no transaction")


class Web3:
    """What a node is given."""

    def __init__(self, eth):
        self.eth = eth


@pytest.fixture
def eth():
    return Eth()


@pytest.fixture
def node(eth):
    return Node(Web3(eth), Waiting(lag=0.01, poll=0.001, oldest_head=900))


INTENT = Intent(
    "Steward", "set", SENDER, 0, None, (), TARGET, content_hash(DATA), "0x" + OURS.hex(), 3
)


@pytest.mark.parametrize(("status", "said"), [(1, Status.LANDED), (0, Status.REVERTED)])
def test_a_receipt_says_landed_or_reverted(eth, node, status, said):
    eth.mine(5, OURS, 0, status=status)
    found = fate(node, INTENT)
    assert (found.status, found.block) == (said, 5)


def test_another_hash_with_the_same_content_has_landed(eth, node):
    eth.mine(6, OTHER, 0)
    found = fate(node, INTENT)
    assert (found.status, found.transaction, found.block) == (Status.LANDED, "0x" + OTHER.hex(), 6)


@pytest.mark.parametrize(
    "content", [{"data": b"other"}, {"to": SENDER}, {"to": None}, {"value": 1}], ids=str
)
def test_another_content_with_the_same_nonce_has_replaced_it(eth, node, content):
    eth.mine(6, OTHER, 0, **content)
    found = fate(node, INTENT)
    assert (found.status, found.transaction) == (Status.REPLACED, "0x" + OTHER.hex())


def test_a_node_without_old_state_says_replaced_and_names_nobody(eth, node):
    eth.mine(6, OTHER, 0)
    eth.pruned = True
    found = fate(node, INTENT)
    assert (found.status, found.transaction) == (Status.REPLACED, None)


def test_what_nobody_has_is_dropped_and_what_the_pool_has_is_pending(eth, node):
    assert fate(node, INTENT).status is Status.DROPPED
    eth.pool[OURS] = 0
    assert fate(node, INTENT).status is Status.PENDING
    eth.pool = {OTHER: 0}  # a wallet's speed-up
    assert fate(node, INTENT).status is Status.PENDING


def test_what_waits_behind_an_unused_nonce_is_queued(eth, node):
    eth.pool[OURS] = 0
    found = fate(node, replace(INTENT, nonce=2))
    assert (found.status, found.queued) == (Status.PENDING, True)


# --- the node ----------------------------------------------------------------------------------


def test_a_head_below_one_that_was_seen_is_an_error(eth, node):
    assert node.head().number == 9
    eth.height = 8
    with pytest.raises(ChainError, match="answers from block 8, and has shown block 9"):
        node.head()


def test_an_answer_of_another_chain_is_an_error(eth, node):
    node.require_chain()
    eth.chain_id = 5
    with pytest.raises(ChainError, match="answers for chain 5, and answered for 1"):
        node.require_chain()


def test_a_head_too_old_for_the_clock_is_refused_on_public_networks_alone(eth, node):
    node.require_fresh(109 + 900)
    with pytest.raises(ChainError, match=r"901 s old.*the node is behind"):
        node.require_fresh(109 + 901)
    Node(Web3(eth), Waiting(oldest_head=None)).require_fresh(10**9)


def test_a_read_that_the_node_has_no_block_for_is_asked_again(eth, node):
    patient = Node(Web3(eth), replace(node.waiting, lag=600.0))
    answers = iter([BlockNotFound("no block"), Web3RPCError("header not found"), 7])

    def ask():
        found = next(answers)
        if isinstance(found, Exception):
            raise found
        return found

    assert patient.read(ask) == 7


def test_a_read_that_the_node_never_has_a_block_for_is_the_node_s_error(node):
    def ask():
        raise Web3RPCError("header not found")

    with pytest.raises(Web3RPCError, match="header not found"):
        node.read(ask)
