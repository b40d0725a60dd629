"""Names of the library: those in the text of a page lead to their descriptions, and these to the lessons that use them.

sphinx-codeautolink links the names in blocks of code. Here are those in running text, such as `Momentum(0.1, 0.9)`,
and the way back: under each description a line that says in which lessons and problem sets the name is used.
"""

import re
from collections.abc import Iterable, Iterator
from importlib import import_module
from inspect import isfunction
from pathlib import Path
from typing import Any, NamedTuple

from docutils import nodes
from sphinx import addnodes
from sphinx.environment.collectors import EnvironmentCollector
from sphinx.locale import get_translation
from sphinx.util.nodes import make_refnode

from notebooks import LIBRARY, in_order, is_notebook, notebook, short_title

_ = get_translation("downslope")
ROOMS = ("optim", "backprop", "data", "training", "byhand", "figures", "exercises")
NAME = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)(\(.*\))?", re.DOTALL)
TELLING = re.compile(r"[A-Z_.]")
"""A name that a lesson does not import has one of these, or it is taken for a word or a variable."""


class Place(NamedTuple):
    """Where a name is described."""

    docname: str
    node_id: str


class Names:
    """What the names of the library mean on one page."""

    def __init__(self, env: Any, docname: str) -> None:
        described = env.domains.python_domain.objects
        self.places = {name: Place(entry.docname, entry.node_id) for name, entry in described.items()}
        self.homes = env.config.codeautolink_inventory_map
        notebooks = is_notebook(env, docname)
        self.imports = notebook(Path(env.doc2path(docname))).imports if notebooks else {}

    def find(self, text: str, scopes: Iterable[str] = ()) -> Place | None:
        """Where the name in `text` is described; None if it is none of the library's, or may be something else."""
        match = NAME.fullmatch(text)
        if match is None:
            return None
        first, _dot, rest = match[1].partition(".")
        if first in self.imports:
            full = ".".join(filter(None, (self.imports[first], rest)))
            return self.places.get(self.homes.get(full, full))
        for scope in scopes:
            if place := self.places.get(f"{scope}.{match[1]}"):
                return place
        return self.find_anywhere(match[1]) if TELLING.search(match[1]) else None

    def find_anywhere(self, name: str) -> Place | None:
        """The one place that describes a name that ends so."""
        ends = {place for full, place in self.places.items() if f".{full}".endswith(f".{name}")}
        return ends.pop() if len(ends) == 1 else None


class Mentions(EnvironmentCollector):
    """The names in the text of each notebook, kept with what Sphinx knows of it: env.downslope_mentions."""

    @staticmethod
    def of(env: Any) -> dict[str, set[str]]:
        if not hasattr(env, "downslope_mentions"):
            env.downslope_mentions = {}
        return env.downslope_mentions

    def clear_doc(self, app: Any, env: Any, docname: str) -> None:
        self.of(env).pop(docname, None)

    def merge_other(self, app: Any, env: Any, docnames: set[str], other: Any) -> None:
        self.of(env).update((name, texts) for name, texts in self.of(other).items() if name in docnames)

    def process_doc(self, app: Any, doctree: nodes.document) -> None:
        if is_notebook(app.env, app.env.docname):
            self.of(app.env)[app.env.docname] = {literal.astext() for literal in literals(doctree)}


def literals(doctree: nodes.document) -> Iterator[nodes.literal]:
    """The pieces of code in running text that are no links yet."""
    for literal in list(doctree.findall(nodes.literal)):
        if not isinstance(literal.parent, nodes.reference | addnodes.pending_xref):
            yield literal


def scopes(node: nodes.Node) -> list[str]:
    """Where the names in a description are looked for, as Python would: its class, its module, the packages above."""
    while node is not None:
        if isinstance(node, addnodes.desc) and node.get("domain") == "py":
            signature = node[0]
            parts = [*signature["module"].split("."), *signature["fullname"].split(".")]
            return [".".join(parts[:end]) for end in range(len(parts), 0, -1)]
        node = node.parent
    return []


def link_names(app: Any, doctree: nodes.document, docname: str) -> None:
    """Make links of the library's names in the text of a page."""
    if app.builder.format != "html":
        return
    names = Names(app.env, docname)
    for literal in literals(doctree):
        if place := names.find(literal.astext(), scopes(literal)):
            link = make_refnode(app.builder, docname, place.docname, place.node_id, literal.deepcopy())
            literal.replace_self(link)


def find_uses(app: Any, env: Any) -> None:
    """For each place the notebooks whose code or text uses its name, in order, once everything is read."""
    if app.builder.format != "html":
        return
    found: dict[Place, set[str]] = {}
    for docname, texts in Mentions.of(env).items():
        names = Names(env, docname)
        in_text = map(names.find, texts)
        transforms = env.sphinx_codeautolink_transforms.get(docname, [])
        in_code = (names.places.get(name.resolved_location) for each in transforms for name in each.names)
        for place in filter(None, [*in_text, *in_code]):
            found.setdefault(place, set()).add(docname)
    env.downslope_uses = {place: in_order(users) for place, users in found.items()}


def link_lessons(app: Any, doctree: nodes.document, docname: str) -> None:
    """Say under each description in which lessons its name is used."""
    if app.builder.format != "html":
        return
    for described in doctree.findall(addnodes.desc):
        anchors = {Place(docname, node_id) for node_id in described[0].get("ids", [])}
        users = [user for place in anchors for user in app.env.downslope_uses.get(place, [])]
        if users and described["domain"] == "py":
            content = described[-1]
            members = [i for i, part in enumerate(content) if isinstance(part, addnodes.index | addnodes.desc)]
            content.insert(min(members, default=len(content)), lessons(app, docname, users))


def lessons(app: Any, docname: str, users: list[str]) -> nodes.paragraph:
    line = nodes.paragraph("", _("Used in") + " ", classes=["used-in"])
    for user in users:
        title = app.env.titles[user].astext()
        text = nodes.Text(short_title(app.env, user))
        line += make_refnode(app.builder, docname, user, "", text, title)
        line += nodes.Text(", ")
    line.pop()
    return line


def find_homes(app: Any, config: Any) -> None:
    """Tell sphinx-codeautolink where a name is described that a room takes from one of its modules."""
    for room in ROOMS:
        package = import_module(f"{LIBRARY}.{room}")
        for name in package.__all__:
            value = getattr(package, name)
            if (isinstance(value, type) or isfunction(value)) and value.__name__ == name:
                homes = {"": value, **{f".{part}": each for part, each in vars(value).items() if isfunction(each)}}
                for part, each in homes.items():
                    full = f"{each.__module__}.{each.__qualname__}"
                    config.codeautolink_inventory_map[full] = f"{LIBRARY}.{room}.{name}{part}"


def setup(app: Any) -> dict[str, bool]:
    app.setup_extension("sphinx_codeautolink")
    app.connect("config-inited", find_homes)
    app.add_env_collector(Mentions)
    app.connect("env-updated", find_uses, priority=600)  # after sphinx-codeautolink has resolved the names in code
    app.connect("doctree-resolved", link_names)
    app.connect("doctree-resolved", link_lessons, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
