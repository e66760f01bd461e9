// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title What the steward asks of a lending market
/// @notice Implemented by the market, or by a small adapter in front of it. All calls name the collateral asset, so
///         that one target can serve many isolated markets.
interface IAccrual {
    /// @notice Charges interest up to now at the rate in force. Must revert where it cannot: a rate change that
    ///         followed a failed accrual would be retroactive.
    function accrue(address asset) external;

    /// @notice Value of the collateral supplied, in whole USD, rounded up.
    function collateralInUse(address asset) external view returns (uint256);

    /// @notice Debt against the collateral, interest up to now included, in whole USD, rounded up.
    function debtInUse(address asset) external view returns (uint256);
}
