"""A chain as this project sees it: one pinned block to read, one account to send from.

Transactions are prepared and signed by ape, so that its accounts and networks serve, and followed
by `sending`; reads go through `node` at an explicit block. Every transaction is logged as an intent
before it is sent (`deployments`), and tried in an `eth_call` first, so that a refusal costs nothing
and is shown by its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import ape
from eth_abi.abi import decode, encode
from eth_utils.abi import function_signature_to_4byte_selector
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from paramgen.difference import PARAMETER_IDS, Standing
from paramgen.edge.bytecode import compiled, contract_type, creation_code, is_compiled
from paramgen.edge.deployments import Deployed, Deployments, DeploymentsError, Intent
from paramgen.edge.fate import DEEPEST_REORGANISATION, Fate, Status, content_hash
from paramgen.edge.journal import Journal
from paramgen.edge.node import (
    OLDEST_HEAD,
    PUBLIC_CONFIRMATIONS,
    ChainError,
    Node,
    Waiting,
)
from paramgen.edge.sending import Sender
from paramgen.encode import Word
from paramgen.mirror.steward import Ledger
from paramgen.plan import ChainState, MarketState

EMBEDDED_PROVIDER = "test"
LOCAL_CHAIN_IDS = frozenset({1337, 31337})
_PUBLIC_POLL = 2.0
"""Seconds between two looks at a public chain, whose blocks are seconds apart."""

_FORK = "-fork"
_GAS_MONEY = 10**24
_MAY_LAND = (Status.DROPPED, Status.PENDING)
"""A pool may still have what ours has dropped: its intent stays until its nonce is used."""

_FROZEN = 1 << 176
_LENS_PAGE = 32
_MARKET_VIEW = (
    "(bool,address,address,uint64,uint256,uint256,uint256,uint256,uint256,"
    "uint256,uint256,uint256,uint8,uint256)"
)
_STEWARD_VIEW = f"(uint256,bool,bool,uint256,uint256,uint256[],{_MARKET_VIEW}[])"


class Chain:
    """One connected chain, the account that sends, and the log of what was deployed.

    Parameters
    ----------
    provider : ape's connected provider.
    account : ape's account that sends every transaction.
    open_log : gives the chain's deployments from its chain id and genesis hash.
    report : called with one line whenever something that takes time begins.
    after_send : called with the step's name after each transaction that landed.
    waiting : how long, and for how many blocks; by default as the network asks.

    Attributes
    ----------
    journal : what became of each step.
    """

    def __init__(
        self,
        provider: Any,
        account: Any,
        open_log: Callable[[int, str], Deployments],
        report: Callable[[str], None] = lambda _: None,
        after_send: Callable[[str], None] = lambda _: None,
        *,
        waiting: Waiting | None = None,
    ) -> None:
        self.provider = provider
        self.report = report
        self.after_send = after_send
        self.web3 = provider.web3
        self.node = Node(self.web3, waiting or waiting_for(provider))
        self.chain_id = self.node.chain_id
        self.genesis = self.node.block_hash(0) or ""
        self.network = network_key(provider)
        self.deployments = open_log(self.chain_id, self.genesis)
        self.journal = Journal()
        self.sending = Sender(self.node, account, self.deployments, self.journal, self.tell)

    @property
    def sender(self) -> str:
        """The account's address."""
        return self.sending.address

    @property
    def is_local(self) -> bool:
        """Whether this chain is a developer's own, where mocks may stand for what is missing."""
        return is_local(self.provider, self.chain_id)

    def tell(self, line: str) -> None:
        """Pass one line to whoever listens now."""
        self.report(line)

    # --- reading -------------------------------------------------------------------------------

    def now(self) -> int:
        """Time of the latest block."""
        return self.node.head().time

    def call(self, address: str, signature: str, output: str) -> Any:
        """Call a getter without arguments at the latest block."""
        return self.node.call(address, signature, output)

    def state(self, tokens: Mapping[str, str]) -> ChainState:
        """Everything a plan rests on, at the latest block.

        Parameters
        ----------
        tokens : market key on chain by asset name, for those that have one.
        """
        head = self.node.head()
        steward = self.deployments.address("steward")
        empty = ChainState(self.chain_id, self.genesis, head.number, head.time)
        if steward is None:
            return empty
        names = sorted(tokens)
        pages = [names[i : i + _LENS_PAGE] for i in range(0, len(names), _LENS_PAGE)] or [[]]
        seen = [self._look(steward, [tokens[n] for n in page], empty.block) for page in pages]
        first = seen[0]
        markets = [market for view in seen for market in view[6]]
        return ChainState(
            chain_id=self.chain_id,
            genesis=self.genesis,
            block=empty.block,
            time=first[0],
            steward=steward,
            caller_is_governor=first[1],
            price_move_limit=first[3],
            guardrails=dict(enumerate(first[5])),
            markets={
                name: _market(tokens[name], market)
                for name, market in zip(names, markets, strict=True)
                if market[0]
            },
        )

    def state_hash(self, steward: str, assets: Sequence[str], masks: Sequence[int]) -> str:
        """The steward's own hash of what a batch rests on, at the latest block."""
        selector = function_signature_to_4byte_selector("stateHash(address[],uint8[])")
        data = selector + encode(["address[]", "uint8[]"], [assets, masks])
        return "0x" + self.node.eth_call({"to": steward, "data": data}).hex()

    def _look(self, steward: str, assets: Sequence[str], block: int) -> Any:
        count = max(PARAMETER_IDS.values()) + 1
        arguments = encode(
            ["address", "address", "uint256", "address[]"], [steward, self.sender, count, assets]
        )
        data = creation_code("StateLens") + arguments
        answer = self.node.eth_call({"from": self.sender, "data": data}, block)
        return decode([_STEWARD_VIEW], answer)[0]

    # --- what an earlier run left --------------------------------------------------------------

    def reopen_lost(self) -> None:
        """Take back to intents what a reorganisation took out of the chain."""
        for step, found in list(self.deployments.contracts.items()):
            if step in self.deployments.contracts and self._was_lost(found):
                self.report(f"a reorganisation took out block {found.block}, and {step} with it")
                self.deployments.reopen(step, _intent_of(found))

    def settle_intents(self) -> None:
        """Adopt what a killed run sent and has landed; keep what may still land.

        Raises
        ------
        ChainError
            When a transaction is still pending after the patience.
        """
        by_nonce = sorted(self.deployments.intents.items(), key=lambda item: item[1].nonce)
        for step, intent in by_nonce:
            found = self.sending.follow(step, intent)
            if intent.address is not None and self._has_landed(intent, found):
                self.report(f"adopting {step}, which an interrupted run deployed")
                self._record(step, intent, found)
            elif found.status not in _MAY_LAND:
                self.deployments.settle(step)

    def check_code(self) -> None:
        """Hold every recorded contract against the chain and against what was compiled.

        Raises
        ------
        DeploymentsError
            Naming the first contract that is absent, changed, or of another compilation.
        """
        for step, found in self.deployments.contracts.items():
            code = self.node.code(found.address)
            if not code:
                raise self._disagrees(step, found, "there is no code")
            if "0x" + keccak(code).hex() != found.code_hash:
                raise self._disagrees(step, found, "the code is not what was deployed")
            if not is_compiled(found.contract, code):
                raise DeploymentsError(
                    f"{step}: {found.contract} at {found.address} was compiled from other "
                    "sources than these.\n    Check out the sources that deployed it, or set "
                    f"{self.deployments.path or 'the deployments'} aside to deploy anew."
                )

    def _disagrees(self, step: str, found: Deployed, what: str) -> DeploymentsError:
        head = self.node.head().number
        behind = (
            f"The chain ends at block {head}, before block {found.block}, where it was deployed: "
            "the node is behind (run again), or "
            if head < found.block
            else "Either "
        )
        return DeploymentsError(
            f"{step}: {what} at {found.address} on chain {self.chain_id}, where "
            f"{self.deployments.path} has {found.contract}.\n    {behind}the chain was restarted "
            f"from the same genesis, or the file is another's. Remove {self.deployments.key} from "
            "it to deploy anew."
        )

    def _was_lost(self, found: Deployed) -> bool:
        """Whether a reorganisation took out the block that had it, and no other has it since."""
        depth = self.node.head().number - found.block
        return (
            found.data_hash != ""
            and 0 <= depth <= DEEPEST_REORGANISATION
            and self.node.block_hash(found.block) != found.block_hash
            and not self.node.code(found.address)
        )

    def _has_landed(self, intent: Intent, found: Fate) -> bool:
        """By its transaction; or by its code, where the node keeps no state to find that."""
        unknown = found.status is Status.REPLACED and found.transaction is None
        if found.status is not Status.LANDED and not unknown:
            return False
        code = self.node.code(intent.address or "")
        return bool(code) and is_compiled(intent.contract, code)

    # --- sending -------------------------------------------------------------------------------

    def deploy(self, step: str, contract: str, *arguments: Any) -> str:
        """Deploy a contract of this project; returns its address.

        Raises
        ------
        ChainError
            When the constructor refuses, or the transaction did not land.
        """
        transaction = getattr(compiled(ape.project), contract)(*arguments)
        earlier = self._landed_meanwhile(step, transaction)
        if earlier is not None:
            self._record(step, *earlier)
            return earlier[0].address or ""
        nonce = self.sending.nonce(step)
        address = deployment_address(self.sender, nonce)
        intent = Intent(contract, "", self.sender, nonce, address, jsonable(arguments))
        intent, landed = self.sending.send(step, intent, transaction)
        if not is_compiled(contract, self.node.code(address)):
            raise ChainError(f"{step}: what stands at {address} is not the compiled {contract}")
        self._record(step, intent, landed)
        self.after_send(step)
        return address

    def transact(self, step: str, contract: str, address: str, method: str, *args: Any) -> None:
        """Call a method that changes state, once it has been tried.

        Raises
        ------
        ChainError
            When the contract refuses, with its error's name and arguments, or the transaction did
            not land.
        """
        abi = next(m for m in contract_type(contract).mutable_methods if m.name == method)
        ecosystem = self.provider.network.ecosystem
        transaction = ecosystem.encode_transaction(
            to_checksum_address(address), abi, *args, sender=self.sender
        )
        if self._landed_meanwhile(step, transaction) is None:
            intent = Intent(contract, method, self.sender, self.sending.nonce(step), None, ())
            self.sending.send(step, intent, transaction)
        self.deployments.settle(step)
        self.after_send(step)

    def _landed_meanwhile(self, step: str, transaction: Any) -> tuple[Intent, Fate] | None:
        """What an earlier run sent for this step, if it has landed since this one began.

        It was queued behind a nonce that this run has filled, or another pool had kept it.
        """
        intent = self.deployments.intents.get(step)
        if intent is None:
            return None
        found = self.sending.follow(step, intent)
        same = intent.data_hash == content_hash(bytes(transaction.data))
        return (intent, found) if same and found.status is Status.LANDED else None

    def recheck(self) -> None:
        """Look again at all that this run saw land; what a reorganisation took out is sent again.

        Raises
        ------
        ChainError
            When something that had landed has not any more.
        """
        for step, landed in self.sending.recheck():
            known = self.deployments.contracts.get(step)
            if known is not None and known.block_hash != landed.block_hash:
                moved = replace(known, block=landed.block or 0, block_hash=landed.block_hash or "")
                self.deployments.record(step, moved)

    def record_created(self, step: str, contract: str, address: str, creator: str) -> None:
        """Record what one of our contracts created in its constructor."""
        intent = Intent(contract, "", creator, 0, address, ())
        self._record(step, intent, Fate(Status.LANDED, block=self.node.head().number))

    def _record(self, step: str, intent: Intent, landed: Fate) -> None:
        address = intent.address or ""
        digest = "0x" + keccak(self.node.code(address)).hex()
        deployed = Deployed(
            intent.contract,
            address,
            digest,
            intent.arguments,
            landed.transaction,
            int(landed.block or 0),
            landed.block_hash or "",
            intent.sender,
            intent.nonce,
            intent.data_hash,
        )
        self.deployments.record(step, deployed)


