"""The schemas that editors use say what the compiler says."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path

import jsonschema
import pytest

from paramgen.book.json_schema import MODELS, json_schema, render
from paramgen.edge.yaml_tree import read_document
from tests.support.books import BOOK, POLICY

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = sorted((ROOT / "examples").rglob("*.yaml"))


def tree(text):
    document = read_document(text.encode(), "example.yaml")
    assert not document.problems
    return document.root


def as_an_editor_reads(node):
    """Bare numbers and booleans become such, as under YAML 1.2's core schema."""
    if isinstance(node, dict):
        return {key: as_an_editor_reads(child) for key, child in node.items()}
    if isinstance(node, list):
        return [as_an_editor_reads(child) for child in node]
    if node in ("true", "false"):
        return node == "true"
    if re.fullmatch(r"[-+]?[0-9]+", node):
        return int(node)
    return float(node) if re.fullmatch(r"[-+]?[0-9]*\.[0-9]+", node) else node


@pytest.mark.parametrize("name", sorted(MODELS))
def test_the_exported_schema_is_in_step_with_the_models(name):
    assert (ROOT / "schema" / f"{name}.schema.json").read_text(encoding="utf-8") == render(name), (
        "run make schema"
    )


@pytest.mark.parametrize("name", sorted(MODELS))
def test_the_schema_is_a_schema_and_knows_no_null(name):
    jsonschema.Draft202012Validator.check_schema(json_schema(name))
    assert '"null"' not in render(name)


@pytest.mark.parametrize(("name", "text"), [("book", BOOK), ("policy", POLICY)])
@pytest.mark.parametrize("read", [lambda node: node, as_an_editor_reads])
def test_a_valid_file_passes_its_schema_as_text_and_as_an_editor_reads_it(name, text, read):
    jsonschema.validate(read(tree(text)), json_schema(name))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("assets", "bill", "credit", "pd"), "nan"),
        (("assets", "bill", "credit", "pd"), 1.4),
        (("assets", "bill", "credit", "pd"), -0.1),
        (("assets", "bill", "credit", "pd"), True),
        (("assets", "bill", "credit", "pdd"), "1 bp"),
        (("assets", "bill", "issuance"), "100"),
        (("assets", "bill", "issuance"), 100),
        (("assets", "bill", "tenor"), None),
        (("assets", "bill", "tenor"), "3 months"),
        (("assets", "Bill"), {}),
        (("version",), "2"),
    ],
)
def test_the_schema_refuses_what_the_compiler_refuses(path, value):
    broken = copy.deepcopy(tree(BOOK))
    node = broken
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, json_schema("book"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_every_example_names_its_schema_and_passes_it(path):
    text = path.read_text(encoding="utf-8")
    line = re.match(r"# yaml-language-server: \$schema=(\S+)\n", text)
    assert line, "the first line must be the editor's modeline"
    schema = json.loads((path.parent / line[1]).resolve().read_text(encoding="utf-8"))
    jsonschema.validate(tree(text), schema)
