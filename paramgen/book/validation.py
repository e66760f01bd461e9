"""From plain trees to typed books: every refusal as a problem with its place, bound and hint."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from paramgen.book.evidence import ADDRESS, IDENTIFIER, SHA256
from paramgen.book.loaded import Lines
from paramgen.book.quantity import Frozen
from paramgen.book.schema import TENOR
from paramgen.errors import Problem

Model = TypeVar("Model", bound=Frozen)
Location = tuple[int | str, ...]

_PATTERNS = {
    IDENTIFIER: 'must be lower-case words joined by hyphens, such as "sg-short-note".',
    SHA256: "must be 64 lower-case hexadecimal digits.",
    ADDRESS: "must be 0x and 40 hexadecimal digits.",
    TENOR: 'must be a tenor, such as "3M" or "10Y".',
}
_SHAPES = {
    "missing": "is required.",
    "model_type": "must be a mapping of keys to values.",
    "model_attributes_type": "must be a mapping of keys to values.",
    "dict_type": "must be a mapping of keys to values.",
    "tuple_type": "must be a list.",
    "string_type": "must be one text.",
    "string_too_short": "must not be empty.",
    "string_too_long": "must have at most {max_length} characters.",
    "too_short": "must have at least {min_length} entries.",
    "bool_type": "must be true or false.",
    "int_type": "must be a whole number, such as 12.",
    "greater_than_equal": "must be at least {ge}.",
    "less_than_equal": "must be at most {le}.",
    "enum": "must be one of {expected}.",
    "literal_error": "must be one of {expected}.",
    "union_tag_invalid": "must be one of {expected_tags}.",
    "union_tag_not_found": "is required.",
}


def read_model(
    model: type[Model], root: Mapping[str, Any], lines: Lines, refused: frozenset[str]
) -> tuple[Model | None, tuple[Problem, ...]]:
    """Validate a tree.

    Parameters
    ----------
    root : mappings, lists and texts.
    lines : where the paths stand.
    refused : paths that were left out of the tree with a problem of their own.

    Returns
    -------
    The model, or None with every problem found.
    """
    try:
        return model.model_validate(root), ()
    except ValidationError as error:
        found = (_problem(detail, model, root, lines, refused) for detail in error.errors())
        return None, tuple(problem for problem in found if problem is not None)


def salvage(model: type[Model], root: Mapping[str, Any]) -> Model | None:
    """Return the model of what is sound, leaving out each faulty asset, source, counterparty, ….

    It serves only to find further problems in one run; nothing is compiled from it.
    """
    try:
        return model.model_validate(root)
    except ValidationError as error:
        faulty = {detail["loc"][:2] for detail in error.errors()}
    sound: dict[str, Any] = dict(root)
    for section, *entry in faulty:
        entries = sound.get(str(section))
        if not entry or not isinstance(entries, dict):
            return None
        sound[str(section)] = {key: value for key, value in entries.items() if key != entry[0]}
    try:
        return model.model_validate(sound)
    except ValidationError:
        return None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a hint naming the nearest known word, else the known ones, else nothing."""
    words = sorted(known)
    near = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    if near:
        return f'Did you mean "{near[0]}"?'
    return f"Known: {', '.join(words)}." if 0 < len(words) <= _LISTED else ""


_LISTED = 24


def _problem(
    detail: ErrorDetails,
    model: type[BaseModel],
    root: Mapping[str, Any],
    lines: Lines,
    refused: frozenset[str],
) -> Problem | None:
    kind, context = detail["type"], detail.get("ctx", {})
    path = _path(detail["loc"], root, kind)
    if kind.startswith("union_tag"):
        path = (*path, str(context["discriminator"]).strip("'"))
    field = ".".join(path)
    if field in refused:
        return None
    value = _written(detail["input"], context.get("tag") if kind == "union_tag_invalid" else None)
    if kind == "paramgen":
        return lines.problem(field, value, context["bound"], context["hint"])
    if kind == "extra_forbidden":
        known = _keys(model, detail["loc"][:-1])
        return lines.problem(field, value, "is not a known key.", did_you_mean(path[-1], known))
    if kind in ("missing", "union_tag_not_found"):
        value = ""
    return lines.problem(field, value, _bound(detail, context), _suggest(value, context))


def _bound(detail: ErrorDetails, context: Mapping[str, Any]) -> str:
    if detail["type"] == "string_pattern_mismatch":
        return _PATTERNS.get(context["pattern"], f"must match {context['pattern']}.")
    shape = _SHAPES.get(detail["type"])
    return detail["msg"] + "." if shape is None else shape.format_map(context)


def _suggest(value: str, context: Mapping[str, Any]) -> str:
    expected = context.get("expected") or context.get("expected_tags")
    if not value or not isinstance(expected, str):
        return ""
    words = [part.strip().strip("'") for part in expected.replace(" or ", ", ").split(",")]
    near = difflib.get_close_matches(value, words, n=1, cutoff=0.6)
    return f'Did you mean "{near[0]}"?' if near else ""


def _written(value: Any, tag: Any) -> str:
    if isinstance(tag, str):
        return tag
    if isinstance(value, dict):
        value = value.get("value")
    return value if isinstance(value, str) else ""


def _path(location: Location, root: Any, kind: str) -> tuple[str, ...]:
    """Drop what pydantic adds to a location: the tag of a union's member, the `[key]` mark."""
    path: list[str] = []
    node = root
    for position, part in enumerate(location):
        last = position == len(location) - 1
        if isinstance(node, dict) and part in node:
            node = node[str(part)]
        elif isinstance(node, list) and isinstance(part, int) and part < len(node):
            node = node[part]
        elif not (last and kind == "missing"):
            continue
        path.append(str(part))
    return tuple(path)


def _keys(annotation: Any, location: Location) -> set[str]:
    """Return the keys that the model at a location takes."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = {field.alias or name: field for name, field in annotation.model_fields.items()}
        if not location:
            return {key for key, field in fields.items() if not field.exclude}
        below = fields.get(str(location[0]))
        return set() if below is None else _keys(below.annotation, location[1:])
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        return _member_keys(arguments, location)
    if origin is Annotated:
        return _keys(arguments[0], location)
    if origin in (dict, tuple) and location:
        return _keys(arguments[-1] if origin is dict else arguments[0], location[1:])
    return set()


def _member_keys(members: Sequence[Any], location: Location) -> set[str]:
    for member in members:
        kind = getattr(member, "model_fields", {}).get("kind")
        tags = get_args(kind.annotation) if kind is not None else ()
        if location and location[0] in tags:
            return _keys(member, location[1:])
    return set().union(*(_keys(member, location) for member in members))
