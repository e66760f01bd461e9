"""The core opens no file, reads no clock and keeps no state; import-linter sees imports alone."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2] / "paramgen"
CORE = [
    path
    for part in (
        "book",
        "model",
        "params",
        "compiler",
        "mirror",
        "calibrate",
        "scenarios",
        "backtest",
        "report",
        "proposal",
        "targets",
    )
    for path in sorted((ROOT / part).rglob("*.py"))
] + [
    ROOT / f"{name}.py"
    for name in (
        "errors",
        "units",
        "encode",
        "artefact",
        "difference",
        "plan",
        "saved_plan",
        "wording",
    )
]
FORBIDDEN_CALLS = {"open", "print", "input", "exec", "eval", "__import__"}
FORBIDDEN_METHODS = {
    "now", "today", "utcnow", "time_ns", "monotonic", "perf_counter", "read_text", "read_bytes",
    "write_text", "write_bytes", "getenv", "urandom",
}  # fmt: skip
FORBIDDEN_MODULES = {"os", "time", "pathlib", "random", "secrets", "subprocess", "socket", "sys"}


@pytest.mark.parametrize("path", CORE, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_core_is_pure(path):
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in FORBIDDEN_CALLS, f"{path}:{node.lineno}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            assert node.func.attr not in FORBIDDEN_METHODS, f"{path}:{node.lineno}"
        if isinstance(node, ast.Import):
            assert not {alias.name.split(".")[0] for alias in node.names} & FORBIDDEN_MODULES
        if isinstance(node, ast.ImportFrom):
            assert (node.module or "").split(".")[0] not in FORBIDDEN_MODULES
        assert not isinstance(node, ast.Global), f"{path}:{node.lineno}"


def test_the_core_is_where_it_is_thought_to_be():
    assert len(CORE) > 30
