// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {CollateralWord as C} from "contracts/libraries/CollateralWord.sol";
import {Guardrails as G} from "contracts/libraries/Guardrails.sol";

/// @notice The collateral word, spelt out; units as in `CollateralWord`.
struct Collateral {
    uint256 ltv;
    uint256 liquidationThreshold;
    uint256 bonus;
    uint256 supplyCap;
    uint256 debtCeiling;
}

/// @notice A guardrail word, spelt out; units as in `Guardrails`.
struct Rail {
    uint256 minimum;
    uint256 maximum;
    uint256 stepUp;
    uint256 stepDown;
    uint256 cooldown;
    uint256 window;
    uint256 budgetSteps;
    uint256 flags;
}

using {collateralWord} for Collateral global;
using {railWord} for Rail global;

function collateralWord(Collateral memory c) pure returns (uint256) {
    return c.ltv | c.liquidationThreshold << C.LIQUIDATION_THRESHOLD_OFFSET | c.bonus << C.BONUS_OFFSET
        | c.supplyCap << C.SUPPLY_CAP_OFFSET | c.debtCeiling << C.DEBT_CEILING_OFFSET;
}

function railWord(Rail memory r) pure returns (uint256) {
    return r.minimum | r.maximum << G.MAXIMUM_OFFSET | r.stepUp << G.STEP_UP_OFFSET | r.stepDown << G.STEP_DOWN_OFFSET
        | r.cooldown << G.COOLDOWN_OFFSET | r.window << G.WINDOW_OFFSET | r.budgetSteps << G.BUDGET_STEPS_OFFSET
        | r.flags;
}
