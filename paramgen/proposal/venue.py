"""A proposal to a venue: its own configuration calls, carried by any form of governance.

Everything follows from the artefact and the request; no chain is read. `venue.json` says what the
calls set, value by value, what the venue's getters give afterwards, and what has to be deployed
before; `verify` makes the whole folder again.
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
    description,
    manifest,
    template,
)
from paramgen.report import charts
from paramgen.report.page import Page, Picture, Section, Table, html
from paramgen.targets.calls import ProposalError, as_hex, from_hex
from paramgen.targets.envelope import Envelope, Format, write_json
from paramgen.targets.registry import VENUES
from paramgen.targets.setters import Setting
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
    artefact: Mapping[str, Any], name: str, request: Request, form: Format
) -> dict[str, bytes]:
    """Every file of the proposal by name.

    Raises
    ------
    ProposalError : as `target_of`; or assets disagree on a value that they share.
    """
    target = target_of(artefact, name)
    salt = from_hex(artefact["hash"], "artefact hash")
    emission = target.venue.encode(target.settings, salt)
    text = _text(artefact, target, emission, request).encode()
    envelope = Envelope(
        chain_id=target.chain_id,
        carrier=request.carrier,
        title=request.title,
        description=description(artefact, request, text),
        created_at=request.created_at,
        salt=salt,
        delay=request.delay,
    )
    written = {
        TEXT: text,
        form.file: form.write(emission.calls, envelope),
        VALUES: _values(target, emission),
        REPORT: _report(artefact, target, request.title).encode(),
    }
    asked = {key: said for key, said in vars(request).items() if key != "deadline"}
    named = {"target": target.name, "venue": target.venue.name, "chain_id": target.chain_id}
    found = manifest(artefact, form, written, schema=SCHEMA, request=asked, **named)
    return {**written, MANIFEST: found}


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


def _text(artefact: Mapping[str, Any], target: Target, emission: Emission, request: Request) -> str:
    return template("venue.md").render(
        artefact=artefact,
        target=target,
        request=request,
        emission=emission,
        actions=[(call, function_of(call), said_by(call)) for call in emission.calls],
        motives=list(_motives(artefact, target)),
        values=list(_rows(target)),
        curves={placed.asset: _curve(target, placed) for placed in target.placed},
    )


def _motives(artefact: Mapping[str, Any], target: Target) -> Iterator[tuple[str, ...]]:
    """Every compiled field that stands behind the venue's values, with its because."""
    for placed in target.placed:
        known = artefact["markets"][placed.asset]["parameters"]
        for field in FIELDS:
            (text,), unit = shown(field, placed.parameters[field])
            yield placed.asset, field, f"{text} {unit}".strip(), known[field]["because"]


def _rows(target: Target) -> Iterator[tuple[str, ...]]:
    """Every value of the venue: of what, its name, the integer, the unit, what it means."""
    names = _names(target)
    for each in target.settings:
        unit = target.venue.units[each.name]
        plain, _, meaning = target.venue.said(each).partition(" = ")
        integer = str(each.value) if isinstance(each.value, int) else plain
        of = " in ".join(names.get(part, part) for part in reversed(each.of))
        yield of, each.name, integer, unit.name, meaning


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


def _report(artefact: Mapping[str, Any], target: Target, title: str) -> str:
    facts = (
        ("artefact", artefact["hash"]),
        ("venue", f"{target.venue.name}, chain {target.chain_id}"),
        *((f"{item['role']}: {item['file']}", item["sha256"]) for item in artefact["inputs"]),
    )
    table = Table(
        "What the venue is to hold", ("of", "value", "integer", "unit", "means"),
        tuple(_rows(target)),
    )  # fmt: skip
    sections = [Section("Values", blocks=(table,))]
    for placed in target.placed:
        curves = target.curves(placed)
        if curves is not None:
            sections.append(Section(placed.asset, blocks=(_picture(placed.asset, *curves),)))
    summary = f"What {target.venue.name} would run on."
    return html(Page(title, summary, facts, tuple(sections)))


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
        axes.legend()

    return Picture(f"Borrow rate of {asset} by utilisation.", charts.draw(draw))
