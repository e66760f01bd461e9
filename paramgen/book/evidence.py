"""What every part of a book rests on: identifiers, moments, and the evidence of its numbers."""

from __future__ import annotations

import enum
from datetime import UTC, datetime
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from paramgen.book.quantity import Count, Flag, Frozen, refuse

IDENTIFIER = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
SHA256 = r"^[0-9a-f]{64}$"
ADDRESS = r"^0x[0-9a-fA-F]{40}$"

Identifier = Annotated[str, Field(pattern=IDENTIFIER, max_length=64)]
Text = Annotated[str, Field(min_length=1, max_length=2_000)]
Sha256 = Annotated[str, Field(pattern=SHA256)]
Address = Annotated[str, Field(pattern=ADDRESS)]


def _moment(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise refuse(
            "must be a date or time, such as 2025-12-31 or 2025-12-31T16:00:00Z."
        ) from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}"}),
]


class EvidenceKind(enum.StrEnum):
    """How far a number can be trusted; `assumption` is labelled so in all output."""

    PUBLISHED = "published"
    ASSUMPTION = "assumption"
    HISTORY = "history"
    CALIBRATION = "calibration"
    CHAIN = "chain"


_FILED = frozenset({EvidenceKind.HISTORY, EvidenceKind.CALIBRATION})


class HistoryFormat(Frozen):
    """Which columns of a CSV or Parquet file hold a history.

    `decimals` divides the price; `appraisal` says that the rows are valuations, smoothed
    by nature (Geltner), which are un-smoothed before a fit, rather than a feed's own updates.
    """

    time: Text = "time"
    price: Text = "price"
    decimals: Count = 0
    appraisal: Flag = False


class Evidence(Frozen):
    """One source of numbers: who says so, as of when, and the file that proves it."""

    source: Text
    as_of: Moment
    kind: EvidenceKind
    file: Annotated[str, Field(max_length=256)] | None = None
    sha256: Sha256 | None = None
    history: HistoryFormat | None = None

    @model_validator(mode="after")
    def _pinned(self) -> Self:
        if (self.file is None) != (self.sha256 is None):
            raise refuse("needs file and sha256 together: a file is pinned by its hash.")
        if self.kind in _FILED and self.file is None:
            raise refuse(f"is a {self.kind.value} and needs a file with its sha256.")
        if self.kind is EvidenceKind.CALIBRATION and self.history is not None:
            raise refuse("is a calibration, which has no columns of a history.")
        if self.history is not None and self.file is None:
            raise refuse("describes columns of a file but names no file.")
        return self


class Section(Frozen):
    """A part of the book whose inputs rest on one evidence unless they name another."""

    evidence: Identifier | None = None
