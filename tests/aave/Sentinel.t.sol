// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IPoolAddressesProvider} from "aave-v3/interfaces/IPoolAddressesProvider.sol";
import {IPriceOracleSentinel as AaveSentinel} from "aave-v3/interfaces/IPriceOracleSentinel.sol";
import {ISequencerOracle} from "aave-v3/interfaces/ISequencerOracle.sol";
import {PriceOracleSentinel} from "aave-v3/misc/PriceOracleSentinel.sol";
import {Errors} from "aave-v3/protocol/libraries/helpers/Errors.sol";

import {SequencerSentinel} from "contracts/adapters/SequencerSentinel.sol";
import {IPriceOracleSentinel} from "contracts/interfaces/IPriceOracleSentinel.sol";
import {FaultyFeed} from "contracts/mocks/FaultyFeed.sol";

import {AavePool} from "./AavePool.sol";

/// The sequencer's sentinel in a pool: what it gates, when, and what it cannot.
contract AaveSentinelTest is AavePool {
    address internal constant HOLDER = address(0x401DE2);
    uint256 internal constant GRACE = 1 hours;
    int256 internal constant UP = 0;
    int256 internal constant DOWN = 1;

    FaultyFeed internal uptime;

    function setUp() public override {
        super.setUp();
        uptime = new FaultyFeed(0);
        uptime.set(FaultyFeed.Fault.None, UP, START - 1 days);
        provider.setPriceOracleSentinel(
            address(new SequencerSentinel(address(provider), address(uptime), GRACE))
        );
        supply(HOLDER, asset, 100e18);
        supply(HOLDER, other, 5e18);
        borrow(HOLDER, cash, 14_500e6);
    }

    function test_itSpeaksAavesInterface() external pure {
        assertEq(type(IPriceOracleSentinel).interfaceId, type(AaveSentinel).interfaceId);
    }

    function test_anOutageStopsBorrowingAndNothingThatMends() external {
        uptime.set(FaultyFeed.Fault.None, DOWN, START);
        _borrowRefused();
        repay(HOLDER, cash, 100e6);
        supply(HOLDER, asset, 1e18);
    }

    /// Aave asks before a borrow and a liquidation only: withdrawing against debt is not gated by any sentinel.
    function test_withdrawingAgainstDebtIsNotGated() external {
        uptime.set(FaultyFeed.Fault.None, DOWN, START);
        withdraw(HOLDER, other, 0.1e18);
    }

    function test_anOutageAndItsGracePeriodSpareThoseJustBelowOne() external {
        _health(0.97e18);
        uptime.set(FaultyFeed.Fault.None, DOWN, START);
        _liquidationRefused();
        uptime.set(FaultyFeed.Fault.None, UP, START);
        vm.warp(START + GRACE);
        _liquidationRefused();
        _borrowRefused();
        vm.warp(START + GRACE + 1);
        say(primary, PRICE);
        this.liquidateHolder();
    }

    /// Below a health factor of 0.95 Aave does not ask.
    function test_anOutageDoesNotSpareThoseFarBelow() external {
        _health(0.94e18);
        uptime.set(FaultyFeed.Fault.None, DOWN, START);
        this.liquidateHolder();
    }

    /// A dead uptime feed stops new borrowing and leaves liquidation open. Behind Aave's own sentinel it stops both,
    /// and the pool hands on a revert without a reason.
    function test_aDeadUptimeFeedStopsBorrowingAlone() external {
        _health(0.97e18);
        uptime.set(FaultyFeed.Fault.RevertSilently, 0, 0);
        _borrowRefused();
        uint256 before = vm.snapshotState();
        this.liquidateHolder();
        vm.revertToState(before);

        provider.setPriceOracleSentinel(
            address(
                new PriceOracleSentinel(
                    IPoolAddressesProvider(address(provider)), ISequencerOracle(address(uptime)), GRACE
                )
            )
        );
        vm.expectRevert(bytes(""));
        this.liquidateHolder();
    }

    /// A start far ahead makes Aave's own subtraction underflow; here it is a feed that says nothing.
    function test_aStartFarAheadStopsBorrowingAlone() external {
        _health(0.97e18);
        uptime.set(FaultyFeed.Fault.None, UP, type(uint256).max);
        _borrowRefused();
        this.liquidateHolder();
    }

    /// The sentinel names no asset. What stops borrowing against one asset, and only that, is its LTV.
    function test_anAssetsOwnGateIsItsLtv() external {
        address newcomer = address(0x4E1);
        supply(newcomer, asset, 10e18);
        configurator.setReserveLtvzero(address(asset), true);
        vm.expectRevert(Errors.LtvValidationFailed.selector);
        vm.prank(newcomer);
        pool.borrow(address(cash), 1e6, VARIABLE, 0, newcomer);

        supply(newcomer, other, 1e18);
        borrow(newcomer, cash, 1_000e6);
        repay(HOLDER, cash, 100e6);
        vm.expectRevert(Errors.LtvValidationFailed.selector);
        vm.prank(HOLDER);
        pool.withdraw(address(other), 0.1e18, HOLDER);
        withdraw(HOLDER, asset, 0.1e18);
        _health(0.97e18);
        this.liquidateHolder();
    }

    /// @dev Not a test: called by this contract on itself, so that it can be expected to revert.
    function liquidateHolder() external {
        liquidate(other, cash, HOLDER, 1_000e6);
    }

    /// @dev Sets the price of `other` so that the holder's health factor is `target`, to within 1e-6. With
    ///      h = LT·(A + O)/D and A the asset's part, O becomes (target/h)·(A + O) − A.
    function _health(uint256 target) private {
        (uint256 collateral,,,,, uint256 factor) = pool.getUserAccountData(HOLDER);
        uint256 ofAsset = collateral - 5 * uint256(otherPrice.latestAnswer());
        otherPrice.set(int256((collateral * target / factor - ofAsset) / 5));
        assertApproxEqRel(healthFactor(HOLDER), target, 1e12);
    }

    function _borrowRefused() private {
        vm.expectRevert(Errors.PriceOracleSentinelCheckFailed.selector);
        vm.prank(HOLDER);
        pool.borrow(address(cash), 1e6, VARIABLE, 0, HOLDER);
    }

    function _liquidationRefused() private {
        vm.expectRevert(Errors.PriceOracleSentinelCheckFailed.selector);
        this.liquidateHolder();
    }
}
