// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Market, MarketParams} from "./IMorpho.sol";

/// @title Morpho Blue's rate model interface: borrow rate per second, 1e18
interface IMorphoIrm {
    /// @notice Called by Morpho at a market's creation and at each accrual, with the totals before it.
    function borrowRate(MarketParams memory marketParams, Market memory market) external returns (uint256);

    function borrowRateView(MarketParams memory marketParams, Market memory market) external view returns (uint256);
}
