"""What would change on a chain, in which words, and who may change it.

A plan is the artefact less the state read at one pinned block. It is pure: the same two give the
same bytes. Applying re-reads the state and holds it against what the plan assumed; nothing here
sends anything.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from paramgen.encode import BY_NAME, FIELDS, Word, unpack
from paramgen.errors import ParamgenError
from paramgen.mirror.steward import (
    MASK,
    Guardrail,
    Ledger,
    Refusal,
    Section,
    Snapshot,
    collateral_refusals,
    coupled_refusals,
    in_batch_order,
    judge,
    parameters,
    rate_refusals,
    state_hash,
)
from paramgen.units import BPS, Dimension, Rounding, parse, round_fraction

PARAMETER_IDS: Mapping[str, int] = {
    field.name: identifier for word in FIELDS for identifier, field in parameters(word)
}
"""Parameter id on chain by field name."""

_AT_DEPLOYMENT = (Word.ORACLE, Word.REFERENCE)


class PlanError(ParamgenError):
    """A plan that does not fit its artefact, its chain, or its own schema."""


class Verdict(enum.StrEnum):
    """What the steward's guardrails will say of a change."""

    DEPLOYMENT = "set at deployment"
    FIRST = "first configuration: governor"
    WITHIN = "within steps: steward"
    GOVERNOR = "governor only"
    REFUSED = "refused"


# --- the state of a chain ----------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """The configuration of one market: what a plan assumes and a state hash covers.

    Attributes
    ----------
    address : the asset's token, which is the market's key on chain.
    words : all four words, zero where none is set, the frozen flag left out.
    epoch : the market's configuration epoch.
    """

    address: str
    words: Mapping[Word, int]
    epoch: int


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
    caller_is_steward: bool = True
    price_move_limit: int | None = None
    guardrails: Mapping[int, int] | None = None
    markets: Mapping[str, MarketState] | None = None

    def market(self, asset: str) -> MarketState | None:
        """The market of an asset, None where it is not listed."""
        return (self.markets or {}).get(asset)

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
class RailChange:
    """One parameter's guardrail word."""

    field: str
    before: int
    after: int


@dataclass(frozen=True)
class Assumption:
    """The state that a plan was made on. `state_hash` is None before there is a steward."""

    chain_id: int
    genesis: str
    block: int
    steward: str | None
    state_hash: str | None
    price_move_limit: int | None
    guardrails: Mapping[int, int]
    markets: Mapping[str, Standing | None]


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


@dataclass(frozen=True)
class Update:
    """One market's part of a batch, as `ParameterSteward.applyBatch` takes it."""

    asset: str
    mask: int
    collateral: int
    rate: int
    oracle: int
    reference: int

    def as_tuple(self) -> tuple[str, int, int, int, int, int]:
        """In the order of the contract's struct."""
        return (
            self.asset, self.mask, self.collateral, self.rate, self.oracle, self.reference
        )  # fmt: skip


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
    rails = target_rails(artefact)
    rail_changes = tuple(
        RailChange(field, state.rail(identifier), rails[identifier])
        for field, identifier in PARAMETER_IDS.items()
        if identifier in rails and rails[identifier] != state.rail(identifier)
    )
    limit = price_move_limit(artefact)
    in_force = {i: Guardrail.unpack(rails.get(i, state.rail(i))) for i in PARAMETER_IDS.values()}
    changes: list[Change] = []
    words: dict[str, Mapping[Word, int]] = {}
    refusals: dict[str, tuple[str, ...]] = {}
    for asset, market in artefact["markets"].items():
        wanted = target_words(market)
        standing = state.market(asset)
        differing = {w: v for w, v in wanted.items() if v != _current(standing, w)}
        if not differing:
            continue
        words[asset] = differing
        changes += _changes(asset, market, differing, state, in_force)
        refused = _tuple_refusals(wanted)
        if refused:
            refusals[asset] = refused
    assumption = _assumption(state, tuple(artefact["markets"]), words)
    return Plan(
        artefact=artefact["hash"],
        assumes=assumption,
        changes=tuple(changes),
        guardrails=rail_changes,
        price_move_limit=None if limit == state.price_move_limit else limit,
        words=words,
        missing=tuple(asset for asset in artefact["markets"] if state.market(asset) is None),
        refusals=refusals,
    )


def updates(words: Mapping[str, Mapping[Word, int]], state: ChainState) -> tuple[Update, ...]:
    """The batch that lands these words, strictly ascending by address; all markets listed."""
    by_address = {_standing(state, asset).address: landing for asset, landing in words.items()}
    return tuple(_update(address, by_address[address]) for address in in_batch_order(by_address))


def expected_state_hash(words: Mapping[str, Mapping[Word, int]], state: ChainState) -> str | None:
    """The steward's hash of what a batch rests on; None while it has no steward or market."""
    if state.steward is None or any(state.market(asset) is None for asset in words):
        return None
    standings = {s.address: (s, words[a]) for a in words if (s := _standing(state, a))}
    snapshots = []
    for address in in_batch_order(standings):
        standing, landing = standings[address]
        mask = sum(MASK[word] for word in landing)
        snapshots.append(Snapshot(address, mask, standing.words, standing.epoch))
    return "0x" + state_hash(state.chain_id, state.steward, snapshots).hex()


def batches(
    words: Mapping[str, Mapping[Word, int]], largest: int
) -> Iterator[Mapping[str, Mapping[Word, int]]]:
    """Cut into as few batches as the steward's size allows; one, as a rule."""
    names = list(words)
    for start in range(0, len(names), largest):
        yield {name: words[name] for name in names[start : start + largest]}


