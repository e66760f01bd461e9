// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

/// @notice What a leg is made of.
enum Kind {
    Plain, // a feed that answers directly
    Proxied, // an aggregator behind a proxy
    Pyth // a PythSource over the SDK's Pyth
}

enum Fault {
    Stale,
    Zero,
    Negative,
    Least,
    Greatest,
    BelowBounds,
    AboveBounds,
    TimeZero,
    Future,
    JumpDown,
    JumpUp,
    SlideWithinWindow,
    SlideOverHours,
    Revert,
    RevertSilently,
    RevertWithAnswer,
    BurnGas,
    NoCode,
    ShortReturn,
    EmptyReturn,
    ReturnBomb,
    RevertBomb,
    BulkyReturn,
    BulkyRevert,
    Reentrant,
    Writing,
    Decimals,
    NewPhase,
    AggregatorGone,
    TooHeavy,
    BarelyLight,
    PythStale,
    PythWide,
    PythExponentPositive,
    PythExponentTiny,
    PythExponentMoved,
    PythNegative,
    PythUnknown,
    PythAhead,
    PythFarAhead
}

/// @notice Which legs the asset has, and which of them fails.
enum Shape {
    Primary,
    Secondary,
    Both,
    Single
}

/// @notice One fault: what it is, and the verdict expected of every shape at every stage.
/// @dev A string of verdicts has one letter a stage: read at once, poked at once, poked a delay and a round later,
///      poked beyond T, poked beyond the maximum age, read once healed.
///      L Live, S Secondary, C Contested, H Held, D Decaying, X Stopped, T Tripped (until a reset).
struct Row {
    Fault fault;
    Kind kind;
    string name;
    string primary;
    string secondary;
    string both;
    string single;
    string reader;
}

