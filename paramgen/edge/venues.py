"""What a venue holds at one block of a chain, and what has moved since a proposal was made."""

from __future__ import annotations

from collections.abc import Iterator

from paramgen.edge.proposals import senders_of
from paramgen.edge.rpc import Pinned, RpcError
from paramgen.proposal.venue import Standing, Target
from paramgen.proposal.verify import Disagreement
from paramgen.targets.present import Key, Objection, Scene
from paramgen.targets.setters import Held


def standing_of(pinned: Pinned, target: Target) -> Standing:
    """What the venue holds of everything that the target sets.

    Raises
    ------
    ProposalError, RpcError : the node is of another chain, or the contracts do not answer.
    """
    if pinned.chain_id != target.chain_id:
        raise RpcError(
            f"the node is on chain {pinned.chain_id}, {target.name} on chain {target.chain_id}"
        )
    present: dict[Key, Held] = {}
    for placed in target.placed:
        present |= target.venue.present(placed.settings, placed.market, pinned.call)
    pinned.require_unmoved()
    return Standing(pinned.chain_id, pinned.genesis, pinned.block, pinned.block_hash, present)


def objections(
    pinned: Pinned, target: Target, standing: Standing, carrier: str
) -> tuple[Objection, ...]:
    """Why the venue would refuse what is proposed, as it stands at the block.

    Raises
    ------
    ProposalError, RpcError : as `standing_of`.
    """
    scene = Scene(
        pinned.call, standing.present, pinned.time, frozenset(senders_of(pinned, carrier))
    )
    return tuple(
        each
        for placed in target.placed
        for each in target.venue.objects(placed.settings, placed.market, scene)
    )


def moved(target: Target, assumed: Standing, now: Standing) -> Iterator[Disagreement]:
    """Every value that no longer is what the proposal was made on.

    What it sets by now is in force, which is a move as well.
    """
    for key, before in assumed.present.items():
        found = now.present.get(key)
        if found != before:
            of, name = key
            reads = target.venue.reads
            where = f"chain, since block {assumed.block}: {name} of {of[-1]}"
            yield Disagreement(where, reads(name, before), reads(name, found))
