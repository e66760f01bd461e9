// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {KinkedRateModel} from "contracts/KinkedRateModel.sol";
import {EulerRateModel} from "contracts/adapters/EulerRateModel.sol";
import {RateCurve} from "contracts/libraries/RateCurve.sol";

import {EulerLoop} from "../support/EulerLoop.sol";
import {StewardFixture} from "../support/StewardFixture.sol";

/// Our rate model in an Euler vault's accrual loop; no venue code runs here (docs/venues.md).
contract EulerTest is StewardFixture {
    uint256 private constant BORROWED = 900_000e6;

    EulerLoop private vault;

    function setUp() public override {
        super.setUp();
        steward.listMarket(address(collateral), address(oracle), address(0));
        setRate(RATE);
        vault = new EulerLoop();
        vault.setModel(new EulerRateModel(steward.rateModel(), address(vault), address(collateral)));
        vault.setBook(100_000e6, BORROWED);
        vault.touch();
    }

    function test_theVaultStoresTheCurvesRateInItsOwnUnit() external view {
        assertEq(vault.interestRate(), RATE * 1e9);
    }

    /// No accrual target is needed: the stored rate, not the new one, is charged for the time before.
    function test_aGovernedRateBillsNoTimeBeforeIt() external {
        vm.warp(START + 30 days);
        setRate(100 * RATE);
        vault.touch();
        assertApproxEqRel(vault.borrows() * WAD / BORROWED, 1.0026e18, 1e13);

        uint256 between = vault.borrows();
        vm.warp(START + 60 days);
        vault.touch();
        assertApproxEqRel(vault.borrows() * WAD / between, 1.296e18, 1e15);
    }

    /// The other side of it: until somebody touches the vault, the old rate runs on.
    function test_aGovernedRateWaitsForTheVaultsNextOperation() external {
        setRate(100 * RATE);
        vm.warp(START + 30 days);
        vault.touch();
        assertApproxEqRel(vault.borrows() * WAD / BORROWED, 1.0026e18, 1e13);
        assertEq(vault.interestRate(), 100 * RATE * 1e9);
    }

    function test_aMarketWithoutACurveKeepsTheVaultsLastRate() external {
        KinkedRateModel empty = new KinkedRateModel(address(this));
        vault.setModel(new EulerRateModel(empty, address(vault), address(collateral)));
        vault.touch();
        assertEq(vault.interestRate(), RATE * 1e9);
    }

    function test_theVaultHoldsTheHighestCurveAtItsOwnLimit() external {
        setRate(RateCurve.MAX_RATE);
        vault.touch();
        assertLt(vault.MAX_ALLOWED_INTEREST_RATE(), RateCurve.MAX_RATE * 1e9);
        assertEq(vault.interestRate(), vault.MAX_ALLOWED_INTEREST_RATE());
    }
}
