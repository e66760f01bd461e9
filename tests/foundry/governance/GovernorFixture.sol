// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

import {MarketsFixture} from "../support/MarketsFixture.sol";
import {VotingGovernor, VotingToken} from "./Voting.sol";

/// @notice The steward governed by a timelock that only the Governor can schedule in and anyone can execute.
abstract contract GovernorFixture is MarketsFixture {
    uint256 internal constant TIMELOCK_DELAY = 2 days;
    address internal constant VOTER = address(0x707E4);

    VotingToken internal token;
    TimelockController internal timelock;
    VotingGovernor internal dao;

    struct Proposal {
        address[] targets;
        uint256[] values;
        bytes[] calls;
        string description;
        uint256 id;
    }

    function _governor() internal override returns (address) {
        token = new VotingToken(VOTER);
        vm.prank(VOTER);
        token.delegate(VOTER);
        vm.roll(block.number + 1);
        address[] memory none = new address[](0);
        address[] memory anyone = new address[](1);
        timelock = new TimelockController(TIMELOCK_DELAY, none, anyone, address(this));
        dao = new VotingGovernor(token, timelock);
        timelock.grantRole(timelock.PROPOSER_ROLE(), address(dao));
        timelock.grantRole(timelock.CANCELLER_ROLE(), address(dao));
        timelock.renounceRole(timelock.DEFAULT_ADMIN_ROLE(), address(this));
        return address(timelock);
    }

    /// @notice Proposed and voted, ready to be queued.
    function passed(address target, bytes memory call, string memory description)
        internal
        returns (Proposal memory p)
    {
        p.targets = new address[](1);
        p.targets[0] = target;
        p.values = new uint256[](1);
        p.calls = new bytes[](1);
        p.calls[0] = call;
        p.description = description;
        vm.prank(VOTER);
        p.id = dao.propose(p.targets, p.values, p.calls, description);
        vm.roll(block.number + dao.votingDelay() + 1);
        vm.prank(VOTER);
        dao.castVote(p.id, 1);
        vm.roll(block.number + dao.votingPeriod() + 1);
    }

    function queued(address target, bytes memory call, string memory description)
        internal
        returns (Proposal memory p)
    {
        p = passed(target, call, description);
        dao.queue(p.targets, p.values, p.calls, keccak256(bytes(description)));
    }

    function execute(Proposal memory p) internal {
        dao.execute(p.targets, p.values, p.calls, keccak256(bytes(p.description)));
    }

    /// @notice The salt under which the Governor queues a proposal in its timelock.
    function salt(Proposal memory p) internal view returns (bytes32) {
        return bytes20(address(dao)) ^ keccak256(bytes(p.description));
    }

    function lockQueued(Proposal memory p) internal {
        steward.lockQueued(p.targets, p.values, p.calls, 0, salt(p));
    }

    function unlockSettled(Proposal memory p) internal {
        steward.unlockSettled(p.targets, p.values, p.calls, 0, salt(p));
    }

    function lockedUntil(address asset) internal view returns (uint256 until) {
        (, until,,) = steward.markets(asset);
    }
}
