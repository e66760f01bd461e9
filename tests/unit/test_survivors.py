"""The triage of surviving mutants is of code that still exists, and gives each a reason."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TRIAGE = ROOT / "tests" / "mutation" / "survivors.toml"
SURVIVORS = tomllib.loads(TRIAGE.read_text("utf-8"))["survivor"]
KINDS = {"equivalent", "unreachable", "accepted"}


def squeezed(text):
    return re.sub(r"\s+", " ", text).strip()


@pytest.mark.parametrize("survivor", SURVIVORS, ids=lambda s: f"{s['function']}:{s['after']}"[:60])
def test_what_a_survivor_changed_is_still_there(survivor):
    source = (ROOT / survivor["file"]).read_text("utf-8")
    assert survivor["before"] in squeezed(source)
    assert survivor["before"] != survivor["after"]


@pytest.mark.parametrize("survivor", SURVIVORS, ids=lambda s: f"{s['function']}:{s['after']}"[:60])
def test_a_survivor_has_a_kind_and_a_reason(survivor):
    assert survivor["kind"] in KINDS
    assert survivor["why"].strip()