def why_not(plan: Plan, state: ChainState) -> tuple[str, ...]:
    """Why a saved plan may not be applied to this state; nothing where it may.

    A market may stand as assumed, or as the plan leaves it: a killed run has then been there. One
    that the plan deploys may stand anywhere between, for each of its words is none or the plan's.
    """
    moved = _moved_chain(plan.assumes, state)
    return moved or (*_moved_markets(plan, state), *_moved_rails(plan, state))


def target_words(market: Mapping[str, Any]) -> dict[Word, int]:
    """The words of one market of an artefact, in the field table's order."""
    return {
        word: int(market["words"][word.value], 16)
        for word in FIELDS
        if word.value in market["words"]
    }


def target_rails(artefact: Mapping[str, Any]) -> dict[int, int]:
    """The guardrail words of an artefact by parameter id.

    Raises
    ------
    PlanError
        When one names a field that has no parameter id.
    """
    unknown = sorted(set(artefact["guardrails"]) - set(PARAMETER_IDS))
    if unknown:
        raise PlanError(f"guardrails for unknown fields: {', '.join(unknown)}")
    return {
        PARAMETER_IDS[field]: int(rail["word"], 16)
        for field, rail in artefact["guardrails"].items()
    }


def price_move_limit(artefact: Mapping[str, Any]) -> int:
    """By how much a batch may move a live price, in basis points, rounded down."""
    limit = parse(str(artefact["policy"]["update_limit"]), Dimension.FRACTION)
    return round_fraction(limit * BPS, Rounding.DOWN)


def value_of(field: str, integer: int) -> Fraction:
    """The real value that an encoded integer of a field stands for."""
    return BY_NAME[field].decode(integer)


# --- parts -------------------------------------------------------------------------------------


def _current(market: MarketState | None, word: Word) -> int:
    return 0 if market is None else market.standing.words[word]


def _standing(state: ChainState, asset: str) -> Standing:
    market = state.market(asset)
    if market is None:
        raise PlanError(f"{asset} has no market on chain {state.chain_id} yet")
    return market.standing


def _update(address: str, landing: Mapping[Word, int]) -> Update:
    mask = sum(MASK[word] for word in landing)
    named = {word: landing.get(word, 0) for word in Word}
    return Update(
        address,
        mask,
        named[Word.COLLATERAL],
        named[Word.RATE],
        named[Word.ORACLE],
        named[Word.REFERENCE],
    )


def _changes(
    asset: str,
    market: Mapping[str, Any],
    differing: Mapping[Word, int],
    state: ChainState,
    rails: Mapping[int, Guardrail],
) -> list[Change]:
    standing = state.market(asset)
    found = []
    for word, target in differing.items():
        before, after = unpack(word, _current(standing, word)), unpack(word, target)
        verdicts = _verdicts(word, target, standing, state, rails)
        for field in FIELDS[word]:
            name = field.name
            configured = _current(standing, word) != 0
            if configured and before[name] == after[name]:
                continue
            verdict, reason = verdicts.get(name, verdicts[""])
            because = market["parameters"].get(name, {}).get("because", "")
            found.append(
                Change(
                    asset,
                    name,
                    field.unit,
                    before[name] if configured else None,
                    after[name],
                    because,
                    verdict,
                    reason,
                )
            )
    return found


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
    current = _current(market, word)
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


def _tuple_refusals(words: Mapping[Word, int]) -> tuple[str, ...]:
    """What the chain would refuse of the values that land together."""
    refusals = (
        *collateral_refusals(words[Word.COLLATERAL]),
        *coupled_refusals(words[Word.COLLATERAL], words[Word.ORACLE]),
        *rate_refusals(words[Word.RATE]),
    )
    return tuple(map(str, refusals))


def _assumption(
    state: ChainState, assets: Sequence[str], words: Mapping[str, Mapping[Word, int]]
) -> Assumption:
    found = {asset: state.market(asset) for asset in assets}
    return Assumption(
        chain_id=state.chain_id,
        genesis=state.genesis,
        block=state.block,
        steward=state.steward,
        state_hash=expected_state_hash(words, state) if words else None,
        price_move_limit=state.price_move_limit,
        guardrails={i: state.rail(i) for i in PARAMETER_IDS.values() if state.rail(i)},
        markets={asset: None if m is None else m.standing for asset, m in found.items()},
    )


def _moved_chain(assumed: Assumption, state: ChainState) -> tuple[str, ...]:
    pairs = [
        ("chain", assumed.chain_id, state.chain_id),
        ("genesis", assumed.genesis, state.genesis),
        ("steward", assumed.steward or state.steward, state.steward),
    ]
    return tuple(
        f"it was made for the {name} {wanted}, this is {found}"
        for name, wanted, found in pairs
        if wanted != found
    )


def _moved_markets(plan: Plan, state: ChainState) -> Iterator[str]:
    for asset, standing in plan.assumes.markets.items():
        market = state.market(asset)
        now = None if market is None else market.standing
        if not _compatible(standing, now, plan.words.get(asset, {})):
            yield f"{asset} is not as it was at block {plan.assumes.block}"


def _moved_rails(plan: Plan, state: ChainState) -> Iterator[str]:
    after = {PARAMETER_IDS[change.field]: change.after for change in plan.guardrails}
    for field, identifier in PARAMETER_IDS.items():
        before = plan.assumes.guardrails.get(identifier, 0)
        if state.rail(identifier) not in (before, after.get(identifier, before)):
            yield f"the guardrail of {field} is not as it was at block {plan.assumes.block}"


def _compatible(
    assumed: Standing | None, now: Standing | None, landing: Mapping[Word, int]
) -> bool:
    if assumed is None:
        return now is None or all(now.words[word] in (0, landing.get(word, 0)) for word in FIELDS)
    if now is None:
        return False
    landed = replace(assumed, words={**assumed.words, **landing}, epoch=now.epoch)
    return now in (assumed, landed)
