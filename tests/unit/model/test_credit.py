"""Default probability, its fit and bounds; loss and exposure given default."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.datasets import spector

from paramgen.model.credit import (
    LogitFit,
    SignalPrior,
    cumulative_default_probability,
    default_probability,
    expected_loss,
    exposure_at_default,
    fit_default_logit,
    floored,
    hazard_rate,
    loss_given_default,
    most_prudent_bound,
    score_with_missing_signals,
    smoothed_default_probability,
    upper_credible_bound,
)


def test_logit_without_a_prior_reproduces_spector_and_mazzeo() -> None:
    # Greene, Econometric Analysis, table 17.1; statsmodels Logit (reference case 09).
    data = spector.load_pandas()
    design = np.column_stack([np.ones(len(data.endog)), data.exog.to_numpy(dtype=float)])
    fit = fit_default_logit(design, data.endog.to_numpy(dtype=float), np.zeros(4), np.zeros(4))
    assert fit.coefficients == pytest.approx([-13.021347, 2.826113, 0.095158, 2.378688], abs=5e-6)
    assert fit.log_likelihood == pytest.approx(-12.889634, abs=5e-7)
    # Standard errors as statsmodels prints them.
    errors = np.sqrt(np.diag(fit.covariance))
    assert errors == pytest.approx([4.931, 1.263, 0.142, 1.065], abs=5e-4)


SEPARATED = np.array([[1.0, -2.0], [1.0, -1.0], [1.0, 1.0], [1.0, 2.0]])
SEPARATED_DEFAULTS = np.array([0.0, 0.0, 1.0, 1.0])


def test_separated_defaults_need_a_prior_and_fit_with_one() -> None:
    with pytest.raises(ValueError, match="separated by the signals"):
        fit_default_logit(SEPARATED, SEPARATED_DEFAULTS, np.zeros(2), np.zeros(2))
    fit = fit_default_logit(SEPARATED, SEPARATED_DEFAULTS, np.zeros(2), np.array([0.0, 0.4]))
    assert np.all(np.isfinite(fit.coefficients))
    assert fit.coefficients[1] > 0
    assert fit.coefficients[0] == pytest.approx(0.0, abs=1e-8)


def test_no_default_at_all_needs_a_prior_on_the_intercept() -> None:
    with pytest.raises(ValueError, match="separated"):
        fit_default_logit(np.ones((50, 1)), np.zeros(50), np.zeros(1), np.zeros(1))
    fit = fit_default_logit(np.ones((50, 1)), np.zeros(50), np.array([-4.0]), np.array([1.0]))
    assert fit.coefficients[0] < -4.0


def test_strong_prior_wins_over_little_data() -> None:
    fit = fit_default_logit(
        SEPARATED, SEPARATED_DEFAULTS, np.array([-3.0, 0.5]), np.array([1e8, 1e8])
    )
    assert fit.coefficients == pytest.approx([-3.0, 0.5], abs=1e-6)


def test_default_probability_is_the_logit_of_both_kinds_of_signal() -> None:
    probability = default_probability(
        -4.0,
        np.array([[0.0, 0.0], [1.0, 0.5]]),
        np.array([0.8, 0.4]),
        np.array([[0.0], [2.0]]),
        np.array([0.5]),
    )
    assert probability == pytest.approx(1 / (1 + np.exp([4.0, 2.0])))


FIT = LogitFit(
    coefficients=np.array([-4.0, 1.5, -2.0]),
    covariance=np.diag([0.04, 0.09, 0.25]),
    log_likelihood=0.0,
)
PRIOR = SignalPrior(mean=np.array([1.0, 0.2, 0.9]), deviation=np.array([0.0, 0.3, 0.1]))


def test_missing_signal_falls_to_the_prior_and_widens() -> None:
    seen = score_with_missing_signals(FIT, np.array([[1.0, 0.2, 0.9]]), PRIOR, quantile=0.9)
    silent = score_with_missing_signals(FIT, np.array([[1.0, np.nan, np.nan]]), PRIOR, quantile=0.9)
    assert silent.point == pytest.approx(seen.point)
    assert silent.score_deviation[0] > seen.score_deviation[0]
    assert silent.upper[0] > seen.upper[0]


def test_signal_that_was_bad_does_not_improve_by_going_silent() -> None:
    bad = np.array([[1.0, 0.8, 0.1]])
    before = score_with_missing_signals(FIT, bad, PRIOR, quantile=0.9)
    after = score_with_missing_signals(
        FIT, np.array([[1.0, np.nan, np.nan]]), PRIOR, last_known=bad, quantile=0.9
    )
    assert after.point[0] >= before.point[0]
    assert after.upper[0] >= before.upper[0]


def test_smoothing_weighs_data_against_the_prior() -> None:
    smoothed = smoothed_default_probability(np.array([0.0, 0.05, np.nan]), 100.0, 0.02, 50.0)
    assert smoothed == pytest.approx([1 / 150, (5 + 1) / 150, 0.02])


def test_credible_bound_covers_the_posterior_mean_and_shrinks_with_data() -> None:
    bounds = upper_credible_bound(np.array([1.0, 10.0]), np.array([100.0, 1000.0]), 0.01, 50.0, 0.9)
    assert np.all(bounds > 0.01)
    assert bounds[1] < bounds[0]
    # With prior strength 2 and π₀ ½ the posterior is Beta(1, n + 1): 1 − (1−q)^{1/(n+1)}.
    assert float(upper_credible_bound(0.0, 100.0, 0.5, 2.0, 0.9)) == pytest.approx(
        1 - 0.1 ** (1 / 101)
    )


@pytest.mark.parametrize(
    ("obligors", "bounds"),
    [
        # Pluto and Tasche 2005, zero defaults, most prudent ordering (reference case 08), percent.
        (800, [0.087, 0.173, 0.287, 0.374, 0.574, 0.86]),
        (700, [0.099, 0.198, 0.328, 0.427, 0.656, 0.982]),
        (300, [0.231, 0.461, 0.765, 0.994, 1.523, 2.276]),
    ],
)
def test_zero_default_bounds_are_pluto_and_tasches(obligors: int, bounds: list[float]) -> None:
    confidence = np.array([0.5, 0.75, 0.9, 0.95, 0.99, 0.999])
    assert 100 * most_prudent_bound(0.0, obligors, confidence) == pytest.approx(bounds, abs=6e-4)
    assert most_prudent_bound(0.0, obligors, confidence) == pytest.approx(
        1 - (1 - confidence) ** (1 / obligors)
    )


def test_hazard_reproduces_the_one_year_probability() -> None:
    probability = np.array([0.0, 0.0035, 0.08])
    hazard = hazard_rate(probability)
    assert cumulative_default_probability(hazard, 1.0) == pytest.approx(probability)
    assert cumulative_default_probability(hazard, 2.0) == pytest.approx(1 - (1 - probability) ** 2)


def test_floor_raises_only_what_is_below_it() -> None:
    assert floored(np.array([0.0, 0.01]), 3e-4) == pytest.approx([3e-4, 0.01])
    assert float(floored(0.0)) == 0.0


def test_loss_given_default_gives_the_specified_figures() -> None:
    # Spec 2.8: .999·.995·.995 and .8·.9·.9; the report's < 2 % and 25–45 %.
    loss = loss_given_default(
        recoverability=np.array([0.999, 0.8]),
        enforceability=np.array([0.995, 0.9]),
        exit_slippage=np.array([0.005, 0.1]),
        rate=0.0,
        return_time=0.0,
        cost=0.0,
    )
    assert 100 * loss == pytest.approx([1.10, 35.2], abs=5e-3)


def test_loss_given_default_counts_time_and_cost_and_stays_a_fraction() -> None:
    loss = loss_given_default(
        recoverability=1.0,
        enforceability=1.0,
        exit_slippage=0.0,
        rate=0.05,
        return_time=np.array([0.0, 2.0, 2.0]),
        cost=np.array([0.1, 0.1, 5.0]),
    )
    assert loss == pytest.approx([0.1, 1.1 - np.exp(-0.1), 1.0])


def test_exposure_counts_undrawn_and_nets_only_the_reserve() -> None:
    exposure = exposure_at_default(
        supply=1e6,
        net_asset_value=1.02,
        accrued=5e3,
        undrawn=1e5,
        conversion_factor=0.4,
        reserve=np.array([3e4, 9e9]),
    )
    assert exposure == pytest.approx([1_035_000.0, 0.0])


@pytest.mark.parametrize(
    ("name", "probability", "loss", "band"),
    [
        # Spec 2.8, from the report's sections 3.1.5 to 3.5.5: bands in bp.
        ("BUIDL", (0.0, 0.0001), (0.0, 0.02), (0.0, 0.02)),
        ("DAMAC", (0.01, 0.03), (0.15, 0.35), (15.0, 105.0)),
        ("eNote", (0.06, 0.10), (0.40, 0.55), (240.0, 550.0)),
        ("Brickken", (0.04, 0.10), (0.25, 0.45), (100.0, 450.0)),
        ("diamond", (0.0, 0.0), (0.05, 0.15), (0.0, 0.0)),
    ],
)
def test_expected_loss_of_the_reports_cases_spans_their_bands(
    name: str,
    probability: tuple[float, float],
    loss: tuple[float, float],
    band: tuple[float, float],
) -> None:
    corners = 1e4 * expected_loss(np.array(probability), np.array(loss))
    assert corners == pytest.approx(band), name
