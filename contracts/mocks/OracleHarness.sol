// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {FallbackOracle} from "../FallbackOracle.sol";
import {FaultyFeed} from "./FaultyFeed.sol";

/// @title The oracle with its words in reach, evaluated over many cases in one call
/// @dev For the comparison with the Python mirror. Each case plants its words and what its feeds say, then asks the
///      real surfaces from outside.
contract OracleHarness is FallbackOracle {
    struct Answer {
        FaultyFeed.Fault fault;
        int256 answer;
        uint256 updatedAt;
    }

    struct Case {
        uint256 state;
        uint256 contest;
        uint256 configuration;
        uint256 referenceWord;
        Answer first;
        Answer second;
        uint256 review;
    }

    struct Result {
        Status viewed;
        uint256 viewedPrice;
        uint256 viewedAt;
        uint256 undecayed;
        uint256 checkpointPrice;
        uint256 checkpointAt;
        Status poked;
        uint256 pokedPrice;
        uint256 pokedAt;
        uint256 state;
        uint256 contest;
        bytes4 guardianRefused;
    }

    constructor(Deployment memory d) FallbackOracle(d) {}

    function evaluate(Case[] calldata cases) external returns (Result[] memory results) {
        results = new Result[](cases.length);
        for (uint256 i; i < cases.length; ++i) {
            _plant(cases[i]);
            _ask(results[i], cases[i].review);
        }
    }

    function requireGuardiansCase(uint256 price) external view {
        _requireGuardiansCase(price);
    }

    function _plant(Case calldata c) private {
        state = c.state;
        contest = c.contest;
        configuration = c.configuration;
        referenceWord = c.referenceWord;
        FaultyFeed(PRIMARY).set(c.first.fault, c.first.answer, c.first.updatedAt);
        if (SECONDARY != address(0)) FaultyFeed(SECONDARY).set(c.second.fault, c.second.answer, c.second.updatedAt);
    }

    function _ask(Result memory r, uint256 review) private {
        try this.requireGuardiansCase(review) {
            r.guardianRefused = 0;
        } catch (bytes memory reason) {
            r.guardianRefused = bytes4(reason);
        }
        (r.viewed, r.viewedPrice, r.viewedAt,, r.undecayed) = this.status();
        try this.lastPrice() returns (uint256 price, uint256 updatedAt) {
            (r.checkpointPrice, r.checkpointAt) = (price, updatedAt);
        } catch {
            (r.checkpointPrice, r.checkpointAt) = (0, 0);
        }
        (r.poked, r.pokedPrice, r.pokedAt) = this.poke();
        (r.state, r.contest) = (state, contest);
    }
}
