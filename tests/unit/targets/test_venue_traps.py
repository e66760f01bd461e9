"""Where each venue's units have misled people: one test a trap of spec 5."""

from dataclasses import replace
from fractions import Fraction

import pytest
from eth_abi.abi import decode, encode
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from paramgen.mirror.rate import WAD
from paramgen.targets import aave, comet, compound_v2, euler, fraxlend, morpho, risk_oracle
from paramgen.targets.aave_engine import CREATE, EXECUTE
from paramgen.targets.aave_risk_steward import Current, Limit, refusals
from paramgen.targets.aave_risk_steward import steps as steward_steps
from paramgen.targets.calls import Call, ProposalError, arguments, call, selector
from paramgen.targets.present import Scene
from paramgen.targets.registry import VENUES
from paramgen.targets.setters import KEEP_CURRENT, Setting
from paramgen.targets.venue import Emission, NotExpressibleError, basis_points, merged
from paramgen.units import YEAR_365, YEAR_365_24, YEAR_365_2425
from tests.support.stub_venues import holding
from tests.support.venues import (
    ENGINE,
    EXECUTOR,
    LENT,
    LOAN,
    PLAIN,
    STEWARD,
    TOKEN,
    case_of,
    market_of,
)

REFERENCE = b"\x07" * 32


def values_of(kind, parameters=PLAIN, **changes):
    market = market_of(kind, **changes)
    found = VENUES[kind].settings(parameters, market)
    return {each.name: each.value for each in found}


def calls_of(kind, parameters=PLAIN, **changes):
    market = market_of(kind, **changes)
    venue = VENUES[kind]
    return venue.encode(venue.settings(parameters, market), REFERENCE).calls


def refused(kind, parameters, **changes):
    with pytest.raises(NotExpressibleError) as found:
        VENUES[kind].settings(parameters, market_of(kind, **changes))
    return {each.field: each for each in found.value.refusals}


# --- what is published of each interface ----------------------------------------------------------

PUBLISHED = {
    # compound-protocol and forks: Go bindings of JumpRateModelV2.
    "updateJumpRateModel(uint256,uint256,uint256,uint256)": "2037f3e7",
    # comet: Go bindings of the Configurator.
    "setBorrowPerYearInterestRateSlopeLow(address,uint64)": "b2f5ee19",
    "updateAssetBorrowCollateralFactor(address,address,uint64)": "b73585f1",
    # euler-vault-kit: certora/specs/HealthStatusInvariant.spec and public decoders.
    "setLTV(address,uint16,uint16,uint32)": "4bca3d5b",
    "setCaps(uint16,uint16)": "d87f780f",
    "setInterestRateModel(address)": "8bcd4016",
    # fraxlend: bindings of a pair of version 3.
    "setMaxLTV(uint256)": "08a0c375",
    "setRateContract(address)": "6b96668f",
}


@pytest.mark.parametrize("signature", PUBLISHED)
def test_a_function_is_called_by_its_published_selector(signature):
    assert selector(signature).hex() == PUBLISHED[signature]
    assert signature in {name for venue in VENUES.values() for name in venue.signatures}


def test_every_year_is_the_venues_own():
    assert VENUES["aave-config-engine"].year == VENUES["comet"].year == YEAR_365
    assert VENUES["euler"].year == YEAR_365_2425
    assert VENUES["fraxlend"].year == YEAR_365_24
    assert VENUES["compound-v2"].year is VENUES["morpho-blue"].year is None


# --- Aave -----------------------------------------------------------------------------------------


def test_a_bonus_of_500_is_five_percent_and_the_pool_gives_back_10500():
    parameters = PLAIN.changed(liquidation_bonus=500)
    case = case_of("aave-config-engine")
    wanted = case.venue.settings(parameters, case.market)
    assert {each.name: each.value for each in wanted}["liqBonus"] == 500
    read = {each.getter: each.value for each in case.venue.readings(wanted, case.market)}
    assert read["liqBonus"] == 10_500


def test_a_threshold_of_zero_that_aave_skips_in_silence_is_refused():
    found = refused("aave-config-engine", PLAIN.changed(liquidation_threshold=0, ltv=0))
    assert found["liquidation_threshold"].nearest == 1
    assert "skipped in silence" in found["liquidation_threshold"].bound


@pytest.mark.parametrize("kind", ["aave-config-engine", "aave-risk-steward", "risk-oracle"])
def test_a_bonus_of_zero_is_refused(kind):
    assert refused(kind, PLAIN.changed(liquidation_bonus=0))["liquidation_bonus"].nearest == 1


