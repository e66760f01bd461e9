"""The example book on Morpho Blue's own bytecode: from the book to what the venue reads and does.

The story is `examples/venues/morpho.py`, run once; each test holds one of its steps. What Morpho
does on each verdict is tested in `tests/foundry/venues`; here every expected number comes from the
compiled book through the mirrors, and the whole way is Python's.
"""

import pytest

from examples.venues import morpho
from tests.e2e.conftest import run_story

STEPS = ("list", "lend", "accrue", "silence", "pause", "review", "liquidate")


@pytest.fixture(scope="module")
def told(anvil, tmp_path_factory):
    """Every check of the story, by step."""
    return run_story(morpho.story, anvil, tmp_path_factory.mktemp("morpho"))


def test_the_story_has_these_steps_and_no_other(told):
    assert tuple(told) == STEPS


@pytest.mark.parametrize("step", STEPS)
def test_morpho_reads_and_does_what_the_book_and_the_mirrors_say(told, step):
    assert told[step]
    for check in told[step]:
        assert check.on_chain == check.expected, check.what
