"""Counts of defaults and panels of obligors from CSV and Parquet files.

A panel is evidence about people's money: a cell that is no number is named by line and column and
refused, never guessed. Rows whose signals or outcome are empty are left out and counted.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from paramgen.book.validation import did_you_mean
from paramgen.calibrate.credit import Counts, Panel
from paramgen.errors import InvalidInputError, Place, Problem
from paramgen.model.arrays import Float

MAX_ROWS = 5_000_000

_COUNT_COLUMN = re.compile(r"^(?P<grade>.+?)[ _-]?(?P<what>obligors|defaults)$")
_HEADER_LINE = 1

Holds = NDArray[np.bool_]


@dataclass(frozen=True)
class PanelColumns:
    """Which columns of a file are the panel; all others are ignored."""

    outcome: str
    obligor: str
    signals: tuple[str, ...]


def read_counts(data: bytes, name: str) -> Counts:
    """Read obligors and defaults by period.

    Columns are `<grade>obligors` and `<grade>defaults`, grades from best to worst in the order of
    the file; the first other column names the period.

    Raises
    ------
    InvalidInputError : with every cell that is no count, and every grade without its pair.
    """
    frame = frame_of(data, name)
    columns = _grade_columns(frame, name)
    place = Places(name)
    obligors = place.numbers(frame, [pair[0] for pair in columns.values()])
    defaults = place.numbers(frame, [pair[1] for pair in columns.values()])
    for column, values in zip(columns.values(), obligors.T, strict=True):
        place.require(column[0], values, _is_count, "must be a whole number ≥ 0.")
    for (owed, failed), n, d in zip(columns.values(), obligors.T, defaults.T, strict=True):
        place.require(failed, d, _is_count, "must be a whole number ≥ 0.")
        excess = np.where(d > n, d, 0.0)
        place.require(failed, excess, lambda v: v == 0.0, f"must not exceed {owed}.")
    place.finish()
    used = {column for pair in columns.values() for column in pair}
    period = next((title for title in frame.columns if title not in used), None)
    periods = frame[period] if period is not None else pd.Series(range(len(frame)))
    return Counts(tuple(map(str, periods)), tuple(columns), obligors, defaults)


def read_panel(data: bytes, name: str, columns: PanelColumns) -> tuple[Panel, int]:
    """Read a panel, and how many rows were left out because a cell was empty.

    Raises
    ------
    InvalidInputError : with every missing column and every cell that is neither number nor empty.
    """
    frame = frame_of(data, name)
    wanted = (columns.outcome, columns.obligor, *columns.signals)
    require_columns(frame, name, wanted)
    place = Places(name)
    numbers = place.numbers(frame, [columns.outcome, *columns.signals], empty=True)
    bound = "must lie in [0, 1]: 1 for a default, 0 for none, or the fraction lost."
    place.require(columns.outcome, numbers[:, 0], _is_share_or_empty, bound)
    place.finish()
    whole = np.isfinite(numbers).all(axis=1)
    if not whole.any():
        raise InvalidInputError(
            [Problem(Place(name), "panel", "", "has no row without an empty cell.")]
        )
    codes = np.unique(frame[columns.obligor].to_numpy(dtype=str)[whole], return_inverse=True)[1]
    panel = Panel(codes.astype(np.int64), columns.signals, numbers[whole, 1:], numbers[whole, 0])
    return panel, int(np.count_nonzero(~whole))


def frame_of(data: bytes, name: str) -> pd.DataFrame:
    """A file's table, every column once; CSV cells as text.

    Raises
    ------
    InvalidInputError : it is neither CSV nor Parquet, cannot be read, or is too long.
    """
    readers = {".csv": _read_csv, ".parquet": _read_parquet}
    reader = readers.get(PurePosixPath(name).suffix.lower())
    if reader is None:
        raise InvalidInputError([Problem(Place(name), "file", name, "must be .csv or .parquet.")])
    try:
        frame = reader(data)
    except (ValueError, OSError) as error:
        bound = f"cannot be read: {' '.join(str(error).split())}"
        raise InvalidInputError([Problem(Place(name), "file", "", bound)]) from None
    problems = [
        Problem(Place(name, _HEADER_LINE), "column", title, "is the name of several columns.")
        for title in sorted(set(frame.columns[frame.columns.duplicated()]))
    ]
    if len(frame) > MAX_ROWS:
        problems.append(Problem(Place(name), "file", "", f"must have at most {MAX_ROWS} rows."))
    if problems:
        raise InvalidInputError(problems)
    return frame


def require_columns(frame: pd.DataFrame, name: str, columns: Sequence[str]) -> None:
    """Refuse a file that lacks columns.

    Raises
    ------
    InvalidInputError : naming all that it lacks, each with the nearest that it has.
    """
    missing = [
        Problem(
            Place(name, _HEADER_LINE), "column", column, "is not in the file.",
            did_you_mean(column, list(frame.columns)),
        )
        for column in columns
        if column not in frame.columns
    ]  # fmt: skip
    if missing:
        raise InvalidInputError(missing)


def _read_csv(data: bytes) -> pd.DataFrame:
    # The header is read as a row: pandas would rename a column given twice.
    whole = pd.read_csv(
        io.BytesIO(data), header=None, dtype=str, keep_default_na=False, encoding="utf-8-sig",
        skip_blank_lines=False, nrows=MAX_ROWS + 2,
    )  # fmt: skip
    frame = whole.iloc[1:].reset_index(drop=True)
    frame.columns = pd.Index([str(title).strip() for title in whole.iloc[0]])
    return frame


def _read_parquet(data: bytes) -> pd.DataFrame:
    return pd.read_parquet(io.BytesIO(data))


def _grade_columns(frame: pd.DataFrame, name: str) -> dict[str, tuple[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for title in frame.columns:
        matched = _COUNT_COLUMN.match(title)
        if matched is not None:
            found.setdefault(matched["grade"], {})[matched["what"]] = title
    problems = [
        Problem(
            Place(name, _HEADER_LINE), "column", f"{grade} {what}", "is not in the file.",
            "Every grade needs a column of obligors and one of defaults.",
        )
        for grade, pair in found.items()
        for what in ("obligors", "defaults")
        if what not in pair
    ]  # fmt: skip
    if not found:
        hint = "Name an --outcome column if the file is a panel of obligors."
        bound = "has no columns such as `BBB obligors` and `BBB defaults`."
        problems = [Problem(Place(name, _HEADER_LINE), "columns", "", bound, hint)]
    if problems:
        raise InvalidInputError(problems)
    return {grade: (pair["obligors"], pair["defaults"]) for grade, pair in found.items()}


def _is_count(values: Float) -> Holds:
    return np.asarray((values >= 0.0) & (values == np.floor(values)))


def _is_share_or_empty(values: Float) -> Holds:
    return np.asarray(np.isnan(values) | ((values >= 0.0) & (values <= 1.0)))


class Places:
    """Problems of a file's cells, by line and column."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._problems: list[Problem] = []

    def numbers(self, frame: pd.DataFrame, columns: Sequence[str], *, empty: bool = False) -> Float:
        """(rows, columns) numbers; an empty cell is NaN where it is allowed."""
        return np.column_stack([self._column(frame[title], title, empty) for title in columns])

    def require(
        self, column: str, values: Float, holds: Callable[[Float], Holds], bound: str
    ) -> None:
        """Note every finite value for which the bound does not hold."""
        for row in np.flatnonzero(~holds(values) & np.isfinite(values)):
            self.note(int(row), column, f"{values[row]:g}", bound)

    def finish(self) -> None:
        """Raise all that was noted."""
        if self._problems:
            raise InvalidInputError(self._problems)

    def _column(self, cells: pd.Series, title: str, empty: bool) -> Float:
        values = np.asarray(pd.to_numeric(cells, errors="coerce"), dtype=np.float64)
        blank = np.array([_is_blank(cell) for cell in cells])
        wrong = ~np.isfinite(values) & ~(blank if empty else np.zeros(blank.size, dtype=bool))
        for row in np.flatnonzero(wrong):
            self.note(int(row), title, str(cells.iloc[row]), "must be a number.")
        return np.where(np.isfinite(values), values, np.nan)

    def note(self, row: int, column: str, value: str, bound: str) -> None:
        """Note one cell, by its row counted from 0."""
        line = row + 1 + _HEADER_LINE
        self._problems.append(Problem(Place(self._name, line), column, value, bound))


def _is_blank(cell: object) -> bool:
    return cell is None or str(cell).strip().lower() in {"", "na", "nan", "none"}


def read_bytes(path: Path) -> bytes:
    """The file's bytes.

    Raises
    ------
    InvalidInputError : the file cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        problem = Problem(Place(str(path)), "file", "", f"cannot be read: {error.strerror}.")
        raise InvalidInputError([problem]) from None
