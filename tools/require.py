"""Say at once which interpreter or Node is missing, before anything is installed."""

import re
import shutil
import subprocess
import sys


def node_major() -> int:
    node = shutil.which("node")
    if node is None:
        return 0
    shown = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v(\d+)", shown)
    return int(found[1]) if found else 0


def main() -> int:
    faults = []
    if not (3, 11) <= sys.version_info[:2] <= (3, 12):
        faults.append(
            f"Python 3.11 or 3.12 is needed, this is {sys.version.split()[0]}: "
            "run make with PYTHON=python3.11"
        )
    if node_major() < 20 or shutil.which("npm") is None:
        faults.append("Node 20 or newer with npm is needed on PATH")
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
