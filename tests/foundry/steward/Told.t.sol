// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IFallbackOracle} from "contracts/interfaces/IFallbackOracle.sol";
import {IParameterSteward} from "contracts/interfaces/IParameterSteward.sol";
import {Domains} from "contracts/libraries/Domains.sol";

import {MarketsFixture} from "../support/MarketsFixture.sol";
import {StewardMarkets as M} from "../support/StewardMarkets.sol";

/// Every change by the steward is told, with what was before and what is now; a plan's watchers need no other source.
contract ToldTest is MarketsFixture {
    function test_aBatchIsToldWithItsArtefactItsHashesAndItsNumber() external {
        IParameterSteward.Update[] memory batch = only(capTo(0, 9_999_999));
        bytes32 before = stateHash(batch);
        uint256 snapshot = vm.snapshotState();
        land(STEWARD_KEY, batch);
        bytes32 afterwards = stateHash(batch);
        vm.revertToState(snapshot);

        assertEq(steward.batchEpoch(), 1);
        vm.expectEmit(address(steward));
        emit IParameterSteward.BatchApplied(ARTEFACT, before, afterwards, 2, STEWARD_KEY);
        vm.prank(STEWARD_KEY);
        steward.applyBatch(batch, before, NO_DEADLINE, ARTEFACT);
        assertEq(steward.batchEpoch(), 2);
    }

    function test_aListingIsToldWithItsEpoch() external {
        address asset = M.asset(0);
        (,,,, uint256 epoch) = steward.marketWords(asset);
        vm.expectEmit(address(steward));
        emit IParameterSteward.MarketListed(asset, address(oracles[0]), address(0), epoch + 1);
        vm.prank(governor);
        steward.listMarket(asset, address(oracles[0]), address(0));
        (address accrual,, bool listed, address oracle) = steward.markets(asset);
        assertEq(accrual, address(0));
        assertTrue(listed);
        assertEq(oracle, address(oracles[0]));
    }

    function test_aGuardrailIsToldWithTheOneBefore() external {
        (uint256[] memory ids, uint256[] memory rails) = M.rails();
        (uint256 first, uint256 second) = (rails[0], rails[1]);
        (rails[0], rails[1]) = (first + 1, second + 1);
        vm.expectEmit(address(steward));
        emit IParameterSteward.GuardrailSet(0, first, first + 1);
        vm.expectEmit(address(steward));
        emit IParameterSteward.GuardrailSet(1, second, second + 1);
        vm.prank(governor);
        steward.setGuardrails(ids, rails);
        assertEq(steward.guardrail(0), first + 1);
        assertEq(steward.guardrail(Domains.PARAMETERS - 1), rails[Domains.PARAMETERS - 1]);
        assertEq(steward.guardrail(Domains.PARAMETERS), 0);
    }

    function test_guardrailsMatchTheirIdsAndKnowThem() external {
        vm.startPrank(governor);
        vm.expectRevert(abi.encodeWithSelector(IParameterSteward.LengthMismatch.selector, 2, 1));
        steward.setGuardrails(new uint256[](2), new uint256[](1));
        vm.expectRevert(abi.encodeWithSelector(IParameterSteward.LengthMismatch.selector, 1, 2));
        steward.setGuardrails(new uint256[](1), new uint256[](2));
        uint256[] memory ids = new uint256[](1);
        uint256[] memory rails = new uint256[](1);
        (ids[0], rails[0]) = (Domains.PARAMETERS, M.rail(0).railWord());
        vm.expectRevert(abi.encodeWithSelector(IParameterSteward.ParameterUnknown.selector, Domains.PARAMETERS));
        steward.setGuardrails(ids, rails);
    }

    function test_thePriceMoveLimitIsToldAndBounded() external {
        vm.startPrank(governor);
        vm.expectEmit(address(steward));
        emit IParameterSteward.PriceMoveLimitSet(M.PRICE_MOVE_LIMIT, 500);
        steward.setPriceMoveLimit(500);
        assertEq(steward.priceMoveLimit(), 500);
        vm.expectRevert(abi.encodeWithSelector(IParameterSteward.PriceMoveLimitTooHigh.selector, 501, 500));
        steward.setPriceMoveLimit(501);
    }

    function test_aLockIsToldForEachMarketAndBounded() external {
        address[] memory assets = new address[](2);
        (assets[0], assets[1]) = (M.asset(0), M.asset(1));
        uint64 latest = uint64(block.timestamp + 30 days);
        vm.startPrank(governor);
        for (uint256 i = 0; i < assets.length; ++i) {
            vm.expectEmit(address(steward));
            emit IParameterSteward.MarketLocked(assets[i], latest);
        }
        steward.lock(assets, latest);
        (, uint64 until,,) = steward.markets(M.asset(1));
        assertEq(until, latest);
        vm.expectRevert(abi.encodeWithSelector(IParameterSteward.LockTooLong.selector, latest + 1, latest));
        steward.lock(assets, latest + 1);
        assets[1] = STRANGER;
        vm.expectRevert(abi.encodeWithSelector(IParameterSteward.MarketNotListed.selector, STRANGER));
        steward.lock(assets, latest);
    }

    function test_whatTheGuardianDoesIsTold() external {
        address asset = M.asset(0);
        (uint256 word,,,, uint256 epoch) = steward.marketWords(asset);
        lending.setBook(asset, 5e18, 0, 3e18);
        vm.startPrank(GUARDIAN);
        vm.expectEmit(address(steward));
        emit IParameterSteward.LtvZeroed(asset, epoch + 1);
        steward.zeroLtv(asset);
        assertEq(steward.registry().collateralWord(asset), word - M.collateral().ltv);
        vm.expectEmit(address(steward));
        emit IParameterSteward.CapsFrozen(asset, 5, 3, epoch + 2);
        steward.freezeCaps(asset);
        assertTrue(steward.registry().isFrozen(asset));
        vm.expectEmit(address(steward));
        emit IParameterSteward.OraclePaused(asset, GUARDIAN);
        steward.pause(asset);
        (IFallbackOracle.Status verdict,,,,) = oracles[0].status();
        assertEq(uint256(verdict), uint256(IFallbackOracle.Status.Tripped));
        vm.expectEmit(address(steward));
        emit IParameterSteward.OracleReset(asset, GUARDIAN, M.PRICE, block.timestamp);
        steward.resetOracle(asset, M.PRICE, block.timestamp, 1);
    }

    function test_aFreezeIsToldAndEndedByTheGovernor() external {
        address asset = M.asset(0);
        vm.expectEmit(address(steward));
        emit IParameterSteward.FrozenSet(asset, true);
        vm.prank(STEWARD_KEY);
        steward.setFrozen(asset, true);
        assertTrue(steward.registry().isFrozen(asset));
        vm.expectEmit(address(steward));
        emit IParameterSteward.FrozenSet(asset, false);
        vm.prank(governor);
        steward.setFrozen(asset, false);
        assertFalse(steward.registry().isFrozen(asset));
    }

    function test_nothingIsDoneToAMarketThatIsNotListed() external {
        bytes memory refusal = abi.encodeWithSelector(IParameterSteward.MarketNotListed.selector, STRANGER);
        vm.startPrank(GUARDIAN);
        vm.expectRevert(refusal);
        steward.pause(STRANGER);
        vm.expectRevert(refusal);
        steward.zeroLtv(STRANGER);
        vm.expectRevert(refusal);
        steward.freezeCaps(STRANGER);
        vm.expectRevert(refusal);
        steward.resetOracle(STRANGER, M.PRICE, block.timestamp, 0);
        vm.stopPrank();
        vm.prank(governor);
        vm.expectRevert(refusal);
        steward.setFrozen(STRANGER, true);
        vm.expectRevert(refusal);
        steward.marketWords(STRANGER);
    }
}
