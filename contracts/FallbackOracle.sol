// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {OracleVerdicts} from "./base/OracleVerdicts.sol";
import {AggregatorV3Interface} from "./interfaces/AggregatorV3Interface.sol";
import {IFallbackOracle} from "./interfaces/IFallbackOracle.sol";
import {Leg} from "./libraries/Leg.sol";
import {OracleWords as W} from "./libraries/OracleWords.sol";
import {Verdict} from "./libraries/Verdict.sol";

/// @title Fallback oracle of one asset
/// @notice USD with 8 decimals from a primary feed, a secondary feed and the last reviewed or recorded price.
///
///         A leg is *valid* when the call succeeded, the answer is positive, its time is neither zero nor ahead, and
///         the normalised price lies within the deployment's bounds; *fresh* when valid and no older than its staleness
///         limit; *inside* when it lies in the band of both anchors and below the NAV reference's cap.
///
///         | primary         | secondary        | verdict                                                             |
///         |-----------------|------------------|---------------------------------------------------------------------|
///         | fresh inside    | not read, not fresh, or outside | Live at the primary                                  |
///         | fresh inside    | fresh inside     | Live if within tolerance (¹), else Contested                        |
///         | fresh outside   | fresh inside     | Contested; Tripped once confirmed a delay and a round later         |
///         | fresh outside   | otherwise        | Tripped                                                             |
///         | not fresh       | fresh inside     | Secondary                                                           |
///         | not fresh       | fresh outside    | Tripped                                                             |
///         | not fresh       | not fresh        | Held up to T, Decaying up to the maximum age, then Stopped          |
///
///         (¹) at the primary, or at the lower of the two, with the older time, while the `contested` bit is set.
///
///         A view calls the secondary only when the primary does not suffice or the bit is set. A view gives the
///         verdict and price that a poke in the same block would return, with one exception that follows from it:
///         while the bit is clear and the primary is fresh and inside, only a poke can learn that the secondary
///      disagrees.
///
///         A read needs callGas·64/63 + 12 000 gas supplied (134 000 at an allowance of 120 000) for each leg it calls,
///         and reverts with less.
/// @dev Properties that hold in every state; `Property n` below names the code that each binds.
///
///      1. No price is zero, negative, from the future, older than the maximum age or outside the asset's bounds.
///      2. While decaying, price ≤ last·max(D(age), floor), `last` being the newer of the checkpoint and the primary's
///         answer in band; for one `last` the price never rises.
///      3. After a persisted trip there is no price until a reset by guardian or governor. Anyone can persist a trip
///         that qualifies.
///      4. Beside a healthy leg, a hostile one moves what a poke returns by at most the tolerance, or pauses it; a
///         hostile secondary cannot trip. A hostile reference can pause, and move the price by at most the tolerance.
///      5. No source can make a read revert except into a pause, nor choose its branch by gas; nor can a caller.
///      6. Of rounds that come in order of time, two served as Live less than a window apart lie in the band of one
///         anchor, whatever was poked in between (an anchor older than 194 days is not kept); rounds that lie in the
///         bands of all earlier ones are refused under no cadence.
///      7. What returns from silence is judged against undecayed anchors. Pokes choose the anchors that judge and
///         whether the secondary is heard. Where they lead to the same verdict, the price is the same, and within the
///         tolerance while the bit is set, as long as the primary's last answer can be read.
///      8. Coupled values change in one word. What an update may move is the steward's to judge.
contract FallbackOracle is OracleVerdicts, AggregatorV3Interface {
    struct Deployment {
        address asset;
        uint8 assetDecimals;
        address primary;
        uint8 primaryDecimals;
        address secondary;
        uint8 secondaryDecimals;
        uint256 callGas;
        uint256 minPrice;
        uint256 maxPrice;
        address steward;
        bool hasReference;
        bool zeroOnPause;
        uint256 seedPrice;
        uint256 seedAsOf;
        uint256 configuration;
        uint256 referenceWord;
    }

    address private immutable STEWARD;
    bool private immutable ZERO_ON_PAUSE;
    uint256 private immutable ASSET_UNIT;

    /// @dev The steward and the first reviewed price are arguments: under CREATE2 the sender is a factory, and a
    ///      front-runner who deploys first must not choose either.
    constructor(Deployment memory d)
        OracleVerdicts(Sources({
            asset: d.asset,
            primary: d.primary,
            primaryDecimals: d.primaryDecimals,
            secondary: d.secondary,
            secondaryDecimals: d.secondaryDecimals,
            callGas: d.callGas,
            minPrice: d.minPrice,
            maxPrice: d.maxPrice,
            hasReference: d.hasReference
        }))
    {
        if (d.asset == address(0)) revert DeploymentInvalid("asset");
        if (d.steward == address(0)) revert DeploymentInvalid("steward");
        if (d.assetDecimals > MAX_DECIMALS) revert DeploymentInvalid("assetDecimals");
        STEWARD = d.steward;
        ZERO_ON_PAUSE = d.zeroOnPause;
        ASSET_UNIT = 10 ** d.assetDecimals;

        _configure(d.configuration, d.secondary != address(0));
        if (d.referenceWord != 0) _setReference(d.referenceWord, d.hasReference, d.minPrice, d.maxPrice);
        _requirePrice(d.seedPrice, d.minPrice, d.maxPrice);
        _requireTime(d.seedAsOf);
        state = W.seeded(d.seedPrice, d.seedAsOf);
        emit Reset(d.seedPrice, d.seedAsOf, 0, true);
    }

    modifier onlySteward() {
        if (msg.sender != STEWARD) revert NotSteward(msg.sender);
        _;
    }

    // --- reading ---------------------------------------------------------------------------------

    /// @inheritdoc IFallbackOracle
    function status()
        external
        view
        override
        returns (Status verdict, uint256 price, uint256 updatedAt, uint256 age, uint256 undecayed)
    {
        Verdict now_ = _view(false);
        (verdict, price, updatedAt) = (now_.status(), now_.price(), now_.time());
        (age, undecayed) = (block.timestamp - updatedAt, now_.undecayed());
    }

    /// @inheritdoc IFallbackOracle
    /// @dev One state and one configuration slot. Blind to what the feeds say since the last poke.
    function lastPrice() external view override returns (uint256 price, uint256 updatedAt) {
        uint256 word = state;
        if (word & (W.CONTESTED | W.TRIPPED) != 0) {
            revert Paused(ASSET, word & W.TRIPPED != 0 ? Status.Tripped : Status.Contested);
        }
        updatedAt = (word >> W.PRICE_TIME) & W.TIME_MASK;
        Status aged;
        (aged, price) = _left(word & W.PRICE_MASK, updatedAt, configuration);
        if (price == 0) revert Paused(ASSET, aged);
    }

    /// @inheritdoc AggregatorV3Interface
    /// @dev Reverts in a pause. The round is named by its time: the oldest contributor's, never now.
    function latestRoundData()
        external
        view
        override
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)
    {
        Verdict verdict = _view(true);
        answer = int256(verdict.price());
        updatedAt = startedAt = verdict.time();
        roundId = answeredInRound = uint80(updatedAt);
    }

    /// @inheritdoc IFallbackOracle
    function latestAnswer() external view override returns (int256) {
        return int256(_view(!ZERO_ON_PAUSE).price());
    }

    /// @inheritdoc IFallbackOracle
    function stored(Word which) external view override returns (uint256) {
        if (which == Word.State) return state;
        if (which == Word.Configuration) return configuration;
        return which == Word.Contest ? contest : referenceWord;
    }

    /// @inheritdoc IFallbackOracle
    function constants() external view override returns (Constants memory) {
        return Constants(
            ASSET,
            STEWARD,
            PRIMARY,
            SECONDARY,
            CALL_GAS,
            MIN_PRICE,
            MAX_PRICE,
            ASSET_UNIT,
            HAS_REFERENCE,
            ZERO_ON_PAUSE
        );
    }

    function decimals() external pure override returns (uint8) {
        return OUTPUT_DECIMALS;
    }

    function description() external pure override returns (string memory) {
        return "Fallback oracle / USD";
    }

    function version() external pure override returns (uint256) {
        return 1;
    }

    function getRoundData(uint80 roundId) external pure override returns (uint80, int256, uint256, uint256, uint80) {
        revert HistoryNotKept(roundId);
    }

    // --- anyone ----------------------------------------------------------------------------------

    /// @inheritdoc IFallbackOracle
    /// @dev Property 3, and 7: nothing but a Live verdict records a price.
    ///      The bit is set by a Contested verdict, cleared by a Live one and kept by all others, so that an outage
    ///      does not end a contest. The checkpoint and the anchors follow the primary alone.
    function poke() external override returns (Status verdict, uint256 price, uint256 updatedAt) {
        uint256 word = state;
        uint256 config = configuration;
        (Verdict now_, Leg first) = _pokeVerdict(word, config);
        (verdict, price, updatedAt) = (now_.status(), now_.price(), now_.time());

        uint256 next = word;
        if (verdict == Status.Live) {
            next = _recorded(word & ~W.CONTESTED, config, first);
        } else if (verdict == Status.Contested) {
            next = word | W.CONTESTED;
            _recordContest(word, config, first);
        } else if (verdict == Status.Tripped && word & W.TRIPPED == 0) {
            next = word | W.TRIPPED;
            emit TripPersisted(msg.sender, _endEpoch());
        }
        if (next != word) state = next;
        if ((next ^ word) & W.CONTESTED != 0) emit ContestedChanged(next & W.CONTESTED != 0);
        emit Poked(verdict, price, updatedAt);
    }

    // --- the steward only ------------------------------------------------------------------------

    /// @inheritdoc IFallbackOracle
    function configure(uint256 word) external override onlySteward {
        _configure(word, SECONDARY != address(0));
    }

    /// @inheritdoc IFallbackOracle
    function setReference(uint256 word) external override onlySteward {
        _setReference(word, HAS_REFERENCE, MIN_PRICE, MAX_PRICE);
    }

    /// @inheritdoc IFallbackOracle
    function trip() external override onlySteward {
        uint256 word = state;
        if (word & W.TRIPPED != 0) return;
        state = word | W.TRIPPED;
        emit TripPersisted(msg.sender, _endEpoch());
    }

    /// @inheritdoc IFallbackOracle
    /// @dev Property 3. Both anchors restart at the reviewed observation, so that a returning feed is judged against it
    ///      alone.
    function reset(uint256 price, uint256 asOf, uint64 expectedEpoch, bool byGovernor) external override onlySteward {
        uint64 current = uint64(contest >> W.EPOCH);
        if (current != expectedEpoch) revert EpochChanged(expectedEpoch, current);
        _requirePrice(price, MIN_PRICE, MAX_PRICE);
        _requireTime(asOf);
        if (!byGovernor) {
            _requireGuardiansTime(asOf);
            _requireGuardiansCase(price);
        }
        state = W.seeded(price, asOf);
        emit Reset(price, asOf, _endEpoch(), byGovernor);
    }

    // --- recording -------------------------------------------------------------------------------

    /// @notice The state after a Live observation: checkpoint moved, anchors rolled where the current one has served a
    ///      window.
    /// @dev Property 6: an anchor stands for at least a window and judges for at least one more.
    ///      An anchor too old for the age field's 24 bits (194 days) is not kept as the previous one.
    function _recorded(uint256 word, uint256 config, Leg leg) private pure returns (uint256) {
        (uint256 price, uint256 time) = (leg.price(), leg.time());
        uint256 anchorTime = (word >> W.ANCHOR_TIME) & W.TIME_MASK;
        if (time < anchorTime + ((config >> W.BAND_WINDOW) & W.MASK_24)) {
            return (word & ~(W.PRICE_MASK | W.TIME_MASK << W.PRICE_TIME)) | price | time << W.PRICE_TIME;
        }
        uint256 age = time - anchorTime;
        if (age > W.MASK_24) return W.seeded(price, time);
        uint256 anchor = (word >> W.ANCHOR) & W.PRICE_MASK;
        return price | price << W.ANCHOR | anchor << W.PREVIOUS_ANCHOR | time << W.PRICE_TIME | time << W.ANCHOR_TIME
            | age << W.PREVIOUS_AGE;
    }

    /// @dev Keeps the first sight of a primary alone outside, renews one too old to count, and drops one that a return
    ///      inside the band has answered. While the bit was clear, what the word holds belongs to an earlier contest.
    function _recordContest(uint256 word, uint256 config, Leg first) private {
        uint256 record = contest;
        uint256 since = record & W.TIME_MASK;
        uint256 epochField = record >> W.EPOCH << W.EPOCH;
        if (first.isInside()) {
            if (since != 0) contest = epochField;
            return;
        }
        bool standing = word & W.CONTESTED != 0 && since != 0
            && block.timestamp - since <= (config >> W.MAXIMUM_AGE) & W.MASK_24;
        if (!standing) contest = epochField | block.timestamp | first.time() << W.OUTSIDE_ROUND_TIME;
    }

    function _endEpoch() private returns (uint64 next) {
        next = uint64(contest >> W.EPOCH) + 1;
        contest = uint256(next) << W.EPOCH;
    }

    // --- configuration and review ----------------------------------------------------------------

    /// @dev Property 8.
    function _configure(uint256 word, bool hasSecondary) private {
        W.requireValidConfiguration(word, hasSecondary);
        emit Configured(configuration, word);
        configuration = word;
    }

    /// @dev A reference's time only moves on. It is no parameter with a step or a budget: dated back beyond its maximum
    ///      age it would cap nothing, at once and whatever lock or pause stands in the way of loosening.
    function _setReference(uint256 word, bool allowed, uint256 minimum, uint256 maximum) private {
        if (!allowed) revert NoReference(ASSET);
        if (word >> W.REFERENCE_BITS != 0) revert W.ReferenceInvalid(word, "unused bits");
        if ((word >> W.REFERENCE_MAXIMUM_AGE) & W.MASK_24 == 0) revert W.ReferenceInvalid(word, "maximumAge");
        uint256 asOf = (word >> W.REFERENCE_AS_OF) & W.TIME_MASK;
        bool dated = asOf >= (referenceWord >> W.REFERENCE_AS_OF) & W.TIME_MASK && asOf <= block.timestamp;
        if (!dated) revert W.ReferenceInvalid(word, "asOf");
        _requirePrice(word & W.PRICE_MASK, minimum, maximum);
        emit ReferenceSet(referenceWord, word);
        referenceWord = word;
    }

    /// @notice A guardian's price is of no earlier than the checkpoint.
    /// @dev Dated back it would, once the legs fall silent, have decayed by more than the one it replaces.
    function _requireGuardiansTime(uint256 asOf) private view {
        uint256 earliest = (state >> W.PRICE_TIME) & W.TIME_MASK;
        if (asOf < earliest) revert TimeOutOfBounds(asOf, earliest, block.timestamp);
    }

    /// @notice A guardian's reset ends a pause, at a price that a fresh leg within tolerance supports and not below.
    /// @dev A contest is a pause even where a read would no longer say so: `lastPrice` refuses until a poke.
    function _requireGuardiansCase(uint256 price) internal view {
        if (state & (W.CONTESTED | W.TRIPPED) == 0) {
            Verdict verdict = _view(false);
            if (verdict.price() != 0) revert NotPaused(ASSET, verdict.status());
        }
        uint256 config = configuration;
        if (_supports(_primaryLeg(state, config), price, config)) return;
        if (_supports(_secondaryLeg(state, config), price, config)) return;
        revert NoLegSupports(price, (config >> W.TOLERANCE) & W.MASK_16);
    }

    function _supports(Leg leg, uint256 price, uint256 config) private pure returns (bool) {
        return leg.isFresh() && price <= leg.price() && _agree(price, leg.price(), config);
    }

    function _requirePrice(uint256 price, uint256 minimum, uint256 maximum) private pure {
        if (price < minimum || price > maximum) revert PriceOutOfBounds(price, minimum, maximum);
    }

    /// @dev A reviewed price is not ahead, and not so old that it would stop at once.
    function _requireTime(uint256 asOf) private view {
        uint256 maximumAge = (configuration >> W.MAXIMUM_AGE) & W.MASK_24;
        if (asOf > block.timestamp || asOf + maximumAge < block.timestamp) {
            revert TimeOutOfBounds(asOf, block.timestamp - maximumAge, block.timestamp);
        }
    }
}
