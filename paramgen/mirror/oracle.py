"""Mirror of `FallbackOracle.sol` and `Band.sol`: one verdict, one poke, one checkpoint read.

Prices are integers of 8 decimals, times are seconds. Everything is a value: `poke` returns the
state after it, and the block time is an argument.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from enum import IntEnum
from math import isqrt

from paramgen.mirror.decay import WAD, decay_factor
from paramgen.mirror.words import (
    ORACLE_CONFIGURATION,
    ORACLE_CONTEST,
    ORACLE_REFERENCE,
    ORACLE_STATE,
)
from paramgen.units import BPS

OUTPUT_DECIMALS = 8
MAX_ANSWER = 2**128 - 1
FRACTION = 10**5
GROWTH = 10**14
MAX_PREVIOUS_AGE = 2**24 - 1
_UNIT = 1 << 32


class Status(IntEnum):
    """In the contract's order; a price exists in Live, Secondary, Held and Decaying."""

    LIVE = 0
    SECONDARY = 1
    CONTESTED = 2
    HELD = 3
    DECAYING = 4
    STOPPED = 5
    TRIPPED = 6


@dataclass(frozen=True)
class Configuration:
    """The configuration word; units in `paramgen.encode`."""

    primary_staleness: int
    secondary_staleness: int
    maximum_age: int
    decay_step: int
    decay_rate: int
    decay_floor: int
    band_up: int
    band_down: int
    band_windows: int
    band_window: int
    accrual: int
    tolerance: int
    confirm_delay: int

    @classmethod
    def from_word(cls, word: int) -> Configuration:
        """Read a packed configuration word."""
        return cls(**ORACLE_CONFIGURATION.unpack(word))

    @property
    def word(self) -> int:
        """The packed configuration word."""
        return ORACLE_CONFIGURATION.pack(asdict(self))

    def decay_at(self, age: int) -> int:
        """D(age) in 1e-18, for ages at or beyond the staleness limit; seconds."""
        return decay_factor(
            self.decay_step, self.decay_rate, self.decay_floor, self.primary_staleness, age
        )

    def is_valid(self, *, has_secondary: bool) -> bool:
        """Whether the oracle accepts the word, as `OracleWords.requireValidConfiguration`."""
        limits = (self.primary_staleness, self.secondary_staleness)
        needed = (
            self.primary_staleness,
            self.band_up,
            self.band_down,
            self.band_windows,
            self.band_window,
            self.confirm_delay,
            *((self.secondary_staleness, self.tolerance) if has_secondary else ()),
        )
        return all(needed) and max(limits) <= self.maximum_age and self.decay_floor <= BPS


@dataclass(frozen=True)
class State:
    """The state word: checkpoint, both anchors, two bits."""

    price: int
    anchor: int
    previous_anchor: int
    price_time: int
    anchor_time: int
    previous_age: int = 0
    contested: int = 0
    tripped: int = 0

    @classmethod
    def seeded(cls, price: int, as_of: int) -> State:
        """The state after construction or a reset at one reviewed observation."""
        return cls(price, price, price, as_of, as_of)

    @classmethod
    def from_word(cls, word: int) -> State:
        """Read a packed state word."""
        return cls(**ORACLE_STATE.unpack(word))

    @property
    def word(self) -> int:
        """The packed state word."""
        return ORACLE_STATE.pack(asdict(self))


@dataclass(frozen=True)
class Contest:
    """The contest word: when the primary was first found alone outside, at which round."""

    outside_since: int = 0
    outside_round_time: int = 0
    epoch: int = 0

    @classmethod
    def from_word(cls, word: int) -> Contest:
        """Read a packed contest word."""
        return cls(**ORACLE_CONTEST.unpack(word))

    @property
    def word(self) -> int:
        """The packed contest word."""
        return ORACLE_CONTEST.pack(asdict(self))


