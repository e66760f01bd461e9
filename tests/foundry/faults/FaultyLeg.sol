// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {MockPyth as Pyth} from "@pythnetwork/pyth-sdk-solidity/MockPyth.sol";
import {PythAggregatorV3} from "@pythnetwork/pyth-sdk-solidity/PythAggregatorV3.sol";
import {Test} from "forge-std/Test.sol";

import {PythSource} from "contracts/adapters/PythSource.sol";
import {IPyth} from "contracts/interfaces/IPyth.sol";
import {FaultyFeed} from "contracts/mocks/FaultyFeed.sol";
import {MockAggregator} from "contracts/mocks/MockAggregator.sol";
import {MockAggregatorProxy} from "contracts/mocks/MockAggregatorProxy.sol";

import {Fault, Kind} from "./FaultTable.sol";
import {BulkyFeed, BulkyRevert, HeavyAggregator, ReentrantFeed, WritingFeed} from "./Feeds.sol";

/// @notice A leg of any kind, and the price that it would honestly publish.
/// @param planted The feed's own code, to be restored.
/// @param peer Pyth's own adapter over the same price, for contrast.
struct FaultyLeg {
    Kind kind;
    address feed;
    uint256 honest;
    bytes code;
    Pyth pyth;
    PythAggregatorV3 peer;
}

