// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title The one function of Pyth that a source needs
interface IPyth {
    struct Price {
        int64 price;
        uint64 conf;
        int32 expo;
        uint256 publishTime;
    }

    /// @notice The latest price pushed on chain, of any age; reverts if none ever was.
    function getPriceUnsafe(bytes32 id) external view returns (Price memory);
}