@dataclass(frozen=True)
class Reference:
    """The NAV reference word; all zero where none was set."""

    price: int = 0
    as_of: int = 0
    maximum_age: int = 0
    growth: int = 0
    headroom: int = 0

    @classmethod
    def from_word(cls, word: int) -> Reference:
        """Read a packed reference word."""
        return cls(**ORACLE_REFERENCE.unpack(word))

    @property
    def word(self) -> int:
        """The packed reference word."""
        return ORACLE_REFERENCE.pack(asdict(self))


@dataclass(frozen=True)
class Deployment:
    """What the constructor fixes, as far as a verdict depends on it.

    `secondary_decimals` is None where the asset has one leg.
    """

    primary_decimals: int
    secondary_decimals: int | None
    min_price: int
    max_price: int
    has_reference: bool = False


@dataclass(frozen=True)
class Answer:
    """What a feed returned: the raw signed answer and its time."""

    answer: int
    updated_at: int


@dataclass(frozen=True)
class Feeds:
    """Both feeds' answers; None for a call that failed or returned less than five words."""

    primary: Answer | None
    secondary: Answer | None = None


@dataclass(frozen=True)
class Leg:
    """A judged answer; `price` is 0 for an invalid one."""

    price: int = 0
    time: int = 0
    fresh: bool = False
    inside: bool = False


@dataclass(frozen=True)
class Verdict:
    """`price` and `undecayed` are 0 in a pause; `time` is then that of the last base."""

    status: Status
    price: int
    time: int
    undecayed: int


@dataclass(frozen=True)
class Oracle:
    """One deployed oracle: constants and its four words."""

    deployment: Deployment
    configuration: Configuration
    state: State
    contest: Contest = Contest()
    reference: Reference = Reference()


def view(oracle: Oracle, feeds: Feeds, now: int) -> Verdict:
    """The verdict a read gives: the secondary is called only when it matters."""
    return _evaluate(oracle, feeds, now, poking=False)[0]


def poke(oracle: Oracle, feeds: Feeds, now: int) -> tuple[Verdict, Oracle]:
    """The verdict on both legs, and the oracle after it is recorded."""
    verdict, first = _evaluate(oracle, feeds, now, poking=True)
    match verdict.status:
        case Status.LIVE:
            return verdict, replace(oracle, state=recorded(oracle, first))
        case Status.CONTESTED:
            state = replace(oracle.state, contested=1)
            return verdict, replace(oracle, state=state, contest=_contest(oracle, first, now))
        case Status.TRIPPED:
            return verdict, trip(oracle)
        case _:
            return verdict, oracle


def trip(oracle: Oracle) -> Oracle:
    """The oracle after a persisted trip; a second one changes nothing."""
    if oracle.state.tripped:
        return oracle
    state = replace(oracle.state, tripped=1)
    return replace(oracle, state=state, contest=Contest(epoch=oracle.contest.epoch + 1))


def reset(oracle: Oracle, price: int, as_of: int) -> Oracle:
    """The oracle after a reviewed reset."""
    contest = Contest(epoch=oracle.contest.epoch + 1)
    return replace(oracle, state=State.seeded(price, as_of), contest=contest)


def guardian_refusal(oracle: Oracle, feeds: Feeds, price: int, now: int) -> str | None:
    """The error by which a guardian's reset at `price` is refused, None where it is not.

    A guardian only ends a pause, and only at a price that a fresh leg supports.
    """
    paused = oracle.state.tripped or oracle.state.contested or view(oracle, feeds, now).price == 0
    if not paused:
        return "NotPaused"
    tolerance = oracle.configuration.tolerance
    supported = any(
        leg.fresh and price <= leg.price and agree(price, leg.price, tolerance)
        for leg in _legs(oracle, feeds, now)
    )
    return None if supported else "NoLegSupports"


def last_price(oracle: Oracle, now: int) -> Verdict:
    """The checkpoint, decayed by its age, without a feed call."""
    state = oracle.state
    if state.tripped or state.contested:
        return _pause(Status.TRIPPED if state.tripped else Status.CONTESTED, state)
    return _aged(oracle, state.price, state.price_time, now)


