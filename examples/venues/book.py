"""One asset of the example book, compiled and applied as `ape run update_params` does it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from paramgen.artefact import artefact, canonical
from paramgen.book.loaded import Loaded
from paramgen.book.resolve import rewrite
from paramgen.book.schema import Deployment
from paramgen.book.venues import Entry
from paramgen.cli.connected_options import Options
from paramgen.cli.runs import run_update
from paramgen.compiler.build import compile_book
from paramgen.edge.files import write_whole
from paramgen.edge.load import load_book
from paramgen.errors import Place

BOOK = Path(__file__).parents[1] / "rwa" / "book.yaml"
ASSET = "hk-factoring"
NETWORK = "ethereum:local"


def one_asset(path: Path = BOOK, asset: str = ASSET) -> Loaded:
    """The book with one asset alone; the others would each be deployed as well."""
    loaded = load_book(path)
    return replace(loaded, book=_with_asset(loaded, asset, {}))


def with_accrual(loaded: Loaded, asset: str, address: str) -> Loaded:
    """The book naming who charges interest before a rate changes."""
    deployments = {NETWORK: Deployment(accrual=address)}
    return replace(loaded, book=_with_asset(loaded, asset, {"deployments": deployments}))


def on_venues(loaded: Loaded, asset: str, venues: Mapping[str, Entry]) -> Loaded:
    """The book listing the asset on venues, by the names that `paramgen propose --target` takes."""
    return replace(loaded, book=_with_asset(loaded, asset, {"venues": dict(venues)}))


def with_input(loaded: Loaded, path: str, text: str) -> Loaded:
    """The book with one input as a person would write it."""
    return replace(loaded, book=rewrite(loaded.book, path, text, Place("example")))


def _with_asset(loaded: Loaded, asset: str, changes: Mapping[str, Any]) -> Any:
    only = loaded.book.assets[asset].model_copy(update=dict(changes))
    return loaded.book.model_copy(update={"assets": {asset: only}})


@dataclass
class Desk:
    """Where artefacts and deployments are written, and the chain that they are applied to."""

    provider: Any
    folder: Path

    def apply(self, loaded: Loaded) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """Compile and apply; returns the artefact and what `update_params --json` prints."""
        document = artefact(compile_book(loaded))
        path = self.folder / "artefact.json"
        write_whole(path, canonical(document))
        options = Options(
            artefact=path,
            deployments=self.folder / "deployments",
            output=self.folder / "build",
            yes=True,
            as_json=True,
        )
        with redirect_stdout(sys.stderr):
            return document, run_update(self.provider, options)


def integers(market: Mapping[str, Any]) -> dict[str, int]:
    """A market's parameters as the contracts hold them."""
    return {name: int(found["integer"]) for name, found in market["parameters"].items()}
