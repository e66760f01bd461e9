"""A steward with its roles, guardrails and a few live markets, on ape's embedded chain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eth_utils import to_checksum_address

from paramgen.encode import BY_NAME, Word, pack, unpack
from paramgen.mirror.domains import MASK, parameters
from paramgen.mirror.guardrails import Guardrail

DAY = 86_400
PRICE = 100 * 10**8
PRICE_MOVE_LIMIT = 50
NOBODY = "0x0000000000000000000000000000000000000000"
ARTEFACT = bytes.fromhex("a7" * 32)

ORACLE = {
    "primary_staleness": 3 * DAY,
    "secondary_staleness": 2 * DAY,
    "maximum_age": 30 * DAY,
    "decay_step": 20_000,
    "decay_rate": 5_000_000,
    "decay_floor": 5_000,
    "band_up": 3_000,
    "band_down": 4_000,
    "band_windows": 9,
    "band_window": DAY,
    "accrual": 150_000,
    "tolerance": 800,
    "confirm_delay": 900,
}
RATE = {
    "base_rate": 3 * 10**8,
    "slope_1": 2 * 10**9,
    "slope_2": 8 * 10**9,
    "kink": 9 * 10**17,
}
COLLATERAL = {
    "ltv": 8_000,
    "liquidation_threshold": 8_500,
    "liquidation_bonus": 400,
    "supply_cap": 10_000_000,
    "debt_ceiling": 8_000_000,
}
REFERENCE = {
    "reference_price": 101 * 10**8,
    "reference_as_of": 0,
    "reference_maximum_age": 20 * DAY,
    "reference_growth": 200_000,
    "reference_headroom": 2_000,
}
VALUES: Mapping[Word, Mapping[str, int]] = {
    Word.ORACLE: ORACLE,
    Word.RATE: RATE,
    Word.COLLATERAL: COLLATERAL,
    Word.REFERENCE: REFERENCE,
}

RELATIVE = frozenset({"supply_cap", "debt_ceiling", "kink", "reference_price", "slope_1"})
ENVELOPES = {
    "ltv": (0, 9_000),
    "liquidation_threshold": (1_000, 9_500),
    "supply_cap": (0, 100_000_000),
    "debt_ceiling": (0, 100_000_000),
    "primary_staleness": (600, 10 * DAY),
}


def rails() -> dict[int, Guardrail]:
    """A guardrail for every parameter: a tenth of its usual value a step, three steps a week."""
    return {identifier: _rail(name) for identifier, name in _numbered()}


def _numbered() -> list[tuple[int, str]]:
    return [(number, field.name) for word in Word for number, field in parameters(word)]


def _rail(name: str) -> Guardrail:
    field = BY_NAME[name]
    usual = next(values[name] for values in VALUES.values() if name in values)
    relative = name in RELATIVE
    step = 1_000 if relative else min(max(1, usual // 10), 2**32 - 1)
    return Guardrail.of(
        field,
        envelope=ENVELOPES.get(name, (0, min(field.largest, 2**63))),
        steps=(step, 2 * step),
        cooldown=DAY,
        window=7 * DAY,
        budget_steps=3,
        relative=relative,
    )


def word_of(word: Word, **changes: int) -> int:
    """The usual word with some fields changed."""
    return pack(word, {**VALUES[word], **changes})


@dataclass
class Markets:
    """Contracts and keys of one test world.

    Attributes
    ----------
    assets : addresses, ascending; their tokens do not exist and need not.
    oracles, feeds : by asset.
    """

    chain: Any
    contract: Any
    registry: Any
    rate_model: Any
    lending: Any
    governor: Any
    steward: Any
    guardian: Any
    stranger: Any
    assets: list[str]
    oracles: dict[str, Any]
    feeds: dict[str, Any]

    @property
    def asset(self) -> str:
        """The first market."""
        return self.assets[0]

    @property
    def now(self) -> int:
        """Time of the block that comes next."""
        return int(self.chain.pending_timestamp)

    def wait(self, seconds: int) -> None:
        """Let time pass with the feeds kept fresh."""
        self.chain.pending_timestamp += seconds
        for asset in self.assets:
            self.push(asset, PRICE)

    def push(self, asset: str, price: int) -> None:
        """Publish a price by the asset's primary."""
        self.feeds[asset].push(price, self.now, sender=self.governor)

    def word(self, word: Word, asset: str | None = None) -> int:
        """A word of a market as it stands on chain."""
        order = (Word.COLLATERAL, Word.RATE, Word.ORACLE, Word.REFERENCE)
        return int(self.contract.marketWords(asset or self.asset)[order.index(word)])

    def field(self, name: str, asset: str | None = None) -> int:
        """A parameter as it stands on chain."""
        word = BY_NAME[name].word
        return unpack(word, self.word(word, asset))[name]

    def update(self, asset: str | None = None, **changes: int) -> tuple[Any, ...]:
        """An update that changes some fields of one market's current words."""
        asset = asset or self.asset
        named: dict[Word, dict[str, int]] = {}
        for name, value in changes.items():
            named.setdefault(BY_NAME[name].word, {})[name] = value
        words = {word: self._changed(word, asset, fields) for word, fields in named.items()}
        return update_of(asset, words)

    def _changed(self, word: Word, asset: str, changes: Mapping[str, int]) -> int:
        return pack(word, {**unpack(word, self.word(word, asset)), **changes})

    def state_hash(self, updates: Sequence[tuple[Any, ...]]) -> bytes:
        """What the chain's state hash is for these updates."""
        return bytes(self.contract.stateHash([u[0] for u in updates], [u[1] for u in updates]))

    def apply(self, sender: Any, *updates: tuple[Any, ...], **options: Any) -> Any:
        """Apply a batch planned on the present state."""
        return self.contract.applyBatch(
            list(updates),
            options.get("state_hash") or self.state_hash(updates),
            options.get("deadline", 2**64 - 1),
            ARTEFACT,
            sender=sender,
        )


