"""Runs last in this folder: the number of comparisons made by the files before it."""

import pytest

from tests.differential.conftest import ALL
from tests.support.chance import comparisons_asked


def test_as_many_comparisons_were_made_as_asked(comparisons):
    if comparisons.keys() != ALL:
        pytest.skip("a part of the folder was selected")
    print(comparisons.total(), dict(comparisons))  # noqa: T201
    assert comparisons.total() >= comparisons_asked(), dict(comparisons)
