"""The pictures of a proposal: rate curves before and after, and what else changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from paramgen.difference import Assumption, Difference, moves
from paramgen.encode import Word
from paramgen.mirror.rate import WAD, Curve, rate_at
from paramgen.proposal.rails import RAIL_COLUMNS, rail_rows
from paramgen.report import charts
from paramgen.report.page import Page, Picture, Section, Table, html
from paramgen.units import YEAR_365
from paramgen.wording import shown

_POINTS = 400


def report(artefact: Mapping[str, Any], assumed: Assumption, left: Difference, title: str) -> str:
    """The page as HTML."""
    facts = (
        ("artefact", artefact["hash"]),
        ("chain", str(assumed.chain_id)),
        ("steward", assumed.steward or "to be deployed"),
        ("assumed at block", str(assumed.block)),
        *((f"{item['role']}: {item['file']}", item["sha256"]) for item in artefact["inputs"]),
    )
    settings = (_settings(assumed, left),) if left.guardrails or _limit(left) else ()
    markets = tuple(_market(artefact, assumed, left, asset) for asset in left.words)
    return html(Page(title, _summary(left), facts, (*markets, *settings)))


def _summary(left: Difference) -> str:
    count = len(left.words)
    markets = f"{count} market{'' if count == 1 else 's'}"
    if not count:
        return "What the steward's settings would be, beside what they are."
    return f"What {markets} would run on, beside what {'it runs' if count == 1 else 'they run'} on."


def _limit(left: Difference) -> bool:
    return left.price_move_limit is not None


def _settings(assumed: Assumption, left: Difference) -> Section:
    """Guardrails and the limit on price moves: what the steward may do from then on."""
    blocks = []
    if left.guardrails:
        columns: tuple[str, ...] = ("field", "", *RAIL_COLUMNS)
        blocks.append(Table("Guardrails that change", columns, rail_rows(left.guardrails)))
    if _limit(left):
        row = ("price move limit", str(assumed.price_move_limit), str(left.price_move_limit), "bp")
        columns = ("setting", "before", "after", "unit")
        blocks.append(Table("How far a batch may move a live price", columns, (row,)))
    return Section("The steward's settings", blocks=tuple(blocks))


def _market(
    artefact: Mapping[str, Any], assumed: Assumption, left: Difference, asset: str
) -> Section:
    landing, standing = left.words[asset], assumed.markets[asset]
    cells = []
    for move in moves(artefact, asset, landing, standing):
        (before, after), unit = shown(move.field, move.before, move.after)
        cells.append((move.field, before, after, unit, move.because))
    columns = ("field", "before", "after", "unit", "because")
    table = Table(f"Fields of {asset} that change", columns, tuple(cells))
    if Word.RATE not in landing:
        return Section(asset, blocks=(table,))
    current = 0 if standing is None else standing.words[Word.RATE]
    picture = Picture(
        f"Borrow rate of {asset} by utilisation, as the contract computes it.",
        charts.draw(lambda figure: _curves(figure, current, landing[Word.RATE])),
    )
    return Section(asset, blocks=(table, picture))


def _curves(figure: Figure, before: int, after: int) -> None:
    axes = figure.subplots()
    labelled = ((after, "after", charts.BLUE), (before, "before", charts.GREY))
    for word, label, colour in labelled:
        if word:
            at, rate = _curve(Curve.from_word(word))
            axes.plot(at, rate, label=label, color=colour)
    axes.set_xlabel("utilisation, %")
    axes.set_ylabel("borrow rate, % a year")
    axes.set_xlim(0.0, 100.0)
    axes.set_ylim(bottom=0.0)
    axes.legend(loc="upper left")


def _curve(curve: Curve) -> tuple[Sequence[float], Sequence[float]]:
    """The curve's own integers at even steps and at the kink, in percent."""
    steps = sorted({*(WAD * i // _POINTS for i in range(_POINTS + 1)), curve.kink})
    rates = [rate_at(curve, u) * YEAR_365.seconds / WAD * 100.0 for u in steps]
    return list(np.asarray(steps, dtype=np.float64) / WAD * 100.0), rates
