// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {FallbackOracle} from "contracts/FallbackOracle.sol";
import {IFallbackOracle} from "contracts/interfaces/IFallbackOracle.sol";
import {OracleWords as W} from "contracts/libraries/OracleWords.sol";
import {FaultyFeed} from "contracts/mocks/FaultyFeed.sol";

import {OracleFixture} from "../support/OracleFixture.sol";
import {Configuration} from "../support/Words.sol";
import {Exact} from "./Exact.sol";
import {InBandPath} from "./InBandPath.sol";
import {Reads} from "../support/Reads.sol";

using Reads for FallbackOracle;

/// @notice Property 7: recovery from decay, and the path of pokes.
contract RecoveryTest is OracleFixture {
    using Exact for Configuration;
    using InBandPath for InBandPath.Path;

    uint256 private constant ROUNDS = 16;

    FallbackOracle private other;

    function setUp() public override {
        super.setUp();
        other = new FallbackOracle(deployment());
    }

    /// A feed that returns where it may be after the silence is Live, however far the price had decayed and whoever
    /// poked meanwhile.
    function testFuzz_property7_aFeedBackInItsBandIsLiveAfterAnySilence(uint256 silence, uint256 pokes, uint256 where)
        public
    {
        silence = _bound(silence, 1, 300 days);
        _silence(primary);
        _silence(secondary);
        for (uint256 part; part < 8; ++part) {
            skip(silence / 8);
            if ((pokes >> part) & 1 == 1) oracle.poke();
        }
        (uint256 low, uint256 high) = configuration().edges(PRICE, block.timestamp - START);
        uint256 price = where % 3 == 0 ? low : where % 3 == 1 ? high : _bound(where, low, high);
        if (price < 1e8) price = 1e8;
        say(primary, price);
        assertEq(uint256(verdict()), uint256(IFallbackOracle.Status.Live));
        (IFallbackOracle.Status v, uint256 poked,) = oracle.poke();
        assertEq(uint256(v), uint256(IFallbackOracle.Status.Live));
        assertEq(poked, price);
    }

    /// Two oracles over the same feeds, poked apart: where the verdicts agree, so do price and time; while a contest
    /// stands, a Live price only within the tolerance, since the anchors that judge the secondary differ.
    function testFuzz_property7_pokesChangeNoPriceOfTheSameFeeds(uint256 seed, uint256 cadence, uint256 otherCadence)
        public
    {
        InBandPath.Path memory path = InBandPath.start(configuration(), PRICE, ROUNDS);
        for (uint256 round; round < ROUNDS; ++round) {
            _round(path, uint256(keccak256(abi.encode(seed, round))));
            _requireSamePrice();
            if ((cadence >> round) & 1 == 1) oracle.poke();
            if ((otherCadence >> round) & 1 == 1) other.poke();
            if (((cadence | otherCadence) >> round) & 1 == 1) _requireSamePrice();
        }
    }

    /// What the property does not say: of a round that nobody recorded nothing remains once its feed fails.
    function test_property7_aRoundThatNobodyRecordedIsLostWithItsFeed() public {
        skip(60);
        say(primary, PRICE * 102 / 100);
        say(secondary, PRICE * 102 / 100);
        other.poke();
        _silence(primary);
        _silence(secondary);
        (IFallbackOracle.Status v, uint256 price,,,) = oracle.status();
        (IFallbackOracle.Status w, uint256 recorded,,,) = other.status();
        assertEq(uint256(v), uint256(IFallbackOracle.Status.Held));
        assertEq(uint256(w), uint256(IFallbackOracle.Status.Held));
        assertEq(price, PRICE);
        assertEq(recorded, PRICE * 102 / 100);
    }

    /// Nor that the poke that ends a contest changes nothing: it lifts the price from the lower leg to the primary, by
    /// at most the tolerance, and its time from the older leg's to the primary's.
    function testFuzz_property7_theEndOfAContestMovesThePriceByAtMostTheTolerance(uint256 lower, uint256 age) public {
        say(secondary, PRICE * 103 / 100);
        oracle.poke();
        lower = _bound(lower, PRICE * 990 / 1000 + 1e8, PRICE);
        skip(60);
        say(primary, PRICE);
        age = _bound(age, 0, 60);
        secondary.set(FaultyFeed.Fault.None, int256(lower), block.timestamp - age);
        (, uint256 price, uint256 updatedAt) = oracle.poke();
        assertEq(price, lower);
        assertEq(updatedAt, block.timestamp - age, "the oldest contributor's time");
        (, price, updatedAt,,) = oracle.status();
        assertEq(price, PRICE);
        assertEq(updatedAt, block.timestamp);
        assertLe((PRICE - lower) * 1e5, lower * configuration().tolerance);
    }

    /// @dev The primary speaks or is silent for up to a day; the secondary agrees, disagrees, fails or is silent.
    function _round(InBandPath.Path memory path, uint256 random) private {
        skip(random % 5 == 0 ? random % 1 days : 60 + random % 30 minutes);
        random >>= 32;
        if (random % 3 != 0) {
            uint256 price = path.next(random >> 8);
            if (price != 0) say(primary, price);
        }
        random >>= 32;
        if (random % 8 == 0) _silence(secondary);
        else if (random % 2 == 0) say(secondary, uint256(primary.answer()) * (9_850 + (random >> 8) % 300) / 1e4);
    }

    /// @dev By `require`: each assertion of forge-std is a call of its own.
    function _requireSamePrice() private view {
        (IFallbackOracle.Status v, uint256 price, uint256 updatedAt,,) = oracle.status();
        (IFallbackOracle.Status w, uint256 otherPrice, uint256 otherAt,,) = other.status();
        if (v != w || price == 0) return;
        if (v == IFallbackOracle.Status.Live && (oracle.state() | other.state()) & W.CONTESTED != 0) {
            (uint256 low, uint256 high) = price < otherPrice ? (price, otherPrice) : (otherPrice, price);
            require((high - low) * 1e5 <= low * configuration().tolerance, "pokes moved a contested price too far");
        } else {
            require(price == otherPrice, "pokes changed a price");
            require(updatedAt == otherAt, "pokes changed a price's time");
        }
    }

    function _silence(FaultyFeed feed) private {
        feed.set(FaultyFeed.Fault.Revert, feed.answer(), feed.updatedAt());
    }
}
