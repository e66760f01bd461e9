"""Paths of the steward as a table, and what of one is not due yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import click

from paramgen.cli.output import table
from paramgen.encode import FIELDS, unpack
from paramgen.path.plan import Obstacle, Path, Paths
from paramgen.wording import moment, shown

_COLUMNS = ("asset", "step", "from (UTC)", "field", "before", "after", "unit")


def show_paths(paths: Paths) -> None:
    """Every step with its date and what it moves; what has no way; governance beside them."""
    table(
        "The steward's path: fewest steps, each from the time at which the steward may send it",
        _COLUMNS,
        (row for asset, path in paths.markets.items() for row in _rows(asset, path)),
    )
    for asset, path in paths.markets.items():
        for obstacle in path.obstacles:
            click.echo(f"{asset}: no legal path. {_obstacle(obstacle)}")
    click.echo(_governance(paths))


def show_waiting(waiting: Mapping[str, int | None]) -> None:
    """What is not due yet, for a person."""
    for asset, at in waiting.items():
        until = "until its price is served again" if at is None else f"until {moment(at)} UTC"
        click.echo(f"{asset}: the next step waits {until}.")


def _rows(asset: str, path: Path) -> Iterator[tuple[str, ...]]:
    name = asset
    for count, step in enumerate(path.steps):
        words, place = path.words_after(count), f"{count + 1} of {len(path.steps)}"
        date = moment(step.at) + (" *" if step.needs_price else "")
        for word, target in step.words.items():
            before, after = unpack(word, words[word]), unpack(word, target)
            for field in (f.name for f in FIELDS[word] if before[f.name] != after[f.name]):
                (here, there), unit = shown(field, before[field], after[field])
                yield name, place, date, field, here, there, unit
                name = place = date = ""


def _obstacle(obstacle: Obstacle) -> str:
    if not obstacle.field:
        return f"{obstacle.why}. Only the governor can mend it."
    (value, bound), unit = shown(obstacle.field, obstacle.value, obstacle.bound)
    return f"{obstacle.field}: {value} against {bound} {unit}: {obstacle.why}. {obstacle.remedy}"


def _governance(paths: Paths) -> str:
    ends = [path.steps[-1].at for path in paths.markets.values() if path.steps]
    last = f"The steward is there at {moment(max(ends))} UTC. " if ends else ""
    starred = any(step.needs_price for path in paths.markets.values() for step in path.steps)
    note = "Steps with * need the market's price to be served.\n" if starred else ""
    if paths.governance_at is None:
        return f"{note}{last}The governor needs one batch, after its vote and its timelock."
    return (
        f"{note}{last}Governance, proposed at once, is there at {moment(paths.governance_at)} UTC "
        "with one batch."
    )
