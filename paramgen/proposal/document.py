"""The files of a proposal, a function of an artefact and what was asked: same inputs, same bytes.

`proposal.md` is for people, the carrier's file is what is sent, `manifest.json` says what all of it
rests on, `report.html` draws what would change. What a governor hashes as the description is short
and names the hash of `proposal.md`, so that the whole text is voted on without being paid for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from paramgen.artefact import canonical
from paramgen.difference import Assumption, Difference, Move, difference, moves
from paramgen.proposal.actions import Said, actions_of, function_of, said_by
from paramgen.proposal.rails import RAIL_COLUMNS, rail_rows
from paramgen.proposal.report import report
from paramgen.saved_plan import assumption_document
from paramgen.targets.calls import Call, from_hex
from paramgen.targets.envelope import Carried, Envelope, Format
from paramgen.wording import moment, shown

SCHEMA = "paramgen/proposal/1"
TEXT, MANIFEST, REPORT = "proposal.md", "manifest.json", "report.html"


@dataclass(frozen=True)
class Request:
    """What was asked for; everything else follows from the artefact and the assumed state.

    Attributes
    ----------
    title, summary : one line, and what a voter should know first.
    carrier : address of the governor, timelock or Safe.
    deadline : Unix seconds after which the steward refuses the batch.
    created_at : Unix seconds, stated so that the bytes repeat.
    delay : seconds that a timelock waits.
    """

    title: str
    summary: str
    carrier: str
    deadline: int
    created_at: int
    delay: int = 0


@dataclass(frozen=True)
class Row:
    """One field that would change, as a person reads it."""

    asset: str
    field: str
    before: str
    after: str
    unit: str
    because: str


def files_of(
    artefact: Mapping[str, Any], assumed: Assumption, request: Request, form: Format
) -> dict[str, bytes]:
    """Every file of the proposal by name.

    Raises
    ------
    ProposalError : there is nothing to propose, something has to be deployed first, or the chain
        would refuse it whoever asks.
    """
    left = difference(artefact, assumed)
    text, sent = _sent(artefact, assumed, request, form)
    written = {
        TEXT: text,
        form.file: sent,
        REPORT: report(artefact, assumed, left, request.title).encode(),
    }
    assumes = assumption_document(assumed)
    found = manifest(artefact, form, written, schema=SCHEMA, request=vars(request), assumes=assumes)
    return {**written, MANIFEST: found}


def carried_of(
    artefact: Mapping[str, Any], assumed: Assumption, request: Request, form: Format
) -> Carried:
    """What the carrier's file of the proposal carries, as a reader of its calldata sees it.

    Raises
    ------
    ProposalError : as for `files_of`.
    """
    return form.read(_sent(artefact, assumed, request, form)[1])


def _sent(
    artefact: Mapping[str, Any], assumed: Assumption, request: Request, form: Format
) -> tuple[bytes, bytes]:
    """The text for people, and the carrier's file, which names its hash."""
    left = difference(artefact, assumed)
    calls = actions_of(artefact, assumed, left, request.deadline)
    text = _text(artefact, assumed, request, left, calls).encode()
    return text, form.write(calls, envelope_of(artefact, request, assumed.chain_id, text))


def envelope_of(
    artefact: Mapping[str, Any], request: Request, chain_id: int, text: bytes
) -> Envelope:
    """What carries the calls: the request, and the artefact's hash as salt."""
    return Envelope(
        chain_id=chain_id,
        carrier=request.carrier,
        title=request.title,
        description=description(artefact, request, text),
        created_at=request.created_at,
        salt=from_hex(artefact["hash"], "artefact hash"),
        delay=request.delay,
    )


def description(artefact: Mapping[str, Any], request: Request, text: bytes) -> str:
    """What is voted on in words: title, summary, and the hashes of everything said at length."""
    return (
        f"# {request.title}\n\n{request.summary}\n\n"
        f"artefact: {artefact['hash']}\n"
        f"{TEXT} sha256: {hashlib.sha256(text).hexdigest()}\n"
    )


def rows(artefact: Mapping[str, Any], assumed: Assumption, left: Difference) -> tuple[Row, ...]:
    """Every field that would change, in the artefact's order."""
    return tuple(
        _row(asset, move)
        for asset, landing in left.words.items()
        for move in moves(artefact, asset, landing, assumed.markets[asset])
    )


def _row(asset: str, move: Move) -> Row:
    (before, after), unit = shown(move.field, move.before, move.after)
    return Row(asset, move.field, before, after, unit, move.because)


def _text(
    artefact: Mapping[str, Any],
    assumed: Assumption,
    request: Request,
    left: Difference,
    calls: Sequence[Call],
) -> str:
    found = rows(artefact, assumed, left)
    return template(TEXT).render(
        artefact=artefact,
        assumed=assumed,
        request=request,
        deadline=moment(request.deadline),
        left=left,
        rows=found,
        rail_columns=RAIL_COLUMNS,
        rails=rail_rows(left.guardrails),
        assets=list(dict.fromkeys(row.asset for row in found)),
        actions=[(call, tuple(_readable(assumed, call))) for call in calls],
    )


def _readable(assumed: Assumption, call: Call) -> Iterator[tuple[str, str]]:
    """What a call sets, with the asset's name in place of its address."""
    standings = assumed.markets.items()
    names = {standing.address.lower(): asset for asset, standing in standings if standing}
    for said in said_by(call):
        yield _named(said, names), said.value


def _named(said: Said, names: Mapping[str, str]) -> str:
    address, dot, rest = said.field.partition(".")
    return f"{names.get(address.lower(), address)}{dot}{rest}"


def manifest(
    artefact: Mapping[str, Any], form: Format, files: Mapping[str, bytes], **rest: Any
) -> bytes:
    """What a proposal rests on: the artefact with its inputs, every file's hash, and the rest."""
    return canonical(
        {
            "artefact": artefact["hash"],
            "book": artefact["book"],
            "inputs": artefact["inputs"],
            "format": form.name,
            "files": {
                name: "0x" + hashlib.sha256(data).hexdigest() for name, data in files.items()
            },
            **rest,
        }
    )


def _cell(text: str) -> str:
    """Text that can end neither its cell nor its line of a Markdown table."""
    return " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|")


@lru_cache(maxsize=2)
def template(name: str) -> Template:
    """One of the texts, by its file's name."""
    # The output is Markdown, not HTML: cells are escaped by their own filter.
    environment = Environment(  # noqa: S701
        loader=PackageLoader("paramgen.proposal"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["cell"] = _cell
    environment.filters["function"] = function_of
    return environment.get_template(name)
