"""Sensitivities, stress table, scenarios and reverse stress of one asset (spec 2.7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from paramgen.book.loaded import Loaded
from paramgen.compiler.asset import Derived, Stressed, derive_asset, stressed_price
from paramgen.compiler.exits import exits
from paramgen.compiler.fits import Fits
from paramgen.compiler.ledger import Ledger, Scope
from paramgen.compiler.premia import Benchmark, exit_depth, price_inputs
from paramgen.model.pricing import (
    UNSTRESSED,
    RiskDrivers,
    coverage_margin,
    reverse_stress,
    sensitivities,
    shocked,
)
from paramgen.params.binding import ParameterError
from paramgen.scenarios.apply import Moved, apply, moves_of
from paramgen.scenarios.library import MULTIPLIERS, Scenario

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

    def under(by: RiskDrivers) -> Stressed:
        return priced_under(loaded, marks, fits, derived, by)

    by_input = sensitivities(price_inputs(derived.quantities))
    return Stress(
        sensitivities={k: (down.item(), up.item()) for k, (down, up) in by_input.items()},
        scenarios={name: under(by).composite_yield for name, by in MULTIPLIERS.items()},
        reverse=reverse_stress(
            lambda size: _margin(derived, under(shocked(DIRECTION, size))),
            largest=LARGEST_SHOCK,
            steps=_STEPS,
        ),
    )


@dataclass(frozen=True)
class Outcome:
    """One asset under one scenario, its thresholds as they were set before.

    moves : inputs that the scenario moves, of this asset and of what it rests on.
    margin : K of an ordinary outcome − LT·(1 + b); LT is broken where it is negative.
    bad_debt_ordinary, bad_debt_tail : per unit of a debt that stood at LT, after an ordinary
        outcome and after one at the policy's confidence.
    cap : supply cap in USD that would be set now; None where the asset would be refused, and
        `refusal` says why.
    """

    scenario: str
    moves: tuple[Moved, ...]
    composite_yield: float
    expected_loss: float
    margin: float
    bad_debt_ordinary: float
    bad_debt_tail: float
    cap: float | None
    refusal: str = ""

    @property
    def kept(self) -> bool:
        """Whether LT·(1 + b) is still covered."""
        return self.margin >= 0.0


@dataclass(frozen=True)
class Shock:
    """A scenario's moves in one book, with its multipliers on one asset; of any size."""

    loaded: Loaded
    moves: tuple[Moved, ...]
    drivers: RiskDrivers

    def at(self, size: float) -> tuple[Loaded, RiskDrivers]:
        """The book and the multipliers under a multiple of the shock."""
        book, policy = apply(self.loaded.book, self.loaded.policy, self.moves, Fraction(size))
        return replace(self.loaded, book=book, policy=policy), shocked(self.drivers, size)


def shock_of(loaded: Loaded, derived: Derived, scenario: Scenario) -> Shock | None:
    """The scenario as a shock to one asset; None where it touches nothing that the asset is of."""
    book = loaded.book
    asset = book.assets[derived.identifier]
    near = {derived.identifier, *_members(loaded, derived.identifier)}
    moves = tuple(
        moved
        for moved in moves_of(book, loaded.policy, scenario)
        if _concerns(moved.path, near, asset.counterparties)
    )
    struck = scenario.strikes(asset.asset_class)
    drivers = scenario.drivers if struck else UNSTRESSED
    if struck and scenario.thin_to is not None:
        drivers = replace(drivers, depth=_thinning(loaded, derived, scenario.thin_to))
    own = any(not moved.path.startswith("policy.") for moved in moves)
    if not own and drivers == UNSTRESSED:
        return None
    return Shock(loaded, moves, drivers)


def outcome(marks: Benchmark, fits: Fits, derived: Derived, scenario: str, shock: Shock) -> Outcome:
    """An asset under a shock of the size that its scenario states."""
    loaded, drivers = shock.at(1.0)
    found = priced_under(loaded, marks, fits, derived, drivers)
    threshold = derived.value("liquidation_threshold")
    cap, refusal = _cap(loaded, marks, fits, derived.identifier, drivers)
    return Outcome(
        scenario=scenario,
        moves=shock.moves,
        composite_yield=found.composite_yield,
        expected_loss=found.expected_loss,
        margin=_margin(derived, found),
        bad_debt_ordinary=_bad_debt(found.recovered_ordinary, threshold),
        bad_debt_tail=_bad_debt(found.recovered_tail, threshold),
        cap=cap,
        refusal=refusal,
    )


def breaking_multiple(marks: Benchmark, fits: Fits, derived: Derived, shock: Shock) -> float:
    """Smallest multiple of a shock at which an ordinary outcome breaks LT·(1 + b), or its sale LT.

    The second where the bonus no longer brings a liquidator, and the protocol's own exits fall
    short of a debt at LT.

    Returns
    -------
    0 where it is broken as things stand, infinity where `LARGEST_SHOCK` times do not break it.
    """

    def margin(size: float) -> float:
        loaded, drivers = shock.at(size)
        found = priced_under(loaded, marks, fits, derived, drivers)
        sold = found.recovered_ordinary - derived.value("liquidation_threshold")
        return min(_margin(derived, found), sold)

    return reverse_stress(margin, largest=LARGEST_SHOCK, steps=_STEPS)


def priced_under(
    loaded: Loaded, marks: Benchmark, fits: Fits, derived: Derived, by: RiskDrivers
) -> Stressed:
    """An asset of a stressed book under multipliers, with the bonus that it was given before."""
    bonus = derived.value("liquidation_bonus")
    name, book, policy = derived.identifier, loaded.book, loaded.policy
    return stressed_price(name, book, policy, marks, fits, stress=by, bonus=bonus)


def _margin(derived: Derived, found: Stressed) -> float:
    threshold, bonus = (
        derived.value(name) for name in ("liquidation_threshold", "liquidation_bonus")
    )
    return float(coverage_margin(found.ordinary, threshold, bonus))


def _bad_debt(recovered: float, threshold: float) -> float:
    return max(0.0, 1.0 - recovered / threshold)


def _cap(
    loaded: Loaded, marks: Benchmark, fits: Fits, name: str, by: RiskDrivers
) -> tuple[float | None, str]:
    try:
        found = derive_asset(name, loaded.book, loaded.policy, marks, fits, stress=by)
    except ParameterError as error:
        return None, f"{error.field}: {error.message}"
    return found.value("supply_cap"), ""


def _members(loaded: Loaded, name: str) -> set[str]:
    basket = loaded.book.assets[name].basket
    direct = {member.asset for member in basket.members} if basket else set()
    return direct.union(*(_members(loaded, member) for member in direct))


def _concerns(path: str, assets: set[str], chain: tuple[str, ...]) -> bool:
    root, _, rest = path.partition(".")
    name = rest.partition(".")[0]
    return root == "policy" or name in (assets if root == "assets" else chain)


def _thinning(loaded: Loaded, derived: Derived, wanted: float) -> float:
    """What depth is multiplied by so that depth over issuance is at most `wanted`."""
    scope = Scope(
        derived.identifier, loaded.book.assets[derived.identifier], loaded.policy, Ledger()
    )
    depth = exit_depth(exits(scope, stressed=True), scope.take("issuance"))
    return min(1.0, wanted / depth) if depth > 0.0 else 1.0
