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
    ///      `elapsed` counts from `lastAt`, the domain's last metered move, and is endless if there was none. The words
    ///      from `domain` on are those of the domain at hand; `refusedAt` is 16·(1 + index) of the parameter refused.
    ///      `_meter` relies on the order of the fields.
    struct Judgement {
        address asset;
        bool byGovernor;
        bool metered;
        bool loosened;
        uint256 lockedUntil;
        bytes rails;
        uint256 domain;
        uint256 current;
        uint256 next;
        uint256 section;
        uint256 lastAt;
        uint256 elapsed;
        uint256 refusedAt;
    }

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
        if (current == next && current != 0) return section;
        if (judgement.byGovernor) {
            _requireEnvelopes(judgement, domain, current, next);
            return section;
        }
        if (current == 0) revert IParameterSteward.FirstConfigurationIsGovernors(judgement.asset, domain.first());

        judgement.metered = false;
        judgement.domain = domain;
        judgement.current = current;
        judgement.next = next;
        judgement.section = section;
        uint256 lastAt = uint32(section);
        judgement.lastAt = lastAt;
        unchecked {
            // Safe: a section's time is not ahead.
            judgement.elapsed = lastAt == 0 ? type(uint256).max : block.timestamp - lastAt;
        }
        uint256 renewed = _meter(judgement);
        if (judgement.refusedAt != 0) _refuse(judgement);
        return judgement.metered ? renewed : section;
    }

    /// @dev The governor's moves, and all fields of a first configuration, lie in their envelopes.
    function _requireEnvelopes(Judgement memory judgement, uint256 domain, uint256 current, uint256 next) private pure {
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

    /// @dev Holds the steward's moves of one domain to envelope, step, cooldown, lock and budget, and returns the
    ///      section leaked up to now with the costs added. Stops at the first parameter that is refused and notes it.
    ///      Says yes or no at what `Guardrails` says in words; a test holds the two together, field by field.
    ///      Safe unchecked: the bounds of `Guardrails.stepShare` and `leaked`; at most 13 parameters, so that the last
    ///      share ends at bit 240.
    function _meter(Judgement memory judgement) private view returns (uint256 renewed) {
        bool locked = block.timestamp <= judgement.lockedUntil;
        assembly ("memory-safe") {
            renewed := and(timestamp(), 0xffffffff)
            // The domain's first guardrail word; the next is 32 bytes on, as the next share is 16 bits on.
            let rails := add(add(mload(add(judgement, 0xa0)), 0x20), shl(5, shr(248, mload(add(judgement, 0xc0)))))
            let end := shl(4, and(shr(240, mload(add(judgement, 0xc0))), 0xff))
            for { let place := 0 } lt(place, end) { place := add(place, 16) } {
                let next := shr(place, mload(add(judgement, 0xc0)))
                let current := sub(shl(and(shr(8, next), 0xff), 1), 1)
                next := and(next, 0xff)
                // At first `next` is the field's offset and `current` its mask.
                {
                    let offset := next
                    next := and(shr(offset, mload(add(judgement, 0x100))), current)
                    current := and(shr(offset, mload(add(judgement, 0xe0))), current)
                }
                let rail := mload(add(rails, shl(1, place)))
                let spent := and(shr(add(place, 32), mload(add(judgement, 0x120))), 0xffff)
                if spent {
                    let elapsed := mload(add(judgement, 0x160))
                    let window := and(shr(216, rail), 0xffffff)
                    let kept := 0
                    if lt(elapsed, window) {
                        let leak := div(mul(0xffff, elapsed), window)
                        if gt(spent, leak) { kept := sub(spent, leak) }
                    }
                    spent := kept
                }
                if xor(current, next) {
                    let up := gt(next, current)
                    let move := sub(next, current)
                    if iszero(up) { move := sub(current, next) }
                    // The step up at bit 128, the step down at 160.
                    let allowed := and(shr(sub(160, shl(5, up)), rail), 0xffffffff)
                    if and(shr(248, rail), 1) {
                        // Relative: in basis points of the current value.
                        move := mul(move, 10000)
                        allowed := mul(allowed, current)
                    }
                    let refused := or(
                        gt(move, allowed),
                        or(lt(next, and(rail, 0xffffffffffffffff)), gt(next, and(shr(64, rail), 0xffffffffffffffff)))
                    )
                    // Loosens up at bit 249, down at 250; ramped at 251.
                    let loosened := and(shr(sub(250, up), rail), 1)
                    if or(loosened, and(shr(251, rail), 1)) {
                        mstore(add(judgement, 0x40), 1)
                        refused := or(refused, lt(mload(add(judgement, 0x160)), and(shr(192, rail), 0xffffff)))
                    }
                    if loosened {
                        mstore(add(judgement, 0x60), 1)
                        // `allowed` becomes the whole budget; none at all admits nothing.
                        allowed := mul(allowed, and(shr(240, rail), 0xff))
                        spent := add(spent, div(add(mul(move, 0xffff), sub(allowed, 1)), allowed))
                        refused := or(refused, or(locked, or(iszero(allowed), gt(spent, 0xffff))))
                    }
                    if refused {
                        mstore(add(judgement, 0x180), add(place, 16))
                        break
                    }
                }
                renewed := or(renewed, shl(add(place, 32), spent))
            }
        }
    }

    /// @dev Names what is wrong with a move that its guardrail does not admit, the first of several.
    function _refuse(Judgement memory judgement) private view {
        address asset = judgement.asset;
        uint256 index = judgement.refusedAt / 16 - 1;
        uint256 id = judgement.domain.first() + index;
        uint256 rail = _rail(judgement.rails, id);
        uint256 current = judgement.domain.field(judgement.current, index);
        uint256 next = judgement.domain.field(judgement.next, index);
        Guardrails.requireInEnvelope(asset, id, rail, next);
        uint256 cost = Guardrails.stepShare(asset, id, rail, current, next);
        Guardrails.requireCool(asset, id, rail, judgement.lastAt);
        if (rail.loosens(current, next)) {
            uint256 until = judgement.lockedUntil;
            if (block.timestamp <= until) revert IParameterSteward.LoosensLockedMarket(asset, id, until);
            uint256 spent = uint16(judgement.section >> (32 + 16 * index));
            if (spent != 0) spent = rail.leaked(spent, judgement.elapsed);
            Guardrails.requireBudget(asset, id, spent, cost);
        }
        // Not reached while the two agree on what is refused.
        assert(false);
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
