// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {FallbackOracle} from "contracts/FallbackOracle.sol";
import {AggregatorV3Interface} from "contracts/interfaces/AggregatorV3Interface.sol";
import {IFallbackOracle} from "contracts/interfaces/IFallbackOracle.sol";
import {FeedReader} from "contracts/libraries/FeedReader.sol";
import {GasSensitiveFeed} from "contracts/mocks/GasSensitiveFeed.sol";
import {MockAggregatorProxy} from "contracts/mocks/MockAggregatorProxy.sol";

import {OracleFixture} from "../support/OracleFixture.sol";
import {Fault, Kind} from "./FaultTable.sol";
import {FaultyLeg, FaultyLegs} from "./FaultyLeg.sol";
import {TryCatchReader} from "./Peers.sol";
import {Reads} from "../support/Reads.sol";

using Reads for FallbackOracle;

/// @title No caller chooses the oracle's branch by the gas it supplies, and no feed by the gas it is given
/// @notice Each scene is asked on every surface with limits from 3 000 to 400 000, cold (every 250 up to 160 000) and
///         warm. What a limit obtains is a revert, or to the last bit what plenty of gas obtains; of a poke, the state
///         and the contest that it leaves as well.
contract SuppliedGasTest is OracleFixture, FaultyLegs {
    uint256 private constant LEAST = 3_000;
    uint256 private constant FINE_UNTIL = 160_000;
    uint256 private constant MOST = 400_000;
    uint256 private constant FINE_STEP = 250;
    uint256 private constant STEP = 1_000;
    uint256 private constant PLENTY = 5_000_000;
    /// @dev What a view may need beyond the supply of its last leg: words read and the answer encoded.
    uint256 private constant AROUND = 5_000;
    /// @dev What a feed that looks at its gas finds of its allowance, less its own first opcodes.
    uint256 private constant SEEN_OF_ALLOWANCE = CALL_GAS - 300;

    struct Outcome {
        bool ok;
        bytes32 result;
    }

    FaultyLeg private _first;
    FaultyLeg private _second;
    /// @dev Answers by the gas that it finds.
    address private _sensitive;

    function setUp() public override {
        vm.warp(START);
        _sensitive = address(new GasSensitiveFeed(int256(PRICE), int256(PRICE * 98 / 100), SEEN_OF_ALLOWANCE));
        _use(makeLeg(Kind.Plain, PRICE), makeLeg(Kind.Plain, 1_004 * PRICE / 1_000));
    }

    // --- scenes ----------------------------------------------------------------------------------

    function test_sweepOfAHealthyPair() external {
        _sweep(IFallbackOracle.Status.Live, IFallbackOracle.Status.Live);
    }

    function test_sweepOfAProxiedFeedThatNeedsAlmostAllOfItsAllowance() external {
        _use(makeLeg(Kind.Proxied, PRICE), _second);
        strike(_first, Fault.BarelyLight);
        _sweep(IFallbackOracle.Status.Live, IFallbackOracle.Status.Live);
    }

    function test_sweepOfAProxiedFeedThatNeedsMoreThanItsAllowance() external {
        _use(makeLeg(Kind.Proxied, PRICE), _second);
        strike(_first, Fault.TooHeavy);
        _sweep(IFallbackOracle.Status.Secondary, IFallbackOracle.Status.Secondary);
    }

    function test_sweepOfAHeavySecondaryBehindABurningPrimary() external {
        _use(_first, makeLeg(Kind.Proxied, PRICE));
        strike(_first, Fault.BurnGas);
        strike(_second, Fault.BarelyLight);
        _sweep(IFallbackOracle.Status.Secondary, IFallbackOracle.Status.Secondary);
    }

    function test_sweepOfABurningPair() external {
        strike(_first, Fault.BurnGas);
        strike(_second, Fault.BurnGas);
        _sweep(IFallbackOracle.Status.Held, IFallbackOracle.Status.Held);
    }

    function test_sweepOfAPairOfBombs() external {
        strike(_first, Fault.ReturnBomb);
        strike(_second, Fault.BulkyRevert);
        _sweep(IFallbackOracle.Status.Held, IFallbackOracle.Status.Held);
    }

    function test_sweepOfAStalePair() external {
        skip(10_000);
        _sweep(IFallbackOracle.Status.Decaying, IFallbackOracle.Status.Decaying);
    }

    function test_sweepOfAStoppedPair() external {
        skip(100_000);
        _sweep(IFallbackOracle.Status.Stopped, IFallbackOracle.Status.Stopped);
    }

    function test_sweepOfAPairOfPythPrices() external {
        _use(makeLeg(Kind.Pyth, PRICE), makeLeg(Kind.Pyth, PRICE));
        _sweep(IFallbackOracle.Status.Live, IFallbackOracle.Status.Live);
    }

    function test_sweepOfAFeedThatLooksAtItsGas() external {
        _deploy(_sensitive, _second.feed);
        _sweep(IFallbackOracle.Status.Live, IFallbackOracle.Status.Live);
        _deploy(_first.feed, _sensitive);
        strike(_first, Fault.Revert);
        _sweep(IFallbackOracle.Status.Secondary, IFallbackOracle.Status.Secondary);
    }

    function test_sweepOfADisagreementThatOnlyAPokeLearns() external {
        _second.honest = PRICE * 103 / 100;
        publish(_second);
        _sweep(IFallbackOracle.Status.Live, IFallbackOracle.Status.Contested);
        oracle.poke();
        _sweep(IFallbackOracle.Status.Contested, IFallbackOracle.Status.Contested);
        // The bit is set and the legs agree again: the lower, with the older time.
        _second.honest = PRICE * 995 / 1_000;
        publish(_second);
        _sweep(IFallbackOracle.Status.Live, IFallbackOracle.Status.Live);
    }

    function test_sweepOfATripThatAPokeConfirms() external {
        strike(_first, Fault.JumpDown);
        _sweep(IFallbackOracle.Status.Contested, IFallbackOracle.Status.Contested);
        oracle.poke();
        skip(700);
        strike(_first, Fault.JumpDown);
        publish(_second);
        _sweep(IFallbackOracle.Status.Tripped, IFallbackOracle.Status.Tripped);
        oracle.poke();
        _sweep(IFallbackOracle.Status.Tripped, IFallbackOracle.Status.Tripped);
    }

    // --- what must be supplied -------------------------------------------------------------------

    /// @notice With less than the documented supply a read names it; with what surrounds a read besides, it succeeds.
    function test_aReadNeedsTheDocumentedSupply() external {
        uint256 required = FeedReader.supply(CALL_GAS);
        assertEq(required, 133_904, "about 134 000 at an allowance of 120 000");
        bytes memory read = abi.encodeCall(oracle.latestRoundData, ());
        _cool();
        (bool ok, bytes memory data) = address(oracle).staticcall{gas: required}(read);
        assertFalse(ok);
        assertEq(bytes4(data), FeedReader.InsufficientGas.selector);
        _cool();
        (ok,) = address(oracle).staticcall{gas: required + AROUND}(read);
        assertTrue(ok);
    }

    // --- that the sweep would see it -------------------------------------------------------------

    /// @notice The same sweep finds limits at which a try/catch reader takes another branch than with plenty of gas.
    function test_theSweepFindsWhatATryCatchReaderLetsItsCallerChoose() external {
        TryCatchReader reader = new TryCatchReader(_sensitive, _second.feed, 3_600);
        assertGt(_chosen(reader), 0, "its primary's answer");

        FaultyLeg memory heavy = makeLeg(Kind.Proxied, PRICE);
        strike(heavy, Fault.TooHeavy);
        // Warm, as an access list makes it.
        AggregatorV3Interface(_second.feed).latestRoundData();
        reader = new TryCatchReader(heavy.feed, _second.feed, 3_600);
        assertGt(_chosen(reader), 0, "its fallback");
    }

    function _chosen(TryCatchReader reader) private view returns (uint256 limits) {
        uint256 full = reader.price{gas: PLENTY}();
        for (uint256 limit = LEAST; limit <= MOST; limit += FINE_STEP) {
            try reader.price{gas: limit}() returns (uint256 price) {
                if (price != full) ++limits;
            } catch {}
        }
    }

    // --- the sweep -------------------------------------------------------------------------------

    function _sweep(IFallbackOracle.Status viewed, IFallbackOracle.Status poked) private {
        assertEq(uint256(verdict()), uint256(viewed), "the scene's verdict");
        _sweepViews(true);
        _sweepViews(false);
        _sweepPokes(poked, true);
        _sweepPokes(poked, false);
    }

    function _sweepViews(bool cold) private {
        bytes[4] memory calls = [
            abi.encodeCall(oracle.status, ()),
            abi.encodeCall(oracle.latestRoundData, ()),
            abi.encodeCall(oracle.latestAnswer, ()),
            abi.encodeCall(oracle.lastPrice, ())
        ];
        for (uint256 i; i < calls.length; ++i) {
            Outcome memory full = _view(calls[i], PLENTY, cold);
            for (uint256 limit = LEAST; limit <= MOST; limit += _step(limit, cold)) {
                _judge(full, _view(calls[i], limit, cold), limit);
            }
        }
    }

    function _sweepPokes(IFallbackOracle.Status expected, bool cold) private {
        (Outcome memory full, IFallbackOracle.Status poked) = _poke(PLENTY, cold);
        assertTrue(full.ok, "a poke reverts on no verdict");
        assertEq(uint256(poked), uint256(expected), "the scene's poke");
        for (uint256 limit = LEAST; limit <= MOST; limit += _step(limit, cold)) {
            (Outcome memory limited,) = _poke(limit, cold);
            _judge(full, limited, limit);
        }
    }

    function _judge(Outcome memory full, Outcome memory limited, uint256 limit) private pure {
        bool same = full.ok == limited.ok && (!full.ok || full.result == limited.result);
        bool allowed = same || (!limited.ok && limit != MOST);
        if (!allowed) assertTrue(allowed, string.concat("another outcome with ", vm.toString(limit)));
    }

    function _view(bytes memory call, uint256 limit, bool cold) private returns (Outcome memory o) {
        if (cold) _cool();
        bytes memory data;
        (o.ok, data) = address(oracle).staticcall{gas: limit}(call);
        o.result = keccak256(data);
    }

    function _poke(uint256 limit, bool cold) private returns (Outcome memory o, IFallbackOracle.Status poked) {
        if (cold) _cool();
        (, bytes memory undone) = address(this).call(abi.encodeCall(this.pokeAndUndo, (limit)));
        bytes memory given;
        (o.ok, given) = abi.decode(undone, (bool, bytes));
        o.result = keccak256(undone);
        if (o.ok) poked = abi.decode(given, (IFallbackOracle.Status));
    }

    /// @notice What a poke returns and leaves, carried out by a revert that takes it back.
    function pokeAndUndo(uint256 limit) external {
        (bool ok, bytes memory given) = address(oracle).call{gas: limit}(abi.encodeCall(oracle.poke, ()));
        bytes memory data = abi.encode(ok, given, oracle.state(), oracle.contest());
        assembly {
            revert(add(data, 0x20), mload(data))
        }
    }

    function _step(uint256 limit, bool cold) private pure returns (uint256) {
        return cold && limit < FINE_UNTIL ? FINE_STEP : STEP;
    }

    // --- scenery ---------------------------------------------------------------------------------

    function _use(FaultyLeg memory first, FaultyLeg memory second) private {
        (_first, _second) = (first, second);
        _deploy(first.feed, second.feed);
    }

    function _deploy(address first, address second) private {
        FallbackOracle.Deployment memory d = deployment();
        (d.primary, d.secondary) = (first, second);
        oracle = new FallbackOracle(d);
    }

    /// @dev As in a transaction of their own: all that a read may touch.
    function _cool() private {
        vm.cool(address(oracle));
        _coolLeg(_first);
        _coolLeg(_second);
        vm.cool(_sensitive);
    }

    function _coolLeg(FaultyLeg memory leg) private {
        if (leg.kind == Kind.Proxied) vm.cool(MockAggregatorProxy(leg.feed).aggregator());
        if (leg.kind == Kind.Pyth) vm.cool(address(leg.pyth));
        vm.cool(leg.feed);
    }
}
