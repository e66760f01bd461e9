// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IRateModel} from "./interfaces/IRateModel.sol";
import {RateCurve} from "./libraries/RateCurve.sol";

/// @title The immutable rate model: one kinked curve for every market that points here
contract FixedRateModel is IRateModel {
    /// @notice The curve, laid out as in `RateCurve`.
    uint256 public immutable rateWord;

    // Its fields, unpacked once.
    uint256 private immutable BASE;
    uint256 private immutable SLOPE1;
    uint256 private immutable SLOPE2;
    uint256 private immutable KINK;

    constructor(uint256 word) {
        RateCurve.requireValid(word);
        rateWord = word;
        (BASE, SLOPE1, SLOPE2, KINK) = RateCurve.unpack(word);
    }

    function ratePerSecond(address, uint256 cash, uint256 borrows, uint256 reserves)
        external
        view
        override
        returns (uint256)
    {
        return RateCurve.rateAt(BASE, SLOPE1, SLOPE2, KINK, RateCurve.utilisation(cash, borrows, reserves));
    }
}
