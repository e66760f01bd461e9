"""`paramgen impact`: what an update does to the positions that stand."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from paramgen.artefact import SCHEMA as ARTEFACT
from paramgen.artefact import parse_artefact
from paramgen.backtest.impact import (
    TODAY,
    Change,
    Fall,
    Impact,
    Rates,
    Terms,
    by_case,
    impacts,
    rates,
)
from paramgen.cli.live_options import Houses, pending_options
from paramgen.cli.output import json_option, show_json, table
from paramgen.cli.quantities import SHARE, FiniteRange
from paramgen.compiler.build import price_book
from paramgen.compiler.stress import priced_under, shock_of
from paramgen.difference import PlanError, target_words
from paramgen.edge.files import read, write_whole
from paramgen.edge.load import load_book
from paramgen.edge.snapshots import read_snapshot
from paramgen.encode import Word
from paramgen.errors import ParamgenError
from paramgen.mirror.rate import WAD
from paramgen.report.impact import (
    COLUMNS,
    RATE_COLUMNS,
    cells,
    dollars,
    impact_page,
    rate_cells,
)
from paramgen.saved_plan import from_bytes
from paramgen.scenarios.library import SCENARIOS
from paramgen.targets.envelope import plain_json
from paramgen.units import PRICE_UNITS, Dimension, Rounding, UnitError, parse, round_fraction

if TYPE_CHECKING:
    from paramgen.cli.pending import Pending

BROKEN = 2
_FILE = click.Path(path_type=Path, dir_okay=False)
_UNITS = 10**8


@click.command()
@click.argument("snapshot", type=_FILE)
@click.option(
    "--before",
    type=_FILE,
    required=True,
    help="An artefact, or a saved plan: the chain as the plan found it.",
)
@click.option("--after", type=_FILE, required=True, help="The artefact that is to land.")
@click.option("--book", type=_FILE, help="Its scenarios are the stress set.")
@click.option("--fall", "falls", type=SHARE, multiple=True, help="A fall of every price, 20 %.")
@click.option(
    "--price",
    "prices",
    multiple=True,
    metavar="ASSET=USD",
    help="In place of the price that the artefact was compiled at.",
)
@click.option("--utilisation", type=SHARE, default="85 %", show_default=True)
@click.option("--reserve-factor", type=SHARE, default="10 %", show_default=True)
@click.option(
    "--max-newly-liquidatable",
    type=click.IntRange(0),
    metavar="POSITIONS",
    help="More of them, today, exit with 2.",
)
@click.option(
    "--max-newly-liquidatable-debt",
    type=FiniteRange(0),
    metavar="USD",
    help="More debt of theirs, today, exits with 2.",
)
@click.option(
    "--max-added-bad-debt",
    type=FiniteRange(0),
    metavar="USD",
    help="More bad debt than before, in any case of a market, exits with 2.",
)
@click.option("-o", "--page", type=_FILE, help="Where to draw it as a page.")
@click.option("--network", help="ape's network, where governance may be under way.")
@click.option(
    "--deployments",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the networks' deployments.",
)
@pending_options
@json_option
def impact(
    snapshot: Path,
    *,
    before: Path,
    after: Path,
    book: Path | None,
    falls: tuple[float, ...],
    prices: tuple[str, ...],
    utilisation: float,
    reserve_factor: float,
    max_newly_liquidatable: int | None,
    max_newly_liquidatable_debt: float | None,
    max_added_bad_debt: float | None,
    page: Path | None,
    network: str | None,
    deployments: Path | None,
    safe_tx: tuple[Path, ...],
    as_json: bool,
    **named: Any,
) -> int:  # fmt: skip
    """Say whom an update would make liquidatable, of the positions in SNAPSHOT.

    SNAPSHOT is a CSV or Parquet file with a row a position: account, asset (the book's name),
    amount (tokens), debt (USD). Bad debt and the liquidators' bonus are given for today and for
    each case of the stress set, and what borrowers pay and lenders earn at one utilisation.

    With --network and the addresses of governors, timelocks or a Safe, also what is under way there
    that touches the steward, and where it meets what --after would change.

    Exit code 0, or 2 where a limit named with --max-… is passed; each is named.
    """
    target = parse_artefact(read(after), str(after))
    held = _held(before)
    changes = _changes(target, held, _prices(prices, target))
    positions = read_snapshot(
        read(snapshot), str(snapshot), {each.asset: each.decimals for each in changes}
    )
    cases = _cases(changes, falls, book)
    found = tuple(impacts(positions, changes, cases))
    paid = tuple(rates(positions, changes, utilisation, reserve_factor))
    broken = tuple(
        _broken(found, max_newly_liquidatable, max_newly_liquidatable_debt, max_added_bad_debt)
    )
    houses = Houses(**named, safe_tx=tuple(read(path) for path in safe_tx))
    pending = _under_way(network, deployments, after, houses)
    if page is not None:
        facts = (*_facts(snapshot, before, after), *_crossings(pending or ()))
        write_whole(page, impact_page(found, paid, facts).encode())
    if as_json:
        show_json(_document(found, paid, broken, len(positions.accounts)) | _told(pending))
    else:
        _show(found, paid)
        _show_pending(pending)
    for line in broken:
        click.echo(line, err=True)
    return BROKEN if broken else 0


# --- what is compared --------------------------------------------------------------------------


def _held(path: Path) -> Mapping[str, Mapping[Word, int]]:
    """By asset, the words of an artefact, or of the chain that a saved plan found."""
    data = read(path)
    try:
        document = plain_json(data)
    except ValueError:
        document = None
    if isinstance(document, dict) and document.get("schema") == ARTEFACT:
        markets = parse_artefact(data, str(path))["markets"]
        return {asset: target_words(market) for asset, market in markets.items()}
    try:
        standings = from_bytes(data).assumes.markets
    except PlanError as error:
        raise PlanError(f"{path}: {error}") from None
    return {asset: standing.words for asset, standing in standings.items() if standing is not None}


def _changes(
    target: Mapping[str, Any],
    held: Mapping[str, Mapping[Word, int]],
    prices: Mapping[str, int],
) -> tuple[Change, ...]:
    changes = tuple(
        Change(
            asset,
            Terms.of(held[asset]),
            Terms.of(target_words(market)),
            prices.get(asset, int(market["feed"]["price_units"])),
            int(market["decimals"]),
        )
        for asset, market in target["markets"].items()
        if asset in held
    )
    if not changes:
        raise ParamgenError("--before and --after have no market in common")
    return changes


def _prices(texts: Sequence[str], target: Mapping[str, Any]) -> dict[str, int]:
    found = {}
    for text in texts:
        asset, _, price = text.partition("=")
        if asset not in target["markets"]:
            raise ParamgenError(f"--price {text!r}: {asset!r} is no market of --after")
        try:
            usd = parse(f"{price.removesuffix('USD')} USD", Dimension.MONEY)
        except UnitError as error:
            raise ParamgenError(f"--price {text!r}: {error}") from None
        found[asset] = round_fraction(usd * PRICE_UNITS, Rounding.DOWN)
        if found[asset] <= 0:
            raise ParamgenError(f"--price {text!r}: must be at least {1 / PRICE_UNITS:g} USD.")
    return found


def _cases(
    changes: Sequence[Change], falls: Sequence[float], book: Path | None
) -> dict[str, tuple[Fall, ...]]:
    every = tuple(Fall(f"price −{100 * fall:g} %", _kept(1.0 - fall)) for fall in falls)
    scenarios = {} if book is None else _scenarios(book, [each.asset for each in changes])
    return {each.asset: (*every, *scenarios.get(each.asset, ())) for each in changes}


def _scenarios(book: Path, assets: Sequence[str]) -> dict[str, tuple[Fall, ...]]:
    """By asset, what an ordinary outcome under each scenario that concerns it leaves."""
    priced = price_book(load_book(book))
    found = {}
    for asset in assets:
        derived = priced.assets.get(asset)
        if derived is None:
            raise ParamgenError(f"{book} has no asset {asset}, which both sides have")
        falls = []
        for name, scenario in SCENARIOS.items():
            shock = shock_of(priced.loaded, derived, scenario)
            if shock is not None:
                loaded, drivers = shock.at(1.0)
                under = priced_under(loaded, priced.marks, priced.fits[asset], derived, drivers)
                falls.append(Fall(name, _kept(under.ordinary)))
        found[asset] = tuple(falls)
    return found


def _kept(share: float) -> int:
    return round_fraction(Fraction(f"{max(0.0, share):.12g}") * WAD, Rounding.DOWN)


# --- what is under way --------------------------------------------------------------------------


def _under_way(
    network: str | None, deployments: Path | None, after: Path, houses: Houses
) -> tuple[Pending, ...] | None:
    """What governance has under way beside what the artefact would change; None where not asked.

    Raises
    ------
    ParamgenError
        When only one of a network and somewhere to look is named, or the chain cannot be read.
    """
    if network is None and not houses.are_named:
        return None
    if network is None or not houses.are_named:
        raise ParamgenError(
            "name --network together with --governor, --timelock or --safe-tx to see what is under "
            "way"
        )
    # ape takes a second to import, which nobody should wait for who asks no chain.
    from paramgen.cli.connected import connected  # noqa: PLC0415
    from paramgen.cli.connected_options import DEPLOYMENTS, Options  # noqa: PLC0415
    from paramgen.cli.runs import run_pending  # noqa: PLC0415

    options = Options(artefact=after, deployments=deployments or DEPLOYMENTS, houses=houses)
    with redirect_stdout(sys.stderr), connected(network) as provider:
        return run_pending(provider, options)


def _told(pending: Sequence[Pending] | None) -> dict[str, Any]:
    return {} if pending is None else {"pending": [each.document() for each in pending]}


def _show_pending(pending: Sequence[Pending] | None) -> None:
    if pending is not None:
        from paramgen.cli.pending import show  # noqa: PLC0415

        show(pending)


def _crossings(pending: Sequence[Pending]) -> Iterator[tuple[str, str]]:
    for each in pending:
        shared = ", ".join(each.crossing.fields) or "none of the same fields"
        yield f"under way, {each.live.state}: {each.live.id}", f"also changes {shared}"


# --- what is said ------------------------------------------------------------------------------


def _broken(
    found: Sequence[Impact], count: int | None, debt: float | None, bad_debt: float | None
) -> Iterator[str]:
    today = [each for each in found if each.fall is TODAY]
    newly = sum(each.newly.count for each in today)
    if count is not None and newly > count:
        yield f"newly liquidatable: {newly} positions, more than {count}."
    owed = sum(each.newly.debt for each in today)
    if debt is not None and owed > Fraction(debt) * _UNITS:
        yield f"newly liquidatable: {dollars(owed)} USD of debt, more than {debt:g} USD."
    for each in found:
        added = each.after.bad_debt - each.before.bad_debt
        if bad_debt is not None and added > Fraction(bad_debt) * _UNITS:
            yield (
                f"{each.asset}, {each.fall.name}: {dollars(added)} USD more bad debt, more than "
                f"{bad_debt:g} USD."
            )


def _facts(*paths: Path) -> tuple[tuple[str, str], ...]:
    names = ("snapshot", "before", "after")
    return tuple(
        (f"{name}: {path.name}", hashlib.sha256(read(path)).hexdigest())
        for name, path in zip(names, paths, strict=True)
    )


def _show(found: Sequence[Impact], paid: Sequence[Rates]) -> None:
    today = [each for each in found if each.fall is TODAY]
    table(
        "Positions that may be liquidated before and after, today; amounts in USD",
        COLUMNS,
        map(cells, today),
    )
    table("The same, all markets of each case", COLUMNS, map(cells, by_case(found)))
    at = f"{100 * paid[0].utilisation:g} %"
    table(f"Rates a year at a utilisation of {at}", RATE_COLUMNS, map(rate_cells, paid))


def _document(
    found: Sequence[Impact], paid: Sequence[Rates], broken: Sequence[str], positions: int
) -> dict[str, Any]:
    return {
        "positions": positions,
        "impacts": [
            {
                "asset": each.asset,
                "case": each.fall.name,
                "kept": str(each.fall.kept),
                "before": _texts(vars(each.before)),
                "after": _texts(vars(each.after)),
                "newly": _texts(vars(each.newly)),
                "accounts": list(each.accounts) if each.fall is TODAY else None,
            }
            for each in found
        ],
        "rates": [vars(each) for each in paid],
        "broken": list(broken),
    }


def _texts(amounts: Mapping[str, int]) -> dict[str, str]:
    """Amounts in 1e-8 USD as text, which no reader of JSON rounds."""
    return {name: str(amount) for name, amount in amounts.items()}
