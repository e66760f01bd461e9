"""Counts what is compared, so that the suite cannot shrink unseen."""

from collections import Counter

import pytest

ALL = {
    "governed rate",
    "immutable rate",
    "decay factor",
    "verdict",
    "steward",
    "venue",
    "replay",
    "swap",
}


class Comparisons(Counter):
    """How often a result of a contract was compared with the mirror's, by kind."""

    def add(self, kind: str, number: int) -> None:
        self[kind] += number


@pytest.fixture(scope="session")
def comparisons() -> Comparisons:
    return Comparisons()
