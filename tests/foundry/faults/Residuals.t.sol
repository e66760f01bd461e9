// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {FallbackOracle} from "contracts/FallbackOracle.sol";
import {IFallbackOracle} from "contracts/interfaces/IFallbackOracle.sol";
import {OracleWords as W} from "contracts/libraries/OracleWords.sol";
import {FaultyFeed} from "contracts/mocks/FaultyFeed.sol";

import {OracleFixture} from "../support/OracleFixture.sol";
import {Kind} from "./FaultTable.sol";
import {FaultyLeg, FaultyLegs} from "./FaultyLeg.sol";
import {Reads} from "../support/Reads.sol";

using Reads for FallbackOracle;

/// @notice Deploys what it is given, as a public CREATE2 factory does, for whoever asks first.
contract Factory {
    function deploy(bytes calldata code, bytes32 salt) external returns (address deployed) {
        bytes memory copy = code;
        assembly {
            deployed := create2(0, add(copy, 0x20), mload(copy), salt)
        }
    }
}

/// @title What an attacker of the declared kinds gets at most, in numbers of `docs/threat-model.md`
/// @notice An hourly feed: band 5 % an hour widening over at most 24, tolerance 1 %, T an hour, maximum age a day.
contract ResidualsTest is OracleFixture, FaultyLegs {
    uint256 private constant HOUR = 3_600;
    uint256 private constant DAY = 86_400;
    /// @dev X·√n = 5 %·√24, in 1e-6.
    uint256 private constant WIDEST = 244_948;

    // --- a hostile primary -----------------------------------------------------------------------

    /// @notice On a single leg: X at once, X·√n after n silent windows, and no more however long the silence.
    function test_aHostileSingleLegTakesTheBandAtOnceAndItsCapAfterSilence() external {
        _single();
        assertEq(_highestLive(), 105e8, "X at once");
        skip(4 * HOUR);
        assertEq(_highestLive(), 110e8, "X doubled after four windows");
        skip(20 * HOUR);
        assertEq(_highestLive() / 1e4, (1e6 + WIDEST), "its root of 24 times after a day");
        skip(60 * DAY);
        assertEq(_highestLive() / 1e4, (1e6 + WIDEST), "and no further");
    }

    /// @notice On a single leg that publishes the most it may every window and is poked: X·√2 every two windows, since
    ///         the previous anchor judges too. In a day that is a factor of 2.27, where X compounded would be 3.2: a band
    ///         limits how fast a price moves, not how far.
    function test_aHostileSingleLegThatClimbsEveryWindowIsHeldToXSqrt2EveryTwo() external {
        _single();
        uint256 previous = PRICE;
        uint256 current = PRICE;
        for (uint256 i; i < 24; ++i) {
            skip(HOUR);
            uint256 next = _highestLive();
            assertLe(next * 1e6, previous * 1_070_711, "the root of 2 times X over two windows");
            say(primary, next);
            oracle.poke();
            (previous, current) = (current, next);
        }
        assertEq(current / 1e8, 227);
    }

    /// @notice Beside a healthy secondary: X until somebody pokes, then a pause, and nothing beyond the tolerance.
    function test_aHostilePrimaryBesideAHealthySecondaryHasXUntilThePokeAndThenThePause() external {
        say(primary, 105e8);
        assertEq(oracle.latestAnswer(), 105e8, "no poke yet");
        oracle.poke();
        assertEq(uint256(verdict()), uint256(IFallbackOracle.Status.Contested));
        say(primary, 101e8);
        assertEq(oracle.latestAnswer(), 100e8, "within the tolerance, at the lower of the two");
    }

    // --- a hostile or chosen secondary -----------------------------------------------------------

    /// @notice A secondary alone moves no anchor, so over any time it reaches the widest band and no further.
    function test_aHostileSecondaryAloneReachesTheBandsCapAndNoFurther() external {
        for (uint256 i; i < 72; ++i) {
            skip(HOUR);
            primary.set(FaultyFeed.Fault.Revert, 0, 0);
            say(secondary, _highest(secondary, IFallbackOracle.Status.Secondary));
            oracle.poke();
        }
        (, uint256 price,,,) = oracle.status();
        assertEq(price / 1e4, (1e6 + WIDEST));
    }

    /// @notice Whoever holds a signed update may post it: one inside the band and beyond the tolerance pauses the
    ///         market, until anybody posts the newest one and pokes. One outside the band pauses nothing.
    function test_aChosenPythUpdatePausesUntilAnyonePostsTheNewest() external {
        FaultyLeg memory pyth = makeLeg(Kind.Pyth, PRICE);
        FallbackOracle.Deployment memory d = deployment();
        d.secondary = pyth.feed;
        oracle = new FallbackOracle(d);
        skip(60);

        publishPyth(pyth.pyth, 90e8, 0, -8, block.timestamp - 30);
        (IFallbackOracle.Status v,,) = oracle.poke();
        assertEq(uint256(v), uint256(IFallbackOracle.Status.Live), "outside the band it is dropped");

        publishPyth(pyth.pyth, 97e8, 0, -8, block.timestamp - 20);
        (v,,) = oracle.poke();
        assertEq(uint256(v), uint256(IFallbackOracle.Status.Contested), "inside it contests");

        publish(pyth);
        (v,,) = oracle.poke();
        assertEq(uint256(v), uint256(IFallbackOracle.Status.Live), "the newest ends it");
        assertEq(oracle.state() & W.CONTESTED, 0);
    }

    /// @notice The band that drops a hostile secondary is the anchor's: after a day without a poke it is wide enough to
    ///         let a secondary 20 % away contest, where after an hourly poke it is dropped.
    function test_aSecondaryIsDroppedByTheBandThatPokesKeepNarrow() external {
        skip(DAY);
        say(primary, PRICE);
        say(secondary, 80e8);
        uint256 kept = vm.snapshotState();
        (IFallbackOracle.Status v,,) = oracle.poke();
        assertEq(uint256(v), uint256(IFallbackOracle.Status.Contested), "nobody poked for a day");
        vm.revertToState(kept);

        say(secondary, PRICE);
        oracle.poke();
        skip(HOUR);
        say(primary, PRICE);
        say(secondary, 80e8);
        (v,,) = oracle.poke();
        assertEq(uint256(v), uint256(IFallbackOracle.Status.Live));
    }

    // --- time ------------------------------------------------------------------------------------

    /// @notice An answer is served for T as it is; silent feeds are worth less from then on, and nothing after a day.
    function test_aPriceLivesForTAsItIsAndForTheMaximumAgeDecayed() external {
        skip(HOUR);
        assertEq(uint256(verdict()), uint256(IFallbackOracle.Status.Live));
        skip(1);
        assertEq(uint256(verdict()), uint256(IFallbackOracle.Status.Decaying));
        assertLe(oracle.latestAnswer(), 98.02e8, "the step at T, to exp(-2 %)");
        skip(DAY - HOUR - 1);
        assertEq(uint256(verdict()), uint256(IFallbackOracle.Status.Decaying));
        skip(1);
        assertEq(uint256(verdict()), uint256(IFallbackOracle.Status.Stopped));
    }

    // --- keys ------------------------------------------------------------------------------------

    /// @notice The guardian's reset needs a fresh leg that says no less. With a hostile leg at hand it may therefore
    ///         pause and then name that leg's price, but a healthy primary contradicts it and the market stays paused,
    ///         not robbed.
    function test_aGuardianWithAHostileSecondaryPausesAtMostBesideAHealthyPrimary() external {
        say(secondary, 50e8);
        vm.startPrank(STEWARD);
        oracle.trip();
        oracle.reset(50e8, block.timestamp, 1, false);
        vm.stopPrank();
        assertEq(uint256(verdict()), uint256(IFallbackOracle.Status.Contested));
        oracle.poke();
        skip(601);
        say(primary, PRICE);
        say(secondary, 50e8);
        (IFallbackOracle.Status v,,) = oracle.poke();
        assertEq(uint256(v), uint256(IFallbackOracle.Status.Tripped));
    }

    /// @notice Under CREATE2 the address commits to every constructor argument: who deploys first chooses nothing.
    function test_aFrontRunnerOfTheDeploymentChoosesNeitherStewardNorSeed() external {
        Factory factory = new Factory();
        bytes memory code = abi.encodePacked(type(FallbackOracle).creationCode, abi.encode(deployment()));
        vm.prank(makeAddr("front-runner"), makeAddr("front-runner"));
        FallbackOracle deployed = FallbackOracle(factory.deploy(code, 0));
        assertEq(deployed.steward(), STEWARD);
        assertEq(deployed.state(), oracle.state());
        assertEq(deployed.configuration(), oracle.configuration());
    }

    // --- support ---------------------------------------------------------------------------------

    function _single() private {
        FallbackOracle.Deployment memory d = deployment();
        d.secondary = address(0);
        oracle = new FallbackOracle(d);
    }

    function _highestLive() private returns (uint256) {
        return _highest(primary, IFallbackOracle.Status.Live);
    }

    /// @notice The highest price of a leg that still gives the verdict, by bisection.
    function _highest(FaultyFeed leg, IFallbackOracle.Status wanted) private returns (uint256 low) {
        low = oracle.state() & W.PRICE_MASK;
        uint256 high = 2 * low;
        while (high - low > 1) {
            uint256 middle = (low + high) / 2;
            say(leg, middle);
            if (verdict() == wanted) low = middle;
            else high = middle;
        }
    }
}
