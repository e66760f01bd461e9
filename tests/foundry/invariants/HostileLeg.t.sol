// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {FallbackOracle} from "contracts/FallbackOracle.sol";
import {IFallbackOracle} from "contracts/interfaces/IFallbackOracle.sol";
import {OracleWords} from "contracts/libraries/OracleWords.sol";
import {FaultyFeed} from "contracts/mocks/FaultyFeed.sol";

import {OracleFixture} from "../support/OracleFixture.sol";
import {NavReference} from "../support/Words.sol";
import {Reads} from "../support/Reads.sol";

using Reads for FallbackOracle;

/// @notice Property 4: a hostile source beside healthy ones.
contract HostileLegTest is OracleFixture {
    uint256 private constant POKES = 4;

    function deployment() internal view override returns (FallbackOracle.Deployment memory d) {
        d = super.deployment();
        d.hasReference = true;
    }

    /// A hostile secondary lowers what a poke returns by at most the tolerance, or contests; it never trips, however
    /// often it is heard.
    function testFuzz_property4_aHostileSecondaryNeitherTripsNorMovesBeyondTheTolerance(
        uint256 healthy,
        uint256 seed,
        bool contested
    ) public {
        if (contested) _contest();
        for (uint256 i; i < POKES; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            skip(seed % 1_000);
            healthy = _bound(healthy, PRICE * 96 / 100, PRICE * 104 / 100);
            say(primary, healthy);
            _behave(secondary, seed, healthy);
            bool eager = _contested();
            (IFallbackOracle.Status v, uint256 price,) = oracle.poke();
            if (v == IFallbackOracle.Status.Contested) continue;
            assertEq(uint256(v), uint256(IFallbackOracle.Status.Live), "a hostile secondary tripped the market");
            assertLe(price, healthy, "a second leg raised the price");
            assertTrue(_agree(price, healthy), "moved beyond the tolerance");
            if (!eager) assertEq(price, healthy, "a secondary changed an uncontested price");
        }
    }

    /// Beside a healthy secondary, what a poke returns of a hostile primary is within the tolerance of the healthy
    /// price, or a pause; and no first sight of it persists a trip.
    function testFuzz_property4_aHostilePrimaryIsHeldToTheHealthySecondary(
        uint256 healthy,
        uint256 seed,
        bool contested
    ) public {
        if (contested) _contest();
        healthy = _bound(healthy, PRICE * 96 / 100, PRICE * 104 / 100);
        say(secondary, healthy);
        _behave(primary, seed, healthy);
        (IFallbackOracle.Status v, uint256 price,) = oracle.poke();
        assertTrue(v != IFallbackOracle.Status.Tripped, "one sight of one leg tripped the market");
        if (price == 0) return assertEq(uint256(v), uint256(IFallbackOracle.Status.Contested));
        assertTrue(_agree(price, healthy), "moved beyond the tolerance");
        if (v == IFallbackOracle.Status.Secondary) assertEq(price, healthy);
        else assertEq(uint256(v), uint256(IFallbackOracle.Status.Live));
    }

    /// Beside two healthy legs that agree, any reference leaves the price within the tolerance, or pauses.
    function testFuzz_property4_aHostileReferenceMovesThePriceByAtMostTheTolerance(
        uint256 healthy,
        uint256 apart,
        NavReference memory r,
        bool contested
    ) public {
        healthy = _bound(healthy, PRICE * 97 / 100, PRICE * 103 / 100);
        if (contested) _contest();
        say(primary, healthy);
        say(secondary, healthy * _bound(apart, 99_010, 100_990) / 1e5);
        r.price = _bound(r.price, PRICE * 80 / 100, PRICE * 120 / 100);
        r.asOf = _bound(r.asOf, block.timestamp - 1 days, block.timestamp);
        r.maximumAge = _bound(r.maximumAge, 1, 2 days);
        r.growth = _bound(r.growth, 0, 1_000_000);
        r.headroom = _bound(r.headroom, 0, 10_000);
        vm.prank(STEWARD);
        oracle.setReference(r.packReference());

        (IFallbackOracle.Status v, uint256 price,) = oracle.poke();
        if (price == 0) {
            assertTrue(v == IFallbackOracle.Status.Contested || v == IFallbackOracle.Status.Tripped);
        } else {
            assertEq(uint256(v), uint256(IFallbackOracle.Status.Live));
            assertTrue(_agree(price, healthy), "moved beyond the tolerance");
        }
    }

    /// A secondary outside its band is dropped: whoever posts it cannot pause the market.
    function testFuzz_property4_aSecondaryOutsideItsBandIsDropped(uint256 chosen, bool above, bool contested) public {
        if (contested) _contest();
        chosen = above ? _bound(chosen, PRICE * 105 / 100 + 1, 1e14) : _bound(chosen, 1, PRICE * 95 / 100 - 1);
        say(secondary, chosen);
        (IFallbackOracle.Status v, uint256 price,) = oracle.poke();
        assertEq(uint256(v), uint256(IFallbackOracle.Status.Live), "one leg paused the market");
        assertEq(price, PRICE);
    }

    /// A lone secondary is served, but nothing later is judged by it.
    function testFuzz_property4_aLoneSecondaryMovesNothingThatJudges(uint256 chosen) public {
        skip(configuration().primaryStaleness + 1);
        say(secondary, _bound(chosen, PRICE * 95 / 100, PRICE * 105 / 100));
        uint256 state = oracle.state();
        (IFallbackOracle.Status v,,) = oracle.poke();
        assertEq(uint256(v), uint256(IFallbackOracle.Status.Secondary));
        assertEq(oracle.state(), state);
    }

    /// What the property does not say: until a poke, a view takes a primary inside its band at its word.
    function test_property4_onlyAPokeHearsTheSecondaryOfAHealthyPrimary() public {
        say(primary, PRICE * 104 / 100);
        (IFallbackOracle.Status v, uint256 price,,,) = oracle.status();
        assertEq(uint256(v), uint256(IFallbackOracle.Status.Live));
        assertEq(price, PRICE * 104 / 100);
        oracle.poke();
        assertEq(uint256(verdict()), uint256(IFallbackOracle.Status.Contested));
    }

    /// Nor that a primary alone outside cannot trip: confirmed a delay and a round later, it does.
    function test_property4_aPrimaryAloneOutsideTripsOnceConfirmed() public {
        say(primary, PRICE * 110 / 100);
        oracle.poke();
        skip(configuration().confirmDelay);
        say(secondary, PRICE);
        (IFallbackOracle.Status v,,) = oracle.poke();
        assertEq(uint256(v), uint256(IFallbackOracle.Status.Contested), "the same round confirms nothing");
        say(primary, PRICE * 110 / 100);
        (v,,) = oracle.poke();
        assertEq(uint256(v), uint256(IFallbackOracle.Status.Tripped));
    }

    /// And not before: a later round within the delay confirms nothing.
    function testFuzz_property4_nothingConfirmsWithinTheDelay(uint256 wait) public {
        say(primary, PRICE * 110 / 100);
        oracle.poke();
        skip(_bound(wait, 1, configuration().confirmDelay - 1));
        say(primary, PRICE * 110 / 100);
        (IFallbackOracle.Status v,,) = oracle.poke();
        assertEq(uint256(v), uint256(IFallbackOracle.Status.Contested));
    }

    /// @dev A disagreement within the band sets the bit.
    function _contest() private {
        say(secondary, PRICE * 103 / 100);
        oracle.poke();
        assertTrue(_contested());
    }

    /// @dev A jump within ±10 % of the healthy price, a small move, a fault, or any answer, or time.
    function _behave(FaultyFeed feed, uint256 seed, uint256 healthy) private {
        uint256 kind = seed % 5;
        seed >>= 8;
        if (kind == 0) feed.set(FaultyFeed.Fault(seed % 9), int256(PRICE), block.timestamp);
        else if (kind == 1) feed.set(FaultyFeed.Fault.None, int256(seed << 8), block.timestamp - seed % 7_200);
        else if (kind == 2) feed.set(FaultyFeed.Fault.None, int256(PRICE), seed);
        else say(feed, healthy * (kind == 3 ? 9_000 + seed % 2_000 : 9_850 + seed % 300) / 1e4);
    }

    function _contested() private view returns (bool) {
        return oracle.state() & OracleWords.CONTESTED != 0;
    }

    function _agree(uint256 a, uint256 b) private pure returns (bool) {
        (uint256 low, uint256 high) = a < b ? (a, b) : (b, a);
        return (high - low) * 1e5 <= low * configuration().tolerance;
    }
}
