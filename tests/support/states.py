"""Chains as plans see them, by hand: nothing deployed yet, or an artefact applied."""

from __future__ import annotations

from dataclasses import replace

from paramgen.difference import Standing, target_rails, target_words
from paramgen.encode import FIELDS, Word
from paramgen.mirror.steward import Ledger, Section
from paramgen.plan import ChainState, MarketState

CHAIN, GENESIS, NOW = 31337, "0x" + "11" * 32, 1_800_000_000
STEWARD = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
ORACLE = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512"
NOBODY = "0x0000000000000000000000000000000000000000"
FRESH = ChainState(CHAIN, GENESIS, 0, NOW)


def token(index: int) -> str:
    """Descending, so that the order of the book is not the order of a batch."""
    return f"0x{100 - index:040x}"


def market_state(words, address, **fields):
    standing = Standing(address, {word: words.get(word, 0) for word in FIELDS}, epoch=7)
    counts = {Word.COLLATERAL: 5, Word.RATE: 4, Word.ORACLE: 13, Word.REFERENCE: 4}
    ledger = Ledger({word: Section(0, (0,) * n) for word, n in counts.items()}, 7)
    plain = {
        "oracle": ORACLE,
        "accrual": NOBODY,
        "ledger": ledger,
        "locked_until": 0,
        "frozen": False,
        "verdict": 0,
        "price": 100 * 10**8,
    }
    return MarketState(standing=standing, **{**plain, **fields})


def with_market(state, asset, **fields):
    """The chain with other fields of one market's standing."""
    market = state.markets[asset]
    moved = replace(market, standing=replace(market.standing, **fields))
    return replace(state, markets={**state.markets, asset: moved})


def moved_states(state, other):
    """What no plan of `state` survives, each with the word that names it; `other` is applied too.

    The markets of `state` are asset-0, which is not as in `other`, and asset-1.
    """
    return [
        (replace(state, chain_id=1), "chain"),
        (replace(state, genesis="0x" + "22" * 32), "genesis"),
        (replace(state, steward=ORACLE), "steward"),
        (other, "asset-0"),
        (with_market(state, "asset-1", epoch=9), "asset-1"),
        (with_market(state, "asset-1", address=ORACLE), "asset-1"),
        (replace(state, guardrails={}), "guardrail"),
        (replace(state, markets={}), "asset-1"),
    ]


def state_of(artefact, **fields):
    """The chain on which this artefact has been applied."""
    markets = {
        name: market_state(target_words(market), token(index), **fields)
        for index, (name, market) in enumerate(artefact["markets"].items())
    }
    return replace(
        FRESH,
        block=9,
        steward=STEWARD,
        price_move_limit=50,
        guardrails=target_rails(artefact),
        markets=markets,
    )
