// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title What the accrual target calls of a Compound V2 market that counts blocks
interface ICToken {
    /// @notice Charges interest since the last accrual at the rate that the market's model gives now; 0 on success.
    function accrueInterest() external returns (uint256);

    function underlying() external view returns (address);
    /// @notice In smallest units of the underlying, as of the last accrual.
    function totalBorrows() external view returns (uint256);
    function totalSupply() external view returns (uint256);
    /// @notice Underlying per cToken, 1e18, as of the last accrual.
    function exchangeRateStored() external view returns (uint256);
    function borrowRatePerBlock() external view returns (uint256);
    function accrualBlockNumber() external view returns (uint256);
}
