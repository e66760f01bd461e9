"""`paramgen`: the group, its exit codes, and its manners when something is wrong.

Exit codes: 0 done, 1 error (usage errors included: click's own 2 would read as a difference),
2 a difference was found. Logs and errors go to stderr; with `--json`, stdout holds one JSON
document and nothing else.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Final, NamedTuple

import click

from paramgen import __version__
from paramgen.errors import ParamgenError

ERROR = 1
INTERRUPTED = 130


class Listed(NamedTuple):
    """A command as the list of commands shows it.

    Attributes
    ----------
    place : module of `paramgen.cli`, and the command in it.
    summary : the first paragraph of its own help, known here without an import of its module.
    """

    place: str
    summary: str


COMMANDS: Final[Mapping[str, Listed]] = {
    "init": Listed(
        "init:init",
        "Write a starter book, policy, evidence and schemas into FOLDER, by default here.",
    ),
    "check": Listed(
        "check:check",
        "Validate BOOK, its policy and evidence, and that every parameter can land.",
    ),
    "price": Listed(
        "price:price",
        "Price BOOK: yield by cause, ±20 % sensitivities, stress table, reverse stress.",
    ),
    "stress": Listed("stress:stress", "Run the scenarios that concern each asset of BOOK."),
    "simulate": Listed(
        "simulate:simulate",
        "Simulate a position at LTV in each asset of BOOK over generated paths.",
    ),
    "backtest": Listed(
        "backtest:backtest",
        "Walk BOOK forward over histories: compile on the past, replay the fold that follows.",
    ),
    "calibrate": Listed(
        "calibrate:calibrate",
        "Calibrate each FEED, a CSV or Parquet file of rounds, prices, NAVs or a supply.",
    ),
    "calibrate-credit": Listed(
        "calibrate_credit:calibrate_credit",
        "Fit PD, LGD and signal weights and write them as evidence for a book.",
    ),
    "compile": Listed(
        "compile:compile_",
        "Compile BOOK into the artefact: every parameter, its because, and its integers.",
    ),
    "explain": Listed(
        "explain:explain", "Trace ASSET.FIELD to its evidence, and say what moves it."
    ),
    "what-if": Listed(
        "what_if:what_if", "Recompile BOOK with changed inputs and show which parameters move."
    ),
    "plan": Listed(
        "plan:plan", "Show every parameter whose value on chain differs from the book's."
    ),
    "impact": Listed(
        "impact:impact",
        "Say whom an update would make liquidatable, of the positions in SNAPSHOT.",
    ),
    "propose": Listed(
        "propose:propose", "Write a proposal that brings a chain to what a book compiles to."
    ),
    "verify": Listed(
        "propose:verify_", "Recompile the book and hold PROPOSAL, a folder, to it value by value."
    ),
}
"""What is known of a command before it is asked for, by the name that a user types."""


class _Commands(click.Group):
    """Imports a command when it is run: what draws and compiles takes seconds to import.

    What is listed, in help and in a shell's completion, is a name with its summary.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's own
        """Every name, in the order of the work."""
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments name, imported; None where there is none."""
        name, listed, rest = super().resolve_command(ctx, args)
        return name, None if listed is None else _imported(COMMANDS[str(name)].place), rest


def _imported(place: str) -> click.Command:
    module, _, name = place.partition(":")
    found: click.Command = getattr(import_module(f"paramgen.cli.{module}"), name)
    return found


@click.group(
    cls=_Commands,
    commands={name: click.Command(name, help=known.summary) for name, known in COMMANDS.items()},
    context_settings={"help_option_names": ["-h", "--help"]},
)
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
    except OSError as error:
        where = "" if error.filename is None else f"{error.filename}: "
        click.echo(f"{where}{error.strerror or error}", err=True)
        return ERROR
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted; nothing further was done.", err=True)
        return INTERRUPTED
    return result if isinstance(result, int) else 0
