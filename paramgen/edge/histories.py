"""Histories of prices from pinned CSV and Parquet files.

Files are as published, dirt included: rows without a time or a price, a trailing round with
timestamp zero, newest first, a round given twice. Such rows are left out and counted; a file
that cannot be meant so is refused with what to do about it.
"""

from __future__ import annotations

import io
import re
from pathlib import PurePosixPath

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from paramgen.book.evidence import HistoryFormat
from paramgen.book.loaded import PriceHistory
from paramgen.book.validation import did_you_mean
from paramgen.params.binding import ParameterError
from paramgen.params.history import clean_history

MAX_ROWS = 5_000_000

_LATEST = 1e11
"""Unix seconds end far below this, milliseconds lie far above."""

_DATE = r"\s*\d{4}-\d{2}-\d{2}"

_DIRTIEST = 0.5
"""A file with a larger share of unusable rows is not the history that its format says."""


class HistoryError(Exception):
    """A file that holds no usable history.

    Attributes
    ----------
    key : which key of the source is at fault: `file`, `history.time` or `history.price`.
    value, bound, hint : as in a problem.
    """

    def __init__(self, key: str, value: str, bound: str, hint: str = "") -> None:
        super().__init__(f"{key}: {value} {bound} {hint}")
        self.key, self.value, self.bound, self.hint = key, value, bound, hint


def read_history(data: bytes, name: str, form: HistoryFormat) -> PriceHistory:
    """Read the columns of time and price.

    Parameters
    ----------
    data : the file's bytes.
    name : its name, which says by its ending whether it is CSV or Parquet.
    form : which columns, and how many decimals the price is scaled by.

    Returns
    -------
    PriceHistory in order of time; times may be Unix seconds, dates or date-times (UTC if bare).

    Raises
    ------
    HistoryError
        Naming the key of the book to mend.
    """
    readers = {".csv": _read_csv, ".parquet": _read_parquet}
    reader = readers.get(PurePosixPath(name).suffix.lower())
    if reader is None:
        raise HistoryError("file", name, "must be a .csv or .parquet file to be a history.")
    columns = reader(data, name, form)
    times = _times(columns["time"], form.time)
    prices = _numbers(columns["price"]) / 10.0**form.decimals
    if not np.isfinite(prices).any():
        bound = "is a column without a single number."
        raise HistoryError("history.price", form.price, bound, _other_column("price"))
    return _clean(times, prices, name)


def _clean(times: NDArray[np.float64], prices: NDArray[np.float64], name: str) -> PriceHistory:
    try:
        history = clean_history(times, prices)
    except ParameterError as error:
        bound = f"has {error.value:.0f} usable rows of {times.size}; a history needs two."
        raise HistoryError("file", name, bound, error.hint) from None
    if history.dropped > _DIRTIEST * times.size:
        bound = f"has {history.dropped} unusable rows of {times.size}."
        hint = "Check that the columns are those of time and answer."
        raise HistoryError("file", name, bound, hint)
    return PriceHistory(history.times, history.prices, history.dropped, history.reasons)


def _read_csv(data: bytes, name: str, form: HistoryFormat) -> dict[str, pd.Series]:
    try:
        frame = pd.read_csv(
            io.BytesIO(data),
            header=None,
            dtype=str,
            keep_default_na=False,
            nrows=MAX_ROWS + 2,  # the header, and one row too many
            encoding="utf-8-sig",
        )
    except (ValueError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise HistoryError("file", name, f"is not CSV: {str(error).strip()}.") from None
    _limit(len(frame) - 1, name)
    names = [str(title).strip() for title in frame.iloc[0]]
    rows = frame.iloc[1:]
    return {key: rows.iloc[:, at] for key, at in _positions(names, form).items()}


def _read_parquet(data: bytes, name: str, form: HistoryFormat) -> dict[str, pd.Series]:
    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        _limit(file.metadata.num_rows, name)
        names = list(file.schema_arrow.names)
        wanted = _positions(names, form)
        table = file.read(columns=[names[at] for at in wanted.values()])
    except (pa.ArrowException, OSError) as error:
        raise HistoryError("file", name, f"is not Parquet: {str(error).strip()}.") from None
    return {key: table.column(names[at]).to_pandas() for key, at in wanted.items()}


def _limit(rows: int, name: str) -> None:
    if rows > MAX_ROWS:
        raise HistoryError("file", name, f"must have at most {MAX_ROWS} rows.")


def _positions(names: list[str], form: HistoryFormat) -> dict[str, int]:
    found = {}
    for key, wanted in (("time", form.time), ("price", form.price)):
        if wanted not in names:
            hint = did_you_mean(wanted, [name for name in names if name])
            raise HistoryError(f"history.{key}", wanted, "is no column of the file.", hint)
        if names.count(wanted) > 1:
            raise HistoryError(f"history.{key}", wanted, "is the name of several columns.")
        found[key] = names.index(wanted)
    return found


def _numbers(column: pd.Series) -> NDArray[np.float64]:
    return np.asarray(pd.to_numeric(column, errors="coerce"), dtype=np.float64)


def _times(column: pd.Series, name: str) -> NDArray[np.float64]:
    if isinstance(column.dtype, pd.DatetimeTZDtype) or column.dtype.kind == "M":
        return _seconds(pd.to_datetime(column, utc=True))
    numbers = _numbers(column)
    if not np.isfinite(numbers).any():
        return _dates(column, name)
    if np.nanmedian(numbers) > _LATEST:
        hint = "They look like milliseconds or finer; divide them in the file."
        raise HistoryError("history.time", name, "must hold Unix seconds or dates.", hint)
    return numbers


def _dates(column: pd.Series, name: str) -> NDArray[np.float64]:
    # pandas would read "today" and "now" off the clock.
    dated = column.where(np.array([re.match(_DATE, str(text)) is not None for text in column]))
    moments = pd.to_datetime(dated, utc=True, errors="coerce", format="ISO8601")
    if moments.isna().all():
        bound = "must hold Unix seconds or dates such as 2025-12-31."
        raise HistoryError("history.time", name, bound, _other_column("time"))
    return _seconds(moments)


def _seconds(moments: pd.Series) -> NDArray[np.float64]:
    epoch = pd.Timestamp(0, tz="UTC")
    return np.asarray((moments - epoch).dt.total_seconds(), dtype=np.float64)


def _other_column(key: str) -> str:
    return f"Name the column under history: {{{key}: …}}."
