// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {Test} from "forge-std/Test.sol";

import {ParameterSteward} from "contracts/ParameterSteward.sol";
import {IParameterSteward} from "contracts/interfaces/IParameterSteward.sol";
import {Domains} from "contracts/libraries/Domains.sol";
import {Guardrails} from "contracts/libraries/Guardrails.sol";
import {Validity} from "contracts/libraries/Validity.sol";
import {FaultyFeed} from "contracts/mocks/FaultyFeed.sol";

import {MarketsFixture} from "../support/MarketsFixture.sol";
import {StewardMarkets as M} from "../support/StewardMarkets.sol";

/// @notice A steward's key that tries any batch at any time, and an onlooker who keeps the budgets in exact fractions.
contract StepHandler is Test {
    uint256 private constant WAD = 1e18;

    ParameterSteward private immutable STEWARD;
    address private immutable KEY;
    FaultyFeed[] private _feeds;

    /// @notice What is spent of a parameter's budget, 1e18, never more than the contract has it.
    mapping(uint256 market => mapping(uint256 id => uint256)) public spent;
    mapping(uint256 market => mapping(uint256 id => uint256)) private _spentAt;
    mapping(uint256 market => uint256) private _thresholdCutAt;
    string public broken;
    uint256 public landed;
    uint256 public refused;

    constructor(ParameterSteward steward, address key, FaultyFeed[] memory feeds) {
        (STEWARD, KEY, _feeds) = (steward, key, feeds);
    }

    /// @notice Time passes and the feeds keep up.
    function pass(uint256 time) external {
        skip(bound(time, 1, 3 days));
        for (uint256 i = 0; i < _feeds.length; ++i) {
            _feeds[i].set(FaultyFeed.Fault.None, int256(M.PRICE), block.timestamp);
        }
    }

    /// @notice Moves a few fields of one market, in one to four words, by up to a little more than their steps.
    function batch(uint256 seed) external {
        uint256 market = seed % _feeds.length;
        uint8 mask = uint8(1 + (seed >> 8) % Domains.ALL);
        uint256[4] memory before = words(market);
        uint256[4] memory next;
        for (uint256 word = 0; word < 4; ++word) next[word] = _moved(word, before[word], seed);
        IParameterSteward.Update[] memory updates = new IParameterSteward.Update[](1);
        updates[0] = M.update(M.asset(market), mask, next);

        bytes32 expected = _stateHash(M.asset(market), mask);
        vm.prank(KEY);
        try STEWARD.applyBatch(updates, expected, type(uint64).max, 0) {
            ++landed;
            for (uint256 word = 0; word < 4; ++word) {
                if (mask & (1 << word) != 0) _observe(market, word, before[word], next[word]);
            }
        } catch {
            ++refused;
        }
    }

    /// @notice Collateral, rate, oracle and reference word of a market.
    function words(uint256 market) public view returns (uint256[4] memory w) {
        (w[0], w[1], w[2], w[3],) = STEWARD.marketWords(M.asset(market));
    }

    function _observe(uint256 market, uint256 word, uint256 before, uint256 next) private {
        uint256 domain = domainOf(word);
        for (uint256 i = 0; i < Domains.count(domain); ++i) {
            uint256 id = Domains.first(domain) + i;
            (uint256 here, uint256 there) = (Domains.field(domain, before, i), Domains.field(domain, next, i));
            if (here == there) continue;
            uint256 rail = STEWARD.guardrail(id);
            if (id == M.LIQUIDATION_THRESHOLD && there < here) _observeCut(market, rail, here - there);
            if (Guardrails.loosens(rail, here, there)) _spend(market, id, rail, here, there);
        }
    }

    function _observeCut(uint256 market, uint256 rail, uint256 cut) private {
        uint256 last = _thresholdCutAt[market];
        if (last != 0 && block.timestamp < last + uint24(rail >> Guardrails.COOLDOWN_OFFSET)) broken = "cut too soon";
        if (cut > uint32(rail >> Guardrails.STEP_DOWN_OFFSET)) broken = "cut too deep";
        _thresholdCutAt[market] = block.timestamp;
    }

    /// @dev Costs rounded down and leaks up: whoever spends more than there is, spends it here too.
    function _spend(uint256 market, uint256 id, uint256 rail, uint256 here, uint256 there) private {
        uint256 step = uint32(rail >> (there > here ? Guardrails.STEP_UP_OFFSET : Guardrails.STEP_DOWN_OFFSET));
        uint256 move = there > here ? there - here : here - there;
        (uint256 scaled, uint256 allowed) =
            rail & Guardrails.RELATIVE == 0 ? (move, step) : (move * Guardrails.BASIS_POINTS, step * here);
        uint256 leak = (WAD * (block.timestamp - _spentAt[market][id])) / Guardrails.window(rail) + 1;
        uint256 left = spent[market][id] > leak ? spent[market][id] - leak : 0;
        spent[market][id] = left + scaled * WAD / (allowed * Guardrails.budgetSteps(rail));
        _spentAt[market][id] = block.timestamp;
        if (spent[market][id] > WAD) broken = "beyond the budget";
    }

    function _moved(uint256 word, uint256 current, uint256 seed) private view returns (uint256 next) {
        next = current;
        uint256 domain = domainOf(word);
        for (uint256 i = 0; i < Domains.count(domain); ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, word, i)));
            if (random % 6 != 0) continue;
            uint256 rail = STEWARD.guardrail(Domains.first(domain) + i);
            uint256 here = Domains.field(domain, current, i);
            bool up = random & 256 != 0;
            uint256 step = uint32(rail >> (up ? Guardrails.STEP_UP_OFFSET : Guardrails.STEP_DOWN_OFFSET));
            if (rail & Guardrails.RELATIVE != 0) step = step * here / Guardrails.BASIS_POINTS;
            uint256 move = (random >> 16) % 8 == 0 ? step + (random >> 24) % 2 : (random >> 24) % (step + 1);
            uint256 entry = domain >> (16 * i);
            uint256 mask = (uint256(1) << ((entry >> 8) & 0xff)) - 1;
            uint256 there = up ? here + move : here - (move > here ? here : move);
            if (there <= mask) next = (next & ~(mask << (entry & 0xff))) | (there << (entry & 0xff));
        }
    }

    function _stateHash(address asset, uint8 mask) private view returns (bytes32) {
        address[] memory assets = new address[](1);
        uint8[] memory masks = new uint8[](1);
        (assets[0], masks[0]) = (asset, mask);
        return STEWARD.stateHash(assets, masks);
    }

    /// @notice The domain of a word, in the order of `words`.
    function domainOf(uint256 word) public pure returns (uint256) {
        if (word == 0) return Domains.COLLATERAL_DOMAIN;
        if (word == 1) return Domains.RATE_DOMAIN;
        return word == 2 ? Domains.ORACLE_DOMAIN : Domains.REFERENCE_DOMAIN;
    }
}

