"""YAML is read as text, with a line for everything, and without its dangers."""

from __future__ import annotations

import time

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from paramgen.edge import yaml_tree
from paramgen.edge.yaml_tree import MAX_BYTES, MAX_DEPTH, read_document


def read(text):
    return read_document(text.encode() if isinstance(text, str) else text, "book.yaml")


def only_problem(text):
    (problem,) = read(text).problems
    return problem


def test_scalars_stay_as_they_are_written():
    text = (
        "a: 4.80\nb: no\nc: 0x1F\nd: 1e3\ne: .nan\nf: 2025-12-31\ng: '~'\nh: true\ni: 8 000 USD\n"
    )
    root = read(text).root
    assert root == {
        "a": "4.80", "b": "no", "c": "0x1F", "d": "1e3", "e": ".nan", "f": "2025-12-31",
        "g": "~", "h": "true", "i": "8 000 USD",
    }  # fmt: skip


def test_every_path_has_the_line_on_which_its_key_or_item_stands():
    lines = read(
        "\ufeffa:\n  b:\n    - x: 1\n    -\n      y: 2\n# note\nc: {d: 1,\n    e: 2}\n"
    ).lines
    found = {path: place.line for path, place in lines.places.items()}
    assert found == {
        "a": 1, "a.b": 2, "a.b.0": 3, "a.b.0.x": 3, "a.b.1": 5, "a.b.1.y": 5,
        "c": 7, "c.d": 7, "c.e": 8,
    }  # fmt: skip
    assert lines.place("a.b.0.absent.deeper").line == 3
    assert lines.place("absent") == lines.place("")


@pytest.mark.parametrize(
    ("text", "line", "field", "value", "bound"),
    [
        ("a: 1\nb: &x 2\n", 2, "b", "&x", "has an anchor."),
        ("a: 1\nb: *x\n", 2, "b", "*x", "is an alias."),
        ("a: 1\nb: [1, *x]\n", 2, "b.1", "*x", "is an alias."),
        ("a: 1\n*x : 2\n", 2, "file", "*x", "is an alias."),
        ("a: 1\n<<: {b: 2}\n", 2, "<<", "<<", "is a merge key."),
        ("a:\n  b: !!python/object:os.system 2\n", 2, "a.b", "os.system", "has a tag."),
        ("a: !custom 2\n", 1, "a", "!custom", "has a tag."),
        ("a: ! 2\n", 1, "a", "!", "has a tag."),
        ("a: 1\nb: 2\na: 3\n", 3, "a", "", "is set twice."),
        ("x:\n  a: 1\n  a: {b: 2}\n", 3, "x.a", "", "is set twice."),
        ("x:\n  a: 1\n  'a': 2\n", 3, "x.a", "", "is set twice."),
        ("a: 1\nb:\n", 2, "b", "", "has no value."),
        ("a: 1\nb: ~\n", 2, "b", "~", "has no value."),
        ("a: 1\nb: null\n", 2, "b", "null", "has no value."),
        ("a:\n  - 1\n  -\n", 3, "a.1", "", "has no value."),
        ("a: 1\n? [b, c]\n: 2\n", 2, "file", "", "has a key that is not a name."),
        ("a:\n  ? {b: c}\n  : 2\n", 2, "a", "", "has a key that is not a name."),
        ("a: 1\n'': 2\n", 2, "file", "", "has a key that is not a name."),
        ("a: 1\n---\nb: 2\n", 2, "file", "---", "must hold one document only."),
        ("", 0, "file", "", "is empty."),
        ("# nothing\n", 0, "file", "", "is empty."),
        ("- a\n- b\n", 1, "file", "", "must be a mapping of keys to values."),
        ("just text\n", 1, "file", "", "must be a mapping of keys to values."),
        ("a: 1\nb: \x00\n", 2, "text", "U+0000", "must not hold control characters."),
        ("a: 1\nb: \x1b[31m\n", 2, "text", "U+001B", "must not hold control characters."),
        ("a: 1\nb: x\u202ey\n", 2, "text", "U+202E", "must not hold control characters."),
        ('a: 1\nb: "\\x1b[31m"\n', 2, "b", "U+001B", "must not hold control characters."),
        ('a: 1\nb: "\\u2066x"\n', 2, "b", "U+2066", "must not hold control characters."),
        (b"a: 1\nb: \xff\n", 2, "encoding", "byte 0xff", "must be UTF-8."),
        (b"\xff\xfea\x00:\x00", 1, "encoding", "byte 0xff", "must be UTF-8."),
    ],
)
def test_what_is_dangerous_or_ambiguous_is_refused_on_its_line(text, line, field, value, bound):
    problem = only_problem(text)
    assert (problem.place.file, problem.place.line, problem.field) == ("book.yaml", line, field)
    assert value in problem.value
    assert problem.bound == bound


