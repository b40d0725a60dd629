"""What several parts of the web edition ask about the lessons and problem sets, read from the notebooks themselves."""

import ast
import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

LIBRARY = "downslope"


class Notebook(NamedTuple):
    """A notebook as far as pages need it.

    code, text  the sources of its cells, in order
    pictures    PNG data in base64 and the width in CSS pixels that the figure asks for
    """

    code: list[str]
    text: list[str]
    pictures: list[tuple[str, int]]

    @property
    def imports(self) -> dict[str, str]:
        """The names that its code imports, each with its full name."""
        return {name: full for source in self.code for name, full in imported(ast.parse(source))}


@cache
def notebook(path: Path) -> Notebook:
    """Read a notebook."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    sources: dict[str, list[str]] = {"code": [], "markdown": [], "raw": []}
    for cell in cells:
        sources[cell["cell_type"]].append("".join(cell["source"]))
    return Notebook(sources["code"], sources["markdown"], list(pictures(cells)))


def pictures(cells: list[dict[str, Any]]) -> Iterator[tuple[str, int]]:
    for output in (output for cell in cells for output in cell.get("outputs", [])):
        width = output.get("metadata", {}).get("image/png", {}).get("width")
        if width:
            yield "".join(output["data"]["image/png"]), width


def imported(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """The names that import statements bind, with their full names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.asname or alias.name.split(".")[0], alias.name if alias.asname else alias.name.split(".")[0]
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def is_notebook(env: Any, docname: str) -> bool:
    return str(env.doc2path(docname)).endswith(".ipynb")


def in_order(docnames: Iterable[str]) -> list[str]:
    """Documents in the order of the course: the lessons, then the problem sets."""
    return sorted(docnames, key=lambda name: (not name.startswith("notebooks/"), name))


def short_title(env: Any, docname: str) -> str:
    """The number of a lesson, such as 09, or the name of a problem set, such as ps2."""
    return Path(docname).name.split("-")[0]
