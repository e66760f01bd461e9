"""Many independent tasks: in this process, on an embedded cluster, or on a Dask scheduler.

A task's draws come from its own key, and results are ordered by key, so that the same bytes come
out whoever ran what, and when. Chunks of tasks are written as parts as they finish; a run that is
killed goes on from its parts, and a worker that dies loses only what it had not yet handed over.
"""

from __future__ import annotations

import hashlib
import importlib
import itertools
import json
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from paramgen import __version__
from paramgen.edge.files import whole_file, write_whole
from paramgen.errors import ParamgenError

if TYPE_CHECKING:
    from paramgen.backtest.run import Mapper

T = TypeVar("T")
R = TypeVar("R")
Row = Mapping[str, Any]
Work = Callable[[Any, np.random.SeedSequence], Sequence[Row]]
Progress = Callable[[int, int], None]
Taker = Callable[[int, object], None]

_SEED_WORDS = 4
_IN_FLIGHT = 4
_DEATHS = 20
_CONNECT = "30s"
_LOOPBACK = "127.0.0.1"


class ScaleError(ParamgenError):
    """Tasks could not be run where they were to run; what is done is kept."""


@dataclass(frozen=True)
class Where:
    """Where tasks run: `workers` processes here, or the scheduler at an address; else this one."""

    workers: int = 0
    scheduler: str = ""


@dataclass(frozen=True)
class Job:
    """Independent tasks of one kind, each making rows of one table.

    Attributes
    ----------
    name : for parts and errors.
    work : a function of a module, pure: a task's argument and its seed to its rows.
    tasks : arguments by key; keys sort into the order of the result.
    schema : of the rows; its metadata goes into the file.
    seed : of the whole job; each task's seed is had from it and the task's key.
    identity : what the arguments were made from (hashes, options): parts of another identity are
        never taken for this job's.
    chunk : tasks a part.
    """

    name: str
    work: Work
    tasks: Mapping[str, Any] = field(repr=False)
    schema: pa.Schema
    seed: int
    identity: Mapping[str, str]
    chunk: int = 8

    @property
    def chunks(self) -> tuple[tuple[str, ...], ...]:
        """Keys of each part, in order."""
        keys = sorted(self.tasks)
        return tuple(tuple(keys[at : at + self.chunk]) for at in range(0, len(keys), self.chunk))

    @property
    def fingerprint(self) -> str:
        """What tells this job's parts from any other's."""
        told = {
            "name": self.name,
            "work": f"{self.work.__module__}.{self.work.__qualname__}",
            "version": __version__,
            "seed": self.seed,
            "identity": dict(self.identity),
            "chunk": self.chunk,
            "keys": sorted(self.tasks),
            "schema": self.schema.to_string(show_schema_metadata=True),
        }
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def task_seed(seed: int, key: str) -> np.random.SeedSequence:
    """The seed of one task, whoever runs it: the job's entropy, spawned by a hash of the key."""
    words = np.frombuffer(hashlib.sha256(key.encode()).digest(), dtype=">u4")
    return np.random.SeedSequence(seed, spawn_key=tuple(int(w) for w in words[:_SEED_WORDS]))


def run(
    job: Job, out: Path, where: Where = Where(), progress: Progress | None = None
) -> tuple[int, int]:  # fmt: skip
    """Run a job and write its rows to one Parquet file, in the order of their keys.

    Parameters
    ----------
    out : the file. Parts stand in `<out>.parts` while the job runs, and are gone after it.
    progress : told how many parts are done, and of how many.

    Returns
    -------
    Parts computed now, and parts found from a run before.

    Raises
    ------
    ScaleError
        When the cluster cannot be had or gives up on a task; finished parts are kept.
    """
    folder = out.with_name(f"{out.name}.parts") / job.fingerprint[:16]
    parts = {index: folder / f"part-{index:06d}.parquet" for index in range(len(job.chunks))}
    missing = [index for index, path in parts.items() if not path.is_file()]
    found = len(parts) - len(missing)
    tell = progress or (lambda _done, _of: None)
    tell(found, len(parts))
    with ExitStack() as stack:
        for done, (index, rows) in enumerate(_computed(job, missing, where, stack), start=1):
            _write_part(parts[index], job.schema, rows)
            tell(found + done, len(parts))
    _compact(job.schema, list(parts.values()), out)
    shutil.rmtree(folder.parent)
    return len(missing), found


def compute(work: Work, seed: int, tasks: Sequence[tuple[str, Any]]) -> list[Row]:
    """The rows of one chunk, in the order of its keys; what a worker runs."""
    return [row for key, argument in tasks for row in work(argument, task_seed(seed, key))]


def _computed(
    job: Job, missing: Sequence[int], where: Where, stack: ExitStack
) -> Iterator[tuple[int, list[Row]]]:
    if not missing:
        return
    if not where.workers and not where.scheduler:
        for index in missing:
            yield index, compute(job.work, job.seed, _chunk(job, index))
        return
    client = stack.enter_context(_cluster(where))
    calls = ((index, partial(compute, job.work, job.seed, _chunk(job, index))) for index in missing)
    yield from _finished(client, f"{job.name}-{job.fingerprint[:16]}", calls)


