"""The manners of commands that speak to a chain, those of `ape run` and `paramgen plan`.

ape resolves `--network` and logs to stdout by default; here all logs go to stderr, so that with
`--json` stdout holds one document. Errors, usage errors included, exit with 1 where nothing was
sent, and with 3 where a run ended half way (`reporting`).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout
from typing import Any

import ape
import click
from ape.cli import ConnectedProviderCommand
from ape.exceptions import ApeException
from ape.logging import CLICK_ECHO_KWARGS

from paramgen.cli.main import INTERRUPTED
from paramgen.cli.output import show_json
from paramgen.cli.reporting import EndedError, message_of
from paramgen.edge.node import RPC_TROUBLE
from paramgen.edge.redaction import redactor
from paramgen.errors import ParamgenError

for _level in CLICK_ECHO_KWARGS:
    CLICK_ECHO_KWARGS[_level] = {"err": True}


class ConnectedCommand(ConnectedProviderCommand):
    """A connected command whose callback returns the document for `--json`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse; a usage error exits with 1, since 2 means a difference."""
        try:
            return list(super().parse_args(ctx, args))
        except click.UsageError as error:
            error.exit_code = 1
            raise

    def invoke(self, ctx: click.Context) -> None:
        """Run, turn what is the user's to mend into a message, and print the document."""
        as_json = bool(ctx.params.get("as_json"))
        try:
            with redirect_stdout(sys.stderr) if as_json else nullcontext():
                document = super().invoke(ctx)
        except EndedError as error:
            if as_json:
                show_json(error.document)
            raise _failure(error, error.code) from None
        except (ParamgenError, ApeException, *RPC_TROUBLE) as error:
            raise _failure(error, 1) from None
        except KeyboardInterrupt:
            click.echo("\nInterrupted. Run again to finish; nothing is deployed twice.", err=True)
            ctx.exit(INTERRUPTED)
        if as_json:
            show_json(document)


def _failure(error: Exception, code: int) -> click.ClickException:
    failure = click.ClickException(redactor(())(message_of(error)))
    failure.exit_code = code
    return failure


@contextmanager
def connected(network: str) -> Iterator[Any]:
    """A connection to one of ape's networks, for commands that ape does not run.

    Raises
    ------
    ParamgenError
        When there is no such network, or it does not answer.
    """
    try:
        with ape.networks.parse_network_choice(network) as provider:
            yield provider
    except ApeException as error:
        raise ParamgenError(f"{network}: {error}") from error


def confirm(question: str, *, yes: bool, instead: str) -> None:
    """Ask on a terminal, unless the user has said yes already.

    Raises
    ------
    ParamgenError
        When there is no terminal to ask on: `instead` says what to give.
    """
    if yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ParamgenError(f"this is no terminal to ask on: give {instead}")
    click.confirm(question, abort=True, err=True)
