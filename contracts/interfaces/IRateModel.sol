// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title Borrow rates per second, 1e18
/// @notice What lenders earn of it is the venue's arithmetic, its reserve factor and its rounding
///         (`RateCurve.supplyRate`).
interface IRateModel {
    /// @notice Borrow rate per second at the utilisation of (cash, borrows, reserves), 1e18, rounded up.
    function ratePerSecond(address market, uint256 cash, uint256 borrows, uint256 reserves)
        external
        view
        returns (uint256);
}
