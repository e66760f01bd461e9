// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {Test} from "forge-std/Test.sol";

import {CollateralWord} from "contracts/libraries/CollateralWord.sol";
import {Domains} from "contracts/libraries/Domains.sol";
import {Guardrails} from "contracts/libraries/Guardrails.sol";
import {Leg, Legs} from "contracts/libraries/Leg.sol";
import {OracleWords as W} from "contracts/libraries/OracleWords.sol";
import {RateCurve} from "contracts/libraries/RateCurve.sol";

import {Configuration} from "../foundry/support/Words.sol";

/// @notice Every word gives back what was put into each of its fields, and no field touches another.
contract PackingProof is Test {
    using CollateralWord for uint256;

    /// @notice A parameter set anew reads as set; every other one of its word reads as before.
    function check_theFieldsOfADomainAreApart(uint256 word, uint256 value) public pure {
        domainIsApart(Domains.ORACLE_DOMAIN, word, value);
        domainIsApart(Domains.RATE_DOMAIN, word, value);
        domainIsApart(Domains.COLLATERAL_DOMAIN, word, value);
        domainIsApart(Domains.REFERENCE_DOMAIN, word, value);
    }

    /// @notice The oracle's configuration has no bit outside its thirteen fields, and none twice.
    function check_theConfigurationIsTiled(Configuration memory c) public pure {
        uint256 word = fitted(c).pack();
        uint256[13] memory read;
        for (uint256 i = 0; i < 13; ++i) read[i] = Domains.field(Domains.ORACLE_DOMAIN, word, i);
        assert(read[0] == uint24(c.primaryStaleness) && read[1] == uint24(c.secondaryStaleness));
        assert(read[2] == uint24(c.maximumAge) && read[3] == uint256(uint24(c.decayStep)) % (1 << 20));
        assert(read[4] == uint40(c.decayRate) % (1 << 36) && read[5] == uint16(c.decayFloor) % (1 << 14));
        assert(read[6] == uint16(c.bandUp) && read[7] == uint16(c.bandDown));
        assert(read[8] == uint8(c.bandWindows) && read[9] == uint24(c.bandWindow));
        assert(read[10] == uint24(c.accrual) % (1 << 20) && read[11] == uint16(c.tolerance));
        assert(read[12] == uint16(c.confirmDelay) % (1 << 14));
    }

    /// @notice What a reset or a seed writes is the observation three times over, at one time, without a bit set.
    function check_aSeededStateHoldsOneObservation(uint256 price, uint256 asOf) public pure {
        vm.assume(price <= W.PRICE_MASK && asOf <= W.TIME_MASK);
        uint256 word = W.seeded(price, asOf);
        assert((word >> W.PRICE) & W.PRICE_MASK == price);
        assert((word >> W.ANCHOR) & W.PRICE_MASK == price);
        assert((word >> W.PREVIOUS_ANCHOR) & W.PRICE_MASK == price);
        assert((word >> W.PRICE_TIME) & W.TIME_MASK == asOf);
        assert((word >> W.ANCHOR_TIME) & W.TIME_MASK == asOf);
        assert(word >> W.PREVIOUS_AGE == 0);
    }

    function check_aLegGivesBackItsParts(uint256 price, uint256 time, bool fresh, bool inside) public pure {
        vm.assume(price <= W.PRICE_MASK && time <= W.TIME_MASK);
        Leg leg = Legs.pack(price, time, fresh, inside);
        assert(leg.price() == price && leg.time() == time);
        assert(leg.isFresh() == fresh && leg.isInside() == inside);
        assert(leg.isSound() == (fresh && inside));
    }

    function check_aRateWordGivesBackItsParts(uint48 base, uint48 slope1, uint48 slope2, uint64 kink) public pure {
        uint256 word = RateCurve.pack(base, slope1, slope2, kink);
        assert(Domains.field(Domains.RATE_DOMAIN, word, 0) == base);
        assert(Domains.field(Domains.RATE_DOMAIN, word, 1) == slope1);
        assert(Domains.field(Domains.RATE_DOMAIN, word, 2) == slope2);
        assert(Domains.field(Domains.RATE_DOMAIN, word, 3) == kink);
        assert(word >> RateCurve.BITS == 0);
    }

    /// @notice The getters of the collateral word and the parameters that guardrails judge are the same fields.
    function check_theCollateralGettersAreItsParameters(uint256 word) public pure {
        assert(word.ltv() == Domains.field(Domains.COLLATERAL_DOMAIN, word, 0));
        assert(word.liquidationThreshold() == Domains.field(Domains.COLLATERAL_DOMAIN, word, 1));
        assert(word.bonus() == Domains.field(Domains.COLLATERAL_DOMAIN, word, 2));
        assert(word.supplyCap() == Domains.field(Domains.COLLATERAL_DOMAIN, word, 3));
        assert(word.debtCeiling() == Domains.field(Domains.COLLATERAL_DOMAIN, word, 4));
    }

    /// @notice Guardian's tightening touches the loan to value, or the caps, and never raises them.
    function check_theGuardiansWordsOnlyTighten(uint256 word, uint256 supply, uint256 debt) public pure {
        uint256 zeroed = word.withoutLtv();
        assert(zeroed.ltv() == 0 && (zeroed ^ word) >> 16 == 0);

        uint256 capped = word.cappedAt(supply, debt);
        assert(capped.supplyCap() == (supply < word.supplyCap() ? supply : word.supplyCap()));
        assert(capped.debtCeiling() == (debt < word.debtCeiling() ? debt : word.debtCeiling()));
        uint256 caps = ((1 << 128) - 1) << CollateralWord.SUPPLY_CAP_OFFSET;
        assert((capped ^ word) & ~caps == 0);
    }

    function check_aRailGivesBackItsParts(
        uint64 minimum,
        uint64 maximum,
        uint32 up,
        uint32 down,
        uint24 cooldown,
        uint24 window,
        uint8 steps,
        uint8 flags
    ) public pure {
        uint256 rail = uint256(minimum) | uint256(maximum) << Guardrails.MAXIMUM_OFFSET
            | uint256(up) << Guardrails.STEP_UP_OFFSET | uint256(down) << Guardrails.STEP_DOWN_OFFSET
            | uint256(cooldown) << Guardrails.COOLDOWN_OFFSET | uint256(window) << Guardrails.WINDOW_OFFSET
            | uint256(steps) << Guardrails.BUDGET_STEPS_OFFSET | uint256(flags & 15) * Guardrails.RELATIVE;
        assert(Guardrails.minimum(rail) == minimum && Guardrails.maximum(rail) == maximum);
        assert(Guardrails.window(rail) == window && Guardrails.budgetSteps(rail) == steps);
        assert(uint32(rail >> Guardrails.STEP_UP_OFFSET) == up && uint32(rail >> Guardrails.STEP_DOWN_OFFSET) == down);
        assert(uint24(rail >> Guardrails.COOLDOWN_OFFSET) == cooldown);
        assert((rail & Guardrails.RELATIVE != 0) == (flags & 1 != 0));
        assert((rail & Guardrails.LOOSENS_UP != 0) == (flags & 2 != 0));
        assert((rail & Guardrails.LOOSENS_DOWN != 0) == (flags & 4 != 0));
        assert((rail & Guardrails.RAMPED != 0) == (flags & 8 != 0));
        assert(rail >> Guardrails.WORD_BITS == 0);
    }

    /// @dev Offsets and widths are constants here, so that each pair of fields is a query of shifts and masks. An entry
    ///      holds how far a field is shifted left and then right: 256 − offset − width, and 256 − width.
    function domainIsApart(uint256 domain, uint256 word, uint256 value) private pure {
        uint256 count = Domains.count(domain);
        uint256 taken = 0;
        for (uint256 i = 0; i < count; ++i) {
            uint256 entry = (domain >> (16 * i)) & 0xffff;
            uint256 offset = (entry >> 8) - (entry & 0xff);
            uint256 mask = (type(uint256).max >> (entry >> 8)) << offset;
            assert(taken & mask == 0);
            taken |= mask;
            uint256 next = (word & ~mask) | ((value << offset) & mask);
            for (uint256 j = 0; j < count; ++j) {
                uint256 before = j == i ? value & (mask >> offset) : Domains.field(domain, word, j);
                assert(Domains.field(domain, next, j) == before);
            }
        }
    }

    function fitted(Configuration memory c) private pure returns (Configuration memory) {
        return Configuration({
            primaryStaleness: uint24(c.primaryStaleness),
            secondaryStaleness: uint24(c.secondaryStaleness),
            maximumAge: uint24(c.maximumAge),
            decayStep: uint24(c.decayStep) % (1 << 20),
            decayRate: uint40(c.decayRate) % (1 << 36),
            decayFloor: uint16(c.decayFloor) % (1 << 14),
            bandUp: uint16(c.bandUp),
            bandDown: uint16(c.bandDown),
            bandWindows: uint8(c.bandWindows),
            bandWindow: uint24(c.bandWindow),
            accrual: uint24(c.accrual) % (1 << 20),
            tolerance: uint16(c.tolerance),
            confirmDelay: uint16(c.confirmDelay) % (1 << 14)
        });
    }
}
