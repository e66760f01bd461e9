"""The programs under `examples/venues`: what they say of a value or a build that is not right."""

import json

import pytest
from click.testing import CliRunner

from examples.venues import __main__ as program
from examples.venues import chain
from examples.venues.chain import Check, VenueError, theirs

HOLE = "__$0123456789abcdef0123456789abcdef01$__"
HERE, THERE = "0x" + "ab" * 20, "0x" + "CD" * 20


def built(folder, monkeypatch, code, references):
    """An artefact as forge writes it."""
    path = folder / "aave" / "out" / "Pool.sol" / "Pool.json"
    path.parent.mkdir(parents=True)
    document = {"abi": [], "bytecode": {"object": code, "linkReferences": references}}
    path.write_text(json.dumps(document))
    monkeypatch.setattr(chain, "BUILD", folder)


def test_every_place_of_every_library_gets_its_address(tmp_path, monkeypatch):
    code = f"0x6000{HOLE}6001{HOLE}6002{HOLE}"
    places = [{"start": 2, "length": 20}, {"start": 46, "length": 20}]
    references = {"a.sol": {"A": places}, "b.sol": {"B": [{"start": 24, "length": 20}]}}
    built(tmp_path, monkeypatch, code, references)
    linked = theirs("aave", "Pool", libraries={"A": HERE, "B": THERE}).creation
    assert linked == f"6000{'ab' * 20}6001{'cd' * 20}6002{'ab' * 20}"


def test_a_library_that_is_not_given_is_an_error(tmp_path, monkeypatch):
    references = {"a.sol": {"A": [{"start": 2, "length": 20}]}}
    built(tmp_path, monkeypatch, f"0x6000{HOLE}", references)
    with pytest.raises(VenueError, match="Pool is linked to A"):
        theirs("aave", "Pool")


def test_a_protocol_that_was_not_compiled_names_the_command(tmp_path, monkeypatch):
    monkeypatch.setattr(chain, "BUILD", tmp_path)
    with pytest.raises(VenueError, match="make venues"):
        theirs("morpho", "Morpho")


@pytest.mark.parametrize(
    ("expected", "code", "says"), [(7_665, 0, "yes"), (7_666, 1, "no: 7666")], ids=["equal", "off"]
)
def test_one_value_that_is_not_as_expected_ends_with_one(monkeypatch, expected, code, says):
    checks = [Check("list", "price", 1, 1), Check("configure", "ltv", 7_665, expected)]
    monkeypatch.setattr(program, "told", lambda *_: checks)
    result = CliRunner().invoke(program.main, ["morpho"])
    assert result.exit_code == code
    assert says in result.output
