"""A backtest as asked on the command line, with everything that is wrong with it at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import numpy as np

from paramgen.backtest.borrowers import CALM
from paramgen.backtest.liquidity import PoolHistory
from paramgen.backtest.policies import OTHERS, Policy, SingleStep
from paramgen.backtest.run import EVERY_UPDATE, Episode, Request, with_ours
from paramgen.backtest.walk import LEGS, Walk, folds, leg_history
from paramgen.book.loaded import Loaded, PriceHistory
from paramgen.book.validation import did_you_mean
from paramgen.edge.backtests import (
    Given,
    parse_history,
    parse_pool,
    read_pools,
    with_histories,
)
from paramgen.edge.load import load_book
from paramgen.errors import InvalidInputError, Place, Problem
from paramgen.scenarios.episodes import EPISODES
from paramgen.units import Dimension, UnitError, parse

T = TypeVar("T")

ALL, NEVER, UPDATE = "all", "never", "update"

_EPISODE = re.compile(r"(?:(?P<asset>[a-z0-9-]+)\.)?(?P<name>[^=.]+)=(?P<start>.+?)\.\.(?P<end>.+)")
_KNOWN = re.compile(r"(?:(?P<asset>[a-z0-9-]+)\.)?(?P<name>[a-z0-9-]+)(?::(?P<level>\d+(\.\d+)?))?")
_STEP = re.compile(r"step-(\d+(?:\.\d+)?)")
_PERCENT = 100.0


@dataclass(frozen=True)
class Options:
    """The options as written."""

    histories: Sequence[str] = ()
    pools: Sequence[str] = ()
    assets: Sequence[str] = ()
    episodes: Sequence[str] = ()
    against: Sequence[str] = ()
    cadences: Sequence[str] = ()
    train: str = "90 d"
    fold: str = "30 d"
    window: str | None = None
    reset_after: str = "6 h"


@dataclass
class _Reader:
    """Reads options, keeping what is wrong with each."""

    problems: list[Problem] = field(default_factory=list)

    def each(self, option: str, texts: Sequence[str], read: Callable[[str], T]) -> list[T]:
        """What could be read of a repeated option."""
        found = [self.one(option, text, read) for text in texts]
        return [item for item in found if item is not None]

    def one(self, option: str, text: str, read: Callable[[str], T]) -> T | None:
        """What was read of one option, None with a problem."""
        try:
            return read(text)
        except ValueError as error:
            self.problems.append(Problem(Place(option), option, text, str(error)))
            return None


def read_request(book: Path, options: Options) -> Request:
    """Load the book and everything that the options name.

    Raises
    ------
    InvalidInputError
        With all problems of options, book and histories at once.
    """
    reader = _Reader()
    given = reader.each("--history", options.histories, parse_history)
    named_pools = reader.each("--pool", options.pools, parse_pool)
    episodes = reader.each("--episode", options.episodes, parse_episode)
    policies = reader.each("--against", options.against, parse_against)
    cadences = reader.each("--cadence", options.cadences, parse_cadence)
    walk = _walk(reader, options)
    reset = reader.one("--reset-after", options.reset_after, parse_reset)
    loaded = _loaded(reader, book, given)
    if loaded is None or walk is None:
        raise InvalidInputError(reader.problems)
    loaded, pools, problems = read_pools(loaded, named_pools)
    reader.problems += problems
    assets = _assets(reader, loaded, options.assets)
    reader.problems += _tape_problems(loaded, assets, walk)
    reader.problems += _episode_problems(loaded, assets, episodes)
    reader.problems += _pool_problems(loaded, assets, walk, pools)
    if reader.problems:
        raise InvalidInputError(reader.problems)
    against = tuple(dict.fromkeys(policy for group in policies for policy in group))
    return Request(
        loaded=loaded,
        assets=assets,
        walk=walk,
        policies=with_ours(against),
        cadences=tuple(dict.fromkeys(cadences)) or (int(loaded.policy.oracle.poke_interval.value),),
        episodes=tuple(episodes),
        reset_after=None if reset == _NOBODY else reset,
        pools=pools,
    )


# One option at a time ----------------------------------------------------------------------------


def parse_seconds(text: str) -> int:
    """Read a time such as `90 d` as whole seconds.

    Raises
    ------
    ValueError
        When it is no time, or less than a second.
    """
    try:
        seconds = parse(text, Dimension.TIME)
    except UnitError as error:
        raise ValueError(str(error)) from None
    if seconds < 1 or seconds.denominator != 1:
        raise ValueError("must be a whole number of seconds, one at least.")
    return int(seconds)


def parse_cadence(text: str) -> int:
    """Read how often the keeper pokes: a time, or `update` for each of the primary's rounds."""
    return EVERY_UPDATE if text.strip() == UPDATE else parse_seconds(text)


_NOBODY = -1


def parse_reset(text: str) -> int:
    """Read when a trip is reset: a time, or `never`."""
    return _NOBODY if text.strip() == NEVER else parse_seconds(text)


def parse_against(text: str) -> tuple[Policy, ...]:
    """Read a policy's name, `step-N` for a single step of N %, or `all` of those that are named.

    Raises
    ------
    ValueError
        For an unknown name.
    """
    name = text.strip()
    if name == ALL:
        return tuple(OTHERS.values())
    if name in OTHERS:
        return (OTHERS[name],)
    step = _STEP.fullmatch(name)
    if step is not None and 0.0 < float(step[1]) < _PERCENT:
        return (SingleStep.of(float(step[1]) / _PERCENT),)
    hint = did_you_mean(name, tuple(OTHERS))
    raise ValueError(f"names no policy; there are {', '.join(OTHERS)}, step-N and {ALL}. {hint}")


