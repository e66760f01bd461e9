"""From a book with a venue to a proposal and back, as a user does it."""

import json
import shutil

import pytest

from paramgen.artefact import artefact
from paramgen.cli.main import main
from paramgen.compiler.build import compile_book
from paramgen.edge.load import load_book
from paramgen.proposal.venue import target_of
from tests.support.nodes import CHAIN
from tests.support.rwa import BOOK
from tests.support.stub_venues import holding
from tests.support.venues import ENGINE, EXECUTOR, LOAN, STEWARD, TOKEN

CARRIER = "0x49d4450977E2c95362C13D3a31a09311E0Ea26A6"
BEFORE = """    comparables:
      - {venue: "largest RWA lending market, stablecoin category", evidence: lending-practice,
         ltv: 83 %"""
COMET = f"""\
      comet:
        kind: comet
        chain_id: 1
        configurator: "{ENGINE}"
        proxy_admin: "{EXECUTOR}"
        market: "{STEWARD}"
        collateral: "{TOKEN}"
        store_front: 60
"""
EULER = f"""\
      euler:
        kind: euler
        chain_id: 1
        collateral_vault: "{TOKEN}"
        vault: "{STEWARD}"
        factory: "{ENGINE}"
        loan: {{token: "{LOAN}", decimals: 6, at_par: true}}
        liquidation_ltv: 500
        ramp: 3600
"""


def book_with(folder, venues):
    """The example book, its first fund of its kind listed on these venues."""
    copy = folder / "rwa"
    shutil.copytree(BOOK.parent, copy)
    path = copy / BOOK.name
    text = path.read_text("utf-8")
    assert BEFORE in text
    path.write_text(text.replace(BEFORE, f"    venues:\n{venues}{BEFORE}", 1), "utf-8")
    return path


def run(capsys, *arguments):
    code = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def propose(capsys, book, output, *extra):
    return run(
        capsys, "propose", "--book", book, "--format", "safe", "--carrier", CARRIER,
        "--title", "List it", "--summary", "As compiled.", "-o", output, *extra,
    )  # fmt: skip


def test_a_book_lists_proposes_and_verifies_and_the_artefact_does_the_same(tmp_path, capsys):
    book, folder = book_with(tmp_path, COMET), tmp_path / "proposal"
    code, out, _ = propose(capsys, book, folder, "--target", "comet")
    assert code == 0
    assert f"{folder / 'venue.json'}" in out
    code, out, _ = run(capsys, "verify", folder, "--book", book)
    assert (code, "Equal" in out) == (0, True)

    assert run(capsys, "compile", book, "-o", tmp_path / "build", "--json")[0] == 0
    artefact = tmp_path / "build" / "artefact.json"
    (found,) = [m for m in json.loads(artefact.read_bytes())["markets"].values() if m["venues"]]
    names = {value["name"] for value in found["venues"]["comet"]["values"]}
    assert "liquidationFactor" in names
    changed = folder / "safe.json"
    changed.write_text(changed.read_text("utf-8").replace('"value": "0"', '"value": "1"', 1))
    code, out, _ = run(capsys, "verify", folder, "--artefact", artefact, "--json")
    assert code == 2
    assert not json.loads(out)["equal"]


def test_what_a_venue_cannot_express_stops_the_compiler_with_place_bound_and_nearest(
    tmp_path, capsys
):
    venues = COMET.replace("store_front: 60", "store_front: 1") + EULER
    book = book_with(tmp_path, venues)
    code, out, err = run(capsys, "compile", book, "-o", tmp_path / "build")
    assert (code, out) == (1, "")
    assert not (tmp_path / "build").exists()
    assert "assets.ustb.venues.comet: liquidation_threshold = " in err
    assert "must lie below the liquidation factor" in err
    assert "assets.ustb.venues.euler: liquidation_threshold = " in err
    assert "only a lowering may be ramped" in err
    assert err.count("The nearest expressible liquidation_threshold is ") == 2
    assert f"{book}:" in err


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (f'configurator: "{ENGINE}"', "configurator: 0x12", "comet.configurator"),
        ("kind: comet", "kind: commet", "comet.kind"),
        ("chain_id: 1", "chain_id: 0", "comet.chain_id"),
        ("store_front: 60", "storefront: 60", "comet.storefront"),
        ("store_front: 60", "sets: [rates, rates]", "each part once"),
    ],
)
def test_a_mistake_in_an_entry_is_named_with_its_line(tmp_path, capsys, old, new, said):
    assert old in COMET
    book = book_with(tmp_path, COMET.replace(old, new))
    code, _, err = run(capsys, "check", book)
    assert code == 1
    assert f"{book}:" in err
    assert said in err


