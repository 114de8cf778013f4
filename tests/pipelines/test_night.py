"""A night with the real daemon: ticks, verdicts that come in, gates that do not hold, broken data, alerts.

Everything is one story, since `labelaudit up` and the minutes between two ticks are what takes the time.
"""

import csv
import http.server
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections import Counter

import dagster as dg
import pyarrow as pa
import pytest

from assets.naming import LAUNCHED_BY, REASON, key
from audits.alerts.journal import Journal
from audits.stages.graph import SCORING, STAGES
from pipelines.instance import open_instance
from pipelines.schedules import schedule_name
from pipelines.up.record import read_record, record_path
from pipelines.up.webserver import graphql
from tests.conftest import CLASSES
from tests.pipelines.conftest import FROM_VERDICTS
from tests.pipelines.up.conftest import eventually, living

YAML = """\
schedule: {cron: "* * * * *"}
review: {verdicts_per_item: 1, agree: 1, rescore: {after_verdicts: 3, quiet_minutes: 600}}
gates: {max_flag_rate: 0.01}
alerts:
  webhooks:
    - {url_env: NIGHT_JSON, format: json}
    - {url_env: NIGHT_SLACK, format: slack}
"""
GATE = "zoo: gate does not hold: comparison:gate_max_flag_rate"
WARNS = "zoo: check failed: model_outputs_candidate:usable"
BROKEN = "zoo: check failed: items_candidate:valid"

#: Stages that every audit of this dataset materializes.
ALL = set(STAGES) - {"annotations_candidate", "features_candidate"}

#: A tick comes every minute, a sensor looks every 30 s, and a busy machine takes its time to start a run.
PATIENCE = 150

FRESHNESS = "{ assetNodes { assetKey { path } freshnessStatusInfo { freshnessStatus } } }"
CHECKS = """{ assetNodes { assetKey { path } assetChecksOrError { ... on AssetChecks { checks {
  name executionForLatestMaterialization { status } } } } } }"""


class Night:
    """A served workspace, seen from outside: its instance, its journal of alerts, its page, its tables."""

    def __init__(self, made_up, instance, process, address, posts):
        self.made_up, self.instance, self.process = made_up, instance, process
        self.address, self.posts = address, posts
        self.children = dict(read_record(made_up.workspace).children)

    def until(self, holds):
        """Wait until something holds, while the command goes on."""

        def still():
            assert self.process.poll() is None, "`labelaudit up` has ended"
            return holds()

        return eventually(still, PATIENCE)

    def runs(self, launched_by):
        """Runs that somebody launched, the first first."""
        wanted = dg.RunsFilter(tags={LAUNCHED_BY: launched_by})
        return self.instance.get_runs(filters=wanted)[::-1]

    def ended(self, launched_by, n):
        """The n-th run that somebody launched, once it has ended."""

        def there():
            runs = self.runs(launched_by)
            return runs[n - 1] if len(runs) >= n and runs[n - 1].is_finished else None

        return self.until(there)

    def made(self, run):
        """Stages that materialized in a run."""
        logs = self.instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
        return {e.dagster_event.asset_key.path[-1] for e in logs}

    def latest(self, stage):
        """The latest materialization of a stage, and whether it was a run's."""
        (record,) = self.instance.fetch_materializations(key("zoo", stage), limit=1).records
        metadata = {name: m.value for name, m in record.asset_materialization.metadata.items()}
        return metadata, self.instance.has_run(record.run_id)

    def skipped(self):
        """Reasons of the ticks that launched no run."""
        states = [s for s in self.instance.all_instigator_state() if s.name == schedule_name("zoo")]
        ticks = [t for s in states for t in self.instance.get_ticks(s.instigator_origin_id, s.selector_id)]
        return [t.skip_reason for t in ticks if t.skip_reason]

    def status(self):
        """What the command says of the dataset."""
        (found,) = self.made_up.json("status")["datasets"]
        return found

    def tables(self):
        return {t: ref.version for t, ref in self.made_up.workspace.tables("zoo").current().items()}

    def told(self, *runs):
        """How often each webhook was told what, once the sensor has looked at some runs."""
        journal = Journal(self.made_up.workspace.state / "alerts.jsonl")
        for run in runs:
            self.until(lambda run_id=run.run_id: journal.has_seen(run_id))
        return Counter((hook, said["title" if hook == "/json" else "text"]) for hook, said in self.posts)

    def fresh(self):
        found = graphql(self.address, FRESHNESS)["assetNodes"]
        states = {tuple(n["assetKey"]["path"]): n["freshnessStatusInfo"] for n in found}
        return states["zoo", "comparison"]["freshnessStatus"]

    def checks(self):
        """Every check as Dagster's page shows it beside the latest materialization."""
        nodes = graphql(self.address, CHECKS)["assetNodes"]
        return {
            f"{node['assetKey']['path'][-1]}:{c['name']}": (c["executionForLatestMaterialization"] or {}).get(
                "status"
            )
            for node in nodes
            for c in node["assetChecksOrError"].get("checks", [])
        }


