"""Sensitivities, stress table and reverse stress of one asset's price (spec 2.7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from paramgen.book.loaded import Loaded
from paramgen.compiler.asset import Derived, stressed_price
from paramgen.compiler.fits import Fits
from paramgen.compiler.premia import Benchmark, price_inputs
from paramgen.model.pricing import (
    RiskDrivers,
    coverage_margin,
    reverse_stress,
    sensitivities,
    shocked,
)

SCENARIOS: Mapping[str, RiskDrivers] = {
    "credit": RiskDrivers(2.0, 1.25, 1.0, 1.0, 1.0),
    "liquidity": RiskDrivers(1.0, 1.0, 0.25, 1.0, 2.0),
    "market": RiskDrivers(1.0, 1.0, 0.5, 2.0, 1.0),
    "all at once": RiskDrivers(2.0, 1.25, 0.25, 2.0, 2.0),
}
"""Multipliers on (PD, LGD, depth, σ, time to exit)."""

DIRECTION = RiskDrivers(2.0, 1.25, 0.5, 2.0, 2.0)
"""A reverse stress of size 1 doubles PD, σ and time, halves depth, and loses a quarter more."""

LARGEST_SHOCK = 4.0
_STEPS = 16


@dataclass(frozen=True)
class Stress:
    """How one asset's price answers.

    sensitivities : change of the yield, per year, when one input is cut or raised by a fifth.
    scenarios : yield per year under each scenario's multipliers.
    reverse : smallest shock along `DIRECTION` at which even an ordinary outcome, one standard
        deviation and the expected default loss, breaks LT·(1 + bonus).
    """

    sensitivities: Mapping[str, tuple[float, float]]
    scenarios: Mapping[str, float]
    reverse: float


def stress(loaded: Loaded, marks: Benchmark, fits: Fits, derived: Derived) -> Stress:
    """Run all three on a derived asset."""

    def under(by: RiskDrivers) -> tuple[float, float]:
        return stressed_price(
            derived.identifier, loaded.book, loaded.policy, marks, fits, stress=by
        )

    threshold = derived.value("liquidation_threshold")
    bonus = derived.value("liquidation_bonus")

    def margin(size: float) -> float:
        kept = under(shocked(DIRECTION, size))[1]
        return float(coverage_margin(kept, threshold, bonus))

    by_input = sensitivities(price_inputs(derived.quantities))
    return Stress(
        sensitivities={k: (down.item(), up.item()) for k, (down, up) in by_input.items()},
        scenarios={name: under(by)[0] for name, by in SCENARIOS.items()},
        reverse=reverse_stress(margin, largest=LARGEST_SHOCK, steps=_STEPS),
    )