def parse_episode(text: str) -> Episode:
    """Read `[ASSET.]NAME=START..END[:LEVEL]` in UTC, or a known one by its name alone.

    Raises
    ------
    ValueError
        When it is written otherwise, or ends before it starts.
    """
    known = _KNOWN.fullmatch(text.strip())
    if known is not None and known["name"] in EPISODES:
        one = EPISODES[known["name"]]
        level = None if known["level"] is None else float(known["level"])
        start, end = (int(moment.timestamp()) for moment in (one.start, one.end))
        return Episode(one.name, known["asset"] or "", start, end, level)
    found = _EPISODE.fullmatch(text.strip())
    if found is None:
        raise ValueError(
            f"is not [ASSET.]NAME=START..END[:LEVEL], nor one of {', '.join(EPISODES)}."
        )
    start = _moment(found["start"])
    end, level = _end_and_level(found["end"])
    if end <= start:
        raise ValueError("ends before it starts.")
    return Episode(found["name"].strip(), found["asset"] or "", start, end, level)


def _end_and_level(text: str) -> tuple[int, float | None]:
    try:
        return _moment(text), None
    except ValueError:
        end, colon, level = text.rpartition(":")
        if not colon:
            raise
    if not re.fullmatch(r"\d+(\.\d+)?", level.strip()):
        raise ValueError(f"has the level {level!r}, which is no price.")
    return _moment(end), float(level)


def _moment(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(
            f"has {text.strip()!r}, which is no time such as 2023-03-10T16:00."
        ) from None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return int(moment.timestamp())


def _walk(reader: _Reader, options: Options) -> Walk | None:
    training = reader.one("--train", options.train, parse_seconds)
    fold = reader.one("--fold", options.fold, parse_seconds)
    window = None
    if options.window is not None:
        window = reader.one("--window", options.window, parse_seconds)
    return None if training is None or fold is None else Walk(training, fold, window)


# The options against the book --------------------------------------------------------------------


def _loaded(reader: _Reader, book: Path, given: Sequence[Given]) -> Loaded | None:
    try:
        loaded, problems = with_histories(load_book(book), given)
    except InvalidInputError as error:
        reader.problems += error.problems
        return None
    reader.problems += problems
    return loaded


def _assets(reader: _Reader, loaded: Loaded, named: Sequence[str]) -> tuple[str, ...]:
    """The assets named, or all that have a history to walk through."""
    book = loaded.book
    for name in named:
        hint = did_you_mean(name, tuple(book.assets))
        if name not in book.assets:
            _refuse(reader, "--asset", name, "is no asset of the book.", hint)
        elif leg_history(book.assets[name], LEGS[0]) is None:
            _refuse(reader, "--asset", name, "has no history.", f"Give --history {name}=FILE.")
    walked = [name for name, asset in book.assets.items() if leg_history(asset, LEGS[0])]
    if not named and not walked and not reader.problems:
        hint = "Give --history ASSET=FILE, or evidence of kind history in the book."
        _refuse(reader, "BOOK", book.name, "has no asset with a history.", hint)
    return tuple(name for name in walked if not named or name in named)


def _refuse(reader: _Reader, option: str, value: str, bound: str, hint: str = "") -> None:
    reader.problems.append(Problem(Place(option), option, value, bound, hint))


def _tape_problems(loaded: Loaded, assets: Sequence[str], walk: Walk) -> Iterator[Problem]:
    for name in assets:
        tape = _tape(loaded, name)
        if not folds(float(tape.times[0]), float(tape.times[-1]), walk):
            days = (tape.times[-1] - tape.times[0]) / 86_400.0
            bound = f"leaves nothing of the history of {name}, {days:.6g} d long, to judge."
            yield Problem(Place("--train"), "--train", f"{walk.training} s", bound)
        spec = loaded.book.assets[name].oracle
        low, high = float(spec.lowest), float(spec.highest)
        outside = float(np.mean((tape.prices < low) | (tape.prices > high)))
        if outside > _MOSTLY:
            bound = f"has {outside:.0%} of its prices outside the oracle's bounds."
            hint = f"Check decimals=, or assets.{name}.oracle.lowest and highest."
            yield Problem(Place("--history"), name, f"[{low:g}, {high:g}]", bound, hint)


_MOSTLY = 0.5


def _episode_problems(
    loaded: Loaded, assets: Sequence[str], episodes: Sequence[Episode]
) -> Iterator[Problem]:
    for one in episodes:
        concerned = [name for name in assets if one.concerns(name)]
        tapes = [_tape(loaded, name) for name in concerned]
        if not concerned:
            bound = "names no asset that is walked through."
        elif not any(one.start < t.times[-1] and one.end > t.times[0] for t in tapes):
            bound = f"lies outside the history of {', '.join(concerned)}."
        else:
            continue
        yield Problem(Place("--episode"), "--episode", one.name, bound)


def _pool_problems(
    loaded: Loaded, assets: Sequence[str], walk: Walk, pools: Mapping[str, PoolHistory]
) -> Iterator[Problem]:
    """A pool must be known from the calm before the first fold on."""
    for name, pool in pools.items():
        if name not in assets:
            bound = "is the pool of an asset that is not walked through."
            yield Problem(Place("--pool"), "--pool", name, bound)
            continue
        tape = _tape(loaded, name)
        first = folds(float(tape.times[0]), float(tape.times[-1]), walk)[:1]
        if first and not pool.times[0] <= first[0].start - CALM:
            bound = f"begins later than {CALM // 86_400} d before the first fold."
            hint = "Give a longer history of the pool, or a longer --train."
            yield Problem(Place("--pool"), "--pool", name, bound, hint)


def _tape(loaded: Loaded, asset: str) -> PriceHistory:
    return loaded.histories[leg_history(loaded.book.assets[asset], LEGS[0]) or ""]
