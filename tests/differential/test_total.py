"""Runs last in this folder: the number of comparisons made by the files before it."""

import pytest

from tests.differential.conftest import ALL, LEAST


def test_at_least_two_hundred_thousand_comparisons_were_made(comparisons):
    if comparisons.keys() != ALL:
        pytest.skip("a part of the folder was selected")
    assert comparisons.total() >= LEAST, dict(comparisons)
