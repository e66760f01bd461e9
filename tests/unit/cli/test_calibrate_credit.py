"""`paramgen calibrate-credit`: evidence that repeats to the byte, and nothing by halves."""

import hashlib
import json
import re

import numpy as np
import pytest
import yaml
from scipy.special import expit

from paramgen.cli.main import main
from paramgen.compiler.build import price_book
from paramgen.edge.load import load_book
from tests.support.books import BOOK, POLICY, swap, write_book

WILLING = swap(POLICY, "largest_slippage: 5 %", "largest_slippage: 15 %")

COUNTS = "year,A obligors,A defaults,B obligors,B defaults\n" + "".join(
    f"{1990 + i},{500 + i},{i % 3},{300 - i},{12 + 3 * (i % 4)}\n" for i in range(10)
)


def run(capsys, *arguments):
    code = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.fixture
def counts(tmp_path):
    path = tmp_path / "rated.csv"
    path.write_text(COUNTS)
    return path


@pytest.fixture
def panel(tmp_path):
    random = np.random.default_rng(4)
    coverage = random.random(300)
    lost = random.random(300) < expit(-3.0 + 4.0 * (1.0 - coverage))
    rows = [f"o{i % 60},{coverage[i]:.6f},{int(lost[i])}\n" for i in range(300)]
    path = tmp_path / "panel.csv"
    path.write_text("obligor,coverage,defaulted\n" + "".join(rows))
    return path


def test_counts_become_evidence_that_repeats_to_the_byte(capsys, counts, tmp_path):
    arguments = ("calibrate-credit", "counts", counts, "--resamples", 100, "--as-of", "2000-12-31")
    for folder in ("one", "two"):
        code, out, _ = run(capsys, *arguments, "-o", tmp_path / folder)
        assert code == 0
    first, second = (
        (tmp_path / name / "rated.credit.json").read_bytes() for name in ("one", "two")
    )
    assert first == second
    assert hashlib.sha256(second).hexdigest() in out
    document = json.loads(first)
    assert document["source"]["sha256"] == hashlib.sha256(counts.read_bytes()).hexdigest()
    assert [grade["grade"] for grade in document["grades"]] == ["A", "B"]


def test_json_alone_is_what_is_written(capsys, counts, tmp_path):
    code, out, _ = run(
        capsys,
        "calibrate-credit",
        "counts",
        counts,
        "--resamples",
        100,
        "--as-of",
        "2000-12-31",
        "-o",
        tmp_path,
        "--json",
    )
    assert code == 0
    assert json.loads(out) == json.loads((tmp_path / "rated.credit.json").read_bytes())


def test_a_panel_gives_weights_and_a_page_with_its_pictures(capsys, panel, tmp_path):
    page = tmp_path / "page.html"
    code, out, _ = run(
        capsys, "calibrate-credit", "panel", panel, "--outcome", "defaulted",
        "--signal", "coverage", "--resamples", 100, "--as-of", "2000-12-31",
        "-o", tmp_path, "--report", page,
    )  # fmt: skip
    assert code == 0
    assert "coverage" in out
    (weight,) = json.loads((tmp_path / "panel.credit.json").read_bytes())["weights"]
    assert weight["coefficient"]["upper"] < 0.0
    text = page.read_text()
    assert "data:image/svg+xml" in text
    assert hashlib.sha256(panel.read_bytes()).hexdigest() in text


@pytest.mark.parametrize(
    "arguments",
    [
        ["counts", "absent.csv"],
        ["counts", "PANEL", "--as-of", "soon"],
        ["counts", "PANEL"],
        ["panel", "PANEL", "--signal", "coverage"],
        ["panel", "PANEL", "--outcome", "defaulted"],
        ["panel", "PANEL", "--outcome", "defaulted", "--signal", "absent"],
        ["panel", "PANEL", "--outcome", "coverage", "--signal", "coverage", "--prior", "1"],
        ["counts", "PANEL", "--resamples", "3"],
    ],
)
def test_mistakes_are_exit_one_with_nothing_written(capsys, panel, tmp_path, arguments):
    folder = tmp_path / "out"
    shown = [panel if argument == "PANEL" else argument for argument in arguments]
    dated = [] if "--as-of" in shown else ["--as-of", "2000-12-31"]
    code, out, err = run(capsys, "calibrate-credit", *shown, *dated, "-o", folder)
    assert code == 1
    assert out == ""
    assert err.strip()
    assert "Traceback" not in err
    assert not folder.exists()


def pasted(out):
    """The YAML documents that a command prints for a book."""
    parts = re.split(r"^# .*$", out, flags=re.MULTILINE)
    return [yaml.safe_load(part) for part in parts[1:]]


def test_what_is_printed_for_a_book_is_taken_by_a_book(capsys, panel, counts, tmp_path):
    run(capsys, "calibrate-credit", "counts", counts, "--resamples", 100,
        "--as-of", "2000-12-31", "-o", tmp_path)  # fmt: skip
    _, out, _ = run(
        capsys, "calibrate-credit", "panel", panel, "--outcome", "defaulted",
        "--signal", "coverage", "--resamples", 100, "--as-of", "2000-12-31", "-o", tmp_path,
    )  # fmt: skip
    sources, credit = pasted(out)
    book = yaml.safe_load((write_book(tmp_path, BOOK, WILLING)).read_text())
    credit["credit"]["logit"]["on_chain"]["coverage"]["value"] = 0.3
    book["sources"] |= sources["sources"]
    book["assets"]["note"]["credit"] = credit["credit"] | {"lgd": "30 %"}
    path = tmp_path / "book.yaml"
    path.write_text(yaml.safe_dump(book))
    found = price_book(load_book(path), ["note"]).assets["note"].value("default_probability")
    book["assets"]["note"]["credit"]["logit"]["on_chain"]["coverage"]["value"] = 0.9
    path.write_text(yaml.safe_dump(book))
    better = price_book(load_book(path), ["note"]).assets["note"].value("default_probability")
    assert 0.0 < better < found < 1.0
