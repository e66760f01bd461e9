// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title What one parameter may do: an envelope, a step, a cooldown and a leaking budget
/// @notice One word per parameter, the same for all markets, least significant field first:
///         minimum 64 | maximum 64 | stepUp 32 | stepDown 32 | cooldown 24 (s) | window 24 (s) | budgetSteps 8 |
///         relative 1 | loosensUp 1 | loosensDown 1 | ramped 1.
///         Values are in the parameter's own encoded unit; with `relative` a step is in basis points of the current
///         value, so that a relative parameter at zero can only be moved by the governor.
///
///         | move of a value            | governor | steward                                              |
///         |----------------------------|----------|------------------------------------------------------|
///         | none                       | envelope at the first configuration only | the same             |
///         | tightening                 | envelope | envelope, step                                       |
///         | tightening, `ramped`       | envelope | envelope, step, cooldown                             |
///         | loosening                  | envelope | envelope, step, cooldown, budget, no lock, not paused |
///
///         A direction loosens where the flag says so; both may (rates: lower lends too cheaply, higher can liquidate).
///         `ramped` marks parameters whose tightening alone can liquidate (liquidation threshold, decay, staleness).
/// @dev A ledger section holds what the steward has spent of one domain (a word's parameters), least significant first:
///      lastAt 32 (s) | one 16-bit share of the budget per parameter. A full budget is `budgetSteps` steps in the
///      direction moved; it leaks linearly to nothing over `window`. Shares are rounded up and leaks down, so rounding
///      never lends a budget.
library Guardrails {
    uint256 internal constant MAXIMUM_OFFSET = 64;
    uint256 internal constant STEP_UP_OFFSET = 128;
    uint256 internal constant STEP_DOWN_OFFSET = 160;
    uint256 internal constant COOLDOWN_OFFSET = 192;
    uint256 internal constant WINDOW_OFFSET = 216;
    uint256 internal constant BUDGET_STEPS_OFFSET = 240;
    uint256 internal constant RELATIVE = 1 << 248;
    uint256 internal constant LOOSENS_UP = 1 << 249;
    uint256 internal constant LOOSENS_DOWN = 1 << 250;
    uint256 internal constant RAMPED = 1 << 251;
    uint256 internal constant WORD_BITS = 252;

    /// @notice A whole budget as a ledger share.
    uint256 internal constant FULL = 0xffff;
    uint256 internal constant BASIS_POINTS = 10_000;

    error GuardrailInvalid(uint256 id, uint256 rail);
    error OutsideEnvelope(address asset, uint256 id, uint256 value, uint256 minimum, uint256 maximum);
    error StepTooLarge(address asset, uint256 id, uint256 current, uint256 next, uint256 step);
    error CooldownActive(address asset, uint256 id, uint256 until);
    error BudgetExceeded(address asset, uint256 id, uint256 spent, uint256 cost);

    /// @notice Refuses a rail with stray bits, an empty envelope, or a metered direction that could never move.
    function requireValid(uint256 id, uint256 rail) internal pure {
        bool metered = rail & (LOOSENS_UP | LOOSENS_DOWN) != 0;
        bool endless = metered && (window(rail) == 0 || budgetSteps(rail) == 0);
        if (rail >> WORD_BITS != 0 || minimum(rail) > maximum(rail) || endless) revert GuardrailInvalid(id, rail);
    }

    /// @notice Refuses a value outside the absolute envelope. Both roles are held to it.
    function requireInEnvelope(address asset, uint256 id, uint256 rail, uint256 value) internal pure {
        if (value < minimum(rail) || value > maximum(rail)) {
            revert OutsideEnvelope(asset, id, value, minimum(rail), maximum(rail));
        }
    }

    /// @notice Whether moving from `current` to `next` goes in a direction that the rail calls loosening.
    function loosens(uint256 rail, uint256 current, uint256 next) internal pure returns (bool) {
        return rail & (next > current ? LOOSENS_UP : LOOSENS_DOWN) != 0;
    }

    /// @notice Refuses a move beyond the step, otherwise returns the share of a budget that it costs, rounded up.
    /// @dev Judged by cross multiplication, so that no rounding lets a larger step through. Safe unchecked: a move and
    ///      a value are below 2^64, a step below 2^32, so every product is below 2^64·10^4·2^16 < 2^94 or 2^96·2^8.
    function stepShare(address asset, uint256 id, uint256 rail, uint256 current, uint256 next)
        internal
        pure
        returns (uint256 share)
    {
        unchecked {
            bool up = next > current;
            uint256 step = uint32(rail >> (up ? STEP_UP_OFFSET : STEP_DOWN_OFFSET));
            uint256 move = up ? next - current : current - next;
            uint256 allowed = step;
            if (rail & RELATIVE != 0) {
                move *= BASIS_POINTS;
                allowed *= current;
            }
            if (move > allowed) revert StepTooLarge(asset, id, current, next, step);
            uint256 budget = allowed * budgetSteps(rail);
            // No budget at all costs more than all of it; requireValid keeps this to directions that do not loosen.
            return budget == 0 ? FULL + 1 : (move * FULL + budget - 1) / budget;
        }
    }

    /// @notice Refuses a move before the cooldown since the domain's last metered move has passed.
    function requireCool(address asset, uint256 id, uint256 rail, uint256 lastAt) internal view {
        uint256 until = lastAt + uint24(rail >> COOLDOWN_OFFSET);
        if (lastAt != 0 && block.timestamp < until) revert CooldownActive(asset, id, until);
    }

    /// @notice The share still spent after `elapsed` seconds of linear leaking, the leak rounded down.
    function leaked(uint256 rail, uint256 spent, uint256 elapsed) internal pure returns (uint256) {
        uint256 span = window(rail);
        if (elapsed >= span) return 0;
        // Safe: elapsed < span < 2^24, so the leak is at most FULL and the product below 2^40.
        unchecked {
            uint256 leak = (FULL * elapsed) / span;
            return leak < spent ? spent - leak : 0;
        }
    }

    /// @notice Adds a cost to what is spent; refuses to go beyond the budget.
    function requireBudget(address asset, uint256 id, uint256 spent, uint256 cost) internal pure returns (uint256) {
        if (spent + cost > FULL) revert BudgetExceeded(asset, id, spent, cost);
        return spent + cost;
    }

    function minimum(uint256 rail) internal pure returns (uint256) {
        return uint64(rail);
    }

    function maximum(uint256 rail) internal pure returns (uint256) {
        return uint64(rail >> MAXIMUM_OFFSET);
    }

    function window(uint256 rail) internal pure returns (uint256) {
        return uint24(rail >> WINDOW_OFFSET);
    }

    function budgetSteps(uint256 rail) internal pure returns (uint256) {
        return uint8(rail >> BUDGET_STEPS_OFFSET);
    }
}
