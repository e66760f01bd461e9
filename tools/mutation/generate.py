"""Print every mutant that slither-mutate's operators make of some files, one JSON line each.

Runs in the provers' environment, where slither is; `run.py` calls it. slither-mutate's own loop
compiles the whole project for each mutant and skips a line's lesser mutants once a greater one
survived there; here its operators only enumerate.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from shutil import rmtree

from slither import Slither
from slither.core.declarations import Contract
from slither.tools.mutator.mutators import all_mutators
from slither.tools.mutator.mutators.abstract_mutator import AbstractMutator

OPERATORS: list[type[AbstractMutator]] = [
    getattr(all_mutators, name) for name in sorted(dir(all_mutators)) if name.isupper()
]


def built(out: Path) -> Slither:
    """The project's contracts, compiled anew so that no stale build is read."""
    rmtree(out, ignore_errors=True)
    command = ["forge", "build", "--force", "--build-info", "--out", str(out), "contracts"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return Slither(".", foundry_ignore_compile=True, foundry_out_directory=str(out))


def contracts_in(slither: Slither, files: set[str]) -> Iterator[Contract]:
    for unit in slither.compilation_units:
        for contract in unit.contracts:
            if contract.source_mapping.filename.relative in files:
                yield contract


def patches(contract: Contract, operator: type[AbstractMutator]) -> Iterator[dict]:
    """What an operator proposes; a function that it cannot read is put to it by statements."""
    mutator = operator(
        contract.compilation_unit,
        timeout=0,
        testing_command="",
        testing_directory="",
        contract_instance=contract,
        solc_remappings=None,
        verbose=False,
        output_folder=Path(),
        dont_mutate_line=[],
    )
    is_here = mutator.should_mutate_node
    for function in contract.functions_and_modifiers_declared:
        mutator.should_mutate_function = lambda other, function=function: other is function
        mutator.should_mutate_node = is_here
        try:
            yield from proposed_by(mutator)
        except IndexError:  # an operator that the text does not show, in assembly mostly
            for node in function.nodes:
                mutator.should_mutate_node = lambda other, node=node: other is node
                with suppress(IndexError):
                    yield from proposed_by(mutator)


def proposed_by(mutator: AbstractMutator) -> list[dict]:
    found = mutator._mutate().get("patches", {})  # noqa: SLF001 - mutate() would run the tests too
    return [patch for patches_ in found.values() for patch in patches_]


def function_at(contract: Contract, start: int) -> str:
    """The function, modifier or constructor that holds a byte of the file."""
    for function in contract.functions_and_modifiers_declared:
        mapping = function.source_mapping
        if mapping.start <= start < mapping.start + mapping.length:
            # slither gathers what constants are set to in a function of its own.
            return "constants" if function.name.startswith("slither") else str(function.name)
    return "constants"


def mutants(slither: Slither, files: set[str]) -> Iterator[dict]:
    """Mutants without repetition; two operators may propose the same change."""
    seen = set()
    for contract in contracts_in(slither, files):
        file = contract.source_mapping.filename
        source = Path(file.absolute).read_bytes()
        for operator in OPERATORS:
            for patch in patches(contract, operator):
                start, end, after = patch["start"], patch["end"], patch["new_string"]
                before = source[start:end].decode()
                key = (file.relative, start, end, after)
                if before == after or key in seen:
                    continue
                seen.add(key)
                yield {
                    "file": file.relative,
                    "function": function_at(contract, start),
                    "line": source.count(b"\n", 0, start) + 1,
                    "operator": operator.NAME,
                    "start": start,
                    "before": before,
                    "after": after,
                }


def main(out: str, *files: str) -> None:
    for mutant in mutants(built(Path(out)), set(files)):
        print(json.dumps(mutant))


if __name__ == "__main__":
    main(*sys.argv[1:])
