"""Properties of the integer mirror: directions of rounding, bounds, edges."""

from dataclasses import replace
from decimal import Decimal, localcontext
from math import isqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paramgen.mirror.decay import EXPONENT_UNIT, WAD, decay_factor, exponential
from paramgen.mirror.oracle import Configuration, State, in_band, widening
from paramgen.mirror.rate import MAX_RATE, Curve, rate_at, utilisation
from paramgen.mirror.words import ORACLE_CONFIGURATION, ORACLE_STATE, Layout

CONFIGURATION = Configuration(
    primary_staleness=3_600,
    secondary_staleness=3_600,
    maximum_age=86_400,
    decay_step=0,
    decay_rate=0,
    decay_floor=0,
    band_up=5_000,
    band_down=4_000,
    band_windows=16,
    band_window=3_600,
    accrual=0,
    tolerance=1_000,
    confirm_delay=60,
)


def exact_exponential(exponent: int) -> Decimal:
    """e^(−exponent/1e14)·1e18 to 60 digits."""
    with localcontext(prec=60):
        return (Decimal(-exponent) / EXPONENT_UNIT).exp() * WAD


@given(st.integers(0, 50 * EXPONENT_UNIT))
@settings(max_examples=2_000, deadline=None)
def test_the_decay_factor_is_at_most_the_exponential_and_hardly_below(exponent):
    true = exact_exponential(exponent)
    assert true * (1 - Decimal("2.1e-9")) - 1 <= exponential(exponent) <= true


@given(
    step=st.integers(0, 2**20 - 1),
    rate=st.integers(0, 2**36 - 1),
    floor=st.integers(0, 10_000),
    late=st.integers(1, 2**24 - 2),
)
@settings(max_examples=500, deadline=None)
def test_decay_never_rises_with_age_and_stays_between_floor_and_one(step, rate, floor, late):
    earlier = decay_factor(step, rate, floor, 1, 1 + late)
    later = decay_factor(step, rate, floor, 1, 2 + late)
    assert floor * 10**14 <= later <= earlier <= WAD


@pytest.mark.parametrize(
    ("price", "inside"),
    [(105_000, True), (105_001, False), (96_000, True), (95_999, False)],
)
def test_the_edge_of_the_band_is_inside(price, inside):
    state = State.seeded(100_000, 10**9)
    assert in_band(state, CONFIGURATION, price, 10**9 + 60) is inside


@pytest.mark.parametrize(("elapsed", "times"), [(3_600, 1), (4 * 3_600, 2), (10**7, 4)])
def test_the_band_widens_with_the_root_of_age_and_then_no_more(elapsed, times):
    assert widening(elapsed, CONFIGURATION) == times << 32


@given(st.integers(1, 2**32 - 1), st.integers(1, 2**24 - 1), st.integers(1, 255))
def test_the_widening_rounds_down_and_never_shrinks_the_band(elapsed, window, windows):
    configuration = replace(CONFIGURATION, band_window=window, band_windows=windows)
    wide = widening(elapsed, configuration)
    assert 1 << 32 <= wide <= isqrt(windows << 64)
    assert wide <= widening(elapsed + 1, configuration)


def test_both_anchors_must_admit_a_price():
    state = replace(State.seeded(100_000, 10**9), previous_anchor=98_000, previous_age=60)
    assert not in_band(state, CONFIGURATION, 104_000, 10**9)
    assert in_band(replace(state, previous_anchor=100_000), CONFIGURATION, 104_000, 10**9)


@given(
    cuts=st.tuples(*(st.integers(0, MAX_RATE) for _ in range(3))).map(sorted),
    kink=st.integers(1, WAD - 1),
    u=st.integers(0, WAD - 1),
)
def test_rates_rise_with_utilisation_and_meet_their_corners(cuts, kink, u):
    curve = Curve(cuts[0], cuts[1] - cuts[0], cuts[2] - cuts[1], kink)
    assert curve.is_valid
    assert rate_at(curve, 0) == cuts[0]
    assert rate_at(curve, kink) == cuts[1]
    assert rate_at(curve, WAD) == cuts[2]
    assert rate_at(curve, u) <= rate_at(curve, u + 1)


@given(*(st.integers(0, 2**128 - 1) for _ in range(3)))
def test_utilisation_rounds_up_within_zero_and_one(cash, borrows, reserves):
    u = utilisation(cash, borrows, reserves)
    total = cash + borrows - reserves
    assert 0 <= u <= WAD
    assert u == WAD or borrows * WAD <= u * total or borrows == 0


@given(st.integers(0, 2**252 - 1))
def test_words_survive_unpacking(word):
    assert ORACLE_STATE.pack(ORACLE_STATE.unpack(word)) == word
    assert ORACLE_CONFIGURATION.pack(ORACLE_CONFIGURATION.unpack(word)) == word


@pytest.mark.parametrize("value", [-1, 256])
def test_a_value_that_does_not_fit_its_field_is_an_error_not_a_cut(value):
    layout = Layout.of("pair", {"low": 8, "high": 8})
    with pytest.raises(ValueError, match=r"pair\.low"):
        layout.pack({"low": value, "high": 0})


def test_a_missing_or_unknown_field_is_named():
    layout = Layout.of("pair", {"low": 8, "high": 8})
    with pytest.raises(ValueError, match="high"):
        layout.pack({"low": 1})
    with pytest.raises(ValueError, match="257 bits"):
        Layout.of("long", {"a": 128, "b": 129})


def test_curves_out_of_the_contracts_bounds_are_invalid():
    assert not Curve(0, 0, 0, WAD).is_valid
    assert not Curve(MAX_RATE, 1, 0, 1).is_valid
    with pytest.raises(OverflowError):
        utilisation(2**128, 0, 0)
