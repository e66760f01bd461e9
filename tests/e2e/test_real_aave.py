"""The example book on an Aave V3.6 pool's own code: from the book to what the pool reads and does.

The story is `examples/venues/aave.py`, run once; each test holds one of its steps. What Aave does
on each verdict, and what each departure from the runbook costs, is tested in `tests/aave`; here the
configuration is the target's calls, sent as they stand, and the whole way is Python's.
"""

import pytest

from examples.venues import aave
from tests.e2e.conftest import run_story

STEPS = (
    "list", "configure", "lend", "silence", "pause", "review", "liquidate", "e-mode", "update",
)  # fmt: skip


@pytest.fixture(scope="module")
def told(anvil, tmp_path_factory):
    """Every check of the story, by step."""
    return run_story(aave.story, anvil, tmp_path_factory.mktemp("aave"))


def test_the_story_has_these_steps_and_no_other(told):
    assert tuple(told) == STEPS


@pytest.mark.parametrize("step", STEPS)
def test_aave_reads_and_does_what_the_book_and_the_mirrors_say(told, step):
    assert told[step]
    for check in told[step]:
        assert check.on_chain == check.expected, check.what


def test_the_reserve_is_the_artefacts_field_by_field_at_every_edition_of_the_book(told):
    fields = ("ltv", "liqThreshold", "liqBonus", "debtCeiling", "supplyCap", *aave.RATES)
    for step in ("configure", "liquidate", "update"):
        assert set(fields) <= {check.what for check in told[step]}