def in_band(state: State, configuration: Configuration, price: int, time: int) -> bool:
    """Whether an observation lies inside the accrued bands of both anchors.

    anchor·(1 + g·Δ)·[1 − X_down·v, 1 + X_up·v], v = √clip(Δ/w, 1, n), Δ the anchor's age at the
    observation; compared by cross multiplication. Source: spec 3.6, 4.2.
    """
    previous_time = state.anchor_time - state.previous_age
    return _around(state.anchor, max(0, time - state.anchor_time), configuration, price) and (
        _around(state.previous_anchor, max(0, time - previous_time), configuration, price)
    )


def below_reference(reference: Reference, price: int, time: int, now: int) -> bool:
    """Whether a price respects the NAV cap; a reference past its maximum age caps nothing."""
    if now - reference.as_of > reference.maximum_age:
        return True
    growth = GROWTH + reference.growth * max(0, time - reference.as_of)
    cap = reference.price * growth * (FRACTION + reference.headroom)
    return price * GROWTH * FRACTION <= cap


def widening(elapsed: int, configuration: Configuration) -> int:
    """v = √clip(Δ/w, 1, n) in units of 2^-32, rounded down."""
    window = configuration.band_window
    if elapsed <= window:
        return _UNIT
    if elapsed >= window * configuration.band_windows:
        return isqrt(configuration.band_windows << 64)
    return isqrt((elapsed << 64) // window)


def agree(a: int, b: int, tolerance: int) -> bool:
    """|a − b|/min(a, b) ≤ tolerance (1e-5), without division."""
    return abs(a - b) * FRACTION <= min(a, b) * tolerance


def recorded(oracle: Oracle, leg: Leg) -> State:
    """The state after a Live observation; anchors roll once the current one served a window."""
    state = replace(oracle.state, contested=0, price=leg.price, price_time=leg.time)
    age = leg.time - state.anchor_time
    if age < oracle.configuration.band_window:
        return state
    kept = age <= MAX_PREVIOUS_AGE
    return replace(
        state,
        anchor=leg.price,
        anchor_time=leg.time,
        previous_anchor=state.anchor if kept else leg.price,
        previous_age=age if kept else 0,
    )


def judge(oracle: Oracle, answer: Answer | None, decimals: int, staleness: int, now: int) -> Leg:
    """An answer as a leg: valid, fresh, inside."""
    if answer is None or not 0 < answer.answer <= MAX_ANSWER or not 0 < answer.updated_at <= now:
        return Leg()
    price = normalised(answer.answer, decimals)
    if not oracle.deployment.min_price <= price <= oracle.deployment.max_price:
        return Leg()
    time = answer.updated_at
    inside = in_band(oracle.state, oracle.configuration, price, time)
    if oracle.deployment.has_reference:
        inside = inside and below_reference(oracle.reference, price, time, now)
    return Leg(price, time, now - time <= staleness, inside)


def _legs(oracle: Oracle, feeds: Feeds, now: int) -> tuple[Leg, Leg]:
    return _primary_leg(oracle, feeds, now), _secondary_leg(oracle, feeds, now)


def _primary_leg(oracle: Oracle, feeds: Feeds, now: int) -> Leg:
    decimals = oracle.deployment.primary_decimals
    return judge(oracle, feeds.primary, decimals, oracle.configuration.primary_staleness, now)


def _secondary_leg(oracle: Oracle, feeds: Feeds, now: int) -> Leg:
    decimals = oracle.deployment.secondary_decimals
    if decimals is None:
        return Leg()
    return judge(oracle, feeds.secondary, decimals, oracle.configuration.secondary_staleness, now)


def _evaluate(oracle: Oracle, feeds: Feeds, now: int, *, poking: bool) -> tuple[Verdict, Leg]:
    if oracle.state.tripped:
        return _pause(Status.TRIPPED, oracle.state), Leg()
    first = _primary_leg(oracle, feeds, now)
    live = first.fresh and first.inside
    if live and not poking and not oracle.state.contested:
        return _served(Status.LIVE, first), first

    second = _secondary_leg(oracle, feeds, now)
    if live:
        return _with_live_primary(oracle, first, second), first
    return _without_primary(oracle, first, second, now), first


def _with_live_primary(oracle: Oracle, first: Leg, second: Leg) -> Verdict:
    if not (second.fresh and second.inside):
        return _served(Status.LIVE, first)
    if not agree(first.price, second.price, oracle.configuration.tolerance):
        return _pause(Status.CONTESTED, oracle.state)
    if not oracle.state.contested:
        return _served(Status.LIVE, first)
    lower = min(first.price, second.price)
    return Verdict(Status.LIVE, lower, min(first.time, second.time), lower)


def _without_primary(oracle: Oracle, first: Leg, second: Leg, now: int) -> Verdict:
    supported = second.fresh and second.inside
    if first.fresh:
        contested = supported and not _confirmed(oracle, first.time, now)
        return _pause(Status.CONTESTED if contested else Status.TRIPPED, oracle.state)
    if supported:
        return _served(Status.SECONDARY, second)
    if second.fresh:
        return _pause(Status.TRIPPED, oracle.state)
    state = oracle.state
    if first.inside and first.time > state.price_time:
        return _aged(oracle, first.price, first.time, now)
    return _aged(oracle, state.price, state.price_time, now)


def _aged(oracle: Oracle, price: int, time: int, now: int) -> Verdict:
    configuration = oracle.configuration
    age = now - time
    if age <= configuration.primary_staleness:
        return Verdict(Status.HELD, price, time, price)
    stopped = Verdict(Status.STOPPED, 0, time, 0)
    if age > configuration.maximum_age:
        return stopped
    decayed = price * configuration.decay_at(age) // WAD
    if decayed < oracle.deployment.min_price:
        return stopped
    return Verdict(Status.DECAYING, decayed, time, price)


def _confirmed(oracle: Oracle, round_time: int, now: int) -> bool:
    record = oracle.contest
    if not oracle.state.contested or record.outside_since == 0:
        return False
    elapsed = now - record.outside_since
    due = oracle.configuration.confirm_delay <= elapsed <= oracle.configuration.maximum_age
    return due and round_time != record.outside_round_time


def _contest(oracle: Oracle, first: Leg, now: int) -> Contest:
    record = oracle.contest
    if first.inside and record.outside_since == 0:
        return record
    if first.inside:
        return Contest(epoch=record.epoch)
    recent = now - record.outside_since <= oracle.configuration.maximum_age
    if oracle.state.contested and record.outside_since and recent:
        return record
    return replace(record, outside_since=now, outside_round_time=first.time)


def _around(anchor: int, elapsed: int, configuration: Configuration, price: int) -> bool:
    spread = widening(elapsed, configuration)
    accrued = anchor * (GROWTH + configuration.accrual * elapsed)
    scaled = price * GROWTH * FRACTION * _UNIT
    if scaled > accrued * (FRACTION * _UNIT + configuration.band_up * spread):
        return False
    return scaled >= accrued * (FRACTION * _UNIT - configuration.band_down * spread)


def normalised(answer: int, decimals: int) -> int:
    """A raw answer in 8 decimals, rounded down."""
    if decimals <= OUTPUT_DECIMALS:
        return answer * int(10 ** (OUTPUT_DECIMALS - decimals))
    return answer // int(10 ** (decimals - OUTPUT_DECIMALS))


def _served(status: Status, leg: Leg) -> Verdict:
    return Verdict(status, leg.price, leg.time, leg.price)


def _pause(status: Status, state: State) -> Verdict:
    return Verdict(status, 0, state.price_time, 0)
