"""`labelaudit up` as it is: Dagster's processes, started and ended."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from audits.errors import AuditError, UsageError
from audits.locks import held, is_held
from pipelines.up.record import lock_path, read_record, record_path
from pipelines.up.serve import up
from pipelines.up.webserver import answers, graphql, review_answers

NIGHTLY = "schedule: {cron: '0 3 * * *'}\n"


@dataclass
class Served:
    """A running `labelaudit up`."""

    process: subprocess.Popen
    root: Path
    address: str
    groups: dict = field(default_factory=dict)

    def ask(self, query):
        return graphql(self.address, query)

    def groups_in_ui(self):
        return {n["groupName"] for n in self.ask("{ assetNodes { groupName } }")["assetNodes"]}

    def told(self):
        return (self.root / "state" / "logs" / "up" / "up.log").read_text()


def command(root, *words):
    return [sys.executable, "-P", "-c", "from pipelines.cli import main; main()", "-w", str(root), *words]


def switch_off(served, schedule):
    where = 'repositorySelector: {repositoryName: "__repository__", repositoryLocationName: "labelaudit"}'
    found = served.ask(
        f"{{ schedulesOrError({where}) {{ ... on Schedules {{ results {{ name scheduleState {{ id }} }} }} }} }}"
    )["schedulesOrError"]["results"]
    (state,) = [s["scheduleState"]["id"] for s in found if s["name"] == schedule]
    done = served.ask(f"mutation {{ stopRunningSchedule(id: {json.dumps(state)}) {{ __typename }} }}")
    assert done["stopRunningSchedule"]["__typename"] == "ScheduleStateResult"


@pytest.fixture
def serve(made_up, processes_of, until):
    """Start the command; whatever a test leaves is ended."""
    started = []

    def begin(*words):
        with tempfile.TemporaryFile() as errors:
            process = subprocess.Popen(
                command(made_up.root, "up", "--port", "0", "--review-port", "0", *words),
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=made_up.root,
                start_new_session=True,
                text=True,
            )
            address = process.stdout.readline().strip()
            errors.seek(0)
            assert address.startswith("http://"), errors.read().decode()
        record = read_record(made_up.workspace)
        served = Served(process, made_up.root, address, dict(record.children))
        started.append(served)
        return served

    yield begin
    for served in started:
        served.process.kill()
        served.process.wait()
        served.process.stdout.close()
        until(lambda s=served: not processes_of(set(s.groups.values())))


def test_serve_notice_changes_start_again_what_dies_and_stop_together(made_up, serve, processes_of, until):
    made_up.add("zoo")
    served = serve()
    assert answers(served.address)
    assert review_answers(read_record(made_up.workspace).review)
    assert served.groups_in_ui() == {"zoo"}
    record = json.loads(record_path(made_up.workspace).read_text())
    assert record["address"] == served.address == f"http://127.0.0.1:{record['port']}"
    assert record["pid"] == served.process.pid
    assert set(record["children"]) == {"code-server", "webserver", "daemon", "review", "guard"}

    # a second one says where the first is
    second = subprocess.run(command(made_up.root, "up"), capture_output=True, text=True)
    assert second.returncode == 2
    assert f"is up already at {served.address}, started by process {record['pid']}" in second.stderr
    assert f"stop it there with Ctrl-C, or end process {record['pid']}" in second.stderr
    assert second.stdout == ""
    doctor = {c["name"]: c for c in json.loads(made_up.call("doctor", "--json").stdout)["checks"]}
    assert doctor["up"]["state"] == "ok"
    assert served.address in doctor["up"]["words"]

    # a dataset that is added shows up, and its schedule is run by the daemon, not only shown by the webserver
    made_up.add("ape", yaml=NIGHTLY)
    until(lambda: served.groups_in_ui() == {"zoo", "ape"})
    until(lambda: "ape.yaml added; the definitions were loaded anew" in served.told())
    until(lambda: "1 of 1 are on" in made_up.call("doctor").stdout)
    switch_off(served, "ape_nightly")
    switched_off = made_up.call("doctor").stdout
    assert "warn   schedule ape_nightly: it was switched off in Dagster's UI" in switched_off
    made_up.yaml("zoo").unlink()
    until(lambda: served.groups_in_ui() == {"ape"})
    until(lambda: "zoo.yaml removed; the definitions were loaded anew" in served.told())
    with made_up.yaml("ape").open("a") as f:
        f.write("alerts: {webhooks: [{url_env: LABELAUDIT_TEST_NO_HOOK}]}\nitemz: {}\n")
    until(
        lambda: "ape.yaml changed; the definitions were loaded anew; ape.yaml is not sound" in served.told()
    )
    until(lambda: read_record(made_up.workspace).webhooks == {"LABELAUDIT_TEST_NO_HOOK": False})

    # a code server that is killed comes again, with definitions for the two others
    os.killpg(served.groups["code-server"], signal.SIGKILL)
    until(lambda: read_record(made_up.workspace).children["code-server"] != served.groups["code-server"])
    served.groups["restarted"] = read_record(made_up.workspace).children["code-server"]
    made_up.add("zoo")
    until(lambda: served.groups_in_ui() == {"zoo", "ape"})
    assert "code-server was ended by signal 9; it is started again" in served.told()

    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait() == 0
    assert not processes_of(set(served.groups.values()))
    assert not record_path(made_up.workspace).exists()
    assert not (made_up.root / "state" / "up").exists()
    assert not answers(served.address)


def test_when_it_is_killed_so_is_everything_it_started(made_up, serve, processes_of, until):
    made_up.add("zoo", yaml=NIGHTLY + "alerts: {webhooks: [{url_env: LABELAUDIT_TEST_NO_HOOK}]}\n")
    served = serve()
    assert read_record(made_up.workspace).webhooks == {"LABELAUDIT_TEST_NO_HOOK": False}
    until(lambda: "LABELAUDIT_TEST_NO_HOOK is not set" in served.told())
    assert len(processes_of(set(served.groups.values()))) == 6, "the code server has a process of its own"
    served.process.kill()
    served.process.wait()
    doctor = made_up.call("doctor")
    assert "up: was killed (process" in doctor.stdout
    assert "FAULT  daemon" in doctor.stdout
    # the next one waits until nothing is left of the first
    again = serve()
    assert not processes_of(set(served.groups.values()))
    assert read_record(made_up.workspace).pid == again.process.pid
    again.process.send_signal(signal.SIGINT)
    assert again.process.wait() == 0


def test_a_process_that_does_not_come_up_is_told_with_its_last_lines(made_up, monkeypatch, processes_of):
    monkeypatch.setattr("pipelines.up.supervisor.CODE_SERVER", "no_such_module")
    told = []
    with pytest.raises(AuditError, match=r"(?s)code-server ended with status 1.*No module named") as e:
        up(made_up.workspace, port=0, on_ready=told.append)
    assert told == []
    assert str(e.value.args[0]).splitlines()[0] in (made_up.root / "state/logs/up/up.log").read_text()
    assert not record_path(made_up.workspace).exists()
    assert not (made_up.root / "state" / "up").exists()


def test_what_is_to_be_done_before_comes_first_and_may_refuse(made_up):
    def sweep(workspace):
        assert workspace.root == made_up.root
        assert is_held(lock_path(workspace))
        raise UsageError("not today")

    with pytest.raises(UsageError, match="not today"):
        up(made_up.workspace, port=0, before_start=sweep)
    assert not is_held(lock_path(made_up.workspace))


def test_a_refusal_names_a_first_one_only_if_it_said_where_it_is(made_up):
    with held(lock_path(made_up.workspace), "up", "taken"):
        refused = subprocess.run(command(made_up.root, "up"), capture_output=True, text=True)
    assert refused.returncode == 2
    assert "is up already by process" in refused.stderr
