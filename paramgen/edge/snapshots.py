"""Snapshots of positions from CSV and Parquet files, exact to the last digit.

Columns: account, asset (the book's name), amount (tokens), debt (USD). All others are ignored. A
cell that is not what it must be is named by line and column, all of them at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation

import numpy as np
import pandas as pd

from paramgen.backtest.impact import Snapshot
from paramgen.book.validation import did_you_mean
from paramgen.edge.panels import Places, frame_of, require_columns

COLUMNS = ("account", "asset", "amount", "debt")
USD_DECIMALS = 8
LARGEST_DIGITS = 38
"""More than the digits of 2^128, the largest amount of any venue."""


def read_snapshot(data: bytes, name: str, decimals: Mapping[str, int]) -> Snapshot:
    """Read positions.

    Parameters
    ----------
    decimals : of each asset's token; a position in any other asset is refused.

    Raises
    ------
    InvalidInputError : with every missing column and every cell that is wrong.
    """
    frame = frame_of(data, name)
    require_columns(frame, name, COLUMNS)
    place = Places(name)
    assets = _names(place, frame, "asset")
    accounts = _names(place, frame, "account")
    _require_known(place, assets, decimals)
    _require_once(place, accounts, assets)
    digits = [decimals.get(asset, 0) for asset in assets]
    amounts = _integers(place, frame, "amount", digits)
    debts = _integers(place, frame, "debt", [USD_DECIMALS] * len(frame))
    place.finish()
    return Snapshot(
        np.array(accounts, dtype=object),
        np.array(assets, dtype=object),
        np.array(amounts, dtype=object),
        np.array(debts, dtype=object),
    )


def _names(place: Places, frame: pd.DataFrame, column: str) -> list[str]:
    found = ["" if cell is None else str(cell).strip() for cell in frame[column]]
    for row, text in enumerate(found):
        if not text:
            place.note(row, column, text, "must not be empty.")
    return found


def _require_known(place: Places, assets: Iterable[str], decimals: Mapping[str, int]) -> None:
    for row, asset in enumerate(assets):
        if asset and asset not in decimals:
            hint = did_you_mean(asset, list(decimals))
            bound = f"is no market that both sides of the update have. {hint}".strip()
            place.note(row, "asset", asset, bound)


def _require_once(place: Places, accounts: Iterable[str], assets: Iterable[str]) -> None:
    first: dict[tuple[str, str], int] = {}
    for row, pair in enumerate(zip(accounts, assets, strict=True)):
        if first.setdefault(pair, row) != row:
            bound = f"has this asset on line {first[pair] + 2} already; a position is one row."
            place.note(row, "account", pair[0], bound)


def _integers(place: Places, frame: pd.DataFrame, column: str, digits: Iterable[int]) -> list[int]:
    found = []
    for row, (cell, places) in enumerate(zip(frame[column], digits, strict=True)):
        integer, bound = _integer(str(cell).strip(), places)
        if bound:
            place.note(row, column, str(cell), bound)
        found.append(integer)
    return found


def _integer(text: str, places: int) -> tuple[int, str]:
    """The decimal in units of its last place, or what it must be instead."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return 0, "must be a number."
    if not value.is_finite():
        return 0, "must be a number."
    if value < 0:
        return 0, "must not be negative."
    if value.adjusted() > LARGEST_DIGITS:
        return 0, f"must have at most {LARGEST_DIGITS} digits."
    numerator, denominator = value.as_integer_ratio()
    integer, rest = divmod(numerator * 10**places, denominator)
    return integer, f"must have at most {places} decimals." if rest else ""
