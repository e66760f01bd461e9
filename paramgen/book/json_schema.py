"""JSON Schemas of book and policy, for editors; the files in `schema/` are kept in step by a test.

An editor sees YAML with its implicit types, the compiler sees text: what a schema calls a number
or a boolean is accepted as text too. Nulls, which the compiler refuses, are no type here.
"""

from __future__ import annotations

import json
from typing import Any

from paramgen.book.policy import Policy
from paramgen.book.quantity import Frozen
from paramgen.book.schema import Book

DIALECT = "https://json-schema.org/draft/2020-12/schema"

MODELS: dict[str, type[Frozen]] = {"book": Book, "policy": Policy}


def json_schema(name: str) -> dict[str, Any]:
    """Return the schema of `book` or `policy`."""
    schema = _without_nulls(MODELS[name].model_json_schema())
    title = {"title": f"paramgen {name}"}
    document: dict[str, Any] = {"$schema": DIALECT} | schema | title
    return document


def render(name: str) -> str:
    """Return the schema as the text of its file."""
    return json.dumps(json_schema(name), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _without_nulls(node: Any) -> Any:
    if isinstance(node, list):
        return [_without_nulls(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {
        key: _without_nulls(child)
        for key, child in node.items()
        if not (key == "title" and isinstance(child, str))
        and not (key == "default" and child is None)
    }
    if "anyOf" in kept:
        kept["anyOf"] = [option for option in kept["anyOf"] if option != {"type": "null"}]
        if len(kept["anyOf"]) == 1:
            kept |= kept.pop("anyOf")[0]
    if kept.get("const") == "1":
        # An editor reads `version: 1` as a number.
        kept.pop("const")
        kept.pop("type", None)
        kept["enum"] = ["1", 1]
    if "patternProperties" in kept:
        kept["additionalProperties"] = False
    return kept
