"""The path planner beside brute force: no sequence of legal batches is shorter than its steps."""

from __future__ import annotations

from functools import cache
from itertools import product

from hypothesis import example, given, settings
from hypothesis import strategies as st

from paramgen.difference import PARAMETER_IDS
from paramgen.encode import BY_NAME, Word, pack, unpack
from paramgen.mirror.guardrails import Guardrail
from paramgen.mirror.rate import MAX_RATE
from paramgen.mirror.steward import Ledger, Section, judge_update
from paramgen.path.plan import NEWER_NAV, invalid, market_path
from tests.support.markets import DAY, VALUES, rails, word_of
from tests.support.states import NOW, market_state, token

# Every rule between parameters binds within a few units of these: LT·(1 + b) and the band take the
# whole cushion, the floor is the decay's factor and LTV its whole room, the slopes meet at the
# largest rate, the primary staleness limit at the maximum age.
TIGHT = {
    "ltv": 8_096,
    "liquidation_threshold": 8_996,
    "liquidation_bonus": 1_111,
    "decay_step": 1_000_000,
    "decay_floor": 9_000,
    "band_down": 45,
    "primary_staleness": 1_000,
    "secondary_staleness": 3,
    "maximum_age": 1_000,
    "base_rate": 11,
    "slope_1": (MAX_RATE - 11) // 2,
    "slope_2": (MAX_RATE - 11) // 2,
}
GROUPS = (
    ("ltv", "liquidation_threshold", "liquidation_bonus"),
    ("ltv", "liquidation_threshold", "decay_floor"),
    ("liquidation_threshold", "liquidation_bonus", "band_down"),
    ("ltv", "liquidation_threshold", "band_down"),
    ("liquidation_threshold", "decay_floor", "band_down"),
    ("ltv", "decay_floor", "liquidation_bonus"),
    ("primary_staleness", "secondary_staleness", "maximum_age"),
    ("base_rate", "slope_1", "slope_2"),
    ("ltv", "slope_1", "slope_2"),
)
FRESH = Ledger(
    {
        Word.COLLATERAL: Section(0, (0,) * 5),
        Word.RATE: Section(0, (0,) * 4),
        Word.ORACLE: Section(0, (0,) * 13),
        Word.REFERENCE: Section(0, (0,) * 4),
    },
    0,
)
"""Nothing spent: between two steps of a brute-force walk the steward waits as long as it likes."""


def words_of(values):
    base = {word: dict(fields) for word, fields in VALUES.items()}
    for name, value in {**TIGHT, **values}.items():
        base[BY_NAME[name].word][name] = value
    return {word: pack(word, fields) for word, fields in base.items()}


def guardrails(steps):
    """The usual guardrails but for these fields: largest moves up and down, if relative."""
    found = rails()
    for name, (up, down, relative) in steps.items():
        field = BY_NAME[name]
        found[PARAMETER_IDS[name]] = Guardrail.of(
            field, envelope=(0, min(field.largest, 2**63)), steps=(up, down),
            cooldown=DAY, window=7 * DAY, budget_steps=2, relative=relative,
        )  # fmt: skip
    return found


def landing_of(before, after):
    return {word: after[word] for word in before if after[word] != before[word]}


def brute_force(start, end, limits):
    """Fewest legal batches by breadth-first search; each value between its start and its end."""
    names = sorted(start)
    hulls = [range(min(start[n], end[n]), max(start[n], end[n]) + 1) for n in names]
    wanted = tuple(end[n] for n in names)
    frontier, seen, count = {tuple(start[n] for n in names)}, set(), 0
    while frontier:
        if wanted in frontier:
            return count
        seen |= frontier
        frontier = {
            there
            for here in frontier
            for there in product(*within_steps(names, here, hulls, limits))
            if there not in seen and is_legal(names, here, there, limits)
        }
        count += 1
    return None


def within_steps(names, here, hulls, limits):
    """By field, the values one step away: the others would be refused whatever else moves."""
    for name, value, hull in zip(names, here, hulls, strict=True):
        moves = ((there, limits[PARAMETER_IDS[name]].scaled(value, there)) for there in hull)
        yield [there for there, (move, allowed) in moves if move <= allowed]


