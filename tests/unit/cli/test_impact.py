"""`paramgen impact`: what it prints, draws and refuses, and its exit codes."""

from __future__ import annotations

import json
from contextlib import nullcontext

import pytest

from paramgen.artefact import canonical
from paramgen.cli.main import main
from paramgen.cli.pending import Pending
from paramgen.edge.proposals import Live
from paramgen.plan import make_plan
from paramgen.proposal.pending import Crossing, Touched
from paramgen.saved_plan import to_bytes
from paramgen.targets.envelope import Carried
from tests.support.artefacts import sample_artefact
from tests.support.states import state_of

BEFORE = sample_artefact(2)
AFTER = sample_artefact(2, ltv=6_000, liquidation_threshold=7_000, slope_1=10**9)
# Worth 100 USD a token: LT 85 % before, 70 % after.
ROWS = """account,asset,amount,debt
0xa,asset-0,1,84
0xb,asset-0,1,69
0xa,asset-1,2,150
0xc,asset-1,1,86
"""


@pytest.fixture
def given(tmp_path):
    (tmp_path / "before.json").write_bytes(canonical(BEFORE))
    (tmp_path / "after.json").write_bytes(canonical(AFTER))
    plan = make_plan(AFTER, state_of(BEFORE))
    (tmp_path / "plan.json").write_bytes(to_bytes(plan))
    (tmp_path / "positions.csv").write_text(ROWS)
    return tmp_path


def run(given, *options, before="before.json"):
    return main(
        [
            "impact", str(given / "positions.csv"), "--before", str(given / before),
            "--after", str(given / "after.json"), *options,
        ]
    )  # fmt: skip


def document(given, capsys, *options, **fields):
    assert run(given, "--json", *options, **fields) == 0
    return json.loads(capsys.readouterr().out)


def test_who_becomes_liquidatable_is_named_with_what_they_owe(given, capsys):
    found = document(given, capsys)
    newly = {each["asset"]: each for each in found["impacts"]}
    assert newly["asset-0"]["accounts"] == ["0xa"]
    assert newly["asset-1"]["accounts"] == ["0xa"]
    assert newly["asset-1"]["newly"]["debt"] == str(150 * 10**8)
    assert newly["asset-1"]["before"]["count"] == "1"
    assert found["positions"] == 4
    assert found["rates"][0]["borrow"][1] < found["rates"][0]["borrow"][0]


def test_a_saved_plan_stands_for_the_chain_that_it_found(given, capsys):
    assert document(given, capsys, before="plan.json") == document(given, capsys)


def test_a_price_and_falls_of_one_s_own_move_the_verdict(given, capsys):
    options = ("--price", "asset-0=200", "--price", "asset-1=300", "--fall", "50 %")
    found = document(given, capsys, *options)
    today = {each["asset"]: each for each in found["impacts"] if each["case"] == "today"}
    assert {each["after"]["count"] for each in today.values()} == {"0"}
    fallen = [each for each in found["impacts"] if each["case"] == "price −50 %"]
    assert [each["after"]["count"] for each in fallen] == ["1", "0"]


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (("--max-newly-liquidatable", "2"), 0, ""),
        (("--max-newly-liquidatable", "1"), 2, "newly liquidatable: 2 positions"),
        (("--max-newly-liquidatable-debt", "234"), 0, ""),
        (("--max-newly-liquidatable-debt", "233.99"), 2, "234 USD of debt"),
        (("--fall", "40 %", "--max-added-bad-debt", "1000"), 0, ""),
        (("--fall", "18 %", "--max-added-bad-debt", "0"), 0, ""),
    ],
)
def test_a_limit_that_is_passed_exits_with_two_and_is_named(given, capsys, options, code, says):
    assert run(given, *options) == code
    assert says in capsys.readouterr().err


def test_the_page_holds_a_picture_of_each_figure_and_the_same_bytes_twice(given, capsys):
    for name in ("one.html", "two.html"):
        assert run(given, "--fall", "20 %", "--page", str(given / name)) == 0
    page = (given / "one.html").read_bytes()
    assert page == (given / "two.html").read_bytes()
    assert page.count(b"data:image/svg+xml") == 4
    assert "Positions that may be liquidated" in capsys.readouterr().out


