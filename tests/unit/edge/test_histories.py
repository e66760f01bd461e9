"""Histories are read as published, dirt included, or refused with what to do."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from paramgen.book.evidence import HistoryFormat
from paramgen.edge import histories
from paramgen.edge.histories import HistoryError, read_history
from paramgen.edge.load import load_book
from paramgen.errors import InvalidInputError
from tests.support.books import BOOK, HISTORY, HISTORY_SHA256, line_of, swap, write_book

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is absent")


def read(text, name="h.csv", **form):
    data = text if isinstance(text, bytes) else text.encode()
    return read_history(data, name, HistoryFormat.model_validate(form))


def parquet(frame, **how):
    buffer = io.BytesIO()
    frame.to_parquet(buffer, **how)
    return buffer.getvalue()


def refusal(text, name="h.csv", **form):
    with pytest.raises(HistoryError) as raised:
        read(text, name, **form)
    return raised.value


def test_dirt_is_left_out_and_counted():
    history = read("time,price\n30,3\n20,2\n20,2.5\n10,1\n0,9\n40,\n50,n/a\n60,-1\n70,7\n80,8\n")
    assert history.times.tolist() == [10, 20, 30, 70, 80]
    assert history.prices[[0, 2, 3]].tolist() == [1, 3, 7]
    assert history.dropped == 5


def test_newest_first_is_turned_round():
    history = read("time,price\n3,30\n2,20\n1,10\n")
    assert history.times.tolist() == [1, 2, 3]
    assert history.prices.tolist() == [10, 20, 30]


@pytest.mark.parametrize(
    "times",
    [
        ["2025-01-01", "2025-01-02", "2025-01-03"],
        ["2025-01-01T00:00:00Z", "2025-01-02T00:00:00+00:00", "2025-01-03T01:00:00+01:00"],
        ["1735689600", "1735776000.0", "1735862400"],
    ],
)
def test_times_are_dates_in_utc_or_unix_seconds(times):
    rows = "".join(f"{time},{price}\n" for time, price in zip(times, (1, 2, 3), strict=True))
    assert read("time,price\n" + rows).times.tolist() == [1735689600, 1735776000, 1735862400]


def test_columns_are_named_by_the_book_and_scaled_by_its_decimals():
    text = "\ufeff,round,answer,start,update\n0,9,229750276106,1,1706558123\n1,8,229738000000,2,5\n"
    history = read(text, time="update", price="answer", decimals="8")
    assert history.prices.tolist() == [2297.38, 2297.50276106]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_parquet_times_are_read_in_any_resolution_from_column_or_index(unit):
    moments = pd.to_datetime([1, 2, 3], unit="s", utc=True).astype(f"datetime64[{unit}, UTC]")
    frame = pd.DataFrame({"close": [1.0, 2.0, 3.0]}, index=pd.Index(moments, name="timestamp"))
    for data in (parquet(frame), parquet(frame.reset_index())):
        history = read(data, "h.parquet", time="timestamp", price="close")
        assert history.times.tolist() == [1, 2, 3]
        assert history.prices.tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("text", "form", "key", "value", "bound", "hint"),
    [
        ("time,prize\n1,2\n2,3\n", {}, "history.price", "price", "is no column of the file.",
         'Did you mean "prize"?'),
        ("date,price\n1,2\n2,3\n", {"time": "when"}, "history.time", "when",
         "is no column of the file.", "Known: date, price."),
        ("time,price,price\n1,2,3\n2,3,4\n", {}, "history.price", "price",
         "is the name of several columns.", ""),
        ("time,price\n1700000000000,2\n1700000001000,3\n", {}, "history.time", "time",
         "must hold Unix seconds or dates.",
         "They look like milliseconds or finer; divide them in the file."),
        ("time,price\nnow,2\ntoday,3\n", {}, "history.time", "time",
         "must hold Unix seconds or dates such as 2025-12-31.",
         "Name the column under history: {time: …}."),
        ("time,price\n1,up\n2,down\n", {}, "history.price", "price",
         "is a column without a single number.", "Name the column under history: {price: …}."),
        ("time,price\n1,2\n", {}, "file", "h.csv", "has 1 usable rows of 1; a history needs two.",
         "Check that the columns are those of time and answer."),
        ("time,price\n1,1\n2,1\n3,x\n4,x\n5,x\n", {}, "file", "h.csv",
         "has 3 unusable rows of 5.", "Check that the columns are those of time and answer."),
        ("time,price\n1,1,1\n", {}, "file", "h.csv", None, ""),
        ("", {}, "file", "h.csv", None, ""),
    ],
)  # fmt: skip
def test_a_file_that_is_no_history_is_refused_with_what_to_do(
    *, text, form, key, value, bound, hint
):
    error = refusal(text, **form)
    assert (error.key, error.value, error.hint) == (key, value, hint)
    assert error.bound == (bound or error.bound)


def test_what_is_neither_csv_nor_parquet_is_refused():
    assert refusal("{}", "h.json").bound == "must be a .csv or .parquet file to be a history."
    assert refusal("PAR1 is not enough", "h.parquet").bound.startswith("is not Parquet: ")
    assert refusal(b"time,price\n\xff,1\n").bound.startswith("is not CSV: ")


def test_the_number_of_rows_is_bounded_before_parquet_is_unfolded(monkeypatch):
    monkeypatch.setattr(histories, "MAX_ROWS", 3)
    rows = pd.DataFrame({"time": range(1, 5), "price": [1.0] * 4})
    assert "at most 3 rows" in refusal(parquet(rows), "h.parquet").bound
    assert "at most 3 rows" in refusal(rows.to_csv(index=False)).bound


def test_a_faulty_history_is_told_at_the_books_own_line(tmp_path):
    history = HISTORY.replace("price", "answer")
    book = swap(BOOK, HISTORY_SHA256, hashlib.sha256(history.encode()).hexdigest())
    with pytest.raises(InvalidInputError) as raised:
        load_book(write_book(tmp_path, book, history=history))
    (problem,) = raised.value.problems
    assert problem.place.line == line_of(book, "bill-prices:")
    assert problem.field == "sources.bill-prices.history.price"
    assert problem.hint == "Known: answer, time."


@needs_data
def test_real_rounds_load_without_timestamp_zero_and_repeated_rounds():
    data = (DATA / "chainlink-rounds" / "eth_usd.csv").read_bytes()
    history = read(data, "eth_usd.csv", time="update", price="answer", decimals="8")
    assert (history.times.size, history.dropped) == (11_101, 6)
    assert np.all(np.diff(history.times) > 0)
    assert 1_000 < np.median(history.prices) < 3_000


@needs_data
def test_real_rounds_with_numbered_columns_load():
    data = (DATA / "chainlink-rounds" / "eth_btc.csv").read_bytes()
    history = read(data, "eth_btc.csv", time="3", price="1", decimals="8")
    assert history.times.size > 800


@needs_data
def test_a_real_parquet_with_its_time_in_the_index_loads():
    data = (DATA / "usdc-depeg" / "kraken_usdc_usd_1min.parquet").read_bytes()
    history = read(data, "kraken.parquet", time="timestamp", price="low")
    assert history.prices.min() == 0.8740
