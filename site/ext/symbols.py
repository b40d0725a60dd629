"""The directive `symbols`: one table of all symbols, made from the tables at the head of the lessons."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.locale import get_translation
from sphinx.util.docutils import SphinxDirective

from notebooks import is_notebook, notebook, short_title

_ = get_translation("downslope")
HEADINGS = {"symbol": "symbol", "in the code": "name", "what it is": "meaning"}
CELL_END = re.compile(r"(?<!\\)\|")


class Symbol(NamedTuple):
    """A line of a lesson's table, as Markdown. `lesson` is its document."""

    symbol: str
    name: str
    meaning: str
    lesson: str


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in CELL_END.split(line.strip().strip("|"))]


def symbols(text: str, lesson: str) -> Iterator[Symbol]:
    """The symbols of the tables in a lesson's text whose head names a symbol, its name in the code and its meaning."""
    columns: list[str | None] = []
    for line in text.splitlines():
        if not line.startswith("|"):
            columns = []
        elif not columns:
            columns = [HEADINGS.get(cell) for cell in cells(line)]
        elif set(HEADINGS.values()) <= set(columns) and not set(line) <= set("|-: "):
            row = dict(zip(columns, cells(line), strict=True))
            yield Symbol(row["symbol"], row["name"], row["meaning"], lesson)


def in_order(symbol: str) -> tuple[str, str]:
    """What to sort a symbol by: its letters, as they are spoken."""
    letters = re.sub(r"\\(hat|overline|mathrm|partial)\b|[^A-Za-z]", "", symbol)
    return letters.lower(), symbol


class SymbolTable(SphinxDirective):
    """All symbols. Those with the same sign and the same name stand together, in the order of the lessons."""

    def run(self) -> list[nodes.Node]:
        found: dict[tuple[str, str], dict[str, list[str]]] = {}
        for docname in sorted(self.env.found_docs):
            if docname.startswith("notebooks/") and is_notebook(self.env, docname):
                path = Path(self.env.doc2path(docname))
                self.env.note_dependency(str(path))
                for each in symbols("\n\n".join(notebook(path).text), docname):
                    meanings = found.setdefault((each.symbol, each.name), {})
                    meanings.setdefault(each.meaning, []).append(f"[{short_title(self.env, docname)}](/{docname})")
        lines = [
            *(self.content or []),
            "",
            "| symbol | in the code | what it is, and in which lessons |",
            "|---|---|---|",
        ]
        for (symbol, name), meanings in sorted(found.items(), key=lambda item: in_order(item[0][0] or item[0][1])):
            said = "; ".join(f"{meaning} ({', '.join(lessons)})" for meaning, lessons in meanings.items())
            lines.append(f"| {symbol} | {name} | {said} |")
        holder = nodes.container(classes=["symbols"])
        self.state.nested_parse(StringList(lines, self.get_source_info()[0]), self.content_offset, holder)
        return [holder]


def setup(app: Any) -> dict[str, bool]:
    app.add_directive("symbols", SymbolTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
