// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IFallbackOracle} from "contracts/interfaces/IFallbackOracle.sol";

/// What an oracle stores and was deployed with, a name each.
library Reads {
    function state(IFallbackOracle oracle) internal view returns (uint256) {
        return oracle.stored(IFallbackOracle.Word.State);
    }

    function configuration(IFallbackOracle oracle) internal view returns (uint256) {
        return oracle.stored(IFallbackOracle.Word.Configuration);
    }

    function contest(IFallbackOracle oracle) internal view returns (uint256) {
        return oracle.stored(IFallbackOracle.Word.Contest);
    }

    function referenceWord(IFallbackOracle oracle) internal view returns (uint256) {
        return oracle.stored(IFallbackOracle.Word.Reference);
    }

    function asset(IFallbackOracle oracle) internal view returns (address) {
        return oracle.constants().asset;
    }

    function steward(IFallbackOracle oracle) internal view returns (address) {
        return oracle.constants().steward;
    }
}
