"""A replay by the contract itself, executed in pyrevm: one call a moment, resets as governor."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from eth_utils import function_signature_to_4byte_selector

from paramgen.backtest.replay import Replay, Rounds
from paramgen.mirror.oracle import Contest, Deployment, Oracle, State, normalised
from tests.support.oracles import Stored
from tests.support.revm import Machine, word_bytes

ANSWER = "(uint8,int256,uint256)"
STEP = f"({ANSWER},{ANSWER},bool)"
SILENT = (1, 0, 0)
"""A feed before its first round: the call reverts."""

CALL_GAS = 120_000


@dataclass(frozen=True)
class Deployed:
    """An oracle on a machine of its own, and who drives it."""

    machine: Machine
    driver: str
    oracle: str


def deploy(oracle: Oracle) -> Deployed:
    """Deploy the oracle's contract as it stands when seeded; its state must be a seeded one."""
    deployment, state = oracle.deployment, oracle.state
    machine = Machine(state.price_time)
    driver = machine.deploy("ReplayDriver")
    first = machine.deploy("FaultyFeed", deployment.primary_decimals)
    second = "0x0"
    if deployment.secondary_decimals is not None:
        second = machine.deploy("FaultyFeed", deployment.secondary_decimals)
    address = machine.deploy(
        "FallbackOracle",
        0xA55E7,  # asset
        0,  # its decimals
        int(first, 16),
        deployment.primary_decimals,
        int(second, 16),
        deployment.secondary_decimals or 0,
        CALL_GAS,
        deployment.min_price,
        deployment.max_price,
        int(driver, 16),
        int(deployment.has_reference),
        0,
        state.price,
        state.price_time,
        oracle.configuration.word,
        oracle.reference.word,
    )
    words = word_bytes([int(address, 16), int(first, 16), int(second, 16)])
    machine.call(driver, "connect(address,address,address)", words)
    return Deployed(machine, driver, address)


def steps(
    primary: Rounds, secondary: Rounds | None, moments: np.ndarray, poking: np.ndarray
) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Each moment, and the words of the driver's step at it."""
    legs = zip(_said(primary, moments), _said(secondary, moments), strict=True)
    for now, pokes, (first, second) in zip(moments.tolist(), poking.tolist(), legs, strict=True):
        yield now, (*first, *second, int(pokes))


def _said(rounds: Rounds | None, moments: np.ndarray) -> Iterator[tuple[int, int, int]]:
    if rounds is None:
        yield from (SILENT for _ in moments)
        return
    times, answers = rounds.times.tolist(), rounds.answers.tolist()
    for at in (np.searchsorted(rounds.times, moments, side="right") - 1).tolist():
        yield (0, answers[at], times[at]) if at >= 0 else SILENT


def replay_by_contract(
    oracle: Oracle,
    primary: Rounds,
    secondary: Rounds | None,
    moments: np.ndarray,
    poking: np.ndarray,
    *,
    reset_after: int | None = None,
) -> Replay:
    """`replay`, each verdict and each word from the bytecode.

    Who resets tries whenever it is due; whether it may is the contract's to say.
    """
    deployed = deploy(oracle)
    machine, driver = deployed.machine, deployed.driver
    verdicts, trips, resets = [], [], []
    tripped_at: int | None = None
    for now, words in steps(primary, secondary, moments, poking):
        machine.move_to(now)
        due = tripped_at is not None and reset_after is not None and now >= tripped_at + reset_after
        if due and _reset(deployed, oracle.deployment, words):
            tripped_at = None
            resets.append(now)
        was = _state(deployed).tripped
        verdicts.append(machine.call(driver, f"stepUndecayed{STEP}", word_bytes(words)))
        if _state(deployed).tripped and not was:
            tripped_at = now
            trips.append(now)
    columns = np.array(verdicts, dtype=np.int64).reshape(-1, 4).T
    return Replay(
        moments, columns[0].astype(np.uint8), columns[1], columns[2], columns[3],
        np.array(trips, dtype=np.int64), np.array(resets, dtype=np.int64), final(deployed, oracle),
    )  # fmt: skip


def final(deployed: Deployed, oracle: Oracle) -> Oracle:
    """The oracle as the chain now has it."""
    contest = Contest.from_word(_stored(deployed, Stored.CONTEST))
    return replace(oracle, state=_state(deployed), contest=contest)


def execute(oracle: Oracle, calls: list[tuple[int, bytes]]) -> tuple[list[bytes], Deployed]:
    """The verdicts of prepared steps in return data, with as little around them as can be."""
    deployed = deploy(oracle)
    said = [deployed.machine.step(now, deployed.driver, data) for now, data in calls]
    return said, deployed


def prepared(
    primary: Rounds, secondary: Rounds | None, moments: np.ndarray, poking: np.ndarray
) -> list[tuple[int, bytes]]:
    """Each moment and the call data of its step."""
    selector = function_signature_to_4byte_selector(f"step{STEP}")
    return [
        (now, selector + word_bytes(words))
        for now, words in steps(primary, secondary, moments, poking)
    ]


def _stored(deployed: Deployed, word: Stored) -> int:
    return deployed.machine.call(deployed.oracle, "stored(uint8)", word_bytes([word]))[0]


def _state(deployed: Deployed) -> State:
    return State.from_word(_stored(deployed, Stored.STATE))


def _reset(deployed: Deployed, deployment: Deployment, words: tuple[int, ...]) -> bool:
    fault, answer, time = words[:3]
    price = normalised(answer, deployment.primary_decimals)
    if fault or not 0 < price < 2**256:
        return False
    try:
        deployed.machine.call(deployed.driver, "reset(uint256,uint256)", word_bytes([price, time]))
    except RuntimeError:
        return False
    return True
