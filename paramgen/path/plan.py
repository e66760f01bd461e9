"""Paths with dates: what the steward may do, step by step, where it may not do it at once.

A step's date is the earliest time at which the mirror of the steward accepts it, given that the
steps before it landed on theirs. Whatever moves without a batch is not foreseen: a lock or a pause
to come, a price that an update would move too far while it decays. The chain judges those when a
step is sent, and a step that it refuses is not lost, only late.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from paramgen.difference import PARAMETER_IDS, Assumption, Standing
from paramgen.encode import BY_NAME, FIELDS, Word, pack, unpack
from paramgen.mirror.guardrails import Guardrail
from paramgen.mirror.oracle import Configuration
from paramgen.mirror.rate import Curve
from paramgen.mirror.steward import MarketJudgement, judge_update
from paramgen.mirror.validity import (
    collateral_refusals,
    coupled_refusals,
    dates_back,
    rate_refusals,
)
from paramgen.path.reach import Track, first_where
from paramgen.path.search import Values, fewest_steps
from paramgen.plan import ChainState, MarketState, Plan, Verdict

Words = Mapping[Word, int]


@dataclass(frozen=True)
class Step:
    """One batch of one market.

    Attributes
    ----------
    at : Unix time from which the steward may send it.
    words : the words that it changes, as they land.
    needs_price : it loosens what rests on the price, so a paused market refuses it.
    """

    at: int
    words: Words
    needs_price: bool


BY_GOVERNOR = (
    "The governor has to do it, in a proposal that moves the guardrail where that is what refuses."
)
NEWER_NAV = "Nobody can date it back: state the newer NAV in the book."


@dataclass(frozen=True)
class Obstacle:
    """Why a field has no legal way: its value, the bound that it meets, why, and what to do."""

    field: str
    value: int
    bound: int
    why: str
    remedy: str = BY_GOVERNOR


@dataclass(frozen=True)
class Path:
    """The steward's way for one market: steps, or the obstacles that leave none."""

    start: Standing
    steps: tuple[Step, ...]
    obstacles: tuple[Obstacle, ...] = ()

    def words_after(self, count: int) -> Words:
        """The market's words once `count` steps have landed."""
        words = dict(self.start.words)
        for step in self.steps[:count]:
            words |= step.words
        return words


@dataclass(frozen=True)
class Paths:
    """The steward's ways to an artefact, market by market, and when governance could be there.

    Attributes
    ----------
    assumes : the chain as it was read.
    governance_at : Unix time at which one batch of the governor, proposed at once, can land; None
        where nobody said how long its vote and its timelock take.
    """

    artefact: str
    assumes: Assumption
    markets: Mapping[str, Path]
    governance_at: int | None = None


def is_jump(plan: Plan) -> bool:
    """Whether something of a listed market is beyond one batch of the steward."""
    return any(change.verdict is Verdict.GOVERNOR for change in plan.changes)


def make_paths(
    artefact: Mapping[str, Any], plan: Plan, state: ChainState, governance: int | None = None
) -> Paths:
    """The steward's way of every listed market that differs, in the artefact's order.

    Parameters
    ----------
    plan : the plan of this artefact and state.
    governance : seconds from a proposal to its execution.

    Notes
    -----
    The guardrails are those on chain: changing them is the governor's.
    """
    rails = {number: Guardrail.unpack(state.rail(number)) for number in PARAMETER_IDS.values()}
    found = {
        asset: market_path(
            market,
            landing,
            rails,
            now=state.time,
            has_secondary=bool(artefact["markets"][asset]["feed"]["has_secondary"]),
        )
        for asset, landing in plan.words.items()
        if (market := state.market(asset)) is not None
    }
    governed = None if governance is None else state.time + governance
    return Paths(plan.artefact, plan.assumes, found, governed)


def market_path(
    market: MarketState,
    landing: Words,
    rails: Mapping[int, Guardrail],
    *,
    now: int,
    has_secondary: bool,
) -> Path:
    """The fewest steps of one market, each as early as the steward may send it.

    Parameters
    ----------
    landing : the words that are to change, as they are to be in the end.
    rails : guardrails by parameter id, all of them.
    now : before which no step is dated.
    has_secondary : whether the market's oracle has a secondary source.
    """
    start = market.standing
    tracks = tuple(_tracks(start.words, landing, rails))
    obstacles = tuple(_obstacles(start.words, landing, tracks))
    if obstacles:
        return Path(start, (), obstacles)

    def flaws(values: Values) -> frozenset[str]:
        return invalid(_with(start.words, landing, values), has_secondary=has_secondary)

    values = fewest_steps(tracks, flaws)
    if values is None:
        errors = ", ".join(sorted(flaws({})))
        return Path(start, (), (Obstacle("", 0, 0, f"the tuple on chain is refused: {errors}"),))
    if landing and not values:
        # Nothing that a guardrail judges: the time of a reference alone.
        values = ({},)
    ways = [_with(start.words, landing, each) for each in values]
    return Path(start, tuple(_dated(market, ways, rails, now)))


