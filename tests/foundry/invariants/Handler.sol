// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.34;

import {Test} from "forge-std/Test.sol";
import {MockPyth} from "@pythnetwork/pyth-sdk-solidity/MockPyth.sol";

import {FallbackOracle} from "contracts/FallbackOracle.sol";
import {IFallbackOracle} from "contracts/interfaces/IFallbackOracle.sol";
import {IParameterSteward} from "contracts/interfaces/IParameterSteward.sol";
import {Guardrails} from "contracts/libraries/Guardrails.sol";
import {OracleWords} from "contracts/libraries/OracleWords.sol";
import {FaultyFeed} from "contracts/mocks/FaultyFeed.sol";
import {ParameterSteward} from "contracts/ParameterSteward.sol";

import {NavReference, unpack} from "../support/Words.sol";
import {Updates} from "./Updates.sol";
import {Reads} from "../support/Reads.sol";

using Reads for FallbackOracle;

/// @notice Everything that anyone, the sources and the roles can do to one market; with it, what an onlooker remembers.
/// @dev Inputs are bounded so that a legal action never reverts; an illegal one is expected to, with its error. A
///      property that an action itself would break is noted under its number, for the invariant of that number.
contract Handler is Test {
    using Updates for IParameterSteward.Update;
    using Updates for ParameterSteward;

    struct Parts {
        FallbackOracle oracle;
        FaultyFeed primary;
        MockPyth pyth;
        address source;
        ParameterSteward steward;
        bytes32 priceId;
        address governor;
        address stewardKey;
        address guardian;
        uint256 price;
        uint256 minPrice;
        uint256 maxPrice;
    }

    struct View {
        IFallbackOracle.Status verdict;
        uint256 price;
        uint256 updatedAt;
        uint256 age;
    }

    /// @notice A leg as an onlooker reads it: valid, fresh, and what it says.
    struct Answer {
        bool fresh;
        uint256 price;
        uint256 updatedAt;
    }

    Parts internal parts;
    FallbackOracle internal oracle;
    FaultyFeed internal primary;
    ParameterSteward internal steward;
    address internal asset;

    // What an onlooker remembers.
    uint256 public truth;
    uint256 public recordedPrice;
    uint256 public recordedAt;
    bool public tripped;
    uint256 public epoch;
    uint256 public configurationWord;
    uint256 public referenceWord;
    address public governor;
    address public stewardKey;
    address public guardian;
    address public pendingGovernor;
    uint256 private _keys = 0xC0FFEE;

    mapping(uint256 property => string) public broken;
    /// @notice How often each action did what it is named for.
    mapping(bytes4 action => uint256) public done;

    modifier counted() {
        _;
        ++done[msg.sig];
    }

    constructor(Parts memory p) {
        parts = p;
        (oracle, primary, steward, asset) = (p.oracle, p.primary, p.steward, p.oracle.asset());
        (governor, stewardKey, guardian) = (p.governor, p.stewardKey, p.guardian);
        (truth, recordedPrice, recordedAt) = (p.price, p.price, block.timestamp);
        (configurationWord, referenceWord) = (oracle.configuration(), oracle.referenceWord());
    }

    // --- time and sources ------------------------------------------------------------------------

    function wait(uint256 duration) external counted {
        _pass(_bound(duration, 1, 20 minutes));
    }

    function silence(uint256 duration) external counted {
        _pass(_bound(duration, 1 hours, 3 days));
    }

    /// @notice Both sources report the truth, which has moved by at most 1 %.
    function honestRounds(uint256 move, uint256 lag) external counted {
        _move(move);
        _sayPrimary(int256(truth), block.timestamp - _bound(lag, 0, 60));
        _post(int64(int256(truth)), 1, -8, block.timestamp);
    }

    function honestPrimary(uint256 move, uint256 lag) external counted {
        _move(move);
        _sayPrimary(int256(truth), block.timestamp - _bound(lag, 0, 600));
    }

    function honestPyth(uint256 move, uint256 decimals) external counted {
        _move(move);
        decimals = _bound(decimals, 8, 12);
        _post(int64(int256(truth * 10 ** (decimals - 8))), 1, -int32(int256(decimals)), block.timestamp);
    }

    /// @notice A jump within ±20 % or, one time in three, any answer of any time.
    function hostilePrimary(uint256 answer, uint256 at, uint256 kind) external counted {
        if (kind % 3 != 0) return _sayPrimary(int256(_near(answer)), block.timestamp - _bound(at, 0, 2 hours));
        _sayPrimary(int256(answer), kind % 2 == 0 ? at : _bound(at, 0, block.timestamp + 1 days));
    }

    /// @notice The primary keeps its last answer and fails in one of its ways.
    function breakPrimary(uint256 fault) external counted {
        primary.set(FaultyFeed.Fault(_bound(fault, 1, 8)), primary.answer(), primary.updatedAt());
    }

    /// @notice Anyone posts a chosen signed update and pokes.
    function hostilePyth(uint256 price, uint256 at) external counted {
        _post(int64(int256(_near(price))), 1, -8, _bound(at, block.timestamp - 1 hours, block.timestamp + 20));
        poke(0xBAD);
    }

    /// @notice Confidence, exponent, sign and time as bad as they come.
    function breakPyth(uint256 price, uint256 confidence, uint256 exponent, uint256 ahead) external counted {
        int32 power = int32(int256(_bound(exponent, 0, 24))) - 20;
        _post(int64(uint64(price)), uint64(confidence), power, block.timestamp + _bound(ahead, 0, 40));
    }

    // --- anyone ----------------------------------------------------------------------------------

    function poke(uint256 caller) public {
        View memory before = look();
        bool contested = oracle.state() & OracleWords.CONTESTED != 0;
        vm.prank(address(uint160(caller)));
        (IFallbackOracle.Status v, uint256 price, uint256 updatedAt) = oracle.poke();
        _witness(before, contested, v, price, updatedAt);
        ++done[msg.sig];
    }

    /// @notice A poke with chosen gas gives what a poke with ample gas would, or fails and changes nothing.
    function pokeWithGas(uint256 supplied) external counted {
        View memory ample = look();
        bytes32 words = _words();
        bool contested = oracle.state() & OracleWords.CONTESTED != 0;
        (bool ok, bytes memory data) =
            address(oracle).call{gas: _bound(supplied, 3_000, 400_000)}(abi.encodeCall(oracle.poke, ()));
        if (!ok) return _hold(5, words == _words(), "a poke without gas changed the state");
        (IFallbackOracle.Status v, uint256 price, uint256 updatedAt) =
            abi.decode(data, (IFallbackOracle.Status, uint256, uint256));
        _witness(ample, contested, v, price, updatedAt);
    }

    /// @notice A stranger, or a key that has been replaced, tries everything that is not its own.
    function intrude(uint256 seed, uint256 choice) external counted {
        address caller = address(uint160(seed));
        if (caller == governor || caller == stewardKey || caller == guardian || caller == address(steward)) return;
        bytes32 words = _words();
        bytes[6] memory calls = [
            abi.encodeCall(oracle.configure, (configurationWord)),
            abi.encodeCall(oracle.reset, (truth, block.timestamp, uint64(epoch), true)),
            abi.encodeCall(oracle.trip, ()),
            abi.encodeCall(steward.pause, (asset)),
            abi.encodeCall(steward.resetOracle, (asset, truth, block.timestamp, uint64(epoch))),
            abi.encodeCall(steward.lock, (new address[](0), 0))
        ];
        choice = _bound(choice, 0, calls.length - 1);
        vm.prank(caller);
        (bool ok,) = (choice < 3 ? address(oracle) : address(steward)).call(calls[choice]);
        _hold(3, !ok && words == _words(), "a stranger used a role");
    }

    // --- roles -----------------------------------------------------------------------------------

    function pause() external counted {
        vm.prank(guardian);
        steward.pause(asset);
        if (!tripped) (tripped, epoch) = (true, epoch + 1);
    }

    /// @notice The guardian resets where there is a pause and a fresh leg supports the price, and only there.
    function resetByGuardian(uint256 discount, uint256 source) external counted {
        Answer memory leg = source % 2 == 0 ? secondaryAnswer() : primaryAnswer();
        uint256 price = leg.price == 0 ? truth : leg.price - leg.price * _bound(discount, 0, 3_000) / 1e5;
        if (price < parts.minPrice) return;
        bool supported = _supports(primaryAnswer(), price) || _supports(secondaryAnswer(), price);
        bool paused = _isPaused();
        if (!paused) vm.expectPartialRevert(IFallbackOracle.NotPaused.selector);
        else if (!supported) vm.expectPartialRevert(IFallbackOracle.NoLegSupports.selector);
        vm.prank(guardian);
        steward.resetOracle(asset, price, block.timestamp, uint64(epoch));
        if (paused && supported) _remember(price, block.timestamp);
    }

    function resetByGovernor(uint256 price, uint256 age) external counted {
        price = _near(price);
        uint256 asOf = block.timestamp - _bound(age, 0, unpack(configurationWord).maximumAge);
        vm.prank(governor);
        steward.resetOracle(asset, price, asOf, uint64(epoch));
        _remember(price, asOf);
    }

    /// @notice A review ends in a healthy market: both sources at the truth, and a reset there.
    function recover() external counted {
        _sayPrimary(int256(truth), block.timestamp);
        _post(int64(int256(truth)), 1, -8, block.timestamp);
        vm.prank(governor);
        steward.resetOracle(asset, truth, block.timestamp, uint64(epoch));
        _remember(truth, block.timestamp);
    }

    /// @notice The governor lands any configuration within the envelope that leaves the price alone.
    function updateByGovernor(uint256 seed, uint256 fields) external counted {
        uint256 word = configurationWord;
        for (uint256 id; id < 13; ++id) {
            if ((fields >> id) & 1 == 0) continue;
            uint256 rail = steward.guardrail(id);
            uint256 random = uint256(keccak256(abi.encode(seed, id)));
            word = _with(word, id, _bound(random, Guardrails.minimum(rail), Guardrails.maximum(rail)));
        }
        _apply(governor, Updates.configure(asset, word));
    }

    /// @notice The steward moves one field by at most its step, either way.
    function updateBySteward(uint256 id, uint256 step, uint256 direction) external counted {
        id = _bound(id, 0, 12);
        uint256 rail = steward.guardrail(id);
        uint256 current = _field(configurationWord, id);
        step = _bound(step, 0, uint32(rail >> Guardrails.STEP_UP_OFFSET));
        uint256 next = direction % 2 == 0 ? current + step : current - (step > current ? current : step);
        next = _bound(next, Guardrails.minimum(rail), Guardrails.maximum(rail));
        _apply(stewardKey, Updates.configure(asset, _with(configurationWord, id, next)));
    }

    function referenceByGovernor(uint256 price, uint256 age, uint256 maximumAge, uint256 headroom) external counted {
        NavReference memory r = NavReference({
            price: _near(price),
            asOf: block.timestamp - _bound(age, 0, 1 days),
            maximumAge: _bound(maximumAge, 1 hours, 4 days),
            growth: 200_000,
            headroom: _bound(headroom, 0, 20_000)
        });
        _apply(governor, Updates.setReference(asset, r.packReference()));
    }

    function proposeGovernor() external counted {
        pendingGovernor = _newKey();
        vm.prank(governor);
        steward.beginDefaultAdminTransfer(pendingGovernor);
    }

    /// @notice Two steps: only the proposed key can accept, and not before the delay has passed.
    function acceptGovernor() external {
        if (pendingGovernor == address(0)) return;
        (, uint48 schedule) = steward.pendingDefaultAdmin();
        bool early = block.timestamp <= schedule;
        if (early) vm.expectRevert();
        vm.prank(pendingGovernor);
        steward.acceptDefaultAdminTransfer();
        if (early) return;
        (governor, pendingGovernor) = (pendingGovernor, address(0));
        ++done[msg.sig];
    }

    function changeSteward() external counted {
        stewardKey = _replace(steward.STEWARD_ROLE(), stewardKey);
    }

    function changeGuardian() external counted {
        guardian = _replace(steward.GUARDIAN_ROLE(), guardian);
    }

    // --- reading ---------------------------------------------------------------------------------

    function look() public view returns (View memory v) {
        (v.verdict, v.price, v.updatedAt, v.age,) = oracle.status();
    }

    function primaryAnswer() public view returns (Answer memory) {
        return _answer(address(primary), unpack(configurationWord).primaryStaleness);
    }

    function secondaryAnswer() public view returns (Answer memory) {
        return _answer(parts.source, unpack(configurationWord).secondaryStaleness);
    }

    // --- helpers ---------------------------------------------------------------------------------

    /// @dev Skipped where a round from the future comes of age, or the reference lapses: those change what is heard.
    function _pass(uint256 duration) private {
        View memory before = look();
        bool capped = !_lapsed();
        bool settled = primary.updatedAt() <= block.timestamp;
        skip(duration);
        if (!settled || (capped && _lapsed())) return;
        View memory afterwards = look();
        if (_onBase(before.verdict) && _onBase(afterwards.verdict)) {
            _hold(2, afterwards.price <= before.price, "time alone raised a price that rests on its base");
        }
    }

    /// @dev Compares a poke with the views before and after it, and remembers what it did.
    function _witness(
        View memory before,
        bool contested,
        IFallbackOracle.Status v,
        uint256 price,
        uint256 updatedAt
    ) private {
        bool same = v == before.verdict && price == before.price && updatedAt == before.updatedAt;
        bool learnt = !contested && before.verdict == IFallbackOracle.Status.Live
            && v == IFallbackOracle.Status.Contested;
        _hold(7, same || learnt, "a poke differs from the view before it");

        if (v == IFallbackOracle.Status.Live) {
            _hold(4, price <= primaryAnswer().price, "a second leg raised the primary's price");
            _hold(4, _agree(price, primaryAnswer().price), "a second leg moved the price beyond the tolerance");
        } else if (v == IFallbackOracle.Status.Secondary) {
            _hold(4, !primaryAnswer().fresh && price == secondaryAnswer().price, "a second leg outvoted a fresh one");
        }
        View memory afterwards = look();
        bool settled = v == IFallbackOracle.Status.Live && contested;
        bool repeated = afterwards.verdict == v
            && (settled ? _agree(price, afterwards.price) : price == afterwards.price);
        _hold(7, repeated, "a poke changed what the same feeds are worth");

        if (v == IFallbackOracle.Status.Live) {
            (recordedPrice, recordedAt) = (uint256(primary.answer()), primary.updatedAt());
        } else if (v == IFallbackOracle.Status.Tripped && !tripped) {
            (tripped, epoch) = (true, epoch + 1);
        }
    }

    function _hold(uint256 property, bool ok, string memory otherwise) private {
        if (!ok && bytes(broken[property]).length == 0) broken[property] = otherwise;
    }

    /// @dev Applies a batch as planned now. It lands whole, or reverts for a reason of the guardrails and leaves
    ///      everything as it was.
    function _apply(address key, IParameterSteward.Update memory update) private {
        View memory before = look();
        bytes32 words = _words();
        IParameterSteward.Update[] memory batch = update.only();
        bytes32 expected = steward.hash(batch);
        vm.prank(key);
        try steward.applyBatch(batch, expected, type(uint64).max, keccak256("artefact")) {
            _hold(8, !_datesBack(update), "a reference was dated back");
            if (update.oracleWord != 0) configurationWord = update.oracleWord;
            if (update.referenceWord != 0) referenceWord = update.referenceWord;
            View memory afterwards = look();
            uint256 move = afterwards.price > before.price
                ? afterwards.price - before.price
                : before.price - afterwards.price;
            bool kept = afterwards.price != 0 && move * 1e4 <= before.price * steward.priceMoveLimit();
            _hold(8, before.price == 0 || kept, "an update moved a priced market");
        } catch (bytes memory reason) {
            _hold(8, words == _words(), "a refused update changed the state");
            bool reasoned = _datesBack(update)
                ? bytes4(reason) == OracleWords.ReferenceInvalid.selector
                : _isGuardrail(bytes4(reason), key);
            _hold(8, reasoned, "an update was refused for no reason of the guardrails");
        }
    }

    function _datesBack(IParameterSteward.Update memory update) private view returns (bool) {
        return update.referenceWord != 0 && _asOf(update.referenceWord) < _asOf(referenceWord);
    }

    function _asOf(uint256 word) private pure returns (uint256) {
        return (word >> OracleWords.REFERENCE_AS_OF) & OracleWords.TIME_MASK;
    }

    function _isGuardrail(bytes4 selector, address key) private view returns (bool) {
        if (selector == IParameterSteward.PriceWouldMove.selector) return true;
        if (key == governor) return false;
        return selector == Guardrails.CooldownActive.selector || selector == Guardrails.BudgetExceeded.selector
            || selector == IParameterSteward.LoosensPausedMarket.selector
            || selector == Guardrails.StepTooLarge.selector;
    }

    function _remember(uint256 price, uint256 asOf) private {
        (recordedPrice, recordedAt, tripped) = (price, asOf, false);
        ++epoch;
    }

    function _move(uint256 move) private {
        truth = _bound(truth * _bound(move, 99_000, 101_000) / 1e5, 2 * parts.minPrice, parts.maxPrice / 2);
    }

    /// @dev Within 20 % of the truth.
    function _near(uint256 seed) private view returns (uint256) {
        return _bound(seed, truth * 80 / 100, truth * 120 / 100);
    }

    function _sayPrimary(int256 answer, uint256 at) private {
        primary.set(FaultyFeed.Fault.None, answer, at);
    }

    function _post(int64 price, uint64 confidence, int32 exponent, uint256 publishTime) private {
        bytes[] memory updates = new bytes[](1);
        updates[0] = parts.pyth.createPriceFeedUpdateData(
            parts.priceId, price, confidence, exponent, price, confidence, uint64(publishTime), 0
        );
        parts.pyth.updatePriceFeeds(updates);
    }

    function _answer(address feed, uint256 staleness) private view returns (Answer memory a) {
        (bool ok, bytes memory data) =
            feed.staticcall{gas: 120_000}(abi.encodeWithSelector(FaultyFeed.latestRoundData.selector));
        if (!ok || data.length < 160) return a;
        (, int256 answer,, uint256 updatedAt,) = abi.decode(data, (uint256, int256, uint256, uint256, uint256));
        if (answer < int256(parts.minPrice) || answer > int256(parts.maxPrice)) return a;
        if (updatedAt == 0 || updatedAt > block.timestamp) return a;
        return Answer(block.timestamp - updatedAt <= staleness, uint256(answer), updatedAt);
    }

    function _supports(Answer memory leg, uint256 price) private view returns (bool) {
        return leg.fresh && price <= leg.price && _agree(price, leg.price);
    }

    function _agree(uint256 a, uint256 b) private view returns (bool) {
        (uint256 low, uint256 high) = a < b ? (a, b) : (b, a);
        return (high - low) * 1e5 <= low * unpack(configurationWord).tolerance;
    }

    function _onBase(IFallbackOracle.Status v) private pure returns (bool) {
        return v == IFallbackOracle.Status.Held || v == IFallbackOracle.Status.Decaying;
    }

    function _isPaused() private view returns (bool) {
        (, uint256 price,,,) = oracle.status();
        return price == 0 || oracle.state() & (OracleWords.CONTESTED | OracleWords.TRIPPED) != 0;
    }

    /// @dev Whether the NAV reference is too old to cap anything.
    function _lapsed() private view returns (bool) {
        uint256 asOf = (referenceWord >> OracleWords.REFERENCE_AS_OF) & OracleWords.TIME_MASK;
        return block.timestamp - asOf > (referenceWord >> OracleWords.REFERENCE_MAXIMUM_AGE) & OracleWords.MASK_24;
    }

    function _words() private view returns (bytes32) {
        return keccak256(
            abi.encode(oracle.state(), oracle.configuration(), oracle.contest(), oracle.referenceWord(), governor)
        );
    }

    function _newKey() private returns (address) {
        return address(uint160(++_keys));
    }

    function _replace(bytes32 role, address old) private returns (address fresh) {
        fresh = _newKey();
        vm.startPrank(governor);
        steward.revokeRole(role, old);
        steward.grantRole(role, fresh);
        vm.stopPrank();
    }

    function _field(uint256 word, uint256 id) private pure returns (uint256) {
        (uint256 offset, uint256 width) = _place(id);
        return (word >> offset) & ((1 << width) - 1);
    }

    function _with(uint256 word, uint256 id, uint256 value) private pure returns (uint256) {
        (uint256 offset, uint256 width) = _place(id);
        return (word & ~(((1 << width) - 1) << offset)) | value << offset;
    }

    /// @dev Offsets and widths of the configuration word's fields, in order.
    function _place(uint256 id) private pure returns (uint256, uint256) {
        uint8[14] memory offsets = [0, 24, 48, 72, 92, 128, 142, 158, 174, 182, 206, 226, 242, 255];
        return (offsets[id], id == 12 ? 14 : offsets[id + 1] - offsets[id]);
    }
}
