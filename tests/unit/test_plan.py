"""A plan is the artefact less the state: what it lists, assumes, survives and refuses."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paramgen.difference import (
    PARAMETER_IDS,
    PlanError,
    batches,
    expected_state_hash,
    target_words,
    updates,
)
from paramgen.encode import BY_NAME, FIELDS, Word, pack, unpack
from paramgen.mirror.domains import MASK
from paramgen.mirror.steward import MAX_BATCH, Snapshot, state_hash
from paramgen.plan import Verdict, make_plan, why_not
from paramgen.saved_plan import from_bytes, to_bytes
from tests.support.artefacts import sample_artefact, signed
from tests.support.states import (
    CHAIN,
    FRESH,
    NOW,
    STEWARD,
    market_state,
    moved_states,
    state_of,
    token,
    with_market,
)


def test_an_equal_state_gives_an_empty_plan():
    artefact = sample_artefact()
    plan = make_plan(artefact, state_of(artefact))
    assert plan.is_empty
    assert plan.words == {}


def test_a_fresh_chain_lacks_every_field_and_nothing_is_hashed_yet():
    artefact = sample_artefact(2)
    plan = make_plan(artefact, FRESH)
    assert plan.missing == ("asset-0", "asset-1")
    fields = [sum(len(FIELDS[w]) for w in target_words(m)) for m in artefact["markets"].values()]
    assert len(plan.changes) == sum(fields)
    assert all(change.before is None for change in plan.changes)
    assert {change.verdict for change in plan.changes} == {Verdict.DEPLOYMENT, Verdict.FIRST}
    assert plan.assumes.state_hash is None
    assert len(plan.guardrails) == len(PARAMETER_IDS)


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_exactly_the_fields_that_differ_are_listed_with_what_is_before_and_after(data):
    artefact = sample_artefact(1)
    name = data.draw(st.sampled_from(sorted(BY_NAME)))
    field = BY_NAME[name]
    state = state_of(artefact)
    words = dict(state.markets["asset-0"].standing.words)
    held = unpack(field.word, words[field.word])
    other = data.draw(st.integers(0, field.largest).filter(lambda n: n != held[name]))
    words[field.word] = pack(field.word, {**held, name: other})
    if words[field.word] == 0:
        return
    moved = replace(state, markets={"asset-0": market_state(words, token(0))})
    plan = make_plan(artefact, moved)
    assert [(c.field, c.before, c.after) for c in plan.changes] == [(name, other, held[name])]
    assert plan.words == {
        "asset-0": {field.word: target_words(artefact["markets"]["asset-0"])[field.word]}
    }
    assert plan.changes[0].because == f"{name}!"


def test_the_bytes_are_canonical_and_read_back_equal():
    plan = make_plan(sample_artefact(2, ltv=7_000), state_of(sample_artefact(2)))
    data = to_bytes(plan)
    assert from_bytes(data) == plan
    assert to_bytes(from_bytes(data)) == data
    fresh = make_plan(sample_artefact(2), FRESH)
    assert from_bytes(to_bytes(fresh)) == fresh


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"{}", b'{"schema":"paramgen/plan/2"}', b'{"schema":"paramgen/plan/1"}', b"\xff"],
)
def test_what_is_no_plan_is_refused_in_words(data):
    with pytest.raises(PlanError, match="plan"):
        from_bytes(data)


def test_a_damaged_plan_is_refused():
    document = json.loads(to_bytes(make_plan(sample_artefact(1), FRESH)))
    document["changes"][0]["after"] = "many"
    with pytest.raises(PlanError, match="damaged"):
        from_bytes(json.dumps(document).encode())


# --- verdicts ----------------------------------------------------------------------------------


def verdict_of(integers, **fields):
    plan = make_plan(sample_artefact(1, **integers), state_of(sample_artefact(1), **fields))
    return {change.field: change for change in plan.changes}


def test_a_small_step_is_the_stewards_and_a_large_one_the_governors():
    assert verdict_of({"ltv": 7_900})["ltv"].verdict is Verdict.WITHIN
    large = verdict_of({"ltv": 6_000})["ltv"]
    assert large.verdict is Verdict.GOVERNOR
    assert "StepTooLarge" in large.reason


def test_what_leaves_the_envelope_is_refused_whoever_asks():
    beyond = verdict_of({"liquidation_threshold": 9_600, "liquidation_bonus": 0})
    assert beyond["liquidation_threshold"].verdict is Verdict.REFUSED
    assert "OutsideEnvelope" in beyond["liquidation_threshold"].reason


def test_a_paused_market_lets_the_steward_tighten_only():
    assert verdict_of({"supply_cap": 10_100_000}, price=0)["supply_cap"].verdict is Verdict.GOVERNOR
    assert verdict_of({"supply_cap": 9_900_000}, price=0)["supply_cap"].verdict is Verdict.WITHIN


def test_a_reference_is_not_dated_back_whoever_asks():
    earlier = sample_artefact(1, reference_as_of=1_000)
    plan = make_plan(earlier, state_of(sample_artefact(1, reference_as_of=1_001)))
    change = {change.field: change for change in plan.changes}["reference_as_of"]
    assert (change.verdict, change.reason) == (Verdict.REFUSED, "ReferenceInvalid")


def test_a_rate_rests_on_no_price_and_moves_while_its_market_is_paused():
    loosened = verdict_of({"base_rate": 3 * 10**8 - 10**7}, price=0)["base_rate"]
    assert loosened.verdict is Verdict.WITHIN


def test_a_locked_market_keeps_the_steward_from_loosening():
    locked = verdict_of({"supply_cap": 10_100_000}, locked_until=NOW + 1)["supply_cap"]
    assert (locked.verdict, "LoosensLockedMarket" in locked.reason) == (Verdict.GOVERNOR, True)


def test_a_tuple_that_the_chain_would_refuse_is_named_before_anything_is_sent():
    artefact = sample_artefact(1, ltv=8_500)
    plan = make_plan(artefact, state_of(sample_artefact(1)))
    assert "DecayLiquidates" in plan.refusals["asset-0"][0]


def test_a_guardrail_of_an_unknown_field_is_an_error():
    artefact = sample_artefact(1)
    artefact["guardrails"]["haircut"] = {"word": "0x00"}
    with pytest.raises(PlanError, match="haircut"):
        make_plan(artefact, FRESH)


# --- the batch ---------------------------------------------------------------------------------


def test_a_batch_ascends_by_address_and_names_only_what_differs():
    state = state_of(sample_artefact(3))
    plan = make_plan(sample_artefact(3, ltv=7_900), state)
    batch = updates(plan.words, state.standings())
    assert [u.asset for u in batch] == sorted(token(i) for i in range(3))
    assert {u.mask for u in batch} == {MASK[Word.COLLATERAL]}
    assert all(u.rate == u.oracle == u.reference == 0 for u in batch)


def test_the_expected_hash_is_the_stewards_own():
    state = state_of(sample_artefact(2))
    plan = make_plan(sample_artefact(2, ltv=7_900, kink=8 * 10**17), state)
    snapshots = [
        Snapshot(standing.address, MASK[Word.COLLATERAL] | MASK[Word.RATE], standing.words, 7)
        for standing in (state.markets["asset-1"].standing, state.markets["asset-0"].standing)
    ]
    assert plan.assumes.state_hash == "0x" + state_hash(CHAIN, STEWARD, snapshots).hex()
    assert expected_state_hash(plan.words, FRESH.standings(), CHAIN, STEWARD) is None
    assert expected_state_hash({}, {}, CHAIN, None) is None


def test_batches_are_cut_only_where_the_steward_takes_no_more():
    words = {f"a{i}": {Word.RATE: 1} for i in range(MAX_BATCH + 1)}
    sizes = [len(batch) for batch in batches(words, MAX_BATCH)]
    assert sizes == [MAX_BATCH, 1]
    assert len(list(batches({"a": {Word.RATE: 1}}, MAX_BATCH))) == 1


# --- saved plans -------------------------------------------------------------------------------

BEFORE, AFTER = sample_artefact(2), sample_artefact(2, ltv=7_900)


def test_a_saved_plan_fits_the_state_it_was_made_on_and_the_one_it_leaves():
    plan = make_plan(AFTER, state_of(BEFORE))
    assert why_not(plan, state_of(BEFORE)) == ()
    assert why_not(plan, state_of(AFTER)) == ()


def test_what_moves_without_a_batch_does_not_kill_a_plan():
    plan = make_plan(AFTER, state_of(BEFORE))
    poked = state_of(BEFORE, price=0, verdict=6, frozen=True, locked_until=NOW)
    assert why_not(plan, replace(poked, block=99, time=NOW + 9)) == ()


@pytest.mark.parametrize(
    ("moved", "says"), moved_states(state_of(BEFORE), state_of(sample_artefact(2, ltv=7_800)))
)
def test_a_state_that_moved_is_named(moved, says):
    plan = make_plan(AFTER, state_of(BEFORE))
    assert any(says in reason for reason in why_not(plan, moved))


def test_an_epoch_alone_shows_that_a_market_was_touched():
    plan = make_plan(AFTER, state_of(BEFORE))
    moved = with_market(state_of(BEFORE), "asset-1", epoch=9)
    assert why_not(plan, moved) == ("asset-1 is not as it was at block 9",)


def test_a_killed_runs_own_deployments_do_not_kill_its_plan():
    plan = make_plan(BEFORE, FRESH)
    words = target_words(BEFORE["markets"]["asset-0"])
    deployed = market_state({Word.ORACLE: words[Word.ORACLE]}, token(0))
    halfway = replace(FRESH, block=3, steward=STEWARD, markets={"asset-0": deployed})
    assert why_not(plan, halfway) == ()
    strange = market_state({Word.ORACLE: words[Word.ORACLE] + 1}, token(0))
    assert why_not(plan, replace(halfway, markets={"asset-0": strange})) != ()


def test_a_moved_price_limit_is_in_the_plan():
    artefact = sample_artefact(1)
    for limit, basis_points in (("0.002", 20), ("0.00209", 20)):
        artefact["policy"]["update_limit"] = limit
        plan = make_plan(signed(artefact), state_of(sample_artefact(1)))
        assert (plan.price_move_limit, plan.is_empty) == (basis_points, False)
