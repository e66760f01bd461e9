"""The steward: who may write which parameters, how far, how often, and on what assumption."""

import ape
import pytest

from paramgen.encode import Word
from paramgen.mirror.domains import parameters
from paramgen.mirror.guardrails import FULL_BUDGET, Guardrail
from paramgen.mirror.steward import MAX_BATCH, Ledger, Snapshot, in_batch_order, state_hash
from tests.support.markets import (
    ARTEFACT,
    COLLATERAL,
    DAY,
    ENVELOPES,
    NOBODY,
    ORACLE,
    PRICE,
    RATE,
    deployment,
    listed_markets,
    rails,
    update_of,
    word_of,
)
from tests.support.oracles import Stored

LIMIT_OF_CODE = 24_576
FREEZE, THAW = True, False
TRIPPED = 6
LTV_ID = 17


@pytest.fixture(scope="module")
def markets(project, chain, accounts):
    return listed_markets(project, chain, accounts)


def test_the_contract_fits_its_size_limit(project):
    for name in ("ParameterSteward", "ParameterRegistry"):
        code = getattr(project, name).contract_type.runtime_bytecode.bytecode
        assert len(bytes.fromhex(code.removeprefix("0x"))) < LIMIT_OF_CODE


# --- deployment and listing ----------------------------------------------------------------------


def test_the_stores_know_no_other_writer(markets):
    assert markets.registry.steward() == markets.contract.address
    assert markets.rate_model.steward() == markets.contract.address
    with ape.reverts(markets.registry.NotSteward):
        markets.registry.setCollateral([markets.asset], [0], sender=markets.governor)
    with ape.reverts(markets.rate_model.NotSteward):
        markets.rate_model.setRates([markets.asset], [word_of(Word.RATE)], sender=markets.governor)
    oracle = markets.oracles[markets.asset]
    with ape.reverts(oracle.NotSteward):
        oracle.configure(word_of(Word.ORACLE), sender=markets.governor)


def test_an_oracle_of_another_steward_or_asset_is_not_listed(project, markets):
    asset, other = markets.assets[:2]
    with ape.reverts(markets.contract.OracleMismatch):
        markets.contract.listMarket(
            asset, markets.oracles[other], markets.lending, sender=markets.governor
        )
    seeded_at = int(markets.chain.blocks.head.timestamp)
    feed = markets.feeds[asset].address
    foreign = markets.governor.deploy(
        project.FallbackOracle,
        deployment(markets.stranger.address, asset, feed, seeded_at, 0),
    )
    with ape.reverts(markets.contract.OracleMismatch):
        markets.contract.listMarket(asset, foreign, markets.lending, sender=markets.governor)


def test_an_accrual_target_without_code_is_not_listed(markets):
    oracle = markets.oracles[markets.asset]
    with ape.reverts(markets.contract.NoCodeAt):
        markets.contract.listMarket(
            markets.asset, oracle, markets.stranger, sender=markets.governor
        )


