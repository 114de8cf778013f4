"""Bad input in the rows of files of verdicts that people or programs send back."""

from __future__ import annotations

import csv
from typing import Any

from tests.bad_input.answers import BACK, BAD, csv_of, rows, verdict_case
from tests.bad_input.case import Case
from tests.conftest import MadeUp

_UNKNOWN = "unknown decision {}; the nearest is {} (of keep, relabel, multiple, none, unsure, unusable)"


def _changed_since(zoo: MadeUp) -> None:
    csv_of({}, {}, {}, {})(zoo)
    back = zoo.root / "back.csv"
    table = zoo.items()
    texts = ["another text" if i == "zoo-000" else t for i, t in zip(*_columns(table), strict=True)]
    good = zoo.root / "datasets" / "zoo" / "items.parquet"
    kept = good.read_bytes()
    zoo.write_items(table.set_column(2, "text", [texts]))
    zoo.ok("run", "zoo")
    good.write_bytes(kept)
    lines = back.read_text().splitlines(keepends=True)
    back.write_text("".join(lines[:2]))


def _columns(table: Any) -> tuple[list[str], list[str]]:
    return table["item_id"].to_pylist(), table["text"].to_pylist()


def _of_another_dataset(zoo: MadeUp) -> None:
    zoo.add("ark", models=2)
    zoo.ok("run", "ark")
    zoo.ok("verdicts", "export", "ark", str(zoo.root / "queue.csv"))
    with (zoo.root / "queue.csv").open(newline="") as f:
        first = next(iter(csv.DictReader(f)))
    (zoo.root / "back.csv").write_text(
        f"item_id,question,decision,reviewer\n{first['item_id']},{first['question']},keep,bob\n"
    )


def _already_sent(zoo: MadeUp) -> None:
    csv_of({"client_id": "tablet-1"})(zoo)
    zoo.ok("verdicts", "import", "zoo", str(zoo.root / "back.csv"))
    csv_of({"client_id": "tablet-1", "decision": "unsure"})(zoo)


def _twice(zoo: MadeUp) -> None:
    csv_of({})(zoo)
    back = zoo.root / "back.csv"
    lines = back.read_text().splitlines(keepends=True)
    back.write_text("".join([*lines, lines[1].replace("keep", "unsure")]))


def _sixty_rows(zoo: MadeUp) -> None:
    answer = rows(zoo, {"decision": "kep"})[0]
    line = ",".join(answer[c] for c in ("item_id", "question", "decision", "reviewer"))
    (zoo.root / "back.csv").write_text("item_id,question,decision,reviewer\n" + f"{line}\n" * 60)


