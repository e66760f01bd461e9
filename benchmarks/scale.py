"""Two workers against one, on a simulation of about a minute, to the same bytes.

Times are of the clock, the start of the workers included, so that other work on the machine counts
against the ratio; its load is told beside it.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import perf_counter

from benchmarks.measure import Result, ratio, require, timed
from paramgen.backtest.simulate import simulate
from paramgen.backtest.trials import Plan, trials
from paramgen.cli.simulate import SCHEMA
from paramgen.edge.load import load_book
from paramgen.edge.scale import Job, Where, compute
from paramgen.edge.scale import run as run_job

BOOK = Path(__file__).resolve().parents[1] / "examples" / "rwa" / "book.yaml"
SECONDS = 60.0
SEED = 1
RATIO = 1.7
_ASSET = "firex-hash-power"
_BLOCK = 10


def run(seconds: float = SECONDS) -> list[Result]:
    """Measure, and hold the ratio to its bound."""
    job = _job(seconds)
    with tempfile.TemporaryDirectory() as folder:
        alone, together = (Path(folder) / f"{workers}.parquet" for workers in (1, 2))
        one, two = (
            timed(partial(run_job, job, out, Where(workers=workers)), perf_counter)
            for workers, out in ((1, alone), (2, together))
        )
        same = alone.read_bytes() == together.read_bytes()
    require(same)
    load = os.getloadavg()[0]
    name = f"one worker over two, {one:.0f} s, {os.cpu_count()} cores at load {load:.1f}"
    return [ratio(name, [one / two], RATIO)]


def _job(seconds: float) -> Job:
    """As many paths as one worker simulates in about so long."""
    loaded = load_book(BOOK)
    plan = Plan(
        policies={loaded.policy.name: loaded},
        assets=(_ASSET,),
        scenarios={},
        paths=_BLOCK,
        block=_BLOCK,
        seconds=90 * 86_400,
        reset_after=86_400,
        seed=SEED,
    )
    ((key, trial),) = trials(plan).items()
    once = partial(compute, simulate, SEED, [(key, trial)])
    once()
    blocks = max(4, round(seconds / timed(once)))
    tasks = {f"{at:06d}": replace(trial, first=at * _BLOCK) for at in range(blocks)}
    return Job("scale-bench", simulate, tasks, SCHEMA, SEED, {"inputs": "example book"}, chunk=4)
