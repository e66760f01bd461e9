"""`paramgen stress`: rows, sources, reverse stress, episodes, and its refusals."""

from __future__ import annotations

import json

import pytest

from paramgen.cli.main import main
from paramgen.scenarios.library import SCENARIOS
from tests.support.rwa import BOOK


def run(capsys, *arguments):
    code = main(["stress", *(str(argument) for argument in arguments)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_a_row_says_what_moved_and_who_says_so(capsys):
    code, out, _ = run(
        capsys, BOOK, "--asset", "diamond-standard",
        "--scenario", "commodity in an extreme event", "--json",
    )  # fmt: skip
    (row,) = json.loads(out)
    assert code == 0
    assert row["source"]["section"] == "3.5.6"
    assert row["assumed"] == ""
    route = "assets.diamond-standard.liquidity.routes.dealer"
    moved = {move["input"]: (move["before"], move["after"]) for move in row["moves"]}
    assert moved[f"{route}.stressed"] == (0.115, 0.25)
    assert row["bad_debt_tail"] > row["bad_debt_ordinary"] > 0.0
    assert "breaking_multiple" not in row


def test_reverse_says_how_much_of_a_scenario_breaks_the_threshold(capsys):
    code, out, _ = run(
        capsys, BOOK, "--asset", "diamond-standard", "--scenario", "all at once", "--reverse",
        "--json",
    )  # fmt: skip
    (row,) = json.loads(out)
    assert code == 0
    assert row["breaking_multiple"] > 1.0
    assert row["threshold_kept"]


def test_the_table_marks_what_is_ours(capsys):
    code, out, _ = run(capsys, BOOK, "--asset", "buidl")
    assert code == 0
    assert "redemption held up *" in out
    assert "fund at the end of its range *" not in out
    assert "property" not in out


def test_the_library_lists_every_scenario_with_its_sentence(capsys):
    code, out, _ = run(capsys, BOOK, "--list", "--json")
    assert code == 0
    assert {row["scenario"] for row in json.loads(out)} == set(SCENARIOS)
    assert run(capsys, BOOK, "--list")[0] == 0


def history(tmp_path, rows):
    path = tmp_path / "prices.csv"
    path.write_text("time,price\n" + "".join(f"{time},{price}\n" for time, price in rows))
    return path


def test_an_episode_takes_its_prices_from_the_user_s_file(capsys, tmp_path):
    path = history(
        tmp_path,
        [("2023-03-10T12:00:00Z", 1), ("2023-03-11T07:15:00Z", 0.874), ("2023-03-14", 0.998)],
    )
    code, out, _ = run(
        capsys, BOOK, "--asset", "buidl", "--episode", "usdc-2023-03", "--history", path, "--json"
    )
    document = json.loads(out)
    assert code == 0
    assert document["episode"]["worst"] == 0.874
    assert document["assets"]["buidl"]["fall"] == pytest.approx(0.126)
    assert document["assets"]["buidl"]["margin"] < 0.0


@pytest.mark.parametrize(
    "arguments",
    [
        ["--scenario", "nonsense"],
        ["--asset", "absent"],
        ["--episode", "usdc-2023-03"],
        ["--episode", "tulips-1637", "--history", BOOK],
        ["--episode", "usdc-2023-03", "--history", BOOK],
    ],
)
def test_mistakes_are_named(capsys, arguments):
    code, out, err = run(capsys, BOOK, *arguments)
    assert code == 1
    assert out == ""
    assert err.strip()
    assert "Traceback" not in err


def test_an_episode_that_the_history_does_not_cover_is_refused(capsys, tmp_path):
    path = history(tmp_path, [("2024-03-10", 1), ("2024-03-11", 1)])
    code, _, err = run(capsys, BOOK, "--episode", "usdc-2023-03", "--history", path)
    assert code == 1
    assert "does not cover" in err
