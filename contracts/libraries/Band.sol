// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";

import {OracleWords as W} from "./OracleWords.sol";

/// @title The accrued, asymmetric band around the current and the previous anchor
/// @dev Over Δ seconds an asset accrues by g·Δ and moves as a random walk, so the band around an anchor of that age is
///
///          anchor·(1 + g·Δ)·[1 − X_down·v, 1 + X_up·v],   v = √clip(Δ/w, 1, n).
///
///      A leg older than the anchor stands at Δ = 0, the tightest band.
///
///      Judging both anchors before they roll, each at its own age, makes neither the poke cadence nor a window's edge
///      decide: a price just inside the new anchor's band must also lie inside the older, wider one. Linear accrual
///      stands below compound accrual. v is floored to a multiple of 2^-32. Both comparisons are cross-multiplied, so
///      that no rounding lets more than X through.
library Band {
    /// @dev v = 1.
    uint256 private constant UNIT = 1 << 32;

    /// @notice Whether a leg's price, observed at `time`, lies inside both bands at v = 1, which every wider one holds.
    ///         A leg older than the anchor is left to `contains`.
    /// @dev Without branches: inside ⟺ neither older than the anchor nor beyond the width of either anchor.
    ///      low ≤ scaled ≤ high is one comparison of scaled − low, which wraps beyond any width where scaled < low.
    ///      No price, 0, is inside: bands go down by less than all, and anchors are prices.
    ///      Safe unchecked: for a leg not older than the anchor Δ < 2^32 + 2^24, so accrued anchors are below
    ///      2^(54 + 53) and their products below 2^(107 + 18); for an older one all this wraps and is not used.
    function containsTightly(uint256 state, uint256 configuration, uint256 price, uint256 time)
        internal
        pure
        returns (bool inside)
    {
        unchecked {
            uint256 since = (state >> W.ANCHOR_TIME) & W.TIME_MASK;
            uint256 rate = (configuration >> W.ACCRUAL) & W.MASK_20;
            uint256 growth = W.GROWTH + rate * (time - since);
            uint256 current = ((state >> W.ANCHOR) & W.PRICE_MASK) * growth;
            growth += rate * ((state >> W.PREVIOUS_AGE) & W.MASK_24);
            uint256 previous = ((state >> W.PREVIOUS_ANCHOR) & W.PRICE_MASK) * growth;
            uint256 scaled = price * (W.GROWTH * W.FRACTION);
            uint256 width = (configuration >> W.BAND_DOWN) & W.MASK_16;
            uint256 low = W.FRACTION - width;
            width += (configuration >> W.BAND_UP) & W.MASK_16;
            assembly ("memory-safe") {
                let beyond := gt(sub(scaled, mul(current, low)), mul(current, width))
                beyond := or(beyond, gt(sub(scaled, mul(previous, low)), mul(previous, width)))
                inside := iszero(or(beyond, lt(time, since)))
            }
        }
    }

    /// @notice Whether a leg's price, observed at `time`, lies inside the bands of both anchors.
    /// @dev Safe unchecked: the previous age was measured back from the anchor's time.
    function contains(uint256 state, uint256 configuration, uint256 price, uint256 time)
        internal
        pure
        returns (bool)
    {
        unchecked {
            uint256 since = (state >> W.ANCHOR_TIME) & W.TIME_MASK;
            uint256 elapsed = FixedPointMathLib.zeroFloorSub(time, since);
            if (!_around((state >> W.ANCHOR) & W.PRICE_MASK, elapsed, configuration, price)) return false;
            elapsed = FixedPointMathLib.zeroFloorSub(time, since - ((state >> W.PREVIOUS_AGE) & W.MASK_24));
            return _around((state >> W.PREVIOUS_ANCHOR) & W.PRICE_MASK, elapsed, configuration, price);
        }
    }

    /// @notice Whether the price lies at or below the NAV reference's cap, price·(1 + growth·Δ)·(1 + headroom).
    /// @dev A reference that was never set, or is older than its own maximum age, caps nothing.
    ///      Safe unchecked: products below 2^(54 + 47 + 17) and 2^(54 + 53 + 18).
    function belowReference(uint256 word, uint256 price, uint256 time) internal view returns (bool) {
        uint256 asOf = (word >> W.REFERENCE_AS_OF) & W.TIME_MASK;
        unchecked {
            if (block.timestamp - asOf > (word >> W.REFERENCE_MAXIMUM_AGE) & W.MASK_24) return true;
            uint256 elapsed = FixedPointMathLib.zeroFloorSub(time, asOf);
            uint256 growth = W.GROWTH + ((word >> W.REFERENCE_GROWTH) & W.MASK_20) * elapsed;
            uint256 headroom = W.FRACTION + ((word >> W.REFERENCE_HEADROOM) & W.MASK_16);
            return price * (W.GROWTH * W.FRACTION) <= (word & W.PRICE_MASK) * growth * headroom;
        }
    }

    /// @dev Safe unchecked: Δ < 2^32, so accrued < 2^(54 + 53); a widened band < 2^(16 + 36), so every product is
    ///      below 2^(107 + 53).
    function _around(uint256 anchor, uint256 elapsed, uint256 configuration, uint256 price)
        private
        pure
        returns (bool)
    {
        unchecked {
            uint256 accrued = anchor * (W.GROWTH + ((configuration >> W.ACCRUAL) & W.MASK_20) * elapsed);
            uint256 scaled = price * (W.GROWTH * W.FRACTION * UNIT);
            uint256 widening = _widening(elapsed, configuration);
            uint256 up = ((configuration >> W.BAND_UP) & W.MASK_16) * widening;
            uint256 down = ((configuration >> W.BAND_DOWN) & W.MASK_16) * widening;
            if (scaled > accrued * (W.FRACTION * UNIT + up)) return false;
            return down >= W.FRACTION * UNIT || scaled >= accrued * (W.FRACTION * UNIT - down);
        }
    }

    /// @notice v = √clip(Δ/w, 1, n) in units of 2^-32, rounded down: ⌊√(⌊Δ·2^64/w⌋)⌋.
    function _widening(uint256 elapsed, uint256 configuration) private pure returns (uint256) {
        uint256 window = (configuration >> W.BAND_WINDOW) & W.MASK_24;
        if (elapsed <= window) return UNIT;
        unchecked {
            uint256 most = (configuration >> W.BAND_WINDOWS) & 0xff;
            if (elapsed >= window * most) return FixedPointMathLib.sqrt(most << 64);
            return FixedPointMathLib.sqrt(FixedPointMathLib.rawDiv(elapsed << 64, window));
        }
    }
}
