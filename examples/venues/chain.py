"""What both venues need: compiled code, transactions from several people, and a clock to move."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_utils.abi import function_signature_to_4byte_selector
from web3 import Web3
from web3.exceptions import ContractLogicError, Web3RPCError

from paramgen.edge.bytecode import contract_type
from paramgen.edge.refusals import refusal
from paramgen.errors import ParamgenError

BUILD = Path(".build")
REFUSED = (ContractLogicError, Web3RPCError)


class VenueError(ParamgenError):
    """A venue that cannot be stood up: the message says what to do."""


@dataclass(frozen=True)
class Check:
    """Something read from the chain, beside what book and mirrors say that it is."""

    step: str
    what: str
    on_chain: object
    expected: object

    @property
    def holds(self) -> bool:
        """Whether the two are equal; nothing here is approximate."""
        return self.on_chain == self.expected


@dataclass(frozen=True)
class Code:
    """A compiled contract: its interface and its creation code."""

    abi: Sequence[Mapping[str, Any]]
    creation: str


def ours(name: str) -> Code:
    """A contract of this project, as ape compiled it."""
    document = contract_type(name).model_dump(mode="json", by_alias=True)
    return Code(document["abi"], document["deploymentBytecode"]["bytecode"])


def theirs(
    profile: str, name: str, file: str = "", libraries: Mapping[str, str] | None = None
) -> Code:
    """A venue's own contract, as forge compiled it from the npm package.

    Parameters
    ----------
    profile : of foundry.toml, which is also its folder under `.build`.
    file : the source file, where it is not named after the contract.
    libraries : addresses by name, for the libraries that the code is linked to.

    Raises
    ------
    VenueError
        When it has not been compiled, with the command that does it; or a library is missing.
    """
    path = BUILD / profile / "out" / f"{file or name}.sol" / f"{name}.json"
    if not path.exists():
        raise VenueError(f"{path} is missing. Run `make venues`, which compiles it from npm.")
    document = json.loads(path.read_text(encoding="utf-8"))
    return Code(document["abi"], _linked(name, document["bytecode"], libraries or {}))


def _linked(name: str, bytecode: Mapping[str, Any], libraries: Mapping[str, str]) -> str:
    """Put each library's address where the compiler left its place."""
    code: str = bytecode["object"].removeprefix("0x")
    for named in bytecode["linkReferences"].values():
        for library, places in named.items():
            if library not in libraries:
                raise VenueError(f"{name} is linked to {library}, which was not deployed")
            address = libraries[library].removeprefix("0x").lower()
            for place in places:
                start, end = 2 * place["start"], 2 * (place["start"] + place["length"])
                code = code[:start] + address + code[end:]
    return code


class Local:
    """A development chain whose accounts are unlocked and whose clock can be moved.

    The deployer holds every role of ours and of the venue's, but for the guard, who may only pause
    there. The others lend, borrow and liquidate.
    """

    def __init__(self, web3: Web3) -> None:
        self.web3 = web3
        self._errors: dict[str, str] = {}
        people = [str(account) for account in web3.eth.accounts]
        self.deployer, self.lender, self.borrower, self.liquidator = people[:4]
        self.neighbour, self.guard = people[4:6]

    def deploy(self, code: Code, *arguments: Any) -> Any:
        """Deploy from the deployer; returns the contract."""
        factory = self.web3.eth.contract(abi=code.abi, bytecode=code.creation)
        receipt = self._mined(factory.constructor(*arguments).transact({"from": self.deployer}))
        self._learn(code)
        return self.at(receipt["contractAddress"], code)

    def at(self, address: str, code: Code) -> Any:
        """A contract that stands already."""
        checksummed = Web3.to_checksum_address(address)
        return self.web3.eth.contract(address=checksummed, abi=code.abi)

    def send(self, call: Any, sender: str | None = None) -> Any:
        """Send a call and wait for it; from the deployer where nobody else is named.

        Raises
        ------
        VenueError
            When it is refused, with the error's name.
        """
        try:
            return self._mined(call.transact({"from": sender or self.deployer}))
        except REFUSED as error:
            raise VenueError(f"{call.fn_name} is refused: {self._named(error)}") from error

    def send_raw(self, to: str, data: bytes) -> Any:
        """Send calldata as it was written by somebody else; from the deployer."""
        sent = self.web3.eth.send_transaction({"from": self.deployer, "to": to, "data": data})
        return self._mined(sent)

    def refusal(self, call: Any, sender: str | None = None) -> str:
        """Why a call is refused: the error by its name, or the message; empty where it is not."""
        try:
            call.call({"from": sender or self.deployer})
        except REFUSED as error:
            return self._named(error)
        return ""

    def now(self) -> int:
        """Time of the latest block."""
        return int(self.web3.eth.get_block("latest")["timestamp"])

    def move_to(self, time: int) -> None:
        """Mine a block at a time that is still to come."""
        for method, arguments in (("evm_setNextBlockTimestamp", [time]), ("evm_mine", [])):
            self.web3.provider.make_request(method, arguments)  # type: ignore[arg-type]

    def give(self, token: Any, who: str, amount: int, spender: str) -> None:
        """Mint a mock token to somebody who lets the venue take it."""
        self.send(token.functions.mint(who, amount))
        self.send(token.functions.approve(spender, 2**256 - 1), who)

    def _mined(self, transaction: Any) -> Any:
        receipt = self.web3.eth.wait_for_transaction_receipt(transaction)
        if receipt["status"] != 1:
            raise VenueError(f"transaction {receipt['transactionHash'].hex()} was reverted")
        return receipt

    def _learn(self, code: Code) -> None:
        """Know the errors of what was deployed by name; libraries have theirs in their own."""
        errors = [entry for entry in code.abi if entry["type"] == "error"]
        self._errors |= {f"0x{_selector(entry)}": entry["name"] for entry in errors}

    def _named(self, error: Exception) -> str:
        data = getattr(error, "data", None)
        if isinstance(data, str) and data in self._errors:
            return self._errors[data]
        ours = refusal(error)
        return ours if ours != str(error) else str(error.args[0]).removeprefix(_REVERTED)


_REVERTED = "execution reverted: "


def _selector(error: Mapping[str, Any]) -> str:
    types = ",".join(argument["type"] for argument in error["inputs"])
    return function_signature_to_4byte_selector(f"{error['name']}({types})").hex()
