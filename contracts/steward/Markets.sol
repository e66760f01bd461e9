// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

import {IParameterSteward} from "../interfaces/IParameterSteward.sol";

/// @title What the steward keeps of each market: oracle, accrual target, ledger, epoch and locks
/// @notice A market is listed once its epoch is positive.
abstract contract Markets {
    /// @dev `main`: collateral section 112 | rate section 96 | configuration epoch 36 | accrual target's number 11 |
    ///      lock flag 1, so that a rate update needs one slot here. The other sections are the oracle's and the
    ///      reference's (`libraries/Guardrails.sol`). `queued` counts the operations that lock the market.
    struct Market {
        uint256 main;
        uint256 oracleSection;
        uint256 referenceSection;
        address oracle;
        uint40 lockedUntil;
        uint40 queuedUntil;
        uint16 queued;
    }

    /// @notice How many accrual targets a steward can know.
    uint256 public constant MAX_ACCRUALS = (1 << 11) - 1;

    uint256 internal constant COLLATERAL_SECTION_MASK = (1 << 112) - 1;
    uint256 internal constant RATE_SECTION = 112;
    uint256 internal constant RATE_SECTION_MASK = (1 << 96) - 1;
    uint256 private constant EPOCH = 208;
    uint256 private constant EPOCH_MASK = (1 << 36) - 1;
    uint256 private constant ACCRUAL = 244;
    uint256 private constant ACCRUAL_MASK = MAX_ACCRUALS;
    /// @dev Set while a lock may stand; a market without it need not look for one.
    uint256 internal constant LOCK = 1 << 255;

    mapping(address asset => Market) internal _markets;
    mapping(uint256 number => address) private _accruals;
    mapping(address accrual => uint256) private _accrualNumbers;
    uint256 private _accrualCount;

    /// @notice A market as listed; `lockedUntil` is the later of the governor's own lock and of those queued.
    function markets(address asset)
        external
        view
        returns (address accrual, uint64 lockedUntil, bool listed, address oracle)
    {
        Market storage market = _markets[asset];
        uint256 main = market.main;
        return (_accrualOf(main), uint64(_lockedUntil(market)), _epochOf(main) != 0, market.oracle);
    }

    /// @notice What the steward has spent of a market's budgets, a section a domain (`libraries/Guardrails.sol`).
    ///         `main`: collateral section 112 | rate section 96 | configuration epoch 36.
    function ledgers(address asset)
        external
        view
        returns (uint256 main, uint256 oracleSection, uint256 referenceSection)
    {
        Market storage market = _markets[asset];
        return (market.main & ((1 << ACCRUAL) - 1), market.oracleSection, market.referenceSection);
    }

    function _marketOf(uint256 asset) internal pure returns (Market storage market) {
        assembly ("memory-safe") {
            mstore(0x00, asset)
            mstore(0x20, _markets.slot)
            market.slot := keccak256(0x00, 0x40)
        }
    }

    function _marketAt(uint256 slot) internal pure returns (Market storage market) {
        assembly ("memory-safe") {
            market.slot := slot
        }
    }

    function _slotOf(Market storage market) internal pure returns (uint256 slot) {
        assembly ("memory-safe") {
            slot := market.slot
        }
    }

    /// @dev Not zero where the market has an accrual target or may be locked.
    function _bounds(uint256 main) internal pure returns (uint256) {
        return main >> ACCRUAL;
    }

    function _listed(address asset) internal view returns (Market storage market) {
        market = _markets[asset];
        if (_epochOf(market.main) == 0) revert IParameterSteward.MarketNotListed(asset);
    }

    function _epochOf(uint256 main) internal pure returns (uint256) {
        return (main >> EPOCH) & EPOCH_MASK;
    }

    /// @dev The main word an epoch later. An epoch never wraps: a plan made on an old one would live again.
    function _later(uint256 asset, uint256 main) internal pure returns (uint256 next) {
        unchecked {
            next = main + (1 << EPOCH);
        }
        if ((next ^ main) >> ACCRUAL != 0) revert IParameterSteward.EpochsExhausted(address(uint160(asset)));
    }

    // --- accrual targets -------------------------------------------------------------------------

    function _accrualOf(uint256 main) internal view returns (address) {
        uint256 number = (main >> ACCRUAL) & ACCRUAL_MASK;
        return number == 0 ? address(0) : _accruals[number];
    }

    /// @dev The main word with another accrual target. One target may serve many markets, so it has a number.
    function _withAccrual(uint256 main, address accrual) internal returns (uint256) {
        uint256 number = accrual == address(0) ? 0 : _numberOf(accrual);
        return (main & ~(ACCRUAL_MASK << ACCRUAL)) | (number << ACCRUAL);
    }

    function _numberOf(address accrual) private returns (uint256 number) {
        if (accrual.code.length == 0) revert IParameterSteward.NoCodeAt(accrual);
        number = _accrualNumbers[accrual];
        if (number != 0) return number;
        number = ++_accrualCount;
        if (number > MAX_ACCRUALS) revert IParameterSteward.TooManyAccruals(accrual, MAX_ACCRUALS);
        _accrualNumbers[accrual] = number;
        _accruals[number] = accrual;
    }

    // --- locks -----------------------------------------------------------------------------------

    /// @dev The later of the governor's own lock and that of the operations queued for the market.
    function _lockedUntil(Market storage market) internal view returns (uint256) {
        (uint256 own, uint256 queue) = (market.lockedUntil, market.queuedUntil);
        return own > queue ? own : queue;
    }

    function _lockUntil(address asset, uint40 until) internal {
        Market storage market = _listed(asset);
        market.lockedUntil = until;
        market.main |= LOCK;
        emit IParameterSteward.MarketLocked(asset, _lockedUntil(market));
    }

    /// @dev Counts one more operation queued for the market, listed or not: settling it must find what queuing left.
    function _enqueue(address asset, uint40 until) internal {
        Market storage market = _markets[asset];
        ++market.queued;
        if (until > market.queuedUntil) market.queuedUntil = until;
        market.main |= LOCK;
        emit IParameterSteward.MarketLocked(asset, _lockedUntil(market));
    }

    /// @dev The last operation to be settled takes the lock with it.
    function _dequeue(address asset) internal {
        Market storage market = _markets[asset];
        if (--market.queued == 0) market.queuedUntil = 0;
        emit IParameterSteward.MarketLocked(asset, _lockedUntil(market));
    }
}
