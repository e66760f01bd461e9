"""Histories of a concentrated pool's tick and active liquidity, from CSV and Parquet files."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import astuple, dataclass
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from paramgen.backtest.liquidity import PoolHistory
from paramgen.book.validation import did_you_mean
from paramgen.edge.histories import MAX_ROWS, HistoryError

_INT64 = 2**63


@dataclass(frozen=True)
class PoolColumns:
    """Names of the columns: Unix seconds, slot0 tick, active L, token1's decimals, tick spacing."""

    time: str = "timestamp"
    tick: str = "poolTick"
    liquidity: str = "poolLiquidity"
    decimals: str = "dec1"
    spacing: str = "tickSpacing"


def read_pool(data: bytes, name: str, columns: PoolColumns | None = None) -> PoolHistory:
    """Read a pool's history; rows that lack a number are left out, of one time the last stays.

    Raises
    ------
    HistoryError
        The file is neither CSV nor Parquet, lacks a column, holds no usable row, or its numbers
        cannot be meant so.
    """
    columns = columns or PoolColumns()
    frame = _frame(data, name)
    for key, column in zip(columns.__dataclass_fields__, astuple(columns), strict=True):
        if column not in frame.columns:
            hint = did_you_mean(column, [str(found) for found in frame.columns])
            raise HistoryError(f"columns.{key}", column, "is no column of the file.", hint)
    wanted = _usable(frame[list(astuple(columns))])
    wanted = wanted.sort_values(columns.time, kind="stable")
    wanted = wanted.drop_duplicates(columns.time, keep="last")
    if wanted.empty:
        raise HistoryError("file", name, "has no usable row.", "Check what the columns hold.")
    return PoolHistory(
        times=_whole(wanted[columns.time], columns.time),
        ticks=_whole(wanted[columns.tick], columns.tick),
        liquidity=_liquidity(wanted[columns.liquidity], columns.liquidity),
        decimals=_constant(wanted[columns.decimals], columns.decimals),
        spacing=_constant(wanted[columns.spacing], columns.spacing),
    )


def _usable(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of numbers alone; parsed once those are known, since a gap would make floats of all."""
    numbers = frame.apply(pd.to_numeric, errors="coerce")
    kept = numbers.notna().all(axis=1)
    for column in frame.columns:
        if numbers.loc[kept, column].abs().max() >= _INT64:
            raise HistoryError(column, "a number", "must fit into 64 bits.")
    exact: pd.DataFrame = frame[kept].apply(pd.to_numeric)
    return exact


def _frame(data: bytes, name: str) -> pd.DataFrame:
    readers: dict[str, Callable[..., pd.DataFrame]] = {
        ".csv": pd.read_csv,
        ".parquet": pd.read_parquet,
    }
    reader = readers.get(PurePosixPath(name).suffix.lower())
    if reader is None:
        raise HistoryError("file", name, "must be a .csv or .parquet file to be a pool's history.")
    try:
        frame = reader(io.BytesIO(data), dtype_backend="numpy_nullable")
    except (ValueError, OSError, pa.ArrowException) as error:
        raise HistoryError("file", name, f"cannot be read: {str(error).strip()}.") from None
    if len(frame) > MAX_ROWS:
        raise HistoryError("file", name, f"must have at most {MAX_ROWS} rows.")
    return frame


def _whole(column: pd.Series, name: str) -> np.ndarray[Any, np.dtype[np.int64]]:
    if not (column == column.round()).all():
        raise HistoryError(name, "a number", "must be whole.")
    return column.to_numpy(dtype=np.int64)


def _liquidity(column: pd.Series, name: str) -> np.ndarray[Any, np.dtype[np.int64]]:
    if (column < 0).any():
        raise HistoryError(name, str(column.min()), "must be at least 0 to be a liquidity.")
    return _whole(column, name)


def _constant(column: pd.Series, name: str) -> int:
    if column.nunique() > 1:
        bound = f"takes {column.nunique()} values; one file holds one pool."
        raise HistoryError(name, str(column.iloc[0]), bound)
    return int(column.iloc[0])
