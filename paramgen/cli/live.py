"""A proposal that is under way, as `verify` asks a node for it by its id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from paramgen.cli.live_options import BY_FORMAT, RPC_VARIABLE, Asked
from paramgen.edge.proposals import (
    Live,
    against_chain,
    executed_transaction,
    governor_proposal,
    safe_transaction,
    timelock_operation,
)
from paramgen.edge.rpc import Pinned, RpcError, connect, pin
from paramgen.edge.venues import moved, objections, standing_of
from paramgen.proposal.venue import target_of
from paramgen.proposal.verify import Disagreement, Manifest
from paramgen.targets.calls import ProposalError, as_hex, from_hex
from paramgen.targets.safe_transaction import SafeTransaction, read_transaction, transaction_hash


@dataclass(frozen=True)
class Found:
    """A live proposal, and the block at which it was read; None without a chain.

    `disagreements` is why the chain would not take it.
    """

    live: Live
    pinned: Pinned | None
    disagreements: tuple[Disagreement, ...]

    def document(self) -> dict[str, Any]:
        """For `--json`."""
        where = self.pinned and {"chain_id": self.pinned.chain_id, "block": self.pinned.block,
                                 "block_hash": self.pinned.block_hash}  # fmt: skip
        return {"id": self.live.id, "state": self.live.state, "read_at": where}

    def words(self) -> str:
        """For a person."""
        where = (
            f", at block {self.pinned.block} ({self.pinned.block_hash}) of chain "
            f"{self.pinned.chain_id}" if self.pinned else ""
        )  # fmt: skip
        return f"{self.live.carried.carrier}: {self.live.id}, {self.live.state}{where}"


def find(manifest: Manifest, asked: Asked) -> Found:
    """The live proposal that the user names.

    Raises
    ------
    ProposalError, RpcError : it is named in another form than the manifest's, there is none, or it
        cannot be believed.
    """
    fitting = BY_FORMAT[manifest.form.name]
    if not asked.named <= set(fitting):
        options = " or ".join(f"--{name.replace('_', '-')}" for name in fitting)
        raise ProposalError(f"a proposal of the form {manifest.form.name} is named by {options}")
    pinned = _pinned(manifest, asked)
    live, steward = _live(manifest, asked, pinned), manifest.assumed.steward
    if pinned is None:
        return Found(live, None, ())
    # A proposal to a venue has no steward.
    refused = tuple(against_chain(pinned, live, steward)) if live.is_open and steward else ()
    pinned.require_unmoved()
    return Found(live, pinned, refused)


def moved_since(
    manifest: Manifest, artefact: Mapping[str, Any], asked: Asked
) -> tuple[Disagreement, ...]:
    """What a venue no longer holds as the proposal assumes, and what it would now refuse.

    Raises
    ------
    ProposalError, RpcError : the node is of another chain, or the venue's contracts do not answer.
    """
    pinned, assumed = _pinned(manifest, asked), manifest.standing
    if pinned is None or assumed is None or manifest.target is None:
        return ()
    target = target_of(artefact, manifest.target)
    now = standing_of(pinned, target)
    refused = objections(pinned, target, now, manifest.request.carrier)
    told = (Disagreement(f"chain: {each.where}", each.proposed, each.why) for each in refused)
    return (*moved(target, assumed, now), *told)


def _pinned(manifest: Manifest, asked: Asked) -> Pinned | None:
    if asked.rpc is None:
        return None
    pinned, assumed = pin(connect(asked.rpc), asked.block), manifest.assumed
    # A proposal to a venue names its chain and no genesis.
    genesis = assumed.genesis or pinned.genesis
    if (pinned.chain_id, pinned.genesis) != (assumed.chain_id, genesis):
        raise RpcError(
            f"the node is on chain {pinned.chain_id} (genesis {pinned.genesis}), the proposal is "
            f"for {assumed.chain_id} ({assumed.genesis})"
        )
    return pinned


def _live(manifest: Manifest, asked: Asked, pinned: Pinned | None) -> Live:
    carrier = manifest.request.carrier
    start = manifest.assumed.block if asked.from_block is None else asked.from_block
    if asked.safe_tx is not None:
        transaction = _told(manifest, asked.safe_tx, asked.safe_tx_hash)
        return safe_transaction(pinned, manifest.assumed.chain_id, carrier, transaction, start)
    if pinned is None:
        raise ProposalError(f"name a node with --rpc or in {RPC_VARIABLE}")
    if asked.proposal_id is not None:
        return governor_proposal(pinned, carrier, asked.proposal_id, start)
    if asked.operation_id is not None:
        operation = _word(asked.operation_id, "--operation-id")
        return timelock_operation(pinned, carrier, operation, start)
    return executed_transaction(pinned, carrier, _word(asked.safe_tx_hash, "--safe-tx-hash"), start)


def _told(manifest: Manifest, data: bytes, wanted: str | None) -> SafeTransaction:
    """A Safe's transaction that someone told, held to the hash that the user gave."""
    chain_id, safe = manifest.assumed.chain_id, manifest.request.carrier
    transaction = read_transaction(data)
    digest = transaction_hash(transaction, chain_id, safe)
    if wanted is not None and _word(wanted, "--safe-tx-hash") != digest:
        raise ProposalError(
            f"--safe-tx tells the transaction {as_hex(digest)} of {safe} on chain {chain_id}, not "
            f"{wanted}"
        )
    return transaction


def _word(text: Any, what: str) -> bytes:
    found = from_hex(text, what)
    if len(found) != 32:  # noqa: PLR2004 - bytes of a word
        raise ProposalError(f"{what} has {len(found)} bytes, not 32")
    return found
