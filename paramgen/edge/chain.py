"""A chain as this project sees it: one pinned block to read, one account to send from.

Transactions go through ape, so that its accounts and networks serve; reads go through web3 at an
explicit block. Every transaction is logged as an intent before it is sent (`deployments`), and
tried in an `eth_call` first, so that a refusal costs nothing and is shown by its name.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ape
from ape.exceptions import ApeException
from eth_abi.abi import decode, encode
from eth_utils.abi import function_signature_to_4byte_selector
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from paramgen.difference import PARAMETER_IDS, Standing
from paramgen.edge.bytecode import compiled, contract_type, creation_code, is_compiled
from paramgen.edge.deployments import Deployed, Deployments, DeploymentsError, Intent
from paramgen.edge.refusals import refusal
from paramgen.encode import Word
from paramgen.errors import ParamgenError
from paramgen.mirror.steward import Ledger
from paramgen.plan import ChainState, MarketState

EMBEDDED_PROVIDER = "test"
LOCAL_CHAIN_IDS = frozenset({1337, 31337})
MINING_PATIENCE = 600
"""Seconds to wait for a transaction of an earlier run that is still pending."""

_FROZEN = 1 << 176
_LENS_PAGE = 32
_MARKET_VIEW = (
    "(bool,address,address,uint64,uint256,uint256,uint256,uint256,uint256,"
    "uint256,uint256,uint256,uint8,uint256)"
)
_STEWARD_VIEW = f"(uint256,bool,bool,uint256,uint256,uint256[],{_MARKET_VIEW}[])"


class ChainError(ParamgenError):
    """A chain that refuses, cannot be reached, or is not what the run was made for."""


class Chain:
    """One connected chain, the account that sends, and the log of what was deployed.

    Parameters
    ----------
    provider : ape's connected provider.
    account : ape's account that sends every transaction.
    open_log : gives the chain's deployments from its chain id and genesis hash.
    report : called with one line whenever something that takes time begins.
    after_send : called with the step's name after each mined transaction.
    """

    def __init__(
        self,
        provider: Any,
        account: Any,
        open_log: Callable[[int, str], Deployments],
        report: Callable[[str], None] = lambda _: None,
        after_send: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.provider = provider
        self.account = account
        self.report = report
        self.after_send = after_send
        self.web3 = provider.web3
        self.chain_id = int(self.web3.eth.chain_id)
        self.genesis = "0x" + bytes(self.web3.eth.get_block(0)["hash"]).hex()
        self.network = network_key(provider)
        self.deployments = open_log(self.chain_id, self.genesis)
        self.sent: list[dict[str, str]] = []

    @property
    def sender(self) -> str:
        """The account's address."""
        return str(self.account.address)

    @property
    def is_local(self) -> bool:
        """Whether this chain is a developer's own, where mocks may stand for what is missing."""
        return self.network.endswith(":local") or self.chain_id in LOCAL_CHAIN_IDS

    # --- reading -------------------------------------------------------------------------------

    def now(self) -> int:
        """Time of the latest block."""
        return int(self.web3.eth.get_block("latest")["timestamp"])

    def code(self, address: str) -> bytes:
        """Runtime code at an address."""
        return bytes(self.web3.eth.get_code(to_checksum_address(address)))

    def call(self, address: str, signature: str, output: str) -> Any:
        """Call a getter without arguments at the latest block."""
        data = function_signature_to_4byte_selector(signature)
        answer = self.web3.eth.call({"to": to_checksum_address(address), "data": data})
        return decode([output], bytes(answer))[0]

    def state(self, tokens: Mapping[str, str]) -> ChainState:
        """Everything a plan rests on, at the latest block.

        Parameters
        ----------
        tokens : market key on chain by asset name, for those that have one.
        """
        block = self.web3.eth.get_block("latest")
        steward = self.deployments.address("steward")
        empty = ChainState(self.chain_id, self.genesis, int(block["number"]), block["timestamp"])
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
            caller_is_steward=first[2],
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
        return "0x" + bytes(self.web3.eth.call({"to": steward, "data": data})).hex()

    def _look(self, steward: str, assets: Sequence[str], block: int) -> Any:
        count = max(PARAMETER_IDS.values()) + 1
        arguments = encode(
            ["address", "address", "uint256", "address[]"], [steward, self.sender, count, assets]
        )
        data = creation_code("StateLens") + arguments
        answer = self.web3.eth.call({"from": self.sender, "data": data}, block_identifier=block)
        return decode([_STEWARD_VIEW], bytes(answer))[0]

    # --- what an earlier run left --------------------------------------------------------------

    def settle_intents(self) -> None:
        """Adopt what a killed run deployed and drop intents that never landed."""
        for step, intent in list(self.deployments.intents.items()):
            self._await_pending(step, intent)
            landed = intent.address is not None and self._is_ours(intent)
            if landed:
                self.report(f"adopting {step}, which an interrupted run deployed")
                self._record(step, intent, None, self.web3.eth.block_number)
            else:
                self.deployments.settle(step)

    def check_code(self) -> None:
        """Hold every recorded contract against the chain and against what was compiled.

        Raises
        ------
        DeploymentsError
            Naming the first contract that is absent, changed, or of another compilation.
        """
        for step, found in self.deployments.contracts.items():
            code = self.code(found.address)
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
        return DeploymentsError(
            f"{step}: {what} at {found.address} on chain {self.chain_id}, where "
            f"{self.deployments.path} has {found.contract}.\n    The chain was restarted from the "
            f"same genesis or the file is another's. Remove {self.deployments.key} from it to "
            "deploy anew."
        )

    def _await_pending(self, step: str, intent: Intent) -> None:
        until = time.monotonic() + MINING_PATIENCE
        while (
            self._count(intent.sender, "latest")
            <= intent.nonce
            < self._count(intent.sender, "pending")
        ):
            if time.monotonic() > until:
                raise ChainError(
                    f"{step}: the transaction with nonce {intent.nonce} of {intent.sender} is "
                    "still pending. Speed it up or replace it, then run again."
                )
            self.report(f"waiting for {step}, which an interrupted run sent")
            time.sleep(2)

    def _is_ours(self, intent: Intent) -> bool:
        code = self.code(intent.address or "")
        return bool(code) and is_compiled(intent.contract, code)

    # --- sending -------------------------------------------------------------------------------

    def deploy(self, step: str, contract: str, *arguments: Any) -> str:
        """Deploy a contract of this project; returns its address.

        Raises
        ------
        ChainError
            When the constructor refuses.
        """
        transaction = getattr(compiled(ape.project), contract)(*arguments)
        nonce = self._count(self.sender, "latest")
        address = deployment_address(self.sender, nonce)
        intent = Intent(contract, "", self.sender, nonce, address, jsonable(arguments))
        receipt = self._send(step, intent, transaction)
        if not is_compiled(contract, self.code(address)):
            raise ChainError(f"{step}: what stands at {address} is not the compiled {contract}")
        self._record(step, intent, receipt.txn_hash, receipt.block_number)
        self.after_send(step)
        return address

    def transact(self, step: str, contract: str, address: str, method: str, *args: Any) -> None:
        """Call a method that changes state, once it has been tried.

        Raises
        ------
        ChainError
            When the contract refuses, with its error's name and arguments.
        """
        abi = next(m for m in contract_type(contract).mutable_methods if m.name == method)
        ecosystem = self.provider.network.ecosystem
        transaction = ecosystem.encode_transaction(
            to_checksum_address(address), abi, *args, sender=self.sender
        )
        nonce = self._count(self.sender, "latest")
        intent = Intent(contract, method, self.sender, nonce, None, ())
        self._send(step, intent, transaction)
        self.deployments.settle(step)
        self.after_send(step)

    def record_created(self, step: str, contract: str, address: str, creator: str) -> None:
        """Record what one of our contracts created in its constructor."""
        intent = Intent(contract, "", creator, 0, address, ())
        self._record(step, intent, None, self.web3.eth.block_number)

    def _send(self, step: str, intent: Intent, transaction: Any) -> Any:
        transaction.sender = self.sender
        transaction.nonce = intent.nonce
        self._try(step, transaction)
        self.report(step)
        self.deployments.intend(step, intent)
        try:
            receipt = self.account.call(transaction)
        except ApeException as error:
            raise ChainError(f"{step}: {error}") from error
        self.sent.append({"step": step, "transaction": receipt.txn_hash})
        return receipt

    def _try(self, step: str, transaction: Any) -> None:
        call = {"from": self.sender, "data": transaction.data}
        if transaction.receiver:
            call["to"] = transaction.receiver
        try:
            self.web3.eth.call(call)
        except Exception as error:
            raise ChainError(f"{step}: the chain refuses: {refusal(error)}") from error

    def _record(self, step: str, intent: Intent, transaction: str | None, block: int) -> None:
        address = intent.address or ""
        digest = "0x" + keccak(self.code(address)).hex()
        deployed = Deployed(
            intent.contract, address, digest, intent.arguments, transaction, int(block)
        )
        self.deployments.record(step, deployed)

    def _count(self, address: str, block: str) -> int:
        return int(self.web3.eth.get_transaction_count(address, block))


# --- helpers -----------------------------------------------------------------------------------


def network_key(provider: Any) -> str:
    """`ecosystem:network`, as books and policies name a network."""
    return f"{provider.network.ecosystem.name}:{provider.network.name}"


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
