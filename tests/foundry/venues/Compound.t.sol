// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IAccessControlDefaultAdminRules} from
    "@openzeppelin/contracts/access/extensions/IAccessControlDefaultAdminRules.sol";

import {AccrualTarget} from "contracts/adapters/AccrualTarget.sol";
import {CompoundAccrual} from "contracts/adapters/CompoundAccrual.sol";
import {CompoundRateModel} from "contracts/adapters/CompoundRateModel.sol";
import {ICToken} from "contracts/interfaces/ICToken.sol";
import {IFallbackOracle} from "contracts/interfaces/IFallbackOracle.sol";

import {CompoundLoop} from "../support/CompoundLoop.sol";
import {StewardFixture} from "../support/StewardFixture.sol";

/// Our rate model and accrual target in a Compound V2 accrual loop; no venue code runs here (docs/venues.md).
contract CompoundTest is StewardFixture {
    uint256 private constant BLOCK_TIME = 12;
    uint256 private constant BORROWED = 900_000e6;
    IFallbackOracle private constant NONE = IFallbackOracle(address(0));

    CompoundLoop private debt;
    CompoundLoop private held;
    CompoundAccrual private accrual;

    function setUp() public override {
        super.setUp();
        CompoundRateModel model =
            new CompoundRateModel(steward.rateModel(), address(collateral), BLOCK_TIME * 1_000);
        debt = new CompoundLoop(address(loan), model, 0.1e18);
        held = new CompoundLoop(address(collateral), model, 0);
        accrual = new CompoundAccrual(IAccessControlDefaultAdminRules(address(steward)));
        accrual.listMarket(_market(NONE), true);
        steward.listMarket(address(collateral), address(oracle), address(accrual));
        setRate(RATE);
        debt.setBook(100_000e6, BORROWED, 0);
        held.setBook(0, 0, 50_000e18);
    }

    function test_aYearOfBlocksIsAYearOfSeconds() external {
        _pass(365 days);
        debt.accrueInterest();
        assertEq(debt.totalBorrows(), BORROWED + BORROWED * RATE * 365 days / WAD);
        assertEq(debt.reserves(), (debt.totalBorrows() - BORROWED) / 10);
    }

    /// The old blocks at the old rate: 0.26 % for 30 days, though the rate is a hundred times higher from now on.
    function test_aGovernedRateBillsNoBlockBeforeIt() external {
        _pass(30 days);
        setRate(100 * RATE);
        debt.accrueInterest();
        assertApproxEqRel(debt.totalBorrows() * WAD / BORROWED, 1.002592e18, 1e12);
    }

    /// Without the accrual target the same change bills the silent 30 days at 25.9 %, simple interest.
    function test_withoutTheAccrualTargetTheSameChangeBillsThePast() external {
        steward.listMarket(address(collateral), address(oracle), address(0));
        _pass(30 days);
        setRate(100 * RATE);
        debt.accrueInterest();
        assertApproxEqRel(debt.totalBorrows() * WAD / BORROWED, 1.2592e18, 1e12);
    }

    /// A cToken of the early forks returns a code and does not revert; a rate change must not follow it.
    function test_anAccrualThatFailsStopsTheRateChange() external {
        vm.mockCall(address(debt), abi.encodeCall(ICToken.accrueInterest, ()), abi.encode(9));
        vm.expectRevert(abi.encodeWithSelector(CompoundAccrual.AccrualFailed.selector, address(debt), 9));
        this.setRateAsGovernor(2 * RATE);
    }

    function test_usesAreThePoolsOwnStateRoundedUp() external {
        assertEq(accrual.collateralInUse(address(collateral)), 100_000);
        assertEq(accrual.debtInUse(address(collateral)), 900_000);
        _pass(30 days);
        uint256 expected = accrual.debtInUse(address(collateral));
        debt.accrueInterest();
        assertEq(expected, (debt.totalBorrows() + 1e6 - 1) / 1e6);
        assertGt(expected, 902_000);
    }

    /// A guardian freezes caps in a pause; what is in use must have a value then.
    function test_usesAreValuedThroughAPause() external {
        steward.pause(address(collateral));
        assertEq(accrual.collateralInUse(address(collateral)), 100_000);
    }

    function test_onlyTheGovernorListsAnAssetOnceAndWithItsOwnOracles() external {
        CompoundAccrual.Market memory market = _market(NONE);
        vm.expectRevert(abi.encodeWithSelector(CompoundAccrual.AlreadyListed.selector, address(collateral)));
        accrual.listMarket(market, true);
        vm.prank(STEWARD);
        vm.expectRevert(abi.encodeWithSelector(AccrualTarget.NotGovernor.selector, STEWARD));
        accrual.listMarket(market, true);

        CompoundAccrual other = new CompoundAccrual(IAccessControlDefaultAdminRules(address(steward)));
        vm.expectRevert(abi.encodeWithSelector(CompoundAccrual.DebtLegUndeclared.selector, address(0), false));
        other.listMarket(market, false);
        vm.expectRevert(abi.encodeWithSelector(CompoundAccrual.DebtLegUndeclared.selector, address(oracle), true));
        other.listMarket(_market(oracle), true);
        vm.expectRevert(abi.encodeWithSelector(CompoundAccrual.TokensDiffer.selector, address(collateral)));
        other.listMarket(_market(oracle), false);
        (market.collateral, market.debt) = (market.debt, market.collateral);
        vm.expectRevert(abi.encodeWithSelector(CompoundAccrual.TokensDiffer.selector, address(loan)));
        other.listMarket(market, true);
        vm.expectRevert(abi.encodeWithSelector(AccrualTarget.NoMarketListed.selector, address(collateral)));
        other.accrue(address(collateral));
    }

    /// @dev An external frame for `expectRevert`.
    function setRateAsGovernor(uint256 perSecond) external {
        setRate(perSecond);
    }

    function _market(IFallbackOracle debtOracle) private view returns (CompoundAccrual.Market memory) {
        return CompoundAccrual.Market(held, debt, oracle, debtOracle);
    }

    function _pass(uint256 time) private {
        vm.warp(block.timestamp + time);
        vm.roll(block.number + time / BLOCK_TIME);
    }
}
