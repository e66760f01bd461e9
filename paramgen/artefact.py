"""The artefact: every parameter, its because, its integers, and what it all rests on.

Canonical JSON: UTF-8, keys sorted, no spaces, integers beyond 2⁵³ and all reals as text. Same
inputs, same bytes, on any machine; its hash goes on chain with the update (spec 3.8). Versions of
tools are not in it: they go to a sidecar.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction
from typing import Any

from paramgen.book.evidence import Evidence, EvidenceKind
from paramgen.book.schema import Asset
from paramgen.compiler.build import Compiled, CompiledAsset
from paramgen.compiler.explain import because, evidence_of
from paramgen.compiler.venues import Listed, price_units
from paramgen.encode import Encoded, Word
from paramgen.errors import ParamgenError
from paramgen.targets.envelope import plain_json
from paramgen.targets.setters import Held
from paramgen.units import PRICE_UNITS, SIGNIFICANT_DIGITS, Rounding, quantise, round_fraction

SCHEMA = "paramgen/artefact/1"
MODEL_VERSION = "3"
"""Raised with every change that moves a number."""


class ArtefactError(ParamgenError):
    """A document that is no artefact of ours, or one that was changed after it was written."""


def artefact(compiled: Compiled) -> dict[str, Any]:
    """The artefact of a compiled book, its own hash included."""
    loaded = compiled.loaded
    book = loaded.book
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "model": MODEL_VERSION,
        "book": {"name": book.name, "as_of": _moment(book.as_of)},
        "inputs": [
            {"role": item.role, "file": item.file, "sha256": item.sha256} for item in loaded.inputs
        ],
        "evidence": {name: _evidence(found) for name, found in book.sources.items()},
        "markets": {
            name: _market(compiled, book.assets[name], found)
            for name, found in compiled.assets.items()
        },
        "guardrails": {
            name: {"word": word(rail.pack())} for name, rail in compiled.guardrails.items()
        },
        "policy": {
            "name": loaded.policy.name,
            "update_limit": real(loaded.policy.oracle.update_limit.value),
            "roles": {
                network: roles.model_dump() for network, roles in loaded.policy.roles.items()
            },
        },
    }
    return {**document, "hash": digest(document)}


def canonical(document: Mapping[str, Any]) -> bytes:
    """The one way to write a document down."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"{text}\n".encode()


def digest(document: Mapping[str, Any]) -> str:
    """sha256 of the canonical bytes without the hash itself, as `0x…`."""
    bare = {key: value for key, value in document.items() if key != "hash"}
    return "0x" + hashlib.sha256(canonical(bare)).hexdigest()


def parse_artefact(text: bytes, name: str) -> dict[str, Any]:
    """Read an artefact back and check that nobody changed it.

    Raises
    ------
    ArtefactError
        When it is not JSON, of another schema, or its hash does not hold.
    """
    try:
        document = plain_json(text)
    except ValueError as error:
        raise ArtefactError(f"{name}: is not JSON ({error}).") from None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise ArtefactError(
            f"{name}: is not an artefact of schema {SCHEMA}. Compile the book anew."
        )
    expected = digest(document)
    if document.get("hash") != expected:
        raise ArtefactError(
            f"{name}: hash {document.get('hash')} does not hold; its content has {expected}.\n"
            "    It was changed after it was compiled. Compile the book anew."
        )
    return document


def word(packed: int) -> str:
    """A storage word as 32 bytes of hexadecimal."""
    return f"0x{packed:064x}"


def real(value: Fraction) -> str:
    """A real as text, exact where twelve significant digits are, else cut to them."""
    return f"{float(quantise(float(value))):.{SIGNIFICANT_DIGITS}g}"


def _market(compiled: Compiled, asset: Asset, found: CompiledAsset) -> dict[str, Any]:
    return {
        "name": asset.name,
        "class": asset.asset_class.value,
        "decimals": asset.decimals,
        "parameters": {
            name: _parameter(compiled, found, encoded)
            for name, encoded in found.landed.parameters.items()
        },
        "words": {kind.value: word(packed) for kind, packed in found.landed.words.items()},
        "feed": _feed(compiled, asset, found),
        "fits": _fits(found),
        "beside": _beside(found),
        "deployments": {
            network: addresses.model_dump(exclude={"evidence"}, exclude_none=True)
            for network, addresses in asset.deployments.items()
        },
        "venues": {name: _listed(listed) for name, listed in found.listed.items()},
    }


