"""`paramgen calibrate` on the command line: what it writes, and how it refuses."""

from __future__ import annotations

import hashlib
import json
import shutil

import numpy as np
import pytest

from paramgen.cli.main import main
from paramgen.edge.calibration_files import read_calibration
from tests.support.books import swap
from tests.support.rwa import BOOK

HOUR = 3_600
START = 1_600_000_000


def run(capsys, *arguments):
    code = main(["calibrate", *(str(argument) for argument in arguments)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def rounds(n=400, seed=1, start=START):
    moves = np.random.default_rng(seed).standard_t(4, n) * 1e-3
    prices = 100 * np.exp(np.cumsum(moves))
    return "".join(f"{start + HOUR * i},{price:.8f}\n" for i, price in enumerate(prices))


@pytest.fixture
def feed(tmp_path):
    path = tmp_path / "Some_Feed.csv"
    path.write_text("time,price\n" + rounds())
    return path


QUICK = ("--heartbeat", "1 h", "--resamples", "5")


def test_the_evidence_is_written_and_the_entry_that_pins_it_is_printed(capsys, feed, tmp_path):
    code, out, err = run(capsys, feed, *QUICK, "-o", tmp_path / "out")
    assert code == 0
    written = (tmp_path / "out" / "some-feed.calibration.json").read_bytes()
    sha256 = hashlib.sha256(written).hexdigest()
    assert f"    sha256: {sha256}\n" in out
    assert "    kind: calibration\n" in out
    assert "staleness T" in out
    assert "extrapolated" in err
    found = read_calibration(written)
    assert found.inputs[0].sha256 == hashlib.sha256(feed.read_bytes()).hexdigest()
    assert found.resampling.seed == 1


def test_the_same_command_writes_the_same_bytes(capsys, feed, tmp_path):
    for folder in ("a", "b"):
        run(capsys, feed, *QUICK, "--seed", "9", "-o", tmp_path / folder)
    first, second = (
        (tmp_path / folder / "some-feed.calibration.json").read_bytes() for folder in ("a", "b")
    )
    assert first == second


def test_json_is_one_document_and_nothing_else(capsys, feed, tmp_path):
    code, out, _ = run(capsys, feed, *QUICK, "-o", tmp_path, "--json")
    document = json.loads(out)["some-feed"]
    assert code == 0
    assert document["schema"] == "paramgen/calibration/1"
    assert float(document["staleness"]["limit"]["value"]) == 3_720.0


def test_dirt_is_left_out_and_named_by_kind(capsys, tmp_path):
    path = tmp_path / "dirty.csv"
    path.write_text(
        "time,price\n" + rounds()
        + f"0,5\n,5\n{START},7\n{START + 1},nan\n{START + 2},-3\n4000000000,5\n"
    )  # fmt: skip
    code, _, err = run(capsys, path, *QUICK, "-o", tmp_path)
    assert code == 0
    for words in (
        "1 with no time", "1 with a time not above zero", "1 with no price",
        "1 with a price not above zero", "1 with a time already answered",
        "1 with a time in the future",
    ):  # fmt: skip
        assert words in err, err


def test_only_the_days_asked_for_are_used(capsys, feed, tmp_path):
    run(capsys, feed, *QUICK, "--since", "2020-09-14", "--until", "2020-09-24", "-o", tmp_path)
    (record,) = read_calibration((tmp_path / "some-feed.calibration.json").read_bytes()).inputs
    assert record.used == 240
    assert record.left_out == {"a time outside the days asked for": 160}


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        ("time,prize\n1,2\n2,3\n", [], ["--price", "is no column", 'Did you mean "prize"?']),
        ("when,price\n1,2\n2,3\n", [], ["--time", "is no column"]),
        ("time,price\n1,nan\n2,nan\n", [], ["without a single number", "by --price"]),
        ("time,price\n1700000000,2\n", [], ["has 1 usable rows of 1"]),
        ("time,price\n4000000000,2\n4000003600,3\n", [], ["2 of 2 rows lie in the future"]),
        ("time,price\n1700000000000,2\n1700000001000,3\n", [], ["look like milliseconds"]),
        ("time,price\n" + rounds(), ["--since", "2030-01-01"], ["leave fewer than two rows"]),
        ("time,price\n" + rounds(), ["--since", "tomorrow"], ["must be a date or time"]),
        ("time,price\n" + rounds(), ["--confidence", "99"], ["must lie in [0, 1]", "99 %"]),
        ("time,price\n" + rounds(), ["--confidence", "50 %"], ["must lie in [0.9, 1)"]),
        ("time,price\n" + rounds(), ["--heartbeat", "3600"], ["--heartbeat"]),
        ("time,price\n" + rounds(), ["--kind", "nav"], ["needs its --accrual"]),
        ("time,price\n" + rounds(), ["--accrual", "4 %/y"], ["give --kind nav"]),
        ("time,price\n" + rounds(), ["--policy", "absent.yaml"], ["absent.yaml", "does not exist"]),
        ("time,price\n" + rounds(), ["--name", "Not A Name"], ["is no name of evidence"]),
        ("time,price\n" + rounds(), ["--second", "absent.csv"], ["absent.csv", "does not exist"]),
        ("", [], ["is not CSV"]),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do_and_nothing_is_written(
    capsys, tmp_path, text, options, words
):
    path = tmp_path / "feed.csv"
    path.write_text(text)
    code, out, err = run(capsys, path, *options, "--resamples", "0", "-o", tmp_path / "out")
    assert code == 1
    assert out == ""
    assert "Traceback" not in err
    for word in words:
        assert word in " ".join(err.split()), err
    assert not (tmp_path / "out").exists()


def test_a_faulty_policy_is_told_with_its_own_lines(capsys, feed, tmp_path):
    policy = tmp_path / "policy.yaml"
    policy.write_text('version: "1"\nname: x\nconfidence: 140 %\n')
    code, _, err = run(capsys, feed, "--policy", policy, "-o", tmp_path / "out")
    assert code == 1
    assert f"{policy}:3  confidence" in err
    assert not (tmp_path / "out").exists()


def test_what_is_asked_can_come_from_a_book_s_asset(capsys, feed, tmp_path):
    code, _, err = run(
        capsys, feed, "--book", BOOK, "--asset", "firex-hash-power", "--resamples", "0",
        "-o", tmp_path / "out",
    )  # fmt: skip
    assert code == 0, err
    found = read_calibration((tmp_path / "out" / "some-feed.calibration.json").read_bytes())
    assert (found.settings.margin, found.settings.tick) == (1_800.0, 1e-4)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--book", BOOK], "--book and --asset go together"),
        (["--book", BOOK, "--asset", "absent"], "is no asset of the book"),
        (["--book", BOOK, "--asset", "firex-hash-power", "--tick", "1 bp"], "leave out --tick"),
        (["--book", BOOK, "--asset", "firex-hash-power"], "names no history"),
        ([], "Name a FEED"),
    ],
)
def test_a_book_without_what_is_needed_is_refused(capsys, tmp_path, options, words):
    code, out, err = run(capsys, *options, "-o", tmp_path / "out")
    assert (code, out) == (1, "")
    assert words in err


