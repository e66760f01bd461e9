"""The figures of docs/targets.md are those that the code gives."""

from pathlib import Path

from tests.support.venue_errors import rows

PAGE = Path(__file__).parents[3] / "docs" / "targets.md"


def test_the_page_shows_the_errors_that_are_computed():
    text = PAGE.read_text("utf-8")
    for row in rows():
        assert row in text