# --- helpers -----------------------------------------------------------------------------------


def network_key(provider: Any) -> str:
    """`ecosystem:network`, as books and policies name a network; a fork's is what it forks."""
    name = str(provider.network.name).removesuffix(_FORK)
    return f"{provider.network.ecosystem.name}:{name}"


def is_fork(provider: Any) -> bool:
    """Whether the chain is a copy of another, where nothing that is sent counts."""
    return str(provider.network.name).endswith(_FORK)


def impersonated(provider: Any, address: str) -> Any:
    """An account that sends as `address` without its key, with ether for gas; on a fork alone.

    Raises
    ------
    ChainError
        When the chain is no fork.
    """
    if not is_fork(provider):
        raise ChainError(f"{network_key(provider)} is no fork: nobody is impersonated there")
    account = ape.accounts.test_accounts.impersonate_account(to_checksum_address(address))
    provider.set_balance(account.address, _GAS_MONEY)
    return account


def is_local(provider: Any, chain_id: int) -> bool:
    """Whether a chain is a developer's own."""
    return network_key(provider).endswith(":local") or chain_id in LOCAL_CHAIN_IDS


def waiting_for(provider: Any, confirmations: int | None = None) -> Waiting:
    """How long to wait on a network: not at all for blocks on a developer's own, or on a fork.

    Parameters
    ----------
    confirmations : blocks, in place of the network's own.
    """
    if is_fork(provider) or is_local(provider, int(provider.chain_id)):
        return Waiting(confirmations or 0)
    asked = max(PUBLIC_CONFIRMATIONS, int(provider.network.required_confirmations))
    blocks = asked if confirmations is None else confirmations
    return Waiting(blocks, poll=_PUBLIC_POLL, oldest_head=OLDEST_HEAD)