def test_the_histories_can_come_from_a_book_s_evidence(capsys, tmp_path):
    shutil.copytree(BOOK.parent, tmp_path / "rwa")
    text = "time,price\n" + rounds(2_000)
    (tmp_path / "rwa" / "evidence" / "rounds.csv").write_text(text)
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    book = swap(
        BOOK.read_text(),
        "sources:",
        "sources:\n  rounds:\n    source: Rounds\n    as_of: 2025-06-30\n    kind: history\n"
        f"    file: evidence/rounds.csv\n    sha256: {sha256}",
    )
    head, tail = book.split("  firex-hash-power:\n")
    tail = swap(tail, "volatility: 60 %/y, ", "history: rounds, ")
    (tmp_path / "rwa" / "book.yaml").write_text(f"{head}  firex-hash-power:\n{tail}")
    code, out, err = run(
        capsys, "--book", tmp_path / "rwa" / "book.yaml", "--asset", "firex-hash-power",
        "--resamples", "0", "-o", tmp_path / "out", "--json",
    )  # fmt: skip
    assert code == 0, err
    (document,) = json.loads(out).values()
    assert document["name"] == "rounds-calibrated"
    assert document["inputs"][0]["sha256"] == sha256
    # The market's own history is read over the staleness limit of the primary feed.
    assert document["settings"]["horizon"] == "5400.0"


def test_a_bad_print_is_left_out_only_when_asked_and_is_named(capsys, feed, tmp_path):
    lines = feed.read_text().splitlines()
    time, price = lines[200].split(",")
    lines[200] = f"{time},{1.2 * float(price)}"
    feed.write_text("\n".join(lines) + "\n")
    _, _, kept = run(capsys, feed, *QUICK, "-o", tmp_path)
    _, _, dropped = run(capsys, feed, *QUICK, "--leap", "10 %", "-o", tmp_path)
    assert "leaps" not in kept
    assert "1 with a price that leaps and is back at once; 399 rows used" in dropped


def test_the_page_is_one_file_with_its_pictures_in_it(capsys, feed, tmp_path):
    page = tmp_path / "page.html"
    code, _, _ = run(capsys, feed, *QUICK, "--second", feed, "-o", tmp_path, "--report", page)
    text = page.read_text()
    assert code == 0
    assert text.count("data:image/svg+xml;base64,") >= 6
    assert hashlib.sha256(feed.read_bytes()).hexdigest() in text
    assert "://" not in text
