"""Every input of a typed book by its dotted path: its evidence, and the book with it changed.

A path names keys from the top, list members by number: `assets.enote.basket.members.0.weight`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from paramgen.book.quantity import Frozen, Input
from paramgen.book.validation import did_you_mean
from paramgen.errors import InvalidInputError, Place, Problem

Model = TypeVar("Model", bound=Frozen)

POLICY_EVIDENCE = "policy"
"""Evidence id of a policy's own inputs: appetite rests on nothing but the policy itself."""


def inputs(model: BaseModel, prefix: str = "") -> Iterator[tuple[str, Input]]:
    """Yield every input of a book, a policy or a part of one, with its dotted path, in order.

    Parameters
    ----------
    prefix : put before each path, as `policy` or `assets.enote`.
    """
    yield from _inputs(model, prefix)


def find_input(model: Frozen, path: str, place: Place | None = None) -> Input:
    """Return the input at a path.

    Raises
    ------
    InvalidInputError
        When there is none, naming the nearest path that exists; `place` is where it was asked for.
    """
    node: Any = model
    parts = path.split(".")
    while parts:
        step = _step(node, parts)
        if step is None:
            raise _unknown(model, path, place)
        node, parts = step[1], parts[step[2] :]
    if not isinstance(node, Input):
        raise _unknown(model, path, place)
    return node


def replace_input(model: Model, path: str, value: Fraction) -> Model:
    """Return the same book or policy with one input at another value, unchecked.

    Only the models along the path are copied. For derivatives and what-if.

    Raises
    ------
    InvalidInputError
        When there is no input at the path.
    """
    return put(model, path, find_input(model, path).at(value))


def rewrite(model: Model, path: str, text: str, place: Place) -> Model:
    """Return the book with one input as a person writes it, held to the input's own bounds.

    Raises
    ------
    InvalidInputError
        When there is no input at the path, or the text is refused; `place` says where it stood.
    """
    before = find_input(model, path, place)
    try:
        after = _adapter(model, path, before).validate_python(text)
    except ValidationError as error:
        context = error.errors()[0].get("ctx", {})
        bound, hint = context.get("bound", "is refused."), context.get("hint", "")
        raise InvalidInputError([Problem(place, path, text, bound, hint)]) from None
    kept = {"evidence": before.evidence, "note": before.note}
    return put(model, path, after.model_copy(update=kept))


def _adapter(model: Frozen, path: str, before: Input) -> TypeAdapter[Any]:
    """The type of the place itself: it may ask more than the quantity's kind, as `above zero`."""
    parent, _, name = path.rpartition(".")
    section: Any = model
    for key in parent.split(".") if parent else ():
        step = _step(section, [key])
        section = None if step is None else step[1]
    if not isinstance(section, BaseModel) or name not in type(section).model_fields:
        return TypeAdapter(type(before))
    declared = type(section).model_fields[name].rebuild_annotation()
    return TypeAdapter(declared)


def put(model: Model, path: str, after: Input) -> Model:
    """Return the book with another input at a path that exists."""
    changed: Model = _put(model, path.split("."), after)
    return changed


def attach_evidence(model: Model, evidence: str = "") -> Model:
    """Return the model with every input carrying the evidence of its nearest enclosing section.

    Parameters
    ----------
    evidence : what inputs outside any section with evidence rest on.
    """
    attached: Model = _attach(model, evidence)
    return attached


def _attach(node: Any, evidence: str) -> Any:
    if isinstance(node, Input):
        return node if node.evidence else node.model_copy(update={"evidence": evidence})
    if isinstance(node, BaseModel):
        nearest = getattr(node, "evidence", None) or evidence
        fields = type(node).model_fields
        below = {name: _attach(getattr(node, name), nearest) for name in fields}
        return node.model_copy(update=below)
    if isinstance(node, dict):
        return {key: _attach(child, evidence) for key, child in node.items()}
    if isinstance(node, tuple):
        return tuple(_attach(child, evidence) for child in node)
    return node


def _inputs(node: Any, path: str) -> Iterator[tuple[str, Input]]:
    if isinstance(node, Input):
        yield path, node
        return
    for key, child in children(node):
        yield from _inputs(child, f"{path}.{key}" if path else key)


def children(node: Any) -> Iterator[tuple[str, Any]]:
    """Yield what stands below a model, mapping or list, with its key."""
    if isinstance(node, BaseModel):
        for name, field in type(node).model_fields.items():
            yield field.alias or name, getattr(node, name)
    elif isinstance(node, dict):
        yield from ((str(key), child) for key, child in node.items())
    elif isinstance(node, tuple | list):
        yield from ((str(index), child) for index, child in enumerate(node))


def _step(node: Any, parts: Sequence[str]) -> tuple[Any, Any, int] | None:
    """Return the own key, the child, and how many parts it took; a key may hold dots (`1.5M`)."""
    if isinstance(node, BaseModel) and not isinstance(node, Input):
        return _attribute(node, parts[0])
    if isinstance(node, dict):
        for taken in range(1, len(parts) + 1):
            key = ".".join(parts[:taken])
            if key in node:
                return key, node[key], taken
    if isinstance(node, tuple) and parts[0].isdecimal() and int(parts[0]) < len(node):
        return int(parts[0]), node[int(parts[0])], 1
    return None


def _attribute(node: BaseModel, key: str) -> tuple[Any, Any, int] | None:
    fields = type(node).model_fields
    if key in fields and fields[key].alias is None:
        return key, getattr(node, key), 1
    aliased = [name for name, field in fields.items() if field.alias == key]
    return (aliased[0], getattr(node, aliased[0]), 1) if aliased else None


def _put(node: Any, parts: Sequence[str], after: Input) -> Any:
    if not parts:
        return after
    step = _step(node, parts)
    if step is None:
        raise KeyError(".".join(parts))
    key, child, taken = step
    changed = _put(child, parts[taken:], after)
    if isinstance(node, BaseModel):
        return node.model_copy(update={key: changed})
    if isinstance(node, dict):
        return node | {key: changed}
    return (*node[:key], changed, *node[key + 1 :])


def _unknown(model: Frozen, path: str, place: Place | None) -> InvalidInputError:
    hint = did_you_mean(path, (known for known, _ in inputs(model)))
    return InvalidInputError([Problem(place or Place("path"), path, "", "is no input here.", hint)])
