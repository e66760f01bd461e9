// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {FallbackOracle} from "contracts/FallbackOracle.sol";
import {IFallbackOracle} from "contracts/interfaces/IFallbackOracle.sol";
import {OracleWords as W} from "contracts/libraries/OracleWords.sol";

import {Exact} from "../invariants/Exact.sol";
import {OracleFixture} from "../support/OracleFixture.sol";
import {Fault, FaultTable, Kind, Row, Shape} from "./FaultTable.sol";
import {FaultyLeg, FaultyLegs} from "./FaultyLeg.sol";
import {TryCatchReader} from "./Peers.sol";
import {Reads} from "../support/Reads.sol";

using Reads for FallbackOracle;

/// @title The fault matrix: every fault, on each leg, on both, and on a single one
/// @notice Each cell is deployed, kept for a while, struck, read and poked through every stage, and healed. The verdicts
///         are those of `FaultTable`; what holds of every cell at every stage is checked in `_observe`. Each shape
///         writes what it found to `.build/fault-matrix`, from which `make fault-matrix` renders the document.
contract FaultMatrixTest is OracleFixture, FaultyLegs {
    uint256 private constant T = 3_600;
    uint256 private constant MAXIMUM_AGE = 86_400;
    uint256 private constant CONFIRM_DELAY = 600;
    /// @dev The honest prices, apart by less than the tolerance, so that a verdict shows whose price it serves.
    uint256 private constant FIRST = 100e8;
    uint256 private constant SECOND = 100.4e8;
    /// @dev What a leg may be off the healthy one: the tolerance once poked, the band before.
    uint256 private constant TOLERANCE_BPS = 100;
    uint256 private constant BAND_BPS = 500;
    /// @dev What the try/catch reader is given: little, and plenty.
    uint256 private constant LITTLE_GAS = 150_000;
    uint256 private constant PLENTY_OF_GAS = 1_000_000;
    bytes private constant LETTERS = "LSCHDXT";
    string private constant FOLDER = ".build/fault-matrix/";

    /// @notice Reverts in a pause, and gives 0 in one.
    FallbackOracle[2] private _oracles;
    FaultyLeg private _first;
    FaultyLeg private _second;

    // Of the cell that runs.
    Row private _row;
    Shape private _shape;
    uint256 private _lastDecayed;
    uint256 private _worstBps;

    function setUp() public override {
        vm.warp(START);
    }

    // --- the cells -------------------------------------------------------------------------------

    function test_aFailingPrimaryBesideAHealthySecondary() external {
        _runAll(Shape.Primary, "primary");
    }

    function test_aFailingSecondaryBesideAHealthyPrimary() external {
        _runAll(Shape.Secondary, "secondary");
    }

    function test_bothLegsFailing() external {
        _runAll(Shape.Both, "both");
    }

    function test_aSingleLegFailing() external {
        _runAll(Shape.Single, "single");
    }

    function _runAll(Shape shape, string memory name) private {
        Row[] memory rows = FaultTable.rows();
        string memory cells;
        uint256 clean = vm.snapshotState();
        for (uint256 i; i < rows.length; ++i) {
            string memory cell = _run(rows[i], shape);
            cells = string.concat(cells, i == 0 ? "" : ",\n", cell);
            vm.revertToState(clean);
        }
        vm.createDir(FOLDER, true);
        vm.writeFile(string.concat(FOLDER, name, ".json"), string.concat("[\n", cells, "\n]\n"));
    }

    function _run(Row memory row, Shape shape) private returns (string memory) {
        _deploy(row, shape);
        string memory expected = _expected();
        bytes memory seen = new bytes(6);

        _strikeFirst();
        seen[0] = _read();
        string memory reader = shape == Shape.Primary ? _askReader() : "";
        string memory peer = shape == Shape.Primary && row.kind == Kind.Pyth ? _askPeer() : "";
        seen[1] = _poke();
        _pass(CONFIRM_DELAY + 100);
        seen[2] = _poke();
        _pass(T);
        seen[3] = _poke();
        for (uint256 i; i < 24; ++i) {
            _pass(T);
            seen[4] = _poke();
        }
        skip(60);
        _heal();
        seen[5] = _read();

        assertEq(string(seen), expected, string.concat(row.name, ": verdicts"));
        _restore(seen[5]);
        if (shape == Shape.Primary) assertEq(reader, row.reader, string.concat(row.name, ": try/catch"));
        return _json(string(seen), reader, peer);
    }

    // --- the life of a cell ----------------------------------------------------------------------

    function _deploy(Row memory row, Shape shape) private {
        (_row, _shape) = (row, shape);
        _first = makeLeg(_fails(true) ? row.kind : Kind.Plain, FIRST);
        _second = makeLeg(_fails(false) ? row.kind : Kind.Plain, SECOND);
        FallbackOracle.Deployment memory d = deployment();
        d.primary = _first.feed;
        d.secondary = shape == Shape.Single ? address(0) : _second.feed;
        _oracles[0] = new FallbackOracle(d);
        d.zeroOnPause = true;
        _oracles[1] = new FallbackOracle(d);

        skip(1_200);
        publish(_first);
        publish(_second);
        assertEq(_poke(), "L", string.concat(row.name, ": sound before the fault"));
        skip(300);
    }

    function _fails(bool first) private view returns (bool) {
        return _shape == Shape.Both || first == (_shape != Shape.Secondary);
    }

    /// @dev Until the fault is there: a silence has to last, and a slide has its steps.
    function _strikeFirst() private {
        Fault fault = _row.fault;
        if (fault == Fault.Stale || fault == Fault.PythStale) {
            _pass(T + 60);
        } else if (fault == Fault.SlideWithinWindow || fault == Fault.SlideOverHours) {
            for (slide = 1; slide < SLIDE_STEPS; ++slide) {
                _pass(fault == Fault.SlideWithinWindow ? 120 : 3_600);
                _read();
                _poke();
            }
            _pass(60);
        } else {
            _pass(0);
        }
    }

    /// @dev Time passes: the healthy leg publishes, the other fails.
    function _pass(uint256 time) private {
        skip(time);
        _turn(_first, _fails(true));
        _turn(_second, _fails(false));
    }

    function _turn(FaultyLeg memory leg, bool fails) private {
        if (fails) strike(leg, _row.fault);
        else publish(leg);
    }

    function _heal() private {
        if (_fails(true)) heal(_first);
        else publish(_first);
        if (_fails(false)) heal(_second);
        else publish(_second);
        _lastDecayed = 0;
    }

    /// @notice A healed market is Live, or Tripped and Live once the guardian has reset it at the healthy price.
    function _restore(bytes1 healed) private {
        if (healed == "T") {
            _poke();
            _heal();
            for (uint256 i; i < 2; ++i) {
                FallbackOracle oracle_ = _oracles[i];
                uint64 epoch = uint64(oracle_.contest() >> W.EPOCH);
                vm.prank(STEWARD);
                oracle_.reset(FIRST, block.timestamp, epoch, false);
            }
        }
        assertEq(_poke(), "L", string.concat(_row.name, ": restored"));
        assertEq(_read(), "L", string.concat(_row.name, ": restored"));
    }

    // --- what holds of every cell at every stage -------------------------------------------------

    function _read() private returns (bytes1) {
        IFallbackOracle.Status v = _observe(_oracles[0], false);
        assertEq(uint256(_observe(_oracles[1], true)), uint256(v), _row.name);
        return LETTERS[uint256(v)];
    }

    /// @notice A poke reverts on no verdict, and the view after it gives the same.
    function _poke() private returns (bytes1) {
        for (uint256 i; i < 2; ++i) {
            (IFallbackOracle.Status v, uint256 price, uint256 at) = _oracles[i].poke();
            (IFallbackOracle.Status viewed, uint256 viewedPrice, uint256 viewedAt,,) = _oracles[i].status();
            assertEq(uint256(v), uint256(viewed), string.concat(_row.name, ": view after poke"));
            assertEq(price, viewedPrice, _row.name);
            assertEq(at, viewedAt, _row.name);
            if (v == IFallbackOracle.Status.Live) _withinTolerance(price);
        }
        return _read();
    }

    /// @dev Properties 1 to 5 of the state machine, as far as one reading shows them.
    function _observe(FallbackOracle o, bool zeroOnPause) private returns (IFallbackOracle.Status v) {
        uint256 price;
        uint256 at;
        uint256 age;
        (v, price, at, age,) = o.status();
        bool paused = v == IFallbackOracle.Status.Contested || v == IFallbackOracle.Status.Stopped
            || v == IFallbackOracle.Status.Tripped;
        assertEq(price == 0, paused, string.concat(_row.name, ": a price or a pause"));
        assertEq(age, block.timestamp - at, _row.name);
        // Property 3.
        if (o.state() & W.TRIPPED != 0) assertEq(uint256(v), uint256(IFallbackOracle.Status.Tripped), _row.name);
        // Property 1.
        if (!paused) {
            assertLe(age, MAXIMUM_AGE, string.concat(_row.name, ": too old"));
            assertGt(at, 0, _row.name);
            assertGe(price, LEAST_PRICE, _row.name);
            assertLe(price, GREATEST_PRICE, _row.name);
        }
        if (v == IFallbackOracle.Status.Live) assertLe(age, T, string.concat(_row.name, ": live and stale"));
        if (v == IFallbackOracle.Status.Live || v == IFallbackOracle.Status.Secondary) _fresh(v, price);
        if (v == IFallbackOracle.Status.Held || v == IFallbackOracle.Status.Decaying) _aged(o, v, price, at);
        _surfaces(o, v, price, at, zeroOnPause);
        _checkpoint(o);
    }

    /// @dev Property 4: a healthy leg's own price, or within the band of it until a poke learns more.
    function _fresh(IFallbackOracle.Status v, uint256 price) private {
        _lastDecayed = 0;
        if (v == IFallbackOracle.Status.Secondary && !_fails(false)) assertEq(price, SECOND, _row.name);
        if (v == IFallbackOracle.Status.Live && _shape == Shape.Secondary) assertEq(price, FIRST, _row.name);
        uint256 bps = _apartBps(price, FIRST);
        if (bps > _worstBps) _worstBps = bps;
        // Hour by hour a market may move that far; within a window it may not.
        if (_row.fault != Fault.SlideOverHours) assertLe(bps, BAND_BPS, string.concat(_row.name, ": beyond the band"));
    }

    function _withinTolerance(uint256 price) private view {
        if (_shape != Shape.Primary) return;
        assertLe(_apartBps(price, SECOND), TOLERANCE_BPS, string.concat(_row.name, ": beyond the tolerance"));
    }

    /// @dev Property 2: price ≤ last·max(D(age), floor), never rising.
    function _aged(FallbackOracle o, IFallbackOracle.Status v, uint256 price, uint256 at) private {
        uint256 state = o.state();
        uint256 last = state & W.PRICE_MASK;
        if (at != (state >> W.PRICE_TIME) & W.TIME_MASK) last = _fails(true) ? _lastSaid() : FIRST;
        uint256 age = block.timestamp - at;
        if (v == IFallbackOracle.Status.Held) {
            assertLe(age, T, _row.name);
            assertEq(price, last, string.concat(_row.name, ": held"));
            return;
        }
        assertGt(age, T, _row.name);
        uint256 worth = Exact.worthAbove(configuration(), age);
        assertLe(price * 1e36, last * worth, string.concat(_row.name, ": above its decay"));
        if (_lastDecayed != 0) assertLe(price, _lastDecayed, string.concat(_row.name, ": rose while decaying"));
        _lastDecayed = price;
    }

    /// @dev The newer base is an answer that fails by its age alone, so the feed still says it.
    function _lastSaid() private view returns (uint256) {
        (, int256 answer,,,) = FallbackOracle(_first.feed).latestRoundData();
        return uint256(answer);
    }

    /// @dev Every priced surface gives the verdict's price, or reverts with the verdict.
    function _surfaces(
        FallbackOracle o,
        IFallbackOracle.Status v,
        uint256 price,
        uint256 at,
        bool zeroOnPause
    ) private view {
        bytes memory paused = abi.encodeWithSelector(IFallbackOracle.Paused.selector, ASSET, v);
        uint80 round = uint80(at);
        bytes memory answer = price == 0 ? paused : abi.encode(round, price, at, at, round);
        _gives(o, abi.encodeCall(o.latestRoundData, ()), price != 0, answer);
        answer = price == 0 && !zeroOnPause ? paused : abi.encode(price);
        _gives(o, abi.encodeCall(o.latestAnswer, ()), price != 0 || zeroOnPause, answer);
    }

    function _gives(FallbackOracle o, bytes memory call, bool succeeds, bytes memory data) private view {
        (bool ok, bytes memory given) = address(o).staticcall(call);
        assertEq(ok, succeeds, string.concat(_row.name, ": surface"));
        assertEq(given, data, string.concat(_row.name, ": surface"));
    }

    /// @dev The checkpoint read: in its own time and bounds, or a pause.
    function _checkpoint(FallbackOracle o) private view {
        (bool ok, bytes memory given) = address(o).staticcall(abi.encodeCall(o.lastPrice, ()));
        if (!ok) {
            assertEq(bytes4(given), IFallbackOracle.Paused.selector, _row.name);
            return;
        }
        (uint256 price, uint256 at) = abi.decode(given, (uint256, uint256));
        assertLe(block.timestamp - at, MAXIMUM_AGE, string.concat(_row.name, ": checkpoint too old"));
        assertLe(price, o.state() & W.PRICE_MASK, string.concat(_row.name, ": checkpoint above what was recorded"));
        assertGe(price, LEAST_PRICE, _row.name);
    }

    function _apartBps(uint256 price, uint256 from) private pure returns (uint256) {
        return (price < from ? from - price : price - from) * 10_000 / from;
    }

    // --- peers -----------------------------------------------------------------------------------

    /// @notice What a try/catch reader of the same feeds makes of the primary's fault.
    function _askReader() private returns (string memory) {
        TryCatchReader reader = new TryCatchReader(_first.feed, _second.feed, T);
        string memory little = _askReader(reader, LITTLE_GAS);
        string memory plenty = _askReader(reader, PLENTY_OF_GAS);
        if (keccak256(bytes(little)) == keccak256(bytes(plenty))) return plenty;
        return string.concat(little, " or ", plenty);
    }

    /// @dev Cold, as the first read of a transaction is.
    function _askReader(TryCatchReader reader, uint256 gas_) private returns (string memory) {
        vm.cool(_first.feed);
        vm.cool(_second.feed);
        try reader.price{gas: gas_}() returns (uint256 price) {
            if (price == SECOND) return "falls back";
            return price == FIRST ? "healthy" : "faulty";
        } catch {
            return "reverts";
        }
    }

    /// @notice What Pyth's own adapter answers, read with the 8 decimals that it reported when it was integrated.
    function _askPeer() private view returns (string memory) {
        try _first.peer.latestRoundData() returns (uint80, int256 answer, uint256, uint256 at, uint80) {
            string memory time = at > block.timestamp ? ", from the future" : "";
            if (block.timestamp > at + T) time = ", stale";
            return string.concat("answers ", answer == int256(FIRST) ? "the price" : vm.toString(answer), time);
        } catch {
            return "reverts";
        }
    }

    // --- the record ------------------------------------------------------------------------------

    function _expected() private view returns (string memory) {
        if (_shape == Shape.Primary) return _row.primary;
        if (_shape == Shape.Secondary) return _row.secondary;
        return _shape == Shape.Both ? _row.both : _row.single;
    }

    function _json(string memory seen, string memory reader, string memory peer) private view returns (string memory) {
        return string.concat(
            '{"fault": "', _row.name, '", "verdicts": "', seen, '", "worst_bps": ', vm.toString(_worstBps),
            ', "reader": "', reader, '", "peer": "', peer, '"}'
        );
    }
}
