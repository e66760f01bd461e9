// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title Borrow and supply rates per second, 1e18
interface IRateModel {
    /// @notice Borrow rate per second at the utilisation of (cash, borrows, reserves), 1e18, rounded up.
    function ratePerSecond(address market, uint256 cash, uint256 borrows, uint256 reserves)
        external
        view
        returns (uint256);

    /// @notice What lenders earn per second, 1e18, rounded down; `reserveFactor` in 1e18.
    function supplyRatePerSecond(
        address market,
        uint256 cash,
        uint256 borrows,
        uint256 reserves,
        uint256 reserveFactor
    ) external view returns (uint256);
}
