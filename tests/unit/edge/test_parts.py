"""A job that is killed goes on from its parts; what is cut short or hostile is none of them."""

from __future__ import annotations

import functools
import itertools
import json
import pickle
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from paramgen.backtest import run as backtest_run
from paramgen.cli import calibration_run
from paramgen.cli.main import main
from paramgen.edge import parts as parts_module
from paramgen.edge.parts import Parts
from paramgen.edge.plain import codec_of
from paramgen.edge.scale import Kept, Where, run, spread
from paramgen.errors import InvalidInputError, Place, Problem
from tests.support.feeds import FEEDS, made_prices
from tests.support.rwa import ROOT
from tests.support.tasks import Square, job, square


def killed_in_the_middle(arguments, folder: Path, enough: int) -> None:
    """Run a command in a process of its own and kill it once so many parts are there."""
    program = f"from paramgen.cli.main import main; main({[str(one) for one in arguments]!r})"
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT) as running:  # noqa: S603
        deadline = time.monotonic() + 300.0
        while len(list(folder.glob("*.parts/*/part-*.json"))) < enough:
            assert time.monotonic() < deadline
            assert running.poll() is None, "it ended before it could be killed"
            time.sleep(0.002)
        running.kill()


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.fixture
def counted(monkeypatch):
    """Count the calls of a module's functions."""
    calls: list[str] = []

    def watch(module, *names):
        for name in names:
            work = getattr(module, name)

            @functools.wraps(work)
            def counting(*given, _work=work, _name=name):
                calls.append(_name)
                return _work(*given)

            monkeypatch.setattr(module, name, counting)

    return calls, watch


def test_a_backtest_killed_in_the_middle_computes_what_is_missing_and_gives_the_same_bytes(
    tmp_path, counted
):
    history = tmp_path / "eth.csv"
    history.write_text(made_prices(28, seed=21))
    asked = ["backtest", FEEDS, "--history", f"eth={history}", "--train", "20 d", "--fold", "4 d",
             "--against", "all", "--cadence", "1 h", "--cadence", "update"]  # fmt: skip
    calls, watch = counted
    watch(backtest_run, "compile_fold", "replay_fold", "cover_fold")

    def ran(out):
        calls.clear()
        assert main([str(one) for one in (*asked, "-o", out)]) == 0
        return len(calls), contents(out)

    every, expected = ran(tmp_path / "whole")
    out = tmp_path / "out"
    killed_in_the_middle((*asked, "-o", out), out, enough=3)
    assert not set(contents(out)) & set(expected)
    kept = len(list(out.glob("backtest.parts/*/part-*.json")))
    computed, found = ran(out)
    assert 3 <= kept < every
    assert computed == every - kept
    assert found == expected
    assert not list(out.glob("*.parts"))


def test_a_calibration_killed_in_the_middle_computes_what_is_missing_and_gives_the_same_bytes(
    tmp_path, counted
):
    feeds = [tmp_path / f"{name}.csv" for name in ("one", "two", "three")]
    for seed, feed in enumerate(feeds):
        feed.write_text(made_prices(40, seed=seed))
    asked = ["calibrate", *feeds, "--heartbeat", "1 h", "--resamples", "60"]
    calls, watch = counted
    watch(calibration_run, "_calibrated")

    def ran(out):
        calls.clear()
        assert main([str(one) for one in (*asked, "-o", out)]) == 0
        return len(calls), contents(out)

    every, expected = ran(tmp_path / "whole")
    assert (every, len(expected)) == (3, 3)
    out = tmp_path / "out"
    killed_in_the_middle((*asked, "-o", out), out, enough=1)
    kept = len(list(out.glob("calibrate-*.parts/*/part-*.json")))
    computed, found = ran(out)
    assert computed == 3 - kept < 3
    assert found == expected
    assert not list(out.glob("*.parts"))


class StoppedError(Exception):
    """What stops a job from outside."""


def squares(folder: Path, trace: Path, identity: str = "one", stop: int | None = None):
    """Squares of 0 to 5, stopped after so many; what was computed now."""
    trace.write_text("")
    told = itertools.count(1)

    def progress(_done, _of):
        if stop is not None and next(told) > stop:
            raise StoppedError

    with spread(Where(), progress, kept=Kept(folder, {"inputs": identity})) as mapper:
        found = list(mapper(square, [(number, trace) for number in range(6)]))
    return [int(line) for line in trace.read_text().split()], found


def stopped(folder: Path, trace: Path) -> list[Path]:
    """The parts of a job that was stopped after three tasks."""
    with pytest.raises(StoppedError):
        squares(folder, trace, stop=3)
    return sorted(folder.glob("*/part-*.json"))


def same(one: Square, other: Square) -> bool:
    arrays = one.values.tobytes() == other.values.tobytes()
    return arrays and (one.of, one.spread) == (other.of, other.spread)


def test_a_job_that_ended_whole_leaves_no_parts_and_one_that_was_stopped_its_own(tmp_path):
    folder, trace = tmp_path / "job.parts", tmp_path / "trace"
    assert len(stopped(folder, trace)) == 3
    computed, found = squares(folder, trace)
    assert computed == [3, 4, 5]
    _, expected = squares(tmp_path / "other.parts", trace)
    assert all(same(one, other) for one, other in zip(found, expected, strict=True))
    assert not folder.exists()


