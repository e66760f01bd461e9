"""`paramgen simulate`: no output without its label, the same bytes for the same seed."""

from __future__ import annotations

import json

import pyarrow.parquet as pq
import pytest
from distributed import LocalCluster

from paramgen.cli.main import main
from paramgen.scenarios.paths import MARK
from tests.support.rwa import BOOK

FEW = ("--paths", "2", "--days", "3")


def run(capsys, *arguments):
    code = main(["simulate", *(str(argument) for argument in arguments)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_every_output_carries_the_label(capsys, tmp_path):
    """Table, JSON and Parquet: what is generated is never shown as if it had been observed."""
    out = tmp_path / "rows.parquet"
    asked = (BOOK, "--asset", "buidl", "--scenario", "all at once", *FEW, "-o", out)
    code, shown, _ = run(capsys, *asked)
    assert code == 0
    assert shown.startswith(MARK)
    for world in ("as it stands", "all at once"):
        assert f"buidl, {world}: {MARK}: Merton" in shown
    labels = pq.read_table(out).column("label").to_pylist()
    assert len(labels) == 4
    assert all(text.startswith(f"{MARK}: ") for text in labels)
    code, shown, err = run(capsys, *asked, "--json")
    document = json.loads(shown)
    assert (code, err) == (0, "")
    assert document["synthetic"] is True
    assert [row["label"][: len(MARK)] for row in document["rows"]] == [MARK, MARK]
    assert [row["scenario"] for row in document["rows"]] == ["as it stands", "all at once"]


def test_the_seed_decides_the_bytes(capsys, tmp_path):
    def made(name, seed):
        out = tmp_path / name
        run(capsys, BOOK, "--asset", "firex-hash-power", *FEW, "--seed", seed, "-o", out)
        return out.read_bytes()

    assert made("a", 1) == made("b", 1)
    assert made("a", 1) != made("c", 2)


def test_a_scheduler_gives_the_bytes_of_this_process(capsys, tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    asked = (BOOK, "--asset", "buidl", *FEW, "--seed", 5, "--json")
    _, expected, _ = run(capsys, *asked, "-o", here)
    with LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, protocol="tcp", host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
    ) as cluster:  # fmt: skip
        where = ("--scheduler", cluster.scheduler_address)
        code, shown, _ = run(capsys, *asked, "-o", there, *where)
    assert (code, shown) == (0, expected)
    assert there.read_bytes() == here.read_bytes()


def test_a_like_asset_s_history_is_named_by_option_and_told_in_the_label(capsys, tmp_path):
    rows = "".join(f"{1_700_000_000 + 3_600 * i},{1 + i % 7 / 1e3}\n" for i in range(100))
    like = tmp_path / "like.csv"
    like.write_text("time,price\n" + rows)
    asked = (BOOK, "--asset", "buidl", *FEW, "--json", "-o", tmp_path / "rows.parquet")
    code, shown, _ = run(capsys, *asked, "--like", like)
    (row,) = json.loads(shown)["rows"]
    assert code == 0
    assert row["label"].startswith(f"{MARK}: stationary block bootstrap of 99 returns")
    code, shown, err = run(capsys, *asked, "--like", like, "--price-column", "absent")
    assert (code, shown) == (1, "")
    assert "--like" in err


def test_a_further_policy_stands_beside_the_book_s_own(capsys, tmp_path):
    tight = tmp_path / "tight.yaml"
    policy = BOOK.with_name("policy.yaml").read_text("utf-8")
    changed = policy.replace("name:", "name: Tight; once", 1)
    tight.write_text(changed.replace("confidence: 99 %", "confidence: 99.5 %", 1))
    assert tight.read_text() != changed
    code, shown, err = run(
        capsys, BOOK, "--asset", "diamond-standard", "--policy", tight, *FEW,
        "-o", tmp_path / "rows.parquet", "--json",
    )  # fmt: skip
    assert code == 0, err
    assert [row["policy"] for row in json.loads(shown)["rows"]] == ["policy", "tight"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--asset", "absent"],
        ["--scenario", "nonsense"],
        ["--paths", "0"],
        ["--workers", "2", "--scheduler", "tcp://127.0.0.1:1"],
        ["--policy", "absent.yaml"],
    ],
)
def test_mistakes_are_named_and_nothing_is_written(capsys, tmp_path, arguments):
    out = tmp_path / "rows.parquet"
    code, shown, err = run(capsys, BOOK, *arguments, "-o", out)
    assert (code, shown) == (1, "")
    assert err.strip()
    assert "Traceback" not in err
    assert not out.exists()
