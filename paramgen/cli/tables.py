"""Plans as tables that a person can read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from paramgen.cli.output import table
from paramgen.encode import BY_NAME
from paramgen.plan import Change, Plan, Verdict
from paramgen.proposal.rails import RAIL_COLUMNS, rail_cells
from paramgen.wording import shown, span

_WHO = {
    Verdict.DEPLOYMENT: "deployment",
    Verdict.FIRST: "governor (first)",
    Verdict.WITHIN: "steward",
    Verdict.GOVERNOR: "governor",
    Verdict.REFUSED: "refused",
}


def plan_table(plan: Plan) -> Table:
    """Every field that changes: before, after, unit, who may change it, because."""
    sheet = Table(
        title=f"Plan for chain {plan.assumes.chain_id} at block {plan.assumes.block}",
        title_justify="left",
        header_style="bold",
    )
    for column in ("asset", "field"):
        sheet.add_column(column, overflow="fold")
    for column in ("before", "after"):
        sheet.add_column(column, justify="right", no_wrap=True)
    for column in ("unit", "may be set by", "because"):
        sheet.add_column(column, overflow="fold")
    previous = None
    for change in plan.changes:
        if previous not in (None, change.asset):
            sheet.add_section()
        shown = "" if change.asset == previous else change.asset
        sheet.add_row(shown, *_change_cells(change))
        previous = change.asset
    return sheet


def show_parameters(artefact: Mapping[str, Any]) -> None:
    """The parameters of an artefact, a line an asset, and what stands beside them."""
    markets = artefact["markets"]
    table(
        "Collateral and caps, as they land",
        ("asset", *(title for title, _ in _COLLATERAL), "haircut", "Morpho LLTV", "LT is bound by"),
        (
            (name, *_cells(market, _COLLATERAL), *_beside(market))
            for name, market in markets.items()
        ),
    )
    for title, columns in (("Rates", _RATES), ("Oracle", _ORACLE)):
        table(
            f"{title}, as they land",
            ("asset", *(heading for heading, _ in columns)),
            ((name, *_cells(market, columns)) for name, market in markets.items()),
        )
    causes = list(next(iter(markets.values()))["beside"]["given_away"]) if markets else []
    table(
        "What LT gives away, by cause (parts of −ln LT, in %)",
        ("asset", *causes),
        ((name, *_given_away(found)) for name, found in markets.items()),
    )
    others = [
        (
            f"{name} at {venue}",
            *(f"{100 * float(gap[field]):+.2f}" for field in _COMPARED),
            _largest_part(market),
        )
        for name, market in markets.items()
        for venue, gap in market["beside"]["comparables"].items()
    ]
    if others:
        headings = ("asset", "LTV", "LT", "our LT gives away most to")
        table("Ours less another venue's, in points", headings, others)


_COLLATERAL = (
    ("LTV", "ltv"),
    ("LT", "liquidation_threshold"),
    ("bonus", "liquidation_bonus"),
    ("supply cap", "supply_cap"),
    ("debt ceiling", "debt_ceiling"),
)
_RATES = (
    ("base", "base_rate"),
    ("slope 1", "slope_1"),
    ("slope 2", "slope_2"),
    ("kink", "kink"),
)
_ORACLE = (
    ("stale after", "primary_staleness"),
    ("decay step", "decay_step"),
    ("decay rate", "decay_rate"),
    ("floor", "decay_floor"),
    ("stops after", "maximum_age"),
    ("band up", "band_up"),
    ("band down", "band_down"),
    ("window", "band_window"),
    ("tolerance", "tolerance"),
)
_COMPARED = ("ltv", "liquidation_threshold")


def _cells(market: Mapping[str, Any], columns: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    cells = []
    for _, field in columns:
        integer = int(market["parameters"][field]["integer"])
        (text,), unit = shown(field, integer)
        is_time = BY_NAME[field].unit == "s"
        cells.append(span(integer) if is_time else f"{text} {unit}".strip())
    return tuple(cells)


def _given_away(market: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(f"{100 * float(part):.2f}" for part in market["beside"]["given_away"].values())


def _largest_part(market: Mapping[str, Any]) -> str:
    parts = market["beside"]["given_away"]
    largest = max(parts, key=lambda cause: float(parts[cause]))
    return f"{largest}, {100 * float(parts[largest]):.2f} of {_total(parts):.2f}"


def _total(parts: Mapping[str, str]) -> float:
    return 100 * sum(float(part) for part in parts.values())


def _beside(market: Mapping[str, Any]) -> tuple[str, ...]:
    beside = market["beside"]
    lltv = "none" if beside["morpho_lltv"] is None else f"{100 * float(beside['morpho_lltv']):g} %"
    binding = str(market["parameters"]["liquidation_threshold"]["binding"])
    return (f"{100 * float(beside['haircut']):.2f} %", lltv, binding)


def guardrail_table(plan: Plan) -> Table:
    """Every guardrail that changes, as it will be."""
    sheet = Table(title="Guardrails of the steward", title_justify="left", header_style="bold")
    sheet.add_column("field")
    for column in RAIL_COLUMNS:
        sheet.add_column(column, justify="right")
    for change in plan.guardrails:
        sheet.add_row(change.field, *rail_cells(change.field, change.after))
    return sheet


def _change_cells(change: Change) -> tuple[str, ...]:
    (before, after), unit = shown(change.field, change.before, change.after)
    who = f"{_WHO[change.verdict]}: {change.reason}" if change.reason else _WHO[change.verdict]
    return (change.field, before, after, unit, who, change.because)
