"""The example book holds what its sources name, inside what they publish; the starter compiles."""

from __future__ import annotations

import csv
import re
from fractions import Fraction
from importlib.resources import as_file, files

import pytest

from paramgen.book.evidence import EvidenceKind
from paramgen.book.resolve import inputs
from paramgen.book.schema import AssetClass
from paramgen.compiler.build import compile_book
from paramgen.edge.load import load_book
from paramgen.encode import BY_NAME
from paramgen.units import Dimension, parse, quantise
from tests.support.rwa import BOOK, compiled, loaded

ASSETS = sorted(loaded().book.assets)
EVIDENCE = BOOK.parent / "evidence"

# Spec 2.9 and 3.9: what stands for each system that the sources name.
SYSTEMS = {
    "BlackRock BUIDL": "buidl",
    "DAMAC × MANTRA": "damac-mantra",
    "InvestaX/Obligate eNote": "investax-enote",
    "Brickken LATAM": "brickken-latam",
    "Diamond Standard": "diamond-standard",
    "Hong Kong factoring": "hk-factoring",
    "Singapore short note": "sg-short-note",
    "AlloyX": "alloyx-vault",
    "Asseto cash management": "asseto-cash",
    "Asseto real estate": "asseto-real-estate",
    "Asseto stablecoin reserves": "asseto-stablecoin-reserve",
    "FireX": "firex-hash-power",
    "Star Road": "star-road-fund",
    "Superstate": "ustb",
    "Hashnote": "usyc",
    "Backed": "bib01",
    "JTRSY": "jtrsy",
    "VBILL": "vbill",
    "TBILL": "tbill",
    "sBUIDL": "sbuidl",
}
PRICED = {
    "expected_loss": "expected_loss",
    "composite_yield": "composite_yield",
    "liquidity_discount": "liquidity",
}


def rows(path):
    with (EVIDENCE / path).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def value(name, quantity):
    return quantise(compiled().assets[name].derived.value(quantity))


def landed(name, field):
    return compiled().assets[name].landed.parameters[field].landed


def test_every_system_of_the_sources_stands_in_the_book_and_compiles():
    assert set(SYSTEMS.values()) == set(ASSETS) == set(compiled().assets)


@pytest.mark.parametrize(
    ("route", "counterparty"), [("hashkey-book", "hashkey-exchange"), ("osl-book", "osl-exchange")]
)
def test_the_hong_kong_venues_are_exits_and_their_default_counts(route, counterparty):
    listed = {
        name: asset
        for name, asset in loaded().book.assets.items()
        if route in asset.liquidity.routes
    }
    assert listed
    for asset in listed.values():
        assert asset.liquidity.routes[route].kind == "clob"
        assert counterparty in asset.counterparties


def test_both_hong_kong_custodians_hold_something():
    held = {name for asset in loaded().book.assets.values() for name in asset.counterparties}
    assert {"hashkey-custody", "osl-custody"} <= held


def test_the_singapore_note_prices_at_6075_exactly():
    assert value("sg-short-note", "composite_yield") == Fraction("0.06075")


@pytest.mark.parametrize(
    ("asset", "field"),
    [
        (name, field)
        for name in ASSETS
        for field in PRICED
        if getattr(loaded().book.assets[name].published, field) is not None
    ],
)
def test_prices_lie_inside_the_published_bands(asset, field):
    band = getattr(loaded().book.assets[asset].published, field)
    assert band.low.value <= value(asset, PRICED[field]) <= band.high.value


def test_the_published_bands_are_those_of_the_report():
    """A band in the book is the evidence file's, or its price discounts over the holding period."""
    book = loaded().book
    scale = {"% a year": 100, "bp a year": 10_000, "bp": 10_000}
    in_yield = [row for row in rows("report/case_bands.csv") if row["unit"] in scale]
    names = {"bad_debt": "expected_loss", "market_yield": "composite_yield"}
    assert len(in_yield) == 8
    for row in in_yield:
        measure = names.get(row["measure"], row["measure"])
        band = getattr(book.assets[row["asset"]].published, measure)
        ends = [Fraction(row[end]) / scale[row["unit"]] for end in ("low", "high")]
        assert [band.low.value, band.high.value] == ends


@pytest.mark.parametrize(
    "row",
    [r for r in rows("report/case_bands.csv") if r["measure"] in ("pd", "lgd")],
    ids=lambda row: f"{row['asset']}-{row['measure']}",
)
def test_credit_enters_inside_the_reports_range(row):
    found = getattr(loaded().book.assets[row["asset"]].credit, row["measure"]).value
    assert Fraction(row["low"]) <= found * 100 <= Fraction(row["high"])


@pytest.mark.parametrize("asset", ["brickken-latam", "diamond-standard"])
def test_price_discounts_enter_inside_the_reports_range(asset):
    (route,) = loaded().book.assets[asset].liquidity.routes.values()
    ranges = {
        row["measure"]: (Fraction(row["low"]) / 100, Fraction(row["high"]) / 100)
        for row in rows("report/case_bands.csv")
        if row["asset"] == asset and row["measure"].startswith("discount")
    }
    low, high = ranges["discount_normal"]
    assert low <= route.discount.value <= high
    low, high = ranges["discount_stressed"]
    assert low <= route.stressed.value <= high


