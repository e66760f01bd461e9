"""The record of a compilation: each quantity with its formula, what it used, and what bound it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, Protocol

from paramgen.book.policy import Policy
from paramgen.book.quantity import Input
from paramgen.book.schema import Asset
from paramgen.model.pricing import UNSTRESSED, RiskDrivers
from paramgen.params.binding import Binding

INPUT = "input"
"""Formula of a leaf; its evidence is the book's."""


@dataclass(frozen=True)
class Quantity:
    """One real-valued step.

    Attributes
    ----------
    name : standard term of a step, dotted path of an input.
    value : in `unit`.
    formula : how it was had; `input` for a leaf.
    uses : names of the quantities it was had from.
    binding : the candidate that set a least or greatest value.
    candidates : all of them.
    evidence : id of the file it was fitted to; empty where its inputs carry theirs.
    """

    name: str
    value: float
    unit: str
    formula: str
    uses: tuple[str, ...] = ()
    binding: str = ""
    candidates: Mapping[str, float] = field(default_factory=dict)
    evidence: str = ""


class Fitted(Protocol):
    """What a step was fitted to."""

    @property
    def evidence(self) -> str:
        """Id of the evidence."""


class Ledger:
    """Collects the quantities of one asset while it is compiled; each name is written once."""

    def __init__(self) -> None:
        self._quantities: dict[str, Quantity] = {}

    @property
    def quantities(self) -> Mapping[str, Quantity]:
        """All quantities in the order in which they were had."""
        return self._quantities

    def value(self, name: str) -> float:
        """A quantity that has been had already."""
        return self._quantities[name].value

    def derive(
        self, name: str, value: float, unit: str, formula: str, *uses: str, on: Fitted | None = None
    ) -> float:
        """Record a step, fitted to some evidence or to none, and hand its value on."""
        evidence = "" if on is None else on.evidence
        known = self._known(uses)
        self._add(Quantity(name, float(value), unit, formula, known, evidence=evidence))
        return float(value)

    def bind(
        self,
        name: str,
        bound: Binding,
        unit: str,
        formula: str,
        *uses: str,
        on: Fitted | None = None,
    ) -> float:
        """Record a least or greatest value with its candidates and hand it on."""
        evidence = "" if on is None else on.evidence
        known, which = self._known(uses), bound.binding
        self._add(
            Quantity(name, bound.value, unit, formula, known, which, bound.candidates, evidence)
        )
        return bound.value

    def leaf(self, path: str, found: Input) -> float:
        """Record an input of the book or the policy; asking again is no second record."""
        if path not in self._quantities:
            unit = found.dimension.value
            self._add(Quantity(path, float(found.value), unit, INPUT))
        return float(found.value)

    def _known(self, uses: tuple[str, ...]) -> tuple[str, ...]:
        """Only what was recorded: an optional input that the book leaves out is no use."""
        return tuple(dict.fromkeys(name for name in uses if name in self._quantities))

    def _add(self, quantity: Quantity) -> None:
        if quantity.name in self._quantities:
            raise KeyError(f"{quantity.name} is recorded twice")
        self._quantities[quantity.name] = quantity


class Scope:
    """Reads one asset's inputs and the policy's by their path, recording each that is used.

    `stress` multiplies risk where it enters (PD, LGD, depth, σ, time to exit); it is one for a
    compilation and more for a stress table.
    """

    def __init__(
        self,
        identifier: str,
        asset: Asset,
        policy: Policy,
        ledger: Ledger,
        stress: RiskDrivers = UNSTRESSED,
    ) -> None:
        self.identifier = identifier
        self.asset = asset
        self.policy = policy
        self.ledger = ledger
        self.stress = stress

    def member(self, identifier: str, asset: Asset) -> Scope:
        """The same reading of another asset, for a basket's members."""
        return Scope(identifier, asset, self.policy, self.ledger, self.stress)

    def take(self, path: str) -> float:
        """An input of the asset, such as `credit.pd`.

        Raises
        ------
        KeyError
            When the path names no input: a fault of the compiler, never of a book.
        """
        return self._leaf(f"assets.{self.identifier}.{path}", _walk(self.asset, path))

    def maybe(self, path: str) -> float | None:
        """An input that the book may leave out."""
        return None if _walk(self.asset, path) is None else self.take(path)

    def rule(self, path: str) -> float:
        """An input of the policy, such as `horizons.auction`."""
        return self._leaf(f"policy.{path}", _walk(self.policy, path))

    def shared(self, path: str, found: Input) -> float:
        """An input of the book's shared sections, such as `jurisdictions.singapore.premium`."""
        return self._leaf(path, found)

    def path(self, path: str) -> str:
        """The recorded name of an asset's input."""
        return f"assets.{self.identifier}.{path}"

    def _leaf(self, path: str, found: Any) -> float:
        if not isinstance(found, Input):
            raise KeyError(f"{path} is not an input")
        return self.ledger.leaf(path, found)


def _walk(root: Any, path: str) -> Any:
    return reduce(_step, path.split("."), root)


def _step(part: Any, key: str) -> Any:
    if part is None:
        return None
    if isinstance(part, Mapping):
        return part[key]
    if isinstance(part, tuple):
        return part[int(key)]
    return getattr(part, key)
