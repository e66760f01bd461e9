"""What every venue owes: round trip, the nearest expressible, the same curve, the same bytes."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paramgen.encode import BY_NAME
from paramgen.mirror.rate import WAD
from paramgen.targets.registry import VENUES
from paramgen.targets.venue import (
    NotExpressibleError,
    basis_points,
    compiled_curve,
    excess,
)
from tests.support.venues import PLAIN, VARIANTS, any_integers, case_of, compiled

REFERENCE = bytes(range(32))
LAST_UNITS = basis_points(Fraction(3, WAD))
"""A whole basis point's own encoding per second exceeds it by less, once for each rate."""
every_venue = pytest.mark.parametrize("variant", VARIANTS)


def test_every_venue_of_the_registry_is_tested_here():
    assert {kind for kind, _ in VARIANTS.values()} == set(VENUES)


def expressible(case, parameters):
    """The settings of the nearest parameters that the venue can express; None where it has none."""
    for _ in range(6):
        found = case.venue.express(parameters, case.market)
        if not found.refusals:
            return parameters, found.settings
        if any(refusal.nearest is None for refusal in found.refusals):
            return None
        parameters = parameters.changed(**{r.field: r.nearest for r in found.refusals})
    raise AssertionError(f"no nearest value leads to an expressible one: {found.refusals}")


@every_venue
@settings(max_examples=60, deadline=None)
@given(parameters=compiled())
def test_what_is_encoded_is_decoded_whole_and_gives_the_same_bytes(variant, parameters):
    case = case_of(variant)
    found = expressible(case, parameters)
    if found is None:
        return
    _, wanted = found
    emission = case.venue.encode(wanted, REFERENCE)
    decoded = case.venue.decode(emission)
    assert set(decoded) == set(wanted)
    assert len(decoded) == len(wanted)
    assert case.venue.encode(decoded, REFERENCE) == emission
    assert case.venue.encode(wanted, REFERENCE) == emission


@every_venue
@settings(max_examples=150, deadline=None)
@given(parameters=any_integers())
def test_what_cannot_be_said_is_refused_at_once_and_the_nearest_can(variant, parameters):
    case = case_of(variant)
    found = case.venue.express(parameters, case.market)
    if not found.refusals:
        assert case.venue.settings(parameters, case.market) == found.settings
        return
    with pytest.raises(NotExpressibleError) as refused:
        case.venue.settings(parameters, case.market)
    assert refused.value.refusals == found.refusals
    for refusal in found.refusals:
        assert str(refusal) in str(refused.value)
        assert refusal.nearest != refusal.integer
        if refusal.nearest is not None:
            assert 0 <= refusal.nearest <= BY_NAME[refusal.field].largest
            assert str(refusal.nearest) in refusal.hint
    expressible(case, parameters)


@every_venue
@settings(max_examples=150, deadline=None)
@given(parameters=compiled(), where=st.lists(st.fractions(0, 1), max_size=4))
def test_the_curve_is_the_compiled_one_within_the_stated_bound_at_every_utilisation(
    variant, parameters, where
):
    case = case_of(variant)
    found = expressible(case, parameters)
    if found is None:
        return
    parameters, wanted = found
    drawn = case.venue.curve(wanted, case.market)
    if drawn is None:
        return
    ours = compiled_curve(parameters.curve)
    exact = excess(drawn, ours)
    bound = case.venue.resolution(case.market).bound(parameters.curve)
    assert -LAST_UNITS <= exact.least <= exact.most <= bound
    # Piecewise linear: nowhere is the difference larger than at a kink or an end.
    for at in where:
        assert exact.least <= basis_points(drawn.at(at) - ours.at(at)) <= exact.most


@every_venue
def test_settings_read_as_a_person_would_and_readings_name_a_getter(variant):
    case = case_of(variant)
    wanted = case.venue.settings(PLAIN, case.market)
    assert wanted
    for setting in wanted:
        assert case.venue.said(setting)
    for reading in case.venue.readings(wanted, case.market):
        assert reading.getter
        assert reading.value is not None
