// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IFallbackOracle} from "contracts/interfaces/IFallbackOracle.sol";
import {OracleWords as W} from "contracts/libraries/OracleWords.sol";
import {FaultyFeed} from "contracts/mocks/FaultyFeed.sol";

import {OracleFixture} from "../support/OracleFixture.sol";
import {FallbackOracle} from "contracts/FallbackOracle.sol";
import {Reads} from "../support/Reads.sol";

using Reads for FallbackOracle;

/// What the guardian's reset is for: it ends each kind of pause at a price that a fresh leg supports, and is refused
/// wherever there is a price and no contest. The governor's reset knows no such bound.
contract GuardianResetTest is OracleFixture {
    uint256 private constant FAR = 120e8;

    function test_aPricedOracleIsNotTheGuardiansToReset() external {
        _refusesAt(PRICE, IFallbackOracle.Status.Live);
        primary.set(FaultyFeed.Fault.Revert, 0, 0);
        _refusesAt(PRICE, IFallbackOracle.Status.Secondary);
        secondary.set(FaultyFeed.Fault.Revert, 0, 0);
        _refusesAt(PRICE, IFallbackOracle.Status.Held);
        skip(3_601);
        _refusesAt(PRICE, IFallbackOracle.Status.Decaying);
        _reset(PRICE, true);
        assertEq(uint256(verdict()), uint256(IFallbackOracle.Status.Held));
    }

    function test_aTripOfTheStewardIsEnded() external {
        vm.prank(STEWARD);
        oracle.trip();
        _ends(PRICE);
    }

    function test_aPersistedTripIsEnded() external {
        _say(FAR, FAR);
        oracle.poke();
        _ends(FAR);
    }

    function test_aTripThatNobodyPersistedIsEnded() external {
        _say(FAR, FAR);
        assertEq(oracle.state() & W.TRIPPED, 0);
        _ends(FAR);
    }

    function test_aContestIsEnded() external {
        _say(FAR, PRICE);
        assertEq(uint256(verdict()), uint256(IFallbackOracle.Status.Contested));
        oracle.poke();
        _ends(FAR);
    }

    function test_aContestOverWhichTheLegsAgreeAgainIsEndedBeforeAPoke() external {
        _say(PRICE, PRICE * 102 / 100);
        oracle.poke();
        _say(PRICE, PRICE);
        assertEq(uint256(verdict()), uint256(IFallbackOracle.Status.Live));
        assertEq(oracle.state() & W.CONTESTED, W.CONTESTED);
        _ends(PRICE);
    }

    function test_aStopIsEndedOnceALegIsFreshAndNotBefore() external {
        skip(86_401);
        assertEq(uint256(verdict()), uint256(IFallbackOracle.Status.Stopped));
        vm.prank(STEWARD);
        vm.expectRevert(
            abi.encodeWithSelector(IFallbackOracle.NoLegSupports.selector, FAR, configuration().tolerance)
        );
        oracle.reset(FAR, block.timestamp, 0, false);
        say(secondary, PRICE * 2);
        _ends(PRICE * 2);
    }

    /// Dated back it would decay by more than the checkpoint that it replaces. The governor's review may.
    function test_aGuardiansPriceIsNotDatedBeforeTheCheckpoint() external {
        skip(60);
        _say(PRICE, PRICE);
        oracle.poke();
        vm.startPrank(STEWARD);
        oracle.trip();
        uint256 checkpoint = block.timestamp;
        vm.expectRevert(
            abi.encodeWithSelector(
                IFallbackOracle.TimeOutOfBounds.selector, checkpoint - 1, checkpoint, block.timestamp
            )
        );
        oracle.reset(PRICE, checkpoint - 1, 1, false);
        uint256 before = vm.snapshotState();
        oracle.reset(PRICE, checkpoint - 1, 1, true);
        vm.revertToState(before);
        oracle.reset(PRICE, checkpoint, 1, false);
    }

    // --- support ---------------------------------------------------------------------------------

    function _say(uint256 first, uint256 second) private {
        say(primary, first);
        say(secondary, second);
    }

    function _ends(uint256 price) private {
        _reset(price, false);
        (IFallbackOracle.Status v, uint256 served,,,) = oracle.status();
        assertEq(served, price);
        assertTrue(v == IFallbackOracle.Status.Live || v == IFallbackOracle.Status.Secondary);
    }

    function _refusesAt(uint256 price, IFallbackOracle.Status status) private {
        vm.prank(STEWARD);
        vm.expectRevert(abi.encodeWithSelector(IFallbackOracle.NotPaused.selector, ASSET, status));
        oracle.reset(price, block.timestamp, 0, false);
    }

    function _reset(uint256 price, bool byGovernor) private {
        uint64 epoch = uint64(oracle.contest() >> W.EPOCH);
        vm.prank(STEWARD);
        oracle.reset(price, block.timestamp, epoch, byGovernor);
    }
}