def invalid(words: Words, *, has_secondary: bool) -> frozenset[str]:
    """The names of the contracts' errors at a market's words, whoever sets them."""
    collateral, rate = words[Word.COLLATERAL], words[Word.RATE]
    oracle = words[Word.ORACLE]
    refusals = [*coupled_refusals(collateral, oracle), *rate_refusals(rate)]
    if collateral:
        refusals += collateral_refusals(collateral)
    found = {refusal.error for refusal in refusals}
    if rate and not Curve.from_word(rate).is_valid:
        found.add("RateWordInvalid")
    if oracle and not Configuration.from_word(oracle).is_valid(has_secondary=has_secondary):
        found.add("ConfigurationInvalid")
    return frozenset(found)


# --- what moves, and what stands in its way ----------------------------------------------------


def _tracks(words: Words, landing: Words, rails: Mapping[int, Guardrail]) -> Iterator[Track]:
    for word, target in landing.items():
        before, after = unpack(word, words[word]), unpack(word, target)
        for field in FIELDS[word]:
            name = field.name
            if name in PARAMETER_IDS and before[name] != after[name]:
                yield Track(name, rails[PARAMETER_IDS[name]], before[name], after[name])


def _obstacles(words: Words, landing: Words, tracks: tuple[Track, ...]) -> Iterator[Obstacle]:
    for word, target in landing.items():
        if words[word] == 0:
            why = f"the first {word.value} word is the governor's to set"
            yield Obstacle(FIELDS[word][0].name, 0, 0, why)
            return
        if word is Word.REFERENCE and dates_back(words[word], target):
            name = "reference_as_of"
            here, there = unpack(word, words[word])[name], unpack(word, target)[name]
            yield Obstacle(name, there, here, "earlier than the reference on chain", NEWER_NAV)
    for track in tracks:
        yield from _own_obstacles(track)


def _own_obstacles(track: Track) -> Iterator[Obstacle]:
    rail = track.rail
    if track.end > rail.maximum:
        yield Obstacle(track.name, track.end, rail.maximum, "above the envelope's maximum")
    elif track.end < rail.minimum:
        yield Obstacle(track.name, track.end, rail.minimum, "below the envelope's minimum")
    elif track.units(track.onward(track.start)) < track.entry:
        edge = track.at(track.entry)
        yield Obstacle(track.name, track.start, edge, "further than a step outside the envelope")
    elif track.fewest() is None:
        stuck = _stuck(track)
        yield Obstacle(track.name, stuck, track.end, "no step leads on: it is less than one unit")


def _stuck(track: Track) -> int:
    value = track.start
    while (following := track.onward(value)) != value:
        value = following
    return value


def _with(words: Words, landing: Words, values: Values) -> dict[Word, int]:
    """The market's words with these fields; the time of a reference goes with its first step."""
    found = dict(words)
    for word, target in landing.items():
        held = unpack(word, words[word])
        own = {name: n for name, n in values.items() if BY_NAME[name].word is word}
        if word is Word.REFERENCE:
            own["reference_as_of"] = unpack(word, target)["reference_as_of"]
        found[word] = pack(word, {**held, **own})
    return found


# --- dates -------------------------------------------------------------------------------------


def _dated(
    market: MarketState, ways: list[dict[Word, int]], rails: Mapping[int, Guardrail], now: int
) -> Iterator[Step]:
    words, ledger, time = dict(market.standing.words), market.ledger, now
    for way in ways:
        update = {word: value for word, value in way.items() if value != words[word]}
        here = replace(market, standing=replace(market.standing, words=words), ledger=ledger)
        time = earliest(here, update, rails, time)
        judgement = _judgement(here, update, rails, time)
        if judgement.refusals:
            raise AssertionError(f"the mirror refuses a step of its own path: {judgement}")
        paused = _judgement(here, update, rails, time, paused=True)
        yield Step(time, update, needs_price=bool(paused.refusals))
        words, ledger = way, judgement.ledger


def earliest(market: MarketState, update: Words, rails: Mapping[int, Guardrail], after: int) -> int:
    """The earliest time from `after` on at which the mirror accepts an update.

    Cooldown, budget and lock only ever ease with time, so the answer is found by bisection.
    """
    longest = max(max(rail.cooldown, rail.window) for rail in rails.values())
    last = max(section.last_at for section in market.ledger.sections.values())
    as_of = unpack(Word.REFERENCE, update.get(Word.REFERENCE, 0))["reference_as_of"]
    first = max(after, as_of)
    times = range(first, max(first, last + longest, market.locked_until + 1))

    def lands(now: int) -> bool:
        return not _judgement(market, update, rails, now).refusals

    return first + first_where(times, lands)


def _judgement(
    market: MarketState,
    update: Words,
    rails: Mapping[int, Guardrail],
    now: int,
    *,
    paused: bool = False,
) -> MarketJudgement:
    """What the mirror makes of an update by the steward at a time."""
    return judge_update(
        market.standing.words,
        update,
        market.ledger,
        rails,
        now=now,
        by_governor=False,
        locked_until=market.locked_until,
        paused=paused,
    )
