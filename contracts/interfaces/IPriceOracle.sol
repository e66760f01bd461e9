// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title ERC-7726, common quote oracle, with the bid and ask form of Euler's price oracles
interface IPriceOracle {
    /// @notice The value of `baseAmount` of `base` in `quote`, rounded down.
    function getQuote(uint256 baseAmount, address base, address quote) external view returns (uint256 quoteAmount);

    /// @notice The value when `base` is collateral (bid) and when it is debt (ask).
    function getQuotes(uint256 baseAmount, address base, address quote)
        external
        view
        returns (uint256 bid, uint256 ask);
}
