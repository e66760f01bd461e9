"""Hold a proposal to a recompiled book, value by value, from book and files alone.

Everything in a proposal follows from the artefact, the request and the assumed configuration, so it
is made again and compared. Where calldata differ, both sides are decoded and the fields named. What
a chain holds now cannot be known without one: the state before is marked as assumed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

from paramgen.difference import Assumption
from paramgen.encode import FIELDS, Word, unpack
from paramgen.errors import ParamgenError
from paramgen.proposal.actions import WORD_ORDER, Said, said_by
from paramgen.proposal.document import MANIFEST, SCHEMA, Request, carried_of, files_of
from paramgen.proposal.venue import SCHEMA as VENUE_SCHEMA
from paramgen.proposal.venue import Standing, read_standing, venue_files
from paramgen.saved_plan import read_assumption
from paramgen.targets.calls import Call, ProposalError, address, required
from paramgen.targets.envelope import Carried, Format, read_json, whole_number
from paramgen.targets.registry import FORMATS, VENUES
from paramgen.targets.safe import SAFE
from paramgen.wording import shown

_KEYS = (
    "schema", "artefact", "book", "inputs", "format", "request", "assumes", "files",
)  # fmt: skip
_VENUE_KEYS = (
    "schema", "artefact", "book", "inputs", "format", "target", "venue", "chain_id", "request",
    "files",
)  # fmt: skip
_REQUEST = ("title", "summary", "carrier", "deadline", "created_at", "delay")
_VENUE_REQUEST = ("title", "summary", "carrier", "created_at", "delay")
_WHAT = "the manifest"
_WORDS = {word.value: word for word in WORD_ORDER}
NOTHING = "nothing"


@dataclass(frozen=True)
class Disagreement:
    """One thing that the proposal says otherwise than the book.

    `where` is the file and what in it; `proposed` and `compiled` are the two values.
    """

    where: str
    proposed: str
    compiled: str


@dataclass(frozen=True)
class Manifest:
    """What a proposal says that it rests on.

    Attributes
    ----------
    assumed : the configuration; of a proposal to a venue the chain alone.
    target : name of the venue in the book, None for our own contracts.
    standing : what the venue held, None where the proposal was made without a chain.
    """

    form: Format
    request: Request
    assumed: Assumption
    target: str | None = None
    standing: Standing | None = None


def read_manifest(data: bytes) -> Manifest:
    """Read a manifest.

    Raises
    ------
    ProposalError : it is none of this schema, or damaged.
    """
    document = read_json(data, _WHAT)
    if isinstance(document, Mapping) and document.get("schema") == VENUE_SCHEMA:
        return _read_venue_manifest(document)
    document = required(document, _KEYS, _WHAT)
    if document["schema"] != SCHEMA:
        raise ProposalError(f"{_WHAT} has schema {document['schema']!r}, not {SCHEMA!r}")
    form = _form(document)
    asked = required(document["request"], _REQUEST, f"the request of {_WHAT}")
    try:
        assumed = read_assumption(document["assumes"])
        _require_sound(assumed)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ProposalError(f"{_WHAT} has a damaged assumption: {error!r}") from None
    return Manifest(form, _request(asked), assumed)


def _read_venue_manifest(found: Mapping[str, Any]) -> Manifest:
    optional = [key for key in ("assumes",) if key in found]
    document = required(found, (*_VENUE_KEYS, *optional), _WHAT)
    asked = required(document["request"], _VENUE_REQUEST, f"the request of {_WHAT}")
    chain_id = whole_number(document["chain_id"], "chain_id")
    standing = _standing(document) if optional else None
    genesis, block = ("", 0) if standing is None else (standing.genesis, standing.block)
    return Manifest(
        _form(document),
        _request({**asked, "deadline": 0}),
        Assumption(chain_id, genesis, block, None, None, None, {}, {}),
        _text(document, "target"),
        standing,
    )


def _standing(document: Mapping[str, Any]) -> Standing:
    venue = VENUES.get(str(document["venue"]))
    if venue is None:
        known = ", ".join(VENUES)
        raise ProposalError(f"{_WHAT} names the venue {document['venue']!r}; known: {known}")
    return read_standing(document["assumes"], venue)


def _form(document: Mapping[str, Any]) -> Format:
    form = FORMATS.get(str(document["format"]))
    if form is None:
        known = ", ".join(FORMATS)
        raise ProposalError(f"{_WHAT} names the format {document['format']!r}; known: {known}")
    return form


def _require_sound(assumed: Assumption) -> None:
    """Types that JSON does not promise; a proposal's author is not to be trusted with them."""
    whole_number(assumed.chain_id, "chain_id")
    whole_number(assumed.block, "block")
    if assumed.steward is not None:
        address(assumed.steward, "steward")
    for asset, standing in assumed.markets.items():
        if standing is None:
            continue
        address(standing.address, f"address of {asset}")
        whole_number(standing.epoch, f"epoch of {asset}")
        if set(standing.words) != set(FIELDS) or not all(map(_is_word, standing.words.values())):
            raise ValueError(f"words of {asset}")
    if not all(map(_is_word, assumed.guardrails.values())):
        raise ValueError("guardrails")


