"""What ape compiled, for engines other than ape's own."""

from functools import cache

import ape


@cache
def deployment_bytecode(contract: str) -> bytes:
    """Creation code of a contract of this project, without constructor arguments."""
    contract_type = getattr(ape.project, contract).contract_type
    return bytes.fromhex(contract_type.deployment_bytecode.bytecode.removeprefix("0x"))
