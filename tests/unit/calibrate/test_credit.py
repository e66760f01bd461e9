"""Default and loss models: what they recover, what they refuse, what widens them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from paramgen.calibrate.credit import (
    Appetite,
    Counts,
    Panel,
    dispersion,
    fit_grades,
    fit_panel,
)
from paramgen.edge.panels import read_counts
from paramgen.params.binding import ParameterError
from tests.support.shared import needed

APPETITE = Appetite(strength=100.0, quantile=0.95, resamples=200, seed=1)
QUICK = Appetite(strength=100.0, quantile=0.95, resamples=100, seed=1)


def rated():
    path = needed("defaults/sp_rated_1981_2000.csv")
    return read_counts(path.read_bytes(), path.name)


def counts(obligors, defaults):
    obligors, defaults = np.asarray(obligors, float), np.asarray(defaults, float)
    periods = tuple(map(str, range(len(obligors))))
    return Counts(periods, tuple("ABCDE"[: obligors.shape[1]]), obligors, defaults)


def panel(rows_per_obligor=3, obligors=300, weights=(-3.0, 1.2, -0.5), seed=0):
    random = np.random.default_rng(seed)
    rows = rows_per_obligor * obligors
    values = random.normal(size=(rows, len(weights) - 1)) * [2.0, 0.1][: len(weights) - 1]
    chance = expit(weights[0] + values @ np.asarray(weights[1:]))
    outcome = (random.random(rows) < chance).astype(float)
    codes = np.repeat(np.arange(obligors), rows_per_obligor)
    return Panel(codes, ("coverage", "delay")[: values.shape[1]], values, outcome)


def test_rated_obligors_of_twenty_years_come_out_in_order():
    # McNeil, Frey and Embrechts use the same counts: rates of 0.04 % for A to 21.9 % for CCC.
    fit = fit_grades(rated(), APPETITE)
    rate = {grade.grade: grade.rate.value for grade in fit.grades}
    expected = {"A": 0.00040, "BBB": 0.00224, "BB": 0.00983, "B": 0.0530, "CCC": 0.2194}
    assert rate == pytest.approx(expected, rel=0.01)
    for bound in ("fitted", "smoothed", "credible", "prudent"):
        values = [getattr(grade, bound) for grade in fit.grades]
        assert values == sorted(values), bound
    for grade in fit.grades:
        assert grade.rate.lower < grade.rate.value < grade.rate.upper
        assert grade.smoothed < grade.credible <= grade.prudent


def test_years_of_speculative_grades_differ_more_than_independent_defaults_would():
    fit = {grade.grade: grade.dispersion for grade in fit_grades(rated(), APPETITE).grades}
    assert fit["B"] > 5.0
    assert fit["BBB"] < 1.5


def test_dispersion_is_one_where_every_year_is_alike_and_pearsons_otherwise():
    alike = counts([[100, 100]] * 4, [[1, 10]] * 4)
    assert dispersion(alike.obligors, alike.defaults) == pytest.approx([1.0, 1.0])
    # Rate 10 %: deviations ±10 of variance 9 each, two years, one degree of freedom.
    uneven = counts([[100, 100]] * 2, [[0, 10], [20, 10]])
    assert dispersion(uneven.obligors, uneven.defaults) == pytest.approx([200.0 / 9.0, 1.0])


def test_clustered_defaults_widen_the_bounds_at_the_same_rate():
    steady = counts([[500, 500]] * 6, [[5, 20]] * 6)
    clustered = counts([[500, 500]] * 6, [[0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [30, 120]])
    calm, wild = fit_grades(steady, APPETITE).grades, fit_grades(clustered, APPETITE).grades
    for before, after in zip(calm, wild, strict=True):
        assert after.rate.value == before.rate.value
        assert after.credible > before.credible
        assert after.prudent > before.prudent


def test_a_grade_without_defaults_takes_its_rate_from_its_neighbours():
    fit = fit_grades(counts([[400, 400, 400]] * 5, [[0, 4, 40]] * 5), APPETITE)
    best = fit.grades[0]
    assert best.rate.value == 0.0
    assert 0.0 < best.smoothed < fit.grades[1].smoothed
    assert any("rest on the neighbouring grades" in line for line in fit.warnings)


def test_grades_in_the_wrong_order_are_said_to_be():
    fit = fit_grades(counts([[400, 400]] * 5, [[40, 4]] * 5), APPETITE)
    assert any("in order" in line for line in fit.warnings)


@pytest.mark.parametrize(
    ("obligors", "defaults", "words"),
    [([[10, 10]], [[1, 1]], "too few periods"), ([[10, 10]] * 3, [[0, 0]] * 3, "not one default")],
)
def test_counts_that_carry_no_fit_are_refused(obligors, defaults, words):
    with pytest.raises(ParameterError, match=words):
        fit_grades(counts(obligors, defaults), APPETITE)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(0, 30), min_size=4, max_size=4),
    st.integers(1, 10),
)
def test_more_defaults_in_every_year_never_lower_a_smoothed_rate(bad, extra):
    before = counts([[400, 400]] * 4, [[4, each] for each in bad])
    more = before.defaults.copy()
    more[:, 1] += extra
    after = Counts(before.periods, before.grades, before.obligors, more)
    first, second = (fit_grades(each, APPETITE).grades[1] for each in (before, after))
    assert second.smoothed >= first.smoothed


def test_a_panel_gives_back_the_weights_that_made_it():
    fits = [fit_panel(panel(obligors=150, seed=seed), QUICK) for seed in range(8)]
    for at, truth in enumerate((1.2, -0.5)):
        bounds = [fit.weights[at].coefficient for fit in fits]
        covered = sum(bound.lower < truth < bound.upper for bound in bounds)
        # Of eight 90 % intervals fewer than five cover once in 200 such tests.
        assert covered >= 5
    assert min(fit.discrimination for fit in fits) > 0.85
    assert all(fit.error < fit.error_of_mean for fit in fits)
    assert sum(fit.misfit > 0.05 for fit in fits) >= 6


def test_weights_are_per_unit_of_the_signal():
    given_ = panel(obligors=100)
    scaled = Panel(given_.obligors, given_.signals, given_.values * [100.0, 1.0], given_.outcome)
    first, second = fit_panel(given_, QUICK), fit_panel(scaled, QUICK)
    assert second.weights[0].coefficient.value == pytest.approx(
        first.weights[0].coefficient.value / 100.0, rel=1e-4
    )
    assert second.weights[1].coefficient == first.weights[1].coefficient


def test_signals_that_separate_the_defaults_still_have_finite_weights():
    codes = np.arange(40)
    values = np.linspace(-1.0, 1.0, 40)[:, None]
    fit = fit_panel(Panel(codes, ("s",), values, (values[:, 0] > 0.0).astype(float)), APPETITE)
    assert np.isfinite(fit.weights[0].coefficient.upper)
    assert fit.weights[0].coefficient.lower > 0.0


def test_rows_repeated_of_the_same_obligors_do_not_narrow_the_interval():
    once = panel(rows_per_obligor=1, obligors=200)
    again = Panel(
        np.tile(once.obligors, 10), once.signals, np.tile(once.values, (10, 1)),
        np.tile(once.outcome, 10),
    )  # fmt: skip
    width = [
        w.coefficient.upper - w.coefficient.lower
        for w in (fit_panel(once, QUICK).weights[0], fit_panel(again, QUICK).weights[0])
    ]
    # As independent rows they would narrow it to a third.
    assert width[1] > 0.8 * width[0]


def test_fractions_lost_are_fitted_by_the_same_form():
    random = np.random.default_rng(3)
    unproven = random.random((400, 1))
    expected = expit(-1.0 + 1.5 * unproven[:, 0])
    lost = random.beta(8.0 * expected, 8.0 * (1.0 - expected))
    fit = fit_panel(Panel(np.arange(400), ("unproven",), unproven, lost), APPETITE)
    bound = fit.weights[0].coefficient
    assert bound.lower < 1.5 < bound.upper
    assert np.isnan(fit.discrimination)
    assert fit.error < fit.error_of_mean


def test_the_mean_outcome_is_smoothed_to_the_prior_it_is_given():
    given_ = panel(obligors=60)
    prior = Appetite(strength=180.0, quantile=0.95, resamples=100, seed=1, prior=0.5)
    fit = fit_panel(given_, prior)
    assert fit.smoothed_rate == pytest.approx((given_.outcome.mean() + 0.5) / 2.0, rel=1e-5)
    assert fit_panel(given_, QUICK).smoothed_rate == pytest.approx(fit.base_rate)


def test_few_events_and_silent_signals_are_warned_of():
    random = np.random.default_rng(5)
    outcome = np.zeros(100)
    outcome[:3] = 1.0
    noise = Panel(np.arange(100), ("noise",), random.normal(size=(100, 1)), outcome)
    lines = fit_panel(noise, APPETITE).warnings
    assert any("mostly their prior" in line for line in lines)
    assert any("not settled" in line for line in lines)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"values": np.ones((60, 1))}, "never changes"),
        ({"outcome": np.zeros(60)}, "same in every row"),
        ({"obligors": np.zeros(60, dtype=int)}, "too few obligors"),
    ],
)
def test_panels_that_carry_no_fit_are_refused(changed, words):
    random = np.random.default_rng(1)
    whole = {
        "obligors": np.arange(60), "values": random.normal(size=(60, 1)),
        "outcome": (random.random(60) < 0.3).astype(float),
    } | changed  # fmt: skip
    with pytest.raises(ParameterError, match=words):
        fit_panel(Panel(signals=("s",), **whole), APPETITE)


def test_the_same_seed_gives_the_same_intervals_and_another_others():
    given_ = panel(obligors=50)
    first = fit_panel(given_, QUICK)
    assert fit_panel(given_, QUICK) == first
    other = fit_panel(given_, Appetite(100.0, 0.95, 100, seed=2))
    assert other.weights[0].coefficient.value == first.weights[0].coefficient.value
    assert other.weights[0].coefficient != first.weights[0].coefficient
