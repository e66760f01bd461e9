// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title The fallback oracle of one asset: USD, 8 decimals
/// @notice One state machine over a primary and a secondary leg, a checkpoint and an optional NAV reference.
///         Words are laid out in `libraries/OracleWords.sol`.
interface IFallbackOracle {
    /// @dev A price exists in Live, Secondary, Held and Decaying; the other three are pauses.
    enum Status {
        Live,
        Secondary,
        Contested,
        Held,
        Decaying,
        Stopped,
        Tripped
    }

    /// @notice The contest word's epoch counts trips and resets, so that a reviewed reset cannot land on a later pause.
    ///         The NAV reference word is zero where the deployment has none.
    enum Word {
        State,
        Configuration,
        Contest,
        Reference
    }

    /// @notice What the constructor fixed.
    /// @param secondary Zero where the asset has one leg.
    /// @param callGas What a feed is given to answer with.
    /// @param minPrice The asset's own bounds, 8 decimals; outside them a leg is invalid.
    /// @param assetUnit One whole token in its smallest units.
    /// @param hasReference Whether a NAV reference may be set.
    /// @param zeroOnPause Whether `latestAnswer` gives 0 in a pause.
    struct Constants {
        address asset;
        address steward;
        address primary;
        address secondary;
        uint256 callGas;
        uint256 minPrice;
        uint256 maxPrice;
        uint256 assetUnit;
        bool hasReference;
        bool zeroOnPause;
    }

    event Poked(Status indexed status, uint256 price, uint256 updatedAt);
    event ContestedChanged(bool contested);
    event TripPersisted(address indexed by, uint64 epoch);
    event Reset(uint256 price, uint256 asOf, uint64 epoch, bool byGovernor);
    event Configured(uint256 previous, uint256 current);
    event ReferenceSet(uint256 previous, uint256 current);

    error NotSteward(address caller);
    error Paused(address asset, Status status);
    error HistoryNotKept(uint80 roundId);
    error NoReference(address asset);
    error EpochChanged(uint64 expected, uint64 current);
    error PriceOutOfBounds(uint256 price, uint256 minimum, uint256 maximum);
    error TimeOutOfBounds(uint256 asOf, uint256 earliest, uint256 latest);
    error NotPaused(address asset, Status status);
    error NoLegSupports(uint256 price, uint256 tolerance);

    // --- reading ---------------------------------------------------------------------------------

    /// @notice The verdict now. `price` is 0 in a pause; `updatedAt` is the oldest contributor's time (in a pause, of
    ///         the last base) and `age` the seconds since; `undecayed` is the price before decay. Never reverts on a
    ///         verdict. What it may value: `libraries/OraclePrices.sol`.
    function status()
        external
        view
        returns (Status verdict, uint256 price, uint256 updatedAt, uint256 age, uint256 undecayed);

    /// @notice The checkpoint, decayed by its age, without a feed call. Reverts when contested, tripped or stopped.
    function lastPrice() external view returns (uint256 price, uint256 updatedAt);

    /// @notice The price as Aave and other readers of `latestAnswer` take it: in a pause 0 where the deployment says
    ///         so, so that they reach their own fallback, else a revert.
    function latestAnswer() external view returns (int256);

    // --- anyone ----------------------------------------------------------------------------------

    /// @notice Reads both legs, moves the checkpoint, sets or clears `contested`, persists a trip that qualifies.
    function poke() external returns (Status verdict, uint256 price, uint256 updatedAt);

    // --- the steward only ------------------------------------------------------------------------

    /// @notice Replaces the configuration word; every coupled value changes at once.
    function configure(uint256 word) external;

    /// @notice Replaces the NAV reference word (price, time, maximum age, growth and headroom together).
    function setReference(uint256 word) external;

    /// @notice Pauses until a reset. Repeating it changes nothing.
    function trip() external;

    /// @notice Restarts from a reviewed price. Without `byGovernor` only to end a pause, and a fresh leg must lie
    ///      within tolerance and not below.
    function reset(uint256 price, uint256 asOf, uint64 expectedEpoch, bool byGovernor) external;

    // --- words and constants of the deployment -----------------------------------------------------

    function stored(Word which) external view returns (uint256);
    function constants() external view returns (Constants memory);
}
