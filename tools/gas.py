"""Measure the contracts' gas, print it beside bounds and peers, and hold it to the snapshot.

`python tools/gas.py` fails where a bound is broken without its reason declared, where a figure
differs from the committed snapshot, where docs/gas.md is not what the figures make it, or where a
contract exceeds what a chain accepts.
`python tools/gas.py --accept` writes both anew.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MEASURED = ROOT / ".build/gas/snapshots/gas.json"
SNAPSHOT = ROOT / "tests/gas/snapshot.json"
DOCUMENT = ROOT / "docs/gas.md"
ARTIFACTS = ROOT / ".build/gas/out"
DEPLOYED = ("contracts/*.sol", "contracts/adapters/*.sol", "contracts/lens/*.sol")
LIMIT_OF_CODE = 24_576
"""EIP-170, bytes of deployed code."""

Figures = Mapping[str, int]


@dataclass(frozen=True)
class Row:
    """One call: cold and warm, or a single figure.

    Attributes
    ----------
    figure : its name in the measurements, without ", cold" and ", warm".
    bound, aim : as many numbers as the row has figures that are bounded.
    over : where a bound does not hold, why, and what it would take.
    """

    figure: str
    bound: tuple[int, ...] = ()
    aim: tuple[int, ...] = ()
    peers: str = ""
    over: str = ""

    def measured(self, figures: Figures) -> tuple[int, ...]:
        """Cold and warm, or the one figure there is."""
        names = (self.figure, f"{self.figure}, cold", f"{self.figure}, warm")
        return tuple(figures[name] for name in names if name in figures)

    def broken(self, figures: Figures) -> bool:
        """Whether a bound does not hold."""
        return any(m > b for m, b in zip(self.measured(figures), self.bound, strict=False))


@dataclass(frozen=True)
class Section:
    """Rows under one heading."""

    title: str
    rows: tuple[Row, ...]


STATELESS = (
    "Euler Chainlink 19 173 / 3 673 (stateless, no breaker) · Midas 29 684 / 6 184 · "
    "Liquity v2 30 189 / 4 589 · Liquity v1 45 843 / 13 743 · Venus main and pivot "
    "83 746 / 17 246 · Synthetix deviation breaker 102 037 / 25 537"
)
STEWARD = (
    "counted step by step in forge's dump of this row (`forge test --debug --dump`), of 17 851 are"
    " 12 440 storage, accounts and events: the market's ledger 5 000 (read cold, written), its "
    "rate word 5 000, its part of the one event of all rates 689, and a tenth of what a batch pays"
    " once: the steward, the rate model and the guardrails as cold accounts, the caller's roles in"
    " one slot, the batch's epoch and event. 2 620 leak four budgets and hold four moves to "
    "envelope, step, cooldown and budget, 655 a field; a field that stays is leaked alone, 220. "
    "500 are the rate model's code; 2 290 check call data, hash the state twice, walk the batch, "
    "and read and write the ledger around the judgement. The bound leaves 4 560 for these 5 410. "
    "With one field or two it holds, with three, by interpolation, it misses by some 410. It was "
    "19 977. Of what remains two things are no guardrail and are kept for those who watch: the "
    "event of all rates, 689, and the hash of the state after the batch; measured without both, "
    "the row costs 17 092, over still. The rest is the check of a field times four, and none of it"
    " is dropped. No market of the row accrues: what an accrual costs is the venue's, and comes on"
    " top. The bound is read as that of a rate word, whose setter alone it stands beside; a "
    "collateral word of five fields, an oracle word of thirteen and what they call have none."
)
BURNT = (
    "120 000 are burnt, and reading the secondary costs 15 198 as it does without the oracle. The "
    "bound leaves 4 802, less than what any contract pays that calls a cold feed and reads two "
    "cold words, itself cold, 9 400. A deployment with one feed holds it; with two, a smaller "
    "allowance."
)
TABLE = (
    Section(
        "Oracle",
        (
            Row("feed behind a proxy"),
            Row("live, latestRoundData", (23_500, 3_700), (21_000, 3_200), STATELESS),
            Row("live, latestAnswer", (23_500, 3_700), (21_000, 3_200)),
            Row("live, 7 % from an anchor of 2.5 windows"),
            Row(
                "contested, both legs agree again",
                (41_000,),
                (38_500,),
                "Venus 83 746 · Synthetix median 104 875",
            ),
            Row(
                "primary stale, secondary served",
                (40_000,),
                (37_000,),
                "Liquity v1 68 620 · Venus 116 106; none decays",
            ),
            Row("both stale, decaying", (40_000,), (37_000,)),
            Row(
                "checkpoint, fresh",
                (7_200, 700),
                (5_300, 800),
                "Ondo RateCheck 7 051 / 551 · Backed 7 462 / 962 · Scribe 7 266 / 766 "
                "(all without these guards)",
            ),
            Row("checkpoint, decaying", (7_500, 1_000), (5_300, 800)),
            Row(
                "poke, both legs",
                (45_000,),
                (42_000,),
                "Backed 39 900 · Superstate 40 000 (no feed read)",
            ),
            Row(
                "the only feed burns its allowance, decaying",
                (140_000,),
                peers="reverts in all seven",
            ),
            Row(
                "primary burns its allowance, secondary served",
                (140_000,),
                over=BURNT,
            ),
        ),
    ),
    Section(
        "Rates",
        (
            Row(
                "rate, governed, above the kink",
                (5_600, 1_100),
                (5_300, 900),
                "Compound V2 9 929 / 1 429 · Aave V3 7 691 / 3 191",
            ),
            Row("rate, governed, below the kink", (5_600, 1_100), (5_300, 900)),
            Row(
                "rate, immutable, above the kink",
                (2_900, 400),
                (2_830, 330),
                "Euler 3 253 / 753 · Comet 3 340 / 840",
            ),
            Row("rate, immutable, below the kink", (2_900, 400), (2_830, 330)),
            Row("rate word, a market of ten", (7_500,), (7_300,), "Aave 16 677 · Compound 27 583"),
        ),
    ),
    Section(
        "Steward, a market of a batch of ten, every field moved unless fewer are named",
        (
            Row(
                "steward, one field of the rate word, a market of ten",
                (17_000,),
                (15_500,),
            ),
            Row(
                "steward, two fields of the rate word, a market of ten",
                (17_000,),
                (15_500,),
            ),
            Row(
                "steward, rate word, a market of ten",
                (17_000,),
                (15_500,),
                "none comparable",
                STEWARD,
            ),
            Row("steward, collateral word, a market of ten"),
            Row("steward, oracle word, a market of ten"),
            Row("steward, all three words, a market of ten"),
        ),
    ),
    Section(
        "Peers from npm, measured in the same run, and ours beside",
        (
            Row("Aave V3 rate strategy"),
            Row("Pyth's PythAggregatorV3"),
            Row("PythSource"),
            Row("solady expWad"),
            Row("Decay.factor"),
        ),
    ),
)


def measure() -> dict[str, int]:
    """Run the harness and collect what it wrote."""
    shutil.rmtree(MEASURED.parent, ignore_errors=True)
    forge = ["npx", "--no-install", "forge", "test"]
    environment = {**os.environ, "FOUNDRY_PROFILE": "gas"}
    run = subprocess.run(
        forge, cwd=ROOT, env=environment, check=False, capture_output=True, text=True
    )
    if run.returncode:
        raise SystemExit(run.stdout + run.stderr)
    values = json.loads(MEASURED.read_text())
    return {name: int(value) for name, value in sorted(values.items())}


def code_size(source: Path) -> int | None:
    """Bytes of a contract's deployed code as released, zero if abstract; None if not compiled."""
    artifact = ARTIFACTS / source.name / f"{source.stem}.json"
    if not artifact.exists():
        return None
    code: str = json.loads(artifact.read_text())["deployedBytecode"]["object"]
    return len(code.removeprefix("0x")) // 2


