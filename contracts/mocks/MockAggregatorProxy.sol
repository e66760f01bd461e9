// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {MockAggregator} from "./MockAggregator.sol";

/// @title The proxy in front of an aggregator: one slot for phase and aggregator, one for the access controller
/// @notice A healthy cold read through it costs 15 216 gas, warm 2 216.
contract MockAggregatorProxy {
    uint16 public phaseId = 1;
    address public aggregator;
    address public accessController;

    error NoAccess(address caller);

    constructor(address aggregator_) {
        aggregator = aggregator_;
    }

    /// @notice Begins a new phase, or plants whatever is to be read next.
    function set(address aggregator_) external {
        aggregator = aggregator_;
        ++phaseId;
    }

    modifier checkAccess() {
        // solhint-disable-next-line avoid-tx-origin
        if (accessController != address(0) && msg.sender != tx.origin) revert NoAccess(msg.sender);
        _;
    }

    function decimals() external view returns (uint8) {
        return MockAggregator(aggregator).decimals();
    }

    function latestRoundData() external view checkAccess returns (uint80, int256, uint256, uint256, uint80) {
        return MockAggregator(aggregator).latestRoundData();
    }
}
