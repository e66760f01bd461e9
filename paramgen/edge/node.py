"""One RPC, read with the suspicion that it needs.

Behind one address there may be many nodes, some of them behind the others; they may be pointed at
another chain, and they may not answer. So a run remembers the highest block that it was shown and
reads at explicit blocks: a node that is behind then has no answer, instead of an old one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from eth_abi.abi import decode
from eth_utils.abi import function_signature_to_4byte_selector
from eth_utils.address import to_checksum_address
from requests.exceptions import RequestException
from web3.exceptions import BlockNotFound, TransactionNotFound, Web3Exception, Web3RPCError

from paramgen.errors import ParamgenError

PUBLIC_CONFIRMATIONS = 5
"""Blocks on top of a transaction's own, off local networks, where the network asks for no more."""

OLDEST_HEAD = 900
"""Seconds between the clock and the head of a public chain beyond which its node is behind."""

RPC_TROUBLE = (RequestException, Web3Exception)
"""What web3 raises when a node does not answer, or answers with an error."""

_T = TypeVar("_T")


class ChainError(ParamgenError):
    """A chain that refuses, cannot be reached, or is not what the run was made for."""


@dataclass(frozen=True)
class Waiting:
    """How long a run waits, and for how many blocks.

    Attributes
    ----------
    confirmations : blocks on top of a transaction's own before its step counts as landed.
    patience : seconds for a transaction to be mined and confirmed.
    lag : seconds for a node that is behind to catch up.
    poll : seconds between two looks.
    oldest_head : seconds between the clock and the head; None where time is the developer's.
    """

    confirmations: int = 0
    patience: float = 600.0
    lag: float = 30.0
    poll: float = 0.1
    oldest_head: float | None = None


@dataclass(frozen=True)
class Head:
    """The latest block."""

    number: int
    time: int


class Node:
    """The reads of one run.

    Parameters
    ----------
    web3 : ape's connection.
    waiting : how long to wait for a node that is behind.
    """

    def __init__(self, web3: Any, waiting: Waiting) -> None:
        self.web3 = web3
        self.waiting = waiting
        self.chain_id = int(web3.eth.chain_id)
        self.highest = 0

    def require_chain(self) -> None:
        """Hold the chain id against the one that the run began with.

        Raises
        ------
        ChainError
            When the RPC now answers for another chain.
        """
        found = int(self.web3.eth.chain_id)
        if found != self.chain_id:
            raise ChainError(
                f"the RPC answers for chain {found}, and answered for {self.chain_id} when this "
                "run began. Nothing more was sent; use an RPC that stays with one chain."
            )

    def require_fresh(self, clock: float) -> None:
        """Refuse a head that is too old for the clock, where the chain's time is the world's.

        Raises
        ------
        ChainError
            With the age of the head.
        """
        age = clock - self.head().time
        if self.waiting.oldest_head is not None and age > self.waiting.oldest_head:
            raise ChainError(
                f"the RPC's latest block is {age:.0f} s old, more than "
                f"{self.waiting.oldest_head:.0f} s: the node is behind or the chain has stopped. "
                "Nothing was sent; use another RPC or wait."
            )

    def head(self) -> Head:
        """The latest block, no lower than any that this run has seen.

        Raises
        ------
        ChainError
            When the node stays behind what an earlier answer showed.
        """
        until = time.monotonic() + self.waiting.lag
        while True:
            block = self.web3.eth.get_block("latest")
            if block["number"] >= self.highest:
                self.highest = int(block["number"])
                return Head(self.highest, int(block["timestamp"]))
            if time.monotonic() > until:
                raise ChainError(
                    f"the RPC answers from block {block['number']}, and has shown block "
                    f"{self.highest} before: the node is behind. Run again when it has caught up, "
                    "or use another RPC."
                )
            time.sleep(self.waiting.poll)

    def code(self, address: str) -> bytes:
        """Runtime code at an address, at the head."""
        return bytes(self.at_head(lambda at: self.web3.eth.get_code(_address(address), at)))

    def call(self, address: str, signature: str, output: str) -> Any:
        """A getter without arguments, at the head."""
        data = function_signature_to_4byte_selector(signature)
        return decode([output], self.eth_call({"to": _address(address), "data": data}))[0]

    def eth_call(self, call: dict[str, Any], block: int | None = None) -> bytes:
        """The answer of a call, at a block or at the head."""
        if block is not None:
            return bytes(self.read(lambda: self.web3.eth.call(call, block_identifier=block)))
        return bytes(self.at_head(lambda at: self.web3.eth.call(call, block_identifier=at)))

    def count(self, address: str, block: str | int) -> int:
        """Transactions that an account has sent, as of a block."""
        return int(self.web3.eth.get_transaction_count(_address(address), block))

    def block_hash(self, number: int) -> str | None:
        """The hash of the chain's block of that number, None above its head."""
        try:
            return hex_(self.web3.eth.get_block(number)["hash"])
        except BlockNotFound:
            return None

    def transaction(self, transaction: str) -> Any | None:
        """A transaction that the node has, mined or not; None if it has none."""
        try:
            return self.web3.eth.get_transaction(transaction)
        except TransactionNotFound:
            return None

    def receipt(self, transaction: str) -> Any | None:
        """The receipt of a mined transaction, None if there is none."""
        try:
            return self.web3.eth.get_transaction_receipt(transaction)
        except TransactionNotFound:
            return None

    def at_head(self, read: Callable[[int], _T]) -> _T:
        """A read at the head's number; a node that has no such block yet is asked again."""
        number = self.head().number
        return self.read(lambda: read(number))

    def read(self, ask: Callable[[], _T]) -> _T:
        """Ask, and again while the node has not got the block, until it had time to catch up."""
        until = time.monotonic() + self.waiting.lag
        while True:
            try:
                return ask()
            except Web3RPCError:
                if time.monotonic() > until:
                    raise
            time.sleep(self.waiting.poll)


def hex_(value: Any) -> str:
    """Bytes as web3 gives them, in hexadecimal with its prefix."""
    return "0x" + bytes(value).hex()


def _address(address: str) -> Any:
    return to_checksum_address(address)
