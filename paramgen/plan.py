"""What would change on a chain, in which words, and who may change it.

A plan is the artefact less the state read at one pinned block. It is pure: the same two give the
same bytes. Applying re-reads the state and holds it against what the plan assumed; nothing here
sends anything.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from paramgen.difference import (
    PARAMETER_IDS,
    Assumption,
    Difference,
    RailChange,
    Standing,
    difference,
    expected_state_hash,
    landing_words,
    moves,
    refusals,
    target_rails,
)
from paramgen.encode import FIELDS, Word
from paramgen.mirror.domains import parameters
from paramgen.mirror.guardrails import Guardrail
from paramgen.mirror.steward import Ledger, Section, judge
from paramgen.mirror.validity import Refusal, dates_back

_AT_DEPLOYMENT = (Word.ORACLE, Word.REFERENCE)


class Verdict(enum.StrEnum):
    """What the steward's guardrails will say of a change."""

    DEPLOYMENT = "set at deployment"
    FIRST = "first configuration: governor"
    WITHIN = "within steps: steward"
    GOVERNOR = "governor only"
    REFUSED = "refused"


# --- the state of a chain ----------------------------------------------------------------------


@dataclass(frozen=True)
class MarketState:
    """One listed market at the pinned block, with what moves without a batch.

    Attributes
    ----------
    price : in 1e-8 USD, 0 while the oracle pauses.
    """

    standing: Standing
    oracle: str
    accrual: str
    ledger: Ledger
    locked_until: int
    frozen: bool
    verdict: int
    price: int


@dataclass(frozen=True)
class ChainState:
    """A chain at one pinned block; markets by the book's asset names, unlisted ones absent."""

    chain_id: int
    genesis: str
    block: int
    time: int
    steward: str | None = None
    caller_is_governor: bool = True
    price_move_limit: int | None = None
    guardrails: Mapping[int, int] | None = None
    markets: Mapping[str, MarketState] | None = None

    def market(self, asset: str) -> MarketState | None:
        """The market of an asset, None where it is not listed."""
        return (self.markets or {}).get(asset)

    def standings(self) -> dict[str, Standing]:
        """The configuration of every listed market, by asset."""
        return {asset: market.standing for asset, market in (self.markets or {}).items()}

    def rail(self, identifier: int) -> int:
        """A parameter's guardrail word, zero where none is set."""
        return (self.guardrails or {}).get(identifier, 0)


# --- the plan ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Change:
    """One field of one market. Integers are as encoded; None is a field not on chain yet."""

    asset: str
    field: str
    unit: str
    before: int | None
    after: int
    because: str
    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True)
class Plan:
    """Everything that differs between an artefact and a chain, in the artefact's order.

    Attributes
    ----------
    words : by asset, the words that differ, as they are to land.
    missing : assets without a market on the chain; applying deploys and lists them.
    refusals : by asset, what the chain would refuse of the tuple that lands.
    """

    artefact: str
    assumes: Assumption
    changes: tuple[Change, ...]
    guardrails: tuple[RailChange, ...]
    price_move_limit: int | None
    words: Mapping[str, Mapping[Word, int]]
    missing: tuple[str, ...]
    refusals: Mapping[str, tuple[str, ...]]

    @property
    def is_empty(self) -> bool:
        """Whether the chain already is as the artefact wants it."""
        settings = self.guardrails or self.price_move_limit is not None
        return not (self.changes or self.missing or settings)


def make_plan(artefact: Mapping[str, Any], state: ChainState) -> Plan:
    """The difference between an artefact and a chain.

    Parameters
    ----------
    artefact : a compiled artefact (`paramgen.artefact`), its markets by asset name.
    state : the chain at one pinned block.

    Raises
    ------
    PlanError
        When the artefact has a guardrail for an unknown field.
    """
    assumption = _assumption(artefact, state)
    left = difference(artefact, assumption)
    return Plan(
        artefact=artefact["hash"],
        assumes=assumption,
        changes=tuple(_judged(artefact, left, state)),
        guardrails=left.guardrails,
        price_move_limit=left.price_move_limit,
        words=left.words,
        missing=left.missing,
        refusals=refusals(artefact, left.words),
    )


def why_not(plan: Plan, state: ChainState) -> tuple[str, ...]:
    """Why a saved plan may not be applied to this state; nothing where it may.

    A market may stand as assumed, or as the plan leaves it: a killed run has then been there. One
    that the plan deploys may stand anywhere between, for each of its words is none or the plan's.
    """
    assumed = plan.assumes
    moved = moved_chain(assumed, state, steward=assumed.steward or state.steward)
    after = {PARAMETER_IDS[change.field]: change.after for change in plan.guardrails}
    return moved or (*_moved_markets(plan, state), *moved_rails(assumed, state, after))


