"""Every function that changes state has a row in the table of roles and functions."""

import re
from pathlib import Path

import pytest

TABLE = Path("tests/foundry/governance/Roles.t.sol").read_text(encoding="utf-8")
TESTS = {
    "ParameterSteward": "_stewardRows",
    "FallbackOracle": "test_theOracle",
    "ParameterRegistry": "test_theRegistry",
    "KinkedRateModel": "test_theRateModel",
}


@pytest.mark.parametrize(("contract", "test"), TESTS.items())
def test_no_function_lacks_a_row(project, contract, test):
    rows = set(re.findall(r'_row\(\s*"(\w+)"', _body(test)))
    functions = {method.name for method in getattr(project, contract).contract_type.mutable_methods}
    assert rows == functions


def _body(function: str) -> str:
    """A Solidity function of the table, up to its closing brace."""
    return TABLE.partition(f"function {function}(")[2].partition("\n    }\n")[0]
