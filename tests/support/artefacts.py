"""A small artefact by hand, for tests of what comes after the compiler."""

from __future__ import annotations

from typing import Any

from paramgen.artefact import digest, word
from paramgen.encode import BY_NAME, Word, pack
from paramgen.mirror.domains import parameters
from tests.support.markets import VALUES, rails

PRICE = 100 * 10**8
PRICE_AS_OF = 1_700_000_000


def sample_artefact(assets: int = 3, *, secondary: bool = True, **integers: int) -> dict[str, Any]:
    """An artefact of `assets` markets; keyword arguments replace encoded integers in all.

    The first asset has a NAV reference, all have two feeds where `secondary` says so.
    """
    document: dict[str, Any] = {
        "schema": "paramgen/artefact/1",
        "model": "1",
        "book": {"name": "sample", "as_of": "2023-11-14T00:00:00Z"},
        "inputs": [],
        "evidence": {},
        "markets": {
            f"asset-{n}": _market(f"asset-{n}", integers, secondary=secondary, reference=n == 0)
            for n in range(assets)
        },
        "guardrails": _guardrails(),
        "policy": {"name": "sample", "update_limit": "0.005", "roles": {}},
    }
    return signed(document)


def signed(document: dict[str, Any]) -> dict[str, Any]:
    """The document with its hash renewed."""
    return {**document, "hash": digest(document)}


def _market(
    name: str, integers: dict[str, int], *, secondary: bool, reference: bool
) -> dict[str, Any]:
    kinds = [kind for kind in Word if reference or kind is not Word.REFERENCE]
    values = {
        kind: {field: integers.get(field, value) for field, value in VALUES[kind].items()}
        for kind in kinds
    }
    return {
        "name": name,
        "class": "treasury",
        "decimals": 6,
        "parameters": {
            field: {
                "integer": str(integer),
                "unit": BY_NAME[field].unit,
                "because": f"{field}!",
                "binding": "",
            }
            for group in values.values()
            for field, integer in group.items()
        },
        "words": {kind.value: word(pack(kind, group)) for kind, group in values.items()},
        "feed": {
            "price": "100",
            "price_units": str(PRICE),
            "price_as_of": PRICE_AS_OF,
            "lowest_units": str(PRICE // 10),
            "highest_units": str(PRICE * 10),
            "has_secondary": secondary,
            "has_reference": reference,
            "call_gas": 100_000,
        },
        "beside": {
            "haircut": "0.1",
            "morpho_lltv": None,
            "comparables": {"a venue": {"ltv": "0.01", "liquidation_threshold": "-0.02"}},
            "given_away": {"default": "0.08", "market": "0.02"},
        },
        "deployments": {},
        "venues": {},
    }


def _guardrails() -> dict[str, dict[str, str]]:
    named = {number: field.name for kind in Word for number, field in parameters(kind)}
    return {named[number]: {"word": word(rail.pack())} for number, rail in rails().items()}
