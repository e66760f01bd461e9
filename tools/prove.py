"""Run the proofs: halmos on the contracts, z3 on the lemmas. Fail on anything but a proof.

A run that found no proof, or fewer than the sources declare, fails: a prover that was given nothing
to do agrees with everything. A timeout, a path that got stuck and a proof whose every path reverts
are failures too.

With `--planted`, faults are planted in copies of the contracts and each proof named beside one has
to find it: a proof that cannot fail proves nothing. What a round of faults showed is kept under the
digest of all that it read, so that a run that was cut short goes on where it stopped.
"""

from __future__ import annotations

import argparse
import hashlib
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
PLANTED = Path(".build/planted")
COPIED = ("contracts", "tests/foundry/support", "tests/proofs/support")
VERDICTS = "contracts/base/OracleVerdicts.sol"
OUTCOMES = ("proved", "counterexample", "timeout", "stuck", "all paths revert", "error")


class Fault(NamedTuple):
    """One replacement in a contract, and the proofs that have to fail on it."""

    path: str
    old: str
    new: str
    found_by: tuple[str, ...]


# The faults of a round are planted at once: no proof named in it sees another's fault.
WORDS_AND_ROLES = (
    Fault(
        "contracts/libraries/OracleWords.sol",
        "staleness == 0 || staleness > maximumAge",
        "staleness == 0",
        ("check_theConfigurationsAccepted",),
    ),
    Fault(
        "contracts/libraries/RateCurve.sol",
        "(word >> KINK) - 1 >= WAD - 1",
        "(word >> KINK) - 1 > WAD - 1",
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
        "(UNUSED_16 - OracleWords.TOLERANCE) | (UNUSED_16 << 8)",
        "(UNUSED_16 - OracleWords.TOLERANCE) | ((UNUSED_16 - 1) << 8)",
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
)

TABLE = (
    Fault(
        VERDICTS,
        "if (second.isFresh()) return _pause(Status.Tripped, word);",
        "if (second.isFresh()) return Verdicts.at(Status.Secondary, second);",
        ("check_theVerdictIsTheTables", "check_aPokeJudgesBothLegs"),
    ),
)

POKES = (
    Fault(
        VERDICTS,
        "if (first.isSoundUnless(word & W.CONTESTED))",
        "if (first.isSound())",
        ("check_viewAndPokeAgree",),
    ),
    Fault(
        VERDICTS,
        "second.price(), config)) return _pause(Status.Contested, word);",
        "second.price(), config)) return _pause(Status.Tripped, word);",
        ("check_aSecondaryCannotTripASoundPrimary",),
    ),
    Fault(
        "contracts/FallbackOracle.sol",
        "_recorded(word & ~W.CONTESTED, config, first)",
        "_recorded(word, config, first)",
        ("check_whatAPokeWrites",),
    ),
)

AGES = (
    Fault(
        VERDICTS,
        "return left < MIN_PRICE ? (Status.Stopped, 0) : (Status.Decaying, left);",
        "return (Status.Decaying, left);",
        ("check_aPriceIsInBoundsAndOfAge", "check_theCheckpointReadIsBounded"),
    ),
    Fault(
        VERDICTS,
        "if (first.isInside() && first.time() > time)",
        "if (first.isInside() && first.time() < time)",
        ("check_onlySilenceDecays",),
    ),
    Fault(
        VERDICTS,
        "uint256 word = state;\n        if (word & W.TRIPPED != 0)",
        "uint256 word = state;\n        if (word == W.TRIPPED)",
        ("check_aTrippedOracleHasNoPrice",),
    ),
    Fault(
        "contracts/FallbackOracle.sol",
        "uint256 epochField = record >> W.EPOCH << W.EPOCH;",
        "uint256 epochField = record >> W.EPOCH;",
        ("check_aPokeEndsAnEpochOnlyByATrip",),
    ),
)

ROUNDS = {"words-and-roles": WORDS_AND_ROLES, "table": TABLE, "pokes": POKES, "ages": AGES}


def declared(root: Path) -> dict[str, Path]:
    """The proofs that the sources declare, and the file of each."""
    sources = sorted((root / PROOFS).glob("*.t.sol"))
    names = {path: re.findall(r"function (check_\w+)", path.read_text("utf-8")) for path in sources}
    return {name: path.relative_to(root) for path, found in names.items() for name in found}


def halmos(root: Path, names: set[str], *options: str) -> dict[str, tuple[int, float]]:
    """Run these proofs in a tree; the outcome and the seconds of each by its name."""
    report = root / BUILD / "halmos.json"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    command = ["halmos", "--root", str(root), "--forge-build-out", str(BUILD / "out")]
    command += ["--match-test", f"^({'|'.join(sorted(names))})\\("]
    command += ["--no-status", "--json-output", str(report), *options]
    log = root / BUILD / "halmos.log"
    with log.open("w", encoding="utf-8") as output:
        subprocess.run(
            [PROVERS / command[0], *command[1:]],
            cwd=root,
            env=environment(),
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if not report.exists():
        sys.exit(f"halmos did not report; see {log}")
    contracts = json.loads(report.read_text(encoding="utf-8"))["test_results"].values()
    results = [result for contract in contracts for result in contract]
    return {r["name"].partition("(")[0]: (r["exitcode"], (r["time"] or [0])[0]) for r in results}


def environment() -> dict[str, str]:
    path = os.pathsep.join((str(PROVERS), str(ROOT / "node_modules" / ".bin"), os.environ["PATH"]))
    proofs = {"FOUNDRY_PROFILE": "proofs", "FOUNDRY_LINT_LINT_ON_BUILD": "false"}
    return os.environ | proofs | {"PATH": path}


def prove() -> list[str]:
    """Run every proof on the contracts; what is wrong."""
    wanted = declared(ROOT).keys()
    results = halmos(ROOT, set(wanted))
    for name, (outcome, seconds) in sorted(results.items()):
        print(f"{OUTCOMES[outcome]:<16} {name}  {seconds:.1f} s")
    wrong = [f"{n}: {OUTCOMES[o]}" for n, (o, _) in results.items() if o != PASSED]
    missing = wanted - results.keys()
    print(f"{len(results) - len(wrong)} of {len(wanted)} proofs by halmos")
    return wrong + [f"{name}: was not run" for name in sorted(missing)]


def planted() -> list[str]:
    """Plant every round's faults and run the proofs named; those that found nothing."""
    wrong = []
    for name, faults in ROUNDS.items():
        outcomes = outcomes_of(name, faults)
        for fault in faults:
            missed = [n for n in fault.found_by if outcomes.get(n) != COUNTEREXAMPLE]
            mark = "NOT FOUND" if missed else "found"
            change = f"{' '.join(fault.old.split())} → {' '.join(fault.new.split()) or '∅'}"
            print(f"{mark:<10} {fault.path}: {change}  by {', '.join(fault.found_by)}")
            wrong += [f"{missing}: did not find the planted fault" for missing in missed]
    return wrong


def outcomes_of(name: str, faults: tuple[Fault, ...]) -> dict[str, int]:
    """Each proof's outcome on the contracts with a round's faults; kept for the same sources."""
    names = {found for fault in faults for found in fault.found_by}
    copy = copied(ROOT / PLANTED / name, {declared(ROOT)[found] for found in names})
    for fault in faults:
        plant(copy / fault.path, fault)
    record = copy / f"{digest(copy)}.json"
    if not record.exists():
        # One counterexample is enough, and one solver at a time.
        results = halmos(copy, names, "--early-exit", "--solver-threads", "1")
        record.write_text(json.dumps({name: outcome for name, (outcome, _) in results.items()}))
    kept: dict[str, int] = json.loads(record.read_text(encoding="utf-8"))
    return kept


def copied(copy: Path, proofs: set[Path]) -> Path:
    """The contracts, these files of proofs and what they stand on, and nothing else to compile."""
    copy.mkdir(parents=True, exist_ok=True)
    for tree in ("contracts", "tests"):
        shutil.rmtree(copy / tree, ignore_errors=True)
    for tree in COPIED:
        shutil.copytree(ROOT / tree, copy / tree)
    for file in (*proofs, Path("foundry.toml")):
        shutil.copy(ROOT / file, copy / file)
    for link in ("node_modules", ".toolchain"):
        if not (copy / link).exists():
            (copy / link).symlink_to((ROOT / link).resolve())
    return copy


def digest(copy: Path) -> str:
    """A digest of all that halmos reads of a copy."""
    files = sorted([*copy.glob("contracts/**/*.sol"), *copy.glob("tests/**/*.sol")])
    read = b"".join(path.read_bytes() for path in [copy / "foundry.toml", *files])
    return hashlib.sha256(read).hexdigest()[:16]


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
    arguments = parser.parse_args()
    wrong = planted() if arguments.planted else lemmas() + prove()
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
