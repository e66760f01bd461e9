"""What the steward contract will say of an update, computed beforehand in its own integers.

Mirrors `contracts/ParameterSteward.sol` with `libraries/Guardrails.sol`, `Validity.sol` and
`Domains.sol` to the last bit: state hash, envelope, step, cooldown, leaking budget, lock, and the
rules between parameters. The chain reverts on the first refusal; here all are collected, in the
order in which the chain would meet them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from eth_utils.address import to_canonical_address
from eth_utils.crypto import keccak

from paramgen.encode import FIELDS, Field, Loosens, Word, unpack
from paramgen.mirror.decay import WAD, decay_factor
from paramgen.mirror.words import Layout
from paramgen.units import BPS

FULL_BUDGET = (1 << 16) - 1
"""A whole budget as a ledger share."""

MAX_BATCH = 24
MAX_LOCK = 30 * 86_400
BAND_UNITS = 10**5

MASK: Mapping[Word, int] = {
    Word.COLLATERAL: 1,
    Word.RATE: 2,
    Word.ORACLE: 4,
    Word.REFERENCE: 8,
}
"""Bits of an update's mask."""

_FIRST_ID: Mapping[Word, int] = {
    Word.ORACLE: 0,
    Word.RATE: 13,
    Word.COLLATERAL: 17,
    Word.REFERENCE: 22,
}

RAMPED = frozenset(
    {
        "primary_staleness",
        "secondary_staleness",
        "decay_step",
        "decay_rate",
        "decay_floor",
        "base_rate",
        "slope_1",
        "slope_2",
        "kink",
        "liquidation_threshold",
    }
)
"""Fields whose tightening can itself liquidate, by price, threshold or charge: it is slowed too."""


def parameters(word: Word) -> tuple[tuple[int, Field], ...]:
    """The numbered parameters of a word; a reference's time is judged by the clock alone."""
    guarded = [field for field in FIELDS[word] if field.name != "reference_as_of"]
    return tuple(enumerate(guarded, start=_FIRST_ID[word]))


def dates_back(current: int, following: int) -> bool:
    """Whether a reference word is of a time before that of the one which stands.

    As `FallbackOracle._setReference` refuses it: dated back a reference lapses, and caps nothing.
    """
    times = [unpack(Word.REFERENCE, word)["reference_as_of"] for word in (current, following)]
    return times[1] < times[0]


# --- guardrails --------------------------------------------------------------------------------


GUARDRAIL = Layout.of(
    "guardrail",
    {
        "minimum": 64,
        "maximum": 64,
        "step_up": 32,
        "step_down": 32,
        "cooldown": 24,
        "window": 24,
        "budget_steps": 8,
        "relative": 1,
        "loosens_up": 1,
        "loosens_down": 1,
        "ramped": 1,
    },
)
_FLAGS = ("relative", "loosens_up", "loosens_down", "ramped")


