"""Inputs by path: each one is found, and one changed changes nothing else."""

from __future__ import annotations

import time
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paramgen.book.policy import Policy
from paramgen.book.quantity import Share
from paramgen.book.resolve import (
    attach_evidence,
    find_input,
    inputs,
    replace_input,
    rewrite,
)
from paramgen.book.schema import Book
from paramgen.edge.yaml_tree import read_document
from paramgen.errors import InvalidInputError, Place
from tests.support.books import BOOK, POLICY

BOOK_MODEL = Book.model_validate(read_document(BOOK.encode(), "book.yaml").root)
POLICY_MODEL = Policy.model_validate(read_document(POLICY.encode(), "policy.yaml").root)
PATHS = [path for path, _ in inputs(BOOK_MODEL)]
HERE = Place("--set")


def test_every_quantity_of_the_file_is_an_input_at_the_path_where_it_is_written():
    assert "assets.bill.liquidity.routes.pool.depth" in PATHS
    assert "assets.mix.basket.members.1.weight" in PATHS
    assert "curve.par_yields.1.5M" in PATHS
    assert len(PATHS) == len(set(PATHS))
    lines = read_document(BOOK.encode(), "book.yaml").lines
    assert all(path in lines.places for path in PATHS)
    assert "oracle.margin" in dict(inputs(POLICY_MODEL))
    assert "enabled_lltvs.0" in dict(inputs(POLICY_MODEL))


@pytest.mark.parametrize("path", PATHS)
def test_replacing_one_input_changes_it_and_nothing_else(path):
    value = Fraction(1, 7)
    after = replace_input(BOOK_MODEL, path, value)
    changed = {
        name for (name, a), (_, b) in zip(inputs(BOOK_MODEL), inputs(after), strict=True) if a != b
    }
    assert changed == {path}
    assert find_input(after, path).value == value
    assert find_input(after, path).evidence == find_input(BOOK_MODEL, path).evidence
    assert type(find_input(after, path)) is type(find_input(BOOK_MODEL, path))


def test_replacing_is_fast_enough_for_a_derivative_per_input():
    start = time.perf_counter()
    for _ in range(20):
        replace_input(BOOK_MODEL, "assets.bill.liquidity.routes.pool.depth", Fraction(1))
    assert (time.perf_counter() - start) / 20 < 0.005


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("assets.bill.credit.pdd", 'Did you mean "assets.bill.credit.pd"?'),
        ("assets.bil.credit.pd", 'Did you mean "assets.bill.credit.pd"?'),
        ("assets.bill.credit", 'Did you mean "assets.bill.credit.pd"?'),
        ("assets.bill.credit.pd.value", 'Did you mean "assets.bill.credit.pd"?'),
        ("assets.mix.basket.members.2.weight", None),
        ("assets.bill.cva", None),
        ("", ""),
        ("...", ""),
    ],
)
def test_a_path_that_leads_nowhere_names_the_nearest_that_does(path, hint):
    with pytest.raises(InvalidInputError) as raised:
        replace_input(BOOK_MODEL, path, Fraction(0))
    (problem,) = raised.value.problems
    assert problem.bound == "is no input here."
    assert hint is None or problem.hint == hint


@settings(deadline=None, max_examples=100)
@given(st.text("asetbil.0123MY-_", max_size=40) | st.text(max_size=20))
def test_no_path_at_all_fails_otherwise_than_with_a_problem(path):
    try:
        find_input(BOOK_MODEL, path)
    except InvalidInputError:
        return
    assert path in PATHS


def test_rewriting_holds_a_text_to_the_bounds_of_its_input():
    path = "assets.note.credit.lgd"
    after = rewrite(attach_evidence(BOOK_MODEL), path, "45 %", HERE)
    found = find_input(after, path)
    assert (type(found), found.value, found.written) == (Share, Fraction(9, 20), "45 %")
    assert found.evidence == "guess"
    with pytest.raises(InvalidInputError) as raised:
        rewrite(BOOK_MODEL, path, "45", HERE)
    (problem,) = raised.value.problems
    assert (problem.place, problem.value, problem.bound, problem.hint) == (
        HERE, "45", "must lie in [0, 1].", 'Did you mean "45 %"?',
    )  # fmt: skip


def test_evidence_is_inherited_from_the_nearest_section_and_never_overwritten():
    attached = attach_evidence(BOOK_MODEL)
    assert find_input(attached, "assets.bill.credit.pd").evidence == "report"
    assert find_input(attached, "assets.note.credit.pd").evidence == "guess"
    assert find_input(attached, "curve.par_yields.1Y").evidence == "guess"
    assert find_input(BOOK_MODEL, "assets.bill.credit.pd").evidence == ""
    assert {found.evidence for _, found in inputs(attach_evidence(POLICY_MODEL, "policy"))} == {
        "policy"
    }
    assert attach_evidence(attached, "other") == attached
