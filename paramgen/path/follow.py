"""Follows a saved path: which step is each market's next, and which of them are due.

A step is an ordinary plan: an artefact whose words are the step's, so that everything that guards a
batch guards it as well. What is due is judged anew on the chain's own ledger, not by the date that
was saved.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from paramgen.artefact import word as word_text
from paramgen.difference import PARAMETER_IDS, PlanError, Standing
from paramgen.mirror.guardrails import Guardrail
from paramgen.path.plan import Path, Paths, Step, Words, earliest
from paramgen.plan import ChainState, MarketState, moved_chain, moved_rails
from paramgen.units import BPS


@dataclass(frozen=True)
class Due:
    """What of a path can be done now.

    Attributes
    ----------
    words : by asset, the words of its next step, where the steward may send it now.
    waiting : by asset, the time from which it may send the next; None where a pause has to end.
    """

    words: Mapping[str, Words]
    waiting: Mapping[str, int | None]

    @property
    def is_done(self) -> bool:
        """Whether every market has come to its end."""
        return not (self.words or self.waiting)


def due(saved: Paths, artefact: Mapping[str, Any], state: ChainState) -> Due:
    """The next step of every market that is not yet at its end.

    Raises
    ------
    PlanError
        When the path is of another artefact or chain, or a market or guardrail is not as the path
        leaves it: somebody else has changed it since.
    """
    if saved.artefact != artefact["hash"]:
        raise PlanError(
            f"the saved path is of artefact {saved.artefact}, not {artefact['hash']}.\n"
            "    Name its book or artefact, or plan the path anew."
        )
    assumed = saved.assumes
    reasons = (
        *moved_chain(assumed, state, steward=assumed.steward),
        *_moved_markets(saved, state),
        *moved_rails(assumed, state, {}),
    )
    if reasons:
        raise PlanError(
            "the saved path does not fit this chain any more:\n"
            + "\n".join(f"    {reason}" for reason in reasons)
            + "\nNothing was sent. Plan the path anew and review it."
        )
    rails = {number: Guardrail.unpack(state.rail(number)) for number in PARAMETER_IDS.values()}
    words: dict[str, Words] = {}
    waiting: dict[str, int | None] = {}
    for asset, market, step in _next_steps(saved, state):
        at = earliest(market, step.words, rails, state.time)
        if step.needs_price and market.price == 0:
            waiting[asset] = None
        elif at > state.time:
            waiting[asset] = at
        else:
            words[asset] = step.words
    return Due(words, waiting)


def _next_steps(saved: Paths, state: ChainState) -> Iterator[tuple[str, MarketState, Step]]:
    for asset, path in saved.markets.items():
        market = state.market(asset)
        count = None if market is None else landed(path, market.standing)
        if market is not None and count is not None and count < len(path.steps):
            yield asset, market, path.steps[count]


def landed(path: Path, standing: Standing) -> int | None:
    """How many steps of a path a market has gone; None where it stands on none of them.

    The epoch counts batches, so a market that was changed and changed back is told apart.
    """
    count = standing.epoch - path.start.epoch
    if not 0 <= count <= len(path.steps) or standing.address != path.start.address:
        return None
    return count if dict(standing.words) == dict(path.words_after(count)) else None


def step_artefact(
    artefact: Mapping[str, Any], words: Mapping[str, Words], state: ChainState
) -> dict[str, Any]:
    """An artefact of the markets that step, with the words of the step.

    It keeps the hash of the whole, which the batch's event names as where the steps lead. What is
    the governor's, guardrails and the limit on price moves, is left as it is on chain.
    """
    limit = Fraction(state.price_move_limit or 0, BPS)
    return {
        **artefact,
        "markets": {
            asset: _stepping(artefact["markets"][asset], words[asset], state.standings()[asset])
            for asset in words
        },
        "guardrails": {},
        "policy": {**artefact["policy"], "update_limit": f"{float(limit):.4f}"},
    }


def _stepping(market: Mapping[str, Any], words: Words, standing: Standing) -> dict[str, Any]:
    landing = {**standing.words, **words}
    known = {word.value: word_text(landing[word]) for word in landing}
    return {**market, "words": {name: known[name] for name in market["words"]}}


def _moved_markets(saved: Paths, state: ChainState) -> Iterator[str]:
    for asset, path in saved.markets.items():
        market = state.market(asset)
        if path.steps and (market is None or landed(path, market.standing) is None):
            yield f"{asset} is on no step of the path made at block {saved.assumes.block}"
