// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @notice One market in a `Snapshots` list: a place in memory, not a copy.
type Snapshot is uint256;

/// @notice What the state hash covers, laid out in memory as it is hashed.
type Snapshots is uint256;

using SnapshotLibrary for Snapshot global;
using SnapshotLibrary for Snapshots global;

/// @title The preimage of the state hash, written and hashed in place
/// @notice abi.encode(chain id, this contract, list) of a list whose items have seven words:
///
///         asset | mask | collateral word | rate word | oracle word | reference word | epoch
///
///         Words that the mask does not name are zero; the collateral word comes without its frozen flag. The epoch
///         moves with every configuration word of the market, named or not.
/// @dev The words of a batch's judgement are kept here too, so that the hash before and the hash after are one keccak
///      each, without copies.
library SnapshotLibrary {
    uint256 private constant HEAD = 0x80; // chain id, contract, offset and length of the list
    uint256 private constant ITEM = 0xe0;

    /// @notice A list of `length` snapshots, all zero.
    function create(uint256 length) internal view returns (Snapshots list) {
        assembly ("memory-safe") {
            list := mload(0x40)
            mstore(list, chainid())
            mstore(add(list, 0x20), address())
            mstore(add(list, 0x40), 0x60)
            mstore(add(list, 0x60), length)
            let items := add(list, HEAD)
            let size := mul(length, ITEM)
            // Reading call data beyond its end gives zeros.
            calldatacopy(items, calldatasize(), size)
            mstore(0x40, add(items, size))
        }
    }

    /// @notice The state hash of what the list holds now.
    function digest(Snapshots list) internal pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            hash := keccak256(list, add(HEAD, mul(mload(add(list, 0x60)), ITEM)))
        }
    }

    /// @notice Number `index`, which must be below the list's length.
    function at(Snapshots list, uint256 index) internal pure returns (Snapshot) {
        // Safe unchecked: a place in memory that is allocated.
        unchecked {
            return Snapshot.wrap(Snapshots.unwrap(list) + HEAD + index * ITEM);
        }
    }

    /// @notice The call of a setter of (address[] assets, uint256[] words) with the landing words of the markets whose
    ///         mask has `domain`, collateral or rate; empty if there are none.
    /// @dev One pass: the words stand behind room for all assets, wherever the assets end.
    function setterCall(Snapshots list, uint256 selector, uint256 domain) internal pure returns (bytes memory data) {
        // `collateral` is word 2 of a snapshot and domain 1, `rate` word 3 and domain 2.
        uint256 place = 0x20 + 0x20 * domain;
        assembly ("memory-safe") {
            let length := mload(add(list, 0x60))
            data := mload(0x40)
            let head := add(data, 0x24)
            let assets := add(head, 0x40)
            let words := add(assets, add(0x20, shl(5, length)))
            let count := 0
            for {
                let snapshot := add(list, HEAD)
                let end := add(snapshot, mul(length, ITEM))
            } lt(snapshot, end) { snapshot := add(snapshot, ITEM) } {
                if and(mload(add(snapshot, 0x20)), domain) {
                    count := add(count, 1)
                    mstore(add(assets, shl(5, count)), mload(snapshot))
                    mstore(add(words, shl(5, count)), mload(add(snapshot, place)))
                }
            }
            mstore(data, 0)
            if count {
                mstore(assets, count)
                mstore(words, count)
                mstore(head, 0x40)
                mstore(add(head, 0x20), sub(words, head))
                mstore(add(data, 4), selector)
                mstore(data, sub(add(words, add(0x20, shl(5, count))), add(data, 0x20)))
            }
            mstore(0x40, add(words, add(0x20, shl(5, length))))
        }
    }

    function identify(Snapshot snapshot, address asset_, uint256 mask_, uint256 epoch_) internal pure {
        assembly ("memory-safe") {
            mstore(snapshot, asset_)
            mstore(add(snapshot, 0x20), mask_)
        }
        setEpoch(snapshot, epoch_);
    }

    function asset(Snapshot snapshot) internal pure returns (address) {
        return address(uint160(_word(snapshot, 0x00)));
    }

    function mask(Snapshot snapshot) internal pure returns (uint256) {
        return _word(snapshot, 0x20);
    }

    function collateral(Snapshot snapshot) internal pure returns (uint256) {
        return _word(snapshot, 0x40);
    }

    function setCollateral(Snapshot snapshot, uint256 word) internal pure {
        _set(snapshot, 0x40, word);
    }

    function rate(Snapshot snapshot) internal pure returns (uint256) {
        return _word(snapshot, 0x60);
    }

    function setRate(Snapshot snapshot, uint256 word) internal pure {
        _set(snapshot, 0x60, word);
    }

    function oracle(Snapshot snapshot) internal pure returns (uint256) {
        return _word(snapshot, 0x80);
    }

    function setOracle(Snapshot snapshot, uint256 word) internal pure {
        _set(snapshot, 0x80, word);
    }

    function navReference(Snapshot snapshot) internal pure returns (uint256) {
        return _word(snapshot, 0xa0);
    }

    function setNavReference(Snapshot snapshot, uint256 word) internal pure {
        _set(snapshot, 0xa0, word);
    }

    function epoch(Snapshot snapshot) internal pure returns (uint256) {
        return _word(snapshot, 0xc0);
    }

    function setEpoch(Snapshot snapshot, uint256 epoch_) internal pure {
        _set(snapshot, 0xc0, epoch_);
    }

    function _word(Snapshot snapshot, uint256 offset) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(snapshot, offset))
        }
    }

    function _set(Snapshot snapshot, uint256 offset, uint256 word) private pure {
        assembly ("memory-safe") {
            mstore(add(snapshot, offset), word)
        }
    }
}
