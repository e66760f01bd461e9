"""Say in Markdown what a review or a deployment came to, and fail where it came to nothing.

    python tools/ci/summary.py FOLDER [--applied]

What it prints is the last thing in the log and the summary of the run. Only our own commands'
documents are read, and of these only what is named here.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any


def read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_bytes())
    return document


def reviewed(folder: Path) -> tuple[list[str], bool]:
    """What would change, and whether the copy of the network ended as the book wants it."""
    planned, rehearsed = read(folder / "planned.json"), read(folder / "rehearsed.json")
    changes = len(planned["plan"]["changes"])
    steps = len(planned["steps"])
    lines = [
        f"## {planned['network']} at block {planned['block']}",
        "",
        f"- artefact `{planned['artefact']}`",
        f"- {changes} fields change; {steps} transactions come before the batch",
        f"- on a copy of the network: {outcome(rehearsed)}",
    ]
    return lines, rehearsed["status"] in ("applied", "nothing to do")


def applied(folder: Path) -> tuple[list[str], bool]:
    """What was sent, and whether another process then finds nothing left to do."""
    done, again = read(folder / "applied.json"), read(folder / "read-back.json")
    left = len(again["plan"]["changes"]) + len(again["steps"])
    lines = [
        f"## {done['network']}: {outcome(done)}",
        "",
        f"- artefact `{done['artefact']}`",
        *(f"- {sent['step']}: `{sent['transaction']}`" for sent in done["transactions"]),
        f"- read back at block {again['block']}: {again['status']}"
        + (f", {left} left" if left else ""),
    ]
    return lines, again["status"] == "nothing to do"


def outcome(document: dict[str, Any]) -> str:
    if document["status"] != "applied":
        return str(document["status"])
    sent, fields = len(document["transactions"]), document["verified_fields"]
    return f"applied in {sent} transactions, {fields} fields read back equal"


def main(arguments: list[str]) -> int:
    folder = Path(arguments[0])
    lines, whole = applied(folder) if "--applied" in arguments[1:] else reviewed(folder)
    text = "\n".join(lines) + "\n"
    print(text)
    if page := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(page).open("a", encoding="utf-8") as file:
            file.write(text)
    return 0 if whole else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
