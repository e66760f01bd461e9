"""The stress library is data: rows with a source, which move what exists and make it worse."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from paramgen.book.resolve import find_input, inputs
from paramgen.book.schema import AssetClass
from paramgen.compiler.build import Priced, price_book
from paramgen.compiler.stress import breaking_multiple, outcome, shock_of
from paramgen.model.pricing import UNSTRESSED
from paramgen.scenarios.apply import ABSENT, apply, moves_of
from paramgen.scenarios.library import SCENARIOS, Rule
from tests.support.rwa import loaded

ROWS = list(SCENARIOS.values())
ASSETS = sorted(loaded().book.assets)
CLASS_STRUCK = {
    AssetClass.TREASURY: "redemption held up",
    AssetClass.CASH: "fund at the end of its range",
    AssetClass.REAL_ESTATE: "property market under stress",
    AssetClass.RECEIVABLE: "collections below the trigger",
    AssetClass.CORPORATE_NOTE: "small issuer at the end of its range",
    AssetClass.COMMODITY: "commodity in an extreme event",
    AssetClass.HASH_POWER: "mining income falls",
    AssetClass.FUND: "redemption held up",
    AssetClass.BASKET: "members fall together",
}


@pytest.fixture(scope="module")
def priced() -> Priced:
    return price_book(loaded())


def under(priced, asset, name):
    shock = shock_of(priced.loaded, priced.assets[asset], SCENARIOS[name])
    assert shock is not None
    return outcome(priced.marks, priced.fits[asset], priced.assets[asset], name, shock)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_scenario_names_its_source_and_moves_something(row):
    assert row.section
    assert row.sentence
    assert row.moves or row.drivers != UNSTRESSED or row.thin_to is not None


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_no_scenario_names_an_asset(row):
    words = {part for move in row.moves for part in move.path.split(".")}
    assert not words & set(loaded().book.assets)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_path_of_a_scenario_is_an_input_of_some_book(row):
    book = loaded().book
    known = {path for asset in book.assets.values() for path, _ in inputs(asset)} | set(ABSENT)
    for move in row.moves:
        if move.path.startswith("policy."):
            find_input(loaded().policy, move.path.removeprefix("policy."))
        elif move.path.startswith("counterparties."):
            _, role, part = move.path.split(".")
            assert any(hasattr(c, part) for c in book.counterparties.values() if c.role == role)
        else:
            pattern = move.path.split(".")
            assert any(
                len(path.split(".")) == len(pattern)
                and all(w in ("*", p) for w, p in zip(pattern, path.split("."), strict=True))
                for path in known
            ), move.path


@pytest.mark.parametrize("asset_class", AssetClass)
def test_every_asset_class_has_a_scenario_of_its_own(asset_class):
    row = SCENARIOS[CLASS_STRUCK[asset_class]]
    assert asset_class in row.classes


def test_a_move_leaves_alone_what_is_worse_already():
    book, policy = loaded().book, loaded().policy
    moves = {
        m.path: m for m in moves_of(book, policy, SCENARIOS["property at the end of its range"])
    }
    assert moves["assets.damac-mantra.credit.lgd"].after == Fraction(35, 100)
    assert "assets.brickken-latam.credit.lgd" not in moves
    assert not any(path.startswith("assets.buidl") for path in moves)


def test_a_scenario_of_size_nothing_is_the_book_and_of_size_one_its_moves():
    book, policy = loaded().book, loaded().policy
    for row in ROWS:
        moves = moves_of(book, policy, row)
        same_book, same_policy = apply(book, policy, moves, Fraction(0))
        written = {path: found.value for path, found in inputs(same_book)}
        assert {p: f.value for p, f in inputs(book)}.items() <= written.items(), row.name
        assert dict(inputs(same_policy)).keys() == dict(inputs(policy)).keys()
        moved_book, _ = apply(book, policy, moves)
        for move in moves:
            if not move.path.startswith("policy."):
                assert find_input(moved_book, move.path).value == move.after, (row.name, move)


def test_moves_carried_beyond_their_scenario_stop_where_the_input_ends():
    book, policy = loaded().book, loaded().policy
    for row in ROWS:
        moves = moves_of(book, policy, row)
        far, _ = apply(book, policy, moves, Fraction(1_000))
        for move in moves:
            if not move.path.startswith("policy."):
                found = find_input(far, move.path)
                low, high = type(found).low, type(found).high
                assert low is None or found.value >= low
                assert high is None or found.value <= high


@pytest.mark.parametrize("asset", ASSETS)
def test_no_scenario_makes_an_asset_better(priced, asset):
    derived = priced.assets[asset]
    for name, row in SCENARIOS.items():
        shock = shock_of(priced.loaded, derived, row)
        if shock is None:
            continue
        found = outcome(priced.marks, priced.fits[asset], derived, name, shock)
        assert np.isfinite(found.composite_yield), name
        assert found.composite_yield >= derived.value("composite_yield") - 1e-12, name
        assert found.expected_loss >= derived.value("expected_loss") - 1e-12, name
        assert 0.0 <= found.bad_debt_ordinary <= found.bad_debt_tail <= 1.0, name
        assert (found.cap is None) == bool(found.refusal), name
        if found.cap is not None:
            assert found.cap <= derived.value("supply_cap") + 1e-6, name


@pytest.mark.parametrize("asset", ASSETS)
def test_without_a_scenario_a_debt_at_the_threshold_is_covered_at_the_tail(priced, asset):
    row = SCENARIOS["custody coverage falls"]
    shock = shock_of(priced.loaded, priced.assets[asset], SCENARIOS["all at once"])
    calm = type(shock)(priced.loaded, (), UNSTRESSED)
    found = outcome(priced.marks, priced.fits[asset], priced.assets[asset], row.name, calm)
    assert found.bad_debt_tail == pytest.approx(0.0, abs=1e-12)
    assert found.cap == pytest.approx(priced.assets[asset].value("supply_cap"))


def test_the_report_s_thin_market_costs_its_200_and_300_basis_points(priced):
    """Section 1's signal map, on an asset whose premium the thin-depth rule then sets."""
    before = priced.assets["buidl"]
    rest = before.value("composite_yield") - before.value("liquidity")
    assert under(priced, "buidl", "thin market").composite_yield - rest == pytest.approx(0.02)
    assert under(priced, "buidl", "thinnest market").composite_yield - rest == pytest.approx(0.03)


