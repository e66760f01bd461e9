// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";

import {OracleWords as W} from "./OracleWords.sol";

/// @title The factor that a price of a given age is worth
/// @dev D(age) = exp(−(step + rate·(age − T))) for age > T, never below the floor.
///      The exponent is an exact integer in 1e-18: step has units of 1e-6, the rate of 1e-14 per second.
///      solady's `expWad` truncates a rational approximation that exceeds e^{−x}, argument reduction included, by less
///      than 2^-62 of it; as e^{−x} ≤ 1, that is less than one unit of 1e-18. One unit less is therefore at most e^{−x}
///      (certificate: tests/proofs/test_exponential.py).
library Decay {
    uint256 internal constant WAD = 1e18;

    /// @notice max(D(age), floor) in 1e18, D rounded down. The caller has age > T.
    function factor(uint256 configuration, uint256 age) internal pure returns (uint256) {
        // Safe unchecked: the exponent is below 2^20·1e12 + 2^36·1e4·2^24 < 2^75, its exponential at most 1e18.
        unchecked {
            uint256 late = age - (configuration & W.MASK_24);
            uint256 exponent = ((configuration >> W.DECAY_STEP) & W.MASK_20) * 1e12
                + ((configuration >> W.DECAY_RATE) & ((1 << 36) - 1)) * 1e4 * late;
            uint256 floor = ((configuration >> W.DECAY_FLOOR) & 0x3fff) * (WAD / W.BASIS_POINTS);
            uint256 decayed = uint256(FixedPointMathLib.expWad(-int256(exponent)));
            return decayed > floor ? decayed - 1 : floor;
        }
    }
}
