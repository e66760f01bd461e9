// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {Test} from "forge-std/Test.sol";

import {KinkedRateModel} from "contracts/KinkedRateModel.sol";
import {CompoundRateModel} from "contracts/adapters/CompoundRateModel.sol";
import {EulerRateModel} from "contracts/adapters/EulerRateModel.sol";
import {MorphoAccrual} from "contracts/adapters/MorphoAccrual.sol";
import {MorphoRateModel} from "contracts/adapters/MorphoRateModel.sol";
import {IEulerIrm} from "contracts/interfaces/IEulerIrm.sol";
import {Market, MarketParams} from "contracts/interfaces/IMorpho.sol";
import {RateCurve} from "contracts/libraries/RateCurve.sol";

/// Each venue's rate is our curve in the venue's unit: what the conversion may lose, and that it keeps the order.
contract RateAdaptersTest is Test {
    uint256 private constant WAD = 1e18;
    uint256 private constant RAY_PER_WAD = 1e9;
    uint256 private constant MILLISECONDS = 1_000;
    uint256 private constant MAX_BLOCK_TIME = 15_768;
    uint256 private constant COMPOUND_LIMIT = 0.0005e16;
    address private constant MARKET = address(0xA55E7);
    address private constant VAULT = address(0xE0115);

    KinkedRateModel private model;
    MorphoRateModel private morpho;
    EulerRateModel private euler;

    struct Pool {
        uint256 cash;
        uint256 borrows;
        uint256 reserves;
    }

    function setUp() external {
        model = new KinkedRateModel(address(this));
        morpho = new MorphoRateModel(model, MorphoAccrual(address(0)));
        euler = new EulerRateModel(model, VAULT, MARKET);
    }

    // --- Morpho: per second, 1e18 ------------------------------------------------------------------

    function testFuzz_morphoTakesTheCurveBitForBit(uint256 seed, uint128 supplied, uint128 borrowed) external {
        _setCurve(seed);
        borrowed = uint128(bound(borrowed, 0, supplied));
        assertEq(_morphoRate(supplied, borrowed), model.ratePerSecond(MARKET, supplied - borrowed, borrowed, 0));
    }

    /// The curve itself, and so every adapter before its own unit: at most two units of 1e-18 a second above the exact
    /// rate, never below, for kinks from 1 % to 99 %.
    function testFuzz_theRateIsAtMostTwoUnitsAboveTheExactOne(uint256 seed, uint256 supplied, uint256 borrowed)
        external
    {
        (uint256 base, uint256 slope1, uint256 slope2, uint256 kink) = _setCurve(seed);
        supplied = bound(supplied, 1, type(uint96).max);
        borrowed = bound(borrowed, 0, supplied);
        uint256 rate = _morphoRate(supplied, borrowed);
        // Both sides times supplied · (kink or its complement): the exact rate without division.
        uint256 scale;
        uint256 exact;
        if (borrowed * WAD <= kink * supplied) {
            scale = supplied * kink;
            exact = base * scale + slope1 * borrowed * WAD;
        } else {
            scale = supplied * (WAD - kink);
            exact = (base + slope1) * scale + slope2 * (borrowed * WAD - kink * supplied);
        }
        assertGe(rate * scale, exact);
        assertLt(rate * scale, exact + 2 * scale);
    }

    function testFuzz_morphoRatesRiseWithUtilisation(uint256 seed, uint128 supplied, uint128 less, uint128 more)
        external
    {
        _setCurve(seed);
        more = uint128(bound(more, 0, supplied));
        less = uint128(bound(less, 0, more));
        assertLe(_morphoRate(supplied, less), _morphoRate(supplied, more));
    }

    /// Morpho never calls so; another caller's excess counts as full utilisation and does not wrap.
    function test_moreBorrowedThanSuppliedIsFullUtilisation() external {
        _setCurve(7);
        assertEq(_morphoRate(5, 6), _morphoRate(6, 6));
    }

    // --- Compound: per block, 1e18 -----------------------------------------------------------------

    /// Less than one unit of 1e-18 a block above rate · block time, never below.
    function testFuzz_compoundRoundsUpByLessThanOneUnitABlock(uint256 seed, Pool memory pool, uint256 blockTime)
        external
    {
        CompoundRateModel compound = _compound(seed, blockTime);
        _bound(pool);
        uint256 perSecond = model.ratePerSecond(MARKET, pool.cash, pool.borrows, pool.reserves);
        uint256 perBlock = compound.getBorrowRate(pool.cash, pool.borrows, pool.reserves);
        assertGe(perBlock * MILLISECONDS, perSecond * compound.blockTime());
        assertLt(perBlock * MILLISECONDS, perSecond * compound.blockTime() + MILLISECONDS);
    }

    function testFuzz_compoundLendersNeverEarnMoreThanBorrowersPay(
        uint256 seed,
        Pool memory pool,
        uint256 blockTime,
        uint256 reserveFactor
    ) external {
        CompoundRateModel compound = _compound(seed, blockTime);
        _bound(pool);
        reserveFactor = bound(reserveFactor, 0, WAD);
        uint256 earned = compound.getSupplyRate(pool.cash, pool.borrows, pool.reserves, reserveFactor);
        uint256 paid = compound.getBorrowRate(pool.cash, pool.borrows, pool.reserves);
        assertLe(earned * WAD, paid * (WAD - reserveFactor));
    }

    function testFuzz_compoundRatesRiseWithUtilisation(uint256 seed, uint256 less, uint256 more, uint256 blockTime)
        external
    {
        CompoundRateModel compound = _compound(seed, blockTime);
        more = bound(more, 0, 1e30);
        less = bound(less, 0, more);
        assertLe(compound.getBorrowRate(1e30 - less, less, 0), compound.getBorrowRate(1e30 - more, more, 0));
    }

    /// A CToken that meets a higher rate than its limit cannot accrue, and so freezes.
    function test_theSteepestCurveAtTheLongestBlockStaysWithinCompoundsLimit() external {
        _set(RateCurve.pack(0, 0, RateCurve.MAX_RATE, 1));
        CompoundRateModel compound = new CompoundRateModel(model, MARKET, MAX_BLOCK_TIME);
        assertEq(compound.MAX_BLOCK_TIME(), MAX_BLOCK_TIME);
        uint256 highest = compound.getBorrowRate(0, 1, 0);
        assertLe(highest, COMPOUND_LIMIT);
        assertGt(highest * (MAX_BLOCK_TIME + 1) / MAX_BLOCK_TIME, COMPOUND_LIMIT);
    }

    function test_blockTimesOutOfBoundsAreRefused() external {
        for (uint256 i; i < 2; ++i) {
            uint256 blockTime = i * (MAX_BLOCK_TIME + 1);
            vm.expectRevert(
                abi.encodeWithSelector(CompoundRateModel.BlockTimeOutOfBounds.selector, blockTime, MAX_BLOCK_TIME)
            );
            new CompoundRateModel(model, MARKET, blockTime);
        }
    }

    function test_compoundAsksWhetherItIsARateModel() external {
        assertTrue(new CompoundRateModel(model, MARKET, 12_000).isInterestRateModel());
    }

    /// The chain's block time is what makes a year: 12 s, 2 s and a quarter of a second give one rate a year.
    function test_theSameYearOnEveryChain() external {
        _set(RateCurve.pack(1e9, 0, 0, 0.9e18));
        uint256 year = 31_536_000;
        uint24[4] memory blockTimes = [uint24(12_000), 2_000, 1_000, 250];
        for (uint256 i; i < blockTimes.length; ++i) {
            CompoundRateModel compound = new CompoundRateModel(model, MARKET, blockTimes[i]);
            assertEq(compound.getBorrowRate(1, 1, 0) * (year * MILLISECONDS / blockTimes[i]), 1e9 * year);
        }
    }

    // --- Euler: per second, 1e27 -------------------------------------------------------------------

    function testFuzz_eulerTakesTheCurveExactly(uint256 seed, uint112 cash, uint112 borrows) external {
        _setCurve(seed);
        uint256 expected = model.ratePerSecond(MARKET, cash, borrows, 0) * RAY_PER_WAD;
        vm.prank(VAULT);
        assertEq(euler.computeInterestRate(VAULT, cash, borrows), expected);
        assertEq(euler.computeInterestRateView(VAULT, cash, borrows), expected);
    }

    function testFuzz_eulerRatesRiseWithUtilisation(uint256 seed, uint112 total, uint112 less, uint112 more) external {
        _setCurve(seed);
        more = uint112(bound(more, 0, total));
        less = uint112(bound(less, 0, more));
        uint256 lower = euler.computeInterestRateView(VAULT, total - less, less);
        assertLe(lower, euler.computeInterestRateView(VAULT, total - more, more));
    }

    function test_eulerAnswersTheVaultItselfAndNoOtherVault() external {
        _setCurve(1);
        vm.expectRevert(IEulerIrm.E_IRMUpdateUnauthorized.selector);
        euler.computeInterestRate(VAULT, 1, 1);

        address other = address(0xBAD);
        vm.prank(other);
        vm.expectRevert(abi.encodeWithSelector(EulerRateModel.VaultUnknown.selector, other));
        euler.computeInterestRate(other, 1, 1);
        vm.expectRevert(abi.encodeWithSelector(EulerRateModel.VaultUnknown.selector, other));
        euler.computeInterestRateView(other, 1, 1);
    }

    // --- drivers ---------------------------------------------------------------------------------

    function _set(uint256 word) private {
        address[] memory markets = new address[](1);
        uint256[] memory words = new uint256[](1);
        (markets[0], words[0]) = (MARKET, word);
        model.setRates(markets, words);
    }

    /// @dev A valid curve of three shares of the largest rate, with a kink from 1 % to 99 %.
    function _setCurve(uint256 seed) private returns (uint256 base, uint256 slope1, uint256 slope2, uint256 kink) {
        base = bound(uint256(keccak256(abi.encode(seed, 1))), 0, RateCurve.MAX_RATE);
        slope1 = bound(uint256(keccak256(abi.encode(seed, 2))), 0, RateCurve.MAX_RATE - base);
        slope2 = bound(uint256(keccak256(abi.encode(seed, 3))), 0, RateCurve.MAX_RATE - base - slope1);
        kink = bound(uint256(keccak256(abi.encode(seed, 4))), 0.01e18, 0.99e18);
        _set(RateCurve.pack(base, slope1, slope2, kink));
    }

    function _compound(uint256 seed, uint256 blockTime) private returns (CompoundRateModel) {
        _setCurve(seed);
        return new CompoundRateModel(model, MARKET, bound(blockTime, 1, MAX_BLOCK_TIME));
    }

    function _bound(Pool memory pool) private pure {
        pool.cash = bound(pool.cash, 0, type(uint128).max);
        pool.borrows = bound(pool.borrows, 0, type(uint128).max);
        pool.reserves = bound(pool.reserves, 0, type(uint128).max);
    }

    function _morphoRate(uint256 supplied, uint256 borrowed) private view returns (uint256) {
        MarketParams memory params;
        params.collateralToken = MARKET;
        Market memory market;
        (market.totalSupplyAssets, market.totalBorrowAssets) = (uint128(supplied), uint128(borrowed));
        return morpho.borrowRateView(params, market);
    }
}
