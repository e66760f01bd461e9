"""What the documents say of the repository is so."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = sorted((ROOT / "docs").glob("*.md"))
# Not a module: those are named with their path.
NAMED = re.compile(r"(?<![\w/])(test\w*_\w+)\b(?!\.py)")
DEFINED = re.compile(r"(?:def|function) (test\w+)\(")


def defined_tests() -> set[str]:
    sources = [*ROOT.glob("tests/**/*.py"), *ROOT.glob("tests/**/*.sol")]
    return {name for path in sources for name in DEFINED.findall(path.read_text("utf-8"))}


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_every_test_that_a_page_names_exists(page):
    named = set(NAMED.findall(page.read_text("utf-8")))
    assert named <= defined_tests(), named - defined_tests()


def test_pages_do_name_tests():
    assert any(NAMED.search(page.read_text("utf-8")) for page in DOCS)
