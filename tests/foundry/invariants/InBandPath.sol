// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";

import {Configuration} from "../support/Words.sol";
import {Exact} from "./Exact.sol";

/// @notice A history of rounds, each in the bands of all earlier ones: anything a calm or a restless market may do
///         without deserving an alarm, out to the last unit.
library InBandPath {
    using Exact for Configuration;

    struct Round {
        uint256 price;
        uint256 time;
    }

    struct Path {
        Configuration configuration;
        Round[] rounds;
        uint256 length;
    }

    function start(Configuration memory configuration, uint256 price, uint256 length)
        internal
        view
        returns (Path memory path)
    {
        path = Path(configuration, new Round[](length + 1), 1);
        path.rounds[0] = Round(price, block.timestamp);
    }

    /// @notice A price for a round now: an edge of what all earlier rounds allow, or between; 0 if they allow none.
    function next(Path memory path, uint256 random) internal view returns (uint256 price) {
        (uint256 low, uint256 high) = (0, type(uint256).max);
        for (uint256 i; i < path.length; ++i) {
            Round memory earlier = path.rounds[i];
            (uint256 least, uint256 most) = path.configuration.edges(earlier.price, block.timestamp - earlier.time);
            (low, high) = (FixedPointMathLib.max(low, least), FixedPointMathLib.min(high, most));
        }
        if (low > high) return 0;
        if (random % 4 == 0) price = low;
        else if (random % 4 == 1) price = high;
        else price = low + (random >> 2) % (high - low + 1);
        path.rounds[path.length++] = Round(price, block.timestamp);
    }
}
