"""A book as loaded: typed, resolved, with its files' hashes and the place of every line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from paramgen.book.calibration import Calibration
from paramgen.book.policy import Policy
from paramgen.book.schema import Book
from paramgen.errors import Place, Problem


@dataclass(frozen=True)
class Lines:
    """Where each dotted path of one source file stands.

    A path that is absent from the file, such as that of a missing key, stands where its nearest
    enclosing section begins.
    """

    file: str
    places: Mapping[str, Place] = field(default_factory=dict)

    def place(self, path: str) -> Place:
        """Place of the path, or of the nearest section around it."""
        while path and path not in self.places:
            path = path.rpartition(".")[0]
        return self.places.get(path, Place(self.file))

    def problem(self, path: str, value: str, bound: str, hint: str = "") -> Problem:
        """Return a problem at the path."""
        return Problem(self.place(path), path, value, bound, hint)


@dataclass(frozen=True)
class InputFile:
    """A file that the result rests on.

    Attributes
    ----------
    role : `book`, `policy`, or `evidence:<id>`.
    file : name as the book writes it, relative to the book's folder.
    sha256 : of its bytes, lower-case hexadecimal.
    """

    role: str
    file: str
    sha256: str


@dataclass(frozen=True)
class PriceHistory:
    """A history as read from a pinned file, ordered and without unusable rows.

    Attributes
    ----------
    times : (n,) Unix seconds, strictly increasing.
    prices : (n,) positive, in the unit that is quoted.
    dropped : rows of the file that were left out.
    reasons : how many of them for which reason.
    """

    times: NDArray[np.float64]
    prices: NDArray[np.float64]
    dropped: int
    reasons: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Loaded:
    """Everything that the compiler reads; nothing after this opens a file.

    Attributes
    ----------
    book, policy : every input carries the id of its evidence.
    inputs : book first, then policy, then the pinned files in order of their evidence's id.
    histories, calibrations : by evidence id.
    lines : place by dotted path; the policy's paths begin with `policy.`.
    """

    book: Book
    policy: Policy
    inputs: tuple[InputFile, ...]
    histories: Mapping[str, PriceHistory]
    lines: Mapping[str, Place]
    calibrations: Mapping[str, Calibration] = field(default_factory=dict)
