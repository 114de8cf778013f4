"""What the environment holds in secret is in no output, no log and no file of the workspace."""

from urllib.parse import quote

import pytest

SECRET = "s3same-0pen/8@x"  # noqa: S105  made up, and looked for

#: What is called with the secret in the environment: whatever looks at, writes or tells anything.
COMMANDS = (
    ("run", "zoo"),
    ("status", "--json"),
    ("doctor", "--json"),
    ("compare", "zoo"),
    ("verdicts", "export", "zoo", "{root}/queue.jsonl"),
    ("clean",),
    ("backup", "{root}/backup.tar"),
)

HOOK = "alerts: {webhooks: [{url_env: LABELAUDIT_TEST_URL}]}\n"
STORE = "review_store: {url_env: LABELAUDIT_TEST_URL}\n"
RECORDS = "dagster_storage: {url_env: LABELAUDIT_TEST_URL}\n"


def found_in(root, texts, settings):
    """Where the secret is: outputs, and files of the workspace but those that a person wrote."""
    spelled = [s.encode() for s in (SECRET, quote(SECRET, safe=""), SECRET.split("/")[0])]
    places = [f"output of {name}" for name, text in texts.items() if any(s in text.encode() for s in spelled)]
    for path in root.rglob("*"):
        if path.is_file() and path not in settings and any(s in path.read_bytes() for s in spelled):
            places.append(str(path.relative_to(root)))
    return places


@pytest.mark.parametrize(
    ("settings", "yaml", "url"),
    [
        ("", HOOK, "http://127.0.0.1:1/" + quote(SECRET)),
        ("", HOOK, "htps://[" + SECRET),
        (STORE, "", f"postgresql://ann:{quote(SECRET, safe='')}@127.0.0.1:1/reviews"),
        (STORE, "", "postgresql//ann:" + SECRET),
        (STORE, "", f"mysql://ann:{SECRET}@127.0.0.1/x"),
        (STORE, "", f"postgresql://ann:{SECRET}@[::1/x?sslmode=perhaps"),
        (RECORDS, "", f"postgresql+psycopg2://ann:{quote(SECRET, safe='')}@127.0.0.1:1/records"),
        (RECORDS, "", "postgresql//ann:" + SECRET),
    ],
)
def test_a_secret_of_the_environment_stays_there(settings, yaml, url, made_up, monkeypatch, caplog, capfd):
    caplog.set_level("DEBUG")
    made_up.add(yaml=yaml)
    written = made_up.root / "labelaudit.yaml"
    if settings:
        written.write_text(settings)
    monkeypatch.setenv("LABELAUDIT_TEST_URL", url)
    texts = {}
    # Dagster tries long to reach a database that is not there
    for words in COMMANDS[:2] if settings == RECORDS else COMMANDS:
        done = made_up.call(*(w.replace("{root}", str(made_up.root)) for w in words))
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        assert done.exit_code in (0, 1, 2)
        texts[" ".join(words)] = done.output
    if settings:  # or it was not read at all, and nothing could leak
        assert any(words in texts["run zoo"] for words in ("review store", "dagster", "labelaudit.yaml")), (
            texts["run zoo"]
        )
    texts["log"] = caplog.text
    texts["the process"] = "".join(capfd.readouterr())
    assert found_in(made_up.root, texts, ()) == []


@pytest.mark.parametrize(
    "settings",
    [
        f"review_store: {{url: 'postgresql://ann:{SECRET}@host/x'}}\n",
        f"review_store: {{url_env: 'postgresql://ann:{SECRET}@host/x'}}\n",
        f"dagster_storage: {{url: 'postgresql://host/x?user=ann&password={SECRET}'}}\n",
        f"review_store: 'postgresql://ann:{SECRET}@host/x'\n",
        f"review_store: [url, 'postgresql://ann:{SECRET}@host/x'\n",
        f"database: {{url: 'postgresql://ann:{SECRET}@host/x'}}\n",
    ],
)
def test_a_secret_in_the_wrong_place_is_not_repeated(settings, made_up):
    made_up.add()
    written = made_up.root / "labelaudit.yaml"
    written.write_text(settings)
    texts = {}
    for words in (("status",), ("doctor",), ("run", "zoo")):
        done = made_up.call(*words)
        assert done.exit_code in (1, 2), words
        texts[words[0]] = done.output
    assert found_in(made_up.root, texts, (written,)) == []
