// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title What an Aave V3 pool asks of its one rate strategy
/// @notice The ABI of Aave's interface of the same name. Amounts are in the reserve's smallest units.
interface IReserveInterestRateStrategy {
    /// @param unbacked The reserve's deficit: owed to suppliers, lent to nobody.
    /// @param reserveFactor Basis points.
    /// @param usingVirtualBalance Always true since 3.4.
    struct CalculateInterestRatesParams {
        uint256 unbacked;
        uint256 liquidityAdded;
        uint256 liquidityTaken;
        uint256 totalDebt;
        uint256 reserveFactor;
        address reserve;
        bool usingVirtualBalance;
        uint256 virtualUnderlyingBalance;
    }

    /// @notice Called by the pool's configurator when a reserve is listed, and to make a new curve take effect.
    function setInterestRateParams(address reserve, bytes calldata rateData) external;

    /// @notice Rates a year of 365 days, 1e27.
    function calculateInterestRates(CalculateInterestRatesParams calldata params)
        external
        view
        returns (uint256 liquidityRate, uint256 variableBorrowRate);
}
