// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {GasMeter} from "./GasMeter.sol";

interface IVmGas {
    function warp(uint256 timestamp) external;
    function snapshotValue(string calldata group, string calldata name, uint256 value) external;
}

/// @notice One measurement a test: what `setUp` deploys is cold in the test, the same call again is warm.
abstract contract GasTest {
    IVmGas internal constant VM = IVmGas(address(uint160(uint256(keccak256("hevm cheat code")))));
    uint256 internal constant START = 1_790_000_000;

    GasMeter internal meter;

    error CallFailed(string row);

    function setUp() public virtual {
        VM.warp(START);
        meter = new GasMeter();
        meter.calibrate();
    }

    /// @dev A view, cold then warm, recorded under `row`.
    function measure(string memory row, address target, bytes memory data) internal {
        record(string.concat(row, ", cold"), used(row, target, data, true));
        record(string.concat(row, ", warm"), used(row, target, data, true));
    }

    function used(string memory row, address target, bytes memory data, bool isView) internal returns (uint256 gas_) {
        bool ok;
        (gas_, ok) = meter.once(target, data, isView);
        if (!ok) revert CallFailed(row);
    }

    function record(string memory name, uint256 value) internal {
        VM.snapshotValue("gas", name, value);
    }
}
