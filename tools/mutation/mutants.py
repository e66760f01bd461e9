"""The faults: one textual change of a contract each, as slither-mutate's operators propose them."""

import hashlib
import json
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
BUILD = ROOT / ".build" / "mutation"
FORGE = ROOT / "node_modules" / ".bin" / "forge"
PROVERS = ROOT / ".toolchain" / "proofs" / "bin" / "python"

# The contracts of each group. A file belongs to the first group whose contracts draw it in.
GROUPS = {
    "rate model": ("FixedRateModel", "KinkedRateModel"),
    "oracle": ("FallbackOracle",),
    "steward": ("ParameterSteward", "ParameterRegistry"),
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
            project.imports[name] = imported(name)
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


def imported(file: str) -> set[str]:
    """The files of ours that a file imports, by a relative path or from the root."""
    path = ROOT / file
    names = re.findall(r'(?:from|import)\s+"((?:\.|contracts/)[^"]+)"', path.read_text())
    near = (path.parent / name if name.startswith(".") else ROOT / name for name in names)
    return {str(found.resolve().relative_to(ROOT)) for found in near}


def sources_of(file: str) -> set[str]:
    """The file and all that it draws in of ours."""
    found, open_ = set(), [file]
    while open_:
        file = open_.pop()
        if file not in found:
            found.add(file)
            open_ += imported(file)
    return found


def files_of(project: Project) -> dict[str, list[str]]:
    """The files that each group's mutants change; interfaces hold nothing to change."""
    taken: set[str] = set()
    files = {}
    for group, contracts in GROUPS.items():
        drawn = set[str]().union(*(project.drawn_in(project.contracts[name]) for name in contracts))
        files[group] = sorted(file for file in drawn - taken if "/interfaces/" not in file)
        taken |= drawn
    return files


def generated(project: Project) -> dict[str, list[Mutant]]:
    """The mutants of each group; what slither proposed of the same files is kept."""
    files = files_of(project)
    sources = b"".join((ROOT / name).read_bytes() for name in chain.from_iterable(files.values()))
    kept = BUILD / f"mutants-{hashlib.sha256(sources).hexdigest()[:16]}.jsonl"
    if not kept.exists():
        kept.write_text(proposed(files))
    mutants = [Mutant(**json.loads(line)) for line in kept.read_text().splitlines()]
    return {group: [m for m in mutants if m.file in names] for group, names in files.items()}


def proposed(files: Mapping[str, list[str]]) -> str:
    """A line of JSON for each change that slither-mutate's operators propose."""
    path = os.environ["PATH"] + os.pathsep + str(FORGE.parent)
    done = subprocess.run(
        [PROVERS, HERE / "generate.py", BUILD / "slither", *chain.from_iterable(files.values())],
        cwd=ROOT,
        env=os.environ | {"PATH": path},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout
