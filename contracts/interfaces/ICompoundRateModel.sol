// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title Compound V2's InterestRateModel: rates per block, 1e18
interface ICompoundRateModel {
    /// @notice A CToken refuses a model that does not say so.
    function isInterestRateModel() external view returns (bool);

    function getBorrowRate(uint256 cash, uint256 borrows, uint256 reserves) external view returns (uint256);

    function getSupplyRate(uint256 cash, uint256 borrows, uint256 reserves, uint256 reserveFactorMantissa)
        external
        view
        returns (uint256);
}
