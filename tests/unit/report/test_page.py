"""Pages carry what they are given, escaped, and load nothing; pictures repeat to the byte."""

import re

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from paramgen.report import charts
from paramgen.report.page import Page, Picture, Section, Table, Warnings, html, is_number, rows


def page(**changes):
    given = {"title": "Backtest", "summary": "All well.", "facts": (), "sections": ()} | changes
    return Page(**given)


def paint(figure):
    axes = figure.subplots()
    times = np.linspace(1.678e9, 1.679e9, 50)
    axes.plot(charts.in_days(times), np.sin(times / 1e5), label="price")
    charts.shade(axes, [(19_424.0, 19_425.0), (19_426.0, 19_427.0)], "paused")
    charts.time_axis(axes)
    axes.legend()


HOSTILE = '<script>alert("1")</script>&'


@pytest.mark.parametrize(
    "hostile",
    [
        page(title=HOSTILE),
        page(summary=HOSTILE),
        page(facts=((HOSTILE, HOSTILE),)),
        page(sections=(Section(HOSTILE, (HOSTILE,)),)),
        page(sections=(Section("s", blocks=(Table(HOSTILE, (HOSTILE,), ((HOSTILE,),)),)),)),
        page(sections=(Section("s", blocks=(Warnings((HOSTILE,)),)),)),
        page(sections=(Section("s", blocks=(Picture(HOSTILE, HOSTILE),)),)),
    ],
)
def test_no_text_of_a_page_becomes_markup(hostile):
    text = html(hostile)
    assert "<script" not in text
    assert HOSTILE not in text


def test_a_page_loads_nothing_from_elsewhere():
    picture = Picture("a sine", charts.draw(paint))
    text = html(page(sections=(Section("s", blocks=(picture,)),)))
    sources = re.findall(r'(?:src|href)="([^"]*)"', text)
    assert sources
    assert all(source.startswith("data:image/svg+xml;base64,") for source in sources)
    assert "default-src 'none'" in text


def test_a_picture_repeats_to_the_byte_and_ignores_local_settings():
    first = charts.draw(paint)
    with mpl.rc_context({"lines.linewidth": 9, "font.size": 30, "svg.fonttype": "none"}):
        assert charts.draw(paint) == first
    assert "dc:date" not in first


def test_drawing_leaves_the_callers_settings_alone():
    before = dict(mpl.rcParams)
    charts.draw(paint)
    assert dict(mpl.rcParams) == before


def test_a_shade_of_many_spans_has_one_entry_in_the_legend():
    figure = Figure()
    paint(figure)
    labels = figure.axes[0].get_legend_handles_labels()[1]
    assert labels.count("paused") == 1


def test_a_row_of_the_wrong_length_is_refused():
    with pytest.raises(ValueError, match="2 cells in 1 columns"):
        Table("t", ("a",), (("1", "2"),))


@pytest.mark.parametrize("cell", ["12", "−3.5 %", "+4 bp", "≥ 0.99", "0"])
def test_numbers_are_told_from_words(cell):
    assert is_number(cell)


def test_a_unit_that_begins_with_a_digit_is_no_number():
    assert not is_number("1/s")
    assert is_number("1/2")


def test_a_heading_stands_above_its_numbers():
    table = Table("t", ("field", "before", "unit"), (("ltv", "80", "%"), ("rate", "", "1/s")))
    assert table.heads == (("field", False), ("before", True), ("unit", False))
    assert Table("t", ("a",), ()).heads == (("a", False),)


@given(st.text(alphabet=st.characters(categories=["L"])))
def test_words_are_no_numbers(cell):
    assert not is_number(cell)


def test_cells_without_a_value_are_empty():
    assert rows([[1, None, "x"]]) == (("1", "", "x"),)