CASES: tuple[Case, ...] = (
    verdict_case(
        "unknown-question",
        "a question that was never asked",
        csv_of({"question": "0" * 32}),
        "verdicts",
        BAD + f"question '{'0' * 32}' is not known to the review store",
    ),
    verdict_case(
        "other-item",
        "the question of another item",
        csv_of({"item_id": "zoo-999"}),
        "verdicts",
        BAD + "question {any} is about item 'zoo-000', not 'zoo-999'",
    ),
    verdict_case(
        "other-dataset",
        "the queue of another dataset",
        _of_another_dataset,
        "verdicts",
        BAD + "question {any} belongs to dataset 'ark', not 'zoo'",
    ),
    verdict_case(
        "outdated",
        "an item whose content changed since the export",
        _changed_since,
        "verdicts",
        BAD
        + "question {any} is no longer current: the label or content of item 'zoo-000', or the class list, "
        "changed since the export; export again",
    ),
    verdict_case(
        "unknown-decision",
        "a decision that there is not",
        csv_of({"decision": "kep"}),
        "verdicts",
        BAD + _UNKNOWN.format("'kep'", "'keep'"),
    ),
    verdict_case(
        "no-decision",
        "labels, but no decision",
        csv_of({"decision": "", "labels": "ant"}),
        "verdicts",
        BAD + "no decision; expected one of keep, relabel, multiple, none, unsure, unusable",
    ),
    verdict_case(
        "relabel-without",
        "relabelled, without a label",
        csv_of({"decision": "relabel"}),
        "verdicts",
        BAD + "'relabel' needs exactly one label, got 0",
    ),
    verdict_case(
        "relabel-unknown",
        "relabelled to a class that there is not",
        csv_of({"decision": "relabel", "labels": "catle"}),
        "verdicts",
        BAD + "unknown label 'catle'; the nearest is {any}",
    ),
    verdict_case(
        "relabel-given",
        "relabelled to the given label",
        csv_of({"decision": "relabel", "labels": "bee"}),
        "verdicts",
        BAD + "'relabel' to 'bee', which is the given label; that is 'keep'",
    ),
    verdict_case(
        "relabel-several",
        "relabelled to several labels",
        csv_of({"decision": "relabel", "labels": "ant|cow"}),
        "verdicts",
        BAD + "'relabel' needs exactly one label, got 2",
    ),
    verdict_case(
        "multiple-one",
        "several labels announced, one given",
        csv_of({"decision": "multiple", "labels": "ant"}),
        "verdicts",
        BAD + "'multiple' needs at least two labels, got 1",
    ),
    verdict_case(
        "multiple-twice",
        "several labels, twice the same",
        csv_of({"decision": "multiple", "labels": "ant|ant"}),
        "verdicts",
        BAD + "'multiple' repeats a label",
    ),
    verdict_case(
        "keep-with-label",
        "kept, with a label",
        csv_of({"labels": "cow"}),
        "verdicts",
        BAD + "'keep' takes no labels, got 1",
    ),
    verdict_case(
        "no-reviewer",
        "nobody who decided",
        csv_of({"reviewer": " "}),
        "verdicts",
        BAD + "no reviewer; fill in the column or name one for the whole file",
    ),
    verdict_case(
        "seconds-and-time",
        "seconds, times and several faults of a row",
        csv_of(
            {"seconds": "long", "decided_at": "yesterday"},
            {"seconds": "-1"},
            {"seconds": "1e999"},
            {"decided_at": "2026-01-02T03:04:05"},
        ),
        "verdicts",
        BACK + ": 4 bad rows; nothing was stored\n"
        "  - line 2: 'seconds' must be a number of at least 0, got 'long'\n"
        "  - line 2: 'decided_at' must be ISO 8601 with a time zone, got 'yesterday'\n"
        "  - line 3: 'seconds' must be a finite number of at least 0, got -1.0\n"
        "  - line 4: 'seconds' must be a finite number of at least 0, got inf\n"
        "  - line 5: 'decided_at' has no time zone: 2026-01-02T03:04:05",
    ),
    verdict_case(
        "client-id-twice",
        "a client id given twice",
        csv_of({"client_id": "tablet-1"}, {"client_id": "tablet-1"}),
        "verdicts",
        BACK + ": 1 bad row; nothing was stored\n  - line 3: the client_id of line 2 again",
    ),
    verdict_case(
        "client-id-stored",
        "a client id that is stored with another verdict",
        _already_sent,
        "verdicts",
        BAD + "client_id 'tablet-1' is stored with another verdict",
    ),
    verdict_case(
        "answered-twice",
        "a question that its reviewer answers twice",
        _twice,
        "verdicts",
        BACK + ": 1 bad row; nothing was stored\n  - line 3: 'bob' answers this question on line 2 already",
    ),
    verdict_case(
        "comment-too-long",
        "a comment of 10 MB",
        csv_of({"comment": "x" * 10_485_760}),
        "verdicts",
        BAD + "the comment has 10485760 characters; at most 10000 are stored",
    ),
    verdict_case(
        "many-bad-rows",
        "sixty bad rows: fifty are named",
        _sixty_rows,
        "verdicts",
        BACK
        + ": 60 bad rows; nothing was stored\n  - line 2: "
        + _UNKNOWN.format("'kep'", "'keep'")
        + "{any}\n"
        "  - line 51: " + _UNKNOWN.format("'kep'", "'keep'") + "\n  - ... and 10 more problems",
    ),
    verdict_case(
        "formula-as-decision",
        "a cell that a spreadsheet made a formula of",
        csv_of({"decision": "=CONCAT(A1)", "labels": "#NAME?"}),
        "verdicts",
        BAD + _UNKNOWN.format("'=CONCAT(A1)'", "{any}"),
    ),
)
