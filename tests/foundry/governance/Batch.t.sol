// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IAccrual} from "contracts/interfaces/IAccrual.sol";
import {IFallbackOracle} from "contracts/interfaces/IFallbackOracle.sol";
import {IParameterSteward} from "contracts/interfaces/IParameterSteward.sol";
import {ParameterSteward} from "contracts/ParameterSteward.sol";
import {Decay} from "contracts/libraries/Decay.sol";
import {OracleWords} from "contracts/libraries/OracleWords.sol";
import {Domains} from "contracts/libraries/Domains.sol";
import {RateCurve} from "contracts/libraries/RateCurve.sol";
import {Validity} from "contracts/libraries/Validity.sol";

import {MarketsFixture} from "../support/MarketsFixture.sol";
import {StewardMarkets as M} from "../support/StewardMarkets.sol";
import {Collateral, Rail} from "../support/StewardWords.sol";
import {Configuration, NavReference} from "../support/Words.sol";

/// @notice A market whose accrual calls back with a role it should never have been given.
contract ZeroingAccrual is IAccrual {
    ParameterSteward private immutable STEWARD;
    address private immutable VICTIM;

    constructor(ParameterSteward steward, address victim) {
        STEWARD = steward;
        VICTIM = victim;
    }

    function accrue(address) external override {
        STEWARD.zeroLtv(VICTIM);
    }

    function collateralInUse(address) external pure override returns (uint256) {
        return 0;
    }

    function debtInUse(address) external pure override returns (uint256) {
        return 0;
    }
}

