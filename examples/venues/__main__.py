"""`python -m examples.venues morpho`: runs a venue's story on a local chain and prints it."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from rich.console import Console
from rich.table import Table

from examples.venues import aave, morpho
from examples.venues.book import Desk
from examples.venues.chain import Check, Local
from paramgen.cli.connected import connected
from paramgen.errors import ParamgenError

STORIES = {"aave": aave.story, "morpho": morpho.story}
_WIDE = 60


@click.command()
@click.argument("venue", type=click.Choice(sorted(STORIES)))
@click.option("--network", default="ethereum:local:foundry", show_default=True)
def main(venue: str, network: str) -> None:
    """Stand VENUE up on a development chain, on the example book, and check what it does."""
    try:
        checks = told(venue, network)
    except ParamgenError as error:
        raise click.ClickException(str(error)) from error
    show(checks)
    sys.exit(0 if all(check.holds for check in checks) else 1)


def told(venue: str, network: str) -> list[Check]:
    """A venue's story on a network, to its end."""
    with connected(network) as provider, TemporaryDirectory() as folder:
        return list(STORIES[venue](Desk(provider, Path(folder)), Local(provider.web3)))


def show(checks: Iterable[Check]) -> None:
    """Each value on chain beside what was expected of it."""
    table = Table("step", "what", "on chain", "as expected")
    for check in checks:
        verdict = "yes" if check.holds else f"no: {_short(check.expected)}"
        table.add_row(check.step, check.what, _short(check.on_chain), verdict)
    Console().print(table)


def _short(value: object) -> str:
    text = getattr(value, "name", None) or str(value)
    return text if len(text) <= _WIDE else f"{text[:_WIDE]} …"


if __name__ == "__main__":
    main()
