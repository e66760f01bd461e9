"""Mutation testing of the contracts: what share of small faults do the tests notice?

slither-mutate's operators propose the faults (`generate.py`). A proposal counts when it compiles
and changes the bytecode of a contract. Each is compiled once, without metadata, and the suites run
on that bytecode, quickest first, until one fails: the Python mirror's comparison, the smaller unit
tests, every Foundry test, the larger unit tests. A suite is run only if it deploys a contract whose
bytecode changed. Foundry's tests are built once with dynamic linking, so that they take each
contract from its artefact, and the artefact is what is replaced.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from random import Random

from engine import SURVIVED, Result, Worker, built_foundry
from mutants import BUILD, GROUPS, Mutant, Project, files_of, generated
from report import Score, document

REQUIRED = 0.9


def results_of(group: str) -> Path:
    return BUILD / f"{group}.jsonl"


def stored(group: str) -> list[Result]:
    """The last run's results."""
    path = results_of(group)
    rows = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    return [Result(**{**row, "mutant": Mutant(**row["mutant"])}) for row in rows]


def store(group: str, results: Iterator[Result]) -> list[Result]:
    """Write each result as it comes, so that an interrupted run can be read."""
    kept = []
    with results_of(group).open("w") as file:
        for result in results:
            file.write(json.dumps(asdict(result)) + "\n")
            file.flush()
            kept.append(result)
    return kept


def sampled(
    worker: Worker,
    mutants: list[Mutant],
    known: dict[Mutant, Result],
    number: int | None,
    seed: int,
) -> Iterator[Result]:
    """Judge mutants in random order until so many were faults; those known are taken as known."""
    order = list(mutants)
    Random(seed).shuffle(order)  # noqa: S311 - a sample, no secret
    faults = 0
    for mutant in order:
        if faults == number:
            return
        result = known.get(mutant) or worker.judge(mutant)
        faults += result.is_fault
        yield result


def again(worker: Worker, results: list[Result]) -> Iterator[Result]:
    """The same results with the survivors judged anew."""
    for result in results:
        yield worker.judge(result.mutant) if result.verdict == SURVIVED else result


def run_group(group: str, mutants: list[Mutant], options: argparse.Namespace) -> list[Result]:
    worker = Worker(group, Project.read(), is_quick=options.quick)
    try:
        if options.survivors:
            return store(group, again(worker, stored(group)))
        known = {r.mutant: r for r in stored(group)} if options.resume else {}
        return store(group, sampled(worker, mutants, known, options.sample, options.seed))
    finally:
        worker.close()


def require_passing(project: Project, groups: list[str], *, is_quick: bool) -> None:
    """The suites must pass on the unchanged code, compiled as mutants are."""
    worker = Worker("unchanged", project, is_quick=is_quick)
    files = files_of(project)
    try:
        worker.require_passing({file for group in groups for file in files[group]})
    finally:
        worker.close()


def judged(
    project: Project,
    mutants: dict[str, list[Mutant]],
    groups: list[str],
    options: argparse.Namespace,
) -> dict[str, list[Result]]:
    """Judge each group's mutants, on suites that pass on the unchanged code."""
    built_foundry()
    require_passing(project, groups, is_quick=options.quick)
    with ThreadPoolExecutor(options.jobs) as pool:
        runs = pool.map(lambda group: run_group(group, mutants[group], options), groups)
        return dict(zip(groups, runs, strict=True))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--sample",
        type=lambda text: None if text == "all" else int(text),
        help="faults a group, drawn at random, or all",
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1, help="groups at a time")
    parser.add_argument("--group", action="append", choices=GROUPS, help="only this one")
    parser.add_argument("--quick", action="store_true", help="without the slow suites")
    parser.add_argument("--survivors", action="store_true", help="only those of the last run, anew")
    parser.add_argument("--resume", action="store_true", help="keep what the last run judged")
    parser.add_argument("--stored", action="store_true", help="judge nothing; report the last run")
    parser.add_argument("--write", type=Path, help="where the report goes")
    return parser.parse_args()


def command(options: argparse.Namespace) -> str:
    """What makes the same report again."""
    sample = options.sample or "all"
    if options.quick:
        return f"python tools/mutation/run.py --sample {sample} --seed {options.seed} --quick"
    return f"make mutate FAULTS={sample} SEED={options.seed}"


def main() -> int:
    options = arguments()
    groups = options.group or list(GROUPS)
    BUILD.mkdir(parents=True, exist_ok=True)
    project = Project.read()
    mutants = generated(project)
    if options.stored:
        results = {group: stored(group) for group in groups}
    else:
        results = judged(project, mutants, groups, options)
    if options.write:
        options.write.write_text(document(mutants, results, options.sample, command(options)))
    scores = {group: Score.of(found) for group, found in results.items()}
    for group, score in scores.items():
        print(f"{group}: {score}")
    return int(any(score.value < REQUIRED for score in scores.values()))


if __name__ == "__main__":
    sys.exit(main())