def moved_chain(assumed: Assumption, state: ChainState, *, steward: str | None) -> tuple[str, ...]:
    """In what a chain is not the assumed one, whose steward has to be `steward`."""
    pairs = [
        ("chain", assumed.chain_id, state.chain_id),
        ("genesis", assumed.genesis, state.genesis),
        ("steward", steward, state.steward),
    ]
    return tuple(
        f"it was made for the {name} {wanted}, this is {found}"
        for name, wanted, found in pairs
        if wanted != found
    )


def moved_rails(assumed: Assumption, state: ChainState, after: Mapping[int, int]) -> Iterator[str]:
    """Every guardrail that is neither as assumed nor, by parameter id, as it is to be."""
    for field, identifier in PARAMETER_IDS.items():
        before = assumed.guardrails.get(identifier, 0)
        if state.rail(identifier) not in (before, after.get(identifier, before)):
            yield f"the guardrail of {field} is not as it was at block {assumed.block}"


# --- parts -------------------------------------------------------------------------------------


def _judged(artefact: Mapping[str, Any], left: Difference, state: ChainState) -> Iterator[Change]:
    rails = target_rails(artefact)
    in_force = {i: Guardrail.unpack(rails.get(i, state.rail(i))) for i in PARAMETER_IDS.values()}
    for asset, landing in left.words.items():
        verdicts = {
            word: _verdicts(word, target, state.market(asset), state, in_force)
            for word, target in landing.items()
        }
        for move in moves(artefact, asset, landing, state.standings().get(asset)):
            said = verdicts[move.word]
            verdict, reason = said.get(move.field, said[""])
            yield Change(
                asset, move.field, move.unit, move.before, move.after, move.because, verdict,
                reason,
            )  # fmt: skip


def _verdicts(
    word: Word,
    target: int,
    market: MarketState | None,
    state: ChainState,
    rails: Mapping[int, Guardrail],
) -> dict[str, tuple[Verdict, str]]:
    """By field name; the empty name is for fields without a refusal of their own."""
    if market is None and word in _AT_DEPLOYMENT:
        return {"": (Verdict.DEPLOYMENT, "")}
    current = 0 if market is None else market.standing.words[word]
    section = _section(market, word)
    locked = 0 if market is None else market.locked_until
    by_governor = judge(word, rails, current, target, section, now=state.time, by_governor=True)
    by_steward = judge(
        word,
        rails,
        current,
        target,
        section,
        now=state.time,
        by_governor=False,
        locked_until=locked,
    )
    general = Verdict.FIRST if current == 0 else Verdict.WITHIN
    verdicts: dict[str, tuple[Verdict, str]] = {"": (general, "")}
    if _blocked_by_pause(word, market, loosened=by_steward.loosened):
        verdicts[""] = (Verdict.GOVERNOR, "LoosensPausedMarket")
    if current:
        verdicts |= _by_field(by_steward.refusals, Verdict.GOVERNOR)
    if word is Word.REFERENCE and dates_back(current, target):
        verdicts["reference_as_of"] = (Verdict.REFUSED, "ReferenceInvalid")
    return verdicts | _by_field(by_governor.refusals, Verdict.REFUSED)


def _section(market: MarketState | None, word: Word) -> Section:
    if market is None:
        return Section(0, (0,) * len(parameters(word)))
    return market.ledger.sections[word]


def _blocked_by_pause(word: Word, market: MarketState | None, *, loosened: bool) -> bool:
    """A rate rests on no price; everything else waits for the pause to end."""
    return market is not None and market.price == 0 and loosened and word is not Word.RATE


def _by_field(refusals: Sequence[Refusal], verdict: Verdict) -> dict[str, tuple[Verdict, str]]:
    names = {identifier: name for name, identifier in PARAMETER_IDS.items()}
    return {names[refusal.arguments[0]]: (verdict, str(refusal)) for refusal in refusals}


def _assumption(artefact: Mapping[str, Any], state: ChainState) -> Assumption:
    standings = state.standings()
    markets = {asset: standings.get(asset) for asset in artefact["markets"]}
    words = landing_words(artefact, markets)
    return Assumption(
        chain_id=state.chain_id,
        genesis=state.genesis,
        block=state.block,
        steward=state.steward,
        state_hash=expected_state_hash(words, markets, state.chain_id, state.steward)
        if words
        else None,
        price_move_limit=state.price_move_limit,
        guardrails={i: state.rail(i) for i in PARAMETER_IDS.values() if state.rail(i)},
        markets=markets,
    )


def _moved_markets(plan: Plan, state: ChainState) -> Iterator[str]:
    for asset, standing in plan.assumes.markets.items():
        market = state.market(asset)
        now = None if market is None else market.standing
        if not _compatible(standing, now, plan.words.get(asset, {})):
            yield f"{asset} is not as it was at block {plan.assumes.block}"


def _compatible(
    assumed: Standing | None, now: Standing | None, landing: Mapping[Word, int]
) -> bool:
    if assumed is None:
        return now is None or all(now.words[word] in (0, landing.get(word, 0)) for word in FIELDS)
    if now is None:
        return False
    landed = replace(assumed, words={**assumed.words, **landing}, epoch=now.epoch)
    return now in (assumed, landed)
