"""Guardrails as a person reads them."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from paramgen.difference import RailChange
from paramgen.mirror.guardrails import Guardrail
from paramgen.wording import duration, number, shown

RAIL_COLUMNS = ("least", "most", "unit", "step up", "step down", "cooldown", "budget")
_BP_PER_PERCENT = 100


def rail_rows(changes: Iterable[RailChange]) -> tuple[tuple[str, ...], ...]:
    """Field, `before` or `after`, and the columns; a guardrail that is not set has no row."""
    return tuple(
        (change.field, when, *rail_cells(change.field, word))
        for change in changes
        for when, word in (("before", change.before), ("after", change.after))
        if word
    )


def rail_cells(field: str, word: int) -> tuple[str, ...]:
    """The columns of a guardrail word."""
    rail = Guardrail.unpack(word)
    (least, most), unit = shown(field, rail.minimum, rail.maximum)
    steps = [_step(field, rail, step) for step in (rail.step_up, rail.step_down)]
    cooldown, window = duration(rail.cooldown), duration(rail.window)
    return (least, most, unit, *steps, cooldown, f"{rail.budget_steps} steps in {window}")


def _step(field: str, rail: Guardrail, step: int) -> str:
    if rail.relative:
        return f"{number(Fraction(step, _BP_PER_PERCENT))} % of it"
    (text,), unit = shown(field, step)
    return f"{text} {unit}".strip()
