// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IParameterSteward} from "contracts/interfaces/IParameterSteward.sol";
import {Domains} from "contracts/libraries/Domains.sol";
import {ParameterSteward} from "contracts/ParameterSteward.sol";

/// @notice Batches for the steward, planned on the state as it is.
library Updates {
    function configure(address asset, uint256 word) internal pure returns (IParameterSteward.Update memory) {
        return IParameterSteward.Update(asset, uint8(Domains.ORACLE), 0, 0, word, 0);
    }

    function setReference(address asset, uint256 word) internal pure returns (IParameterSteward.Update memory) {
        return IParameterSteward.Update(asset, uint8(Domains.REFERENCE), 0, 0, 0, word);
    }

    function only(IParameterSteward.Update memory update)
        internal
        pure
        returns (IParameterSteward.Update[] memory batch)
    {
        batch = new IParameterSteward.Update[](1);
        batch[0] = update;
    }

    function hash(ParameterSteward steward, IParameterSteward.Update[] memory batch) internal view returns (bytes32) {
        address[] memory assets = new address[](batch.length);
        uint8[] memory masks = new uint8[](batch.length);
        for (uint256 i; i < batch.length; ++i) {
            (assets[i], masks[i]) = (batch[i].asset, batch[i].mask);
        }
        return steward.stateHash(assets, masks);
    }
}