/// @title Building, publishing, breaking and healing of legs
abstract contract FaultyLegs is Test {
    bytes32 internal constant PYTH_ID = keccak256("ASSET/USD");
    uint256 internal constant CONFIDENCE_BPS = 100;
    uint256 internal constant SLIDE_STEPS = 20;
    /// @dev The fixture's bounds.
    uint256 internal constant LEAST_PRICE = 1e8;
    uint256 internal constant GREATEST_PRICE = 1_000_000e8;
    /// @dev Beyond the allowance of 120 000, and short of it by what a cold proxy costs.
    uint256 private constant TOO_HEAVY = 130_000;
    uint256 private constant BARELY_LIGHT = 104_000;

    /// @notice How many of the twenty steps a slide has taken.
    uint256 internal slide;

    function makeLeg(Kind kind, uint256 honest) internal returns (FaultyLeg memory leg) {
        leg.kind = kind;
        leg.honest = honest;
        if (kind == Kind.Plain) {
            leg.feed = address(new FaultyFeed(8));
        } else if (kind == Kind.Proxied) {
            leg.feed = address(new MockAggregatorProxy(address(new MockAggregator(8, 1))));
        } else {
            leg.pyth = new Pyth(60, 0);
            leg.feed = address(new PythSource(IPyth(address(leg.pyth)), PYTH_ID, CONFIDENCE_BPS));
            leg.peer = new PythAggregatorV3(address(leg.pyth), PYTH_ID);
        }
        leg.code = leg.feed.code;
        publish(leg);
    }

    /// @notice A healthy answer observed now.
    function publish(FaultyLeg memory leg) internal {
        _answer(leg, int256(leg.honest), block.timestamp);
    }

    /// @notice The fault mended, and a healthy answer.
    function heal(FaultyLeg memory leg) internal {
        vm.etch(leg.feed, leg.code);
        if (leg.kind == Kind.Proxied) MockAggregatorProxy(leg.feed).set(address(new MockAggregator(8, 3)));
        publish(leg);
    }

    /// @notice The fault, renewed where it is one of a fresh answer.
    function strike(FaultyLeg memory leg, Fault fault) internal {
        if (leg.kind == Kind.Pyth) _strikePyth(leg, fault);
        else if (leg.kind == Kind.Proxied) _strikeProxied(leg, fault);
        else if (fault <= Fault.SlideOverHours) _strikeValue(leg, fault);
        else if (fault < Fault.BulkyReturn && fault != Fault.NoCode) _strikeCall(leg, fault);
        else _plant(leg, fault);
    }

    function _strikeValue(FaultyLeg memory leg, Fault fault) private {
        int256 honest = int256(leg.honest);
        uint256 now_ = block.timestamp;
        if (fault == Fault.Zero) _answer(leg, 0, now_);
        if (fault == Fault.Negative) _answer(leg, -honest, now_);
        if (fault == Fault.Least) _answer(leg, type(int256).min, now_);
        if (fault == Fault.Greatest) _answer(leg, type(int256).max, now_);
        if (fault == Fault.BelowBounds) _answer(leg, int256(LEAST_PRICE) - 1, now_);
        if (fault == Fault.AboveBounds) _answer(leg, int256(GREATEST_PRICE) + 1, now_);
        if (fault == Fault.TimeZero) _answer(leg, honest, 0);
        if (fault == Fault.Future) _answer(leg, honest, now_ + 1 hours);
        if (fault == Fault.JumpDown) _answer(leg, honest * 9 / 10, now_);
        if (fault == Fault.JumpUp) _answer(leg, honest * 11 / 10, now_);
        if (fault >= Fault.SlideWithinWindow) {
            _answer(leg, honest * int256(10 * SLIDE_STEPS - slide) / int256(10 * SLIDE_STEPS), now_);
        }
    }

    function _strikeCall(FaultyLeg memory leg, Fault fault) private {
        FaultyFeed.Fault told;
        if (fault == Fault.Revert) told = FaultyFeed.Fault.Revert;
        if (fault == Fault.RevertSilently) told = FaultyFeed.Fault.RevertSilently;
        if (fault == Fault.RevertWithAnswer) told = FaultyFeed.Fault.RevertWithAnswer;
        if (fault == Fault.BurnGas) told = FaultyFeed.Fault.BurnGas;
        if (fault == Fault.ShortReturn) told = FaultyFeed.Fault.ShortReturn;
        if (fault == Fault.EmptyReturn) told = FaultyFeed.Fault.EmptyReturn;
        if (fault == Fault.ReturnBomb) told = FaultyFeed.Fault.ReturnBomb;
        if (fault == Fault.RevertBomb) told = FaultyFeed.Fault.RevertBomb;
        FaultyFeed(leg.feed).set(told, int256(leg.honest), block.timestamp);
    }

    function _plant(FaultyLeg memory leg, Fault fault) private {
        vm.etch(leg.feed, leg.code);
        publish(leg);
        if (fault == Fault.NoCode) vm.etch(leg.feed, "");
        if (fault == Fault.BulkyReturn) vm.etch(leg.feed, type(BulkyFeed).runtimeCode);
        if (fault == Fault.BulkyRevert) vm.etch(leg.feed, type(BulkyRevert).runtimeCode);
        if (fault == Fault.Reentrant) vm.etch(leg.feed, type(ReentrantFeed).runtimeCode);
        if (fault == Fault.Writing) vm.etch(leg.feed, type(WritingFeed).runtimeCode);
    }

    function _strikeProxied(FaultyLeg memory leg, Fault fault) private {
        address next = address(1);
        if (fault == Fault.Decimals) next = address(new MockAggregator(18, 2));
        if (fault == Fault.NewPhase) next = address(new MockAggregator(8, 2));
        if (fault == Fault.TooHeavy) next = address(new HeavyAggregator(TOO_HEAVY));
        if (fault == Fault.BarelyLight) next = address(new HeavyAggregator(BARELY_LIGHT));
        if (fault == Fault.AggregatorGone) next = makeAddr("gone");
        MockAggregatorProxy(leg.feed).set(next);
        if (next.code.length == 0) return;
        uint256 honest = fault == Fault.Decimals ? leg.honest * 1e10 : leg.honest;
        _answer(leg, int256(honest), block.timestamp);
    }

    function _strikePyth(FaultyLeg memory leg, Fault fault) private {
        int64 honest = int64(int256(leg.honest));
        uint256 now_ = block.timestamp;
        if (fault == Fault.PythWide) publishPyth(leg.pyth, honest, uint64(honest) / 20, -8, now_);
        if (fault == Fault.PythExponentPositive) publishPyth(leg.pyth, 1, 0, 2, now_);
        if (fault == Fault.PythExponentTiny) publishPyth(leg.pyth, type(int64).max, 0, -19, now_);
        if (fault == Fault.PythExponentMoved) publishPyth(leg.pyth, honest / 1_000, 0, -5, now_);
        if (fault == Fault.PythNegative) publishPyth(leg.pyth, -honest, 0, -8, now_);
        if (fault == Fault.PythAhead) publishPyth(leg.pyth, honest, 0, -8, now_ + 15);
        if (fault == Fault.PythFarAhead) publishPyth(leg.pyth, honest, 0, -8, now_ + 16);
        // The id is the first word of the record, and the records are the SDK's first slot.
        if (fault == Fault.PythUnknown) vm.store(address(leg.pyth), keccak256(abi.encode(PYTH_ID, 0)), 0);
    }

    function _answer(FaultyLeg memory leg, int256 answer, uint256 at) private {
        if (leg.kind == Kind.Plain) {
            FaultyFeed(leg.feed).set(FaultyFeed.Fault.None, answer, at);
        } else if (leg.kind == Kind.Proxied) {
            MockAggregator(MockAggregatorProxy(leg.feed).aggregator()).push(int192(answer), uint32(at));
        } else {
            publishPyth(leg.pyth, int64(answer), 0, -8, at);
        }
    }

    /// @notice Posts a price as anyone may who holds a signed update.
    function publishPyth(Pyth pyth, int64 price, uint64 confidence, int32 exponent, uint256 at) internal {
        bytes[] memory updates = new bytes[](1);
        updates[0] = pyth.createPriceFeedUpdateData(
            PYTH_ID, price, confidence, exponent, price, confidence, uint64(at), uint64(at)
        );
        pyth.updatePriceFeeds(updates);
    }
}
