"""Explanations: derivatives against closed forms, and evidence to the last leaf."""

from __future__ import annotations

import pytest

from paramgen.compiler.explain import derivatives, evidence_of, upstream
from paramgen.compiler.ledger import INPUT
from tests.support.rwa import compiled

NOTE = "sg-short-note"


def slopes(field):
    found = compiled()
    rows = derivatives(found.loaded, NOTE, found.assets[NOTE].fits, field)
    return {row.path: row.slope for row in rows}


def test_the_yield_moves_with_each_premium_one_for_one_and_with_pd_by_lgd():
    found = slopes("composite_yield")
    assert found[f"assets.{NOTE}.risk_free"] == pytest.approx(1.0)
    assert found[f"assets.{NOTE}.liquidity.premium"] == pytest.approx(1.0)
    assert found[f"assets.{NOTE}.cva"] == pytest.approx(1.0)
    assert found[f"assets.{NOTE}.credit.pd"] == pytest.approx(0.30)
    assert found[f"assets.{NOTE}.credit.lgd"] == pytest.approx(0.0035)


def test_the_rate_at_the_kink_carries_the_reserve_factor():
    found = slopes("rate_at_kink")
    derived = compiled().assets[NOTE].derived
    policy = compiled().loaded.policy
    expected = 1 / (derived.value("kink") * (1 - float(policy.rates.reserve_factor)))
    assert found[f"assets.{NOTE}.risk_free"] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", list(compiled().assets))
def test_every_parameter_is_traced_to_evidence_or_policy(name):
    found = compiled()
    quantities = found.assets[name].derived.quantities
    for field in found.assets[name].landed.parameters:
        if field in ("reference_as_of", "secondary_staleness", "tolerance"):
            continue
        leaves = [q.name for q in upstream(quantities, field) if q.formula == INPUT]
        fitted = quantities[field].uses == () and "history" in quantities[field].formula
        assert leaves or fitted, f"{name}.{field} rests on nothing"


def test_what_an_assumption_feeds_is_labelled():
    found = compiled()
    quantities = found.assets["damac-mantra"].derived.quantities
    rests_on = evidence_of(found.loaded.book, quantities, "liquidation_threshold")
    kinds = {found.loaded.book.sources[name].kind.value for name in rests_on}
    assert "assumption" in kinds
