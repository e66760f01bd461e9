// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @title The only writer of oracle configurations, rate words and collateral words
interface IParameterSteward {
    /// @notice What a batch does to one market. Words whose bit of `mask` is clear are ignored and must be zero.
    /// @param mask 1 collateral | 2 rate | 4 oracle configuration | 8 NAV reference.
    struct Update {
        address asset;
        uint8 mask;
        uint256 collateralWord;
        uint256 rateWord;
        uint256 oracleWord;
        uint256 referenceWord;
    }

    event MarketListed(address indexed asset, address indexed oracle, address indexed accrual, uint256 epoch);
    event BatchApplied(
        bytes32 indexed artefactHash,
        bytes32 stateHashBefore,
        bytes32 stateHashAfter,
        uint256 batchEpoch,
        address caller
    );
    event GuardrailSet(uint256 indexed id, uint256 previous, uint256 current);
    event PriceMoveLimitSet(uint256 previous, uint256 current);
    event MarketLocked(address indexed asset, uint256 until);
    event LtvZeroed(address indexed asset, uint256 epoch);
    event CapsFrozen(address indexed asset, uint256 supplyCap, uint256 debtCeiling, uint256 epoch);
    event FrozenSet(address indexed asset, bool frozen);
    event OraclePaused(address indexed asset, address indexed by);
    event OracleReset(address indexed asset, address indexed by, uint256 price, uint256 asOf);

    error CallerHasNoRole(address caller);
    error DeadlinePassed(uint256 deadline, uint256 time);
    error BatchSizeInvalid(uint256 size, uint256 maximum);
    error LengthMismatch(uint256 first, uint256 second);
    error AssetsNotAscending(address previous, address next);
    error MaskInvalid(address asset, uint256 mask);
    error StrayBits(address asset, uint256 word);
    error StateChanged(bytes32 expected, bytes32 actual);
    error MarketNotListed(address asset);
    error OracleMismatch(address asset, address oracle);
    error NoCodeAt(address target);
    error FirstConfigurationIsGovernors(address asset, uint256 mask);
    error LoosensLockedMarket(address asset, uint256 id, uint256 until);
    error LoosensPausedMarket(address asset);
    error PriceWouldMove(address asset, uint256 before, uint256 afterwards, uint256 limit);
    error ParameterUnknown(uint256 id);
    error PriceMoveLimitTooHigh(uint256 limit, uint256 maximum);
    error LockTooLong(uint256 until, uint256 latest);
    error OperationNotPending(bytes32 id);
    error OperationLocksNothing(bytes32 id);
    error OperationStillPending(bytes32 id);
    error MarketChanged(address asset, uint256 expectedEpoch, uint256 epoch);
    error EpochsExhausted(address asset);
    error TooManyAccruals(address accrual, uint256 maximum);

    // --- batches ---------------------------------------------------------------------------------

    /// @notice Applies all updates or none.
    /// @param updates Strictly ascending by asset, at most `MAX_BATCH`.
    /// @param expectedStateHash `stateHash` of the batch's assets and masks that the plan was made on.
    /// @param deadline Last second at which the batch may land.
    /// @param artefactHash Hash of the artefact that the words were compiled into; it goes into the event.
    function applyBatch(
        Update[] calldata updates,
        bytes32 expectedStateHash,
        uint64 deadline,
        bytes32 artefactHash
    ) external;

    // --- governor --------------------------------------------------------------------------------

    /// @notice Lists a market, or replaces the oracle or accrual target of a listed one.
    /// @param accrual Where interest is charged before a rate changes; zero where the market keeps none.
    function listMarket(address asset, address oracle, address accrual) external;

    /// @notice Sets the guardrail words of parameters (layout and meaning in `libraries/Guardrails.sol`).
    function setGuardrails(uint256[] calldata ids, uint256[] calldata rails) external;

    /// @notice Sets by how much, in basis points, an update may move the price of a priced market.
    function setPriceMoveLimit(uint256 basisPoints) external;

    /// @notice Locks markets against loosening by the steward until a time; a past time releases them.
    function lock(address[] calldata assets, uint64 until) external;

    // --- anyone ----------------------------------------------------------------------------------

    /// @notice Locks the markets of every `applyBatch` in an operation that is pending in the governor's timelock,
    ///         until the batch's own deadline or `MAX_LOCK` from now, whichever is sooner. An operation locks once;
    ///         repeating it changes nothing. Never shortens a lock.
    function lockQueued(
        address[] calldata targets,
        uint256[] calldata values,
        bytes[] calldata payloads,
        bytes32 predecessor,
        bytes32 salt
    ) external;

    /// @notice Ends the lock that an operation holds once it has been executed or cancelled, or its time is over. A
    ///         market stays locked while another operation, or the governor, locks it.
    function unlockSettled(
        address[] calldata targets,
        uint256[] calldata values,
        bytes[] calldata payloads,
        bytes32 predecessor,
        bytes32 salt
    ) external;

    // --- guardian --------------------------------------------------------------------------------

    /// @notice Trips the market's oracle until a reviewed reset.
    function pause(address asset) external;

    /// @notice Sets the market's loan to value to zero.
    function zeroLtv(address asset) external;

    /// @notice Lowers the market's caps to what is in use and marks it frozen.
    function freezeCaps(address asset) external;

    // --- shared ----------------------------------------------------------------------------------

    /// @notice Ends a pause at a reviewed price. The guardian alone only if a fresh leg supports the price.
    function resetOracle(address asset, uint256 price, uint256 asOf, uint64 expectedEpoch) external;

    /// @notice Marks a market frozen (steward or governor) or no longer so (governor).
    function setFrozen(address asset, bool frozen) external;

    // --- reading ---------------------------------------------------------------------------------

    /// @notice A market's configuration words and epoch; `collateralWord` includes the frozen flag.
    function marketWords(address asset)
        external
        view
        returns (
            uint256 collateralWord,
            uint256 rateWord,
            uint256 oracleWord,
            uint256 referenceWord,
            uint256 configEpoch
        );

    /// @notice keccak256 of chain id, this contract and the markets' snapshots (`libraries/Snapshots.sol`):
    ///         configuration only, so that no poke, trip, accrual, freeze or spent budget changes it.
    function stateHash(address[] calldata assets, uint8[] calldata masks) external view returns (bytes32);
}