def code_sizes() -> dict[str, int | None]:
    """Every contract's size by its name."""
    sources = [source for pattern in DEPLOYED for source in sorted(ROOT.glob(pattern))]
    return {source.stem: code_size(source) for source in sources}


def largest(sizes: Mapping[str, int | None]) -> str:
    """The contract nearest its limit, in words."""
    size, name = max((size or 0, name) for name, size in sizes.items())
    return f"Largest deployed code: {name}, {spaced(size)} of {spaced(LIMIT_OF_CODE)} bytes."


def size_problems(sizes: Mapping[str, int | None]) -> list[str]:
    """Contracts that no chain takes, or whose size nobody looked at."""
    unknown = [
        f"{name}: not compiled, import it in tests/gas" for name in sizes if sizes[name] is None
    ]
    large = [
        f"{name}: {spaced(size)} bytes of code, the limit is {spaced(LIMIT_OF_CODE)}"
        for name, size in sizes.items()
        if size is not None and size > LIMIT_OF_CODE
    ]
    return unknown + large


def spaced(value: int) -> str:
    """A number with its thousands apart."""
    return f"{value:,}".replace(",", " ")


def pair(values: tuple[int, ...]) -> str:
    """Cold / warm."""
    return " / ".join(map(spaced, values))


def section_lines(section: Section, figures: Figures) -> Iterator[str]:
    """One section as a Markdown table; columns without an entry are left out."""
    peers = any(row.peers for row in section.rows)
    bounds = any(row.bound for row in section.rows)
    heads = ["call", "gas"] + ["at most", "aim"] * bounds + ["peers (published)"] * peers
    yield f"## {section.title}"
    yield ""
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in section.rows:
        mark = " (over)" if row.broken(figures) and row.over else ""
        cells = [row.figure, pair(row.measured(figures)) + mark]
        cells += [pair(row.bound), pair(row.aim)] * bounds
        cells += [row.peers] * peers
        yield f"| {' | '.join(cells)} |"
    yield ""


