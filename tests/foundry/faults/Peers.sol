// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {AggregatorV3Interface} from "contracts/interfaces/AggregatorV3Interface.sol";

/// @title The pattern that most readers of two feeds follow, for contrast
/// @notice A try/catch around the primary, a sign and an age check, then the secondary.
contract TryCatchReader {
    AggregatorV3Interface private immutable PRIMARY;
    AggregatorV3Interface private immutable SECONDARY;
    uint256 private immutable STALENESS;

    error NoPrice();

    constructor(address primary, address secondary, uint256 staleness) {
        (PRIMARY, SECONDARY) = (AggregatorV3Interface(primary), AggregatorV3Interface(secondary));
        STALENESS = staleness;
    }

    function price() external view returns (uint256) {
        try PRIMARY.latestRoundData() returns (uint80, int256 answer, uint256, uint256 updatedAt, uint80) {
            if (answer > 0 && block.timestamp - updatedAt <= STALENESS) return uint256(answer);
        } catch {}
        (, int256 other,, uint256 otherAt,) = SECONDARY.latestRoundData();
        if (other <= 0 || block.timestamp - otherAt > STALENESS) revert NoPrice();
        return uint256(other);
    }
}
