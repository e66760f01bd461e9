// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {Domains} from "./Domains.sol";

/// @notice One market in a `Snapshots` list: a place in memory, not a copy.
type Snapshot is uint256;

/// @notice What the state hash covers, laid out in memory as it is hashed.
type Snapshots is uint256;

/// @notice What a batch keeps of one market beside its snapshot: a place in memory, not a copy.
type Kept is uint256;

using SnapshotLibrary for Snapshot global;
using SnapshotLibrary for Snapshots global;
using SnapshotLibrary for Kept global;

/// @title The preimage of the state hash, written and hashed in place
/// @notice abi.encode(chain id, this contract, list) of a list whose items have seven words:
///
///         asset | mask | collateral word | rate word | oracle word | reference word | epoch
///
///         Words that the mask does not name are zero; the collateral word comes without its frozen flag. The epoch
///         moves with every configuration word of the market, named or not.
/// @dev The words of a batch's judgement are kept here too, so that the hash before and the hash after are one keccak
///      each, without copies. Behind the list, out of the hash, two words a market: the slot of its ledger and what was
///      read there.
library SnapshotLibrary {
    uint256 private constant HEAD = 0x80; // chain id, contract, offset and length of the list
    uint256 private constant ITEM = 0xe0;
    uint256 private constant KEPT = 0x40;

    /// @notice A list of `length` snapshots, all zero.
    function create(uint256 length) internal view returns (Snapshots list) {
        assembly ("memory-safe") {
            // Before the list a word of the domains that any of its masks has.
            list := add(mload(0x40), 0x20)
            mstore(sub(list, 0x20), 0)
            mstore(list, chainid())
            mstore(add(list, 0x20), address())
            mstore(add(list, 0x40), 0x60)
            mstore(add(list, 0x60), length)
            let items := add(list, HEAD)
            let size := mul(length, ITEM)
            // Reading call data beyond its end gives zeros.
            calldatacopy(items, calldatasize(), size)
            mstore(0x40, add(add(items, size), mul(length, KEPT)))
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

    /// @notice What is kept of the first market of the list.
    function kept(Snapshots list) internal pure returns (Kept first) {
        assembly ("memory-safe") {
            first := add(add(list, HEAD), mul(mload(add(list, 0x60)), ITEM))
        }
    }

    /// @notice What is kept of the market after this one; past the last, nothing.
    function following(Kept place) internal pure returns (Kept) {
        // Safe unchecked: as in `at`.
        unchecked {
            return Kept.wrap(Kept.unwrap(place) + KEPT);
        }
    }

    function keep(Kept place, uint256 slot, uint256 main) internal pure {
        assembly ("memory-safe") {
            mstore(place, slot)
            mstore(add(place, 0x20), main)
        }
    }

    /// @notice The slot of the market's ledger, and what was read there.
    function what(Kept place) internal pure returns (uint256 slot, uint256 main) {
        assembly ("memory-safe") {
            slot := mload(place)
            main := mload(add(place, 0x20))
        }
    }

    /// @notice Reads from the rate model, by one call of its `getter` of (address[] markets), the words of the markets
    ///         whose mask has the rate.
    /// @dev The rate model is the steward's own: its getter neither reverts nor returns less than a word a market.
    function readRates(Snapshots list, address model, uint256 getter) internal view {
        if (!_names(list, Domains.RATE)) return;
        uint256 domain = Domains.RATE;
        assembly ("memory-safe") {
            let end := add(add(list, HEAD), mul(mload(add(list, 0x60)), ITEM))
            let data := mload(0x40)
            let assets := add(data, 0x60)
            let last := assets
            for { let snapshot := add(list, HEAD) } lt(snapshot, end) { snapshot := add(snapshot, ITEM) } {
                // Each asset, and after one whose rate is not named the next in its place.
                mstore(last, mload(snapshot))
                last := add(last, shl(4, and(mload(add(snapshot, 0x20)), domain)))
            }
            mstore(data, getter)
            mstore(add(data, 0x20), 0x20)
            mstore(add(data, 0x40), shr(5, sub(last, assets)))
            // The answer lies two words ahead of its list, so that the list takes the assets' place.
            let from := add(data, 0x1c)
            if iszero(staticcall(gas(), model, from, sub(last, from), add(data, 0x20), sub(last, add(data, 0x20)))) {
                revert(0, 0)
            }
            for { let snapshot := add(list, HEAD) } lt(snapshot, end) { snapshot := add(snapshot, ITEM) } {
                let width := shl(4, and(mload(add(snapshot, 0x20)), domain))
                mstore(add(snapshot, 0x60), mul(mload(assets), iszero(iszero(width))))
                assets := add(assets, width)
            }
        }
    }

    /// @notice Calls a store's `setter` of (address[] assets, uint256[] words) with the landing words of the markets
    ///         whose mask has `domain`, collateral or rate. The store's refusals are passed on.
    /// @dev One pass: the words stand behind room for all assets, wherever the assets end.
    function write(Snapshots list, address store, uint256 setter, uint256 domain) internal {
        if (!_names(list, domain)) return;
        // `collateral` is word 2 of a snapshot and domain 1, `rate` word 3 and domain 2.
        uint256 place = 0x20 + 0x20 * domain;
        // What makes a word's width of the bit of a mask.
        uint256 shift = 6 - domain;
        assembly ("memory-safe") {
            let length := mload(add(list, 0x60))
            let data := mload(0x40)
            let asset_ := add(data, 0x80)
            let room := add(shl(5, length), 0x20)
            let snapshot := add(list, HEAD)
            for { let end := add(snapshot, mul(length, ITEM)) } lt(snapshot, end) { snapshot := add(snapshot, ITEM) } {
                mstore(asset_, mload(snapshot))
                mstore(add(asset_, room), mload(add(snapshot, place)))
                asset_ := add(asset_, shl(shift, and(mload(add(snapshot, 0x20)), domain)))
            }
            let size := sub(asset_, add(data, 0x80))
            let words := add(add(data, 0x60), room)
            mstore(data, setter)
            mstore(add(data, 0x20), 0x40)
            mstore(add(data, 0x40), add(0x40, room))
            mstore(add(data, 0x60), shr(5, size))
            mstore(words, shr(5, size))
            let from := add(data, 0x1c)
            if iszero(call(gas(), store, 0, from, sub(add(add(words, 0x20), size), from), 0, 0)) {
                returndatacopy(data, 0, returndatasize())
                revert(data, returndatasize())
            }
        }
    }

    /// @dev Whether any market's mask has the domain.
    function _names(Snapshots list, uint256 domain) private pure returns (bool named) {
        assembly ("memory-safe") {
            named := iszero(iszero(and(mload(sub(list, 0x20)), domain)))
        }
    }

    /// @notice The snapshot after this one; past the last, no snapshot.
    function next(Snapshot snapshot) internal pure returns (Snapshot) {
        // Safe unchecked: as in `at`.
        unchecked {
            return Snapshot.wrap(Snapshot.unwrap(snapshot) + ITEM);
        }
    }

    /// @notice Notes the domains that any of the list's masks has.
    function setNamed(Snapshots list, uint256 domains) internal pure {
        assembly ("memory-safe") {
            mstore(sub(list, 0x20), domains)
        }
    }

    /// @notice Begins a snapshot.
    function begin(Snapshot snapshot, uint256 asset_, uint256 mask_, uint256 epoch_) internal pure {
        _set(snapshot, 0x00, asset_);
        _set(snapshot, 0x20, mask_);
        setEpoch(snapshot, epoch_);
    }

    function asset(Snapshot snapshot) internal pure returns (address) {
        return address(uint160(_word(snapshot, 0x00)));
    }

    /// @notice The asset's address as a word.
    function rawAsset(Snapshot snapshot) internal pure returns (uint256) {
        return _word(snapshot, 0x00);
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
