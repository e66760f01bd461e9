// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {FallbackOracle} from "contracts/FallbackOracle.sol";
import {IFallbackOracle} from "contracts/interfaces/IFallbackOracle.sol";
import {IParameterSteward} from "contracts/interfaces/IParameterSteward.sol";
import {FaultyFeed} from "contracts/mocks/FaultyFeed.sol";
import {ParameterSteward} from "contracts/ParameterSteward.sol";

import {Configuration, NavReference} from "../support/Words.sol";
import {Updates} from "./Updates.sol";
import {World} from "./World.sol";
import {Reads} from "../support/Reads.sol";

using Reads for FallbackOracle;

/// @notice Property 8: coupled values change in one word, by the real steward.
contract UpdatesTest is World {
    using Updates for IParameterSteward.Update;
    using Updates for ParameterSteward;

    uint256 private constant MARKETS = 3;

    FallbackOracle[MARKETS] private oracles;
    FaultyFeed[MARKETS] private feeds;

    /// @dev Ascending, as a batch must be.
    function setUp() public override {
        super.setUp();
        (oracles[0], feeds[0]) = (oracle, primary);
        for (uint256 i = 1; i < MARKETS; ++i) {
            FallbackOracle.Deployment memory d = deployment();
            feeds[i] = new FaultyFeed(8);
            say(feeds[i], PRICE);
            (d.asset, d.primary) = (address(uint160(ASSET) + uint160(i)), address(feeds[i]));
            oracles[i] = new FallbackOracle(d);
            vm.prank(GOVERNOR);
            steward.listMarket(d.asset, address(oracles[i]), address(0));
        }
    }

    /// Whatever the update and the age of the price, it lands whole within the limit, or not at all.
    function testFuzz_property8_anUpdateLandsWholeWithinTheLimitOrNotAtAll(
        Configuration memory c,
        uint256 silence,
        bool byGovernor
    ) public {
        _silence(0);
        skip(_bound(silence, 0, 100_000));
        (, uint256 before,,,) = oracle.status();
        uint256 previous = oracle.configuration();
        _boundDecay(c);
        bool lands = _try(byGovernor ? GOVERNOR : STEWARD_KEY, Updates.configure(ASSET, c.pack()).only());

        assertEq(oracle.configuration(), lands ? c.pack() : previous, "a part of a word landed");
        (, uint256 afterwards,,,) = oracle.status();
        if (!lands) assertEq(afterwards, before);
        if (!lands || before == 0) return;
        uint256 move = afterwards > before ? afterwards - before : before - afterwards;
        assertGt(afterwards, 0, "an update took the price away");
        assertLe(move * 1e4, before * PRICE_MOVE_LIMIT, "an update moved the price beyond the limit");
    }

    /// Staleness and decay together leave the price where it is; either without the other would move it, and is refused.
    function test_property8_coupledValuesLandTogetherWhereEachAloneWouldMoveThePrice() public {
        Configuration memory c = configuration();
        c.decayRate = 500_000_000;
        assertTrue(_try(GOVERNOR, Updates.configure(ASSET, c.pack()).only()));
        _silence(0);
        skip(c.primaryStaleness + 36_000 - 1);

        // 36 000 s past T at this rate, or 38 700 s past a T 2 700 s sooner at 36 000/38 700 of it: 18 % either way.
        c.primaryStaleness -= 2_700;
        assertFalse(_try(GOVERNOR, Updates.configure(ASSET, c.pack()).only()), "1.3 % less at a stroke");
        c.decayRate = 465_116_279;
        assertTrue(_try(GOVERNOR, Updates.configure(ASSET, c.pack()).only()));
        c.primaryStaleness += 2_700;
        assertFalse(_try(GOVERNOR, Updates.configure(ASSET, c.pack()).only()), "1.3 % more at a stroke");
    }

    /// A snapshot and its time are one word: a reference never caps at one's price by the other's time.
    function testFuzz_property8_aSnapshotLandsWithItsTime(uint256 price, uint256 age, uint256 headroom) public {
        skip(2 days);
        say(primary, PRICE);
        NavReference memory r = NavReference({
            price: _bound(price, PRICE * 90 / 100, PRICE * 110 / 100),
            asOf: block.timestamp - _bound(age, 0, 1 days),
            maximumAge: 2 days,
            growth: 1_000_000,
            headroom: _bound(headroom, 0, 10_000)
        });
        uint256 previous = oracle.referenceWord();
        uint256 cap = r.price * (1e14 + r.growth * (block.timestamp - r.asOf)) / 1e14 * (1e5 + r.headroom) / 1e5;
        bool lands = _try(GOVERNOR, Updates.setReference(ASSET, r.packReference()).only());
        assertEq(oracle.referenceWord(), lands ? r.packReference() : previous);
        if (cap > PRICE + 10) assertTrue(lands, "a reference that caps nothing was refused");
        if (cap < PRICE) assertFalse(lands, "a reference took the price of a priced market");
    }

    /// One tripped market, whichever it is, blocks no batch that tightens.
    function testFuzz_property8_oneTrippedMarketBlocksNoBatch(uint256 which, uint256 lower, bool persisted) public {
        which = _bound(which, 0, MARKETS - 1);
        say(feeds[which], PRICE * 120 / 100);
        _post(PRICE * 120 / 100);
        if (persisted) oracles[which].poke();
        _post(PRICE);

        Configuration memory c = configuration();
        c.bandUp -= _bound(lower, 1, 500);
        IParameterSteward.Update[] memory batch = new IParameterSteward.Update[](MARKETS);
        for (uint256 i; i < MARKETS; ++i) {
            batch[i] = Updates.configure(oracles[i].asset(), c.pack());
        }
        assertTrue(_try(STEWARD_KEY, batch), "a tripped market blocked a batch");
        for (uint256 i; i < MARKETS; ++i) {
            assertEq(oracles[i].configuration(), c.pack());
        }
    }

    /// A tripped market accepts no loosening by the steward: its review must not find it looser.
    function test_property8_aTrippedMarketAcceptsNoLoosening() public {
        vm.prank(GUARDIAN);
        steward.pause(ASSET);
        Configuration memory c = configuration();
        c.bandUp += 500;
        assertFalse(_try(STEWARD_KEY, Updates.configure(ASSET, c.pack()).only()));
        assertTrue(_try(GOVERNOR, Updates.configure(ASSET, c.pack()).only()));
    }

    /// Only the steward's words land: no key of any role writes an oracle by itself.
    function testFuzz_property8_noKeyWritesTheOracleItself(address key, uint256 word) public {
        vm.assume(key != address(steward));
        bytes memory refusal = abi.encodeWithSelector(IFallbackOracle.NotSteward.selector, key);
        vm.startPrank(key);
        vm.expectRevert(refusal);
        oracle.configure(word);
        vm.expectRevert(refusal);
        oracle.setReference(word);
        vm.expectRevert(refusal);
        oracle.trip();
        vm.expectRevert(refusal);
        oracle.reset(PRICE, block.timestamp, 0, true);
        vm.stopPrank();
    }

    function _try(address key, IParameterSteward.Update[] memory batch) private returns (bool landed) {
        bytes32 expected = steward.hash(batch);
        vm.prank(key);
        try steward.applyBatch(batch, expected, type(uint64).max, 0) {
            landed = true;
        } catch {
            landed = false;
        }
    }

    /// @dev Near enough to what is in force that some updates land, and some do not.
    function _boundDecay(Configuration memory c) private pure {
        Configuration memory now_ = configuration();
        c.primaryStaleness = _bound(c.primaryStaleness, 3_300, 3_900);
        c.maximumAge = _bound(c.maximumAge, 80_000, 95_000);
        c.decayStep = _bound(c.decayStep, 15_000, 25_000);
        c.decayRate = _bound(c.decayRate, 40_000_000, 60_000_000);
        c.decayFloor = _bound(c.decayFloor, 4_500, 5_500);
        c.bandUp = _bound(c.bandUp, 4_500, 5_500);
        c.bandDown = _bound(c.bandDown, 3_500, 4_500);
        (c.secondaryStaleness, c.bandWindows, c.bandWindow) =
            (now_.secondaryStaleness, now_.bandWindows, now_.bandWindow);
        (c.accrual, c.tolerance, c.confirmDelay) = (now_.accrual, now_.tolerance, now_.confirmDelay);
    }

    function _silence(uint256 market) private {
        feeds[market].set(FaultyFeed.Fault.Revert, 0, 0);
        skip(1);
        postPyth(1, 1, 1, block.timestamp);
    }

    function _post(uint256 price) private {
        skip(1);
        postPyth(int64(int256(price)), 0, -8, block.timestamp);
    }
}
