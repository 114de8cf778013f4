"""What another server, or a broken one, answers. The real one is asked in test_serve.py."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from audits.errors import AuditError
from pipelines.up.webserver import answers, check_loaded, graphql, reload_definitions


@pytest.fixture
def server():
    """A server that answers everything with one text, which a test sets."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = self.server.text.encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as found:
        found.text = ""
        found.url = f"http://127.0.0.1:{found.server_port}"
        thread = threading.Thread(target=found.serve_forever, args=(0.01,))
        thread.start()
        yield found
        found.shutdown()
        thread.join()


@pytest.mark.parametrize("text", ["", "<html>", "[]", "{}"])
def test_another_server_is_not_dagsters(server, text):
    server.text = text
    assert not answers(server.url)


def test_dagsters_is_known_also_where_a_proxy_is_named(server, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    server.text = '{"dagster_webserver_version": "1"}'
    assert answers(server.url)


def test_nobody_there(server):
    server.shutdown()
    server.server_close()
    assert not answers(server.url)
    with pytest.raises(AuditError, match="does not answer"):
        graphql(server.url, "{version}")


@pytest.mark.parametrize("answer", [{"errors": [{"message": "no such field"}]}, {"data": None}, []])
def test_an_answer_without_data_is_refused(server, answer):
    server.text = json.dumps(answer)
    with pytest.raises(AuditError, match="refused a query"):
        graphql(server.url, "{version}")


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        (None, "no definitions"),
        ({"__typename": "ReloadNotSupported", "message": "m"}, "ReloadNotSupported: m"),
        ({"__typename": "WorkspaceLocationEntry", "locationOrLoadError": None}, "still being loaded"),
        (
            {
                "__typename": "WorkspaceLocationEntry",
                "locationOrLoadError": {"__typename": "PythonError", "message": "ImportError: x"},
            },
            "ImportError: x",
        ),
    ],
)
def test_definitions_that_do_not_load_are_told(server, entry, says):
    for key, ask in {
        "reloadRepositoryLocation": reload_definitions,
        "workspaceLocationEntryOrError": check_loaded,
    }.items():
        server.text = json.dumps({"data": {key: entry}})
        with pytest.raises(AuditError, match=says):
            ask(server.url)
