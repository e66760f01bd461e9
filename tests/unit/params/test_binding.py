from __future__ import annotations

import math

import pytest

from paramgen.params.binding import ParameterError, greatest, least


def test_the_binding_candidate_is_named_and_the_others_kept():
    low, high = least({"a": 3.0, "b": 1.0}), greatest({"a": 3.0, "b": 1.0})
    assert (low.value, low.binding) == (1.0, "b")
    assert (high.value, high.binding) == (3.0, "a")
    assert dict(low.candidates) == {"a": 3.0, "b": 1.0}


def test_candidates_cannot_be_changed_afterwards():
    with pytest.raises(TypeError):
        least({"a": 1.0}).candidates["a"] = 2.0


def test_a_tie_goes_to_the_first_named_so_that_the_because_is_reproducible():
    assert least({"first": 1.0, "second": 1.0}).binding == "first"


@pytest.mark.parametrize("candidates", [{}, {"a": math.nan, "b": 1.0}])
def test_nothing_binds_among_no_values(candidates):
    with pytest.raises(ValueError, match="candidates"):
        least(candidates)


def test_an_error_carries_what_a_person_needs_to_act():
    error = ParameterError("tolerance", "too small", 0.001, 0.01, "Raise it.")
    assert (error.field, error.value, error.bound, error.hint) == (
        "tolerance",
        0.001,
        0.01,
        "Raise it.",
    )
    assert str(error) == "tolerance: too small (value 0.001, bound 0.01). Raise it."
