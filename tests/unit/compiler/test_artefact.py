"""The artefact: the same bytes on any machine, and no change goes unseen."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from paramgen.artefact import ArtefactError, artefact, canonical, parse_artefact
from paramgen.encode import BY_NAME, Word, pack
from tests.support.rwa import BOOK, ROOT, compiled

WRITE = (
    "import sys; from pathlib import Path; from paramgen.edge.load import load_book; "
    "from paramgen.compiler.build import compile_book; "
    "from paramgen.artefact import artefact, canonical; "
    f"sys.stdout.buffer.write(canonical(artefact(compile_book(load_book(Path({str(BOOK)!r}))))))"
)
SLOW_PATHS = "AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX2 FMA3 AVX F16C"


@pytest.mark.parametrize("features", ["", SLOW_PATHS], ids=["all features", "no AVX"])
def test_the_bytes_do_not_depend_on_the_processor(features):
    environment = {**os.environ, "NPY_DISABLE_CPU_FEATURES": features, "PYTHONHASHSEED": "7"}
    written = subprocess.run(  # noqa: S603
        [sys.executable, "-W", "ignore", "-c", WRITE], cwd=ROOT, env=environment, check=True,
        capture_output=True,
    ).stdout  # fmt: skip
    assert written == canonical(artefact(compiled()))


def test_it_reads_back_as_written():
    document = artefact(compiled())
    assert parse_artefact(canonical(document), "a.json") == json.loads(canonical(document))


@pytest.mark.parametrize(
    "tamper",
    [
        lambda d: d["markets"]["sg-short-note"]["parameters"]["ltv"].update(integer="9999"),
        lambda d: d["book"].update(name="Another"),
        lambda d: d["inputs"][0].update(sha256="0" * 64),
    ],
    ids=["a digit", "the name", "an input"],
)
def test_a_changed_artefact_is_refused(tamper):
    document = json.loads(canonical(artefact(compiled())))
    tamper(document)
    with pytest.raises(ArtefactError, match="changed after it was compiled"):
        parse_artefact(json.dumps(document).encode(), "a.json")


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b"\xff", b'{"schema": "other/1"}'])
def test_what_is_no_artefact_is_refused_by_name(text):
    with pytest.raises(ArtefactError, match=r"^a\.json"):
        parse_artefact(text, "a.json")


def test_integers_and_words_agree_and_nothing_large_is_a_json_number():
    document = artefact(compiled())
    for market in document["markets"].values():
        integers = {name: int(p["integer"]) for name, p in market["parameters"].items()}
        for word in Word:
            if word.value in market["words"]:
                own = {n: i for n, i in integers.items() if BY_NAME[n].word is word}
                assert int(market["words"][word.value], 16) == pack(word, own)

    def walk(node):
        if isinstance(node, dict):
            [walk(child) for child in node.values()]
        elif isinstance(node, list):
            [walk(child) for child in node]
        else:
            assert not isinstance(node, float)
            assert not isinstance(node, int) or abs(node) < 2**53

    walk(document)


def test_every_input_is_pinned():
    document = artefact(compiled())
    roles = [item["role"] for item in document["inputs"]]
    assert roles[:2] == ["book", "policy"]
    assert all(len(item["sha256"]) == 64 for item in document["inputs"])
