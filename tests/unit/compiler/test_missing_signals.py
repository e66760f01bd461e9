"""A signal that goes missing never lowers PD: it falls to the prior and widens (spec 2.2)."""

from __future__ import annotations

import pytest

from paramgen.compiler.build import price_book
from paramgen.edge.load import load_book
from tests.support.books import BOOK, POLICY, swap, write_book

STATED = "      evidence: guess\n      pd: 35 bp\n"
WILLING = swap(POLICY, "largest_slippage: 5 %", "largest_slippage: 15 %")


def default_probability(folder, signal):
    logit = (
        "      evidence: guess\n      logit:\n        intercept: -3\n"
        f"        on_chain:\n          redemption-queue: {{coefficient: 2{signal}}}\n"
        "        prior: 2 %\n        weight: 10\n        observations: 30\n"
    )
    path = write_book(folder, swap(BOOK, STATED, logit), WILLING)
    return price_book(load_book(path), ["note"]).assets["note"].value("default_probability")


def test_a_bad_signal_that_falls_silent_keeps_its_last_known_value(tmp_path):
    seen = default_probability(tmp_path, ", value: 0.8")
    silent = default_probability(tmp_path, ", last_known: 0.8")
    assert silent >= seen
    assert silent > default_probability(tmp_path, "")


def test_a_good_signal_that_falls_silent_is_forgotten(tmp_path):
    assert default_probability(tmp_path, ", last_known: -0.8") == default_probability(tmp_path, "")
    assert default_probability(tmp_path, ", value: -0.8") < default_probability(tmp_path, "")


def test_what_is_not_known_of_a_missing_signal_widens_pd(tmp_path):
    widened = [default_probability(tmp_path, f", deviation: {d}") for d in ("0", "0.2", "0.5")]
    assert widened == sorted(widened)
    assert widened[-1] > widened[0] == default_probability(tmp_path, "")


def test_a_seen_signal_is_not_widened(tmp_path):
    seen = default_probability(tmp_path, ", value: 0.3")
    assert default_probability(tmp_path, ", value: 0.3, deviation: 1") == pytest.approx(seen)
