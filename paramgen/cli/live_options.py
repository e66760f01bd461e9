"""How a user names a proposal that is under way; apart from what reads it, which loads web3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import click

from paramgen.cli.output import with_options

RPC_VARIABLE = "PARAMGEN_RPC"
_FILE = click.Path(path_type=Path, dir_okay=False)
BY_FORMAT: Mapping[str, tuple[str, ...]] = {
    "governor": ("proposal_id",),
    "governor-bravo": ("proposal_id",),
    "timelock": ("operation_id",),
    "safe": ("safe_tx_hash", "safe_tx"),
}
"""What names a live proposal of each form."""


@dataclass(frozen=True)
class Asked:
    """What the user wants to be read; fields are the options' names."""

    rpc: str | None = None
    proposal_id: int | None = None
    operation_id: str | None = None
    safe_tx_hash: str | None = None
    safe_tx: bytes | None = None
    block: int | None = None
    from_block: int | None = None

    @property
    def named(self) -> set[str]:
        """The options by which a live proposal is named."""
        names = {name for each in BY_FORMAT.values() for name in each}
        return {name for name in names if getattr(self, name) is not None}


_NODE = (
    click.option("--rpc", envvar=RPC_VARIABLE, show_envvar=True,
                 help="Address of a node to ask; it is never shown."),
    click.option("--block", type=click.IntRange(0), help="Block to read at. [default: latest]"),
)  # fmt: skip
node_options = with_options(*_NODE)
"""The options that say which node to ask, and of when."""

live_options = with_options(
    _NODE[0],
    click.option("--proposal-id", type=click.IntRange(0), help="A governor's proposal."),
    click.option("--operation-id", help="A timelock's operation."),
    click.option("--safe-tx-hash", help="A Safe's transaction."),
    click.option("--safe-tx", type=_FILE,
                 help="That transaction, as the transaction service's JSON tells it."),
    _NODE[1],
    click.option("--from-block", type=click.IntRange(0),
                 help="First block of its events. [default: the plan's]"),
)  # fmt: skip
"""The options of a command that reads a proposal which is under way."""


@dataclass(frozen=True)
class Houses:
    """Where governance may be under way; fields are the options' names.

    Attributes
    ----------
    safe_tx : transactions of the Safe's queue, as the transaction service's JSON tells each.
    from_block : first block of events; that of the steward's deployment where none is named.
    """

    governor: tuple[str, ...] = ()
    timelock: tuple[str, ...] = ()
    safe: str | None = None
    safe_tx: tuple[bytes, ...] = field(default=(), repr=False)
    from_block: int | None = None

    @property
    def are_named(self) -> bool:
        """Whether anything is to be read."""
        return bool(self.governor or self.timelock or self.safe_tx)


pending_options = with_options(
    click.option("--governor", multiple=True, help="Show its proposals under way, too."),
    click.option("--timelock", multiple=True, help="Show its operations under way, too."),
    click.option("--safe", help="The Safe that --safe-tx are of."),
    click.option("--safe-tx", type=_FILE, multiple=True,
                 help="Show this transaction of its queue, as the service's JSON tells it."),
    click.option("--from-block", type=click.IntRange(0),
                 help="First block of their events. [default: the steward's deployment]"),
)  # fmt: skip
"""The options that say where governance may be under way."""