def test_a_stated_liquidity_premium_ends_where_the_thin_depth_rule_does(priced):
    """The Singapore note states 80 bp; 1/40 of the depth is 300 bp, not forty times as much."""
    before = priced.assets["sg-short-note"]
    rest = before.value("composite_yield") - before.value("liquidity")
    found = under(priced, "sg-short-note", "thinnest market")
    assert found.composite_yield - rest == pytest.approx(0.03)


def test_a_scenario_of_its_members_reaches_the_basket(priced):
    row = SCENARIOS["property in a weak registry"]
    shock = shock_of(priced.loaded, priced.assets["asseto-stablecoin-reserve"], row)
    moved = {move.path for move in shock.moves}
    assert any(path.startswith("assets.asseto-real-estate.") for path in moved)
    assert not any(path.startswith("assets.damac-mantra.") for path in moved)
    assert shock_of(priced.loaded, priced.assets["buidl"], row) is None


def test_an_extreme_event_is_the_one_that_the_book_states():
    book, policy = loaded().book, loaded().policy
    moves = {m.path: m for m in moves_of(book, policy, SCENARIOS["dealer's quotes withdrawn"])}
    route = "assets.investax-enote.liquidity.routes.dealer"
    assert moves[f"{route}.stressed"].after == find_input(book, f"{route}.extreme").value


@pytest.mark.parametrize("name", ["all at once", "commodity in an extreme event"])
def test_the_breaking_multiple_is_where_the_threshold_or_its_sale_breaks(priced, name):
    asset = "diamond-standard"
    derived, fits = priced.assets[asset], priced.fits[asset]
    shock = shock_of(priced.loaded, derived, SCENARIOS[name])
    size = breaking_multiple(priced.marks, fits, derived, shock)
    assert 0.0 < size < 4.0

    def holds(times):
        changed, drivers = shock.at(times)
        found = outcome(priced.marks, fits, derived, "at", type(shock)(changed, (), drivers))
        return found.kept and found.bad_debt_ordinary == 0.0

    assert holds(0.999 * size)
    assert not holds(1.001 * size)


def test_rules_are_the_three_that_the_table_uses():
    used = {move.rule for row in ROWS for move in row.moves}
    assert used == set(Rule)
