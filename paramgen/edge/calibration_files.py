"""Calibrated evidence as files: canonical bytes, written and read back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from paramgen.artefact import canonical
from paramgen.book.calibration import SCHEMA, Calibration
from paramgen.targets.envelope import plain_json

SUFFIX = ".calibration.json"


class CalibrationError(Exception):
    """A file that is no calibration; the message is what must be so."""


@dataclass(frozen=True)
class CalibrationFile:
    """A calibration with the bytes that a book pins."""

    calibration: Calibration

    @property
    def document(self) -> Mapping[str, Any]:
        """The calibration as JSON; reals are text."""
        found: dict[str, Any] = self.calibration.model_dump(mode="json", by_alias=True)
        return found

    @property
    def content(self) -> bytes:
        """Canonical bytes: the same calibration gives the same on any machine."""
        return canonical(self.document)

    @property
    def file(self) -> str:
        """Name of its file."""
        return f"{self.calibration.name}{SUFFIX}"

    @property
    def sha256(self) -> str:
        """Hash that a book pins."""
        return hashlib.sha256(self.content).hexdigest()


def read_calibration(data: bytes) -> Calibration:
    """Read a calibration back.

    Raises
    ------
    CalibrationError
        It is not JSON, of another schema, or a field of it is not as it must be.
    """
    try:
        tree = plain_json(data)
    except ValueError as error:
        raise CalibrationError(f"is not JSON: {error}.") from None
    if not isinstance(tree, dict) or tree.get("schema") != SCHEMA:
        raise CalibrationError(f"is no calibration of schema {SCHEMA}.")
    try:
        return Calibration.model_validate(tree)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise CalibrationError(f"has a fault at {field}: {first['msg']}.") from None
