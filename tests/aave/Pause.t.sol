// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {Errors} from "aave-v3/protocol/libraries/helpers/Errors.sol";

import {FallbackOracle} from "contracts/FallbackOracle.sol";
import {IFallbackOracle} from "contracts/interfaces/IFallbackOracle.sol";
import {FeedReader} from "contracts/libraries/FeedReader.sol";
import {FaultyFeed} from "contracts/mocks/FaultyFeed.sol";
import {MockToken} from "contracts/mocks/MockToken.sol";

import {AavePool, SetPrice} from "./AavePool.sol";

/// What works and what reverts on a pool of Aave V3.6 while our oracle pauses. Every action is shown to work before.
abstract contract AavePauseTest is AavePool {
    /// Holds `asset` and `other`, owes cash.
    address internal constant HOLDER = address(0x401DE2);
    /// Holds `asset`, owes nothing.
    address internal constant SAVER = address(0x5A7E2);
    /// Holds `other`, owes cash.
    address internal constant OUTSIDER = address(0x0075DE);
    /// Holds `other`, owes `asset`.
    address internal constant SHORT = address(0x5403);

    enum Action {
        // Nobody's health is asked for, or the health of somebody without the asset.
        SupplyAsset,
        SupplyOther,
        WithdrawAssetWithoutDebt,
        TransferAssetWithoutDebt,
        RepayCash,
        RepayAsset,
        BorrowCashWithoutAsset,
        WithdrawOtherWithoutAsset,
        // The health check reads the asset's price.
        BorrowCash,
        BorrowAsset,
        WithdrawAsset,
        WithdrawOther,
        TransferOther,
        DisableOther,
        WithdrawOtherOwingAsset,
        // Liquidations, once the other collateral has lost 30 %.
        LiquidateWithoutAsset,
        LiquidateAsset,
        LiquidateOther,
        LiquidateAssetDebt
    }

    function setUp() public virtual override {
        super.setUp();
        supply(SAVER, asset, 1_000e18);
        supply(HOLDER, asset, 100e18);
        supply(HOLDER, other, 5e18);
        borrow(HOLDER, cash, 14_500e6);
        supply(OUTSIDER, other, 5e18);
        borrow(OUTSIDER, cash, 6_000e6);
        supply(SHORT, other, 5e18);
        borrow(SHORT, asset, 60e18);
    }

    // --- the three pauses ----------------------------------------------------------------------------

    function test_contestedStopsOnlyWhatReadsThePrice() external {
        _requireAllActionsWork();
        _contest();
        _requirePauseMatrix();
    }

    function test_stoppedStopsOnlyWhatReadsThePrice() external {
        _requireAllActionsWork();
        _stop();
        _requirePauseMatrix();
    }

    function test_trippedStopsOnlyWhatReadsThePrice() external {
        _requireAllActionsWork();
        _trip();
        _requirePauseMatrix();
    }

    /// The holder's other collateral is healthy, priced and liquid, and still cannot be liquidated.
    function test_contestedBlocksLiquidationOfTheOtherCollateral() external {
        _crashOther();
        _requireAllLiquidationsWork();
        _contest();
        _requireLiquidationMatrix();
    }

    function test_stoppedBlocksLiquidationOfTheOtherCollateral() external {
        _crashOther();
        _requireAllLiquidationsWork();
        _stop();
        _requireLiquidationMatrix();
    }

    function test_trippedBlocksLiquidationOfTheOtherCollateral() external {
        _crashOther();
        _requireAllLiquidationsWork();
        _trip();
        _requireLiquidationMatrix();
    }

    /// A dust of the asset as collateral is enough: its holder cannot be liquidated at all.
    function test_aDustOfTheAssetShieldsTheWholeAccount() external {
        supply(OUTSIDER, asset, 1e12);
        _crashOther();
        assertEq(attempt(Action.LiquidateWithoutAsset), "");
        _trip();
        assertEq(attempt(Action.LiquidateWithoutAsset), pauseReason());
    }

    /// In isolation mode the asset is nobody's collateral beside another, so a pause shields none.
    function test_inIsolationAPauseShieldsNoOtherCollateral() external {
        MockToken isolated = new MockToken("Isolated", "ISOLATED", 18);
        list(isolated, address(oracle), 0);
        configurator.setDebtCeiling(address(isolated), 1_000_000_00);
        configurator.configureReserveAsCollateral(address(isolated), LTV, LT, BONUS);
        supply(OUTSIDER, isolated, 1e18);
        vm.expectRevert(Errors.UserInIsolationModeOrLtvZero.selector);
        vm.prank(OUTSIDER);
        pool.setUserUseReserveAsCollateral(address(isolated), true);

        _crashOther();
        _trip();
        assertEq(attempt(Action.LiquidateWithoutAsset), "");
    }

    /// Contested ends with the first read that finds the legs agreed, poked or not.
    function test_legsThatAgreeAgainEndTheContest() external {
        _contest();
        assertEq(attempt(Action.BorrowCash), pauseReason());
        say(secondary, PRICE);
        _requireAllActionsWork();
    }

    // --- the matrix ----------------------------------------------------------------------------------

    /// @dev What the pool's callers meet: the oracle's own error, or what a missing fallback oracle leaves of it.
    function pauseReason() internal view virtual returns (bytes memory);

    /// @dev Not a test: called by this contract on itself, so that an attempt can fail.
    function act(Action a) external {
        if (a == Action.SupplyAsset) supply(address(0x4E1), asset, 1e18);
        else if (a == Action.SupplyOther) supply(HOLDER, other, 1e18);
        else if (a == Action.WithdrawAssetWithoutDebt) withdraw(SAVER, asset, 1e18);
        else if (a == Action.TransferAssetWithoutDebt) _transfer(SAVER, asset);
        else if (a == Action.RepayCash) repay(HOLDER, cash, 1_000e6);
        else if (a == Action.RepayAsset) repay(SHORT, asset, 1e18);
        else if (a == Action.BorrowCashWithoutAsset) borrow(OUTSIDER, cash, 1e6);
        else if (a == Action.WithdrawOtherWithoutAsset) withdraw(OUTSIDER, other, 0.01e18);
        else if (a == Action.BorrowCash) borrow(HOLDER, cash, 1e6);
        else if (a == Action.BorrowAsset) borrow(OUTSIDER, asset, 0.01e18);
        else if (a == Action.WithdrawAsset) withdraw(HOLDER, asset, 0.01e18);
        else if (a == Action.WithdrawOther) withdraw(HOLDER, other, 0.01e18);
        else if (a == Action.TransferOther) _transfer(HOLDER, other);
        else if (a == Action.DisableOther) _disable(SHORT, other);
        else if (a == Action.WithdrawOtherOwingAsset) withdraw(SHORT, other, 0.01e18);
        else if (a == Action.LiquidateWithoutAsset) liquidate(other, cash, OUTSIDER, 100e6);
        else if (a == Action.LiquidateAsset) liquidate(asset, cash, HOLDER, 100e6);
        else if (a == Action.LiquidateOther) liquidate(other, cash, HOLDER, 100e6);
        else liquidate(other, asset, SHORT, 1e18);
    }

    function attempt(Action a) internal returns (bytes memory reason) {
        uint256 before = vm.snapshotState();
        try this.act(a) {}
        catch (bytes memory why) {
            reason = _given(why);
        }
        vm.revertToState(before);
    }

    function _requireAllActionsWork() private {
        for (uint256 a; a < uint256(Action.LiquidateWithoutAsset); ++a) {
            // Collateral that is needed cannot be given up: refused by the pool, for the right reason.
            bytes memory expected;
            if (Action(a) == Action.DisableOther) {
                expected = abi.encodeWithSelector(Errors.HealthFactorLowerThanLiquidationThreshold.selector);
            }
            assertEq(attempt(Action(a)), expected, vm.toString(a));
        }
    }

    function _requirePauseMatrix() private {
        for (uint256 a; a < uint256(Action.LiquidateWithoutAsset); ++a) {
            bytes memory expected = a >= uint256(Action.BorrowCash) ? pauseReason() : bytes("");
            assertEq(attempt(Action(a)), expected, vm.toString(a));
        }
    }

    function _requireAllLiquidationsWork() private {
        for (uint256 a = uint256(Action.LiquidateWithoutAsset); a <= uint256(type(Action).max); ++a) {
            assertEq(attempt(Action(a)), "", vm.toString(a));
        }
    }

    function _requireLiquidationMatrix() private {
        assertEq(attempt(Action.LiquidateWithoutAsset), "", "without the asset");
        assertEq(attempt(Action.LiquidateAsset), pauseReason(), "of the asset");
        assertEq(attempt(Action.LiquidateOther), pauseReason(), "of the holder's other collateral");
        assertEq(attempt(Action.LiquidateAssetDebt), pauseReason(), "of a debt in the asset");
    }

    // --- how a pause comes about -----------------------------------------------------------------------

    /// @dev The legs disagree by 3 % inside a band of 5 %. Until somebody pokes, reads go on at the primary.
    function _contest() internal {
        say(secondary, PRICE * 103 / 100);
        assertEq(uint256(verdict()), uint256(IFallbackOracle.Status.Live));
        oracle.poke();
        assertEq(uint256(verdict()), uint256(IFallbackOracle.Status.Contested));
    }

    /// @dev Both feeds are silent for longer than the maximum age.
    function _stop() internal {
        vm.warp(START + 86_401);
        assertEq(uint256(verdict()), uint256(IFallbackOracle.Status.Stopped));
    }

    /// @dev The primary falls by 10 %, outside the band, and the secondary is dead.
    function _trip() internal {
        secondary.set(FaultyFeed.Fault.Revert, 0, 0);
        say(primary, PRICE * 90 / 100);
        oracle.poke();
        assertEq(uint256(verdict()), uint256(IFallbackOracle.Status.Tripped));
    }

    /// @dev Everybody who holds `other` falls below a health factor of 1.
    function _crashOther() internal {
        otherPrice.set(OTHER_PRICE * 70 / 100);
    }

    function _transfer(address user, MockToken token) private {
        MockToken aToken = MockToken(pool.getReserveAToken(address(token)));
        vm.prank(user);
        aToken.transfer(address(0x4E1), 0.01e18);
    }

    function _disable(address user, MockToken token) private {
        vm.prank(user);
        pool.setUserUseReserveAsCollateral(address(token), false);
    }

    /// @dev Nothing at all given as the reason is told apart from nothing wrong.
    function _given(bytes memory reason) private pure returns (bytes memory) {
        return reason.length == 0 ? bytes("no reason given") : reason;
    }
}

