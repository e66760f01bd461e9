// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IDefaultInterestRateStrategyV2} from "aave-v3/interfaces/IDefaultInterestRateStrategyV2.sol";
import {IReserveInterestRateStrategy as AaveStrategy} from "aave-v3/interfaces/IReserveInterestRateStrategy.sol";
import {Errors} from "aave-v3/protocol/libraries/helpers/Errors.sol";
import {DataTypes} from "aave-v3/protocol/libraries/types/DataTypes.sol";

import {AaveRateStrategy} from "contracts/adapters/AaveRateStrategy.sol";
import {KinkedRateModel} from "contracts/KinkedRateModel.sol";
import {IKinkedRateModel} from "contracts/interfaces/IKinkedRateModel.sol";
import {IReserveInterestRateStrategy} from "contracts/interfaces/IReserveInterestRateStrategy.sol";
import {RateCurve} from "contracts/libraries/RateCurve.sol";
import {MockToken} from "contracts/mocks/MockToken.sol";

import {AavePool} from "./AavePool.sol";

/// In a pool that exists the target is the data of Aave's own strategy: the conversion of `paramgen/mirror/aave_rates.py`
/// against Aave's code, over the whole range of utilisation.
contract AaveRateDataTest is AavePool {
    uint256 internal constant BASIS_POINT = 1e23;
    /// @dev 1e-18 per second in 1e-27 a year: 3.2e-7 basis points.
    uint256 internal constant UNIT = 1e9 * 31_536_000;
    /// @dev Three rates converted and one rounded up by our curve.
    uint256 internal constant ROUNDING = 4 * UNIT;
    uint256 internal constant TOTAL = 1_000_000e18;
    uint256 internal constant CURVES = 7;

    string internal json;

    function setUp() public override {
        super.setUp();
        json = vm.readFile("tests/aave/rates.json");
    }

    /// At no utilisation is Aave's rate below our curve, nor above it by more than the conversion says.
    function testFuzz_aaveChargesAtLeastOurCurveAndAtMostTheStatedExcess(uint256 curve, uint256 debt) external {
        curve = bound(curve, 0, CURVES - 1);
        _requireWithin(curve, _set(curve), bound(debt, 0, TOTAL));
    }

    /// The same at 1 000 utilisations of each curve and at both sides of both kinks; and the stated excess is reached.
    function test_theStatedExcessIsTheLargest() external {
        for (uint256 curve; curve < CURVES; ++curve) {
            uint256 word = _set(curve);
            uint256 largest;
            for (uint256 i; i <= 1_000; ++i) {
                largest = _larger(largest, _requireWithin(curve, word, TOTAL * i / 1_000));
            }
            uint256 kinkDebt = TOTAL * _number(curve, "kink") / 1e18;
            uint256 optimalDebt = TOTAL * _number(curve, "optimal_usage_ratio") / 10_000;
            for (uint256 i; i < 3; ++i) {
                largest = _larger(largest, _requireWithin(curve, word, kinkDebt + i - 1));
                largest = _larger(largest, _requireWithin(curve, word, optimalDebt + i - 1));
            }
            assertApproxEqAbs(largest, _number(curve, "largest_excess"), BASIS_POINT / 100_000, _name(curve));
            emit log_named_decimal_uint(_name(curve), largest, 23);
        }
    }

    /// What the conversion refuses, Aave's strategy refuses too.
    function test_whatTheConversionRefusesAaveRefuses() external {
        _refused(Errors.InvalidOptimalUsageRatio.selector, 99_01, 0, 5_00, 60_00);
        _refused(Errors.InvalidOptimalUsageRatio.selector, 99, 0, 5_00, 60_00);
        _refused(Errors.Slope2MustBeGteSlope1.selector, 80_00, 10, 5_00, 4_00);
        _refused(Errors.InvalidMaxRate.selector, 80_00, 1, 500_00, 500_00);
    }

    function _set(uint256 curve) private returns (uint256 word) {
        word = RateCurve.pack(
            _number(curve, "base_rate"), _number(curve, "slope_1"), _number(curve, "slope_2"), _number(curve, "kink")
        );
        RateCurve.requireValid(word);
        configurator.setReserveInterestRateData(
            address(asset),
            _data(
                _number(curve, "optimal_usage_ratio"),
                _number(curve, "base_variable_borrow_rate"),
                _number(curve, "variable_rate_slope_1"),
                _number(curve, "variable_rate_slope_2")
            )
        );
    }

    /// @return excess Of Aave's rate over ours, 0 where ours is rounded up beyond it.
    function _requireWithin(uint256 curve, uint256 word, uint256 debt) private view returns (uint256 excess) {
        DataTypes.CalculateInterestRatesParams memory p;
        (p.reserve, p.totalDebt, p.virtualUnderlyingBalance) = (address(asset), debt, TOTAL - debt);
        (, uint256 theirs) = AaveStrategy(pool.RESERVE_INTEREST_RATE_STRATEGY()).calculateInterestRates(p);
        uint256 ours = RateCurve.rateAt(word, RateCurve.utilisation(TOTAL - debt, debt, 0)) * UNIT;
        assertGe(theirs + ROUNDING, ours, "below the curve");
        excess = theirs > ours ? theirs - ours : 0;
        assertLe(excess, _number(curve, "largest_excess") + ROUNDING, "above the stated excess");
    }

    function _refused(bytes4 reason, uint256 optimal, uint256 base, uint256 slope1, uint256 slope2) private {
        vm.expectRevert(reason);
        configurator.setReserveInterestRateData(address(asset), _data(optimal, base, slope1, slope2));
    }

    function _data(uint256 optimal, uint256 base, uint256 slope1, uint256 slope2) private pure returns (bytes memory) {
        return abi.encode(
            IDefaultInterestRateStrategyV2.InterestRateData({
                optimalUsageRatio: uint16(optimal),
                baseVariableBorrowRate: uint32(base),
                variableRateSlope1: uint32(slope1),
                variableRateSlope2: uint32(slope2)
            })
        );
    }

    function _number(uint256 curve, string memory field) private view returns (uint256) {
        return vm.parseJsonUint(json, string.concat(".curves[", vm.toString(curve), "].", field));
    }

    function _name(uint256 curve) private view returns (string memory) {
        return vm.parseJsonString(json, string.concat(".curves[", vm.toString(curve), "].name"));
    }

    function _larger(uint256 a, uint256 b) private pure returns (uint256) {
        return a > b ? a : b;
    }
}

