"""Real histories and reference cases beside the repository; absent data skips, with the reason."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def needed(relative: str) -> Path:
    """The path of a shared file, or a skip that names it."""
    path = DATA / relative
    if not path.exists():
        pytest.skip(f"real data absent: ../shared/data/{relative}")
    return path


def reference_case(identifier: str) -> dict[str, Any]:
    """One of the public numeric reference cases: `in`, `out`, `src`."""
    return _cases(needed("refcases/public.json"))[identifier]


@cache
def _cases(path: Path) -> dict[str, dict[str, Any]]:
    return {case["id"]: case for case in json.loads(path.read_text())}
