"""What a proposal calls is what the steward has."""

import pytest

from paramgen.edge.bytecode import contract_type
from paramgen.proposal.actions import APPLY_BATCH, SET_GUARDRAILS, SET_PRICE_MOVE_LIMIT
from paramgen.targets.calls import selector


@pytest.mark.parametrize("signature", [SET_GUARDRAILS, SET_PRICE_MOVE_LIMIT, APPLY_BATCH])
def test_the_steward_has_the_function(signature):
    methods = contract_type("ParameterSteward").methods
    assert selector(signature) in {selector(method.selector) for method in methods}
