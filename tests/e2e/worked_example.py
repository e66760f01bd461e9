"""The worked proposal under `examples/proposals`, made as a user makes it on a node of its own.

`python -m tests.e2e.worked_example` writes it anew.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path

from web3 import HTTPProvider, Web3

from tests.e2e.conftest import DEPLOYER, ROOT, Workshop, start_anvil
from tests.support.houses import DELAY, SafeHouse, VotingHouse

FOLDER = ROOT / "examples" / "proposals" / "slower-pool"
BOOK = FOLDER / "book.yaml"
GENESIS = "1767225600"
"""2026-01-01, so that the chain has the same genesis hash whenever it is started."""

CHANGES = (
    ("as_of: 2026-01-01", "as_of: 2026-02-01"),
    ("fee: 0 bp, time: 45 d, capacity", "fee: 0 bp, time: 60 d, capacity"),
    ("lending: {outflow: 15 %,", "lending: {outflow: 20 %,"),
    ("cohort: {obligors: 240, defaults: 3,", "cohort: {obligors: 240, defaults: 5,"),
)
"""What the risk team learnt in a month; the book is the starter's otherwise."""

TITLE = "Receivables: obligors pay later"
SUMMARY = (
    "The pool's notes run off in 60 days instead of 45, two more of its 240 obligors defaulted, "
    "and lenders withdraw more at once. An exit takes longer, so less may be borrowed against a "
    "note."
)
DEADLINE = "2026-03-01"


@contextmanager
def chain(folder: Path) -> Iterator[tuple[Workshop, Web3, SafeHouse, VotingHouse]]:
    """A node that runs on the starter's book, with a Safe and a Governor beside it."""
    process, anvil = start_anvil(["--timestamp", GENESIS])
    try:
        workshop = Workshop(folder, anvil)
        with as_file(files("paramgen.edge") / "templates") as starter:
            workshop.update("--book", str(starter / "book.yaml"), "--yes")
        web3 = Web3(HTTPProvider(anvil.url))
        web3.eth.default_account = DEPLOYER
        yield workshop, web3, SafeHouse.on(web3), VotingHouse.on(web3)
    finally:
        process.terminate()
        process.wait(timeout=10)


def write_book(folder: Path) -> Path:
    """The starter's files with what has changed; returns the book."""
    with as_file(files("paramgen.edge") / "templates") as starter:
        shutil.copytree(starter, folder, dirs_exist_ok=True)
    book = folder / "book.yaml"
    text = book.read_text(encoding="utf-8")
    for before, after in CHANGES:
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    book.write_text(text, encoding="utf-8")
    return book


def propose(workshop: Workshop, folder: Path, book: Path, safe: str, voting: VotingHouse) -> None:
    """Plan, and write the proposal for each of the houses."""
    plan = folder / "plan.json"
    where = (
        "--network",
        "ethereum:local:foundry",
        "--deployments",
        str(workshop.folder / "deployments"),
    )
    planned = workshop.paramgen("plan", "--book", str(book), *where, "--save", str(plan))
    assert planned.code == 2, planned.stderr
    carriers = {
        "safe": safe, "governor": voting.governor.address, "timelock": voting.timelock.address
    }  # fmt: skip
    for form, carrier in carriers.items():
        done = workshop.paramgen(
            "propose", "--book", str(book), "--plan", str(plan), "--format", form,
            "--carrier", carrier, "--title", TITLE, "--summary", SUMMARY, "--deadline", DEADLINE,
            "--delay", str(DELAY if form == "timelock" else 0), "-o", str(folder / form),
        )  # fmt: skip
        assert done.code == 0, done.stderr


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its path there."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


if __name__ == "__main__":
    shutil.rmtree(FOLDER, ignore_errors=True)
    with tempfile.TemporaryDirectory() as temporary, chain(Path(temporary)) as made:
        on, _, house, houses = made
        propose(on, FOLDER, write_book(FOLDER), house.address, houses)
    # Where the book's first line tells an editor to look.
    (FOLDER / "schema").symlink_to("../../../schema")
