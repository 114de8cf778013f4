"""How `compare` prints a comparison: what holds first, then the tables."""

from typing import Any

from audits.benchmark.comparison import Comparison, TableRow, table_rows
from audits.benchmark.comparison_cautions import cautions_on, mark
from audits.benchmark.conclusions import conclusions
from audits.benchmark.versions import version_named
from pipelines.cli.output import CLEANED, ORIGINAL, UNREVIEWED, number, print_table, say

#: Flips that a table names before it only counts them.
_FLIPS_SHOWN = 10

#: Rows of scores by slice that are printed.
_SLICES_SHOWN = 200

_NOTES = {
    "common": "items in both versions: the numbers differ by labels alone",
    "all": "all items of each version: the numbers also differ by which items are in",
    "relabelled": "only the items whose label changed",
}


def print_comparison(compared: Comparison, metrics: list[str], item_sets: list[str]) -> None:
    """Print which conclusions hold, then a table a metric and item set with the flips named."""
    _print_head(compared)
    for metric in metrics:
        _print_conclusions(compared, metric)
        for item_set in item_sets:
            _print_table(compared, metric, item_set)


def _print_head(compared: Comparison) -> None:
    before, after = (compared.versions[v] for v in compared.pair)
    new = after.version
    left = ", ".join(f"{n} {reason.replace('_', ' ')}" for reason, n in after.left_out.items())
    several = f", {after.several} with several right labels" if after.several else ""
    counts = new == "corrected" and compared.policy in ("strict", "set-valued")
    rule = f"; consensus {compared.agree} of {compared.verdicts_per_item}" if counts else ""
    say(
        f"{compared.dataset}: {before.items} items under original labels, {after.items} under {new} labels",
        f"  {after.relabelled} relabelled{several}, {sum(after.left_out.values())} left out"
        + (f" ({left})" if left else "")
        + (f", {after.pending} pending" if version_named(new).reviewed else "")
        + f"{rule}; policy {compared.policy}",
    )
    if not version_named(new).reviewed:
        say(f"  UNREVIEWED: nobody has looked at the items that {new} leaves out")
    for line in compared.cautions:
        say(f"  caution: {line}")


def _print_conclusions(compared: Comparison, metric: str) -> None:
    # an unreviewed version changes no label: on the common items both are equal by construction
    items = "common" if version_named(compared.pair[1]).reviewed else "all"
    found = conclusions(compared, items, metric)
    cautions = cautions_on(compared, metric)
    width = max(len(c.about) for c in found)
    n = f"{compared.common} common items" if items == "common" else "all items of each version"
    say(f"\nWhat holds, by {metric} on {n} (95 %, {compared.replicates} resamples):")
    for line in cautions:
        say(f"  caution: {line}")
    for c in found:
        say(f"  {c.about:<{width}}  {mark(c, compared, doubtful=bool(cautions)):<8}  {c.words}")


def _print_table(compared: Comparison, metric: str, item_set: str) -> None:
    new = compared.pair[1]
    mark, colour = ("", CLEANED) if version_named(new).reviewed else (" (unreviewed)", UNREVIEWED)
    rows = table_rows(compared, item_set, metric)
    n, before_n = (rows[0].n, rows[0].original_n) if rows else (0, 0)
    sizes = f"n = {n}" if n == before_n else f"n = {before_n}, then {n}"
    print_table(
        f"\n{metric} on {item_set} items ({sizes}): {_NOTES[item_set]}",
        ["model", "original", "rank", f"{new}{mark}", "95 %", "rank ", "ranks", "change", "95 % "],
        [_cells(r) for r in rows],
        text=["model"],
        styles=["", ORIGINAL, ORIGINAL, colour, colour, colour, colour],
    )
    for reason in dict.fromkeys(r.reason for r in rows if r.reason):
        say(f"  -: {reason}")
    turned = [f for f in compared.flips.to_pylist() if f["items"] == item_set and f["metric"] == metric]
    for f in turned[:_FLIPS_SHOWN]:
        sure = "" if f["p_flip"] is None else f" (in {_percent(f['p_flip'])} of resamples)"
        say(f"  flip: {f['now_ahead']} passes {f['was_ahead']}{sure}")
    if len(turned) > _FLIPS_SHOWN:
        say(f"  and {len(turned) - _FLIPS_SHOWN} more flips; --json lists them all")
    if not turned and any(r.delta is not None for r in rows):
        say("  no pair of models changes places")


def _cells(r: TableRow) -> list[str]:
    return [
        r.model,
        number(r.original),
        str(r.original_rank or "-"),
        number(r.corrected),
        _ends(r.corrected_interval),
        str(r.corrected_rank or "-"),
        "-" if r.corrected_ranks is None else f"{r.corrected_ranks[0]}-{r.corrected_ranks[1]}",
        number(r.delta, sign=True),
        _ends(r.delta_interval, sign=True),
    ]


def _ends(ends: tuple[float, float] | None, *, sign: bool = False) -> str:
    return "-" if ends is None else f"{number(ends[0], sign=sign)} to {number(ends[1], sign=sign)}"


def _percent(share: float) -> str:
    # 99.96 % must not read as certain
    return f"{min(share, 0.999):.1%}" if share < 1 else "all"


def print_slices(compared: Comparison, metric: str) -> None:
    """Print the scores by slice, a row a slice and model."""
    rows = [r for r in compared.slices.to_pylist() if r["metric"] in (metric, "accuracy")]
    chosen = metric if any(r["metric"] == metric for r in rows) else "accuracy"
    by = rows[0]["by"] if rows else "slice"
    rows = [r for r in rows if r["metric"] == chosen]
    _print_slice_rows(f"\n{chosen} by {by}, all items of each version", by, rows, compared.pair)
    for s in compared.spread.to_pylist():
        if s["version"] == compared.pair[1]:
            worst = "" if s["worst"] is None else _worst(s)
            say(
                f"  {s['model']}: MacroStd {number(s['macro_std'])}, by chance {number(s['baseline'])} "
                f"(p {number(s['p_value'], 3)}){worst}"
            )


def print_frozen(rows: list[dict[str, Any]], pair: tuple[str, str]) -> None:
    """Print the accuracy on frozen slices, a row a slice and model; nothing where there is none."""
    if rows:
        _print_slice_rows("\naccuracy on frozen slices", "slice", rows, pair)


def _print_slice_rows(title: str, by: str, rows: list[dict[str, Any]], pair: tuple[str, str]) -> None:
    by_place = {(r["slice"], r["model"], r["version"]): r for r in rows}
    places = dict.fromkeys((s, m) for s, m, _ in by_place)
    cells = []
    for slice_, model in places:
        was, now = (by_place[slice_, model, v] for v in pair)
        delta = None if was["value"] is None or now["value"] is None else now["value"] - was["value"]
        ends = None if now["low"] is None else (now["low"], now["high"])
        values = [number(was["value"]), number(now["value"]), _ends(ends), number(delta, sign=True)]
        cells.append([slice_, model, *values, str(now["n"])])
    more, cells = len(cells) - _SLICES_SHOWN, cells[:_SLICES_SHOWN]
    print_table(
        title,
        [by, "model", "original", pair[1], "95 %", "change", "n"],
        cells,
        text=[by, "model"],
        styles=["", "", ORIGINAL, CLEANED, CLEANED],
    )
    if more > 0:
        say(f"  and {more} more rows; --json lists them all")


def _worst(spread: dict[str, Any]) -> str:
    return f"; worst group {spread['worst']}: {number(spread['worst_accuracy'])} of {spread['worst_n']} items"
