"""What the steward contract will say of an update, computed beforehand in its own integers.

Mirrors `contracts/ParameterSteward.sol` to the last bit: what a batch does to a market, its ledger,
and the state hash. `domains`, `guardrails` and `validity` mirror the libraries of those names. The
chain reverts on the first refusal; here all are collected, in the order in which the chain would
meet them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from eth_utils.address import to_canonical_address
from eth_utils.crypto import keccak

from paramgen.encode import Word, unpack
from paramgen.mirror.domains import FIRST_ID, MASK, parameters
from paramgen.mirror.guardrails import FULL_BUDGET, Guardrail
from paramgen.mirror.validity import (
    Refusal,
    collateral_refusals,
    coupled_refusals,
    dates_back,
    rate_refusals,
)

MAX_BATCH = 24


# --- the ledger --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Section:
    """One domain's ledger: time of the last metered move, and what each parameter has spent."""

    last_at: int
    spent: tuple[int, ...]

    def pack(self) -> int:
        """lastAt 32 | one 16-bit share per parameter, least significant first."""
        shares = (share << 32 + 16 * index for index, share in enumerate(self.spent))
        return self.last_at | sum(shares)

    @classmethod
    def unpack(cls, section: int, count: int) -> Section:
        """Split a section of `count` parameters."""
        spent = tuple(section >> 32 + 16 * index & FULL_BUDGET for index in range(count))
        return cls(section & 0xFFFFFFFF, spent)


@dataclass(frozen=True)
class Ledger:
    """The steward's ledger of one market: a section a domain, and the configuration epoch."""

    sections: Mapping[Word, Section]
    epoch: int

    @classmethod
    def unpack(cls, main: int, oracle: int, reference: int) -> Ledger:
        """Split the three words that `ledgers(asset)` returns."""
        sections = {
            Word.COLLATERAL: Section.unpack(main, 5),
            Word.RATE: Section.unpack(main >> 112, 4),
            Word.ORACLE: Section.unpack(oracle, 13),
            Word.REFERENCE: Section.unpack(reference, 4),
        }
        return cls(sections, main >> 208)


# --- one word's move ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Judgement:
    """What the chain makes of one domain's move.

    Attributes
    ----------
    section : the ledger section afterwards, as it was where nothing metered moved.
    loosened : whether a parameter moved in a loosening direction.
    refusals : the contract's errors, in its order; the move lands iff there are none.
    """

    section: Section
    loosened: bool
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True)
class _Clock:
    last_at: int
    now: int
    locked_until: int


@dataclass(frozen=True)
class _Move:
    spent: int
    metered: bool = False
    loosened: bool = False
    refusal: Refusal | None = None


def judge(
    word: Word,
    rails: Mapping[int, Guardrail],
    current: int,
    target: int,
    section: Section,
    *,
    now: int,
    by_governor: bool,
    locked_until: int = 0,
) -> Judgement:
    """Judge the move of one word as `ParameterSteward._judge` does.

    Parameters
    ----------
    rails : guardrails by parameter id, all of the word's.
    current, target : the word on chain and the word wanted.
    section : the domain's ledger section on chain.
    now : the block's time at which the update lands.
    """
    first = current == 0
    if current == target and not first:
        return Judgement(section, loosened=False, refusals=())
    if first and not by_governor:
        refusal = Refusal("FirstConfigurationIsGovernors", (FIRST_ID[word],))
        return Judgement(section, loosened=False, refusals=(refusal,))

    before, after = unpack(word, current), unpack(word, target)
    clock = _Clock(section.last_at, now, locked_until)
    moves = []
    for (identifier, field), spent in zip(parameters(word), section.spent, strict=True):
        rail = rails[identifier]
        leaked = rail.leaked(spent, now - section.last_at) if spent else 0
        here, there = before[field.name], after[field.name]
        if (first or here != there) and not rail.minimum <= there <= rail.maximum:
            bounds = (identifier, there, rail.minimum, rail.maximum)
            moves.append(_Move(leaked, refusal=Refusal("OutsideEnvelope", bounds)))
        elif here == there or by_governor:
            moves.append(_Move(leaked))
        else:
            moves.append(_metered(identifier, rail, (here, there), leaked, clock))

    metered = any(move.metered for move in moves)
    renewed = Section(now, tuple(move.spent for move in moves)) if metered else section
    refusals = tuple(move.refusal for move in moves if move.refusal)
    return Judgement(renewed, any(move.loosened for move in moves), refusals)


