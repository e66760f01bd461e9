"""Counterparty premium against Hull, and its disjointness from the obligor's default."""

from __future__ import annotations

import numpy as np
import pytest

from paramgen.model.counterparty import (
    counterparty_spread,
    credit_default_swap,
    credit_valuation_adjustment,
    first_default_probability,
    forward_exposure,
    legal_discount,
    running_spread,
)


def test_gold_forward_cva_is_hulls() -> None:
    # Hull, credit risk: K 1500, F 1600, two years, σ 20 %, r 5 %, R 30 % (reference case 05).
    exposure = forward_exposure(
        strike=1500,
        forward=1600,
        rate=0.05,
        maturity=2,
        volatility=0.2,
        time=np.array([0.5, 1.5]),
    )
    assert exposure == pytest.approx([132.38, 186.65], abs=5e-3)
    value = float(credit_valuation_adjustment(exposure, np.array([0.02, 0.03]), 0.3))
    assert value == pytest.approx(5.77, abs=5e-3)
    assert 100 * np.exp(-0.05 * 2) - value == pytest.approx(84.71, abs=5e-3)


def test_default_swap_is_hulls() -> None:
    # Hull, credit derivatives: hazard 2 %, R 40 %, r 5 %, five years (reference case 06).
    legs = credit_default_swap(0.02, 0.4, 0.05, 5)
    assert float(legs.premium) == pytest.approx(4.0728, abs=5e-5)
    assert float(legs.accrual) == pytest.approx(0.0422, abs=5e-5)
    assert float(legs.payoff) == pytest.approx(0.0506, abs=5e-5)
    assert 1e4 * float(legs.par_spread) == pytest.approx(123.0, abs=0.05)


def test_first_defaults_are_disjoint_and_exhaust_the_chains_default() -> None:
    hazard = np.array([[0.01, 0.03, 0.0], [0.2, 0.1, 0.05]])
    obligor = np.array([0.02, 0.4])
    time = np.array([0.5, 1.0, 2.0])
    chain = first_default_probability(hazard, obligor, time)
    first_obligor = first_default_probability(obligor[:, None], hazard.sum(axis=1), time)
    total = chain.sum(axis=(1, 2)) + first_obligor.sum(axis=(1, 2))
    assert total == pytest.approx(-np.expm1(-2.0 * (hazard.sum(axis=1) + obligor)))
    assert chain[0, 2] == pytest.approx(np.zeros(3))


def test_riskier_obligor_leaves_less_for_the_counterparties() -> None:
    hazard, time = np.array([[0.05]]), np.array([1.0])
    calm = first_default_probability(hazard, np.array([0.0]), time)
    risky = first_default_probability(hazard, np.array([1.0]), time)
    assert risky[0, 0, 0] < calm[0, 0, 0]


def test_no_hazard_at_all_is_no_adjustment() -> None:
    spread = counterparty_spread(
        np.zeros((1, 2)), np.zeros((1, 2)), 0.0, np.ones((1, 2)), np.array([0.5, 1.0])
    )
    assert spread == pytest.approx(np.zeros((1, 2)))


def test_spread_of_the_chain_is_near_hazard_times_loss() -> None:
    hazard, recovery = np.array([[0.002, 0.001]]), np.array([[0.5, 0.8]])
    time = np.linspace(1 / 12, 1.0, 12)
    spread = counterparty_spread(hazard, recovery, np.array([0.0]), np.exp(-0.05 * time), time)
    assert spread[0] == pytest.approx([0.001, 0.0002], rel=5e-3)


def test_running_spread_repays_the_adjustment() -> None:
    assert float(running_spread(3.0, np.array([90.0, 60.0]), np.array([1.0, 2.0]))) == 0.02


def test_legal_discount_is_probability_times_loss_plus_cost() -> None:
    discount = legal_discount(np.array([0.01, 0.0]), np.array([0.2, 0.5]), np.array([5e-4, 0.0]))
    assert discount == pytest.approx([25e-4, 0.0])
