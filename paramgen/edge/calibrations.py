"""From feeds as read to calibrations; what cannot be had is told with its file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from paramgen.book.calibration import Calibration, Resampling, Settings
from paramgen.book.loaded import Loaded
from paramgen.book.policy import Policy
from paramgen.book.prices import Feed as BookFeed
from paramgen.book.schema import Asset
from paramgen.calibrate.agreement import Readings, Source, calibrate_tolerance, readings
from paramgen.calibrate.feed import calibrate_feed
from paramgen.calibrate.parts import fit_staleness
from paramgen.compiler.build import chosen_assets, records_of
from paramgen.compiler.fits import feed_staleness, fit_gaps
from paramgen.edge.calibration_files import CalibrationFile
from paramgen.edge.feeds import Days, Feed, as_feed
from paramgen.errors import InvalidInputError, Place, Problem
from paramgen.params.binding import ParameterError
from paramgen.params.breaker import SLOW_WINDOWS


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
        both = side_by_side(feed, seconds, found.settings)
        tolerance = calibrate_tolerance(both, found.settings, how)
    except ParameterError as error:
        refused = {**found.refused, "tolerance": f"{error.message}. {error.hint}"}
        return found.model_copy(update={"refused": refused})
    return found.model_copy(update={"tolerance": tolerance})


def side_by_side(feed: Feed, seconds: Sequence[Feed], settings: Settings) -> Readings:
    """Read a feed and its second source at the keeper's cadence, where both are fresh.

    Raises
    ------
    ParameterError : they have too few readings in common, or updates for a staleness limit.
    """
    unknown = {"heartbeat": None, "longest_gap": None}
    theirs = settings.model_copy(update=unknown)
    first = Source([feed.history], [fit_staleness(feed.history, settings).bound.value])
    legs = [leg.history for leg in seconds]
    second = Source(legs, [fit_staleness(leg, theirs).bound.value for leg in legs])
    return readings(first, second, settings.poke_interval)


# What a book asks ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Task:
    """One calibration to be made: its name, its feed, a second source, and what is asked of it."""

    name: str
    feed: Feed
    seconds: Sequence[Feed]
    settings: Settings


def identity(tasks: Sequence[Task], how: Resampling) -> dict[str, str]:
    """What calibrations are made from: every feed by its file and its prices, and what is asked."""
    whole = hashlib.sha256(how.model_dump_json().encode())
    for task in tasks:
        whole.update(f"{task.name} {task.settings.model_dump_json()} ".encode())
        for feed in (task.feed, *task.seconds):
            whole.update(feed.record.model_dump_json().encode())
            whole.update(feed.history.times.tobytes() + feed.history.prices.tobytes())
    return {"inputs": whole.hexdigest()}


def book_tasks(loaded: Loaded, name: str, days: Days, holding: float) -> Sequence[Task]:
    """Return a task for every history that an asset of a book rests on.

    Parameters
    ----------
    holding : seconds, the period of the haircut.

    Raises
    ------
    InvalidInputError
        The book has no such asset, or the asset no history.
    """
    chosen_assets(loaded, [name])
    asset = loaded.book.assets[name]
    oracle = asset.oracle
    secondary = None if oracle.secondary is None else oracle.secondary.history
    named = (oracle.primary.history, oracle.history, asset.market.history, secondary)
    ids = list(dict.fromkeys(found for found in named if found is not None))
    if not ids:
        place = loaded.lines.get(f"assets.{name}", Place(loaded.inputs[0].file))
        hint = "Name files on the command line: paramgen calibrate FEED … --book … --asset …"
        raise InvalidInputError([Problem(place, f"assets.{name}", "", "names no history.", hint)])
    feeds = {found: _book_feed(loaded, found, days) for found in ids}
    beside = [feeds[secondary]] if secondary is not None else []
    return [
        Task(
            f"{found}-calibrated",
            feed,
            beside if found == (oracle.history or oracle.primary.history) else [],
            _history_settings(loaded, asset, found, holding),
        )
        for found, feed in feeds.items()
    ]


def _history_settings(loaded: Loaded, asset: Asset, name: str, holding: float) -> Settings:
    """What is asked of a history by those that rest on it: of the secondary's own, by it alone."""
    oracle, policy = asset.oracle, loaded.policy
    if name == oracle.primary.history:
        return book_settings(asset, policy, holding)
    if name in (oracle.history, asset.market.history) or oracle.secondary is None:
        return book_settings(asset, policy, holding, _limit(loaded, asset))
    return book_settings(asset, policy, holding).model_copy(
        update={**_of_feed(oracle.secondary, policy), "second_deviation": 0.0}
    )


def book_settings(
    asset: Asset, policy: Policy, holding: float, horizon: float | None = None
) -> Settings:
    """Return what a book and its policy ask of the primary feed of an asset."""
    oracle, rules = asset.oracle, policy.oracle
    accrual = float(asset.accrual)
    asked: Mapping[str, object] = {
        "kind": "nav" if accrual > 0.0 else "rounds",
        "confidence": float(policy.confidence),
        "alarms_per_year": float(rules.false_alarms),
        "margin": float(rules.margin),
        "poke_interval": float(rules.poke_interval),
        "shock": float(rules.shock),
        **_of_feed(oracle.primary, policy),
        "horizon": horizon,
        "second_deviation": 0.0 if oracle.secondary is None else float(oracle.secondary.deviation),
        "accrual": accrual,
        "tick": float(oracle.tick),
        "windows": SLOW_WINDOWS,
        "holding": holding,
    }
    return Settings.model_validate(asked)


def _of_feed(feed: BookFeed, policy: Policy) -> dict[str, float | None]:
    """What a book says of one feed."""
    return {
        "heartbeat": float(feed.heartbeat),
        "closure": _closure(feed, policy),
        "longest_gap": _known(feed),
        "deviation": float(feed.deviation),
    }


def _closure(feed: BookFeed, policy: Policy) -> float | None:
    return float(policy.oracle.business_gap) if feed.calendar == "business" else None


def _known(feed: BookFeed) -> float | None:
    return None if feed.longest_gap is None else float(feed.longest_gap)


def _limit(loaded: Loaded, asset: Asset) -> float:
    primary = asset.oracle.primary
    gaps = fit_gaps(primary, loaded.policy, records_of(loaded))
    return feed_staleness(primary, loaded.policy, gaps.tail).value


def _book_feed(loaded: Loaded, name: str, days: Days) -> Feed:
    source = loaded.book.sources[name]
    return as_feed(
        loaded.histories[name], Path(source.file or name), source.sha256 or "", "feed", days
    )
