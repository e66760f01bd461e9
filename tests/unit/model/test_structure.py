"""Pool losses, tranches and the waterfall."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import QuantLib as ql  # noqa: N813
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.stats import norm

from paramgen.model.structure import (
    Basket,
    Claims,
    attachment_point,
    bivariate_normal,
    conditional_default_rate,
    default_rate_quantile,
    distribute,
    expected_excess,
    senior_default_probability,
    structural_premium,
    tranche_expected_loss,
    tranche_expected_shortfall,
    trigger_fired,
    two_point,
)


def test_bivariate_normal_agrees_with_quantlib() -> None:
    random = np.random.default_rng(11)
    points = np.concatenate(
        [
            random.normal(scale=2.0, size=(200, 2)),
            [[0, 1.3], [0, -1.3], [0.7, 0], [-0.7, 0], [0, 0]],
        ]
    )
    for rho in (-0.97, -0.4, 0.0, 0.3, 0.92):
        reference = ql.BivariateCumulativeNormalDistributionWe04DP(rho)
        expected = [reference(float(h), float(k)) for h, k in points]
        assert bivariate_normal(points[:, 0], points[:, 1], rho) == pytest.approx(
            expected, abs=1e-14
        )


def test_bivariate_normal_at_infinity_is_the_margin() -> None:
    assert float(bivariate_normal(np.inf, 0.3, 0.5)) == pytest.approx(norm.cdf(0.3))
    assert float(bivariate_normal(0.3, -np.inf, 0.5)) == 0.0
    assert float(bivariate_normal(np.inf, np.inf, -0.5)) == 1.0
    assert float(bivariate_normal(-0.0, 1.0, 0.2)) == float(bivariate_normal(0.0, 1.0, 0.2))


def test_vasicek_worst_case_is_hulls() -> None:
    # Hull, credit risk: p 2 %, ρ 0.1, 99.9 % is 0.128; loss 5.13 at R 60 % (reference case 07).
    worst = float(default_rate_quantile(0.02, 0.1, 0.999))
    assert worst == pytest.approx(0.12824, abs=5e-6)
    assert 100 * (1 - 0.6) * worst == pytest.approx(5.129, abs=5e-4)


def test_enote_tranches_give_the_specified_losses() -> None:
    # Spec 2.8: p 8 %, lgd .475, ρ .15, A = 0/3/5/8 %.
    loss = tranche_expected_loss(0.08, 0.475, 0.15, np.array([0.0, 0.03, 0.05, 0.08]))
    assert 1e4 * loss == pytest.approx([380.0, 150.6, 76.0, 26.2], abs=0.05)


def test_factoring_enhancements_give_the_specified_losses() -> None:
    # Spec 2.8, Hong Kong factoring: p 2.6 %, lgd 1, ρ .05; OC 5 %, then a 3 % reserve.
    attachment = attachment_point(np.array([0.0, 0.05, 0.05]), np.array([0.0, 0.0, 0.03]))
    loss = tranche_expected_loss(0.026, 1.0, 0.05, attachment)
    assert 1e4 * loss == pytest.approx([260.0, 9.83, 1.09], abs=0.005)


def test_expected_excess_is_the_integral_over_the_factor() -> None:
    def integrand(y: float) -> float:
        excess = max(float(conditional_default_rate(0.05, 0.2, y)) - 0.08, 0.0)
        return float(excess * norm.pdf(y))

    assert float(expected_excess(0.05, 0.2, 0.08)) == pytest.approx(
        quad(integrand, -12, 12, points=[-0.8, 0.0], epsabs=1e-12)[0], abs=1e-9
    )


def test_senior_default_probability_is_that_of_passing_the_attachment() -> None:
    probability = float(senior_default_probability(0.08, 0.475, 0.15, 0.08))
    worst = default_rate_quantile(0.08, 0.15, 1.0 - probability)
    assert float(worst) * 0.475 == pytest.approx(0.08)


def test_edges_of_the_pool_have_their_exact_values() -> None:
    assert float(tranche_expected_loss(0.0, 0.5, 0.1, 0.0)) == 0.0
    assert float(tranche_expected_loss(1.0, 0.5, 0.1, 0.2)) == pytest.approx(0.375)
    assert float(tranche_expected_loss(0.1, 0.0, 0.1, 0.2)) == 0.0
    assert float(tranche_expected_loss(0.1, 0.4, 0.1, 0.5)) == 0.0
    assert float(senior_default_probability(0.1, 0.4, 0.1, 0.5)) == 0.0
    assert float(senior_default_probability(0.1, 0.0, 0.1, 0.0)) == 0.0
    assert np.isnan(tranche_expected_loss(np.nan, 0.3, 0.1, 0.2))


MIXED = Basket(
    weight=np.array([[0.5, 0.3, 0.2], [1.0, 0.0, 0.0]]),
    default_probability=np.array([[0.08, 0.026, 0.0001], [0.08, 0.5, 0.5]]),
    loss_given_default=np.array([[0.475, 1.0, 0.02], [0.475, 1.0, 1.0]]),
    correlation=np.array([[0.15, 0.05, 0.2], [0.15, 0.3, 0.3]]),
)


@pytest.mark.parametrize("attachment", [0.0, 0.03, 0.05, 0.08, 0.3])
def test_basket_of_one_kind_is_the_homogeneous_pool(attachment: float) -> None:
    basket = MIXED.tranche_expected_loss(attachment)[1]
    assert basket == pytest.approx(
        float(tranche_expected_loss(0.08, 0.475, 0.15, attachment)), abs=1e-12
    )


@pytest.mark.parametrize("threshold", [0.01, 0.05, 0.2])
def test_basket_excess_is_the_integral_over_the_factor(threshold: float) -> None:
    def excess(y: float) -> float:
        return float(MIXED.conditional_loss(np.array([y, y]))[0]) - threshold

    kink = brentq(excess, -12.0, 12.0)
    expected = quad(lambda y: excess(y) * norm.pdf(y), -12.0, kink, epsabs=1e-13)[0]
    assert MIXED.expected_excess(threshold)[0] == pytest.approx(expected, abs=1e-12)


def test_basket_tranches_together_bear_the_pools_expected_loss() -> None:
    junior, senior = MIXED.tranche_expected_loss(0.0, 0.1), MIXED.tranche_expected_loss(0.1)
    assert 0.1 * junior + 0.9 * senior == pytest.approx(MIXED.expected_loss(), rel=1e-10)


def test_basket_quantile_of_one_kind_is_vasiceks() -> None:
    worst = MIXED.loss_quantile(0.999)[1]
    assert worst == pytest.approx(0.475 * float(default_rate_quantile(0.08, 0.15, 0.999)))


def test_unknown_input_makes_its_basket_unknown_and_no_other() -> None:
    probability = MIXED.default_probability.copy()
    probability[0, 1] = np.nan
    loss = replace(MIXED, default_probability=probability).tranche_expected_loss(0.05)
    assert np.isnan(loss[0])
    assert loss[1] == pytest.approx(MIXED.tranche_expected_loss(0.05)[1])


def one(value: float) -> np.ndarray:
    return np.array([value])


CLAIMS = Claims(one(1.0), one(2.0), one(30.0), one(100.0), one(10.0))


@pytest.mark.parametrize(
    ("cash", "fired", "paid"),
    [
        (0.5, False, (0.5, 0, 0, 0, 0)),
        (2.5, False, (1, 1.5, 0, 0, 0)),
        (20.0, False, (1, 2, 17, 0, 0)),
        (40.0, False, (1, 2, 30, 7, 0)),
        (60.0, False, (1, 2, 30, 10, 17)),
        (60.0, True, (1, 2, 57, 0, 0)),
        (120.0, True, (1, 2, 100, 10, 7)),
    ],
)
def test_cash_runs_down_the_waterfall_in_order(
    cash: float, fired: bool, paid: tuple[float, ...]
) -> None:
    paid_out = distribute(one(cash), CLAIMS, np.array([fired]))
    levels = (
        paid_out.custody_and_administration,
        paid_out.servicing,
        paid_out.senior,
        paid_out.junior,
        paid_out.equity,
    )
    assert np.concatenate(levels) == pytest.approx(list(paid))
    assert paid_out.senior_shortfall == pytest.approx([max(30.0 - paid[2], 0.0)])


def test_trigger_fires_on_low_collections_high_overdues_or_silence() -> None:
    fired = trigger_fired(
        np.array([0.98, 0.90, 0.98, np.nan, 0.98]),
        np.array([0.01, 0.01, 0.08, 0.01, np.nan]),
        collection_floor=0.95,
        overdue_ceiling=0.05,
    )
    assert fired.tolist() == [False, True, True, True, True]


def test_discretionary_path_raises_the_legal_premium() -> None:
    premium = structural_premium(0.0025, np.array([False, True]), 0.01)
    assert premium == pytest.approx([0.0025, 0.0125])


def numeric_tranche_shortfall(p, lgd, rho, attachment, confidence):
    """Average of the tranche loss over the worst 1 − α of the common factor, by quadrature."""
    u = (np.arange(400_000) + 0.5) / 400_000 * (1.0 - confidence)
    rate = conditional_default_rate(p, rho, norm.ppf(u))
    return float((np.maximum(lgd * rate - attachment, 0.0) / (1.0 - attachment)).mean())


@pytest.mark.parametrize("attachment", [0.0, 0.03, 0.08, 0.3, 0.5])
def test_tranche_shortfall_is_the_mean_of_the_worst_outcomes(attachment):
    p, lgd, rho, confidence = 0.08, 0.475, 0.15, 0.99
    found = tranche_expected_shortfall(p, lgd, rho, attachment, confidence)
    expected = numeric_tranche_shortfall(p, lgd, rho, attachment, confidence)
    # Far out the quadrature itself is good to a few parts in a thousand.
    assert float(found) == pytest.approx(expected, rel=3e-3, abs=1e-9)


@pytest.mark.parametrize("attachment", [0.0, 0.05, 0.2])
def test_a_basket_of_one_is_the_pool_itself(attachment):
    one = Basket(*(np.array([[x]]) for x in (1.0, 0.08, 0.475, 0.15)))
    pool = tranche_expected_shortfall(0.08, 0.475, 0.15, attachment, 0.99)
    assert one.tranche_expected_shortfall(attachment, 0.99)[0] == pytest.approx(float(pool))


def test_shortfall_is_never_below_the_expected_loss():
    for attachment in (0.0, 0.05, 0.2):
        expected = tranche_expected_loss(0.08, 0.475, 0.15, attachment)
        assert tranche_expected_shortfall(0.08, 0.475, 0.15, attachment, 0.99) >= expected


def test_a_pool_as_a_jump_keeps_its_expected_loss_and_its_shortfall():
    expected, worst = np.array([0.01, 0.004]), np.array([0.2, 0.4])
    probability, loss = two_point(expected, worst, 0.99)
    assert probability * loss == pytest.approx(expected)
    assert loss == pytest.approx(worst)


def test_a_remote_note_s_probability_is_its_limit_and_not_the_rounding_of_two_nothings():
    """EL/ES of a note that attaches further and further out: 1 − α, and no noise beyond."""
    attachment = np.linspace(0.05, 0.39, 60)
    pool = (0.02, 0.4, 0.05, attachment)
    worst = tranche_expected_shortfall(*pool, 0.99)
    probability, loss = two_point(tranche_expected_loss(*pool), worst, 0.99)
    assert np.all(worst[-20:] < 1e-8)
    assert probability[-20:] == pytest.approx(0.01)
    assert np.all(loss[-20:] == 0.0)
    assert np.all(np.diff(probability) <= 1e-6)
