"""Deploys what an artefact needs and a chain lacks, a step a transaction.

Steps are named after what they leave behind, and a step whose work is done is not listed; so a
run that was killed anywhere is resumed by listing the steps again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from eth_utils.address import to_checksum_address

from paramgen.difference import PARAMETER_IDS, price_move_limit, target_words
from paramgen.edge.chain import Chain, jsonable
from paramgen.edge.node import ChainError
from paramgen.encode import Word
from paramgen.errors import ParamgenError
from paramgen.plan import ChainState, Plan

NOBODY = "0x0000000000000000000000000000000000000000"
PRICE_DECIMALS = 8
MOCK_PHASE = 1
ADMIN_DELAY = 2 * 86_400
"""Seconds between the two steps in which a governor hands over on a public network."""

_SEED = 12
"""Constructor arguments from here on are the first price and words, which change afterwards."""


class DeploymentError(ParamgenError):
    """A deployment that cannot be made: the message names what is missing."""


@dataclass(frozen=True)
class Step:
    """One transaction, and whether only the governor may send it."""

    name: str
    run: Callable[[], object]
    by_governor: bool = False

    @property
    def kind(self) -> str:
        """What is done, whatever the asset: `oracle` of `oracle/paxg`."""
        head, _, tail = self.name.partition("/")
        return " ".join((head, *tail.split()[1:]))


def tokens(artefact: Mapping[str, Any], chain: Chain) -> dict[str, str]:
    """The token of each asset that has one: the book's, or the mock that stands for it."""
    found = {name: _address(chain, name, market, "token") for name, market in _markets(artefact)}
    return {name: address for name, address in found.items() if address is not None}


def require_addresses(artefact: Mapping[str, Any], chain: Chain, *, mocks: bool) -> None:
    """Refuse a network on which addresses or roles are missing and mocks may not stand in.

    Raises
    ------
    DeploymentError
        Naming every missing address at once.
    """
    if mocks:
        return
    missing = [
        f"    assets.{name}.deployments.{chain.network}.{role}"
        for name, market in _markets(artefact)
        for role in _roles(market)
        if role not in _declared(chain, market)
    ]
    if chain.network not in artefact["policy"]["roles"]:
        missing.append(f"    the policy's roles.{chain.network}")
    if missing:
        raise DeploymentError(
            f"{chain.network} is public, and these are not given:\n"
            + "\n".join(missing)
            + "\nAdd them to the book. Mocks are deployed on local networks only (or with --mocks)."
        )


def deployment_steps(
    artefact: Mapping[str, Any], chain: Chain, state: ChainState, *, mocks: bool
) -> list[Step]:
    """What is still to be deployed and listed, in order; nothing where all stands."""
    steps = []
    if chain.deployments.address("steward") is None:
        steps.append(Step("steward", lambda: _deploy_steward(artefact, chain, mocks=mocks)))
    for asset, market in _markets(artefact):
        steps += _market_steps(chain, asset, market, mocks=mocks)
    pending = {step.name for step in steps}
    for asset, market in _markets(artefact):
        if f"oracle/{asset}" in pending or not _is_listed(chain, asset, market, state):
            steps.append(_listing_step(chain, asset, market))
    return steps


def setting_steps(plan: Plan, chain: Chain) -> list[Step]:
    """The governor's settings that differ: guardrails, and the limit on price moves."""
    steps = []
    if plan.guardrails:
        steps.append(Step("guardrails", lambda: _set_guardrails(plan, chain), by_governor=True))
    if plan.price_move_limit is not None and plan.assumes.steward is not None:
        steps.append(
            Step("price move limit", lambda: _set_price_move_limit(plan, chain), by_governor=True)
        )
    return steps


def steward_address(chain: Chain) -> str:
    """The steward's address.

    Raises
    ------
    DeploymentError
        When there is none yet.
    """
    address = chain.deployments.address("steward")
    if address is None:
        raise DeploymentError(f"there is no steward on chain {chain.chain_id} yet")
    return address


