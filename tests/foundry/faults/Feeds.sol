// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {FaultyFeed} from "contracts/mocks/FaultyFeed.sol";

/// @notice Code to plant over a `FaultyFeed`, whose storage it shares.
abstract contract PlantedFeed {
    FaultyFeed.Fault internal _fault;
    int256 internal _answer;
    uint256 internal _updatedAt;

    function set(FaultyFeed.Fault fault_, int256 answer_, uint256 updatedAt_) external {
        (_fault, _answer, _updatedAt) = (fault_, answer_, updatedAt_);
    }
}

/// @notice Pokes whoever reads it, and halves its answer if that succeeds.
contract ReentrantFeed is PlantedFeed {
    function latestRoundData() external returns (uint80, int256, uint256, uint256, uint80) {
        // solhint-disable-next-line avoid-low-level-calls
        (bool poked,) = msg.sender.call(abi.encodeWithSignature("poke()"));
        return (1, poked ? _answer / 2 : _answer, _updatedAt, _updatedAt, 1);
    }
}

/// @notice Writes its own storage when it is read.
contract WritingFeed is PlantedFeed {
    function latestRoundData() external returns (uint80, int256, uint256, uint256, uint80) {
        ++_updatedAt;
        return (1, _answer, _updatedAt, _updatedAt, 1);
    }
}

// As much data as the allowance pays for: a megabyte costs two million gas.
uint256 constant BULK = 200_000;

/// @notice An answer with 200 kB after it.
contract BulkyFeed is PlantedFeed {
    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        bytes memory data = abi.encode(uint80(1), _answer, _updatedAt, _updatedAt, uint80(1));
        uint256 size = BULK;
        assembly {
            return(add(data, 0x20), size)
        }
    }
}

/// @notice A revert with 200 kB that begin like an answer.
contract BulkyRevert is PlantedFeed {
    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        bytes memory data = abi.encode(uint80(1), _answer, _updatedAt, _updatedAt, uint80(1));
        uint256 size = BULK;
        assembly {
            revert(add(data, 0x20), size)
        }
    }
}

/// @notice An aggregator that spends a given amount of gas before it answers.
contract HeavyAggregator {
    uint8 public constant decimals = 8;
    uint256 private immutable SPENT;
    int256 private _answer;
    uint256 private _updatedAt;

    constructor(uint256 spent) {
        SPENT = spent;
    }

    function push(int192 answer, uint32 at) external {
        (_answer, _updatedAt) = (answer, at);
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        uint256 from = gasleft();
        while (from - gasleft() < SPENT) {}
        return (1, _answer, _updatedAt, _updatedAt, 1);
    }
}
