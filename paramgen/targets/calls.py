"""Calls of contracts: what a vote decides on, before any governance wraps it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi import decoding, encoding
from eth_abi.codec import ABICodec
from eth_abi.exceptions import DecodingError
from eth_abi.registry import BaseEquals
from eth_abi.registry import registry as shared
from eth_utils.abi import function_signature_to_4byte_selector
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from paramgen.errors import ParamgenError


def _strict() -> ABICodec:
    """A codec of our own: ape makes the shared one read past the end of its bytes.

    There, an array that claims 2^200 elements would be read for ever.
    """
    own = shared.copy()
    own.unregister("uint")
    own.register(
        BaseEquals("uint"),
        encoding.UnsignedIntegerEncoder,
        decoding.UnsignedIntegerDecoder,
        label="uint",
    )
    return ABICodec(own)


_CODEC = _strict()


class ProposalError(ParamgenError):
    """A proposal that cannot be written, or a file that holds none."""


@dataclass(frozen=True)
class Call:
    """One call as it is sent: address, wei, calldata."""

    to: str
    value: int
    data: bytes


def call(to: str, signature: str, *arguments: Any) -> Call:
    """A call by its signature, such as `setPriceMoveLimit(uint256)`; no wei."""
    data = selector(signature) + encoded(argument_types(signature), arguments)
    return Call(to_checksum_address(to), 0, data)


def selector(signature: str) -> bytes:
    """First four bytes of the signature's hash."""
    return bytes(function_signature_to_4byte_selector(signature))


def argument_types(signature: str) -> list[str]:
    """Types of a signature's arguments; a tuple is one of them."""
    inner = signature[signature.index("(") + 1 : -1]
    types, depth, start = [], 0, 0
    for at, letter in enumerate(inner):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            types.append(inner[start:at])
            start = at + 1
    return [*types, inner[start:]] if inner else []


def arguments(found: Call, signature: str) -> tuple[Any, ...] | None:
    """The arguments of a call of this signature, None where it is no canonical call of it.

    Bytes that the ABI would not write so (a dirty word, something appended) are no such call: a
    voter must see everything that is sent.
    """
    if found.data[:4] != selector(signature):
        return None
    return arguments_of(argument_types(signature), found.data[4:])


def arguments_of(types: Sequence[str], data: bytes) -> tuple[Any, ...] | None:
    """Values of these types, None where the bytes are not what the ABI would write of any."""
    try:
        values = tuple(_CODEC.decode(types, data))
    except (DecodingError, OverflowError, UnicodeDecodeError):
        return None
    return values if encoded(types, values) == data else None


def encoded(types: Sequence[str], values: Sequence[Any]) -> bytes:
    """Values as the ABI writes them, without a selector."""
    return bytes(_CODEC.encode(types, values))


def as_hex(data: bytes) -> str:
    """Bytes as `0x…`."""
    return "0x" + data.hex()


def from_hex(text: Any, what: str) -> bytes:
    """Bytes of `0x…`.

    Raises
    ------
    ProposalError : it is no such text.
    """
    if isinstance(text, str) and text.startswith("0x"):
        try:
            return bytes.fromhex(text[2:])
        except ValueError:
            pass
    raise ProposalError(f"{what} is no hexadecimal text: {text!r}")


def address(text: Any, what: str) -> str:
    """A checksummed address.

    Raises
    ------
    ProposalError : it is none, or its checksum is wrong.
    """
    data = from_hex(text, what)
    if len(data) != 20:  # noqa: PLR2004 - bytes of an address
        raise ProposalError(f"{what} is no address: {text!r}")
    right = str(to_checksum_address(data))
    if text not in (right, right.lower()):
        raise ProposalError(f"{what} has a wrong checksum: {text!r}")
    return right


def word_hash(types: Sequence[str], values: Sequence[Any]) -> bytes:
    """keccak(abi.encode(…)), as governors and timelocks name what they hold."""
    return keccak(encoded(types, values))


def required(document: Any, keys: Sequence[str], what: str) -> Mapping[str, Any]:
    """The document, if it is a mapping with these keys and no others.

    Raises
    ------
    ProposalError : naming what is missing or unknown.
    """
    if not isinstance(document, Mapping):
        raise ProposalError(f"{what} is no JSON object")
    missing, unknown = sorted(set(keys) - set(document)), sorted(set(document) - set(keys))
    if missing or unknown:
        parts = [f"lacks {', '.join(missing)}"] if missing else []
        parts += [f"has unknown {', '.join(map(str, unknown))}"] if unknown else []
        raise ProposalError(f"{what} {' and '.join(parts)}")
    return document
