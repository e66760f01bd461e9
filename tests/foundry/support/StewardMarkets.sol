// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {FallbackOracle} from "contracts/FallbackOracle.sol";
import {IParameterSteward} from "contracts/interfaces/IParameterSteward.sol";
import {Domains} from "contracts/libraries/Domains.sol";
import {Guardrails as G} from "contracts/libraries/Guardrails.sol";
import {RateCurve} from "contracts/libraries/RateCurve.sol";

import {Collateral, Rail} from "./StewardWords.sol";
import {Configuration, NavReference} from "./Words.sol";

/// @notice The markets that every test of the steward stands on: their words, their guardrails, their deployment.
/// @dev The same values as `tests/support/markets.py`, but for the flags: there every field's directions come from the
///      field table.
library StewardMarkets {
    uint256 internal constant PRICE = 100e8;
    uint256 internal constant PRICE_MOVE_LIMIT = 50;

    uint256 internal constant PRIMARY_STALENESS = Domains.ORACLE_FIRST;
    uint256 internal constant LTV = Domains.COLLATERAL_FIRST;
    uint256 internal constant LIQUIDATION_THRESHOLD = Domains.COLLATERAL_FIRST + 1;

    /// @notice The market number `index`; ascending, as a batch has them.
    function asset(uint256 index) internal pure returns (address) {
        return address(uint160(0xA55E7 + index));
    }

    function configuration() internal pure returns (Configuration memory) {
        return Configuration({
            primaryStaleness: 3 days,
            secondaryStaleness: 2 days,
            maximumAge: 30 days,
            decayStep: 20_000,
            decayRate: 5_000_000,
            decayFloor: 5_000,
            bandUp: 3_000,
            bandDown: 4_000,
            bandWindows: 9,
            bandWindow: 1 days,
            accrual: 150_000,
            tolerance: 800,
            confirmDelay: 900
        });
    }

    function collateral() internal pure returns (Collateral memory) {
        return Collateral({
            ltv: 8_000, liquidationThreshold: 8_500, bonus: 400, supplyCap: 10_000_000, debtCeiling: 8_000_000
        });
    }

    function rate() internal pure returns (uint256) {
        return RateCurve.pack(3e8, 2e9, 8e9, 0.9e18);
    }

    function navReference(uint256 asOf) internal pure returns (NavReference memory) {
        return NavReference({price: 101e8, asOf: asOf, maximumAge: 20 days, growth: 200_000, headroom: 2_000});
    }

    /// @notice All four words of an update, those outside `mask` zero.
    function update(address asset_, uint8 mask, uint256[4] memory words)
        internal
        pure
        returns (IParameterSteward.Update memory)
    {
        return IParameterSteward.Update({
            asset: asset_,
            mask: mask,
            collateralWord: mask & Domains.COLLATERAL == 0 ? 0 : words[0],
            rateWord: mask & Domains.RATE == 0 ? 0 : words[1],
            oracleWord: mask & Domains.ORACLE == 0 ? 0 : words[2],
            referenceWord: mask & Domains.REFERENCE == 0 ? 0 : words[3]
        });
    }

    function deployment(address steward, address asset_, address primary, address secondary)
        internal
        view
        returns (FallbackOracle.Deployment memory d)
    {
        d.asset = asset_;
        d.assetDecimals = 18;
        d.primary = primary;
        d.primaryDecimals = 8;
        d.secondary = secondary;
        d.secondaryDecimals = secondary == address(0) ? 0 : 8;
        d.callGas = 120_000;
        d.minPrice = 1e8;
        d.maxPrice = 10_000e8;
        d.steward = steward;
        d.hasReference = true;
        d.seedPrice = PRICE;
        d.seedAsOf = block.timestamp;
        d.configuration = configuration().pack();
        d.referenceWord = navReference(block.timestamp).packReference();
    }

    /// @notice A guardrail for every parameter: a tenth of its usual value a step, three steps a week, a day between.
    function rails() internal pure returns (uint256[] memory ids, uint256[] memory words) {
        ids = new uint256[](Domains.PARAMETERS);
        words = new uint256[](Domains.PARAMETERS);
        for (uint256 id = 0; id < ids.length; ++id) (ids[id], words[id]) = (id, rail(id).railWord());
    }

    function rail(uint256 id) internal pure returns (Rail memory) {
        uint256 flags = flagsOf(id);
        (uint256 domain, uint256 index) = place(id);
        uint256 step = flags & G.RELATIVE != 0 ? 1_000 : Domains.field(domain, usual(domain), index) / 10;
        (uint256 minimum, uint256 maximum) = envelope(id);
        return Rail({
            minimum: minimum,
            maximum: maximum,
            stepUp: step,
            stepDown: 2 * step,
            cooldown: 1 days,
            window: 7 days,
            budgetSteps: 3,
            flags: flags
        });
    }

    function envelope(uint256 id) internal pure returns (uint256 minimum, uint256 maximum) {
        if (id == LTV) return (0, 9_000);
        if (id == LIQUIDATION_THRESHOLD) return (1_000, 9_500);
        if (id == PRIMARY_STALENESS) return (600, 10 days);
        (uint256 domain, uint256 index) = place(id);
        return (0, Domains.field(domain, type(uint256).max, index));
    }

    /// @notice The domain of a parameter and its number within.
    function place(uint256 id) internal pure returns (uint256 domain, uint256 index) {
        if (id < Domains.RATE_FIRST) return (Domains.ORACLE_DOMAIN, id);
        if (id < Domains.COLLATERAL_FIRST) return (Domains.RATE_DOMAIN, id - Domains.RATE_FIRST);
        if (id < Domains.REFERENCE_FIRST) return (Domains.COLLATERAL_DOMAIN, id - Domains.COLLATERAL_FIRST);
        return (Domains.REFERENCE_DOMAIN, id - Domains.REFERENCE_FIRST);
    }

    /// @notice The usual word of a domain.
    function usual(uint256 domain) internal pure returns (uint256) {
        if (domain == Domains.ORACLE_DOMAIN) return configuration().pack();
        if (domain == Domains.RATE_DOMAIN) return rate();
        if (domain == Domains.COLLATERAL_DOMAIN) return collateral().collateralWord();
        return navReference(0).packReference();
    }

    /// @dev A byte a parameter, in the order of the flags: relative 1, loosens up 2, loosens down 4, ramped 8.
    function flagsOf(uint256 id) internal pure returns (uint256) {
        bytes memory oracle = hex"0a0a020c0c0a02020206060206";
        bytes memory others = hex"0c0d0c0b" hex"020a060303" hex"03040202";
        bytes memory all = bytes.concat(oracle, others);
        return uint256(uint8(all[id])) << 248;
    }
}
