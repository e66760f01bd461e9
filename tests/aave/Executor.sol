// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

/// @notice What holds the rights over a pool and runs payloads, with the interface and the behaviour of the Executor of
///         Aave's governance, which no package holds: written from its public interface.
contract Executor is Ownable {
    error InvalidExecutionTarget();
    error NotEnoughMsgValue();
    error FailedActionExecution(bytes returned);

    constructor() Ownable(msg.sender) {}

    function executeTransaction(
        address target,
        uint256 value,
        string calldata signature,
        bytes calldata data,
        bool withDelegatecall
    ) external payable onlyOwner returns (bytes memory returned) {
        if (target == address(0)) revert InvalidExecutionTarget();
        bytes memory sent = bytes(signature).length == 0 ? data : bytes.concat(bytes4(keccak256(bytes(signature))), data);
        bool success;
        if (withDelegatecall) {
            if (msg.value < value) revert NotEnoughMsgValue();
            (success, returned) = target.delegatecall(sent);
        } else {
            (success, returned) = target.call{value: value}(sent);
        }
        if (!success) revert FailedActionExecution(returned);
    }
}
