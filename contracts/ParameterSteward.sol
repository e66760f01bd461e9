// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {
    AccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

import {IAccrual} from "./interfaces/IAccrual.sol";
import {IFallbackOracle} from "./interfaces/IFallbackOracle.sol";
import {IParameterSteward} from "./interfaces/IParameterSteward.sol";
import {KinkedRateModel} from "./KinkedRateModel.sol";
import {ParameterRegistry} from "./ParameterRegistry.sol";
import {CollateralWord} from "./libraries/CollateralWord.sol";
import {Domains} from "./libraries/Domains.sol";
import {Guardrails} from "./libraries/Guardrails.sol";
import {OracleWords} from "./libraries/OracleWords.sol";
import {RateCurve} from "./libraries/RateCurve.sol";
import {Kept, Snapshot, SnapshotLibrary, Snapshots} from "./libraries/Snapshots.sol";
import {Validity} from "./libraries/Validity.sol";
import {Markets} from "./steward/Markets.sol";
import {Metering} from "./steward/Metering.sol";
import {Roles} from "./steward/Roles.sol";

/// @title The only writer of oracle configurations, rate words and collateral words
/// @notice Governor (the default admin, replaced in two steps): anything within each parameter's absolute envelope.
///         Steward: within steps, cooldowns and leaking budgets as well. Guardian: pause, LTV to zero, caps to current
///         use, and nothing else. Guardrails are in `libraries/Guardrails.sol`, applied by `steward/Metering.sol`;
///         cross-parameter rules are in `libraries/Validity.sol`.
/// @dev The steward creates its registry and rate model, so that the three know each other from one transaction on and
///      no half-wired deployment exists. Oracles take the steward's address and are listed one by one.
///      External calls go to oracles and accrual targets that the governor has listed; whatever they call back, the
///      roles stand in their way, and a market that changed under a batch's judgement reverts the batch.
contract ParameterSteward is IParameterSteward, Markets, Metering, Roles {
    using CollateralWord for uint256;

    /// @notice Most markets of a batch: 24, so that one whose every field moves, while every feed of every market burns
    ///         120 000 gas in both readings of the price, still fits a transaction of 2^24 gas (EIP-7825). With feeds
    ///         that answer it costs about 2.9 million.
    uint256 public constant MAX_BATCH = 24;
    uint256 public constant MAX_LOCK = 30 days;
    /// @notice Highest limit on the move of a live price by an update, in basis points.
    uint256 public constant MAX_PRICE_MOVE_LIMIT = 500;

    ParameterRegistry public immutable registry;
    KinkedRateModel public immutable rateModel;

    /// @dev When the lock of an operation of the governor's timelock ends; zero if it locks nothing.
    mapping(bytes32 operation => uint256) private _operationLockedUntil;

    constructor(uint48 adminDelay, address governor, address steward, address guardian, uint256 priceMoveLimit_)
        AccessControlDefaultAdminRules(adminDelay, governor)
    {
        registry = new ParameterRegistry(address(this));
        rateModel = new KinkedRateModel(address(this));
        if (steward != address(0)) _grantRole(STEWARD_ROLE, steward);
        if (guardian != address(0)) _grantRole(GUARDIAN_ROLE, guardian);
        _setPriceMoveLimit(priceMoveLimit_);
    }

    // --- batches ---------------------------------------------------------------------------------

    /// @inheritdoc IParameterSteward
    function applyBatch(
        Update[] calldata updates,
        bytes32 expectedStateHash,
        uint64 deadline,
        bytes32 artefactHash
    ) external {
        uint256 roles = _rolesOf(msg.sender);
        if (roles == 0) revert CallerHasNoRole(msg.sender);
        if (block.timestamp > deadline) revert DeadlinePassed(deadline, block.timestamp);

        Snapshots state = _stateOf(updates);
        bytes32 before = state.digest();
        if (before != expectedStateHash) revert StateChanged(expectedStateHash, before);

        _landAll(updates, state, roles & GOVERNOR != 0);
        state.write(address(registry), uint32(registry.setCollateral.selector), Domains.COLLATERAL);
        state.write(address(rateModel), uint32(rateModel.setRates.selector), Domains.RATE);

        emit BatchApplied(artefactHash, before, state.digest(), ++batchEpoch, msg.sender);
    }

    // --- governor --------------------------------------------------------------------------------

    /// @inheritdoc IParameterSteward
    function listMarket(address asset, address oracle, address accrual) external onlyRole(DEFAULT_ADMIN_ROLE) {
        IFallbackOracle.Constants memory declared = IFallbackOracle(oracle).constants();
        if (declared.steward != address(this) || declared.asset != asset) revert OracleMismatch(asset, oracle);

        Market storage market = _markets[asset];
        uint256 main = market.main;
        address former = market.oracle;
        if (former != address(0) && former != oracle) {
            (bool priced, uint256 price) = _price(former);
            if (priced) _requireContinuity(asset, price, oracle);
            uint256 collateral = _collateralWord(asset) & CollateralWord.FIELDS;
            if (collateral != 0) {
                uint256 configuration = IFallbackOracle(oracle).stored(IFallbackOracle.Word.Configuration);
                Validity.requireCoupled(asset, collateral, configuration);
            }
        }
        market.oracle = oracle;
        main = _later(uint160(asset), _withAccrual(main, accrual));
        market.main = main;
        emit MarketListed(asset, oracle, accrual, _epochOf(main));
    }

    /// @inheritdoc IParameterSteward
    function setGuardrails(uint256[] calldata ids, uint256[] calldata rails) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _setGuardrails(ids, rails);
    }

    /// @inheritdoc IParameterSteward
    function setPriceMoveLimit(uint256 basisPoints) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _setPriceMoveLimit(basisPoints);
    }

    /// @inheritdoc IParameterSteward
    function lock(address[] calldata assets, uint64 until) external onlyRole(DEFAULT_ADMIN_ROLE) {
        if (until > block.timestamp + MAX_LOCK) revert LockTooLong(until, block.timestamp + MAX_LOCK);
        // Safe cast: at most a month from now.
        for (uint256 i = 0; i < assets.length; ++i) _lockUntil(assets[i], uint40(until));
    }

    /// @inheritdoc IParameterSteward
    function lockQueued(
        address[] calldata targets,
        uint256[] calldata values,
        bytes[] calldata payloads,
        bytes32 predecessor,
        bytes32 salt
    ) external {
        bytes32 id = _operation(targets, values, payloads, predecessor, salt);
        if (!_isPending(id)) revert OperationNotPending(id);
        if (_operationLockedUntil[id] != 0) return;
        uint256 latest = block.timestamp;
        for (uint256 i = 0; i < targets.length; ++i) {
            (Update[] memory updates, uint256 until) = _batchIn(targets[i], payloads[i]);
            if (until > block.timestamp + MAX_LOCK) until = block.timestamp + MAX_LOCK;
            if (until > latest) latest = until;
            // Safe cast: at most a month from now.
            for (uint256 k = 0; k < updates.length; ++k) _enqueue(updates[k].asset, uint40(until));
        }
        _operationLockedUntil[id] = latest;
    }

    /// @inheritdoc IParameterSteward
    function unlockSettled(
        address[] calldata targets,
        uint256[] calldata values,
        bytes[] calldata payloads,
        bytes32 predecessor,
        bytes32 salt
    ) external {
        bytes32 id = _operation(targets, values, payloads, predecessor, salt);
        uint256 until = _operationLockedUntil[id];
        if (until == 0) revert OperationLocksNothing(id);
        if (block.timestamp <= until && _isPending(id)) revert OperationStillPending(id);
        delete _operationLockedUntil[id];
        for (uint256 i = 0; i < targets.length; ++i) {
            (Update[] memory updates, ) = _batchIn(targets[i], payloads[i]);
            for (uint256 k = 0; k < updates.length; ++k) _dequeue(updates[k].asset);
        }
    }

    // --- guardian --------------------------------------------------------------------------------

    /// @inheritdoc IParameterSteward
    function pause(address asset) external onlyRole(GUARDIAN_ROLE) {
        IFallbackOracle(_listed(asset).oracle).trip();
        emit OraclePaused(asset, msg.sender);
    }

    /// @inheritdoc IParameterSteward
    function zeroLtv(address asset) external onlyRole(GUARDIAN_ROLE) {
        _listed(asset);
        uint256 word = _collateralWord(asset);
        emit LtvZeroed(asset, _tighten(asset, word, word.withoutLtv()));
    }

    /// @inheritdoc IParameterSteward
    function freezeCaps(address asset) external onlyRole(GUARDIAN_ROLE) {
        address accrual = _accrualOf(_listed(asset).main);
        uint256 supply = accrual == address(0) ? 0 : IAccrual(accrual).collateralInUse(asset);
        uint256 debt = accrual == address(0) ? 0 : IAccrual(accrual).debtInUse(asset);
        uint256 word = _collateralWord(asset);
        uint256 capped = word.cappedAt(supply, debt);
        uint256 epoch = _tighten(asset, word, capped);
        registry.setFrozen(asset, true);
        emit CapsFrozen(asset, capped.supplyCap(), capped.debtCeiling(), epoch);
    }

    // --- shared ----------------------------------------------------------------------------------

    /// @inheritdoc IParameterSteward
    function resetOracle(address asset, uint256 price, uint256 asOf, uint64 expectedEpoch) external {
        bool byGovernor = hasRole(DEFAULT_ADMIN_ROLE, msg.sender);
        if (!byGovernor && !hasRole(GUARDIAN_ROLE, msg.sender)) revert CallerHasNoRole(msg.sender);
        IFallbackOracle(_listed(asset).oracle).reset(price, asOf, expectedEpoch, byGovernor);
        emit OracleReset(asset, msg.sender, price, asOf);
    }

    /// @inheritdoc IParameterSteward
    function setFrozen(address asset, bool frozen) external {
        bool allowed = hasRole(DEFAULT_ADMIN_ROLE, msg.sender) || (frozen && hasRole(STEWARD_ROLE, msg.sender));
        if (!allowed) revert CallerHasNoRole(msg.sender);
        _listed(asset);
        registry.setFrozen(asset, frozen);
        emit FrozenSet(asset, frozen);
    }

    // --- reading ---------------------------------------------------------------------------------

    /// @inheritdoc IParameterSteward
    function marketWords(address asset)
        external
        view
        returns (
            uint256 collateralWord,
            uint256 rateWord,
            uint256 oracleWord,
            uint256 referenceWord,
            uint256 configEpoch
        )
    {
        Market storage market = _listed(asset);
        IFallbackOracle oracle = IFallbackOracle(market.oracle);
        return (
            _collateralWord(asset),
            rateModel.rateWord(asset),
            oracle.stored(IFallbackOracle.Word.Configuration),
            oracle.stored(IFallbackOracle.Word.Reference),
            _epochOf(market.main)
        );
    }

    /// @inheritdoc IParameterSteward
    function stateHash(address[] calldata assets, uint8[] calldata masks) external view returns (bytes32) {
        if (assets.length != masks.length) revert LengthMismatch(assets.length, masks.length);
        Snapshots state = SnapshotLibrary.create(assets.length);
        Kept kept = state.kept();
        uint256 named;
        for (uint256 i = 0; i < assets.length; ++i) {
            _look(state.at(i), kept, uint160(assets[i]), masks[i]);
            kept = kept.following();
            named |= masks[i];
        }
        state.setNamed(named);
        _readRates(state);
        return state.digest();
    }

    // --- the steps of a batch --------------------------------------------------------------------

    /// @dev Size, order, masks and stray bits, then what the chain holds of each market.
    function _stateOf(Update[] calldata updates) private view returns (Snapshots state) {
        if (updates.length == 0 || updates.length > MAX_BATCH) revert BatchSizeInvalid(updates.length, MAX_BATCH);
        state = SnapshotLibrary.create(updates.length);
        Snapshot snapshot = state.at(0);
        Kept kept = state.kept();
        Update calldata update = updates[0];
        uint256 previous;
        uint256 named;
        for (uint256 left = updates.length; left != 0; ) {
            (uint256 asset, uint256 mask) = _headOf(update);
            if (!_isClean(update, asset, mask, previous)) _refuseUpdate(update, previous);
            _look(snapshot, kept, asset, mask);
            named |= mask;
            previous = asset;
            snapshot = snapshot.next();
            kept = kept.following();
            update = _next(update);
            // Safe unchecked: not zero.
            unchecked {
                --left;
            }
        }
        state.setNamed(named);
        _readRates(state);
    }

    /// @dev The update after this one in the list; past the last, none. An update is six words of call data, whose room
    ///      the decoder has checked.
    function _next(Update calldata update) private pure returns (Update calldata following) {
        assembly ("memory-safe") {
            following := add(update, 0xc0)
        }
    }

    /// @dev An update's first two words as they are; `_isClean` says whether they are an address and a mask.
    function _headOf(Update calldata update) private pure returns (uint256 asset, uint256 mask) {
        assembly ("memory-safe") {
            asset := calldataload(update)
            mask := calldataload(add(update, 0x20))
        }
    }

    /// @dev Whether the asset is an address above the one before; the mask neither empty nor unknown; no bits outside
    ///      the fields, and no word that the mask does not name. `_refuseUpdate` says the same in words.
    function _isClean(Update calldata update, uint256 asset, uint256 mask, uint256 previous)
        private
        pure
        returns (bool clean)
    {
        // Safe unchecked: a mask of zero wraps.
        unchecked {
            uint256 stray = _stray(update, mask) | (asset >> 160);
            assembly ("memory-safe") {
                clean := and(iszero(stray), and(gt(asset, previous), lt(sub(mask, 1), 15)))
            }
        }
    }

    /// @dev What of an update's words lies outside the fields that the mask names, joined. Each word is shifted by its
    ///      width if it is named and by nothing if not: a bit of the mask times a share.
    function _stray(Update calldata update, uint256 mask) private pure returns (uint256) {
        unchecked {
            uint256 nav = update.referenceWord >> ((mask & Domains.REFERENCE) * OracleWords.REFERENCE_BITS >> 3);
            return
                (update.collateralWord >> ((mask & Domains.COLLATERAL) * CollateralWord.FIELD_BITS)) |
                (update.rateWord >> ((mask & Domains.RATE) * (RateCurve.BITS / Domains.RATE))) |
                (update.oracleWord >> ((mask & Domains.ORACLE) * (256 / Domains.ORACLE))) |
                nav;
        }
    }

    /// @dev Names what `_isClean` has found, the first of several.
    function _refuseUpdate(Update calldata update, uint256 previous) private pure {
        address asset = update.asset;
        uint256 mask = update.mask;
        if (uint160(asset) <= previous) revert AssetsNotAscending(address(uint160(previous)), asset);
        if (mask == 0 || mask > Domains.ALL) revert MaskInvalid(asset, mask);
        uint256 word = update.referenceWord;
        if (_isStray(update.oracleWord, mask & Domains.ORACLE != 0, 256)) word = update.oracleWord;
        if (_isStray(update.rateWord, mask & Domains.RATE != 0, RateCurve.BITS)) word = update.rateWord;
        if (_isStray(update.collateralWord, mask & Domains.COLLATERAL != 0, CollateralWord.FIELD_BITS)) {
            word = update.collateralWord;
        }
        revert StrayBits(asset, word);
    }

    /// @dev Whether a word has bits beyond its width, or any at all where it is not named.
    function _isStray(uint256 word, bool named, uint256 width) private pure returns (bool) {
        return word >> (named ? width : 0) != 0;
    }

    /// @dev Reads into the snapshot the words that the mask names but the rate, which is read for all markets at once,
    ///      and keeps the market's ledger.
    function _look(Snapshot snapshot, Kept kept, uint256 asset, uint256 mask) private view {
        Market storage market = _marketOf(asset);
        uint256 main = market.main;
        uint256 epoch = _epochOf(main);
        if (epoch == 0) revert MarketNotListed(address(uint160(asset)));
        kept.keep(_slotOf(market), main);
        snapshot.begin(asset, mask, epoch);
        if (mask != Domains.RATE) _lookFurther(snapshot, market, asset, mask);
    }

    function _lookFurther(Snapshot snapshot, Market storage market, uint256 asset, uint256 mask) private view {
        if (mask & Domains.COLLATERAL != 0) {
            snapshot.setCollateral(_collateralWord(address(uint160(asset))) & CollateralWord.FIELDS);
        }
        if (mask & (Domains.ORACLE | Domains.REFERENCE) != 0) {
            IFallbackOracle oracle = IFallbackOracle(market.oracle);
            if (mask & Domains.ORACLE != 0) snapshot.setOracle(oracle.stored(IFallbackOracle.Word.Configuration));
            if (mask & Domains.REFERENCE != 0) snapshot.setNavReference(oracle.stored(IFallbackOracle.Word.Reference));
        }
    }

    function _readRates(Snapshots state) private view {
        state.readRates(address(rateModel), uint32(rateModel.rateWords.selector));
    }

    /// @dev Lands one update after the other.
    function _landAll(Update[] calldata updates, Snapshots state, bool byGovernor) private {
        Judgement memory judgement = _judgement(byGovernor);
        Snapshot snapshot = state.at(0);
        Kept kept = state.kept();
        Update calldata update = updates[0];
        for (uint256 left = updates.length; left != 0; ) {
            _land(update, snapshot, kept, judgement);
            snapshot = snapshot.next();
            kept = kept.following();
            update = _next(update);
            // Safe unchecked: not zero.
            unchecked {
                --left;
            }
        }
    }

    /// @dev Judges one market's update, writes its oracle and ledger, and turns the snapshot into what lands; the
    ///      registry and the rate model are written for all markets at once afterwards.
    function _land(Update calldata update, Snapshot snapshot, Kept kept, Judgement memory judgement) private {
        (uint256 slot, uint256 main) = kept.what();
        Market storage market = _marketAt(slot);
        judgement.asset = snapshot.rawAsset();
        judgement.lockedUntil = 0;
        if (_bounds(main) | judgement.calledOut != 0) main = _settle(snapshot, market, main, judgement);

        uint256 mask = snapshot.mask();
        if (mask & Domains.RATE != 0) {
            uint256 section = (main >> RATE_SECTION) & RATE_SECTION_MASK;
            uint256 word = update.rateWord;
            main ^= (section ^ _judge(judgement, Domains.RATE_DOMAIN, snapshot.rate(), word, section)) << RATE_SECTION;
            if (!Validity.isRate(word)) Validity.requireRate(snapshot.asset(), word);
            snapshot.setRate(word);
        }
        if (mask != Domains.RATE) main = _landFurther(update, snapshot, judgement, market, main);

        main = _later(judgement.asset, main);
        market.main = main;
        snapshot.setEpoch(_epochOf(main));
    }

    /// @dev What of an update lies beside the rate. Returns the main word with the collateral's section renewed.
    function _landFurther(
        Update calldata update,
        Snapshot snapshot,
        Judgement memory judgement,
        Market storage market,
        uint256 main
    ) private returns (uint256) {
        // A rate moves no price and rests on none, so loosening one does not wait for a pause to end.
        judgement.seen = 0;
        uint256 mask = snapshot.mask();
        uint256 before = snapshot.collateral();
        if (mask & Domains.COLLATERAL != 0) {
            uint256 section = main & COLLATERAL_SECTION_MASK;
            uint256 word = update.collateralWord;
            main ^= section ^ _judge(judgement, Domains.COLLATERAL_DOMAIN, before, word, section);
            Validity.requireCollateral(snapshot.asset(), word);
            snapshot.setCollateral(word);
        }

        if (mask & (Domains.ORACLE | Domains.REFERENCE) != 0) {
            _landOracle(update, snapshot, judgement, market);
        } else if (judgement.seen & LOOSENED != 0 && _isPaused(market.oracle)) {
            revert LoosensPausedMarket(snapshot.asset());
        }
        _requireCoupled(snapshot, before, market);
        return main;
    }

    /// @dev Charges a market whose rate changes up to now at the old rate, before any rate of the batch is written: a
    ///      new rate is never retroactive; before its first rate a market has nothing to charge. Then, the batch having
    ///      called out, reads the main word again: what was hashed is what is judged. Until a batch calls out nothing
    ///      but itself can have written since it looked. At last looks for the market's lock.
    function _settle(Snapshot snapshot, Market storage market, uint256 main, Judgement memory judgement)
        private
        returns (uint256)
    {
        address accrual = _accrualOf(main);
        if (accrual != address(0) && snapshot.rate() != 0) {
            judgement.calledOut = 1;
            IAccrual(accrual).accrue(snapshot.asset());
        }
        if (judgement.calledOut != 0) {
            main = market.main;
            if (_epochOf(main) != snapshot.epoch()) {
                revert MarketChanged(snapshot.asset(), snapshot.epoch(), _epochOf(main));
            }
        }
        if (main & LOCK == 0) return main;
        judgement.lockedUntil = _lockedUntil(market);
        return block.timestamp > judgement.lockedUntil ? main ^ LOCK : main;
    }

    /// @dev Judges and writes the oracle's words. A priced market must stay priced within the limit; an unpriced one
    ///      accepts tightening, so that one trip cannot block a batch, and from the governor anything.
    function _landOracle(
        Update calldata update,
        Snapshot snapshot,
        Judgement memory judgement,
        Market storage market
    ) private {
        IFallbackOracle oracle = IFallbackOracle(market.oracle);
        (bool priced, uint256 price) = _price(address(oracle));
        judgement.calledOut = 1;
        if (snapshot.mask() & Domains.ORACLE != 0) {
            uint256 section = market.oracleSection;
            uint256 word = update.oracleWord;
            uint256 renewed = _judge(judgement, Domains.ORACLE_DOMAIN, snapshot.oracle(), word, section);
            if (renewed != section) market.oracleSection = renewed;
            snapshot.setOracle(word);
            oracle.configure(word);
        }
        if (snapshot.mask() & Domains.REFERENCE != 0) {
            uint256 section = market.referenceSection;
            uint256 word = update.referenceWord;
            uint256 renewed = _judge(judgement, Domains.REFERENCE_DOMAIN, snapshot.navReference(), word, section);
            if (renewed != section) market.referenceSection = renewed;
            snapshot.setNavReference(word);
            oracle.setReference(word);
        }
        if (priced) _requireContinuity(snapshot.asset(), price, address(oracle));
        else if (judgement.seen & LOOSENED != 0) revert LoosensPausedMarket(snapshot.asset());
    }

    /// @dev Checks the collateral and oracle words that land against each other, where either's share of them moved.
    function _requireCoupled(Snapshot snapshot, uint256 collateralBefore, Market storage market) private view {
        bool oracleNamed = snapshot.mask() & Domains.ORACLE != 0;
        uint256 moved = (collateralBefore ^ snapshot.collateral()) & Validity.COUPLED_COLLATERAL;
        if (!oracleNamed && moved == 0) return;
        address asset = snapshot.asset();
        uint256 collateral = snapshot.mask() & Domains.COLLATERAL != 0
            ? snapshot.collateral()
            : _collateralWord(asset) & CollateralWord.FIELDS;
        if (collateral == 0) return;
        uint256 configuration = oracleNamed
            ? snapshot.oracle()
            : IFallbackOracle(market.oracle).stored(IFallbackOracle.Word.Configuration);
        Validity.requireCoupled(asset, collateral, configuration);
    }

    // --- writing ---------------------------------------------------------------------------------

    /// @dev Writes a guardian's tightened collateral word; the epoch moves only if the word does.
    function _tighten(address asset, uint256 word, uint256 tightened) private returns (uint256 epoch) {
        Market storage market = _markets[asset];
        uint256 main = market.main;
        if (tightened == word) return _epochOf(main);
        main = _later(uint160(asset), main);
        market.main = main;
        address[] memory assets = new address[](1);
        uint256[] memory words = new uint256[](1);
        assets[0] = asset;
        words[0] = tightened & CollateralWord.FIELDS;
        registry.setCollateral(assets, words);
        return _epochOf(main);
    }

    function _setPriceMoveLimit(uint256 basisPoints) private {
        if (basisPoints > MAX_PRICE_MOVE_LIMIT) revert PriceMoveLimitTooHigh(basisPoints, MAX_PRICE_MOVE_LIMIT);
        emit PriceMoveLimitSet(priceMoveLimit, basisPoints);
        priceMoveLimit = uint16(basisPoints);
    }

    // --- queued operations -----------------------------------------------------------------------

    /// @dev The id that OpenZeppelin's TimelockController gives a batch of calls; it commits to every argument.
    function _operation(
        address[] calldata targets,
        uint256[] calldata values,
        bytes[] calldata payloads,
        bytes32 predecessor,
        bytes32 salt
    ) private pure returns (bytes32) {
        return keccak256(abi.encode(targets, values, payloads, predecessor, salt));
    }

    function _isPending(bytes32 operation) private view returns (bool) {
        return TimelockController(payable(defaultAdmin())).isOperationPending(operation);
    }

    /// @dev The updates and the deadline of a queued call, none if it is no batch of this steward.
    function _batchIn(address target, bytes calldata payload)
        private
        view
        returns (Update[] memory updates, uint256 deadline)
    {
        if (target != address(this) || bytes4(payload) != this.applyBatch.selector) return (updates, 0);
        (updates, , deadline, ) = abi.decode(payload[4:], (Update[], bytes32, uint64, bytes32));
        if (updates.length > MAX_BATCH) revert BatchSizeInvalid(updates.length, MAX_BATCH);
    }

    // --- looking at words and oracles ------------------------------------------------------------

    function _collateralWord(address asset) private view returns (uint256) {
        return _read(address(registry), registry.collateralWord.selector, asset);
    }

    /// @dev A word that one of this contract's own stores keeps of an asset. Their getters neither revert nor return
    ///      less, so nothing is checked.
    function _read(address store, bytes4 getter, address asset) private view returns (uint256 word) {
        assembly ("memory-safe") {
            mstore(0x00, getter)
            mstore(0x04, asset)
            pop(staticcall(gas(), store, 0x00, 0x24, 0x00, 0x20))
            word := mload(0x00)
        }
    }

    /// @dev The oracle's verdict as the two things an update asks of it.
    function _price(address oracle) private view returns (bool priced, uint256 price) {
        IFallbackOracle.Status verdict;
        (verdict, price, , , ) = IFallbackOracle(oracle).status();
        priced =
            verdict == IFallbackOracle.Status.Live ||
            verdict == IFallbackOracle.Status.Secondary ||
            verdict == IFallbackOracle.Status.Held ||
            verdict == IFallbackOracle.Status.Decaying;
    }

    /// @dev Whether a pause stands in the oracle's state. Cheaper than a verdict, and enough where no price can move.
    function _isPaused(address oracle) private view returns (bool) {
        uint256 state = IFallbackOracle(oracle).stored(IFallbackOracle.Word.State);
        return state & (OracleWords.CONTESTED | OracleWords.TRIPPED) != 0;
    }

    /// @dev Refuses an update after which a market priced at `before` is unpriced or has moved by more than the limit.
    ///      |after − before| > before·limit by cross multiplication.
    function _requireContinuity(address asset, uint256 before, address oracle) private view {
        (bool priced, uint256 price) = _price(oracle);
        uint256 move = price > before ? price - before : before - price;
        if (!priced || move * Guardrails.BASIS_POINTS > before * priceMoveLimit) {
            revert PriceWouldMove(asset, before, price, priceMoveLimit);
        }
    }
}