@pytest.mark.parametrize(
    ("text", "line", "hint"),
    [
        ("a: 1\nb:\n\tc: 2\n", 3, "Indent with spaces, not tabs."),
        ("a: 1\nb: c: d\n", 2, ""),
        ("a: [1,\n  2\nb: 3\n", 3, "It begins on line 1."),
        ("a: 1\nb: 'open\n", 2, ""),
        ("a: 1\n @b: 2\n", 2, ""),
        ("a: {b: 1\n", 1, ""),
    ],
)
def test_a_syntax_error_names_its_line(text, line, hint):
    document = read(text)
    (problem,) = document.problems
    assert document.root is None
    assert problem.place.line == line
    assert problem.bound.startswith("is not YAML: ")
    assert problem.hint == hint


def test_all_refusals_of_a_file_are_found_in_one_reading():
    text = "a: &x 1\nb: *x\nc:\nd: !!int 3\na: 2\n<<: {e: 1}\n"
    document = read(text)
    assert [problem.place.line for problem in document.problems] == [1, 2, 3, 4, 5, 6]
    assert document.root == {"a": "1", "d": "3"}
    assert document.refused == {"b", "c"}


def test_a_bomb_of_aliases_is_never_unfolded():
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    start = time.perf_counter()
    document = read("\n".join(rows))
    assert time.perf_counter() - start < 1.0
    assert len(document.problems) == 12 + 11 * 9


def test_depth_is_bounded_before_any_recursion_is():
    at_most = "a: " + "[" * (MAX_DEPTH - 2) + "x" + "]" * (MAX_DEPTH - 2)
    assert not read(at_most).problems
    assert only_problem("[" * 1_000_000).bound == f"is nested deeper than {MAX_DEPTH} levels."
    assert only_problem("? " * 500 + "x").bound == f"is nested deeper than {MAX_DEPTH} levels."


def test_size_is_bounded_in_bytes_and_in_values(monkeypatch):
    assert "bytes" in only_problem(b"a: " + b"x" * MAX_BYTES).bound
    monkeypatch.setattr(yaml_tree, "MAX_NODES", 20)
    problem = only_problem("".join(f"k{i}: v\n" for i in range(11)))
    assert (problem.place.line, problem.bound) == (10, "must hold at most 20 values.")


KEYS = st.text(st.characters(min_codepoint=97, max_codepoint=122), min_size=1, max_size=8)
LEAVES = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1)
TREES = st.recursive(
    LEAVES, lambda below: st.dictionaries(KEYS, below) | st.lists(below), max_leaves=20
)


@settings(deadline=None, max_examples=100)
@given(st.dictionaries(KEYS, TREES, min_size=1))
def test_any_tree_of_texts_survives_being_written_and_read(tree):
    text = yaml.dump(tree, allow_unicode=True, default_style='"')
    document = read(text)
    assert not document.problems
    assert document.root == tree


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=200) | st.text("ab:-[]{}&*!|>'\"%@`#?,\n \t<~0", max_size=60))
def test_no_bytes_at_all_make_the_reader_fail_otherwise_than_with_a_problem(data):
    document = read(data)
    assert document.root is not None or document.problems
