// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IRateModel} from "./IRateModel.sol";

/// @title The governed rate model: one packed word per market (layout in `libraries/RateCurve.sol`)
interface IKinkedRateModel is IRateModel {
    /// @notice The words that one call has set, in its order: market number i has word number i.
    event RatesSet(address[] markets, uint256[] words);

    error NotSteward(address caller);
    error RatesNotSet(address market);
    error NotAnAddress(uint256 market);
    error LengthsDiffer(uint256 markets, uint256 words);

    /// @notice Replaces the words of several markets. Does not accrue: the steward accrues each market before.
    function setRates(address[] calldata markets, uint256[] calldata words) external;

    /// @notice The packed word of a market, zero if none was set.
    function rateWord(address market) external view returns (uint256);

    /// @notice The packed words of several markets.
    function rateWords(address[] calldata markets) external view returns (uint256[] memory words);

    function steward() external view returns (address);
}
