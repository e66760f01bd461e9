"""The steward's mirror against its bytecode: verdicts, refusals, ledgers and hashes of a walk."""

from collections import Counter
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import pytest
from eth_abi.abi import decode, encode
from eth_utils import function_signature_to_4byte_selector as selector

from paramgen.edge.bytecode import contract_type
from paramgen.encode import Word, pack, unpack
from paramgen.mirror.oracle import Configuration
from paramgen.mirror.rate import Curve
from paramgen.mirror.steward import (
    MASK,
    Guardrail,
    Ledger,
    MarketJudgement,
    Refusal,
    Snapshot,
    judge_update,
    parameters,
    state_hash,
)
from tests.support.chance import seeded
from tests.support.markets import (
    ARTEFACT,
    DAY,
    PRICE,
    deployment,
    rails,
    update_of,
    word_of,
)
from tests.support.oracles import Stored
from tests.support.revm import DEPLOYER, Machine

START = 1_800_000_000
STEPS = 1_000
GOVERNOR = DEPLOYER
STEWARD = "0x00000000000000000000000000000000000057e0"
GUARDIAN = "0x000000000000000000000000000000000009a4d1"
ASSETS = [f"0x{0xA55E7 + index:040x}" for index in range(3)]
UPDATES = "(address,uint8,uint256,uint256,uint256,uint256)[]"
ORDER = (Word.COLLATERAL, Word.RATE, Word.ORACLE, Word.REFERENCE)
TIMES = (1, 60, 3_600, DAY // 4, DAY, 3 * DAY)
CHAIN_ID = 1

# What the oracle and the rate model refuse of their own words is theirs to mirror.
OTHERS = {"ReferenceInvalid", "PriceWouldMove"}
OWN_WORDS = {
    "ConfigurationInvalid": lambda word: Configuration.from_word(word).is_valid(
        has_secondary=False
    ),
    "RateWordInvalid": lambda word: Curve.from_word(word).is_valid,
}
LANDED = "landed"
METERED = {
    "OutsideEnvelope",
    "StepTooLarge",
    "CooldownActive",
    "BudgetExceeded",
    "LoosensLockedMarket",
}
DEPLOYMENT = (
    "(address,uint8,address,uint8,address,uint8,uint256,uint256,uint256,"
    "address,bool,bool,uint256,uint256,uint256,uint256)"
)


class Refused(Exception):  # noqa: N818
    """A revert of the contract: its error, with the asset left out."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        super().__init__(str(refusal))


class Chain(Machine):
    """A machine with typed calls by any caller, and reverts by name."""

    def __init__(self) -> None:
        super().__init__(START)
        names = ("ParameterSteward", "FallbackOracle", "KinkedRateModel")
        errors = [error for n in names for error in contract_type(n).errors]
        self._errors = {selector(error.selector): error for error in errors}

    def send(self, caller: str, to: str, function: str, *arguments: Any) -> bytes:
        """Call a function; raises `Refused` where it reverts."""
        types = _types(function)
        data = selector(function) + encode(types, arguments)
        try:
            return bytes(self._evm.message_call(caller, to, calldata=data))
        except RuntimeError as error:
            raise Refused(self._decoded(str(error))) from error

    def read(self, to: str, function: str, returns: list[str], *arguments: Any) -> tuple[Any, ...]:
        """Call a function and decode what it returns."""
        return decode(returns, self.send(GOVERNOR, to, function, *arguments))

    def _decoded(self, message: str) -> Refusal:
        output = bytes.fromhex(message.partition("output: 0x")[2].partition(" ")[0])
        error = self._errors[output[:4]]
        values = decode([argument.canonical_type for argument in error.inputs], output[4:])
        return Refusal(error.name, tuple(value for value in values if isinstance(value, int)))


def _types(function: str) -> list[str]:
    """The argument types of a signature; at most one of them a tuple."""
    inner = function[function.index("(") + 1 : -1]
    if not inner.startswith("("):
        return inner.split(",") if inner else []
    end = inner.rindex(")") + 1
    end += 2 * inner[end:].startswith("[]")
    return [inner[:end], *inner[end:].lstrip(",").split(",")] if inner[end:] else [inner]


@dataclass
class World:
    """A steward and its markets, with the guardrails it was given."""

    chain: Chain
    contract: str
    feeds: dict[str, str]
    oracles: dict[str, str]
    rails: dict[int, Guardrail]

    def words(self, asset: str) -> tuple[dict[Word, int], int]:
        """A market's words, the frozen flag left out, and its epoch."""
        *words, epoch = self.chain.read(
            self.contract, "marketWords(address)", ["uint256"] * 5, asset
        )
        named = dict(zip(ORDER, words, strict=True))
        return named | {Word.COLLATERAL: named[Word.COLLATERAL] & (1 << 176) - 1}, epoch

    def ledger(self, asset: str) -> Ledger:
        """What the steward has spent in a market."""
        packed = self.chain.read(self.contract, "ledgers(address)", ["uint256"] * 3, asset)
        return Ledger.unpack(*packed)

    def locked_until(self, asset: str) -> int:
        """When the market's lock ends."""
        types = ["address", "uint64", "bool", "address"]
        return int(self.chain.read(self.contract, "markets(address)", types, asset)[1])

    def paused(self, asset: str) -> bool:
        """Whether the market's oracle is tripped."""
        return bool(self.stored(asset, Stored.STATE) >> 251 & 1)

    def stored(self, asset: str, word: Stored) -> int:
        """One of the words of the market's oracle."""
        return int(self.chain.read(self.oracles[asset], "stored(uint8)", ["uint256"], word)[0])

    def move_to(self, now: int) -> None:
        """Move the clock with fresh feeds and rolled anchors."""
        self.chain.move_to(now)
        for asset in ASSETS:
            feed = self.feeds[asset]
            self.chain.send(GOVERNOR, feed, "set(uint8,int256,uint256)", 0, PRICE, now)
            self.chain.send(GOVERNOR, self.oracles[asset], "poke()")

    def apply(self, caller: str, updates: list[tuple[Any, ...]], expected: bytes) -> None:
        """Apply a batch, or raise `Refused`."""
        function = f"applyBatch({UPDATES},bytes32,uint64,bytes32)"
        self.chain.send(
            caller, self.contract, function, updates, expected, self.chain.now, ARTEFACT
        )


def built(random: Random) -> World:
    """Deploy three configured markets under random guardrails."""
    chain = Chain()
    roles = (int(key, 16) for key in (GOVERNOR, STEWARD, GUARDIAN))
    contract = chain.deploy("ParameterSteward", 0, *roles, 500)
    world = World(chain, contract, {}, {}, {k: _rail(random, r) for k, r in rails().items()})
    words = [rail.pack() for rail in world.rails.values()]
    function = "setGuardrails(uint256[],uint256[])"
    chain.send(GOVERNOR, contract, function, list(world.rails), words)
    for asset in ASSETS:
        feed = world.feeds[asset] = chain.deploy("FaultyFeed", 8)
        reference = word_of(Word.REFERENCE, reference_as_of=START)
        arguments = encode([DEPLOYMENT], [deployment(contract, asset, feed, START, reference)])
        numbers = [int.from_bytes(arguments[i : i + 32]) for i in range(0, len(arguments), 32)]
        oracle = world.oracles[asset] = chain.deploy("FallbackOracle", *numbers)
        listed = (asset, oracle, "0x" + 40 * "0")
        chain.send(GOVERNOR, contract, "listMarket(address,address,address)", *listed)
    world.move_to(START + 1)
    first = {Word.COLLATERAL: word_of(Word.COLLATERAL), Word.RATE: word_of(Word.RATE)}
    updates = [update_of(asset, first) for asset in ASSETS]
    world.apply(GOVERNOR, updates, hash_of(world, updates))
    return world


def _rail(random: Random, usual: Guardrail) -> Guardrail:
    """Another cooldown, window, budget and set of directions, the envelope of the usual one."""
    return replace(
        usual,
        step_up=random.randint(usual.step_up // 2, usual.step_up),
        cooldown=random.choice((0, 0, 60, DAY)),
        window=random.choice((DAY, 30 * DAY, 90 * DAY)),
        budget_steps=random.randint(1, 2),
        loosens_up=random.random() < 0.6,
        loosens_down=random.random() < 0.4,
        ramped=random.random() < 0.3,
    )


def hash_of(world: World, updates: list[tuple[Any, ...]]) -> bytes:
    """The mirror's state hash, found equal to the contract's."""
    snapshots = []
    for asset, mask, *_ in updates:
        words, epoch = world.words(asset)
        snapshots.append(Snapshot(asset, mask, words, epoch))
    mirrored = state_hash(CHAIN_ID, world.contract, snapshots)
    arguments = ([update[0] for update in updates], [update[1] for update in updates])
    function = "stateHash(address[],uint8[])"
    assert world.chain.read(world.contract, function, ["bytes32"], *arguments) == (mirrored,)
    return mirrored


def moved(random: Random, world: World, word: Word, current: int) -> int:
    """A word with a few of its parameters moved by up to a little more than their step."""
    fields = unpack(word, current)
    for identifier, field in parameters(word):
        if random.random() > 0.15:
            continue
        rail, here = world.rails[identifier], fields[field.name]
        up = random.random() < 0.5
        step = rail.step_up if up else rail.step_down
        allowed = here * step // 10_000 if rail.relative else step
        size = random.choice((1, allowed // 3, *[allowed] * 4, allowed + 1))
        value = here + size if up else here - size
        fields[field.name] = max(0, min(value, field.largest))
    return pack(word, fields)


def step(random: Random, world: World) -> tuple[str, int]:
    """One random batch on both sides: what became of it, and how many things were compared."""
    by_governor = random.random() < 0.1
    updates, judgements = [], {}
    for asset in sorted(random.sample(ASSETS, random.choice((1, 1, 2))), key=lambda a: int(a, 16)):
        words, _ = world.words(asset)
        names = random.sample(ORDER, random.choice((1, 1, 2, 4)))
        update = {word: moved(random, world, word, words[word]) for word in names}
        updates.append(update_of(asset, update))
        judgements[asset] = judge_update(
            words,
            update,
            world.ledger(asset),
            world.rails,
            now=world.chain.now,
            by_governor=by_governor,
            locked_until=world.locked_until(asset),
            paused=world.paused(asset),
        )
    expected = hash_of(world, updates)
    try:
        world.apply(GOVERNOR if by_governor else STEWARD, updates, expected)
    except Refused as refused:
        return refused.refusal.error, compared_refusal(refused.refusal, judgements)
    for asset, judgement in judgements.items():
        assert judgement.refusals == ()
        assert world.ledger(asset) == judgement.ledger
        landed, _ = world.words(asset)
        assert OWN_WORDS["ConfigurationInvalid"](landed[Word.ORACLE])
        assert OWN_WORDS["RateWordInvalid"](landed[Word.RATE])
    hash_of(world, updates)
    return LANDED, 5 * len(updates)


def compared_refusal(refusal: Refusal, judgements: dict[str, MarketJudgement]) -> int:
    """The chain stops at the first refusal of the first market that has one."""
    if refusal.error in OTHERS:
        return 0
    if refusal.error in OWN_WORDS:
        assert not OWN_WORDS[refusal.error](refusal.arguments[0])
        return 1
    first = next(judgement.refusals[0] for judgement in judgements.values() if judgement.refusals)
    assert refusal == first
    return 1


def disturb(random: Random, world: World) -> None:
    """Sometimes trip, reset or lock a market, as its keepers may at any time."""
    asset = random.choice(ASSETS)
    chance = random.random()
    if chance < 0.03:
        world.chain.send(GUARDIAN, world.contract, "pause(address)", asset)
    elif chance < 0.1 and world.paused(asset):
        reset = (asset, PRICE, world.chain.now, world.stored(asset, Stored.CONTEST) >> 64)
        function = "resetOracle(address,uint256,uint256,uint64)"
        world.chain.send(GOVERNOR, world.contract, function, *reset)
    elif chance < 0.13:
        until = world.chain.now + random.choice(TIMES)
        world.chain.send(GOVERNOR, world.contract, "lock(address[],uint64)", [asset], until)


@pytest.mark.parametrize("seed", range(4))
def test_the_mirror_foretells_every_batch_of_a_walk(seed, comparisons):
    random = seeded(f"steward {seed}")
    world = built(random)
    met: Counter[str] = Counter()
    for _ in range(STEPS):
        world.move_to(world.chain.now + random.choice(TIMES))
        disturb(random, world)
        outcome, number = step(random, world)
        met[outcome] += 1
        comparisons.add("steward", number)
    assert met[LANDED] > STEPS // 10
    assert met.keys() >= METERED, met


def test_the_masks_are_the_contracts():
    assert [MASK[word] for word in ORDER] == [1, 2, 4, 8]
