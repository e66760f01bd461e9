"""Why a parameter has its value: formula, inputs, evidence, and what it moves with."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from paramgen.book.loaded import Loaded
from paramgen.book.quantity import Input
from paramgen.book.resolve import inputs, replace_input
from paramgen.book.schema import Book
from paramgen.compiler.build import rederive
from paramgen.compiler.fits import Fits
from paramgen.compiler.ledger import INPUT, Quantity
from paramgen.encode import Encoded
from paramgen.params.binding import ParameterError
from paramgen.units import quantise

_BUMP = Fraction(1, 10_000)
_ABSOLUTE_BUMP = Fraction(1, 1_000_000)


def because(quantity: Quantity, encoded: Encoded) -> str:
    """One line: the formula, what bound it, and what rounding did."""
    bound = f", bound by {quantity.binding}" if quantity.binding else ""
    return f"{quantity.formula}{bound}; rounded {encoded.field.rounding.value}"


def upstream(quantities: Mapping[str, Quantity], name: str) -> Iterator[Quantity]:
    """A quantity and all it was had from, each once, nearest first."""
    seen, queue = {name}, [name]
    while queue:
        quantity = quantities[queue.pop(0)]
        yield quantity
        fresh = [used for used in quantity.uses if used not in seen]
        seen.update(fresh)
        queue.extend(fresh)


def evidence_of(book: Book, quantities: Mapping[str, Quantity], name: str) -> frozenset[str]:
    """Ids of all evidence that a quantity rests on; the policy's choices are not evidence."""
    evidence = {path: found.evidence for path, found in inputs(book)}
    steps = tuple(upstream(quantities, name))
    leaves = (q.name for q in steps if q.formula == INPUT)
    fitted = frozenset(q.evidence for q in steps if q.evidence)
    return fitted | frozenset(evidence[leaf] for leaf in leaves if evidence.get(leaf))


@dataclass(frozen=True)
class Derivative:
    """How far a quantity moves with one input, both in their own units.

    `slope` is None where the input's neighbourhood does not compile, with the reason.
    """

    path: str
    written: str
    slope: float | None
    reason: str = ""


def derivatives(loaded: Loaded, asset: str, fits: Fits, name: str) -> tuple[Derivative, ...]:
    """d(quantity)/d(input) for every input upstream, largest effect of a relative move first.

    Central differences on the real-valued quantity, before rounding; one-sided where an input
    stands at the edge of what it may be.
    """
    base = rederive(loaded, asset, fits)
    leaves = {q.name for q in upstream(base.quantities, name) if q.formula == INPUT}
    found = dict(_all_inputs(loaded))

    def quantity(at: Loaded) -> float:
        return rederive(at, asset, fits).value(name)

    rows = [
        _derivative(quantity, loaded, leaf, found[leaf]) for leaf in sorted(leaves) if leaf in found
    ]
    return tuple(sorted(rows, key=lambda row: -_effect(row, found[row.path])))


def _effect(row: Derivative, found: Input) -> float:
    return abs((row.slope or 0.0) * float(found.value))


def _derivative(
    quantity: Callable[[Loaded], float], loaded: Loaded, path: str, found: Input
) -> Derivative:
    step = found.value * _BUMP if found.value else _ABSOLUTE_BUMP
    sides = [value for value in (found.value - step, found.value + step) if _allowed(found, value)]
    ends = sides if len(sides) > 1 else [found.value, *sides]
    low, high = min(ends), max(ends)
    try:
        values = [quantity(moved(loaded, path, end)) for end in (low, high)]
    except ParameterError as error:
        return Derivative(path, found.written, None, f"{error.field}: {error.message}")
    slope = (values[1] - values[0]) / float(high - low)
    return Derivative(path, found.written, float(quantise(slope, 6)))


def _allowed(found: Input, value: Fraction) -> bool:
    low, high = type(found).low, type(found).high
    return (low is None or value >= low) and (high is None or value <= high)


def _all_inputs(loaded: Loaded) -> Iterator[tuple[str, Input]]:
    yield from inputs(loaded.book)
    yield from inputs(loaded.policy, "policy")


def moved(loaded: Loaded, path: str, value: Fraction) -> Loaded:
    """The same evidence with one input at another value; for derivatives and what-if."""
    if path.startswith("policy."):
        policy = replace_input(loaded.policy, path.removeprefix("policy."), value)
        return dataclasses.replace(loaded, policy=policy)
    return dataclasses.replace(loaded, book=replace_input(loaded.book, path, value))
