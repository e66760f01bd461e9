"""Nodes in memory: what a chain holds, and an answer to every question that is asked of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from eth_utils.crypto import keccak
from web3 import Web3
from web3.providers import BaseProvider

from paramgen.targets.calls import as_hex

CHAIN, TIME = 31337, 1_800_000_000
Getter = Callable[[bytes], bytes | None]


def block_hash(number: int, fork: str = "") -> str:
    """Hash of a block by its number, of a fork by its name."""
    return as_hex(keccak(text=f"block {number} {fork}"))


@dataclass
class Node(BaseProvider):
    """A node whose contracts are functions of calldata, None where they revert.

    Attributes
    ----------
    getters : by address in lower case and selector.
    events : as a node gives them.
    tamper : changes any answer by method and result, as a hostile node would.
    """

    height: int = 100
    getters: dict[tuple[str, bytes], Getter] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    transactions: dict[str, dict[str, Any]] = field(default_factory=dict)
    tamper: Callable[[str, Any], Any] = lambda _, result: result

    def __post_init__(self) -> None:
        """Set up what web3 wants of a provider."""
        super().__init__()

    def web3(self) -> Web3:
        """A connection to it."""
        return Web3(self)

    def emit(self, address: str, topics: Sequence[bytes], data: bytes, block: int = 50) -> None:
        """Add an event."""
        self.events.append(
            {
                "address": address, "topics": [as_hex(each) for each in topics],
                "data": as_hex(data), "blockNumber": hex(block), "blockHash": block_hash(block),
                "logIndex": hex(len(self.events)), "transactionIndex": "0x0", "removed": False,
                "transactionHash": as_hex(keccak(text=f"transaction {len(self.events)}")),
            }
        )  # fmt: skip

    def make_request(self, method: Any, params: Any) -> Any:
        """Answer, honestly or not."""
        result = self.tamper(method, getattr(self, f"_{method}")(*params))
        if isinstance(result, Exception):
            error = {"code": 3, "message": str(result), "data": "0x"}
            return {"jsonrpc": "2.0", "id": 1, "error": error}
        return {"jsonrpc": "2.0", "id": 1, "result": result}

    def _eth_chainId(self) -> str:  # noqa: N802
        return hex(CHAIN)

    def _eth_getBlockByNumber(self, block: Any, _: object) -> Any:  # noqa: N802
        number = self.height if block == "latest" else int(block, 16)
        if number > self.height:
            return None
        return {"number": hex(number), "hash": block_hash(number), "timestamp": hex(TIME + number)}

    def _eth_call(self, request: Any, _: object) -> Any:
        data = bytes.fromhex(request["data"][2:])
        getter = self.getters.get((request["to"].lower(), data[:4]))
        answer = None if getter is None else getter(data[4:])
        return ValueError("execution reverted") if answer is None else as_hex(answer)

    def _eth_getLogs(self, wanted: Any) -> Any:  # noqa: N802
        first, last = int(wanted["fromBlock"], 16), int(wanted["toBlock"], 16)
        count, (address,) = len(wanted["topics"]), wanted["address"]
        return [
            event for event in self.events
            if event["address"].lower() == address.lower()
            and event["topics"][:count] == wanted["topics"]
            and first <= int(event["blockNumber"], 16) <= last
        ]  # fmt: skip

    def _eth_getTransactionByHash(self, hashed: str) -> Any:  # noqa: N802
        return self.transactions.get(hashed)
