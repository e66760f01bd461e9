// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title Reading a feed that may be hostile, with a gas allowance that the caller cannot shrink
library FeedReader {
    /// @dev What a read keeps beyond the allowance: the cold account access of the call (2 600), and enough to reach a
    ///      verdict after a feed has burnt its whole allowance (two cold slots, the decay factor, the return).
    uint256 internal constant RESERVE = 12_000;

    /// @dev The five words of `latestRoundData`, and where two of them stand.
    uint256 private constant RETURN_SIZE = 0xa0;
    uint256 private constant STARTED_AT = 0x40;
    uint256 private constant UPDATED_AT = 0x60;

    error InsufficientGas(uint256 available, uint256 required);

    /// @notice The gas that a read of a feed with this allowance must find.
    function supply(uint256 allowance) internal pure returns (uint256) {
        return allowance * 64 / 63 + RESERVE;
    }

    /// @notice The raw answer and its time, or zeros when the call fails or returns less than five words.
    /// @param required `supply(allowance)`, kept by the caller.
    function read(address feed, uint256 allowance, uint256 required)
        internal
        view
        returns (uint256 answer, uint256 updatedAt)
    {
        return _read(feed, allowance, required, UPDATED_AT);
    }

    /// @notice The raw answer and the start of its round, or zeros as above: since when an uptime feed says so.
    function readStart(address feed, uint256 allowance, uint256 required)
        internal
        view
        returns (uint256 answer, uint256 startedAt)
    {
        return _read(feed, allowance, required, STARTED_AT);
    }

    /// @dev A call receives at most 63/64 of what is left (EIP-150). With gas ≥ allowance·64/63 + RESERVE here, the
    ///      feed gets the allowance to the last unit whatever the caller supplied; with less, the read reverts. So the
    ///      gas limit of a transaction can make a read fail, never choose its branch.
    ///      The output is fixed: a megabyte of return or revert data is never copied. An account without code succeeds
    ///      with nothing returned, and fails on its size.
    function _read(address feed, uint256 allowance, uint256 required, uint256 timeOffset)
        private
        view
        returns (uint256 answer, uint256 time)
    {
        if (gasleft() < required) revert InsufficientGas(gasleft(), required);

        assembly ("memory-safe") {
            // Scratch beyond the free pointer: 0x00–0x40 would not hold five words.
            let output := mload(0x40)
            mstore(0x00, 0xfeaf968c) // latestRoundData()
            let ok := staticcall(allowance, feed, 0x1c, 0x04, output, RETURN_SIZE)
            ok := and(ok, gt(returndatasize(), sub(RETURN_SIZE, 1)))
            answer := mul(mload(add(output, 0x20)), ok)
            time := mul(mload(add(output, timeOffset)), ok)
        }
    }
}
