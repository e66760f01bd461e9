// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {Test} from "forge-std/Test.sol";

import {IParameterSteward} from "contracts/interfaces/IParameterSteward.sol";
import {Domains} from "contracts/libraries/Domains.sol";
import {Guardrails} from "contracts/libraries/Guardrails.sol";
import {Metering} from "contracts/steward/Metering.sol";

import {StewardMarkets as M} from "../support/StewardMarkets.sol";
import {Rail} from "../support/StewardWords.sol";

/// @notice The steward's metering, and beside it the same judgement said field by field in the library's own words.
contract Judges is Metering {
    using Domains for uint256;
    using Guardrails for uint256;

    struct Case {
        uint256 domain;
        uint256 current;
        uint256 next;
        uint256 section;
        uint256 lockedUntil;
    }

    function setGuardrails(uint256[] calldata ids, uint256[] calldata rails) external {
        _setGuardrails(ids, rails);
    }

    function metered(Case memory c) external view returns (uint256 section, bool loosened) {
        Judgement memory judgement = _judgement(false);
        judgement.lockedUntil = c.lockedUntil;
        section = _judge(judgement, c.domain, c.current, c.next, c.section);
        loosened = judgement.seen & LOOSENED != 0;
    }

    function spelt(Case memory c) external view returns (uint256 section, bool loosened) {
        if (c.current == c.next) return (c.section, false);
        section = uint32(block.timestamp);
        bool any;
        for (uint256 i = 0; i < c.domain.count(); ++i) {
            (uint256 spent, bool meters, bool loosens) = _field(c, i);
            section |= spent << (32 + 16 * i);
            any = any || meters;
            loosened = loosened || loosens;
        }
        if (!any) section = c.section;
    }

    function _field(Case memory c, uint256 i) private view returns (uint256 spent, bool meters, bool loosens) {
        uint256 id = c.domain.first() + i;
        uint256 rail = this.guardrail(id);
        uint256 lastAt = uint32(c.section);
        spent = uint16(c.section >> (32 + 16 * i));
        if (spent != 0) spent = rail.leaked(spent, lastAt == 0 ? type(uint256).max : block.timestamp - lastAt);
        (uint256 current, uint256 next) = (c.domain.field(c.current, i), c.domain.field(c.next, i));
        if (current == next) return (spent, false, false);
        Guardrails.requireInEnvelope(address(0), id, rail, next);
        uint256 cost = Guardrails.stepShare(address(0), id, rail, current, next);
        loosens = rail.loosens(current, next);
        meters = loosens || rail & Guardrails.RAMPED != 0;
        if (meters) Guardrails.requireCool(address(0), id, rail, lastAt);
        if (!loosens) return (spent, meters, false);
        if (block.timestamp <= c.lockedUntil) {
            revert IParameterSteward.LoosensLockedMarket(address(0), id, c.lockedUntil);
        }
        spent = Guardrails.requireBudget(address(0), id, spent, cost);
    }
}

/// The metering in assembly refuses what the library refuses, with its words, and spends what the library spends.
contract MeteringTest is Test {
    uint256 private constant START = 1_790_000_000;

    Judges private judges;

    function setUp() public {
        vm.warp(START);
        judges = new Judges();
        (uint256[] memory ids, uint256[] memory rails) = M.rails();
        judges.setGuardrails(ids, rails);
    }

    function testFuzz_meteringIsWhatTheLibrarySays(uint256 seed) external {
        uint256[4] memory domains =
            [Domains.ORACLE_DOMAIN, Domains.RATE_DOMAIN, Domains.COLLATERAL_DOMAIN, Domains.REFERENCE_DOMAIN];
        Judges.Case memory c;
        c.domain = domains[seed % 4];
        _setRails(c.domain, seed);
        c.current = M.usual(c.domain);
        c.next = c.current;
        uint256 ago = _pick(seed, "ago") % 4 == 0 ? 0 : 1 + _pick(seed, "time") % 14 days;
        c.section = ago == 0 ? 0 : START - ago;
        uint256 parameters = Domains.count(c.domain);
        for (uint256 i = 0; i < parameters; ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            c.next = _moved(c, i, random);
            if (ago != 0 && random % 3 == 0) c.section |= uint256(uint16(random >> 16)) << (32 + 16 * i);
        }
        c.lockedUntil = _pick(seed, "lock") % 8 == 0 ? START + _pick(seed, "until") % 2 : 0;
        _compare(c);
    }

    function _compare(Judges.Case memory c) private view {
        (bool ok, bytes memory answer) = address(judges).staticcall(abi.encodeCall(Judges.metered, (c)));
        (bool accepted, bytes memory expected) = address(judges).staticcall(abi.encodeCall(Judges.spelt, (c)));
        assertEq(ok, accepted);
        assertEq(answer, expected);
    }

    /// @dev Most fields stay; the others move to about their step, so that both sides of it are met.
    function _moved(Judges.Case memory c, uint256 index, uint256 random) private view returns (uint256) {
        if (random % 5 > 1) return c.next;
        uint256 rail = judges.guardrail(Domains.first(c.domain) + index);
        uint256 here = Domains.field(c.domain, c.current, index);
        bool up = random & 64 != 0;
        uint256 step = uint32(rail >> (up ? Guardrails.STEP_UP_OFFSET : Guardrails.STEP_DOWN_OFFSET));
        if (rail & Guardrails.RELATIVE != 0) step = step * here / Guardrails.BASIS_POINTS;
        uint256 move = random & 128 != 0 ? step + (random >> 8) % 2 : (random >> 8) % (step + 1);
        uint256 entry = c.domain >> (16 * index);
        uint256 mask = type(uint256).max >> ((entry >> 8) & 0xff);
        uint256 offset = ((entry >> 8) & 0xff) - (entry & 0xff);
        uint256 there = up ? here + move : here - (move > here ? here : move);
        if (there > mask) there = mask;
        return (c.next & ~(mask << offset)) | (there << offset);
    }

    /// @dev Any flags, cooldown, window and budget, also none; steps and envelope of the usual rail, or a tighter one.
    ///      Of the domain judged alone: no other rail is looked at.
    function _setRails(uint256 domain, uint256 seed) private {
        uint256[] memory ids = new uint256[](Domains.count(domain));
        uint256[] memory rails = new uint256[](ids.length);
        uint256 word = M.usual(domain);
        for (uint256 i = 0; i < ids.length; ++i) {
            uint256 id = Domains.first(domain) + i;
            uint256 random = uint256(keccak256(abi.encode(seed, "rail", id)));
            Rail memory rail = M.rail(id);
            rail.flags = (random % 16) << 248;
            bool relative = rail.flags & Guardrails.RELATIVE != 0;
            if (relative) (rail.stepUp, rail.stepDown) = (1_000, 2_000);
            rail.cooldown = (random >> 8) % 3 days;
            rail.window = 1 + (random >> 32) % 14 days;
            rail.budgetSteps = 1 + (random >> 64) % 4;
            uint256 usual = Domains.field(domain, word, i);
            if ((random >> 96) % 8 == 0) rail.maximum = usual + usual / 20;
            if ((random >> 104) % 8 == 0) rail.minimum = usual - usual / 20;
            (ids[i], rails[i]) = (id, rail.railWord());
        }
        judges.setGuardrails(ids, rails);
    }

    function _pick(uint256 seed, string memory what) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, what)));
    }
}
