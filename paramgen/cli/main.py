"""`paramgen`: the group, its exit codes, and its manners when something is wrong.

Exit codes: 0 done, 1 error (usage errors included: click's own 2 would read as a difference),
2 a difference was found. Logs and errors go to stderr; with `--json`, stdout holds one JSON
document and nothing else.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from paramgen import __version__
from paramgen.cli.backtest import backtest
from paramgen.cli.calibrate import calibrate
from paramgen.cli.calibrate_credit import calibrate_credit
from paramgen.cli.check import check
from paramgen.cli.compile import compile_
from paramgen.cli.explain import explain
from paramgen.cli.init import init
from paramgen.cli.plan import plan
from paramgen.cli.price import price
from paramgen.cli.propose import propose, verify_
from paramgen.cli.simulate import simulate
from paramgen.cli.stress import stress
from paramgen.cli.what_if import what_if
from paramgen.errors import ParamgenError

ERROR = 1
INTERRUPTED = 130


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="paramgen")
def cli() -> None:
    """Compile risk evidence about real-world assets into smart-contract parameters."""


for command in (
    init,
    check,
    price,
    stress,
    simulate,
    backtest,
    calibrate,
    calibrate_credit,
    compile_,
    explain,
    what_if,
    plan,
    propose,
    verify_,
):
    cli.add_command(command)


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
