"""Venue adapters: prices, rates and Morpho's interest, mirror against bytecode, to the last bit."""

import json
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from eth_utils import keccak

from paramgen.mirror.oracle import (
    Answer,
    Configuration,
    Contest,
    Deployment,
    Feeds,
    Oracle,
    State,
    Status,
    view,
)
from paramgen.mirror.rate import MAX_AMOUNT, WAD, Curve, rate_per_second, supply_rate_per_second
from paramgen.mirror.venues import (
    MAX_BLOCK_TIME,
    PAR,
    compound_borrow_rate,
    compound_supply_rate,
    euler_rate,
    morpho_interest,
    morpho_price,
    morpho_rate,
    morpho_scale,
)
from tests.differential.test_curves import random_amount, random_curve, random_pool
from tests.support.chance import seeded
from tests.support.revm import DEPLOYER, Machine, array, arrays, word_bytes

NOW = 1_800_000_000
DAY = 86_400
PRICES = 1_000
CURVES = 2_000
ACCRUALS = 1_000
SETTLED = 300
GOVERNOR = int(DEPLOYER, 16)
MARKET = 0xA55E7
VAULT = 0xE0115
MORPHO = Path(__file__).parents[2] / ".build/morpho/out/Morpho.sol/Morpho.json"
PARAMS = "(address,address,address,address,uint256)"
TOTALS = "(uint128,uint128,uint128,uint128,uint128,uint128)"

# A band that takes in every price within the bounds, so that one oracle serves all cases.
WIDE = Configuration(
    primary_staleness=3_600,
    secondary_staleness=0,
    maximum_age=30 * DAY,
    decay_step=20_000,
    decay_rate=5_000_000,
    decay_floor=5_000,
    band_up=2**16 - 1,
    band_down=2**16 - 1,
    band_windows=255,
    band_window=1,
    accrual=0,
    tolerance=0,
    confirm_delay=1,
)
BOUNDS = Deployment(8, None, 10**6, 10**13)
SEED = BOUNDS.max_price // 4
SEEDED = Oracle(BOUNDS, WIDE, State(SEED, SEED, SEED, NOW, NOW, 0, 0, 0), Contest(0, 0, 0))


@pytest.fixture
def machine() -> Machine:
    return Machine(NOW)


def deploy_token(machine: Machine, decimals: int) -> int:
    """A token with empty name and symbol."""
    return int(machine.deploy("MockToken", 96, 128, decimals, 0, 0), 16)


@dataclass(frozen=True)
class Leg:
    """A token of some decimals, its feed and its oracle."""

    machine: Machine
    token: int
    feed: str
    oracle: int

    @classmethod
    def deployed(cls, machine: Machine, decimals: int) -> "Leg":
        token = deploy_token(machine, decimals)
        feed = machine.deploy("FaultyFeed", 8)
        legs = (int(feed, 16), 8, 0, 0)
        limits = (120_000, BOUNDS.min_price, BOUNDS.max_price)
        rest = (GOVERNOR, 0, 0, SEED, NOW, WIDE.word, 0)
        oracle = machine.deploy("FallbackOracle", token, decimals, *legs, *limits, *rest)
        return cls(machine, token, feed, int(oracle, 16))

    def say(self, price: int, at: int) -> None:
        self.machine.call(self.feed, "set(uint8,int256,uint256)", word_bytes((0, price, at)))


@pytest.mark.parametrize("at_par", [False, True])
@pytest.mark.parametrize("decimals", [(18, 6), (0, 18), (6, 8)])
def test_morpho_prices_equal_the_mirror(machine, comparisons, decimals, at_par):
    collateral, loan = (Leg.deployed(machine, d) for d in decimals)
    legs = (collateral.oracle, loan.token, 0 if at_par else loan.oracle, int(at_par))
    adapter = machine.deploy("MorphoOracle", *legs)
    scale = morpho_scale(*(10**d for d in decimals))
    random = seeded(f"morpho {decimals} {at_par}")
    met = set()
    for _ in range(PRICES):
        now = NOW + random.randint(SETTLED, 20 * DAY)
        machine.move_to(now)
        answers = [
            Answer(random.randint(BOUNDS.min_price, BOUNDS.max_price), at)
            for at in (random.randint(max(NOW, now - 5 * DAY), now), now)
        ]
        for leg, answer in zip((collateral, loan), answers, strict=True):
            leg.say(answer.answer, answer.updated_at)
        served = view(SEEDED, Feeds(answers[0], None), now)
        owed = PAR if at_par else answers[1].answer
        expected = morpho_price(served.price, owed, scale)
        assert machine.call(adapter, "price()") == [expected]
        met.add(served.status)
        comparisons.add("venue", 1)
    assert met == {Status.LIVE, Status.DECAYING}


def set_curve(machine: Machine, model: str, asset: int, curve: Curve) -> None:
    data = arrays(array([(asset,)]), array([(curve.word,)]))
    machine.call(model, "setRates(address[],uint256[])", data)


def random_totals(random: Random, pool: tuple[int, int, int, int]) -> tuple[int, int]:
    """(supplied, borrowed) in 128 bits, now and then more borrowed than supplied."""
    cash, borrows = pool[:2]
    if random.random() < 0.1:
        return random_amount(random), borrows
    return min(cash + borrows, MAX_AMOUNT), borrows


