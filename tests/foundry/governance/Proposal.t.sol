// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {
    IAccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/IAccessControlDefaultAdminRules.sol";

import {IFallbackOracle} from "contracts/interfaces/IFallbackOracle.sol";
import {IParameterSteward} from "contracts/interfaces/IParameterSteward.sol";
import {Domains} from "contracts/libraries/Domains.sol";
import {MockTimelock} from "contracts/mocks/MockTimelock.sol";

import {StewardMarkets as M} from "../support/StewardMarkets.sol";
import {GovernorFixture} from "./GovernorFixture.sol";

/// A batch on its way through a vote and a timelock, and what may happen to it there.
contract ProposalTest is GovernorFixture {
    uint256 private constant CAP = 20_000_000;
    uint256 private constant PATIENCE = 10 days;

    function test_aVotedBatchLands() external {
        Proposal memory p = queued(address(steward), _call(), "raise the cap");
        vm.expectRevert();
        execute(p);
        pass(TIMELOCK_DELAY);
        execute(p);
        assertEq(steward.registry().supplyCap(M.asset(0)), CAP);
        assertEq(uint256(dao.state(p.id)), uint256(IGovernor.ProposalState.Executed));
    }

    /// Anyone pokes, the steward freezes, interest accrues, the guardian pauses: none is configuration.
    function test_whatIsNotConfigurationDoesNotKillAProposal() external {
        Proposal memory p = queued(address(steward), _call(), "raise the cap");
        pass(TIMELOCK_DELAY);
        say(0, M.PRICE * 101 / 100);
        vm.prank(STRANGER);
        oracles[0].poke();
        lending.accrue(M.asset(0));
        vm.prank(STEWARD_KEY);
        steward.setFrozen(M.asset(0), true);
        vm.prank(GUARDIAN);
        steward.pause(M.asset(0));
        execute(p);
        assertEq(steward.registry().supplyCap(M.asset(0)), CAP);
        assertTrue(steward.registry().isFrozen(M.asset(0)));
    }

    function test_anotherChangeOfTheMarketKillsAProposal() external {
        Proposal memory p = queued(address(steward), _call(), "raise the cap");
        pass(TIMELOCK_DELAY);
        land(STEWARD_KEY, to(0, uint8(Domains.RATE), M.rate() + 1));
        vm.expectPartialRevert(IParameterSteward.StateChanged.selector);
        execute(p);
    }

    function test_aProposalThatComesTooLateDoesNotLand() external {
        Proposal memory p = queued(address(steward), _call(), "raise the cap");
        pass(PATIENCE + 1);
        vm.expectPartialRevert(IParameterSteward.DeadlinePassed.selector);
        execute(p);
    }

    // --- the lock of a queued batch ------------------------------------------------------------------

    function test_aQueuedBatchLocksItsMarketAgainstTheStewardUntilItLands() external {
        Proposal memory p = queued(address(steward), _call(), "raise the cap");
        vm.prank(STRANGER);
        lockQueued(p);
        assertEq(lockedUntil(M.asset(0)), START + PATIENCE);
        refuse(STEWARD_KEY, capTo(0, 10_000_001), IParameterSteward.LoosensLockedMarket.selector);
        land(STEWARD_KEY, capTo(1, 10_000_001));

        vm.expectPartialRevert(IParameterSteward.OperationStillPending.selector);
        unlockSettled(p);
        pass(TIMELOCK_DELAY);
        execute(p);
        refuse(STEWARD_KEY, capTo(0, CAP + 1), IParameterSteward.LoosensLockedMarket.selector);
        vm.prank(STRANGER);
        unlockSettled(p);
        assertEq(lockedUntil(M.asset(0)), 0);
        land(STEWARD_KEY, capTo(0, CAP + 1));
    }

    function test_theStewardMayTightenALockedMarketThoughItKillsTheProposal() external {
        Proposal memory p = queued(address(steward), _call(), "raise the cap");
        lockQueued(p);
        land(STEWARD_KEY, capTo(0, 9_000_000));
        pass(TIMELOCK_DELAY);
        vm.expectPartialRevert(IParameterSteward.StateChanged.selector);
        execute(p);
    }

    function test_aCancelledProposalLeavesNoLock() external {
        bytes memory call = _call();
        Proposal memory p = passed(address(steward), call, "raise the cap");
        dao.queue(p.targets, p.values, p.calls, keccak256(bytes(p.description)));
        lockQueued(p);
        vm.startPrank(address(dao));
        timelock.cancel(timelock.hashOperationBatch(p.targets, p.values, p.calls, 0, salt(p)));
        vm.stopPrank();
        unlockSettled(p);
        assertEq(lockedUntil(M.asset(0)), 0);
        vm.expectPartialRevert(IParameterSteward.OperationLocksNothing.selector);
        unlockSettled(p);
    }

    function test_aMarketStaysLockedWhileAnotherOperationOrTheGovernorLocksIt() external {
        Proposal memory first = queued(address(steward), _call(), "raise the cap");
        Proposal memory second = queued(address(steward), _call(), "raise the cap, again");
        lockQueued(first);
        lockQueued(second);
        pass(TIMELOCK_DELAY);
        execute(first);
        unlockSettled(first);
        refuse(STEWARD_KEY, capTo(0, CAP + 1), IParameterSteward.LoosensLockedMarket.selector);

        address[] memory assets = new address[](1);
        assets[0] = M.asset(0);
        uint256 until = block.timestamp + 20 days;
        vm.prank(governor);
        steward.lock(assets, uint64(until));
        pass(PATIENCE);
        unlockSettled(second);
        assertEq(lockedUntil(M.asset(0)), until);
        refuse(STEWARD_KEY, capTo(0, CAP + 1), IParameterSteward.LoosensLockedMarket.selector);
    }

    function test_anOperationLocksOnceAndNoLongerThanAMonth() external {
        bytes memory call = callOf(only(capTo(0, CAP)), NO_DEADLINE);
        Proposal memory p = queued(address(steward), call, "whenever");
        lockQueued(p);
        assertEq(lockedUntil(M.asset(0)), START + steward.MAX_LOCK());
        pass(20 days);
        lockQueued(p);
        assertEq(lockedUntil(M.asset(0)), START + steward.MAX_LOCK());
        pass(10 days + 1);
        unlockSettled(p);
        land(STEWARD_KEY, capTo(0, 10_000_001));
    }

    /// Only what the governor's own timelock holds can lock: a stranger's timelock, or none, cannot.
    function test_noOneLocksWithAnOperationThatTheGovernorDidNotQueue() external {
        Proposal memory p = passed(address(steward), _call(), "raise the cap");
        vm.expectPartialRevert(IParameterSteward.OperationNotPending.selector);
        lockQueued(p);

        address[] memory self = new address[](1);
        self[0] = STRANGER;
        MockTimelock foreign = new MockTimelock(1 days, self, self);
        vm.prank(STRANGER);
        foreign.scheduleBatch(p.targets, p.values, p.calls, 0, salt(p), 1 days);
        vm.expectPartialRevert(IParameterSteward.OperationNotPending.selector);
        lockQueued(p);
        vm.expectPartialRevert(IAccessControl.AccessControlUnauthorizedAccount.selector);
        vm.prank(STRANGER);
        timelock.scheduleBatch(p.targets, p.values, p.calls, 0, salt(p), TIMELOCK_DELAY);
    }

    function test_aQueuedCallOfAnotherContractLocksNothing() external {
        Proposal memory p = queued(address(oracles[0]), _call(), "no batch of the steward's");
        lockQueued(p);
        assertEq(lockedUntil(M.asset(0)), 0);
        pass(1);
        unlockSettled(p);
    }

    /// A market that is not listed yet is counted as well: settling finds what queuing left.
    function test_aBatchForAMarketThatIsListedLaterLeavesNoOtherLockOpen() external {
        IParameterSteward.Update memory unlisted = M.update(M.asset(9), 1, [M.collateral().collateralWord(), 0, 0, 0]);
        bytes memory call = abi.encodeCall(
            steward.applyBatch, (only(unlisted), bytes32(0), uint64(block.timestamp + PATIENCE), ARTEFACT)
        );
        Proposal memory first = queued(address(steward), call, "first");
        Proposal memory second = queued(address(steward), call, "second");
        lockQueued(first);
        lockQueued(second);
        pass(TIMELOCK_DELAY);
        vm.startPrank(address(dao));
        timelock.cancel(timelock.hashOperationBatch(first.targets, first.values, first.calls, 0, salt(first)));
        vm.stopPrank();
        unlockSettled(first);
        assertEq(lockedUntil(M.asset(9)), START + PATIENCE);
    }

    // --- the governor's own seat ---------------------------------------------------------------------

    function test_theVoteHandsTheSeatOverInTwoStepsAndNotBeforeItsDelay() external {
        address heir = address(0x4E14);
        Proposal memory p =
            queued(address(steward), abi.encodeCall(steward.beginDefaultAdminTransfer, (heir)), "hand over");
        pass(TIMELOCK_DELAY);
        execute(p);
        assertEq(steward.defaultAdmin(), address(timelock));
        vm.prank(heir);
        vm.expectPartialRevert(
            IAccessControlDefaultAdminRules.AccessControlEnforcedDefaultAdminDelay.selector
        );
        steward.acceptDefaultAdminTransfer();
        pass(_adminDelay() + 1);
        vm.prank(STEWARD_KEY);
        vm.expectPartialRevert(IAccessControlDefaultAdminRules.AccessControlInvalidDefaultAdmin.selector);
        steward.acceptDefaultAdminTransfer();
        vm.prank(heir);
        steward.acceptDefaultAdminTransfer();
        assertEq(steward.defaultAdmin(), heir);
        vm.prank(address(timelock));
        vm.expectPartialRevert(IAccessControl.AccessControlUnauthorizedAccount.selector);
        steward.setPriceMoveLimit(1);
    }

    function test_theVoteReplacesStewardAndGuardian() external {
        bytes32 role = steward.GUARDIAN_ROLE();
        Proposal memory p =
            queued(address(steward), abi.encodeCall(steward.revokeRole, (role, GUARDIAN)), "another guardian");
        pass(TIMELOCK_DELAY);
        execute(p);
        vm.prank(GUARDIAN);
        vm.expectPartialRevert(IAccessControl.AccessControlUnauthorizedAccount.selector);
        steward.pause(M.asset(0));
    }

    function _adminDelay() internal pure override returns (uint48) {
        return 3 days;
    }

    /// @dev The first market's cap doubled, with time for the vote and the timelock.
    function _call() private view returns (bytes memory) {
        return callOf(only(capTo(0, CAP)), block.timestamp + PATIENCE);
    }
}
