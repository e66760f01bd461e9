"""A proposal to a venue: its own configuration calls, carried by any form of governance.

Everything follows from the artefact, the request, and what the venue was found to hold, where a
chain was read. `venue.json` says what the calls set, value by value, what the venue's getters give
afterwards, and what has to be deployed before; `verify` makes the whole folder again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from eth_utils.address import is_address
from matplotlib.figure import Figure
from pydantic import TypeAdapter, ValidationError

from paramgen.artefact import held
from paramgen.book.venues import Entry
from paramgen.proposal.actions import function_of, said_by
from paramgen.proposal.document import (
    MANIFEST,
    REPORT,
    TEXT,
    Request,
    envelope_of,
    manifest,
    template,
)
from paramgen.report import charts
from paramgen.report.page import Page, Picture, Section, Table, html
from paramgen.targets.calls import ProposalError, as_hex, from_hex, required
from paramgen.targets.envelope import Format, whole_number, write_json
from paramgen.targets.present import Key, Present, key_of, standing_all, stands
from paramgen.targets.registry import VENUES
from paramgen.targets.setters import Held, Setting
from paramgen.targets.venue import (
    FIELDS,
    Emission,
    Parameters,
    Polyline,
    Venue,
    basis_points,
    compiled_curve,
    excess,
    merged,
    parameters_of,
)
from paramgen.wording import shown

SCHEMA = "paramgen/venue-proposal/1"
VALUES = "venue.json"
_ENTRY: TypeAdapter[Entry] = TypeAdapter(Entry)


@dataclass(frozen=True)
class Standing:
    """What the venue held when the proposal was made: what stands was left out of the calls.

    Attributes
    ----------
    genesis, block_hash : as `0x…`.
    """

    chain_id: int
    genesis: str
    block: int
    block_hash: str
    present: Present


@dataclass(frozen=True)
class Row:
    """One value of the venue for people: of what, its name, the integers, the unit, the meanings.

    Attributes
    ----------
    before, meant : what stands, empty where no chain was read.
    note : what becomes of a value that stands already.
    """

    of: str
    name: str
    before: str
    after: str
    unit: str
    meant: str
    means: str
    note: str


@dataclass(frozen=True)
class Placed:
    """One asset on the venue."""

    asset: str
    market: Entry
    parameters: Parameters
    settings: tuple[Setting, ...]


@dataclass(frozen=True)
class Target:
    """Every asset that the book lists on one venue under one name."""

    name: str
    venue: Venue
    chain_id: int
    placed: tuple[Placed, ...]

    @property
    def settings(self) -> tuple[Setting, ...]:
        """Of all assets, each thing once."""
        return merged(each for placed in self.placed for each in placed.settings)

    def curves(self, placed: Placed) -> tuple[Polyline, Polyline] | None:
        """The compiled curve and the venue's, None where it sets none."""
        drawn = self.venue.curve(placed.settings, placed.market)
        return None if drawn is None else (compiled_curve(placed.parameters.curve), drawn)


def target_of(artefact: Mapping[str, Any], name: str) -> Target:
    """The assets of an artefact that are listed under a name.

    Raises
    ------
    ProposalError : none is, or they are not on one venue of one chain, or a value cannot be said.
    """
    markets = artefact["markets"].items()
    found = [_placed(asset, market, name) for asset, market in markets if name in market["venues"]]
    if not found:
        names = sorted({each for _, market in markets for each in market["venues"]})
        known = f"it has {', '.join(names)}" if names else "it has none"
        raise ProposalError(
            f"no asset of the book is listed on {name!r}: {known}. Write it under the asset's "
            "venues."
        )
    kinds, chains = {p.market.kind for p in found}, {p.market.chain_id for p in found}
    if len(kinds) > 1 or len(chains) > 1:
        torn = [f"{p.asset} on {p.market.kind} of chain {p.market.chain_id}" for p in found]
        raise ProposalError(f"{name} is not one venue: {'; '.join(torn)}. Give each its own name.")
    return Target(name, VENUES[kinds.pop()], chains.pop(), tuple(found))


def _placed(asset: str, market: Mapping[str, Any], name: str) -> Placed:
    try:
        entry = _ENTRY.validate_python(market["venues"][name]["market"])
    except (ValidationError, KeyError, TypeError) as error:
        raise ProposalError(f"{asset} has a damaged entry for {name}: {error}") from None
    parameters = parameters_of(market)
    return Placed(asset, entry, parameters, VENUES[entry.kind].settings(parameters, entry))


