"""From feeds as read to calibrations; what cannot be had is told with its file."""

from __future__ import annotations

from collections.abc import Sequence

from paramgen.book.calibration import Calibration, Resampling, Settings, Tolerance
from paramgen.calibrate.agreement import Source, calibrate_tolerance, readings
from paramgen.calibrate.feed import calibrate_feed
from paramgen.calibrate.parts import fit_staleness
from paramgen.edge.calibration_files import CalibrationFile
from paramgen.edge.feeds import Feed
from paramgen.errors import InvalidInputError, Place, Problem
from paramgen.params.binding import ParameterError


def calibrate_files(
    name: str, feed: Feed, seconds: Sequence[Feed], settings: Settings, how: Resampling
) -> CalibrationFile:
    """Calibrate one feed, and against a second source where there is one.

    Parameters
    ----------
    seconds : legs of the second source, whose price is their product; none where there is none.

    Raises
    ------
    InvalidInputError
        Nothing at all could be had of the feed.
    """
    records = (feed.record, *(leg.record for leg in seconds))
    try:
        found = calibrate_feed(name, records, feed.history, settings, how)
    except ParameterError as error:
        problem = Problem(Place(feed.record.file), error.field, "", f"{error.message}.", error.hint)
        raise InvalidInputError([problem]) from None
    if seconds:
        found = _with_tolerance(found, feed, seconds, how)
    return CalibrationFile(found)


def _with_tolerance(
    found: Calibration, feed: Feed, seconds: Sequence[Feed], how: Resampling
) -> Calibration:
    try:
        tolerance = _tolerance(feed, seconds, found.settings, how)
    except ParameterError as error:
        refused = {**found.refused, "tolerance": f"{error.message}. {error.hint}"}
        return found.model_copy(update={"refused": refused})
    return found.model_copy(update={"tolerance": tolerance})


def _tolerance(
    feed: Feed, seconds: Sequence[Feed], settings: Settings, how: Resampling
) -> Tolerance:
    unknown = {"heartbeat": None, "longest_gap": None}
    theirs = settings.model_copy(update=unknown)
    first = Source([feed.history], [fit_staleness(feed.history, settings).bound.value])
    legs = [leg.history for leg in seconds]
    second = Source(legs, [fit_staleness(leg, theirs).bound.value for leg in legs])
    return calibrate_tolerance(readings(first, second, settings.poke_interval), settings, how)
