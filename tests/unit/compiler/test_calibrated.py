"""A book on calibrated evidence compiles to the integers of the history it was calibrated from."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from paramgen.artefact import artefact
from paramgen.book.calibration import Input, Resampling, Settings
from paramgen.calibrate.agreement import Source, calibrate_tolerance, readings
from paramgen.calibrate.feed import calibrate_feed
from paramgen.compiler.build import Compiled, compile_asset
from paramgen.edge.calibration_files import CalibrationFile
from paramgen.edge.calibrations import book_settings
from paramgen.edge.load import load_book
from paramgen.errors import InvalidInputError
from paramgen.params.history import History, clean_history
from tests.support.books import line_of, swap
from tests.support.rwa import BOOK, loaded

ASSET = "firex-hash-power"
DAY = 86_400.0
QUICK = Resampling(seed=3, resamples=5, interval=0.9)
SIZE = 9_000


@cache
def rounds() -> str:
    """Rounds of most of a year, about two an hour, Student's steps."""
    generator = np.random.default_rng(8)
    moves = generator.standard_t(4, SIZE) * 2e-3
    times = 1_730_000_000 + np.cumsum(generator.integers(1_200, 3_600, SIZE))
    prices = 40.0 * np.exp(np.cumsum(moves))
    rows = zip(times, prices, strict=True)
    return "time,price\n" + "".join(f"{time},{price:.8f}\n" for time, price in rows)


def history() -> History:
    rows = np.array([row.split(",") for row in rounds().splitlines()[1:]], dtype=float)
    return clean_history(rows[:, 0], rows[:, 1])


def settings(**changes) -> Settings:
    """What the example book asks of its hash power."""
    book, policy = loaded().book, loaded().policy
    unpublished = {"longest_gap": None}
    return book_settings(book.assets[ASSET], policy, DAY).model_copy(update=unpublished | changes)


def record(role: str = "feed") -> tuple[Input]:
    return (Input(role=role, file="rounds.csv", sha256="0" * 64, used=SIZE, left_out={}),)


@cache
def calibrated() -> CalibrationFile:
    return CalibrationFile(calibrate_feed("hash-feed", record(), history(), settings(), QUICK))


def book(kind: str, file: str, data: bytes) -> str:
    """The example book with one asset's market, oracle and primary on the evidence."""
    entry = (
        f"  hash-feed:\n    source: Rounds\n    as_of: 2025-06-30\n    kind: {kind}\n"
        f"    file: evidence/{file}\n    sha256: {hashlib.sha256(data).hexdigest()}\n"
    )
    head, tail = BOOK.read_text().split(f"  {ASSET}:\n")
    tail = swap(tail, "volatility: 60 %/y, ", f"{kind}: hash-feed, ")
    tail = swap(tail, "        longest_gap: 3720 s\n", f"        {kind}: hash-feed\n")
    start, end = tail.index("      band:\n"), tail.index("      maximum_age:")
    tail = f"{tail[:start]}      {kind}: hash-feed\n{tail[end:]}"
    return f"{swap(head, 'sources:', 'sources:' + chr(10) + entry.rstrip())}  {ASSET}:\n{tail}"


def text_of(data: bytes) -> str:
    return book("calibration", "hash.calibration.json", data)


def load(folder: Path, text: str, file: str, data: bytes, policy=("", "")):
    target = folder / "rwa"
    shutil.copytree(BOOK.parent, target)
    (target / "evidence" / file).write_bytes(data)
    (target / "book.yaml").write_text(text)
    rules = (target / "policy.yaml").read_text()
    (target / "policy.yaml").write_text(swap(rules, *policy))
    return load_book(target / "book.yaml")


def problems(folder: Path, text: str, data: bytes, policy=("", "")):
    with pytest.raises(InvalidInputError) as raised:
        compile_asset(load(folder, text, "hash.calibration.json", data, policy), ASSET)
    return raised.value.problems


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """The asset compiled from the history, and from its calibration, with what was loaded."""
    found = []
    for kind, file, data in (
        ("history", "rounds.csv", rounds().encode()),
        ("calibration", "hash.calibration.json", calibrated().content),
    ):
        read = load(tmp_path_factory.mktemp(kind), book(kind, file, data), file, data)
        found.append((read, compile_asset(read, ASSET)))
    return found


def test_a_calibration_compiles_to_the_integers_of_its_history(pair):
    by_history, by_calibration = (found.landed for _, found in pair)
    assert by_history.words == by_calibration.words
    wanted = [
        {n: p.wanted for n, p in one.parameters.items()} for one in (by_history, by_calibration)
    ]
    assert wanted[0] == wanted[1]


def test_a_because_names_the_calibration_and_its_hash(pair):
    _, found = pair[1]
    for name in ("band_up", "band_down", "primary_staleness", "z", "volatility"):
        quantity = found.derived.quantities[name]
        assert f"← hash-feed, sha256 {calibrated().sha256[:12]}…" in quantity.formula
        assert quantity.evidence == "hash-feed"


@pytest.mark.parametrize("which", [0, 1])
def test_the_artefact_says_which_evidence_a_fit_rests_on(pair, which):
    read, found = pair[which]
    book_of_one = read.book.model_copy(update={"assets": {ASSET: read.book.assets[ASSET]}})
    document = artefact(Compiled(replace(read, book=book_of_one), {ASSET: found}, {}))
    parameters = document["markets"][ASSET]["parameters"]
    for name in ("band_up", "primary_staleness", "decay_step", "ltv"):
        assert "hash-feed" in parameters[name]["evidence"]
    assert "evidence:hash-feed" in [item["role"] for item in document["inputs"]]


