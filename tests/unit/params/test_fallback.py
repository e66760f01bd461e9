from __future__ import annotations

import math
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from paramgen.params.binding import ParameterError
from paramgen.params.fallback import (
    DecayMode,
    DecayRisk,
    check_staleness,
    decay_curve,
    decay_factor,
    gap_tail,
    longest_closure,
    staleness_limit,
)
from paramgen.params.history import update_gaps
from paramgen.params.losses import YEAR

DAY = 86_400.0
NEW_YEAR = [date(2024, 12, 25), date(2025, 1, 1)]


def test_real_hourly_rounds_are_stale_after_their_heartbeat_and_margin(eth):
    limit = staleness_limit(gap_tail(update_gaps(eth), 1), heartbeat=3600, margin=300)
    assert (limit.value, limit.binding) == (3900.0, "heartbeat + margin")
    assert limit.candidates["quantile of the gaps"] == 3720.0


def test_gaps_beyond_the_heartbeat_bind():
    gaps = np.append(np.full(9_998, 3600.0), [7200.0, 7300.0])
    limit = staleness_limit(gap_tail(gaps, 1), heartbeat=3600, margin=60)
    assert (limit.value, limit.binding) == (7200.0, "quantile of the gaps")


def test_too_few_updates_a_year_ask_for_the_calendar():
    quarterly = gap_tail(np.full(12, 91 * DAY), 1.0)
    common = {"heartbeat": 91 * DAY, "margin": DAY}
    with pytest.raises(ParameterError, match="too few updates"):
        staleness_limit(quarterly, **common)
    limit = staleness_limit(quarterly, **common, calendar_heartbeat=96 * DAY)
    assert (limit.value, limit.binding) == (97 * DAY, "calendar heartbeat + margin")


def test_a_heartbeat_alone_is_enough_where_there_is_no_history():
    limit = staleness_limit(None, heartbeat=3600, margin=600)
    assert limit.value == 4200.0


def test_the_calendar_heartbeat_counts_weekends_and_holidays():
    plain = longest_closure(1, [], date(2024, 12, 2), date(2024, 12, 13))
    assert plain == 3 * DAY
    # Thursday 2026-12-24 to Monday 28th, over Christmas Day and a weekend.
    christmas = longest_closure(1, [date(2026, 12, 25)], date(2026, 12, 1), date(2026, 12, 31))
    assert christmas == 4 * DAY
    # In 2024/25 both holidays are Wednesdays: the weekend stays the longest.
    assert longest_closure(1, NEW_YEAR, date(2024, 12, 16), date(2025, 1, 10)) == 3 * DAY
    assert longest_closure(5, NEW_YEAR, date(2024, 12, 16), date(2025, 1, 10)) == 10 * DAY


def test_a_calendar_without_business_days_is_an_error():
    with pytest.raises(ParameterError, match="no business day"):
        longest_closure(1, [], date(2024, 12, 7), date(2024, 12, 8))


def test_a_staleness_limit_above_its_ceiling_is_an_error_not_a_clip():
    loss = check_staleness(3720, 3.0, 0.4, largest_loss=0.05)
    assert loss == pytest.approx(-math.expm1(-3.0 * 0.4 * math.sqrt(3720 / YEAR)))
    with pytest.raises(ParameterError, match="may fall too far") as caught:
        check_staleness(96 * DAY, 3.0, 0.2, largest_loss=0.05)
    assert caught.value.bound == 0.05


RISK = DecayRisk(z=3.0, volatility=0.2, hazard=0.03, loss_given_default=0.4, confidence=0.99)


@pytest.mark.parametrize("mode", [DecayMode.CHORD, DecayMode.TANGENT])
def test_decay_lies_below_the_quantile_of_a_diffusion_with_default(mode):
    """The quantile by numbers: survive and diffuse, or default at the recovery and diffuse."""
    limit = DAY
    for age in limit * np.array([1.0001, 2.0, 10.0, 60.0, 365.0]):
        years = age / YEAR
        p = -math.expm1(-RISK.hazard * years)
        spread = RISK.volatility * math.sqrt(years)
        factor = float(decay_factor(age, RISK, limit, mode))
        recovered = math.log(factor) - math.log1p(-RISK.loss_given_default)
        below = (1 - p) * stats.norm.cdf(math.log(factor) / spread) + p * stats.norm.cdf(
            recovered / spread
        )
        assert below <= 1.0 - RISK.confidence


