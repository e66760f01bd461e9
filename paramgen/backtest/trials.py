"""Trials of a book: its oracles as they land, its assets' worlds under each scenario."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from paramgen.backtest.run import deployment_of
from paramgen.backtest.simulate import Leg, Market, Trial, World
from paramgen.book.loaded import Loaded
from paramgen.book.schema import Asset
from paramgen.compiler.build import CompiledAsset, Priced, compile_asset, price_book
from paramgen.compiler.stress import priced_under, shock_of
from paramgen.encode import Word
from paramgen.mirror.oracle import Configuration, Oracle, Reference, State
from paramgen.model.pricing import UNSTRESSED
from paramgen.params.history import History, horizon_returns
from paramgen.scenarios.library import Scenario
from paramgen.scenarios.paths import JumpDiffusion
from paramgen.units import PRICE_UNITS

AS_IT_STANDS = "as it stands"
"""Name of the world without a scenario."""


@dataclass(frozen=True)
class Plan:
    """What a simulation is asked for.

    policies : the book under each policy, by the policy's name; the first sets the worlds.
    like : history of a like asset, whose returns are resampled in place of a diffusion; a scenario
        widens them as it does σ.
    paths : of each asset. block : paths a task. seconds : length of a path.
    """

    policies: Mapping[str, Loaded]
    assets: Sequence[str]
    scenarios: Mapping[str, Scenario]
    paths: int
    block: int
    seconds: int
    reset_after: int | None
    seed: int
    like: History | None = None


def trials(plan: Plan) -> dict[str, Trial]:
    """Every task by its key, which sorts by asset and path."""
    loaded = next(iter(plan.policies.values()))
    priced = price_book(loaded, plan.assets)
    found: dict[str, Trial] = {}
    for asset in priced.assets:
        worlds = tuple(_worlds(priced, asset, plan))
        markets = tuple(
            _market(compile_asset(under, asset), under, name, plan.reset_after)
            for name, under in plan.policies.items()
        )
        for first in range(0, plan.paths, plan.block):
            found[f"{asset}/{first:09d}"] = Trial(
                asset=asset,
                worlds=worlds,
                markets=markets,
                first=first,
                paths=min(plan.block, plan.paths - first),
                seconds=plan.seconds,
                seed=plan.seed,
            )
    return found


def _worlds(priced: Priced, name: str, plan: Plan) -> Iterator[World]:
    derived, marks, fits = priced.assets[name], priced.marks, priced.fits[name]
    drift = float(priced.loaded.book.assets[name].accrual)
    shocks = {AS_IT_STANDS: (priced.loaded, UNSTRESSED)}
    for title, scenario in plan.scenarios.items():
        shock = shock_of(priced.loaded, derived, scenario)
        if shock is not None:
            shocks[title] = shock.at(1.0)
    poke = float(priced.loaded.policy.oracle.poke_interval)
    returns = None if plan.like is None else horizon_returns(plan.like, poke, poke)
    for title, (loaded, drivers) in shocks.items():
        found = priced_under(loaded, marks, fits, derived, drivers)
        causes = found.causes
        yield World(
            title,
            JumpDiffusion(drift, found.volatility, causes.hazard, causes.loss),
            found.recovered_ordinary / found.ordinary if found.ordinary > 0.0 else 0.0,
            None if returns is None else returns * found.volatility / derived.value("volatility"),
        )


def _market(
    compiled: CompiledAsset, loaded: Loaded, policy: str, reset_after: int | None
) -> Market:
    landed, rules = compiled.landed, loaded.policy
    asset = loaded.book.assets[compiled.derived.identifier]
    parameters = landed.parameters
    return Market(
        policy=policy,
        oracle=_oracle(compiled, asset),
        legs=tuple(
            Leg(int(feed.heartbeat.value), float(feed.deviation))
            for feed in (asset.oracle.primary, asset.oracle.secondary)
            if feed is not None
        ),
        poke=int(rules.oracle.poke_interval.value),
        delay=int(rules.horizons.detection.value + rules.horizons.auction.value),
        reset_after=reset_after,
        ltv=float(parameters["ltv"].landed),
        threshold=float(parameters["liquidation_threshold"].landed),
        rate=compiled.derived.value("rate_at_kink"),
    )


def _oracle(compiled: CompiledAsset, asset: Asset) -> Oracle:
    spec, words = asset.oracle, compiled.landed.words
    price = int(spec.price.value * PRICE_UNITS)
    seeded = State.seeded(price, int(spec.price_as_of.timestamp()))
    reference = words.get(Word.REFERENCE)
    return Oracle(
        deployment_of(
            spec,
            two_legs=spec.secondary is not None,
            has_reference=reference is not None,
        ),
        Configuration.from_word(words[Word.ORACLE]),
        seeded,
        reference=Reference() if reference is None else Reference.from_word(reference),
    )
