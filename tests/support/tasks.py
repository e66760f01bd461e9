"""Tasks for the scale-out tests: of a module, so that a worker finds them by name."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from paramgen.edge.scale import Job


@dataclass(frozen=True)
class Square:
    """A result that is no row of a table."""

    of: int
    values: NDArray[np.float64]
    spread: tuple[float, float] = (0.0, math.inf)


def square(argument: tuple[int, Path]) -> Square:
    """Square a number, and leave a trace of having done it."""
    number, trace = argument
    with trace.open("a") as file:
        file.write(f"{number}\n")
    return Square(number, np.array([number, number**2 / 3.0, math.nan]))


SCHEMA = pa.schema(
    [("key", pa.string()), ("draw", pa.int32()), ("value", pa.float64())],
    metadata={"label": "of a test"},
)


def draw(argument: Mapping[str, float], seed: np.random.SeedSequence) -> list[dict[str, object]]:
    """Three draws of the task's own generator, after a while."""
    time.sleep(argument["seconds"])
    values = argument["scale"] * np.random.default_rng(seed).standard_normal(3)
    return [{"key": argument["key"], "draw": i, "value": v} for i, v in enumerate(values.tolist())]


def fail(argument: object, seed: np.random.SeedSequence) -> list[dict[str, object]]:
    """A task that cannot be done."""
    raise ValueError(f"no such thing as {argument} at {seed.entropy}")


def job(count: int = 24, seconds: float = 0.0, seed: int = 7, identity: str = "one") -> Job:
    """Tasks whose keys sort in another order than they are made in."""
    keys = [f"task-{(17 * i) % count:03d}" for i in range(count)]
    tasks = {key: {"key": key, "scale": 2.0, "seconds": seconds} for key in keys}
    return Job("draws", draw, tasks, SCHEMA, seed, {"inputs": identity}, chunk=2)
