"""No caller chooses the oracle's branch by the gas it supplies, and no feed by the gas it burns.

On pyrevm, where a call's gas limit is exact.
"""

import pytest

from paramgen.mirror.oracle import Configuration, Status
from tests.support.revm import DEPLOYER, Machine, word_bytes

NOW = 1_800_000_000
UNIT = 10**8
CALL_GAS = 120_000
SUPPLY = CALL_GAS * 64 // 63 + 12_000
INTRINSIC = 22_000
LIMITS = range(INTRINSIC, 420_000, 700)
CONFIGURATION = Configuration(
    primary_staleness=3_600,
    secondary_staleness=3_600,
    maximum_age=86_400,
    decay_step=20_000,
    decay_rate=50_000_000,
    decay_floor=5_000,
    band_up=5_000,
    band_down=5_000,
    band_windows=24,
    band_window=3_600,
    accrual=0,
    tolerance=5_000,
    confirm_delay=600,
)
BURN_GAS, RETURN_BOMB, REVERT_BOMB = 3, 6, 7


@pytest.fixture
def machine() -> Machine:
    return Machine(NOW)


def feed(machine: Machine, price: int, fault: int = 0) -> str:
    address = machine.deploy("FaultyFeed", 8)
    machine.call(address, "set(uint8,int256,uint256)", word_bytes([fault, price, NOW - 10]))
    return address


def heavy_feed(machine: Machine, price: int) -> str:
    """A healthy aggregator behind a proxy."""
    aggregator = machine.deploy("MockAggregator", 8, 1)
    machine.call(aggregator, "push(int192,uint32)", word_bytes([price, NOW - 10]))
    return machine.deploy("MockAggregatorProxy", int(aggregator, 16))


def oracle(machine: Machine, primary: str, secondary: str) -> str:
    return machine.deploy(
        "FallbackOracle",
        0xA55E7,
        18,
        int(primary, 16),
        8,
        int(secondary, 16),
        8,
        CALL_GAS,
        UNIT,
        1_000 * UNIT,
        int(DEPLOYER, 16),
        0,
        0,
        100 * UNIT,
        NOW,
        CONFIGURATION.word,
        0,
    )


def answers(machine: Machine, address: str, signature: str) -> set[tuple[int, ...]]:
    """Every (status, price) that some gas limit obtains; a failing call obtains none."""
    found = set()
    for limit in LIMITS:
        try:
            found.add(tuple(machine.call(address, signature, gas=limit)[:2]))
        except RuntimeError:
            continue
    return found


@pytest.mark.parametrize("signature", ["status()", "poke()"])
def test_any_gas_limit_gets_the_healthy_primary_or_a_revert(machine, signature):
    address = oracle(machine, heavy_feed(machine, 101 * UNIT), feed(machine, 103 * UNIT))
    assert answers(machine, address, signature) == {(Status.LIVE, 101 * UNIT)}


@pytest.mark.parametrize("fault", [BURN_GAS, RETURN_BOMB, REVERT_BOMB])
def test_any_gas_limit_gets_the_secondary_of_a_burning_primary_or_a_revert(machine, fault):
    address = oracle(machine, feed(machine, UNIT, fault), feed(machine, 103 * UNIT))
    assert answers(machine, address, "status()") == {(Status.SECONDARY, 103 * UNIT)}


def test_with_both_legs_burning_any_gas_limit_gets_the_checkpoint_or_a_revert(machine):
    address = oracle(machine, feed(machine, UNIT, BURN_GAS), feed(machine, UNIT, BURN_GAS))
    assert answers(machine, address, "status()") == {(Status.HELD, 100 * UNIT)}


def test_a_feed_that_looks_at_its_gas_sees_its_allowance_or_is_not_asked(machine):
    rich, poor = 101 * UNIT, 99 * UNIT
    seen_inside = CALL_GAS - 1_000
    primary = machine.deploy("GasSensitiveFeed", rich, poor, seen_inside)
    address = oracle(machine, primary, feed(machine, 100 * UNIT))
    assert answers(machine, address, "status()") == {(Status.LIVE, rich)}


def test_a_read_needs_the_documented_supply(machine):
    address = oracle(machine, feed(machine, 101 * UNIT), feed(machine, 100 * UNIT))
    with pytest.raises(RuntimeError):
        machine.call(address, "latestRoundData()", gas=INTRINSIC + SUPPLY - 2_000)
    enough = INTRINSIC + SUPPLY + 6_000
    assert machine.call(address, "latestRoundData()", gas=enough)[1] == 101 * UNIT


def test_a_feed_whose_code_is_gone_gives_the_secondary(machine):
    primary = feed(machine, 101 * UNIT)
    address = oracle(machine, primary, feed(machine, 103 * UNIT))
    assert machine.call(address, "status()")[:2] == [Status.LIVE, 101 * UNIT]
    machine.replace_code(primary, b"")
    assert machine.call(address, "status()")[:2] == [Status.SECONDARY, 103 * UNIT]
