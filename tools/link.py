"""Join the checkout, the virtual environment and the compiler, so that commands find them.

An editable install would need a build backend from outside the locks; a path file needs nothing.
The same file names the compiler's folder and anvil's, so that `ape run …` works in the
environment without exporting anything. A value already in the environment wins.
"""

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLCHAIN = ROOT / ".toolchain"
WASM_SOLC = ROOT / "tools" / "solc.cjs"

PATH_FILE = """\
{root}
import os; os.environ.setdefault("SOLCX_BINARY_PATH", {toolchain!r})
import os; os.environ["PATH"] = os.environ.get("PATH", "") + os.pathsep + {programs!r}
"""
COMMAND = """\
#!{python}
import sys

from paramgen.cli.main import main

sys.exit(main())
"""


def native_solc(version: str) -> Path | None:
    """A solc of exactly this version on PATH, which is faster than the wasm one."""
    found = shutil.which("solc")
    if found is None:
        return None
    shown = subprocess.run([found, "--version"], capture_output=True, text=True, check=False)
    return Path(found).resolve() if f"Version: {version}+" in shown.stdout else None


def link_compiler(version: str) -> None:
    TOOLCHAIN.mkdir(exist_ok=True)
    link = TOOLCHAIN / f"solc-v{version}"
    link.unlink(missing_ok=True)
    link.symlink_to(native_solc(version) or WASM_SOLC)


def link_environment() -> None:
    packages = Path(sysconfig.get_path("purelib"))
    programs = ROOT / "node_modules" / ".bin"
    (packages / "paramgen.pth").write_text(
        PATH_FILE.format(root=ROOT, toolchain=str(TOOLCHAIN), programs=str(programs))
    )
    script = Path(sysconfig.get_path("scripts")) / "paramgen"
    script.write_text(COMMAND.format(python=sys.executable))
    script.chmod(0o755)


if __name__ == "__main__":
    for version in sys.argv[1:]:
        link_compiler(version)
    link_environment()
