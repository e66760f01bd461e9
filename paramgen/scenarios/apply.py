"""A scenario applied: the book and the policy with its moves made, and what moved by how much."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from paramgen.book.policy import Policy
from paramgen.book.quantity import Input, Number, Share
from paramgen.book.resolve import inputs
from paramgen.book.schema import Asset, Book
from paramgen.scenarios.library import Move, Rule, Scenario

_LARGEST = Fraction(999_999, 1_000_000)
"""Where a share carried beyond its scenario is stopped: certain default has no price."""

ABSENT: Final[Mapping[str, Input]] = {
    "credit.floor": Share.model_validate("0"),
    "credit.signals.custody_coverage": Share.model_validate("1"),
    "credit.signals.unproven_collateral": Share.model_validate("0"),
    "credit.signals.custodian_notches": Number.model_validate("0"),
    "credit.signals.market_makers_left": Share.model_validate("0"),
}
"""What an input that the book may leave out stands for where it does: nothing observed."""


@dataclass(frozen=True)
class Moved:
    """One input before and after, by its path from the top (`policy.…` for the policy's)."""

    path: str
    before: Fraction
    after: Fraction


def moves_of(book: Book, policy: Policy, scenario: Scenario) -> tuple[Moved, ...]:
    """Every input that a scenario moves, in the order of the book; what is worse already stays."""
    found = [*_of_assets(book, scenario), *_of_shared(book, policy, scenario)]
    return tuple(moved for moved in found if moved.after != moved.before)


def apply(
    book: Book, policy: Policy, moves: Sequence[Moved], size: Fraction = Fraction(1)
) -> tuple[Book, Policy]:
    """Book and policy with a scenario's moves made in full, in part, or beyond.

    Parameters
    ----------
    size : 0 changes nothing, 1 is the scenario; between and beyond, each input goes in a straight
        line and stops at the edge of what it may be.
    """
    for moved in moves:
        root, _, inner = moved.path.partition(".")
        value = _at(moved, size)
        if root == "policy":
            policy = _put(policy, inner.split("."), value, inner)
        else:
            book = _put(book, moved.path.split("."), value, _below_asset(moved.path))
    return book, policy


def _at(moved: Moved, size: Fraction) -> Fraction:
    """Where a move of a size ends; only a move stated to end at the whole goes there."""
    value = moved.before + size * (moved.after - moved.before)
    return min(value, _LARGEST) if moved.before < moved.after < 1 else value


def _of_assets(book: Book, scenario: Scenario) -> Iterator[Moved]:
    for name, asset in book.assets.items():
        if scenario.strikes(asset.asset_class):
            known = dict(inputs(asset)) | _unobserved(asset)
            for move in scenario.moves:
                for path in _matching(move.path, known):
                    factor = _factor(move, path, known)
                    if factor is not None:
                        yield _moved(f"assets.{name}.{path}", known[path], move.rule, factor)


def _unobserved(asset: Asset) -> dict[str, Input]:
    if asset.credit is None:
        return {}
    present = {path for path, _ in inputs(asset)}
    return {path: found for path, found in ABSENT.items() if path not in present}


def _factor(move: Move, path: str, known: Mapping[str, Input]) -> Fraction | None:
    """The amount in the input's own unit; None where what it is a multiple of is not there."""
    if not move.of:
        return move.amount
    stars = [
        part
        for part, pattern in zip(path.split("."), move.path.split("."), strict=True)
        if pattern == "*"
    ]
    other = known.get(move.of.replace("*", stars[0]) if stars else move.of)
    return None if other is None else move.amount * other.value


def _of_shared(book: Book, policy: Policy, scenario: Scenario) -> Iterator[Moved]:
    rules = dict(inputs(policy, "policy"))
    chain = dict(inputs_of_chain(book, scenario))
    for move in scenario.moves:
        for path in _matching(move.path, rules):
            yield _moved(path, rules[path], move.rule, move.amount)
        root, _, rest = move.path.partition(".")
        role, _, part = rest.partition(".")
        for name, found in chain.items() if root == "counterparties" else ():
            if found.role == role:
                path = f"counterparties.{name}.{part}"
                yield _moved(path, getattr(found, part), move.rule, move.amount)


def inputs_of_chain(book: Book, scenario: Scenario) -> Iterator[tuple[str, Any]]:
    """The intermediaries of the assets that a scenario strikes, by id."""
    struck = {
        name
        for asset in book.assets.values()
        if scenario.strikes(asset.asset_class)
        for name in asset.counterparties
    }
    return ((name, found) for name, found in book.counterparties.items() if name in struck)


def _matching(pattern: str, known: Mapping[str, Input]) -> list[str]:
    wanted = pattern.split(".")

    def fits(path: str) -> bool:
        parts = path.split(".")
        same = len(parts) == len(wanted)
        return same and all(w in ("*", p) for w, p in zip(wanted, parts, strict=True))

    return [path for path in known if fits(path)]


def _moved(path: str, found: Input, rule: Rule, amount: Fraction) -> Moved:
    match rule:
        case Rule.TIMES:
            after = found.value * amount
        case Rule.AT_LEAST:
            after = max(found.value, amount)
        case Rule.AT_MOST:
            after = min(found.value, amount)
    return Moved(path, found.value, _bounded(found, after))


def _bounded(found: Input, value: Fraction) -> Fraction:
    low, high = type(found).low, type(found).high
    inside = value if low is None else max(low, value)
    return inside if high is None else min(high, inside)


def _below_asset(path: str) -> str:
    return path.split(".", 2)[-1]


def _put(node: Any, parts: Sequence[str], value: Fraction, known_as: str) -> Any:
    """The model with one input at another value; one that is absent is made there."""
    if not parts:
        found = ABSENT[known_as] if node is None else node
        return found.at(_bounded(found, value))
    key, rest = parts[0], parts[1:]
    if isinstance(node, dict):
        return node | {key: _put(node[key], rest, value, known_as)}
    if isinstance(node, tuple):
        at = int(key)
        return (*node[:at], _put(node[at], rest, value, known_as), *node[at + 1 :])
    return node.model_copy(update={key: _put(getattr(node, key), rest, value, known_as)})
