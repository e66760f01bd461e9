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

/// @notice Property 6 over one feed history and three oracles: poked at every round, at some, never.
contract CadenceTest is OracleFixture {
    using Exact for Configuration;
    using InBandPath for InBandPath.Path;

    uint256 private constant ROUNDS = 16;
    uint256 private constant EVERY = 0;
    uint256 private constant SOME = 1;
    uint256 private constant CADENCES = 3;

    /// @notice A price served as Live, and the anchor in force when it was judged.
    struct Served {
        uint256 time;
        uint256 anchor;
        uint256 anchorTime;
    }

    FallbackOracle[CADENCES] private oracles;
    FallbackOracle private paired;

    function setUp() public override {
        super.setUp();
        for (uint256 i; i < CADENCES; ++i) {
            oracles[i] = new FallbackOracle(deployment());
        }
        FallbackOracle.Deployment memory d = deployment();
        (d.secondary, d.secondaryDecimals) = (address(secondary), 8);
        paired = new FallbackOracle(d);
    }

    function deployment() internal view override returns (FallbackOracle.Deployment memory d) {
        d = super.deployment();
        (d.secondary, d.secondaryDecimals) = (address(0), 0);
    }

    function configuration() internal pure override returns (Configuration memory c) {
        c = super.configuration();
        (c.bandDown, c.bandWindows, c.accrual) = (4_000, 9, 150_000);
    }

    /// Splitting evades nothing: what one Live price was judged by judges every other within a window, whatever is
    /// poked in between.
    function testFuzz_property6_livePricesWithinAWindowLieInTheBandOfOneAnchor(uint256 seed, uint256 cadence) public {
        Configuration memory c = configuration();
        Served[][] memory served = new Served[][](CADENCES);
        uint256[] memory count = new uint256[](CADENCES);
        uint256[] memory oldest = new uint256[](CADENCES); // the first that is less than a window ago
        for (uint256 i; i < CADENCES; ++i) {
            served[i] = new Served[](ROUNDS);
        }
        for (uint256 round; round < ROUNDS; ++round) {
            uint256 price = _hostileRound(seed, round);
            for (uint256 i; i < CADENCES; ++i) {
                if (!_isLive(oracles[i])) continue;
                for (uint256 j = oldest[i]; j < count[i]; ++j) {
                    Served memory s = served[i][j];
                    if (block.timestamp - s.time >= c.bandWindow) oldest[i] = j + 1;
                    else require(c.inBand(s.anchor, block.timestamp - s.anchorTime, price), "carried past the anchor");
                }
                uint256 word = oracles[i].state();
                served[i][count[i]++] = Served(block.timestamp, _anchor(word), _anchorTime(word));
                if (_pokes(i, cadence, round)) oracles[i].poke();
            }
        }
    }

    /// No cadence makes an alarm of rounds that lie in each other's bands.
    function testFuzz_property6_roundsInTheBandsOfAllEarlierOnesAlarmNoCadence(uint256 seed, uint256 cadence) public {
        InBandPath.Path memory path = InBandPath.start(configuration(), PRICE, ROUNDS);
        for (uint256 round; round < ROUNDS; ++round) {
            skip(_bound(_random(seed, round, 0), 10, 3 hours));
            uint256 price = path.next(_random(seed, round, 1));
            if (price == 0) continue;
            say(primary, price);
            for (uint256 i; i < CADENCES; ++i) {
                require(_isLive(oracles[i]), "a false alarm");
                if (_pokes(i, cadence, round)) oracles[i].poke();
            }
        }
    }

    /// −10 % in twenty steps within a window of a kept anchor, with one leg and with two.
    function testFuzz_property6_aFallSplitInTwentyStepsIsRefusedUnderEveryCadence(uint256 cadence, uint256 phase)
        public
    {
        uint256 window = configuration().bandWindow;
        skip(window);
        say(primary, PRICE);
        say(secondary, PRICE);
        paired.poke();
        for (uint256 i; i < CADENCES; ++i) {
            oracles[i].poke();
        }
        skip(_bound(phase, 0, window - 1));

        for (uint256 step = 1; step <= 20; ++step) {
            skip(window / 20 - 1);
            say(primary, PRICE * (200 - step) / 200);
            say(secondary, PRICE);
            for (uint256 i; i < CADENCES; ++i) {
                if (_pokes(i, cadence, step) && _isLive(oracles[i])) oracles[i].poke();
            }
            if (_pokes(SOME, cadence, step)) paired.poke();
        }
        for (uint256 i; i < CADENCES; ++i) {
            assertEq(uint256(_verdict(oracles[i])), uint256(IFallbackOracle.Status.Tripped));
        }
        IFallbackOracle.Status v = _verdict(paired);
        assertTrue(v == IFallbackOracle.Status.Contested || v == IFallbackOracle.Status.Tripped);
    }

    /// What the property does not say: an anchor that nobody moved admits what its age allows.
    function test_property6_anUnpokedAnchorAdmitsWhatItsAgeAllows() public {
        _hourlyRounds(4, 0);
        say(primary, PRICE * 108 / 100);
        assertFalse(_isLive(oracles[EVERY]), "8 % in an hour exceeds 5 % and 5 % times the root of 2");
        assertTrue(_isLive(oracles[CADENCES - 1]), "8 % in four hours is below 5 % times the root of 4");
    }

    /// Nor that every cadence agrees: a trend that outruns the root of time leaves the band of an anchor nobody moved.
    function test_property6_aTrendThatOutrunsTheRootIsRefusedWhereNobodyPokes() public {
        _hourlyRounds(4, 340);
        assertTrue(_isLive(oracles[EVERY]), "3.4 % an hour stays below 5 % and below 5 % times the root of 2");
        assertFalse(_isLive(oracles[CADENCES - 1]), "14.3 % in four hours exceeds 5 % times the root of 4");
    }

    /// Nor that time is the oracle's own: a feed that dates its rounds back, as far as they count as fresh, rolls an
    /// anchor that nobody moved through every window at once. A second leg contests it.
    function test_property6_aFeedThatDatesItsRoundsBackRollsALaggingAnchor() public {
        Configuration memory c = configuration();
        c.primaryStaleness = 6 hours;
        vm.startPrank(STEWARD);
        oracles[SOME].configure(c.pack());
        paired.configure(c.pack());
        vm.stopPrank();
        skip(6 hours);
        say(secondary, PRICE);
        uint256 price = PRICE;
        for (uint256 hour = 1; hour <= 6; ++hour) {
            price += price * 340 / 1e4;
            primary.set(FaultyFeed.Fault.None, int256(price), START + hour * 1 hours);
            oracles[SOME].poke();
            assertTrue(_isLive(oracles[SOME]));
            paired.poke();
        }
        assertFalse(c.inBand(PRICE, 6 hours, price), "22 % in a moment, where 5 % times the root of 6 is the band");
        assertFalse(_isLive(paired));
    }

    /// @dev Hourly rounds that each rise by so many basis points, each poked in the first oracle.
    function _hourlyRounds(uint256 rounds, uint256 rise) private {
        uint256 price = PRICE;
        for (uint256 round; round < rounds; ++round) {
            skip(1 hours);
            price += price * rise / 1e4;
            say(primary, price);
            oracles[EVERY].poke();
        }
    }

    /// @dev Within 7 % of the anchor of the oracle that is always poked, at most ten minutes later.
    function _hostileRound(uint256 seed, uint256 round) private returns (uint256 price) {
        skip(_bound(_random(seed, round, 0), 10, 1_500));
        price = _anchor(oracles[EVERY].state());
        price = _bound(_random(seed, round, 1), price * 93 / 100, price * 107 / 100);
        say(primary, price);
    }

    function _pokes(uint256 index, uint256 cadence, uint256 round) private pure returns (bool) {
        return index == EVERY || (index == SOME && (cadence >> round) & 1 == 1);
    }

    function _isLive(FallbackOracle o) private view returns (bool) {
        return _verdict(o) == IFallbackOracle.Status.Live;
    }

    function _verdict(FallbackOracle o) private view returns (IFallbackOracle.Status v) {
        (v,,,,) = o.status();
    }

    function _anchor(uint256 state) private pure returns (uint256) {
        return (state >> W.ANCHOR) & W.PRICE_MASK;
    }

    function _anchorTime(uint256 state) private pure returns (uint256) {
        return (state >> W.ANCHOR_TIME) & W.TIME_MASK;
    }

    function _random(uint256 seed, uint256 round, uint256 salt) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, round, salt)));
    }
}
