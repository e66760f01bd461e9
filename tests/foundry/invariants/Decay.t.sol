// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IFallbackOracle} from "contracts/interfaces/IFallbackOracle.sol";
import {Decay} from "contracts/libraries/Decay.sol";
import {FaultyFeed} from "contracts/mocks/FaultyFeed.sol";

import {OracleFixture} from "../support/OracleFixture.sol";
import {Configuration} from "../support/Words.sol";
import {Exact} from "./Exact.sol";

/// @notice Property 2: what silence is worth.
contract DecayTest is OracleFixture {
    using Exact for Configuration;

    /// The factor is at most e^{−x} and the floor, and less than 4e-9 and two units of 1e-18 below.
    function testFuzz_property2_theFactorIsTheTrueOneRoundedDown(
        uint256 step,
        uint256 rate,
        uint256 floor,
        uint256 late
    ) public pure {
        Configuration memory c = _decay(step, rate, floor);
        uint256 age = c.primaryStaleness + _bound(late, 1, 180 days);
        uint256 factor = Decay.factor(c.pack(), age);
        uint256 worth = c.worthAbove(age);
        assertLe(factor * 1e18, worth, "above the true decay");
        assertGe((factor + 3) * 1e18, worth - worth / 250_000_000, "needlessly below");
    }

    /// In silence the price stays below last·max(D(age), floor), never rises, and ends at the maximum age.
    function testFuzz_property2_silenceNeverRaisesAPrice(uint256 step, uint256 rate, uint256 floor, uint256 seed)
        public
    {
        Configuration memory c = _decay(step, rate, floor);
        vm.prank(STEWARD);
        oracle.configure(c.pack());
        primary.set(FaultyFeed.Fault.Revert, 0, 0);
        secondary.set(FaultyFeed.Fault.Revert, 0, 0);
        uint256 last = PRICE;
        while (block.timestamp - START <= c.maximumAge) {
            (IFallbackOracle.Status v, uint256 price,, uint256 age,) = oracle.status();
            uint256 worth = PRICE * c.worthAbove(age);
            require(price <= last, "silence raised a price");
            require(price * 1e36 <= worth, "above the true decay");
            require((v == IFallbackOracle.Status.Held) == (age <= c.primaryStaleness), "held for another time than T");
            require(v != IFallbackOracle.Status.Stopped || worth < 1.0001e8 * 1e36, "stopped above the least price");
            last = price;
            seed = uint256(keccak256(abi.encode(seed)));
            skip(1 + seed % 10_000);
        }
        assertEq(uint256(verdict()), uint256(IFallbackOracle.Status.Stopped));
    }

    /// What the property does not say: an answer of the primary that can be read again is a newer `last`, though stale.
    function test_property2_aStaleAnswerThatReturnsInTheBandIsANewerLast() public {
        skip(1_000);
        say(primary, PRICE * 102 / 100);
        secondary.set(FaultyFeed.Fault.Revert, 0, 0);
        primary.set(FaultyFeed.Fault.Revert, primary.answer(), primary.updatedAt());
        skip(configuration().primaryStaleness + 1);
        (IFallbackOracle.Status v, uint256 before,,,) = oracle.status();
        assertEq(uint256(v), uint256(IFallbackOracle.Status.Decaying));
        primary.set(FaultyFeed.Fault.None, primary.answer(), primary.updatedAt());
        (, uint256 afterwards, uint256 updatedAt,,) = oracle.status();
        assertGt(afterwards, before);
        assertEq(updatedAt, START + 1_000);
    }

    function _decay(uint256 step, uint256 rate, uint256 floor) private pure returns (Configuration memory c) {
        c = configuration();
        c.decayStep = _bound(step, 0, 1_000_000);
        c.decayRate = _bound(rate, 0, 50_000_000_000);
        c.decayFloor = _bound(floor, 0, 10_000);
    }
}
