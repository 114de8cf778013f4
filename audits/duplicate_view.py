"""The pairs of duplicates of the last run, both items side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from audits.errors import UsageError
from audits.item_view import plain_value
from audits.stored import DUPLICATES, load_items
from audits.table_store import TableStore


def duplicate_rows(
    tables: TableStore, *, conflicts_only: bool = False, limit: int | None = None
) -> list[dict[str, Any]]:
    """Pairs of duplicates as plain rows: those whose labels differ first, exact ones first, then the nearest.

    Parameters
    ----------
    tables : TableStore
    conflicts_only : bool
        Leave out pairs with one label.
    limit : int, optional
        How many rows at the most.

    Returns
    -------
    list of dict
        `item_id`, `other_id`, `features`, `exact`, `distance` (0 of exact ones), `conflict`; of both items the label
        (class ids in `label` and `other_label`, in words in `label_name` and `other_label_name`), the split (or None)
        and the content that a reviewer sees (`content`, `other_content`).

    Raises
    ------
    UsageError
        When the dataset was never run, or its duplicates were not looked for.
    """
    lineage = tables.current_ref("findings").lineage()
    table = _pairs(tables, lineage)
    if conflicts_only:
        table = table.filter(table["conflict"])
    distance = table["distance"].to_numpy()
    exact, conflict = (np.asarray(pc.cast(table[c], "int8")) for c in ("exact", "conflict"))
    order = np.lexsort((distance, -exact, -conflict))[:limit]
    items = load_items(tables, lineage)
    content = items.content_by_id

    def seen(item_id: str) -> Any:
        row = content.slice(items.rows[item_id], 1).to_pylist()[0]
        return plain_value({k: v for k, v in row.items() if k != "item_id"})

    return [
        {
            "item_id": r["item_id"],
            "other_id": r["other_id"],
            "features": r["features"],
            "exact": r["exact"],
            "distance": r["distance"],
            "conflict": r["conflict"],
            "label": items.classes.id_of(r["label"]),
            "label_name": items.classes.display(r["label"]),
            "split": r["split"],
            "content": seen(r["item_id"]),
            "other_label": items.classes.id_of(r["other_label"]),
            "other_label_name": items.classes.display(r["other_label"]),
            "other_split": r["other_split"],
            "other_content": seen(r["other_id"]),
        }
        for r in table.take(order).to_pylist()
    ]


def duplicate_counts(tables: TableStore) -> dict[str, int]:
    """How many pairs the last run found: `pairs`, `exact`, `conflicts` and `across`, the conflicts between two splits.

    Raises
    ------
    UsageError
        As `duplicate_rows` does.
    """
    table = _pairs(tables, tables.current_ref("findings").lineage())
    apart = pc.and_(
        table["conflict"], pc.fill_null(pc.not_equal(table["split"], table["other_split"]), False)
    )
    counted = {"exact": table["exact"], "conflicts": table["conflict"], "across": apart}
    return {"pairs": table.num_rows, **{name: pc.sum(c).as_py() or 0 for name, c in counted.items()}}


def _pairs(tables: TableStore, lineage: Mapping[str, str]) -> pa.Table:
    if DUPLICATES not in lineage:
        raise UsageError(
            f"dataset {tables.dataset!r}: no duplicates were looked for; that takes 'features' in the YAML and the "
            "audit 'duplicate_conflicts'"
        )
    return tables.read(DUPLICATES, lineage[DUPLICATES])