def is_legal(names, here, there, limits):
    before = words_of(dict(zip(names, here, strict=True)))
    after = words_of(dict(zip(names, there, strict=True)))
    update = landing_of(before, after)
    judgement = judge_update(before, update, FRESH, limits, now=NOW, by_governor=False)
    own = invalid({**before, **update}, has_secondary=True)
    return not judgement.refusals and not own & {"RateWordInvalid", "ConfigurationInvalid"}


def walk(path, start, limits, locked_until=0):
    """Every step through the mirror at its own date; returns the words in the end."""
    words, ledger, before = dict(start), FRESH, 0
    for step in path.steps:
        assert step.at >= before
        judged = judge_update(
            words, step.words, ledger, limits, now=step.at, by_governor=False,
            locked_until=locked_until,
        )  # fmt: skip
        assert judged.refusals == ()
        words, ledger, before = {**words, **step.words}, judged.ledger, step.at
        assert not invalid(words, has_secondary=True)
    return words


WIDE = {"band_down": 9}
"""Units of a field that matter as much as one unit of the others."""

SMALL = (
    ("ltv", "liquidation_threshold"),
    ("primary_staleness", "secondary_staleness", "maximum_age"),
    ("slope_1", "slope_2"),
)
"""Fields whose rule binds at small values too, where relative steps grow as they go."""


@cache
def tight_points(names):
    """All values within two units of the tight ones that the contracts accept."""
    lines = [[TIGHT[n] + WIDE.get(n, 1) * units for units in range(-2, 3)] for n in names]
    return valid(names, lines)


@cache
def small_points(names):
    """All values from 1 to 12 that the contracts accept; to 7 where there are three fields."""
    return valid(names, [range(1, 13 if len(names) == 2 else 8)] * len(names))


def valid(names, lines):
    points = [dict(zip(names, values, strict=True)) for values in product(*lines)]
    return [point for point in points if not invalid(words_of(point), has_secondary=True)]


@st.composite
def tight_moves(draw):
    """A start and an end at the edge of every rule, and steps of one to three units."""
    names = draw(st.sampled_from(GROUPS))
    start, end = (draw(st.sampled_from(tight_points(names))) for _ in range(2))
    size = st.integers(1, 3)
    steps = {n: (WIDE.get(n, 1) * draw(size), WIDE.get(n, 1) * draw(size), False) for n in names}
    return start, end, steps


@st.composite
def small_moves(draw):
    """A start and an end of small integers, and steps in units or in parts of the value."""
    names = draw(st.sampled_from(SMALL))
    start, end = (draw(st.sampled_from(small_points(names))) for _ in range(2))
    units, parts = st.integers(1, 4), st.sampled_from([3_400, 5_000, 10_000])
    steps = {}
    for name in names:
        relative = draw(st.booleans())
        size = parts if relative else units
        steps[name] = (draw(size), draw(size), relative)
    return start, end, steps


COUPLED = (
    {"ltv": 28, "liquidation_threshold": 32},
    {"ltv": 1, "liquidation_threshold": 2},
    {"ltv": (4, 4, False), "liquidation_threshold": (2_500, 3_400, True)},
)
"""LTV alone takes seven steps and LT eight; one above the other they take ten."""


@settings(deadline=None, max_examples=150)
@example(COUPLED)
@given(st.one_of(tight_moves(), small_moves()))
def test_no_sequence_of_legal_batches_is_shorter_than_the_path(moves):
    start, end, steps = moves
    before, after = words_of(start), words_of(end)
    limits = guardrails(steps)
    path = market_path(
        market_state(before, token(0), ledger=FRESH), landing_of(before, after), limits,
        now=NOW, has_secondary=True,
    )  # fmt: skip
    shortest = brute_force(start, end, limits)
    if shortest is None:
        assert path.obstacles
        return
    assert not path.obstacles
    assert len(path.steps) == shortest
    assert walk(path, before, limits) == after


