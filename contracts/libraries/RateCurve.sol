// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";

/// @title The kinked borrow curve
/// @dev With utilisation u and kink k, both in 1e18,
///
///          r(u) = base + ⌈slope1·u/k⌉                                   u ≤ k
///               = base + slope1 + ⌈slope2·(u − k)/(1e18 − k)⌉           u > k
///
///      slope1 is the whole rise up to the kink and slope2 the whole rise beyond, so that r(k) = base + slope1 and
///      r(1) = base + slope1 + slope2 hold to the last bit. Rates are 1e-18 per second and round up, against borrowers;
///      supply rates round down.
library RateCurve {
    uint256 internal constant BASE = 0; // 48 bits, 1e-18 per second
    uint256 internal constant SLOPE1 = 48; // 48 bits, 1e-18 per second
    uint256 internal constant SLOPE2 = 96; // 48 bits, 1e-18 per second
    uint256 internal constant KINK = 144; // 64 bits, 1e18
    uint256 internal constant BITS = 208;

    uint256 internal constant WAD = 1e18;
    /// @dev 1 000 % a year of 31 536 000 s, rounded down.
    uint256 internal constant MAX_RATE = 317_097_919_837;

    uint256 private constant RATE_MASK = (1 << 48) - 1;
    uint256 private constant MAX_AMOUNT = (1 << 128) - 1;

    error RateWordInvalid(uint256 word, string field);
    error AmountTooLarge(uint256 amount);

    function pack(uint256 base, uint256 slope1, uint256 slope2, uint256 kink) internal pure returns (uint256) {
        return base | slope1 << SLOPE1 | slope2 << SLOPE2 | kink << KINK;
    }

    /// @notice Refuses a word whose kink is not strictly inside (0, 1), or whose highest rate exceeds the maximum.
    /// @dev Safe unchecked: a kink of 0 wraps and fails; three 48-bit fields cannot overflow.
    function requireValid(uint256 word) internal pure {
        unchecked {
            if (word >> BITS != 0) revert RateWordInvalid(word, "unused bits");
            if ((word >> KINK) - 1 >= WAD - 1) revert RateWordInvalid(word, "kink");
            uint256 highest = (word & RATE_MASK) + ((word >> SLOPE1) & RATE_MASK) + ((word >> SLOPE2) & RATE_MASK);
            if (highest > MAX_RATE) revert RateWordInvalid(word, "highest rate");
        }
    }

    /// @notice Whether `requireValid` accepts the word.
    /// @dev Without branches. The kink is the highest field, so that stray bits make it too large.
    function isValid(uint256 word) internal pure returns (bool valid) {
        unchecked {
            uint256 highest = (word & RATE_MASK) + ((word >> SLOPE1) & RATE_MASK) + ((word >> SLOPE2) & RATE_MASK);
            assembly ("memory-safe") {
                valid := and(lt(sub(shr(KINK, word), 1), sub(WAD, 1)), iszero(gt(highest, MAX_RATE)))
            }
        }
    }

    /// @notice min(1, ⌈borrows·1e18 / (cash + borrows − reserves)⌉); 1 where reserves exceed all there is, 0 without
    ///         borrows.
    function utilisation(uint256 cash, uint256 borrows, uint256 reserves) internal pure returns (uint256 u) {
        if (isOrdinary(cash, borrows, reserves)) u = ordinaryUtilisation(cash, borrows, reserves);
        else u = extremeUtilisation(cash, borrows, reserves);
    }

    /// @notice Whether amounts are below 2^128 and reserves lie within the cash.
    /// @dev Without branches: reserves within a cash below 2^128 are below it too.
    function isOrdinary(uint256 cash, uint256 borrows, uint256 reserves) internal pure returns (bool ordinary) {
        assembly ("memory-safe") {
            ordinary := iszero(or(shr(128, or(cash, borrows)), gt(reserves, cash)))
        }
    }

    /// @notice ⌈borrows·1e18 / (cash + borrows − reserves)⌉, at most 1, where `isOrdinary`.
    /// @dev Safe unchecked: sums stay below 2^129 and the product below 2^188. Where nothing is left and nothing lent,
    ///      the divisor is 0, and so is the EVM's quotient.
    function ordinaryUtilisation(uint256 cash, uint256 borrows, uint256 reserves) internal pure returns (uint256) {
        unchecked {
            return _ceilDiv(borrows * WAD, cash - reserves + borrows);
        }
    }

    /// @notice 1 where anything is lent, else 0, where reserves exceed the cash. Refuses amounts of 2^128 and more.
    function extremeUtilisation(uint256 cash, uint256 borrows, uint256 reserves) internal pure returns (uint256) {
        uint256 largest = FixedPointMathLib.max(cash, FixedPointMathLib.max(borrows, reserves));
        if (largest > MAX_AMOUNT) revert AmountTooLarge(largest);
        return borrows == 0 ? 0 : WAD;
    }

    /// @notice Borrow rate per second at a utilisation of at most 1e18, rounded up.
    function rateAt(uint256 word, uint256 u) internal pure returns (uint256) {
        (uint256 base, uint256 slope1, uint256 slope2, uint256 kink) = unpack(word);
        return rateAt(base, slope1, slope2, kink, u);
    }

    /// @notice The same on the fields of a valid word.
    /// @dev Safe unchecked: slopes are below 2^48, utilisation and kink below 2^64. A valid word has 0 < kink < 1e18.
    function rateAt(uint256 base, uint256 slope1, uint256 slope2, uint256 kink, uint256 u)
        internal
        pure
        returns (uint256 rate)
    {
        unchecked {
            if (u > kink) rate = base + slope1 + _ceilDiv(slope2 * (u - kink), WAD - kink);
            else rate = base + _ceilDiv(slope1 * u, kink);
        }
    }

    function unpack(uint256 word)
        internal
        pure
        returns (uint256 base, uint256 slope1, uint256 slope2, uint256 kink)
    {
        return (word & RATE_MASK, (word >> SLOPE1) & RATE_MASK, (word >> SLOPE2) & RATE_MASK, word >> KINK);
    }

    /// @notice utilisation · rate · (1 − reserve factor), rounded down once.
    function supplyRate(uint256 rate, uint256 u, uint256 reserveFactor) internal pure returns (uint256) {
        return rate * u * (WAD - reserveFactor) / (WAD * WAD);
    }

    /// @dev ⌈a/b⌉ for b > 0 and a + b below 2^256; 0 where both are 0.
    function _ceilDiv(uint256 a, uint256 b) private pure returns (uint256) {
        unchecked {
            return FixedPointMathLib.rawDiv(a + b - 1, b);
        }
    }
}
