"""What stands on a venue is read in the settings' own units, and leaving it out changes nothing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paramgen.targets import aave
from paramgen.targets.calls import ProposalError
from paramgen.targets.present import Scene, key_of, standing_all, stands
from paramgen.targets.setters import Setting
from tests.support.stub_venues import POOL, READER, Stub, holding
from tests.support.venues import PLAIN, TOKEN, VARIANTS, case_of, compiled, market_of

REFERENCE = b"\x07" * 32
every_venue = pytest.mark.parametrize("variant", VARIANTS)
ACTIONS = {"upgradedBy", "rampDuration"}
"""What a call does beside the values that it leaves."""

SENT_AGAIN = {"risk-oracle", "comet"}
NEVER_STANDS = {"aave-config-engine new e-mode"}


def wanted_of(variant, parameters=PLAIN):
    case = case_of(variant)
    return case, case.venue.settings(parameters, case.market)


def present_of(case, wanted, **changes):
    kind = case.venue.name
    return case.venue.present(wanted, case.market, holding(kind, case.market, wanted, **changes))


@every_venue
def test_a_venue_that_holds_what_is_wanted_is_read_so_value_by_value(variant):
    case, wanted = wanted_of(variant)
    present = present_of(case, wanted)
    for each in wanted:
        if each.name in ACTIONS:
            assert key_of(each) not in present
        elif each.value is not None and variant not in NEVER_STANDS:
            assert stands(each, present), each
    assert standing_all(wanted, present) is (variant not in NEVER_STANDS)


@every_venue
@settings(max_examples=40, deadline=None)
@given(parameters=compiled(), data=st.data())
def test_what_is_sent_over_what_stands_gives_what_is_wanted(variant, parameters, data):
    case = case_of(variant)
    found = case.venue.express(parameters, case.market)
    if found.refusals:
        return
    wanted = found.settings
    present = {
        key_of(each): each.value if data.draw(st.booleans()) else None
        for each in wanted if each.name not in ACTIONS
    }  # fmt: skip
    sent = case.venue.leave(wanted, present)
    written = case.venue.decode(case.venue.encode(sent, REFERENCE))
    after = present | {key_of(each): each.value for each in written if each.value is not None}
    for each in wanted:
        if each.value is not None and each.name not in ACTIONS:
            assert after.get(key_of(each)) == each.value
    if case.venue.name in SENT_AGAIN:
        assert sent == wanted
    else:
        moved = {
            key_of(each) for each in wanted
            if each.value is not None and each.name not in ACTIONS and not stands(each, present)
        }  # fmt: skip
        assert moved <= {key_of(each) for each in sent}


@every_venue
def test_without_anything_that_stands_everything_is_sent(variant):
    case, wanted = wanted_of(variant)
    assert case.venue.leave(wanted, {}) == wanted


def test_aave_keeps_what_stands_and_a_row_of_it_alone_is_not_sent():
    case, wanted = wanted_of("aave-config-engine")
    sent = case.venue.leave(wanted, present_of(case, wanted, ltv=7_000))
    assert {each.name: each.value for each in sent} == dict.fromkeys(aave.COLLATERAL) | {
        "ltv": 8_000
    }


def test_euler_leaves_out_a_call_of_which_all_stands_and_no_part_of_one():
    case, wanted = wanted_of("euler")
    sent = case.venue.leave(wanted, present_of(case, wanted, borrowLTV=7_000))
    assert [each.name for each in sent] == ["borrowLTV", "liquidationLTV", "rampDuration"]
    sent = case.venue.leave(wanted, present_of(case, wanted, slope1=1))
    assert [each.name for each in sent] == ["baseRate", "slope1", "slope2", "kink"]


def test_a_rate_model_of_another_kind_stands_for_nothing():
    case, wanted = wanted_of("euler")
    stub = holding("euler", case.market, wanted)
    del stub.getters[next(key for key in stub.getters if key[1] == "slope1()")]
    present = case.venue.present(wanted, case.market, stub)
    assert {present[key_of(each)] for each in wanted if each.name == "kink"} == {None}


def test_the_pools_bonus_and_ceiling_are_read_in_the_engines_units():
    case, wanted = wanted_of("aave-config-engine isolated")
    stub = holding("aave-config-engine", case.market, wanted)
    stub.says(READER, "getDebtCeiling(address)", ["uint256"], 549)
    present = case.venue.present(wanted, case.market, stub)
    held = {name: value for (_, name), value in present.items()}
    assert held["liqBonus"] == 400
    # Cents, which no ceiling of the engine equals.
    assert held["debtCeiling"] == "5.49 USD"


def test_an_asset_that_is_no_collateral_yet_has_no_bonus():
    case, wanted = wanted_of("aave-config-engine")
    present = present_of(case, wanted, ltv=0, liqThreshold=0)
    held = {name: value for (_, name), value in present.items()}
    assert (held["ltv"], held["liqThreshold"], held["liqBonus"]) == (0, 0, None)


def test_a_token_that_the_pool_does_not_list_is_told_before_anything_is_proposed():
    case, wanted = wanted_of("aave-config-engine")
    stub = holding("aave-config-engine", case.market, wanted)
    nobody = ["0x" + "00" * 20] * 3
    stub.says(READER, "getReserveTokensAddresses(address)", ["address"] * 3, *nobody)
    with pytest.raises(ProposalError, match=f"is no reserve of the pool {POOL}"):
        case.venue.present(wanted, case.market, stub)


def test_a_category_that_does_not_exist_is_told():
    case, wanted = wanted_of("aave-config-engine e-mode")
    stub = holding("aave-config-engine", case.market, wanted, **{"eMode.liqThreshold": 0})
    with pytest.raises(ProposalError, match="3 is no e-mode category"):
        case.venue.present(wanted, case.market, stub)


@every_venue
def test_contracts_that_are_not_what_the_book_says_are_named(variant):
    case, wanted = wanted_of(variant)
    if variant == "risk-oracle":
        present = case.venue.present(wanted, case.market, Stub())
        assert set(present.values()) == {None}
        return
    with pytest.raises(ProposalError, match=r"does not answer .* on this chain"):
        case.venue.present(wanted, case.market, Stub())


# --- what a venue would refuse as it stands -------------------------------------------------------


def objected(variant, stub, wanted=None, **changes):
    case, settings_ = wanted_of(variant)
    market = market_of(VARIANTS[variant][0], **(VARIANTS[variant][1] | changes))
    wanted = wanted or settings_
    present = case.venue.present(wanted, market, stub)
    return list(case.venue.objects(wanted, market, Scene(stub, present, 0, frozenset())))


def test_keeping_the_ltv_of_a_frozen_reserve_is_refused_since_it_would_thaw_at_0():
    case = case_of("aave-config-engine keeping")
    wanted = case.venue.settings(PLAIN, case.market)
    stub = holding("aave-config-engine", case.market, wanted, liqThreshold=8_400)
    assert objected("aave-config-engine keeping", stub) == []
    flags = [False] * 4 + [True]
    stub.says(READER, "getReserveConfigurationData(address)", ["uint256"] * 5 + ["bool"] * 5,
              6, 0, 8_400, 10_400, 0, *flags)  # fmt: skip
    (found,) = objected("aave-config-engine keeping", stub)
    assert "ltv of " in found.where
    assert "would make it 0 after the thaw" in found.why


def test_another_constant_of_blocks_than_the_models_is_refused():
    case, wanted = wanted_of("compound-v2")
    stub = holding("compound-v2", case.market, wanted)
    assert objected("compound-v2", stub) == []
    stub.says(case.market.model, "blocksPerYear()", ["uint256"], 2_628_000)
    (found,) = objected("compound-v2", stub)
    assert "the model divides by 2628000" in found.why


def test_a_market_of_morpho_that_exists_or_whose_parts_are_not_enabled_is_refused():
    case, wanted = wanted_of("morpho-blue")
    stub = holding("morpho-blue", case.market, wanted)
    (found,) = objected("morpho-blue", stub)
    assert "exists already" in found.why
    empty = ["0x" + "00" * 20] * 4 + [0]
    stub.says(case.market.morpho, "idToMarketParams(bytes32)", ["address"] * 4 + ["uint256"],
              *empty)  # fmt: skip
    assert objected("morpho-blue", stub) == []
    stub.says(case.market.morpho, "isLltvEnabled(uint256)", ["bool"], *[False])
    (found,) = objected("morpho-blue", stub)
    assert (found.where, found.proposed) == ("lltv", "860000000000000000")
    (found, _) = objected("morpho-blue", stub, market="0x" + "11" * 32)
    assert "there is none of this id" in found.why


def test_two_settings_of_one_name_are_told_apart_by_what_they_are_of():
    present = {((TOKEN,), "supplyCap"): 1}
    assert stands(Setting((TOKEN,), "supplyCap", 1), present)
    assert not stands(Setting((POOL,), "supplyCap", 1), present)
    assert not standing_all([], present)