def _chunk(job: Job, index: int) -> list[tuple[str, Any]]:
    return [(key, job.tasks[key]) for key in job.chunks[index]]


@contextmanager
def spread(
    where: Where, progress: Progress | None = None, take: Taker | None = None
) -> Iterator[Mapper]:
    """Lend a map over tasks that runs there; results come in the order of the tasks.

    For work whose results are no rows of a table: a run that is killed begins anew.

    Parameters
    ----------
    take : given the index of a task and its result as soon as it is there, whatever the order.
    """
    tell = progress or (lambda _done, _of: None)
    give = take or (lambda _index, _result: None)

    def told(finished: Iterable[tuple[int, R]], count: int) -> Iterator[tuple[int, R]]:
        for done, pair in enumerate(finished, start=1):
            give(*pair)
            tell(done, count)
            yield pair

    def mapped(work: Callable[[T], R], tasks: Sequence[T], /) -> Iterable[R]:
        calls = ((index, partial(work, task)) for index, task in enumerate(tasks))
        finished = start(f"task-{uuid.uuid4().hex}", calls)
        return [result for _, result in sorted(told(finished, len(tasks)), key=_index)]

    with ExitStack() as stack:
        start = _here
        if where.workers or where.scheduler:
            start = partial(_finished, stack.enter_context(_cluster(where)))
        yield mapped


def _here(_name: str, calls: Iterator[tuple[int, Callable[[], R]]]) -> Iterator[tuple[int, R]]:
    """Results one after another, in this process."""
    return ((index, call()) for index, call in calls)


def _index(pair: tuple[int, Any]) -> int:
    return pair[0]


def _finished(
    client: Any, name: str, calls: Iterator[tuple[int, Callable[[], R]]]
) -> Iterator[tuple[int, R]]:
    """Results as they come; only so much is sent ahead that workers never wait."""
    distributed = _extra("distributed")

    def submit(index: int, call: Callable[[], R]) -> Any:
        return client.submit(call, key=f"{name}-{index}", pure=False)

    ahead = _IN_FLIGHT * max(1, sum(client.nthreads().values()))
    finished = distributed.as_completed([submit(*c) for c in itertools.islice(calls, ahead)])
    for future in finished:
        try:
            result = future.result()
        except distributed.KilledWorker as error:
            raise ScaleError(
                f"{name}: the worker died each time it ran {future.key}: {error}\n"
                "Finished parts are kept; give workers more memory and run the same again."
            ) from None
        for call in itertools.islice(calls, 1):
            finished.add(submit(*call))
        yield int(future.key.rpartition("-")[2]), result
        future.release()


def _extra(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        raise ScaleError(
            "--workers and --scheduler need Dask: pip install 'paramgen[scale]'"
        ) from None


@contextmanager
def _cluster(where: Where) -> Iterator[Any]:
    """A client of the scheduler named, or of a cluster that lives as long as the block."""
    dask, distributed = _extra("dask"), _extra("distributed")
    with ExitStack() as stack:
        if where.scheduler:
            yield stack.enter_context(_remote(distributed, where.scheduler))
            return
        # Nothing to look at, and nothing that listens beyond this machine.
        quiet = {
            "distributed.scheduler.allowed-failures": _DEATHS,
            "distributed.scheduler.http.routes": [],
            "distributed.worker.http.routes": [],
            "distributed.nanny.http.routes": [],
        }
        stack.enter_context(dask.config.set(quiet))
        scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="paramgen-"))
        cluster = distributed.LocalCluster(
            n_workers=where.workers,
            threads_per_worker=1,
            processes=True,
            host=_LOOPBACK,
            dashboard_address=f"{_LOOPBACK}:0",
            worker_dashboard_address=None,
            local_directory=scratch,
            silence_logs=50,
        )
        stack.enter_context(cluster)
        yield stack.enter_context(distributed.Client(cluster))


@contextmanager
def _remote(distributed: Any, address: str) -> Iterator[Any]:
    try:
        client = distributed.Client(address, timeout=_CONNECT)
    except (OSError, ValueError) as error:
        raise ScaleError(
            f"--scheduler {address}: {error}\nIt takes the address of a running dask scheduler, "
            "such as tcp://10.0.0.5:8786."
        ) from None
    with client:
        versions = client.run(_versions)
        odd = {worker: found for worker, found in versions.items() if found != _versions()}
        if odd:
            raise ScaleError(
                f"--scheduler {address}: workers run other versions, so results could differ: "
                f"{odd}; here {_versions()}."
            )
        yield client


def _versions() -> dict[str, str]:
    """What decides the bytes of a result; compared between here and every worker."""
    return {"paramgen": __version__, "numpy": np.__version__, "pyarrow": pa.__version__}


def _write_part(path: Path, schema: pa.Schema, rows: Sequence[Row]) -> None:
    table = pa.Table.from_pylist([dict(row) for row in rows], schema=schema)
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    write_whole(path, sink.getvalue().to_pybytes())


def _compact(schema: pa.Schema, parts: Sequence[Path], out: Path) -> None:
    with (
        whole_file(out) as temporary,
        pq.ParquetWriter(temporary, schema, compression="zstd") as writer,
    ):
        for part in parts:
            writer.write_table(pq.read_table(part, schema=schema))
