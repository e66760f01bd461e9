"""One feed calibrated (spec 3.4–3.6).

What the data do not allow is refused by name and leaves the rest standing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from paramgen.book.calibration import Calibration, Input, Resampling, Settings
from paramgen.calibrate.parts import (
    Part,
    fit_breaker,
    fit_haircut,
    fit_outflow,
    fit_price,
    fit_staleness,
)
from paramgen.calibrate.resample import feed_intervals
from paramgen.params.binding import ParameterError
from paramgen.params.history import History
from paramgen.params.losses import YEAR

Fitted = TypeVar("Fitted")


def calibrate_feed(
    name: str,
    inputs: tuple[Input, ...],
    history: History,
    settings: Settings,
    how: Resampling,
) -> Calibration:
    """Calibrate a feed, or a supply.

    Parameters
    ----------
    inputs : the files that were read, for the record.
    history : rounds, prices, net asset values, or a supply; n ≥ 2.
    settings : policy, and what is known of the feed.
    how : seed, number of resamples, coverage of the intervals.

    Raises
    ------
    ParameterError : nothing at all could be had of it.

    Source: spec 3.5, 3.6.
    """
    fitted = _Fitting(history, settings)
    parts = fitted.parts()
    if not parts:
        raise ParameterError(
            "calibration", "; ".join(fitted.refused.values()), math.nan, math.nan,
            "Give a longer history, or declare the statistics.",
        )  # fmt: skip

    def statistics(resample: History) -> Mapping[str, float]:
        drawn = (_carried(part, resample) for part in parts.values())
        return {key: value for found in drawn for key, value in found.items()}

    least = max(part.window for part in parts.values()) * history.updates_per_year / YEAR
    found = feed_intervals(history, statistics, how, least)
    sections: dict[str, Any] = {
        key: part.record(history, found, how) for key, part in parts.items()
    }
    return Calibration(
        name=name,
        inputs=inputs,
        settings=settings,
        resampling=how.model_copy(update={"block": found.block}),
        refused=fitted.refused,
        **sections,
    )


def _carried(part: Part, resample: History) -> Mapping[str, float]:
    try:
        return part.again(resample)
    except ParameterError:
        return {}


class _Fitting:
    """Fits each part, noting what the data do not allow."""

    def __init__(self, history: History, settings: Settings) -> None:
        self.history, self.settings = history, settings
        self.refused: dict[str, str] = {}

    def parts(self) -> Mapping[str, Part]:
        """The parts that could be had, by the name of their section."""
        if self.settings.kind == "supply":
            found: dict[str, Part | None] = {"outflow": self._try("outflow", fit_outflow)}
        else:
            found = self._of_a_price()
        return {name: part for name, part in found.items() if part is not None}

    def _of_a_price(self) -> dict[str, Part | None]:
        staleness = self._try("staleness", fit_staleness)
        limit = self.settings.horizon
        if limit is None and staleness is not None:
            limit = staleness.bound.value
        price = self._try("price", lambda history, asked: fit_price(history, asked, limit))
        standard = None if price is None else price.standard
        return {
            "staleness": staleness,
            "price": price,
            "breaker": self._try("breaker", fit_breaker),
            "haircut": self._try(
                "haircut", lambda history, asked: fit_haircut(history, asked, standard)
            ),
        }

    def _try(self, name: str, fit: Callable[[History, Settings], Fitted]) -> Fitted | None:
        try:
            return fit(self.history, self.settings)
        except ParameterError as error:
            self.refused[name] = f"{error.message}. {error.hint}"
            return None
