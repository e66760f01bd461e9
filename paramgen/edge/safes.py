"""A live Safe through ape-safe: its queue, its owners' signatures, its transaction.

ape-safe builds, signs and posts; what it builds is held to this project's own hash of the same
calls, and to the Safe's, before anything is signed. Two things are not left to ape-safe 0.8.23. It
asks a web page for the address of MultiSend, to which a Safe delegates, and of the Safe's
singleton: here the first is pinned with its code, and the second is not needed. It would post from
a fork to the service of the chain that is forked: here that is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import ape
from ape.exceptions import ApeException, SignatureError
from ape_safe.accounts import SafeAccount
from ape_safe.client import OperationType
from ape_safe.multisend import MultiSend
from ape_safe.packages import MANIFESTS_BY_VERSION, PackageType
from ape_safe.utils import get_safe_tx_hash
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from requests.exceptions import RequestException

from paramgen.edge.chain import is_fork
from paramgen.edge.node import RPC_TROUBLE
from paramgen.errors import ParamgenError
from paramgen.targets.calls import Call, as_hex
from paramgen.targets.events import EXECUTED, Log, executed_hash, topic
from paramgen.targets.safe_transaction import (
    MULTI_SEND_CALL_ONLY,
    MULTI_SEND_CALL_ONLY_CODE,
    SafeTransaction,
    of_calls,
    transaction_hash,
)

_SIGNATURE_BYTES = 65


class SafeError(ParamgenError):
    """A Safe that is not the one meant, or that cannot be brought to act."""


class UncertainError(SafeError):
    """The transaction left, and the chain has not told that it was executed."""


class _Safe(SafeAccount):  # type: ignore[misc]  # ape-safe has no types
    """A Safe of ape-safe's that reads its code from the installed package alone."""

    @cached_property
    def contract(self) -> Any:
        """The Safe, without a look-up of its singleton."""
        return _at(PackageType.PROXY(self.version), self.address)


class _Batch(MultiSend):  # type: ignore[misc]  # ape-safe has no types
    """ape-safe's batch through the call-only MultiSend at the address that is pinned here."""

    @cached_property
    def contract(self) -> Any:
        """MultiSendCallOnly 1.4.1, by which Safes of 1.3.0 batch as well."""
        return _at(PackageType.MULTISEND("1.4.1"), MULTI_SEND_CALL_ONLY)


def _at(container: Any, address: str) -> Any:
    return container.at(address, fetch_from_explorer=False, detect_proxy=False)


@dataclass(frozen=True)
class Queued:
    """A Safe's transaction, built by ape-safe and equal to this project's own.

    Attributes
    ----------
    made : ape-safe's.
    transaction : this project's.
    digest : the hash that owners sign.
    is_known : whether the service has it already.
    confirmations : signatures by owner that the service has of it.
    """

    made: Any
    transaction: SafeTransaction
    digest: str
    is_known: bool
    confirmations: Mapping[str, bytes]


