// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {Errors} from "aave-v3/protocol/libraries/helpers/Errors.sol";

import {IFallbackOracle} from "contracts/interfaces/IFallbackOracle.sol";

import {AavePool} from "./AavePool.sol";

/// Silence on Aave: the step at T, what follows it, and what it does to a debt.
contract AaveDecayTest is AavePool {
    address internal constant BORROWER = address(0xB0220);
    uint256 internal constant STALENESS = 3_600;
    uint256 internal constant COLLATERAL = 1_000e18;

    /// LTV ≤ LT·D(T⁺): the step liquidates nobody, not even at LTV to the last cent.
    function test_silenceAloneLiquidatesNobodyAtLtv() external {
        supply(BORROWER, asset, COLLATERAL);
        borrow(BORROWER, cash, _mostAt(LTV));
        vm.warp(START + STALENESS);
        assertEq(uint256(verdict()), uint256(IFallbackOracle.Status.Live));
        assertGt(healthFactor(BORROWER), 1.02e18);
        vm.warp(START + STALENESS + 1);
        assertEq(uint256(verdict()), uint256(IFallbackOracle.Status.Decaying));
        assertGe(healthFactor(BORROWER), 1e18);
        assertLt(healthFactor(BORROWER), 1.0001e18);
        vm.expectRevert(Errors.HealthFactorNotBelowThreshold.selector);
        this.liquidateBorrower();
    }

    /// One basis point above the rule, the same silence liquidates.
    function test_aboveTheRuleTheStepLiquidatesAtLtv() external {
        configurator.configureReserveAsCollateral(address(asset), LTV + 1, LT, BONUS);
        supply(BORROWER, asset, COLLATERAL);
        borrow(BORROWER, cash, _mostAt(LTV + 1));
        vm.warp(START + STALENESS + 1);
        assertLt(healthFactor(BORROWER), 1e18);
        this.liquidateBorrower();
    }

    /// Health only falls while the feeds are silent; in the end it is not defined, and nothing is liquidated.
    function test_healthFallsWithEverySecondOfSilenceUntilTheStop() external {
        supply(BORROWER, asset, COLLATERAL);
        borrow(BORROWER, cash, _mostAt(LTV) * 95 / 100);
        uint256 before = healthFactor(BORROWER);
        for (uint256 age = STALENESS + 1; age <= 86_400; age += 3_600) {
            vm.warp(START + age);
            assertLt(healthFactor(BORROWER), before);
            before = healthFactor(BORROWER);
        }
        assertGt(before, 1e18);
        vm.warp(START + 86_401);
        vm.expectRevert(
            abi.encodeWithSelector(
                IFallbackOracle.Paused.selector, address(asset), IFallbackOracle.Status.Stopped
            )
        );
        pool.getUserAccountData(BORROWER);
    }

    /// A leg that returns ends the decay: health is back where it was, less interest.
    function test_aReturningLegRestoresHealth() external {
        supply(BORROWER, asset, COLLATERAL);
        borrow(BORROWER, cash, _mostAt(LTV) * 95 / 100);
        uint256 before = healthFactor(BORROWER);
        vm.warp(START + 40_000);
        assertLt(healthFactor(BORROWER), before * 98 / 100);
        say(primary, PRICE);
        assertApproxEqRel(healthFactor(BORROWER), before, 1e13);
    }

    /// `latestAnswer` does not know a debt from a collateral: on Aave silence shrinks what is owed in the asset. The
    /// asset must not be lent there.
    function test_silenceShrinksADebtInTheAsset() external {
        supply(LENDER, asset, COLLATERAL);
        supply(BORROWER, other, 5e18);
        borrow(BORROWER, asset, 60e18);
        (, uint256 owed,,,,) = pool.getUserAccountData(BORROWER);
        vm.warp(START + 40_000);
        (, uint256 owedInSilence,,,,) = pool.getUserAccountData(BORROWER);
        assertLt(owedInSilence, owed * 98 / 100);
        withdraw(BORROWER, other, 0.1e18);
    }

    /// @dev Not a test: called by this contract on itself, so that it can be expected to revert.
    function liquidateBorrower() external {
        liquidate(asset, cash, BORROWER, 10_000e6);
    }

    /// @dev Cash has 6 decimals, the price 8, the asset 18.
    function _mostAt(uint256 ltv) private pure returns (uint256) {
        return COLLATERAL * PRICE * ltv / 10_000 / 1e20;
    }
}
