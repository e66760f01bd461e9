// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IFallbackOracle} from "./IFallbackOracle.sol";

/// @title Morpho Blue's oracle interface, and what this one is made of
interface IMorphoOracle {
    /// @notice What one smallest unit of collateral is worth in smallest units of the loan token, 1e36: for whole
    ///         tokens 36 + loan decimals − collateral decimals.
    function price() external view returns (uint256);

    function collateralToken() external view returns (address);
    function loanToken() external view returns (address);
    function collateralOracle() external view returns (IFallbackOracle);
    /// @notice Zero where the loan token counts as one USD by declaration.
    function loanOracle() external view returns (IFallbackOracle);
    /// @notice One whole token in its smallest units.
    function collateralUnit() external view returns (uint256);
    function loanUnit() external view returns (uint256);
}
