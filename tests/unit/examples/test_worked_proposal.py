"""Anyone with the worked example's book finds its three proposals to be the book's."""

from functools import cache
from pathlib import Path

import pytest

from paramgen.artefact import artefact
from paramgen.compiler.build import compile_book
from paramgen.edge.load import load_book
from paramgen.proposal.verify import verify

FOLDER = Path("examples/proposals/slower-pool")
AGAIN = "the model or the starter has changed: python -m tests.e2e.worked_example"


@cache
def compiled():
    return artefact(compile_book(load_book(FOLDER / "book.yaml")))


def files(form):
    return {path.name: path.read_bytes() for path in (FOLDER / form).iterdir()}


@pytest.mark.parametrize("form", ["safe", "governor", "timelock"])
def test_the_worked_proposals_are_their_books(form):
    assert verify(files(form), compiled()) == (), AGAIN


def test_the_worked_proposals_are_of_this_book():
    said = {files(form)["proposal.md"].split(b"## Motivation")[1] for form in ("safe", "governor")}
    assert len(said) == 1
    assert compiled()["hash"].encode() in next(iter(said))