def venue_files(
    artefact: Mapping[str, Any],
    name: str,
    request: Request,
    form: Format,
    standing: Standing | None = None,
) -> dict[str, bytes]:
    """Every file of the proposal by name.

    Parameters
    ----------
    standing : what the venue holds, None where no chain was read.

    Raises
    ------
    ProposalError : as `target_of`; or assets disagree on a value that they share; or all of it
        stands already.
    """
    target = target_of(artefact, name)
    reference = from_hex(artefact["hash"], "artefact hash")
    sent = _sent(target, standing)
    emission = target.venue.encode(sent, reference)
    text = _text(artefact, target, emission, request, standing).encode()
    envelope = envelope_of(artefact, request, target.chain_id, text)
    written = {
        TEXT: text,
        form.file: form.write(emission.calls, envelope),
        VALUES: _values(target, emission),
        REPORT: _report(artefact, target, request.title, standing).encode(),
    }
    asked = {key: said for key, said in vars(request).items() if key != "deadline"}
    named: dict[str, Any] = {
        "target": target.name, "venue": target.venue.name, "chain_id": target.chain_id,
    }  # fmt: skip
    if standing is not None:
        named["assumes"] = standing_document(standing)
    found = manifest(artefact, form, written, schema=SCHEMA, request=asked, **named)
    return {**written, MANIFEST: found}


def _sent(target: Target, standing: Standing | None) -> tuple[Setting, ...]:
    """What is left to send.

    Raises
    ------
    ProposalError : nothing is, or what stands is of another chain.
    """
    if standing is None:
        return target.settings
    if standing.chain_id != target.chain_id:
        raise ProposalError(
            f"{target.name} is on chain {target.chain_id}; what stands was read on chain "
            f"{standing.chain_id}"
        )
    if standing_all(target.settings, standing.present):
        raise ProposalError(
            f"nothing to propose: {target.name} holds every value as compiled, at block "
            f"{standing.block}"
        )
    return target.venue.leave(target.settings, standing.present)


# --- what stands --------------------------------------------------------------------------------


def standing_document(standing: Standing) -> dict[str, Any]:
    """As a manifest keeps it."""
    values = [
        {"of": list(of), "name": name, "value": held(value)}
        for (of, name), value in standing.present.items()
    ]
    where = {key: each for key, each in vars(standing).items() if key != "present"}
    return {**where, "values": values}


def read_standing(document: Any, venue: Venue) -> Standing:
    """Read what a manifest keeps.

    Raises
    ------
    ProposalError : it is damaged.
    """
    what = "what stands in the manifest"
    found = required(document, _STANDING, what)
    try:
        values = [required(each, ("of", "name", "value"), what) for each in found["values"]]
        present = {
            (tuple(map(str, each["of"])), str(each["name"])): _read(each, venue) for each in values
        }
    except (TypeError, KeyError, ValueError):
        raise ProposalError(f"{what} is damaged") from None
    hashes = (as_hex(from_hex(found[key], key)) for key in ("genesis", "block_hash"))
    genesis, block_hash = hashes
    block, chain_id = (whole_number(found[key], key) for key in ("block", "chain_id"))
    return Standing(chain_id, genesis, block, block_hash, present)


_STANDING = ("chain_id", "genesis", "block", "block_hash", "values")


def _read(found: Mapping[str, Any], venue: Venue) -> Held:
    """A value as JSON keeps it; only what has a unit is an integer."""
    value = found["value"]
    if isinstance(value, list):
        return tuple(map(str, value))
    if value is None:
        return None
    if not isinstance(value, str):
        raise TypeError(value)
    is_integer = venue.units[found["name"]].name and value.isdecimal() and value.isascii()
    return int(value) if is_integer else value


# --- the venue's values -------------------------------------------------------------------------


def _values(target: Target, emission: Emission) -> bytes:
    return write_json(
        {
            "venue": target.venue.name,
            "chain_id": target.chain_id,
            "creations": [
                {"contract": each.contract, "constructor_arguments": as_hex(each.arguments)}
                for each in emission.creations
            ],
            "values": [
                {
                    "of": list(each.of),
                    "name": each.name,
                    "value": held(each.value),
                    "reads": target.venue.said(each),
                }
                for each in target.settings
            ],
            "readings": [
                {"of": each.of, "getter": each.getter, "value": held(each.value)}
                for placed in target.placed
                for each in target.venue.readings(placed.settings, placed.market)
            ],
            "curves": {placed.asset: _curve(target, placed) for placed in target.placed},
        }
    )


def _curve(target: Target, placed: Placed) -> dict[str, str] | None:
    curves = target.curves(placed)
    if curves is None:
        return None
    ours, theirs = curves
    above = excess(theirs, ours)
    bound = target.venue.resolution(placed.market).bound(placed.parameters.curve)
    return {
        "above_compiled_bp_at_most": f"{float(above.most):.6g}",
        "above_compiled_bp_at_least": f"{float(above.least):.6g}",
        "stated_bound_bp": f"{float(bound):.6g}",
    }


# --- for people ---------------------------------------------------------------------------------


