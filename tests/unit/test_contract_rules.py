"""What every contract keeps to, and no compiler demands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CONTRACTS = Path(__file__).resolve().parents[2] / "contracts"
SOURCES = sorted(path for path in CONTRACTS.rglob("*.sol") if "mocks" not in path.parts)
COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)
FORBIDDEN = {
    "tx.origin": r"\btx\s*\.\s*origin\b",
    "an upgrade path": r"\bdelegatecall\b|\bcallcode\b|\b(?:ERC1967|UUPS|Initializable|\w+Proxy)\b",
    "selfdestruct": r"\bselfdestruct\b",
    "a reason in words": r"\brequire\s*\(|\brevert\s*\(\s*\"",
}
NAMED_ELSEWHERE = {
    "E_IRMUpdateUnauthorized": "Euler's own error",
    "Immutable": "there is no setter, whatever is given",
}
STORED_LISTS = {("adapters/MorphoAccrual.sol", "_markets"): "MAX_MARKETS"}


def code_of(path: Path) -> str:
    return COMMENT.sub("", path.read_text("utf-8"))


@pytest.mark.parametrize("rule", FORBIDDEN)
@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_contract_has_what_none_may_have(path, rule):
    # In assembly a revert takes memory, and no words.
    assert not re.search(FORBIDDEN[rule], code_of(path))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_every_error_says_with_what(path):
    bare = set(re.findall(r"\berror (\w+)\(\s*\);", code_of(path)))
    assert bare <= NAMED_ELSEWHERE.keys()


def test_the_only_list_in_storage_is_bounded():
    """A loop over what a caller brings ends with its gas; one over what others add would not."""
    stored = {
        (str(path.relative_to(CONTRACTS)), name)
        for path in SOURCES
        for name in re.findall(r"\[\]\)? (?:private|internal|public) (\w+);", code_of(path))
    }
    assert stored == STORED_LISTS.keys()
    for (file, _), bound in STORED_LISTS.items():
        assert re.search(rf"\.length == {bound}\) revert", code_of(CONTRACTS / file))
