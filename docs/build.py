"""Write the pages that follow from the code.

`python docs/build.py` rewrites them; a test fails when one is not what it would write.
"""

import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
if str(DOCS) not in sys.path:  # loaded by a test, not run as a script
    sys.path.append(str(DOCS))


def pages() -> dict[Path, str]:
    """All pages that follow from the code, by path."""
    from reference.commands import commands_page
    from reference.configuration import configuration_page, schema_file, workspace_page
    from reference.errors import errors_page
    from reference.graph import readme_with_graph
    from reference.tables import tables_page

    readme = DOCS.parent / "README.md"
    written = {
        DOCS / "commands.md": commands_page(),
        DOCS / "configuration.md": configuration_page(),
        DOCS / "dataset.schema.json": schema_file(),
        DOCS / "workspace.md": workspace_page(),
        DOCS / "errors.md": errors_page(),
        DOCS / "tables.md": tables_page(),
        readme: readme_with_graph(readme.read_text(encoding="utf-8")),
    }
    if (DOCS / "bad_input.py").exists():
        from bad_input import bad_input_page

        written[DOCS / "bad-input.md"] = bad_input_page()
    return written


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{path.name}\n")