def _listed(listed: Listed) -> dict[str, Any]:
    """One venue: the book's entry, and the venue's own values of it."""
    above = listed.excess
    return {
        "market": listed.market.model_dump(mode="json", exclude_none=True),
        "values": [
            {
                "of": list(each.of),
                "name": each.name,
                "value": held(each.value),
                "reads": listed.venue.said(each),
            }
            for each in listed.settings
        ],
        "curve_above_bp": None
        if above is None
        else {"least": real(above.least), "most": real(above.most)},
    }


def held(value: Held) -> str | list[str] | None:
    """A setting's value as JSON keeps it: integers as text, None for what stays as it is."""
    if value is None or isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) else list(value)


def _parameter(compiled: Compiled, found: CompiledAsset, encoded: Encoded) -> dict[str, Any]:
    quantity = found.derived.quantities[encoded.field.name]
    rests_on = evidence_of(compiled.loaded.book, found.derived.quantities, quantity.name)
    kinds = compiled.loaded.book.sources
    assumed = sorted(name for name in rests_on if kinds[name].kind is EvidenceKind.ASSUMPTION)
    return {
        "integer": str(encoded.integer),
        "value": real(encoded.landed),
        "derived": real(encoded.wanted),
        "error": real(encoded.error),
        "rounding": encoded.field.rounding.value,
        "unit": encoded.field.unit,
        "formula": quantity.formula,
        "binding": quantity.binding,
        "because": because(quantity, encoded),
        "evidence": sorted(rests_on),
        "assumptions": assumed,
    }


def _feed(compiled: Compiled, asset: Asset, found: CompiledAsset) -> dict[str, Any]:
    oracle = asset.oracle
    return {
        "price": real(oracle.price.value),
        "price_units": str(price_units(asset)),
        "price_as_of": int(oracle.price_as_of.timestamp()),
        "lowest_units": str(round_fraction(oracle.lowest.value * PRICE_UNITS, Rounding.UP)),
        "highest_units": str(round_fraction(oracle.highest.value * PRICE_UNITS, Rounding.DOWN)),
        "has_secondary": oracle.secondary is not None,
        "has_reference": Word.REFERENCE in found.landed.words,
        "call_gas": compiled.loaded.policy.oracle.call_gas,
    }


def _fits(found: CompiledAsset) -> dict[str, Any]:
    """What was fitted, so that a reader can hold it against the histories."""
    price, band = found.fits.price, found.fits.band
    fitted: dict[str, Any] = {}
    if price is not None:
        fitted["price"] = {
            "z": repr(price.z),
            "volatility": repr(price.volatility),
            "label": price.label,
            "warnings": list(price.warnings),
        }
    if band is not None:
        fitted["band"] = {
            "up": repr(band.up),
            "down": repr(band.down),
            "window": repr(band.window),
            "label": band.label,
            "power": repr(band.power),
            "warnings": list(band.warnings),
        }
    return fitted


def _beside(found: CompiledAsset) -> dict[str, Any]:
    """Figures that bind nothing: for a reader to hold ours against."""
    second, value = found.opinions, found.derived.value
    return {
        "haircut": real(quantise(value("haircut"))),
        "composite_yield": real(quantise(value("composite_yield"))),
        "protection_horizon": real(quantise(value("protection_horizon"))),
        "morpho_lltv": None if second.lltv is None else real(quantise(second.lltv)),
        "smart_ltv": real(quantise(second.smart_ltv)),
        "levered_carry": real(quantise(second.levered_carry)),
        "bad_debt": real(quantise(value("bad_debt"))),
        "comparables": {
            venue: {"ltv": real(quantise(ltv)), "liquidation_threshold": real(quantise(lt))}
            for venue, (ltv, lt) in second.comparables.items()
        },
        "given_away": {cause: real(quantise(part)) for cause, part in second.given_away.items()},
        "warnings": list(second.warnings),
    }


def _evidence(found: Evidence) -> dict[str, Any]:
    return {"source": found.source, "as_of": _moment(found.as_of), "kind": found.kind.value}


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
