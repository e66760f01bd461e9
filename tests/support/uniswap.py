"""Uniswap's own v3 pool, from the bytecode of its npm package, in pyrevm."""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from paramgen.model.amm import Pool
from tests.support.revm import Machine, array, arrays, word_bytes

ARTEFACTS = Path(__file__).parents[2] / "node_modules" / "@uniswap" / "v3-core" / "artifacts"
NOW = 1_700_000_000
POSITION = "(int24,int24,uint128)"
SWAP = "(bool,int256,uint160)"
RESULT_WORDS = 5
HALF = 2**255
ENABLED = (500, 3_000, 10_000)
"""Fees that the factory starts with."""

UNNAMED_TOKEN = (96, 128, 18, 0, 0)
"""The words of a constructor with two empty strings and a number of decimals."""


@cache
def factory_code() -> bytes:
    """Creation code of the factory, which carries the pool's."""
    path = ARTEFACTS / "contracts" / "UniswapV3Factory.sol" / "UniswapV3Factory.json"
    return bytes.fromhex(json.loads(path.read_text())["bytecode"].removeprefix("0x"))


class Market:
    """A pool of two tokens on a machine of its own, with the liquidity of some positions."""

    def __init__(self, pool: Pool, positions: Sequence[tuple[int, int, int]]) -> None:
        self._machine = machine = Machine(NOW)
        factory = machine.deploy_code(factory_code())
        tokens = [machine.deploy("MockToken", *UNNAMED_TOKEN) for _ in range(2)]
        self._trader = machine.deploy("PoolTrader")
        if pool.fee_pips not in ENABLED:
            words = word_bytes([pool.fee_pips, pool.tick_spacing])
            machine.call(factory, "enableFeeAmount(uint24,int24)", words)
        words = word_bytes([*(int(token, 16) for token in tokens), pool.fee_pips])
        (self._pool,) = machine.call(factory, "createPool(address,address,uint24)", words)
        address = f"0x{self._pool:040x}"
        machine.call(address, "initialize(uint160)", word_bytes([pool.sqrt_price]))
        data = arrays(array(positions), head=[self._pool])
        machine.call(self._trader, f"provide(address,{POSITION}[])", data)

    def trade(self, swaps: Sequence[tuple[bool, int, int]]) -> list[tuple[int, int, int, int, int]]:
        """Swaps in order: (zero for one, amount, limit) each.

        Returns
        -------
        What each took and gave, and the price, tick and liquidity after it.
        """
        rows = [(int(sold), amount, limit) for sold, amount, limit in swaps]
        data = arrays(array(rows), head=[self._pool])
        words = self._machine.call(self._trader, f"trade(address,{SWAP}[])", data)[2:]
        found = []
        for at, (sold, _, _) in enumerate(swaps):
            first, second, price, tick, liquidity = words[RESULT_WORDS * at :][:RESULT_WORDS]
            taken, given = (first, second) if sold else (second, first)
            found.append((taken, -_signed(given), price, _signed(tick), liquidity))
        return found


def _signed(word: int) -> int:
    return word - 2 * HALF if word >= HALF else word