def test_where_nobody_becomes_liquidatable_there_is_no_empty_picture(given, capsys):
    (given / "after.json").write_bytes(canonical(BEFORE))
    assert run(given, "--page", str(given / "page.html")) == 0
    assert (given / "page.html").read_bytes().count(b"data:image/svg+xml") == 3
    assert "borrow rate after" in capsys.readouterr().out


def test_dirt_in_the_snapshot_is_named_and_no_page_is_left(given, capsys):
    (given / "positions.csv").write_text(ROWS + "0xd,asset-9,1,1\n0xe,asset-0,x,1\n")
    assert run(given, "--page", str(given / "page.html")) == 1
    said = capsys.readouterr().err
    assert "positions.csv:6" in said
    assert "positions.csv:7" in said
    assert not (given / "page.html").exists()


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ("nobody=1", "no market"),
        ("asset-0=dear", "asset-0=dear"),
        ("asset-0=0", "at least"),
        ("asset-0=-1", "at least"),
    ],
)
def test_a_price_that_is_none_is_refused(given, capsys, option, says):
    assert run(given, "--price", option) == 1
    assert says in capsys.readouterr().err


def test_a_price_may_be_written_with_its_unit(given, capsys):
    bare, unit = ("--price", "asset-0=200"), ("--price", "asset-0=200 USD")
    assert document(given, capsys, *bare) == document(given, capsys, *unit)


@pytest.mark.parametrize("value", ["nan", "inf"])
@pytest.mark.parametrize("option", ["--max-newly-liquidatable-debt", "--max-added-bad-debt"])
def test_a_limit_that_is_no_number_is_refused(given, capsys, option, value):
    assert run(given, option, value) == 1
    assert "is not a finite number" in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"[" * 100_000, b"9" * 5_000, b"\xff"])
@pytest.mark.parametrize("side", ["before.json", "after.json"])
def test_a_side_that_is_neither_artefact_nor_plan_is_named(given, capsys, side, content):
    (given / side).write_bytes(content)
    assert run(given) == 1
    assert side in capsys.readouterr().err


# --- with governance ------------------------------------------------------------------------------

HOUSE = "0x49d4450977E2c95362C13D3a31a09311E0Ea26A6"


@pytest.fixture
def under_way(monkeypatch):
    """A proposal of a governor that changes two fields, one of them the update's."""
    asked = []

    def run_pending(provider, options):
        asked.append((provider, options))
        live = Live("7", Carried(1, HOUSE, "", ()), "active", is_open=True)
        fields = ("asset-0.ltv", "asset-1.kink")
        return (Pending(live, Touched(fields, ()), Crossing(fields[:1], ()), ()),)

    monkeypatch.setattr("paramgen.cli.connected.connected", nullcontext)
    monkeypatch.setattr("paramgen.cli.runs.run_pending", run_pending)
    return asked


def test_what_is_under_way_on_the_same_fields_is_shown_told_and_drawn(given, capsys, under_way):
    houses = ("--network", "ethereum:local:test", "--governor", HOUSE)
    assert run(given, *houses, "-o", str(given / "page.html")) == 0
    shown = capsys.readouterr().out
    assert f"7 of {HOUSE}, active" in shown
    assert "this plan too: asset-0.ltv\n" in shown
    assert "also changes asset-0.ltv<" in (given / "page.html").read_text("utf-8")
    ((provider, options),) = under_way
    assert (provider, options.artefact) == ("ethereum:local:test", given / "after.json")
    assert options.houses.governor == (HOUSE,)
    (told,) = document(given, capsys, *houses)["pending"]
    assert (told["id"], told["shared_fields"]) == ("7", ["asset-0.ltv"])


@pytest.mark.parametrize("options", [("--network", "ethereum:local:test"), ("--governor", HOUSE)])
def test_a_network_and_somewhere_to_look_are_named_together(given, capsys, under_way, options):
    assert run(given, *options) == 1
    assert "name --network together with --governor" in capsys.readouterr().err
    assert under_way == []


def test_without_a_network_nothing_is_said_of_governance(given, capsys):
    assert "pending" not in document(given, capsys)
