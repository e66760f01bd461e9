"""Random cases that are the same in every run."""

from random import Random


def seeded(seed: int | str) -> Random:
    """A generator of test cases; nothing here is secret."""
    return Random(seed)  # noqa: S311