/// @title Every fault and every expected verdict
/// @notice `reader` is what a plain try/catch reader does when the primary fails beside a healthy secondary: it
///         `falls back`, serves the `faulty` or a `healthy` answer of the primary, or `reverts`; two of these where
///         the gas supplied decides between them.
library FaultTable {
    // What most faults come to. A dead leg leaves the other; two dead legs leave the checkpoint.
    string private constant OTHER = "SSSSSL";
    string private constant DROPPED = "LLLLLL";
    string private constant SILENT = "HHHDXL";
    string private constant SILENT_SINCE_T = "DDDDXL";
    string private constant TRIPS = "TTTTTT";
    string private constant CONTESTED_THEN_TRIPS = "CCTTTT";
    string private constant CONTESTED = "CCCCCL";
    string private constant NO_FAULT = "LLLLLL";
    // What the band admits hour by hour; the return is then itself a jump.
    string private constant DRIFTS = "LLLLLT";

    // A reader whose answer depends on the gas that its caller supplies.
    string private constant GAS = "reverts or falls back";

    function rows() internal pure returns (Row[] memory r) {
        r = new Row[](uint256(type(Fault).max) + 1);
        _values(r);
        _calls(r);
        _proxied(r);
        _pyth(r);
    }

    function _values(Row[] memory r) private pure {
        _dead(r, Fault.Stale, Kind.Plain, "not renewed for T + 60 s", SILENT_SINCE_T, "falls back");
        _dead(r, Fault.Zero, Kind.Plain, "answer 0", SILENT, "falls back");
        _dead(r, Fault.Negative, Kind.Plain, "answer negative", SILENT, "falls back");
        _dead(r, Fault.Least, Kind.Plain, "answer of the least int256", SILENT, "falls back");
        _dead(r, Fault.Greatest, Kind.Plain, "answer of the greatest int256", SILENT, "faulty");
        _dead(r, Fault.BelowBounds, Kind.Plain, "answer below the asset's bounds", SILENT, "faulty");
        _dead(r, Fault.AboveBounds, Kind.Plain, "answer above the asset's bounds", SILENT, "faulty");
        _dead(r, Fault.TimeZero, Kind.Plain, "updatedAt 0", SILENT, "falls back");
        _dead(r, Fault.Future, Kind.Plain, "updatedAt an hour ahead", SILENT, "reverts");
        _jump(r, Fault.JumpDown, "fresh jump of -10 %");
        _jump(r, Fault.JumpUp, "fresh jump of +10 %");
        string memory name = "-10 % in twenty steps within a window";
        _row(r, Fault.SlideWithinWindow, Kind.Plain, name, TRIPS, DROPPED, TRIPS, TRIPS, "faulty");
        name = "-10 % in twenty hourly steps";
        _row(r, Fault.SlideOverHours, Kind.Plain, name, CONTESTED, CONTESTED, DRIFTS, DRIFTS, "faulty");
    }

    function _calls(Row[] memory r) private pure {
        _dead(r, Fault.Revert, Kind.Plain, "revert", SILENT, "falls back");
        _dead(r, Fault.RevertSilently, Kind.Plain, "revert without data", SILENT, "falls back");
        _dead(r, Fault.RevertWithAnswer, Kind.Plain, "revert that carries a well-formed answer", SILENT, "falls back");
        _dead(r, Fault.BurnGas, Kind.Plain, "all gas burnt", SILENT, GAS);
        _dead(r, Fault.NoCode, Kind.Plain, "no code (destroyed)", SILENT, "reverts");
        _dead(r, Fault.ShortReturn, Kind.Plain, "short return (four words)", SILENT, "reverts");
        _dead(r, Fault.EmptyReturn, Kind.Plain, "empty return", SILENT, "reverts");
        _dead(r, Fault.ReturnBomb, Kind.Plain, "return of 1 MB", SILENT, GAS);
        _dead(r, Fault.RevertBomb, Kind.Plain, "revert of 1 MB", SILENT, GAS);
        _sound(r, Fault.BulkyReturn, Kind.Plain, "healthy answer with 200 kB after it", "reverts or healthy");
        _dead(r, Fault.BulkyRevert, Kind.Plain, "revert of 200 kB that begin like an answer", SILENT, "falls back");
        _sound(r, Fault.Reentrant, Kind.Plain, "reentrant: pokes when it is read");
        _dead(r, Fault.Writing, Kind.Plain, "writes its storage when it is read", SILENT, GAS);
    }

    function _proxied(Row[] memory r) private pure {
        _dead(r, Fault.Decimals, Kind.Proxied, "decimals changed from 8 to 18", SILENT, "faulty");
        _sound(r, Fault.NewPhase, Kind.Proxied, "new phase: aggregator replaced, round ids jump");
        _dead(r, Fault.AggregatorGone, Kind.Proxied, "aggregator behind the proxy without code", SILENT, "falls back");
        _dead(r, Fault.TooHeavy, Kind.Proxied, "heavy proxied feed: more gas than the allowance", SILENT, "healthy");
        _sound(r, Fault.BarelyLight, Kind.Proxied, "heavy proxied feed: almost all of the allowance");
    }

    function _pyth(Row[] memory r) private pure {
        _dead(r, Fault.PythStale, Kind.Pyth, "Pyth not renewed for T + 60 s", SILENT_SINCE_T, "falls back");
        _dead(r, Fault.PythWide, Kind.Pyth, "Pyth confidence blown up to 5 %", SILENT, "falls back");
        _dead(r, Fault.PythExponentPositive, Kind.Pyth, "Pyth exponent positive", SILENT, "falls back");
        _dead(r, Fault.PythExponentTiny, Kind.Pyth, "Pyth exponent below -18", SILENT, "falls back");
        _sound(r, Fault.PythExponentMoved, Kind.Pyth, "Pyth exponent from -8 to -5, price with it");
        _dead(r, Fault.PythNegative, Kind.Pyth, "Pyth price negative", SILENT, "falls back");
        _dead(r, Fault.PythUnknown, Kind.Pyth, "Pyth price id unknown", SILENT, "falls back");
        _sound(r, Fault.PythAhead, Kind.Pyth, "Pyth 15 s ahead");
        _dead(r, Fault.PythFarAhead, Kind.Pyth, "Pyth 16 s ahead", SILENT, "falls back");
    }

    // A leg that is invalid or stale.
    function _dead(Row[] memory r, Fault f, Kind k, string memory name, string memory alone, string memory reader)
        private
        pure
    {
        _row(r, f, k, name, OTHER, DROPPED, alone, alone, reader);
    }

    // What looks like a fault and is none.
    function _sound(Row[] memory r, Fault f, Kind k, string memory name) private pure {
        _sound(r, f, k, name, "healthy");
    }

    function _sound(Row[] memory r, Fault f, Kind k, string memory name, string memory reader) private pure {
        _row(r, f, k, name, NO_FAULT, NO_FAULT, NO_FAULT, NO_FAULT, reader);
    }

    // A fresh answer outside the band.
    function _jump(Row[] memory r, Fault f, string memory name) private pure {
        _row(r, f, Kind.Plain, name, CONTESTED_THEN_TRIPS, DROPPED, TRIPS, TRIPS, "faulty");
    }

    function _row(
        Row[] memory r,
        Fault fault,
        Kind kind,
        string memory name,
        string memory primary,
        string memory secondary,
        string memory both,
        string memory single,
        string memory reader
    ) private pure {
        r[uint256(fault)] = Row(fault, kind, name, primary, secondary, both, single, reader);
    }
}
