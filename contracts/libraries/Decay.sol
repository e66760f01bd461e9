// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";

import {OracleWords as W} from "./OracleWords.sol";

/// @title The factor that a price of a given age is worth
/// @dev D(age) = exp(−x), x = step + rate·(age − T), for age > T, never below the floor. x is an exact integer in
///      1e-14: the step has units of 1e-6, the rate of 1e-14 per second.
///
///      With x = k·ln 2 + r, 0 ≤ r < ln 2, the exponential is 2^-k times Padé's [4/4] approximation of e^-r in Q96,
///
///          e^-r ≈ (even − odd) / (even + odd),   even = r⁴ + 180·r² + 1680,   odd = 20·r³ + 840·r.
///
///      It exceeds e^-r by at most 1.5e-9 of it; a numerator smaller by 2e-9 takes that back, so that the factor never
///      exceeds the true one and falls short of it by less than 4e-9 and a unit of 1e-18 (certificate:
///      tests/proofs/test_exponential.py).
library Decay {
    uint256 internal constant WAD = 1e18;

    /// @dev 1e18·(1 − 2e-9).
    uint256 private constant ONE_LESS_MARGIN = 999_999_998_000_000_000;
    /// @dev ⌊ln 2·2^96⌋.
    uint256 private constant LN2_Q96 = 54_916_777_467_707_473_351_141_471_128;
    uint256 private constant Q96 = 1 << 96;
    /// @dev From the 1e-6 of the step to the 1e-14 of x.
    uint256 private constant STEP_UNIT = 1e8;

    /// @notice max(D(age), floor) in 1e18, D rounded down. The caller has age > T.
    function factor(uint256 configuration, uint256 age) internal pure returns (uint256) {
        // Safe unchecked: x is below 2^20·1e8 + 2^36·2^24 < 2^61.
        unchecked {
            uint256 late = age - (configuration & W.MASK_24);
            uint256 x = ((configuration >> W.DECAY_STEP) & W.MASK_20) * STEP_UNIT
                + ((configuration >> W.DECAY_RATE) & ((1 << 36) - 1)) * late;
            uint256 floor = ((configuration >> W.DECAY_FLOOR) & 0x3fff) * (WAD / W.BASIS_POINTS);
            return FixedPointMathLib.max(_exponential(x), floor);
        }
    }

    /// @notice e^-x in 1e18 for x below 2^61 in 1e-14, rounded down.
    /// @dev Safe unchecked: x in Q96 is below 2^157, r below 2^96, even and odd below 2^107, odd below even.
    function _exponential(uint256 x) private pure returns (uint256) {
        unchecked {
            x = (x << 96) / W.GROWTH;
            uint256 r = x % LN2_Q96;
            uint256 square = r * r >> 96;
            uint256 even = ((square + 180 * Q96) * square >> 96) + 1680 * Q96;
            uint256 odd = r * (20 * square + 840 * Q96) >> 96;
            return FixedPointMathLib.rawDiv((even - odd) * ONE_LESS_MARGIN, even + odd) >> x / LN2_Q96;
        }
    }
}
