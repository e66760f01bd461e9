// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {FallbackOracle} from "contracts/FallbackOracle.sol";
import {ParameterSteward} from "contracts/ParameterSteward.sol";
import {IParameterSteward} from "contracts/interfaces/IParameterSteward.sol";
import {Domains} from "contracts/libraries/Domains.sol";
import {Guardrails} from "contracts/libraries/Guardrails.sol";
import {RateCurve} from "contracts/libraries/RateCurve.sol";
import {MockToken} from "contracts/mocks/MockToken.sol";

import {OracleFixture} from "./OracleFixture.sol";

/// @notice A steward over one asset's oracle and rate word, for tests of what a venue makes of them.
/// @dev This contract is governor, steward and guardian.
abstract contract StewardFixture is OracleFixture {
    uint256 internal constant WAD = 1e18;
    /// @dev 3.2 % a year, flat: 0.26 % over 30 days.
    uint256 internal constant RATE = 1e9;

    MockToken internal collateral;
    MockToken internal loan;
    ParameterSteward internal steward;

    function setUp() public virtual override {
        collateral = new MockToken("Note", "NOTE", 18);
        loan = new MockToken("Dollar", "USD", 6);
        steward = new ParameterSteward(0, address(this), address(this), address(this), 50);
        super.setUp();
        _setRails();
    }

    function deployment() internal view virtual override returns (FallbackOracle.Deployment memory d) {
        d = super.deployment();
        d.asset = address(collateral);
        d.steward = address(steward);
    }

    /// @notice A flat rate, set by a governor's batch: the steward accrues first.
    function setRate(uint256 perSecond) internal {
        IParameterSteward.Update[] memory updates = new IParameterSteward.Update[](1);
        updates[0].asset = address(collateral);
        updates[0].mask = uint8(Domains.RATE);
        updates[0].rateWord = RateCurve.pack(perSecond, 0, 0, 0.9e18);
        address[] memory assets = new address[](1);
        assets[0] = address(collateral);
        uint8[] memory masks = new uint8[](1);
        masks[0] = uint8(Domains.RATE);
        steward.applyBatch(updates, steward.stateHash(assets, masks), type(uint64).max, bytes32(0));
    }

    /// @dev Only rate parameters move here: each anywhere in its field, by the governor.
    function _setRails() private {
        uint256[] memory ids = new uint256[](Domains.RATE_COUNT);
        uint256[] memory rails = new uint256[](Domains.RATE_COUNT);
        for (uint256 i; i < ids.length; ++i) {
            ids[i] = Domains.RATE_FIRST + i;
            rails[i] = uint256(type(uint64).max) << Guardrails.MAXIMUM_OFFSET;
        }
        steward.setGuardrails(ids, rails);
    }
}
