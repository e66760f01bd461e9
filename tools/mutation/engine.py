"""Compile a mutant and run on its bytecode the suites that could notice it, quickest first."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from signal import SIGXCPU
from typing import Any

from mutants import BUILD, FORGE, HERE, ROOT, Mutant, Project, sources_of

PRISTINE = BUILD / "foundry"

KILLED, SURVIVED, EQUIVALENT, NOT_COMPILING = "killed", "survived", "equivalent", "not compiling"


@dataclass(frozen=True)
class Suite:
    """Tests that can notice a change of the contracts they deploy.

    Attributes
    ----------
    deploys : names of contracts; nothing for all that are released.
    seconds : a run that takes more of a core has failed; some ten times what the unchanged code
        takes. Not time that passes: a busy machine fails no test.
    is_slow : left out of a quick run, whose survivors may be judged by all suites afterwards.
    """

    path: str
    deploys: frozenset[str]
    seconds: int
    is_slow: bool = False


FOUNDRY = "tests/foundry"
RATE_MODELS = frozenset({"FixedRateModel", "KinkedRateModel"})
ORACLE = frozenset({"FallbackOracle"})
SUITES = (
    Suite("tests/differential/test_curves.py", RATE_MODELS | {"CurveHarness"}, 120),
    Suite("tests/differential/test_oracle.py", frozenset({"OracleHarness"}), 300),
    Suite("tests/differential/test_steward.py", frozenset({"ParameterSteward"}), 300),
    Suite("tests/contracts/test_rate_models.py", RATE_MODELS, 300),
    Suite("tests/contracts/test_registry.py", frozenset({"ParameterRegistry"}), 300),
    Suite(FOUNDRY, frozenset(), 1_200),
    Suite("tests/contracts/test_fallback_oracle.py", ORACLE, 1_200, is_slow=True),
    Suite("tests/contracts/test_steward.py", frozenset({"ParameterSteward"}), 1_800, is_slow=True),
)


@dataclass(frozen=True)
class Result:
    """What became of a mutant, and by which suite and test."""

    mutant: Mutant
    verdict: str
    suite: str = ""
    test: str = ""

    @property
    def is_fault(self) -> bool:
        """Whether the mutant compiles, and to other bytecode."""
        return self.verdict in (KILLED, SURVIVED)


DEPLOYED_RUNS = 200
"""Of the optimiser, as ape deploys: with more the steward would pass the limit of a contract's
size, which the engines of the Python tests hold it to."""


def foundry_settings() -> dict[str, Any]:
    """The compiler's settings of foundry.toml, without the metadata that any change changes."""
    profile = tomllib.loads((ROOT / "foundry.toml").read_text())["profile"]["default"]
    return {
        "remappings": profile["remappings"],
        "evmVersion": profile["evm_version"],
        "optimizer": {"enabled": profile["optimizer"], "runs": DEPLOYED_RUNS},
        "metadata": {"appendCBOR": False},
    }


class Lines:
    """A process that answers each line of JSON with one."""

    def __init__(self, *command: str | Path) -> None:
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, **request: Any) -> dict[str, Any]:
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait()


def foundry_environment(folder: Path) -> dict[str, str]:
    """A build in a folder that takes contracts from their artefacts; short, repeatable runs."""
    return os.environ | {
        "FOUNDRY_OUT": str(folder / "out"),
        "FOUNDRY_CACHE_PATH": str(folder / "cache"),
        "FOUNDRY_DYNAMIC_TEST_LINKING": "true",
        "FOUNDRY_LINT_LINT_ON_BUILD": "false",
        "FOUNDRY_FUZZ_SEED": "0x1",
        "FOUNDRY_FUZZ_FAILURE_PERSIST_DIR": str(folder / "failures"),
        "FOUNDRY_INVARIANT_SHRINK_RUN_LIMIT": "0",
        "FOUNDRY_INVARIANT_FAILURE_PERSIST_DIR": str(folder / "failures"),
    }


def built_foundry() -> None:
    """Every Foundry test, compiled once for all workers."""
    command = [FORGE, "test", "--list"]
    subprocess.run(
        command, cwd=ROOT, env=foundry_environment(PRISTINE), check=True, stdout=subprocess.DEVNULL
    )


def drawn_in_by_tests() -> dict[str, set[str]]:
    """Each file of Foundry tests, and all files of ours that it draws in."""
    tests = [str(path.relative_to(ROOT)) for path in (ROOT / FOUNDRY).rglob("*.t.sol")]
    return {test: sources_of(test) for test in sorted(tests)}


