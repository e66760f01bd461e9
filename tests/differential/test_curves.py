"""Rates and decay factors: the mirror against the deployed bytecode, to the last bit."""

from random import Random

import pytest

from paramgen.mirror.decay import WAD, decay_factor
from paramgen.mirror.oracle import Configuration
from paramgen.mirror.rate import (
    MAX_AMOUNT,
    MAX_RATE,
    Curve,
    rate_per_second,
    supply_rate_per_second,
)
from tests.support.chance import scaled, seeded
from tests.support.revm import DEPLOYER, Machine, array, arrays

NOW = 1_800_000_000
GOVERNED_BATCHES = 40
FIXED_CURVES = 100
DECAY_BATCHES = 80
BATCH = 500

POOLS = "(uint256,uint256,uint256,uint256)[]"


@pytest.fixture(scope="module")
def machine() -> Machine:
    return Machine(NOW)


@pytest.fixture(scope="module")
def harness(machine) -> str:
    return machine.deploy("CurveHarness")


def random_curve(random: Random) -> Curve:
    """A curve the contracts accept, corners included."""
    cuts = sorted(random.choice((0, MAX_RATE, random.randint(0, MAX_RATE))) for _ in range(3))
    kink = random.choice((1, WAD - 1, random.randint(1, WAD - 1), 9 * WAD // 10))
    return Curve(cuts[0], cuts[1] - cuts[0], cuts[2] - cuts[1], kink)


def random_amount(random: Random) -> int:
    """Log-uniform up to the largest amount; zero and the largest are common."""
    return random.choice((0, MAX_AMOUNT, *(random.getrandbits(random.randint(1, 128)),) * 6))


def random_pool(random: Random, curve: Curve) -> tuple[int, int, int, int]:
    """(cash, borrows, reserves, reserve factor), half of them within a few units of the kink."""
    factor = random.choice((0, WAD, random.randint(0, WAD)))
    if random.random() < 0.5:
        return random_amount(random), random_amount(random), random_amount(random), factor
    total = 10 ** random.randint(6, 30)
    borrows = min(total, max(0, total * curve.kink // WAD + random.randint(-2, 2)))
    return total - borrows, borrows, random.choice((0, random.randint(0, total // 10))), factor


def expected_rates(curve: Curve, pool: tuple[int, int, int, int]) -> tuple[int, int]:
    return rate_per_second(curve, *pool[:3]), supply_rate_per_second(curve, *pool)


def two_arrays(words: list[int], size: int) -> list[tuple[int, int]]:
    """Two returned arrays of one length, side by side."""
    first, second = words[3 : 3 + size], words[4 + size : 4 + 2 * size]
    assert len(first) == len(second) == size
    return list(zip(first, second, strict=True))


def test_governed_rates_equal_the_mirror(machine, harness, comparisons):
    model = machine.deploy("KinkedRateModel", int(harness, 16))
    random = seeded(1)
    for _ in range(scaled(GOVERNED_BATCHES)):
        curves = [random_curve(random) for _ in range(BATCH)]
        pools = [random_pool(random, curve) for curve in curves]
        data = arrays(
            array([(curve.word,) for curve in curves]), array(pools), head=[int(model, 16)]
        )
        words = machine.call(harness, f"governed(address,uint256[],{POOLS})", data)
        expected = [expected_rates(c, p) for c, p in zip(curves, pools, strict=True)]
        assert two_arrays(words, BATCH) == expected
        comparisons.add("governed rate", 2 * BATCH)


def test_immutable_rates_equal_the_mirror(machine, harness, comparisons):
    random = seeded(2)
    for _ in range(scaled(FIXED_CURVES)):
        curve = random_curve(random)
        model = machine.deploy("FixedRateModel", curve.word)
        pools = [random_pool(random, curve) for _ in range(BATCH // 2)]
        data = arrays(array(pools), head=[int(model, 16)])
        words = machine.call(harness, f"fixedCurve(address,{POOLS})", data)
        assert two_arrays(words, len(pools)) == [expected_rates(curve, p) for p in pools]
        comparisons.add("immutable rate", 2 * len(pools))


def test_decay_factors_equal_the_mirror(machine, harness, comparisons):
    random = seeded(3)
    for _ in range(scaled(DECAY_BATCHES)):
        cases = [random_decay(random) for _ in range(BATCH)]
        data = arrays(
            array([(configuration.word,) for configuration, _ in cases]),
            array([(age,) for _, age in cases]),
        )
        words = machine.call(harness, "decay(uint256[],uint256[])", data)
        assert words[2:] == [factor(configuration, age) for configuration, age in cases]
        comparisons.add("decay factor", BATCH)


def random_decay(random: Random) -> tuple[Configuration, int]:
    """A configuration and an age beyond its staleness limit, exponents from 0 to underflow."""
    staleness = random.getrandbits(random.randint(1, 24))
    configuration = Configuration(
        primary_staleness=staleness,
        secondary_staleness=0,
        maximum_age=0,
        decay_step=random.choice((0, random.getrandbits(random.randint(1, 20)))),
        decay_rate=random.choice((0, random.getrandbits(random.randint(1, 36)))),
        decay_floor=random.choice((0, 0, 10_000, random.randint(0, 10_000))),
        band_up=0,
        band_down=0,
        band_windows=0,
        band_window=0,
        accrual=0,
        tolerance=0,
        confirm_delay=0,
    )
    return configuration, staleness + 1 + random.getrandbits(random.randint(1, 24))


def factor(configuration: Configuration, age: int) -> int:
    return decay_factor(
        configuration.decay_step,
        configuration.decay_rate,
        configuration.decay_floor,
        configuration.primary_staleness,
        age,
    )


def test_the_harness_is_the_steward_it_stands_for(machine, harness):
    model = machine.deploy("KinkedRateModel", int(harness, 16))
    assert machine.call(model, "steward()") == [int(harness, 16)]
    assert harness.lower() != DEPLOYER
