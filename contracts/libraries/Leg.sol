// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @notice A judged answer of a feed in one stack slot: price (54 bits), time (32 bits), fresh, inside.
///         All zero is an invalid leg.
type Leg is uint256;

using Legs for Leg global;

/// @title Packing and reading of a leg
library Legs {
    Leg internal constant INVALID = Leg.wrap(0);

    uint256 private constant PRICE_BITS = 54;
    uint256 private constant PRICE_MASK = (1 << 54) - 1;
    uint256 private constant TIME_MASK = (1 << 32) - 1;
    uint256 private constant FRESH = 1 << 86;
    uint256 private constant INSIDE = 1 << 87;

    /// @dev The caller has checked price < 2^54 and time < 2^32.
    function pack(uint256 price_, uint256 time_, bool fresh, bool inside) internal pure returns (Leg leg) {
        assembly ("memory-safe") {
            leg := or(or(price_, shl(54, time_)), or(shl(86, fresh), shl(87, inside)))
        }
    }

    /// @notice A leg fresh and inside, checked likewise.
    function sound(uint256 price_, uint256 time_) internal pure returns (Leg) {
        return Leg.wrap(price_ | time_ << PRICE_BITS | FRESH | INSIDE);
    }

    function price(Leg leg) internal pure returns (uint256) {
        return Leg.unwrap(leg) & PRICE_MASK;
    }

    function time(Leg leg) internal pure returns (uint256) {
        return (Leg.unwrap(leg) >> PRICE_BITS) & TIME_MASK;
    }

    function isFresh(Leg leg) internal pure returns (bool) {
        return Leg.unwrap(leg) & FRESH != 0;
    }

    function isInside(Leg leg) internal pure returns (bool) {
        return Leg.unwrap(leg) & INSIDE != 0;
    }

    /// @notice Fresh and inside: good enough to be served.
    function isSound(Leg leg) internal pure returns (bool) {
        return Leg.unwrap(leg) >= FRESH | INSIDE;
    }

    /// @notice Sound, and `contested` is zero. The bit stands above every leg.
    function isSoundUnless(Leg leg, uint256 contested) internal pure returns (bool) {
        return Leg.unwrap(leg) >= FRESH | INSIDE | contested;
    }
}