class Foundry:
    """Foundry's tests against artefacts that can be replaced.

    Only the files that draw a changed contract in are run: first each test shortly, then, on what
    lived, those that a seed drives at more length.
    """

    # Fuzz runs, invariant runs, tests.
    STAGES = (("16", "2", "."), ("256", "16", "^(testFuzz|invariant)"))

    def __init__(self, folder: Path) -> None:
        self._drawn_in = drawn_in_by_tests()
        self._out = folder / "out"
        self._failures = folder / "failures"
        self._environment = foundry_environment(folder)
        shutil.copytree(PRISTINE, folder, dirs_exist_ok=True)
        # A cache that names another folder is thrown away, and every test compiled anew.
        cache = folder / "cache" / "solidity-files-cache.json"
        here, there = (str(path.relative_to(ROOT)) for path in (folder, PRISTINE))
        cache.write_text(cache.read_text().replace(f'"{there}/', f'"{here}/'))

    def test(self, bytecode: Mapping[str, str], homes: Mapping[str, str], seconds: int) -> str:
        """The first test that fails, or nothing."""
        paths = {name: self._artefact(homes[name], name) for name in bytecode}
        changed = {homes[name] for name in bytecode}
        files = [file for file, drawn in self._drawn_in.items() if drawn & changed]
        kept = {path: self._replace(path, bytecode[name]) for name, path in paths.items()}
        try:
            stages = (self._stage(files, *stage, seconds) for stage in self.STAGES if files)
            return next((failed for failed in stages if failed), "")
        finally:
            self._restore(kept)
            shutil.rmtree(self._failures, ignore_errors=True)

    def _stage(self, files: list[str], fuzz: str, invariant: str, tests: str, seconds: int) -> str:
        command = [FORGE, "test", "--fail-fast", "--json", "--threads", "1"]
        selection = ["--match-path", f"{{{','.join(files)}}}", "--match-test", tests]
        done = subprocess.run(
            ["sh", "-c", f'ulimit -S -t {seconds}; exec "$@"', "forge", *command, *selection],
            cwd=ROOT,
            env=self._environment
            | {"FOUNDRY_FUZZ_RUNS": fuzz, "FOUNDRY_INVARIANT_RUNS": invariant},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == -SIGXCPU:
            return "timeout"
        if done.returncode < 0:
            raise RuntimeError(f"forge was ended by signal {-done.returncode}")
        return self._first_failure(done) if done.returncode else ""

    def _artefact(self, home: str, name: str) -> Path:
        return self._out / Path(home).name / f"{name}.json"

    @staticmethod
    def _replace(path: Path, code: str) -> tuple[str, str]:
        """Put creation code into an artefact; its text before and after."""
        before = path.read_text()
        artefact = json.loads(before)
        artefact["bytecode"]["object"] = f"0x{code}"
        after = json.dumps(artefact)
        path.write_text(after)
        return before, after

    @staticmethod
    def _restore(kept: Mapping[Path, tuple[str, str]]) -> None:
        for path, (before, after) in kept.items():
            if path.read_text() != after:
                raise RuntimeError(f"forge compiled {path} anew, and so tested unchanged code")
            path.write_text(before)

    @staticmethod
    def _first_failure(done: subprocess.CompletedProcess[str]) -> str:
        lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
        if not lines:
            raise RuntimeError(f"forge could not run the tests:\n{done.stdout}{done.stderr}")
        for suite, results in json.loads(lines[-1]).items():
            for test, result in results["test_results"].items():
                if result["status"] == "Failure":
                    return f"{suite.partition(':')[2]}.{test.partition('(')[0]}"
        return "unnamed"


class Worker:
    """Compiles mutants and runs the suites on them, one at a time."""

    def __init__(self, name: str, project: Project, *, is_quick: bool) -> None:
        self._project = project
        self._suites = [suite for suite in SUITES if not (is_quick and suite.is_slow)]
        self._compiler = Lines("node", HERE / "compile.cjs", json.dumps(foundry_settings()))
        paths = [suite.path for suite in self._suites if suite.path != FOUNDRY]
        self._python = Lines(sys.executable, HERE / "python_tests.py", *paths)
        self._foundry = Foundry(BUILD / name)
        self._original: dict[str, str] = {}

    def close(self) -> None:
        self._compiler.close()
        self._python.close()

    def require_passing(self, files: set[str]) -> None:
        """The suites that files concern must pass on them unchanged, compiled as mutants are."""
        affected = set[str]().union(*(self._project.built_on(file) for file in files))
        for suite in self._suites:
            names = affected & (suite.deploys or self._deployed())
            unchanged = {name: self._unchanged(name) for name in names}
            failed = self._run(suite, unchanged) if names else ""
            if failed:
                raise RuntimeError(f"{suite.path} fails on the unchanged code: {failed}")

    def judge(self, mutant: Mutant) -> Result:
        return Result(mutant, *self._verdict(mutant))

    def _verdict(self, mutant: Mutant) -> tuple[str, str, str]:
        affected = self._project.built_on(mutant.file)
        compiled: dict[str, str] = {}
        for suite in self._suites:
            names = affected & (suite.deploys or self._deployed())
            missing = names - compiled.keys()
            if missing:
                answer = self._compile(mutant.file, mutant.source, missing)
                if "error" in answer:
                    return NOT_COMPILING, "", ""
                compiled |= answer["bytecode"]
            changed = {name: compiled[name] for name in names if self._differs(name, compiled)}
            failed = self._run(suite, changed) if changed else ""
            if failed:
                return KILLED, suite.path, failed
        same = not any(self._differs(name, compiled) for name in compiled)
        return EQUIVALENT if same else SURVIVED, "", ""

    def _deployed(self) -> frozenset[str]:
        """What is released; mocks and harnesses are the suites' own."""
        contracts = self._project.contracts.items()
        return frozenset(name for name, home in contracts if "/mocks/" not in home)

    def _differs(self, name: str, compiled: Mapping[str, str]) -> bool:
        return compiled[name] != self._unchanged(name)

    def _unchanged(self, name: str) -> str:
        if name not in self._original:
            home = self._project.contracts[name]
            answer = self._compile(home, (ROOT / home).read_text(), {name})
            self._original |= answer["bytecode"]
        return self._original[name]

    def _compile(self, file: str, source: str, names: set[str]) -> dict[str, Any]:
        contracts: dict[str, list[str]] = {}
        for name in sorted(names):
            contracts.setdefault(self._project.contracts[name], []).append(name)
        return self._compiler.ask(file=file, content=source, contracts=contracts)

    def _run(self, suite: Suite, bytecode: Mapping[str, str]) -> str:
        if suite.path == FOUNDRY:
            return self._foundry.test(bytecode, self._project.contracts, suite.seconds)
        answer = self._python.ask(bytecode=bytecode, path=suite.path, seconds=suite.seconds)
        return answer["failed"].rpartition("::")[2]
