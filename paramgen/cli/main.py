"""`paramgen`: the group, its exit codes, and its manners when something is wrong.

Exit codes: 0 done, 1 error (usage errors included: click's own 2 would read as a difference),
2 a difference was found. Logs and errors go to stderr; with `--json`, stdout holds one JSON
document and nothing else.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Final

import click

from paramgen import __version__
from paramgen.errors import ParamgenError

ERROR = 1
INTERRUPTED = 130

COMMANDS: Final[Mapping[str, str]] = {
    "init": "init:init",
    "check": "check:check",
    "price": "price:price",
    "stress": "stress:stress",
    "simulate": "simulate:simulate",
    "backtest": "backtest:backtest",
    "calibrate": "calibrate:calibrate",
    "calibrate-credit": "calibrate_credit:calibrate_credit",
    "compile": "compile:compile_",
    "explain": "explain:explain",
    "what-if": "what_if:what_if",
    "plan": "plan:plan",
    "impact": "impact:impact",
    "propose": "propose:propose",
    "verify": "propose:verify_",
}
"""Module of `paramgen.cli` and command in it, by the name that a user types."""


class _Commands(click.Group):
    """Imports a command when it is asked for: what draws and compiles takes seconds to import."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's own
        """Every name, in the order of the work."""
        return list(COMMANDS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's own
        cmd_name: str,
    ) -> click.Command | None:
        """The command of a name, None where there is none."""
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.partition(":")
        found: click.Command = getattr(import_module(f"paramgen.cli.{module}"), name)
        return found


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="paramgen")
def cli() -> None:
    """Compile risk evidence about real-world assets into smart-contract parameters."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    try:
        result = cli.main(args=arguments, prog_name="paramgen", standalone_mode=False)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.ClickException as error:
        error.show(sys.stderr)
        return ERROR
    except ParamgenError as error:
        click.echo(str(error), err=True)
        return ERROR
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted; nothing further was done.", err=True)
        return INTERRUPTED
    return result if isinstance(result, int) else 0
