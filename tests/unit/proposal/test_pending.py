"""What is under way is told by the fields that it would change, beside those of a plan."""

from dataclasses import replace

import pytest

from paramgen.difference import difference
from paramgen.plan import make_plan
from paramgen.proposal.actions import SET_GUARDRAILS, actions_of
from paramgen.proposal.pending import PRICE_MOVE_LIMIT, Touched, crossing, touched
from paramgen.targets.calls import call
from tests.support.artefacts import sample_artefact, signed
from tests.support.states import STEWARD, state_of

ELSEWHERE = "0x49d4450977E2c95362C13D3a31a09311E0Ea26A6"
STATE = state_of(sample_artefact(2))


def calls_to(artefact):
    """The calls of a proposal that brings the state to an artefact."""
    plan = make_plan(artefact, STATE)
    return actions_of(artefact, plan.assumes, difference(artefact, plan.assumes), 1_900_000_000)


def with_limit(artefact):
    return signed({**artefact, "policy": {**artefact["policy"], "update_limit": "0.004"}})


def test_a_batch_touches_the_fields_that_it_changes_and_no_others():
    found = touched(calls_to(sample_artefact(2, ltv=7_900)), STATE)
    assert found == Touched(
        ("asset-1.ltv", "asset-0.ltv"), ("asset-1", "asset-0")
    )  # ascending by address


def test_settings_of_the_steward_are_named():
    found = touched(calls_to(with_limit(sample_artefact(2))), STATE)
    assert found == Touched((PRICE_MOVE_LIMIT,), ())
    rails = call(STEWARD, SET_GUARDRAILS, [1, 2], [STATE.rail(1), 7])
    (field,) = touched([rails], STATE).fields
    assert field.startswith("guardrail of ")
    assert touched([call(STEWARD, "lock(address[],uint64)", [], 9)], STATE).fields == (
        "0x" + call(STEWARD, "lock(address[],uint64)", [], 9).data[:4].hex(),
    )


def test_calls_of_other_contracts_touch_nothing():
    moved = [replace(each, to=ELSEWHERE) for each in calls_to(sample_artefact(2, ltv=7_900))]
    assert touched(moved, STATE) == Touched((), ())


def test_a_market_outside_the_book_is_named_by_its_address():
    smaller = state_of(sample_artefact(1))
    found = touched(calls_to(sample_artefact(2, ltv=7_900)), smaller)
    assert found.markets[1] == "asset-0"
    assert found.markets[0].startswith("0x")
    assert f"{found.markets[0]}.ltv" in found.fields


@pytest.mark.parametrize(
    ("planned", "fields", "markets"),
    [
        (sample_artefact(2, ltv=7_800), ("asset-1.ltv", "asset-0.ltv"), ("asset-1", "asset-0")),
        (sample_artefact(2, kink=8 * 10**17), (), ("asset-1", "asset-0")),
        (with_limit(sample_artefact(2)), (), ()),
    ],
)
def test_a_plan_of_the_same_market_collides_even_where_no_field_is_shared(planned, fields, markets):
    found = crossing(
        touched(calls_to(sample_artefact(2, ltv=7_900)), STATE), make_plan(planned, STATE)
    )
    assert (found.fields, found.markets) == (fields, markets)


def test_a_limit_that_both_would_set_is_shared():
    under_way = touched(calls_to(with_limit(sample_artefact(2))), STATE)
    other = sample_artefact(2)
    other = signed({**other, "policy": {**other["policy"], "update_limit": "0.003"}})
    assert crossing(under_way, make_plan(other, STATE)).fields == (PRICE_MOVE_LIMIT,)
