// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";

import {Configuration} from "../support/Words.sol";

/// @title What the oracle's arithmetic is judged against, computed another way
library Exact {
    uint256 private constant ONE = 1e36;
    uint256 private constant HALVINGS = 30;

    /// @notice An upper bound of e^{−x/1e18} in 1e36, less than 1e-18 above it.
    /// @dev y = x/2^30; e^{−y} ≤ 1 − y + y²/2 for y ≥ 0, which exceeds it by y³/6; squared 30 times, rounded up.
    ///      Safe unchecked: x ≤ 1e20, and e stays at or below 1e36 + 1.
    function exponentialAbove(uint256 x) internal pure returns (uint256 e) {
        if (x > 100e18) return 1;
        unchecked {
            uint256 y = x * 1e18 / 2 ** HALVINGS;
            e = ONE - y + y * y / (2 * ONE) + 1;
            for (uint256 i; i < HALVINGS; ++i) {
                e = e * e / ONE + 1;
            }
        }
    }

    /// @notice The exponent of decay at an age above T, in 1e18: step in 1e-6, rate in 1e-14 per second.
    function decayExponent(Configuration memory c, uint256 age) internal pure returns (uint256) {
        return c.decayStep * 1e12 + c.decayRate * (age - c.primaryStaleness) * 1e4;
    }

    /// @notice max(D(age), floor) in 1e36, rounded up; 1 up to T.
    function worthAbove(Configuration memory c, uint256 age) internal pure returns (uint256) {
        if (age <= c.primaryStaleness) return ONE;
        return FixedPointMathLib.max(exponentialAbove(decayExponent(c, age)), c.decayFloor * (ONE / 1e4));
    }

    /// @notice Whether a price lies in the band of an anchor Δ seconds older: (p − a′)²·w ≤ (a′·X)²·clip(Δ, w, n·w),
    ///         a′ the anchor accrued. Squared, so that no root is rounded.
    function inBand(Configuration memory c, uint256 anchor, uint256 elapsed, uint256 price)
        internal
        pure
        returns (bool)
    {
        uint256 accrued = anchor * (1e14 + c.accrual * elapsed);
        uint256 scaled = price * 1e14;
        uint256 width = FixedPointMathLib.clamp(elapsed, c.bandWindow, c.bandWindow * c.bandWindows);
        (uint256 move, uint256 limit) =
            scaled > accrued ? (scaled - accrued, c.bandUp) : (accrued - scaled, c.bandDown);
        uint256 allowed = accrued * limit;
        return move * move * c.bandWindow * 1e10 <= allowed * allowed * width;
    }

    /// @notice The edges of the same band, drawn in by a billionth of their width, rounded inwards.
    /// @dev Safe unchecked: accrued is below 2^(54 + 53) of 1e4, the root below 2^64, so every product below 2^160.
    function edges(Configuration memory c, uint256 anchor, uint256 elapsed)
        internal
        pure
        returns (uint256 low, uint256 high)
    {
        unchecked {
            uint256 accrued = anchor * (1e14 + c.accrual * elapsed) / 1e4;
            uint256 width = FixedPointMathLib.clamp(elapsed, c.bandWindow, c.bandWindow * c.bandWindows);
            uint256 root = FixedPointMathLib.sqrt(width * 1e36 / c.bandWindow) * (1e9 - 1) / 1e9;
            uint256 down = FixedPointMathLib.min(c.bandDown * root / 1e5, 1e18);
            high = accrued * (1e18 + c.bandUp * root / 1e5) / 1e28;
            low = (accrued + 1) * (1e18 - down) / 1e28 + 1;
        }
    }
}
