"""The charts of a comparison and of a review, what they are drawn from, and what they are saved as."""

from __future__ import annotations

from audits.report.confusion_chart import confusion_chart
from audits.report.crossing_rows import MarkedCrossing
from audits.report.deltas import Delta, deltas
from audits.report.effort_chart import effort_chart
from audits.report.prevalence_curves import Line, prevalence_curves
from audits.report.rank_change import RankedModel, rank_change
from audits.report.reliability import BinnedConfidence, Calibration, reliability
from audits.report.saving import png_data_uri, save, svg_data_uri, svg_markdown, to_png, to_svg
from audits.report.subject import Subject
from audits.report.trend_chart import trend_chart
from audits.report.yield_chart import yield_chart

__all__ = [
    "BinnedConfidence",
    "Calibration",
    "Delta",
    "Line",
    "MarkedCrossing",
    "RankedModel",
    "Subject",
    "confusion_chart",
    "deltas",
    "effort_chart",
    "png_data_uri",
    "prevalence_curves",
    "rank_change",
    "reliability",
    "save",
    "svg_data_uri",
    "svg_markdown",
    "to_png",
    "to_svg",
    "trend_chart",
    "yield_chart",
]
