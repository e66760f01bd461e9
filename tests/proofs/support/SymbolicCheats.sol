// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @notice What halmos answers at its cheat address, as far as the proofs ask it.
interface SymbolicCheats {
    /// @notice Calldata of any state-changing function of a contract, with symbolic arguments.
    function createCalldata(string calldata contractName) external pure returns (bytes memory);

    /// @notice A number that two states of a contract's storage share only if they are the same.
    function snapshotStorage(address account) external returns (uint256);
}

SymbolicCheats constant SVM = SymbolicCheats(0xF3993A62377BCd56AE39D773740A5390411E8BC9);
