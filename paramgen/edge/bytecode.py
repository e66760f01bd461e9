"""What ape compiled, and whether it is what stands on a chain."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import ape
from ethpm_types import ContractType

from paramgen.edge.files import write_whole

if TYPE_CHECKING:
    from ape.managers.project import LocalProject

_PUSH0 = 0x5F
_PUSH32 = 0x7F
_HEAD = 16


_CREATOR = {"ParameterRegistry": "ParameterSteward", "KinkedRateModel": "ParameterSteward"}
"""Contracts that another one's constructor creates."""


def is_compiled(name: str, code: bytes) -> bool:
    """Whether runtime code is that of a contract of this project as it is compiled now."""
    if name in _CREATOR:
        return embeds(creation_code(_CREATOR[name]), code)
    return matches(runtime_code(name), code)


def contract_type(name: str) -> ContractType:
    """A compiled contract of this project; compiles what has changed."""
    return cast(ContractType, getattr(compiled(ape.project), name).contract_type)


@cache
def compiled(project: LocalProject) -> LocalProject:
    """The project, with every contract compiled from the sources as they are now.

    ape compiles anew the files that changed, and not those that import them: a contract whose
    library changed would be deployed as it was before. So whatever changed, all are compiled.
    """
    record = project.manifest_path.with_name("compiled-from.sha256")
    found = _fingerprint(project.path, project.contracts_folder)
    if not record.exists() or record.read_text() != found:
        project.load_contracts(use_cache=False)
        write_whole(record, found.encode())
    return project


def _fingerprint(root: Path, contracts: Path) -> str:
    """Hash of all that decides the bytecode: sources, compiler settings, versions of imports."""
    inputs = [root / "ape-config.yaml", root / "package-lock.json", *contracts.rglob("*.sol")]
    digest = sha256()
    for path in sorted(path for path in inputs if path.is_file()):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def matches(template: bytes, code: bytes) -> bool:
    """Whether runtime code is the compiled one, immutables and metadata aside.

    solc leaves 32 zero bytes after a PUSH32 where an immutable will be; it pushes zero itself by
    PUSH0. Constructor arguments are checked by the code hash that was recorded at deployment.
    """
    wanted, found = _without_metadata(template), _without_metadata(code)
    if len(wanted) != len(found):
        return False
    position = 0
    while position < len(wanted):
        opcode = wanted[position]
        end = position + 1 + (opcode - _PUSH0 if _PUSH0 <= opcode <= _PUSH32 else 0)
        immutable = opcode == _PUSH32 and not any(wanted[position + 1 : end])
        compared = position + 1 if immutable else end
        if wanted[position:compared] != found[position:compared]:
            return False
        position = end
    return True


def embeds(creation: bytes, code: bytes) -> bool:
    """Whether creation code holds the template of this runtime code, and so may create it.

    For what our contracts create in their constructors: it is judged by its creator's own copy,
    which is what was deployed, not by a separate compilation.
    """
    head = code[:_HEAD]
    position = creation.find(head)
    while position >= 0:
        if matches(creation[position : position + len(code)], code):
            return True
        position = creation.find(head, position + 1)
    return False


def creation_code(name: str) -> bytes:
    """Compiled creation code, without constructor arguments."""
    return _bytes(contract_type(name).deployment_bytecode)


def runtime_code(name: str) -> bytes:
    """Compiled runtime code, zeros where its immutables will stand."""
    return _bytes(contract_type(name).runtime_bytecode)


def _without_metadata(code: bytes) -> bytes:
    """solc ends code with CBOR metadata and its length in two bytes; it moves with comments."""
    length = int.from_bytes(code[-2:], "big") + 2
    return code[:-length] if length <= len(code) else code


def _bytes(code: Any) -> bytes:
    return bytes.fromhex(code.bytecode.removeprefix("0x"))
