"""The audit graph of a dataset as a Mermaid flow chart, from Dagster's own graph."""

import tempfile
from pathlib import Path

_SAMPLE = """\
items: {path: items.parquet}
classes: [a, b]
annotations: {path: annotations.csv}
"""


def graph_mermaid() -> str:
    """The audit graph of a dataset with annotations, as a Mermaid flow chart: assets, checks, dependencies."""
    from pipelines.definitions import build

    with tempfile.TemporaryDirectory() as folder:
        datasets = Path(folder) / "datasets"
        datasets.mkdir()
        (datasets / "NAME.yaml").write_text(_SAMPLE)
        graph = build(Path(folder)).resolve_asset_graph()
    checks: dict[str, list[str]] = {}
    for check in sorted(graph.asset_check_keys, key=lambda c: c.name):
        blocking = graph.get_check_spec(check).blocking if hasattr(graph, "get_check_spec") else None
        checks.setdefault(check.asset_key.path[-1], []).append(check.name + (" (blocks)" if blocking else ""))
    lines = ["flowchart LR"]
    for key in graph.toposorted_asset_keys:
        name = key.path[-1]
        below = "".join(f"<br/><i>check: {c}</i>" for c in checks.get(name, []))
        shape = f'(["{name}"])' if not graph.get(key).is_materializable else f'["{name}{below}"]'
        lines.append(f"    {name}{shape}")
    for key in graph.toposorted_asset_keys:
        lines += [f"    {p.path[-1]} --> {key.path[-1]}" for p in sorted(graph.get(key).parent_keys)]
    return "\n".join(lines)


def readme_with_graph(text: str) -> str:
    """A text with the Mermaid block replaced by the graph as it is now."""
    start = text.index("```mermaid\n") + len("```mermaid\n")
    end = text.index("\n```", start)
    return text[:start] + graph_mermaid() + text[end:]