@given(bonus=st.integers(1, 10_000))
def test_the_nearest_threshold_is_the_largest_whose_product_aave_rounds_to_one(bonus):
    def product(threshold):
        return (threshold * (10_000 + bonus) + 5_000) // 10_000

    nearest = refused(
        "aave-config-engine", PLAIN.changed(liquidation_threshold=10_000, liquidation_bonus=bonus)
    )["liquidation_threshold"].nearest
    assert product(nearest) <= 10_000 < product(nearest + 1)


@pytest.mark.parametrize(
    ("kink", "nearest"), [(WAD // 1_000, WAD // 100), (WAD - 1, 99 * WAD // 100)]
)
def test_a_kink_outside_1_to_99_percent_is_refused_with_the_bound(kink, nearest):
    if kink == WAD - 1:
        kink = WAD - WAD // 10_000
    assert refused("aave-config-engine", PLAIN.changed(kink=kink))["kink"].nearest == nearest


def test_a_slope_2_below_slope_1_is_refused():
    found = refused("aave-config-engine", PLAIN.changed(slope_1=2 * 10**9, slope_2=10**9))
    assert set(found) == {"slope_2"}
    assert found["slope_2"].nearest >= 2 * 10**9


def test_a_slope_that_needs_no_change_is_not_refused_beside_one_that_does():
    # 31.25 % a year, encoded per second and so a little above it.
    curve = PLAIN.changed(base_rate=0, slope_1=9_909_309_995, slope_2=0, kink=WAD // 100)
    assert set(refused("aave-config-engine", curve)) == {"slope_2"}


def test_a_cap_below_one_token_is_refused_because_zero_is_no_cap():
    found = refused("aave-config-engine", PLAIN.changed(supply_cap=10))
    assert "reads 0 as no cap" in found["supply_cap"].bound
    nearest = PLAIN.changed(supply_cap=found["supply_cap"].nearest)
    wanted = VENUES["aave-config-engine"].settings(nearest, market_of("aave-config-engine"))
    assert [each.value for each in wanted if each.name == "supplyCap"] == [1, None]


def test_caps_are_whole_tokens_rounded_down_at_the_reviewed_price():
    market = market_of("aave-config-engine")
    found = VENUES["aave-config-engine"].settings(PLAIN, market)
    caps = {(each.of[-1], each.name): each.value for each in found if each.name.endswith("Cap")}
    assert caps == {
        (market.collateral, "supplyCap"): 25_000_000 * 10**8 // 1_052_300_000,
        (market.collateral, "borrowCap"): None,
        (market.loan.token, "supplyCap"): None,
        (market.loan.token, "borrowCap"): 20_000_000,
    }


def test_keep_current_is_explicit_and_is_max_minus_42():
    assert KEEP_CURRENT == 2**256 - 43
    (first, *_) = calls_of("aave-risk-steward", keep=["ltv"])
    ((row,),) = arguments(first, aave.COLLATERALS.signature)
    assert row[1] == KEEP_CURRENT
    assert row[2:4] == (8_500, 400)
    assert row[4:] == (KEEP_CURRENT, KEEP_CURRENT)


def test_the_debt_ceiling_of_an_isolated_asset_is_whole_usd_and_read_in_cents():
    case = case_of("aave-config-engine isolated")
    wanted = case.venue.settings(PLAIN, case.market)
    assert {each.name: each.value for each in wanted}["debtCeiling"] == 20_000_000
    read = {each.getter: each.value for each in case.venue.readings(wanted, case.market)}
    assert read["debtCeiling"] == 2_000_000_000
    found = refused("aave-config-engine", PLAIN.changed(debt_ceiling=0), isolated=True)
    assert "end the isolation" in found["debt_ceiling"].bound


def test_the_engine_is_delegatecalled_by_its_executor_in_the_payloads_order():
    found = calls_of("aave-config-engine", emode={"category": 3})
    names = []
    for each in found:
        target, wei, signature, data, delegated = arguments(each, EXECUTE)
        assert each.to.lower() == EXECUTOR
        assert (target, wei, signature, delegated) == (ENGINE, 0, "", True)
        names.append(data[:4])
    order = (aave.EMODES, None, aave.CAP_UPDATES)
    assert names[0] == selector(order[0].signature)
    assert names[1] == selector(f"updateRateStrategies{aave.RATE_ROW}")
    assert names[2] == selector(order[2].signature)


@pytest.mark.parametrize("change", [{"wei": 1}, {"signature": "f()"}, {"delegated": False}])
def test_an_executors_call_that_does_anything_else_is_no_engine_call(change):
    (first, *_) = calls_of("aave-config-engine")
    target, wei, signature, data, delegated = arguments(first, EXECUTE)
    said = {"wei": wei, "signature": signature, "delegated": delegated} | change
    forged = call(
        first.to, EXECUTE, target, said["wei"], said["signature"], data, said["delegated"]
    )
    with pytest.raises(ProposalError, match="does not plainly delegatecall"):
        VENUES["aave-config-engine"].decode(Emission((forged,)))


def test_an_emode_carries_the_shares_and_leaves_the_reserves_own_alone():
    known = values_of("aave-config-engine", emode={"category": 3})
    assert (known["eMode.ltv"], known["eMode.liqThreshold"], known["eMode.liqBonus"]) == (
        8_000, 8_500, 400,
    )  # fmt: skip
    assert known["eMode.label"] is None
    assert "ltv" not in known


def test_a_new_emode_names_its_tokens():
    label = {"label": "USTB / USDC", "borrowables": [LOAN]}
    known = values_of("aave-config-engine", emode=label)
    assert known["newEMode.label"] == "USTB / USDC"
    assert [each.lower() for each in known["newEMode.borrowables"]] == [LOAN]
    assert [each.lower() for each in known["newEMode.collaterals"]] == [TOKEN]


@pytest.mark.parametrize(
    "emode",
    [{}, {"category": 1, "label": "a"}, {"label": "a"}, {"category": 0}, {"category": 256},
     {"label": "KEEP_CURRENT_STRING", "borrowables": [LOAN]}],
)  # fmt: skip
def test_an_emode_that_is_neither_one_nor_new_is_no_entry_of_a_book(emode):
    with pytest.raises(ValidationError):
        market_of("aave-config-engine", emode=emode)


def test_what_is_kept_is_kept_in_a_category_too_and_never_refused():
    known = values_of("aave-config-engine", emode={"category": 3}, keep=["ltv"])
    assert known["eMode.ltv"] is None
    small = PLAIN.changed(supply_cap=10, liquidation_bonus=0)
    assert values_of("aave-config-engine", small, keep=["supplyCap", "liqBonus"])
    label = {"label": "new", "borrowables": [LOAN]}
    with pytest.raises(ValidationError, match="cannot keep its ltv"):
        market_of("aave-config-engine", emode=label, keep=["ltv"])
    with pytest.raises(ValidationError, match="cannot keep liqProtocolFee"):
        market_of("aave-config-engine", keep=["liqProtocolFee"])


# --- Aave's RiskSteward ---------------------------------------------------------------------------


def test_the_steward_refuses_zeros():
    found = refused("aave-risk-steward", PLAIN.changed(ltv=0))
    assert found["ltv"].nearest == 1
    assert values_of("aave-risk-steward", PLAIN.changed(ltv=0), keep=["ltv"])["ltv"] is None


def test_a_row_of_which_all_is_kept_is_not_sent():
    sent = calls_of("aave-risk-steward", sets=["caps"], keep=["borrowCap"])
    ((rows,),) = (arguments(each, aave.CAP_UPDATES.signature) for each in sent)
    assert [(row[0], row[2]) for row in rows] == [(TOKEN, KEEP_CURRENT)]
    assert calls_of("aave-risk-steward", sets=["caps"], keep=["borrowCap", "supplyCap"]) == ()


def test_the_steward_creates_no_category():
    label = {"label": "new", "borrowables": [LOAN]}
    with pytest.raises(ValidationError, match="only changes one"):
        market_of("aave-risk-steward", emode=label)


def steward_says(name, value, held, *, limit, age, of=(STEWARD, TOKEN)):
    setting = Setting(of, name, value)
    current = {(of, name): Current(held, 1_000)}
    return [each.why for each in refusals([setting], current, {name: limit}, 1_000 + age)]


def test_the_steward_judges_delay_and_size_by_parameter():
    limit = Limit(min_delay=100, max_percent_change=50)
    assert steward_says("ltv", 8_050, 8_000, limit=limit, age=100) == []
    (early,) = steward_says("ltv", 8_050, 8_000, limit=limit, age=99)
    assert "DebounceNotRespected before 1970-01-01 00:18 UTC" in early
    (far,) = steward_says("ltv", 8_051, 8_000, limit=limit, age=100)
    assert "7950 to 8050" in far
    assert steward_says("ltv", None, 8_000, limit=limit, age=0) == []


def test_the_steward_measures_caps_relative_to_what_stands():
    limit = Limit(min_delay=0, max_percent_change=10_000)
    assert steward_says("supplyCap", 200, 100, limit=limit, age=0) == []
    assert steward_says("supplyCap", 201, 100, limit=limit, age=0)


def test_the_stewards_way_is_said_with_each_value_and_its_date():
    limit = Limit(min_delay=86_400, max_percent_change=50)
    (far,) = steward_says("ltv", 8_120, 8_000, limit=limit, age=0)
    assert far.endswith(
        "the steward's way, 3 steps: 8050 from 1970-01-02 00:16 UTC, 8100 from 1970-01-03 00:16 "
        "UTC, 8120 from 1970-01-04 00:16 UTC"
    )
    (longer,) = steward_says("ltv", 9_000, 8_000, limit=limit, age=0)
    assert "20 steps: 8050 from" in longer
    assert ", …, 9000 from 1970-01-21 00:16 UTC" in longer
    (never,) = steward_says("supplyCap", 9, 0, limit=limit, age=0)
    assert "no number of the steward's steps leads there" in never


LIMITS = st.builds(
    Limit, min_delay=st.integers(0, 10**6), max_percent_change=st.integers(0, 15_000)
)


@given(
    name=st.sampled_from(["ltv", "supplyCap"]), value=st.integers(1, 500),
    held=st.integers(0, 500), limit=LIMITS, now=st.integers(0, 10**6),
)  # fmt: skip
def test_every_step_is_legal_when_it_is_taken_and_no_fewer_lead_there(
    name, value, held, limit, now
):
    start = Current(held, 500_000)
    found = steward_steps(name, value, start, limit, now)
    fewest = breadth_first(name, value, held, limit)
    if found is None:
        assert fewest is None
        return
    assert len(found) == fewest
    for step in found:
        setting = Setting((STEWARD, TOKEN), name, step.value)
        known = {((STEWARD, TOKEN), name): start}
        assert list(refusals([setting], known, {name: limit}, step.at)) == []
        assert step.at >= now
        start = Current(step.value, step.at)
    assert start.value == value


def breadth_first(name, value, held, limit):
    """The least number of legal changes, by trying them all."""
    seen, edge, count = {held}, {held}, 0
    while edge:
        if value in edge:
            return count
        reached = set()
        for each in edge:
            most = each * limit.max_percent_change // 10_000
            most = most if name == "supplyCap" else limit.max_percent_change
            reached |= set(range(max(0, each - most), min(600, each + most) + 1))
        edge, count = reached - seen, count + 1
        seen |= reached
    return None


HOUR = 3_600
NAMES = {
    "new": ("ltv", "liqThreshold", "liqBonus", "debtCeiling", "eMode.ltv", "eMode.liqThreshold",
            "eMode.liqBonus", "baseVariableBorrowRate", "variableRateSlope1", "variableRateSlope2",
            "optimalUsageRatio", "supplyCap", "borrowCap", "lst", "stable", "discount"),
    "old": ("ltv", "liqThreshold", "liqBonus", "supplyCap", "borrowCap", "debtCeiling",
            "baseVariableBorrowRate", "variableRateSlope1", "variableRateSlope2",
            "optimalUsageRatio", "lst", "stable"),
}  # fmt: skip
CLOCKS = (
    "supplyCap", "borrowCap", "ltv", "liqBonus", "liqThreshold", "debtCeiling",
    "baseVariableBorrowRate", "variableRateSlope1", "variableRateSlope2", "optimalUsageRatio",
    "price",
)  # fmt: skip
"""The structs of IRiskSteward.sol, `Config` of both versions and `Debounce`, in their order."""


def on_steward(version="new", *, held, limits=None, clocks=None, variant="aave-risk-steward"):
    """What a steward says of PLAIN, where all stands but `held`."""
    case = case_of(variant)
    wanted = case.venue.settings(PLAIN, case.market)
    stub = holding("aave-risk-steward", case.market, wanted, **held)
    to = case.market.steward
    stub.says(to, "RISK_COUNCIL()", ["address"], EXECUTOR)
    pairs = [(limits or {}).get(name, (HOUR, 50)) for name in NAMES[version]]
    flat = [each for pair in pairs for each in pair]
    stub.says(to, "getRiskConfig()", ["uint40", "uint256"] * len(pairs), *flat)
    times = [(clocks or {}).get(name, 0) for name in CLOCKS]
    stub.says(to, "getTimelock(address)", ["uint40"] * 11, *times)
    stub.says(to, "getEModeTimelock(uint8)", ["uint40"] * 3, 0, 0, 0)
    for getter in ("isAddressRestricted(address)", "isEModeCategoryRestricted(uint8)"):
        stub.says(to, getter, ["bool"], *[False])
    return case, wanted, stub


def objected(found, *, now=10 * HOUR, senders=(EXECUTOR,)):
    case, wanted, stub = found
    present = case.venue.present(wanted, case.market, stub)
    scene = Scene(stub, present, now, frozenset(senders))
    return {e.where: e.why for e in case.venue.objects(wanted, case.market, scene)}


@pytest.mark.parametrize("version", NAMES)
@pytest.mark.parametrize("name", ["ltv", "liqBonus", "optimalUsageRatio", "variableRateSlope2"])
def test_each_limit_and_clock_is_read_from_its_own_place_of_the_stewards_structs(version, name):
    value = next(each.value for each in on_steward(held={})[1] if each.name == name)
    moved = {name: value - 10}
    assert objected(on_steward(version, held=moved)) == {}
    (why,) = objected(on_steward(version, held=moved, limits={name: (HOUR, 9)})).values()
    assert f"UpdateNotInRange, {value - 19} to {value - 1} are" in why
    (why,) = objected(on_steward(version, held=moved, clocks={name: 9 * HOUR + 1})).values()
    assert "DebounceNotRespected before 1970-01-01 10:00 UTC" in why
    others = {other: (10**6, 0) for other in NAMES[version] if other != name}
    assert objected(on_steward(version, held=moved, limits=others)) == {}


def test_a_category_has_limits_of_its_own_which_old_stewards_do_not_have():
    moved, variant = {"eMode.ltv": 7_990}, "aave-risk-steward e-mode"
    assert objected(on_steward(held=moved, variant=variant)) == {}
    limits = {"eMode.ltv": (HOUR, 9)}
    (why,) = objected(on_steward(held=moved, limits=limits, variant=variant)).values()
    assert "7981 to 7999 are" in why
    (why,) = objected(on_steward("old", held=moved, variant=variant)).values()
    assert "this steward has no limit for it" in why


def test_who_sends_it_and_what_is_restricted_are_told_too():
    found = on_steward(held={"ltv": 7_990})
    told = objected(found, senders=(TOKEN,))
    assert "InvalidCaller, the steward's council is" in told["the sender"]
    case, _, stub = found
    stub.says(case.market.steward, "isAddressRestricted(address)", ["bool"], *[True])
    (why,) = objected(found).values()
    assert "the steward may not change it" in why


def test_what_is_no_collateral_yet_is_not_the_stewards_to_make_one():
    told = objected(on_steward(held={"ltv": 0, "liqThreshold": 0}, limits={"ltv": (0, 9_000),
                    "liqThreshold": (0, 9_000)}))  # fmt: skip
    (why,) = told.values()
    assert "no step from what stands: none" in why


def test_a_steward_whose_limits_have_another_form_is_refused():
    found = on_steward(held={"ltv": 7_990})
    case, _, stub = found
    stub.says(case.market.steward, "getRiskConfig()", ["uint256"] * 7, *range(7))
    with pytest.raises(ProposalError, match="in no form that is known here"):
        objected(found)


# --- RiskOracle -----------------------------------------------------------------------------------


def test_an_update_names_the_artefact_its_type_and_the_market_of_its_kind():
    found = [arguments(each, risk_oracle.PUBLISH) for each in calls_of("risk-oracle")]
    assert {each[0] for each in found} == {"0x" + REFERENCE.hex()}
    assert [each[2] for each in found] == [
        "ltv", "liquidationThreshold", "liquidationBonus", "supplyCap", "RateStrategyUpdate",
    ]  # fmt: skip
    assert {each[2]: each[3] for each in found}["RateStrategyUpdate"] == LOAN
    assert {each[3] for each in found[:4]} == {TOKEN}
    assert decode(["uint256"], found[0][1]) == (8_000,)
    assert len(decode(["(uint256,uint256,uint256,uint256)"], found[4][1])[0]) == 4


def test_an_oracles_cap_is_in_smallest_units_and_the_engines_in_whole_tokens():
    whole = 25_000_000 * 10**8 // 1_052_300_000
    assert values_of("risk-oracle")["supplyCap"] == whole * 10**6


@pytest.mark.parametrize("change", [("ltv2", b"", REFERENCE), ("ltv", b"\x01", REFERENCE)])
def test_an_update_of_no_known_type_or_with_something_beside_it_is_refused(change):
    kind, additional, reference = change
    value = encode(["uint256"], [1])
    forged = call(
        ENGINE, risk_oracle.PUBLISH, "0x" + reference.hex(), value, kind, TOKEN, additional
    )
    with pytest.raises(ProposalError):
        VENUES["risk-oracle"].decode(Emission((forged,)))


# --- Compound V2 ----------------------------------------------------------------------------------


def test_the_multiplier_is_the_rise_at_the_kink():
    known = values_of("compound-v2", blocks_per_year=31_536_000, block_time=1_000)
    assert known["multiplierPerYear"] == pytest.approx(2 * 10**9 * 31_536_000, rel=1e-8)


def test_2102400_blocks_of_12_seconds_charge_what_was_compiled_and_not_a_quarter_more():
    market = market_of("compound-v2", blocks_per_year=2_102_400, block_time=12_000)
    venue = VENUES["compound-v2"]
    wanted = venue.settings(PLAIN, market)
    compiled = Fraction(PLAIN["base_rate"] + PLAIN["slope_1"] + PLAIN["slope_2"], WAD)
    assert venue.curve(wanted, market).at(Fraction(1)) == pytest.approx(compiled, rel=1e-9)
    # Naive: a year's rates in the model's own blocks, charged on blocks of 12 s.
    yearly = PLAIN["base_rate"] * 31_536_000
    naive = Fraction(yearly // 2_102_400, 12)
    assert naive / PLAIN["base_rate"] == pytest.approx(Fraction(5, 4), rel=1e-9)
    assert compound_v2.per_block(wanted, market)[0] == PLAIN["base_rate"] * 12


def test_a_rate_that_a_ctoken_would_refuse_to_accrue_is_refused():
    steep = PLAIN.changed(base_rate=3 * 10**11, slope_1=10**10, slope_2=2 * 10**11)
    found = refused("compound-v2", steep, block_time=15_000)
    assert "5000000000000" in found["base_rate"].bound


# --- Comet ----------------------------------------------------------------------------------------


def test_slopes_are_per_unit_of_utilisation_and_years_of_31536000_seconds():
    known = values_of("comet")
    low, high = known[comet.RATES[2]], known[comet.RATES[3]]
    assert low // 31_536_000 == -(-PLAIN["slope_1"] * WAD // PLAIN["kink"])
    assert high // 31_536_000 == PLAIN["slope_2"] * 10
    assert low % 31_536_000 == high % 31_536_000 == 0


def test_a_basis_point_survives_what_floor_of_floats_loses():
    # int(0.0003 * 1e18) and a hundred other basis points land one below.
    lost = [bp for bp in range(1, 1_000) if int(bp / 10_000 * 1e18) != bp * 10**14]
    assert lost
    for bp in lost:
        parameters = PLAIN.changed(ltv=bp, liquidation_threshold=bp + 1)
        assert values_of("comet", parameters)["borrowCollateralFactor"] == bp * 10**14


def test_factors_keep_four_decimals_and_ascend_strictly():
    known = values_of("comet")
    assert all(known[name] % 10**14 == 0 for name in comet.FACTORS)
    assert known["borrowCollateralFactor"] < known["liquidateCollateralFactor"]
    assert known["liquidateCollateralFactor"] < known["liquidationFactor"]
    found = refused("comet", PLAIN.changed(ltv=8_500))
    assert found["ltv"].nearest == 8_499


def test_the_store_fronts_discount_gives_the_compiled_bonus_or_more():
    known = values_of("comet", store_front=60)
    discount = (1 - Fraction(known["liquidationFactor"], WAD)) * Fraction(60, 100)
    assert 1 / (1 - discount) - 1 >= Fraction(PLAIN["liquidation_bonus"], 10_000)
    assert "liquidationFactor" not in values_of("comet", store_front=None)


def test_nothing_takes_effect_before_the_last_call_and_a_change_without_it_is_refused():
    found = calls_of("comet")
    assert found[-1].data[:4] == selector(comet.DEPLOY)
    assert found[-1].to.lower() == EXECUTOR
    assert len([each for each in found if each.data[:4] == selector(comet.DEPLOY)]) == 1
    venue = VENUES["comet"]
    for order in (found[:-1], (found[-1], *found[:-1]), (*found, found[0])):
        with pytest.raises(ProposalError, match="nothing takes effect"):
            venue.decode(Emission(order))


def test_a_slope_beyond_64_bits_is_refused():
    found = refused("comet", PLAIN.changed(slope_2=3 * 10**11, kink=99 * WAD // 100))
    assert "uint64" in found["slope_2"].bound


def test_a_supply_cap_keeps_whole_tokens():
    assert values_of("comet")["supplyCap"] == 25_000_000 * 10**8 // 1_052_300_000 * 10**6


# --- Euler ----------------------------------------------------------------------------------------


def test_a_raw_cap_of_zero_is_no_cap_and_a_cap_of_nothing_is_not_zero():
    assert euler.amount_of(0) is None
    assert euler.amount_of(euler.NOTHING) == 0
    assert euler.cap_below(0) == euler.NOTHING
    known = values_of("euler", PLAIN.changed(supply_cap=0, debt_ceiling=0))
    assert euler.amount_of(known["borrowCap"]) == 0


@given(raw=st.integers(1, 2**16 - 1))
def test_every_cap_that_can_be_said_is_said_exactly(raw):
    amount = euler.amount_of(raw)
    assert amount == 10 ** (raw & 63) * (raw >> 6) // 100
    assert euler.amount_of(euler.cap_below(amount)) == amount


@given(amount=st.integers(0, 2**113))
def test_a_cap_is_the_largest_below_and_loses_less_than_one_part_in_102(amount):
    found = euler.amount_of(euler.cap_below(amount))
    assert found <= amount
    assert amount < 100 or (amount - found) * 102 < amount
    larger = [a for r in range(1, 2**16, 7) if (a := euler.amount_of(r)) and found < a <= amount]
    assert not larger


def test_only_a_lowering_is_ramped():
    known = values_of("euler", liquidation_ltv=9_000, ramp=86_400)
    assert known["rampDuration"] == 86_400
    for now in (8_500, 8_000, 0):
        found = refused("euler", PLAIN, liquidation_ltv=now, ramp=86_400)
        assert "only a lowering may be ramped" in found["liquidation_threshold"].bound


def test_rates_are_per_second_and_slopes_per_step_of_32_bits():
    known = values_of("euler")
    assert known["baseRate"] == PLAIN["base_rate"] * 10**9
    assert known["kink"] == 9 * (2**32 - 1) // 10
    rise = known["slope1"] * known["kink"]
    assert 0 <= rise - PLAIN["slope_1"] * 10**9 < known["kink"]


def test_a_year_on_eulers_display_is_longer_than_the_compiled_one():
    said = VENUES["euler"].said(Setting((ENGINE,), "baseRate", 31_688_738_506_811_430_4 // 10))
    assert "365.2425 d" in said


def test_a_rate_beyond_the_factorys_limit_is_refused():
    found = refused("euler", PLAIN.changed(slope_2=10**11))
    assert "1 000 % APY" in found["slope_2"].bound


def test_a_deployed_model_is_taken_by_its_address_alone():
    known = values_of("euler", irm=EXECUTOR)
    assert known["interestRateModel"].lower() == EXECUTOR
    assert "slope1" not in known


# --- Morpho Blue ----------------------------------------------------------------------------------


@pytest.mark.parametrize("changed", [{"oracle": TOKEN}, {"irm": TOKEN}, {"collateral": LOAN}])
def test_a_changed_oracle_rate_model_or_token_is_a_new_market(changed):
    venue = VENUES["morpho-blue"]
    one, other = (
        morpho.market_id(venue.settings(PLAIN, market_of("morpho-blue", **change)))
        for change in ({}, changed)
    )
    assert one != other


def test_a_changed_lltv_is_a_new_market_and_an_unchanged_one_is_nothing_to_do():
    venue = VENUES["morpho-blue"]
    found = morpho.market_id(venue.settings(PLAIN, market_of("morpho-blue")))
    same = refused("morpho-blue", PLAIN, market=found)
    assert "it exists" in same["liquidation_threshold"].bound
    lower = replace(PLAIN, lltv=Fraction("0.77"))
    assert values_of("morpho-blue", lower, market=found)["lltv"] == 77 * 10**16


def test_without_an_enabled_lltv_there_is_no_market():
    found = refused("morpho-blue", replace(PLAIN, lltv=None))
    assert found["liquidation_threshold"].nearest is None


def test_the_oracle_answers_at_36_plus_the_difference_of_decimals():
    price = morpho.oracle_price(PLAIN, market_of("morpho-blue"))
    assert price == Fraction("10.523") * 10 ** (36 + 6 - 6)
    wide = replace(PLAIN, decimals=18)
    assert morpho.oracle_price(wide, market_of("morpho-blue")) == price // 10**12


# --- Fraxlend -------------------------------------------------------------------------------------


def test_one_ltv_in_1e5_and_a_curve_that_stands_still():
    known = values_of("fraxlend")
    assert known["maxLTV"] == 85_000
    assert known["VERTEX_UTILIZATION"] == 90_000
    assert known["MIN_FULL_UTIL_RATE"] == known["MAX_FULL_UTIL_RATE"]
    assert (known["MIN_TARGET_UTIL"], known["MAX_TARGET_UTIL"]) == (0, 10**5)
    assert known["RATE_HALF_LIFE"] > 0


@given(utilisation=st.integers(0, 10**5))
def test_the_rate_contract_computes_the_curve_with_its_own_divisions(utilisation):
    case = case_of("fraxlend")
    wanted = case.venue.settings(PLAIN, case.market)
    known = {each.name: each.value for each in wanted}
    # VariableInterestRate.getNewRate; equal bounds hold the full rate where it is.
    full = known["MAX_FULL_UTIL_RATE"]
    zero, kink = known["ZERO_UTIL_RATE"], known["VERTEX_UTILIZATION"]
    vertex = (full - zero) * known["VERTEX_RATE_PERCENT"] // WAD + zero
    if utilisation < kink:
        rate = zero + utilisation * (vertex - zero) // kink
    else:
        rate = vertex + (utilisation - kink) * (full - vertex) // (10**5 - kink)
    exact = case.venue.curve(wanted, case.market).at(Fraction(utilisation, 10**5)) * WAD
    assert 0 <= exact - rate < 1


def test_what_fraxlend_would_not_validate_is_refused_here():
    found = refused("fraxlend", PLAIN.changed(kink=WAD // 10**6))
    assert found["kink"].nearest == WAD // 10**5
    wide = PLAIN.changed(base_rate=2**64)
    assert "cut to 64 bits" in refused("fraxlend", wide)["base_rate"].bound


def test_the_constructors_input_is_what_is_deployed_before():
    case = case_of("fraxlend deployed")
    emission = case.venue.encode(case.venue.settings(PLAIN, case.market), REFERENCE)
    (creation,) = emission.creations
    types = ["string", *["uint256"] * 8]
    assert decode(types, creation.arguments)[0] == fraxlend.SUFFIX
    assert [each.data[:4].hex() for each in emission.calls] == ["08a0c375", "6b96668f"]


# --- what all share -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", VENUES)
def test_a_call_of_something_else_is_no_venues(kind):
    with pytest.raises(ProposalError):
        VENUES[kind].decode(Emission((Call(ENGINE, 0, b"\x12\x34\x56\x78"),)))
    assert VENUES[kind].decode(Emission(())) == ()


@pytest.mark.parametrize("kind", VENUES)
def test_a_setting_that_no_function_sets_is_refused_and_not_lost(kind):
    case = case_of(kind)
    wanted = case.venue.settings(PLAIN, case.market)
    lost = replace(wanted[0], name="nothing")
    with pytest.raises(ProposalError, match="no function sets nothing"):
        case.venue.encode((*wanted, lost), REFERENCE)


def test_assets_that_want_one_value_differently_are_told_so():
    of = (ENGINE, LOAN)
    one, other = Setting(of, "kink", 1), Setting(of, "kink", 2)
    assert merged([one, one]) == (one,)
    with pytest.raises(ProposalError, match=r"assets disagree on kink .*: 1 and 2"):
        merged([one, other])


def test_a_loan_token_is_at_par_because_someone_said_so():
    with pytest.raises(ValidationError, match="at par"):
        market_of("morpho-blue", loan=LENT | {"at_par": False})


def test_a_rate_in_basis_points_is_of_a_year_of_365_days():
    assert basis_points(Fraction(1, 10_000) / 31_536_000) == 1


# --- Aave's payloads controller -------------------------------------------------------------------

BY_PAYLOAD = {"executor": None, "payloads_controller": STEWARD}


def test_a_payload_holds_the_executors_calls_in_their_order_at_the_level_of_risk():
    (payload,) = calls_of("aave-config-engine", **BY_PAYLOAD)
    direct = [arguments(each, EXECUTE) for each in calls_of("aave-config-engine")]
    ((actions),) = arguments(payload, CREATE)
    assert payload.to.lower() == STEWARD
    assert [(each[0], each[5]) for each in actions] == [(each[0], each[3]) for each in direct]
    assert {each[1:5] for each in actions} == {(True, 1, 0, "")}


@pytest.mark.parametrize(
    "forged", [(False, 1, 0, ""), (True, 2, 0, ""), (True, 1, 1, ""), (True, 1, 0, "f()")]
)
def test_an_action_of_a_payload_that_does_anything_else_is_refused(forged):
    (payload,) = calls_of("aave-config-engine", **BY_PAYLOAD)
    ((actions),) = arguments(payload, CREATE)
    changed = [(actions[0][0], *forged, actions[0][5]), *actions[1:]]
    with pytest.raises(ProposalError, match="does not plainly delegatecall"):
        VENUES["aave-config-engine"].decode(Emission((call(STEWARD, CREATE, changed),)))


def test_an_engine_is_reached_one_way():
    for ways in ({"executor": None}, {"payloads_controller": STEWARD}):
        with pytest.raises(ValidationError, match="exactly one of executor"):
            market_of("aave-config-engine", **ways)
