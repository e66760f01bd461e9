"""The oracle's state machine on the embedded chain: each status, each fault, each defence."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import ape
import pytest

from paramgen.mirror.oracle import Configuration, Contest, Reference, State, Status
from tests.support.oracles import Stored

UNIT = 10**8
PRICE = 100 * UNIT
STALENESS = 3_600
MAXIMUM_AGE = 86_400
CONFIRM = 600
ZERO = "0x0000000000000000000000000000000000000000"
USD = "0x0000000000000000000000000000000000000348"
CALL_GAS = 120_000

CONFIGURATION = Configuration(
    primary_staleness=STALENESS,
    secondary_staleness=STALENESS,
    maximum_age=MAXIMUM_AGE,
    decay_step=20_000,
    decay_rate=50_000_000,
    decay_floor=5_000,
    band_up=5_000,
    band_down=5_000,
    band_windows=24,
    band_window=3_600,
    accrual=0,
    tolerance=1_000,
    confirm_delay=CONFIRM,
)


class Fault(IntEnum):
    """Those of FaultyFeed.sol that are told here; the fault matrix goes through all."""

    NONE = 0
    REVERT = 1
    BURN_GAS = 3


@dataclass
class Scene:
    """One oracle, its two feeds, and the clock."""

    chain: Any
    keeper: Any
    steward: Any
    primary: Any
    secondary: Any
    oracle: Any

    @property
    def now(self) -> int:
        return self.chain.blocks.head.timestamp

    def say(self, feed: Any, price: int, *, age: int = 0, fault: Fault = Fault.NONE) -> None:
        feed.set(fault, price, self.now - age, sender=self.keeper)

    def both(self, price: int, other: int | None = None) -> None:
        self.say(self.primary, price)
        self.say(self.secondary, price if other is None else other)

    def wait(self, seconds: int) -> None:
        self.chain.mine(timestamp=self.now + seconds)

    def poke(self) -> Status:
        receipt = self.oracle.poke(sender=self.keeper)
        (event,) = receipt.decode_logs(self.oracle.Poked)
        return Status(event.status)

    @property
    def status(self) -> Status:
        return Status(self.oracle.status().verdict)

    @property
    def price(self) -> int:
        return self.oracle.status().price

    @property
    def state(self) -> State:
        return State.from_word(self.oracle.stored(Stored.STATE))

    @property
    def contest(self) -> Contest:
        return Contest.from_word(self.oracle.stored(Stored.CONTEST))


@pytest.fixture
def build(project, accounts, chain):
    """A factory of scenes; keyword arguments replace fields of the deployment."""

    def scene(**fields) -> Scene:
        keeper, steward = accounts[0], accounts[1]
        primary = project.FaultyFeed.deploy(8, sender=keeper)
        secondary = project.FaultyFeed.deploy(8, sender=keeper)
        deployment = {
            "asset": accounts[9].address,
            "assetDecimals": 6,
            "primary": primary,
            "primaryDecimals": 8,
            "secondary": secondary,
            "secondaryDecimals": 8,
            "callGas": CALL_GAS,
            "minPrice": 60 * UNIT,
            "maxPrice": 1_000 * UNIT,
            "steward": steward,
            "hasReference": False,
            "zeroOnPause": False,
            "seedPrice": PRICE,
            "seedAsOf": chain.blocks.head.timestamp,
            "configuration": CONFIGURATION.word,
            "referenceWord": 0,
        }
        oracle = project.FallbackOracle.deploy(deployment | fields, sender=keeper)
        made = Scene(chain, keeper, steward, primary, secondary, oracle)
        made.both(PRICE)
        return made

    return scene


@pytest.fixture
def scene(build) -> Scene:
    return build()


def assert_paused(scene: Scene, status: Status) -> None:
    """Every priced surface reverts with the status; none returns a number."""
    assert scene.status == status
    assert scene.price == 0
    for read in (scene.oracle.latestRoundData, scene.oracle.latestAnswer):
        with ape.reverts(scene.oracle.Paused, error_inputs={"status": status}):
            read()


# --- the verdicts --------------------------------------------------------------------------------


def test_a_sound_primary_is_served_without_reading_the_secondary(scene):
    scene.say(scene.primary, 101 * UNIT, age=30)
    scene.say(scene.secondary, PRICE, fault=Fault.BURN_GAS)
    verdict, price, updated_at, *_ = scene.oracle.status()
    assert (verdict, price) == (Status.LIVE, 101 * UNIT)
    _, answer, _, updated, _ = scene.oracle.latestRoundData()
    assert (answer, updated) == (101 * UNIT, updated_at)
    assert updated_at <= scene.now - 30


@pytest.mark.parametrize("factor", [90, 110])
def test_a_jump_of_the_only_leg_pauses_reads_and_anyone_persists_it(build, factor):
    scene = build(secondary=ZERO)
    scene.say(scene.primary, factor * UNIT)
    assert_paused(scene, Status.TRIPPED)
    assert scene.state.tripped == 0

    assert scene.poke() == Status.TRIPPED
    scene.both(PRICE)
    assert_paused(scene, Status.TRIPPED)
    assert scene.contest.epoch == 1
    assert scene.poke() == Status.TRIPPED
    assert scene.contest.epoch == 1


def test_a_trip_that_nobody_persisted_ends_with_the_feed(build):
    scene = build(secondary=ZERO)
    scene.say(scene.primary, 110 * UNIT)
    assert scene.status == Status.TRIPPED
    scene.say(scene.primary, 101 * UNIT)
    assert scene.status == Status.LIVE


def test_both_legs_outside_trip_at_once(scene):
    scene.both(89 * UNIT, 111 * UNIT)
    assert scene.status == Status.TRIPPED
    assert scene.poke() == Status.TRIPPED
    assert scene.state.tripped == 1


@pytest.mark.parametrize("chosen", [61, 90, 110, 999])
def test_a_hostile_secondary_cannot_pause_or_move_the_market(scene, chosen):
    scene.both(PRICE, chosen * UNIT)
    assert scene.poke() == Status.LIVE
    assert (scene.status, scene.price) == (Status.LIVE, PRICE)
    assert scene.state.contested == 0


def test_a_lone_secondary_moves_neither_checkpoint_nor_anchor(scene):
    scene.wait(STALENESS + 60)
    scene.say(scene.secondary, 103 * UNIT)
    before = scene.state
    assert scene.poke() == Status.SECONDARY
    assert scene.state == before


# --- a contest -----------------------------------------------------------------------------------


def test_one_primary_outside_needs_a_delay_and_a_later_round_to_trip(scene):
    scene.both(90 * UNIT, PRICE)
    assert_paused(scene, Status.CONTESTED)
    assert scene.state.contested == 0, "a view records nothing"

    assert scene.poke() == Status.CONTESTED
    assert (scene.state.contested, scene.state.tripped) == (1, 0)
    first_sight = scene.contest

    scene.wait(CONFIRM // 2)
    scene.say(scene.primary, 90 * UNIT)
    assert scene.poke() == Status.CONTESTED, "a later round, too early"
    assert scene.contest == first_sight

    scene.wait(CONFIRM)
    scene.primary.set(0, 90 * UNIT, first_sight.outside_round_time, sender=scene.keeper)
    assert scene.poke() == Status.CONTESTED, "late enough, the same round"

    scene.say(scene.primary, 90 * UNIT)
    assert scene.status == Status.TRIPPED, "the view says what the poke will"
    assert scene.poke() == Status.TRIPPED
    assert scene.contest == Contest(epoch=1)


def test_a_contest_ends_when_the_primary_returns(scene):
    scene.both(90 * UNIT, PRICE)
    scene.poke()
    scene.both(PRICE)
    assert scene.status == Status.LIVE
    assert scene.poke() == Status.LIVE
    assert scene.state.contested == 0

    scene.wait(2 * CONFIRM)
    scene.both(90 * UNIT, PRICE)
    assert scene.poke() == Status.CONTESTED, "the earlier sight is not held against it"


def test_a_sight_older_than_the_maximum_age_confirms_nothing(scene):
    scene.both(90 * UNIT, PRICE)
    scene.poke()
    scene.wait(MAXIMUM_AGE + 60)
    scene.both(60 * UNIT, PRICE)
    assert scene.status == Status.CONTESTED
    assert scene.poke() == Status.CONTESTED
    assert scene.contest.outside_since > scene.now - 60


def test_only_a_poke_learns_of_a_disagreement_and_then_reads_know_it(scene):
    scene.both(PRICE, 103 * UNIT)
    assert scene.status == Status.LIVE
    assert scene.poke() == Status.CONTESTED
    assert_paused(scene, Status.CONTESTED)


def test_a_contested_read_serves_the_lower_with_the_older_time(scene):
    scene.both(PRICE, 103 * UNIT)
    scene.poke()
    scene.say(scene.primary, 101 * UNIT, age=100)
    scene.say(scene.secondary, 100 * UNIT + UNIT // 2, age=10)
    verdict, price, updated_at, *_ = scene.oracle.status()
    assert (verdict, price) == (Status.LIVE, 100 * UNIT + UNIT // 2)
    assert updated_at == scene.primary.updatedAt()

    assert scene.poke() == Status.LIVE
    assert scene.state.contested == 0
    assert scene.state.price == 101 * UNIT, "the checkpoint follows the primary alone"


def test_an_outage_does_not_end_a_contest(scene):
    scene.both(PRICE, 103 * UNIT)
    scene.poke()
    scene.say(scene.primary, PRICE, fault=Fault.REVERT)
    assert scene.poke() == Status.SECONDARY
    assert scene.state.contested == 1
    scene.both(PRICE, 103 * UNIT)
    assert scene.status == Status.CONTESTED


def test_while_contested_a_dead_secondary_leaves_the_healthy_primary(scene):
    scene.both(PRICE, 103 * UNIT)
    scene.poke()
    scene.say(scene.secondary, PRICE, fault=Fault.BURN_GAS)
    assert (scene.status, scene.price) == (Status.LIVE, PRICE)


# --- silence -------------------------------------------------------------------------------------


def test_silence_is_held_then_decays_then_stops_and_a_feed_restores_it(scene):
    scene.poke()
    kill(scene)
    assert (scene.status, scene.price) == (Status.HELD, PRICE)

    scene.wait(STALENESS + 60)
    assert scene.status == Status.DECAYING
    first = scene.price
    assert PRICE * 97 // 100 < first < PRICE * 9803 // 10_000, "the step of 2 % at T"
    scene.wait(20_000)
    assert scene.price < first
    updated_at = scene.oracle.latestRoundData()[3]
    assert updated_at == scene.state.price_time

    scene.wait(MAXIMUM_AGE)
    assert_paused(scene, Status.STOPPED)
    assert scene.poke() == Status.STOPPED
    assert scene.state.tripped == 0
    scene.both(104 * UNIT)
    assert (scene.status, scene.price) == (Status.LIVE, 104 * UNIT)


def kill(scene: Scene) -> None:
    for feed in (scene.primary, scene.secondary):
        scene.say(feed, PRICE, fault=Fault.REVERT)


def test_decay_starts_from_a_newer_answer_of_the_primary_inside_the_band(scene):
    scene.poke()
    scene.wait(1_000)
    scene.say(scene.primary, 102 * UNIT)
    scene.say(scene.secondary, PRICE, fault=Fault.REVERT)
    scene.wait(STALENESS + 60)
    assert scene.status == Status.DECAYING
    assert 99 * UNIT < scene.price < 100 * UNIT
    assert scene.oracle.status().updatedAt == scene.primary.updatedAt()

    scene.primary.set(0, 120 * UNIT, scene.primary.updatedAt(), sender=scene.keeper)
    assert scene.price < 98 * UNIT, "outside the band it is no base"


def test_a_price_that_decays_below_the_assets_own_bound_stops(build):
    scene = build(minPrice=99 * UNIT)
    kill(scene)
    scene.wait(STALENESS + 60)
    assert_paused(scene, Status.STOPPED)


def test_a_feed_that_stands_at_its_own_floor_is_no_price(build):
    """LUNA, May 2022: the aggregator went on giving its least answer while the market fell."""
    scene = build(seedPrice=61 * UNIT)
    scene.both(61 * UNIT)
    assert scene.poke() is Status.LIVE
    scene.wait(60)
    scene.both(60 * UNIT - 1, 5 * UNIT)
    assert (scene.poke(), scene.price) == (Status.HELD, 61 * UNIT)
    scene.wait(STALENESS + 60)
    scene.both(60 * UNIT - 1, UNIT)
    assert_paused(scene, Status.STOPPED)


def test_a_returning_feed_is_compared_with_the_undecayed_price(scene):
    kill(scene)
    scene.wait(80_000)
    assert scene.price < 95 * UNIT
    scene.both(PRICE)
    assert (scene.status, scene.price) == (Status.LIVE, PRICE)


# --- the band ------------------------------------------------------------------------------------


def test_the_edge_of_the_band_is_inside_and_a_unit_beyond_is_not(scene):
    for edge, beyond in ((105 * UNIT, 1), (95 * UNIT, -1)):
        scene.both(edge)
        assert scene.status == Status.LIVE
        scene.both(edge + beyond)
        assert scene.status == Status.TRIPPED


def test_two_moves_across_a_windows_edge_do_not_add_up(scene):
    """A tumbling anchor admits 5 % before and 5 % after its edge: +10.2 % within seconds."""
    scene.wait(3_590)
    scene.both(104 * UNIT)
    scene.poke()
    scene.wait(30)
    scene.both(104 * UNIT)
    scene.poke()
    assert scene.state.anchor == 104 * UNIT, "the window closed"
    scene.both(109 * UNIT)
    assert scene.status == Status.TRIPPED, "5 % from the new anchor, 9 % from the one before"


def test_small_pokes_within_a_window_do_not_evade_the_band(scene):
    for step in range(1, 6):
        scene.both(PRICE + step * UNIT)
        assert scene.poke() == Status.LIVE
    scene.both(106 * UNIT)
    assert scene.poke() == Status.TRIPPED


def test_an_anchor_that_nobody_moved_admits_what_its_age_allows(scene):
    scene.wait(4 * 3_600)
    scene.both(109 * UNIT)
    assert scene.status == Status.LIVE, "5 %·√4 = 10 %"
    scene.both(111 * UNIT)
    assert scene.status == Status.TRIPPED


def test_the_reference_caps_what_the_band_admits_until_it_lapses(build, chain):
    reference = Reference(PRICE, chain.blocks.head.timestamp, 7_200, 0, 200)
    scene = build(hasReference=True, referenceWord=reference.word, secondary=ZERO)
    scene.say(scene.primary, 100 * UNIT + UNIT // 5)
    assert scene.status == Status.LIVE
    scene.say(scene.primary, 100 * UNIT + UNIT // 5 + 1)
    assert scene.status == Status.TRIPPED
    scene.wait(7_260)
    scene.say(scene.primary, 101 * UNIT)
    assert scene.status == Status.LIVE


# --- surfaces ------------------------------------------------------------------------------------


def test_the_checkpoint_is_read_without_a_feed_and_reverts_in_a_pause(scene):
    scene.both(101 * UNIT)
    scene.poke()
    kill(scene)
    assert scene.oracle.lastPrice().price == 101 * UNIT
    scene.wait(STALENESS + 60)
    assert scene.oracle.lastPrice() == tuple(scene.oracle.status()[1:3])
    scene.wait(MAXIMUM_AGE)
    with ape.reverts(scene.oracle.Paused, error_inputs={"status": Status.STOPPED}):
        scene.oracle.lastPrice()


def test_the_checkpoint_read_reverts_when_contested_or_tripped(scene):
    scene.both(PRICE, 103 * UNIT)
    scene.poke()
    with ape.reverts(scene.oracle.Paused, error_inputs={"status": Status.CONTESTED}):
        scene.oracle.lastPrice()
    scene.oracle.trip(sender=scene.steward)
    with ape.reverts(scene.oracle.Paused, error_inputs={"status": Status.TRIPPED}):
        scene.oracle.lastPrice()


def test_latest_answer_is_zero_in_a_pause_where_the_deployment_says_so(build):
    scene = build(zeroOnPause=True)
    assert scene.oracle.latestAnswer() == PRICE
    scene.oracle.trip(sender=scene.steward)
    assert scene.oracle.latestAnswer() == 0
    with ape.reverts(scene.oracle.Paused):
        scene.oracle.latestRoundData()


def test_quotes_bid_decayed_and_ask_undecayed_and_invert_only_while_live(scene, project):
    quotes = scene.keeper.deploy(project.QuoteOracle, scene.oracle)
    asset = quotes.asset()
    assert quotes.getQuote(3 * 10**6, asset, USD) == 300 * 10**18
    assert quotes.getQuote(300 * 10**18, USD, asset) == 3 * 10**6
    assert tuple(quotes.getQuotes(10**18, USD, asset)) == (10**4, 10**4)

    scene.poke()
    kill(scene)
    scene.wait(STALENESS + 60)
    bid, ask = quotes.getQuotes(10**6, asset, USD)
    assert bid == quotes.getQuote(10**6, asset, USD) == scene.price * 10**10
    assert ask == 100 * 10**18 > bid
    with ape.reverts(quotes.Paused, error_inputs={"status": Status.DECAYING}):
        quotes.getQuote(10**18, USD, asset)
    with ape.reverts(quotes.PairNotSupported):
        quotes.getQuote(1, asset, asset)


def test_metadata_is_that_of_an_aggregator(scene):
    assert scene.oracle.decimals() == 8
    assert scene.oracle.version() == 1
    assert scene.oracle.description()
    with ape.reverts(scene.oracle.HistoryNotKept):
        scene.oracle.getRoundData(1)


# --- review --------------------------------------------------------------------------------------


def tripped(scene: Scene) -> int:
    """Trip, and give the epoch that a reset must name."""
    scene.oracle.trip(sender=scene.steward)
    return scene.contest.epoch


def reset(scene: Scene, price: int, *, governor: bool, age: int = 0, epoch: int = 1) -> None:
    scene.oracle.reset(price, scene.now - age, epoch, governor, sender=scene.steward)


def test_a_guardians_reset_needs_a_fresh_leg_within_tolerance_and_not_below(scene):
    assert tripped(scene) == 1
    scene.both(80 * UNIT, 90 * UNIT)
    for refused in (80 * UNIT + 1, 85 * UNIT, 79 * UNIT):
        with ape.reverts(scene.oracle.NoLegSupports):
            reset(scene, refused, governor=False)
    reset(scene, 80 * UNIT - UNIT // 2, governor=False)
    assert (scene.status, scene.state.tripped, scene.contest.epoch) == (Status.LIVE, 0, 2)
    assert scene.price == 80 * UNIT


def test_a_guardian_has_no_reset_without_a_fresh_leg_and_the_governor_has(scene):
    tripped(scene)
    kill(scene)
    with ape.reverts(scene.oracle.NoLegSupports):
        reset(scene, PRICE, governor=False)
    reset(scene, 90 * UNIT, governor=True)
    assert (scene.status, scene.price) == (Status.HELD, 90 * UNIT)


def test_a_guardian_with_a_hostile_primary_ends_a_contest_at_its_price(scene):
    """The healthy secondary is then outside the new band and dropped: two failures and a key."""
    scene.both(500 * UNIT, PRICE)
    assert scene.poke() is Status.CONTESTED
    reset(scene, 500 * UNIT, governor=False, epoch=0)
    assert (scene.poke(), scene.price) == (Status.LIVE, 500 * UNIT)


def test_a_guardians_reset_is_not_dated_before_the_checkpoint(scene):
    """It would decay by more than the checkpoint once the legs fall silent."""
    scene.say(scene.primary, PRICE, fault=Fault.REVERT)
    scene.say(scene.secondary, PRICE)
    tripped(scene)
    with ape.reverts(scene.oracle.TimeOutOfBounds):
        reset(scene, PRICE, governor=False, age=80_000)
    reset(scene, PRICE, governor=False)
    assert (scene.status, scene.price) == (Status.SECONDARY, PRICE)


def test_a_reset_names_the_epoch_a_price_within_bounds_and_a_time_not_ahead(scene):
    tripped(scene)
    with ape.reverts(scene.oracle.EpochChanged):
        reset(scene, PRICE, governor=True, epoch=0)
    with ape.reverts(scene.oracle.PriceOutOfBounds):
        reset(scene, 60 * UNIT - 1, governor=True)
    with ape.reverts(scene.oracle.TimeOutOfBounds):
        reset(scene, PRICE, governor=True, age=-1_000)
    with ape.reverts(scene.oracle.TimeOutOfBounds):
        reset(scene, PRICE, governor=True, age=MAXIMUM_AGE + 1_000)
    reset(scene, PRICE, governor=True, age=500)
    assert scene.state == State.seeded(PRICE, scene.state.price_time)


def test_only_the_steward_configures_trips_and_resets(scene):
    oracle = scene.oracle
    for call, arguments in (
        (oracle.configure, (CONFIGURATION.word,)),
        (oracle.setReference, (1,)),
        (oracle.trip, ()),
        (oracle.reset, (PRICE, 1, 0, True)),
    ):
        with ape.reverts(oracle.NotSteward):
            call(*arguments, sender=scene.keeper)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("primary_staleness", 0),
        ("primary_staleness", MAXIMUM_AGE + 1),
        ("secondary_staleness", 0),
        ("secondary_staleness", MAXIMUM_AGE + 1),
        ("decay_floor", 10_001),
        ("band_up", 0),
        ("band_down", 0),
        ("band_windows", 0),
        ("band_window", 0),
        ("tolerance", 0),
        ("confirm_delay", 0),
    ],
)
def test_a_configuration_that_would_lose_a_property_is_refused(scene, field, value):
    word = Configuration(**(vars(CONFIGURATION) | {field: value})).word
    with ape.reverts(scene.oracle.ConfigurationInvalid):
        scene.oracle.configure(word, sender=scene.steward)


def test_a_configuration_lands_whole(scene):
    word = Configuration(**(vars(CONFIGURATION) | {"band_up": 20_000, "tolerance": 500})).word
    scene.oracle.configure(word, sender=scene.steward)
    assert scene.oracle.stored(Stored.CONFIGURATION) == word
    scene.both(115 * UNIT)
    assert scene.status == Status.LIVE


def test_a_reference_is_refused_where_the_deployment_has_none(scene):
    with ape.reverts(scene.oracle.NoReference):
        scene.oracle.setReference(Reference(PRICE, 1, 60).word, sender=scene.steward)


@pytest.mark.parametrize(
    "fields",
    [
        {"asset": ZERO},
        {"steward": ZERO},
        {"callGas": 39_999},
        {"callGas": 500_001},
        {"minPrice": 0},
        {"minPrice": 1_001 * UNIT},
        {"maxPrice": 2**54},
        {"assetDecimals": 19},
        {"primaryDecimals": 18},
        {"seedPrice": 59 * UNIT},
        {"seedAsOf": 2**32},
        {"seedAsOf": 1},
        {"configuration": 0},
        {"referenceWord": 1},
    ],
    ids="-".join,
)
def test_a_deployment_out_of_bounds_is_refused(build, fields):
    with pytest.raises(ape.exceptions.ContractLogicError):
        build(**fields)