def _metered(
    identifier: int, rail: Guardrail, values: tuple[int, int], spent: int, clock: _Clock
) -> _Move:
    """One parameter's move by the steward, as `ParameterSteward._meter` judges it."""
    step = rail.step_up if values[1] > values[0] else rail.step_down
    move, allowed = rail.scaled(*values)
    loosens = rail.loosens(*values)
    metered = loosens or rail.ramped
    cost = rail.cost(*values) if loosens else 0
    cool_at = clock.last_at + rail.cooldown
    checks = (
        (move > allowed, "StepTooLarge", (identifier, *values, step)),
        (
            metered and clock.last_at > 0 and clock.now < cool_at,
            "CooldownActive",
            (identifier, cool_at),
        ),
        (
            loosens and clock.now <= clock.locked_until,
            "LoosensLockedMarket",
            (identifier, clock.locked_until),
        ),
        (spent + cost > FULL_BUDGET, "BudgetExceeded", (identifier, spent, cost)),
    )
    for refused, error, arguments in checks:
        if refused:
            return _Move(spent, refusal=Refusal(error, arguments))
    return _Move(spent + cost, metered=metered, loosened=loosens)


# --- one market's update -----------------------------------------------------------------------


@dataclass(frozen=True)
class MarketJudgement:
    """What the chain makes of one market's update: the ledger after it, and why not, if not."""

    ledger: Ledger
    refusals: tuple[Refusal, ...]


def judge_update(
    words: Mapping[Word, int],
    update: Mapping[Word, int],
    ledger: Ledger,
    rails: Mapping[int, Guardrail],
    *,
    now: int,
    by_governor: bool,
    locked_until: int = 0,
    paused: bool = False,
) -> MarketJudgement:
    """Judge what a batch does to one market, as `ParameterSteward._land` does.

    Parameters
    ----------
    words : the market's four words on chain, the frozen flag left out.
    update : the words that the batch names.
    rails : guardrails by parameter id.
    now : the block's time at which the batch lands.
    locked_until : `markets(asset).lockedUntil`.
    paused : whether the oracle serves no price (of a batch that leaves the oracle's words alone:
        whether its state is contested or tripped).

    Notes
    -----
    What else the oracle and the rate model judge of their own words, and how far the price moves,
    are theirs to mirror.
    """
    sections = dict(ledger.sections)
    refusals: list[Refusal] = []
    loosened = False
    for word in _ORDER:
        if word not in update:
            continue
        judgement = judge(
            word,
            rails,
            words[word],
            update[word],
            sections[word],
            now=now,
            by_governor=by_governor,
            locked_until=locked_until,
        )
        sections[word] = judgement.section
        refusals += judgement.refusals
        if word is Word.RATE:
            refusals += rate_refusals(update[word])
        else:
            loosened |= judgement.loosened
        if word is Word.COLLATERAL:
            refusals += collateral_refusals(update[word])
        if word is Word.REFERENCE and dates_back(words[word], update[word]):
            refusals.append(Refusal("ReferenceInvalid"))
    if paused and loosened:
        refusals.append(Refusal("LoosensPausedMarket"))
    landing = {**words, **update}
    if _coupling_moves(words, update):
        refusals += coupled_refusals(landing[Word.COLLATERAL], landing[Word.ORACLE])
    return MarketJudgement(Ledger(sections, ledger.epoch + 1), tuple(refusals))


_ORDER = (Word.RATE, Word.COLLATERAL, Word.ORACLE, Word.REFERENCE)
_COUPLED_COLLATERAL = (1 << 48) - 1


def _coupling_moves(words: Mapping[Word, int], update: Mapping[Word, int]) -> bool:
    """Whether LTV, threshold or bonus move, or the oracle's word is named."""
    collateral = update.get(Word.COLLATERAL, words[Word.COLLATERAL])
    moved = (collateral ^ words[Word.COLLATERAL]) & _COUPLED_COLLATERAL
    return Word.ORACLE in update or moved != 0


# --- compare and set ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Snapshot:
    """What the state hash covers of one market; words outside the mask count as zero."""

    asset: str
    mask: int
    words: Mapping[Word, int]
    epoch: int

    def encoded(self) -> bytes:
        """The seven ABI words of the contract's `Snapshot`, the frozen flag left out."""
        named = {word: self.words[word] if self.mask & bit else 0 for word, bit in MASK.items()}
        collateral = named[Word.COLLATERAL] & (1 << 176) - 1
        rest = (named[Word.RATE], named[Word.ORACLE], named[Word.REFERENCE], self.epoch)
        head = _address(self.asset) + _uint(self.mask)
        return head + b"".join(map(_uint, (collateral, *rest)))


def state_hash(chain_id: int, steward: str, snapshots: Sequence[Snapshot]) -> bytes:
    """keccak256(abi.encode(chain id, steward, Snapshot[])), as `ParameterSteward.stateHash`."""
    head = _uint(chain_id) + _address(steward) + _uint(96) + _uint(len(snapshots))
    return bytes(keccak(head + b"".join(snapshot.encoded() for snapshot in snapshots)))


def in_batch_order(assets: Iterable[str]) -> list[str]:
    """Assets strictly ascending by address, the order a batch must have, without duplicates."""
    return sorted(set(assets), key=lambda asset: int(asset, 16))


def _uint(value: int) -> bytes:
    return value.to_bytes(32, "big")


def _address(address: str) -> bytes:
    return bytes(12) + bytes(to_canonical_address(address))
