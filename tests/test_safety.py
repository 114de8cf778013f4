"""What our own code may not call: nothing that comes in is run, unpickled, or passed to a shell."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

#: Calls that run, or make objects of, what they are given.
FORBIDDEN = {
    "eval",
    "exec",
    "compile",
    "__import__",
    "os.system",
    "os.popen",
    "pickle.load",
    "pickle.loads",
    "dill.load",
    "cloudpickle.load",
    "joblib.load",
    "marshal.load",
    "marshal.loads",
    "shelve.open",
    "runpy.run_path",
    "torch.load",
    "tempfile.mktemp",
    "yaml.load_all",
    "yaml.unsafe_load",
    "yaml.full_load",
    "pandas.read_pickle",
    "pd.read_pickle",
    "xml.etree.ElementTree.parse",
}

#: Modules that there is no need of at all.
MODULES = {"pickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "xml", "telnetlib", "ftplib"}

#: Loaders of YAML that build whatever the text names; ours is a subclass of `yaml.SafeLoader`.
LOADERS = {f"yaml.{c}{name}" for c in ("", "C") for name in ("Loader", "UnsafeLoader", "FullLoader")}

#: What is allowed where it stands, by file and call, and why. Nothing is so far.
ALLOWED: dict[tuple[str, str], str] = {}

FILES = sorted(p for tree in ("audits", "assets", "pipelines") for p in (REPOSITORY / tree).rglob("*.py"))


def problems_of(source: str, name: str = "x.py") -> list[str]:
    """Everything in a module that is not allowed, with its line."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [(node, f"import {a.name}") for a in node.names if a.name.split(".")[0] in MODULES]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in MODULES:
            found.append((node, f"import {node.module}"))
        elif isinstance(node, ast.Attribute) and ast.unparse(node) in LOADERS:
            found.append((node, ast.unparse(node)))
        elif isinstance(node, ast.Call):
            found += [(node, what) for what in _problems_of_call(node)]
    return [f"{name}:{node.lineno}: {what}" for node, what in found if (name, what) not in ALLOWED]


def _problems_of_call(call: ast.Call) -> list[str]:
    called = ast.unparse(call.func)
    given = {k.arg: ast.unparse(k.value) for k in call.keywords}
    problems = []
    if called in FORBIDDEN or called == "yaml.load":
        problems.append(called)
    if called in ("np.load", "numpy.load") and given.get("allow_pickle") != "False":
        problems.append("np.load without allow_pickle=False")
    if given.get("allow_pickle", "False") != "False":
        problems.append("allow_pickle")
    if given.get("shell", "False") != "False":
        problems.append("shell")
    if called.endswith("extractall"):
        problems.append("extractall")
    if given.get("verify") == "False":
        problems.append("verify=False")
    return problems


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(REPOSITORY)))
def test_nothing_that_comes_in_is_run(path: Path) -> None:
    assert problems_of(path.read_text(encoding="utf-8"), path.relative_to(REPOSITORY).as_posix()) == []


@pytest.mark.parametrize(
    "source",
    [
        "eval('1')",
        "exec(x)",
        "import pickle",
        "from pickle import loads",
        "yaml.load(x)",
        "yaml.load(x, Loader=yaml.Loader)",
        "yaml.unsafe_load(x)",
        "class Own(yaml.FullLoader): pass",
        "np.load(x)",
        "np.load(x, allow_pickle=True)",
        "np.load(x, allow_pickle=flag)",
        "np.lib.format.read_array(f, allow_pickle=True)",
        "subprocess.run(x, shell=True)",
        "subprocess.Popen(x, shell=flag)",
        "os.system(x)",
        "tar.extractall(x)",
        "requests.get(x, verify=False)",
    ],
)
def test_the_test_finds_it(source: str) -> None:
    assert problems_of(source)


@pytest.mark.parametrize(
    "source",
    [
        "np.load(x, allow_pickle=False)",
        "yaml.safe_load(x)",
        "subprocess.run([x])",
        "re.compile(x)",
        "json.loads(x)",
    ],
)
def test_the_test_lets_be_what_is_safe(source: str) -> None:
    assert problems_of(source) == []


def test_every_exception_is_needed() -> None:
    for file, called in ALLOWED:
        assert any(called == ast.unparse(n.func) for n in _calls(REPOSITORY / file)), (
            f"{file} calls {called} no more"
        )


def _calls(path: Path) -> list[ast.Call]:
    return [n for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.Call)]
