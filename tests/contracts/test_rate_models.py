"""The rate models: who sets them, what they refuse, and the curve at its corners."""

import ape
import pytest

from paramgen.mirror.rate import MAX_RATE, Curve

WAD = 10**18
CURVE = Curve(base_rate=10**9, slope_1=2 * 10**9, slope_2=8 * 10**9, kink=9 * WAD // 10)
INVALID = {
    "no kink": Curve(0, 1, 1, 0).word,
    "kink at one": Curve(0, 1, 1, WAD).word,
    "above the maximum": Curve(MAX_RATE, 1, 0, 1).word,
    "unused bits": CURVE.word | 1 << 208,
}


@pytest.fixture
def steward(accounts):
    return accounts[1]


@pytest.fixture
def market(accounts):
    return accounts[5].address


@pytest.fixture
def model(project, accounts, steward, market):
    made = project.KinkedRateModel.deploy(steward, sender=accounts[0])
    made.setRates([market], [CURVE.word], sender=steward)
    return made


@pytest.mark.parametrize(
    ("cash", "borrows", "reserves", "rate"),
    [
        (100, 0, 0, 10**9),
        (0, 0, 0, 10**9),
        (10, 90, 0, 3 * 10**9),
        (0, 100, 0, 11 * 10**9),
        (10, 95, 5, 7 * 10**9),
        (0, 10, 20, 11 * 10**9),
        (50, 60, 20, 3 * 10**9 - (2 * 10**9 * 7 // 27)),
    ],
    ids=["idle", "empty", "kink", "full", "between", "reserves exceed", "below the kink"],
)
def test_the_curve_at_its_corners(
    *, model, project, accounts, market, cash, borrows, reserves, rate
):
    fixed = project.FixedRateModel.deploy(CURVE.word, sender=accounts[0])
    got = model.ratePerSecond(market, cash, borrows, reserves)
    assert abs(got - rate) <= 1
    assert got >= rate, "against borrowers"
    assert fixed.ratePerSecond(market, cash, borrows, reserves) == got


@pytest.mark.parametrize("name", INVALID)
def test_an_invalid_word_is_refused_everywhere(*, project, accounts, model, steward, market, name):
    with ape.reverts(model.RateWordInvalid):
        model.setRates([market], [INVALID[name]], sender=steward)
    with ape.reverts():
        project.FixedRateModel.deploy(INVALID[name], sender=accounts[0])


def test_only_the_steward_sets_and_arrays_match(model, accounts, steward, market):
    with ape.reverts(model.NotSteward):
        model.setRates([market], [CURVE.word], sender=accounts[0])
    with ape.reverts(model.LengthsDiffer):
        model.setRates([market], [], sender=steward)


def test_a_market_without_a_curve_and_absurd_amounts_revert(model, accounts, market):
    with ape.reverts(model.RatesNotSet):
        model.ratePerSecond(accounts[6], 1, 1, 0)
    with ape.reverts(model.AmountTooLarge):
        model.ratePerSecond(market, 2**128, 1, 0)


def test_the_maximum_is_a_thousand_per_cent_a_year():
    assert MAX_RATE * 31_536_000 <= 10 * WAD < (MAX_RATE + 1) * 31_536_000