def is_embedded(provider: Any) -> bool:
    """Whether the chain lives in this process and ends with it."""
    return bool(provider.name == EMBEDDED_PROVIDER)


def deployment_address(sender: str, nonce: int) -> str:
    """Where `sender` deploys with `nonce`."""
    return str(ape.networks.ethereum.get_deployment_address(sender, nonce))


def jsonable(value: Any) -> Any:
    """Constructor arguments as JSON values: integers as text, structs as lists."""
    if isinstance(value, tuple | list):
        return tuple(jsonable(item) for item in value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value


def _intent_of(found: Deployed) -> Intent:
    """The intent that a recorded contract was, for the chain to be asked again."""
    return Intent(
        found.contract,
        "",
        found.sender,
        found.nonce,
        found.address,
        found.arguments,
        data_hash=found.data_hash,
        transaction=found.transaction,
        block=found.block,
    )


def _market(token: str, view: Any) -> MarketState:
    (_, oracle, accrual, locked_until, collateral, *rest) = view
    rate, configuration, reference, epoch, main, oracle_ledger, reference_ledger, *status = rest
    words = {
        Word.COLLATERAL: collateral & (_FROZEN - 1),
        Word.RATE: rate,
        Word.ORACLE: configuration,
        Word.REFERENCE: reference,
    }
    return MarketState(
        standing=Standing(token, words, epoch),
        oracle=to_checksum_address(oracle),
        accrual=to_checksum_address(accrual),
        ledger=Ledger.unpack(main, oracle_ledger, reference_ledger),
        locked_until=locked_until,
        frozen=bool(collateral & _FROZEN),
        verdict=status[0],
        price=status[1],
    )
