"""Run slither on the Foundry project and hold its findings against the triage.

Slither passes vacuously where it is given nothing: the run fails unless it saw each of our
contracts by name. A finding is known by its detector and by what it names, without line numbers.
One without a reason in `tools/slither-triage.yaml`, and a reason without a finding, fail.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
PROVERS = ROOT / ".toolchain" / "proofs" / "bin"
BUILD = ROOT / ".build" / "analyse"
TRIAGE = ROOT / "tools" / "slither-triage.yaml"
Finding = tuple[str, str]


def ours() -> set[str]:
    """The contracts and libraries that slither must have seen."""
    files = [f for f in (ROOT / "contracts").rglob("*.sol") if "mocks" not in f.parts]
    declaration = re.compile(r"^(?:abstract )?(?:contract|library|interface) (\w+)", re.M)
    return {name for f in files for name in declaration.findall(f.read_text(encoding="utf-8"))}


def run(command: list[str | Path], **variables: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join((str(PROVERS), str(ROOT / "node_modules" / ".bin"), os.environ["PATH"]))
    environment = os.environ | {"FOUNDRY_PROFILE": "analyse", "PATH": path} | variables
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def analyse() -> dict[str, Any]:
    """Build anew, so that the build information is whole, and let slither read it."""
    shutil.rmtree(BUILD, ignore_errors=True)
    built = run(
        [ROOT / "node_modules" / ".bin" / "forge", "build", "--ast", "--skip", "*/mocks/**"]
    )
    if built.returncode:
        sys.exit(built.stdout + built.stderr)
    report = BUILD / "slither.json"
    ran = run(
        [
            PROVERS / "slither",
            ".",
            "--ignore-compile",
            "--foundry-out-directory",
            str(BUILD / "out"),
            "--foundry-build-info-directory",
            str(BUILD / "build-info"),
            "--filter-paths",
            "node_modules",
            "--json",
            str(report),
        ]
    )
    if not report.exists():
        sys.exit(ran.stdout + ran.stderr)
    answer: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    if not answer["success"]:
        sys.exit(answer["error"])
    analysed = re.search(r"analyzed \((\d+) contracts", ran.stdout + ran.stderr)
    number, given = int(analysed[1]) if analysed else 0, built_contracts()
    unseen = ours() - given
    if unseen or number < len(given):
        sys.exit(f"slither saw {number} of {len(given)} contracts; not built: {sorted(unseen)}")
    print(f"slither saw {number} contracts, all {len(ours())} of ours among them")
    return answer


def built_contracts() -> set[str]:
    """The contracts in the build information, which is all that slither reads."""
    outputs = (
        json.loads(f.read_text(encoding="utf-8"))["output"]
        for f in (BUILD / "build-info").glob("*.json")
    )
    return {name for output in outputs for file in output["contracts"].values() for name in file}


def findings(answer: dict[str, Any]) -> set[Finding]:
    """Detector and named element of each finding."""
    detected = answer["results"].get("detectors", [])
    return {(d["check"], _place(d["elements"][0]) if d["elements"] else "") for d in detected}


def _place(element: dict[str, Any]) -> str:
    """Contract.function, or what else the element names."""
    if element["type"] in ("pragma", "node"):
        element = element["type_specific_fields"].get("parent", {"type": "", "name": "pragma"})
    parent = element.get("type_specific_fields", {}).get("parent")
    return f"{_place(parent)}.{element['name']}" if parent else str(element["name"])


def triaged() -> Iterator[Finding]:
    for group in yaml.safe_load(TRIAGE.read_text(encoding="utf-8")):
        if not group["reason"].strip():
            sys.exit(f"{group['detector']}: a finding needs a reason")
        yield from ((group["detector"], place) for place in group["where"])


def main() -> int:
    found, known = findings(analyse()), set(triaged())
    for detector, place in sorted(found - known):
        print(f"without a reason: {detector} {place}", file=sys.stderr)
    for detector, place in sorted(known - found):
        print(f"no longer found: {detector} {place}", file=sys.stderr)
    print(f"{len(found & known)} findings, each with its reason in {TRIAGE.relative_to(ROOT)}")
    return 0 if found == known else 1


if __name__ == "__main__":
    sys.exit(main())
