"""Anyone with the worked example's book finds its three proposals to be the book's."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from paramgen.artefact import artefact
from paramgen.compiler.build import compile_book
from paramgen.edge.load import load_book
from paramgen.encode import Word, pack, unpack
from paramgen.plan import make_plan
from paramgen.proposal.document import Request, files_of
from paramgen.proposal.verify import verify
from paramgen.targets.registry import FORMATS
from tests.support import rwa
from tests.support.states import state_of

FOLDER = Path("examples/proposals/slower-pool")
CARRIER = "0x49d4450977E2c95362C13D3a31a09311E0Ea26A6"
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


def lower(words):
    """A market's words with its LTV a hundredth lower."""
    fields = unpack(Word.COLLATERAL, words[Word.COLLATERAL])
    ltv = max(0, fields["ltv"] - 100)
    return {**words, Word.COLLATERAL: pack(Word.COLLATERAL, {**fields, "ltv": ltv})}


def test_a_safe_batch_of_the_example_book_is_verified_and_a_digit_of_it_is_caught():
    example = artefact(rwa.compiled())
    state = state_of(example)
    markets = {
        asset: replace(
            market, standing=replace(market.standing, words=lower(market.standing.words))
        )
        for asset, market in state.markets.items()
    }
    plan = make_plan(example, replace(state, markets=markets))
    request = Request("Raise", "All of them.", CARRIER, 1_900_000_000, 1_700_000_000)
    made = files_of(example, plan.assumes, request, FORMATS["safe"])
    assert verify(made, example) == ()
    assert len({change.asset for change in plan.changes}) > 10
    at = made["safe.json"].index((1_900_000_000).to_bytes(32).hex().encode()) + 63
    digit = b"1" if made["safe.json"][at : at + 1] != b"1" else b"2"
    forged = made["safe.json"][:at] + digit + made["safe.json"][at + 1 :]
    (told,) = verify({**made, "safe.json": forged}, example)
    assert "has checksum" in told.proposed
