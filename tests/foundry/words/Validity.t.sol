// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {Test} from "forge-std/Test.sol";

import {CollateralWord as C} from "contracts/libraries/CollateralWord.sol";
import {OracleWords as W} from "contracts/libraries/OracleWords.sol";
import {RateCurve} from "contracts/libraries/RateCurve.sol";
import {Validity} from "contracts/libraries/Validity.sol";

/// Each rule between parameters holds at its limit and fails one unit beyond.
contract ValidityTest is Test {
    address private constant ASSET = address(0xA55E7);
    uint256 private constant STALENESS = 3_600;

    function requireCollateral(uint256 word) external pure {
        Validity.requireCollateral(ASSET, word);
    }

    function requireCoupled(uint256 word, uint256 configuration) external pure {
        Validity.requireCoupled(ASSET, word, configuration);
    }

    function requireRate(uint256 word) external pure {
        Validity.requireRate(ASSET, word);
    }

    function test_aLiquidationAtTheThresholdMayTakeAllAndNoMore() external {
        this.requireCollateral(_collateral(8_000, 8_000, 2_500));
        vm.expectRevert(abi.encodeWithSelector(Validity.LiquidationInsolvent.selector, ASSET, 8_000, 2_501));
        this.requireCollateral(_collateral(8_000, 8_000, 2_501));
    }

    function test_theLoanToValueReachesTheThresholdAndNoFurther() external {
        this.requireCollateral(_collateral(8_000, 8_000, 0));
        vm.expectRevert(abi.encodeWithSelector(Validity.LtvAboveLiquidationThreshold.selector, ASSET, 8_001, 8_000));
        this.requireCollateral(_collateral(8_001, 8_000, 0));
    }

    function test_theStepOfDecayReachesTheLoanToValueAndNoFurther() external {
        // A floor of one half holds the factor at exactly 1/2 once the exponential is below it.
        uint256 configuration = STALENESS | ((1 << 20) - 1) << W.DECAY_STEP | 5_000 << W.DECAY_FLOOR;
        this.requireCoupled(_collateral(4_000, 8_000, 0), configuration);
        vm.expectRevert(abi.encodeWithSelector(Validity.DecayLiquidates.selector, ASSET, 4_001, 8_000, 0.5e18));
        this.requireCoupled(_collateral(4_001, 8_000, 0), configuration);
    }

    function test_theBandReachesTheCushionAndNoFurther() external {
        // 1 − 0.8·1.05 = 16 % of value is the cushion.
        uint256 configuration = STALENESS | 16_000 << W.BAND_DOWN;
        this.requireCoupled(_collateral(0, 8_000, 500), configuration);
        uint256 cushion = 1e8 - 8_000 * 10_500;
        vm.expectRevert(abi.encodeWithSelector(Validity.BandExceedsCushion.selector, ASSET, 16_001, cushion));
        this.requireCoupled(_collateral(0, 8_000, 500), STALENESS | 16_001 << W.BAND_DOWN);
    }

    function test_aStraightCurveIsConvexAndABentOneIsNot() external {
        this.requireRate(RateCurve.pack(0, 5, 5, 0.5e18));
        vm.expectRevert(abi.encodeWithSelector(Validity.SlopesNotConvex.selector, ASSET, 6, 5));
        this.requireRate(RateCurve.pack(0, 6, 5, 0.5e18));
    }

    function _collateral(uint256 ltv, uint256 threshold, uint256 bonus) private pure returns (uint256) {
        return ltv << C.LTV_OFFSET | threshold << C.LIQUIDATION_THRESHOLD_OFFSET | bonus << C.BONUS_OFFSET;
    }
}
