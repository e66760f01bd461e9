"""A thin hand on pyrevm: deploy, call, and move the clock, in words."""

from collections.abc import Sequence

import pyrevm
from eth_utils import function_signature_to_4byte_selector

from paramgen.edge.bytecode import creation_code

DEPLOYER = "0x00000000000000000000000000000000000000aa"
WORD = 2**256


def word_bytes(values: Sequence[int]) -> bytes:
    """Integers as 32-byte words, negative ones in two's complement."""
    return b"".join((value % WORD).to_bytes(32, "big") for value in values)


def words_of(data: bytes) -> list[int]:
    """The 32-byte words of return data."""
    return [int.from_bytes(data[i : i + 32], "big") for i in range(0, len(data), 32)]


def array(rows: Sequence[Sequence[int]]) -> list[int]:
    """The words of an ABI array of static tuples: its length, then its rows."""
    return [len(rows), *(value for row in rows for value in row)]


def arrays(*arguments: Sequence[int], head: Sequence[int] = ()) -> bytes:
    """Call data of static words followed by dynamic arrays, each already in words."""
    offset = 32 * (len(head) + len(arguments))
    offsets = []
    for argument in arguments:
        offsets.append(offset)
        offset += 32 * len(argument)
    tail = [value for argument in arguments for value in argument]
    return word_bytes([*head, *offsets, *tail])


class Machine:
    """One EVM with a clock of its own."""

    def __init__(self, now: int) -> None:
        self._evm = pyrevm.EVM(gas_limit=2**62, spec_id="CANCUN")
        self.move_to(now)

    def move_to(self, now: int) -> None:
        """Set the block time."""
        self.now = now
        self._evm.set_block_env(pyrevm.BlockEnv(timestamp=now, gas_limit=2**62))

    def deploy(self, contract: str, *arguments: int) -> str:
        """Deploy a contract of this project whose constructor takes static words."""
        return self.deploy_code(creation_code(contract), *arguments)

    def deploy_code(self, code: bytes, *arguments: int) -> str:
        """Deploy creation code, of whatever origin, whose constructor takes static words."""
        return str(self._evm.deploy(DEPLOYER, code + word_bytes(arguments)))

    def call(self, to: str, signature: str, arguments: bytes = b"") -> list[int]:
        """Call a function; return data in words.

        Raises
        ------
        RuntimeError
            The call reverted or ran out of gas.
        """
        data = function_signature_to_4byte_selector(signature) + arguments
        return words_of(self._evm.message_call(DEPLOYER, to, calldata=data))

    def step(self, now: int, to: str, data: bytes) -> bytes:
        """Call at a block time of its own, with prepared call data; the raw return data."""
        self.move_to(now)
        return bytes(self._evm.message_call(DEPLOYER, to, calldata=data))
