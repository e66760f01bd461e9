// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IIrm} from "@morpho-org/morpho-blue/src/interfaces/IIrm.sol";
import {Id, Market, MarketParams} from "@morpho-org/morpho-blue/src/interfaces/IMorpho.sol";
import {IOracle} from "@morpho-org/morpho-blue/src/interfaces/IOracle.sol";
import {ErrorsLib} from "@morpho-org/morpho-blue/src/libraries/ErrorsLib.sol";

import {KinkedRateModel} from "contracts/KinkedRateModel.sol";
import {AccrualTarget} from "contracts/adapters/AccrualTarget.sol";
import {MorphoAccrual} from "contracts/adapters/MorphoAccrual.sol";
import {MorphoRateModel} from "contracts/adapters/MorphoRateModel.sol";
import {IFallbackOracle} from "contracts/interfaces/IFallbackOracle.sol";
import {IKinkedRateModel} from "contracts/interfaces/IKinkedRateModel.sol";
import {IMorphoIrm} from "contracts/interfaces/IMorphoIrm.sol";
import {IMorphoOracle} from "contracts/interfaces/IMorphoOracle.sol";
import {Decay} from "contracts/libraries/Decay.sol";
import {FaultyFeed} from "contracts/mocks/FaultyFeed.sol";

import {MorphoFixture} from "../support/MorphoFixture.sol";