def _is_word(value: int) -> bool:
    return 0 <= value < 1 << 256


def _request(asked: Mapping[str, Any]) -> Request:
    return Request(
        title=_text(asked, "title"),
        summary=_text(asked, "summary"),
        carrier=address(asked["carrier"], "carrier"),
        deadline=whole_number(asked["deadline"], "deadline"),
        created_at=whole_number(asked["created_at"], "created_at"),
        delay=whole_number(asked["delay"], "delay"),
    )


def _text(asked: Mapping[str, Any], key: str) -> str:
    text = asked[key]
    if isinstance(text, str):
        return text
    raise ProposalError(f"{key} of {_WHAT} is no text: {text!r}")


def verify(files: Mapping[str, bytes], artefact: Mapping[str, Any]) -> tuple[Disagreement, ...]:
    """Everything in which the files differ from what the artefact gives; nothing where equal.

    Parameters
    ----------
    files : the proposal's files by name.
    artefact : compiled anew from the voter's own book.

    Raises
    ------
    ProposalError : there is no manifest to say what was proposed.
    """
    if MANIFEST not in files:
        raise ProposalError(f"there is no {MANIFEST} among the files: {', '.join(sorted(files))}")
    manifest = read_manifest(files[MANIFEST])
    try:
        expected = _files_again(artefact, manifest)
    except ParamgenError as error:
        return (Disagreement(MANIFEST, "a proposal", str(error)),)
    misplaced = _misplaced(artefact, manifest.assumed)
    return (*misplaced, *_disagreements(files, expected, manifest.form))


def _files_again(artefact: Mapping[str, Any], manifest: Manifest) -> dict[str, bytes]:
    if manifest.target is not None:
        return venue_files(
            artefact, manifest.target, manifest.request, manifest.form, manifest.standing
        )
    return files_of(artefact, manifest.assumed, manifest.request, manifest.form)


def _misplaced(artefact: Mapping[str, Any], assumed: Assumption) -> Iterator[Disagreement]:
    """Assets whose market is said to stand at an address that the book gives for none of theirs.

    What a proposal assumes is its author's word: with two addresses exchanged, one asset's words
    would land on the other, and everything else would still agree.
    """
    for asset, standing in assumed.markets.items():
        declared = _declared(artefact, asset)
        if standing is not None and declared and standing.address.lower() not in declared:
            where = f"{MANIFEST}: address of {asset}"
            yield Disagreement(where, standing.address, " or ".join(sorted(declared)))


def _declared(artefact: Mapping[str, Any], asset: str) -> set[str]:
    """The asset's tokens on all networks of the book, in lower case."""
    networks = artefact["markets"].get(asset, {}).get("deployments", {}).values()
    return {roles["token"].lower() for roles in networks if "token" in roles}


def verify_live(
    manifest: Manifest, artefact: Mapping[str, Any], carried: Carried
) -> tuple[Disagreement, ...]:
    """Everything in which a proposal under way differs from what the artefact gives.

    Parameters
    ----------
    carried : as a chain, or a Safe's transaction, holds it.
    """
    try:
        wanted = _carried_again(artefact, manifest)
    except ParamgenError as error:
        return (Disagreement("live", "a proposal", str(error)),)
    if manifest.form is SAFE:
        # The builder's words for people are not part of what owners sign.
        wanted = replace(wanted, description="")
    return tuple(replace(each, where=f"live: {each.where}") for each in compare(carried, wanted))


def _carried_again(artefact: Mapping[str, Any], manifest: Manifest) -> Carried:
    form = manifest.form
    if manifest.target is not None:
        return form.read(_files_again(artefact, manifest)[form.file])
    return carried_of(artefact, manifest.assumed, manifest.request, form)


