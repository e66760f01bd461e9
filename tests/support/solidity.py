"""Selectors of an interface as the compiler gives them, from a package's own source."""

from __future__ import annotations

import json
import re
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOLC = ROOT / ".toolchain" / "solc-v0.8.34"
PACKAGES = ROOT / "node_modules"
_IMPORT = re.compile(r"""import\s+(?:[^'";]*\sfrom\s+)?['"]([^'"]+)['"]\s*;""")
_MAPPED = {"openzeppelin-contracts/": "@openzeppelin/"}


@cache
def selectors(file: str, contract: str) -> dict[str, str]:
    """Selector by signature, of a contract or interface in a file of a package."""
    settings = {"outputSelection": {"*": {"*": ["evm.methodIdentifiers"]}}}
    request = {"language": "Solidity", "sources": _sources(file), "settings": settings}
    done = subprocess.run(  # noqa: S603 - the toolchain's own compiler
        [str(SOLC), "--standard-json"], input=json.dumps(request), capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    output = json.loads(done.stdout)
    errors = [each for each in output.get("errors", ()) if each["severity"] == "error"]
    assert not errors, errors[0]["formattedMessage"]
    return dict(output["contracts"][file][contract]["evm"]["methodIdentifiers"])


def _sources(first: str) -> dict[str, dict[str, str]]:
    """The file and everything that it imports, by path within the packages."""
    found: dict[str, dict[str, str]] = {}
    ahead = [first]
    while ahead:
        name = ahead.pop()
        if name in found:
            continue
        text = (PACKAGES / _mapped(name)).read_text("utf-8")
        found[name] = {"content": text}
        ahead += [_resolved(name, path) for path in _IMPORT.findall(text)]
    return found


def _resolved(importer: str, path: str) -> str:
    if not path.startswith("."):
        return path
    base = Path("/") / Path(importer).parent / path
    return str(Path(*base.parts[1:]).as_posix()) if ".." not in base.parts else _collapsed(base)


def _collapsed(path: Path) -> str:
    parts: list[str] = []
    for part in path.parts[1:]:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def _mapped(name: str) -> str:
    for prefix, target in _MAPPED.items():
        if name.startswith(prefix):
            return name.replace(prefix, target, 1)
    return name
