"""Histories named on a command line: read, cut to the days asked for, their dirt told by kind."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paramgen.book.calibration import Input
from paramgen.book.evidence import HistoryFormat
from paramgen.book.loaded import PriceHistory
from paramgen.edge.histories import HistoryError, read_history
from paramgen.errors import InvalidInputError, Place, Problem
from paramgen.params.history import History

MAX_BYTES = 256 * 1024 * 1024

_OPTIONS = {"history.time": "--time", "history.price": "--price", "file": "file"}
_FEWEST = 2
_MOST_AHEAD = 0.5


@dataclass(frozen=True)
class Days:
    """Which of a history is used: from `since` to before `until`, and nothing after `now`.

    With a `leap`, a price that leaps by more than this share and is back with the next row is taken
    for a bad print.
    """

    now: datetime
    since: datetime | None = None
    until: datetime | None = None
    leap: float | None = None


@dataclass(frozen=True)
class Feed:
    """A history as read, with the record of its file."""

    history: History
    record: Input

    @property
    def left_out(self) -> str:
        """What was left out of it, in words; empty where nothing was."""
        parts = (f"{count} with {reason}" for reason, count in self.record.left_out.items())
        return ", ".join(parts)


def read_feed(path: Path, role: str, form: HistoryFormat, days: Days) -> Feed:
    """Read one file.

    Parameters
    ----------
    role : what it is for, as `Input.role`.
    form : its columns.

    Raises
    ------
    InvalidInputError
        The file cannot be read, is no history, or holds none of the days asked for.
    """
    data = file_bytes(path)
    try:
        found = read_history(data, path.name, form)
    except HistoryError as error:
        hint = re.sub(
            r"Name the column under history: \{(\w+): …\}", r"Name the column by --\1", error.hint
        )
        raise _refusal(path, _OPTIONS[error.key], error.value, error.bound, hint) from None
    return as_feed(found, path, hashlib.sha256(data).hexdigest(), role, days)


def as_feed(found: PriceHistory, path: Path, sha256: str, role: str, days: Days) -> Feed:
    """Cut a history to its days and keep the record of it."""
    keep, reasons = _within(found, days)
    ahead = reasons.get("a time in the future", 0)
    if ahead > _MOST_AHEAD * found.times.size:
        latest = f"{found.times[-1]:.0f}"
        bound = f"is the latest time; {ahead} of {found.times.size} rows lie in the future."
        raise _refusal(path, "--time", latest, bound, "Check the unit and the column of the times.")
    if np.count_nonzero(keep) < _FEWEST:
        hint = f"It runs from {_day(found.times[0])} to {_day(found.times[-1])}."
        raise _refusal(path, "--since, --until", "", "leave fewer than two rows.", hint)
    times, prices = found.times[keep], found.prices[keep]
    left_out = {**found.reasons, **reasons}
    record = Input.model_validate(
        {
            "role": role, "file": path.name, "sha256": sha256, "used": times.size,
            "left_out": left_out, "first": times[0], "last": times[-1],
        }
    )  # fmt: skip
    return Feed(History(times, prices, sum(left_out.values()), left_out), record)


def file_bytes(path: Path) -> bytes:
    """Return a file's bytes, or say why they cannot be had."""
    if not path.is_file():
        raise _refusal(path, "file", "", "does not exist." if not path.exists() else "is no file.")
    if path.stat().st_size > MAX_BYTES:
        raise _refusal(path, "file", "", f"must have at most {MAX_BYTES} bytes.")
    try:
        return path.read_bytes()
    except OSError as error:
        raise _refusal(path, "file", "", f"cannot be read: {error.strerror}.") from None


def _within(found: PriceHistory, days: Days) -> tuple[NDArray[np.bool_], Mapping[str, int]]:
    future = found.times > days.now.timestamp()
    outside = np.zeros(found.times.size, dtype=bool)
    if days.since is not None:
        outside |= found.times < days.since.timestamp()
    if days.until is not None:
        outside |= found.times >= days.until.timestamp()
    leaps = _leaps(found, days.leap) & ~(future | outside)
    counts = {
        "a time in the future": int(np.count_nonzero(future)),
        "a time outside the days asked for": int(np.count_nonzero(outside & ~future)),
        "a price that leaps and is back at once": int(np.count_nonzero(leaps)),
    }
    left = future | outside | leaps
    return ~left, {reason: count for reason, count in counts.items() if count}


def _leaps(found: PriceHistory, leap: float | None) -> NDArray[np.bool_]:
    """Rows farther than `leap` from both neighbours, which lie within half of it of each other."""
    leaps = np.zeros(found.times.size, dtype=bool)
    if leap is None:
        return leaps
    logs = np.log(found.prices)
    away = np.abs(np.diff(logs)) > np.log1p(leap)
    back = np.abs(logs[2:] - logs[:-2]) < 0.5 * np.log1p(leap)
    leaps[1:-1] = away[:-1] & away[1:] & back
    return leaps


def _day(seconds: float) -> str:
    return str(np.datetime64(int(seconds), "s").astype("datetime64[D]"))


def _refusal(path: Path, field: str, value: str, bound: str, hint: str = "") -> InvalidInputError:
    return InvalidInputError([Problem(Place(str(path)), field, value, bound, hint)])
