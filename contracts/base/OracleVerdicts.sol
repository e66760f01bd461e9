// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";

import {AggregatorV3Interface} from "../interfaces/AggregatorV3Interface.sol";
import {IFallbackOracle} from "../interfaces/IFallbackOracle.sol";
import {Band} from "../libraries/Band.sol";
import {Decay} from "../libraries/Decay.sol";
import {FeedReader} from "../libraries/FeedReader.sol";
import {Leg, Legs} from "../libraries/Leg.sol";
import {OracleWords as W} from "../libraries/OracleWords.sol";
import {Verdict, Verdicts} from "../libraries/Verdict.sol";

/// @title How the fallback oracle comes to a verdict: its words, its legs, and the table of `FallbackOracle`
/// @dev Nothing here writes. Functions on the way of a live read have one exit, or the optimiser would not inline them.
abstract contract OracleVerdicts is IFallbackOracle {
    /// @notice What is fixed of a deployment's feeds, and the asset's own bounds.
    struct Sources {
        address asset;
        address primary;
        uint8 primaryDecimals;
        address secondary;
        uint8 secondaryDecimals;
        uint256 callGas;
        uint256 minPrice;
        uint256 maxPrice;
        bool hasReference;
    }

    uint256 internal constant MIN_CALL_GAS = 40_000;
    uint256 internal constant MAX_CALL_GAS = 500_000;
    uint8 internal constant MAX_DECIMALS = 18;
    uint8 internal constant OUTPUT_DECIMALS = 8;

    address internal immutable ASSET;
    address internal immutable PRIMARY;
    address internal immutable SECONDARY;
    bool internal immutable HAS_REFERENCE;
    uint256 internal immutable CALL_GAS;
    uint256 private immutable READ_GAS;
    uint256 internal immutable MIN_PRICE;
    uint256 internal immutable MAX_PRICE;
    // price = ⌊answer·up / down⌋, one of the two being 1; it is in bounds ⟺ least ≤ answer ≤ least + span.
    uint256 private immutable PRIMARY_UP;
    uint256 private immutable PRIMARY_DOWN;
    uint256 private immutable PRIMARY_LEAST;
    uint256 private immutable PRIMARY_SPAN;
    uint256 private immutable SECONDARY_UP;
    uint256 private immutable SECONDARY_DOWN;
    uint256 private immutable SECONDARY_LEAST;
    uint256 private immutable SECONDARY_SPAN;

    uint256 internal state;
    uint256 internal configuration;
    uint256 internal contest;
    uint256 internal referenceWord;

    error DeploymentInvalid(string field);
    error DecimalsDiffer(address feed, uint8 declared, uint8 reported);

    constructor(Sources memory s) {
        if (s.callGas < MIN_CALL_GAS || s.callGas > MAX_CALL_GAS) revert DeploymentInvalid("callGas");
        if (s.minPrice == 0 || s.minPrice > s.maxPrice || s.maxPrice > W.PRICE_MASK) revert DeploymentInvalid("bounds");
        if (s.primary == s.secondary) revert DeploymentInvalid("secondary");

        ASSET = s.asset;
        PRIMARY = s.primary;
        SECONDARY = s.secondary;
        HAS_REFERENCE = s.hasReference;
        CALL_GAS = s.callGas;
        READ_GAS = FeedReader.supply(s.callGas);
        MIN_PRICE = s.minPrice;
        MAX_PRICE = s.maxPrice;
        (PRIMARY_UP, PRIMARY_DOWN, PRIMARY_LEAST, PRIMARY_SPAN) = _scale(s.primary, s.primaryDecimals, s);
        if (s.secondary != address(0)) {
            (SECONDARY_UP, SECONDARY_DOWN, SECONDARY_LEAST, SECONDARY_SPAN) =
                _scale(s.secondary, s.secondaryDecimals, s);
        }
    }

    // --- the state machine -----------------------------------------------------------------------

    /// @notice The verdict of a read, or where asked for a revert in place of a pause. The secondary is called only
    ///         where the primary does not settle it.
    /// @dev A live read is not asked whether it has a price: a sound leg has one.
    function _view(bool orRevert) internal view returns (Verdict verdict) {
        uint256 word = state;
        if (word & W.TRIPPED != 0) {
            verdict = _pause(Status.Tripped, word);
            if (orRevert) _requirePriced(verdict);
        } else {
            uint256 config = configuration;
            Leg first = _primaryLeg(word, config);
            if (first.isSoundUnless(word & W.CONTESTED)) {
                verdict = Verdicts.at(Status.Live, first);
            } else {
                verdict = _judge(word, config, first, _secondaryLeg(word, config));
                if (orRevert) _requirePriced(verdict);
            }
        }
    }

    /// @notice The verdict of a poke: on both legs, whatever the bit; with it the primary leg, to be recorded.
    function _pokeVerdict(uint256 word, uint256 config) internal view returns (Verdict verdict, Leg first) {
        if (word & W.TRIPPED != 0) {
            verdict = _pause(Status.Tripped, word);
        } else {
            first = _primaryLeg(word, config);
            verdict = _judge(word, config, first, _secondaryLeg(word, config));
        }
    }

    /// @notice The table of `FallbackOracle`, on both legs.
    function _judge(uint256 word, uint256 config, Leg first, Leg second) private view returns (Verdict) {
        if (first.isSound()) return _withLivePrimary(word, config, first, second);
        if (first.isFresh()) {
            bool contested = second.isSound() && !_confirmed(word, config, first.time());
            return _pause(contested ? Status.Contested : Status.Tripped, word);
        }
        if (second.isSound()) return Verdicts.at(Status.Secondary, second);
        if (second.isFresh()) return _pause(Status.Tripped, word);
        return _onBase(word, config, first);
    }

    /// @dev Property 4. A secondary that is not sound is dropped: one leg cannot pause the market.
    function _withLivePrimary(uint256 word, uint256 config, Leg first, Leg second) private pure returns (Verdict) {
        if (!second.isSound()) return Verdicts.at(Status.Live, first);
        if (!_agree(first.price(), second.price(), config)) return _pause(Status.Contested, word);
        if (word & W.CONTESTED == 0) return Verdicts.at(Status.Live, first);

        uint256 price = FixedPointMathLib.min(first.price(), second.price());
        return Verdicts.aged(Status.Live, price, price, FixedPointMathLib.min(first.time(), second.time()));
    }

    /// @dev No leg is fresh: the newer of the checkpoint and a primary answer that fails by its age alone.
    function _onBase(uint256 word, uint256 config, Leg first) private view returns (Verdict) {
        uint256 time = (word >> W.PRICE_TIME) & W.TIME_MASK;
        if (first.isInside() && first.time() > time) return _aged(first.price(), first.time(), config);
        return _aged(word & W.PRICE_MASK, time, config);
    }

    /// @notice What `_left` gives, as a verdict.
    function _aged(uint256 price, uint256 time, uint256 config) private view returns (Verdict) {
        (Status aged, uint256 left) = _left(price, time, config);
        return left == 0 ? Verdicts.pause(aged, time) : Verdicts.aged(aged, left, price, time);
    }

    /// @notice The worth of a price of a given time: Held up to T, Decaying up to the maximum age, else Stopped with 0.
    /// @dev Properties 1 and 2. A price that has decayed below the asset's own bound stops as well: no price outside
    ///      the bounds is ever served.
    function _left(uint256 price, uint256 time, uint256 config) internal view returns (Status, uint256 left) {
        // Safe unchecked: recorded times are not ahead; price·factor < 2^(54 + 60).
        unchecked {
            uint256 age = block.timestamp - time;
            if (age <= config & W.MASK_24) return (Status.Held, price);
            if (age > (config >> W.MAXIMUM_AGE) & W.MASK_24) return (Status.Stopped, 0);
            left = price * Decay.factor(config, age) / Decay.WAD;
            return left < MIN_PRICE ? (Status.Stopped, 0) : (Status.Decaying, left);
        }
    }

    /// @notice Whether the primary, found alone outside before, is outside still: at least the delay and one round
    ///      later.
    /// @dev A first sight older than the maximum age is no evidence any more.
    function _confirmed(uint256 word, uint256 config, uint256 roundTime) private view returns (bool) {
        if (word & W.CONTESTED == 0) return false;
        uint256 record = contest;
        uint256 since = record & W.TIME_MASK;
        if (since == 0 || roundTime == (record >> W.OUTSIDE_ROUND_TIME) & W.TIME_MASK) return false;
        uint256 elapsed = block.timestamp - since;
        return elapsed >= config >> W.CONFIRM_DELAY && elapsed <= (config >> W.MAXIMUM_AGE) & W.MASK_24;
    }

    /// @dev |a − b| / min(a, b) ≤ tolerance, without division.
    ///      Safe unchecked: prices < 2^54, tolerance and its scale < 2^17.
    function _agree(uint256 a, uint256 b, uint256 config) internal pure returns (bool) {
        unchecked {
            (uint256 low, uint256 high) = a < b ? (a, b) : (b, a);
            return (high - low) * W.FRACTION <= low * ((config >> W.TOLERANCE) & W.MASK_16);
        }
    }

    /// @dev A price is never 0, so 0 is a pause.
    function _requirePriced(Verdict verdict) private view {
        if (verdict.price() == 0) revert Paused(ASSET, verdict.status());
    }

    function _pause(Status status_, uint256 word) private pure returns (Verdict) {
        return Verdicts.pause(status_, (word >> W.PRICE_TIME) & W.TIME_MASK);
    }

    // --- legs ------------------------------------------------------------------------------------

    function _primaryLeg(uint256 word, uint256 config) internal view virtual returns (Leg) {
        return _leg(true, word, config);
    }

    function _secondaryLeg(uint256 word, uint256 config) internal view virtual returns (Leg leg) {
        if (SECONDARY != address(0)) leg = _leg(false, word, config);
    }

    /// @notice Reads and judges a feed: what `FallbackOracle` calls valid, fresh and inside.
    /// @dev Property 5: the feed is given the same gas whatever the caller supplied.
    ///      A leg that is fresh and in the tight band, and has no reference to answer to, is sound; one branch settles
    ///      it, so that a live read pays for no other. It is valid: it has a price, for 0 lies in no band, and a time
    ///      neither zero nor ahead, for its age does not exceed a staleness of 24 bits, and now does.
    function _leg(bool ofPrimary, uint256 word, uint256 config) private view returns (Leg leg) {
        (uint256 answer, uint256 time) = FeedReader.read(ofPrimary ? PRIMARY : SECONDARY, CALL_GAS, READ_GAS);
        uint256 price = _scaled(ofPrimary, answer);
        uint256 staleness = (config >> (ofPrimary ? W.PRIMARY_STALENESS : W.SECONDARY_STALENESS)) & W.MASK_24;
        bool tight = Band.containsTightly(word, config, price, time);
        bool referenced = HAS_REFERENCE;
        bool sound;
        assembly ("memory-safe") {
            sound := gt(tight, or(gt(sub(timestamp(), time), staleness), referenced))
        }
        leg = Legs.sound(price, time);
        if (!sound) leg = _judged(ofPrimary, word, config, price, time, tight);
    }

    /// @notice The same in full.
    /// @dev Property 1: no leg has a time of zero or ahead. As unsigned numbers a time ahead gives an age beyond now:
    ///      0 < time ≤ now ⟺ now − time < now. A stale leg is kept as a base alone: of the primary, where it is newer
    ///      than the checkpoint. Another is not worth its band.
    /// @param inside Whether the tight band holds the price; a wider one may.
    function _judged(bool ofPrimary, uint256 word, uint256 config, uint256 price, uint256 time, bool inside)
        private
        view
        returns (Leg)
    {
        uint256 staleness = (config >> (ofPrimary ? W.PRIMARY_STALENESS : W.SECONDARY_STALENESS)) & W.MASK_24;
        uint256 newest = ofPrimary ? (word >> W.PRICE_TIME) & W.TIME_MASK : type(uint256).max;
        bool fresh;
        bool valid;
        assembly ("memory-safe") {
            let age := sub(timestamp(), time)
            fresh := iszero(gt(age, staleness))
            valid := and(iszero(iszero(price)), lt(age, timestamp()))
            valid := and(valid, or(fresh, gt(time, newest)))
        }
        if (!valid) return Legs.INVALID;
        if (!inside) inside = Band.contains(word, config, price, time);
        if (HAS_REFERENCE) {
            if (inside) inside = Band.belowReference(referenceWord, price, time);
        }
        return Legs.pack(price, time, fresh, inside);
    }

    /// @notice An answer as a price, or 0 outside the bounds.
    /// @dev Property 1: no leg has a price outside the bounds. As unsigned numbers every negative answer exceeds the
    ///      largest in bounds. Without branches: what is out of bounds is multiplied by 0, whatever overflowed. The
    ///      divisor is never 0.
    function _scaled(bool ofPrimary, uint256 answer) private view returns (uint256 price) {
        uint256 up = ofPrimary ? PRIMARY_UP : SECONDARY_UP;
        uint256 down = ofPrimary ? PRIMARY_DOWN : SECONDARY_DOWN;
        uint256 least = ofPrimary ? PRIMARY_LEAST : SECONDARY_LEAST;
        uint256 span = ofPrimary ? PRIMARY_SPAN : SECONDARY_SPAN;
        assembly ("memory-safe") {
            price := mul(div(mul(answer, up), down), iszero(gt(sub(answer, least), span)))
        }
    }

    // --- construction ----------------------------------------------------------------------------

    /// @dev A price is in bounds ⟺ ⌈min·down / up⌉ ≤ answer ≤ ⌊((max + 1)·down − 1) / up⌋.
    function _scale(address feed, uint8 declared, Sources memory s)
        private
        view
        returns (uint256 up, uint256 down, uint256 least, uint256 span)
    {
        if (declared > MAX_DECIMALS) revert DeploymentInvalid("decimals");
        uint8 reported = AggregatorV3Interface(feed).decimals();
        if (reported != declared) revert DecimalsDiffer(feed, declared, reported);

        (up, down) = (1, 1);
        if (declared < OUTPUT_DECIMALS) up = 10 ** (OUTPUT_DECIMALS - declared);
        else down = 10 ** (declared - OUTPUT_DECIMALS);
        least = (s.minPrice * down + up - 1) / up;
        uint256 most = ((s.maxPrice + 1) * down - 1) / up;
        if (most < least) revert DeploymentInvalid("bounds");
        span = most - least;
    }
}
