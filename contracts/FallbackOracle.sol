// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {FixedPointMathLib} from "solady/src/utils/FixedPointMathLib.sol";

import {AggregatorV3Interface} from "./interfaces/AggregatorV3Interface.sol";
import {IFallbackOracle} from "./interfaces/IFallbackOracle.sol";
import {IPriceOracle} from "./interfaces/IPriceOracle.sol";
import {Band} from "./libraries/Band.sol";
import {Decay} from "./libraries/Decay.sol";
import {FeedReader} from "./libraries/FeedReader.sol";
import {Leg, Legs} from "./libraries/Leg.sol";
import {OracleWords as W} from "./libraries/OracleWords.sol";

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
contract FallbackOracle is IFallbackOracle, AggregatorV3Interface, IPriceOracle {
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

    /// @notice USD in ERC-7726, the ISO 4217 number as an address; amounts of it have 18 decimals.
    address internal constant USD = address(840);

    uint256 internal constant MIN_CALL_GAS = 40_000;
    uint256 internal constant MAX_CALL_GAS = 500_000;
    uint8 internal constant MAX_DECIMALS = 18;

    uint8 private constant OUTPUT_DECIMALS = 8;
    /// @dev From 8 decimals to the 18 of a USD amount.
    uint256 private constant TO_WAD = 1e10;
    /// @dev Larger answers are invalid; smaller ones cannot overflow when scaled up by at most 1e8.
    uint256 private constant MAX_ANSWER = type(uint128).max;

    address public immutable override asset;
    address public immutable override steward;

    address internal immutable PRIMARY;
    address internal immutable SECONDARY;
    bool private immutable HAS_REFERENCE;
    bool private immutable ZERO_ON_PAUSE;
    uint256 private immutable CALL_GAS;
    uint256 private immutable READ_GAS;
    uint256 private immutable MIN_PRICE;
    uint256 private immutable MAX_PRICE;
    uint256 private immutable ASSET_UNIT;
    // price = answer · up / down; one of the two is 1.
    uint256 private immutable PRIMARY_UP;
    uint256 private immutable PRIMARY_DOWN;
    uint256 private immutable SECONDARY_UP;
    uint256 private immutable SECONDARY_DOWN;

    uint256 public override state;
    uint256 public override configuration;
    uint256 public override contest;
    uint256 public override referenceWord;

    error DeploymentInvalid(string field);
    error DecimalsDiffer(address feed, uint8 declared, uint8 reported);

    /// @dev The steward and the first reviewed price are arguments: under CREATE2 the sender is a factory, and a
    ///      front-runner who deploys first must not choose either.
    constructor(Deployment memory d) {
        if (d.asset == address(0)) revert DeploymentInvalid("asset");
        if (d.steward == address(0)) revert DeploymentInvalid("steward");
        if (d.assetDecimals > MAX_DECIMALS) revert DeploymentInvalid("assetDecimals");
        if (d.callGas < MIN_CALL_GAS || d.callGas > MAX_CALL_GAS) revert DeploymentInvalid("callGas");
        if (d.minPrice == 0 || d.minPrice > d.maxPrice || d.maxPrice > W.PRICE_MASK) revert DeploymentInvalid("bounds");
        if (d.primary == d.secondary) revert DeploymentInvalid("secondary");
        _requireDecimals(d.primary, d.primaryDecimals);
        if (d.secondary != address(0)) _requireDecimals(d.secondary, d.secondaryDecimals);

        asset = d.asset;
        steward = d.steward;
        PRIMARY = d.primary;
        SECONDARY = d.secondary;
        HAS_REFERENCE = d.hasReference;
        ZERO_ON_PAUSE = d.zeroOnPause;
        CALL_GAS = d.callGas;
        READ_GAS = FeedReader.supply(d.callGas);
        MIN_PRICE = d.minPrice;
        MAX_PRICE = d.maxPrice;
        ASSET_UNIT = 10 ** d.assetDecimals;
        (PRIMARY_UP, PRIMARY_DOWN) = _scale(d.primaryDecimals);
        (SECONDARY_UP, SECONDARY_DOWN) = _scale(d.secondaryDecimals);

        _configure(d.configuration, d.secondary != address(0));
        if (d.referenceWord != 0) _setReference(d.referenceWord, d.hasReference, d.minPrice, d.maxPrice);
        _requirePrice(d.seedPrice, d.minPrice, d.maxPrice);
        _requireTime(d.seedAsOf);
        state = W.seeded(d.seedPrice, d.seedAsOf);
        emit Reset(d.seedPrice, d.seedAsOf, 0, true);
    }

    modifier onlySteward() {
        if (msg.sender != steward) revert NotSteward(msg.sender);
        _;
    }

    // --- reading ---------------------------------------------------------------------------------

    /// @inheritdoc IFallbackOracle
    function status()
        external
        view
        override
        returns (Status verdict, uint256 price, uint256 updatedAt, uint256 age)
    {
        (verdict, price, updatedAt,) = _view();
        age = block.timestamp - updatedAt;
    }

    /// @inheritdoc IFallbackOracle
    /// @dev One state and one configuration slot. Blind to what the feeds say since the last poke.
    function lastPrice() external view override returns (uint256 price, uint256 updatedAt) {
        uint256 word = state;
        if (word & (W.CONTESTED | W.TRIPPED) != 0) {
            revert Paused(asset, word & W.TRIPPED != 0 ? Status.Tripped : Status.Contested);
        }
        updatedAt = (word >> W.PRICE_TIME) & W.TIME_MASK;
        Status aged;
        (aged, price) = _aged(word & W.PRICE_MASK, updatedAt, configuration);
        if (price == 0) revert Paused(asset, aged);
    }

    /// @inheritdoc IFallbackOracle
    function livePrice() external view override returns (uint256 price, uint256 updatedAt) {
        return _live();
    }

    /// @inheritdoc AggregatorV3Interface
    /// @dev Reverts in a pause. The round is named by its time: the oldest contributor's, never now.
    function latestRoundData() external view override returns (uint80, int256, uint256, uint256, uint80) {
        (uint256 price, uint256 time,) = _priced();
        return (uint80(time), int256(price), time, time, uint80(time));
    }

    /// @inheritdoc IFallbackOracle
    function latestAnswer() external view override returns (int256) {
        (Status verdict, uint256 price,,) = _view();
        if (price == 0 && !ZERO_ON_PAUSE) revert Paused(asset, verdict);
        return int256(price);
    }

    /// @inheritdoc IPriceOracle
    /// @dev Asset to USD at the served (decayed) price; USD to asset only while Live.
    function getQuote(uint256 baseAmount, address base, address quote) external view override returns (uint256) {
        if (_inverse(base, quote)) {
            (uint256 live,) = _live();
            return FixedPointMathLib.fullMulDiv(baseAmount, ASSET_UNIT, live * TO_WAD);
        }
        (uint256 price,,) = _priced();
        return FixedPointMathLib.fullMulDiv(baseAmount, price * TO_WAD, ASSET_UNIT);
    }

    /// @inheritdoc IPriceOracle
    /// @dev The bid is decayed and rounds down; the ask is not decayed and rounds up, so that silence never shrinks a
    ///      debt. USD to asset only while Live.
    function getQuotes(uint256 baseAmount, address base, address quote)
        external
        view
        override
        returns (uint256 bid, uint256 ask)
    {
        if (_inverse(base, quote)) {
            (uint256 live,) = _live();
            bid = FixedPointMathLib.fullMulDiv(baseAmount, ASSET_UNIT, live * TO_WAD);
            ask = FixedPointMathLib.fullMulDivUp(baseAmount, ASSET_UNIT, live * TO_WAD);
        } else {
            (uint256 price,, uint256 undecayed) = _priced();
            bid = FixedPointMathLib.fullMulDiv(baseAmount, price * TO_WAD, ASSET_UNIT);
            ask = FixedPointMathLib.fullMulDivUp(baseAmount, undecayed * TO_WAD, ASSET_UNIT);
        }
    }

    /// @inheritdoc IFallbackOracle
    function constants() external view override returns (Constants memory) {
        return Constants(
            PRIMARY, SECONDARY, CALL_GAS, MIN_PRICE, MAX_PRICE, ASSET_UNIT, HAS_REFERENCE, ZERO_ON_PAUSE
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
        Leg first;
        (verdict, price, updatedAt, first) = _pokeVerdict(word, config);

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
        if (!byGovernor) _requireSupport(price);
        state = W.seeded(price, asOf);
        emit Reset(price, asOf, _endEpoch(), byGovernor);
    }

    // --- the state machine -----------------------------------------------------------------------

    /// @notice The verdict of a read. The secondary is called only where the primary does not settle it.
    function _view() internal view returns (Status, uint256 price, uint256 time, uint256 undecayed) {
        uint256 word = state;
        if (word & W.TRIPPED != 0) return _pause(Status.Tripped, word);
        uint256 config = configuration;
        Leg first = _primaryLeg(word, config);
        if (first.isSound() && word & W.CONTESTED == 0) return _servedAt(Status.Live, first);
        return _judge(word, config, first, _secondaryLeg(word, config));
    }

    /// @notice The verdict of a poke: on both legs, whatever the bit; with it the primary leg, to be recorded.
    function _pokeVerdict(uint256 word, uint256 config)
        private
        view
        returns (Status verdict, uint256 price, uint256 time, Leg first)
    {
        if (word & W.TRIPPED != 0) {
            (verdict, price, time,) = _pause(Status.Tripped, word);
        } else {
            first = _primaryLeg(word, config);
            (verdict, price, time,) = _judge(word, config, first, _secondaryLeg(word, config));
        }
    }

    /// @notice The table above, on both legs.
    function _judge(uint256 word, uint256 config, Leg first, Leg second)
        private
        view
        returns (Status, uint256 price, uint256 time, uint256 undecayed)
    {
        if (first.isSound()) return _withLivePrimary(word, config, first, second);
        if (first.isFresh()) {
            bool contested = second.isSound() && !_confirmed(word, config, first.time());
            return _pause(contested ? Status.Contested : Status.Tripped, word);
        }
        if (second.isSound()) return _servedAt(Status.Secondary, second);
        if (second.isFresh()) return _pause(Status.Tripped, word);
        return _onBase(word, config, first);
    }

    /// @dev Property 4. A secondary that is not sound is dropped: one leg cannot pause the market.
    function _withLivePrimary(uint256 word, uint256 config, Leg first, Leg second)
        private
        pure
        returns (Status, uint256 price, uint256 time, uint256 undecayed)
    {
        if (!second.isSound()) return _servedAt(Status.Live, first);
        if (!_agree(first.price(), second.price(), config)) return _pause(Status.Contested, word);
        if (word & W.CONTESTED == 0) return _servedAt(Status.Live, first);

        price = FixedPointMathLib.min(first.price(), second.price());
        return (Status.Live, price, FixedPointMathLib.min(first.time(), second.time()), price);
    }

    /// @dev No leg is fresh: the newer of the checkpoint and a primary answer that fails by its age alone.
    function _onBase(uint256 word, uint256 config, Leg first)
        private
        view
        returns (Status verdict, uint256 price, uint256 time, uint256 undecayed)
    {
        undecayed = word & W.PRICE_MASK;
        time = (word >> W.PRICE_TIME) & W.TIME_MASK;
        if (first.isInside() && first.time() > time) (undecayed, time) = (first.price(), first.time());
        (verdict, price) = _aged(undecayed, time, config);
    }

    /// @notice The worth of a price of a given time: Held up to T, Decaying up to the maximum age, else Stopped with 0.
    /// @dev Properties 1 and 2. A price that has decayed below the asset's own bound stops as well: no price outside
    ///      the bounds is ever served.
    function _aged(uint256 price, uint256 time, uint256 config) private view returns (Status, uint256) {
        // Safe unchecked: recorded times are not ahead; price·factor < 2^(54 + 60).
        unchecked {
            uint256 age = block.timestamp - time;
            if (age <= config & W.MASK_24) return (Status.Held, price);
            if (age > (config >> W.MAXIMUM_AGE) & W.MASK_24) return (Status.Stopped, 0);
            price = price * Decay.factor(config, age) / Decay.WAD;
            return price < MIN_PRICE ? (Status.Stopped, 0) : (Status.Decaying, price);
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
    function _agree(uint256 a, uint256 b, uint256 config) private pure returns (bool) {
        unchecked {
            (uint256 low, uint256 high) = a < b ? (a, b) : (b, a);
            return (high - low) * W.FRACTION <= low * ((config >> W.TOLERANCE) & W.MASK_16);
        }
    }

    function _servedAt(Status verdict, Leg leg) private pure returns (Status, uint256, uint256, uint256) {
        return (verdict, leg.price(), leg.time(), leg.price());
    }

    function _pause(Status verdict, uint256 word) private pure returns (Status, uint256, uint256, uint256) {
        return (verdict, 0, (word >> W.PRICE_TIME) & W.TIME_MASK, 0);
    }

    /// @dev A price is never 0, so 0 is a pause.
    function _priced() private view returns (uint256 price, uint256 time, uint256 undecayed) {
        Status verdict;
        (verdict, price, time, undecayed) = _view();
        if (price == 0) revert Paused(asset, verdict);
    }

    function _live() private view returns (uint256 price, uint256 time) {
        Status verdict;
        (verdict, price, time,) = _view();
        if (verdict != Status.Live) revert Paused(asset, verdict);
    }

    // --- legs ------------------------------------------------------------------------------------

    /// @dev Property 5, as for the secondary: the feed is given the same gas whatever the caller supplied.
    function _primaryLeg(uint256 word, uint256 config) internal view virtual returns (Leg) {
        (uint256 answer, uint256 time) = FeedReader.read(PRIMARY, CALL_GAS, READ_GAS);
        uint256 price = _normalised(answer, PRIMARY_UP, PRIMARY_DOWN);
        return _leg(price, time, (config >> W.PRIMARY_STALENESS) & W.MASK_24, word, config);
    }

    function _secondaryLeg(uint256 word, uint256 config) internal view virtual returns (Leg) {
        if (SECONDARY == address(0)) return Legs.INVALID;
        (uint256 answer, uint256 time) = FeedReader.read(SECONDARY, CALL_GAS, READ_GAS);
        uint256 price = _normalised(answer, SECONDARY_UP, SECONDARY_DOWN);
        return _leg(price, time, (config >> W.SECONDARY_STALENESS) & W.MASK_24, word, config);
    }

    /// @notice The answer in 8 decimals, rounded down; 0 for one that is zero, negative or absurd.
    /// @dev As unsigned numbers, every negative answer exceeds the largest accepted one. The divisor is never 0.
    function _normalised(uint256 answer, uint256 up, uint256 down) private pure returns (uint256) {
        if (answer > MAX_ANSWER) return 0;
        return FixedPointMathLib.rawDiv(FixedPointMathLib.rawMul(answer, up), down);
    }

    /// @dev Property 1. Safe unchecked: a price below the least and a time of 0 wrap and fail; a time not
    ///      ahead gives an age.
    function _leg(uint256 price, uint256 time, uint256 staleness, uint256 word, uint256 config)
        private
        view
        returns (Leg)
    {
        unchecked {
            if (price - MIN_PRICE > MAX_PRICE - MIN_PRICE) return Legs.INVALID;
            if (time - 1 >= block.timestamp) return Legs.INVALID;
            bool inside = Band.contains(word, config, price, time);
            if (HAS_REFERENCE && inside) inside = Band.belowReference(referenceWord, price, time);
            return Legs.pack(price, time, block.timestamp - time <= staleness, inside);
        }
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

    function _setReference(uint256 word, bool allowed, uint256 minimum, uint256 maximum) private {
        if (!allowed) revert NoReference(asset);
        if (word >> W.REFERENCE_BITS != 0) revert W.ReferenceInvalid(word, "unused bits");
        if ((word >> W.REFERENCE_MAXIMUM_AGE) & W.MASK_24 == 0) revert W.ReferenceInvalid(word, "maximumAge");
        if ((word >> W.REFERENCE_AS_OF) & W.TIME_MASK > block.timestamp) revert W.ReferenceInvalid(word, "asOf");
        _requirePrice(word & W.PRICE_MASK, minimum, maximum);
        emit ReferenceSet(referenceWord, word);
        referenceWord = word;
    }

    /// @notice A guardian's reset price needs a fresh leg within tolerance and not below it.
    function _requireSupport(uint256 price) private view {
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

    function _requireDecimals(address feed, uint8 declared) private view {
        if (declared > MAX_DECIMALS) revert DeploymentInvalid("decimals");
        uint8 reported = AggregatorV3Interface(feed).decimals();
        if (reported != declared) revert DecimalsDiffer(feed, declared, reported);
    }

    function _scale(uint8 from) private pure returns (uint256 up, uint256 down) {
        (up, down) = (1, 1);
        if (from < OUTPUT_DECIMALS) up = 10 ** (OUTPUT_DECIMALS - from);
        else down = 10 ** (from - OUTPUT_DECIMALS);
    }

    /// @dev True for USD to asset, false for asset to USD.
    function _inverse(address base, address quote) private view returns (bool) {
        if (base == asset && quote == USD) return false;
        if (base == USD && quote == asset) return true;
        revert PairNotSupported(base, quote);
    }
}
