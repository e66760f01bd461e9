"""A book whose oracle rests on real rounds: gaps, volatility, z and band come from the history."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from paramgen.artefact import artefact
from paramgen.compiler.build import compile_book
from paramgen.edge.load import load_book
from tests.support.books import swap
from tests.support.rwa import BOOK, ROOT, compiled

ROUNDS = ROOT.parent / "shared" / "data" / "chainlink-rounds" / "eth_usd.csv"
ASSET = "firex-hash-power"

pytestmark = pytest.mark.skipif(
    not ROUNDS.is_file(), reason="the shared Chainlink rounds are not beside the project"
)


@pytest.fixture(scope="module")
def book(tmp_path_factory) -> Path:
    """The example book with one asset's oracle and market on a pinned history of rounds."""
    folder = tmp_path_factory.mktemp("rounds") / "rwa"
    shutil.copytree(BOOK.parent, folder)
    shutil.copy(ROUNDS, folder / "evidence" / "rounds.csv")
    sha256 = hashlib.sha256(ROUNDS.read_bytes()).hexdigest()
    text = (folder / "book.yaml").read_text()
    text = swap(
        text,
        "sources:\n",
        "sources:\n  rounds:\n    source: Chainlink rounds of ETH/USD\n    as_of: 2024-01-31\n"
        "    kind: history\n    file: evidence/rounds.csv\n"
        f"    sha256: {sha256}\n"
        "    history: {time: update, price: answer, decimals: 8}\n",
    )
    head, tail = text.split(f"  {ASSET}:\n")
    tail = swap(tail, "volatility: 60 %/y, ", "history: rounds, ")
    tail = swap(tail, "        longest_gap: 3720 s\n", "        history: rounds\n")
    start, end = tail.index("      band:\n"), tail.index("      maximum_age:")
    tail = f"{tail[:start]}      history: rounds\n{tail[end:]}"
    (folder / "book.yaml").write_text(f"{head}  {ASSET}:\n{tail}")
    return folder / "book.yaml"


@pytest.fixture(scope="module")
def fitted(book):
    return compile_book(load_book(book))


def test_the_band_is_the_tail_of_real_moves_against_the_anchors(fitted):
    found = fitted.assets[ASSET]
    band = found.fits.band
    assert band.label == "peaks over threshold"
    assert 0.09 <= band.up <= 0.11  # beside 5.6 % for an update alone
    assert found.landed.parameters["band_up"].landed <= band.up
    assert band.power > 0.9  # an ordinary moment does not hide the policy's shock


def test_z_covers_more_than_the_gaussian_tail_does(fitted):
    price = fitted.assets[ASSET].fits.price
    assert 2.6 < price.z < 3.2
    assert 0.3 < price.volatility < 0.6


def test_staleness_is_no_shorter_than_the_longest_real_gap(fitted):
    limit = fitted.assets[ASSET].landed.parameters["primary_staleness"].integer
    assert limit >= 3_720


def test_the_fits_and_the_pinned_file_are_in_the_artefact(fitted):
    document = artefact(fitted)
    assert "evidence:rounds" in [item["role"] for item in document["inputs"]]
    fits = document["markets"][ASSET]["fits"]
    assert set(fits) == {"band", "price"}
    assert document["markets"]["buidl"]["fits"] == {}


def test_other_assets_do_not_move(fitted):
    before = compiled().assets
    for name, found in fitted.assets.items():
        if name != ASSET:
            assert found.landed.words == before[name].landed.words


def test_a_changed_history_is_refused_by_its_hash(book, tmp_path):
    folder = tmp_path / "rwa"
    shutil.copytree(book.parent, folder)
    with (folder / "evidence" / "rounds.csv").open("a") as rounds:
        rounds.write("\n")
    with pytest.raises(Exception, match="sha256"):
        load_book(folder / "book.yaml")
