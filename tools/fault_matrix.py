"""Run the fault matrix and write what it found to `docs/fault-matrix.md`."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FOUND = ROOT / ".build" / "fault-matrix"
DOCUMENT = ROOT / "docs" / "fault-matrix.md"
MATRIX = "tests/foundry/faults/FaultMatrix.t.sol"

VERDICTS = {
    "L": "Live",
    "S": "Secondary",
    "C": "Contested",
    "H": "Held",
    "D": "Decaying",
    "X": "Stopped",
    "T": "Tripped",
}
STAGES = (
    "read at once",
    "poked at once",
    "a delay and a round later",
    "beyond T",
    "beyond the maximum age",
    "healed",
)
SHAPES = {
    "primary": "The primary fails beside a healthy secondary",
    "secondary": "The secondary fails beside a healthy primary",
    "both": "Both legs fail",
    "single": "The only leg fails",
}
PREFACE = """\
# The fault matrix

Written by `make fault-matrix` from what `tests/foundry/faults/FaultMatrix.t.sol` found; a test
compares the two. The expected verdicts are one table, `tests/foundry/faults/FaultTable.sol`.

In every cell an hourly feed (band 5 % an hour, tolerance 1 %, T one hour, maximum age a day, call
allowance 120 000 gas) is healthy, recorded, struck, read and poked, poked again a confirmation
delay and a round later, beyond T, every hour until beyond the maximum age, and healed. The
healthy prices are 100 and 100.40, so that a verdict shows whose price it serves.

Live, Secondary, Held and Decaying serve a price; Contested, Stopped and Tripped are declared
pauses, in which each surface reverts with the verdict or, where the deployment says so,
`latestAnswer` gives 0. A cell that ends Tripped is Live again after the guardian's reset. At
every stage of every cell, on both deployments of the flag, the test also holds that

- a price is no older than the maximum age, not from the future, and within the asset's bounds;
- a decaying price is at most last·max(D, floor), and does not rise;
- after a persisted trip there is no price;
- beside a healthy secondary a poked Live price is within the tolerance of it, a Secondary price
  is the secondary's own, and beside a healthy primary every Live price is the primary's own;
- `status`, `latestRoundData`, `latestAnswer`, `lastPrice` and `poke` agree, and
  revert with the verdict or not at all.

A slide is read and poked at each of its steps, before the first column. *Off by* is the fresh
price served that was furthest from the healthy primary's. A slide within the band cannot be told
from a market that moves; what the band lets through is its declared rate ([threat
model](threat-model.md)).
"""
PEERS = """\
## Peers, on the same faults

The primary fails beside a healthy secondary. *try/catch* is the pattern of a `try` around the
primary with a sign and an age check (`tests/foundry/faults/Peers.sol`), cold, with 150 000 and
with 1 000 000 gas supplied: `a or b` means that the caller's gas decides. *Pyth's adapter* is
`PythAggregatorV3` of `@pythnetwork/pyth-sdk-solidity` over the same price of 100, read with the 8
decimals that it first reported. Seven public oracles were measured under a like matrix before
this one was built; none handled all of it, most accepted a fresh −10 % jump, and all failed on a
feed that burns its gas and on one without code. Their sources do not install from a package
registry, so they are not repeated here.
"""


def run() -> None:
    """Run the matrix, which writes one file a shape."""
    command = ["npx", "--no-install", "forge", "test", "--match-path", MATRIX]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def found() -> dict[str, list[dict[str, Any]]]:
    """What the last run wrote, by shape."""
    return {shape: json.loads((FOUND / f"{shape}.json").read_text("utf-8")) for shape in SHAPES}


def render(matrix: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """Give the whole document."""
    parts = [PREFACE]
    for shape, title in SHAPES.items():
        parts.append(f"## {title}\n\n" + "\n".join(_verdicts(matrix[shape])) + "\n")
    parts.append(PEERS + "\n" + "\n".join(_peers(matrix["primary"])) + "\n")
    return "\n".join(parts)


def _verdicts(cells: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield from _head("fault", *STAGES, "off by")
    for cell in cells:
        verdicts = (VERDICTS[letter] for letter in cell["verdicts"])
        yield _line(cell["fault"], *verdicts, f"{cell['worst_bps'] / 100:.2f} %")


def _peers(cells: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield from _head("fault", "ours, read at once", "try/catch", "Pyth's adapter")
    for cell in cells:
        first = VERDICTS[cell["verdicts"][0]]
        yield _line(cell["fault"], first, cell["reader"], cell["peer"] or "—")


def _head(*columns: str) -> Iterator[str]:
    yield _line(*columns)
    yield "|" + "---|" * len(columns)


def _line(*cells: str) -> str:
    return re.sub(r" -(?=\d)", " −", f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    run()
    DOCUMENT.write_text(render(found()), encoding="utf-8")
