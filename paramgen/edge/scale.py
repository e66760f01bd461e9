"""Many independent tasks: in this process, on an embedded cluster, or on a Dask scheduler.

A task's draws come from its own key, and results are ordered by key, so that the same bytes come
out whoever ran what, and when. What is finished is kept as parts (`paramgen.edge.parts`); a run
that is killed goes on from them, and a worker that dies loses only what it had not yet handed over.
"""

from __future__ import annotations

import hashlib
import importlib
import itertools
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
from paramgen.edge.files import whole_file
from paramgen.edge.parts import Parts, discard, fingerprint
from paramgen.edge.plain import Codec, codec_of
from paramgen.errors import InvalidInputError, ParamgenError

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
            "work": _name(self.work),
            "versions": _versions(),
            "seed": self.seed,
            "identity": dict(self.identity),
            "chunk": self.chunk,
            "keys": sorted(self.tasks),
            "schema": self.schema.to_string(show_schema_metadata=True),
        }
        return fingerprint(told)


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
    folder = out.with_name(f"{out.name}.parts")
    parts = Parts(folder, job.fingerprint, ".parquet")
    table = partial(_table, schema=job.schema)
    names = [_part_name(index) for index in range(len(job.chunks))]
    missing = [index for index, name in enumerate(names) if parts.read(name, table) is None]
    found = len(names) - len(missing)
    tell = progress or (lambda _done, _of: None)
    tell(found, len(names))
    with ExitStack() as stack:
        for done, (index, rows) in enumerate(_computed(job, missing, where, stack), start=1):
            parts.write(names[index], _part(job.schema, rows))
            tell(found + done, len(names))
    _compact(job.schema, Parts(folder, job.fingerprint, ".parquet"), names, out)
    discard(folder)
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


@dataclass(frozen=True)
class Kept:
    """Where finished results are kept while a job runs, and what they are made from.

    Attributes
    ----------
    folder : for the parts, beside the output; it is gone once the job has ended whole.
    identity : hashes of the inputs, and the options: parts of another identity are never taken.
    """

    folder: Path
    identity: Mapping[str, str]

    def parts(self, work: Callable[..., Any], order: int, count: int) -> Parts:
        """Return the parts of one map: of so many tasks, and how manieth of the job."""
        told = {
            "work": _name(work.func if isinstance(work, partial) else work),
            "order": order,
            "count": count,
            "versions": _versions(),
            "identity": dict(self.identity),
        }
        return Parts(self.folder, fingerprint(told), ".json")


@dataclass
class _Results:
    """The results of one map: those kept from a run before, and each as it comes."""

    parts: Parts | None
    codec: Codec | None
    count: int
    take: Taker
    tell: Progress
    found: dict[int, Any] = field(default_factory=dict)

    def read(self) -> None:
        """Take what a run before has finished."""
        if self.parts is None or self.codec is None:
            return
        for index in range(self.count):
            result = self.parts.read(_part_name(index), self.codec.decode)
            if result is not None:
                self.found[index] = result
                self.take(index, result)
        self.tell(len(self.found), self.count)

    def add(self, index: int, result: object) -> None:
        """Keep one result; told to have been done only when it is kept."""
        if self.parts is not None and self.codec is not None:
            self.parts.write(_part_name(index), self.codec.encode(result))
        self.found[index] = result
        self.take(index, result)
        self.tell(len(self.found), self.count)


@contextmanager
def spread(
    where: Where,
    progress: Progress | None = None,
    take: Taker | None = None,
    kept: Kept | None = None,
) -> Iterator[Mapper]:
    """Lend a map over tasks that runs there; results come in the order of the tasks.

    For work whose results are no rows of a table. Maps are told apart by their order and their
    work, so that a job that is started again has to make the same ones.

    Parameters
    ----------
    take : given the index of a task and its result as soon as it is there, whatever the order.
    kept : where results are kept, so that a run that is killed goes on from them; without it, it
        begins anew. What the work says it returns must be a dataclass or a model.
    """
    tell = progress or (lambda _done, _of: None)
    give = take or (lambda _index, _result: None)
    order = itertools.count()

    def mapped(work: Callable[[T], R], tasks: Sequence[T], /) -> Iterable[R]:
        parts = None if kept is None else kept.parts(work, next(order), len(tasks))
        codec = None if kept is None else codec_of(work)
        results = _Results(parts, codec, len(tasks), give, tell)
        results.read()
        missing = [index for index in range(len(tasks)) if index not in results.found]
        calls = ((index, partial(work, tasks[index])) for index in missing)
        for index, result in start(f"task-{uuid.uuid4().hex}", calls) if missing else ():
            results.add(index, result)
        return [results.found[index] for index in range(len(tasks))]

    with _discarding(kept), ExitStack() as stack:
        start = _here
        if where.workers or where.scheduler:
            start = partial(_finished, stack.enter_context(_cluster(where)))
        yield mapped


@contextmanager
def _discarding(kept: Kept | None) -> Iterator[None]:
    """Remove the parts at the end: of what ended whole, or was refused and will be another job."""
    folder = None if kept is None else kept.folder
    try:
        yield
    except InvalidInputError:
        discard(folder)
        raise
    discard(folder)


def _name(work: Callable[..., Any]) -> str:
    return f"{work.__module__}.{work.__qualname__}"


def _part_name(index: int) -> str:
    return f"part-{index:06d}"


def _here(_name: str, calls: Iterator[tuple[int, Callable[[], R]]]) -> Iterator[tuple[int, R]]:
    """Results one after another, in this process."""
    return ((index, call()) for index, call in calls)


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


def _part(schema: pa.Schema, rows: Sequence[Row]) -> bytes:
    sink = pa.BufferOutputStream()
    table = pa.Table.from_pylist([dict(row) for row in rows], schema=schema)
    pq.write_table(table, sink, compression="zstd")
    return bytes(sink.getvalue())


def _table(content: bytes, schema: pa.Schema) -> pa.Table:
    return pq.read_table(pa.BufferReader(content), schema=schema)


def _compact(schema: pa.Schema, parts: Parts, names: Sequence[str], out: Path) -> None:
    table = partial(_table, schema=schema)
    with (
        whole_file(out) as temporary,
        pq.ParquetWriter(temporary, schema, compression="zstd") as writer,
    ):
        for name in names:
            found = parts.read(name, table)
            if found is None:
                raise ScaleError(
                    f"{parts.home}: {name} was changed while the job ran; run it again."
                )
            writer.write_table(found)
