"""Pictures in one style, by matplotlib, the same bytes for the same values.

A chart is a function that paints a figure; `draw` gives it the style and takes the SVG. Text is
drawn as outlines, so that a picture looks the same where its fonts are missing.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from datetime import UTC
from typing import Any, Final

import matplotlib as mpl
from cycler import cycler
from matplotlib import dates
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

BLUE: Final = "#0072B2"
ORANGE: Final = "#D55E00"
GREEN: Final = "#009E73"
PURPLE: Final = "#CC79A7"
YELLOW: Final = "#E69F00"
SKY: Final = "#56B4E9"
GREY: Final = "#8C959F"
INK: Final = "#1B1F24"

SERIES: Final = (BLUE, ORANGE, GREEN, PURPLE, YELLOW, SKY)
"""Told apart by every common form of colour blindness (Okabe and Ito 2008)."""

Paint = Callable[[Figure], None]
"""What puts a picture on a figure."""

_STYLE: Final[dict[str, Any]] = {
    "axes.axisbelow": True,
    "axes.edgecolor": GREY,
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.prop_cycle": cycler(color=list(SERIES)),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "figure.facecolor": "white",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "grid.color": "#E6EAEE",
    "grid.linewidth": 0.7,
    "legend.frameon": False,
    "lines.linewidth": 1.4,
    "svg.fonttype": "path",
    "svg.hashsalt": "paramgen",
    "xtick.color": INK,
    "ytick.color": INK,
}


def draw(paint: Paint, *, width: float = 9.0, height: float = 3.6) -> str:
    """Return the SVG of what `paint` puts on a figure of so many inches."""
    buffer = io.BytesIO()
    settings: dict[Any, Any] = dict(mpl.rcParamsDefault)
    settings.update(_STYLE, backend="agg")
    with mpl.rc_context(settings):
        figure = Figure(figsize=(width, height), layout="constrained")
        paint(figure)
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue().decode()


def in_days(seconds: NDArray[Any]) -> NDArray[Any]:
    """Unix seconds as matplotlib counts time."""
    days: NDArray[Any] = seconds / 86_400.0
    return days


def time_axis(axes: Axes) -> None:
    """Label the horizontal axis, in `in_days`, by dates in UTC as coarse as the span asks."""
    locator = dates.AutoDateLocator(tz=UTC)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator, tz=UTC))


def shade(
    axes: Axes, spans: Iterable[tuple[float, float]], label: str, colour: str = ORANGE
) -> None:
    """Shade spans of the horizontal axis under one legend entry."""
    for index, (start, end) in enumerate(spans):
        axes.axvspan(
            start, end, color=colour, alpha=0.15, lw=0, label=label if index == 0 else None
        )
