"""The command line's manners: exit codes, one JSON document, nothing half-written."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest

from paramgen.cli.main import COMMANDS, cli, main
from tests.support.rwa import BOOK, ROOT

NOTE = "sg-short-note"


def run(capsys, *arguments):
    code = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_check_says_that_the_example_holds(capsys):
    code, out, _ = run(capsys, "check", BOOK)
    assert code == 0
    assert "no problems" in out


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["check"],
        ["check", "absent.yaml"],
        ["price", BOOK, "--asset", "absent"],
        ["compile", BOOK, "--unknown"],
        ["explain", "no-dot", "--book", BOOK],
        ["explain", f"{NOTE}.nothing", "--book", BOOK],
        ["explain", "absent.ltv", "--book", BOOK],
        ["what-if", BOOK],
        ["what-if", BOOK, "--set", "nonsense"],
        ["what-if", BOOK, "--set", "assets.absent.credit.pd=1 %"],
        ["what-if", BOOK, "--set", f"assets.{NOTE}.credit.pd=140"],
        ["what-if", BOOK, "--set", f"assets.{NOTE}.credit.pd=nan"],
        ["what-if", BOOK, "--set", f"assets.{NOTE}.credit.pd=100 %"],
        ["what-if", BOOK, "--set", "assets.buidl.liquidity.holding_period=0 s"],
        ["what-if", BOOK, "--set", "assets.buidl.credit.lgd=100 %"],
        ["what-if", BOOK, "--set", "curve.par_yields.3M=90 %/y"],
        ["what-if", BOOK, "--set", "policy.confidence=100 %"],
        ["what-if", BOOK, "--set", "policy.caps.circulating_share=0 %"],
        ["simulate", BOOK, "--reset-after", "nan"],
        ["compile", BOOK, "-o", f"{BOOK}/folder"],
        ["init", f"{BOOK}/folder"],
    ],
)
def test_every_mistake_is_exit_one_with_words_on_stderr_alone(capsys, arguments):
    code, out, err = run(capsys, *arguments)
    assert code == 1
    assert out == ""
    assert err.strip()
    assert "Traceback" not in err


def test_the_singapore_note_prices_at_exactly_the_report_s_figure(capsys):
    code, out, _ = run(capsys, "price", BOOK, "--asset", NOTE, "--json")
    priced = json.loads(out)[NOTE]
    assert code == 0
    assert priced["composite_yield"] == 0.06075
    changes = {name: round(move["up"], 6) for name, move in priced["sensitivities_bp"].items()}
    assert changes["liquidity"] == 16.0
    assert changes["legal"] == 5.0
    assert changes["counterparty"] == 2.4
    assert changes["default_probability"] == changes["loss_given_default"] == 2.1
    assert changes["risk_free"] == 96.0


def test_price_tables_name_every_asset_and_its_bands(capsys):
    code, out, _ = run(capsys, "price", BOOK)
    assert code == 0
    assert NOTE in out
    assert "inside" in out
    assert "OUTSIDE" not in out


def test_compile_writes_the_artefact_and_its_sidecar(capsys, tmp_path):
    code, out, _ = run(capsys, "compile", BOOK, "-o", tmp_path, "--json")
    assert code == 0
    document = json.loads(out)
    assert json.loads((tmp_path / "artefact.json").read_text()) == document
    assert json.loads((tmp_path / "tools.json").read_text())["artefact"] == document["hash"]


def test_a_book_that_does_not_compile_leaves_nothing(capsys, tmp_path):
    broken = tmp_path / "book.yaml"
    broken.write_text("version: '1'\nassets: {}\n")
    out = tmp_path / "build"
    code, _, err = run(capsys, "compile", broken, "-o", out)
    assert code == 1
    assert "nothing was written" in err
    assert not out.exists()


def test_explain_traces_to_evidence_with_derivatives(capsys):
    code, out, _ = run(capsys, "explain", f"{NOTE}.ltv", "--book", BOOK, "--json")
    document = json.loads(out)
    assert code == 0
    names = {step["name"] for step in document["steps"]}
    assert {"ltv", "liquidation_threshold", "kept", f"assets.{NOTE}.credit.pd"} <= names
    leaf = next(s for s in document["steps"] if s["name"] == f"assets.{NOTE}.credit.pd")
    assert leaf["evidence"]
    slopes = {row["input"]: row["slope"] for row in document["derivatives"]}
    assert slopes[f"assets.{NOTE}.credit.pd"] < 0


def test_explain_takes_the_field_s_short_name(capsys):
    code, out, _ = run(capsys, "explain", f"{NOTE}.lt", "--book", BOOK)
    assert code == 0
    assert "liquidation_threshold" in out
    assert "bound by" in out


def test_what_if_says_what_moves_and_through_what(capsys):
    change = f"assets.{NOTE}.credit.lgd=60 %"
    code, out, _ = run(capsys, "what-if", BOOK, "--set", change, "--json")
    moves = {move["parameter"]: move for move in json.loads(out)["moves"]}
    assert code == 2
    threshold = moves[f"{NOTE}.liquidation_threshold"]
    assert threshold["after"] < threshold["before"]
    assert threshold["through"] == f"assets.{NOTE}.credit.lgd"
    holders = {NOTE, "alloyx-vault"}  # the note itself, and the basket that holds it
    assert {name.partition(".")[0] for name in moves} <= holders


def test_what_if_nothing_changes_is_exit_zero(capsys):
    code, out, _ = run(capsys, "what-if", BOOK, "--set", f"assets.{NOTE}.credit.lgd=30 %")
    assert (code, out.strip()) == (0, "No parameter moves.")


def test_init_writes_a_starter_that_compiles_and_overwrites_nothing(capsys, tmp_path):
    assert run(capsys, "init", tmp_path / "mine")[0] == 0
    assert run(capsys, "check", tmp_path / "mine" / "book.yaml")[0] == 0
    before = {p: p.read_bytes() for p in (tmp_path / "mine").rglob("*") if p.is_file()}
    code, _, err = run(capsys, "init", tmp_path / "mine")
    assert code == 1
    assert "nothing was written" in err
    assert {p: p.read_bytes() for p in (tmp_path / "mine").rglob("*") if p.is_file()} == before


def test_the_installed_command_runs_outside_the_checkout(tmp_path):
    command = Path(sys.executable).with_name("paramgen")
    done = subprocess.run(  # noqa: S603
        [command, "check", str(BOOK), "--json"], cwd=tmp_path, capture_output=True, check=True
    )
    assert json.loads(done.stdout)["valid"] is True
    assert ROOT not in tmp_path.parents


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_called_and_summarised_as_it_is_listed(name):
    context = click.Context(cli)
    typed, command, rest = cli.resolve_command(context, [name, "--help"])
    assert (typed, command.name, rest) == (name, name, ["--help"])
    assert " ".join(command.help.partition("\n\n")[0].split()) == COMMANDS[name].summary
    listed = cli.get_command(context, name)
    assert all(
        listed.get_short_help_str(width) == command.get_short_help_str(width)
        for width in range(8, 120)
    )


def test_the_list_of_commands_waits_for_none_of_them():
    asked = "import sys; from paramgen.cli.main import main; main(['--help'])"
    imported = "print(sorted(name for name in sys.modules if name.startswith('paramgen.')))"
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", f"{asked}; {imported}"], capture_output=True, text=True, check=True
    )
    assert all(f"\n  {name} " in done.stdout for name in COMMANDS)
    assert (
        done.stdout.splitlines()[-1] == "['paramgen.cli', 'paramgen.cli.main', 'paramgen.errors']"
    )


def test_a_command_does_not_wait_for_what_only_others_need():
    asked = "import sys; from paramgen.cli.main import main; main(['check', sys.argv[1]])"
    heavy = "print(sorted({'numba', 'matplotlib', 'arch', 'ape'} & set(sys.modules)))"
    command = [sys.executable, "-c", f"{asked}; {heavy}", str(BOOK)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.splitlines()[-1] == "[]"
