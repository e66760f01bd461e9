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
import {Validity} from "./libraries/Validity.sol";

/// @title The only writer of oracle configurations, rate words and collateral words
/// @notice Governor (the default admin, replaced in two steps): anything within each parameter's absolute envelope.
///         Steward: within steps, cooldowns and leaking budgets as well. Guardian: pause, LTV to zero, caps to current
///         use, and nothing else. Guardrails are in `libraries/Guardrails.sol`, cross-parameter rules in
///         `libraries/Validity.sol`.
/// @dev The steward creates its registry and rate model, so that the three know each other from one transaction on and
///      no half-wired deployment exists. Oracles take the steward's address and are listed one by one.
///      External calls go to oracles and accrual targets that the governor has listed; whatever they call back, the
///      roles stand in their way, and every word is checked against the values that land.
contract ParameterSteward is IParameterSteward, AccessControlDefaultAdminRules {
    using CollateralWord for uint256;
    using Guardrails for uint256;

    struct Market {
        address accrual;
        uint64 lockedUntil;
        bool listed;
        address oracle;
    }

    /// @dev `main`: collateral section 112 | rate section 96 | configuration epoch 48, so that a rate update writes one
    ///      slot here. The others are a section each, of the oracle and the reference domain.
    struct Ledger {
        uint256 main;
        uint256 oracle;
        uint256 navReference;
    }

    /// @dev One market's judgement as it proceeds from domain to domain.
    struct Judgement {
        address asset;
        bool byGovernor;
        bool first;
        bool metered;
        bool loosened;
        uint256 lockedUntil;
    }

    bytes32 public constant STEWARD_ROLE = keccak256("STEWARD_ROLE");
    bytes32 public constant GUARDIAN_ROLE = keccak256("GUARDIAN_ROLE");

    uint256 public constant MAX_BATCH = 32;
    uint256 public constant MAX_LOCK = 30 days;
    /// @notice Highest limit on the move of a live price by an update, in basis points.
    uint256 public constant MAX_PRICE_MOVE_LIMIT = 500;

    uint256 private constant RATE_SECTION = 112;
    uint256 private constant EPOCH = 208;
    uint256 private constant COLLATERAL_SECTION_MASK = (1 << 112) - 1;
    uint256 private constant RATE_SECTION_MASK = (1 << 96) - 1;

    ParameterRegistry public immutable registry;
    KinkedRateModel public immutable rateModel;

    mapping(address asset => Market) public markets;
    mapping(address asset => Ledger) public ledgers;
    /// @notice The guardrail word of a parameter; zero refuses every value but zero.
    mapping(uint256 id => uint256) public guardrail;

    /// @notice Counts applied batches.
    uint64 public batchEpoch;
    /// @notice By how much, in basis points, an update may move the price of a priced market.
    uint16 public priceMoveLimit;

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
        bool byGovernor = hasRole(DEFAULT_ADMIN_ROLE, msg.sender);
        if (!byGovernor && !hasRole(STEWARD_ROLE, msg.sender)) revert CallerHasNoRole(msg.sender);
        if (block.timestamp > deadline) revert DeadlinePassed(deadline, block.timestamp);

        Snapshot[] memory snapshots = _snapshotsOf(updates);
        bytes32 before = _hash(snapshots);
        if (before != expectedStateHash) revert StateChanged(expectedStateHash, before);

        _accrue(snapshots);
        for (uint256 i = 0; i < updates.length; ++i) _land(updates[i], snapshots[i], byGovernor);
        _write(snapshots);

        emit BatchApplied(artefactHash, before, _hash(snapshots), ++batchEpoch, msg.sender);
    }

    // --- governor --------------------------------------------------------------------------------

    /// @inheritdoc IParameterSteward
    function listMarket(address asset, address oracle, address accrual) external onlyRole(DEFAULT_ADMIN_ROLE) {
        if (IFallbackOracle(oracle).steward() != address(this) || IFallbackOracle(oracle).asset() != asset) {
            revert OracleMismatch(asset, oracle);
        }
        if (accrual != address(0) && accrual.code.length == 0) revert NoCodeAt(accrual);

        Market storage market = markets[asset];
        if (market.listed && market.oracle != oracle) {
            (bool priced, uint256 price) = _price(market.oracle);
            if (priced) _requireContinuity(asset, price, oracle);
            uint256 collateral = registry.collateralWord(asset) & CollateralWord.FIELDS;
            if (collateral != 0) Validity.requireCoupled(asset, collateral, IFallbackOracle(oracle).configuration());
        }
        market.oracle = oracle;
        market.accrual = accrual;
        market.listed = true;
        emit MarketListed(asset, oracle, accrual, _bumpEpoch(asset));
    }

    /// @inheritdoc IParameterSteward
    function setGuardrails(uint256[] calldata ids, uint256[] calldata rails) external onlyRole(DEFAULT_ADMIN_ROLE) {
        if (ids.length != rails.length) revert LengthMismatch(ids.length, rails.length);
        for (uint256 i = 0; i < ids.length; ++i) {
            if (ids[i] >= Domains.PARAMETERS) revert ParameterUnknown(ids[i]);
            Guardrails.requireValid(ids[i], rails[i]);
            emit GuardrailSet(ids[i], guardrail[ids[i]], rails[i]);
            guardrail[ids[i]] = rails[i];
        }
    }

    /// @inheritdoc IParameterSteward
    function setPriceMoveLimit(uint256 basisPoints) external onlyRole(DEFAULT_ADMIN_ROLE) {
        _setPriceMoveLimit(basisPoints);
    }

    /// @inheritdoc IParameterSteward
    function lock(address[] calldata assets, uint64 until) external onlyRole(DEFAULT_ADMIN_ROLE) {
        if (until > block.timestamp + MAX_LOCK) revert LockTooLong(until, block.timestamp + MAX_LOCK);
        for (uint256 i = 0; i < assets.length; ++i) {
            _listed(assets[i]).lockedUntil = until;
            emit MarketLocked(assets[i], until);
        }
    }

    /// @inheritdoc IParameterSteward
    function lockQueued(
        address[] calldata targets,
        uint256[] calldata values,
        bytes[] calldata payloads,
        bytes32 predecessor,
        bytes32 salt
    ) external {
        // The id that OpenZeppelin's TimelockController gives a batch; it commits to every argument.
        bytes32 id = keccak256(abi.encode(targets, values, payloads, predecessor, salt));
        if (!TimelockController(payable(defaultAdmin())).isOperationPending(id)) revert OperationNotPending(id);
        for (uint256 i = 0; i < targets.length; ++i) {
            if (targets[i] != address(this) || bytes4(payloads[i]) != this.applyBatch.selector) continue;
            (Update[] memory updates, , uint64 deadline, ) = abi.decode(
                payloads[i][4:],
                (Update[], bytes32, uint64, bytes32)
            );
            _lockUntil(updates, deadline);
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
        uint256 word = registry.collateralWord(asset);
        emit LtvZeroed(asset, _tighten(asset, word, word.withoutLtv()));
    }

    /// @inheritdoc IParameterSteward
    function freezeCaps(address asset) external onlyRole(GUARDIAN_ROLE) {
        address accrual = _listed(asset).accrual;
        uint256 supply = accrual == address(0) ? 0 : IAccrual(accrual).collateralInUse(asset);
        uint256 debt = accrual == address(0) ? 0 : IAccrual(accrual).debtInUse(asset);
        uint256 word = registry.collateralWord(asset);
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
        Snapshot memory snapshot = _snapshot(asset, Domains.ALL);
        return (
            registry.collateralWord(asset),
            snapshot.rateWord,
            snapshot.oracleWord,
            snapshot.referenceWord,
            snapshot.epoch
        );
    }

    /// @inheritdoc IParameterSteward
    function stateHash(address[] calldata assets, uint8[] calldata masks) external view returns (bytes32) {
        if (assets.length != masks.length) revert LengthMismatch(assets.length, masks.length);
        Snapshot[] memory snapshots = new Snapshot[](assets.length);
        for (uint256 i = 0; i < assets.length; ++i) snapshots[i] = _snapshot(assets[i], masks[i]);
        return _hash(snapshots);
    }

    // --- the steps of a batch --------------------------------------------------------------------

    /// @dev Size, order, masks and stray bits, then what the chain holds of each market.
    function _snapshotsOf(Update[] calldata updates) private view returns (Snapshot[] memory snapshots) {
        if (updates.length == 0 || updates.length > MAX_BATCH) revert BatchSizeInvalid(updates.length, MAX_BATCH);
        snapshots = new Snapshot[](updates.length);
        address previous;
        for (uint256 i = 0; i < updates.length; ++i) {
            Update calldata update = updates[i];
            if (update.asset <= previous) revert AssetsNotAscending(previous, update.asset);
            previous = update.asset;
            _requireClean(update);
            snapshots[i] = _snapshot(update.asset, update.mask);
        }
    }

    /// @dev No empty or unknown mask, no bits outside the fields, no word that the mask does not name.
    function _requireClean(Update calldata update) private pure {
        uint256 mask = update.mask;
        if (mask == 0 || mask > Domains.ALL) revert MaskInvalid(update.asset, mask);
        _requireWidth(update.asset, update.collateralWord, mask & Domains.COLLATERAL, CollateralWord.FIELD_BITS);
        _requireWidth(update.asset, update.rateWord, mask & Domains.RATE, RateCurve.BITS);
        _requireWidth(update.asset, update.oracleWord, mask & Domains.ORACLE, 256);
        _requireWidth(update.asset, update.referenceWord, mask & Domains.REFERENCE, OracleWords.REFERENCE_BITS);
    }

    function _requireWidth(address asset, uint256 word, uint256 named, uint256 width) private pure {
        if (word >> (named == 0 ? 0 : width) != 0) revert StrayBits(asset, word);
    }

    function _snapshot(address asset, uint256 mask) private view returns (Snapshot memory snapshot) {
        snapshot.asset = asset;
        snapshot.mask = mask;
        if (mask & Domains.COLLATERAL != 0) {
            snapshot.collateralWord = registry.collateralWord(asset) & CollateralWord.FIELDS;
        }
        if (mask & Domains.RATE != 0) snapshot.rateWord = rateModel.rateWord(asset);
        if (mask & (Domains.ORACLE | Domains.REFERENCE) != 0) {
            IFallbackOracle oracle = IFallbackOracle(_listed(asset).oracle);
            if (mask & Domains.ORACLE != 0) snapshot.oracleWord = oracle.configuration();
            if (mask & Domains.REFERENCE != 0) snapshot.referenceWord = oracle.referenceWord();
        }
        snapshot.epoch = ledgers[asset].main >> EPOCH;
    }

    function _hash(Snapshot[] memory snapshots) private view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), snapshots));
    }

    /// @dev Charges each market whose rate changes up to now at the old rate: a new rate is never retroactive. Before
    ///      its first rate a market has nothing to charge.
    function _accrue(Snapshot[] memory snapshots) private {
        for (uint256 i = 0; i < snapshots.length; ++i) {
            address asset = snapshots[i].asset;
            address accrual = _listed(asset).accrual;
            if (snapshots[i].rateWord != 0 && accrual != address(0)) IAccrual(accrual).accrue(asset);
        }
    }

    /// @dev Judges one market's update, writes its oracle and ledger, and turns the snapshot into what lands; the
    ///      registry and the rate model are written for all markets at once afterwards.
    function _land(Update calldata update, Snapshot memory snapshot, bool byGovernor) private {
        Market storage market = markets[snapshot.asset];
        Judgement memory judgement = Judgement({
            asset: snapshot.asset,
            byGovernor: byGovernor,
            first: false,
            metered: false,
            loosened: false,
            lockedUntil: market.lockedUntil
        });
        uint256 main = ledgers[snapshot.asset].main;

        if (snapshot.mask & Domains.RATE != 0) {
            uint256 section = (main >> RATE_SECTION) & RATE_SECTION_MASK;
            uint256 renewed = _judge(judgement, Domains.RATE_DOMAIN, snapshot.rateWord, update.rateWord, section);
            main ^= (section ^ renewed) << RATE_SECTION;
            Validity.requireRate(snapshot.asset, update.rateWord);
            snapshot.rateWord = update.rateWord;
        }
        // A rate moves no price and rests on none, so loosening one does not wait for a pause to end.
        judgement.loosened = false;

        uint256 collateralBefore = snapshot.collateralWord;
        if (snapshot.mask & Domains.COLLATERAL != 0) {
            uint256 section = main & COLLATERAL_SECTION_MASK;
            uint256 word = update.collateralWord;
            main ^= section ^ _judge(judgement, Domains.COLLATERAL_DOMAIN, collateralBefore, word, section);
            Validity.requireCollateral(snapshot.asset, word);
            snapshot.collateralWord = word;
        }

        if (snapshot.mask & (Domains.ORACLE | Domains.REFERENCE) != 0) {
            _landOracle(update, snapshot, judgement, market.oracle);
        } else if (judgement.loosened && _isPaused(market.oracle)) {
            revert LoosensPausedMarket(snapshot.asset);
        }
        _requireCoupled(snapshot, collateralBefore, market.oracle);

        unchecked {
            // Safe: an epoch a second would take nine million years to fill 48 bits.
            main += 1 << EPOCH;
        }
        ledgers[snapshot.asset].main = main;
        snapshot.epoch = main >> EPOCH;
    }

    /// @dev Judges and writes the oracle's words. A priced market must stay priced within the limit; an unpriced one
    ///      accepts tightening, so that one trip cannot block a batch, and from the governor anything.
    function _landOracle(
        Update calldata update,
        Snapshot memory snapshot,
        Judgement memory judgement,
        address oracle
    ) private {
        Ledger storage ledger = ledgers[snapshot.asset];
        (bool priced, uint256 price) = _price(oracle);
        if (snapshot.mask & Domains.ORACLE != 0) {
            uint256 section = ledger.oracle;
            uint256 word = update.oracleWord;
            uint256 renewed = _judge(judgement, Domains.ORACLE_DOMAIN, snapshot.oracleWord, word, section);
            if (renewed != section) ledger.oracle = renewed;
            snapshot.oracleWord = word;
            IFallbackOracle(oracle).configure(word);
        }
        if (snapshot.mask & Domains.REFERENCE != 0) {
            uint256 section = ledger.navReference;
            uint256 word = update.referenceWord;
            uint256 renewed = _judge(judgement, Domains.REFERENCE_DOMAIN, snapshot.referenceWord, word, section);
            if (renewed != section) ledger.navReference = renewed;
            snapshot.referenceWord = word;
            IFallbackOracle(oracle).setReference(word);
        }
        if (priced) _requireContinuity(snapshot.asset, price, oracle);
        else if (judgement.loosened) revert LoosensPausedMarket(snapshot.asset);
    }

    /// @dev Checks the collateral and oracle words that land against each other, where either's share of them moved.
    function _requireCoupled(Snapshot memory snapshot, uint256 collateralBefore, address oracle) private view {
        bool oracleNamed = snapshot.mask & Domains.ORACLE != 0;
        uint256 moved = (collateralBefore ^ snapshot.collateralWord) & Validity.COUPLED_COLLATERAL;
        if (!oracleNamed && moved == 0) return;
        uint256 collateral = snapshot.mask & Domains.COLLATERAL != 0
            ? snapshot.collateralWord
            : registry.collateralWord(snapshot.asset) & CollateralWord.FIELDS;
        if (collateral == 0) return;
        uint256 configuration = oracleNamed ? snapshot.oracleWord : IFallbackOracle(oracle).configuration();
        Validity.requireCoupled(snapshot.asset, collateral, configuration);
    }

    // --- guardrails ------------------------------------------------------------------------------

    /// @dev Judges the moves of one domain and returns its renewed ledger section: as it was unless a metered move was
    ///      made, else leaked up to now with the costs added.
    function _judge(
        Judgement memory judgement,
        uint256 domain,
        uint256 current,
        uint256 next,
        uint256 section
    ) private view returns (uint256) {
        judgement.first = current == 0;
        judgement.metered = false;
        if (current == next && !judgement.first) return section;
        if (judgement.first && !judgement.byGovernor) {
            revert FirstConfigurationIsGovernors(judgement.asset, Domains.first(domain));
        }
        uint256 renewed = uint32(block.timestamp);
        uint256 parameters = Domains.count(domain);
        unchecked {
            // Safe: at most 13 parameters, so that the last share ends at bit 240.
            for (uint256 i = 0; i < parameters; ++i) {
                renewed |= _judgeField(judgement, domain, i, current, next, section) << (32 + 16 * i);
            }
        }
        return judgement.metered ? renewed : section;
    }

    /// @dev Judges parameter number `index` of a domain and returns the share of its budget that is spent now.
    function _judgeField(
        Judgement memory judgement,
        uint256 domain,
        uint256 index,
        uint256 currentWord,
        uint256 nextWord,
        uint256 section
    ) private view returns (uint256 spent) {
        uint256 current = Domains.field(domain, currentWord, index);
        uint256 next = Domains.field(domain, nextWord, index);
        spent = uint16(section >> (32 + 16 * index));
        bool moves = current != next;
        if (!moves && !judgement.first && spent == 0) return 0;

        uint256 id = Domains.first(domain) + index;
        uint256 rail = guardrail[id];
        if (spent != 0) spent = rail.leaked(spent, block.timestamp - uint32(section));
        if (moves || judgement.first) Guardrails.requireInEnvelope(judgement.asset, id, rail, next);
        if (moves && !judgement.byGovernor) return _meter(judgement, id, rail, current, next, spent, uint32(section));
    }

    /// @dev Holds a steward's move to step, cooldown, budget and lock; returns what is spent with it.
    function _meter(
        Judgement memory judgement,
        uint256 id,
        uint256 rail,
        uint256 current,
        uint256 next,
        uint256 spent,
        uint256 lastAt
    ) private view returns (uint256) {
        uint256 cost = Guardrails.stepShare(judgement.asset, id, rail, current, next);
        bool loosens = rail.loosens(current, next);
        if (!loosens && rail & Guardrails.RAMPED == 0) return spent;

        Guardrails.requireCool(judgement.asset, id, rail, lastAt);
        judgement.metered = true;
        if (!loosens) return spent;

        if (block.timestamp <= judgement.lockedUntil) {
            revert LoosensLockedMarket(judgement.asset, id, judgement.lockedUntil);
        }
        judgement.loosened = true;
        return Guardrails.requireBudget(judgement.asset, id, spent, cost);
    }

    // --- writing ---------------------------------------------------------------------------------

    function _write(Snapshot[] memory snapshots) private {
        (address[] memory assets, uint256[] memory words) = _landing(snapshots, Domains.COLLATERAL);
        if (assets.length != 0) registry.setCollateral(assets, words);
        (assets, words) = _landing(snapshots, Domains.RATE);
        if (assets.length != 0) rateModel.setRates(assets, words);
    }

    /// @dev The assets and landing words of the markets whose `domain`, collateral or rate, the batch names.
    function _landing(Snapshot[] memory snapshots, uint256 domain)
        private
        pure
        returns (address[] memory assets, uint256[] memory words)
    {
        uint256 n = 0;
        for (uint256 i = 0; i < snapshots.length; ++i) if (snapshots[i].mask & domain != 0) ++n;
        assets = new address[](n);
        words = new uint256[](n);
        for (uint256 i = snapshots.length; n != 0; ) {
            Snapshot memory snapshot = snapshots[--i];
            if (snapshot.mask & domain == 0) continue;
            assets[--n] = snapshot.asset;
            words[n] = domain == Domains.RATE ? snapshot.rateWord : snapshot.collateralWord;
        }
    }

    /// @dev Writes a guardian's tightened collateral word; the epoch moves only if the word does.
    function _tighten(address asset, uint256 word, uint256 tightened) private returns (uint256 epoch) {
        if (tightened == word) return ledgers[asset].main >> EPOCH;
        address[] memory assets = new address[](1);
        uint256[] memory words = new uint256[](1);
        assets[0] = asset;
        words[0] = tightened & CollateralWord.FIELDS;
        registry.setCollateral(assets, words);
        return _bumpEpoch(asset);
    }

    function _bumpEpoch(address asset) private returns (uint256) {
        uint256 main = ledgers[asset].main + (1 << EPOCH);
        ledgers[asset].main = main;
        return main >> EPOCH;
    }

    function _setPriceMoveLimit(uint256 basisPoints) private {
        if (basisPoints > MAX_PRICE_MOVE_LIMIT) revert PriceMoveLimitTooHigh(basisPoints, MAX_PRICE_MOVE_LIMIT);
        emit PriceMoveLimitSet(priceMoveLimit, basisPoints);
        priceMoveLimit = uint16(basisPoints);
    }

    function _lockUntil(Update[] memory updates, uint256 deadline) private {
        uint256 latest = block.timestamp + MAX_LOCK;
        uint64 until = uint64(deadline < latest ? deadline : latest);
        for (uint256 i = 0; i < updates.length; ++i) {
            Market storage market = markets[updates[i].asset];
            if (!market.listed || market.lockedUntil >= until) continue;
            market.lockedUntil = until;
            emit MarketLocked(updates[i].asset, until);
        }
    }

    // --- looking at markets ----------------------------------------------------------------------

    function _listed(address asset) private view returns (Market storage market) {
        market = markets[asset];
        if (!market.listed) revert MarketNotListed(asset);
    }

    /// @dev The oracle's verdict as the two things an update asks of it.
    function _price(address oracle) private view returns (bool priced, uint256 price) {
        IFallbackOracle.Status verdict;
        (verdict, price, , ) = IFallbackOracle(oracle).status();
        priced =
            verdict == IFallbackOracle.Status.Live ||
            verdict == IFallbackOracle.Status.Secondary ||
            verdict == IFallbackOracle.Status.Held ||
            verdict == IFallbackOracle.Status.Decaying;
    }

    /// @dev Whether a pause stands in the oracle's state. Cheaper than a verdict, and enough where no price can move.
    function _isPaused(address oracle) private view returns (bool) {
        return IFallbackOracle(oracle).state() & (OracleWords.CONTESTED | OracleWords.TRIPPED) != 0;
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
