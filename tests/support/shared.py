"""The public numeric reference cases beside the repository."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from tests.support.histories import needed


def reference_case(identifier: str) -> dict[str, Any]:
    """One case: `in`, `out`, `src`; a skip where they are absent."""
    return _cases(needed("refcases/public.json"))[identifier]


@cache
def _cases(path: Path) -> dict[str, dict[str, Any]]:
    return {case["id"]: case for case in json.loads(path.read_text())}
