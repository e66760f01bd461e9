"""`paramgen price`: the yield of each asset by cause, its sensitivities and stresses."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from paramgen.book.evidence import EvidenceKind
from paramgen.book.schema import Asset, Published
from paramgen.cli.output import (
    basis_points,
    book_argument,
    json_option,
    number,
    percent,
    show_json,
    table,
)
from paramgen.compiler.asset import Derived, decomposition
from paramgen.compiler.build import Priced, price_book
from paramgen.compiler.explain import evidence_of
from paramgen.compiler.stress import DIRECTION, LARGEST_SHOCK, Stress, stress
from paramgen.edge.load import load_book
from paramgen.scenarios.library import MULTIPLIERS

_PARTS = ("risk_free", "expected_loss", "liquidity", "market", "counterparty", "legal")
_SHOWN = {
    "risk_free": "benchmark",
    "expected_loss": "PD·LGD",
    "liquidity": "liquidity",
    "market": "market",
    "counterparty": "CVA",
    "legal": "legal",
}


@click.command()
@book_argument
@click.option("--asset", "only", multiple=True, help="Price this asset only; may be repeated.")
@json_option
def price(book: Path, only: tuple[str, ...], as_json: bool) -> int:
    """Price BOOK: yield by cause, ±20 % sensitivities, stress table, reverse stress."""
    priced = price_book(load_book(book), only)
    stresses = {
        name: stress(priced.loaded, priced.marks, priced.fits[name], found)
        for name, found in priced.assets.items()
    }
    if as_json:
        show_json({name: _document(priced, name, stresses[name]) for name in priced.assets})
        return 0
    _tables(priced, stresses)
    return 0


def _document(priced: Priced, name: str, found: Stress) -> dict[str, Any]:
    derived, asset = priced.assets[name], priced.loaded.book.assets[name]
    parts = decomposition(derived)
    rests_on = evidence_of(priced.loaded.book, derived.quantities, "composite_yield")
    return {
        "name": asset.name,
        "composite_yield": number(parts.total.item()),
        "composite_yield_one_period": number(derived.value("composite_yield_one_period")),
        "decomposition": {part: number(getattr(parts, part).item()) for part in _PARTS},
        "default_probability": number(derived.value("default_probability")),
        "loss_given_default": number(derived.value("loss_given_default")),
        "exposure_at_default": number(derived.value("exposure_at_default")),
        "expected_loss_amount": number(derived.value("expected_loss_amount")),
        "sensitivities_bp": {
            part: {"down": number(1e4 * down), "up": number(1e4 * up)}
            for part, (down, up) in found.sensitivities.items()
        },
        "stress": {scenario: number(value) for scenario, value in found.scenarios.items()},
        "reverse_stress": number(found.reverse) if math.isfinite(found.reverse) else None,
        "published": {
            what: {"low": number(low), "high": number(high), "ours": number(ours), "inside": inside}
            for what, (low, high, ours, inside) in bands(asset.published, derived).items()
        },
        "assumptions": assumptions(priced, rests_on),
    }


def assumptions(priced: Priced, evidence: frozenset[str]) -> list[str]:
    """Those of the evidence that are assumptions of the book."""
    sources = priced.loaded.book.sources
    return sorted(name for name in evidence if sources[name].kind is EvidenceKind.ASSUMPTION)


def bands(published: Published, derived: Derived) -> Mapping[str, tuple[float, float, float, bool]]:
    """The sources' ranges with our figure: low, high, ours, inside."""
    ours = {
        "expected_loss": derived.value("expected_loss"),
        "composite_yield": derived.value("composite_yield"),
        "liquidity_discount": derived.value("liquidity"),
    }
    found = {}
    for what, figure in ours.items():
        band = getattr(published, what)
        if band is not None:
            low, high = float(band.low), float(band.high)
            found[what] = (low, high, figure, low <= figure <= high)
    return found


def _tables(priced: Priced, stresses: Mapping[str, Stress]) -> None:
    shown = {name: decomposition(found) for name, found in priced.assets.items()}
    table(
        "Composite yield by cause, per year",
        ("asset", *(_SHOWN[part] for part in _PARTS), "yield", "published bands"),
        (
            (
                _label(priced, name),
                *(percent(getattr(parts, part).item()) for part in _PARTS),
                percent(parts.total.item()),
                _verdict(priced.loaded.book.assets[name], priced.assets[name]),
            )
            for name, parts in shown.items()
        ),
    )
    names = list(next(iter(stresses.values())).sensitivities)
    table(
        "Change of the yield, bp, when one input rises by 20 %",
        ("asset", *(name.replace("_", " ") for name in names)),
        (
            (asset, *(basis_points(found.sensitivities[name][1]) for name in names))
            for asset, found in stresses.items()
        ),
    )
    table(
        "Yield under stress, per year; reverse: shock at which ordinary outcomes break LT·(1+b)",
        ("asset", *MULTIPLIERS, "reverse"),
        (
            (
                asset,
                *(percent(found.scenarios[name], 2) for name in MULTIPLIERS),
                f"{found.reverse:.2f}" if math.isfinite(found.reverse) else f"> {LARGEST_SHOCK:g}",
            )
            for asset, found in stresses.items()
        ),
    )
    click.echo(
        f"A shock of 1 multiplies PD by {DIRECTION.default_probability:g}, LGD by "
        f"{DIRECTION.loss_given_default:g}, depth by {DIRECTION.depth:g}, σ by "
        f"{DIRECTION.volatility:g} and time to exit by {DIRECTION.horizon:g}; shocks compound.\n"
        "Ordinary: one standard deviation of the market and the expected default loss.\n"
        "* rests on an assumption of the book."
    )


def _label(priced: Priced, name: str) -> str:
    derived = priced.assets[name]
    rests_on = evidence_of(priced.loaded.book, derived.quantities, "composite_yield")
    return f"{name} *" if assumptions(priced, rests_on) else name


def _verdict(asset: Asset, derived: Derived) -> str:
    found = bands(asset.published, derived)
    return ", ".join(
        f"{what.replace('_', ' ')} {'inside' if inside else 'OUTSIDE'} "
        f"{basis_points(low)}–{basis_points(high)} bp"
        for what, (low, high, _, inside) in found.items()
    )
