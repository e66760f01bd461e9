"""What the documents say of the repository is so."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = sorted((ROOT / "docs").glob("*.md"))
# Not a module: those are named with their path.
NAMED = re.compile(r"(?<![\w/])((?:test|invariant|check)\w*_\w+)\b(?!\.py)")
DEFINED = re.compile(r"(?:def|function) ((?:test|invariant|check)\w+)\(")
BY_FILE = re.compile(r"`(\w+(?:\.t\.sol|\.py))`: ((?:`\w+`(?:, )?)+)")
SOURCES = [*ROOT.glob("tests/**/*.py"), *ROOT.glob("tests/**/*.sol")]


def defined_tests(*, file: str | None = None) -> set[str]:
    paths = [path for path in SOURCES if file in (None, path.name)]
    return {name for path in paths for name in DEFINED.findall(path.read_text("utf-8"))}


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_every_test_that_a_page_names_exists(page):
    named = set(NAMED.findall(page.read_text("utf-8")))
    assert named <= defined_tests(), named - defined_tests()


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_every_test_stands_in_the_file_that_a_page_names(page):
    for file, names in BY_FILE.findall(page.read_text("utf-8")):
        named = set(re.findall(r"\w+", names))
        assert named <= defined_tests(file=file), (file, named - defined_tests(file=file))


def test_pages_do_name_tests():
    assert any(NAMED.search(page.read_text("utf-8")) for page in DOCS)


def test_every_fault_of_applying_names_the_test_that_injects_it():
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    table = page.partition("| fault | ")[2].partition("\n\n")[0]
    rows = [line for line in table.splitlines()[2:] if line.startswith("|")]
    assert len(rows) > 20
    assert all(NAMED.search(row.rsplit("|", 2)[1]) for row in rows)