/// What a batch rests on, what it may move, and what it may not.
contract BatchTest is MarketsFixture {
    uint8 private constant COLLATERAL = uint8(Domains.COLLATERAL);
    uint8 private constant RATE = uint8(Domains.RATE);
    uint8 private constant ORACLE = uint8(Domains.ORACLE);

    // --- the assumption ------------------------------------------------------------------------------

    /// The layout as Solidity itself encodes it.
    struct SnapshotAsEncoded {
        address asset;
        uint256 mask;
        uint256 collateralWord;
        uint256 rateWord;
        uint256 oracleWord;
        uint256 referenceWord;
        uint256 epoch;
    }

    function testFuzz_theStateHashIsThatOfTheEncodedSnapshots(uint8[3] memory masks) external view {
        SnapshotAsEncoded[] memory snapshots = new SnapshotAsEncoded[](3);
        address[] memory assets = new address[](3);
        uint8[] memory named = new uint8[](3);
        for (uint256 i = 0; i < 3; ++i) {
            (assets[i], named[i]) = (M.asset(i), masks[i] & uint8(Domains.ALL));
            (uint256 c, uint256 r, uint256 o, uint256 n, uint256 e) = steward.marketWords(assets[i]);
            snapshots[i] = SnapshotAsEncoded(
                assets[i],
                named[i],
                named[i] & 1 == 0 ? 0 : c,
                named[i] & 2 == 0 ? 0 : r,
                named[i] & 4 == 0 ? 0 : o,
                named[i] & 8 == 0 ? 0 : n,
                e
            );
        }
        bytes memory encoded = abi.encode(block.chainid, address(steward), snapshots);
        assertEq(steward.stateHash(assets, named), keccak256(encoded));
    }

    function testFuzz_aBatchSignedForOneChainDoesNotLandOnAnother(uint64 chain) external {
        vm.assume(chain != block.chainid && chain != 0);
        IParameterSteward.Update[] memory batch = only(capTo(0, 9_000_000));
        bytes32 expected = stateHash(batch);
        vm.chainId(chain);
        vm.expectPartialRevert(IParameterSteward.StateChanged.selector);
        vm.prank(governor);
        steward.applyBatch(batch, expected, NO_DEADLINE, ARTEFACT);
    }

    /// The words are back where they were; the epoch is not.
    function test_aBatchDoesNotLandAgainWhenItsWordsComeBack() external {
        IParameterSteward.Update[] memory there = only(capTo(0, 9_000_000));
        IParameterSteward.Update[] memory back = only(capTo(0, 10_000_000));
        bytes32 expected = stateHash(there);
        land(governor, there);
        land(governor, back);
        vm.expectPartialRevert(IParameterSteward.StateChanged.selector);
        vm.prank(governor);
        steward.applyBatch(there, expected, NO_DEADLINE, ARTEFACT);
    }

    function testFuzz_aBatchLandsUpToItsDeadline(uint32 late) external {
        IParameterSteward.Update[] memory batch = only(capTo(0, 9_000_000));
        bytes32 expected = stateHash(batch);
        late = uint32(bound(late, 0, START));
        uint256 deadline = block.timestamp - late;
        bytes memory refusal =
            abi.encodeWithSelector(IParameterSteward.DeadlinePassed.selector, deadline, block.timestamp);
        if (late != 0) vm.expectRevert(refusal);
        vm.prank(governor);
        steward.applyBatch(batch, expected, uint64(deadline), ARTEFACT);
    }

    /// A bit is stray outside the fields of a word, 176, 208, 256 and 146 bits wide, and where the mask does not name it.
    function testFuzz_aBitOutsideTheNamedFieldsIsRefused(uint8 mask, uint8 bit, uint256 which) external {
        which %= 4;
        mask = uint8(bound(mask, 1, 15));
        bit = uint8(bound(bit, 140, 255));
        uint256[4] memory words;
        words[which] = uint256(1) << bit;
        IParameterSteward.Update[] memory batch =
            only(IParameterSteward.Update(M.asset(0), mask, words[0], words[1], words[2], words[3]));
        bytes32 expected = stateHash(batch);
        uint256 width = [uint256(176), 208, 256, 146][which];
        bool stray = bit >= width || mask & (1 << which) == 0;
        vm.prank(governor);
        (bool ok, bytes memory answer) = address(steward).call(
            abi.encodeCall(IParameterSteward.applyBatch, (batch, expected, NO_DEADLINE, ARTEFACT))
        );
        bytes memory refusal = abi.encodeWithSelector(IParameterSteward.StrayBits.selector, M.asset(0), words[which]);
        assertEq(!ok && keccak256(answer) == keccak256(refusal), stray);
    }

    /// An accrual target with a role of its own changes a market that the batch has already been hashed on.
    function test_aMarketThatChangesUnderABatchRevertsIt() external {
        ZeroingAccrual hostile = new ZeroingAccrual(steward, M.asset(2));
        vm.startPrank(governor);
        steward.listMarket(M.asset(1), address(oracles[1]), address(hostile));
        steward.grantRole(steward.GUARDIAN_ROLE(), address(hostile));
        vm.stopPrank();
        IParameterSteward.Update[] memory batch = new IParameterSteward.Update[](2);
        batch[0] = to(1, RATE, M.rate() + 1);
        batch[1] = capTo(2, 9_000_000);
        bytes32 expected = stateHash(batch);
        vm.expectPartialRevert(IParameterSteward.MarketChanged.selector);
        vm.prank(STEWARD_KEY);
        steward.applyBatch(batch, expected, NO_DEADLINE, ARTEFACT);
    }

    // --- the reference's time ------------------------------------------------------------------------

    /// Dated back it would lapse at once, and no longer cap a price that it has paused: neither the steward of a locked
    /// market nor the governor may.
    function test_aReferenceIsNotDatedBackToEndItsCap() external {
        pass(1 hours);
        NavReference memory nav = M.navReference(block.timestamp);
        (nav.price, nav.growth, nav.headroom) = (100e8, 0, 0);
        land(governor, to(0, uint8(Domains.REFERENCE), nav.packReference()));
        say(0, 102e8);
        (IFallbackOracle.Status verdict,,,,) = oracles[0].status();
        assertEq(uint256(verdict), uint256(IFallbackOracle.Status.Tripped));
        address[] memory locked = new address[](1);
        locked[0] = M.asset(0);
        vm.prank(governor);
        steward.lock(locked, uint64(block.timestamp + 20 days));
        nav.asOf -= 1;
        refuse(STEWARD_KEY, to(0, uint8(Domains.REFERENCE), nav.packReference()), OracleWords.ReferenceInvalid.selector);
        refuse(governor, to(0, uint8(Domains.REFERENCE), nav.packReference()), OracleWords.ReferenceInvalid.selector);
    }

    // --- rates are not retroactive -------------------------------------------------------------------

    /// A governed rate times a hundred after 30 silent days. Billed for the past it would be 25.9 %, or 29.6 % as Morpho
    /// compounds; here it is 0.26 %.
    function test_aRateChangeDoesNotBillThePast() external {
        uint256 debt = 1e24;
        uint256 usual = RateCurve.pack(1e9, 0, 0, 0.9e18);
        uint256 hundredfold = RateCurve.pack(100e9, 0, 0, 0.9e18);
        land(governor, to(0, RATE, usual));
        lending.setBook(M.asset(0), 0, 0, debt);
        pass(30 days);

        uint256 charged = lending.debtOf(M.asset(0)) - debt;
        land(governor, to(0, RATE, hundredfold));
        assertEq(lending.debtOf(M.asset(0)) - debt, charged);
        assertApproxEqRel(charged, debt * 26 / 10_000, 0.01e18);
        // What would have been billed, had the rate been written without charging the market first.
        assertApproxEqRel(debt * 100e9 * 30 days / 1e18, debt * 2592 / 10_000, 0.001e18);
    }

    // --- coupled values ------------------------------------------------------------------------------

    /// Each alone is refused; together they land, in one batch.
    function test_coupledValuesMoveTogetherOrNotAtAll() external {
        Collateral memory c = M.collateral();
        c.ltv = 8_450;
        Configuration memory o = M.configuration();
        o.decayStep = 5_000;
        refuse(governor, to(0, COLLATERAL, c.collateralWord()), Validity.DecayLiquidates.selector);
        land(governor, M.update(M.asset(0), COLLATERAL | ORACLE, [c.collateralWord(), 0, o.pack(), 0]));
        o.decayStep = 20_000;
        refuse(governor, to(0, ORACLE, o.pack()), Validity.DecayLiquidates.selector);
    }

    /// A threshold whose liquidation takes all is solvent; no band is as narrow as what it leaves.
    function test_aThresholdThatTakesAllLeavesNoRoomForTheBand() external {
        Collateral memory c = M.collateral();
        (c.liquidationThreshold, c.bonus) = (8_000, 2_500);
        c.ltv = 7_000;
        refuse(governor, to(0, COLLATERAL, c.collateralWord()), Validity.BandExceedsCushion.selector);
        c.bonus = 2_501;
        refuse(governor, to(0, COLLATERAL, c.collateralWord()), Validity.LiquidationInsolvent.selector);
    }

    // --- prices and pauses ---------------------------------------------------------------------------

    /// The limit is half a percent: a decay step that costs the price more is refused, one that costs less lands.
    function testFuzz_noUpdateMovesALivePriceByMoreThanTheLimit(uint256 step) external {
        step = bound(step, 0, 60_000);
        skip(4 days);
        (, uint256 before,,,) = oracles[0].status();
        Configuration memory o = M.configuration();
        o.decayStep = step;
        uint256 wanted = M.PRICE * Decay.factor(o.pack(), 4 days) / Decay.WAD;
        (bool ok,) = _try(governor, to(0, ORACLE, o.pack()));
        (, uint256 afterwards,,,) = oracles[0].status();
        uint256 move = wanted > before ? wanted - before : before - wanted;
        assertEq(ok, move * 10_000 <= before * M.PRICE_MOVE_LIMIT);
        assertEq(afterwards, ok ? wanted : before);
    }

    function test_oneTrippedMarketInABatchOfHealthyOnes() external {
        vm.prank(GUARDIAN);
        steward.pause(M.asset(0));
        Configuration memory tighter = M.configuration();
        tighter.bandUp = 2_900;
        IParameterSteward.Update[] memory batch = new IParameterSteward.Update[](3);
        batch[0] = to(0, ORACLE, tighter.pack());
        batch[1] = capTo(1, 10_100_000);
        batch[2] = to(2, RATE, M.rate() + 1);
        land(STEWARD_KEY, batch);

        pass(1 days);
        Configuration memory looser = M.configuration();
        looser.bandUp = 2_901;
        refuse(STEWARD_KEY, to(0, ORACLE, looser.pack()), IParameterSteward.LoosensPausedMarket.selector);
        refuse(STEWARD_KEY, capTo(0, 10_000_001), IParameterSteward.LoosensPausedMarket.selector);
        land(governor, to(0, ORACLE, looser.pack()));
    }

    /// A market whose lock has lapsed is looked up for one no more: its next batch reads what an unlocked one's does.
    function test_theFirstBatchAfterALapsedLockForgetsIt() external {
        address[] memory locked = new address[](1);
        locked[0] = M.asset(0);
        vm.prank(governor);
        steward.lock(locked, uint64(block.timestamp + 1 days));
        pass(2 days);
        assertGt(_readsOf(capTo(0, 9_000_000)), _readsOf(capTo(1, 9_000_000)), "while the lock may stand");
        assertEq(_readsOf(capTo(0, 9_100_000)), _readsOf(capTo(1, 9_100_000)));
    }

    // --- ratcheting ----------------------------------------------------------------------------------

    /// Many legal steps, as fast as the cooldown admits, stay within the envelope and the budget that has leaked.
    function testFuzz_manyLegalStepsLeaveNeitherEnvelopeNorBudget(uint256 seed) external {
        Rail memory rail = M.rail(M.LTV);
        uint256 raised;
        uint256 ltv = M.collateral().ltv;
        for (uint256 i = 0; i < 24; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            skip(rail.cooldown + seed % 1 days);
            say(0, M.PRICE);
            Collateral memory c = M.collateral();
            c.liquidationThreshold = 9_500;
            c.bonus = 0;
            c.ltv = ltv + seed % (rail.stepUp + 1);
            (bool ok,) = _try(STEWARD_KEY, to(0, COLLATERAL, c.collateralWord()));
            if (ok) (raised, ltv) = (raised + c.ltv - ltv, c.ltv);
            require(ltv <= rail.maximum, "beyond the envelope");
            uint256 full = rail.stepUp * rail.budgetSteps;
            require(raised <= full + full * (block.timestamp - START) / rail.window, "beyond what has leaked");
        }
    }

    function _readsOf(IParameterSteward.Update memory update) private returns (uint256) {
        bytes memory call = callOf(only(update), NO_DEADLINE);
        vm.prank(governor);
        vm.record();
        (bool ok,) = address(steward).call(call);
        assertTrue(ok);
        (bytes32[] memory reads,) = vm.accesses(address(steward));
        return reads.length;
    }

    function _try(address caller, IParameterSteward.Update memory update)
        private
        returns (bool ok, bytes memory answer)
    {
        bytes memory call = callOf(only(update), NO_DEADLINE);
        vm.prank(caller);
        (ok, answer) = address(steward).call(call);
    }
}
