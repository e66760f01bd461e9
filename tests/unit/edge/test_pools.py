"""Histories of a pool as published: what is read, what is left out, what is refused."""

from __future__ import annotations

import io

import pandas as pd
import pytest

from paramgen.edge.histories import HistoryError
from paramgen.edge.pools import PoolColumns, read_pool
from tests.support.histories import usdc_pool

HEADER = "timestamp,poolTick,poolLiquidity,dec1,tickSpacing\n"
ROWS = "7200,-1,20,6,1\n3600,0,10,6,1\n"


def read(text: str, **names: str):
    return read_pool((HEADER + text).encode(), "pool.csv", PoolColumns(**names))


def test_rows_are_put_in_order_of_time():
    found = read(ROWS)
    assert found.times.tolist() == [3600, 7200]
    assert found.ticks.tolist() == [0, -1]
    assert found.liquidity.tolist() == [10, 20]
    assert (found.decimals, found.spacing) == (6, 1)


def test_incomplete_rows_are_left_out_and_of_one_time_the_last_stays():
    exact = 2**62 + 1
    found = read(ROWS + f"10800,,5,6,1\n14400,x,5,6,1\n7200,-2,{exact},6,1\n")
    assert found.liquidity.tolist() == [10, exact]


def test_liquidity_keeps_every_digit_in_both_formats():
    value = 1_161_663_000_000_000_001
    assert read(f"3600,0,{value},6,1\n").liquidity.tolist() == [value]
    frame = pd.read_csv(io.StringIO(f"{HEADER}3600,0,{value},6,1\n"))
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    assert read_pool(buffer.getvalue(), "pool.parquet").liquidity.tolist() == [value]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no usable row"),
        ("3600,0,1.5,6,1\n", "whole"),
        ("3600,0,-1,6,1\n", "at least 0"),
        (f"3600,0,{2**64},6,1\n", "64 bits"),
        ("3600,0,1,6,1\n7200,0,1,18,1\n", "one pool"),
    ],
)
def test_what_cannot_be_a_pool_is_refused(text, message):
    with pytest.raises(HistoryError, match=message):
        read(text)


def test_a_missing_column_is_named_with_the_nearest():
    with pytest.raises(HistoryError, match=r"poolTicks.*poolTick"):
        read(ROWS, tick="poolTicks")


@pytest.mark.parametrize(("name", "message"), [("a.txt", ".csv or"), ("a.parquet", "cannot be")])
def test_what_is_no_table_is_refused(name, message):
    with pytest.raises(HistoryError, match=message):
        read_pool(b"no table", name)


def test_the_real_pool_is_read_whole():
    found = usdc_pool()
    assert found.times.size == 35_697
    assert (found.liquidity == 0).sum() == 5  # May 2022: no liquidity in range
