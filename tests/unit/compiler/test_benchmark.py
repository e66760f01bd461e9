"""Benchmark and exposure as a book states them: curve, stated rate, on-chain rate, noise, EAD."""

from __future__ import annotations

import math

import pytest

from paramgen.compiler.build import price_book
from paramgen.edge.load import load_book
from paramgen.errors import InvalidInputError
from tests.support.books import BOOK, POLICY, swap, write_book

STATED = "    risk_free: 4.8 %/y\n    credit:\n      evidence: guess\n"
CURVE = "  par_yields:\n"
ON_CHAIN = (
    "  on_chain: {rate: 4.2 %/y, weight: 25 %, tolerance: 50 bp, age: 1 h, maximum_age: 1 d}\n"
)
NOISY = "market:\n      volatility: 6 %/y\n"


WILLING = swap(POLICY, "largest_slippage: 5 %", "largest_slippage: 15 %")


def priced(folder, book, asset="note"):
    return price_book(load_book(write_book(folder, book, WILLING)), [asset]).assets[asset]


def test_a_token_stands_on_the_on_chain_rate_and_its_providers_premium(tmp_path):
    book = swap(BOOK, STATED, STATED.replace("risk_free: 4.8", "provider_premium: 1.5"))
    found = priced(tmp_path, swap(book, CURVE, ON_CHAIN + CURVE))
    assert found.value("risk_free") == pytest.approx(0.057)
    assert found.quantities["risk_free"].uses == (
        "curve.on_chain.rate",
        "assets.note.provider_premium",
    )


def test_a_premium_on_no_on_chain_rate_is_refused(tmp_path):
    book = swap(BOOK, STATED, STATED.replace("risk_free: 4.8", "provider_premium: 1.5"))
    with pytest.raises(InvalidInputError, match=r"there is none.*Give curve\.on_chain"):
        priced(tmp_path, book)


def test_the_on_chain_rate_is_blended_in_by_its_weight(tmp_path):
    treasury = priced(tmp_path, BOOK, "bill").value("risk_free")
    blended = priced(tmp_path, swap(BOOK, CURVE, ON_CHAIN + CURVE), "bill").value("risk_free")
    assert blended == pytest.approx(0.75 * treasury + 0.25 * 0.042)


@pytest.mark.parametrize(("old", "new"), [("age: 1 h", "age: 2 d"), ("rate: 4.2", "rate: 9")])
def test_a_stale_or_distant_on_chain_rate_is_refused(tmp_path, old, new):
    book = swap(BOOK, CURVE, swap(ON_CHAIN, old, new) + CURVE)
    with pytest.raises(InvalidInputError, match="stale or too far"):
        priced(tmp_path, book, "bill")


def test_a_noisy_oracle_raises_the_rate_by_half_its_variance_over_the_horizon(tmp_path):
    noise = f"{NOISY}      noise: {{deviation: 2 %, horizon: 73 d}}\n"
    found = priced(tmp_path, swap(BOOK, NOISY, noise))
    assert found.value("risk_free") == pytest.approx(0.048 + 0.5 * 0.02**2 / 0.2)
    assert priced(tmp_path, BOOK).value("risk_free") == 0.048


def test_exposure_counts_what_is_accrued_undrawn_and_reserved(tmp_path):
    exposure = (
        "    exposure: {accrued: 100 000 USD, undrawn: 2 000 000 USD, conversion: 40 %, "
        "reserve: 500 000 USD}\n"
    )
    found = priced(tmp_path, swap(BOOK, STATED, exposure + STATED))
    assert found.value("exposure_at_default") == 20_000_000 + 100_000 + 800_000 - 500_000
    expected = found.value("expected_loss") * found.value("exposure_at_default")
    assert math.isclose(found.value("expected_loss_amount"), expected)


def test_undrawn_credit_without_its_conversion_factor_is_refused(tmp_path):
    book = swap(BOOK, STATED, "    exposure: {undrawn: 2 000 000 USD}\n" + STATED)
    with pytest.raises(InvalidInputError, match="conversion factor together"):
        load_book(write_book(tmp_path, book))


def test_a_tenor_beyond_the_curve_is_refused_with_what_to_do(tmp_path):
    with pytest.raises(InvalidInputError, match="a pillar at or beyond the tenor"):
        priced(tmp_path, swap(BOOK, "    tenor: 3M\n", "    tenor: 30Y\n"), "bill")
