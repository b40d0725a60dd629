"""Pages made of notebooks: how large a picture is shown, and the line with which a notebook is opened."""

import base64
import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import quote

from docutils import nodes
from sphinx.locale import get_translation
from sphinx.util.docutils import SphinxDirective

from notebooks import in_order, is_notebook, notebook, short_title

_ = get_translation("downslope")


def size_pictures(app: Any, doctree: nodes.document) -> None:
    """Show each picture as wide as its figure asks for. (MyST-NB names the file of a picture by its digest.)"""
    if not is_notebook(app.env, app.env.docname):
        return
    found = notebook(Path(app.env.doc2path(app.env.docname))).pictures
    widths = {hashlib.sha256(base64.b64decode(data)).hexdigest(): width for data, width in found}
    for image in doctree.findall(nodes.image):
        if width := widths.get(Path(image["uri"]).stem):
            image["width"] = f"{width}px"


def leave_equations(app: Any, doctree: nodes.document, docname: str) -> None:
    """Hand a displayed equation of a notebook to MathJax as it is.

    Sphinx would put one with two lines into an environment of its own, in which \\tag is not allowed.
    """
    if app.builder.format == "html" and is_notebook(app.env, docname):
        for equation in list(doctree.findall(nodes.math_block)):
            if not equation.get("no-wrap"):
                equation[:] = [nodes.Text(f"\\[{equation.astext()}\\]")]
                equation["no-wrap"] = True


def addresses(app: Any, docname: str) -> dict[str, str]:
    """Where a notebook can be opened or downloaded: what to call it, and the address from its page."""
    up, name = "../" * docname.count("/"), quote(f"{docname}.ipynb")
    found = {
        _("Download this notebook"): f"{up}_sources/{name}",
        _("Open it in the browser, with JupyterLite"): f"{up}lite/lab/index.html?path={name}",
    }
    if repository := app.config.downslope_repository:
        path = repository.removeprefix("https://").split("/", 1)[1]
        found[_("Open it on Binder")] = f"https://mybinder.org/v2/gh/{path}/HEAD?urlpath=lab/tree/{name}"
    return found


def link_notebook(app: Any, doctree: nodes.document, docname: str) -> None:
    """Put the ways to open a notebook under its title."""
    if app.builder.format != "html" or not is_notebook(app.env, docname):
        return
    title = next(doctree.findall(nodes.title))
    line = nodes.paragraph(classes=["opening"])
    for text, address in addresses(app, docname).items():
        line += nodes.reference("", text, refuri=address, internal=True)
        line += nodes.Text(" ")
    title.parent.insert(title.parent.index(title) + 1, line)


class Importing(SphinxDirective):
    """The lessons and sets whose code imports one of some names, as a line of links: `importing:: time timeit`."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        wanted = tuple(self.arguments[0].split())
        line = nodes.paragraph()
        for docname in in_order(name for name in self.env.found_docs if is_notebook(self.env, name)):
            path = Path(self.env.doc2path(docname))
            self.env.note_dependency(str(path))
            if any(f"{full}.".startswith(f"{name}.") for full in notebook(path).imports.values() for name in wanted):
                line += self.parse_inline(f"[{short_title(self.env, docname)}](/{docname})")[0]
                line += nodes.Text(", ")
        line.pop()
        line += nodes.Text(".")
        return [line]


def setup(app: Any) -> dict[str, bool]:
    app.add_config_value("downslope_repository", "", "html", types=frozenset({str}))
    app.add_directive("importing", Importing)
    app.connect("doctree-read", size_pictures)
    app.connect("doctree-resolved", leave_equations)
    app.connect("doctree-resolved", link_notebook)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
