"""Sends one transaction and sees what becomes of it.

It is tried in an `eth_call`, signed, and its hash put on disk as an intent; only then it leaves.
From there on nothing that the RPC says of the sending is believed, only what the chain shows of
hash and nonce. The signed bytes may be sent again, since a nonce is used once; they are never
signed anew in the same run, with another fee or another content.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from ape.api.accounts import ImpersonatedAccount
from ape.exceptions import ApeException
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from requests.exceptions import RequestException
from web3.exceptions import Web3Exception

from paramgen.edge.deployments import Deployments, Intent
from paramgen.edge.fate import Fate, Status, content_hash, fate
from paramgen.edge.journal import Journal
from paramgen.edge.node import RPC_TROUBLE, ChainError, Node
from paramgen.edge.refusals import refusal

_USED = (Status.LANDED, Status.REVERTED, Status.REPLACED)
"""Whatever became of the transaction, its nonce is used: it cannot land any more, or has."""


@dataclass
class Sender:
    """One account's transactions, one after another.

    Attributes
    ----------
    account : ape's, which sets fees and signs.
    report : called with one line whenever something that takes time begins.
    least_nonce : after what this run has seen land.
    landed : what this run sent and saw land, with the bytes that left, in order.
    own : the steps that this run sent, whatever became of them.
    """

    node: Node
    account: Any
    deployments: Deployments
    journal: Journal
    report: Callable[[str], None]
    least_nonce: int = 0
    landed: dict[str, tuple[Intent, bytes]] = field(default_factory=dict)
    own: set[str] = field(default_factory=set)

    @property
    def address(self) -> str:
        """The account's address."""
        return str(self.account.address)

    def nonce(self, step: str) -> int:
        """The account's next nonce, once nothing of it is pending and the node is not behind.

        Raises
        ------
        ChainError
            When another transaction of the account stays pending: to take its nonce would
            replace it, and to go past it would leave a gap that holds everything up.
        """
        until = time.monotonic() + self.node.waiting.patience
        while True:
            mined, pending = (self.node.count(self.address, b) for b in ("latest", "pending"))
            if mined >= max(pending, self.least_nonce):
                return mined
            if mined < self.least_nonce:
                list(self.recheck())
            if time.monotonic() > until:
                raise self._stuck(step, mined, pending)
            self.report(f"waiting for nonce {mined} of {self.address}, which is pending")
            time.sleep(self.node.waiting.poll)

    def send(self, step: str, intent: Intent, transaction: Any) -> tuple[Intent, Fate]:
        """Try, sign, log and send a transaction; returns once it has landed and is confirmed.

        Raises
        ------
        ChainError
            When the chain refuses it, or it did not land; the journal then says what became of it.
        """
        transaction.sender, transaction.nonce = self.address, intent.nonce
        self.node.require_chain()
        self._try(step, transaction)
        intent = replace(
            intent,
            target=to_checksum_address(transaction.receiver) if transaction.receiver else None,
            data_hash=content_hash(bytes(transaction.data)),
            block=self.node.head().number,
        )
        if isinstance(self.account, ImpersonatedAccount):
            return self._rehearse(step, intent, transaction)
        signed = self._signed(step, transaction)
        intent = replace(intent, transaction="0x" + keccak(signed).hex())
        self.report(step)
        self.own.add(step)
        self.deployments.intend(step, intent)
        self.journal.note(step, Fate(Status.PENDING, intent.transaction), intent.nonce)
        refused = self._broadcast(signed)
        known = self.follow(step, intent, signed if refused is None else None)
        if known.status is not Status.LANDED:
            raise self._failed(step, intent, known, refused)
        self.landed[step] = (intent, signed)
        return intent, known

    def recheck(self) -> Iterator[tuple[str, Fate]]:
        """Follow again everything that has landed; the same bytes are sent again where it is lost.

        Raises
        ------
        ChainError
            When it cannot land any more, or not within the patience.
        """
        for step, (intent, signed) in self.landed.items():
            known = self.follow(step, intent, signed)
            if known.status is not Status.LANDED:
                raise self._failed(step, intent, known, None)
            yield step, known

    def follow(self, step: str, intent: Intent, signed: bytes | None = None) -> Fate:
        """Wait until it is certain what became of a transaction, or that only another can help.

        One without bytes that is dropped, or queued behind a nonce that nothing uses, is returned
        as it is: the steps before it have to be sent again first.

        Parameters
        ----------
        signed : its bytes, sent again where the node has lost them; None for an earlier run's,
            and for what the node has refused.

        Raises
        ------
        ChainError
            When it is not certain within the patience; its intent is left for the next run.
        """
        until = time.monotonic() + self.node.waiting.patience
        known = Fate(Status.PENDING, intent.transaction)
        while True:
            known = self._look(step, intent, known)
            if self._is_certain(intent, known, signed):
                return known
            if time.monotonic() > until:
                raise self._unfinished(step, intent, known)
            if signed is not None:
                self._send_again(intent, signed, known)
            time.sleep(self.node.waiting.poll)

    def review(self) -> None:
        """Look once more at all that has landed, for a report that is true of a run that failed."""
        for step, (intent, _) in self.landed.items():
            self._look(step, intent, Fate(Status.LANDED, intent.transaction))

    def _is_certain(self, intent: Intent, known: Fate, signed: bytes | None) -> bool:
        if known.status in _USED and self._is_confirmed(known):
            self.least_nonce = max(self.least_nonce, intent.nonce + 1)
            return True
        return signed is None and (known.status is Status.DROPPED or known.queued)

    def _send_again(self, intent: Intent, signed: bytes, known: Fate) -> None:
        """Send the same bytes again, and before them what a reorganisation took out below them."""
        try:
            mined = self.node.count(self.address, "latest")
        except RPC_TROUBLE:
            return
        for before, bytes_before in self.landed.values():
            if mined <= before.nonce < intent.nonce:
                self._broadcast(bytes_before)
        if known.status is Status.DROPPED:
            self._broadcast(signed)

    def _look(self, step: str, intent: Intent, known: Fate) -> Fate:
        """What has become of it; what was known before, where the node does not answer."""
        try:
            found = fate(self.node, intent)
        except RPC_TROUBLE as error:
            self.journal.remark(step, f"the RPC does not answer: {error}")
            return known
        self.journal.note(step, found, intent.nonce, earlier=step not in self.own)
        return found

    def _is_confirmed(self, known: Fate) -> bool:
        """Whether it is deep enough, in a block that is still the chain's."""
        if known.block is None:
            return True
        try:
            deep = self.node.head().number - known.block
            canonical = self.node.block_hash(known.block) == known.block_hash
        except RPC_TROUBLE:
            return False
        return canonical and deep >= self.node.waiting.confirmations

    def _failed(self, step: str, intent: Intent, known: Fate, refused: str | None) -> ChainError:
        """Note why a transaction did not do its work; its intent goes where its nonce is used."""
        if known.status in _USED:
            self.deployments.settle(step)
        if refused is not None and known.status is not Status.REVERTED:
            self.journal.note(step, Fate(Status.NOT_SENT), intent.nonce, note=refused)
            return ChainError(f"{step}: not sent, the node refuses it: {refused}")
        why = self._why(intent, known)
        self.journal.note(step, known, intent.nonce, note=why)
        return ChainError(f"{step}: {known.status}: {why}")

    def _why(self, intent: Intent, known: Fate) -> str:
        if known.status is Status.REVERTED:
            return f"{known.transaction} in block {known.block}: {self._reason(known)}"
        other = known.transaction or "another transaction, which this node cannot name any more"
        return f"nonce {intent.nonce} of {intent.sender} was used by {other}"

    def _reason(self, known: Fate) -> str:
        """The error of a mined transaction, from a call of the same at its block."""
        sent = self.node.transaction(known.transaction or "")
        if sent is None:
            return "no reason given"
        call = {key: sent[key] for key in ("from", "to", "input") if sent.get(key)}
        try:
            self.node.eth_call(call, known.block)
        except RequestException:
            return "no reason given"
        except Web3Exception as error:
            return refusal(error)
        return "the same call succeeds on the state after it"

    def _try(self, step: str, transaction: Any) -> None:
        call = {"from": self.address, "data": transaction.data}
        if transaction.receiver:
            call["to"] = transaction.receiver
        try:
            self.node.eth_call(call)
        except RequestException:
            raise
        except Exception as error:
            raise ChainError(f"{step}: the chain refuses: {refusal(error)}") from error

    def _signed(self, step: str, transaction: Any) -> bytes:
        """The account's signature over fees, nonce and chain id; the bytes that leave."""
        try:
            signed = self.account.sign_transaction(self.account.prepare_transaction(transaction))
        except ApeException as error:
            raise ChainError(f"{step}: not sent: {error}") from error
        if signed is None or signed.signature is None:
            raise ChainError(f"{step}: not sent: {self.address} did not sign it")
        if int(signed.chain_id) != self.node.chain_id:
            raise ChainError(
                f"{step}: not sent: it was signed for chain {signed.chain_id}, and this is "
                f"{self.node.chain_id}"
            )
        return bytes(signed.serialize_transaction())

    def _rehearse(self, step: str, intent: Intent, transaction: Any) -> tuple[Intent, Fate]:
        """Send without a key, on a fork: it is mined at once, by the node that named its hash."""
        prepared = self.account.prepare_transaction(transaction)
        sent: dict[str, Any] = {"from": self.address, "nonce": intent.nonce}
        sent |= {"data": prepared.data, "gas": prepared.gas_limit}
        if intent.target is not None:
            sent["to"] = intent.target
        self.report(step)
        self.own.add(step)
        try:
            named = self.node.web3.eth.send_transaction(sent)
        except Web3Exception as error:
            raise ChainError(f"{step}: the fork refuses: {refusal(error)}") from error
        intent = replace(intent, transaction="0x" + bytes(named).hex())
        known = self.follow(step, intent)
        if known.status is not Status.LANDED:
            raise self._failed(step, intent, known, None)
        return intent, known

    def _broadcast(self, signed: bytes) -> str | None:
        """Send bytes; returns the node's refusal. No answer is no refusal: it may have them."""
        try:
            self.node.web3.eth.send_raw_transaction(signed)
        except RequestException:
            return None
        except Web3Exception as error:
            return str(error)
        return None

    def _stuck(self, step: str, mined: int, pending: int) -> ChainError:
        if mined >= self.least_nonce:
            return ChainError(
                f"{step}: not sent. {self.address} has {pending - mined} pending transactions "
                f"from nonce {mined} on, which this run did not send. Let them land or cancel "
                "them in the wallet, then run again."
            )
        return ChainError(
            f"{step}: not sent. The next nonce of {self.address} should be {self.least_nonce}, and "
            f"the RPC says {mined}: the node is behind, or a reorganisation took transactions out. "
            "Run again."
        )

    def _unfinished(self, step: str, intent: Intent, known: Fate) -> ChainError:
        what = {
            Status.LANDED: "is mined but not confirmed yet",
            Status.PENDING: "is still pending. Wait, or speed it up in the wallet",
            Status.DROPPED: "is unknown to the node: dropped",
        }[known.status]
        note = self.journal.entries[step].note
        return ChainError(
            f"{step}: {intent.transaction} (nonce {intent.nonce} of {intent.sender}) {what}. "
            "Run again: what lands meanwhile is adopted, nothing is sent twice."
            + (f"\n    {note}" if note else "")
        )
