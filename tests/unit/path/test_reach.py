"""One field's way by itself: how early and how late it can be gone."""

from __future__ import annotations

from dataclasses import replace

from paramgen.mirror.guardrails import Guardrail
from paramgen.path.reach import Track

RAIL = Guardrail(100, 1_000, 60, 60, 0, 0, 0, False, False, False, False)  # noqa: FBT003


def test_a_start_outside_the_envelope_is_left_with_the_first_step_however_late_the_rest():
    track = Track("ltv", RAIL, 40, 160)
    assert (track.entry, track.fewest()) == (60, 2)
    assert track.earliest(3) == [40, 100, 160, 160]
    assert track.latest(3) == [40, 100, 100, 160]
    falling = Track("ltv", replace(RAIL, maximum=300), 350, 200)
    assert falling.latest(4) == [350, 300, 300, 260, 200]


def test_a_way_into_the_envelope_that_takes_more_than_a_step_cannot_be_gone():
    assert Track("ltv", RAIL, 39, 160).fewest() is None
    assert Track("ltv", replace(RAIL, step_up=0), 100, 160).fewest() is None
