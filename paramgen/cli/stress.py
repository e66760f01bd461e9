"""`paramgen stress`: the library's scenarios on each asset of a book."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from paramgen.book.evidence import HistoryFormat
from paramgen.book.validation import did_you_mean
from paramgen.cli.output import (
    basis_points,
    book_argument,
    json_option,
    number,
    percent,
    show_json,
    table,
)
from paramgen.compiler.build import Priced, price_book
from paramgen.compiler.stress import (
    LARGEST_SHOCK,
    Outcome,
    Shock,
    breaking_multiple,
    outcome,
    shock_of,
)
from paramgen.edge.histories import HistoryError, read_history
from paramgen.edge.load import load_book
from paramgen.params.binding import ParameterError
from paramgen.params.history import History
from paramgen.params.losses import YEAR
from paramgen.scenarios.episodes import EPISODES, Episode, Lived, live_through
from paramgen.scenarios.library import SCENARIOS, Scenario

_HOUR = 3_600.0


@dataclass(frozen=True)
class _Row:
    """One asset under one scenario; `reverse` is None where it was not asked for."""

    asset: str
    scenario: Scenario
    outcome: Outcome
    reverse: float | None


@click.command()
@book_argument
@click.option("--asset", "only", multiple=True, help="This asset only; may be repeated.")
@click.option("--scenario", "named", multiple=True, help="This scenario only; may be repeated.")
@click.option(
    "--reverse", is_flag=True,
    help="Also the smallest multiple that breaks LT·(1+b) or leaves bad debt; slower.",
)  # fmt: skip
@click.option(
    "--episode", type=click.Choice(list(EPISODES)),
    help="Instead of scenarios: what a stretch of history, read from --history, would have done.",
)  # fmt: skip
@click.option("--history", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="CSV or Parquet file of prices that covers the episode.")  # fmt: skip
@click.option("--time-column", default="time", show_default=True)
@click.option("--price-column", default="price", show_default=True)
@click.option("--list", "listed", is_flag=True, help="The library with its sources, and no more.")
@json_option
def stress(
    book: Path,
    *,
    only: tuple[str, ...],
    named: tuple[str, ...],
    reverse: bool,
    episode: str | None,
    history: Path | None,
    time_column: str,
    price_column: str,
    listed: bool,
    as_json: bool,
) -> int:
    """Run the scenarios that concern each asset of BOOK.

    A row says what the yield and the expected loss become, whether an ordinary outcome (one
    standard deviation, the expected default loss) still covers LT·(1+b) as compiled, the bad debt
    per unit of a debt that stood at LT, and the supply cap that would be set now.
    """
    chosen = chosen_scenarios(named)
    if listed:
        _list(chosen, as_json)
        return 0
    if (episode is None) != (history is None):
        raise click.UsageError("--episode and --history go together: prices are the user's own.")
    priced = price_book(load_book(book), only)
    if episode is not None and history is not None:
        form = HistoryFormat(time=time_column, price=price_column)
        _show_episode(priced, EPISODES[episode], history_of(history, form, "--history"), as_json)
        return 0
    rows = list(_rows(priced, chosen, reverse))
    if as_json:
        show_json([_document(row) for row in rows])
    else:
        _show(rows, reverse)
    return 0


def chosen_scenarios(named: Sequence[str]) -> Mapping[str, Scenario]:
    """The scenarios named, or all.

    Raises
    ------
    click.UsageError
        For a name that the library does not have.
    """
    for name in named:
        if name not in SCENARIOS:
            hint = did_you_mean(name, SCENARIOS)
            raise click.UsageError(f"--scenario {name!r} is not in the library. {hint}".strip())
    return {name: SCENARIOS[name] for name in named} if named else SCENARIOS


def _rows(priced: Priced, chosen: Mapping[str, Scenario], reverse: bool) -> Iterator[_Row]:
    for asset, derived in priced.assets.items():
        marks, fits = priced.marks, priced.fits[asset]
        for name, scenario in chosen.items():
            shock: Shock | None = shock_of(priced.loaded, derived, scenario)
            if shock is None:
                continue
            size = breaking_multiple(marks, fits, derived, shock) if reverse else None
            yield _Row(asset, scenario, outcome(marks, fits, derived, name, shock), size)


def _document(row: _Row) -> dict[str, Any]:
    found = row.outcome
    document = {
        "asset": row.asset,
        "scenario": found.scenario,
        "source": {"section": row.scenario.section, "sentence": row.scenario.sentence},
        "assumed": row.scenario.assumed,
        "moves": [
            {"input": m.path, "before": number(float(m.before)), "after": number(float(m.after))}
            for m in found.moves
        ],
        "composite_yield": number(found.composite_yield),
        "expected_loss": number(found.expected_loss),
        "threshold_kept": found.kept,
        "margin": number(found.margin),
        "bad_debt_ordinary": number(found.bad_debt_ordinary),
        "bad_debt_tail": number(found.bad_debt_tail),
        "supply_cap": None if found.cap is None else number(found.cap),
        "refusal": found.refusal,
    }
    if row.reverse is not None:
        document["breaking_multiple"] = number(row.reverse) if math.isfinite(row.reverse) else None
    return document


def _show(rows: Sequence[_Row], reverse: bool) -> None:
    headings = ["asset", "scenario", "yield", "PD·LGD bp", "LT·(1+b)", "margin"]
    headings += ["bad debt", "at the tail", "cap, USD"]
    table(
        "Under stress: yield a year, LT·(1+b) under an ordinary outcome, bad debt of a debt at LT",
        (*headings, "breaks at") if reverse else headings,
        (_cells(row, previous) for row, previous in zip(rows, ("", *_assets(rows)), strict=False)),
    )
    click.echo(
        "* a size is ours, the source giving none: --list says which. Bad debt: per unit of debt, "
        "after an ordinary outcome, and after one at the policy's confidence.\n"
        "Cap: what would be set under the scenario; refused: the asset would not be listed."
    )


def _assets(rows: Sequence[_Row]) -> Iterator[str]:
    return (row.asset for row in rows)


def _cells(row: _Row, previous: str) -> Sequence[str]:
    found = row.outcome
    cells = [
        "" if row.asset == previous else row.asset,
        f"{found.scenario} *" if row.scenario.assumed else found.scenario,
        percent(found.composite_yield, 2),
        basis_points(found.expected_loss),
        "kept" if found.kept else "BROKEN",
        percent(found.margin, 2),
        percent(found.bad_debt_ordinary, 2),
        percent(found.bad_debt_tail, 2),
        "refused" if found.cap is None else f"{found.cap:,.0f}".replace(",", " "),
    ]
    if row.reverse is not None:
        cells.append(f"{row.reverse:.2f}" if math.isfinite(row.reverse) else f"> {LARGEST_SHOCK:g}")
    return cells


def history_of(path: Path, form: HistoryFormat, option: str) -> History:
    """A history that an option names.

    Raises
    ------
    click.UsageError
        When the file holds none; the option is named.
    """
    try:
        found = read_history(path.read_bytes(), path.name, form)
    except HistoryError as error:
        raise click.UsageError(f"{option} {error}") from None
    return History(found.times, found.prices, found.dropped)


def _show_episode(priced: Priced, episode: Episode, history: History, as_json: bool) -> None:
    try:
        lived = {
            name: live_through(episode, history, derived.value("protection_horizon") / YEAR)
            for name, derived in priced.assets.items()
        }
    except ParameterError as error:
        raise click.UsageError(f"--history: {error}") from None
    rows = {name: _endured(priced, name, found) for name, found in lived.items()}
    one = next(iter(lived.values()))
    if as_json:
        show_json({"episode": _episode(one), "assets": rows})
        return
    table(
        f"Had the price gone as in {episode.name} ({one.rounds} prices)",
        ("asset", "H_p, h", "largest fall within H_p", "LT·(1+b)", "margin", "bad debt at LT"),
        (
            (
                name,
                f"{row['horizon'] / _HOUR:.4g}",
                percent(row["fall"], 2),
                "kept" if row["margin"] >= 0.0 else "BROKEN",
                percent(row["margin"], 2),
                percent(row["bad_debt"], 2),
            )
            for name, row in rows.items()
        ),
    )
    click.echo(
        f"{episode.what}.\nLowest in the history {one.worst:.4f} at {_moment(one.worst_at)}; "
        f"published {episode.worst:.4f} at {episode.peak:%Y-%m-%d %H:%M}Z ({episode.source})."
    )


def _endured(priced: Priced, name: str, found: Lived) -> dict[str, float]:
    derived = priced.assets[name]
    owed = derived.value("liquidation_threshold") * (1.0 + derived.value("liquidation_bonus"))
    kept = 1.0 - found.fall
    return {
        "horizon": number(derived.value("protection_horizon")),
        "fall": number(found.fall),
        "margin": number(kept - owed),
        "bad_debt": number(max(0.0, 1.0 - kept / owed)),
    }


def _episode(lived: Lived) -> dict[str, Any]:
    episode = lived.episode
    return {
        "name": episode.name,
        "what": episode.what,
        "source": episode.source,
        "published_worst": episode.worst,
        "published_peak": f"{episode.peak:%Y-%m-%dT%H:%MZ}",
        "rounds": lived.rounds,
        "worst": number(lived.worst),
        "worst_at": _moment(lived.worst_at),
    }


def _moment(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M}Z"


def _list(chosen: Mapping[str, Scenario], as_json: bool) -> None:
    if as_json:
        show_json([{key: str(text) for key, text in _listed(row)} for row in chosen.values()])
        return
    table(
        "The stress library",
        ("scenario", "classes", "section", "source", "sizes that are ours"),
        ([text for _, text in _listed(row)] for row in chosen.values()),
    )


def _listed(row: Scenario) -> tuple[tuple[str, str], ...]:
    classes = ", ".join(sorted(row.classes)) or "all"
    return (
        ("scenario", row.name),
        ("classes", classes),
        ("section", row.section),
        ("sentence", row.sentence),
        ("assumed", row.assumed),
    )
