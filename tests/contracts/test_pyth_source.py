"""Pyth as a feed: what it bounds, and that what it refuses is an invalid leg."""

import ape
import pytest

UNIT = 10**8
ID = b"\x01" * 32
LIMIT_BPS = 100


@pytest.fixture
def pyth(project, accounts):
    return project.MockPyth.deploy(sender=accounts[0])


@pytest.fixture
def source(project, accounts, pyth):
    return project.PythSource.deploy(pyth, ID, LIMIT_BPS, sender=accounts[0])


@pytest.fixture
def publish(pyth, accounts, chain):
    """Publish (price, confidence, exponent) `ahead` seconds from the latest block."""

    def set_price(price=100 * UNIT, confidence=0, exponent=-8, ahead=-10):
        time = chain.blocks.head.timestamp + ahead
        pyth.set(ID, price, confidence, exponent, time, sender=accounts[0])
        return time

    return set_price


@pytest.mark.parametrize(
    ("price", "exponent", "answer"),
    [
        (100 * UNIT, -8, 100 * UNIT),
        (100, 0, 100 * UNIT),
        (10_012_345, -5, 10_012_345_000),
        (123_456_789_012, -10, 1_234_567_890),
        (2**63 - 1, -18, 922_337_203),
    ],
)
def test_prices_are_scaled_to_eight_decimals_and_round_down(
    source, publish, price, exponent, answer
):
    time = publish(price=price, exponent=exponent)
    round_id, got, started, updated, answered = source.latestRoundData()
    assert (got, updated) == (answer, time)
    assert round_id == started == answered == time


def test_confidence_is_bounded_by_the_price(source, publish):
    publish(confidence=UNIT)
    assert source.latestRoundData()[1] == 100 * UNIT
    publish(confidence=UNIT + 1)
    with ape.reverts(source.ConfidenceTooWide):
        source.latestRoundData()


@pytest.mark.parametrize("exponent", [1, 8, -19])
def test_a_positive_or_tiny_exponent_is_refused(source, publish, exponent):
    publish(exponent=exponent)
    with ape.reverts(source.ExponentOutOfBounds):
        source.latestRoundData()


@pytest.mark.parametrize("price", [0, -1])
def test_a_price_that_is_not_positive_is_refused(source, publish, price):
    publish(price=price)
    with ape.reverts(source.PriceNotPositive):
        source.latestRoundData()


def test_a_little_ahead_is_now_and_more_is_refused(source, publish):
    ahead = publish(ahead=14)
    updated = source.latestRoundData()[3]
    assert updated < ahead, "it counts as now, not as its own time"
    publish(ahead=60)
    with ape.reverts(source.TimeInvalid):
        source.latestRoundData()


def test_a_price_never_pushed_reverts(source):
    with ape.reverts():
        source.latestRoundData()


@pytest.mark.parametrize("limit", [0, 1_001])
def test_a_confidence_limit_out_of_bounds_is_refused(project, accounts, pyth, limit):
    with ape.reverts():
        project.PythSource.deploy(pyth, ID, limit, sender=accounts[0])
