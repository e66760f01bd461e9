"""The faults: one textual change of a contract each, as slither-mutate's operators propose them."""

import json
import os
import re
import subprocess
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
BUILD = ROOT / ".build" / "mutation"
FORGE = ROOT / "node_modules" / ".bin" / "forge"
PROVERS = ROOT / ".toolchain" / "proofs" / "bin" / "python"

GROUPS = {
    "oracle": (
        "FallbackOracle.sol",
        "libraries/Band.sol",
        "libraries/Decay.sol",
        "libraries/FeedReader.sol",
        "libraries/Leg.sol",
        "libraries/OracleWords.sol",
    ),
    "steward": (
        "ParameterSteward.sol",
        "ParameterRegistry.sol",
        "libraries/CollateralWord.sol",
        "libraries/Domains.sol",
        "libraries/Guardrails.sol",
        "libraries/Validity.sol",
    ),
    "rate model": (
        "FixedRateModel.sol",
        "KinkedRateModel.sol",
        "libraries/RateCurve.sol",
    ),
}


@dataclass(frozen=True)
class Mutant:
    """One textual change of one file; `start` counts bytes."""

    file: str
    function: str
    line: int
    operator: str
    start: int
    before: str
    after: str

    @cached_property
    def source(self) -> str:
        """The file with the change made."""
        original = (ROOT / self.file).read_bytes()
        end = self.start + len(self.before.encode())
        if original[self.start : end].decode() != self.before:
            raise ValueError(f"{self.file} changed since the mutants were made")
        return (original[: self.start] + self.after.encode() + original[end:]).decode()


@dataclass
class Project:
    """Which contract lies in which file, and which files a file draws in."""

    imports: dict[str, set[str]] = field(default_factory=dict)
    contracts: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls) -> "Project":
        project = cls()
        for path in sorted((ROOT / "contracts").rglob("*.sol")):
            name, text = str(path.relative_to(ROOT)), path.read_text()
            near = (
                path.parent / found for found in re.findall(r'(?:from|import) "(\.[^"]+)"', text)
            )
            project.imports[name] = {str(file.resolve().relative_to(ROOT)) for file in near}
            for contract in re.findall(r"^contract (\w+)", text, re.MULTILINE):
                project.contracts[contract] = name
        return project

    def drawn_in(self, file: str) -> set[str]:
        """The file and all that it imports."""
        found, open_ = set(), [file]
        while open_:
            file = open_.pop()
            if file not in found:
                found.add(file)
                open_ += self.imports[file]
        return found

    def built_on(self, file: str) -> set[str]:
        """The contracts whose code may change with a file."""
        return {name for name, home in self.contracts.items() if file in self.drawn_in(home)}


def generated() -> dict[str, list[Mutant]]:
    """The mutants of each group."""
    files = [f"contracts/{file}" for group in GROUPS.values() for file in group]
    homes = (ROOT / "contracts", ROOT / "contracts" / "libraries")
    missing = {str(p.relative_to(ROOT)) for home in homes for p in home.glob("*.sol")} ^ set(files)
    if missing:
        raise ValueError(f"GROUPS and the folders differ in {sorted(missing)}")
    path = os.environ["PATH"] + os.pathsep + str(FORGE.parent)
    done = subprocess.run(
        [PROVERS, HERE / "generate.py", BUILD / "slither", *files],
        cwd=ROOT,
        env=os.environ | {"PATH": path},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    mutants = [Mutant(**json.loads(line)) for line in done.stdout.splitlines()]
    return {
        group: [m for m in mutants if m.file.removeprefix("contracts/") in names]
        for group, names in GROUPS.items()
    }
