"""Governance that is under way beside a plan: what it would change, and whether it still can."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import click

from paramgen.cli.live_options import Houses
from paramgen.edge.chain import Chain
from paramgen.edge.proposals import (
    Live,
    against_chain,
    governor_proposals,
    safe_transaction,
    timelock_operations,
)
from paramgen.edge.rpc import Pinned, pin
from paramgen.plan import ChainState, Plan
from paramgen.proposal.pending import Crossing, Touched, crossing, touched
from paramgen.targets.calls import ProposalError, address
from paramgen.targets.safe_transaction import read_transaction


@dataclass(frozen=True)
class Pending:
    """One proposal under way, beside a plan.

    Attributes
    ----------
    why_not : why the chain would not take it as it stands now; nothing where it would.
    """

    live: Live
    touched: Touched
    crossing: Crossing
    why_not: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "carrier": self.live.carried.carrier,
            "id": self.live.id,
            "state": self.live.state,
            "touches": list(self.touched.fields),
            "shared_fields": list(self.crossing.fields),
            "shared_markets": list(self.crossing.markets),
            "would_pass": not self.why_not,
            "why_not": list(self.why_not),
        }


def pending(chain: Chain, state: ChainState, plan: Plan, houses: Houses) -> tuple[Pending, ...]:
    """Everything under way that would change something of the steward.

    Raises
    ------
    ProposalError, RpcError : an address is none, or what the node tells cannot be believed.
    """
    steward = state.steward
    if steward is None:
        return ()
    pinned = pin(chain.web3, state.block)
    start = houses.from_block
    if start is None:
        start = chain.deployments.contracts["steward"].block
    found = [
        _beside(pinned, each, state, plan, steward) for each in _under_way(pinned, houses, start)
    ]
    pinned.require_unmoved()
    return tuple(each for each in found if each.touched.fields or each.touched.markets)


def show(found: Sequence[Pending]) -> None:
    """For a person; ids and hashes are too long for the cells of a table."""
    click.echo("Under way beside this plan:" if found else "Nothing of the steward is under way.")
    for each in found:
        click.echo(f"  {each.live.id} of {each.live.carried.carrier}, {each.live.state}")
        for head, words in _words(each):
            click.echo(f"    {head}: {words}")


def _words(found: Pending) -> Iterator[tuple[str, str]]:
    yield "would change", ", ".join(found.touched.fields) or "nothing as the chain stands"
    if found.crossing.fields:
        yield "this plan too", ", ".join(found.crossing.fields)
    if found.crossing.markets:
        yield "whichever lands second is refused for", ", ".join(found.crossing.markets)
    yield "would pass now", "no: " + "; ".join(found.why_not) if found.why_not else "yes"


def _under_way(pinned: Pinned, houses: Houses, start: int) -> Iterator[Live]:
    voted = [
        each for where in houses.governor
        for each in governor_proposals(pinned, address(where, "--governor"), start)
    ]  # fmt: skip
    yield from voted
    for where in houses.timelock:
        for each in timelock_operations(pinned, address(where, "--timelock"), start):
            # A governor's proposal waits in its timelock as an operation of the same calls.
            if each.carried.calls not in [other.carried.calls for other in voted]:
                yield each
    if houses.safe_tx and houses.safe is None:
        raise ProposalError("name the Safe of --safe-tx by --safe")
    for data in houses.safe_tx:
        safe = address(houses.safe, "--safe")
        queued = safe_transaction(pinned, pinned.chain_id, safe, read_transaction(data), start)
        if queued.is_open:
            yield queued


def _beside(pinned: Pinned, live: Live, state: ChainState, plan: Plan, steward: str) -> Pending:
    found = touched(live.carried.calls, state)
    why_not = [
        f"{each.where.removeprefix('chain, ').removeprefix('chain: ')} is {each.compiled}, "
        f"not {each.proposed}"
        for each in against_chain(pinned, live, steward)
    ]
    return Pending(live, found, crossing(found, plan), tuple(why_not))
