"""What separates an artefact from the configuration of a chain, and the batch that closes it.

Pure: the artefact and an assumed configuration give the words that land, field by field, without
asking anyone. A plan adds what guardrails say; a proposal is checked against nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from paramgen.encode import FIELDS, Word, unpack
from paramgen.errors import ParamgenError
from paramgen.mirror.domains import MASK, parameters
from paramgen.mirror.steward import Snapshot, in_batch_order, state_hash
from paramgen.mirror.validity import collateral_refusals, coupled_refusals, rate_refusals
from paramgen.units import BPS, Dimension, Rounding, parse, round_fraction

PARAMETER_IDS: Mapping[str, int] = {
    field.name: identifier for word in FIELDS for identifier, field in parameters(word)
}
"""Parameter id on chain by field name."""


class PlanError(ParamgenError):
    """A plan that does not fit its artefact, its chain, or its own schema."""


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


Standings = Mapping[str, Standing | None]
"""By asset; None for one that is not listed."""


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
class RailChange:
    """One parameter's guardrail word."""

    field: str
    before: int
    after: int


@dataclass(frozen=True)
class Difference:
    """Everything in which an artefact differs from an assumed configuration.

    Attributes
    ----------
    words : by asset, the words that differ, as they are to land.
    price_move_limit : as it is to be, None where it is so already.
    missing : assets without a market.
    """

    words: Mapping[str, Mapping[Word, int]]
    guardrails: tuple[RailChange, ...]
    price_move_limit: int | None
    missing: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs."""
        settings = self.guardrails or self.price_move_limit is not None
        return not (self.words or self.missing or settings)


@dataclass(frozen=True)
class Move:
    """One field that differs: integers as encoded, `before` None where nothing is set yet."""

    word: Word
    field: str
    unit: str
    before: int | None
    after: int
    because: str


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


def difference(artefact: Mapping[str, Any], assumed: Assumption) -> Difference:
    """What separates the artefact from the assumed configuration.

    Raises
    ------
    PlanError
        When the artefact has a guardrail for an unknown field.
    """
    rails, limit = target_rails(artefact), price_move_limit(artefact)
    return Difference(
        words=landing_words(artefact, assumed.markets),
        guardrails=tuple(
            RailChange(field, assumed.guardrails.get(identifier, 0), rails[identifier])
            for field, identifier in PARAMETER_IDS.items()
            if identifier in rails and rails[identifier] != assumed.guardrails.get(identifier, 0)
        ),
        price_move_limit=None if limit == assumed.price_move_limit else limit,
        missing=tuple(asset for asset in artefact["markets"] if assumed.markets.get(asset) is None),
    )


def landing_words(
    artefact: Mapping[str, Any], standings: Standings
) -> dict[str, Mapping[Word, int]]:
    """By asset, the words of the artefact that are not so on chain."""
    found: dict[str, Mapping[Word, int]] = {}
    for asset, market in artefact["markets"].items():
        standing = standings.get(asset)
        wanted = target_words(market).items()
        differing = {word: value for word, value in wanted if value != _current(standing, word)}
        if differing:
            found[asset] = differing
    return found


def moves(
    artefact: Mapping[str, Any], asset: str, landing: Mapping[Word, int], standing: Standing | None
) -> Iterator[Move]:
    """Every field of an asset that the landing words change, in the field table's order."""
    known = artefact["markets"][asset]["parameters"]
    for word, target in landing.items():
        current = _current(standing, word)
        before, after = unpack(word, current), unpack(word, target)
        for field in FIELDS[word]:
            name = field.name
            if current and before[name] == after[name]:
                continue
            because = known.get(name, {}).get("because", "")
            held = before[name] if current else None
            yield Move(word, name, field.unit, held, after[name], because)


def refusals(
    artefact: Mapping[str, Any], words: Mapping[str, Mapping[Word, int]]
) -> dict[str, tuple[str, ...]]:
    """By asset, what the chain would refuse of the tuple that lands."""
    found = {asset: _tuple_refusals(target_words(artefact["markets"][asset])) for asset in words}
    return {asset: refused for asset, refused in found.items() if refused}


def _tuple_refusals(words: Mapping[Word, int]) -> tuple[str, ...]:
    said = (
        *collateral_refusals(words[Word.COLLATERAL]),
        *coupled_refusals(words[Word.COLLATERAL], words[Word.ORACLE]),
        *rate_refusals(words[Word.RATE]),
    )
    return tuple(map(str, said))


def updates(words: Mapping[str, Mapping[Word, int]], standings: Standings) -> tuple[Update, ...]:
    """The batch that lands these words, strictly ascending by address; all markets listed.

    Raises
    ------
    PlanError
        When a market is not listed.
    """
    by_address = {_standing(standings, asset).address: word for asset, word in words.items()}
    return tuple(_update(address, by_address[address]) for address in in_batch_order(by_address))


def expected_state_hash(
    words: Mapping[str, Mapping[Word, int]],
    standings: Standings,
    chain_id: int,
    steward: str | None,
) -> str | None:
    """The steward's hash of what a batch rests on; None while it has no steward or market."""
    if steward is None or any(standings.get(asset) is None for asset in words):
        return None
    found = {s.address: (s, words[a]) for a in words if (s := _standing(standings, a))}
    snapshots = []
    for address in in_batch_order(found):
        standing, landing = found[address]
        mask = sum(MASK[word] for word in landing)
        snapshots.append(Snapshot(address, mask, standing.words, standing.epoch))
    return "0x" + state_hash(chain_id, steward, snapshots).hex()


def batches(
    words: Mapping[str, Mapping[Word, int]], largest: int
) -> Iterator[Mapping[str, Mapping[Word, int]]]:
    """Cut into as few batches as the steward's size allows; one, as a rule."""
    names = list(words)
    for start in range(0, len(names), largest):
        yield {name: words[name] for name in names[start : start + largest]}


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


def _current(standing: Standing | None, word: Word) -> int:
    return 0 if standing is None else standing.words[word]


def _standing(standings: Standings, asset: str) -> Standing:
    standing = standings.get(asset)
    if standing is None:
        raise PlanError(f"{asset} has no market on this chain yet")
    return standing


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
