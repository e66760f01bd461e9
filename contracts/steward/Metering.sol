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
    ///      `seen` has `LOOSENED` once a move has loosened; `calledOut` is 1 once the batch has called what may have
    ///      called back.
    struct Judgement {
        uint256 asset;
        bool byGovernor;
        uint256 calledOut;
        uint256 seen;
        uint256 lockedUntil;
        bytes rails;
        uint256 domain;
    }

    /// @dev What `_meter` notes of the moves that it saw.
    uint256 private constant SEEN_OFFSET = 200;
    uint256 private constant METERED = 1 << SEEN_OFFSET;
    uint256 internal constant LOOSENED = 2 << SEEN_OFFSET;
    uint256 private constant REFUSED = 1 << 255;

    /// @dev What of a domain are its parameters' entries (`libraries/Domains.sol`).
    uint256 private constant ENTRIES = 0x0000ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff;

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
        if (_isUnmetered(judgement.byGovernor, current, next)) {
            return _judgeUnmetered(judgement, current, next, section);
        }

        (uint256 shares, uint256 seen) = _meter(judgement.rails, judgement.domain, current, next, section);
        judgement.seen |= seen;
        if (judgement.lockedUntil != 0) seen = _underLock(judgement.lockedUntil, seen);
        // Safe unchecked: what is below `METERED` wraps. One comparison for two that seldom hold.
        unchecked {
            if (seen - METERED < REFUSED - METERED) return _section(shares, judgement.domain);
        }
        if (seen >= REFUSED) _refuse(judgement, current, next, section);
        return section;
    }

    /// @dev What was seen, refused where a lock that stands until then forbids it.
    function _underLock(uint256 until, uint256 seen) private view returns (uint256) {
        return seen & LOOSENED != 0 && block.timestamp <= until ? REFUSED : seen;
    }

    /// @dev Whether steps, cooldown and budget do not count: the governor's word, a first one, or the one that stands.
    ///      Without branches, since it mostly is none.
    function _isUnmetered(bool byGovernor, uint256 current, uint256 next) private pure returns (bool unmetered) {
        assembly ("memory-safe") {
            unmetered := or(byGovernor, or(iszero(current), eq(current, next)))
        }
    }

    function _judgeUnmetered(Judgement memory judgement, uint256 current, uint256 next, uint256 section)
        private
        pure
        returns (uint256)
    {
        if (current == next && current != 0) return section;
        if (!judgement.byGovernor) {
            revert IParameterSteward.FirstConfigurationIsGovernors(_asset(judgement), judgement.domain.first());
        }
        _requireEnvelopes(judgement, current, next);
        return section;
    }

    /// @dev The section of shares that fill their word from the top, metered now; below them they are zero.
    function _section(uint256 shares, uint256 domain) private view returns (uint256) {
        unchecked {
            return (shares >> (224 - 16 * domain.count())) | uint32(block.timestamp);
        }
    }

    /// @dev The governor's moves, and all fields of a first configuration, lie in their envelopes.
    function _requireEnvelopes(Judgement memory judgement, uint256 current, uint256 next) private pure {
        uint256 domain = judgement.domain;
        uint256 id = domain.first();
        uint256 end = id + domain.count();
        for (; id < end; ++id) {
            uint256 value = domain.head(next);
            if (current == 0 || value != domain.head(current)) {
                Guardrails.requireInEnvelope(_asset(judgement), id, _rail(judgement.rails, id), value);
            }
            domain >>= 16;
        }
    }

    /// @dev Holds the steward's moves of one domain to envelope, step, cooldown and budget; locks are the caller's.
    ///      Returns the shares leaked up to now with the costs added, the last at the top; and a word that reaches
    ///      `REFUSED` if a move is refused, and if none is has the bits of what was seen, `METERED` and `LOOSENED`.
    ///      Says yes or no at what `Guardrails` says in words; a test holds the two together, field by field.
    ///
    ///      A comparison a ≤ b is the subtraction b − a, whose top bit is set where it does not hold, and which
    ///      otherwise stays below 2^128: every quantity does (the bounds of `Guardrails.stepShare` and `leaked`). The
    ///      differences are joined and looked at once. `shares` is a queue: what was spent leaves at the bottom, what
    ///      is spent enters at the top; at most 13 shares of 16 bits, so that neither meets the other.
    ///
    ///      In memory, so that no more is at hand than the compiler can reach without working things out again: at 0x00
    ///      what is refused; at 0x20 a whole budget times the seconds since the domain's last metered move, or times
    ///      more than any span if there was none.
    function _meter(bytes memory rails, uint256 domain, uint256 current, uint256 next, uint256 section)
        private
        view
        returns (uint256 shares, uint256 refused)
    {
        assembly ("memory-safe") {
            let place := add(add(rails, 0x20), shl(5, byte(0, domain)))
            shares := and(section, 0xffffffff)
            mstore(0x20, mul(0xffff, add(sub(timestamp(), shares), shl(32, iszero(shares)))))
            mstore(0x00, 0)
            shares := shr(32, section)
            let moved := xor(current, next)
            domain := and(domain, ENTRIES)
            for { } domain { domain := shr(16, domain) } {
                {
                    // Leaked: spent − ⌊budget·elapsed/window⌋ where positive, by a product in place of the quotient. A
                    // window of zero leaves nothing.
                    let spent := and(shares, 0xffff)
                    let window := and(shr(216, mload(place)), 0xffffff)
                    spent := mul(gt(mul(spent, window), mload(0x20)), sub(spent, div(mload(0x20), window)))
                    shares := or(shr(16, shares), shl(240, spent))
                }
                let change := shr(byte(30, domain), shl(byte(31, domain), moved))
                if change {
                    let rail := mload(place)
                    let move := shr(byte(30, domain), shl(byte(31, domain), next))
                    // From here on `change` is what the value was.
                    change := xor(move, change)
                    let bad := or(
                        sub(move, and(rail, 0xffffffffffffffff)),
                        sub(and(shr(64, rail), 0xffffffffffffffff), move)
                    )
                    move := sub(move, change)
                    // Down: all ones, and the move is negated. The step up is at bit 128, the step down at 160.
                    let down := sar(255, move)
                    move := sub(xor(move, down), down)
                    let allowed := and(shr(add(128, and(down, 32)), rail), 0xffffffff)
                    if and(shr(248, rail), 1) {
                        // Relative: in basis points of the value that was.
                        move := mul(move, 10000)
                        allowed := mul(allowed, change)
                    }
                    bad := or(bad, sub(allowed, move))
                    // Whether the move loosens: up at bit 249, down at 250. Ramped, the top bit, is metered as well.
                    let loosens := and(shr(sub(249, down), rail), 1)
                    // The share of the budget, rounded up: ⌊(x − 1)/budget⌋ + 1 for x > 0. A budget is zero only where
                    // nothing loosens or the step has refused.
                    let cost := mul(
                        loosens,
                        add(div(sub(mul(move, 0xffff), 1), mul(allowed, byte(1, rail))), 1)
                    )
                    let metered := or(loosens, shr(251, rail))
                    mstore(
                        0x00,
                        or(
                            or(mload(0x00), or(bad, sub(0xffff, add(shr(240, shares), cost)))),
                            or(
                                mul(metered, sub(mload(0x20), mul(0xffff, and(shr(192, rail), 0xffffff)))),
                                shl(SEEN_OFFSET, add(loosens, metered))
                            )
                        )
                    )
                    shares := add(shares, shl(240, cost))
                }
                place := add(place, 0x20)
            }
            refused := mload(0x00)
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
        address asset = _asset(judgement);
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

    function _asset(Judgement memory judgement) private pure returns (address) {
        return address(uint160(judgement.asset));
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
