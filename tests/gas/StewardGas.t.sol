// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {FallbackOracle} from "contracts/FallbackOracle.sol";
import {ParameterSteward} from "contracts/ParameterSteward.sol";
import {IParameterSteward} from "contracts/interfaces/IParameterSteward.sol";
import {CollateralWord} from "contracts/libraries/CollateralWord.sol";
import {Domains} from "contracts/libraries/Domains.sol";
import {Guardrails} from "contracts/libraries/Guardrails.sol";
import {RateCurve} from "contracts/libraries/RateCurve.sol";

import {Configuration} from "../foundry/support/Words.sol";
import {MockAggregator, MockAggregatorProxy} from "./support/FeedMocks.sol";
import {GasTest} from "./support/GasTest.sol";

/// What a steward's batch of ten markets costs a market, all guardrails on and every field of a named word moved.
/// Every market has moved once before, so that its ledger holds budgets that leak. No market charges interest here:
/// what an accrual costs is the venue's.
contract StewardGas is GasTest {
    uint256 private constant MARKETS = 10;
    uint256 private constant PRICE = 100e8;

    ParameterSteward private steward;
    /// By mask; made in `setUp`, since reading the state hash would warm what a batch reads.
    mapping(uint256 mask => bytes) private batches;
    /// By how many fields of the rate word move.
    mapping(uint256 fields => bytes) private rateBatches;

    function setUp() public override {
        super.setUp();
        steward = new ParameterSteward(0, address(this), address(meter), address(0), 100);
        _setGuardrails();
        for (uint256 i = 0; i < MARKETS; ++i) _list(_asset(i));
        steward.applyBatch(_updates(7, 0), _stateHash(7), type(uint64).max, 0);
        used("first metered move", address(steward), _batch(7, 1), false);
        VM.warp(START + 1 days);
        for (uint8 mask = 1; mask < Domains.ALL; ++mask) batches[mask] = _batch(mask, 2);
        for (uint256 fields = 1; fields < 3; ++fields) rateBatches[fields] = _rateBatch(fields);
    }

    function test_rateWords() external {
        _record("steward, rate word, a market of ten", Domains.RATE);
    }

    function test_oneFieldOfTheRateWords() external {
        _recordRates("steward, one field of the rate word, a market of ten", 1);
    }

    function test_twoFieldsOfTheRateWords() external {
        _recordRates("steward, two fields of the rate word, a market of ten", 2);
    }

    function test_collateralWords() external {
        _record("steward, collateral word, a market of ten", Domains.COLLATERAL);
    }

    function test_oracleWords() external {
        _record("steward, oracle word, a market of ten", Domains.ORACLE);
    }

    function test_allThreeWords() external {
        _record("steward, all three words, a market of ten", Domains.RATE | Domains.COLLATERAL | Domains.ORACLE);
    }

    function _record(string memory row, uint256 mask) private {
        _record(row, batches[mask]);
    }

    function _recordRates(string memory row, uint256 fields) private {
        _record(row, rateBatches[fields]);
    }

    function _record(string memory row, bytes memory batch) private {
        record(row, used(row, address(steward), batch, false) / MARKETS);
    }

    /// @dev The base rate moves, and with two fields the slope to the kink; budgets of all four leak.
    function _rateBatch(uint256 fields) private view returns (bytes memory) {
        IParameterSteward.Update[] memory updates = _updates(2, 1);
        for (uint256 i = 0; i < MARKETS; ++i) updates[i].rateWord += fields == 1 ? 1 : 1 | 1 << RateCurve.SLOPE1;
        return abi.encodeCall(
            IParameterSteward.applyBatch, (updates, _stateHash(2), type(uint64).max, bytes32("artefact"))
        );
    }

    function _batch(uint8 mask, uint256 step) private view returns (bytes memory) {
        return abi.encodeCall(
            IParameterSteward.applyBatch, (_updates(mask, step), _stateHash(mask), type(uint64).max, bytes32("artefact"))
        );
    }

    function _stateHash(uint8 mask) private view returns (bytes32) {
        address[] memory assets = new address[](MARKETS);
        uint8[] memory masks = new uint8[](MARKETS);
        for (uint256 i = 0; i < MARKETS; ++i) (assets[i], masks[i]) = (_asset(i), mask);
        return steward.stateHash(assets, masks);
    }

    function _updates(uint8 mask, uint256 step) private pure returns (IParameterSteward.Update[] memory updates) {
        updates = new IParameterSteward.Update[](MARKETS);
        for (uint256 i = 0; i < MARKETS; ++i) {
            updates[i].asset = _asset(i);
            updates[i].mask = mask;
            if (mask & Domains.COLLATERAL != 0) updates[i].collateralWord = _collateral(step);
            if (mask & Domains.RATE != 0) updates[i].rateWord = _rate(step);
            if (mask & Domains.ORACLE != 0) updates[i].oracleWord = _oracle(step);
        }
    }

    // --- words in which every field moves with the step ----------------------------------------------

    function _collateral(uint256 step) private pure returns (uint256) {
        return (7_000 + step) << CollateralWord.LTV_OFFSET | (8_000 + step) << CollateralWord.LIQUIDATION_THRESHOLD_OFFSET
            | (500 + step) << CollateralWord.BONUS_OFFSET | (1e7 + step) << CollateralWord.SUPPLY_CAP_OFFSET
            | (8e6 + step) << CollateralWord.DEBT_CEILING_OFFSET;
    }

    function _rate(uint256 step) private pure returns (uint256) {
        return RateCurve.pack(1e9 + step, 2e9 + step, 8e9 + step, 0.9e18 + step);
    }

    function _oracle(uint256 step) private pure returns (uint256) {
        return Configuration({
            primaryStaleness: 172_800 + step,
            secondaryStaleness: 172_800 + step,
            maximumAge: 864_000 + step,
            decayStep: 20_000 + step,
            decayRate: 50_000 + step,
            decayFloor: 5_000 + step,
            bandUp: 5_000 + step,
            bandDown: 5_000 + step,
            bandWindows: 24 + step,
            bandWindow: 3_600 + step,
            accrual: 150_000 + step,
            tolerance: 1_000 + step,
            confirmDelay: 600 + step
        }).pack();
    }

    // --- the markets -----------------------------------------------------------------------------------

    function _asset(uint256 i) private pure returns (address) {
        return address(uint160(0xA55E7 + i));
    }

    /// @dev Wide envelopes and steps; both directions metered, so that every field pays for cooldown and budget.
    function _setGuardrails() private {
        uint256 rail = uint256(type(uint64).max) << Guardrails.MAXIMUM_OFFSET
            | uint256(100) << Guardrails.STEP_UP_OFFSET | uint256(100) << Guardrails.STEP_DOWN_OFFSET
            | uint256(1 hours) << Guardrails.COOLDOWN_OFFSET | uint256(7 days) << Guardrails.WINDOW_OFFSET
            | uint256(3) << Guardrails.BUDGET_STEPS_OFFSET | Guardrails.LOOSENS_UP | Guardrails.LOOSENS_DOWN;
        uint256[] memory ids = new uint256[](Domains.PARAMETERS);
        uint256[] memory rails = new uint256[](Domains.PARAMETERS);
        for (uint256 id = 0; id < Domains.PARAMETERS; ++id) (ids[id], rails[id]) = (id, rail);
        steward.setGuardrails(ids, rails);
    }

    function _list(address asset) private {
        MockAggregator aggregator = new MockAggregator(8, 1);
        aggregator.push(int192(uint192(PRICE)), uint32(START - 100));
        FallbackOracle.Deployment memory d;
        d.asset = asset;
        d.assetDecimals = 18;
        d.primary = address(new MockAggregatorProxy(address(aggregator)));
        d.primaryDecimals = 8;
        d.callGas = 120_000;
        d.minPrice = 1e8;
        d.maxPrice = 1_000e8;
        d.steward = address(steward);
        d.seedPrice = PRICE;
        d.seedAsOf = START - 600;
        d.configuration = _oracle(0);
        steward.listMarket(asset, address(new FallbackOracle(d)), address(0));
    }
}
