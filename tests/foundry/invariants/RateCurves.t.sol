// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {Test} from "forge-std/Test.sol";

import {FixedRateModel} from "contracts/FixedRateModel.sol";
import {KinkedRateModel} from "contracts/KinkedRateModel.sol";
import {RateCurve} from "contracts/libraries/RateCurve.sol";

/// @notice The rate models over any valid curve and any amounts.
contract RateCurvesTest is Test {
    address private constant MARKET = address(0xA55E7);
    uint256 private constant WAD = 1e18;

    struct Curve {
        uint256 base;
        uint256 slope1;
        uint256 slope2;
        uint256 kink;
    }

    struct Pool {
        uint128 cash;
        uint128 borrows;
        uint128 reserves;
    }

    KinkedRateModel private model;

    function setUp() public {
        model = new KinkedRateModel(address(this));
    }

    /// A higher utilisation never lowers the rate, across the kink as well.
    function testFuzz_ratesAreMonotoneInUtilisation(Curve memory c, uint256 low, uint256 high) public view {
        uint256 word = _word(c);
        low = _bound(low, 0, WAD);
        high = _bound(high, low, WAD);
        assertLe(model.rateAt(word, low), model.rateAt(word, high));
        assertLe(model.rateAt(word, c.kink), model.rateAt(word, c.kink + 1));
    }

    /// The ends of both slopes are met to the last bit.
    function testFuzz_ratesAtZeroKinkAndOneAreExact(Curve memory c) public view {
        uint256 word = _word(c);
        assertEq(model.rateAt(word, 0), c.base);
        assertEq(model.rateAt(word, c.kink), c.base + c.slope1);
        assertEq(model.rateAt(word, WAD), c.base + c.slope1 + c.slope2);
    }

    /// Between them the rate lies on the line, rounded up against borrowers.
    function testFuzz_ratesLieOnTheLineRoundedUp(Curve memory c, uint256 u) public view {
        uint256 word = _word(c);
        u = _bound(u, 0, WAD);
        (uint256 from, uint256 rise, uint256 at, uint256 span) =
            u <= c.kink ? (c.base, c.slope1, u, c.kink) : (c.base + c.slope1, c.slope2, u - c.kink, WAD - c.kink);
        uint256 above = model.rateAt(word, u) - from;
        assertGe(above * span, rise * at);
        assertTrue(above == 0 || (above - 1) * span < rise * at);
    }

    /// Lenders never earn more than borrowers pay: s ≤ r·u·(1 − RF), without a reserve factor s ≤ r·u.
    function testFuzz_suppliersEarnAtMostWhatBorrowersPay(Curve memory c, Pool memory p, uint256 reserveFactor) public {
        _set(_word(c));
        reserveFactor = _bound(reserveFactor, 0, WAD);
        uint256 rate = model.ratePerSecond(MARKET, p.cash, p.borrows, p.reserves);
        uint256 u = RateCurve.utilisation(p.cash, p.borrows, p.reserves);
        uint256 supply = RateCurve.supplyRate(rate, u, reserveFactor);
        assertLe(u, WAD);
        assertLe(supply * WAD * WAD, rate * u * (WAD - reserveFactor));
        assertLe(supply, RateCurve.supplyRate(rate, u, 0));
        assertLe(rate, c.base + c.slope1 + c.slope2);
    }

    /// The immutable model is the governed one on the same word, and both are the curve at the pool's utilisation.
    function testFuzz_theFixedModelEqualsTheGovernedOne(Curve memory c, Pool memory p) public {
        uint256 word = _word(c);
        _set(word);
        FixedRateModel fixedModel = new FixedRateModel(word);
        uint256 rate = model.ratePerSecond(MARKET, p.cash, p.borrows, p.reserves);
        assertEq(fixedModel.ratePerSecond(MARKET, p.cash, p.borrows, p.reserves), rate);
        assertEq(rate, model.rateAt(word, RateCurve.utilisation(p.cash, p.borrows, p.reserves)));
    }

    /// So they are at the kink and beside it, where the immutable model changes from one line to the other.
    function testFuzz_theFixedModelEqualsTheGovernedOneBesideTheKink(Curve memory c, bool flat) public {
        if (flat) c.slope2 = 0;
        uint256 word = _word(c);
        FixedRateModel fixedModel = new FixedRateModel(word);
        for (uint256 u = c.kink - 1; u <= c.kink + 1; ++u) {
            assertEq(fixedModel.ratePerSecond(MARKET, WAD - u, u, 0), model.rateAt(word, u));
        }
    }

    function _set(uint256 word) private {
        address[] memory markets = new address[](1);
        uint256[] memory words = new uint256[](1);
        (markets[0], words[0]) = (MARKET, word);
        model.setRates(markets, words);
    }

    /// @dev Bounds a curve in place so that its word is valid.
    function _word(Curve memory c) private pure returns (uint256) {
        c.base = _bound(c.base, 0, RateCurve.MAX_RATE / 3);
        c.slope1 = _bound(c.slope1, 0, RateCurve.MAX_RATE / 3);
        c.slope2 = _bound(c.slope2, 0, RateCurve.MAX_RATE / 3);
        c.kink = _bound(c.kink, 1, WAD - 1);
        return RateCurve.pack(c.base, c.slope1, c.slope2, c.kink);
    }
}