# --- steward and settings ----------------------------------------------------------------------


def _deploy_steward(artefact: Mapping[str, Any], chain: Chain, *, mocks: bool) -> None:
    roles = artefact["policy"]["roles"].get(chain.network)
    if roles is None or mocks:
        roles = dict.fromkeys(("governor", "steward", "guardian"), chain.sender)
    chain.deploy(
        "steward",
        "ParameterSteward",
        0 if mocks else ADMIN_DELAY,
        roles["governor"],
        roles["steward"],
        roles["guardian"],
        price_move_limit(artefact),
    )
    record_created(chain)


def record_created(chain: Chain) -> None:
    """Record the registry and the rate model that the steward's constructor created."""
    steward = steward_address(chain)
    for step, contract, getter in (
        ("registry", "ParameterRegistry", "registry()"),
        ("rate model", "KinkedRateModel", "rateModel()"),
    ):
        if chain.deployments.address(step) is None:
            address = to_checksum_address(chain.call(steward, getter, "address"))
            chain.record_created(step, contract, address, steward)


def _set_guardrails(plan: Plan, chain: Chain) -> None:
    ids = [PARAMETER_IDS[change.field] for change in plan.guardrails]
    rails = [change.after for change in plan.guardrails]
    steward = steward_address(chain)
    chain.transact("guardrails", "ParameterSteward", steward, "setGuardrails", ids, rails)


def _set_price_move_limit(plan: Plan, chain: Chain) -> None:
    steward = steward_address(chain)
    limit = plan.price_move_limit
    chain.transact("price move limit", "ParameterSteward", steward, "setPriceMoveLimit", limit)


# --- one market --------------------------------------------------------------------------------


def _market_steps(
    chain: Chain, asset: str, market: Mapping[str, Any], *, mocks: bool
) -> Iterator[Step]:
    if mocks:
        yield from _mock_steps(chain, asset, market)
    recorded = chain.deployments.contracts.get(f"oracle/{asset}")
    if recorded is None or not _same_oracle(chain, asset, market, recorded.arguments[0]):
        yield Step(f"oracle/{asset}", lambda: _deploy_oracle(chain, asset, market, mocks=mocks))


def _mock_steps(chain: Chain, asset: str, market: Mapping[str, Any]) -> Iterator[Step]:
    """Mocks for what the book does not give: the token, and feeds that say the book's price."""
    if _address(chain, asset, market, "token") is None:
        arguments = (market["name"], asset, market["decimals"])
        step = f"token/{asset}"
        yield Step(step, lambda: chain.deploy(step, "MockToken", *arguments))
    for leg in _legs(market):
        if leg not in _declared(chain, market):
            yield from _mock_feed_steps(chain, f"{leg}/{asset}", market)


def _mock_feed_steps(chain: Chain, step: str, market: Mapping[str, Any]) -> Iterator[Step]:
    address = chain.deployments.address(step)
    if address is None:
        arguments = (PRICE_DECIMALS, MOCK_PHASE)
        yield Step(step, lambda: chain.deploy(step, "MockAggregator", *arguments))
    if address is None or chain.call(address, "latestRound()", "uint32") == 0:
        yield Step(f"{step} price", lambda: _push(chain, step, market))


def _push(chain: Chain, step: str, market: Mapping[str, Any]) -> None:
    price = int(market["feed"]["price_units"])
    feed = chain.deployments.address(step)
    chain.transact(f"{step} price", "MockAggregator", feed or "", "push", price, chain.now())


def _deploy_oracle(chain: Chain, asset: str, market: Mapping[str, Any], *, mocks: bool) -> None:
    feed, words = market["feed"], target_words(market)
    as_of = chain.now() if mocks else feed["price_as_of"]
    arguments = (
        *_oracle_immutables(chain, asset, market),
        int(feed["price_units"]),
        as_of,
        words[Word.ORACLE],
        words.get(Word.REFERENCE, 0),
    )
    chain.deploy(f"oracle/{asset}", "FallbackOracle", arguments)


