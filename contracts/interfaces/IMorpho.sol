// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @notice A Morpho Blue market; its id is the keccak256 of these five words.
struct MarketParams {
    address loanToken;
    address collateralToken;
    address oracle;
    address irm;
    uint256 lltv;
}

/// @notice A market's totals as of its last accrual, in smallest units of the loan token; `fee` in 1e18.
struct Market {
    uint128 totalSupplyAssets;
    uint128 totalSupplyShares;
    uint128 totalBorrowAssets;
    uint128 totalBorrowShares;
    uint128 lastUpdate;
    uint128 fee;
}

/// @title What the adapters call of Morpho Blue
interface IMorpho {
    function market(bytes32 id) external view returns (Market memory);

    /// @notice Charges interest since the last accrual at the rate that the market's model gives now.
    function accrueInterest(MarketParams memory marketParams) external;
}