def _disagreements(
    files: Mapping[str, bytes], expected: Mapping[str, bytes], form: Format
) -> Iterator[Disagreement]:
    for name in sorted({*files, *expected}):
        if name not in expected:
            yield Disagreement(name, "a file", NOTHING)
        elif name not in files:
            yield Disagreement(name, NOTHING, "a file")
        elif files[name] != expected[name]:
            yield from _differing(name, files[name], expected[name], form)


def _differing(name: str, found: bytes, expected: bytes, form: Format) -> Iterator[Disagreement]:
    if name == form.file:
        yield from _carried(name, found, expected, form)
    elif name == MANIFEST:
        yield from _keys(name, json.loads(found), json.loads(expected))
    else:
        yield _first_line(name, found, expected)


def _carried(name: str, found: bytes, expected: bytes, form: Format) -> Iterator[Disagreement]:
    wanted = form.read(expected)
    try:
        carried = form.read(found)
    except ProposalError as error:
        yield Disagreement(name, str(error), "a file that agrees with itself")
        return
    named = list(compare(carried, wanted))
    for each in named:
        yield Disagreement(f"{name}: {each.where}", each.proposed, each.compiled)
    if not named:
        yield _first_line(name, found, expected)


def compare(carried: Carried, wanted: Carried) -> Iterator[Disagreement]:
    """Everything in which two proposals differ once decoded; of live ones too."""
    for part in ("chain_id", "carrier", "description", "salt", "delay"):
        one, other = getattr(carried, part), getattr(wanted, part)
        if one != other:
            yield Disagreement(part.replace("_", " "), repr(one), repr(other))
    if len(carried.calls) != len(wanted.calls):
        yield Disagreement("calls", str(len(carried.calls)), str(len(wanted.calls)))
    pairs = enumerate(zip_longest(carried.calls, wanted.calls), start=1)
    for number, (one, other) in pairs:
        if one is not None and other is not None and one != other:
            yield from _calls(number, one, other)


def _calls(number: int, one: Call, other: Call) -> Iterator[Disagreement]:
    for part in ("to", "value"):
        if getattr(one, part) != getattr(other, part):
            where = f"call {number}: {part}"
            yield Disagreement(where, str(getattr(one, part)), str(getattr(other, part)))
    if one.data == other.data:
        return
    first, second = _by_field(said_by(one)), _by_field(said_by(other))
    for field in sorted({*first, *second}):
        pair = first.get(field, NOTHING), second.get(field, NOTHING)
        if pair[0] != pair[1]:
            yield from _fields(f"call {number}: {field}", *pair)


def _by_field(said: Sequence[Said]) -> dict[str, str]:
    return {each.field: each.value for each in said}


def _fields(where: str, one: str, other: str) -> Iterator[Disagreement]:
    """A word that differs, taken apart into its fields."""
    word = _WORDS.get(where.rpartition(".")[2])
    if word is None or NOTHING in (one, other):
        yield Disagreement(where, one, other)
        return
    named = list(_unpacked(where, word, int(one, 16), int(other, 16)))
    # Bits that belong to no field are shown as they are.
    yield from named or [Disagreement(where, one, other)]


def _unpacked(where: str, word: Word, one: int, other: int) -> Iterator[Disagreement]:
    first, second = unpack(word, one), unpack(word, other)
    for field in FIELDS[word]:
        if first[field.name] != second[field.name]:
            (left, right), unit = shown(field.name, first[field.name], second[field.name])
            at = f"{where.rpartition('.')[0]}.{field.name}"
            yield Disagreement(at, f"{left} {unit}".strip(), f"{right} {unit}".strip())


def _keys(name: str, found: Any, expected: Any, at: str = "") -> Iterator[Disagreement]:
    if isinstance(found, dict) and isinstance(expected, dict):
        for key in sorted({*found, *expected}):
            inner = found.get(key, NOTHING), expected.get(key, NOTHING)
            yield from _keys(name, *inner, f"{at}.{key}" if at else key)
    elif found != expected:
        yield Disagreement(f"{name}: {at}", str(found), str(expected))


def _first_line(name: str, found: bytes, expected: bytes) -> Disagreement:
    """The first line that differs, for a person to look at."""
    pairs = zip_longest(found.split(b"\n"), expected.split(b"\n"), fillvalue=b"")
    for number, (one, other) in enumerate(pairs, start=1):
        if one != other:
            left, right = (line.decode(errors="replace")[:200] for line in (one, other))
            return Disagreement(f"{name}:{number}", left, right)
    return Disagreement(name, f"{len(found)} bytes", f"{len(expected)} bytes")
