"""What lands: rounding against risk, the settled tuple, and refusals that say what to do."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from paramgen.compiler.land import land
from paramgen.encode import FIELDS, Word, unpack
from paramgen.mirror.decay import WAD, decay_factor
from paramgen.mirror.validity import collateral_refusals, coupled_refusals, rate_refusals
from paramgen.units import Rounding
from tests.support.rwa import compiled

ASSETS = list(compiled().assets)


@pytest.mark.parametrize("name", ASSETS)
def test_words_hold_what_the_parameters_say(name):
    landed = compiled().assets[name].landed
    for word, packed in landed.words.items():
        assert unpack(word, packed) == {
            field.name: landed.parameters[field.name].integer for field in FIELDS[word]
        }


@pytest.mark.parametrize("name", ASSETS)
def test_rounding_goes_the_named_way_and_by_less_than_a_unit(name):
    for field, encoded in compiled().assets[name].landed.parameters.items():
        unit = 1 / encoded.field.scale
        if field in ("ltv", "debt_ceiling"):
            assert encoded.error <= 0  # settled below LT·D(T⁺), maybe by more than a unit
        elif encoded.field.rounding is Rounding.DOWN:
            assert -unit < encoded.error <= 0
        elif encoded.field.rounding is Rounding.UP:
            assert 0 <= encoded.error < unit
        elif encoded.field.rounding is Rounding.EXACT:
            assert encoded.error == 0


@pytest.mark.parametrize("name", ASSETS)
def test_the_tuple_that_lands_is_one_the_chain_accepts(name):
    words = compiled().assets[name].landed.words
    assert not collateral_refusals(words[Word.COLLATERAL])
    assert not coupled_refusals(words[Word.COLLATERAL], words[Word.ORACLE])
    assert not rate_refusals(words[Word.RATE])


@pytest.mark.parametrize("name", ASSETS)
def test_silence_alone_liquidates_nobody_at_ltv(name):
    integers = {k: e.integer for k, e in compiled().assets[name].landed.parameters.items()}
    limit = integers["primary_staleness"]
    step, rate, floor = (integers[f"decay_{part}"] for part in ("step", "rate", "floor"))
    factor = decay_factor(step, rate, floor, staleness=limit, age=limit + 1)
    slack = WAD // 10**6  # one second of decay beyond T⁺
    assert integers["ltv"] * WAD <= integers["liquidation_threshold"] * (factor + slack)


def test_a_bonus_that_eats_the_threshold_is_refused_with_what_to_do():
    quantities = dict(compiled().assets[ASSETS[0]].derived.quantities)
    quantities["liquidation_bonus"] = replace(quantities["liquidation_bonus"], value=0.9)
    landed, flaws = land(quantities)
    assert landed is None
    assert "LiquidationInsolvent" in {flaw.field for flaw in flaws}
    assert all(flaw.hint for flaw in flaws)


def test_every_inexpressible_value_is_reported_at_once():
    quantities = dict(compiled().assets[ASSETS[0]].derived.quantities)
    quantities["band_window"] = replace(quantities["band_window"], value=3600.5)
    quantities["slope_2"] = replace(quantities["slope_2"], value=99.0)
    _, flaws = land(quantities)
    assert {flaw.field for flaw in flaws} == {"band_window", "slope_2"}
    [window] = [flaw for flaw in flaws if flaw.field == "band_window"]
    assert "nearest expressible value is 3600" in window.bound


@pytest.mark.parametrize("name", ASSETS)
def test_what_lt_gives_away_adds_up_to_it(name):
    found = compiled().assets[name]
    parts = found.opinions.given_away
    assert math.fsum(parts.values()) == pytest.approx(
        -math.log(found.derived.value("liquidation_threshold"))
    )
    assert all(part >= 0 for part in parts.values())