class LiveSafe:
    """A Safe on the connected chain and its queue.

    Raises
    ------
    SafeError
        When ape knows no such Safe, its version is not supported, or there is no service for it.
    """

    def __init__(self, provider: Any, alias: str) -> None:
        container = ape.accounts.containers["safe"]
        if alias not in container.aliases:
            known = ", ".join(sorted(container.aliases)) or "none"
            raise SafeError(f"ape has no Safe {alias!r}; it has: {known}")
        self.provider, self.alias = provider, alias
        self.account = _Safe(account_file_path=container.data_folder / f"{alias}.json")
        self.address = str(to_checksum_address(self.account.address))
        self.chain_id = int(provider.chain_id)

    def require_usable(self) -> None:
        """Refuse a fork, a version that ape-safe does not know, and a chain without a service."""
        if is_fork(self.provider):
            raise SafeError("on a fork ape-safe would post to the service of the chain it copies")
        if self.account.version not in MANIFESTS_BY_VERSION:
            known = ", ".join(map(str, sorted(MANIFESTS_BY_VERSION)))
            raise SafeError(f"{self.address} is a Safe {self.account.version}; known: {known}")
        try:
            _ = self.account.client
        except ValueError as error:
            raise SafeError(str(error)) from None

    @cached_property
    def owners(self) -> tuple[str, ...]:
        """Who may sign, as the chain says."""
        return tuple(self.account.contract.getOwners())

    @cached_property
    def threshold(self) -> int:
        """How many have to sign, as the chain says."""
        return int(self.account.contract.getThreshold())

    @property
    def next_nonce(self) -> int:
        """Nonce of the transaction that can be executed now, as the chain says."""
        return int(self.account.client.get_next_nonce())

    def queue(self, calls: Sequence[Call]) -> Queued:
        """The transaction of these calls: the one that waits for signatures, else a new one.

        Raises
        ------
        SafeError
            When ape-safe, this project and the Safe do not agree on its hash.
        """
        waiting = self.account.client.get_transactions(
            confirmed=False, starting_nonce=self.next_nonce
        )
        told = {str(each.safe_tx_hash).lower(): each for each in waiting}
        for nonce in sorted({int(each.nonce) for each in told.values()}):
            known = told.get(self._digest(of_calls(calls, nonce)))
            if known is not None:
                return self._queued(calls, nonce, known)
        return self._queued(calls, int(self.account.new_nonce), None)

    def _queued(self, calls: Sequence[Call], nonce: int, known: Any) -> Queued:
        own, made = of_calls(calls, nonce), self._made(calls, nonce)
        digest = self._digest(own)
        hashes = (
            str(get_safe_tx_hash(made)),
            as_hex(self.account.contract.getTransactionHash(*made)),
        )
        if hashes != (digest, digest):
            raise SafeError(
                f"ape-safe hashes the batch to {hashes[0]}, the Safe to {hashes[1]}, paramgen to "
                f"{digest}; nothing was signed"
            )
        told = () if known is None else known.confirmations
        return Queued(made, own, digest, known is not None, self._sound(told))

    def _digest(self, transaction: SafeTransaction) -> str:
        return as_hex(transaction_hash(transaction, self.chain_id, self.address))

    def _sound(self, told: Iterable[Any]) -> dict[str, bytes]:
        """Signatures of owners by key; those of others, or of contracts, are left."""
        return {
            str(each.owner): bytes(each.signature)
            for each in told
            if each.owner in self.owners and len(each.signature) == _SIGNATURE_BYTES
        }

    def _made(self, calls: Sequence[Call], nonce: int) -> Any:
        if len(calls) == 1:
            (only,) = calls
            return self.account.create_safe_tx(
                to=only.to, value=only.value, data=only.data, nonce=nonce,
                operation=OperationType.CALL,
            )  # fmt: skip
        self._require_multi_send()
        batch = _Batch(safe=self.account)
        batch.calls.extend(
            {"target": sent.to, "value": sent.value, "callData": sent.data} for sent in calls
        )
        return batch.as_safe_tx(nonce=nonce)

    def _require_multi_send(self) -> None:
        found = as_hex(keccak(bytes(self.provider.get_code(MULTI_SEND_CALL_ONLY))))
        if found != MULTI_SEND_CALL_ONLY_CODE:
            raise SafeError(
                f"{MULTI_SEND_CALL_ONLY} on chain {self.chain_id} is not MultiSendCallOnly 1.4.1: "
                f"its code hashes to {found}"
            )

    def signers(self, named: Sequence[Any], queued: Queued, *, execute: bool) -> list[Any]:
        """Who of ape's accounts signs now: those named, else as many as are needed.

        Raises
        ------
        SafeError
            When one is no owner, nobody is left to sign, or too few are to execute.
        """
        for account in named:
            if account.address not in self.owners:
                raise SafeError(f"{account.address} is no owner of {self.address}")
        asked = named or self.account.local_signers
        left = [each for each in asked if each.address not in queued.confirmations]
        wanted = max(0, self.threshold - len(queued.confirmations))
        chosen = left if named else left[: wanted if execute else 1]
        if execute and len(queued.confirmations) + len(chosen) < self.threshold:
            raise SafeError(
                f"{self.threshold} owners have to sign; {len(queued.confirmations)} have, and "
                f"{len(chosen)} are at hand. Without --execute the transaction is posted for them"
            )
        if not (execute or chosen):
            raise SafeError("no owner of the Safe is left among ape's accounts; name one")
        return chosen

    def post(self, queued: Queued, signers: Sequence[Any]) -> int:
        """Sign and post to the service; returns how many owners have then signed.

        Raises
        ------
        SafeError
            When an owner does not sign, or the service does not answer.
        """
        signed = _signed(queued, signers)
        try:
            self._post(queued, signed, signers[0])
        except RequestException as error:
            raise SafeError(
                f"the Safe's service did not answer ({type(error).__name__}); run again: what it "
                "has taken is found by its hash"
            ) from None
        return len({*queued.confirmations, *signed})

    def _post(self, queued: Queued, signed: dict[str, Any], submitter: Any) -> None:
        if queued.is_known:
            self.account.client.post_signatures(queued.digest, signed)
            return
        self.account.propose_safe_tx(
            queued.made,
            submitter=submitter,
            sigs_by_signer=signed,
            contractTransactionHash=queued.digest,
        )

    def execute(self, queued: Queued, signers: Sequence[Any], submitter: Any) -> str:
        """Sign and carry out; returns the hash of the chain's transaction.

        Raises
        ------
        SafeError
            When it is not its turn, an owner does not sign, or the chain refuses it.
        UncertainError
            When it was sent, and no receipt tells that it was executed.
        """
        if queued.transaction.nonce != self.next_nonce:
            raise SafeError(
                f"nonce {self.next_nonce} of {self.address} comes first, this one has "
                f"{queued.transaction.nonce}"
            )
        signatures = {**queued.confirmations, **_signed(queued, signers)}
        chosen = dict(sorted(signatures.items())[: self.threshold])
        sending = self.account.create_execute_transaction(queued.made, chosen, submitter=submitter)
        try:
            receipt = submitter.call(sending)
        except SignatureError:
            raise
        except (ApeException, *RPC_TROUBLE) as error:
            raise UncertainError(f"it is not known to have been executed: {error}") from None
        if queued.digest not in map(as_hex, _executed(receipt, self.address)):
            raise UncertainError(f"{receipt.txn_hash} was mined, but executed something else")
        return str(receipt.txn_hash)


def _signed(queued: Queued, signers: Sequence[Any]) -> dict[str, Any]:
    signed = {each.address: each.sign_message(queued.made) for each in signers}
    refused = sorted(owner for owner, signature in signed.items() if signature is None)
    if refused:
        raise SafeError(f"{', '.join(refused)} did not sign; nothing was sent")
    return signed


def _executed(receipt: Any, safe: str) -> list[bytes]:
    """The Safe's transactions that a receipt says were executed."""
    logs = [
        Log(tuple(map(_bytes, log["topics"])), _bytes(log["data"]), 0, 0, "")
        for log in receipt.logs if str(log["address"]).lower() == safe.lower()
    ]  # fmt: skip
    return [executed_hash(log) for log in logs if log.topics[0] == topic(EXECUTED)]


def _bytes(value: Any) -> bytes:
    return bytes.fromhex(value.removeprefix("0x")) if isinstance(value, str) else bytes(value)