@pytest.mark.parametrize(
    "extra",
    [
        ["--target", "absent"],
        [],
        ["--target", "comet", "--deadline", "2027-01-31"],
        ["--target", "comet", "--plan", "plan.json", "--deadline", "2027-01-31"],
        ["--plan", "plan.json"],
    ],
)
def test_a_venue_or_a_plan_is_named_and_not_both(tmp_path, capsys, extra):
    book, folder = book_with(tmp_path, COMET), tmp_path / "proposal"
    code, out, err = propose(capsys, book, folder, *extra)
    assert (code, out) == (1, "")
    assert err.strip()
    assert not folder.exists()


# --- with a node ----------------------------------------------------------------------------------


class Chain:
    """A node with one venue on it that holds what the book compiles to, but for what is changed."""

    def __init__(self, monkeypatch):
        self.stub = None
        monkeypatch.setattr("paramgen.edge.rpc.connect", self._connect)
        monkeypatch.setattr("paramgen.cli.live.connect", self._connect)

    def _connect(self, url):
        assert url == NODE
        return self.stub.node().web3()

    def hold(self, book, **changes):
        document = artefact(compile_book(load_book(book)))
        (placed,) = target_of(document, "comet").placed
        self.stub = holding("comet", placed.market, placed.settings, **changes)


NODE = "http://127.0.0.1:1"
LOCAL = COMET.replace("chain_id: 1", f"chain_id: {CHAIN}")


@pytest.fixture
def chain(monkeypatch):
    return Chain(monkeypatch)


def test_a_node_gives_before_and_verify_says_what_has_moved_since(tmp_path, capsys, chain):
    book, folder = book_with(tmp_path, LOCAL), tmp_path / "proposal"
    chain.hold(book, borrowKink=7 * 10**17)
    assert propose(capsys, book, folder, "--target", "comet", "--rpc", NODE)[0] == 0
    (row,) = [
        line for line in (folder / "proposal.md").read_text("utf-8").splitlines()
        if "| borrowKink |" in line
    ]  # fmt: skip
    assert "| 700000000000000000 |" in row

    code, out, _ = run(capsys, "verify", folder, "--book", book)
    assert (code, "The state before is assumed." in out) == (0, True)
    code, out, _ = run(capsys, "verify", folder, "--book", book, "--rpc", NODE)
    assert (code, "stands on chain as assumed" in out) == (0, True)

    chain.hold(book, borrowKink=6 * 10**17)
    code, out, _ = run(capsys, "verify", folder, "--book", book, "--rpc", NODE, "--json")
    assert code == 2
    (found,) = json.loads(out)["disagreements"]
    assert found["where"].startswith("chain, since block 100: borrowKink of 0x")
    assert found["proposed"] == "700000000000000000 1e-18 = 70 %"
    assert found["compiled"] == "600000000000000000 1e-18 = 60 %"


def test_a_venue_that_holds_everything_is_told_and_nothing_is_written(tmp_path, capsys, chain):
    book, folder = book_with(tmp_path, LOCAL), tmp_path / "proposal"
    chain.hold(book)
    code, _, err = propose(capsys, book, folder, "--target", "comet", "--rpc", NODE)
    assert (code, folder.exists()) == (1, False)
    assert "nothing to propose: comet holds every value as compiled, at block 100" in err


def test_a_node_of_another_chain_and_contracts_that_are_none_are_refused(tmp_path, capsys, chain):
    folder = tmp_path / "proposal"
    book = book_with(tmp_path, COMET)
    chain.hold(book)
    code, _, err = propose(capsys, book, folder, "--target", "comet", "--rpc", NODE)
    assert (code, folder.exists()) == (1, False)
    assert f"the node is on chain {CHAIN}, comet on chain 1" in err
    book.write_text(book.read_text("utf-8").replace("chain_id: 1\n", f"chain_id: {CHAIN}\n"))
    chain.stub.getters.clear()
    code, _, err = propose(capsys, book, folder, "--target", "comet", "--rpc", NODE)
    assert (code, folder.exists()) == (1, False)
    assert "does not answer" in err


def test_without_a_node_what_stands_before_is_said_to_be_unknown(tmp_path, capsys):
    book, folder = book_with(tmp_path, COMET), tmp_path / "proposal"
    assert propose(capsys, book, folder, "--target", "comet")[0] == 0
    code, out, _ = run(capsys, "verify", folder, "--book", book)
    assert (code, "The state before is unknown: no chain was read." in out) == (0, True)