@pytest.mark.parametrize(
    ("policy", "at", "words"),
    [
        (("confidence: 99 %", "confidence: 98 %"), "market.calibration", "confidence of 0.99"),
        (("poke_interval: 1 h", "poke_interval: 2 h"), "market.calibration", "poke interval"),
        (("false_alarms: 1 ", "false_alarms: 2 "), "oracle.calibration", "alarms per year of 1"),
        (("margin: 30 min", "margin: 40 min"), "market.calibration", "over 5400 s"),
    ],
)
def test_a_calibration_made_for_another_policy_is_refused_at_its_line(tmp_path, policy, at, words):
    data = calibrated().content
    text = text_of(data)
    found = {problem.field: problem for problem in problems(tmp_path, text, data, policy)}
    problem = found[f"assets.{ASSET}.{at}"]
    assert words in problem.bound
    assert problem.value == "hash-feed"
    assert problem.place.line >= line_of(text, "calibration: hash-feed", f"  {ASSET}:\n")
    assert "alibrate again" in problem.hint


def test_another_tick_is_refused(tmp_path):
    data = calibrated().content
    head, tail = text_of(data).split(f"  {ASSET}:\n")
    text = f"{head}  {ASSET}:\n{swap(tail, 'tick: 1 bp', 'tick: 2 bp')}"
    (problem,) = problems(tmp_path, text, data)
    assert problem.field == f"assets.{ASSET}.oracle.calibration"
    assert problem.bound == "was made for tick of 0.0001; the oracle's is 0.0002."


def test_a_calibration_beside_what_the_book_declares_is_refused(tmp_path):
    data = calibrated().content
    beside = "calibration: hash-feed, volatility: 60 %/y, "
    text = swap(text_of(data), "calibration: hash-feed, ", beside)
    (problem,) = problems(tmp_path, text, data)
    assert problem.field == f"assets.{ASSET}.market"
    assert problem.bound == "has a volatility beside its calibration, hash-feed."


def test_what_a_calibration_does_not_hold_is_told_with_its_reason(tmp_path):
    bare = {"breaker": None, "refused": {"breaker": "too short."}}
    data = CalibrationFile(calibrated().calibration.model_copy(update=bare)).content
    (problem,) = problems(tmp_path, text_of(data), data)
    assert problem.bound == "holds no breaker: too short."


def test_a_reference_to_evidence_of_another_kind_is_refused(tmp_path):
    data = calibrated().content
    text = swap(text_of(data), "calibration: hash-feed, ", "calibration: report, ")
    (problem,) = problems(tmp_path, text, data)
    assert problem.bound == "names no calibration of the book."


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"{", "is not JSON"),
        (b"{}", "is no calibration of schema paramgen/calibration/1"),
        (b'{"schema": "paramgen/calibration/1"}', "has a fault at"),
    ],
)
def test_a_file_that_is_no_calibration_is_refused(tmp_path, data, words):
    (problem,) = problems(tmp_path, text_of(data), data)
    assert problem.field == "sources.hash-feed.file"
    assert words in problem.bound


def test_an_outflow_comes_from_a_calibration_of_the_supply(tmp_path):
    asked = settings(kind="supply", holding=7 * DAY)
    found = calibrate_feed("hash-feed", record("supply"), history(), asked, QUICK)
    data = CalibrationFile(found).content
    text = swap(
        book("calibration", "hash.calibration.json", calibrated().content),
        "\ncurve:\n",
        "\n  supply:\n    source: Supply\n    as_of: 2025-06-30\n    kind: calibration\n"
        f"    file: evidence/s.json\n    sha256: {hashlib.sha256(data).hexdigest()}\ncurve:\n",
    )
    head, tail = text.split(f"  {ASSET}:\n")
    text = f"{head}  {ASSET}:\n{swap(tail, 'outflow: 25 %', 'calibration: supply')}"
    shutil.copytree(BOOK.parent, tmp_path / "rwa")
    (tmp_path / "rwa" / "evidence" / "s.json").write_bytes(data)
    (tmp_path / "rwa" / "evidence" / "hash.calibration.json").write_bytes(calibrated().content)
    (tmp_path / "rwa" / "book.yaml").write_text(text)
    kink = compile_asset(load_book(tmp_path / "rwa" / "book.yaml"), ASSET)
    expected = 1 - found.outflow.share.value
    assert kink.derived.value("kink") == pytest.approx(expected)
    assert "← supply, sha256" in kink.derived.quantities["kink"].formula
    assert float(kink.landed.parameters["kink"].landed) <= expected


def test_a_tolerance_comes_from_the_oracle_s_calibration_where_the_book_states_none(tmp_path):
    first = history()
    noise = np.exp(np.random.default_rng(2).standard_t(4, first.times.size) * 1e-3)
    second = History(first.times + 60.0, first.prices * noise, 0)
    asked = settings()
    both = readings(Source([first], [DAY]), Source([second], [DAY]), asked.poke_interval)
    tolerance = calibrate_tolerance(both, asked, QUICK)
    found = calibrated().calibration.model_copy(update={"tolerance": tolerance})
    data = CalibrationFile(found).content
    stated = text_of(data)
    (problem,) = problems(tmp_path / "stated", stated, data)
    assert "and the book states 2 %" in problem.bound
    head, tail = stated.split(f"  {ASSET}:\n")
    text = f"{head}  {ASSET}:\n{swap(tail, '      tolerance: 2 %' + chr(10), '')}"
    read = load(tmp_path / "left-out", text, "hash.calibration.json", data)
    quantity = compile_asset(read, ASSET).derived.quantities["tolerance"]
    assert quantity.value == tolerance.value.value
    assert "← hash-feed" in quantity.formula
