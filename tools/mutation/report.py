"""The score and the survivors, as a page of the documentation."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile
from math import sqrt

from engine import EQUIVALENT, KILLED, NOT_COMPILING, SUITES, SURVIVED, Result
from mutants import ROOT, Mutant

TRIAGE = ROOT / "tests" / "mutation" / "survivors.toml"
NORMAL_95 = 1.959964
WIDTH = 90
OPEN = ("open", "not yet looked into")


@dataclass(frozen=True)
class Score:
    """Killed of all faults, with the interval that a sample of them leaves."""

    killed: int
    faults: int

    @classmethod
    def of(cls, results: Iterable[Result]) -> "Score":
        verdicts = Counter(result.verdict for result in results)
        return cls(verdicts[KILLED], verdicts[KILLED] + verdicts[SURVIVED])

    @property
    def value(self) -> float:
        return self.killed / self.faults if self.faults else 1.0

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval."""
        n, p, z2 = self.faults, self.value, NORMAL_95**2
        if n == 0:
            return 0.0, 1.0
        centre = (p + z2 / (2 * n)) / (1 + z2 / n)
        half = NORMAL_95 * sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
        return centre - half, centre + half

    def __str__(self) -> str:
        return f"{self.killed} of {self.faults}, {self.value:.1%}"


def document(
    mutants: Mapping[str, list[Mutant]],
    results: Mapping[str, list[Result]],
    sample: int | None,
    command: str,
) -> str:
    """The whole page, made by a command."""
    survivors = [r for found in results.values() for r in found if r.verdict == SURVIVED]
    reasons = triage()
    return "\n".join(
        [
            HEAD.format(date=datetime.now(UTC).date(), command=command),
            "## Score",
            "",
            *score_table(mutants, results, sample),
            "",
            "## What killed",
            "",
            *killer_table(results),
            "",
            "## Survivors",
            "",
            *survivor_table(survivors, reasons),
            "",
        ]
    )


HEAD = """\
# Mutation testing

Made by `{command}` on {date}. The faults are those that slither-mutate's operators propose. One
counts when it compiles and changes the bytecode (compiled without metadata) of a contract; it is
killed when a test fails on that bytecode. Reasons for survivors are kept in
`tests/mutation/survivors.toml`; a survivor counts against the score whatever its reason.
"""


def score_table(
    mutants: Mapping[str, list[Mutant]], results: Mapping[str, list[Result]], sample: int | None
) -> Iterator[str]:
    yield row(
        "file", "proposed", "tried", "not compiling", "same bytecode", "killed", "survived", "score"
    )
    yield row("---", *["--:"] * 7)
    scores = {group: Score.of(found) for group, found in results.items()}
    for group, found in results.items():
        for file in dict.fromkeys(mutant.file for mutant in mutants[group]):
            proposed = sum(mutant.file == file for mutant in mutants[group])
            tried = [result for result in found if result.mutant.file == file]
            yield row(f"`{file.removeprefix('contracts/')}`", *counts(proposed, tried))
        yield row(f"**{group}**", *counts(len(mutants[group]), found), bold=True)
    if sample is not None:
        yield ""
        yield "Mutants are tried in random order until so many are faults. 95 % intervals (Wilson):"
        yield "; ".join(f"{group} {between(score)}" for group, score in scores.items()) + "."
        if any(score.faults < sample for score in scores.values()):
            reached = (f"{group} {score.faults}" for group, score in scores.items())
            yield f"The run was cut short of {sample} faults a group: {', '.join(reached)}."


def counts(proposed: int, tried: list[Result]) -> list[str]:
    verdicts = Counter(result.verdict for result in tried)
    score = Score.of(tried)
    numbers = (verdicts[v] for v in (NOT_COMPILING, EQUIVALENT, KILLED, SURVIVED))
    shown = f"{score.value:.1%}" if score.faults else ""
    return [str(proposed), str(len(tried)), *map(str, numbers), shown]


def between(score: Score) -> str:
    low, high = score.interval
    return f"{low:.1%} to {high:.1%}"


def killer_table(results: Mapping[str, list[Result]]) -> Iterator[str]:
    """Suites in the order in which they run; each sees only what those before it let live."""
    yield row("suite", *results)
    yield row("---", *["--:"] * len(results))
    killers = {group: Counter(r.suite for r in found) for group, found in results.items()}
    for suite in SUITES:
        yield row(f"`{suite.path}`", *(str(killers[group][suite.path]) for group in results))


def survivor_table(
    survivors: list[Result], reasons: Mapping[tuple[str, str, str, str], tuple[str, str]]
) -> Iterator[str]:
    yield row("where", "change", "kind", "why it lives")
    yield row("---", "---", "---", "---")
    for mutant in sorted((r.mutant for r in survivors), key=lambda m: (m.file, m.line)):
        where = f"`{mutant.file.removeprefix('contracts/')}:{mutant.function}`"
        yield row(where, change(mutant), *reasons.get(key(mutant), OPEN))


def key(mutant: Mutant) -> tuple[str, str, str, str]:
    """What names a mutant however the lines above it move."""
    return mutant.file, mutant.function, squeezed(mutant.before), squeezed(mutant.after)


def triage() -> dict[tuple[str, str, str, str], tuple[str, str]]:
    entries = tomllib.loads(TRIAGE.read_text())["survivor"] if TRIAGE.exists() else []
    return {
        (e["file"], e["function"], e["before"], e["after"]): (e["kind"], e["why"]) for e in entries
    }


def squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def change(mutant: Mutant) -> str:
    """Before and after, without what they share at either end beyond a few words."""
    before, after = squeezed(mutant.before), squeezed(mutant.after)
    start = sum(
        1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False))
    )
    if max(len(before), len(after)) > WIDTH and start > WIDTH // 3:
        start = before.rfind(" ", 0, start - WIDTH // 6) + 1
        before, after = "… " + before[start:], "… " + after[start:]
    return f"{code(before)} → {code(after)}"


def code(text: str) -> str:
    short = text if len(text) <= WIDTH else text[:WIDTH] + " …"
    return f"`{short}`" if short else "(nothing)"


def row(*cells: str, bold: bool = False) -> str:
    shown = (
        f"**{cell}**" if bold and cell and not cell.startswith("**") else cell for cell in cells
    )
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in shown) + " |"