/// A new pool may be deployed with our curve as its strategy.
contract AaveRateStrategyTest is AavePool {
    uint256 internal constant RAY = 1e27;
    uint256 internal constant YEAR = 31_536_000;
    address internal constant BORROWER = address(0xB0220);

    KinkedRateModel internal model;
    AaveRateStrategy internal ours;

    function strategy() internal override returns (AaveStrategy) {
        model = new KinkedRateModel(STEWARD);
        ours = new AaveRateStrategy(model);
        _setRates(asset, _word(1));
        _setRates(other, _word(1));
        _setRates(cash, _word(1));
        return AaveStrategy(address(ours));
    }

    function rateData(MockToken token) internal view override returns (bytes memory) {
        return abi.encode(model.rateWord(address(token)));
    }

    function test_itSpeaksAavesInterface() external pure {
        assertEq(type(IReserveInterestRateStrategy).interfaceId, type(AaveStrategy).interfaceId);
    }

    /// The pool stores our rate to the last bit, and charges it.
    function test_thePoolChargesOurCurve() external {
        _borrowHalf();
        uint256 u = RateCurve.utilisation(500_000e6, 500_000e6, 0);
        assertEq(_storedRate(), RateCurve.rateAt(_word(1), u) * 1e9 * YEAR);
        vm.warp(START + YEAR);
        // Half of the slope of 5 % to a kink of 80 %, compounded for a year: e^0.03125 − 1.
        assertApproxEqRel(_debt(), 500_000e6 * 1.0317434e9 / 1e9, 1e12);
    }

    /// Suppliers earn what borrowers pay, rounded down; a deficit and the treasury share in it.
    function testFuzz_suppliersNeverEarnMoreThanBorrowersPay(uint256 debt, uint256 idle, uint256 deficit, uint256 factor)
        external
        view
    {
        IReserveInterestRateStrategy.CalculateInterestRatesParams memory p;
        (p.reserve, p.reserveFactor) = (address(cash), bound(factor, 0, 10_000));
        (p.totalDebt, p.virtualUnderlyingBalance) = (bound(debt, 1, 1e30), bound(idle, 0, 1e30));
        p.unbacked = bound(deficit, 0, 1e30);
        (uint256 earned, uint256 charged) = ours.calculateInterestRates(p);
        uint256 supplied = p.totalDebt + p.virtualUnderlyingBalance + p.unbacked;
        uint256 shared = charged * p.totalDebt * (10_000 - p.reserveFactor);
        assertLe(earned * supplied * 10_000, shared);
        assertGt((earned + 1) * supplied * 10_000, shared);
    }

    /// What a supply or a withdrawal is about to move is counted, as Aave passes it.
    function test_liquidityOnItsWayCounts() external view {
        IReserveInterestRateStrategy.CalculateInterestRatesParams memory p;
        (p.reserve, p.totalDebt, p.virtualUnderlyingBalance) = (address(cash), 100, 100);
        (, uint256 before) = ours.calculateInterestRates(p);
        (p.virtualUnderlyingBalance, p.liquidityAdded, p.liquidityTaken) = (90, 30, 20);
        (, uint256 moved) = ours.calculateInterestRates(p);
        assertEq(moved, before);
    }

    function test_withoutDebtOnlyTheBaseRateRemains() external view {
        IReserveInterestRateStrategy.CalculateInterestRatesParams memory p;
        p.reserve = address(cash);
        (uint256 earned, uint256 charged) = ours.calculateInterestRates(p);
        assertEq(earned + charged, 0);
    }

    /// Rates × 60 after 30 silent days: the 30 days stay at the old rate, also once the new one is confirmed.
    function test_aNewCurveIsNotChargedForThePast() external {
        _borrowHalf();
        vm.warp(START + 30 days);
        uint256 owed = _debt();
        _setRates(cash, _word(60));
        assertEq(_debt(), owed);
        configurator.setReserveInterestRateData(address(cash), rateData(cash));
        assertEq(_debt(), owed);
        assertEq(_storedRate(), RateCurve.rateAt(_word(60), 0.5e18 + _drift()) * 1e9 * YEAR);
        vm.warp(START + 31 days);
        assertGt(_debt(), owed * 1_005 / 1_000);
    }

    /// A risk admin confirms a curve; it is the steward's to change.
    function test_aRiskAdminCannotChangeTheCurve() external {
        vm.expectRevert(
            abi.encodeWithSelector(AaveRateStrategy.RateDataDiffers.selector, address(cash), _word(2), _word(1))
        );
        configurator.setReserveInterestRateData(address(cash), abi.encode(_word(2)));
    }

    function test_aReserveWithoutACurveIsNotListed() external {
        MockToken unset = new MockToken("Unset", "UNSET", 18);
        vm.expectRevert(abi.encodeWithSelector(IKinkedRateModel.RatesNotSet.selector, address(unset)));
        this.listUnset(unset);
    }

    function test_theModelMustHaveCode() external {
        vm.expectRevert(abi.encodeWithSelector(AaveRateStrategy.NoCodeAt.selector, address(1)));
        new AaveRateStrategy(IKinkedRateModel(address(1)));
    }

    /// @dev Not a test: called by this contract on itself, so that it can be expected to revert.
    function listUnset(MockToken token) external {
        list(token, address(otherPrice), 0);
    }

    /// @dev 5 % × `factor` a year up to a kink of 80 %, as much again × 2 beyond.
    function _word(uint256 factor) private pure returns (uint256) {
        uint256 slope = factor * 1_585_489_599;
        return RateCurve.pack(0, slope, 2 * slope, 0.8e18);
    }

    function _setRates(MockToken token, uint256 word) private {
        (address[] memory markets, uint256[] memory words) = (new address[](1), new uint256[](1));
        (markets[0], words[0]) = (address(token), word);
        vm.prank(STEWARD);
        model.setRates(markets, words);
    }

    function _borrowHalf() private {
        supply(BORROWER, other, 1_000e18);
        borrow(BORROWER, cash, 500_000e6);
    }

    function _debt() private view returns (uint256) {
        return MockToken(pool.getReserveVariableDebtToken(address(cash))).balanceOf(BORROWER);
    }

    function _storedRate() private view returns (uint256) {
        return pool.getReserveData(address(cash)).currentVariableBorrowRate;
    }

    /// @dev Thirty days of interest lift utilisation above one half.
    function _drift() private view returns (uint256) {
        return RateCurve.utilisation(500_000e6, _debt(), 0) - 0.5e18;
    }
}
