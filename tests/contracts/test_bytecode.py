"""No contract is deployed as it was before something that it imports changed."""

import ape
import pytest

from paramgen.edge.bytecode import compiled

LIBRARY = """// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;
library Limit { function most() internal pure returns (uint256) { return MOST; } }
"""
USER = """// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;
import {Limit} from "./Limit.sol";
contract User { function most() external pure returns (uint256) { return Limit.most(); } }
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "User.sol").write_text(USER)
    write_limit(tmp_path, 1_000_001)
    return tmp_path


def write_limit(folder, most):
    (folder / "contracts" / "Limit.sol").write_text(LIBRARY.replace("MOST", str(most)))


def opened(folder):
    settings = ape.project.config.solidity
    override = {"solidity": {"version": str(settings.version), "evm_version": "cancun"}}
    return ape.Project(folder, config_override=override)


def runtime(project):
    return project.User.contract_type.runtime_bytecode.bytecode.removeprefix("0x")


def test_a_changed_library_changes_the_contract_that_imports_it(folder):
    assert f"{1_000_001:06x}" in runtime(compiled(opened(folder)))
    write_limit(folder, 2_000_002)
    assert f"{2_000_002:06x}" in runtime(compiled(opened(folder)))


def test_what_ape_compiled_in_parts_is_compiled_whole(folder):
    compiled(opened(folder))
    write_limit(folder, 2_000_002)
    opened(folder).load_contracts()
    assert f"{2_000_002:06x}" in runtime(compiled(opened(folder)))


def test_nothing_is_compiled_twice(folder, monkeypatch):
    compiled(opened(folder))
    again = opened(folder)
    monkeypatch.setattr(again, "load_contracts", lambda **_: pytest.fail("compiled again"))
    compiled(again)