def _oracle_immutables(chain: Chain, asset: str, market: Mapping[str, Any]) -> tuple[Any, ...]:
    """The oracle's constructor struct up to its first price."""
    feed = market["feed"]
    primary = _address(chain, asset, market, "primary")
    secondary = _address(chain, asset, market, "secondary") if feed["has_secondary"] else None
    token = _address(chain, asset, market, "token")
    if token is None or primary is None:
        raise ChainError(f"{asset} has no token or no primary feed on {chain.network}")
    decimals = _decimals(chain, token)
    if decimals != market["decimals"]:
        raise DeploymentError(
            f"assets.{asset}.decimals is {market['decimals']}, its token {token} on "
            f"{chain.network} has {decimals}. Correct the book; nothing was deployed for it."
        )
    return (
        token,
        decimals,
        primary,
        _decimals(chain, primary),
        secondary or NOBODY,
        _decimals(chain, secondary) if secondary else 0,
        int(feed["call_gas"]),
        int(feed["lowest_units"]),
        int(feed["highest_units"]),
        steward_address(chain),
        bool(feed["has_reference"]),
        False,
    )


def _same_oracle(chain: Chain, asset: str, market: Mapping[str, Any], recorded: Any) -> bool:
    """Whether the oracle that stands has the immutables that the artefact wants."""
    wanted = jsonable(_oracle_immutables(chain, asset, market))
    return bool(tuple(recorded[:_SEED]) == wanted)


def _is_listed(chain: Chain, asset: str, market: Mapping[str, Any], state: ChainState) -> bool:
    """Whether the market stands with the oracle that is deployed and the book's accrual target."""
    listed = state.market(asset)
    if listed is None:
        return False
    oracle = chain.deployments.address(f"oracle/{asset}")
    return (listed.oracle, listed.accrual) == (oracle, _accrual(chain, market))


def _listing_step(chain: Chain, asset: str, market: Mapping[str, Any]) -> Step:
    return Step(f"listing/{asset}", lambda: _list(chain, asset, market), by_governor=True)


def _list(chain: Chain, asset: str, market: Mapping[str, Any]) -> None:
    token = _address(chain, asset, market, "token")
    oracle = chain.deployments.address(f"oracle/{asset}")
    steward = steward_address(chain)
    arguments = (token, oracle, _accrual(chain, market))
    chain.transact(f"listing/{asset}", "ParameterSteward", steward, "listMarket", *arguments)


def _accrual(chain: Chain, market: Mapping[str, Any]) -> str:
    """Where interest is charged before a rate changes; nobody where the book names none."""
    return str(to_checksum_address(_declared(chain, market).get("accrual", NOBODY)))


# --- addresses ---------------------------------------------------------------------------------


def _markets(artefact: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield from artefact["markets"].items()


def _legs(market: Mapping[str, Any]) -> tuple[str, ...]:
    return ("primary", "secondary") if market["feed"]["has_secondary"] else ("primary",)


def _roles(market: Mapping[str, Any]) -> tuple[str, ...]:
    return ("token", *_legs(market))


def _declared(chain: Chain, market: Mapping[str, Any]) -> Mapping[str, str]:
    """The book's addresses on this network."""
    declared: Mapping[str, str] = market["deployments"].get(chain.network, {})
    return declared


def _address(chain: Chain, asset: str, market: Mapping[str, Any], role: str) -> str | None:
    declared = _declared(chain, market).get(role)
    if declared is not None:
        return to_checksum_address(declared)
    return chain.deployments.address(f"{role}/{asset}")


def _decimals(chain: Chain, feed: str) -> int:
    return int(chain.call(feed, "decimals()", "uint8"))
