"""The mirror at the very bounds of its rules, which random cases seldom meet."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import pytest

from paramgen.encode import Word, pack
from paramgen.mirror.domains import parameters
from paramgen.mirror.guardrails import FULL_BUDGET, Guardrail
from paramgen.mirror.oracle import (
    Answer,
    Configuration,
    Deployment,
    Feeds,
    Oracle,
    State,
    Status,
    agree,
    poke,
    view,
)
from paramgen.mirror.rate import MAX_RATE, WAD, Curve, rate_per_second, supply_rate_per_second
from paramgen.mirror.steward import Ledger, Section, judge_update
from paramgen.mirror.validity import coupled_refusals
from tests.support.markets import COLLATERAL, DAY, ORACLE, VALUES, rails, word_of

NOW = 1_700_000_000
PRICE = 100 * 10**8
NO_ANSWER = Feeds(None)
CONFIGURATION = Configuration(**ORACLE)


def oracle_of(price_age: int) -> Oracle:
    """One leg, its checkpoint and anchors so many seconds old."""
    deployment = Deployment(8, None, 1, 2 * PRICE)
    return Oracle(deployment, CONFIGURATION, State.seeded(PRICE, NOW - price_age))


@pytest.mark.parametrize(
    ("age", "status"),
    [
        (CONFIGURATION.primary_staleness, Status.HELD),
        (CONFIGURATION.primary_staleness + 1, Status.DECAYING),
        (CONFIGURATION.maximum_age, Status.DECAYING),
        (CONFIGURATION.maximum_age + 1, Status.STOPPED),
    ],
)
def test_a_price_is_held_to_its_limit_and_served_to_its_last_second(age, status):
    assert view(oracle_of(age), NO_ANSWER, NOW).status is status


@pytest.mark.parametrize(("age", "rolls"), [(DAY - 1, False), (DAY, True)])
def test_anchors_roll_once_the_current_one_has_stood_for_its_window(age, rolls):
    before = oracle_of(age)
    verdict, after = poke(before, Feeds(Answer(PRICE + 10**6, NOW)), NOW)
    assert verdict.status is Status.LIVE
    assert after.state.price == PRICE + 10**6
    assert (after.state.anchor, after.state.anchor_time) == (
        (PRICE + 10**6, NOW) if rolls else (PRICE, NOW - age)
    )


def test_two_sources_are_held_against_the_smaller_of_them():
    low, tolerance = 10**10, 1_000  # 1 %
    assert agree(low, low + 10**8, tolerance)
    assert not agree(low, low + 10**8 + 1, tolerance)


def test_lenders_are_paid_what_the_reserve_factor_leaves_rounded_down_once():
    curve = Curve(0, MAX_RATE // 8, MAX_RATE // 4, 8 * 10**17)
    half_lent = (curve, 5 * 10**6, 5 * 10**6, 0)
    paid = Fraction(rate_per_second(*half_lent), 2)
    assert supply_rate_per_second(*half_lent, WAD // 10) == floor(paid * 9 / 10)
    assert supply_rate_per_second(*half_lent, WAD) == 0


def test_a_move_spends_its_share_of_the_budget_rounded_up():
    rail = Guardrail(0, 10_000, 7, 7, 0, DAY, 3, False, True, False, False)  # noqa: FBT003
    assert rail.cost(0, 1) == FULL_BUDGET // 21 + 1
    assert rail.cost(0, 7) == FULL_BUDGET // 3
    assert rail.leaked(FULL_BUDGET, DAY - 1) == 1
    assert rail.leaked(FULL_BUDGET, DAY) == 0


@pytest.mark.parametrize(("ltv", "refused"), [(8_000, False), (8_001, True)])
def test_the_step_of_decay_may_reach_the_threshold_and_not_pass_it(ltv, refused):
    """A floor of 80 % that holds at once: D(T⁺) is 0.8 and LT·D(T⁺) a whole number."""
    oracle = pack(Word.ORACLE, ORACLE | {"decay_step": 2**20 - 1, "decay_floor": 8_000})
    values = COLLATERAL | {"liquidation_threshold": 10_000, "liquidation_bonus": 0, "ltv": ltv}
    errors = {each.error for each in coupled_refusals(pack(Word.COLLATERAL, values), oracle)}
    assert ("DecayLiquidates" in errors) is refused


def test_what_one_word_loosens_no_later_word_makes_unsaid():
    """The collateral's word is judged before the oracle's; the pause counts for the whole batch."""
    words = {word: word_of(word) for word in VALUES}
    ledger = Ledger({word: Section(0, (0,) * len(parameters(word))) for word in Word}, 1)
    looser = word_of(Word.COLLATERAL, supply_cap=COLLATERAL["supply_cap"] + 10**5)
    tighter = word_of(Word.ORACLE, tolerance=ORACLE["tolerance"] - 1)
    update = {Word.COLLATERAL: looser, Word.ORACLE: tighter}
    for paused in (False, True):
        found = judge_update(
            words, update, ledger, rails(), now=NOW, by_governor=False, paused=paused
        )
        assert [each.error for each in found.refusals] == ["LoosensPausedMarket"] * paused
