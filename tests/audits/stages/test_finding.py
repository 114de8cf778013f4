"""The findings that signals and verdicts come to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from audits.errors import StoreError, UsageError
from audits.evidence.estimate import LEAST_VERDICTS, Reviewed, with_verdicts, without_verdicts
from audits.evidence.ranking import rank_findings
from audits.ingest.groups import groups_of
from audits.review.questions import questions_of
from audits.review.records import Mark, NewVerdict
from audits.review.store import ReviewStore
from audits.stages.finding import findings
from audits.stages.graph import STAGES, stages_of
from audits.stages.signalling import detector_inputs
from audits.stages.store_mark import mark
from audits.stored import load_items, load_signals
from audits.work import Outcome, Work
from audits.workspace import Workspace

N = 160


class ManyItems:
    """A dataset with items enough to learn from verdicts: two models, subjects, and guesses that came with the data."""

    name = "many"

    def __init__(self, root: Path) -> None:
        (root / "datasets").mkdir(parents=True)
        self.workspace, self.nights = Workspace(root), 0
        rng = np.random.default_rng(4)
        self.truth = rng.integers(3, size=N)
        self.wrong = rng.random(N) < 0.25
        self.given = np.where(self.wrong, (self.truth + 1) % 3, self.truth)
        self.texts = [f"text {i}" for i in range(N)]
        self.subjects = [f"s{i % 8}" for i in range(N)]
        self.guesses: list[str | None] = [
            "cdh"[t] if w else None for t, w in zip(self.truth, self.wrong, strict=True)
        ]
        self.items: dict[str, Any] = {"path": "items.parquet"}
        self.audits: dict[str, Any] = {"confident_learning": {}, "model_agreement": {}}
        self.review: dict[str, Any] = {"verdicts_per_item": 1, "agree": 1}
        self.models = []
        for name, sure in (("first", 2.0), ("second", 1.0)):
            logits = rng.normal(size=(N, 3))
            logits[np.arange(N), self.truth] += sure
            probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
            table = {"item_id": [f"i{i}" for i in range(N)], **{c: probs[:, k] for k, c in enumerate("cdh")}}
            pq.write_table(pa.table(table), self.workspace.datasets_dir / f"{name}.parquet")
            outputs = {"kind": "dense", "path": f"{name}.parquet"}
            self.models.append({"name": name, "out_of_sample": True, "outputs": outputs})

    def write(self) -> None:
        table = {
            "item_id": [f"i{i}" for i in range(N)],
            "label": ["cdh"[g] for g in self.given],
            "text": self.texts,
            "subject": self.subjects,
            "guess": pa.array(self.guesses, pa.string()),
        }
        pq.write_table(pa.table(table), self.workspace.datasets_dir / "items.parquet")
        config = {
            "items": self.items,
            "classes": ["c", "d", "h"],
            "models": self.models,
            "audits": self.audits,
            "review": self.review,
        }
        (self.workspace.datasets_dir / f"{self.name}.yaml").write_text(json.dumps(config))

    def work(self, store: ReviewStore, **options: Any) -> Work:
        return Work(self.workspace, self.name, run_id=f"run{self.nights}", store=store, **options)

    def night(self, store: ReviewStore, **options: Any) -> Outcome:
        """Run the stages up to the findings, whose outcome it gives."""
        self.nights += 1
        self.write()
        for name in stages_of(self.workspace.dataset(self.name)):
            with self.work(store, **options) as work:
                outcome = STAGES[name](work)
            if name == "findings":
                return outcome
        raise AssertionError("no findings")

    def say(self, store: ReviewStore, rows, *, found=None) -> None:
        """Store one verdict on each of these items: what people find, or the truth."""
        items, _ = self.loaded()
        questions = questions_of(items.items, self.name, items.classes)
        found = self.wrong if found is None else found
        store.add_verdicts(
            [
                NewVerdict(f"v{r}", questions[r], "ann", "relabel", ("cdh"[self.truth[r]],))
                if found[r]
                else NewVerdict(f"v{r}", questions[r], "ann", "keep")
                for r in map(int, rows)
            ]
        )

    def loaded(self):
        tables = self.workspace.tables(self.name)
        return load_items(tables, tables.current_ref("findings").lineage()), tables

    def table(self) -> pa.Table:
        _, tables = self.loaded()
        return tables.read("findings", tables.current()["findings"].version)

    def expected(self, reviewed: Reviewed | None = None, *, suggestion=False, groups=()) -> pa.Table:
        """The findings, computed at once from what lies in the tables."""
        items, tables = self.loaded()
        lineage = tables.current_ref("findings").lineage()
        whole = detector_inputs(tables, lineage)
        codes = {g: groups_of(items.further[g]).codes for g in groups}
        inputs = type(whole)(
            whole.item_ids,
            whole.labels,
            whole.n_classes,
            whole.outputs,
            suggestions=whole.suggestions if suggestion else None,
            groups=codes,
        )
        signals = load_signals(tables, lineage)
        known = (
            without_verdicts(inputs, signals)
            if reviewed is None
            else with_verdicts(inputs, signals, reviewed)
        )
        config = self.workspace.dataset(self.name).config
        return rank_findings(items.items, signals, items.classes, config.audits, known)


@pytest.fixture
def many(tmp_path) -> ManyItems:
    return ManyItems(tmp_path / "many")


@pytest.fixture
def reviews(many):
    with ReviewStore(many.workspace.store_url) as opened:
        yield opened


def test_findings_are_those_of_the_signals_and_models_whatever_was_kept(many, reviews):
    outcome = many.night(reviews)
    assert outcome.recomputed
    assert many.table().equals(many.expected())
    many.given[3] = (many.given[3] + 1) % 3
    assert many.night(reviews).recomputed
    assert many.table().equals(many.expected())


def test_before_there_are_enough_verdicts_they_change_nothing(many, reviews):
    many.night(reviews)
    before = many.table()
    many.say(reviews, range(LEAST_VERDICTS - 1))
    outcome = many.night(reviews)
    assert not outcome.recomputed
    assert outcome.facts["verdicts learned from"] == 0
    assert many.table().equals(before)
    assert before["probability"].null_count == before["held_out"].null_count == N


def test_from_enough_verdicts_on_findings_are_learned_from_them(many, reviews):
    many.night(reviews)
    rows = np.random.default_rng(0).permutation(N)
    many.say(reviews, rows[:LEAST_VERDICTS])
    outcome = many.night(reviews)
    assert outcome.recomputed
    assert outcome.facts["verdicts learned from"] == LEAST_VERDICTS
    assert outcome.facts["what counts"][0]["mean log odds"] > 0
    table, first = many.table(), np.sort(rows[:LEAST_VERDICTS])
    assert table["probability"].null_count == table["held_out"].null_count == 0
    assert table.equals(many.expected(Reviewed(first, many.wrong[first], np.ones(len(first)))))
    same = [
        p == h for p, h in zip(table["probability"].to_pylist(), table["held_out"].to_pylist(), strict=True)
    ]
    assert same.count(False) == LEAST_VERDICTS
    assert not many.night(reviews).recomputed
    many.say(reviews, rows[LEAST_VERDICTS : LEAST_VERDICTS + 1])
    again = many.night(reviews)
    assert again.recomputed
    assert again.facts["verdicts learned from"] == LEAST_VERDICTS + 1
    assert not many.table().equals(table)


def test_a_verdict_that_is_withdrawn_is_learned_from_no_more(many, reviews):
    many.night(reviews)
    many.say(reviews, range(LEAST_VERDICTS + 1))
    assert many.night(reviews).facts["verdicts learned from"] == LEAST_VERDICTS + 1
    stored = reviews.verdicts(many.name)
    reviews.withdraw(stored[0].id, "ann", "a slip", "w0")
    outcome = many.night(reviews)
    assert outcome.recomputed
    assert outcome.facts["verdicts learned from"] == LEAST_VERDICTS
    reviews.withdraw(stored[1].id, "ann", "a slip", "w1")
    outcome = many.night(reviews)
    assert outcome.facts["verdicts learned from"] == 0
    assert many.table().equals(many.expected())


def test_a_verdict_on_what_an_item_no_longer_says_is_learned_from_no_more(many, reviews):
    many.night(reviews)
    many.say(reviews, range(60))
    many.night(reviews)
    many.texts[0] = "another text"
    outcome = many.night(reviews)
    assert outcome.recomputed
    assert outcome.facts["verdicts learned from"] == 59


def test_verdicts_of_one_kind_alone_teach_nothing(many, reviews):
    many.night(reviews)
    before = many.table()
    many.say(reviews, range(70), found=np.zeros(N, dtype=bool))
    outcome = many.night(reviews)
    assert outcome.facts["verdicts learned from"] == 0
    assert many.table().equals(before)


def test_another_rule_of_agreement_is_another_result_once_there_are_verdicts(many, reviews):
    many.night(reviews)
    many.review |= {"verdicts_per_item": 2, "agree": 2}
    assert not many.night(reviews).recomputed
    many.say(reviews, range(60))
    assert many.night(reviews).facts["verdicts learned from"] == 0  # one of two verdicts each
    many.review |= {"verdicts_per_item": 1, "agree": 1}
    outcome = many.night(reviews)
    assert outcome.recomputed
    assert outcome.facts["verdicts learned from"] == 60


def test_groups_count_where_the_yaml_names_them(many, reviews):
    many.subjects = ["bad" if w and i % 3 else f"s{i % 5}" for i, w in enumerate(many.wrong)]
    many.night(reviews)
    before = many.table()
    many.items["groups"] = ["subject"]
    assert many.night(reviews).recomputed
    assert many.table().equals(many.expected(groups=["subject"]))
    assert not many.table().equals(before)
    many.subjects[0] = "another"
    assert many.night(reviews).recomputed
    assert many.table().equals(many.expected(groups=["subject"]))
    del many.items["groups"]
    many.night(reviews)
    assert many.table().equals(before)


def test_a_suggestion_counts_where_its_audit_is_switched_on(many, reviews):
    many.items["suggestion"] = "guess"
    many.night(reviews)
    before = many.table()
    assert before.equals(many.expected())
    many.audits["suggestion"] = {}
    assert many.night(reviews).recomputed
    found = many.table()
    assert found.equals(many.expected(suggestion=True))
    assert found["score"].to_pylist() != before["score"].to_pylist()
    many.guesses = [None] * N
    assert many.night(reviews).recomputed
    assert many.table().equals(many.expected(suggestion=True))


def test_settings_of_audits_and_outputs_of_models_are_looked_at(many, reviews):
    many.night(reviews)
    many.audits["confident_learning"] = {"min_model_share": 1.0}
    assert many.night(reviews).recomputed
    assert many.table().equals(many.expected())
    many.models = many.models[:1]
    assert many.night(reviews).recomputed
    assert many.table().equals(many.expected())


def test_in_one_run_findings_are_made_once_and_planning_makes_none(many, reviews):
    first = many.night(reviews)
    with many.work(reviews) as work:
        again = findings(work)
    assert again.version == first.version
    assert not again.recomputed
    assert not many.night(reviews).recomputed
    assert many.night(reviews, force=True).recomputed


def test_a_store_that_holds_less_than_was_found_is_an_error_unless_all_is_made_anew(many, reviews):
    many.night(reviews)
    many.say(reviews, range(60))
    with many.work(reviews) as work:
        assert mark(work) == reviews.marks(many.name)[many.name]
        assert mark(work).verdicts == 60
    with many.work(reviews) as work:
        STAGES["review_queue"](work)
    many.night(reviews)
    with ReviewStore(f"sqlite:///{many.workspace.root}/empty.sqlite") as empty, many.work(empty) as work:
        with pytest.raises(StoreError):
            findings(work)
        work.force = True
        assert mark(work) == Mark()


@pytest.mark.parametrize("what", ["models", "audits"])
def test_without_signals_nothing_is_flagged(full, store, what):
    if what == "models":
        full.models = []
    else:
        full.more["audits"] = {}
    full.write()
    outcomes = full.run(store)
    assert (outcomes["signals"].facts["rows"], outcomes["signals"].facts["flagged"]) == (0, [])
    assert (outcomes["findings"].facts["items"], outcomes["findings"].facts["flagged"]) == (12, 0)
    assert outcomes["findings"].facts["flag rate"] == 0
    table = full.tables.read("findings", full.versions()["findings"])
    assert table["score"].null_count == (12 if what == "models" else 0)
    sources = [row["source"] for row in outcomes["findings"].facts["what counts"]]
    assert sources == ([] if what == "models" else ["what the models say"])


def test_the_findings_in_words_for_a_page(full, store):
    facts = full.run(store, force=True)["findings"].facts
    assert (facts["flagged"], facts["items"], facts["flag rate"]) == (2, 12, pytest.approx(2 / 12))
    assert {r["item_id"] for r in facts["likeliest errors"][:2]} == {"i1", "i5"}
    assert {r["given"] for r in facts["likeliest errors"]} <= set("cdh")


def test_before_there_is_anything_to_look_at(small):
    small.write()
    with pytest.raises(UsageError, match="has no table 'signals' yet"):
        findings(small.work())
