"""The example book on an Aave V3.6 pool's own code: from the book to what the pool reads and does.

The story is `examples/venues/aave.py`, run once; each test holds one of its steps. What Aave does
on each verdict, and what each departure from the runbook costs, is tested in `tests/aave`; here the
configuration is the target's calls, sent as they stand, and the whole way is Python's.
"""

import json

import pytest
from web3 import HTTPProvider, Web3

from examples.venues import aave
from paramgen.artefact import canonical
from tests.e2e.conftest import DEPLOYER, Workshop, run_story
from tests.support.artefacts import signed

STEPS = (
    "list", "configure", "lend", "silence", "pause", "review", "liquidate", "e-mode", "update",
)  # fmt: skip


@pytest.fixture(scope="module")
def ran(anvil, tmp_path_factory):
    """The story's checks by step, and what the commands say on the chain as it leaves it."""
    folder, later = tmp_path_factory.mktemp("aave"), {}
    story = run_story(aave.story, anvil, folder, lambda: later.update(afterwards(anvil, folder)))
    return story, later


@pytest.fixture
def told(ran):
    """Every check of the story, by step."""
    return ran[0]


@pytest.fixture
def later(ran):
    """What the commands said afterwards."""
    return ran[1]


def test_the_story_has_these_steps_and_no_other(told):
    assert tuple(told) == STEPS


@pytest.mark.parametrize("step", STEPS)
def test_aave_reads_and_does_what_the_book_and_the_mirrors_say(told, step):
    assert told[step]
    for check in told[step]:
        assert check.on_chain == check.expected, check.what


def test_the_reserve_is_the_artefacts_field_by_field_at_every_edition_of_the_book(told):
    fields = ("ltv", "liqThreshold", "liqBonus", "debtCeiling", "supplyCap", *aave.RATES)
    for step in ("configure", "liquidate", "update"):
        assert set(fields) <= {check.what for check in told[step]}


def test_only_what_moves_is_sent_to_the_pool_and_all_of_it_lands(told):
    """Twice for the update, of the reserve and of the category; nothing is refused or left."""
    for step, times in (("configure", 1), ("e-mode", 1), ("update", 2)):
        for what in ("moved, as proposed", "not yet as compiled", "why the venue would refuse it"):
            assert [check.what for check in told[step]].count(what) == times
    moved = [each.on_chain for each in told["update"] if each.what == "moved, as proposed"]
    names = [{name for _, name in keys} for keys in moved]
    category = {"eMode.ltv", "eMode.liqThreshold", "eMode.liqBonus"}
    assert names == [set(aave.MOVED), category]


def test_a_pool_that_holds_everything_needs_no_proposal(later):
    done = later["nothing"]
    assert (done.code, "nothing to propose: venue holds every value" in done.stderr) == (1, True)


def test_a_node_gives_before_and_tells_what_has_moved_since(later):
    assert later["proposed"].code == 0, later["proposed"].stderr
    before, after = later["before"], later["before"] - LESS
    (row,) = [line for line in later["text"].splitlines() if "| eMode.ltv | " in line]
    assert f"| {before} | {after} | bp |" in row
    assert later["text"].count("unchanged, kept") == 2
    done = later["verified"]
    assert (done.code, "stands on chain as assumed" in done.stdout) == (0, True)
    assert later["status"] == 1
    done = later["moved"]
    assert done.code == 2
    (found,) = json.loads(done.stdout)["disagreements"]
    assert found["where"].endswith(": eMode.ltv of 1")
    values = found["proposed"].split()[0], found["compiled"].split()[0]
    assert values == (str(before), str(after))


LESS = 100


def afterwards(anvil, folder):
    """Propose what stands, then an LTV a little lower; verify that before and after it lands."""
    workshop, path = Workshop(folder, anvil), folder / "artefact.json"
    said = {"nothing": propose(workshop, path, folder / "nothing")}
    document = json.loads(path.read_bytes())
    (market,) = document["markets"].values()
    said["before"] = int(market["parameters"]["ltv"]["integer"])
    market["parameters"]["ltv"]["integer"] = str(said["before"] - LESS)
    changed, proposal = folder / "changed.json", folder / "proposal"
    changed.write_bytes(canonical(signed(document)))
    said["proposed"] = propose(workshop, changed, proposal)
    said["text"] = (proposal / "proposal.md").read_text("utf-8")
    asked = ("verify", str(proposal), "--artefact", str(changed), "--rpc", anvil.url)
    said["verified"] = workshop.paramgen(*asked)
    (sent,) = json.loads((proposal / "safe.json").read_bytes())["transactions"]
    request = {"from": DEPLOYER, "to": sent["to"], "data": sent["data"]}
    hashed = anvil.ask("eth_sendTransaction", request)
    # The node answers a sender before it has mined.
    receipt = Web3(HTTPProvider(anvil.url)).eth.wait_for_transaction_receipt(hashed)
    said["status"] = receipt["status"]
    said["moved"] = workshop.paramgen(*asked, "--json")
    return said


def propose(workshop, artefact, output):
    return workshop.paramgen(
        "propose", "--artefact", str(artefact), "--target", "venue", "--format", "safe",
        "--carrier", DEPLOYER, "--title", "Less", "--summary", "Less.", "-o", str(output),
        "--rpc", workshop.anvil.url,
    )  # fmt: skip
