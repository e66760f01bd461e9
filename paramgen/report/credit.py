"""Pictures and page of a calibration of defaults and losses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from paramgen.calibrate.credit import GradesFit, PanelFit
from paramgen.report import charts
from paramgen.report.page import Page, Picture, Section, Table, Warnings


def grades_page(fit: GradesFit, facts: Sequence[tuple[str, str]]) -> Page:
    """The page of a fit to counts by grade."""
    picture = Picture(
        "Default rate a year by grade: counted with its 90 % interval over blocks of years, fitted "
        "on the grade's rank, and the bounds that a book may use.",
        charts.draw(lambda figure: _paint_grades(figure, fit), height=4.2),
    )
    columns = (
        "grade", "obligor-years", "defaults", "dispersion", "rate", "90 % interval", "smoothed",
        "credible bound", "most prudent",
    )  # fmt: skip
    rows = tuple(
        (
            grade.grade, f"{grade.obligors:.0f}", f"{grade.defaults:.0f}",
            f"{grade.dispersion:.2f}", _percent(grade.rate.value),
            f"{_percent(grade.rate.lower)} – {_percent(grade.rate.upper)}",
            _percent(grade.smoothed), _percent(grade.credible), _percent(grade.prudent),
        )
        for grade in fit.grades
    )  # fmt: skip
    table = Table("Default probability over one year", columns, rows)
    sections = (Section("Grades", blocks=(*_warned(fit.warnings), picture, table)),)
    summary = f"Log-odds of default rise by {fit.slope:.2f} a grade's standard deviation."
    return Page("Default probability from counts", summary, tuple(facts), sections)


def panel_page(fit: PanelFit, facts: Sequence[tuple[str, str]]) -> Page:
    """The page of a fit to a panel."""
    picture = Picture(
        "Reliability out of sample: what obligors left out of the fit were predicted and what "
        "became of them, in ten bins with 90 % limits. A calibrated model follows the line.",
        charts.draw(lambda figure: _paint_reliability(figure, fit), width=6.0, height=4.6),
    )
    rows = [("intercept", _interval(fit.intercept), "", "")]
    rows += [
        (w.name, _interval(w.coefficient), f"{w.mean:.4g}", f"{w.deviation:.4g}")
        for w in fit.weights
    ]
    table = Table(
        "Coefficients of the log-odds with 90 % intervals over obligors",
        ("signal", "coefficient", "signal's mean", "signal's deviation"),
        tuple(rows),
    )
    sections = (Section("Signals", blocks=(*_warned(fit.warnings), table, picture)),)
    summary = (
        f"{fit.observations} rows, mean outcome {_percent(fit.base_rate)}; squared error out of "
        f"sample {fit.error:.4g} against {fit.error_of_mean:.4g} of the mean alone."
    )
    return Page("Signal weights from a panel", summary, tuple(facts), sections)


def _warned(lines: tuple[str, ...]) -> tuple[Warnings, ...]:
    return (Warnings(lines),) if lines else ()


def _percent(value: float) -> str:
    return f"{100.0 * value:.3g} %"


def _interval(bound: object) -> str:
    value, lower, upper = (getattr(bound, part) for part in ("value", "lower", "upper"))
    return f"{value:.4g} ({lower:.4g} – {upper:.4g})"


def _paint_grades(figure: Figure, fit: GradesFit) -> None:
    axes = figure.subplots()
    at = np.arange(len(fit.grades))
    rate = np.array([grade.rate.value for grade in fit.grades])
    low = np.array([grade.rate.lower for grade in fit.grades])
    high = np.array([grade.rate.upper for grade in fit.grades])
    reach = np.abs(np.vstack([rate - low, high - rate]))
    axes.errorbar(at, rate, yerr=reach, fmt="o", capsize=4, label="counted, 90 % interval")
    axes.plot(at, [grade.fitted for grade in fit.grades], color=charts.GREY, label="logit on rank")
    marks = (("smoothed", "s"), ("credible", "^"), ("prudent", "v"))
    for offset, (name, mark) in enumerate(marks, start=1):
        values = [getattr(grade, name) for grade in fit.grades]
        axes.plot(at + 0.08 * offset, values, mark, label=name, color=charts.SERIES[offset])
    axes.set_yscale("log")
    axes.set_xticks(at, [grade.grade for grade in fit.grades])
    axes.set_ylabel("default probability a year")
    axes.legend()


def _paint_reliability(figure: Figure, fit: PanelFit) -> None:
    axes = figure.subplots()
    predicted = np.array([each.predicted for each in fit.bins])
    observed = np.array([each.observed for each in fit.bins])
    lower = observed - np.array([each.lower for each in fit.bins])
    upper = np.array([each.upper for each in fit.bins]) - observed
    top = 1.05 * float(max((observed + upper).max(), predicted.max()))
    axes.plot([0.0, top], [0.0, top], color=charts.GREY, label="predicted = observed")
    reach = np.maximum(np.vstack([lower, upper]), 0.0)
    axes.errorbar(predicted, observed, yerr=reach, fmt="o", capsize=3, label="bins, 90 % limits")
    axes.set_xlabel("predicted out of sample")
    axes.set_ylabel("observed")
    axes.legend()
