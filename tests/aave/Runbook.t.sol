// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {Errors} from "aave-v3/protocol/libraries/helpers/Errors.sol";

import {IFallbackOracle} from "contracts/interfaces/IFallbackOracle.sol";
import {OracleWords} from "contracts/libraries/OracleWords.sol";
import {FaultyFeed} from "contracts/mocks/FaultyFeed.sol";
import {MockToken} from "contracts/mocks/MockToken.sol";

import {AavePool} from "./AavePool.sol";
import {FallbackOracle} from "contracts/FallbackOracle.sol";
import {Reads} from "../foundry/support/Reads.sol";

using Reads for FallbackOracle;

/// The order in which a paused price comes back on Aave: pause → reserve pause → reset → grace period, and what each
/// departure from it costs the holder.
contract AaveRunbookTest is AavePool {
    address internal constant HOLDER = address(0x401DE2);
    address internal constant EMERGENCY = address(0xE3E2);
    uint40 internal constant GRACE = 1 hours;
    /// @dev At 100 USD the holder's health is 16 000/15 300 = 1.046; at the reviewed 90 USD 15 200/15 300 = 0.993.
    uint256 internal constant REVIEWED = 90e8;

    function setUp() public override {
        super.setUp();
        acl.addEmergencyAdmin(EMERGENCY);
        supply(HOLDER, asset, 100e18);
        supply(HOLDER, other, 5e18);
        borrow(HOLDER, cash, 15_300e6);
        secondary.set(FaultyFeed.Fault.Revert, 0, 0);
        say(primary, REVIEWED);
        oracle.poke();
        assertEq(uint256(verdict()), uint256(IFallbackOracle.Status.Tripped));
    }

    // --- the order ---------------------------------------------------------------------------------------

    /// Pause the reserve, give the other reserves their grace, reset, unpause with grace: nobody is liquidated before
    /// the period ends, and a holder who mends in it never is.
    function test_inOrderTheHolderHasTheGracePeriodToMend() external {
        _pauseReserve();
        _graceWithoutPause(other);
        _reset();
        assertLt(healthFactor(HOLDER), 1e18);
        _refused(asset, Errors.ReservePaused.selector);
        _refused(other, Errors.LiquidationGraceSentinelCheckFailed.selector);

        _unpause(GRACE);
        _refused(asset, Errors.LiquidationGraceSentinelCheckFailed.selector);
        repay(HOLDER, cash, 200e6);
        assertGt(healthFactor(HOLDER), 1e18);

        vm.warp(block.timestamp + GRACE + 1);
        say(primary, REVIEWED);
        _refused(asset, Errors.HealthFactorNotBelowThreshold.selector);
        _refused(other, Errors.HealthFactorNotBelowThreshold.selector);
    }

    /// Adding more of the asset mends as well, from the moment its reserve is open again.
    function test_inTheGracePeriodTheHolderMayAddTheAsset() external {
        _pauseReserve();
        _reset();
        vm.expectRevert(Errors.ReservePaused.selector);
        this.supplyMore();
        _unpause(GRACE);
        this.supplyMore();
        assertGt(healthFactor(HOLDER), 1e18);
    }

    function test_aHolderWhoDoesNotMendIsLiquidatedAfterTheGracePeriod() external {
        _pauseReserve();
        _reset();
        _unpause(GRACE);
        vm.warp(block.timestamp + GRACE);
        say(primary, REVIEWED);
        _refused(asset, Errors.LiquidationGraceSentinelCheckFailed.selector);
        vm.warp(block.timestamp + 1);
        liquidate(asset, cash, HOLDER, 1_000e6);
    }

    /// Unlike the sentinel, which steps aside below a health factor of 0.95, the reserve's grace period has no limit.
    function test_theGracePeriodHoldsWhateverTheHealthFactor() external {
        _pauseReserve();
        _resetAt(70e8);
        _unpause(GRACE);
        assertLt(healthFactor(HOLDER), 0.95e18);
        _refused(asset, Errors.LiquidationGraceSentinelCheckFailed.selector);
    }

    /// Whoever owes cash is covered in all their collateral by a grace period on cash, whose reserve stays open.
    function test_aGracePeriodOnTheDebtReserveCoversEveryCollateral() external {
        _graceWithoutPause(cash);
        _reset();
        _refused(asset, Errors.LiquidationGraceSentinelCheckFailed.selector);
        _refused(other, Errors.LiquidationGraceSentinelCheckFailed.selector);
    }

    // --- the wrong order -----------------------------------------------------------------------------------

    /// Reset first: liquidation follows in the same block.
    function test_aResetWithoutReservePauseLiquidatesInTheSameBlock() external {
        _reset();
        liquidate(asset, cash, HOLDER, 1_000e6);
    }

    /// The asset's reserve alone: its price comes back, and the holder's other collateral is taken instead.
    function test_aReservePauseAloneLeavesTheOtherCollateralOpen() external {
        _pauseReserve();
        _reset();
        _refused(asset, Errors.ReservePaused.selector);
        liquidate(other, cash, HOLDER, 1_000e6);
    }

    function test_unpausingWithoutAGracePeriodLiquidatesInTheSameBlock() external {
        _pauseReserve();
        _reset();
        _unpause(0);
        liquidate(asset, cash, HOLDER, 1_000e6);
    }

    /// Unpause first: the grace period passes while there is no price, and nothing is left of it at the reset.
    function test_unpausingBeforeTheResetSpendsTheGracePeriod() external {
        _pauseReserve();
        _unpause(GRACE);
        vm.warp(block.timestamp + GRACE + 1);
        say(primary, REVIEWED);
        _reset();
        liquidate(asset, cash, HOLDER, 1_000e6);
    }

    // --- a pause that ends by itself ---------------------------------------------------------------------------

    /// Stopped ends with the first fresh leg inside its band, without a poke, a reset, or any notice.
    function test_aStopThatEndsByItselfLiquidatesInTheSameBlock() external {
        _stopThenReturn();
        liquidate(asset, cash, HOLDER, 1_000e6);
    }

    function test_aReservePauseHoldsAcrossAStopThatEndsByItself() external {
        _pauseReserve();
        _stopThenReturn();
        _refused(asset, Errors.ReservePaused.selector);
        _unpause(GRACE);
        _refused(asset, Errors.LiquidationGraceSentinelCheckFailed.selector);
    }

    // --- while the reserve is paused, and who may do it ----------------------------------------------------------

    /// Cash can be repaid throughout; the asset itself moves nowhere, not even for those without debt.
    function test_whileTheReserveIsPausedOnlyTheOtherReservesMove() external {
        _pauseReserve();
        repay(HOLDER, cash, 1e6);
        vm.expectRevert(Errors.ReservePaused.selector);
        this.supplyMore();
        repay(HOLDER, cash, 16_000e6);
        vm.expectRevert(Errors.ReservePaused.selector);
        vm.prank(HOLDER);
        pool.withdraw(address(asset), 1e18, HOLDER);
        withdraw(HOLDER, other, 5e18);
    }

    function test_theGracePeriodIsAtMostFourHours() external {
        _pauseReserve();
        vm.expectRevert(Errors.InvalidGracePeriod.selector);
        configurator.setReservePause(address(asset), false, 4 hours + 1);
        _unpause(4 hours);
    }

    /// The oracle's steward holds no key of the pool, nor the pool's emergency admin one of the oracle.
    function test_thePoolsKeysAndTheOraclesAreApart() external {
        vm.prank(EMERGENCY);
        configurator.setReservePause(address(asset), true);
        vm.prank(STEWARD);
        vm.expectRevert(Errors.CallerNotPoolOrEmergencyAdmin.selector);
        configurator.setReservePause(address(asset), false);
        vm.prank(EMERGENCY);
        vm.expectRevert(abi.encodeWithSelector(IFallbackOracle.NotSteward.selector, EMERGENCY));
        oracle.reset(REVIEWED, START, 1, true);
    }

    // --- steps -------------------------------------------------------------------------------------------------

    /// @dev Not a test: called by this contract on itself, so that it can be expected to revert.
    function supplyMore() external {
        supply(HOLDER, asset, 10e18);
    }

    function _pauseReserve() private {
        vm.prank(EMERGENCY);
        configurator.setReservePause(address(asset), true);
    }

    function _unpause(uint40 grace) private {
        vm.prank(EMERGENCY);
        configurator.setReservePause(address(asset), false, grace);
    }

    /// @dev A reserve that is not paused takes a grace period too.
    function _graceWithoutPause(MockToken token) private {
        vm.prank(EMERGENCY);
        configurator.setReservePause(address(token), false, GRACE);
    }

    function _reset() private {
        _resetAt(REVIEWED);
    }

    function _resetAt(uint256 price) private {
        uint64 epoch = uint64(oracle.contest() >> OracleWords.EPOCH);
        vm.prank(STEWARD);
        oracle.reset(price, block.timestamp, epoch, true);
        say(primary, price);
    }

    /// @dev Reviewed at 100, then silent for longer than the maximum age; 90 lies in the band of that age.
    function _stopThenReturn() private {
        _resetAt(PRICE);
        vm.warp(block.timestamp + 86_401);
        assertEq(uint256(verdict()), uint256(IFallbackOracle.Status.Stopped));
        say(primary, REVIEWED);
        assertEq(uint256(verdict()), uint256(IFallbackOracle.Status.Live));
        assertLt(healthFactor(HOLDER), 1e18);
    }

    function _refused(MockToken collateral, bytes4 reason) private {
        address liquidator = address(0x11C);
        cash.mint(liquidator, 1_000e6);
        vm.startPrank(liquidator);
        cash.approve(address(pool), 1_000e6);
        vm.expectRevert(reason);
        pool.liquidationCall(address(collateral), address(cash), HOLDER, 1_000e6, false);
        vm.stopPrank();
    }
}
