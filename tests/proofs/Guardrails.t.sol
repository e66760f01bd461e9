// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {Test} from "forge-std/Test.sol";

import {Guardrails} from "contracts/libraries/Guardrails.sol";

/// @notice One step under any valid guardrail, from any value and any spent budget.
///
///         Induction: let a value lie in its envelope and its spent share at or below FULL, as at the first
///         configuration, when nothing is spent. A step that the steward may take lands in the envelope
///         (`check_anAcceptedValueIsInItsEnvelope`), moves by at most the step (`check_anAcceptedMoveIsWithinItsStep`),
///         and leaves a share at or below FULL (`check_spentNeverExceedsTheBudget`); time only lowers the share
///         (`check_leakingOnlyLowers`). So no sequence of steps leaves the envelope or overdraws the budget. That a share
///         is at least what the move costs, and that what leaks is linear in time, is proved over the integers in
///         `lemmas.py`: hence in a window no more than twice the budget can be moved, once at its start and once leaked.
///
///         The steward decides by the same rules in one loop of assembly (`steward/Metering.sol`), which these proofs do not
///         see: `MeteringTest` holds it to them, refusal by refusal, and the mirror's walk does.
contract GuardrailProof is Test {
    function check_anAcceptedValueIsInItsEnvelope(uint256 rail, uint64 value) public view {
        if (!_accepts(abi.encodeCall(this.envelope, (rail, value)))) return;
        assert(uint64(rail) <= value && value <= uint64(rail >> 64));
    }

    /// @notice Up by at most the step up, down by at most the step down; in basis points of the value where relative.
    function check_anAcceptedMoveIsWithinItsStep(uint256 rail, uint64 current, uint64 next) public view {
        if (!_accepts(abi.encodeCall(this.step, (rail, current, next)))) return;
        bool up = next > current;
        uint256 step_ = up ? uint32(rail >> 128) : uint32(rail >> 160);
        bool relative = (rail >> 248) & 1 != 0;
        // Safe unchecked, and needed: a check of overflow divides one unknown by another. The solver takes a product of
        // unknowns for any function of its factors in their order, which here is the contract's.
        unchecked {
            uint256 move = up ? uint256(next) - current : uint256(current) - next;
            assert(relative ? move * 10_000 <= uint256(current) * step_ : move <= step_);
        }
    }

    /// @notice A budget is refused or added to, to the last unit.
    function check_spentNeverExceedsTheBudget(uint16 spent, uint256 cost) public view {
        vm.assume(cost < 1 << 128);
        (bool accepted, bytes memory answer) = address(this).staticcall(abi.encodeCall(this.budget, (spent, cost)));
        assert(accepted == (spent + cost <= 65_535));
        if (accepted) assert(abi.decode(answer, (uint256)) == spent + cost);
    }

    function check_leakingOnlyLowers(uint256 rail, uint16 spent, uint32 elapsed) public pure {
        uint256 left = Guardrails.leaked(rail, spent, elapsed);
        assert(left <= spent);
        if (elapsed >= uint24(rail >> 216)) assert(left == 0);
    }

    function check_aCooldownIsKept(uint256 rail, uint32 lastAt, uint32 time) public {
        vm.warp(time);
        bool accepted = _accepts(abi.encodeCall(this.cooldown, (rail, lastAt)));
        assert(accepted == (lastAt == 0 || time >= uint256(lastAt) + uint24(rail >> 192)));
    }

    function check_loosensAsItsFlagsSay(uint256 rail, uint64 current, uint64 next) public pure {
        bool flag = next > current ? (rail >> 249) & 1 != 0 : (rail >> 250) & 1 != 0;
        assert(Guardrails.loosens(rail, current, next) == flag);
    }

    function envelope(uint256 rail, uint256 value) external pure {
        Guardrails.requireInEnvelope(address(0), 0, rail, value);
    }

    function step(uint256 rail, uint256 current, uint256 next) external pure {
        Guardrails.stepShare(address(0), 0, rail, current, next);
    }

    function budget(uint256 spent, uint256 cost) external pure returns (uint256) {
        return Guardrails.requireBudget(address(0), 0, spent, cost);
    }

    function cooldown(uint256 rail, uint256 lastAt) external view {
        Guardrails.requireCool(address(0), 0, rail, lastAt);
    }

    function _accepts(bytes memory call) private view returns (bool accepted) {
        (accepted,) = address(this).staticcall(call);
    }
}
