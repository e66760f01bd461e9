// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IFallbackOracle} from "../interfaces/IFallbackOracle.sol";
import {ParameterSteward} from "../ParameterSteward.sol";

/// @title Everything a plan rests on, read in one call
/// @notice Never deployed: its creation code is the data of an `eth_call` without a receiver, and what the constructor
///         returns is the answer. So one call at one block reads the whole state on any chain, without a multicall
///         contract, and nothing can change between two reads.
contract StateLens {
    /// @dev `priced` is false and `price` 0 while the oracle pauses.
    struct MarketView {
        bool listed;
        address oracle;
        address accrual;
        uint64 lockedUntil;
        uint256 collateralWord;
        uint256 rateWord;
        uint256 oracleWord;
        uint256 referenceWord;
        uint256 epoch;
        uint256 ledgerMain;
        uint256 ledgerOracle;
        uint256 ledgerReference;
        uint8 verdict;
        uint256 price;
    }

    struct StewardView {
        uint256 time;
        bool callerIsGovernor;
        bool callerIsSteward;
        uint256 priceMoveLimit;
        uint256 batchEpoch;
        uint256[] guardrails;
        MarketView[] markets;
    }

    /// @param caller Whose roles are asked for.
    /// @param parameters How many guardrail words there are.
    constructor(ParameterSteward steward, address caller, uint256 parameters, address[] memory assets) {
        StewardView memory all;
        all.time = block.timestamp;
        all.callerIsGovernor = steward.hasRole(steward.DEFAULT_ADMIN_ROLE(), caller);
        all.callerIsSteward = steward.hasRole(steward.STEWARD_ROLE(), caller);
        all.priceMoveLimit = steward.priceMoveLimit();
        all.batchEpoch = steward.batchEpoch();
        all.guardrails = new uint256[](parameters);
        for (uint256 id = 0; id < parameters; ++id) all.guardrails[id] = steward.guardrail(id);
        all.markets = new MarketView[](assets.length);
        for (uint256 i = 0; i < assets.length; ++i) _look(steward, assets[i], all.markets[i]);

        bytes memory answer = abi.encode(all);
        assembly ("memory-safe") {
            return(add(answer, 0x20), mload(answer))
        }
    }

    function _look(ParameterSteward steward, address asset, MarketView memory market) private view {
        (market.accrual, market.lockedUntil, market.listed, market.oracle) = steward.markets(asset);
        if (!market.listed) return;
        (
            market.collateralWord,
            market.rateWord,
            market.oracleWord,
            market.referenceWord,
            market.epoch
        ) = steward.marketWords(asset);
        (market.ledgerMain, market.ledgerOracle, market.ledgerReference) = steward.ledgers(asset);
        (IFallbackOracle.Status verdict, uint256 price, , , ) = IFallbackOracle(market.oracle).status();
        (market.verdict, market.price) = (uint8(verdict), price);
    }
}
