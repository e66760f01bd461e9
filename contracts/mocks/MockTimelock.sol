// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @title OpenZeppelin's timelock with one proposer and open execution, for tests and local chains
contract MockTimelock is TimelockController {
    constructor(uint256 minimumDelay, address[] memory proposers, address[] memory executors)
        TimelockController(minimumDelay, proposers, executors, address(0))
    {
        // Nothing beyond the base: the type exists to be compiled with the project.
    }
}
