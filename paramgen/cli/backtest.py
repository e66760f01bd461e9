"""`paramgen backtest`: histories replayed through the contracts' own arithmetic."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from paramgen.artefact import canonical
from paramgen.backtest.run import run
from paramgen.backtest.summary import document
from paramgen.cli.output import book_argument, json_option, percent, show_json, table
from paramgen.cli.scale import scale_options, shown_progress, where
from paramgen.edge.backtest_request import Options, read_request
from paramgen.edge.backtests import (
    EVENTS,
    REPORT,
    SUMMARY,
    events_parquet,
    identity,
    streamed_events,
    write_results,
)
from paramgen.edge.scale import Kept, spread
from paramgen.report.backtest import backtest_page
from paramgen.report.page import html
from paramgen.scenarios.episodes import EPISODES

_HISTORY = (
    "ASSET[.secondary]=FILE[,time=COLUMN][,price=COLUMN][,decimals=N]: a history that the book "
    "does not pin, in place of what it declares of that feed; may be repeated."
)
_POOL = (
    "History of the pool that an asset is sold into, tick and active liquidity; simulates a book "
    "of borrowers in the folds that an episode touches; may be repeated."
)
_EPISODE = (
    "[ASSET.]NAME=START..END[:LEVEL]: a labelled stress, UTC; or the name of one that "
    f"`paramgen stress` knows ({', '.join(EPISODES)}); may be repeated."
)
_AGAINST = (
    "A policy beside ours: step-5, step-8 or any step-N %, gaussian, tvl-depth, no-breaker, or "
    "all; may be repeated."
)


@click.command()
@book_argument
@click.option("--history", "histories", multiple=True, metavar="ASSET=FILE", help=_HISTORY)
@click.option("--pool", "pools", multiple=True, metavar="ASSET=FILE", help=_POOL)
@click.option("--asset", "assets", multiple=True, help="Walk through this asset only; repeatable.")
@click.option("--episode", "episodes", multiple=True, metavar="NAME=START..END", help=_EPISODE)
@click.option("--against", multiple=True, metavar="POLICY", help=_AGAINST)
@click.option(
    "--cadence", "cadences", multiple=True, metavar="TIME",
    help="How often the keeper pokes, or `update`; repeatable. Default: the policy's.",
)  # fmt: skip
@click.option("--train", default="90 d", show_default=True, help="History before the first fold.")
@click.option("--fold", default="30 d", show_default=True, help="Length of each fold.")
@click.option("--window", default=None, help="Fit only so much of the past. Default: all of it.")
@click.option(
    "--reset-after", default="6 h", show_default=True,
    help="Time from a trip to its reset, or `never`.",
)  # fmt: skip
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, file_okay=False), default=Path("backtest"),
    show_default=True, help="Folder for events, summary and report.",
)  # fmt: skip
@scale_options
@json_option
def backtest(
    book: Path, output: Path, as_json: bool, workers: int, scheduler: str, **options: Any
) -> int:
    """Walk BOOK forward over histories: compile on the past, replay the fold that follows.

    Alarms with their Poisson interval, detection of labelled episodes, coverage of the decay and
    tests of the loss quantile, for our policy and for others beside it. A run that is stopped goes
    on where it was when the same command is given again.
    """
    to = where(workers, scheduler)
    request = read_request(book, Options(**options))
    kept = Kept(output / "backtest.parts", identity(request))
    with (
        shown_progress("backtesting", silent=as_json) as progress,
        streamed_events(output) as take,
        spread(to, progress, take, kept) as mapper,
    ):
        found = run(request, mapper)
        summary = document(found)
        files = {
            EVENTS: events_parquet(found.replayed),
            SUMMARY: canonical(summary),
            REPORT: html(backtest_page(found)).encode(),
        }
        write_results(output, files)
    if as_json:
        show_json(summary)
        return 0
    _show(summary)
    click.echo(f"Written to {output}: {', '.join(files)}")
    return 0


def _show(summary: dict[str, Any]) -> None:
    stated = summary["asked"]["false_alarms_per_year"]
    table(
        f"False alarms a year outside episodes, 95 % Poisson interval; stated {stated:g}",
        ("asset", "policy", "poked", "breaker", "interval", "staleness", "interval", "episodes"),
        (_policy_row(row) for row in summary["policies"]),
    )
    table(
        "Price at least the decayed one, pairs at and beyond the staleness limit",
        ("asset", "pairs", "compiled z", "Gaussian z", "at the limit", "Gaussian"),
        (_decay_row(asset, found) for asset, found in summary["promises"].items()),
    )
    table(
        "Loss quantile over the protection horizon, horizons end to end",
        ("asset", "observations", "exceptions", "Kupiec p", "Christoffersen p", "light"),
        (
            _loss_row(f"{asset}, {name}", found[key])
            for asset, found in summary["promises"].items()
            for name, key in (("market", "loss_quantile"), ("haircut", "haircut"))
        ),
    )
    if summary["books"]:
        table(
            "Simulated book of borrowers by policy and reset, USD",
            ("asset", "fold", "policy", "reset", *(title for title, _ in _BOOK)),
            (_book_row(row) for row in summary["books"]),
        )
    for fold in summary["folds"]:
        if fold["refusal"]:
            click.echo(f"warning: {fold['asset']} {fold['start']}: {fold['refusal']}", err=True)


_BOOK = (
    ("bad debt", "bad_debt_usd"),
    ("at its worst", "peak_bad_debt_usd"),
    ("liquidated", "liquidated_usd"),
    ("lost in it", "liquidation_loss_usd"),
    ("to slippage", "slippage_usd"),
    ("most waiting", "peak_waiting_usd"),
)


def _book_row(row: dict[str, Any]) -> tuple[str, ...]:
    reset = row["reset_after_s"]
    shown = "never" if reset is None else f"{reset} s"
    figures = (f"{row[key]:,.0f}".replace(",", " ") for _, key in _BOOK)
    return (row["asset"], str(row["fold"]), row["policy"], shown, *figures)


def _policy_row(row: dict[str, Any]) -> tuple[str, ...]:
    alarms = row["false_alarms"]
    cells = [row["asset"], row["policy"], row["cadence"]]
    for guard in ("breaker", "staleness"):
        found = alarms[guard]
        low, high = found["interval"]
        cells += [f"{found['count']} in {found['years']:.3g} y", f"{low:.3g}–{high:.3g}"]
    cells.append("; ".join(_episode_cell(found) for found in row["episodes"]))
    return tuple(cells)


def _episode_cell(found: dict[str, Any]) -> str:
    if found["detected"] is None:
        return f"{found['name']} missed"
    return f"{found['name']} after {found['delay_s']} s at {found['price']:.6g}"


def _decay_row(asset: str, found: dict[str, Any]) -> tuple[str, ...]:
    ours, gaussian = found["decay"], found["gaussian_decay"]
    cells = [asset, str(ours["pairs"])]
    cells += [_share(part["covered"]) for part in (ours, gaussian)]
    cells += [_share(part["by_age"][0]["covered"] if part["by_age"] else None)
              for part in (ours, gaussian)]  # fmt: skip
    return tuple(cells)


def _share(value: float | None) -> str:
    return "" if value is None else percent(value, 2)


def _loss_row(asset: str, found: dict[str, Any]) -> tuple[str, ...]:
    tests = (found["kupiec"], found["conditional_coverage"])
    shown = ["" if test is None else f"{test['p_value']:.3g}" for test in tests]
    return (asset, str(found["observations"]), str(found["exceptions"]), *shown, found["light"])
