"""From a book with a venue to a proposal and back, as a user does it."""

import json
import shutil

import pytest

from paramgen.cli.main import main
from tests.support.rwa import BOOK
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
