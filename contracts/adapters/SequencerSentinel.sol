// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {IPriceOracleSentinel} from "../interfaces/IPriceOracleSentinel.sol";
import {FeedReader} from "../libraries/FeedReader.sol";

/// @title A sequencer uptime feed behind Aave's price oracle sentinel
/// @notice A price can stop an asset; it cannot tell borrowing from repaying, nor an outage of the whole chain from a
///         feed's silence. This can: after an outage holders have the grace period to mend positions that they could
///         not reach.
///
///         | the uptime feed says                              | sequencer  | borrow | liquidate (¹) |
///         |---------------------------------------------------|------------|--------|---------------|
///         | 0, begun longer ago than the grace period         | Up         | yes    | yes           |
///         | 0, begun within it, or ahead by no more           | Recovering | no     | no            |
///         | 1                                                 | Down       | no     | no            |
///         | nothing: revert, short return, gas burnt, no code | Unknown    | no     | yes           |
///         | neither 0 nor 1; begun at 0, or further ahead     | Unknown    | no     | yes           |
///
///         (¹) The pool asks only for a health factor in [0.95, 1); below it liquidates whatever the answer.
///
///         Unknown names no outage and no start to count from: a refusal would have no end, and positions would pass
///         from liquidatable to insolvent behind a dead feed. Nobody loses by a borrow refused, so that is refused.
///         A start a little ahead is a recovery seen by a faster clock (the time comes from another chain): reading it
///         as nonsense would open liquidation at the first second after an outage.
/// @dev Aave's two questions name no asset, so no status of an asset's oracle can be asked here: one asset's pause
///      would stop every other's market. An asset is gated by its own price, LTV and reserve flags.
///
///      Everything is immutable. Aave lets a risk admin change the grace period; then one key could close liquidation
///      by a long period, or open it in the middle of one by a short. Here a change is a new sentinel, put in place by
///      the owner of the addresses provider (`setPriceOracleSentinel`), which also removes one.
///
///      An answer needs about 134 000 gas supplied (`FeedReader.supply`), and with less it reverts: a caller's gas
///      never turns Down into Unknown.
contract SequencerSentinel is IPriceOracleSentinel {
    enum Sequencer {
        Up,
        Recovering,
        Down,
        Unknown
    }

    uint256 public constant MIN_GRACE_PERIOD = 15 minutes;
    /// @notice As long as Aave lets a reserve's own grace period be.
    uint256 public constant MAX_GRACE_PERIOD = 4 hours;
    /// @notice What the uptime feed is given to answer with.
    uint256 public constant CALL_GAS = 120_000;

    uint256 private constant UP = 0;
    uint256 private constant DOWN = 1;

    address public immutable override ADDRESSES_PROVIDER;
    address private immutable UPTIME_FEED;
    uint256 private immutable GRACE_PERIOD;
    uint256 private immutable READ_GAS;

    error NoCodeAt(address account);
    error GracePeriodOutOfBounds(uint256 gracePeriod, uint256 minimum, uint256 maximum);
    error NotAnUptimeFeed(address feed);
    error Immutable();

    /// @param provider The pool's addresses provider, for those who read it here; nothing is asked of it.
    /// @param uptimeFeed Must say up or down now: a price feed, or one not yet initialised, is refused.
    /// @param gracePeriod Seconds.
    constructor(address provider, address uptimeFeed, uint256 gracePeriod) {
        if (provider.code.length == 0) revert NoCodeAt(provider);
        if (uptimeFeed.code.length == 0) revert NoCodeAt(uptimeFeed);
        if (gracePeriod < MIN_GRACE_PERIOD || gracePeriod > MAX_GRACE_PERIOD) {
            revert GracePeriodOutOfBounds(gracePeriod, MIN_GRACE_PERIOD, MAX_GRACE_PERIOD);
        }
        uint256 required = FeedReader.supply(CALL_GAS);
        ADDRESSES_PROVIDER = provider;
        UPTIME_FEED = uptimeFeed;
        GRACE_PERIOD = gracePeriod;
        READ_GAS = required;
        if (_sequencer(uptimeFeed, required, gracePeriod) == Sequencer.Unknown) revert NotAnUptimeFeed(uptimeFeed);
    }

    /// @inheritdoc IPriceOracleSentinel
    function isBorrowAllowed() external view override returns (bool) {
        return sequencer() == Sequencer.Up;
    }

    /// @inheritdoc IPriceOracleSentinel
    function isLiquidationAllowed() external view override returns (bool) {
        Sequencer now_ = sequencer();
        return now_ == Sequencer.Up || now_ == Sequencer.Unknown;
    }

    /// @notice The table above.
    function sequencer() public view returns (Sequencer) {
        return _sequencer(UPTIME_FEED, READ_GAS, GRACE_PERIOD);
    }

    /// @notice Refused: see above.
    function setSequencerOracle(address) external pure override {
        revert Immutable();
    }

    /// @notice Refused: see above.
    function setGracePeriod(uint256) external pure override {
        revert Immutable();
    }

    function getSequencerOracle() external view override returns (address) {
        return UPTIME_FEED;
    }

    function getGracePeriod() external view override returns (uint256) {
        return GRACE_PERIOD;
    }

    /// @dev A failed read gives (0, 0), and a start of 0 is Unknown. As unsigned numbers negative answers exceed 1.
    ///      Safe unchecked: times and the grace period are far below 2^255; a start beyond their sum is refused before
    ///      it is added to.
    function _sequencer(address feed, uint256 required, uint256 gracePeriod) private view returns (Sequencer) {
        (uint256 answer, uint256 startedAt) = FeedReader.readStart(feed, CALL_GAS, required);
        unchecked {
            if (answer > DOWN || startedAt == 0 || startedAt > block.timestamp + gracePeriod) return Sequencer.Unknown;
            if (answer != UP) return Sequencer.Down;
            return block.timestamp > startedAt + gracePeriod ? Sequencer.Up : Sequencer.Recovering;
        }
    }
}