def test_a_threshold_that_sinks_while_its_bonus_rises_goes_ahead_of_it():
    """LT·(1 + b) is above both its ends halfway along a straight way, so that is no way."""
    start = {"ltv": 4_000, "liquidation_threshold": 8_990, "liquidation_bonus": 1_111}
    end = {"ltv": 4_000, "liquidation_threshold": 6_000, "liquidation_bonus": 6_655}
    steps = {"liquidation_threshold": (300, 300, False), "liquidation_bonus": (555, 555, False)}
    limits, before, after = guardrails(steps), words_of(start), words_of(end)
    path = market_path(
        market_state(before, token(0), ledger=FRESH), landing_of(before, after), limits,
        now=NOW, has_secondary=True,
    )  # fmt: skip
    assert len(path.steps) > 10
    assert walk(path, before, limits) == after
    first = unpack(Word.COLLATERAL, path.steps[0].words[Word.COLLATERAL])
    assert first["liquidation_threshold"] == 8_690
    assert first["liquidation_bonus"] < 1_111 + 555


def test_a_reference_that_would_be_dated_back_has_no_path():
    before, after = words_of({"reference_as_of": 1_001}), words_of({"reference_as_of": 1_000})
    market = market_state(before, token(0), ledger=FRESH)
    landing = landing_of(before, after)
    path = market_path(market, landing, guardrails({}), now=NOW, has_secondary=True)
    obstacle = path.obstacles[0]
    assert (obstacle.field, obstacle.value, obstacle.bound) == ("reference_as_of", 1_000, 1_001)
    assert obstacle.remedy == NEWER_NAV
    assert not path.steps


def test_a_step_is_dated_at_the_first_second_that_the_mirror_accepts():
    start, end = {"ltv": 5_000}, {"ltv": 5_400}
    limits = guardrails({"ltv": (100, 500, False)})
    before, after = words_of(start), words_of(end)
    market = market_state(before, token(0), ledger=FRESH, locked_until=NOW + 9)
    path = market_path(market, landing_of(before, after), limits, now=NOW, has_secondary=True)
    walk(path, before, limits, locked_until=NOW + 9)
    # The lock ends; then a cooldown of a day; then half a window of seven days frees one step of
    # the two that the budget holds, less what has leaked meanwhile.
    waits = [step.at - NOW for step in path.steps]
    assert waits[:2] == [10, 10 + DAY]
    words, ledger = before, FRESH
    for step in path.steps:
        early = judge_update(
            words, step.words, ledger, limits, now=step.at - 1, by_governor=False,
            locked_until=NOW + 9,
        )  # fmt: skip
        assert early.refusals
        judged = judge_update(words, step.words, ledger, limits, now=step.at, by_governor=False)
        words, ledger = {**words, **step.words}, judged.ledger


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_a_long_way_of_many_fields_is_legal_at_its_dates_and_turns_nowhere(data):
    """Fields of every word at once, far apart: what brute force cannot search."""
    names = ["ltv", "liquidation_threshold", "liquidation_bonus", "supply_cap", "kink", "slope_2"]
    usual = {name: value for fields in VALUES.values() for name, value in fields.items()}
    ends = {name: usual[name] * data.draw(st.integers(60, 100)) // 100 for name in names}
    ends["ltv"] = min(ends["ltv"], ends["liquidation_threshold"] * 9 // 10)
    before = {word: word_of(word) for word in Word}
    after = {
        word: word_of(word, **{n: v for n, v in ends.items() if BY_NAME[n].word is word})
        for word in Word
    }
    limits = rails()
    if data.draw(st.booleans()):
        before, after = after, before
    path = market_path(
        market_state(before, token(0), ledger=FRESH), landing_of(before, after), limits,
        now=NOW, has_secondary=True,
    )  # fmt: skip
    assert not path.obstacles
    assert walk(path, before, limits) == after
    for name in names:
        word = BY_NAME[name].word
        values = [unpack(word, path.words_after(n)[word])[name] for n in range(len(path.steps) + 1)]
        assert values == sorted(values) or values == sorted(values, reverse=True)
