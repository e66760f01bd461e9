"""Every proof has a planted fault to find, and each fault's text is still in the contracts."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SPEC = importlib.util.spec_from_file_location("prove", ROOT / "tools" / "prove.py")
prove = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(prove)
FAULTS = [fault for faults in prove.ROUNDS.values() for fault in faults]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.found_by[0])
def test_the_text_that_a_fault_replaces_occurs_once(fault):
    assert (ROOT / fault.path).read_text("utf-8").count(fault.old) == 1


def test_every_proof_has_a_fault_to_find():
    assert {name for fault in FAULTS for name in fault.found_by} == prove.declared(ROOT).keys()