/// No sequence of the steward's batches, at any pace, leaves what the guardrails and the rules between parameters allow.
contract StepInvariants is MarketsFixture {
    StepHandler private handler;

    function setUp() public override {
        super.setUp();
        handler = new StepHandler(steward, STEWARD_KEY, feeds);
        bytes4[] memory selectors = new bytes4[](4);
        selectors[0] = handler.pass.selector;
        for (uint256 i = 1; i < 4; ++i) selectors[i] = handler.batch.selector;
        targetContract(address(handler));
        targetSelector(FuzzSelector(address(handler), selectors));
    }

    function invariant_everyParameterIsInItsEnvelope() external view {
        for (uint256 market = 0; market < _markets(); ++market) {
            uint256[4] memory words = handler.words(market);
            for (uint256 word = 0; word < 4; ++word) {
                uint256 domain = handler.domainOf(word);
                for (uint256 i = 0; i < Domains.count(domain); ++i) {
                    uint256 rail = steward.guardrail(Domains.first(domain) + i);
                    uint256 value = Domains.field(domain, words[word], i);
                    assertGe(value, Guardrails.minimum(rail));
                    assertLe(value, Guardrails.maximum(rail));
                }
            }
        }
    }

    /// Neither a loosening beyond what has leaked of its budget, nor a threshold cut too deep or too soon.
    function invariant_noBudgetIsOverdrawnAndCutsAreRamped() external view {
        assertEq(handler.broken(), "");
    }

    function invariant_theTupleIsValid() external view {
        for (uint256 market = 0; market < _markets(); ++market) {
            uint256[4] memory words = handler.words(market);
            Validity.requireCollateral(M.asset(market), words[0]);
            Validity.requireCoupled(M.asset(market), words[0], words[2]);
            Validity.requireRate(M.asset(market), words[1]);
        }
    }

    /// The walk lands batches and meets refusals: an invariant over nothing proves nothing.
    function test_theHandlerLandsAndIsRefused() external {
        for (uint256 i = 0; i < 200; ++i) {
            uint256 seed = uint256(keccak256(abi.encode(i)));
            if (seed % 3 == 0) handler.pass(seed);
            else handler.batch(seed);
        }
        assertGt(handler.landed(), 10);
        assertGt(handler.refused(), 10);
    }
}
