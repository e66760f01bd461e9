"""Venues that answer their getters with what they are told to hold, in the ABI's own types."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from eth_abi.abi import decode, encode

from paramgen.mirror.rate import WAD
from paramgen.targets import aave, comet, compound_v2, euler, fraxlend, morpho, risk_oracle
from paramgen.targets.calls import argument_types, arguments_of, selector
from paramgen.targets.present import Key
from paramgen.targets.setters import Held, Setting
from tests.support.nodes import Node

POOL, PROVIDER, READER, STRATEGY, MODEL, NOBODY = (
    "0x" + digits * 20 for digits in ("10", "11", "12", "13", "14", "00")
)
ASSET_INFO = "(uint8,address,address,uint64,uint64,uint64,uint64,uint128)"
UPDATE = "(uint256,bytes,string,bytes,string,uint256,address,bytes)"
Answer = Callable[..., Sequence[Any] | None]


@dataclass
class Stub:
    """Getters by address and signature; called, it answers as a chain would."""

    getters: dict[tuple[str, str], tuple[Sequence[str], Answer]] = field(default_factory=dict)

    def says(self, to: str, signature: str, outputs: Sequence[str], *values: Any) -> None:
        """Answer values, whatever is asked of the getter."""
        self.answers(to, signature, outputs, lambda *_: values)

    def answers(self, to: str, signature: str, outputs: Sequence[str], answer: Answer) -> None:
        """Answer by the arguments, None to revert."""
        self.getters[to.lower(), signature] = outputs, answer

    def __call__(
        self, to: str, signature: str, outputs: Sequence[str], /, *arguments: Any
    ) -> tuple[Any, ...] | None:
        """Answer through the ABI, so that a wrong type shows."""
        types, answer = self.getters.get((to.lower(), signature), ((), lambda *_: None))
        found = answer(*decode(argument_types(signature), self._data(signature, arguments)))
        return None if found is None else arguments_of(outputs, encode(types, found))

    def node(self) -> Node:
        """The same as a node."""
        node = Node()
        for (to, signature), (types, answer) in self.getters.items():
            node.getters[to, selector(signature)] = _getter(signature, types, answer)
        return node

    def _data(self, signature: str, arguments: Sequence[Any]) -> bytes:
        return bytes(encode(argument_types(signature), arguments))


def _getter(
    signature: str, types: Sequence[str], answer: Answer
) -> Callable[[bytes], bytes | None]:
    def got(data: bytes) -> bytes | None:
        found = answer(*decode(argument_types(signature), data))
        return None if found is None else encode(types, found)

    return got


def holding(kind: str, market: Any, settings: Sequence[Setting], **changes: Held) -> Stub:
    """A venue that holds settings, those kept at 7; `changes` by name."""
    held: dict[Key, Any] = {
        (each.of, each.name): 7 if each.value is None else each.value for each in settings
    }
    for of, name in held:
        if name in changes:
            held[of, name] = changes[name]
    stub = Stub()
    _HOLD[kind](stub, market, held)
    return stub


Keyed = Mapping[Key, Any]


def _by_name(held: Keyed) -> dict[str, Any]:
    return {name: value for (_, name), value in held.items()}


def _aave(stub: Stub, engine: str, held: Keyed) -> None:
    for to, signature, there in (
        (engine, "POOL()", POOL), (POOL, "ADDRESSES_PROVIDER()", PROVIDER),
        (PROVIDER, "getPoolDataProvider()", READER),
        (READER, "getInterestRateStrategyAddress(address)", STRATEGY),
    ):  # fmt: skip
        stub.says(to, signature, ["address"], there)
    stub.says(READER, "getReserveTokensAddresses(address)", ["address"] * 3, MODEL, NOBODY, MODEL)

    def of(what: Any, *names: str) -> list[Any]:
        known = {(key[0][-1].lower(), key[1]): value for key, value in held.items()}
        return [known.get((str(what).lower(), name), 0) for name in names]

    def reserve(asset: str) -> list[Any]:
        ltv, threshold, bonus = of(asset, *aave.COLLATERAL[:3])
        return [6, ltv, threshold, 10_000 + bonus if threshold else 0, 1_000, *[False] * 5]

    reserve_types = ["uint256"] * 5 + ["bool"] * 5
    word = ["uint256"]
    stub.answers(READER, "getReserveConfigurationData(address)", reserve_types, reserve)
    stub.answers(READER, "getDebtCeiling(address)", word, lambda a: [of(a, "debtCeiling")[0] * 100])
    stub.answers(READER, "getLiquidationProtocolFee(address)", word,
                 lambda a: of(a, "liqProtocolFee"))  # fmt: skip
    stub.answers(READER, "getReserveCaps(address)", word * 2,
                 lambda a: of(a, "borrowCap", "supplyCap"))  # fmt: skip
    rates = ["uint16", "uint32", "uint32", "uint32"]
    stub.answers(STRATEGY, "getInterestRateDataBps(address)", rates, lambda a: of(a, *aave.RATES))

    def category(number: int) -> list[Any]:
        ltv, threshold, bonus = of(number, *aave.EMODE[:3])
        return [ltv, threshold, 10_000 + bonus]

    stub.answers(POOL, "getEModeCategoryCollateralConfig(uint8)", ["uint16"] * 3, category)
    stub.answers(POOL, "getEModeCategoryLabel(uint8)", ["string"],
                 lambda number: [str(of(number, "eMode.label")[0])])  # fmt: skip


def _steward(stub: Stub, market: Any, held: Keyed) -> None:
    stub.says(market.steward, "CONFIG_ENGINE()", ["address"], MODEL)
    _aave(stub, MODEL, held)


def _oracle(stub: Stub, market: Any, held: Keyed) -> None:
    def latest(kind: str, market_of: str) -> list[Any] | None:
        names = aave.RATES if kind == risk_oracle.STRATEGY else (kind,)
        known = {(of[-1].lower(), name): value for (of, name), value in held.items()}
        values = [known.get((market_of.lower(), name)) for name in names]
        if None in values:
            return None
        data = encode(["uint256"] * len(values), values)
        return [(1, data, "reference", b"", kind, 1, market_of, b"")]

    stub.answers(market.oracle, risk_oracle.LATEST, [UPDATE], latest)


def _compound(stub: Stub, market: Any, held: Keyed) -> None:
    settings = [Setting(of, name, value) for (of, name), value in held.items()]
    stored = compound_v2.per_block(settings, market)
    for getter, value in zip(compound_v2.GETTERS, stored, strict=True):
        stub.says(market.model, getter, ["uint256"], value)
    stub.says(market.model, "blocksPerYear()", ["uint256"], market.blocks_per_year)


def _comet(stub: Stub, market: Any, held: Keyed) -> None:
    known = _by_name(held)
    stub.says(market.market, "borrowKink()", ["uint256"], known["borrowKink"])
    for name in comet.RATES[1:]:
        getter = f"{name.replace('PerYear', 'PerSecond')}()"
        stub.says(market.market, getter, ["uint256"], known[name] // comet.SECONDS_PER_YEAR)
    values = [known.get(name, 0) for name in (*comet.FACTORS, "supplyCap")]
    info = (0, market.collateral, NOBODY, WAD, *values)
    stub.says(market.market, "getAssetInfoByAddress(address)", [ASSET_INFO], info)


def _euler(stub: Stub, market: Any, held: Keyed) -> None:
    known = _by_name(held)
    for name, getter in (("borrowLTV", "LTVBorrow"), ("liquidationLTV", "LTVLiquidation")):
        stub.says(market.vault, f"{getter}(address)", ["uint16"], known[name])
    for vault in (market.vault, market.collateral_vault):
        caps = [held.get(((vault,), name), 0) for name in euler.CAPS]
        stub.says(vault, "caps()", ["uint16", "uint16"], *caps)
    stub.says(market.vault, "interestRateModel()", ["address"],
              known.get("interestRateModel", MODEL))  # fmt: skip
    for name in euler.RATES:
        if name in known:
            stub.says(MODEL, f"{name}()", ["uint256"], known[name])


def _morpho(stub: Stub, market: Any, held: Keyed) -> None:
    known = _by_name(held)
    values = [known[name] for name in morpho.NAMES]
    settings = [Setting(of, name, value) for (of, name), value in held.items()]
    created = morpho.market_id(settings)

    def parameters(identifier: bytes) -> list[Any]:
        there = "0x" + identifier.hex() in (created, market.market)
        return values if there else [NOBODY] * 4 + [0]

    types = ["address"] * 4 + ["uint256"]
    stub.answers(market.morpho, "idToMarketParams(bytes32)", types, parameters)
    for getter in ("isIrmEnabled(address)", "isLltvEnabled(uint256)"):
        stub.says(market.morpho, getter, ["bool"], *[True])


def _fraxlend(stub: Stub, market: Any, held: Keyed) -> None:
    known = _by_name(held)
    model = known.get("rateContract", MODEL)
    stub.says(market.pair, "rateContract()", ["address"], model)
    stub.says(market.pair, "maxLTV()", ["uint256"], known["maxLTV"])
    for name in fraxlend.RATES:
        stub.says(model, f"{name}()", ["uint256"], known[name])


_HOLD: Mapping[str, Callable[[Stub, Any, Keyed], None]] = {
    "aave-config-engine": lambda stub, market, held: _aave(stub, market.engine, held),
    "aave-risk-steward": _steward,
    "risk-oracle": _oracle,
    "compound-v2": _compound,
    "comet": _comet,
    "euler": _euler,
    "morpho-blue": _morpho,
    "fraxlend": _fraxlend,
}