@pytest.fixture
def posts():
    """What two webhooks on this machine got: which one, and what."""
    got = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            got.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield got, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def night(made_up, posts):
    """The zoo, served; whatever is left of it in the end is ended."""
    if not sys.platform.startswith("linux"):
        pytest.skip("reads /proc")
    made_up.add("zoo", yaml=YAML)
    yaml = made_up.yaml("zoo")
    yaml.write_text(
        yaml.read_text().replace("{name: m1, out_of_sample: true", "{name: m1, out_of_sample: false")
    )
    got, receiver = posts
    hooks = {"NIGHT_JSON": f"{receiver}/json", "NIGHT_SLACK": f"{receiver}/slack"}
    command = [sys.executable, "-P", "-c", "from pipelines.cli import main; main()"]
    with tempfile.TemporaryFile() as errors, open_instance(made_up.workspace) as instance:
        process = subprocess.Popen(
            [*command, "-w", str(made_up.root), "up", "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, **hooks},
            cwd=made_up.root,
            start_new_session=True,
            text=True,
        )
        try:
            address = process.stdout.readline().strip()
            errors.seek(0)
            assert address.startswith("http://"), errors.read().decode()
            found = Night(made_up, instance, process, address, got)
            yield found
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
        eventually(lambda: not living(set(found.children.values())))


def test_a_night(night, tmp_path):
    first = _the_first_tick_audits(night)
    _the_next_tick_finds_nothing_changed(night)
    _verdicts_are_observed_and_scored(night, tmp_path)
    _a_gate_is_told_once_however_often_it_fails(night, first)
    _broken_data_is_told_once_and_changes_no_table(night)
    _nothing_outlives_the_command(night)


def _the_first_tick_audits(night):
    run = night.ended("schedule", 1)
    assert run.status == dg.DagsterRunStatus.SUCCESS
    assert run.tags[REASON] == "items: not computed yet"
    assert night.made(run) == ALL
    assert {"items", "findings", "label_versions", "scores", "ranks"} <= set(night.tables())
    # the next tick may have come already
    night.until(lambda: night.status()["last_run"]["status"] in ("done", "unchanged"))
    return run


def _the_next_tick_finds_nothing_changed(night):
    reasons = night.until(night.skipped)
    assert set(reasons) == {"Nothing changed in zoo since it was last audited."}
    for stage in ALL:
        metadata, by_run = night.latest(stage)
        assert (metadata["recomputed"], metadata["parts computed"], by_run) == (False, 0, False), stage
    assert night.latest("scores")[0]["m0: accuracy, original"] == pytest.approx(56 / 60)
    assert night.checks() == {
        "items_candidate:valid": "SUCCEEDED",
        "items_candidate:usable": "SUCCEEDED",
        "model_outputs_candidate:valid": "SUCCEEDED",
        "model_outputs_candidate:usable": "FAILED",
        "comparison:gate_max_flag_rate": "FAILED",
    }
    night.until(lambda: night.fresh() == "HEALTHY")


def _verdicts_are_observed_and_scored(night, tmp_path):
    before = night.latest("scores")[0]["m0: accuracy, corrected"]
    tables = night.tables()
    queue = tmp_path / "queue.csv"
    night.made_up.ok("verdicts", "export", "zoo", str(queue))
    night.made_up.ok("verdicts", "import", "zoo", str(_answered(night.made_up, queue)), "--reviewer", "ann")

    run = night.ended("rescore", 1)
    assert run.status == dg.DagsterRunStatus.SUCCESS
    assert run.tags[REASON] == "4 new verdicts or withdrawals since the last scores"
    assert night.made(run) == set(SCORING)
    (observed,) = night.instance.fetch_observations(key("zoo", "verdicts"), limit=10).records
    assert observed.asset_observation.metadata["new"].value == 4
    after = night.latest("scores")[0]
    assert (before, after["m0: accuracy, corrected"]) == (pytest.approx(56 / 60), 1.0)
    assert after["m0: accuracy, original"] == pytest.approx(56 / 60)
    changed = {t for t, version in night.tables().items() if tables.get(t) != version}
    assert changed <= FROM_VERDICTS
    assert "scores" in changed


def _a_gate_is_told_once_however_often_it_fails(night, first):
    by_hand = night.made_up.call("run", "zoo", "--force", "--wait", "120")
    assert by_hand.exit_code == 3
    assert "4 of 60 items are flagged" in by_hand.stderr
    (again,) = night.runs("command")
    (rescore,) = night.runs("rescore")
    each = {(hook, title): 1 for hook in ("/json", "/slack") for title in (GATE, WARNS)}
    assert night.told(first, rescore, again) == each
    pages = {said["address"] for hook, said in night.posts if hook == "/json"}
    assert pages == {f"{night.address}/runs/{first.run_id}"}


def _broken_data_is_told_once_and_changes_no_table(night):
    tables, items = night.tables(), night.made_up.items()
    runs = len(night.runs("schedule"))
    labels = ["wolf", *items["label"].to_pylist()[1:]]
    night.made_up.write_items(items.set_column(items.column_names.index("label"), "label", pa.array(labels)))

    run = night.ended("schedule", runs + 1)
    assert run.status == dg.DagsterRunStatus.FAILURE
    assert "published" not in night.made(run)
    assert night.made_up.call("run", "zoo", "--wait", "120").exit_code == 2
    assert night.tables() == tables
    night.until(lambda: night.status()["last_run"]["status"] == "failed")
    assert night.status()["items"] == 60
    each = {(hook, title): 1 for hook in ("/json", "/slack") for title in (GATE, WARNS, BROKEN)}
    assert night.told(run, *night.runs("command")) == each
    assert len(night.runs("rescore")) == 1


def _nothing_outlives_the_command(night):
    night.process.send_signal(signal.SIGTERM)
    assert night.process.wait(PATIENCE) == 0
    assert living(set(night.children.values())) == []
    assert not record_path(night.made_up.workspace).exists()


def _answered(made_up, queue):
    """The queue as a person who knows the truth fills it in: the four labels that are wrong."""
    with queue.open(newline="") as f:
        rows = list(csv.DictReader(f))
    right = {item: CLASSES[i % 3] for i, item in enumerate(made_up.items()["item_id"].to_pylist())}
    wrong = [r for r in rows if r["given_label"] != right[r["item_id"]]]
    assert len(wrong) == 4
    for row in wrong:
        row |= {"decision": "relabel", "labels": right[row["item_id"]]}
    with queue.open("w", newline="") as f:
        writer = csv.DictWriter(f, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return queue
