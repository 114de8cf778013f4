"""What a fault looks like, where that is cheap to see and certain: ids written in another way, logits, percentages."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import PurePosixPath

import pyarrow as pa
import pyarrow.compute as pc

from audits.errors import SHOWN, first_few, plain

#: How many unknown ids are compared with those of the items, and how many pairs are shown.
_LOOKED_AT, _PAIRS = 1000, 3

#: How much of a label is shown beside its number, in characters.
_LABEL = 60

#: Ends of files that an id may have in one table and lack in another are of so many letters at most.
_ENDING = re.compile(r"\.[a-z][a-z0-9]{0,4}$")


def other_forms(unknown: list[str], known: list[str]) -> str:
    """Ids of a file beside those of the items that seem to be the same, written in another way.

    Parameters
    ----------
    unknown : list of str
        Ids that are no items.
    known : list of str
        Ids of the items.

    Returns
    -------
    str
        In words; empty when none resembles any.

    Examples
    --------
    >>> other_forms(["01", "02"], ["1", "2"])
    "2 of them are items written in another way: '01' here is '1' in the items file, '02' is '2'"
    """
    found: list[tuple[str, str]] = []
    for form in (_number, _bare):
        times = Counter(form(k) for k in known)
        forms = {form(k): k for k in known}
        asked = Counter(form(u) for u in unknown[:_LOOKED_AT])
        # a form that stands for several ids, here or there, stands for none of them
        found = [(u, forms[f]) for u in unknown[:_LOOKED_AT] if times[f := form(u)] == 1 and asked[f] == 1]
        if found:
            break
    if not found:
        return ""
    (first, second), *more = found[:_PAIRS]
    pairs = [f"{plain(repr(first))} here is {plain(repr(second))} in the items file"]
    pairs += [f"{plain(repr(a))} is {plain(repr(b))}" for a, b in more]
    many = f"{len(found)} of them are items" if len(found) > 1 else "it is an item"
    return f"{many} written in another way: {', '.join(pairs)}"


def _number(id_: str) -> str:
    """An id without what a table of numbers adds or takes away: zeros in front, `.0` behind, blanks, case."""
    text = id_.strip().strip("\"'").casefold()
    text = re.sub(r"(?<=\d)\.0+$", "", text)
    return text.lstrip("0") or "0" if text.isdecimal() else text


def _bare(id_: str) -> str:
    """An id that is a path without its folders and the ending of its file."""
    return _number(_ENDING.sub("", PurePosixPath(id_.strip().replace("\\", "/")).name.casefold()))


def unknown_ids(rows: pa.Table) -> str:
    """What unknown ids look like, for a table in the schema `contracts.OUTPUT_ROWS`."""
    known = rows["known"]
    ids = rows["item_id"]
    return other_forms(
        ids.filter(pc.invert(known)).drop_null().to_pylist()[:_LOOKED_AT],
        ids.filter(known).drop_null().to_pylist(),
    )


def scale(rows: pa.Table) -> str:
    """What probabilities that do not sum to 1 look like, for a table in the schema `contracts.OUTPUT_ROWS`.

    Only when more than half of the rows are so: a broken row or two may be anything.
    """
    there = [pc.is_valid(rows[c]) for c in ("min", "max", "sum")]
    finite = rows.filter(pc.and_(pc.and_(there[0], there[1]), there[2]))
    n = finite.num_rows

    def most(mask: pa.Array) -> bool:
        return bool(2 * (pc.sum(mask).as_py() or 0) > n)

    if not n:
        return ""
    low, high, total = finite["min"], finite["max"], finite["sum"]
    if pc.max(high).as_py() <= 0 and most(pc.less(low, 0)):
        return "no value is above 0: these look like logarithms of probabilities; give their exponentials"
    if pc.min(low).as_py() >= 0 and most(pc.less(pc.abs(pc.subtract(total, 100.0)), 1.0)):
        return "rows sum to 100: these look like percentages; divide them by 100"
    beyond = pc.or_(pc.less(low, -0.01), pc.greater(high, 1.01))
    if most(pc.and_(beyond, pc.greater(pc.abs(pc.subtract(total, 1.0)), 0.01))):
        return "values below 0 or above 1 in most rows: these look like logits; give their softmax"
    return ""


def labels_at_fault(table: pa.Table) -> str:
    """How many labels are missing and which unknown ones are how frequent, where there are more than a message names.

    Parameters
    ----------
    table : pyarrow.Table
        With the columns `label` (class index, null where it is in no class) and `given_label` (as the file has it).
    """
    bad = table["given_label"].filter(table["label"].is_null()).to_pylist()
    if len(bad) <= SHOWN:
        return ""
    counts = Counter(v for v in bad if v)
    missing = sum(not v for v in bad)
    parts = [f"{missing} missing or blank"] if missing else []
    if counts:
        # cut here, so that a long label leaves room for its number
        named = first_few([f"{plain(repr(v[:_LABEL]))} x {c}" for v, c in counts.most_common()])
        parts.append(f"{len(counts)} that no class has: {named}")
    return "; ".join(parts)
