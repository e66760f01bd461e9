"""`paramgen propose` and `paramgen verify`: write a proposal, and hold one to a book."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from paramgen.artefact import artefact, parse_artefact
from paramgen.cli.live_options import Asked, live_options, node_options
from paramgen.cli.output import json_option, show_json, table
from paramgen.compiler.build import compile_book
from paramgen.difference import Assumption
from paramgen.edge.files import read, write_whole
from paramgen.edge.load import load_book
from paramgen.proposal.document import MANIFEST, Request, files_of
from paramgen.proposal.venue import Standing, target_of, venue_files
from paramgen.proposal.verify import Disagreement, Manifest, read_manifest, verify, verify_live
from paramgen.saved_plan import from_bytes
from paramgen.targets.calls import ProposalError, address
from paramgen.targets.registry import FORMATS

if TYPE_CHECKING:
    from paramgen.cli.live import Found

DIFFERENT = 2
MAX_FILES = 32
MAX_BYTES = 64 * 1024 * 1024

_FILE = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)

_book = click.option("--book", type=_FILE, help="The book to compile.")
_artefact = click.option(
    "--artefact", "compiled", type=_FILE, help="A compiled artefact in place of a book."
)


@click.command()
@_book
@_artefact
@click.option("--plan", type=_FILE, help="A plan saved by `paramgen plan --save`.")
@click.option("--target", help="A venue of the book, in place of a plan for our own contracts.")
@click.option("--format", "form", type=click.Choice(list(FORMATS)), required=True)
@click.option("--carrier", required=True, help="Address of the governor, timelock or Safe.")
@click.option("--deadline", help="With --plan: last moment for the batch, such as 2027-01-31.")
@click.option("--title", required=True)
@click.option("--summary", required=True, help="What a voter should know first.")
@click.option("--delay", type=click.IntRange(0), default=0, help="Seconds a timelock waits.")
@click.option("-o", "--output", type=_FOLDER, required=True, help="Folder for the proposal.")
@node_options
@json_option
def propose(
    *,
    book: Path | None,
    compiled: Path | None,
    plan: Path | None,
    target: str | None,
    form: str,
    carrier: str,
    deadline: str | None,
    title: str,
    summary: str,
    delay: int,
    output: Path,
    rpc: str | None,
    block: int | None,
    as_json: bool,
) -> int:
    """Write a proposal that brings a chain to what a book compiles to.

    For our own contracts, the plan says what the chain held when it was read; for a venue of the
    book, --target names it, and a node tells what it holds: what stands already is left out where
    the venue can keep it, and what it would refuse is refused here. Without a node what stands
    before is unknown. Nothing is sent. The same book, plan, options and block give the same bytes.
    """
    document = document_of(book, compiled)
    request = Request(
        title=_one_line(title, "--title"),
        summary=summary.strip(),
        carrier=address(carrier, "--carrier"),
        deadline=_moment(deadline) if deadline else 0,
        created_at=_moment(document["book"]["as_of"]),
        delay=delay,
    )
    if target is not None and plan is None and deadline is None:
        standing = _standing(document, target, request, rpc, block)
        files = venue_files(document, target, request, FORMATS[form], standing)
    elif plan is not None and deadline is not None and target is None:
        files = files_of(document, _assumed(plan, document), request, FORMATS[form])
    else:
        raise ProposalError(
            "name --plan and --deadline for our own contracts, or --target for a venue of the book"
        )
    _require_fresh(output, files)
    for name, content in files.items():
        write_whole(output / name, content)
    if as_json:
        show_json({"folder": str(output), "files": sorted(files), "artefact": document["hash"]})
        return 0
    for name in files:
        click.echo(f"{output / name}")
    return 0


@click.command(name="verify")
@click.argument("proposal", type=_FOLDER, metavar="PROPOSAL")
@_book
@_artefact
@live_options
@json_option
def verify_(
    *,
    proposal: Path,
    book: Path | None,
    compiled: Path | None,
    safe_tx: Path | None,
    as_json: bool,
    **named: Any,
) -> int:
    """Recompile the book and hold PROPOSAL, a folder, to it value by value.

    With the id of a proposal that is under way, hold that to it too: a governor's, a timelock's, or
    a Safe's. Exit code 0 when everything agrees, 2 when something does not, 1 when it cannot be
    told.
    """
    files, document = proposal_files(proposal), document_of(book, compiled)
    found = verify(files, document)
    manifest = read_manifest(files[MANIFEST])
    asked = Asked(**named, safe_tx=None if safe_tx is None else read(safe_tx))
    live = _live(manifest, asked) if asked.named else None
    if live is not None:
        found += verify_live(manifest, document, live.live.carried) + live.disagreements
    moved = _moved(manifest, document, asked, live)
    found += moved or ()
    if as_json:
        said = {"equal": not found, "disagreements": [vars(each) for each in found]}
        show_json(said if live is None else {**said, "live": live.document()})
        return DIFFERENT if found else 0
    if live is not None:
        click.echo(live.words())
    if found:
        show_disagreements(found)
        return DIFFERENT
    before = _before(manifest, live, asked_venue=moved is not None)
    click.echo(f"Equal: every value of the proposal is the book's. The state before {before}.")
    return 0


def _before(manifest: Manifest, live: Found | None, *, asked_venue: bool) -> str:
    """What is known of the state before."""
    if manifest.target is not None and manifest.standing is None:
        return "is unknown: no chain was read"
    asked_chain = live is not None and live.pinned is not None and live.live.is_open
    return "stands on chain as assumed" if asked_chain or asked_venue else "is assumed"


def _moved(
    manifest: Manifest, document: Mapping[str, Any], asked: Asked, live: Found | None
) -> tuple[Disagreement, ...] | None:
    """What of a venue is no longer as assumed, or would be refused; None where none is asked."""
    is_over = live is not None and not live.live.is_open
    if manifest.target is None or manifest.standing is None or asked.rpc is None or is_over:
        return None
    from paramgen.cli.live import moved_since  # noqa: PLC0415 - web3 is slow

    return moved_since(manifest, document, asked)


def _standing(
    document: Mapping[str, Any], target: str, request: Request, rpc: str | None, block: int | None
) -> Standing | None:
    """What the venue holds; None without a node.

    Raises
    ------
    ProposalError
        When the venue would refuse what is proposed, as it stands; all of it at once.
    """
    found = target_of(document, target)
    if rpc is None:
        return None
    from paramgen.edge.rpc import connect, pin  # noqa: PLC0415 - web3 is slow
    from paramgen.edge.venues import objections, standing_of  # noqa: PLC0415 - web3 is slow

    pinned = pin(connect(rpc), block)
    standing = standing_of(pinned, found)
    refused = objections(pinned, found, standing, request.carrier)
    if refused:
        lines = "\n  ".join(map(str, refused))
        raise ProposalError(f"{target} would refuse this at block {standing.block}:\n  {lines}")
    return standing


def _live(manifest: Manifest, asked: Asked) -> Found:
    # web3 takes a second to import, which nobody should wait for who asks no chain.
    from paramgen.cli.live import find  # noqa: PLC0415

    return find(manifest, asked)


def _assumed(plan: Path, document: Mapping[str, Any]) -> Assumption:
    saved = from_bytes(read(plan))
    if saved.artefact != document["hash"]:
        raise ProposalError(
            f"{plan} is of artefact {saved.artefact}, the book compiles to {document['hash']}. "
            "Make the plan anew."
        )
    return saved.assumes


def show_disagreements(found: tuple[Disagreement, ...]) -> None:
    """Print what differs as a table."""
    table(
        "The proposal is not what the book compiles to",
        ("where", "proposed", "compiled"),
        ((each.where, each.proposed, each.compiled) for each in found),
    )


def document_of(book: Path | None, compiled: Path | None) -> Mapping[str, Any]:
    """The artefact that the user names, or that the book compiles to.

    Raises
    ------
    ParamgenError
        When not exactly one of the two is named, or it is unsound.
    """
    if compiled is not None and book is None:
        return parse_artefact(read(compiled), str(compiled))
    if book is not None and compiled is None:
        return artefact(compile_book(load_book(book)))
    raise ProposalError("name one of --book and --artefact")


def proposal_files(folder: Path) -> dict[str, bytes]:
    """The files of a proposal's folder by name.

    Raises
    ------
    ProposalError
        When it is no folder, or holds more than a proposal does.
    """
    if not folder.is_dir():
        raise ProposalError(f"{folder} is no folder; a proposal is one")
    paths = sorted(path for path in folder.iterdir() if path.is_file())
    if len(paths) > MAX_FILES or sum(path.stat().st_size for path in paths) > MAX_BYTES:
        raise ProposalError(f"{folder} holds more than a proposal does")
    return {path.name: read(path) for path in paths}


def _require_fresh(folder: Path, files: Mapping[str, bytes]) -> None:
    """A folder of one proposal holds no file of another."""
    if not folder.is_dir():
        return
    others = sorted(path.name for path in folder.iterdir() if path.name not in files)
    if others:
        raise ProposalError(
            f"{folder} holds other files ({', '.join(others[:3])}); name a new folder"
        )


def _moment(text: str) -> int:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ProposalError(f"{text!r} is no date such as 2027-01-31") from None
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())


def _one_line(text: str, what: str) -> str:
    flat = " ".join(text.split())
    if not flat:
        raise ProposalError(f"{what} is empty")
    return flat