/// Deployed to revert in a pause: the pool hands on the oracle's own error, with the status.
contract AavePauseByRevertTest is AavePauseTest {
    function pauseReason() internal view override returns (bytes memory) {
        return abi.encodeWithSelector(IFallbackOracle.Paused.selector, address(asset), verdict());
    }

    /// A fallback oracle is never asked, whatever it would say.
    function test_aFallbackOracleIsNotReached() external {
        prices.setFallbackOracle(address(new SetPrice(1e8)));
        _trip();
        assertEq(attempt(Action.BorrowCash), pauseReason());
        assertEq(attempt(Action.LiquidateOther), pauseReason());
    }
}

/// Deployed to answer 0 in a pause, in a pool without a fallback oracle: the same pauses, without a reason.
contract AavePauseByZeroTest is AavePauseTest {
    function deployment() internal view override returns (FallbackOracle.Deployment memory d) {
        d = super.deployment();
        d.zeroOnPause = true;
    }

    /// @dev `AaveOracle` calls the zero address, which has no code.
    function pauseReason() internal pure override returns (bytes memory) {
        return "no reason given";
    }

    /// With a fallback oracle the pause is its price: the market goes on, liquidation included.
    function test_aFallbackOracleTakesOver() external {
        prices.setFallbackOracle(address(new SetPrice(int256(PRICE * 95 / 100))));
        assertEq(prices.getAssetPrice(address(asset)), PRICE);
        _trip();
        assertEq(prices.getAssetPrice(address(asset)), PRICE * 95 / 100);
        assertEq(attempt(Action.WithdrawOtherOwingAsset), "");
        assertEq(attempt(Action.LiquidateAsset), abi.encodeWithSelector(Errors.HealthFactorNotBelowThreshold.selector));
        _crashOther();
        assertEq(attempt(Action.LiquidateAsset), "");
    }

    /// `AaveOracle` catches nothing, so a caller who supplies too little gas for a feed meets a revert, not the fallback.
    function testFuzz_callersGasNeverReachesTheFallbackOracle(uint256 supplied) external {
        prices.setFallbackOracle(address(new SetPrice(1)));
        supplied = bound(supplied, 1_000, 400_000);
        (bool ok, bytes memory answer) =
            address(prices).staticcall{gas: supplied}(abi.encodeCall(prices.getAssetPrice, (address(asset))));
        if (ok) assertEq(abi.decode(answer, (uint256)), PRICE);
        // Two calls deep, each keeps a 64th, and both contracts' slots are cold.
        if (supplied > FeedReader.supply(CALL_GAS) + 25_000) assertTrue(ok);
    }

    /// A fallback oracle that answers 0, as one without the asset may, prices the asset at nothing: the holder's other
    /// collateral is liquidated, and whoever owes the asset walks away with their own.
    function test_aFallbackOracleThatAnswersZeroIsTheWorstOfAll() external {
        prices.setFallbackOracle(address(new SetPrice(0)));
        _trip();
        assertLt(healthFactor(HOLDER), 1e18);
        assertEq(attempt(Action.LiquidateOther), "");
        withdraw(SHORT, other, 5e18);
        (uint256 collateral, uint256 debt,,,,) = pool.getUserAccountData(SHORT);
        assertEq(collateral + debt, 0);
        assertGt(MockToken(pool.getReserveVariableDebtToken(address(asset))).balanceOf(SHORT), 0);
    }
}
