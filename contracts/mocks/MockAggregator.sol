// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title An aggregator with the storage shape of a real one: a hot slot and one packed slot per round
contract MockAggregator {
    struct Round {
        int192 answer;
        uint32 observedAt;
        uint32 transmittedAt;
    }

    uint32 public latestRound;
    uint8 public immutable decimals;
    uint16 private immutable PHASE;
    mapping(uint32 => Round) private _rounds;

    constructor(uint8 decimals_, uint16 phase_) {
        decimals = decimals_;
        PHASE = phase_;
    }

    function push(int192 answer, uint32 at) external {
        _rounds[++latestRound] = Round(answer, at, at);
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        uint32 latest = latestRound;
        Round memory r = _rounds[latest];
        uint80 id = (uint80(PHASE) << 64) | latest;
        return (id, r.answer, r.observedAt, r.transmittedAt, id);
    }
}
