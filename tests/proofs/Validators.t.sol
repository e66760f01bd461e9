// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {Test} from "forge-std/Test.sol";

import {Guardrails} from "contracts/libraries/Guardrails.sol";
import {OracleWords as W} from "contracts/libraries/OracleWords.sol";
import {RateCurve} from "contracts/libraries/RateCurve.sol";

/// @notice The validators accept exactly the words that they say they accept: no fewer, no more.
contract ValidatorProof is Test {
    function check_theConfigurationsAccepted(uint256 word, bool hasSecondary) public view {
        uint256 primary = uint24(word);
        uint256 secondary = uint24(word >> 24);
        uint256 age = uint24(word >> 48);
        bool stalenesses = primary > 0 && primary <= age && secondary <= age && (secondary > 0 || !hasSecondary);
        bool floor = (word >> 128) & 0x3fff <= 10_000;
        bool band = uint16(word >> 142) > 0 && uint16(word >> 158) > 0 && uint8(word >> 174) > 0;
        bool times = uint24(word >> 182) > 0 && word >> 242 > 0;
        bool tolerance = uint16(word >> 226) > 0 || !hasSecondary;
        bool accepted = accepts(abi.encodeCall(this.configuration, (word, hasSecondary)));
        assert(accepted == (stalenesses && floor && band && times && tolerance));
    }

    function check_theRateWordsAccepted(uint256 word) public view {
        uint256 kink = uint64(word >> 144);
        uint256 highest = uint256(uint48(word)) + uint48(word >> 48) + uint48(word >> 96);
        bool accepted = accepts(abi.encodeCall(this.rate, (word)));
        assert(accepted == (word < 1 << 208 && kink > 0 && kink < 1e18 && highest <= 317_097_919_837));
    }

    /// @notice A rail has an envelope, no stray bit, and where it meters a direction a window and a budget.
    function check_theRailsAccepted(uint256 id, uint256 rail) public view {
        bool envelope = uint64(rail) <= uint64(rail >> 64);
        bool meters = (rail >> 249) & 3 != 0;
        bool movable = uint24(rail >> 216) > 0 && uint8(rail >> 240) > 0;
        bool accepted = accepts(abi.encodeCall(this.rail, (id, rail)));
        assert(accepted == (rail < 1 << 252 && envelope && (movable || !meters)));
    }

    function configuration(uint256 word, bool hasSecondary) external pure {
        W.requireValidConfiguration(word, hasSecondary);
    }

    function rate(uint256 word) external pure {
        RateCurve.requireValid(word);
    }

    function rail(uint256 id, uint256 word) external pure {
        Guardrails.requireValid(id, word);
    }

    function accepts(bytes memory call) private view returns (bool accepted) {
        (accepted,) = address(this).staticcall(call);
    }
}