@dataclass(frozen=True)
class Guardrail:
    """What one parameter may do, in its own encoded unit.

    Attributes
    ----------
    minimum, maximum : the absolute envelope, for the governor too.
    step_up, step_down : the steward's largest move; of the current value in bp if `relative`.
    cooldown : seconds between metered moves of a domain.
    window : seconds over which a spent budget leaks to nothing.
    budget_steps : steps that a full budget holds.
    loosens_up, loosens_down : directions that spend budget and respect locks and pauses.
    ramped : a tightening waits for the cooldown too (its speed alone could liquidate).
    """

    minimum: int
    maximum: int
    step_up: int
    step_down: int
    cooldown: int
    window: int
    budget_steps: int
    relative: bool
    loosens_up: bool
    loosens_down: bool
    ramped: bool

    def pack(self) -> int:
        """Join the word that `setGuardrails` takes.

        Raises
        ------
        ValueError
            When a value does not fit its bits, or the contract would refuse the word.
        """
        if self.minimum > self.maximum:
            raise ValueError(f"minimum {self.minimum} lies above maximum {self.maximum}")
        metered = self.loosens_up or self.loosens_down
        if metered and not (self.window and self.budget_steps):
            raise ValueError("a direction that loosens needs a window and a budget")
        return GUARDRAIL.pack({name: int(value) for name, value in asdict(self).items()})

    @classmethod
    def unpack(cls, word: int) -> Guardrail:
        """Split a guardrail word as the chain holds it."""
        values: dict[str, Any] = dict(GUARDRAIL.unpack(word))
        flags = {name: bool(values.pop(name)) for name in _FLAGS}
        return cls(**values, **flags)

    @classmethod
    def of(
        cls,
        field: Field,
        *,
        envelope: tuple[int, int],
        steps: tuple[int, int],
        cooldown: int,
        window: int,
        budget_steps: int,
        relative: bool,
    ) -> Guardrail:
        """A field's guardrail, its directions taken from the field table.

        Parameters
        ----------
        envelope : minimum and maximum.
        steps : largest move up and down.
        """
        return cls(
            *envelope,
            *steps,
            cooldown=cooldown,
            window=window,
            budget_steps=budget_steps,
            relative=relative,
            loosens_up=field.loosens is not Loosens.DOWN,
            loosens_down=field.loosens is not Loosens.UP,
            ramped=field.name in RAMPED,
        )

    def loosens(self, current: int, target: int) -> bool:
        """Whether the move goes in a direction called loosening."""
        return self.loosens_up if target > current else self.loosens_down

    def scaled(self, current: int, target: int) -> tuple[int, int]:
        """Move and allowed step on one scale; the step holds iff move ≤ allowed."""
        step = self.step_up if target > current else self.step_down
        move = abs(target - current)
        return (move * BPS, step * current) if self.relative else (move, step)

    def reach(self, current: int) -> tuple[int, int]:
        """The least and the greatest value that the step allows: those with move ≤ allowed."""
        down, up = (
            step * current // BPS if self.relative else step
            for step in (self.step_down, self.step_up)
        )
        return current - down, current + up

    def cost(self, current: int, target: int) -> int:
        """Share of a full budget that a legal move spends, rounded up; beyond full if none."""
        move, allowed = self.scaled(current, target)
        budget = allowed * self.budget_steps
        return -(-move * FULL_BUDGET // budget) if budget else FULL_BUDGET + 1

    def leaked(self, spent: int, elapsed: int) -> int:
        """The share still spent after linear leaking, the leak rounded down."""
        if elapsed >= self.window:
            return 0
        return max(0, spent - FULL_BUDGET * elapsed // self.window)


# --- refusals and ledger -----------------------------------------------------------------------


@dataclass(frozen=True)
class Refusal:
    """An error of the contract: its name and its arguments after the asset."""

    error: str
    arguments: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"{self.error}({', '.join(map(str, self.arguments))})"


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
        refusal = Refusal("FirstConfigurationIsGovernors", (_FIRST_ID[word],))
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


# --- validity of the tuple that lands ----------------------------------------------------------


def collateral_refusals(collateral: int) -> tuple[Refusal, ...]:
    """LT·(1 + b) ≤ 1 and LTV ≤ LT, in basis points."""
    ltv, threshold, bonus = _thresholds(collateral)
    refusals = []
    if threshold * (BPS + bonus) > BPS * BPS:
        refusals.append(Refusal("LiquidationInsolvent", (threshold, bonus)))
    if ltv > threshold:
        refusals.append(Refusal("LtvAboveLiquidationThreshold", (ltv, threshold)))
    return tuple(refusals)


def coupled_refusals(collateral: int, configuration: int) -> tuple[Refusal, ...]:
    """LTV ≤ LT·D(T⁺) and X_down ≤ 1 − LT·(1 + b), by cross multiplication.

    D(T⁺), the limit from above, is the decay factor with no time past T.
    """
    if not collateral:
        return ()
    ltv, threshold, bonus = _thresholds(collateral)
    oracle = unpack(Word.ORACLE, configuration)
    staleness = oracle["primary_staleness"]
    decay = (oracle["decay_step"], oracle["decay_rate"], oracle["decay_floor"])
    factor = decay_factor(*decay, staleness=staleness, age=staleness)
    refusals = []
    if ltv * WAD > threshold * factor:
        refusals.append(Refusal("DecayLiquidates", (ltv, threshold, factor)))
    band_down = oracle["band_down"]
    cushion = BPS * BPS - threshold * (BPS + bonus)
    if band_down * BPS * BPS > cushion * BAND_UNITS:
        refusals.append(Refusal("BandExceedsCushion", (band_down, cushion)))
    return tuple(refusals)


def rate_refusals(rate: int) -> tuple[Refusal, ...]:
    """s₁ ≤ s₂; the kink and the highest rate are the rate model's own to judge."""
    fields = unpack(Word.RATE, rate)
    slopes = (fields["slope_1"], fields["slope_2"])
    return (Refusal("SlopesNotConvex", slopes),) if slopes[0] > slopes[1] else ()


def price_moves_too_far(before: int, after: int, limit: int) -> bool:
    """Whether an update moves a priced market beyond `limit` basis points; 0 is unpriced."""
    return after == 0 or abs(after - before) * BPS > before * limit


def _thresholds(collateral: int) -> tuple[int, int, int]:
    fields = unpack(Word.COLLATERAL, collateral)
    return fields["ltv"], fields["liquidation_threshold"], fields["liquidation_bonus"]


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
    are theirs to mirror: see `price_moves_too_far`.
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