/// What Morpho Blue's own code does on our oracle and rate model, verdict by verdict (docs/venues.md).
contract MorphoTest is MorphoFixture {
    /// @dev 84.29 %: LT·D(T⁺) = 86 %·e^−0.02 = 84.297 %, rounded down to basis points.
    uint256 private constant LTV = 0.8429e18;
    uint256 private constant STALENESS = 3_600;
    uint256 private constant MAXIMUM_AGE = 86_400;
    /// @dev Inside the band of 5 %; takes a position at LTV beyond LT.
    uint256 private constant FALLEN = 96e8;
    uint256 private constant SEIZED = 10e18;

    // --- interfaces ------------------------------------------------------------------------------

    function test_ourInterfacesHaveMorphosOwnSelectors() external pure {
        assertEq(IMorphoOracle.price.selector, IOracle.price.selector);
        assertEq(IMorphoIrm.borrowRate.selector, IIrm.borrowRate.selector);
        assertEq(IMorphoIrm.borrowRateView.selector, IIrm.borrowRateView.selector);
    }

    function test_theMarketIdIsMorphosOwn() external view {
        MarketParams memory known = morpho.idToMarketParams(id);
        assertEq(abi.encode(known), abi.encode(params));
        assertTrue(accrual.isListed(Id.unwrap(id)));
    }

    // --- verdicts that give a price --------------------------------------------------------------

    function test_liveLendsUpToTheThresholdAndNoFurther() external {
        uint256 most = debtAt(LLTV, PRICE);
        vm.expectRevert(bytes(ErrorsLib.INSUFFICIENT_COLLATERAL));
        borrow(most + 1);
        borrow(most);
        assertEq(totalBorrowed(), most);
    }

    function test_secondaryLendsAtTheSecondarysPrice() external {
        _secondaryAt(FALLEN);
        vm.expectRevert(bytes(ErrorsLib.INSUFFICIENT_COLLATERAL));
        borrow(debtAt(LLTV, FALLEN) + 1);
        borrow(debtAt(LLTV, FALLEN));
    }

    function test_heldLendsAtTheLastPrice() external {
        _break(primary);
        _break(secondary);
        assertEq(uint256(verdict()), uint256(IFallbackOracle.Status.Held));
        borrow(debtAt(LLTV, PRICE));
    }

    function testFuzz_decayLowersWhatMayBeBorrowed(uint256 age) external {
        age = bound(age, STALENESS + 1, MAXIMUM_AGE);
        vm.warp(START + age);
        assertEq(uint256(verdict()), uint256(IFallbackOracle.Status.Decaying));
        uint256 decayed = PRICE * Decay.factor(configuration().pack(), age) / WAD;
        assertLt(decayed, PRICE);
        vm.expectRevert(bytes(ErrorsLib.INSUFFICIENT_COLLATERAL));
        borrow(debtAt(LLTV, decayed) + 1);
        borrow(debtAt(LLTV, decayed));
    }

    function test_silenceAloneLiquidatesNoOneAtLtv() external {
        borrow(debtAt(LTV, PRICE));
        vm.warp(START + STALENESS + 1);
        assertEq(uint256(verdict()), uint256(IFallbackOracle.Status.Decaying));
        vm.expectRevert(bytes(ErrorsLib.HEALTHY_POSITION));
        _liquidate();
    }

    /// The step that searchers know: without LTV ≤ LT·D(T⁺) the same second liquidates.
    function test_silenceLiquidatesAtTOnlyAPositionAboveLtv() external {
        borrow(debtAt(LLTV, PRICE) - 1e6);
        vm.warp(START + STALENESS);
        vm.expectRevert(bytes(ErrorsLib.HEALTHY_POSITION));
        _liquidate();
        vm.warp(START + STALENESS + 1);
        _liquidate();
    }

    /// LTV covers the step at T, not a silence of hours beyond it: 0.18 % an hour in this configuration.
    function test_silenceThatGoesOnReachesLtvInTheEnd() external {
        borrow(debtAt(LTV, PRICE));
        vm.warp(START + STALENESS + 1 hours);
        _liquidate();
    }

    function test_liquidationWorksOnLive() external {
        borrow(debtAt(LTV, PRICE));
        say(primary, FALLEN);
        say(secondary, FALLEN);
        _liquidatesAt(FALLEN, IFallbackOracle.Status.Live);
    }

    function test_liquidationWorksOnSecondary() external {
        borrow(debtAt(LTV, PRICE));
        _secondaryAt(FALLEN);
        _liquidatesAt(FALLEN, IFallbackOracle.Status.Secondary);
    }

    // --- pauses ----------------------------------------------------------------------------------

    function test_contestedBlocksWhatNeedsAPriceAndEndsByAgreement() external {
        borrow(debtAt(LTV, PRICE));
        say(secondary, PRICE * 102 / 100);
        oracle.poke();
        _blocksWhatNeedsAPrice(IFallbackOracle.Status.Contested);
        _servesWhatNeedsNone();

        say(secondary, PRICE);
        oracle.poke();
        _servesEverything();
    }

    function test_stoppedBlocksWhatNeedsAPriceAndEndsWithAFreshLeg() external {
        borrow(debtAt(LTV, PRICE));
        vm.warp(START + MAXIMUM_AGE + 1);
        _blocksWhatNeedsAPrice(IFallbackOracle.Status.Stopped);
        _servesWhatNeedsNone();

        say(primary, PRICE);
        _servesEverything();
    }

    function test_trippedBlocksWhatNeedsAPriceUntilAReset() external {
        borrow(debtAt(LTV, PRICE));
        steward.pause(address(collateral));
        _blocksWhatNeedsAPrice(IFallbackOracle.Status.Tripped);
        _servesWhatNeedsNone();

        vm.warp(START + 1 hours);
        say(primary, PRICE);
        say(secondary, PRICE);
        _blocksWhatNeedsAPrice(IFallbackOracle.Status.Tripped);
        steward.resetOracle(address(collateral), PRICE, block.timestamp, 1);
        _servesEverything();
    }

    function test_inAPauseCollateralWithoutDebtLeaves() external {
        steward.pause(address(collateral));
        vm.prank(BORROWER);
        morpho.withdrawCollateral(params, COLLATERAL, BORROWER, BORROWER);
        assertEq(collateral.balanceOf(address(morpho)), 0);
    }

    /// Morpho has no grace period either: what a reset to a lower price makes unhealthy is open at once, so the time
    /// to mend a position is the pause itself.
    function test_aPositionIsMendedInThePauseOrLiquidatedWithTheReset() external {
        borrow(debtAt(LTV, PRICE));
        steward.pause(address(collateral));
        uint256 mended = vm.snapshotState();
        vm.prank(BORROWER);
        morpho.supplyCollateral(params, COLLATERAL / 10, BORROWER, "");
        steward.resetOracle(address(collateral), FALLEN, block.timestamp, 1);
        say(primary, FALLEN);
        say(secondary, FALLEN);
        vm.expectRevert(bytes(ErrorsLib.HEALTHY_POSITION));
        _liquidate();

        vm.revertToState(mended);
        steward.resetOracle(address(collateral), FALLEN, block.timestamp, 1);
        say(primary, FALLEN);
        say(secondary, FALLEN);
        _liquidate();
    }

    /// Morpho has no pause of its own: interest runs on, so a long review can itself make a position unhealthy.
    function test_interestRunsThroughAPause() external {
        borrow(debtAt(LTV, PRICE));
        steward.pause(address(collateral));
        uint256 before = totalBorrowed();
        vm.warp(START + 30 days);
        morpho.accrueInterest(params);
        assertApproxEqRel(totalBorrowed() * WAD / before, 1.0026e18, 1e13);
    }

    // --- rates -----------------------------------------------------------------------------------

    function testFuzz_morphoBooksWhatOurMirrorOfItsInterestSays(uint256 debt, uint256 rate, uint256 elapsed) external {
        debt = bound(debt, 1, debtAt(LTV, PRICE));
        rate = bound(rate, 0, 317_097_919_837);
        elapsed = bound(elapsed, 1, 3650 days);
        setRate(rate);
        borrow(debt);
        vm.warp(START + elapsed);
        uint256 expected = accrual.borrowedNow(ours(params));
        morpho.accrueInterest(params);
        assertEq(totalBorrowed(), expected);
        assertEq(accrual.borrowedNow(ours(params)), expected);
    }

    /// The old period at the old rate: 0.26 % for 30 days, though the rate is a hundred times higher from now on.
    function test_aGovernedRateBillsNoTimeBeforeIt() external {
        borrow(debtAt(LTV, PRICE));
        uint256 before = totalBorrowed();
        vm.warp(START + 30 days);
        setRate(100 * RATE);
        morpho.accrueInterest(params);
        assertApproxEqRel(totalBorrowed() * WAD / before, 1.0026e18, 1e13);

        vm.warp(START + 60 days);
        uint256 between = totalBorrowed();
        morpho.accrueInterest(params);
        assertApproxEqRel(totalBorrowed() * WAD / between, 1.296e18, 1e15);
    }

    /// What the accrual target is there for: without it the same change bills the silent 30 days at 29.6 %.
    function test_withoutTheAccrualTargetTheSameChangeBillsThePast() external {
        steward.listMarket(address(collateral), address(oracle), address(0));
        borrow(debtAt(LTV, PRICE));
        uint256 before = totalBorrowed();
        vm.warp(START + 30 days);
        setRate(100 * RATE);
        morpho.accrueInterest(params);
        assertApproxEqRel(totalBorrowed() * WAD / before, 1.296e18, 1e15);
    }

    function test_aMarketThatNobodyWouldAccrueCannotBeCreated() external {
        MarketParams memory other = params;
        other.lltv = 0.5e18;
        morpho.enableLltv(other.lltv);
        bytes32 otherId = keccak256(abi.encode(other));
        vm.expectRevert(abi.encodeWithSelector(MorphoRateModel.MarketNotListed.selector, otherId));
        morpho.createMarket(other);
    }

    function test_everyMarketOfAnAssetAccruesBeforeItsRateChanges() external {
        MarketParams memory other = params;
        other.lltv = 0.5e18;
        morpho.enableLltv(other.lltv);
        accrual.listMarket(ours(other));
        setRate(2 * RATE);
        morpho.createMarket(other);
        vm.warp(START + 1 days);
        setRate(RATE);
        assertEq(morpho.market(id).lastUpdate, block.timestamp);
        assertEq(morpho.market(Id.wrap(keccak256(abi.encode(other)))).lastUpdate, block.timestamp);
    }

    function test_aMarketWithoutARateCannotBeCreated() external {
        KinkedRateModel empty = new KinkedRateModel(address(this));
        MarketParams memory other = params;
        other.irm = address(new MorphoRateModel(empty, accrual));
        morpho.enableIrm(other.irm);
        accrual.listMarket(ours(other));
        vm.expectRevert(abi.encodeWithSelector(IKinkedRateModel.RatesNotSet.selector, address(collateral)));
        morpho.createMarket(other);
    }

    // --- the accrual target ----------------------------------------------------------------------

    function test_onlyTheGovernorListsEachMarketOnceAndWithItsOwnTokens() external {
        bytes32 known = Id.unwrap(id);
        vm.expectRevert(abi.encodeWithSelector(MorphoAccrual.AlreadyListed.selector, known));
        accrual.listMarket(ours(params));

        vm.prank(LENDER);
        vm.expectRevert(abi.encodeWithSelector(AccrualTarget.NotGovernor.selector, LENDER));
        accrual.listMarket(ours(params));

        MarketParams memory swapped = params;
        (swapped.loanToken, swapped.collateralToken) = (swapped.collateralToken, swapped.loanToken);
        bytes32 swappedId = keccak256(abi.encode(swapped));
        vm.expectRevert(
            abi.encodeWithSelector(MorphoAccrual.OracleDiffers.selector, swappedId, address(priceOracle))
        );
        accrual.listMarket(ours(swapped));
    }

    function test_marketsOfAnAssetAreBounded() external {
        MarketParams memory other = params;
        for (uint256 i = 1; i < accrual.MAX_MARKETS(); ++i) {
            other.lltv = i;
            accrual.listMarket(ours(other));
        }
        other.lltv = accrual.MAX_MARKETS();
        vm.expectRevert(
            abi.encodeWithSelector(MorphoAccrual.TooManyMarkets.selector, address(collateral), accrual.MAX_MARKETS())
        );
        accrual.listMarket(ours(other));
    }

    function test_anAssetWithoutMarketsIsAMistakeAndNotNothing() external {
        vm.expectRevert(abi.encodeWithSelector(AccrualTarget.NoMarketListed.selector, address(loan)));
        accrual.accrue(address(loan));
    }

    function test_usesAreMorphosOwnStateRoundedUp() external {
        borrow(50_000e6 + 1);
        assertEq(accrual.collateralInUse(address(collateral)), 100_000);
        assertEq(accrual.debtInUse(address(collateral)), 50_001);
        vm.warp(START + 30 days);
        uint256 owed = accrual.borrowedNow(ours(params));
        assertGt(owed, 50_000e6 + 1);
        assertEq(accrual.debtInUse(address(collateral)), (owed + 1e6 - 1) / 1e6);
    }

    /// A guardian freezes caps in a pause; what is in use must have a value then.
    function test_usesAreValuedUndecayedThroughAPause() external {
        vm.warp(START + STALENESS + 1);
        assertEq(accrual.collateralInUse(address(collateral)), 100_000);
        steward.pause(address(collateral));
        assertEq(accrual.collateralInUse(address(collateral)), 100_000);
    }

    // --- drivers ---------------------------------------------------------------------------------

    function _secondaryAt(uint256 price) private {
        vm.warp(START + STALENESS + 1);
        say(secondary, price);
        assertEq(uint256(verdict()), uint256(IFallbackOracle.Status.Secondary));
    }

    function _break(FaultyFeed feed) private {
        feed.set(FaultyFeed.Fault.Revert, 0, 0);
    }

    function _liquidate() private {
        vm.prank(LIQUIDATOR);
        morpho.liquidate(params, BORROWER, SEIZED, 0, "");
    }

    /// @dev Morpho's incentive at an LLTV of 86 % is 1/(1 − 0.3·14 %): what is seized is worth 1.0438 of what is repaid.
    function _liquidatesAt(uint256 price, IFallbackOracle.Status expected) private {
        assertEq(uint256(verdict()), uint256(expected));
        uint256 paid = loan.balanceOf(LIQUIDATOR);
        uint256 got = collateral.balanceOf(LIQUIDATOR);
        _liquidate();
        paid -= loan.balanceOf(LIQUIDATOR);
        assertEq(collateral.balanceOf(LIQUIDATOR) - got, SEIZED);
        assertApproxEqAbs(paid, SEIZED * price / 1e20 * (WAD - 0.042e18) / WAD, 2);
    }

    function _blocksWhatNeedsAPrice(IFallbackOracle.Status status) private {
        bytes memory paused = abi.encodeWithSelector(IFallbackOracle.Paused.selector, address(collateral), status);
        vm.expectRevert(paused);
        borrow(1);
        vm.expectRevert(paused);
        vm.prank(BORROWER);
        morpho.withdrawCollateral(params, 1, BORROWER, BORROWER);
        vm.expectRevert(paused);
        _liquidate();
    }

    function _servesWhatNeedsNone() private {
        vm.startPrank(LENDER);
        morpho.supply(params, 2e6, 0, LENDER, "");
        morpho.withdraw(params, 1e6, 0, LENDER, LENDER);
        vm.stopPrank();
        vm.startPrank(BORROWER);
        morpho.repay(params, 1e6, 0, BORROWER, "");
        morpho.supplyCollateral(params, 1e18, BORROWER, "");
        vm.stopPrank();
        morpho.accrueInterest(params);
        assertEq(morpho.market(id).lastUpdate, block.timestamp);
    }

    function _servesEverything() private {
        _servesWhatNeedsNone();
        borrow(1);
        vm.prank(BORROWER);
        morpho.withdrawCollateral(params, 1, BORROWER, BORROWER);
        say(primary, FALLEN);
        say(secondary, FALLEN);
        _liquidate();
    }
}
