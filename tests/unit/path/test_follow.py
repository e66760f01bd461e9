"""A path as it is saved, read back and followed: what is due, what waits, what kills it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from paramgen.artefact import word as word_text
from paramgen.difference import PARAMETER_IDS, PlanError
from paramgen.encode import Word, unpack
from paramgen.mirror.guardrails import Guardrail
from paramgen.mirror.steward import judge_update
from paramgen.path.follow import due, landed, step_artefact
from paramgen.path.plan import is_jump, make_paths
from paramgen.path.saved import from_bytes, to_bytes
from paramgen.plan import Verdict, make_plan
from tests.support.artefacts import sample_artefact, signed
from tests.support.markets import DAY, rails
from tests.support.states import NOW, moved_states, state_of

BEFORE = sample_artefact(2)
AFTER = sample_artefact(2, ltv=5_000, liquidation_threshold=7_000)
"""LT goes 1 500 bp down, at most 1 700 a step; LTV 3 000, at most 1 600: two steps."""


def planned(after=AFTER, before=BEFORE, governance=None, **fields):
    state = state_of(before, **fields)
    return make_paths(after, make_plan(after, state), state, governance), state


def stepped(state, asset, words, now):
    """The chain once a step of one market has landed."""
    market = state.markets[asset]
    limits = {number: Guardrail.unpack(state.rail(number)) for number in PARAMETER_IDS.values()}
    judged = judge_update(
        market.standing.words, words, market.ledger, limits, now=now, by_governor=False
    )
    assert not judged.refusals
    standing = replace(
        market.standing,
        words={**market.standing.words, **words},
        epoch=market.standing.epoch + 1,
    )
    moved = replace(market, standing=standing, ledger=judged.ledger)
    return replace(state, time=now, markets={**state.markets, asset: moved})


def test_a_jump_is_split_and_a_step_within_the_steward_s_reach_is_none():
    paths, state = planned()
    assert is_jump(make_plan(AFTER, state))
    assert {asset: len(path.steps) for asset, path in paths.markets.items()} == {
        "asset-0": 2, "asset-1": 2,
    }  # fmt: skip
    assert not is_jump(make_plan(sample_artefact(2, ltv=7_900), state))


def test_a_ramped_threshold_waits_out_its_cooldown_between_steps():
    paths, _ = planned(sample_artefact(2, ltv=5_000, liquidation_threshold=6_500))
    dates = [step.at for step in paths.markets["asset-0"].steps]
    assert dates == [NOW, NOW + DAY]
    thresholds = [
        unpack(Word.COLLATERAL, step.words[Word.COLLATERAL])["liquidation_threshold"]
        for step in paths.markets["asset-0"].steps
    ]
    assert thresholds == [6_800, 6_500]


def test_the_bytes_are_canonical_and_read_back_equal():
    paths, _ = planned(governance=9 * DAY)
    assert paths.governance_at == NOW + 9 * DAY
    assert from_bytes(to_bytes(paths)) == paths
    assert to_bytes(from_bytes(to_bytes(paths))) == to_bytes(paths)


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b'{"schema":"paramgen/plan/1"}', b'{"schema":"paramgen/path/1"}']
)
def test_what_is_no_path_is_refused_in_words(data):
    with pytest.raises(PlanError, match="path"):
        from_bytes(data)


def test_a_path_of_a_market_that_it_does_not_assume_is_damaged():
    document = json.loads(to_bytes(planned()[0]))
    document["assumes"]["markets"]["asset-0"] = None
    with pytest.raises(PlanError, match="damaged"):
        from_bytes(json.dumps(document).encode())


def test_each_step_is_a_plan_of_its_own_that_the_steward_may_land():
    paths, state = planned()
    for _ in range(2):
        found = due(paths, AFTER, state)
        step = step_artefact(AFTER, found.words, state)
        assert step["hash"] == AFTER["hash"]
        plan = make_plan(step, state)
        assert {change.verdict for change in plan.changes} == {Verdict.WITHIN}
        assert (plan.guardrails, plan.price_move_limit, plan.missing) == ((), None, ())
        assert {asset: dict(words) for asset, words in plan.words.items()} == {
            asset: dict(words) for asset, words in found.words.items()
        }
        later = max(path.steps[-1].at for path in paths.markets.values())
        for asset, words in found.words.items():
            state = stepped(state, asset, words, state.time)
        state = replace(state, time=later)
    assert due(paths, AFTER, state).is_done
    assert make_plan(AFTER, state).is_empty


def test_what_is_not_due_waits_to_the_second():
    after = sample_artefact(1, liquidation_threshold=8_400, ltv=7_500, supply_cap=12_000_000)
    paths, state = planned(after, sample_artefact(1))
    path = paths.markets["asset-0"]
    state = stepped(state, "asset-0", path.steps[0].words, NOW)
    waiting = due(paths, after, replace(state, time=NOW + 1))
    assert waiting.words == {}
    assert waiting.waiting == {"asset-0": path.steps[1].at}
    assert due(paths, after, replace(state, time=path.steps[1].at)).words


def test_a_step_that_loosens_waits_for_a_paused_market_to_be_priced_again():
    after = sample_artefact(1, supply_cap=12_000_000)
    paths, _ = planned(after, sample_artefact(1))
    assert all(step.needs_price for step in paths.markets["asset-0"].steps)
    paused = state_of(sample_artefact(1), price=0)
    assert due(paths, after, paused).waiting == {"asset-0": None}


@pytest.mark.parametrize(
    ("moved", "says"), moved_states(state_of(BEFORE), state_of(sample_artefact(2, ltv=7_800)))
)
def test_a_state_on_no_step_of_the_path_is_named_and_nothing_is_due(moved, says):
    with pytest.raises(PlanError, match=says):
        due(planned()[0], AFTER, moved)


def test_a_path_of_another_artefact_is_refused():
    with pytest.raises(PlanError, match="artefact"):
        due(planned()[0], BEFORE, state_of(BEFORE))


def test_a_market_that_was_changed_and_changed_back_is_on_no_step():
    paths, state = planned()
    path, standing = paths.markets["asset-0"], state.markets["asset-0"].standing
    assert landed(path, standing) == 0
    assert landed(path, replace(standing, epoch=standing.epoch + 2)) is None


# --- where there is no way ---------------------------------------------------------------------


def railed(artefact, **changes):
    """The artefact with guardrails of some fields changed."""
    found = {**artefact, "guardrails": dict(artefact["guardrails"])}
    for name, fields in changes.items():
        rail = replace(rails()[PARAMETER_IDS[name]], **fields)
        found["guardrails"][name] = {"word": word_text(rail.pack())}
    return signed(found)


def obstacles(after, before):
    paths, _ = planned(after, before)
    return {o.field: o for path in paths.markets.values() for o in path.obstacles}


def test_an_envelope_on_chain_that_refuses_the_end_is_named_with_value_and_bound():
    """The artefact widens the envelope, but a guardrail is the governor's to set."""
    after = railed(
        sample_artefact(1, liquidation_threshold=9_550, liquidation_bonus=0, band_down=400),
        liquidation_threshold={"maximum": 9_600},
    )
    found = obstacles(after, sample_artefact(1))["liquidation_threshold"]
    assert (found.value, found.bound) == (9_550, 9_500)
    assert "maximum" in found.why


