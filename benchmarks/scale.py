"""Two workers against one, on a simulation of about a minute; the bytes are compared too.

From the shell: `python -m benchmarks.scale [SECONDS]`. Times are of the clock, the start of the
workers included, so that other work on the machine counts against the ratio.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from benchmarks.measure import Result
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
        one, two = _timed(job, alone, 1), _timed(job, together, 2)
        same = alone.read_bytes() == together.read_bytes()
    load = os.getloadavg()[0]
    name = f"one worker over two, {one:.0f} s, {os.cpu_count()} cores at load {load:.1f}"
    return [
        Result(name, one / two, "≥ 1.7", one / two >= RATIO),
        Result("the same bytes", float(same), "= 1", same),
    ]


def _timed(job: Job, out: Path, workers: int) -> float:
    began = time.perf_counter()
    run_job(job, out, Where(workers=workers))
    return time.perf_counter() - began


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
    compute(simulate, SEED, [(key, trial)])
    began = time.process_time()
    compute(simulate, SEED, [(key, trial)])
    blocks = max(4, round(seconds / (time.process_time() - began)))
    tasks = {f"{at:06d}": replace(trial, first=at * _BLOCK) for at in range(blocks)}
    return Job("scale-bench", simulate, tasks, SCHEMA, SEED, {"inputs": "example book"}, chunk=4)


if __name__ == "__main__":
    for found in run(float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS):
        verdict = "met" if found.met else "MISSED"
        print(f"{found.name}: {found.value:.4g} (bound {found.bound}, {verdict})")
