"""The fewest steps in which a market's coupled fields reach their values, every tuple valid.

The rules between parameters (`contracts/libraries/Validity.sol`, and what the oracle and the rate
model demand of their own words) are each monotone in every field. So but for two fields, one
direction is always the safer: less LTV, bonus, decay step, band and staleness, more decay floor
and maximum age, a lower base and first slope. Those moving that way go as early as they can, the
others as late as they can, for neither can make a tuple invalid that another way would keep valid.
What remains is the liquidation threshold (LTV ≤ LT·D(T⁺) from below, LT·(1 + b) ≤ 1 and X_down ≤
1 − LT·(1 + b) from above) and the second slope (s₁ ≤ s₂, base + s₁ + s₂ ≤ the largest rate): the
set of values that they can have after each step is an interval, carried from step to step. That
decides a number of steps exactly, without search. More steps never make a way illegal, since any
may be idle; so the least number is found by bisection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from paramgen.path.reach import Line, Track, first_where

Values = Mapping[str, int]
"""Encoded integers of one market by field name."""

Flaws = Callable[[Values], frozenset[str]]
"""The names of the contracts' errors at a market's values."""

SAFER_LOW = frozenset(
    {
        "ltv",
        "liquidation_bonus",
        "decay_step",
        "band_down",
        "primary_staleness",
        "secondary_staleness",
        "base_rate",
        "slope_1",
    }
)
SAFER_HIGH = frozenset({"decay_floor", "maximum_age"})
TOO_LOW: Mapping[str, frozenset[str]] = {
    "liquidation_threshold": frozenset({"LtvAboveLiquidationThreshold", "DecayLiquidates"}),
    "slope_2": frozenset({"SlopesNotConvex"}),
}
"""Of the fields bounded from both sides: the errors that a higher value would mend."""

TOO_HIGH: Mapping[str, frozenset[str]] = {
    "liquidation_threshold": frozenset({"LiquidationInsolvent", "BandExceedsCushion"}),
    "slope_2": frozenset({"RateWordInvalid"}),
}
_PHASES = 3
"""All that is safer, then the fields bounded from both sides, then the rest: always a way."""


def fewest_steps(tracks: Sequence[Track], flaws: Flaws) -> tuple[Values, ...] | None:
    """The values after each of the fewest steps, those of the fields that move.

    Parameters
    ----------
    tracks : fields that move, each of which has a way by itself.
    flaws : judges a market's values; fields that do not move are its own to know.

    Returns
    -------
    None where no number of steps keeps every tuple valid, which takes a start that is not.
    """
    alone = max((track.fewest() or 0 for track in tracks), default=0)
    counts = range(alone, _PHASES * alone + 1)
    found = first_where(counts, lambda count: _way(tracks, count, flaws) is not None)
    return None if found == len(counts) else _way(tracks, counts[found], flaws)


def _way(tracks: Sequence[Track], count: int, flaws: Flaws) -> tuple[Values, ...] | None:
    late = [track for track in tracks if _is_riskier(track)]
    lines = {track.name: track.earliest(count) for track in tracks}
    lines |= {track.name: track.latest(count) for track in late}
    for track in tracks:
        if track.name in TOO_LOW:
            line = _threaded(track, lines, flaws)
            if line is None:
                return None
            lines[track.name] = line
    if any(flaws(_after(lines, step)) for step in range(1, count + 1)):
        return None
    for track in late:
        lines[track.name] = _hastened(track, lines, flaws)
    return tuple(_after(lines, step) for step in range(1, count + 1))


def _is_riskier(track: Track) -> bool:
    return track.name in (SAFER_LOW if track.rises else SAFER_HIGH)


def _threaded(track: Track, lines: Mapping[str, Line], flaws: Flaws) -> Line | None:
    """The earliest way of a field bounded from both sides, the others' lines given."""
    spans = [(track.start, track.start)]
    for step in range(1, len(lines[track.name])):
        low, high = track.between(*spans[-1])
        low, high = _valid_span(track.name, low, high, _after(lines, step), flaws)
        if low > high:
            return None
        spans.append((low, high))
    if not spans[-1][0] <= track.end <= spans[-1][1]:
        return None
    line = [track.end]
    for low, high in reversed(spans[:-1]):
        line.append(max(low, min(high, line[-1])))
    return line[::-1]


def _valid_span(name: str, low: int, high: int, values: Values, flaws: Flaws) -> tuple[int, int]:
    """The part of low … high that is neither too low nor too high beside the other values."""

    def errors(value: int) -> frozenset[str]:
        return flaws({**values, name: value})

    choices = range(low, high + 1)
    first = first_where(choices, lambda value: not errors(value) & TOO_LOW[name])
    last = first_where(choices, lambda value: bool(errors(value) & TOO_HIGH[name]))
    return low + first, low + last - 1


def _hastened(track: Track, lines: Mapping[str, Line], flaws: Flaws) -> Line:
    """A late way made as early as the others' lines leave room for."""
    held, early = lines[track.name], track.earliest(len(lines[track.name]) - 1)
    limits = [track.length]
    for step in range(len(held) - 1, 0, -1):
        room = min(limits[-1], track.units(early[step]))
        limits.append(_furthest(track, track.units(held[step]), room, _after(lines, step), flaws))
    line = [track.start]
    for limit in reversed(limits[1:]):
        line.append(track.at(min(limit, track.units(track.onward(line[-1])))))
    return line


def _furthest(track: Track, held: int, room: int, values: Values, flaws: Flaws) -> int:
    """The most units of the way, from `held`, which is valid, to `room`, that are valid too."""
    choices = range(held, room + 1)

    def breaks(units: int) -> bool:
        return bool(flaws({**values, track.name: track.at(units)}))

    return held + first_where(choices, breaks) - 1


def _after(lines: Mapping[str, Line], step: int) -> Values:
    return {name: line[step] for name, line in lines.items()}
