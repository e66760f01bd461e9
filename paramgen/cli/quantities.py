"""Options that are quantities, written as in a book: `1 h`, `50 bp`, `4 %/y`."""

from __future__ import annotations

import math
from typing import Any

import click
from pydantic import TypeAdapter, ValidationError

from paramgen.book.evidence import Moment
from paramgen.book.quantity import (
    Confidence,
    Duration,
    InnerShare,
    PositiveDuration,
    PositiveNumber,
    Rate,
    Share,
)


class Quantity(click.ParamType):
    """An option held to the bounds of a book's own type; a float in that type's unit."""

    def __init__(self, kind: Any, name: str) -> None:
        self.name = name
        self._adapter = TypeAdapter(kind)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read the text, or refuse it in the words that a book's problem would have."""
        if not isinstance(value, str):
            return value
        try:
            found = self._adapter.validate_python(value)
        except ValidationError as error:
            context = error.errors()[0].get("ctx", {})
            words = " ".join(filter(None, (context.get("bound"), context.get("hint"))))
            self.fail(f"{value!r} {words or 'is refused.'}", param, ctx)
        return float(found) if hasattr(found, "__float__") else found


class FiniteRange(click.FloatRange):
    """A plain number within bounds; NaN, which no bound refuses, and infinity are none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read the text, and refuse what is not finite."""
        found = super().convert(value, param, ctx)
        if not math.isfinite(found):
            self.fail(f"{value!r} is not a finite number.", param, ctx)
        return found


CONFIDENCE = Quantity(Confidence, "SHARE")
DURATION = Quantity(Duration, "TIME")
INNER_SHARE = Quantity(InnerShare, "SHARE")
MOMENT = Quantity(Moment, "DATE")
POSITIVE_DURATION = Quantity(PositiveDuration, "TIME")
POSITIVE_NUMBER = Quantity(PositiveNumber, "NUMBER")
RATE = Quantity(Rate, "RATE")
SHARE = Quantity(Share, "SHARE")
