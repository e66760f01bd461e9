// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IFallbackOracle} from "contracts/interfaces/IFallbackOracle.sol";
import {OracleWords} from "contracts/libraries/OracleWords.sol";

import {Configuration, unpack} from "../support/Words.sol";
import {Exact} from "./Exact.sol";
import {Handler} from "./Handler.sol";
import {World} from "./World.sol";
import {FallbackOracle} from "contracts/FallbackOracle.sol";
import {Reads} from "../support/Reads.sol";

using Reads for FallbackOracle;

/// @notice What holds of the oracle after any sequence of what anyone, the sources and the roles can do.
///         Numbers are those of the properties in `FallbackOracle`.
contract PropertiesTest is World {
    using Exact for Configuration;

    uint256 private constant STATUSES = 7;
    uint256 private constant RUNS = 64;
    uint256 private constant DEPTH = 64;
    /// @dev What a read of two legs must find, as the contract documents, and the call's own.
    uint256 private constant SUPPLY = 2 * (CALL_GAS * 64 / 63 + 12_000) + 10_000;

    Handler private handler;
    bytes4[] private actions;

    function setUp() public override {
        super.setUp();
        handler = new Handler(
            Handler.Parts({
                oracle: oracle,
                primary: primary,
                pyth: pyth,
                source: address(source),
                steward: steward,
                priceId: PRICE_ID,
                governor: GOVERNOR,
                stewardKey: STEWARD_KEY,
                guardian: GUARDIAN,
                price: PRICE,
                minPrice: MIN_PRICE,
                maxPrice: MAX_PRICE
            })
        );
        actions = [
            Handler.wait.selector,
            Handler.silence.selector,
            Handler.honestRounds.selector,
            Handler.honestPrimary.selector,
            Handler.honestPyth.selector,
            Handler.hostilePrimary.selector,
            Handler.breakPrimary.selector,
            Handler.hostilePyth.selector,
            Handler.breakPyth.selector,
            Handler.poke.selector,
            Handler.pokeWithGas.selector,
            Handler.intrude.selector,
            Handler.pause.selector,
            Handler.resetByGuardian.selector,
            Handler.resetByGovernor.selector,
            Handler.recover.selector,
            Handler.updateByGovernor.selector,
            Handler.updateBySteward.selector,
            Handler.referenceByGovernor.selector,
            Handler.proposeGovernor.selector,
            Handler.acceptGovernor.selector,
            Handler.changeSteward.selector,
            Handler.changeGuardian.selector
        ];
        targetContract(address(handler));
        targetSelector(FuzzSelector(address(handler), actions));
    }

    /// Property 1.
    function invariant_property1_noPriceIsOldFutureOrOutOfBounds() public {
        Handler.View memory v = handler.look();
        assertEq(v.price == 0, _isPause(v.verdict), "a price exactly where there is no pause");
        assertEq(v.age, block.timestamp - v.updatedAt);
        if (v.price != 0) _assertServable(v.price, v.updatedAt);

        assertEq(oracle.latestAnswer(), int256(v.price), "latestAnswer");
        if (v.price == 0) vm.expectPartialRevert(IFallbackOracle.Paused.selector);
        (, int256 answer,, uint256 updatedAt,) = oracle.latestRoundData();
        if (v.price != 0) assertEq(uint256(answer), v.price, "latestRoundData");
        if (v.price != 0) assertEq(updatedAt, v.updatedAt, "latestRoundData's time");

        (,,,, uint256 undecayed) = oracle.status();
        if (v.verdict == IFallbackOracle.Status.Decaying) assertGe(undecayed, v.price, "decay does not raise");
        else assertEq(undecayed, v.price, "only decay takes off");

        try oracle.lastPrice() returns (uint256 price, uint256 at) {
            _assertServable(price, at);
        } catch (bytes memory reason) {
            assertEq(bytes4(reason), IFallbackOracle.Paused.selector);
        }
    }

    /// Property 2.
    function invariant_property2_aDecayingPriceStaysBelowTheTrueDecayOfItsBase() public view {
        assertEq(handler.broken(2), "");
        Configuration memory c = unpack(oracle.configuration());
        try oracle.lastPrice() returns (uint256 price, uint256 updatedAt) {
            assertEq(updatedAt, handler.recordedAt(), "the checkpoint is the last Live poke or review");
            assertLe(price * 1e36, handler.recordedPrice() * c.worthAbove(block.timestamp - updatedAt));
        } catch {}

        Handler.View memory v = handler.look();
        if (v.verdict != IFallbackOracle.Status.Held && v.verdict != IFallbackOracle.Status.Decaying) return;
        (uint256 base, uint256 at) = (handler.recordedPrice(), handler.recordedAt());
        Handler.Answer memory a = handler.primaryAnswer();
        if (v.updatedAt != at) (base, at) = (a.price, a.updatedAt);
        assertEq(v.updatedAt, at, "the base is a record, a review or the primary's answer");
        assertGe(at, handler.recordedAt(), "the base is the newer one");
        if (v.verdict == IFallbackOracle.Status.Held) assertEq(v.price, base, "held at its base");
        assertLe(v.price * 1e36, base * c.worthAbove(v.age), "above last times max(D(age), floor)");
    }

    /// Property 3.
    function invariant_property3_onlyAResetEndsAPersistedTrip() public {
        assertEq(handler.broken(3), "");
        assertEq(oracle.state() & OracleWords.TRIPPED != 0, handler.tripped(), "the bit is what was seen");
        assertEq(oracle.contest() >> OracleWords.EPOCH, handler.epoch(), "the epoch counts trips and resets");
        Handler.View memory v = handler.look();
        if (handler.tripped()) {
            assertEq(uint256(v.verdict), uint256(IFallbackOracle.Status.Tripped));
            assertEq(oracle.latestAnswer(), 0);
            vm.expectPartialRevert(IFallbackOracle.Paused.selector);
            oracle.lastPrice();
        } else if (v.verdict == IFallbackOracle.Status.Tripped) {
            uint256 snapshot = vm.snapshotState();
            vm.prank(address(0xA11CE));
            oracle.poke();
            assertTrue(oracle.state() & OracleWords.TRIPPED != 0, "anyone can persist a trip that qualifies");
            vm.revertToState(snapshot);
        }
    }

    /// Property 4.
    function invariant_property4_aSecondLegOnlyLowersWithinTheToleranceOrPauses() public view {
        assertEq(handler.broken(4), "");
    }

    /// Property 5.
    function invariant_property5_noSourceMakesAReadRevert() public view {
        assertEq(handler.broken(5), "");
        (bool ok,) = address(oracle).staticcall{gas: SUPPLY}(abi.encodeCall(oracle.status, ()));
        assertTrue(ok, "a read reverted with the documented gas");
    }

    /// Property 7, and the notice: a view gives the verdict and price of a poke in the same block.
    function invariant_property7_aPokeIsWhatAViewSaid() public {
        assertEq(handler.broken(7), "");
        uint256 snapshot = vm.snapshotState();
        handler.poke(0xA11CE);
        assertEq(handler.broken(7), "");
        vm.revertToState(snapshot);
    }

    /// Property 8.
    function invariant_property8_wordsAreThoseThatLandedWhole() public view {
        assertEq(handler.broken(8), "");
        assertEq(oracle.configuration(), handler.configurationWord());
        assertEq(oracle.referenceWord(), handler.referenceWord());
    }

    /// The roles are held by the keys that were appointed last, and by no other.
    function invariant_rolesAreWithTheirKeys() public view {
        assertEq(steward.defaultAdmin(), handler.governor());
        assertTrue(steward.hasRole(steward.STEWARD_ROLE(), handler.stewardKey()));
        assertTrue(steward.hasRole(steward.GUARDIAN_ROLE(), handler.guardian()));
    }

    /// No invariant holds for want of cases: a campaign of this size meets every status, and every action succeeds.
    function test_theHandlersReachEveryStatusAndEveryAction() public {
        uint256[] memory met = new uint256[](STATUSES);
        uint256[] memory done = new uint256[](actions.length);
        for (uint256 run; run < RUNS; ++run) {
            uint256 snapshot = vm.snapshotState();
            for (uint256 step; step < DEPTH; ++step) {
                _act(uint256(keccak256(abi.encode(run, step))));
                ++met[uint256(handler.look().verdict)];
            }
            for (uint256 i; i < actions.length; ++i) {
                done[i] += handler.done(actions[i]);
            }
            vm.revertToState(snapshot);
        }
        for (uint256 i; i < STATUSES; ++i) {
            assertGt(met[i], 20, string.concat("status ", vm.toString(i)));
        }
        for (uint256 i; i < actions.length; ++i) {
            assertGt(done[i], 20, string.concat("action ", vm.toString(i)));
        }
    }

    function _act(uint256 seed) private {
        uint256[4] memory words;
        for (uint256 i; i < 4; ++i) {
            words[i] = uint256(keccak256(abi.encode(seed, i)));
        }
        bytes memory call = abi.encodePacked(actions[seed % actions.length], abi.encode(words));
        (bool ok, bytes memory reason) = address(handler).call(call);
        if (!ok) assembly ("memory-safe") { revert(add(reason, 32), mload(reason)) }
    }

    function _assertServable(uint256 price, uint256 updatedAt) private view {
        assertGe(price, MIN_PRICE, "below the asset's bounds");
        assertLe(price, MAX_PRICE, "above the asset's bounds");
        assertLe(updatedAt, block.timestamp, "from the future");
        assertLe(block.timestamp - updatedAt, unpack(oracle.configuration()).maximumAge, "beyond the maximum age");
    }

    function _isPause(IFallbackOracle.Status v) private pure returns (bool) {
        return v == IFallbackOracle.Status.Contested || v == IFallbackOracle.Status.Stopped
            || v == IFallbackOracle.Status.Tripped;
    }
}
