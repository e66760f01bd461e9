// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {FallbackOracle} from "contracts/FallbackOracle.sol";
import {Leg} from "contracts/libraries/Leg.sol";

/// @notice The oracle with its storage words, and what its legs are judged to be, in a proof's hands.
contract PlantedOracle is FallbackOracle {
    Leg private _first;
    Leg private _second;

    constructor(Deployment memory d) FallbackOracle(d) {}

    function plant(uint256 state_, uint256 contest_, uint256 referenceWord_, Leg first, Leg second) external {
        (state, contest, referenceWord) = (state_, contest_, referenceWord_);
        (_first, _second) = (first, second);
    }

    function _primaryLeg(uint256, uint256) internal view override returns (Leg) {
        return _first;
    }

    function _secondaryLeg(uint256, uint256) internal view override returns (Leg) {
        return _second;
    }
}
