"""The value that binds, by name, and the error of a parameter that cannot be had."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


class ParameterError(ValueError):
    """A parameter that evidence and policy do not allow; nothing is clipped in its place.

    Parameters
    ----------
    field : the parameter, in whole words ("staleness limit").
    message : what is wrong.
    value, bound : the offending value and what it was held against, in the field's own unit.
    hint : what a person can do about it.
    """

    def __init__(self, field: str, message: str, value: float, bound: float, hint: str) -> None:
        super().__init__(f"{field}: {message} (value {value:.6g}, bound {bound:.6g}). {hint}")
        self.field = field
        self.message = message
        self.value = value
        self.bound = bound
        self.hint = hint

    def __reduce__(self) -> tuple[type[ParameterError], tuple[str, str, float, float, str]]:
        """Pickle the parts and not their rendering: a worker's refusal is told as it is."""
        return type(self), (self.field, self.message, self.value, self.bound, self.hint)


@dataclass(frozen=True)
class Binding:
    """A least or greatest value with the name of the candidate that set it."""

    value: float
    binding: str
    candidates: Mapping[str, float]


def least(candidates: Mapping[str, float]) -> Binding:
    """Return the smallest candidate, the first named on a tie.

    Raises ValueError on an empty mapping or a NaN, which compares as neither.
    """
    return _bind(candidates, min(_ordered(candidates), key=candidates.__getitem__))


def greatest(candidates: Mapping[str, float]) -> Binding:
    """Return the largest candidate, the first named on a tie.

    Raises ValueError on an empty mapping or a NaN, which compares as neither.
    """
    return _bind(candidates, max(_ordered(candidates), key=candidates.__getitem__))


def _ordered(candidates: Mapping[str, float]) -> list[str]:
    if not candidates:
        raise ValueError("no candidates to choose from")
    unordered = [name for name, value in candidates.items() if math.isnan(value)]
    if unordered:
        raise ValueError(f"candidates without a value: {', '.join(unordered)}")
    return list(candidates)


def _bind(candidates: Mapping[str, float], name: str) -> Binding:
    frozen = MappingProxyType({key: float(value) for key, value in candidates.items()})
    return Binding(frozen[name], name, frozen)
