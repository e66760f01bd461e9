// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {SSTORE2} from "solady/src/utils/SSTORE2.sol";

import {IParameterSteward} from "../interfaces/IParameterSteward.sol";
import {Domains} from "../libraries/Domains.sol";
import {Guardrails} from "../libraries/Guardrails.sol";

/// @title Holds the moves of a word to the guardrails of its parameters, and keeps what they spend
/// @notice What a guardrail says is in `libraries/Guardrails.sol`, with the layout of the ledger's sections.
/// @dev The guardrail words are kept as the code of a contract: a batch reads all of them for the price of one account,
///      where a storage slot each would cost 2 100 gas.
abstract contract Metering {
    using Domains for uint256;
    using Guardrails for uint256;

    /// @dev One market's judgement as it proceeds from domain to domain; used again for the next market of a batch.
    ///      `domain` is the one at hand: as an argument it would make the compiler copy the judgement for each domain.
    struct Judgement {
        address asset;
        bool byGovernor;
        bool loosened;
        uint256 lockedUntil;
        bytes rails;
        uint256 domain;
    }

    /// @dev What `_meter` notes of the moves that it saw.
    uint256 private constant LOOSENED = 1;
    uint256 private constant REFUSED = 1 << 255;

    uint256 private constant RAILS_SIZE = Domains.PARAMETERS * 32;

    /// @notice Counts applied batches.
    uint64 public batchEpoch;
    /// @notice By how much, in basis points, an update may move the price of a priced market.
    uint16 public priceMoveLimit;
    /// @dev Holds the guardrail words in the order of their ids; zero before the first.
    address private _railsHolder;

    /// @notice The guardrail word of a parameter; zero refuses every value but zero.
    function guardrail(uint256 id) external view returns (uint256) {
        return id < Domains.PARAMETERS ? _rail(_rails(), id) : 0;
    }

    function _setGuardrails(uint256[] calldata ids, uint256[] calldata words) internal {
        if (ids.length != words.length) revert IParameterSteward.LengthMismatch(ids.length, words.length);
        bytes memory rails = _rails();
        for (uint256 i = 0; i < ids.length; ++i) {
            (uint256 id, uint256 word) = (ids[i], words[i]);
            if (id >= Domains.PARAMETERS) revert IParameterSteward.ParameterUnknown(id);
            Guardrails.requireValid(id, word);
            emit IParameterSteward.GuardrailSet(id, _rail(rails, id), word);
            assembly ("memory-safe") {
                mstore(add(add(rails, 0x20), shl(5, id)), word)
            }
        }
        _railsHolder = SSTORE2.write(rails);
    }

    function _judgement(bool byGovernor) internal view returns (Judgement memory judgement) {
        judgement.byGovernor = byGovernor;
        judgement.rails = _rails();
    }

    /// @dev Judges the moves of one domain and returns its renewed ledger section: as it was unless a metered move was
    ///      made, else leaked up to now with the costs added.
    function _judge(
        Judgement memory judgement,
        uint256 domain,
        uint256 current,
        uint256 next,
        uint256 section
    ) internal view returns (uint256) {
        judgement.domain = domain;
        return _judgeDomain(judgement, current, next, section);
    }

    function _judgeDomain(Judgement memory judgement, uint256 current, uint256 next, uint256 section)
        private
        view
        returns (uint256)
    {
        if (current == next && current != 0) return section;
        if (judgement.byGovernor) {
            _requireEnvelopes(judgement, current, next);
            return section;
        }
        if (current == 0) {
            revert IParameterSteward.FirstConfigurationIsGovernors(judgement.asset, judgement.domain.first());
        }

        (uint256 renewed, uint256 seen, uint256 refused) = _meter(judgement, current, next, section);
        if (seen & LOOSENED != 0) {
            judgement.loosened = true;
            if (block.timestamp <= judgement.lockedUntil) refused |= REFUSED;
        }
        if (refused >= REFUSED) _refuse(judgement, current, next, section);
        return seen == 0 ? section : renewed;
    }

    /// @dev The governor's moves, and all fields of a first configuration, lie in their envelopes.
    function _requireEnvelopes(Judgement memory judgement, uint256 current, uint256 next) private pure {
        uint256 domain = judgement.domain;
        uint256 id = domain.first();
        uint256 end = id + domain.count();
        for (; id < end; ++id) {
            uint256 value = domain.head(next);
            if (current == 0 || value != domain.head(current)) {
                Guardrails.requireInEnvelope(judgement.asset, id, _rail(judgement.rails, id), value);
            }
            domain >>= 16;
        }
    }

    /// @dev Holds the steward's moves of one domain to envelope, step, cooldown and budget; locks are the caller's.
    ///      Returns the section leaked up to now with the costs added; whether a move was metered (2), loosening (1);
    ///      and a word that reaches `REFUSED` if a move is refused.
    ///      Says yes or no at what `Guardrails` says in words; a test holds the two together, field by field.
    ///
    ///      A comparison a ≤ b is the subtraction b − a, whose top bit is set where it does not hold: every quantity
    ///      is far below 2^255 (the bounds of `Guardrails.stepShare` and `leaked`). The differences are joined and
    ///      looked at once. `shares` is a queue: what was spent leaves at the bottom, what is spent enters at the top;
    ///      at most 13 shares of 16 bits, so that neither meets the other.
    function _meter(Judgement memory judgement, uint256 current, uint256 next, uint256 shares)
        private
        view
        returns (uint256 renewed, uint256 seen, uint256 refused)
    {
        bytes memory rails = judgement.rails;
        uint256 domain = judgement.domain;
        assembly ("memory-safe") {
            // Below, `judgement` points to the guardrail word of the parameter at hand.
            judgement := add(add(rails, 0x20), shl(5, byte(0, domain)))
            renewed := byte(1, domain)
            mstore(0x00, current)
            // The time since the domain's last metered move; without one, longer than any span. In memory, or the
            // compiler works it out anew for each use.
            current := and(shares, 0xffffffff)
            mstore(0x20, add(sub(timestamp(), current), shl(32, iszero(current))))
            shares := shr(32, shares)
            for { domain := shr(16, shl(16, domain)) } domain { domain := shr(16, domain) } {
                let rail := mload(judgement)
                judgement := add(judgement, 0x20)
                let spent := and(shares, 0xffff)
                shares := shr(16, shares)
                {
                    let window := and(shr(216, rail), 0xffffff)
                    let leak := div(mul(0xffff, mload(0x20)), window)
                    spent := mul(and(gt(spent, leak), lt(mload(0x20), window)), sub(spent, leak))
                }
                let move := sub(shl(byte(30, domain), 1), 1)
                let value := and(shr(byte(31, domain), next), move)
                current := and(shr(byte(31, domain), mload(0x00)), move)
                move := sub(value, current)
                if move {
                    refused := or(
                        refused,
                        or(
                            sub(value, and(rail, 0xffffffffffffffff)),
                            sub(and(shr(64, rail), 0xffffffffffffffff), value)
                        )
                    )
                    // Down: all ones, and the move is negated. From here on `value` is what is allowed.
                    let down := sub(0, gt(current, value))
                    move := sub(xor(move, down), down)
                    // The step up is at bit 128, the step down at 160.
                    value := and(shr(add(128, and(down, 32)), rail), 0xffffffff)
                    if and(shr(248, rail), 1) {
                        // Relative: in basis points of the current value.
                        move := mul(move, 10000)
                        value := mul(value, current)
                    }
                    refused := or(refused, sub(value, move))
                    // Whether the move loosens: up at bit 249, down at 250. Ramped, the top bit, is metered as well.
                    let loosens := and(shr(sub(249, down), rail), 1)
                    down := or(loosens, shr(251, rail))
                    seen := or(seen, or(shl(1, down), loosens))
                    refused := or(refused, mul(down, sub(mload(0x20), and(shr(192, rail), 0xffffff))))
                    // `value` becomes the whole budget; it is zero only where nothing loosens or the step has refused.
                    value := mul(value, byte(1, rail))
                    spent := add(spent, mul(loosens, div(add(mul(move, 0xffff), sub(value, 1)), value)))
                    refused := or(refused, sub(0xffff, spent))
                }
                shares := or(shares, shl(240, spent))
            }
            // The first share back to bit 32.
            renewed := or(shl(32, shr(sub(256, shl(4, renewed)), shares)), and(timestamp(), 0xffffffff))
        }
    }

    /// @dev Names what is wrong with the moves of one domain, the first of several.
    function _refuse(Judgement memory judgement, uint256 current, uint256 next, uint256 section)
        private
        view
    {
        uint256 domain = judgement.domain;
        for (uint256 index = 0; index < domain.count(); ++index) {
            uint256 here = domain.field(current, index);
            uint256 there = domain.field(next, index);
            if (here == there) continue;
            uint256 spent = uint16(section >> (32 + 16 * index));
            _requireMove(judgement, domain.first() + index, here, there, uint32(section), spent);
        }
        // Not reached while the two agree on what is refused.
        assert(false);
    }

    /// @dev One parameter's move by the steward.
    function _requireMove(
        Judgement memory judgement,
        uint256 id,
        uint256 current,
        uint256 next,
        uint256 lastAt,
        uint256 spent
    ) private view {
        address asset = judgement.asset;
        uint256 rail = _rail(judgement.rails, id);
        Guardrails.requireInEnvelope(asset, id, rail, next);
        uint256 cost = Guardrails.stepShare(asset, id, rail, current, next);
        bool loosens = rail.loosens(current, next);
        if (loosens || rail & Guardrails.RAMPED != 0) Guardrails.requireCool(asset, id, rail, lastAt);
        if (!loosens) return;
        uint256 until = judgement.lockedUntil;
        if (block.timestamp <= until) revert IParameterSteward.LoosensLockedMarket(asset, id, until);
        if (spent != 0) spent = rail.leaked(spent, block.timestamp - lastAt);
        Guardrails.requireBudget(asset, id, spent, cost);
    }

    /// @dev All guardrail words, in the order of their ids.
    function _rails() private view returns (bytes memory) {
        address holder = _railsHolder;
        return holder == address(0) ? new bytes(RAILS_SIZE) : SSTORE2.read(holder);
    }

    /// @dev The id must be below the number of parameters.
    function _rail(bytes memory rails, uint256 id) private pure returns (uint256 rail) {
        assembly ("memory-safe") {
            rail := mload(add(add(rails, 0x20), shl(5, id)))
        }
    }
}