def test_the_default_part_is_the_chord_to_the_recovery_and_then_flat():
    full, until_full = math.log(1.0 / 0.6), math.log(1.0 / 0.99) / 0.03 * YEAR
    exponent = RISK.default_exponent(until_full * np.array([0.0, 0.25, 1.0, 7.0]))
    assert exponent == pytest.approx([0.0, full / 4, full, full])


def test_default_exponent_covers_the_quantile_of_disjoint_causes():
    """A year of (0.6 %, −50 %) and (0.6 %, −10 %): the worst hundredth begins at −10 %."""
    hazard, loss = np.array([0.006, 0.006, 0.02]), np.array([0.5, 0.1, 0.3])
    risk = DecayRisk(0.0, 0.0, hazard, loss, 0.99)
    worst_first = np.argsort(-loss)
    for age in np.array([0.1, 0.5, 1.0, 3.0, 20.0]) * YEAR:
        reached = np.cumsum(hazard[worst_first]) * age / YEAR >= -math.log(0.99)
        quantile = loss[worst_first][reached.argmax()] if reached.any() else 0.0
        assert risk.default_exponent(age) >= -math.log1p(-quantile) - 1e-12


def test_a_rarer_and_deeper_default_of_the_same_mean_never_decays_less():
    """A pool whose losses correlate more has its EL in fewer, larger pieces."""
    ages = np.array([0.01, 0.1, 1.0]) * YEAR
    calm, deeper = (
        DecayRisk(0.0, 0.0, np.array([0.001 / loss, 0.003]), np.array([loss, 0.2]), 0.99)
        for loss in (0.02, 0.04)
    )
    assert np.all(deeper.default_exponent(ages) >= calm.default_exponent(ages))


def test_tangent_is_tighter_than_chord_and_joint_starts_without_a_market_step():
    ages = np.array([1.5, 4.0, 20.0]) * DAY
    chord, tangent, joint = (decay_factor(ages, RISK, DAY, mode) for mode in DecayMode)
    assert np.all(chord < tangent)
    assert np.all(tangent < joint)
    no_default = DecayRisk(3.0, 0.2, 0.0, 0.4, 0.99)
    assert decay_curve(no_default, DAY, 30 * DAY, DecayMode.JOINT).at_limit == 1.0


def test_a_fresh_price_is_not_decayed_and_a_dead_one_has_no_value():
    curve = decay_curve(RISK, DAY, 30 * DAY)
    served = curve.factor([0.0, DAY, DAY + 1, 30 * DAY, 30 * DAY + 1])
    assert served[0] == served[1] == 1.0
    assert served[2] < curve.at_limit < 1.0
    assert np.isnan(served[4])


def test_the_published_steps_of_decay_at_illustrative_volatilities():
    """−1.9 % on hourly ETH and −16.7 % on quarterly real estate (spec 4.2)."""
    eth = decay_curve(DecayRisk(2.326, 0.75, 0.0, 0.0, 0.99), 3900, DAY)
    assert 1.0 - eth.at_limit == pytest.approx(0.019, abs=0.001)
    estate = decay_curve(DecayRisk(2.326, 0.15, 0.01, 0.35, 0.99), 96 * DAY, 365 * DAY)
    assert 0.14 < 1.0 - estate.at_limit < 0.30


def test_a_total_loss_and_an_age_before_the_limit_are_errors():
    with pytest.raises(ParameterError, match="total loss"):
        DecayRisk(3.0, 0.2, 0.03, 1.0, 0.99)
    with pytest.raises(ParameterError, match="beyond the staleness limit"):
        decay_curve(RISK, DAY, DAY)


risks = st.builds(
    DecayRisk,
    z=st.floats(1.0, 5.0),
    volatility=st.floats(0.0, 2.0),
    hazard=st.floats(0.0, 2.0),
    loss_given_default=st.floats(0.0, 0.99),
    confidence=st.floats(0.9, 0.999),
)


@settings(deadline=None, max_examples=150)
@given(
    risk=risks,
    limit=st.floats(60.0, 100 * DAY),
    stretch=st.floats(1.001, 100.0),
    share=st.floats(0.0, 1.0),
    mode=st.sampled_from(DecayMode),
)
def test_what_the_chain_holds_never_lies_above_the_compiled_decay(
    risk, limit, stretch, share, mode
):
    """The lemma of `fallback`, over every age in (T, maximum age]."""
    max_age = limit * stretch
    age = np.nextafter(limit, np.inf) + share * (max_age - np.nextafter(limit, np.inf))
    encoded = decay_curve(risk, limit, max_age, mode).factor(min(age, max_age))
    compiled = decay_factor(min(age, max_age), risk, limit, mode)
    assert encoded <= compiled * (1.0 + 1e-12)
