"""Run the proofs: halmos on the contracts, z3 on the lemmas. Fail on anything but a proof.

A run that found no proof, or fewer than the sources declare, fails: a prover that was given nothing
to do agrees with everything. A timeout, a path that got stuck and a proof whose every path reverts
are failures too.

With `--planted`, faults are planted in a copy of the contracts and each proof named beside one has
to find it: a proof that cannot fail proves nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PROVERS = ROOT / ".toolchain" / "proofs" / "bin"
PROOFS = Path("tests/proofs")
BUILD = Path(".build/proofs")
PASSED, COUNTEREXAMPLE = 0, 1
# Products of unknowns stay in these; no solver has finished them within a minute a query.
LONG = frozenset({"check_aSecondaryCannotTripASoundPrimary", "check_anAcceptedMoveIsWithinItsStep"})
NO_LIMIT = ("--solver-timeout-assertion", "0")
OUTCOMES = ("proved", "counterexample", "timeout", "stuck", "all paths revert", "error")


class Fault(NamedTuple):
    """One replacement in a contract, and the proofs that have to fail on it."""

    path: str
    old: str
    new: str
    found_by: tuple[str, ...]


# All are planted at once, each out of the way of the others.
FAULTS = (
    Fault(
        "contracts/libraries/OracleWords.sol",
        "staleness == 0 || staleness > maximumAge",
        "staleness == 0",
        ("check_theConfigurationsAccepted",),
    ),
    Fault(
        "contracts/libraries/RateCurve.sol",
        "kink == 0 || kink >= WAD",
        "kink == 0 || kink > WAD",
        ("check_theRateWordsAccepted",),
    ),
    Fault(
        "contracts/libraries/Guardrails.sol",
        "minimum(rail) > maximum(rail)",
        "minimum(rail) >= maximum(rail)",
        ("check_theRailsAccepted",),
    ),
    Fault(
        "contracts/libraries/Guardrails.sol",
        "value < minimum(rail) ||",
        "",
        ("check_anAcceptedValueIsInItsEnvelope",),
    ),
    Fault(
        "contracts/libraries/Guardrails.sol",
        "up ? STEP_UP_OFFSET : STEP_DOWN_OFFSET",
        "up ? STEP_UP_OFFSET : STEP_UP_OFFSET",
        ("check_anAcceptedMoveIsWithinItsStep",),
    ),
    Fault(
        "contracts/libraries/Guardrails.sol",
        "spent + cost > FULL",
        "spent + cost > FULL + 1",
        ("check_spentNeverExceedsTheBudget",),
    ),
    Fault(
        "contracts/libraries/Guardrails.sol",
        "leak < spent ? spent - leak : 0",
        "leak < spent ? spent + leak : 0",
        ("check_leakingOnlyLowers",),
    ),
    Fault(
        "contracts/libraries/Guardrails.sol",
        "block.timestamp < until",
        "block.timestamp <= until",
        ("check_aCooldownIsKept",),
    ),
    Fault(
        "contracts/libraries/Guardrails.sol",
        "next > current ? LOOSENS_UP",
        "next >= current ? LOOSENS_UP",
        ("check_loosensAsItsFlagsSay",),
    ),
    Fault(
        "contracts/libraries/Guardrails.sol",
        "uint24(rail >> WINDOW_OFFSET)",
        "uint16(rail >> WINDOW_OFFSET)",
        ("check_aRailGivesBackItsParts",),
    ),
    Fault(
        "contracts/libraries/OracleWords.sol",
        "price << PREVIOUS_ANCHOR",
        "price << ANCHOR",
        ("check_aSeededStateHoldsOneObservation",),
    ),
    Fault(
        "contracts/libraries/Leg.sol",
        "shl(86, fresh)",
        "shl(85, fresh)",
        ("check_aLegGivesBackItsParts",),
    ),
    Fault(
        "contracts/libraries/Domains.sol",
        "OracleWords.TOLERANCE | (16 << 8)",
        "OracleWords.TOLERANCE | (17 << 8)",
        ("check_theFieldsOfADomainAreApart", "check_theConfigurationIsTiled"),
    ),
    Fault(
        "contracts/libraries/RateCurve.sol",
        "slope2 << SLOPE2",
        "slope2 << SLOPE1",
        ("check_aRateWordGivesBackItsParts",),
    ),
    Fault(
        "contracts/libraries/CollateralWord.sol",
        "uint16(word >> BONUS_OFFSET)",
        "uint8(word >> BONUS_OFFSET)",
        ("check_theCollateralGettersAreItsParameters",),
    ),
    Fault(
        "contracts/libraries/CollateralWord.sol",
        "if (debtInUse < debt)",
        "if (debtInUse > debt)",
        ("check_theGuardiansWordsOnlyTighten",),
    ),
    Fault(
        "contracts/ParameterRegistry.sol",
        "function setFrozen(address asset, bool frozen) external onlySteward",
        "function setFrozen(address asset, bool frozen) external",
        ("check_onlyTheStewardWritesTheRegistry",),
    ),
    Fault(
        "contracts/KinkedRateModel.sol",
        "if (msg.sender != steward) revert NotSteward(msg.sender);",
        "",
        ("check_onlyTheStewardWritesTheRates",),
    ),
    Fault(
        "contracts/FallbackOracle.sol",
        "function trip() external override onlySteward",
        "function trip() external override",
        ("check_onlyTheStewardWritesAnOracle",),
    ),
    Fault(
        "contracts/ParameterSteward.sol",
        "function setPriceMoveLimit(uint256 basisPoints) external onlyRole(DEFAULT_ADMIN_ROLE)",
        "function setPriceMoveLimit(uint256 basisPoints) external",
        (
            "check_withoutARoleNothingIsWritten",
            "check_theGuardianHasItsPowersAlone",
            "check_theOperatorHasItsPowersAlone",
        ),
    ),
    Fault(
        "contracts/FallbackOracle.sol",
        "if (second.isFresh()) return _pause(Status.Tripped, word);",
        "if (second.isFresh()) return _servedAt(Status.Secondary, second);",
        ("check_theVerdictIsTheTables", "check_aPokeJudgesBothLegs"),
    ),
)


def declared(root: Path) -> set[str]:
    """The proofs that the sources declare."""
    sources = (path.read_text(encoding="utf-8") for path in (root / PROOFS).glob("*.t.sol"))
    return {name for source in sources for name in re.findall(r"function (check_\w+)", source)}


def halmos(root: Path, *selection: str) -> dict[str, tuple[int, float]]:
    """Run halmos in a tree; the outcome and the seconds of each proof by its name."""
    path = os.pathsep.join((str(PROVERS), str(ROOT / "node_modules" / ".bin"), os.environ["PATH"]))
    report = root / BUILD / "halmos.json"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    command = ["halmos", "--root", str(root), "--forge-build-out", str(BUILD / "out")]
    command += ["--no-status", "--json-output", str(report), *selection]
    environment = os.environ | {"FOUNDRY_PROFILE": "proofs", "PATH": path}
    log = root / BUILD / "halmos.log"
    with log.open("w", encoding="utf-8") as output:
        subprocess.run(
            [PROVERS / command[0], *command[1:]],
            cwd=root,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if not report.exists():
        sys.exit(f"halmos did not report; see {log}")
    contracts = json.loads(report.read_text(encoding="utf-8"))["test_results"].values()
    results = [result for contract in contracts for result in contract]
    return {r["name"].partition("(")[0]: (r["exitcode"], (r["time"] or [0])[0]) for r in results}


def only(names: set[str]) -> tuple[str, str]:
    """The selection of these proofs and no others."""
    return "--match-test", f"^({'|'.join(sorted(names))})\\("


def prove(every: bool) -> list[str]:
    """Run the core proofs on the contracts, or every one without a limit; what is wrong."""
    wanted = declared(ROOT) if every else declared(ROOT) - LONG
    results = halmos(ROOT, *only(wanted), *(NO_LIMIT if every else ()))
    for name, (outcome, seconds) in sorted(results.items()):
        print(f"{OUTCOMES[outcome]:<16} {name}  {seconds:.1f} s")
    wrong = [f"{n}: {OUTCOMES[o]}" for n, (o, _) in results.items() if o != PASSED]
    missing = wanted - results.keys()
    print(f"{len(results) - len(wrong)} of {len(wanted)} proofs by halmos")
    return wrong + [f"{name}: was not run" for name in sorted(missing)]


def planted() -> list[str]:
    """Run every proof on a copy with all faults planted; the faults that were not found."""
    copy = ROOT / ".build" / "planted"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir(parents=True)
    for tree in ("contracts", "tests/proofs", "tests/foundry/support"):
        shutil.copytree(ROOT / tree, copy / tree)
    shutil.copy(ROOT / "foundry.toml", copy)
    for link in ("node_modules", ".toolchain"):
        (copy / link).symlink_to((ROOT / link).resolve())
    for fault in FAULTS:
        plant(copy / fault.path, fault)
    named = {name for fault in FAULTS for name in fault.found_by}
    results = halmos(copy, *only(named))
    found = {name for name, (outcome, _) in results.items() if outcome == COUNTEREXAMPLE}
    for fault in FAULTS:
        mark = "found" if set(fault.found_by) <= found else "NOT FOUND"
        change = f"{fault.old} → {fault.new or '∅'}"
        print(f"{mark:<10} {fault.path}: {change}  by {', '.join(fault.found_by)}")
    return [f"{name}: did not find the planted fault" for name in sorted(named - found)]


def plant(path: Path, fault: Fault) -> None:
    """Replace the fault's text; it has to be there, or the list is out of date."""
    source = path.read_text(encoding="utf-8")
    if source.count(fault.old) != 1:
        sys.exit(f"{fault.path}: “{fault.old}” occurs {source.count(fault.old)} times, not once")
    path.write_text(source.replace(fault.old, fault.new), encoding="utf-8")


def lemmas() -> list[str]:
    """Run the lemmas over the integers."""
    script = ROOT / PROOFS / "lemmas.py"
    run = subprocess.run([PROVERS / "python", script], cwd=ROOT, check=False)
    return ["a lemma failed"] if run.returncode else []


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--planted", action="store_true", help="plant faults and find them")
    parser.add_argument("--every", action="store_true", help="the long proofs too, without limit")
    arguments = parser.parse_args()
    wrong = planted() if arguments.planted else lemmas() + prove(arguments.every)
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
