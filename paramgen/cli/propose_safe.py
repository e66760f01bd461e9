"""`ape run propose_safe`: bring a verified proposal into a live Safe's queue, or carry it out."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from paramgen.cli.connected import confirm
from paramgen.cli.propose import DIFFERENT, document_of, proposal_files, show_disagreements
from paramgen.cli.reporting import EndedError, UnfinishedError, addresses_of, redacted
from paramgen.cli.sender import account_named
from paramgen.edge.chain import network_key, waiting_for
from paramgen.edge.files import write_whole
from paramgen.edge.node import Node
from paramgen.errors import ParamgenError
from paramgen.proposal.document import MANIFEST
from paramgen.proposal.verify import Manifest, read_manifest, verify
from paramgen.targets.calls import Call, ProposalError
from paramgen.targets.safe import SAFE
from paramgen.targets.safe_transaction import to_document

if TYPE_CHECKING:
    from paramgen.edge.safes import LiveSafe, Queued


class DifferentError(EndedError):
    """A proposal that is not what the book compiles to."""

    code = DIFFERENT


@dataclass(frozen=True)
class SafeOptions:
    """What the user asked for; fields are the options' names."""

    proposal: Path
    safe: str
    book: Path | None = None
    artefact: Path | None = None
    account: tuple[str, ...] = ()
    execute: bool = False
    save_tx: Path | None = None
    yes: bool = False
    as_json: bool = False


def run_propose_safe(provider: Any, options: SafeOptions) -> Mapping[str, Any]:
    """Verify, build, show, ask, and post or execute; the document says what was done.

    Raises
    ------
    ParamgenError
        With a message that says what to do; nothing was signed or sent.
    """
    manifest, calls = _verified(options)
    with redacted(addresses_of(provider)):
        safe = _safe(provider, options.safe)
        _require_meant(provider, manifest, safe)
        safe.require_usable()
        named = [account_named(provider, alias, yes=options.yes) for alias in options.account]
        queued = safe.queue(calls)
        signers = safe.signers(named, queued, execute=options.execute)
        _announce(safe, queued, signers, calls)
        _confirm(safe, options)
        document = _done(safe, queued, signers, named, options)
    if options.save_tx is not None:
        told = json.dumps(document["transaction"], indent=2) + "\n"
        write_whole(options.save_tx, told.encode())
    click.echo(f"{document['status']}: {document['confirmations']} of {safe.threshold} signatures")
    click.echo(f"safeTxHash {queued.digest}\n{document['verify']}")
    return document


def _done(
    safe: LiveSafe,
    queued: Queued,
    signers: Sequence[Any],
    named: Sequence[Any],
    options: SafeOptions,
) -> dict[str, Any]:
    document = {
        "safe": safe.address,
        "chain_id": safe.chain_id,
        "safe_tx_hash": queued.digest,
        "transaction": to_document(queued.transaction),
        "threshold": safe.threshold,
        "verify": _command(options, queued),
    }
    if not options.execute:
        return {**document, "status": "posted", "confirmations": safe.post(queued, signers)}
    submitter = [*named, *signers, *safe.account.local_signers][0]
    sent = _executed(safe, queued, signers, submitter, document)
    executed = {"status": "executed", "confirmations": safe.threshold, "transaction_hash": sent}
    return {**document, **executed}


def _executed(
    safe: LiveSafe,
    queued: Queued,
    signers: Sequence[Any],
    submitter: Any,
    document: Mapping[str, Any],
) -> str:
    from paramgen.edge.safes import UncertainError  # noqa: PLC0415 - an extra of its own

    try:
        return safe.execute(queued, signers, submitter)
    except UncertainError as error:
        message = f"{error}\n    Ask the chain before you run again: {document['verify']}"
        raise UnfinishedError(message, {**document, "status": "incomplete"}) from None


def _verified(options: SafeOptions) -> tuple[Manifest, tuple[Call, ...]]:
    """The manifest and calls of a folder that is what the book compiles to."""
    files = proposal_files(options.proposal)
    found = verify(files, document_of(options.book, options.artefact))
    if found:
        show_disagreements(found)
        differing = [vars(each) for each in found]
        raise DifferentError(
            f"{options.proposal} is not what the book compiles to; nothing was signed or sent",
            {"status": "different", "equal": False, "disagreements": differing},
        )
    manifest = read_manifest(files[MANIFEST])
    if manifest.form is not SAFE:
        raise ProposalError(f"{options.proposal} is a proposal to a {manifest.form.name}, no Safe")
    return manifest, SAFE.read(files[SAFE.file]).calls


def _safe(provider: Any, alias: str) -> LiveSafe:
    try:
        from paramgen.edge.safes import LiveSafe  # noqa: PLC0415 - an extra of its own
    except ModuleNotFoundError as error:
        raise ParamgenError("a live Safe needs ape-safe: pip install 'paramgen[safe]'") from error
    return LiveSafe(provider, alias)


def _require_meant(provider: Any, manifest: Manifest, safe: LiveSafe) -> None:
    """The chain, to its first block, and the Safe are those that the proposal is for."""
    assumed, genesis = manifest.assumed, Node(provider.web3, waiting_for(provider)).block_hash(0)
    if (safe.chain_id, genesis) != (assumed.chain_id, assumed.genesis or genesis):
        raise ProposalError(
            f"{network_key(provider)} is chain {safe.chain_id} (genesis {genesis}), the proposal "
            f"is for {assumed.chain_id} ({assumed.genesis or 'any'}); nothing was signed or sent"
        )
    if safe.address != manifest.request.carrier:
        raise ProposalError(
            f"{safe.alias} is the Safe {safe.address}, the proposal is for "
            f"{manifest.request.carrier}; nothing was signed or sent"
        )


def _announce(
    safe: LiveSafe, queued: Queued, signers: Sequence[Any], calls: Sequence[Call]
) -> None:
    known = "waits in the queue" if queued.is_known else "is new"
    who = ", ".join(each.address for each in signers) or "nobody"
    click.echo(
        f"{safe.address} on chain {safe.chain_id}, nonce {queued.transaction.nonce}: {len(calls)} "
        f"calls; {queued.digest} {known}, {len(queued.confirmations)} of {safe.threshold} "
        f"signatures; {who} signs now",
        err=True,
    )


def _confirm(safe: LiveSafe, options: SafeOptions) -> None:
    what = "Execute it" if options.execute else "Sign it and post it to the Safe's service"
    confirm(f"{what}, as {safe.alias}?", yes=options.yes, instead="--yes to go on")


def _command(options: SafeOptions, queued: Queued) -> str:
    """How anybody checks what is under way, or was done."""
    source = ("--book", options.book) if options.book else ("--artefact", options.artefact)
    told = () if options.execute else ("--safe-tx", options.save_tx or "queued.json")
    words = ("paramgen", "verify", options.proposal, *source, *told, "--safe-tx-hash",
             queued.digest)  # fmt: skip
    return shlex.join(map(str, words))
