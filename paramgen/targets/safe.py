"""Safe's Transaction Builder: a batch file, version 1.0, with its checksum.

The checksum is keccak of a serialisation of its own: an object is `{`, the JSON array of its
sorted keys, each value followed by a comma, `}`; an array is `[a,b]`; everything else is JSON. It
covers the whole file with `meta.name` null and `meta.checksum` left out. Source: safe-global,
tx-builder, src/lib/checksum.ts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from eth_utils.crypto import keccak

from paramgen.targets.calls import Call, ProposalError, address, as_hex, from_hex, required
from paramgen.targets.envelope import (
    Carried,
    Envelope,
    Format,
    read_json,
    require_actions,
    whole_number,
    write_json,
)

VERSION = "1.0"
_KEYS = ("version", "chainId", "createdAt", "meta", "transactions")
_META = (
    "name", "description", "txBuilderVersion", "createdFromSafeAddress",
    "createdFromOwnerAddress", "checksum",
)  # fmt: skip
_TRANSACTION = ("to", "value", "data", "contractMethod", "contractInputsValues")
_BUILDER = "1.18.2"
_WHAT = "a Transaction Builder batch"
_MILLISECONDS = 1_000


def checksum(batch: Mapping[str, Any]) -> str:
    """The builder's checksum of a batch file; one that stands in it already is left out."""
    meta = {key: value for key, value in batch["meta"].items() if key != "checksum"}
    return digest({**batch, "meta": meta})


def digest(batch: Mapping[str, Any]) -> str:
    """The builder's hash of a batch file as it stands, its name blanked."""
    return as_hex(keccak(text=serialise({**batch, "meta": {**batch["meta"], "name": None}})))


def serialise(value: Any) -> str:
    """The builder's serialisation."""
    if isinstance(value, Mapping):
        keys = sorted(value)
        inner = "".join(f"{serialise(value[key])}," for key in keys)
        return f"{{{_json(keys)}{inner}}}"
    if isinstance(value, list | tuple):
        return f"[{','.join(map(serialise, value))}]"
    return _json(value)


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def write(calls: Sequence[Call], envelope: Envelope) -> bytes:
    """The batch file."""
    require_actions(calls, None, _WHAT)
    batch: dict[str, Any] = {
        "version": VERSION,
        "chainId": str(envelope.chain_id),
        "createdAt": envelope.created_at * _MILLISECONDS,
        "meta": {
            "name": envelope.title,
            "description": envelope.description,
            "txBuilderVersion": _BUILDER,
            "createdFromSafeAddress": envelope.carrier,
            "createdFromOwnerAddress": "",
        },
        "transactions": [
            {
                "to": call.to,
                "value": str(call.value),
                "data": as_hex(call.data),
                "contractMethod": None,
                "contractInputsValues": None,
            }
            for call in calls
        ],
    }
    batch["meta"]["checksum"] = checksum(batch)
    return write_json(batch)


def read(data: bytes) -> Carried:
    """Read the transactions; the checksum has to fit, and no method may stand beside its data."""
    batch = required(read_json(data, _WHAT), _KEYS, _WHAT)
    meta = required(batch["meta"], _META, f"the meta of {_WHAT}")
    if batch["version"] != VERSION:
        raise ProposalError(f"{_WHAT} has version {batch['version']!r}, not {VERSION!r}")
    if meta["checksum"] != checksum(batch):
        raise ProposalError(f"{_WHAT} has checksum {meta['checksum']!r}, not {checksum(batch)}")
    if not isinstance(batch["transactions"], list):
        raise ProposalError(f"{_WHAT} has no list of transactions")
    return Carried(
        chain_id=whole_number(batch["chainId"], "chainId"),
        carrier=address(meta["createdFromSafeAddress"], "createdFromSafeAddress"),
        description=str(meta["description"]),
        calls=tuple(_call(found) for found in batch["transactions"]),
    )


def _call(found: Any) -> Call:
    transaction = required(found, _TRANSACTION, f"a transaction of {_WHAT}")
    if transaction["contractMethod"] is not None:
        # The builder would encode the method anew and may send other bytes than `data`.
        raise ProposalError(f"a transaction of {_WHAT} names a method beside its data")
    return Call(
        address(transaction["to"], "to"),
        whole_number(transaction["value"], "value"),
        from_hex(transaction["data"], "data"),
    )


SAFE = Format("safe", "safe.json", write, read)
