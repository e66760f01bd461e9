// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {FallbackOracle} from "contracts/FallbackOracle.sol";
import {QuoteOracle} from "contracts/adapters/QuoteOracle.sol";
import {IFallbackOracle} from "contracts/interfaces/IFallbackOracle.sol";
import {OracleWords as W} from "contracts/libraries/OracleWords.sol";
import {FaultyFeed} from "contracts/mocks/FaultyFeed.sol";

import {OracleFixture} from "../support/OracleFixture.sol";
import {Configuration, NavReference} from "../support/Words.sol";
import {Reads} from "../support/Reads.sol";

using Reads for FallbackOracle;

/// What a deployment refuses, what every change tells those who watch, and what each surface answers.
contract SurfacesTest is OracleFixture {
    function deployment() internal view override returns (FallbackOracle.Deployment memory d) {
        d = super.deployment();
        d.hasReference = true;
        d.assetDecimals = 6;
    }

    // --- deployment ------------------------------------------------------------------------------

    function test_aDeploymentOutsideItsLimitsIsRefused() external {
        FallbackOracle.Deployment memory d = deployment();
        d.asset = address(0);
        _refusesDeployment(d, "asset");
        d = deployment();
        d.steward = address(0);
        _refusesDeployment(d, "steward");
        d = deployment();
        d.assetDecimals = 19;
        _refusesDeployment(d, "assetDecimals");
        d = deployment();
        d.callGas = 39_999;
        _refusesDeployment(d, "callGas");
        d.callGas = 500_001;
        _refusesDeployment(d, "callGas");
        d = deployment();
        d.secondary = d.primary;
        _refusesDeployment(d, "secondary");
    }

    function test_boundsThatAdmitNoPriceAreRefused() external {
        FallbackOracle.Deployment memory d = deployment();
        d.minPrice = 0;
        _refusesDeployment(d, "bounds");
        d = deployment();
        d.minPrice = d.maxPrice + 1;
        _refusesDeployment(d, "bounds");
        d = deployment();
        d.maxPrice = 2 ** 54;
        _refusesDeployment(d, "bounds");
    }

    function test_aDeploymentAtItsLimitsIsAccepted() external {
        FallbackOracle.Deployment memory d = deployment();
        d.assetDecimals = 18;
        d.callGas = 40_000;
        d.maxPrice = 2 ** 54 - 1;
        new FallbackOracle(d);
        d.callGas = 500_000;
        d.minPrice = d.maxPrice = PRICE;
        new FallbackOracle(d);
    }

    function test_aFeedWhoseDecimalsDifferIsRefused() external {
        FallbackOracle.Deployment memory d = deployment();
        d.primaryDecimals = 9;
        vm.expectRevert(abi.encodeWithSignature("DecimalsDiffer(address,uint8,uint8)", primary, 9, 8));
        new FallbackOracle(d);
        d = deployment();
        d.secondaryDecimals = 7;
        vm.expectRevert(abi.encodeWithSignature("DecimalsDiffer(address,uint8,uint8)", secondary, 7, 8));
        new FallbackOracle(d);
    }

    function test_aSeedOutsideTheBoundsOrItsAgeIsRefused() external {
        FallbackOracle.Deployment memory d = deployment();
        d.seedPrice = d.minPrice - 1;
        vm.expectRevert(_outOfBounds(d.seedPrice));
        new FallbackOracle(d);
        d.seedPrice = d.maxPrice + 1;
        vm.expectRevert(_outOfBounds(d.seedPrice));
        new FallbackOracle(d);

        uint256 earliest = START - configuration().maximumAge;
        d = deployment();
        d.seedAsOf = START + 1;
        vm.expectRevert(_outOfTime(d.seedAsOf, earliest));
        new FallbackOracle(d);
        d.seedAsOf = earliest - 1;
        vm.expectRevert(_outOfTime(d.seedAsOf, earliest));
        new FallbackOracle(d);
        d.seedAsOf = earliest;
        new FallbackOracle(d);
    }

    function test_theSeedIsToldAndKept() external {
        FallbackOracle.Deployment memory d = deployment();
        d.referenceWord = _reference().packReference();
        vm.expectEmit();
        emit IFallbackOracle.Configured(0, d.configuration);
        vm.expectEmit();
        emit IFallbackOracle.ReferenceSet(0, d.referenceWord);
        vm.expectEmit();
        emit IFallbackOracle.Reset(PRICE, START, 0, true);
        FallbackOracle built = new FallbackOracle(d);
        assertEq(built.configuration(), d.configuration);
        assertEq(built.referenceWord(), d.referenceWord);
        (uint256 price, uint256 updatedAt) = built.lastPrice();
        assertEq(price, PRICE);
        assertEq(updatedAt, START);
    }

    // --- what changes is told --------------------------------------------------------------------

    function test_aPokeTellsItsVerdict() external {
        vm.expectEmit(address(oracle));
        emit IFallbackOracle.Poked(IFallbackOracle.Status.Live, PRICE, START);
        oracle.poke();
    }

    function test_aContestIsToldWhenItBeginsAndWhenItEnds() external {
        say(secondary, PRICE * 102 / 100);
        vm.expectEmit(address(oracle));
        emit IFallbackOracle.ContestedChanged(true);
        oracle.poke();
        say(secondary, PRICE);
        vm.expectEmit(address(oracle));
        emit IFallbackOracle.ContestedChanged(false);
        oracle.poke();
    }

    function test_aPersistedTripIsToldOnce() external {
        say(primary, PRICE * 2);
        say(secondary, PRICE * 2);
        vm.expectEmit(address(oracle));
        emit IFallbackOracle.TripPersisted(address(this), 1);
        oracle.poke();
        vm.recordLogs();
        oracle.poke();
        assertEq(vm.getRecordedLogs().length, 1);
        assertEq(oracle.contest() >> W.EPOCH, 1);
    }

    function test_theStewardsTripIsToldOnce() external {
        vm.startPrank(STEWARD);
        vm.expectEmit(address(oracle));
        emit IFallbackOracle.TripPersisted(STEWARD, 1);
        oracle.trip();
        vm.recordLogs();
        oracle.trip();
        assertEq(vm.getRecordedLogs().length, 0);
        assertEq(oracle.contest() >> W.EPOCH, 1);
    }

    function test_aResetIsToldAndEndsTheEpoch() external {
        vm.startPrank(STEWARD);
        oracle.trip();
        vm.expectEmit(address(oracle));
        emit IFallbackOracle.Reset(PRICE + 1, START, 2, true);
        oracle.reset(PRICE + 1, START, 1, true);
        vm.expectRevert(abi.encodeWithSelector(IFallbackOracle.EpochChanged.selector, 1, 2));
        oracle.reset(PRICE, START, 1, true);
    }

    /// Neither ahead nor so old that it would stop at once.
    function test_aResetIsOfATimeAtWhichAPriceCanBeServed() external {
        uint256 earliest = START - configuration().maximumAge;
        vm.startPrank(STEWARD);
        vm.expectRevert(_outOfTime(START + 1, earliest));
        oracle.reset(PRICE, START + 1, 0, true);
        vm.expectRevert(_outOfTime(earliest - 1, earliest));
        oracle.reset(PRICE, earliest - 1, 0, true);
        oracle.reset(PRICE, earliest, 0, true);
        oracle.reset(PRICE, START, 1, true);
    }

    function test_newWordsAreToldWithTheOnesBefore() external {
        Configuration memory next = configuration();
        next.confirmDelay = 601;
        vm.startPrank(STEWARD);
        vm.expectEmit(address(oracle));
        emit IFallbackOracle.Configured(configuration().pack(), next.pack());
        oracle.configure(next.pack());
        NavReference memory nav = _reference();
        uint256 before = nav.packReference();
        oracle.setReference(before);
        nav.headroom = 1;
        vm.expectEmit(address(oracle));
        emit IFallbackOracle.ReferenceSet(before, nav.packReference());
        oracle.setReference(nav.packReference());
    }

    // --- what a reference must be ----------------------------------------------------------------

    function test_aReferenceThatSaysNothingOrTooMuchIsRefused() external {
        vm.startPrank(STEWARD);
        NavReference memory nav = _reference();
        _refusesReference(nav.packReference() | 1 << 146, "unused bits");
        nav.maximumAge = 0;
        _refusesReference(nav.packReference(), "maximumAge");
        nav = _reference();
        nav.asOf = START + 1;
        _refusesReference(nav.packReference(), "asOf");
        nav = _reference();
        nav.price = 1e8 - 1;
        vm.expectRevert(_outOfBounds(nav.price));
        oracle.setReference(nav.packReference());
    }

    function test_aReferencesTimeOnlyMovesOn() external {
        vm.startPrank(STEWARD);
        NavReference memory nav = _reference();
        oracle.setReference(nav.packReference());
        nav.asOf = START - 1;
        _refusesReference(nav.packReference(), "asOf");
        vm.warp(START + 60);
        nav.asOf = START + 60;
        oracle.setReference(nav.packReference());
        nav.asOf = START + 59;
        _refusesReference(nav.packReference(), "asOf");
    }

    function test_anOracleWithoutAReferenceTakesNone() external {
        FallbackOracle.Deployment memory d = deployment();
        d.hasReference = false;
        FallbackOracle bare = new FallbackOracle(d);
        uint256 word = _reference().packReference();
        vm.prank(STEWARD);
        vm.expectRevert(abi.encodeWithSelector(IFallbackOracle.NoReference.selector, ASSET));
        bare.setReference(word);
    }

    // --- surfaces --------------------------------------------------------------------------------

    function test_theConstantsAreTheDeploymentS() external view {
        IFallbackOracle.Constants memory c = oracle.constants();
        assertEq(c.primary, address(primary));
        assertEq(c.secondary, address(secondary));
        assertEq(c.callGas, CALL_GAS);
        assertEq(c.minPrice, 1e8);
        assertEq(c.maxPrice, 1_000_000e8);
        assertEq(c.assetUnit, 1e6);
        assertTrue(c.hasReference);
        assertFalse(c.zeroOnPause);
        assertEq(c.asset, ASSET);
        assertEq(c.steward, STEWARD);
        assertEq(oracle.decimals(), 8);
        assertEq(oracle.version(), 1);
        assertEq(oracle.description(), "Fallback oracle / USD");
    }

    function test_theRoundIsNamedByItsTime() external {
        vm.warp(START + 60);
        (uint80 round, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredIn) =
            oracle.latestRoundData();
        assertEq(round, START);
        assertEq(answer, int256(PRICE));
        assertEq(startedAt, START);
        assertEq(updatedAt, START);
        assertEq(answeredIn, START);
        assertEq(oracle.latestAnswer(), int256(PRICE));
        (,,, uint256 age,) = oracle.status();
        assertEq(age, 60);
        vm.expectRevert(abi.encodeWithSelector(IFallbackOracle.HistoryNotKept.selector, 7));
        oracle.getRoundData(7);
    }

    function test_anInverseQuoteIsGivenOnlyWhileLive() external {
        QuoteOracle quotes = new QuoteOracle(oracle);
        address usd = quotes.USD();
        assertEq(quotes.getQuote(PRICE * 1e10, usd, ASSET), oracle.constants().assetUnit);
        primary.set(FaultyFeed.Fault.Revert, 0, 0);
        vm.expectRevert(_paused(IFallbackOracle.Status.Secondary));
        quotes.getQuote(PRICE * 1e10, usd, ASSET);
        vm.expectRevert(_paused(IFallbackOracle.Status.Secondary));
        quotes.getQuotes(PRICE * 1e10, usd, ASSET);
        assertEq(quotes.getQuote(oracle.constants().assetUnit, ASSET, usd), PRICE * 1e10);
    }

    function test_aPauseRevertsByItsNameOnEverySurface() external {
        vm.prank(STEWARD);
        oracle.trip();
        bytes memory tripped = _paused(IFallbackOracle.Status.Tripped);
        vm.expectRevert(tripped);
        oracle.latestRoundData();
        vm.expectRevert(tripped);
        oracle.latestAnswer();
        vm.expectRevert(tripped);
        oracle.lastPrice();
        QuoteOracle quotes = new QuoteOracle(oracle);
        address usd = quotes.USD();
        vm.expectRevert(tripped);
        quotes.getQuote(1, ASSET, usd);
        vm.expectRevert(tripped);
        quotes.getQuotes(1, ASSET, usd);
    }

    function test_aContestRevertsByItsNameWhereNoFeedIsRead() external {
        say(secondary, PRICE * 102 / 100);
        oracle.poke();
        vm.expectRevert(_paused(IFallbackOracle.Status.Contested));
        oracle.lastPrice();
    }

    function test_aDeploymentMayAnswerZeroInAPause() external {
        FallbackOracle.Deployment memory d = deployment();
        d.zeroOnPause = true;
        FallbackOracle zero = new FallbackOracle(d);
        assertEq(zero.latestAnswer(), int256(PRICE));
        vm.prank(STEWARD);
        zero.trip();
        assertEq(zero.latestAnswer(), 0);
    }

    // --- support ---------------------------------------------------------------------------------

    function _reference() private pure returns (NavReference memory) {
        return NavReference({price: PRICE, asOf: START, maximumAge: 86_400, growth: 0, headroom: 2_000});
    }

    function _refusesDeployment(FallbackOracle.Deployment memory d, string memory what) private {
        vm.expectRevert(abi.encodeWithSignature("DeploymentInvalid(string)", what));
        new FallbackOracle(d);
    }

    function _refusesReference(uint256 word, string memory what) private {
        vm.expectRevert(abi.encodeWithSelector(W.ReferenceInvalid.selector, word, what));
        oracle.setReference(word);
    }

    function _outOfBounds(uint256 price) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IFallbackOracle.PriceOutOfBounds.selector, price, 1e8, 1_000_000e8);
    }

    function _outOfTime(uint256 asOf, uint256 earliest) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IFallbackOracle.TimeOutOfBounds.selector, asOf, earliest, START);
    }

    function _paused(IFallbackOracle.Status verdict_) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IFallbackOracle.Paused.selector, ASSET, verdict_);
    }
}
