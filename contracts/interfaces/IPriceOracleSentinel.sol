// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title What an Aave V3 pool asks before it lends or liquidates
/// @notice The ABI of Aave's interface of the same name. The pool calls the two questions; interfaces read the rest.
interface IPriceOracleSentinel {
    function isBorrowAllowed() external view returns (bool);

    /// @notice Asked only while the health factor lies in [0.95, 1).
    function isLiquidationAllowed() external view returns (bool);

    function setSequencerOracle(address newSequencerOracle) external;
    function setGracePeriod(uint256 newGracePeriod) external;

    function ADDRESSES_PROVIDER() external view returns (address);
    function getSequencerOracle() external view returns (address);
    function getGracePeriod() external view returns (uint256);
}