def update_of(asset: str, words: Mapping[Word, int]) -> tuple[Any, ...]:
    """The contract's `Update` of the words that are named."""
    order = (Word.COLLATERAL, Word.RATE, Word.ORACLE, Word.REFERENCE)
    mask = sum(MASK[word] for word in words)
    return (asset, mask, *(words.get(word, 0) for word in order))


def listed_markets(project: Any, chain: Any, accounts: Any, number: int = 3) -> Markets:
    """Deploy a steward with `number` listed, seeded and configured markets."""
    governor, steward, guardian, stranger = accounts[:4]
    contract = governor.deploy(
        project.ParameterSteward, 0, governor, steward, guardian, PRICE_MOVE_LIMIT
    )
    rate_model = project.KinkedRateModel.at(contract.rateModel())
    lending = governor.deploy(project.MockLendingMarket, rate_model)
    assets = [to_checksum_address(f"0x{0xA55E7 + index:040x}") for index in range(number)]
    markets = Markets(
        chain=chain,
        contract=contract,
        registry=project.ParameterRegistry.at(contract.registry()),
        rate_model=rate_model,
        lending=lending,
        governor=governor,
        steward=steward,
        guardian=guardian,
        stranger=stranger,
        assets=assets,
        oracles={},
        feeds={},
    )
    words = rails()
    contract.setGuardrails(list(words), [rail.pack() for rail in words.values()], sender=governor)
    for asset in assets:
        _list(project, markets, asset)
    first = {Word.COLLATERAL: word_of(Word.COLLATERAL), Word.RATE: word_of(Word.RATE)}
    markets.apply(governor, *(update_of(asset, first) for asset in assets))
    return markets


def _list(project: Any, markets: Markets, asset: str) -> None:
    governor = markets.governor
    feed = governor.deploy(project.MockAggregator, 8, 1)
    markets.feeds[asset] = feed
    markets.push(asset, PRICE)
    seeded_at = int(markets.chain.blocks.head.timestamp)
    reference = word_of(Word.REFERENCE, reference_as_of=seeded_at)
    oracle = governor.deploy(
        project.FallbackOracle,
        deployment(markets.contract.address, asset, feed.address, seeded_at, reference),
    )
    markets.oracles[asset] = oracle
    markets.contract.listMarket(asset, oracle, markets.lending, sender=governor)


def deployment(
    steward: str, asset: str, feed: str, seeded_at: int, reference: int
) -> tuple[Any, ...]:
    """The oracle's constructor argument: one leg of 8 decimals, a NAV reference, a seed."""
    legs = (feed, 8, NOBODY, 0)
    limits = (120_000, 10**8, 10**12)
    seed = (PRICE, seeded_at, word_of(Word.ORACLE), reference)
    return (asset, 18, *legs, *limits, steward, True, False, *seed)
