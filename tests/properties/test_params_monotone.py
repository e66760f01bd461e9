"""Worse risk never loosens a parameter (spec 3.0), over the whole chain of derivation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from paramgen.params.binding import ParameterError
from paramgen.params.caps import bad_debt, simulated_losses, supply_cap, target_loss_cap
from paramgen.params.collateral import (
    ExitRoute,
    largest_enabled_lltv,
    liquidation_bonus,
    liquidation_threshold,
    loan_to_value,
)
from paramgen.params.fallback import DecayMode, DecayRisk, decay_curve, decay_factor
from paramgen.params.losses import (
    YEAR,
    default_jump_loss,
    haircut,
    kept_fraction,
    loss_quantile,
    market_loss,
    oracle_loss,
    protection_horizon,
)
from paramgen.params.rates import (
    collateral_risk_premium,
    kinked_curve,
    lender_yield,
    rate_at_optimal,
)

EXACT = 1.0 + 1e-12
STALENESS, MAX_AGE = 0.01 * YEAR, 0.2 * YEAR
RATE_MAX, CONFIDENCE, WIND_DOWN = 0.4, 0.99, 1.0
ENABLED = (0.385, 0.625, 0.77, 0.86, 0.915, 0.945)
AGES = np.linspace(STALENESS * 1.0001, MAX_AGE, 40)


@dataclass(frozen=True)
class Risk:
    volatility: float
    hazard: tuple[float, float]
    loss: tuple[float, float]
    detection: float
    impact: tuple[float, float]
    route_time: tuple[float, float]
    deviation: float
    z: float = 2.9

    def horizon(self) -> float:
        return float(protection_horizon(STALENESS / YEAR, self.detection, 0.001))

    def kept(self, extra: float = 0.0) -> float:
        horizon = self.horizon() + extra
        market = market_loss(loss_quantile(self.z, self.volatility, horizon))
        default = default_jump_loss([self.hazard], [self.loss], [WIND_DOWN], CONFIDENCE)[0]
        oracle = oracle_loss(self.deviation, 0.01, 0.05)
        return float(kept_fraction(default, market, oracle, RATE_MAX, horizon))

    def routes(self) -> list[ExitRoute]:
        return [
            ExitRoute(name, impact, 0.001, time)
            for name, impact, time in zip(
                ("pool", "redemption"), self.impact, self.route_time, strict=True
            )
        ]

    def bonus(self) -> float:
        return liquidation_bonus(
            self.routes(), z=self.z, volatility=self.volatility, funding_rate=0.1, gas=20.0,
            typical_size=5e4,
        ).value  # fmt: skip

    def threshold(self) -> float:
        kept_after = {route.name: self.kept(route.time) for route in self.routes()}
        return liquidation_threshold(self.kept(), self.bonus(), self.routes(), kept_after).value

    def decay_risk(self) -> DecayRisk:
        return DecayRisk(self.z, self.volatility, self.hazard, self.loss, CONFIDENCE)

    def loan_to_value(self, mode: DecayMode) -> float:
        decay = decay_curve(self.decay_risk(), STALENESS, MAX_AGE, mode)
        return loan_to_value(
            self.threshold(), z=1.65, volatility=self.volatility, user_time=0.01,
            rate_max=RATE_MAX, accrual=0.05, decay_at_limit=decay.at_limit,
        ).value  # fmt: skip

    def rate(self, threshold: float, utilisation: np.ndarray) -> np.ndarray:
        premium = collateral_risk_premium([self.hazard], [self.loss], [threshold])
        at_optimal = rate_at_optimal(lender_yield(0.04, premium, [1.0], 0.001), 0.85, 0.1)
        return kinked_curve(at_optimal, 0.0, 0.85, 0.6, 3.0).rate(utilisation)

    def cap(self, position_ltv: float, amount: float) -> float:
        # Price impact in proportion to what is sold, up to the policy's 5 %, by route.
        capacity = {route.name: 1e6 * 0.05 / max(route.impact, 1e-3) for route in self.routes()}
        cap = supply_cap(
            capacity, liquidated_share=0.3, liquidation_size=2e6, circulating=1e8,
            circulating_share=0.2,
        )  # fmt: skip
        losses = simulated_losses(
            np.random.default_rng(5), 1000, volatility=self.volatility, horizon=self.horizon(),
            hazard=self.hazard, loss=self.loss, wind_down=WIND_DOWN,
        )  # fmt: skip
        debt = partial(
            bad_debt, losses=losses, position_ltv=[0.9 * position_ltv, position_ltv],
            bonus=self.bonus(), liquidated_share=0.3,
            impact=lambda sold: min(1.0, min(self.impact) * sold / 1e6), confidence=CONFIDENCE,
        )  # fmt: skip
        try:
            return target_loss_cap(cap, amount, debt).value
        except ParameterError:
            return 0.0


def fractions(largest: float) -> st.SearchStrategy[float]:
    return st.floats(0.0, largest)


def pairs(largest: float) -> st.SearchStrategy[tuple[float, float]]:
    return st.tuples(fractions(largest), fractions(largest))


risks = st.builds(
    Risk,
    volatility=fractions(0.8),
    hazard=pairs(0.3),
    loss=pairs(0.7),
    detection=fractions(0.02),
    impact=pairs(0.3),
    route_time=pairs(0.1),
    deviation=fractions(0.01),
)


@st.composite
def worsened(draw: st.DrawFn) -> tuple[Risk, Risk]:
    """A risk and one that is worse in some of its inputs and better in none."""
    risk = draw(risks)

    def up(value: float, room: float) -> float:
        return value + draw(st.one_of(st.just(0.0), fractions(room)))

    worse = replace(
        risk,
        volatility=up(risk.volatility, 0.5),
        hazard=(up(risk.hazard[0], 0.5), up(risk.hazard[1], 0.5)),
        loss=(up(risk.loss[0], 0.25), up(risk.loss[1], 0.25)),
        detection=up(risk.detection, 0.05),
        impact=(up(risk.impact[0], 0.4), up(risk.impact[1], 0.4)),
        route_time=(up(risk.route_time[0], 0.2), up(risk.route_time[1], 0.2)),
        deviation=up(risk.deviation, 0.02),
        z=up(risk.z, 1.0),
    )
    return risk, worse


modes = st.sampled_from(DecayMode)
thorough = settings(deadline=None, max_examples=120)


@thorough
@given(worsened())
def test_worse_risk_never_lowers_the_haircut(pair):
    risk, worse = pair
    assert haircut(worse.kept()) >= haircut(risk.kept()) - 1e-12


@thorough
@given(worsened())
def test_worse_risk_never_lowers_the_bonus(pair):
    risk, worse = pair
    assert worse.bonus() >= risk.bonus() / EXACT


@thorough
@given(worsened(), modes)
def test_worse_risk_never_raises_threshold_or_loan_to_value(pair, mode):
    risk, worse = pair
    assert worse.threshold() <= risk.threshold() * EXACT
    assert worse.loan_to_value(mode) <= risk.loan_to_value(mode) * EXACT
    assert worse.loan_to_value(mode) <= worse.threshold()


@thorough
@given(worsened())
def test_worse_risk_never_raises_the_lltv(pair):
    values = []
    for risk in pair:
        try:
            values.append(largest_enabled_lltv(ENABLED, risk.threshold(), risk.kept()).value)
        except ParameterError:
            values.append(0.0)
    assert values[1] <= values[0]


@thorough
@given(worsened(), modes)
def test_worse_risk_never_raises_decay_at_any_age_at_a_fixed_limit(pair, mode):
    risk, worse = (side.decay_risk() for side in pair)
    compiled = [decay_factor(AGES, side, STALENESS, mode) for side in (risk, worse)]
    assert np.all(compiled[1] <= compiled[0] * EXACT)
    encoded = [decay_curve(side, STALENESS, MAX_AGE, mode).factor(AGES) for side in (risk, worse)]
    assert np.all(encoded[1] <= encoded[0] * EXACT)


@thorough
@given(worsened(), st.floats(0.3, 0.95))
def test_worse_risk_never_lowers_a_rate_at_a_fixed_threshold(pair, threshold):
    risk, worse = pair
    utilisation = np.linspace(0.0, 1.0, 21)
    try:
        before = risk.rate(threshold, utilisation)
        after = worse.rate(threshold, utilisation)
    except ParameterError:
        assume(False)  # noqa: FBT003 - hypothesis takes the condition by position
    assert np.all(after >= before - 1e-12)


@settings(deadline=None, max_examples=40)
@given(worsened(), st.floats(0.2, 0.9), st.floats(1e2, 1e6))
def test_worse_risk_never_raises_a_cap_at_fixed_positions(pair, position_ltv, amount):
    risk, worse = pair
    assert worse.cap(position_ltv, amount) <= risk.cap(position_ltv, amount) * EXACT


def test_a_hazard_that_flattens_the_default_part_does_not_raise_the_encoded_decay():
    """A slope of zero beyond the recovery jump would: the chain's line for less hazard rises on."""
    calm, worse = (DecayRisk(2.5, 0.3, hazard, 0.3, CONFIDENCE) for hazard in (0.9, 1.1))
    before, after = (decay_curve(side, STALENESS, MAX_AGE).factor(AGES) for side in (calm, worse))
    flattened = decay_factor(AGES, worse, STALENESS, DecayMode.TANGENT)
    assert np.any(flattened > before * 1.01)
    assert np.all(after <= before)
