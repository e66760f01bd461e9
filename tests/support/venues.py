"""Entries of a book and compiled parameters, for tests that run over every venue."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st
from pydantic import TypeAdapter

from paramgen.book.venues import Entry
from paramgen.encode import BY_NAME
from paramgen.mirror.rate import MAX_RATE, WAD
from paramgen.targets.registry import VENUES
from paramgen.targets.venue import FIELDS, Parameters, Venue

LLTVS = (Fraction("0.385"), Fraction("0.77"), Fraction("0.86"), Fraction("0.915"))
TOKEN, LOAN = "0x" + "a1" * 20, "0x" + "b2" * 20
ENGINE, EXECUTOR, STEWARD = "0x" + "c3" * 20, "0x" + "d4" * 20, "0x" + "e5" * 20
LENT = {"token": LOAN, "decimals": 6, "at_par": True}
MARKETS: dict[str, dict[str, Any]] = {
    "aave-config-engine": {
        "engine": ENGINE, "executor": EXECUTOR, "collateral": TOKEN, "loan": LENT,
    },
    "aave-risk-steward": {"steward": STEWARD, "collateral": TOKEN, "loan": LENT},
    "risk-oracle": {"oracle": ENGINE, "receipt": TOKEN, "loan": LENT},
    "compound-v2": {"model": ENGINE, "blocks_per_year": 2_102_400, "block_time": 12_000},
    "comet": {
        "configurator": ENGINE, "proxy_admin": EXECUTOR, "market": STEWARD, "collateral": TOKEN,
        "store_front": 60,
    },
    "euler": {
        "collateral_vault": TOKEN, "vault": STEWARD, "factory": ENGINE, "loan": LENT,
        "supply_cap": 0,
    },
    "morpho-blue": {
        "morpho": ENGINE, "collateral": TOKEN, "oracle": EXECUTOR, "irm": STEWARD, "loan": LENT,
    },
    "fraxlend": {"pair": ENGINE},
}  # fmt: skip
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    **{name: (name, {}) for name in MARKETS},
    "aave-config-engine isolated": ("aave-config-engine", {"isolated": True}),
    "aave-config-engine e-mode": ("aave-config-engine", {"emode": {"category": 3}}),
    "aave-config-engine new e-mode": (
        "aave-config-engine", {"emode": {"label": "USTB / USDC", "borrowables": [LOAN]}},
    ),
    "aave-config-engine keeping": (
        "aave-config-engine", {"keep": ["ltv", "supplyCap", "variableRateSlope2"]},
    ),
    "aave-config-engine by a payload": (
        "aave-config-engine", {"executor": None, "payloads_controller": EXECUTOR},
    ),
    "aave-risk-steward e-mode": ("aave-risk-steward", {"emode": {"category": 7}}),
    "compound-v2 by seconds": (
        "compound-v2", {"blocks_per_year": 31_536_000, "block_time": 1_000},
    ),
    "compound-v2 fast blocks": ("compound-v2", {"blocks_per_year": 10_512_000, "block_time": 250}),
    "euler with a model": ("euler", {"irm": EXECUTOR}),
    "euler ramping": ("euler", {"liquidation_ltv": 10_000, "ramp": 86_400}),
    "fraxlend deployed": ("fraxlend", {"rate_contract": EXECUTOR}),
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A venue with an entry of a book for it."""

    venue: Venue
    market: Any


def market_of(kind: str, **changes: Any) -> Any:
    """An entry of a book."""
    document = {"kind": kind, "chain_id": 1} | MARKETS[kind] | changes
    return TypeAdapter(Entry).validate_python(document)


def case_of(variant: str) -> Case:
    """A venue with one of the entries above."""
    kind, changes = VARIANTS[variant]
    return Case(VENUES[kind], market_of(kind, **changes))


PLAIN = Parameters(
    {
        "ltv": 8_000,
        "liquidation_threshold": 8_500,
        "liquidation_bonus": 400,
        "supply_cap": 25_000_000,
        "debt_ceiling": 20_000_000,
        "base_rate": 3 * 10**8,
        "slope_1": 2 * 10**9,
        "slope_2": 8 * 10**9,
        "kink": 9 * 10**17,
    },
    decimals=6,
    price=1_052_300_000,
    lltv=Fraction("0.86"),
)


@st.composite
def compiled(draw: st.DrawFn) -> Parameters:
    """Parameters as the compiler lands them: coupled checks of spec 3.0 hold."""
    bonus = draw(st.integers(1, 2_000))
    threshold = draw(st.integers(2, 10_000 * 10_000 // (10_000 + bonus)))
    rates = sorted(draw(st.lists(st.integers(0, MAX_RATE), min_size=3, max_size=3)))
    base, first, second = rates[0], rates[1] - rates[0], rates[2] - rates[1]
    low, high = sorted((first, second))
    price = draw(st.integers(10**6, 10**12))
    return Parameters(
        {
            "ltv": draw(st.integers(1, threshold)),
            "liquidation_threshold": threshold,
            "liquidation_bonus": bonus,
            "supply_cap": draw(st.integers(0, 10**12)),
            "debt_ceiling": draw(st.integers(0, 10**12)),
            "base_rate": base,
            "slope_1": low,
            "slope_2": high,
            "kink": draw(st.integers(WAD // 100, WAD - WAD // 10_000)),
        },
        decimals=draw(st.integers(0, 18)),
        price=price,
        lltv=draw(st.sampled_from([None, *LLTVS])),
    )


@st.composite
def any_integers(draw: st.DrawFn) -> Parameters:
    """Whatever the field table can encode, coupled or not."""
    integers = {
        name: draw(st.integers(
            int(BY_NAME[name].minimum * BY_NAME[name].scale),
            min(int(BY_NAME[name].maximum * BY_NAME[name].scale), BY_NAME[name].largest),
        ))
        for name in FIELDS
    }  # fmt: skip
    return Parameters(
        integers,
        decimals=draw(st.integers(0, 18)),
        price=draw(st.integers(1, 10**15)),
        lltv=draw(st.sampled_from([None, *LLTVS])),
    )
