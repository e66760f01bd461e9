from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from paramgen.params.binding import ParameterError
from paramgen.params.caps import (
    bad_debt,
    debt_ceiling,
    simulated_losses,
    supply_cap,
    target_loss_cap,
)

POLICY = {"liquidated_share": 0.25, "liquidation_size": 2e6, "circulating_share": 0.1}


def test_the_cap_adds_the_routes_and_names_what_binds():
    cap = supply_cap({"pool": 1e5, "redemption": 3e5}, circulating=1e9, **POLICY)
    assert (cap.value, cap.binding) == (1.6e6, "capacity of the routes")
    assert cap.candidates["liquidation size"] == 8e6
    assert supply_cap({"pool": 1e9}, circulating=1e9, **POLICY).binding == "liquidation size"
    assert supply_cap({"pool": 1e9}, circulating=1e7, **POLICY).binding == "share of circulation"


def test_a_missing_route_adds_nothing_and_kills_nothing():
    one = supply_cap({"redemption": 3e5}, circulating=1e9, **POLICY)
    with_empty_pool = supply_cap({"redemption": 3e5, "pool": 0.0}, circulating=1e9, **POLICY)
    assert one.value == with_empty_pool.value == 1.2e6


@pytest.mark.parametrize("capacities", [{}, {"pool": 0.0}])
def test_no_route_at_all_is_an_error_not_a_zero(capacities):
    with pytest.raises(ParameterError, match="no route"):
        supply_cap(capacities, circulating=1e9, **POLICY)


@pytest.mark.parametrize(
    ("named", "without"),
    [
        ("share of circulation", {"circulating_share": 0.0}),
        ("share of circulation", {"circulating": 0.0}),
        ("liquidation size", {"liquidation_size": 0.0}),
    ],
)
def test_a_cap_below_a_dollar_is_an_error_that_names_what_binds(named, without):
    with pytest.raises(ParameterError, match=f"{named} leaves less than a dollar"):
        supply_cap({"pool": 1e9}, **({"circulating": 1e9} | POLICY | without))


def test_the_debt_ceiling_is_the_cap_at_loan_to_value():
    assert debt_ceiling(1e6, 0.75) == 750_000.0


def losses(seed: int = 1, **changes):
    inputs = {
        "volatility": 0.2,
        "horizon": 0.02,
        "hazard": [0.02, 0.005],
        "loss": [0.3, 0.8],
        "wind_down": 1.0,
    } | changes
    return simulated_losses(np.random.default_rng(seed), 20_000, **inputs)


def test_the_same_seed_draws_the_same_losses():
    assert np.array_equal(losses(), losses())
    assert not np.array_equal(losses(), losses(seed=2))


def test_defaults_strike_as_often_as_their_hazards_say():
    quiet = losses(volatility=0.0)
    assert np.mean(quiet > 0.79) == pytest.approx(0.005, rel=0.25)
    assert np.mean((quiet > 0.29) & (quiet < 0.79)) == pytest.approx(0.02, rel=0.15)


@pytest.mark.parametrize(
    "worse",
    [{"volatility": 0.3}, {"horizon": 0.05}, {"hazard": [0.05, 0.005]}, {"loss": [0.9, 0.8]}],
)
def test_a_worse_input_lowers_no_draw(worse):
    assert np.all(losses(**worse) >= losses() - 1e-15)


def book(impact=lambda sold: min(0.9, sold / 1e7)):
    return partial(
        bad_debt,
        losses=losses(),
        position_ltv=[0.6, 0.7, 0.75],
        bonus=0.05,
        liquidated_share=0.25,
        impact=impact,
        confidence=0.99,
    )


CAP = supply_cap({"redemption": 5e6}, circulating=1e9, **POLICY)


def test_the_target_loss_leaves_a_harmless_cap_as_it_is():
    assert target_loss_cap(CAP, 1e9, book()) is CAP


def test_the_target_loss_cap_is_the_largest_within_the_amount():
    cap = target_loss_cap(CAP, 50_000.0, book())
    assert cap.binding == "target loss"
    assert book()(cap.value).quantile <= 50_000.0
    assert book()(cap.value * 1.0001).quantile > 50_000.0


def test_an_amount_that_any_lending_passes_is_an_error():
    with pytest.raises(ParameterError, match="any lending"):
        target_loss_cap(CAP, 0.0, book(impact=lambda _: 0.9))


def test_selling_more_never_leaves_less_bad_debt():
    quantiles = [book()(cap).quantile for cap in (1e5, 1e6, 5e6, 2e7)]
    assert quantiles == sorted(quantiles)