def test_a_start_beyond_a_step_outside_the_envelope_is_named():
    before = railed(sample_artefact(1), supply_cap={"maximum": 7_000_000})
    found = obstacles(sample_artefact(1, supply_cap=6_000_000), before)["supply_cap"]
    assert (found.value, found.bound) == (10_000_000, 7_000_000)


def test_a_relative_step_of_less_than_a_unit_leads_nowhere():
    before = sample_artefact(1, supply_cap=4)
    found = obstacles(sample_artefact(1, supply_cap=1_000), before)["supply_cap"]
    assert (found.value, found.bound) == (4, 1_000)


def test_a_field_without_a_guardrail_has_no_way():
    state = state_of(BEFORE)
    state = replace(
        state,
        guardrails={n: w for n, w in state.guardrails.items() if n != PARAMETER_IDS["ltv"]},
    )
    paths = make_paths(AFTER, make_plan(AFTER, state), state)
    assert paths.markets["asset-0"].obstacles[0].field == "ltv"


def test_a_first_word_is_the_governor_s():
    state = state_of(BEFORE)
    market = state.markets["asset-0"]
    bare = replace(
        market, standing=replace(market.standing, words={**market.standing.words, Word.RATE: 0})
    )
    state = replace(state, markets={**state.markets, "asset-0": bare})
    paths = make_paths(AFTER, make_plan(AFTER, state), state)
    assert "first rate word" in paths.markets["asset-0"].obstacles[0].why


def test_a_market_that_is_not_listed_has_no_path():
    state = replace(state_of(BEFORE), markets={})
    assert make_paths(AFTER, make_plan(AFTER, state), state).markets == {}
