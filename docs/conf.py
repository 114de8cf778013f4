"""The docs site: the pages of this folder, the README and the docstrings, built strict and without a network."""

import builtins
import re
import sys
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

DOCS = Path(__file__).resolve().parent
sys.path[:0] = [str(DOCS), str(DOCS.parent)]

from reference.errors import shipped_kinds  # noqa: E402
from reference.mermaid import svg  # noqa: E402

from audits import __version__  # noqa: E402

KINDS = {kind.__name__: kind.code for kind in shipped_kinds()}

project = "labelaudit"
author = "the labelaudit authors"
copyright = "the labelaudit authors, Apache-2.0"
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build", "reference"]
nitpicky = True
# what a parameter or attribute is stands in words ("int32 array, shape (n,)"), which name no class
nitpick_ignore_regex = [("py:class", ".*")]
default_role = "code"  # docstrings put names in single backticks

myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
myst_fence_as_directive = ["mermaid"]

# what a parameter is stands in the docstring, in words: shape, range, units
autodoc_typehints = "none"
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_use_param = False
napoleon_use_rtype = False
# several attributes may share a line, as parameters do
napoleon_custom_sections = [("Attributes", "params_style")]

html_theme = "furo"
html_title = "labelaudit"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
templates_path: list[str] = []
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#00629b", "color-brand-content": "#00629b"},
    "dark_css_variables": {"color-brand-primary": "#56b4e9", "color-brand-content": "#56b4e9"},
}


class Mermaid(Directive):
    """A flow chart, drawn while the site is built."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Give the picture to the page."""
        drawn = svg("\n".join(self.content), "The audit graph of one dataset")
        return [nodes.raw("", f'<div class="flowchart-frame">{drawn}</div>', format="html")]


#: Pages above this folder, by what they are called on the site.
_ABOVE = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}


def _pages_from_above(_: Sphinx, name: str, source: list[str]) -> None:
    """Bring in what `{include} ../PAGE.md` names, with links that lead where they lead on a code host."""
    found = re.fullmatch(r"```\{include\} \.\./(\w+\.md)\n```\n(.*)", source[0], re.S)
    text = source[0]
    if found:
        above = (DOCS.parent / found[1]).read_text(encoding="utf-8")
        for page, here in _ABOVE.items():
            above = above.replace(f"]({page}", f"]({here}")
        text = above.replace("](docs/", "](") + "\n" + found[2]
    for page, here in _ABOVE.items():
        text = text.replace(f"](../{page}", f"]({here}")
    # a link that shows a file's name shows the page's title here
    source[0] = re.sub(r"\[[\w/.-]+\.md\]\(([\w/.-]+\.md)\)", r"[](\1)", text)


def _link_to_the_kind_of_error(
    app: Sphinx, _: BuildEnvironment, node: addnodes.pending_xref, content: nodes.Element
) -> nodes.Node | None:
    """Lead from the name of an exception to its code on the page of errors; an unknown name stays a warning."""
    name = node.get("reftarget", "")
    if node.get("reftype") != "exc":
        return None
    if hasattr(builtins, name):
        return content
    if name not in KINDS:
        return None
    errors = app.builder.get_relative_uri(node["refdoc"], "errors")
    return nodes.reference("", "", content, internal=True, refuri=f"{errors}#{KINDS[name]}")


def setup(app: Sphinx) -> None:
    """Add the flow charts and the links to what lies above."""
    app.add_directive("mermaid", Mermaid)
    app.connect("source-read", _pages_from_above)
    app.connect("missing-reference", _link_to_the_kind_of_error)
