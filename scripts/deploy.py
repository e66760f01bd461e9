"""Deploy what a book needs and a chain lacks, and apply nothing: `ape run deploy --help`."""

from typing import Any

import click

from paramgen.cli.connected import ConnectedCommand
from paramgen.cli.connected_options import Options, shared_options
from paramgen.cli.runs import run_deploy


@click.command(cls=ConnectedCommand)
@shared_options
def cli(provider: Any, **options: Any) -> Any:
    """Deploy the steward and each asset's oracle, and list the markets.

    Parameters are applied by `ape run update_params`, which deploys what is missing as well.
    """
    return run_deploy(provider, Options(**options))
