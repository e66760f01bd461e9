"""`paramgen calibrate-credit`: evidence that repeats to the byte, and nothing by halves."""

import hashlib
import json

import numpy as np
import pytest
from scipy.special import expit

from paramgen.cli.main import main

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
    arguments = ("calibrate-credit", "counts", counts, "--resamples", 100)
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
        capsys, "calibrate-credit", "counts", counts, "--resamples", 100, "-o", tmp_path, "--json"
    )
    assert code == 0
    assert json.loads(out) == json.loads((tmp_path / "rated.credit.json").read_bytes())


def test_a_panel_gives_weights_and_a_page_with_its_pictures(capsys, panel, tmp_path):
    page = tmp_path / "page.html"
    code, out, _ = run(
        capsys, "calibrate-credit", "panel", panel, "--outcome", "defaulted",
        "--signal", "coverage", "--resamples", 100, "-o", tmp_path, "--report", page,
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
    code, out, err = run(capsys, "calibrate-credit", *shown, "-o", folder)
    assert code == 1
    assert out == ""
    assert err.strip()
    assert "Traceback" not in err
    assert not folder.exists()