def test_the_curve_is_that_of_its_evidence_file():
    curve = {
        row["tenor"]: Fraction(row["par_yield_percent"]) / 100
        for row in rows("curve/par_yields_2024-06-28.csv")
    }
    assert {k: v.value for k, v in loaded().book.curve.par_yields.items()} == curve


@pytest.mark.parametrize("row", rows("practice/nav_tolerances.csv"), ids=lambda row: row["token"])
def test_nav_bands_are_those_in_use(row):
    asset = loaded().book.assets[row["token"].lower()]
    band, bp = asset.oracle.band, Fraction(1, 10_000)
    assert asset.accrual.value == int(row["yield_bp"]) * bp
    assert band.up.value == int(row["upper_tolerance_bp"]) * bp
    assert band.down.value == int(row["lower_tolerance_bp"]) * bp
    assert band.window.value == int(row["lookback_days"]) * 86_400
    assert band.slow_down.value == max(band.down.value, int(row["largest_discount_bp"]) * bp)


def test_the_factoring_pool_is_that_of_its_evidence_file():
    asset = loaded().book.assets["hk-factoring"]
    pool = rows("hk-factoring/static_pool.csv")
    high = {row["measure"]: Fraction(row["high"]) / 100 for row in pool}
    assert asset.credit.pd.value == high["refund_rate"] + high["bad_debt_rate"]
    assert asset.structure.overcollateral.value == high["overcollateral"]
    assert asset.structure.reserve.value == high["liquidity_reserve"]


def test_nobody_stands_on_a_rung_of_his_own():
    """The ladder is one for all, so that no counterparty tunes an asset."""
    ladder = {
        (row["role"], Fraction(row["hazard_bp"]) / 10_000, Fraction(row["recovery_percent"]) / 100)
        for row in rows("practice/counterparty_ladder.csv")
    }
    for name, party in loaded().book.counterparties.items():
        assert (party.role.value, party.hazard.value, party.recovery.value) in ladder, name


def test_every_number_has_evidence_and_every_assumption_says_so():
    book = loaded().book
    kinds = {name: source.kind for name, source in book.sources.items()}
    for path, found in inputs(book):
        assert found.evidence in kinds, path
    for name, source in book.sources.items():
        assumed = source.kind is EvidenceKind.ASSUMPTION
        assert source.source.startswith("Assumption:") == assumed, name
        if assumed:
            assert re.match("assumed-|counterparty-ladder", name)


def test_the_reports_own_figures_rest_on_the_report():
    note = loaded().book.assets["sg-short-note"]
    figures = (note.risk_free, note.credit.pd, note.credit.lgd, note.liquidity.premium, note.cva)
    assert {found.evidence for found in figures} == {"report"}
    assert loaded().book.jurisdictions["singapore"].premium.evidence == "report"


def test_every_source_is_used():
    book = loaded().book
    assert {found.evidence for _, found in inputs(book)} == set(book.sources)


def test_treasuries_stand_above_the_note_and_the_note_above_real_estate():
    def thresholds(*classes):
        book = loaded().book.assets
        return [
            landed(n, "liquidation_threshold") for n in ASSETS if book[n].asset_class in classes
        ]

    note = landed("sg-short-note", "liquidation_threshold")
    assert min(thresholds(AssetClass.TREASURY)) > note
    assert note > max(thresholds(AssetClass.REAL_ESTATE))


def test_a_mixture_is_no_safer_than_its_best_part():
    best = {"alloyx-vault": "ustb", "asseto-stablecoin-reserve": "asseto-cash"}
    for mixture, part in best.items():
        field = "liquidation_threshold"
        assert landed(mixture, field) <= landed(part, field)


def test_what_practitioners_run_with_stands_beside_ours():
    """Shown, never held to: no constant is tuned to a comparable."""
    beside = {name: found.opinions.comparables for name, found in compiled().assets.items()}
    assert {name for name, others in beside.items() if others} == {
        "ustb",
        "jtrsy",
        "tbill",
        "sbuidl",
    }


def test_the_envelope_holds_every_asset_with_room_to_move():
    """A parameter on the edge of its envelope could not be corrected without governance."""
    for name, asset in compiled().assets.items():
        for field, encoded in asset.landed.parameters.items():
            rail = compiled().guardrails.get(field)
            if rail is not None and encoded.integer and field != "confirm_delay":
                assert rail.minimum <= encoded.integer < rail.maximum, (name, field)
                assert BY_NAME[field].decode(rail.maximum) <= BY_NAME[field].maximum


def test_the_starter_compiles_as_it_is():
    with as_file(files("paramgen.edge") / "templates") as folder:
        starter = compile_book(load_book(folder / "book.yaml"))
    assert set(starter.assets) == {"treasury-fund", "trade-receivables"}
    for asset in starter.assets.values():
        threshold = asset.landed.parameters["liquidation_threshold"].landed
        assert parse("70 %", Dimension.FRACTION) < threshold < 1


def test_the_starters_policy_is_the_examples_under_another_name():
    """Two policies to maintain would drift apart; the starter's is the reviewed one."""
    with as_file(files("paramgen.edge") / "templates") as folder:
        starter = load_book(folder / "book.yaml").policy
    assert starter == loaded().policy.model_copy(update={"name": starter.name})
