"""Reverts by the name and arguments of the error, as our contracts declare them."""

from __future__ import annotations

import ast

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils.abi import function_signature_to_4byte_selector
from ethpm_types.abi import ErrorABI

from paramgen.edge.bytecode import contract_type

_REVERTED = "execution reverted: "
_PROJECT = (
    "ParameterSteward",
    "ParameterRegistry",
    "KinkedRateModel",
    "FallbackOracle",
)


def refusal(error: Exception) -> str:
    """A revert by its error's name and arguments, where one of our contracts declares it."""
    data = _revert_data(error)
    for abi in _errors() if data else ():
        if data[:4] == function_signature_to_4byte_selector(abi.selector):
            return f"{abi.name}({', '.join(_arguments(abi, data[4:]))})"
    return str(error)


def _errors() -> list[ErrorABI]:
    return [error for name in _PROJECT for error in contract_type(name).errors]


def _arguments(abi: ErrorABI, data: bytes) -> list[str]:
    types = [str(item.canonical_type) for item in abi.inputs]
    try:
        values = decode(types, data)
    except DecodingError:
        return ["0x" + data.hex()]
    return [f"{item.name}={value}" for item, value in zip(abi.inputs, values, strict=True)]


def _revert_data(error: Exception) -> bytes:
    """Revert data as web3 carries it (`data`), or as eth-tester writes it into its message."""
    for value in (getattr(error, "data", None), *error.args):
        if isinstance(value, str) and value.startswith("0x"):
            return bytes.fromhex(value[2:])
        literal = str(value).removeprefix(_REVERTED)
        if literal.startswith(("b'", 'b"')):
            return bytes(ast.literal_eval(literal))
    return b""
