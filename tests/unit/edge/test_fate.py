"""What became of a transaction, asked of a node whose chain moves between two questions."""

from paramgen.edge.deployments import Intent
from paramgen.edge.fate import Status, fate
from paramgen.edge.node import hex_

SENDER = "0x" + "a1" * 20
MINED, BLOCK = b"\x11" * 32, b"\x22" * 32


class MinesBetweenQuestions:
    """The transaction is mined after the first question, whichever that is."""

    def __init__(self):
        self.asked = 0

    def _is_mined(self):
        self.asked += 1
        return self.asked > 1

    def count(self, _sender, _block):
        return 8 if self._is_mined() else 7

    def receipt(self, _hash):
        if not self._is_mined():
            return None
        hashes = {"transactionHash": MINED, "blockHash": BLOCK}
        return {"status": 1, "blockNumber": 5, **hashes}


def test_what_is_mined_while_we_ask_has_landed_and_was_not_replaced():
    intent = Intent("ParameterSteward", "applyBatch", SENDER, 7, "", (), transaction=hex_(MINED))
    assert fate(MinesBetweenQuestions(), intent).status is Status.LANDED