def _text(
    artefact: Mapping[str, Any],
    target: Target,
    emission: Emission,
    request: Request,
    standing: Standing | None,
) -> str:
    return template("venue.md").render(
        artefact=artefact,
        target=target,
        request=request,
        emission=emission,
        actions=[(call, function_of(call), said_by(call)) for call in emission.calls],
        motives=list(_motives(artefact, target)),
        values=list(_rows(target, standing)),
        standing=standing,
        curves={placed.asset: _curve(target, placed) for placed in target.placed},
    )


def _motives(artefact: Mapping[str, Any], target: Target) -> Iterator[tuple[str, ...]]:
    """Every compiled field that stands behind the venue's values, with its because."""
    for placed in target.placed:
        known = artefact["markets"][placed.asset]["parameters"]
        for field in FIELDS:
            (text,), unit = shown(field, placed.parameters[field])
            yield placed.asset, field, f"{text} {unit}".strip(), known[field]["because"]


def _rows(target: Target, standing: Standing | None) -> Iterator[Row]:
    """Every value of the venue."""
    names, venue = _names(target), target.venue
    present: Present = {} if standing is None else standing.present
    sent = {key_of(each): each.value for each in _sent(target, standing)}
    for each in target.settings:
        of = " in ".join(names.get(part, part) for part in reversed(each.of))
        after, means = _cells(each.value, venue.said(each))
        before, meant = "", ""
        if key_of(each) in present:
            held_now = present[key_of(each)]
            before, meant = _cells(held_now, venue.reads(each.name, held_now))
        note = _note(each, sent) if stands(each, present) else ""
        yield Row(of, each.name, before, after, venue.units[each.name].name, meant, means, note)


def _cells(value: Held, said: str) -> tuple[str, str]:
    """A value's integer, or its text, and what the integer means."""
    plain, _, means = said.partition(" = ")
    return str(value) if isinstance(value, int) else plain, means


def _note(setting: Setting, sent: Mapping[Key, Held]) -> str:
    if key_of(setting) not in sent:
        return "unchanged, not sent"
    kept = sent[key_of(setting)] is None
    return "unchanged, kept" if kept else "unchanged, sent again"


def _names(target: Target) -> dict[str, str]:
    """What each address is in the book: `collateral of ustb`; the executor and engine of all."""
    named: dict[str, list[str]] = {}
    for placed in target.placed:
        for path, text in _addresses(placed.market.model_dump()):
            role = path.removesuffix(".token")
            shared = len({p.market.model_dump().get(path) for p in target.placed}) == 1
            named.setdefault(text, []).append(role if shared else f"{role} of {placed.asset}")
    return {text: ", ".join(dict.fromkeys(roles)) for text, roles in named.items()}


def _addresses(entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in entry.items():
        if isinstance(value, Mapping):
            yield from ((f"{key}.{inner}", text) for inner, text in _addresses(value))
        elif isinstance(value, str) and is_address(value):
            yield key, value


def _report(
    artefact: Mapping[str, Any], target: Target, title: str, standing: Standing | None
) -> str:
    before = "unknown: no chain was read"
    if standing is not None:
        before = f"as read at block {standing.block} ({standing.block_hash})"
    facts = (
        ("artefact", artefact["hash"]),
        ("venue", f"{target.venue.name}, chain {target.chain_id}"),
        ("what stands before", before),
        *((f"{item['role']}: {item['file']}", item["sha256"]) for item in artefact["inputs"]),
    )
    sections = [Section("Values", blocks=(_table(target, standing),))]
    for placed in target.placed:
        curves = target.curves(placed)
        if curves is not None:
            sections.append(Section(placed.asset, blocks=(_picture(placed.asset, *curves),)))
    summary = f"What {target.venue.name} would run on."
    return html(Page(title, summary, facts, tuple(sections)))


def _table(target: Target, standing: Standing | None) -> Table:
    rows = list(_rows(target, standing))
    title = "What the venue is to hold"
    if standing is None:
        cells = tuple((r.of, r.name, r.after, r.unit, r.means) for r in rows)
        return Table(title, ("of", "value", "integer", "unit", "means"), cells)
    columns = ("of", "value", "before", "after", "unit", "meant", "means", "note")
    return Table(title, columns, tuple(tuple(vars(row).values()) for row in rows))


def _picture(asset: str, ours: Polyline, theirs: Polyline) -> Picture:
    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for line, label, colour in (
            (theirs, "as the venue computes it", charts.BLUE), (ours, "as compiled", charts.GREY),
        ):  # fmt: skip
            at = np.asarray([float(u) for u in line.breaks()]) * 100.0
            rates = [float(basis_points(rate)) / 100.0 for _, rate in line.points]
            axes.plot(at, rates, label=label, color=colour)
        axes.set_xlabel("utilisation, %")
        axes.set_ylabel("borrow rate, % a year of 365 d")
        axes.set_ylim(bottom=0.0)
        axes.legend(loc="upper left")

    return Picture(f"Borrow rate of {asset} by utilisation.", charts.draw(draw))
