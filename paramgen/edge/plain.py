"""Results of our own types as JSON and back, bit for bit; reading it runs nothing.

Only the types that a function says it returns, and those of their fields, are ever made.
"""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Any, get_args, get_type_hints

import numpy as np
from pydantic import BaseModel

_KINDS = "biuf"
_DEEPEST = 100


@dataclass(frozen=True)
class Codec:
    """Bytes of results of one type.

    Attributes
    ----------
    result : their type. types : by name, all that may be met in one.
    """

    result: type
    types: Mapping[str, type]

    def encode(self, value: Any) -> bytes:
        """Return the bytes of a result.

        Raises
        ------
        TypeError : it holds what the type does not say.
        """
        return json.dumps(self._plain(value), separators=(",", ":")).encode()

    def decode(self, content: bytes) -> Any:
        """Return the result that these bytes are of.

        Raises
        ------
        ValueError, TypeError, LookupError, RecursionError : they are of none.
        """
        if not _shallow(content):
            raise ValueError("nested deeper than any result of ours")
        found = self._made(json.loads(content))
        if not isinstance(found, self.result):
            raise TypeError(f"a {type(found).__name__}, no {self.result.__name__}")
        return found

    def _plain(self, value: Any) -> Any:
        if value is None or type(value) in (bool, int, float, str):
            return value
        if type(value) in (tuple, list):
            return {type(value).__name__: [self._plain(item) for item in value]}
        if type(value) is dict:
            return {"dict": [[self._plain(k), self._plain(v)] for k, v in value.items()]}
        if isinstance(value, (np.ndarray, np.generic)):
            return {"array": _array(value)}
        name = type(value).__name__
        if self.types.get(name) is not type(value):
            raise TypeError(f"{self.result.__name__} holds a {name}, which its fields do not say")
        return {"of": name, "is": self._inside(value)}

    def _inside(self, value: Any) -> Any:
        if isinstance(value, Enum):
            return value.value
        if isinstance(value, BaseModel):
            return value.model_dump(mode="json", by_alias=True)
        return {
            field.name: self._plain(getattr(value, field.name))
            for field in dataclasses.fields(value)
        }

    def _made(self, plain: Any) -> Any:
        if not isinstance(plain, dict):
            return plain
        if "of" in plain:
            return self._of(self.types[plain["of"]], plain["is"])
        ((kind, content),) = plain.items()
        if kind == "array":
            return _restored(**content)
        if kind == "dict":
            return {self._made(key): self._made(value) for key, value in content}
        return {"tuple": tuple, "list": list}[kind](map(self._made, content))

    def _of(self, kind: type, content: Any) -> Any:
        if issubclass(kind, Enum):
            return kind(content)
        if issubclass(kind, BaseModel):
            return kind.model_validate(content)
        return kind(**{name: self._made(value) for name, value in content.items()})


def codec_of(work: Callable[..., Any]) -> Codec:
    """Return the codec of what a function says it returns.

    Raises
    ------
    TypeError : it names no type of ours.
    """
    function = work.func if isinstance(work, partial) else work
    result = get_type_hints(function).get("return")
    if not isinstance(result, type) or not _ours(result):
        raise TypeError(f"{function} returns no dataclass, model or enumeration")
    return Codec(result, {found.__name__: found for found in _reached(result, set())})


def _ours(kind: type) -> bool:
    return dataclasses.is_dataclass(kind) or issubclass(kind, (BaseModel, Enum))


def _reached(hint: Any, seen: set[type]) -> Iterator[type]:
    """Every type of ours in a hint and in the fields of those that are dataclasses."""
    for argument in get_args(hint):
        yield from _reached(argument, seen)
    if not isinstance(hint, type) or hint in seen or not _ours(hint):
        return
    seen.add(hint)
    yield hint
    if dataclasses.is_dataclass(hint):
        for inner in get_type_hints(hint).values():
            yield from _reached(inner, seen)


def _shallow(content: bytes) -> bool:
    """Whether nothing nests so deep that reading it could exhaust the stack."""
    raw = np.frombuffer(content, dtype=np.uint8)
    opened, closed = np.isin(raw, list(b"[{")), np.isin(raw, list(b"]}"))
    depth = np.cumsum(opened.astype(np.int64) - closed.astype(np.int64))
    return bool(np.max(depth, initial=0) <= _DEEPEST)


def _array(value: Any) -> dict[str, Any]:
    if value.dtype.kind not in _KINDS:
        raise TypeError(f"an array of {value.dtype}, which has no bytes of its own")
    content = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()
    scalar = isinstance(value, np.generic)
    return {"data": content, "dtype": value.dtype.str, "shape": None if scalar else value.shape}


def _restored(data: str, dtype: str, shape: list[int] | None) -> Any:
    kind = np.dtype(dtype)
    if kind.kind not in _KINDS:
        raise TypeError(f"an array of {kind}")
    flat = np.frombuffer(base64.b64decode(data, validate=True), dtype=kind)
    if shape is None:
        return flat[0]
    return flat.reshape(shape).copy()
