// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

// Governance as it is published, compiled for the tests that run on a node: nothing here is ours.
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {Safe} from "@safe-global/safe-contracts/contracts/Safe.sol";
import {MultiSendCallOnly} from "@safe-global/safe-contracts/contracts/libraries/MultiSendCallOnly.sol";
import {SafeProxyFactory} from "@safe-global/safe-contracts/contracts/proxies/SafeProxyFactory.sol";

import {VotingGovernor, VotingToken} from "../foundry/governance/Voting.sol";
