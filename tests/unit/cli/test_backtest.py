"""`paramgen backtest`: its files, its manners, and every mistake at once."""

from __future__ import annotations

import json

import pyarrow.parquet as pq
import pytest

from paramgen.cli.main import main
from paramgen.edge.backtest_request import parse_episode
from paramgen.scenarios.episodes import EPISODES
from tests.support.feeds import DAY, FEEDS, START, made_prices


def run(capsys, *arguments):
    code = main(["backtest", *(str(argument) for argument in arguments)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.fixture(scope="module")
def history(tmp_path_factory):
    path = tmp_path_factory.mktemp("history") / "eth.csv"
    head, *rows = made_prices(28, seed=21).splitlines()
    fallen = [
        f"{time},{float(price) * (0.8 if int(time) > START + 26 * DAY else 1.0):.8f}"
        for time, price in (row.split(",") for row in rows)
    ]
    path.write_text("\n".join([head, *fallen]) + "\n")
    return path


@pytest.fixture(scope="module")
def asked(history):
    episode = "eth.fall=2023-08-17T04:00..2023-08-19:1.5"
    return (
        FEEDS, "--history", f"eth={history}", "--train", "20 d", "--fold", "4 d",
        "--episode", episode, "--against", "all", "--cadence", "1 h", "--cadence", "update",
    )  # fmt: skip


def test_a_backtest_leaves_events_a_summary_and_a_page(capsys, tmp_path, asked):
    code, out, err = run(capsys, *asked, "-o", tmp_path / "out")
    assert code == 0, err
    assert "False alarms" in out
    assert "missed" in out
    files = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert files == ["events.parquet", "report.html", "summary.json"]

    events = pq.read_table(tmp_path / "out" / "events.parquet").to_pandas()
    assert set(events.policy) >= {"paramgen", "step-5", "step-8", "gaussian", "tvl-depth"}
    assert set(events.policy).isdisjoint({"no-breaker"})
    assert set(events.cadence) == {0, 3600}
    assert (events.groupby(["policy", "cadence", "fold"]).time.diff().dropna().dt.days >= 0).all()

    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["schema"] == "paramgen/backtest/1"
    roles = [item["role"] for item in summary["asked"]["inputs"]]
    assert "history:history-eth-primary" in roles
    missed = {row["policy"]: row["missed"] for row in summary["policies"]}
    assert missed["paramgen"] == [] == missed["step-5"]
    assert missed["no-breaker"] == ["fall"]
    assert summary["promises"]["eth"]["loss_quantile"]["light"] == "insufficient"
    promised = summary["promises"]["eth"]
    assert promised["haircut"]["exceptions"] <= promised["loss_quantile"]["exceptions"]
    assert [one["flows"] for one in summary["rates"]] == ["synthetic"] * len(summary["folds"])

    page = (tmp_path / "out" / "report.html").read_text()
    assert page.count("<img") == 6
    for word in (
        "no-breaker",
        "Coverage of the decay",
        "around fall",
        "fall: first pause",
        "Folds",
    ):
        assert word in page


def test_json_is_the_summary_and_the_same_request_writes_the_same_bytes(capsys, tmp_path, asked):
    outs = []
    for name in ("one", "two"):
        code, out, _ = run(capsys, *asked, "-o", tmp_path / name, "--json")
        assert code == 0
        outs.append(out)
    assert outs[0] == outs[1]
    assert json.loads(outs[0]) == json.loads((tmp_path / "one" / "summary.json").read_text())
    for file in ("events.parquet", "summary.json", "report.html"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_two_workers_write_the_bytes_of_one(capsys, tmp_path, asked):
    for name, workers in (("one", "0"), ("two", "2")):
        code, _, err = run(capsys, *asked, "-o", tmp_path / name, "--workers", workers)
        assert code == 0, err
    for file in ("events.parquet", "summary.json", "report.html"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_every_mistake_is_told_at_once_and_nothing_is_written(capsys, tmp_path, history):
    code, out, err = run(
        capsys, FEEDS,
        "--history", f"ether={history}", "--history", f"eth={history},decimal=8",
        "--history", "eth.secondary=absent.csv", "--history", "usdc=absent.csv",
        "--against", "step-500", "--episode", "crash", "--episode", "late=2023-03-01..2023-02-01",
        "--cadence", "soon", "--train", "0 s", "--fold", "1 %", "--reset-after", "often",
        "-o", tmp_path / "out",
    )  # fmt: skip
    assert code == 1
    assert out == ""
    assert "Traceback" not in err
    for part in (
        'Did you mean "eth"', "decimal=8", "the asset has none", "cannot be read", "no policy",
        "[ASSET.]NAME=START..END", "ends before it starts", "--cadence", "--train", "--fold",
        "--reset-after", "11 problems; nothing was written.",
    ):  # fmt: skip
        assert part in err, part
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (("--train", "400 d"), "leaves nothing of the history"),
        (("--episode", "then=2010-01-01..2010-02-01"), "lies outside the history"),
        (("--episode", "usdc.then=2023-08-18..2023-08-19"), "names no asset that is walked"),
        (("--asset", "usdc"), "has no history"),
        (("--asset", "nobody"), "is no asset of the book"),
    ],
)
def test_a_request_that_asks_nothing_of_the_history_is_refused(capsys, asked, change, part):
    code, out, err = run(capsys, *asked, *change)
    assert (code, out) == (1, "")
    assert part in err


def test_prices_of_another_scale_are_refused_by_the_oracle_s_bounds(capsys, history):
    code, _, err = run(capsys, FEEDS, "--history", f"eth={history},decimals=8")
    assert code == 1
    assert "outside the oracle's bounds" in err


def test_a_book_without_histories_says_what_to_give(capsys):
    code, _, err = run(capsys, FEEDS)
    assert code == 1
    assert "Give --history ASSET=FILE" in err


def test_an_episode_of_the_library_is_taken_by_its_name():
    known = EPISODES["usdc-2023-03"]
    bounds = int(known.start.timestamp()), int(known.end.timestamp())
    one, other = (parse_episode(text) for text in ("usdc-2023-03", "coin.usdc-2023-03:0.97"))
    assert (one.name, one.asset, one.start, one.end, one.level) == (known.name, "", *bounds, None)
    assert (other.asset, other.level, other.start) == ("coin", 0.97, bounds[0])
    with pytest.raises(ValueError, match="nor one of usdc-2023-03"):
        parse_episode("tulips-1637")
