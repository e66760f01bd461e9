// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title Euler's IIRM: borrow rate per second, 1e27
interface IEulerIrm {
    error E_IRMUpdateUnauthorized();

    /// @notice Called by a vault on itself after each operation; the vault stores the answer and charges it from then
    ///         on. A vault keeps its last rate where the call fails.
    function computeInterestRate(address vault, uint256 cash, uint256 borrows) external returns (uint256);

    function computeInterestRateView(address vault, uint256 cash, uint256 borrows) external view returns (uint256);
}
