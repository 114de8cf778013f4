"""Rows as JSON and as tables."""

from __future__ import annotations

import json
import math

from benchmarks.detection.rows import DIFFERENCE, Row, as_json, markdown, read_rows


def test_json_holds_and_tables_show_them(tmp_path):
    rows = [
        Row("a", "worse", "average_precision", 0.25, 0.2, 0.3),
        Row("a", "better", "average_precision", 0.5, 0.4, 0.6),
        Row("a", "better", "auroc", math.nan, math.nan, math.nan),
        Row("planted-x-pair-5", "ours_0", "average_precision", 0.9, 0.8, 1.0),
        Row("planted-x-pair-5", "ours_0", DIFFERENCE, 0.1, -0.05, 0.2),
    ]
    path = tmp_path / "rows.json"
    path.write_text(as_json(rows))
    written = json.loads(path.read_text())
    assert set(written[0]) == {"dataset", "method", "metric", "value", "low", "high"}
    assert written[2]["value"] is None
    assert as_json(read_rows(path)) == as_json(rows)
    table = markdown(rows)
    assert table.index("better") < table.index("worse")
    assert "0.500 [0.400, 0.600]" in table
    assert "0.100 [-0.050, 0.200]" in table
