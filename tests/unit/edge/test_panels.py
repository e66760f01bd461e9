"""Counts and panels from files: every wrong cell named by line and column, nothing guessed."""

import io

import numpy as np
import pandas as pd
import pytest

from paramgen.edge.panels import PanelColumns, read_bytes, read_counts, read_panel
from paramgen.errors import InvalidInputError

COUNTS = b"year,A obligors,A defaults,Bobligors,Bdefaults\n1999,10,0,8,2\n2000,12,1,9,3\n"
PANEL = b"obligor,coverage,note,lost\nx,1.0,a,0\ny,0.4,b,1\nx,,c,0\nz,0.9,d,\n"
COLUMNS = PanelColumns("lost", "obligor", ("coverage",))


def test_counts_keep_the_files_order_of_grades_and_its_periods():
    found = read_counts(COUNTS, "counts.csv")
    assert found.grades == ("A", "B")
    assert found.periods == ("1999", "2000")
    assert found.obligors.tolist() == [[10.0, 8.0], [12.0, 9.0]]
    assert found.defaults.tolist() == [[0.0, 2.0], [1.0, 3.0]]


def test_a_panel_leaves_out_rows_with_an_empty_cell_and_counts_them():
    found, dropped = read_panel(PANEL, "panel.csv", COLUMNS)
    assert dropped == 2
    assert found.outcome.tolist() == [0.0, 1.0]
    assert found.values[:, 0].tolist() == [1.0, 0.4]
    assert found.obligors.tolist() == [0, 1]


def test_parquet_is_read_as_csv_is():
    frame = pd.DataFrame(
        {"obligor": ["x", "y", "x"], "coverage": [1.0, 0.4, np.nan], "lost": [0, 1, 0]}
    )
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    found, dropped = read_panel(buffer.getvalue(), "panel.parquet", COLUMNS)
    assert (found.outcome.tolist(), dropped) == ([0.0, 1.0], 1)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (
            COUNTS.replace(b"12,1", b"12,13"),
            ["csv:3  A defaults", "must not exceed A obligors"],
        ),
        (COUNTS.replace(b"10,0", b"10.5,0"), ["counts.csv:2  A obligors", "whole number"]),
        (COUNTS.replace(b"8,2", b"8,-2"), ["counts.csv:2  Bdefaults", "whole number"]),
        (
            COUNTS.replace(b"9,3", b"nine,3"),
            ['csv:3  Bobligors = "nine"', "must be a number"],
        ),
        (COUNTS.replace(b"9,3", b",3"), ["counts.csv:3  Bobligors", "must be a number"]),
        (COUNTS.replace(b"Bdefaults", b"Bfailed"), ["B defaults", "is not in the file"]),
        (b"time,price\n1,2\n", ["has no columns such as", "--outcome"]),
        (b"", ["cannot be read"]),
        (b"A obligors,A obligors\n1,1\n", ["is the name of several columns"]),
    ],
)
def test_counts_name_what_is_wrong_with_them(data, words):
    with pytest.raises(InvalidInputError) as caught:
        read_counts(data, "counts.csv")
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (PANEL.replace(b"0.4,b,1", b"0.4,b,2"), ['panel.csv:3  lost = "2"', "[0, 1]"]),
        (
            PANEL.replace(b"0.4,b", b"much,b"),
            ['csv:3  coverage = "much"', "must be a number"],
        ),
        (PANEL.replace(b"0.4,b", b"inf,b"), ["panel.csv:3  coverage", "must be a number"]),
        (PANEL.replace(b"coverage", b"coverge"), ['column = "coverage"', 'Did you mean "coverge"']),
        (b"obligor,coverage,lost\nx,,1\n", ["no row without an empty cell"]),
    ],
)
def test_a_panel_names_what_is_wrong_with_it(data, words):
    with pytest.raises(InvalidInputError) as caught:
        read_panel(data, "panel.csv", COLUMNS)
    for word in words:
        assert word in str(caught.value)


def test_all_problems_are_told_at_once():
    bad = COUNTS.replace(b"12,1", b"x,13").replace(b"8,2", b"8,9")
    with pytest.raises(InvalidInputError) as caught:
        read_counts(bad, "counts.csv")
    assert len(caught.value.problems) == 2


def test_a_file_of_another_kind_or_none_is_refused(tmp_path):
    with pytest.raises(InvalidInputError, match=r"\.csv or \.parquet"):
        read_counts(COUNTS, "counts.xlsx")
    with pytest.raises(InvalidInputError, match="cannot be read"):
        read_bytes(tmp_path / "absent.csv")