def document(figures: Figures) -> str:
    """The text of docs/gas.md."""
    lines = [INTRODUCTION]
    for section in TABLE:
        lines += section_lines(section, figures)
    over = [row for section in TABLE for row in section.rows if row.over]
    if over:
        lines += ["## Bounds that do not hold", ""]
        lines += [f"- **{row.figure}**: {row.over}" for row in over]
        lines += [""]
    return "\n".join(lines)


INTRODUCTION = """# Gas

Written by `make gas-accept`; `make gas` measures again and fails where a bound is broken, a figure
has moved or this page is stale. Cold / warm: the first call of a test and the same call again, as a
caller pays it, account access included. via-IR, 10 000 optimiser runs, cancun. The harness is
`tests/gas`: Chainlink's shape behind a proxy as primary, Pyth behind its own as secondary. Peers'
published figures are from the same harness.
"""


def problems(figures: Figures, snapshot: Figures, text: str) -> list[str]:
    """Everything that has to be looked at before these figures are accepted."""
    rows = [row for section in TABLE for row in section.rows]
    found = [
        f"{row.figure}: {pair(row.measured(figures))} breaks {pair(row.bound)}"
        for row in rows
        if row.broken(figures) and not row.over
    ]
    for name in sorted(figures.keys() | snapshot.keys()):
        before, now = snapshot.get(name), figures.get(name)
        if before != now:
            found.append(f"{name}: {before} in the snapshot, {now} now")
    if text != document(figures):
        found.append("docs/gas.md is stale")
    return found


def main(arguments: list[str]) -> int:
    """Print the table; accept it, or say what is wrong."""
    figures = measure()
    text = document(figures)
    print(text)
    if arguments == ["--accept"]:
        SNAPSHOT.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n")
        DOCUMENT.write_text(text)
    snapshot = json.loads(SNAPSHOT.read_text()) if SNAPSHOT.exists() else {}
    written = DOCUMENT.read_text() if DOCUMENT.exists() else ""
    sizes = code_sizes()
    print(largest(sizes))
    found = problems(figures, snapshot, written) + size_problems(sizes)
    for problem in found:
        print(problem, file=sys.stderr)
    if found:
        print("If this is meant: make gas-accept", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
