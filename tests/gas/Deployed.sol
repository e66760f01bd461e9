// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

// What is deployed and not measured, compiled for its size as it is released.
import {AaveRateStrategy} from "contracts/adapters/AaveRateStrategy.sol";
import {CompoundAccrual} from "contracts/adapters/CompoundAccrual.sol";
import {CompoundRateModel} from "contracts/adapters/CompoundRateModel.sol";
import {EulerRateModel} from "contracts/adapters/EulerRateModel.sol";
import {MorphoAccrual} from "contracts/adapters/MorphoAccrual.sol";
import {MorphoOracle} from "contracts/adapters/MorphoOracle.sol";
import {MorphoRateModel} from "contracts/adapters/MorphoRateModel.sol";
import {QuoteOracle} from "contracts/adapters/QuoteOracle.sol";
import {SequencerSentinel} from "contracts/adapters/SequencerSentinel.sol";
import {StateLens} from "contracts/lens/StateLens.sol";
