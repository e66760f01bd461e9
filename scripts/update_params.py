"""Plan, apply and read back a book's parameters: `ape run update_params --help`."""

from pathlib import Path
from typing import Any

import click

from paramgen.cli.connected import ConnectedCommand
from paramgen.cli.connected_options import Options, shared_options
from paramgen.cli.runs import run_update

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(cls=ConnectedCommand)
@shared_options
@click.option("--plan", type=_FILE, help="A saved plan, applied only to the state it assumes.")
@click.option("--save-plan", type=_FILE, help="Where to save the plan for review.")
@click.option("--page", type=_FILE, help="Where to draw it as a page: values, rate curves.")
@click.option("--path", type=_FILE, help="A saved path of the steward: apply what is due of it.")
@click.option("--save-path", type=_FILE, help="Where to save the steward's path for review.")
def cli(provider: Any, **options: Any) -> Any:
    """Bring a chain's oracle, rate and collateral parameters to what a book compiles to.

    Deploys what is missing, shows what differs, applies it in one batch and reads every field
    back. A second run sends nothing; one that was interrupted is finished by running again.
    What is beyond one batch of the steward is shown as a path of dated steps.
    """
    return run_update(provider, Options(**options))
