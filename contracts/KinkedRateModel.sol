// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IKinkedRateModel} from "./interfaces/IKinkedRateModel.sol";
import {RateCurve} from "./libraries/RateCurve.sol";

/// @title The governed rate model: a kinked curve per market in one word
/// @notice Rates here take effect at once and know nothing of the past. Whoever sets them accrues the market first, or
///         the new rate is charged for the time before it: the steward does.
contract KinkedRateModel is IKinkedRateModel {
    address public immutable override steward;

    mapping(address market => uint256) public override rateWord;

    constructor(address steward_) {
        if (steward_ == address(0)) revert NotSteward(steward_);
        steward = steward_;
    }

    /// @inheritdoc IKinkedRateModel
    function setRates(address[] calldata markets, uint256[] calldata words) external override {
        if (msg.sender != steward) revert NotSteward(msg.sender);
        if (markets.length != words.length) revert LengthsDiffer(markets.length, words.length);
        _store(markets, words);
        _tell();
    }

    /// @dev Writes the words, each valid and each for an address; there are as many words as markets.
    function _store(address[] calldata markets, uint256[] calldata words) private {
        uint256 place;
        uint256 end;
        uint256 distance;
        assembly ("memory-safe") {
            place := markets.offset
            end := add(place, shl(5, markets.length))
            distance := sub(words.offset, place)
            mstore(0x20, rateWord.slot)
        }
        while (place < end) {
            uint256 market;
            uint256 word;
            assembly ("memory-safe") {
                market := calldataload(place)
                word := calldataload(add(place, distance))
                place := add(place, 0x20)
            }
            if (!_isClean(market, word)) {
                RateCurve.requireValid(word);
                revert NotAnAddress(market);
            }
            assembly ("memory-safe") {
                mstore(0x00, market)
                sstore(keccak256(0x00, 0x40), word)
            }
        }
    }

    /// @dev Whether this is an address, and a valid word.
    function _isClean(uint256 market, uint256 word) private pure returns (bool clean) {
        bool valid = RateCurve.isValid(word);
        assembly ("memory-safe") {
            clean := gt(valid, shr(160, market))
        }
    }

    /// @dev `RatesSet` of the call's own arguments, whose encoding is the event's. Once a batch: an event a market
    ///      costs some 690 gas more for each.
    function _tell() private {
        bytes32 topic = RatesSet.selector;
        assembly ("memory-safe") {
            let data := mload(0x40)
            let size := sub(calldatasize(), 4)
            calldatacopy(data, 4, size)
            log1(data, size, topic)
        }
    }

    /// @inheritdoc IKinkedRateModel
    function rateWords(address[] calldata markets) external view override returns (uint256[] memory) {
        assembly ("memory-safe") {
            let answer := mload(0x40)
            let offset := sub(markets.offset, answer)
            let word := answer
            mstore(0x20, rateWord.slot)
            for { let end := add(answer, shl(5, markets.length)) } lt(word, end) { word := add(word, 0x20) } {
                mstore(0x00, calldataload(add(word, offset)))
                mstore(add(word, 0x40), sload(keccak256(0x00, 0x40)))
            }
            mstore(answer, 0x20)
            mstore(add(answer, 0x20), markets.length)
            return(answer, sub(add(word, 0x40), answer))
        }
    }

    function ratePerSecond(address market, uint256 cash, uint256 borrows, uint256 reserves)
        external
        view
        override
        returns (uint256)
    {
        return RateCurve.rateAt(_word(market), RateCurve.utilisation(cash, borrows, reserves));
    }

    /// @notice The curve of any word at any utilisation up to 1e18.
    function rateAt(uint256 word, uint256 utilisation) external pure returns (uint256) {
        RateCurve.requireValid(word);
        return RateCurve.rateAt(word, utilisation > RateCurve.WAD ? RateCurve.WAD : utilisation);
    }

    /// @dev No valid word is zero: the kink is positive.
    function _word(address market) private view returns (uint256 word) {
        word = rateWord[market];
        if (word == 0) revert RatesNotSet(market);
    }
}
