// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {FallbackOracle} from "contracts/FallbackOracle.sol";
import {MorphoOracle} from "contracts/adapters/MorphoOracle.sol";
import {IFallbackOracle} from "contracts/interfaces/IFallbackOracle.sol";
import {Decay} from "contracts/libraries/Decay.sol";
import {FaultyFeed} from "contracts/mocks/FaultyFeed.sol";
import {MockToken} from "contracts/mocks/MockToken.sol";

import {OracleFixture} from "../support/OracleFixture.sol";
import {Reads} from "../support/Reads.sol";

using Reads for FallbackOracle;

/// The price of a Morpho market: its scale, its rounding, and which verdicts of either leg it takes.
contract MorphoOracleTest is OracleFixture {
    uint256 private constant LOAN_PRICE = 0.998e8;
    uint256 private constant MORPHO_SCALE = 1e36;
    IFallbackOracle private constant NONE = IFallbackOracle(address(0));

    MockToken private collateral;
    MockToken private loan;
    FaultyFeed private loanPrimary;
    FaultyFeed private loanSecondary;
    FallbackOracle private loanOracle;
    MorphoOracle private market;

    function setUp() public override {
        collateral = new MockToken("Note", "NOTE", 18);
        super.setUp();
        loan = new MockToken("Dollar", "USD", 6);
        (loanPrimary, loanSecondary) = (new FaultyFeed(8), new FaultyFeed(8));
        say(loanPrimary, LOAN_PRICE);
        say(loanSecondary, LOAN_PRICE);
        loanOracle = _loanOracle(6, 0.5e8, 2e8);
        market = new MorphoOracle(oracle, address(loan), loanOracle, false);
    }

    function deployment() internal view override returns (FallbackOracle.Deployment memory d) {
        d = super.deployment();
        d.asset = address(collateral);
    }

    // --- scale and rounding ----------------------------------------------------------------------

    /// 36 + loan decimals − collateral decimals, for a whole token of 100 USD against par.
    function test_theScaleFollowsBothTokensDecimals() external {
        assertEq(_parPrice(18, 6), 100e24);
        assertEq(_parPrice(6, 18), 100e48);
        assertEq(_parPrice(8, 8), 100e36);
        assertEq(_parPrice(0, 6), 100e42);
        assertEq(_parPrice(18, 2), 100e20);
    }

    function testFuzz_thePriceIsTheQuotientRoundedDown(uint256 held, uint256 owed) external {
        held = bound(held, PRICE * 96 / 100, PRICE * 104 / 100);
        owed = bound(owed, LOAN_PRICE * 96 / 100, LOAN_PRICE * 104 / 100);
        say(primary, held);
        say(loanPrimary, owed);
        uint256 price = market.price();
        assertLe(price * owed, held * 1e24);
        assertGt((price + 1) * owed, held * 1e24);
    }

    function test_withoutALoanLegOneLoanTokenIsOneUsdByDeclaration() external {
        assertEq(address(_atPar().loanOracle()), address(0));
        assertEq(_atPar().price(), PRICE * MORPHO_SCALE * 1e6 / 1e18 / 1e8);
    }

    // --- what each leg's verdict does --------------------------------------------------------------

    function testFuzz_aDecayingCollateralCountsForLess(uint256 age) external {
        age = bound(age, 3_601, 86_400);
        vm.warp(START + age);
        say(loanPrimary, LOAN_PRICE);
        uint256 decayed = PRICE * Decay.factor(configuration().pack(), age) / 1e18;
        assertEq(market.price(), decayed * 1e24 / LOAN_PRICE);
    }

    /// A decayed, or merely secondary, price of the debt could raise what is lent; while Live alone it cannot.
    function test_aLoanLegThatIsNotLivePausesTheMarket() external {
        loanPrimary.set(FaultyFeed.Fault.Revert, 0, 0);
        _pausedAs(loanOracle, IFallbackOracle.Status.Secondary);
        loanSecondary.set(FaultyFeed.Fault.Revert, 0, 0);
        _pausedAs(loanOracle, IFallbackOracle.Status.Held);
        vm.warp(START + 3_601);
        say(primary, PRICE);
        _pausedAs(loanOracle, IFallbackOracle.Status.Decaying);
        vm.warp(START + 86_401);
        say(primary, PRICE);
        _pausedAs(loanOracle, IFallbackOracle.Status.Stopped);
    }

    function test_aContestedOrTrippedLoanLegPausesTheMarket() external {
        say(loanSecondary, LOAN_PRICE * 102 / 100);
        loanOracle.poke();
        _pausedAs(loanOracle, IFallbackOracle.Status.Contested);
        vm.prank(STEWARD);
        loanOracle.trip();
        _pausedAs(loanOracle, IFallbackOracle.Status.Tripped);
    }

    function test_aPausedCollateralPausesTheMarket() external {
        vm.prank(STEWARD);
        oracle.trip();
        _pausedAs(oracle, IFallbackOracle.Status.Tripped);
    }

    // --- what a deployment is refused for --------------------------------------------------------

    function test_aMissingLoanLegIsDeclaredAndADeclaredOneIsMissing() external {
        vm.expectRevert(abi.encodeWithSelector(MorphoOracle.LoanLegUndeclared.selector, address(0), false));
        new MorphoOracle(oracle, address(loan), NONE, false);
        vm.expectRevert(abi.encodeWithSelector(MorphoOracle.LoanLegUndeclared.selector, address(loanOracle), true));
        new MorphoOracle(oracle, address(loan), loanOracle, true);
    }

    function test_theLoanLegIsOfTheLoanToken() external {
        vm.expectRevert(
            abi.encodeWithSelector(MorphoOracle.LoanTokenDiffers.selector, address(collateral), address(loan))
        );
        new MorphoOracle(oracle, address(collateral), loanOracle, false);
    }

    /// The slip behind several losses of record: an oracle told decimals that are not the token's.
    function test_decimalsThatAreNotTheTokensAreRefused() external {
        FallbackOracle wrong = _loanOracle(18, 0.5e8, 2e8);
        vm.expectRevert(abi.encodeWithSelector(MorphoOracle.UnitDiffers.selector, address(loan), 1e18, 1e6));
        new MorphoOracle(oracle, address(loan), wrong, false);

        FallbackOracle.Deployment memory d = deployment();
        d.assetDecimals = 8;
        wrong = new FallbackOracle(d);
        vm.expectRevert(abi.encodeWithSelector(MorphoOracle.UnitDiffers.selector, address(collateral), 1e8, 1e18));
        new MorphoOracle(wrong, address(loan), loanOracle, false);
    }

    function test_moreThanEighteenDecimalsAreRefused() external {
        MockToken odd = new MockToken("Odd", "ODD", 19);
        vm.expectRevert(abi.encodeWithSelector(MorphoOracle.DecimalsTooLarge.selector, address(odd), 19));
        new MorphoOracle(oracle, address(odd), NONE, true);
    }

    /// A least price of one step would round to nothing, and Morpho divides by the price.
    function test_aPriceOfTooFewStepsIsRefused() external {
        MockToken coarse = new MockToken("Whole", "WHOLE", 0);
        FallbackOracle.Deployment memory d = deployment();
        d.minPrice = 1;
        FallbackOracle tiny = new FallbackOracle(d);
        new MorphoOracle(tiny, address(coarse), NONE, true);

        d.asset = address(coarse);
        d.assetDecimals = 0;
        d.primary = address(loanPrimary);
        d.secondary = address(loanSecondary);
        d.minPrice = 0.5e8;
        d.seedPrice = LOAN_PRICE;
        d.maxPrice = (1 << 54) - 1;
        FallbackOracle dear = new FallbackOracle(d);
        vm.expectPartialRevert(MorphoOracle.PriceTooCoarse.selector);
        new MorphoOracle(tiny, address(coarse), dear, false);
    }

    /// A trillion whole tokens in one position must fit into Morpho's product; the widest bounds do not allow that.
    function test_aPriceThatCouldOverflowInMorphoIsRefused() external {
        MockToken fine = new MockToken("Fine", "FINE", 18);
        FallbackOracle.Deployment memory d = deployment();
        d.asset = address(fine);
        d.primary = address(loanPrimary);
        d.secondary = address(loanSecondary);
        (d.minPrice, d.maxPrice, d.seedPrice) = (1, 2e8, LOAN_PRICE);
        FallbackOracle cheap = new FallbackOracle(d);
        vm.expectPartialRevert(MorphoOracle.PriceTooLarge.selector);
        new MorphoOracle(oracle, address(fine), cheap, false);
    }

    /// What the check promises: at the largest price, MAX_WHOLE_TOKENS times it is no overflow.
    function test_theLargestAllowedPositionFits() external {
        say(primary, PRICE);
        uint256 units = market.MAX_WHOLE_TOKENS() * market.collateralUnit();
        uint256 largest = uint256(1_000_000e8) * 1e24 / 0.5e8;
        assertGe(type(uint256).max / units, largest);
        assertGe(largest, market.price());
    }

    // --- drivers ---------------------------------------------------------------------------------

    function _atPar() private returns (MorphoOracle) {
        return new MorphoOracle(oracle, address(loan), NONE, true);
    }

    function _loanOracle(uint8 decimals, uint256 least, uint256 most) private returns (FallbackOracle) {
        FallbackOracle.Deployment memory d = deployment();
        d.asset = address(loan);
        d.assetDecimals = decimals;
        d.primary = address(loanPrimary);
        d.secondary = address(loanSecondary);
        (d.minPrice, d.maxPrice, d.seedPrice) = (least, most, LOAN_PRICE);
        return new FallbackOracle(d);
    }

    /// @dev 100 USD a token, against a loan token at par, by decimals.
    function _parPrice(uint8 collateralDecimals, uint8 loanDecimals) private returns (uint256) {
        FallbackOracle.Deployment memory d = deployment();
        d.asset = address(new MockToken("Any", "ANY", collateralDecimals));
        d.assetDecimals = collateralDecimals;
        address token = address(new MockToken("Loan", "LOAN", loanDecimals));
        return new MorphoOracle(new FallbackOracle(d), token, NONE, true).price();
    }

    function _pausedAs(FallbackOracle leg, IFallbackOracle.Status expected) private {
        vm.expectRevert(abi.encodeWithSelector(IFallbackOracle.Paused.selector, leg.asset(), expected));
        market.price();
    }
}
