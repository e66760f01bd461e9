// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {
    IAccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/IAccessControlDefaultAdminRules.sol";

import {FallbackOracle} from "contracts/FallbackOracle.sol";
import {KinkedRateModel} from "contracts/KinkedRateModel.sol";
import {ParameterRegistry} from "contracts/ParameterRegistry.sol";
import {IFallbackOracle} from "contracts/interfaces/IFallbackOracle.sol";
import {IParameterSteward} from "contracts/interfaces/IParameterSteward.sol";
import {Domains} from "contracts/libraries/Domains.sol";

import {StewardMarkets as M} from "../support/StewardMarkets.sol";
import {GovernorFixture} from "./GovernorFixture.sol";

/// Every function that changes state, by every role: it succeeds for those named and is refused to all others, for
/// their role and not for their arguments. `tests/contracts/test_roles.py` fails for a function without a row.
contract RolesTest is GovernorFixture {
    uint256 private constant GOVERNOR = 1;
    uint256 private constant STEWARD = 2;
    uint256 private constant GUARD = 4;
    uint256 private constant OTHER = 8;
    uint256 private constant NOBODY = 0;
    uint256 private constant ANYONE = 15;

    struct Row {
        string name;
        bytes call;
        uint256 allowed;
    }

    Row[] private rows;

    function test_theSteward() external {
        _stewardRows();
        _proveTable(address(steward));
    }

    /// The oracle takes orders from the steward contract alone; anyone pokes.
    function test_theOracle() external {
        uint256 nav = M.navReference(block.timestamp).packReference();
        _row("poke", abi.encodeCall(FallbackOracle.poke, ()), ANYONE);
        _row("configure", abi.encodeCall(FallbackOracle.configure, (M.configuration().pack())), NOBODY);
        _row("setReference", abi.encodeCall(FallbackOracle.setReference, (nav)), NOBODY);
        _row("trip", abi.encodeCall(FallbackOracle.trip, ()), NOBODY);
        _row("reset", abi.encodeCall(FallbackOracle.reset, (M.PRICE, block.timestamp, 0, true)), NOBODY);
        _proveTable(address(oracles[0]));
        _proveFor(address(steward), address(oracles[0]));
    }

    function test_theRegistry() external {
        (address[] memory assets, uint256[] memory words) = _pair(M.collateral().collateralWord());
        _row("setCollateral", abi.encodeCall(ParameterRegistry.setCollateral, (assets, words)), NOBODY);
        _row("setFrozen", abi.encodeCall(ParameterRegistry.setFrozen, (M.asset(0), true)), NOBODY);
        _proveTable(address(steward.registry()));
        _proveFor(address(steward), address(steward.registry()));
    }

    function test_theRateModel() external {
        (address[] memory assets, uint256[] memory words) = _pair(M.rate());
        _row("setRates", abi.encodeCall(KinkedRateModel.setRates, (assets, words)), NOBODY);
        _proveTable(address(steward.rateModel()));
        _proveFor(address(steward), address(steward.rateModel()));
    }

    /// Who may send a batch, and whether as the governor, is what the roles say after every way in which they change.
    function test_aBatchKnowsItsCallerAfterEveryChangeOfRoles() external {
        bytes32 role = steward.STEWARD_ROLE();
        _sends(STRANGER, false, false);
        vm.prank(governor);
        steward.grantRole(role, STRANGER);
        _sends(STRANGER, true, false);
        vm.prank(governor);
        steward.revokeRole(role, STRANGER);
        _sends(STRANGER, false, false);
        vm.prank(STEWARD_KEY);
        steward.renounceRole(role, STEWARD_KEY);
        _sends(STEWARD_KEY, false, false);

        // With both roles an account acts as the governor, and giving up one leaves the other.
        vm.startPrank(governor);
        steward.grantRole(role, governor);
        _sends(governor, true, true);
        vm.startPrank(governor);
        steward.revokeRole(role, governor);
        steward.grantRole(role, STRANGER);
        steward.beginDefaultAdminTransfer(STRANGER);
        vm.stopPrank();
        _sends(governor, true, true);
        skip(30 days);
        vm.prank(STRANGER);
        steward.acceptDefaultAdminTransfer();
        _sends(governor, false, false);
        _sends(STRANGER, true, true);
    }

    /// @dev A move within the steward's step, and one that only the governor may make.
    function _sends(address caller, bool any, bool asGovernor) private {
        vm.stopPrank();
        (bool ok, bytes memory answer) = _tries(caller, 9_999_999);
        assertEq(ok, any, "a move within the step");
        if (!ok) assertEq(answer, abi.encodeWithSelector(IParameterSteward.CallerHasNoRole.selector, caller));
        (ok,) = _tries(caller, 1);
        assertEq(ok, asGovernor, "a move beyond the step");
    }

    function _tries(address caller, uint256 cap) private returns (bool ok, bytes memory answer) {
        uint256 before = vm.snapshotState();
        bytes memory call = callOf(only(capTo(0, cap)), NO_DEADLINE);
        vm.prank(caller);
        (ok, answer) = address(steward).call(call);
        vm.revertToState(before);
    }

    // --- the steward's table -------------------------------------------------------------------------

    function _stewardRows() private {
        address asset = M.asset(0);
        (address[] memory assets,) = _pair(0);
        uint256[] memory ids = new uint256[](1);
        uint256[] memory rails = new uint256[](1);
        rails[0] = M.rail(0).railWord();
        Proposal memory p = queued(address(steward), callOf(only(capTo(0, 1)), START + 10 days), "a cap");
        Proposal memory done = queued(address(steward), callOf(only(capTo(0, 2)), START + 10 days), "another");
        lockQueued(done);
        vm.startPrank(address(dao));
        timelock.cancel(timelock.hashOperationBatch(done.targets, done.values, done.calls, 0, salt(done)));
        vm.stopPrank();

        _row("applyBatch", callOf(only(capTo(0, 9_999_999)), NO_DEADLINE), GOVERNOR | STEWARD);
        _row("listMarket", abi.encodeCall(steward.listMarket, (asset, address(oracles[0]), address(0))), GOVERNOR);
        _row("setGuardrails", abi.encodeCall(steward.setGuardrails, (ids, rails)), GOVERNOR);
        _row("setPriceMoveLimit", abi.encodeCall(steward.setPriceMoveLimit, (1)), GOVERNOR);
        _row("lock", abi.encodeCall(steward.lock, (assets, uint64(block.timestamp))), GOVERNOR);
        _row("lockQueued", abi.encodeCall(steward.lockQueued, (p.targets, p.values, p.calls, 0, salt(p))), ANYONE);
        _row(
            "unlockSettled",
            abi.encodeCall(steward.unlockSettled, (done.targets, done.values, done.calls, 0, salt(done))),
            ANYONE
        );
        _row("pause", abi.encodeCall(steward.pause, (asset)), GUARD);
        _row("zeroLtv", abi.encodeCall(steward.zeroLtv, (asset)), GUARD);
        _row("freezeCaps", abi.encodeCall(steward.freezeCaps, (asset)), GUARD);
        vm.prank(GUARDIAN);
        steward.pause(M.asset(1));
        _row(
            "resetOracle",
            abi.encodeCall(steward.resetOracle, (M.asset(1), M.PRICE, block.timestamp, 1)),
            GOVERNOR | GUARD
        );
        _row("setFrozen", abi.encodeCall(steward.setFrozen, (asset, true)), GOVERNOR | STEWARD);
        _row("setFrozen", abi.encodeCall(steward.setFrozen, (asset, false)), GOVERNOR);

        bytes32 role = steward.STEWARD_ROLE();
        _row("grantRole", abi.encodeCall(steward.grantRole, (role, STRANGER)), GOVERNOR);
        _row("revokeRole", abi.encodeCall(steward.revokeRole, (role, STEWARD_KEY)), GOVERNOR);
        _row("renounceRole", abi.encodeCall(steward.renounceRole, (role, STEWARD_KEY)), STEWARD);
        _row("beginDefaultAdminTransfer", abi.encodeCall(steward.beginDefaultAdminTransfer, (STRANGER)), GOVERNOR);
        _row("acceptDefaultAdminTransfer", abi.encodeCall(steward.acceptDefaultAdminTransfer, ()), NOBODY);
        _row("cancelDefaultAdminTransfer", abi.encodeCall(steward.cancelDefaultAdminTransfer, ()), GOVERNOR);
        _row("changeDefaultAdminDelay", abi.encodeCall(steward.changeDefaultAdminDelay, (1 days)), GOVERNOR);
        _row("rollbackDefaultAdminDelay", abi.encodeCall(steward.rollbackDefaultAdminDelay, ()), GOVERNOR);
    }

    function _row(string memory name, bytes memory call, uint256 allowed) private {
        rows.push(Row(name, call, allowed));
    }

    function _pair(uint256 word) private pure returns (address[] memory assets, uint256[] memory words) {
        assets = new address[](1);
        words = new uint256[](1);
        (assets[0], words[0]) = (M.asset(0), word);
    }

    // --- what is proved of it ------------------------------------------------------------------------

    function _proveTable(address target) private {
        address[4] memory callers = [governor, STEWARD_KEY, GUARDIAN, STRANGER];
        for (uint256 i = 0; i < rows.length; ++i) {
            for (uint256 role = 0; role < callers.length; ++role) {
                bool allowed = rows[i].allowed & (1 << role) != 0;
                _prove(rows[i], callers[role], target, allowed);
            }
        }
    }

    /// @dev What is refused to every role above succeeds for the one caller there is.
    function _proveFor(address caller, address target) private {
        for (uint256 i = 0; i < rows.length; ++i) _prove(rows[i], caller, target, true);
    }

    function _prove(Row memory row, address caller, address target, bool allowed) private {
        uint256 before = vm.snapshotState();
        vm.prank(caller);
        (bool ok, bytes memory answer) = target.call(row.call);
        string memory what = string.concat(row.name, " by ", vm.toString(caller));
        assertEq(ok, allowed, what);
        if (!ok) assertTrue(_isForRole(bytes4(answer)), string.concat(what, " for another reason"));
        vm.revertToState(before);
    }

    function _isForRole(bytes4 error) private pure returns (bool) {
        return error == IAccessControl.AccessControlUnauthorizedAccount.selector
            || error == IAccessControl.AccessControlBadConfirmation.selector
            || error == IAccessControlDefaultAdminRules.AccessControlInvalidDefaultAdmin.selector
            || error == IParameterSteward.CallerHasNoRole.selector || error == IFallbackOracle.NotSteward.selector;
    }
}
