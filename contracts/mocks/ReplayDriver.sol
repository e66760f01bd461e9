// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IFallbackOracle} from "../interfaces/IFallbackOracle.sol";
import {FaultyFeed} from "./FaultyFeed.sol";

/// @title One moment of an oracle's life in one call: what its feeds say, then a poke or a read
/// @dev For replays of the contract. It is the oracle's steward, so that a replay can reset.
contract ReplayDriver {
    struct Answer {
        FaultyFeed.Fault fault;
        int256 answer;
        uint256 updatedAt;
    }

    IFallbackOracle public oracle;
    FaultyFeed public primary;
    FaultyFeed public secondary;

    function connect(IFallbackOracle oracle_, FaultyFeed primary_, FaultyFeed secondary_) external {
        (oracle, primary, secondary) = (oracle_, primary_, secondary_);
    }

    /// @notice The verdict at this block's time.
    function step(Answer calldata first, Answer calldata second, bool poking)
        external
        returns (IFallbackOracle.Status status, uint256 price, uint256 updatedAt)
    {
        _say(first, second);
        return _ask(poking);
    }

    /// @notice As `step`, with the price before decay, which a view tells: where a poke serves a price, the view
    ///         before it serves the same.
    function stepUndecayed(Answer calldata first, Answer calldata second, bool poking)
        external
        returns (IFallbackOracle.Status status, uint256 price, uint256 updatedAt, uint256 undecayed)
    {
        _say(first, second);
        (,,,, undecayed) = oracle.status();
        (status, price, updatedAt) = _ask(poking);
        if (price == 0) undecayed = 0;
    }

    function reset(uint256 price, uint256 asOf) external {
        oracle.reset(price, asOf, uint64(oracle.stored(IFallbackOracle.Word.Contest) >> 64), true);
    }

    function _say(Answer calldata first, Answer calldata second) private {
        primary.set(first.fault, first.answer, first.updatedAt);
        if (address(secondary) != address(0)) secondary.set(second.fault, second.answer, second.updatedAt);
    }

    function _ask(bool poking) private returns (IFallbackOracle.Status status, uint256 price, uint256 updatedAt) {
        if (poking) return oracle.poke();
        (status, price, updatedAt,,) = oracle.status();
    }
}
