"""A node that is asked with suspicion: bounded answers, one chain, one block, whole logs.

A voter's node may be someone else's. What it says is used only as far as it can be held to
something: to the chain that the proposal names, to a block that stays the same while it is read,
to hashes. The address of a node may hold a key, so no message says it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import requests
from eth_utils.address import to_checksum_address
from web3 import Web3
from web3.exceptions import ContractLogicError, Web3Exception
from web3.providers import JSONBaseProvider

from paramgen.errors import ParamgenError
from paramgen.targets.calls import Call, arguments_of, as_hex, call
from paramgen.targets.envelope import nests_too_deep
from paramgen.targets.events import Log

MAX_ANSWER: Final = 32 * 1024 * 1024
MAX_LOGS: Final = 10_000
SPAN: Final = 10_000
"""Blocks asked for at once; many nodes refuse more."""

MAX_SPANS: Final = 1_000
CONNECT_PATIENCE, READ_PATIENCE, ANSWER_PATIENCE = 10, 30, 120
"""Seconds to connect, between two pieces of an answer, and for a whole answer."""

_OK = 200
_PIECE = 1 << 16
_SHOWN = 200
_HASH = 32
Result = TypeVar("Result")


class RpcError(ParamgenError):
    """A node that does not answer, or whose answer cannot be believed."""


class BoundedProvider(JSONBaseProvider):
    """JSON-RPC over HTTP: no redirects, and no answer larger or slower than any honest one."""

    def __init__(self, url: str) -> None:
        super().__init__()
        if urlsplit(url).scheme not in ("http", "https"):
            raise RpcError("a node's address begins with http:// or https://")
        self._url = url

    def make_request(self, method: Any, params: Any) -> Any:
        """Ask once.

        Raises
        ------
        RpcError : the node cannot be reached, or its answer is none, too large or too slow.
        """
        body = self.encode_rpc_request(method, params)
        try:
            with requests.post(
                self._url, data=body, headers={"Content-Type": "application/json"}, stream=True,
                timeout=(CONNECT_PATIENCE, READ_PATIENCE), allow_redirects=False,
            ) as answer:  # fmt: skip
                if answer.status_code != _OK:
                    raise RpcError(f"the node answers {method} with HTTP {answer.status_code}")
                return _json(_bounded(answer.iter_content(_PIECE), method), method)
        except (requests.RequestException, UnicodeError) as error:
            # The message of the error itself would name the address.
            raise RpcError(f"the node does not answer: {type(error).__name__}") from None


def _bounded(pieces: Iterator[bytes], method: str) -> bytes:
    whole, until = bytearray(), time.monotonic() + ANSWER_PATIENCE
    for piece in pieces:
        whole += piece
        if len(whole) > MAX_ANSWER:
            raise RpcError(f"the node answers {method} with more than {MAX_ANSWER >> 20} MiB")
        if time.monotonic() > until:
            raise RpcError(f"the node takes more than {ANSWER_PATIENCE} s over {method}")
    return bytes(whole)


def _json(data: bytes, method: str) -> Any:
    try:
        found = None if nests_too_deep(data) else json.loads(data)
    except ValueError:
        found = None
    if not isinstance(found, dict) or ("result" in found) == ("error" in found):
        raise RpcError(f"the node's answer to {method} is no JSON-RPC answer")
    return found


def connect(url: str) -> Web3:
    """A connection to the node at an address."""
    return Web3(BoundedProvider(url))


@dataclass(frozen=True)
class Pinned:
    """A chain at one block; everything read is of that block or before it.

    Attributes
    ----------
    genesis, block_hash : as `0x…`.
    time : the block's, Unix seconds.
    """

    web3: Web3
    chain_id: int
    genesis: str
    block: int
    block_hash: str
    time: int

    def call(
        self, to: str, signature: str, outputs: Sequence[str], *arguments: Any
    ) -> tuple[Any, ...] | None:
        """What a contract's getter gives, None where it reverts or gives nothing of these types.

        Raises
        ------
        RpcError : the node does not answer.
        """
        asked = call(to, signature, *arguments)
        request: Any = {"to": asked.to, "data": as_hex(asked.data)}
        try:
            answer = _asked("eth_call", lambda: self.web3.eth.call(request, self.block))
        except _RefusedError:
            return None
        return arguments_of(outputs, bytes(answer))

    def logs(self, address: str, topics: Sequence[bytes], start: int) -> tuple[Log, ...]:
        """The events of a contract from a block on, in the order of the chain.

        Raises
        ------
        RpcError : the node gives other events than were asked for, too many, or of blocks that
            are not of this chain.
        """
        firsts = range(start, self.block + 1, SPAN)
        if len(firsts) > MAX_SPANS:
            raise RpcError(
                f"blocks {start} to {self.block} are more than {MAX_SPANS * SPAN}; name a later "
                "--from-block"
            )
        found: list[Any] = []
        for first in firsts:
            found += self._span(address, topics, first)
            if len(found) > MAX_LOGS:
                raise RpcError(f"the node gives more than {MAX_LOGS} events; name a --from-block")
        return self._sound(found, address, topics, start)

    def sent(self, transaction: str) -> Call:
        """What a transaction sent, for one that is mined by the pinned block.

        Raises
        ------
        RpcError : the node does not know it, or it deploys.
        """
        hashed: Any = transaction
        return _asked("eth_getTransactionByHash", lambda: self._sent(hashed))

    def require_unmoved(self) -> None:
        """Refuse what was read while the chain was reorganised, or from two nodes that differ.

        Raises
        ------
        RpcError
        """
        if self._hash_of(self.block) != self.block_hash:
            raise RpcError(f"block {self.block} changed while it was read; run again")

    def _span(self, address: str, topics: Sequence[bytes], first: int) -> Any:
        request: Any = {
            "address": to_checksum_address(address),
            "topics": [as_hex(each) for each in topics],
            "fromBlock": first,
            "toBlock": min(first + SPAN - 1, self.block),
        }
        return _asked("eth_getLogs", lambda: list(self.web3.eth.get_logs(request)))

    def _sound(
        self, found: Sequence[Any], address: str, topics: Sequence[bytes], start: int
    ) -> tuple[Log, ...]:
        where = to_checksum_address(address)
        told = _asked("eth_getLogs", lambda: [_told(each) for each in found])
        for log, at, _ in told:
            if at != where or log.topics[: len(topics)] != tuple(topics):
                raise RpcError("the node gives events of another contract or kind than asked for")
            if not start <= log.block <= self.block:
                raise RpcError(f"the node gives an event of block {log.block}, outside those asked")
        for block, hashed in {(log.block, hashed) for log, _, hashed in told}:
            if self._hash_of(block) != hashed:
                raise RpcError(f"the node gives an event of a block {block} that it does not have")
        logs = {(log.block, log.index): log for log, _, _ in told}
        if len(logs) != len(told):
            raise RpcError("the node gives the same event twice")
        return tuple(logs[key] for key in sorted(logs))

    def _hash_of(self, block: int) -> str:
        return _asked("eth_getBlockByNumber", lambda: _block(self.web3, block)[1])

    def _sent(self, hashed: Any) -> Call:
        found = self.web3.eth.get_transaction(hashed)
        if found["to"] is None or int(found["blockNumber"]) > self.block:
            raise ValueError(hashed)
        return Call(to_checksum_address(found["to"]), int(found["value"]), bytes(found["input"]))


def pin(web3: Web3, block: int | None = None) -> Pinned:
    """The chain at a block; the latest where none is named.

    Raises
    ------
    RpcError : the node does not answer, or has no such block.
    """
    chain_id = _asked("eth_chainId", lambda: int(web3.eth.chain_id))
    _, genesis, _ = _asked("eth_getBlockByNumber", lambda: _block(web3, 0))
    wanted = "latest" if block is None else block
    number, hashed, at = _asked("eth_getBlockByNumber", lambda: _block(web3, wanted))
    if block is not None and number != block:
        raise RpcError(f"the node gives block {number} for block {block}")
    return Pinned(web3, chain_id, genesis, number, hashed, at)


class _RefusedError(RpcError):
    """A contract refused a call."""


def _asked(method: str, ask: Callable[[], Result]) -> Result:
    """What the node says; whatever goes wrong in reading it is the node's."""
    try:
        return ask()
    except ContractLogicError:
        raise _RefusedError(f"the contract refuses {method}") from None
    except (Web3Exception, requests.RequestException) as error:
        raise RpcError(f"the node refuses {method}: {_printable(error)}") from None
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError) as error:
        raise RpcError(
            f"the node's answer to {method} is damaged: {type(error).__name__}"
        ) from None


def _printable(error: Exception) -> str:
    """A node's own words, cut, and without anything that a terminal would obey."""
    if isinstance(error, requests.RequestException):
        return type(error).__name__
    return "".join(letter for letter in str(error) if letter.isprintable())[:_SHOWN]


def _block(web3: Web3, block: Any) -> tuple[int, str, int]:
    found = web3.eth.get_block(block)
    hashed = bytes(found["hash"])
    if len(hashed) != _HASH:
        raise ValueError(hashed)
    return int(found["number"]), as_hex(hashed), int(found["timestamp"])


def _told(found: Any) -> tuple[Log, str, str]:
    """An event, the contract that it says it is of, and the hash of the block."""
    if found.get("removed"):
        raise ValueError("removed")
    log = Log(
        topics=tuple(bytes(each) for each in found["topics"]),
        data=bytes(found["data"]),
        block=int(found["blockNumber"]),
        index=int(found["logIndex"]),
        transaction=as_hex(bytes(found["transactionHash"])),
    )
    return log, to_checksum_address(found["address"]), as_hex(bytes(found["blockHash"]))
