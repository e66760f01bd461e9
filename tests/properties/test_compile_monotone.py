"""Worse evidence never loosens what the whole compile step lands (spec 3.0).

The functions' own monotonicity is tested beside them; here the wiring is: a stress entered twice,
or a sign the wrong way, shows only in the compiled book.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from paramgen.book.resolve import inputs
from paramgen.compiler.asset import compiled_decay
from paramgen.compiler.build import rederive
from paramgen.compiler.explain import moved
from paramgen.compiler.land import decay_excess
from paramgen.params.binding import ParameterError
from paramgen.params.fallback import DecayCurve, DecayMode
from tests.support.rwa import compiled

WORSE_UP = (
    "credit.pd",
    "credit.lgd",
    "credit.cohort.prior",
    "market.volatility",
    "structure.correlation",
    "liquidity.routes.{route}.discount",
    "liquidity.routes.{route}.stressed",
    "liquidity.routes.{route}.fee",
    "liquidity.routes.{route}.time",
    "oracle.primary.deviation",
)
WORSE_DOWN = (
    "liquidity.routes.{route}.depth",
    "liquidity.routes.{route}.stress",
    "liquidity.routes.{route}.capacity",
    "structure.overcollateral",
    "structure.reserve",
    "circulating",
)
NEVER_RAISED = ("ltv", "liquidation_threshold", "supply_cap", "debt_ceiling")
SLACK = 1e-9
AGES = (1.01, 1.5, 3.0)


def worsenings() -> list[tuple[str, str, int]]:
    """(asset, path, +1 or −1) for every input of the example book whose worse side is known."""
    book = compiled().loaded.book
    known = {path for path, _ in inputs(book)}
    found = []
    for name, asset in book.assets.items():
        for patterns, sign in ((WORSE_UP, 1), (WORSE_DOWN, -1)):
            for pattern in patterns:
                for route in asset.liquidity.routes:
                    path = f"assets.{name}.{pattern.format(route=route)}"
                    if path in known and (name, path, sign) not in found:
                        found.append((name, path, sign))
    return [case for case in found if not neutral(*case)]


def neutral(name: str, path: str, _: int) -> bool:
    """Correlation with nothing below the note: EL stays, losses get rarer and deeper, no order."""
    if not path.endswith("structure.correlation"):
        return False
    structure = compiled().loaded.book.assets[name].structure
    return structure.overcollateral.value + structure.reserve.value == 0


CASES = worsenings()


def test_the_example_book_has_worsenings_of_every_kind():
    endings = {path.rsplit(".", 1)[1] for _, path, _ in CASES}
    assert {"pd", "lgd", "volatility", "depth", "capacity", "time", "correlation"} <= endings


@settings(max_examples=150, deadline=None)
@given(case=st.sampled_from(CASES), share=st.integers(1, 60))
def test_no_worsening_of_risk_ever_loosens_a_parameter(case, share):
    name, path, sign = case
    book = compiled()
    loaded, fits = book.loaded, book.assets[name].fits
    leaf = dict(inputs(loaded.book))[path]
    worse = leaf.value * (1 + Fraction(sign * share, 100))
    assume(leaf.value > 0 and (type(leaf).high is None or worse <= type(leaf).high))
    before = book.assets[name].derived
    try:
        after = rederive(moved(loaded, path, worse), name, fits)
    except ParameterError:
        return  # refused outright is not looser
    for field in NEVER_RAISED:
        assert after.value(field) <= before.value(field) * (1 + SLACK), (case, share, field)
    assert after.value("haircut") >= before.value("haircut") - SLACK, (case, share)
    if after.value("primary_staleness") == before.value("primary_staleness"):
        for age in AGES:
            assert decay(after, age) <= decay(before, age) + SLACK, (case, share, age)


def decay(derived, times_limit):
    limit = derived.value("primary_staleness")
    curve = DecayCurve(
        limit,
        derived.value("maximum_age"),
        derived.value("decay_step"),
        derived.value("decay_rate"),
        derived.value("decay_floor"),
        DecayMode.CHORD,
    )
    age = min(limit * times_limit, derived.value("maximum_age"))
    return float(curve.factor(age))


@pytest.mark.parametrize("name", list(compiled().assets))
def test_the_encoded_decay_never_exceeds_the_compiled_one(name):
    book = compiled()
    found = book.assets[name]
    assert decay_excess(found.landed, compiled_decay(found.derived, book.loaded.policy)) <= 0.0


def test_a_decay_encoded_too_slow_is_seen():
    book = compiled()
    found = next(iter(book.assets.values()))
    rate = found.landed.parameters["decay_rate"]
    slower = replace(rate, integer=rate.integer // 2)
    wrong = replace(found.landed, parameters={**found.landed.parameters, "decay_rate": slower})
    assert decay_excess(wrong, compiled_decay(found.derived, book.loaded.policy)) > 0.0
