"""What every benchmark here is made of: two ways to one result, timed in turns."""

from __future__ import annotations

import gc
import os
import platform
import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from time import process_time

TURNS = 5


@dataclass(frozen=True)
class Result:
    """One figure with the bound that it is held to.

    Parameters
    ----------
    name : what it is a figure of. value : the figure. bound : what is asked of it.
    met : whether it is. spread : the least and the largest turn, where there were several.
    """

    name: str
    value: float
    bound: str
    met: bool
    spread: str = ""


def timed(task: Callable[[], object], clock: Callable[[], float] = process_time) -> float:
    """Seconds that a task takes, of this process's processor by default."""
    gc.collect()
    start = clock()
    task()
    return clock() - start


def ratios(
    fast: Callable[[], object],
    slow: Callable[[], object],
    *,
    scale: float = 1.0,
    turns: int = TURNS,
    clock: Callable[[], float] = process_time,
) -> list[float]:
    """How many times as long the slow way takes, once a turn, both ways in each turn.

    `scale` is how many times the fast way's work the slow way's is. Each way runs once before, so
    that neither is charged for compiling.
    """
    fast()
    return [timed(slow, clock) / scale / timed(fast, clock) for _ in range(turns)]


def ratio(name: str, found: Iterable[float], asked: float) -> Result:
    """The median of some ratios, with their range, held to a least one."""
    values = sorted(found)
    middle = statistics.median(values)
    spread = f"{values[0]:.3g} to {values[-1]:.3g}"
    return Result(name, middle, f"≥ {asked:g}", middle >= asked, spread)


def require(equal: bool) -> None:
    """Stop where the two ways differ.

    Raises
    ------
    RuntimeError : they do.
    """
    if not equal:
        raise RuntimeError("the two ways do not give one result")


def spaced(number: int) -> str:
    """A count with its thousands apart."""
    return f"{number:_}".replace("_", " ")


def machine() -> list[str]:
    """The machine and the versions, one a line."""
    packages = ("numpy", "numba", "scipy", "pyrevm", "QuantLib", "dask")
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return [
        f"{os.cpu_count()} × {_processor()}",
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        versions,
    ]


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    if facts.exists():
        for line in facts.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "processor of unknown name"
