"""Tasks give the same bytes wherever they run, and survive the death of a worker or of the run."""

from __future__ import annotations

import hashlib
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace

import numpy as np
import psutil
import pyarrow.parquet as pq
import pytest
from distributed import LocalCluster

from paramgen.edge import scale
from paramgen.edge.scale import Job, ScaleError, Where, run, spread, task_seed
from paramgen.errors import InvalidInputError, Place, Problem
from paramgen.params.binding import ParameterError
from tests.support.rwa import ROOT
from tests.support.tasks import SCHEMA, fail, job


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """The bytes that every other way of running has to give."""
    out = tmp_path_factory.mktemp("here") / "rows.parquet"
    assert run(job(), out) == (12, 0)
    return digest(out)


def workers_of_this_process():
    children = psutil.Process().children(recursive=True)
    return [p for p in children if "spawn_main" in " ".join(p.cmdline())]


def test_rows_come_in_the_order_of_keys_and_the_label_goes_with_them(tmp_path):
    run(job(), tmp_path / "rows.parquet")
    table = pq.read_table(tmp_path / "rows.parquet")
    keys = table.column("key").to_pylist()
    assert keys == sorted(keys)
    assert table.column("draw").to_pylist() == [0, 1, 2] * 24
    assert table.schema.metadata[b"label"] == b"of a test"
    assert os.listdir(tmp_path) == ["rows.parquet"]  # noqa: PTH208


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_the_bytes_are_the_same_whatever_the_number_of_workers(
    tmp_path, expected, workers, monkeypatch
):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    out = tmp_path / "rows.parquet"
    assert run(job(), out, Where(workers=workers)) == (12, 0)
    assert digest(out) == expected
    assert not list(scratch.glob("paramgen-*"))


def test_a_worker_killed_in_the_middle_loses_nothing(tmp_path, expected):
    killed = []

    def kill_one(done, _of):
        if done == 2 and not killed:
            victim = workers_of_this_process()[0]
            killed.append(victim.pid)
            os.kill(victim.pid, signal.SIGKILL)

    out = tmp_path / "rows.parquet"
    assert run(job(seconds=0.1), out, Where(workers=2), kill_one) == (12, 0)
    assert len(killed) == 1
    assert digest(out) == expected


def test_the_embedded_cluster_listens_on_this_machine_alone(tmp_path):
    addresses = []

    def listen(done, _of):
        if done == 1:
            for process in (psutil.Process(), *psutil.Process().children(recursive=True)):
                addresses.extend(
                    found.laddr.ip
                    for found in process.net_connections(kind="inet")
                    if found.status == psutil.CONN_LISTEN
                )

    run(job(), tmp_path / "rows.parquet", Where(workers=1), listen)
    assert len(addresses) > 2
    assert set(addresses) == {"127.0.0.1"}


def test_a_run_that_is_killed_goes_on_from_its_parts(tmp_path, expected):
    out = tmp_path / "rows.parquet"
    program = (
        "import sys, pathlib; from paramgen.edge.scale import run; from tests.support.tasks import "
        "job; run(job(seconds=0.3), pathlib.Path(sys.argv[1]))"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(out)], cwd=ROOT) as running:  # noqa: S603
        deadline = time.monotonic() + 120.0
        while len(list(tmp_path.glob("*.parts/*/part-*.parquet"))) < 3:
            assert time.monotonic() < deadline
            assert running.poll() is None
            time.sleep(0.05)
        running.kill()
    assert not out.exists()
    computed, found = run(job(), out)
    assert found >= 3
    assert computed == 12 - found
    assert digest(out) == expected


def test_parts_of_other_inputs_another_seed_or_other_tasks_are_never_taken(tmp_path):
    out = tmp_path / "rows.parquet"

    def stop(done, _of):
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(job(), out, progress=stop)
    assert not out.exists()
    for other in (job(identity="two"), job(seed=8), job(count=26), replace(job(), chunk=4)):
        folder = out.with_name(f"{out.name}.parts") / other.fingerprint[:16]
        assert not folder.exists()
    assert run(job(), out) == (8, 4)


def test_a_scheduler_by_its_address_gives_the_same_bytes(tmp_path, expected):
    out = tmp_path / "rows.parquet"
    with LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, protocol="tcp", host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
    ) as cluster:  # fmt: skip
        where = Where(scheduler=cluster.scheduler_address)
        run(job(), out, where)
        with spread(where) as mapper:
            assert list(mapper(abs, range(-40, 0))) == list(range(40, 0, -1))
    assert digest(out) == expected


def test_a_map_spread_over_nothing_is_a_map():
    told = []
    with spread(Where(), lambda *how_far: told.append(how_far)) as mapper:
        assert list(mapper(abs, [-2, 1])) == [2, 1]
    assert told == [(1, 2), (2, 2)]


def test_a_scheduler_that_is_not_there_is_named_with_what_to_write(tmp_path, monkeypatch):
    monkeypatch.setattr(scale, "_CONNECT", "1s")
    with pytest.raises(ScaleError, match=r"tcp://127\.0\.0\.1:1[\s\S]*running dask scheduler"):
        run(job(), tmp_path / "rows.parquet", Where(scheduler="tcp://127.0.0.1:1"))
    assert not (tmp_path / "rows.parquet").exists()


def test_without_the_extra_the_error_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ScaleError, match=r"pip install 'paramgen\[scale\]'"):
        run(job(), tmp_path / "rows.parquet", Where(workers=2))
    assert run(job(), tmp_path / "rows.parquet") == (12, 0)


@pytest.mark.parametrize("where", [Where(), Where(workers=1)])
def test_a_task_that_fails_fails_the_run_with_its_own_words(tmp_path, where):
    broken = Job("broken", fail, {"a": 1}, SCHEMA, 7, {})
    with pytest.raises(ValueError, match="no such thing as 1 at 7"):
        run(broken, tmp_path / "rows.parquet", where)
    assert not (tmp_path / "rows.parquet").exists()


def test_a_task_s_seed_is_of_its_key_and_the_job_s_seed_alone():
    def first(seed, key):
        return np.random.default_rng(task_seed(seed, key)).integers(2**63)

    assert first(7, "a") == first(7, "a")
    assert len({first(seed, key) for seed in (7, 8) for key in ("a", "b", "aa", "")}) == 8


@pytest.mark.parametrize(
    "refusal",
    [
        InvalidInputError(
            [Problem(Place("book.yaml", 3), "assets.a", "9", "must be ≤ 1.", "Why?")]
        ),
        ParameterError("band", "is too narrow", 0.01, 0.02, "Widen it."),
    ],
    ids=["input", "parameter"],
)
def test_a_refusal_comes_from_a_worker_as_it_was_made(refusal):
    told = pickle.loads(pickle.dumps(refusal))  # noqa: S301
    assert str(told) == str(refusal)
    assert vars(told) == vars(refusal)
