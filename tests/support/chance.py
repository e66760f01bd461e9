"""Random cases that are the same in every run."""

import math
import os
from random import Random

QUICK_COMPARISONS = 200_000


def comparisons_asked() -> int:
    """How many comparisons of mirror and bytecode to make: COMPARISONS, or the quick number."""
    return int(os.environ.get("COMPARISONS", QUICK_COMPARISONS))


def scaled(batches: int) -> int:
    """The batches that the number of comparisons asked for takes, given those of the quick one."""
    return math.ceil(batches * max(comparisons_asked(), QUICK_COMPARISONS) / QUICK_COMPARISONS)


def seeded(seed: int | str) -> Random:
    """A generator of test cases; nothing here is secret."""
    return Random(seed)  # noqa: S311
