// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title A feed that answers, or misbehaves, as it is told
contract FaultyFeed {
    enum Fault {
        None,
        Revert,
        RevertSilently,
        BurnGas,
        ShortReturn,
        EmptyReturn,
        ReturnBomb,
        RevertBomb,
        RevertWithAnswer
    }

    uint8 public immutable decimals;
    Fault public fault;
    int256 public answer;
    uint256 public updatedAt;

    error Down(uint256 at);

    constructor(uint8 decimals_) {
        decimals = decimals_;
    }

    function set(Fault fault_, int256 answer_, uint256 updatedAt_) external {
        (fault, answer, updatedAt) = (fault_, answer_, updatedAt_);
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        Fault f = fault;
        if (f == Fault.None) return (1, answer, updatedAt, updatedAt, 1);
        if (f == Fault.Revert) revert Down(updatedAt);
        if (f == Fault.RevertWithAnswer) _revertWithAnswer();
        assembly {
            switch f
            case 2 { revert(0, 0) }
            case 3 { invalid() }
            case 4 {
                mstore(0, 1)
                return(0, 0x80)
            }
            case 5 { return(0, 0) }
            case 6 { return(0, 1000000) }
            default { revert(0, 1000000) }
        }
    }

    /// @dev A well-formed answer behind a revert: only the call's own flag tells it apart.
    function _revertWithAnswer() private view {
        bytes memory data = abi.encode(uint80(1), answer, updatedAt, updatedAt, uint80(1));
        assembly {
            revert(add(data, 0x20), mload(data))
        }
    }
}