def test_a_replaced_oracle_must_serve_the_same_price(project, markets):
    asset = markets.asset
    far = markets.governor.deploy(project.MockAggregator, 8, 1)
    far.push(PRICE * 101 // 100, markets.now, sender=markets.governor)
    seeded_at = int(markets.chain.blocks.head.timestamp)
    oracle = markets.governor.deploy(
        project.FallbackOracle,
        deployment(markets.contract.address, asset, far.address, seeded_at, 0),
    )
    with ape.reverts(markets.contract.PriceWouldMove):
        markets.contract.listMarket(asset, oracle, markets.lending, sender=markets.governor)
    far.push(PRICE, markets.now, sender=markets.governor)
    epoch = markets.contract.marketWords(asset)[4]
    markets.contract.listMarket(asset, oracle, markets.lending, sender=markets.governor)
    assert markets.contract.markets(asset).oracle == oracle.address
    assert markets.contract.marketWords(asset)[4] == epoch + 1


def test_a_listed_oracle_brings_its_own_words_past_the_envelope(project, markets):
    """Only what a batch moves is held to the envelope: a listing is reviewed by its governor."""
    asset, longest = markets.asset, ENVELOPES["primary_staleness"][1]
    seeded_at = int(markets.chain.blocks.head.timestamp)
    feed = markets.feeds[asset].address
    *fixed, _, reference = deployment(markets.contract.address, asset, feed, seeded_at, 0)
    configuration = word_of(Word.ORACLE, primary_staleness=2 * longest)
    oracle = markets.governor.deploy(project.FallbackOracle, (*fixed, configuration, reference))
    markets.contract.listMarket(asset, oracle, markets.lending, sender=markets.governor)
    markets.apply(markets.governor, markets.update(tolerance=700))
    assert markets.field("primary_staleness") == 2 * longest
    with ape.reverts(markets.contract.OutsideEnvelope):
        markets.apply(markets.governor, markets.update(primary_staleness=longest + 1))


def test_the_governor_changes_hands_in_two_steps(markets):
    contract, heir = markets.contract, markets.stranger
    contract.beginDefaultAdminTransfer(heir, sender=markets.governor)
    assert contract.defaultAdmin() == markets.governor.address
    markets.chain.mine(deltatime=1)
    with ape.reverts(contract.AccessControlInvalidDefaultAdmin):
        contract.acceptDefaultAdminTransfer(sender=markets.steward)
    contract.acceptDefaultAdminTransfer(sender=heir)
    assert contract.defaultAdmin() == heir.address
    with ape.reverts(contract.AccessControlUnauthorizedAccount):
        contract.setPriceMoveLimit(1, sender=markets.governor)


# --- roles ---------------------------------------------------------------------------------------

GOVERNORS = {
    "listMarket": lambda m: (m.asset, m.oracles[m.asset], m.lending),
    "setGuardrails": lambda _: ([0], [0]),
    "setPriceMoveLimit": lambda _: (1,),
    "lock": lambda m: ([m.asset], 0),
}
GUARDIANS = {
    "pause": lambda m: (m.asset,),
    "zeroLtv": lambda m: (m.asset,),
    "freezeCaps": lambda m: (m.asset,),
}


@pytest.mark.parametrize("caller", ["steward", "guardian", "stranger"])
@pytest.mark.parametrize("function", GOVERNORS)
def test_only_the_governor_lists_guards_limits_and_locks(markets, function, caller):
    arguments = GOVERNORS[function](markets)
    with ape.reverts(markets.contract.AccessControlUnauthorizedAccount):
        getattr(markets.contract, function)(*arguments, sender=getattr(markets, caller))


@pytest.mark.parametrize("caller", ["governor", "steward", "stranger"])
@pytest.mark.parametrize("function", GUARDIANS)
def test_only_the_guardian_pauses_and_winds_down(markets, function, caller):
    arguments = GUARDIANS[function](markets)
    with ape.reverts(markets.contract.AccessControlUnauthorizedAccount):
        getattr(markets.contract, function)(*arguments, sender=getattr(markets, caller))


@pytest.mark.parametrize("caller", ["guardian", "stranger"])
def test_only_governor_and_steward_apply_batches(markets, caller):
    with ape.reverts(markets.contract.CallerHasNoRole):
        markets.apply(getattr(markets, caller), markets.update(ltv=7_900))


@pytest.mark.parametrize("caller", ["steward", "stranger"])
def test_only_guardian_and_governor_reset_an_oracle(markets, caller):
    with ape.reverts(markets.contract.CallerHasNoRole):
        markets.contract.resetOracle(
            markets.asset, PRICE, markets.now - 1, 0, sender=getattr(markets, caller)
        )


def test_only_the_governor_thaws_and_neither_guardian_nor_stranger_freezes(markets):
    contract, asset = markets.contract, markets.asset
    for caller in (markets.guardian, markets.stranger):
        with ape.reverts(contract.CallerHasNoRole):
            contract.setFrozen(asset, FREEZE, sender=caller)
    contract.setFrozen(asset, FREEZE, sender=markets.steward)
    assert markets.registry.isFrozen(asset)
    with ape.reverts(contract.CallerHasNoRole):
        contract.setFrozen(asset, THAW, sender=markets.steward)
    contract.setFrozen(asset, THAW, sender=markets.governor)
    assert not markets.registry.isFrozen(asset)


# --- the guardian --------------------------------------------------------------------------------


def test_the_guardian_pauses_and_a_reviewed_price_ends_the_pause(markets):
    contract, asset = markets.contract, markets.asset
    oracle = markets.oracles[asset]
    contract.pause(asset, sender=markets.guardian)
    assert oracle.status()[0] == TRIPPED
    as_of = int(markets.chain.blocks.head.timestamp)
    epoch = oracle.stored(Stored.CONTEST) >> 64
    with ape.reverts(oracle.NoLegSupports):
        contract.resetOracle(asset, PRICE + 1, as_of, epoch, sender=markets.guardian)
    contract.resetOracle(asset, PRICE, as_of, epoch, sender=markets.guardian)
    assert tuple(oracle.status()[:2]) == (0, PRICE)


def test_the_governor_resets_to_a_price_that_no_leg_supports(markets):
    contract, asset = markets.contract, markets.asset
    oracle = markets.oracles[asset]
    contract.pause(asset, sender=markets.guardian)
    as_of = int(markets.chain.blocks.head.timestamp)
    epoch = oracle.stored(Stored.CONTEST) >> 64
    contract.resetOracle(asset, 2 * PRICE, as_of, epoch, sender=markets.governor)
    assert oracle.lastPrice()[0] == 2 * PRICE


def test_zeroing_the_ltv_leaves_every_other_parameter(markets):
    before = markets.contract.marketWords(markets.asset)
    markets.contract.zeroLtv(markets.asset, sender=markets.guardian)
    after = markets.contract.marketWords(markets.asset)
    assert after[0] == before[0] & ~0xFFFF
    assert list(after)[1:4] == list(before)[1:4]
    assert after[4] == before[4] + 1


def test_freezing_caps_lowers_them_to_what_is_in_use(markets):
    asset = markets.asset
    markets.lending.setBook(asset, 4 * 10**24 + 1, 0, 10**23, sender=markets.stranger)
    before = markets.word(Word.COLLATERAL)
    markets.contract.freezeCaps(asset, sender=markets.guardian)
    assert markets.field("supply_cap") == 4_000_001
    assert markets.field("debt_ceiling") in (100_000, 100_001)
    assert markets.registry.isFrozen(asset)
    assert (markets.word(Word.COLLATERAL) ^ before) & (1 << 48) - 1 == 0


def test_freezing_caps_never_raises_them(markets):
    asset = markets.asset
    markets.lending.setBook(asset, 10**27, 0, 10**27, sender=markets.stranger)
    markets.contract.freezeCaps(asset, sender=markets.guardian)
    assert markets.field("supply_cap") == COLLATERAL["supply_cap"]
    assert markets.field("debt_ceiling") == COLLATERAL["debt_ceiling"]


def test_without_a_lending_market_nothing_is_in_use(markets):
    asset = markets.asset
    markets.contract.listMarket(asset, markets.oracles[asset], NOBODY, sender=markets.governor)
    markets.contract.freezeCaps(asset, sender=markets.guardian)
    assert markets.field("supply_cap") == markets.field("debt_ceiling") == 0


def test_a_batch_planned_before_the_guardian_acted_does_not_undo_it(markets):
    update = markets.update(debt_ceiling=7_900_000)
    planned = markets.state_hash([update])
    markets.contract.zeroLtv(markets.asset, sender=markets.guardian)
    with ape.reverts(markets.contract.StateChanged):
        markets.apply(markets.governor, update, state_hash=planned)


# --- compare and set -----------------------------------------------------------------------------


def test_the_state_hash_is_the_mirrors(markets):
    masks = [15, 1, 6]
    snapshots = []
    for asset, mask in zip(markets.assets, masks, strict=True):
        *_, epoch = markets.contract.marketWords(asset)
        words = {word: markets.word(word, asset) for word in Word}
        snapshots.append(Snapshot(asset, mask, words, epoch))
    expected = state_hash(markets.chain.chain_id, markets.contract.address, snapshots)
    assert bytes(markets.contract.stateHash(markets.assets, masks)) == expected


def test_pokes_trips_accruals_freezes_and_budgets_do_not_kill_a_plan(markets):
    asset = markets.asset
    update = markets.update(ltv=7_990, base_rate=RATE["base_rate"] + 10)
    planned = markets.state_hash([update])
    markets.wait(2 * DAY)
    markets.oracles[asset].poke(sender=markets.stranger)
    markets.contract.pause(asset, sender=markets.guardian)
    markets.lending.accrue(asset, sender=markets.stranger)
    markets.contract.setFrozen(asset, FREEZE, sender=markets.steward)
    markets.contract.lock([asset], 0, sender=markets.governor)
    assert markets.state_hash([update]) == planned
    markets.apply(markets.steward, update, state_hash=planned)
    assert markets.field("ltv") == 7_990
    assert markets.registry.isFrozen(asset)


@pytest.mark.parametrize("mask", [1, 2, 4, 8, 15])
def test_a_change_of_any_word_kills_a_plan_for_any_other_of_the_market(markets, mask):
    planned = markets.contract.stateHash([markets.asset], [mask])
    markets.apply(markets.governor, markets.update(supply_cap=1))
    assert markets.contract.stateHash([markets.asset], [mask]) != planned


def test_a_change_of_another_market_kills_no_plan(markets):
    first, second = markets.assets[:2]
    planned = markets.contract.stateHash([first], [15])
    markets.apply(markets.governor, markets.update(second, supply_cap=1))
    assert markets.contract.stateHash([first], [15]) == planned


def test_a_batch_lands_once(markets):
    update = markets.update(supply_cap=9_500_000)
    planned = markets.state_hash([update])
    markets.apply(markets.governor, update, state_hash=planned)
    with ape.reverts(markets.contract.StateChanged):
        markets.apply(markets.governor, update, state_hash=planned)


def test_a_batch_that_changes_nothing_lands_once_too(markets):
    update = update_of(markets.asset, {Word.RATE: word_of(Word.RATE)})
    planned = markets.state_hash([update])
    markets.apply(markets.steward, update, state_hash=planned)
    with ape.reverts(markets.contract.StateChanged):
        markets.apply(markets.steward, update, state_hash=planned)


def test_a_batch_lands_by_its_deadline_or_not_at_all(markets):
    update = markets.update(supply_cap=9_500_000)
    with ape.reverts(markets.contract.DeadlinePassed):
        markets.apply(markets.governor, update, deadline=markets.now - 1)
    markets.apply(markets.governor, update, deadline=markets.now + 60)


def test_the_event_carries_the_artefact_and_both_state_hashes(markets):
    update = markets.update(supply_cap=9_500_000)
    before, count = markets.state_hash([update]), markets.contract.batchEpoch()
    receipt = markets.apply(markets.governor, update)
    (event,) = receipt.decode_logs(markets.contract.BatchApplied)
    assert bytes(event.artefactHash) == ARTEFACT
    assert bytes(event.stateHashBefore) == before
    assert bytes(event.stateHashAfter) == markets.state_hash([update])
    assert event.batchEpoch == count + 1
    assert event.caller == markets.governor.address


# --- the batch -----------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [(1, 0), (0, 0)])
def test_assets_ascend_without_duplicates(markets, order):
    updates = [markets.update(markets.assets[i], supply_cap=1) for i in order]
    with ape.reverts(markets.contract.AssetsNotAscending):
        markets.apply(markets.governor, *updates)


def test_the_planners_order_is_the_batchs(markets):
    shuffled = [*reversed(markets.assets), markets.asset]
    assert in_batch_order(shuffled) == markets.assets


def test_a_batch_is_neither_empty_nor_beyond_its_bound(markets):
    assert markets.contract.MAX_BATCH() == MAX_BATCH
    for size in (0, MAX_BATCH + 1):
        updates = [markets.update(supply_cap=1)] * size
        with ape.reverts(markets.contract.BatchSizeInvalid):
            markets.apply(markets.governor, *updates, state_hash=bytes(32))


@pytest.mark.parametrize("mask", [0, 16, 255])
def test_a_mask_names_known_words(markets, mask):
    with ape.reverts(markets.contract.MaskInvalid):
        markets.apply(markets.governor, (markets.asset, mask, 0, 0, 0, 0), state_hash=bytes(32))


@pytest.mark.parametrize(
    "update",
    [
        (1, 1 << 176, 0, 0, 0),
        (2, 0, 1 << 208, 0, 0),
        (8, 0, 0, 0, 1 << 146),
        (1, 0, 1, 0, 0),
        (2, 0, 0, 1, 0),
        (4, 0, 0, 1, 1),
    ],
)
def test_no_bit_stands_outside_the_fields_or_in_a_word_that_is_not_named(markets, update):
    with ape.reverts(markets.contract.StrayBits):
        markets.apply(markets.governor, (markets.asset, *update), state_hash=bytes(32))


def test_a_market_that_is_not_listed_is_refused(markets):
    unknown = "0x00000000000000000000000000000000000000FF"
    for mask in (1, 2):
        with ape.reverts(markets.contract.MarketNotListed):
            markets.apply(markets.governor, (unknown, mask, 0, 0, 0, 0))


def test_one_bad_market_leaves_all_as_they_were(markets):
    good = [markets.update(asset, ltv=7_950, base_rate=1) for asset in markets.assets[:2]]
    bad = markets.update(markets.assets[2], ltv=8_600)
    before = [list(markets.contract.marketWords(asset)) for asset in markets.assets]
    with ape.reverts(markets.contract.LtvAboveLiquidationThreshold):
        markets.apply(markets.governor, *good, bad)
    assert [list(markets.contract.marketWords(asset)) for asset in markets.assets] == before


def test_a_batch_writes_all_four_words_of_several_markets(markets):
    as_of = int(markets.chain.blocks.head.timestamp)
    changes = {
        "ltv": 7_900,
        "kink": 88 * 10**16,
        "tolerance": 700,
        "reference_price": PRICE * 102 // 100,
        "reference_as_of": as_of,
    }
    updates = [markets.update(asset, **changes) for asset in markets.assets]
    markets.apply(markets.governor, *updates)
    for asset in markets.assets:
        assert {name: markets.field(name, asset) for name in changes} == changes


# --- interest ------------------------------------------------------------------------------------


def test_the_old_period_is_charged_at_the_old_rate(markets):
    asset, debt = markets.asset, 10**24
    markets.lending.setBook(asset, 0, 0, debt, sender=markets.stranger)
    since = int(markets.chain.blocks.head.timestamp)
    old = markets.rate_model.ratePerSecond(asset, 0, debt, 0)
    markets.wait(30 * DAY)
    markets.apply(markets.governor, markets.update(base_rate=100 * RATE["base_rate"]))
    elapsed = int(markets.chain.blocks.head.timestamp) - since
    assert markets.rate_model.ratePerSecond(asset, 0, debt, 0) > 2 * old
    charged = markets.lending.books(asset).debt
    assert charged == debt - (-debt * old * elapsed // 10**18)


def test_a_market_whose_rate_stays_is_not_accrued(markets):
    asset = markets.asset
    markets.lending.setBook(asset, 0, 0, 10**24, sender=markets.stranger)
    markets.wait(DAY)
    markets.apply(markets.governor, markets.update(ltv=7_900))
    assert markets.lending.books(asset).debt == 10**24


# --- first configuration and the envelope --------------------------------------------------------


def test_the_first_configuration_is_the_governors(project, markets):
    asset = "0x00000000000000000000000000000000000b0b0B"
    feed = markets.feeds[markets.asset]
    seeded_at = int(markets.chain.blocks.head.timestamp)
    oracle = markets.governor.deploy(
        project.FallbackOracle,
        deployment(markets.contract.address, asset, feed.address, seeded_at, 0),
    )
    markets.contract.listMarket(asset, oracle, NOBODY, sender=markets.governor)
    for word in (Word.COLLATERAL, Word.RATE):
        first = update_of(asset, {word: word_of(word)})
        with ape.reverts(markets.contract.FirstConfigurationIsGovernors):
            markets.apply(markets.steward, first)
        markets.apply(markets.governor, first)


@pytest.mark.parametrize("caller", ["governor", "steward"])
def test_no_one_leaves_the_envelope(markets, caller):
    for changes in ({"liquidation_threshold": 999}, {"primary_staleness": 599}):
        with ape.reverts(markets.contract.OutsideEnvelope):
            markets.apply(getattr(markets, caller), markets.update(**changes))


def test_without_a_guardrail_nothing_moves(markets):
    markets.contract.setGuardrails([LTV_ID], [0], sender=markets.governor)
    with ape.reverts(markets.contract.OutsideEnvelope):
        markets.apply(markets.governor, markets.update(ltv=7_999))


def test_guardrails_that_make_no_sense_are_refused(markets):
    contract, governor = markets.contract, markets.governor
    usual = rails()[LTV_ID].pack()
    refused = (
        usual | 1 << 252,
        1 | usual >> 64 << 64 & ~(((1 << 64) - 1) << 64),
        usual & ~(((1 << 24) - 1) << 216),
        usual & ~(0xFF << 240),
    )
    for word in refused:
        with ape.reverts(contract.GuardrailInvalid):
            contract.setGuardrails([LTV_ID], [word], sender=governor)
    with ape.reverts(contract.ParameterUnknown):
        contract.setGuardrails([26], [usual], sender=governor)
    with ape.reverts(contract.LengthMismatch):
        contract.setGuardrails([LTV_ID], [], sender=governor)
    with ape.reverts(contract.PriceMoveLimitTooHigh):
        contract.setPriceMoveLimit(501, sender=governor)


def test_guardrail_words_read_back(markets):
    for identifier, rail in rails().items():
        assert Guardrail.unpack(markets.contract.guardrail(identifier)) == rail


# --- step, cooldown, budget, lock ----------------------------------------------------------------


@pytest.mark.parametrize("word", list(Word))
def test_every_parameter_is_held_to_its_step_both_ways(markets, word):
    for identifier, field in parameters(word):
        rail, here = rails()[identifier], markets.field(field.name)
        for direction, step in ((1, rail.step_up), (-1, rail.step_down)):
            allowed = here * step // 10_000 if rail.relative else step
            beyond = here + direction * (allowed + 1)
            if not rail.minimum <= beyond <= min(rail.maximum, field.largest):
                continue
            with ape.reverts(markets.contract.StepTooLarge):
                markets.apply(markets.steward, markets.update(**{field.name: beyond}))


def test_a_loosening_waits_for_its_cooldown(markets):
    markets.apply(markets.steward, markets.update(supply_cap=10_100_000))
    markets.wait(DAY - 60)
    update = markets.update(supply_cap=10_200_000)
    with ape.reverts(markets.contract.CooldownActive):
        markets.apply(markets.steward, update)
    markets.wait(60)
    markets.apply(markets.steward, update)


def test_tightening_does_not_wait(markets):
    for value in (7_900, 7_800, 7_700):
        markets.apply(markets.steward, markets.update(ltv=value))
    assert markets.field("ltv") == 7_700


def test_a_cut_of_the_threshold_waits_though_it_tightens(markets):
    markets.apply(markets.steward, markets.update(ltv=7_000))
    markets.apply(markets.steward, markets.update(liquidation_threshold=8_000))
    update = markets.update(liquidation_threshold=7_900)
    with ape.reverts(markets.contract.CooldownActive):
        markets.apply(markets.steward, update)
    markets.wait(DAY)
    markets.apply(markets.steward, update)


def test_a_budget_is_spent_and_leaks_back_linearly(markets):
    asset = markets.asset
    for _ in range(3):
        cap = markets.field("supply_cap")
        markets.apply(markets.steward, markets.update(supply_cap=cap + cap // 10))
        markets.wait(DAY)
    # Four steps, of three that a budget holds, less three days' leak of a seventh each.
    cap = markets.field("supply_cap")
    markets.apply(markets.steward, markets.update(supply_cap=cap + cap // 10))
    spent = Ledger.unpack(*markets.contract.ledgers(asset)).sections[Word.COLLATERAL].spent[3]
    assert spent == pytest.approx(FULL_BUDGET * (4 / 3 - 3 / 7), abs=4)
    markets.wait(DAY)
    cap = markets.field("supply_cap")
    with ape.reverts(markets.contract.BudgetExceeded):
        markets.apply(markets.steward, markets.update(supply_cap=cap + cap // 10))
    markets.wait(7 * DAY)
    markets.apply(markets.steward, markets.update(supply_cap=cap + cap // 10))


def test_two_half_steps_cost_no_less_than_one(markets):
    asset = markets.asset
    markets.apply(markets.steward, markets.update(ltv=7_800))
    markets.apply(markets.steward, markets.update(ltv=7_801))
    spent = Ledger.unpack(*markets.contract.ledgers(asset)).sections[Word.COLLATERAL].spent[0]
    assert spent == -(-FULL_BUDGET // (800 * 3))


def test_tightening_spends_no_budget_and_earns_none(markets):
    asset = markets.asset
    before = list(markets.contract.ledgers(asset))
    markets.apply(markets.steward, markets.update(ltv=7_800, tolerance=790))
    after = list(markets.contract.ledgers(asset))
    assert after[0] - before[0] == 1 << 208
    assert after[1:] == before[1:]


def test_a_relative_parameter_at_zero_is_the_governors_to_raise(markets):
    markets.apply(markets.governor, markets.update(debt_ceiling=0))
    with ape.reverts(markets.contract.StepTooLarge):
        markets.apply(markets.steward, markets.update(debt_ceiling=1))
    markets.apply(markets.governor, markets.update(debt_ceiling=1))


def test_the_governor_neither_steps_nor_waits_nor_spends(markets):
    before = markets.contract.ledgers(markets.asset)[0]
    markets.apply(markets.governor, markets.update(supply_cap=90_000_000))
    markets.apply(markets.governor, markets.update(supply_cap=100))
    after = markets.contract.ledgers(markets.asset)[0]
    assert (after - before) == 2 << 208


def test_a_lock_holds_back_loosening_alone_and_the_steward_alone(markets):
    contract, asset = markets.contract, markets.asset
    contract.lock([asset], markets.now + 3 * DAY, sender=markets.governor)
    with ape.reverts(contract.LoosensLockedMarket):
        markets.apply(markets.steward, markets.update(supply_cap=10_000_001))
    markets.apply(markets.steward, markets.update(supply_cap=9_999_999))
    markets.apply(markets.governor, markets.update(supply_cap=10_000_001))
    other = markets.assets[1]
    markets.apply(markets.steward, markets.update(other, supply_cap=10_000_001))
    markets.wait(3 * DAY + 60)
    markets.apply(markets.steward, markets.update(supply_cap=10_000_002))


def test_a_lock_is_bounded(markets):
    with ape.reverts(markets.contract.LockTooLong):
        markets.contract.lock([markets.asset], markets.now + 31 * DAY, sender=markets.governor)


# --- the tuple that lands ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "changes"),
    [
        ("LiquidationInsolvent", {"liquidation_bonus": 1_765}),
        ("LtvAboveLiquidationThreshold", {"ltv": 8_501}),
        ("DecayLiquidates", {"ltv": 8_332}),
        ("DecayLiquidates", {"decay_step": 60_700}),
        ("BandExceedsCushion", {"band_down": 11_601}),
        ("BandExceedsCushion", {"liquidation_threshold": 9_231}),
        ("SlopesNotConvex", {"slope_1": RATE["slope_2"] + 1}),
    ],
)
def test_coupled_values_are_judged_as_they_land(markets, error, changes):
    with ape.reverts(getattr(markets.contract, error)):
        markets.apply(markets.governor, markets.update(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"liquidation_bonus": 1_764, "band_down": 5, "ltv": 8_331},
        {"decay_step": 60_600, "ltv": 8_000},
        {"band_down": 11_600},
        {"slope_1": RATE["slope_2"]},
    ],
)
def test_coupled_values_reach_their_bounds(markets, changes):
    markets.apply(markets.governor, markets.update(**changes))
    assert {name: markets.field(name) for name in changes} == changes


def test_values_that_only_together_are_valid_land_together(markets):
    changes = {"ltv": 8_450, "liquidation_threshold": 8_500, "decay_step": 5_000}
    for name in ("ltv",):
        with ape.reverts(markets.contract.DecayLiquidates):
            markets.apply(markets.governor, markets.update(**{name: changes[name]}))
    markets.apply(markets.governor, markets.update(**changes))


# --- prices and pauses ---------------------------------------------------------------------------


@pytest.mark.parametrize("caller", ["governor", "steward"])
def test_no_update_moves_a_live_price(markets, caller):
    asset = markets.asset
    markets.chain.pending_timestamp += 4 * DAY
    markets.chain.mine()
    status, price, *_ = markets.oracles[asset].status()
    assert status == 4
    changes = {"decay_step": ORACLE["decay_step"] + 2_000}
    markets.apply(getattr(markets, caller), markets.update(**changes))
    moved = markets.oracles[asset].status()[1]
    assert 0 < price - moved <= price * 50 // 10_000
    markets.chain.pending_timestamp += DAY
    markets.chain.mine()
    with ape.reverts(markets.contract.PriceWouldMove):
        markets.contract.setPriceMoveLimit(10, sender=markets.governor)
        changes = {"decay_step": ORACLE["decay_step"] + 4_000}
        markets.apply(getattr(markets, caller), markets.update(**changes))


def test_no_update_pauses_a_live_price(markets):
    asset = markets.asset
    markets.push(asset, PRICE * 102 // 100)
    with ape.reverts(markets.contract.PriceWouldMove):
        markets.apply(markets.governor, markets.update(band_up=1_000))


def test_a_tripped_market_does_not_block_a_batch(markets):
    first, second = markets.assets[:2]
    markets.contract.pause(first, sender=markets.guardian)
    updates = [
        markets.update(first, ltv=7_900, band_up=2_900),
        markets.update(second, supply_cap=10_100_000),
    ]
    markets.apply(markets.steward, *updates)
    assert markets.field("band_up", first) == 2_900
    assert markets.field("supply_cap", second) == 10_100_000


@pytest.mark.parametrize("changes", [{"ltv": 8_001}, {"tolerance": 801}])
def test_a_paused_market_is_loosened_by_the_governor_alone(markets, changes):
    markets.contract.pause(markets.asset, sender=markets.guardian)
    update = markets.update(**changes)
    with ape.reverts(markets.contract.LoosensPausedMarket):
        markets.apply(markets.steward, update)
    markets.apply(markets.governor, update)


def test_a_pause_that_nobody_recorded_holds_back_no_loosening_of_the_collateral(markets):
    asset = markets.asset
    oracle = markets.oracles[asset]
    markets.push(asset, 2 * PRICE)
    assert oracle.status()[0] == TRIPPED
    markets.apply(markets.steward, markets.update(supply_cap=10_000_001))
    markets.chain.pending_timestamp += DAY + 1
    markets.push(asset, 2 * PRICE)
    oracle.poke(sender=markets.stranger)
    with ape.reverts(markets.contract.LoosensPausedMarket):
        markets.apply(markets.steward, markets.update(supply_cap=10_000_002))


def test_the_time_of_the_reference_is_not_dated_back_to_end_its_cap(markets):
    """Dated back it would lapse, and no step, budget, lock or pause would stand in the way."""
    asset = markets.asset
    oracle = markets.oracles[asset]
    capped = {"reference_price": PRICE, "reference_growth": 0, "reference_headroom": 0}
    markets.apply(markets.governor, markets.update(**capped))
    markets.push(asset, PRICE * 102 // 100)
    assert oracle.status()[0] == TRIPPED
    for caller in (markets.steward, markets.governor):
        with ape.reverts(oracle.ReferenceInvalid):
            markets.apply(caller, markets.update(reference_as_of=1))
    assert oracle.status()[0] == TRIPPED


# --- queued proposals ----------------------------------------------------------------------------


@pytest.fixture
def timelock(project, markets):
    """A timelock that governs, with the old governor as its proposer."""
    proposer = markets.governor
    lock = proposer.deploy(project.MockTimelock, DAY, [proposer], [NOBODY])
    markets.contract.beginDefaultAdminTransfer(lock, sender=proposer)
    markets.chain.mine(deltatime=1)
    accept = markets.contract.acceptDefaultAdminTransfer.encode_input()
    salt = bytes(32)
    operation = (markets.contract.address, 0, accept, bytes(32), salt)
    lock.schedule(*operation, DAY, sender=proposer)
    markets.wait(DAY)
    lock.execute(*operation, sender=proposer)
    return lock


def test_a_queued_batch_locks_its_markets_and_no_other(markets, timelock):
    contract, asset = markets.contract, markets.asset
    update = markets.update(supply_cap=20_000_000)
    deadline = markets.now + 5 * DAY
    payload = contract.applyBatch.encode_input(
        [update], markets.state_hash([update]), deadline, ARTEFACT
    )
    operation = ([contract.address], [0], [payload], bytes(32), bytes(32))
    with ape.reverts(contract.OperationNotPending):
        contract.lockQueued(*operation, sender=markets.stranger)
    timelock.scheduleBatch(*operation, DAY, sender=markets.governor)
    contract.lockQueued(*operation, sender=markets.stranger)
    assert contract.markets(asset).lockedUntil == deadline
    assert contract.markets(markets.assets[1]).lockedUntil == 0
    with ape.reverts(contract.LoosensLockedMarket):
        markets.apply(markets.steward, markets.update(supply_cap=10_000_001))
    markets.wait(DAY)
    timelock.executeBatch(*operation, sender=markets.stranger)
    assert markets.field("supply_cap") == 20_000_000
    with ape.reverts(contract.OperationNotPending):
        contract.lockQueued(*operation, sender=markets.stranger)