def test_rates_in_each_venue_s_unit_equal_the_mirror(machine, comparisons):
    model = machine.deploy("KinkedRateModel", GOVERNOR)
    at = int(model, 16)
    morpho = machine.deploy("MorphoRateModel", at, 0)
    euler = machine.deploy("EulerRateModel", at, VAULT, MARKET)
    random = seeded("venue rates")
    for _ in range(CURVES):
        curve = random_curve(random)
        set_curve(machine, model, MARKET, curve)
        pool = random_pool(random, curve)
        cash, borrows, reserves, _ = pool
        block_time = random.choice((1_000, 12_000, MAX_BLOCK_TIME, random.randint(1, 15_000)))
        compound = machine.deploy("CompoundRateModel", at, MARKET, block_time)
        supplied, borrowed = random_totals(random, pool)
        params, totals = (0, MARKET, 0, 0, 0), (supplied, 0, borrowed, 0, 0, 0)
        three, four = "(uint256,uint256,uint256)", "(uint256,uint256,uint256,uint256)"
        calls = (
            (morpho, f"borrowRateView({PARAMS},{TOTALS})", (*params, *totals)),
            (compound, f"getBorrowRate{three}", (cash, borrows, reserves)),
            (compound, f"getSupplyRate{four}", pool),
            (euler, "computeInterestRateView(address,uint256,uint256)", (VAULT, cash, borrows)),
        )
        got = [machine.call(to, name, word_bytes(words))[0] for to, name, words in calls]
        assert got == [
            morpho_rate(curve, supplied, borrowed),
            compound_borrow_rate(rate_per_second(curve, cash, borrows, reserves), block_time),
            compound_supply_rate(supply_rate_per_second(curve, *pool), block_time),
            euler_rate(rate_per_second(curve, cash, borrows, 0)),
        ]
        comparisons.add("venue", len(got))


def test_the_longest_block_time_is_the_contract_s(machine):
    model = machine.deploy("KinkedRateModel", GOVERNOR)
    compound = machine.deploy("CompoundRateModel", int(model, 16), MARKET, MAX_BLOCK_TIME)
    assert machine.call(compound, "MAX_BLOCK_TIME()") == [MAX_BLOCK_TIME]
    with pytest.raises(RuntimeError):
        machine.deploy("CompoundRateModel", int(model, 16), MARKET, MAX_BLOCK_TIME + 1)


@pytest.mark.skipif(not MORPHO.exists(), reason="`make forge` compiles Morpho Blue")
def test_morpho_s_own_accruals_equal_the_mirror(machine, comparisons):
    """Totals after each accrual by Morpho Blue's bytecode, at rates that change before each."""
    collateral, loan = Leg.deployed(machine, 18), deploy_token(machine, 6)
    steward = int(machine.deploy("ParameterSteward", 0, GOVERNOR, 0, 0, 50), 16)
    model = machine.deploy("KinkedRateModel", GOVERNOR)
    code = bytes.fromhex(json.loads(MORPHO.read_text())["bytecode"]["object"].removeprefix("0x"))
    morpho = machine.deploy_code(code, GOVERNOR)
    accrual = machine.deploy("MorphoAccrual", int(morpho, 16), steward)
    irm = int(machine.deploy("MorphoRateModel", int(model, 16), int(accrual, 16)), 16)
    oracle = int(machine.deploy("MorphoOracle", collateral.oracle, loan, 0, 1), 16)
    params = (loan, collateral.token, oracle, irm, 86 * WAD // 100)
    supplied, borrowed = 10**12, 9 * 10**11
    set_curve(machine, model, collateral.token, Curve(0, 1, 1, WAD // 2))
    for to, name, words in (
        (morpho, "enableIrm(address)", (irm,)),
        (morpho, "enableLltv(uint256)", (params[4],)),
        (accrual, f"listMarket({PARAMS})", params),
        (morpho, f"createMarket({PARAMS})", params),
        (hex_address(loan), "mint(address,uint256)", (GOVERNOR, supplied)),
        (hex_address(loan), "approve(address,uint256)", (int(morpho, 16), supplied)),
        (hex_address(collateral.token), "mint(address,uint256)", (GOVERNOR, 10**24)),
        (hex_address(collateral.token), "approve(address,uint256)", (int(morpho, 16), 10**24)),
        (
            morpho,
            f"supply({PARAMS},uint256,uint256,address,bytes)",
            (*params, supplied, 0, GOVERNOR, 288, 0),
        ),
        (
            morpho,
            f"supplyCollateral({PARAMS},uint256,address,bytes)",
            (*params, 10**24, GOVERNOR, 256, 0),
        ),
        (
            morpho,
            f"borrow({PARAMS},uint256,uint256,address,address)",
            (*params, borrowed, 0, GOVERNOR, GOVERNOR),
        ),
    ):
        machine.call(to, name, word_bytes(words))

    random = seeded("morpho accruals")
    identity = keccak(word_bytes(params))
    for _ in range(ACCRUALS):
        curve = random_curve(random)
        set_curve(machine, model, collateral.token, curve)
        elapsed = random.choice((1, random.randint(1, DAY)))
        machine.move_to(machine.now + elapsed)
        interest = morpho_interest(borrowed, morpho_rate(curve, supplied, borrowed), elapsed)
        supplied, borrowed = supplied + interest, borrowed + interest
        assert machine.call(accrual, f"borrowedNow({PARAMS})", word_bytes(params)) == [borrowed]
        machine.call(morpho, f"accrueInterest({PARAMS})", word_bytes(params))
        totals = machine.call(morpho, "market(bytes32)", identity)
        assert (totals[0], totals[2]) == (supplied, borrowed)
        comparisons.add("venue", 3)
    assert borrowed > 2 * 9 * 10**11


def hex_address(number: int) -> str:
    return f"0x{number:040x}"
