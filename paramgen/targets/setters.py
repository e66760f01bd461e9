"""Functions whose arguments are settings, read and written by one description.

A setter names its leading arguments that say of what it sets (a market, an asset) and the others,
which are settings. Structs are flattened in the ABI's order, so that one description serves plain
functions, structs and arrays of structs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from eth_utils.address import to_checksum_address

from paramgen.targets.calls import Call, ProposalError, argument_types, arguments, call

KEEP_CURRENT = 2**256 - 1 - 42
"""Aave's `EngineFlags.KEEP_CURRENT`."""
KEEP_CURRENT_TEXT = "KEEP_CURRENT_STRING"
"""Aave's `EngineFlags.KEEP_CURRENT_STRING`."""

Held = int | str | tuple[str, ...] | None
"""What a setting holds; None is what stays as it is, where the venue can say so."""


@dataclass(frozen=True)
class Unit:
    """A venue's unit: `scale` of it make one of what `reads` says (`%`, `%/y`, `tokens`, …)."""

    name: str
    scale: Fraction = Fraction(1)
    reads: str = ""


@dataclass(frozen=True)
class Setting:
    """One value of one thing, in the venue's own words.

    Attributes
    ----------
    of : address that is called, then what the function takes to say of what.
    name : the venue's own name of the value.
    """

    of: tuple[str, ...]
    name: str
    value: Held


@dataclass(frozen=True)
class Setter:
    """One function. `rows` where its only argument is an array of structs, one struct a row.

    Attributes
    ----------
    keys : names of the leading arguments that say of what; not settings themselves.
    names : names of the other arguments, flattened.
    """

    signature: str
    keys: tuple[str, ...]
    names: tuple[str, ...]
    rows: bool = False

    def calls(self, settings: Sequence[Setting]) -> Iterator[Call]:
        """The calls that set all settings of this function's names, in their order.

        Raises
        ------
        ProposalError : of some thing only a part of the names is given.
        """
        found: dict[str, list[list[Any]]] = {}
        for of in dict.fromkeys(each.of for each in settings if self.takes(each)):
            found.setdefault(of[0], []).append(self._row(of, settings))
        for to, rows in found.items():
            for values in [[rows]] if self.rows else rows:
                yield call(to, self.signature, *values)

    def takes(self, setting: Setting) -> bool:
        """Whether the setting is an argument of this function."""
        return setting.name in self.names and len(setting.of) == len(self.keys) + 1

    def read(self, found: Call) -> tuple[Setting, ...] | None:
        """The settings of a call of this function, None where it is none."""
        values = arguments(found, self.signature)
        if values is None:
            return None
        rows = values[0] if self.rows else (values,)
        return tuple(each for row in rows for each in self._settings(found.to, row))

    def _row(self, of: tuple[str, ...], settings: Sequence[Setting]) -> list[Any]:
        values = {each.name: each.value for each in settings if each.of == of}
        missing = [name for name in self.names if name not in values]
        if missing:
            raise ProposalError(f"{self.signature} of {'.'.join(of)} lacks {', '.join(missing)}")
        flat = iter([*of[1:], *(values[name] for name in self.names)])
        return [_built(kind, flat) for kind in self._types]

    def _settings(self, to: str, row: Sequence[Any]) -> Iterator[Setting]:
        types = self._types
        pairs = [p for kind, value in zip(types, row, strict=True) for p in _flat(kind, value)]
        held = [_held(kind, value) for kind, value in pairs]
        count = len(self.keys)
        of = (to, *(str(key) for key in held[:count]))
        for name, value in zip(self.names, held[count:], strict=True):
            yield Setting(of, name, value)

    @property
    def _types(self) -> list[str]:
        types = argument_types(self.signature)
        return argument_types(types[0].removesuffix("[]")) if self.rows else types


def written(setters: Sequence[Setter], settings: Sequence[Setting]) -> tuple[Call, ...]:
    """The calls of all settings, function by function in the setters' order.

    Raises
    ------
    ProposalError : a setting is of none of these functions, or a part of one is missing.
    """
    lost = [each for each in settings if not any(setter.takes(each) for setter in setters)]
    if lost:
        names = ", ".join(f"{each.name} of {'.'.join(each.of)}" for each in lost)
        raise ProposalError(f"no function sets {names}")
    return tuple(found for setter in setters for found in setter.calls(settings))


def read(setters: Sequence[Setter], found: Call) -> tuple[Setting, ...]:
    """The settings of a call.

    Raises
    ------
    ProposalError : it is a call of none of these functions.
    """
    for setter in setters:
        settings = setter.read(found)
        if settings is not None:
            return settings
    raise ProposalError(f"0x{found.data[:4].hex()} of {found.to} sets nothing that is known here")


def _built(kind: str, flat: Iterator[Any]) -> Any:
    """One argument of a type from flattened values."""
    if kind.startswith("(") and kind.endswith(")"):
        return tuple(_built(inner, flat) for inner in argument_types(kind))
    value = next(flat)
    if value is None:
        return KEEP_CURRENT_TEXT if kind == "string" else KEEP_CURRENT
    return int(value) if kind.startswith("uint") else value


def _flat(kind: str, value: Any) -> Iterator[tuple[str, Any]]:
    if kind.startswith("(") and kind.endswith(")"):
        for inner, each in zip(argument_types(kind), value, strict=True):
            yield from _flat(inner, each)
    else:
        yield kind, value


def _held(kind: str, value: Any) -> Held:
    if value in (KEEP_CURRENT, KEEP_CURRENT_TEXT):
        return None
    if kind.endswith("[]"):
        return tuple(str(to_checksum_address(each)) for each in value)
    return str(to_checksum_address(value)) if kind == "address" else value
