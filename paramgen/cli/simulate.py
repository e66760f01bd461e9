"""`paramgen simulate`: bad debt over generated paths, by asset, scenario and policy."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import pyarrow as pa
import pyarrow.parquet as pq

from paramgen.backtest.simulate import Distribution, distribution
from paramgen.backtest.simulate import simulate as simulated
from paramgen.backtest.trials import Plan, trials
from paramgen.book.evidence import HistoryFormat
from paramgen.book.loaded import Loaded
from paramgen.cli.output import book_argument, json_option, number, percent, show_json, table
from paramgen.cli.quantities import FiniteRange
from paramgen.cli.scale import scale_options, shown_progress, where
from paramgen.cli.stress import chosen_scenarios, history_of
from paramgen.edge.load import load_book
from paramgen.edge.scale import Job, run
from paramgen.scenarios.paths import MARK

_DAY = 86_400
_HOUR = 3_600
_BLOCK = 10

SCHEMA = pa.schema(
    [
        pa.field("asset", pa.string(), nullable=False),
        pa.field("scenario", pa.string(), nullable=False),
        pa.field("policy", pa.string(), nullable=False),
        pa.field("path", pa.int64(), nullable=False),
        pa.field("label", pa.string(), nullable=False),
        pa.field("outcome", pa.string(), nullable=False),
        pa.field("bad_debt", pa.float64(), nullable=False),
        pa.field("sold_after", pa.int64()),
        pa.field("worst", pa.float64(), nullable=False),
        pa.field("paused", pa.float64(), nullable=False),
        pa.field("trips", pa.int64(), nullable=False),
    ]
)
"""One row a path. Every row says in `label` that it is synthetic, how, and from what seed."""


@click.command()
@book_argument
@click.option("--asset", "only", multiple=True, help="This asset only; may be repeated.")
@click.option(
    "--scenario", "named", multiple=True,
    help="Beside the book as it stands, this scenario of the library; may be repeated.",
)  # fmt: skip
@click.option(
    "--policy", "policies", multiple=True, type=click.Path(path_type=Path, exists=True),
    help="A further policy side by side with the book's own; may be repeated.",
)  # fmt: skip
@click.option("--paths", type=click.IntRange(1, 10_000_000), default=200, show_default=True)
@click.option("--days", type=click.IntRange(1, 3_650), default=90, show_default=True)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=1, show_default=True)
@click.option(
    "--like", type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="History of a like asset: its returns are resampled in blocks in place of a diffusion.",
)  # fmt: skip
@click.option("--time-column", default="time", show_default=True, help="Of --like.")
@click.option("--price-column", default="price", show_default=True, help="Of --like.")
@click.option(
    "--reset-after", type=FiniteRange(0, 8_760), default=24.0, show_default=True,
    help="Hours from a trip to its reset.",
)  # fmt: skip
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False),
    default=Path("simulated.parquet"), show_default=True, help="One row a path.",
)  # fmt: skip
@scale_options
@json_option
def simulate(
    book: Path,
    *,
    only: tuple[str, ...],
    named: tuple[str, ...],
    policies: tuple[Path, ...],
    paths: int,
    days: int,
    seed: int,
    like: Path | None,
    time_column: str,
    price_column: str,
    reset_after: float,
    output: Path,
    workers: int,
    scheduler: str,
    as_json: bool,
) -> int:
    """Simulate a position at LTV in each asset of BOOK over generated paths.

    The paths are a jump-diffusion of the asset's own volatility, hazards and losses, as each
    scenario makes them; all worlds and policies share their draws. Feeds report the value, the
    oracle judges it by the contract's arithmetic, a liquidation sells at the value then. A run
    that is stopped goes on where it was when the same command is given again.
    """
    to = where(workers, scheduler)
    form = HistoryFormat(time=time_column, price=price_column)
    plan = Plan(
        policies=_policies(book, policies),
        assets=only,
        scenarios=chosen_scenarios(named) if named else {},
        paths=paths,
        block=_BLOCK,
        seconds=days * _DAY,
        reset_after=round(reset_after * _HOUR),
        seed=seed,
        like=None if like is None else history_of(like, form, "--like"),
    )
    job = Job("simulate", simulated, trials(plan), SCHEMA, seed, _identity(plan), chunk=1)
    with shown_progress("simulating", silent=as_json) as progress:
        run(job, output, to, progress)
    loaded = next(iter(plan.policies.values()))
    found = list(_distributions(output, float(loaded.policy.confidence)))
    if as_json:
        show_json({"synthetic": True, "rows": [_document(row) for row in found]})
    else:
        _show(found, output, days)
    return 0


def _policies(book: Path, further: Sequence[Path]) -> Mapping[str, Loaded]:
    loaded = load_book(book)
    own = Path(loaded.book.policy).stem
    others = {path.stem: load_book(book, path) for path in further}
    if own in others or len(others) < len(further):
        raise click.UsageError("--policy: two files of one name, by which they are shown.")
    return {own: loaded, **others}


def _identity(plan: Plan) -> dict[str, str]:
    """Whatever the tasks were made from: files by their hashes, and options."""
    files = [
        (policy, found.role, found.sha256)
        for policy, loaded in plan.policies.items()
        for found in loaded.inputs
    ]
    options = (list(plan.scenarios), plan.paths, plan.seconds, plan.reset_after)
    like = b"" if plan.like is None else plan.like.times.tobytes() + plan.like.prices.tobytes()
    told = repr((files, options, hashlib.sha256(like).hexdigest()))
    return {"inputs": hashlib.sha256(told.encode()).hexdigest()}


def _distributions(path: Path, confidence: float) -> Iterator[Distribution]:
    rows = pq.read_table(path).to_pylist()

    def group(row: Mapping[str, Any]) -> tuple[str, str, str]:
        return row["asset"], row["scenario"], row["policy"]

    ordered: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        ordered.setdefault(group(row), []).append(row)
    return (distribution(found, confidence) for found in ordered.values())


def _document(found: Distribution) -> dict[str, Any]:
    return {
        key: number(value) if isinstance(value, float) else value
        for key, value in asdict(found).items()
    }


def _show(found: Sequence[Distribution], output: Path, days: int) -> None:
    table(
        f"{MARK}: bad debt per unit of debt opened at LTV, over {found[0].paths} paths of "
        f"{days} days",
        (
            "asset", "scenario", "policy", "liquidated", "with bad debt", "mean", "at confidence",
            "worst", "paused", "trips a path",
        ),
        (
            (
                row.asset, row.scenario, row.policy, percent(row.liquidated, 1),
                percent(row.with_bad_debt, 1), percent(row.mean, 3), percent(row.quantile, 2),
                percent(row.worst, 2), percent(row.paused, 2), f"{row.trips:.3g}",
            )
            for row in found
        ),
    )  # fmt: skip
    for words in dict.fromkeys(f"{row.asset}, {row.scenario}: {row.label}" for row in found):
        click.echo(words)
    click.echo(f"One row a path, each with its label: {output}")
