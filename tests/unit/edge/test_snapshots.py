"""Snapshots of positions: exact to the last digit, and every wrong cell by line and column."""

from __future__ import annotations

import io

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paramgen.edge.snapshots import read_snapshot
from paramgen.errors import InvalidInputError

DECIMALS = {"tbill": 6, "gold": 18}
HEAD = "account,asset,amount,debt\n"


def read(text):
    return read_snapshot((HEAD + text).encode(), "positions.csv", DECIMALS)


def wrong(text):
    with pytest.raises(InvalidInputError) as caught:
        read(text)
    return str(caught.value)


def test_amounts_and_debts_are_integers_of_their_own_units():
    found = read("0xa,tbill,1.000001,2.50\n0xb,gold,0.000000000000000001,0\n")
    assert list(found.amounts) == [1_000_001, 1]
    assert list(found.debts) == [250_000_000, 0]
    assert list(found.of("gold").accounts) == ["0xb"]


@given(amount=st.integers(0, 10**30), debt=st.integers(0, 10**24))
def test_no_digit_is_lost_however_many_there_are(amount, debt):
    text = f"0xa,gold,{amount // 10**18}.{amount % 10**18:018d},{debt // 10**8}.{debt % 10**8:08d}"
    found = read(text)
    assert (found.amounts[0], found.debts[0]) == (amount, debt)


def test_every_wrong_cell_is_named_by_line_and_column_at_once():
    said = wrong(
        "0xa,tbill,1.0000001,1\n"
        "0xb,bills,1,1\n"
        "0xc,gold,-1,nan\n"
        "0xc,gold,1,one\n"
        ",gold,1e99,1\n"
        "0xd,tbill,1,0.000000001\n"
    )
    for line, column, bound in (
        (2, "amount", "6 decimals"),
        (3, "asset", "no market"),
        (4, "amount", "negative"),
        (4, "debt", "a number"),
        (5, "account", "line 4 already"),
        (5, "debt", "a number"),
        (6, "account", "empty"),
        (6, "amount", "digits"),
        (7, "debt", "8 decimals"),
    ):
        assert any(
            f"positions.csv:{line}" in block and column in block and bound in block
            for block in said.replace("\n    ", " ").splitlines()
        ), (line, column, bound, said)


def test_a_missing_column_is_named_with_what_may_have_been_meant():
    with pytest.raises(InvalidInputError, match="amount"):
        read_snapshot(b"account,asset,amounts,debt\n", "positions.csv", DECIMALS)


def test_parquet_reads_as_csv_does():
    frame = pd.DataFrame(
        {"account": ["0xa"], "asset": ["tbill"], "amount": ["1.5"], "debt": ["2.25"]}
    )
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    found = read_snapshot(buffer.getvalue(), "positions.parquet", DECIMALS)
    assert (found.amounts[0], found.debts[0]) == (1_500_000, 225_000_000)
