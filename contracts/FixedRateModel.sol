// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";

import {IRateModel} from "./interfaces/IRateModel.sol";
import {RateCurve} from "./libraries/RateCurve.sol";

/// @title The immutable rate model: one kinked curve for every market that points here
/// @dev Each side of the kink is one line in the utilisation u, its rounding folded into the constant:
///
///          base + ⌈slope1·u/kink⌉                   = ⌊(slope1·u + OFFSET1) / kink⌋
///          base + slope1 + ⌈slope2·(u − kink)/rest⌉ = ⌊(slope2·u + OFFSET2) / rest⌋,   rest = 1e18 − kink
contract FixedRateModel is IRateModel {
    uint256 private immutable CURVE;
    uint256 private immutable KINK;
    uint256 private immutable REST;
    uint256 private immutable SLOPE1;
    uint256 private immutable SLOPE2;
    uint256 private immutable OFFSET1;
    uint256 private immutable OFFSET2;

    constructor(uint256 word) {
        RateCurve.requireValid(word);
        CURVE = word;
        (uint256 base, uint256 slope1, uint256 slope2, uint256 kink) = RateCurve.unpack(word);
        uint256 rest = RateCurve.WAD - kink;
        (KINK, REST, SLOPE1, SLOPE2) = (kink, rest, slope1, slope2);
        OFFSET1 = base * kink + kink - 1;
        // May lie below zero and wrap; with slope2·u, u above the kink, it wraps back.
        unchecked {
            OFFSET2 = (base + slope1) * rest + rest - 1 - slope2 * kink;
        }
    }

    /// @dev Safe unchecked: slopes are below 2^48, u and kink below 2^64.
    function ratePerSecond(address, uint256 cash, uint256 borrows, uint256 reserves)
        external
        view
        override
        returns (uint256)
    {
        if (!RateCurve.isOrdinary(cash, borrows, reserves)) {
            _return(RateCurve.rateAt(CURVE, RateCurve.extremeUtilisation(cash, borrows, reserves)));
        }
        uint256 u = RateCurve.ordinaryUtilisation(cash, borrows, reserves);
        unchecked {
            if (u > KINK) _return(FixedPointMathLib.rawDiv(SLOPE2 * u + OFFSET2, REST));
            _return(FixedPointMathLib.rawDiv(SLOPE1 * u + OFFSET1, KINK));
        }
    }

    /// @notice The curve, laid out as in `RateCurve`.
    /// @dev Its selector stands behind that of `ratePerSecond`, and selectors are compared in order.
    function rateCurve() external view returns (uint256) {
        _return(CURVE);
    }

    /// @dev Ends the call from scratch space: a contract that allocates no memory sets up no pointer to it.
    function _return(uint256 value) private pure {
        assembly ("memory-safe") {
            mstore(0x00, value)
            return(0x00, 0x20)
        }
    }
}
