// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title A feed that answers one price with plenty of gas and another with little
contract GasSensitiveFeed {
    uint8 public immutable decimals = 8;
    int256 private immutable RICH;
    int256 private immutable POOR;
    uint256 private immutable THRESHOLD;

    constructor(int256 rich, int256 poor, uint256 threshold) {
        (RICH, POOR, THRESHOLD) = (rich, poor, threshold);
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        int256 answer = gasleft() < THRESHOLD ? POOR : RICH;
        return (1, answer, block.timestamp, block.timestamp, 1);
    }
}