def test_parts_of_other_inputs_or_other_code_are_never_taken(tmp_path, monkeypatch):
    folder, trace = tmp_path / "job.parts", tmp_path / "trace"
    stopped(folder, trace)
    assert squares(folder, trace, identity="two")[0] == list(range(6))
    stopped(folder, trace)
    monkeypatch.setattr(parts_module, "_code", lambda: "of another version")
    assert squares(folder, trace)[0] == list(range(6))


class Trap:
    """What runs a program where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


FINGERPRINTS: dict[str, str] = {}


def forged(part: Path, content: bytes) -> None:
    """Put a content in a part's place under the name that its own bytes give it."""
    part.unlink()
    forger = Parts(part.parent.parent, FINGERPRINTS[part.parent.name], part.suffix)
    forger.write(part.name.rpartition("-")[0], content)


@pytest.fixture
def fingerprints(monkeypatch):
    """Learn the whole fingerprint of each job, as a hostile neighbour could compute it."""
    true = parts_module.fingerprint

    def learned(told):
        found = true(told)
        FINGERPRINTS[found[:16]] = found
        return found

    monkeypatch.setattr("paramgen.edge.scale.fingerprint", learned)


HOSTILE = {
    "empty": lambda _: b"",
    "no JSON": lambda _: b"\x00\xff",
    "a pickle": lambda path: pickle.dumps(Trap(path)),
    "another type": lambda _: b'{"of":"Path","is":"/"}',
    "not a result": lambda _: b"3",
    "fields missing": lambda _: b'{"of":"Square","is":{}}',
    "deep": lambda _: b'{"list":[' * 40_000 + b"]}" * 40_000,
    "an array of objects": lambda _: json.dumps(
        {"of": "Square", "is": {"of": 1, "values": {"array": {
            "data": "AAAAAAAAAAA=", "dtype": "|O", "shape": [1]}}}}
    ).encode(),
    "an array cut short": lambda _: json.dumps(
        {"of": "Square", "is": {"of": 1, "values": {"array": {
            "data": "AAAA", "dtype": "<f8", "shape": [9]}}}}
    ).encode(),
}  # fmt: skip


@pytest.mark.usefixtures("fingerprints")
@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_part_is_computed_anew_and_never_run(tmp_path, hostile):
    folder, trace, trap = tmp_path / "job.parts", tmp_path / "trace", tmp_path / "sprung"
    first = stopped(folder, trace)[0]
    forged(first, HOSTILE[hostile](trap))
    computed, found = squares(folder, trace)
    assert computed == [0, 3, 4, 5]
    assert found[0].values[1] == 0.0
    assert not trap.exists()


@pytest.mark.parametrize(
    "damage",
    [
        lambda part: part.write_bytes(part.read_bytes()[:-1]),
        lambda part: part.write_bytes(part.read_bytes().replace(b"1", b"2")),
        lambda part: part.rename(part.with_name(part.name.replace("000001", "000005"))),
    ],
    ids=["cut short", "changed", "under another name"],
)
def test_a_damaged_part_is_computed_anew(tmp_path, damage):
    folder, trace = tmp_path / "job.parts", tmp_path / "trace"
    damage(stopped(folder, trace)[1])
    computed, found = squares(folder, trace)
    assert computed == [1, 3, 4, 5]
    assert [one.of for one in found] == list(range(6))


@pytest.mark.usefixtures("fingerprints")
@pytest.mark.parametrize("content", [b"", b"PAR1 no table PAR1"], ids=["empty", "no table"])
def test_a_damaged_or_hostile_part_of_a_table_is_computed_anew(tmp_path, content):
    """The parts of `paramgen simulate` are kept by the same means."""

    def stop(done, _of):
        if done == 4:
            raise StoppedError

    out = tmp_path / "rows.parquet"
    with pytest.raises(StoppedError):
        run(job(), out, progress=stop)
    one, two, *_ = sorted(tmp_path.glob("*.parts/*/part-*.parquet"))
    one.write_bytes(one.read_bytes()[:-1])
    forged(two, content)
    assert run(job(), out) == (10, 2)
    run(job(), tmp_path / "whole.parquet")
    assert out.read_bytes() == (tmp_path / "whole.parquet").read_bytes()


def refused(_argument: int) -> Square:
    """A task that its input does not allow."""
    raise InvalidInputError([Problem(Place("book.yaml"), "a", "1", "must be 2.", "")])


def test_a_refusal_leaves_no_parts(tmp_path):
    folder, trace = tmp_path / "job.parts", tmp_path / "trace"

    def refusing():
        with spread(Where(), kept=Kept(folder, {"inputs": "one"})) as mapper:
            mapper(square, [(1, trace)])
            assert list(folder.glob("*/part-*.json"))
            mapper(refused, [1])

    with pytest.raises(InvalidInputError):
        refusing()
    assert not folder.exists()


@dataclass(frozen=True)
class Open:
    """A type whose fields do not say what they hold."""

    anything: object


def opened(argument: int) -> Open:
    """Return what no reader could make again."""
    return Open(Path(str(argument)))


def unsaid(argument):
    """Say nothing of what is returned."""
    return argument


def test_a_result_that_could_not_be_read_back_is_told_and_not_written():
    with pytest.raises(TypeError, match="Open holds a PosixPath"):
        codec_of(opened).encode(opened(1))
    with pytest.raises(TypeError, match="returns no dataclass"):
        codec_of(unsaid)
    with pytest.raises(TypeError, match="an array of object"):
        codec_of(square).encode(Square(1, np.array([None])))
