// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";

import {FallbackOracle} from "contracts/FallbackOracle.sol";
import {KinkedRateModel} from "contracts/KinkedRateModel.sol";
import {ParameterRegistry} from "contracts/ParameterRegistry.sol";
import {ParameterSteward} from "contracts/ParameterSteward.sol";
import {IFallbackOracle} from "contracts/interfaces/IFallbackOracle.sol";
import {IParameterSteward} from "contracts/interfaces/IParameterSteward.sol";

import {OracleProof} from "./support/OracleProof.sol";
import {SVM} from "./support/SymbolicCheats.sol";

/// @notice Whatever function a caller without the role calls, with whatever arguments, nothing is written.
/// @custom:halmos --default-array-lengths 0,1 --default-bytes-lengths 4
contract RoleProof is OracleProof {
    address internal constant GOVERNOR = address(0x60BE2);
    address internal constant OPERATOR = address(0x09E2A);
    address internal constant GUARDIAN = address(0x60A2D);

    FallbackOracle internal deployed;
    ParameterRegistry internal registry;
    KinkedRateModel internal rateModel;
    ParameterSteward internal steward;

    function setUp() public override {
        super.setUp();
        deployed = new FallbackOracle(deployment());
        registry = new ParameterRegistry(STEWARD);
        rateModel = new KinkedRateModel(STEWARD);
        steward = new ParameterSteward(1 days, GOVERNOR, OPERATOR, GUARDIAN, 100);
    }

    /// @notice Beside a poke, which anyone may call.
    function check_onlyTheStewardWritesAnOracle(address caller) public {
        vm.assume(caller != STEWARD);
        bytes memory data = SVM.createCalldata("FallbackOracle");
        vm.assume(bytes4(data) != IFallbackOracle.poke.selector);
        _assertUnwritten(address(deployed), caller, data);
    }

    function check_onlyTheStewardWritesTheRegistry(address caller) public {
        vm.assume(caller != STEWARD);
        _assertUnwritten(address(registry), caller, SVM.createCalldata("ParameterRegistry"));
    }

    function check_onlyTheStewardWritesTheRates(address caller) public {
        vm.assume(caller != STEWARD);
        _assertUnwritten(address(rateModel), caller, SVM.createCalldata("KinkedRateModel"));
    }

    /// @notice `lockQueued` is anyone's: here no timelock vouches for an operation.
    function check_withoutARoleNothingIsWritten(address caller) public {
        vm.assume(caller != GOVERNOR && caller != OPERATOR && caller != GUARDIAN && caller != address(0));
        _assertUnwritten(address(steward), caller, SVM.createCalldata("ParameterSteward"));
    }

    /// @notice Pause, LTV to zero, caps to current use, a supported reset, and laying the role down: nothing else.
    function check_theGuardianHasItsPowersAlone() public {
        bytes memory data = SVM.createCalldata("ParameterSteward");
        bytes4 call = bytes4(data);
        vm.assume(call != IParameterSteward.pause.selector && call != IParameterSteward.zeroLtv.selector);
        vm.assume(call != IParameterSteward.freezeCaps.selector && call != IParameterSteward.resetOracle.selector);
        vm.assume(call != IAccessControl.renounceRole.selector);
        _assertUnwritten(address(steward), GUARDIAN, data);
    }

    /// @notice Batches, a freeze, and laying the role down: nothing else.
    function check_theOperatorHasItsPowersAlone() public {
        bytes memory data = SVM.createCalldata("ParameterSteward");
        bytes4 call = bytes4(data);
        vm.assume(call != IParameterSteward.applyBatch.selector && call != IParameterSteward.setFrozen.selector);
        vm.assume(call != IAccessControl.renounceRole.selector);
        _assertUnwritten(address(steward), OPERATOR, data);
    }

    function _assertUnwritten(address target, address caller, bytes memory data) private {
        uint256 before = SVM.snapshotStorage(target);
        vm.prank(caller);
        (bool answered,) = target.call(data);
        answered;
        assert(SVM.snapshotStorage(target) == before);
    }
}
