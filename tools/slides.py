"""Lessons as decks of slides: static pages in build/slides/ that open from a folder without any network.

    python tools/slides.py                every deck
    python tools/slides.py 09 11          those whose names start so
    python tools/slides.py --check 09     measure the slides in Chromium and say which are too full

A slide begins at a cell with the slide type "slide" or "subslide"; "fragment" cells appear one after another; "skip"
cells are left out; "notes" cells are seen by the speaker alone. What does not fit on 1280 × 720 goes on under the same
heading. A folded part of a text (answers, hints) becomes a slide of its own, headed by its summary.
"""

import argparse
import base64
import hashlib
import html
import re
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from jinja2 import Environment, FileSystemLoader, select_autoescape
from jupyterlab_pygments import JupyterStyle
from nbconvert.filters import Highlight2HTML, ansi2html
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from pygments.formatters import HtmlFormatter

from downslope.figures.style import CSS_PIXELS_PER_INCH, SIZES
from packages import packages

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
OUT = ROOT / "build" / "slides"
HERE = Path(__file__).resolve().parent / "decks"
PACKAGES = {
    "reset.css": "reveal.js/dist/reset.css",
    "reveal.css": "reveal.js/dist/reveal.css",
    "reveal.js": "reveal.js/dist/reveal.js",
    "notes.js": "reveal.js/dist/plugin/notes.js",
    "katex.css": "katex/dist/katex.min.css",
    "katex.js": "katex/dist/katex.min.js",
    "auto-render.js": "katex/dist/contrib/auto-render.min.js",
    "fonts": "katex/dist/fonts",
}

SMALLEST = 14.0
"""The smallest text on a slide, in points, when the slide is 1280 × 720 CSS pixels of 1/96 inch."""

FIGURE_SCALE = SMALLEST * 96 / (SIZES["page"].text * CSS_PIXELS_PER_INCH)
"""How much larger than on a page a figure is shown on a slide: so that its text has the smallest size."""

FOLDED = re.compile(r"<details>\s*<summary>(.*?)</summary>(.*?)</details>", re.DOTALL)


@dataclass
class Deck:
    """What one file of slides is made from."""

    name: str
    title: str
    cells: list[NotebookNode] = field(repr=False)
    minutes: int | None = None

    @property
    def stacks(self) -> list[list[list[NotebookNode]]]:
        """The slides, each a list of cells; a "slide" and the "subslide"s after it are one stack."""
        stacks: list[list[list[NotebookNode]]] = []
        for cell in self.cells:
            if kind(cell) == "slide" or not stacks:
                stacks.append([[]])
            elif kind(cell) == "subslide":
                stacks[-1].append([])
            stacks[-1][-1].append(cell)
        return stacks


def kind(cell: NotebookNode) -> str:
    """The slide type of a cell; "-" where it has none."""
    slide_type: str = cell.metadata.get("slideshow", {}).get("slide_type", "-")
    return slide_type


def unfolded(cell: NotebookNode) -> list[NotebookNode]:
    """A text cell without folded parts: each becomes a slide headed by its summary."""
    pieces = FOLDED.split(cell.source)
    cells = [cell | {"source": pieces[0]}]
    for summary, content, after in zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True):
        cells.append(nbformat.v4.new_markdown_cell(f"## {summary}\n\n{content}", metadata=slide_type("subslide")))
        cells.append(nbformat.v4.new_markdown_cell(after, metadata=slide_type("-")))
    return [NotebookNode(cell) for cell in cells if cell["source"].strip()]


def slide_type(name: str) -> dict[str, dict[str, str]]:
    return {"slideshow": {"slide_type": name}}


def lesson(path: Path) -> Deck:
    """The deck of one lesson."""
    notebook = nbformat.read(path, as_version=4)
    cells = [piece for cell in notebook.cells if kind(cell) != "skip" for piece in parts_of(cell)]
    title = re.match(r"# (.*)", notebook.cells[0].source)
    minutes = re.search(r"\*\*(\d+) minutes\*\*", notebook.cells[0].source)
    return Deck(path.stem, title[1] if title else path.stem, cells, int(minutes[1]) if minutes else None)


def parts_of(cell: NotebookNode) -> list[NotebookNode]:
    return unfolded(cell) if cell.cell_type == "markdown" and kind(cell) != "notes" else [cell]


# What a template needs to show a cell.

highlight = Highlight2HTML(pygments_lexer="ipython3")


def code(source: str) -> str:
    """Code as HTML in colours; where a line is too long it may be broken between any two words."""
    page: str = highlight(source)
    return page.replace("</span>", "</span><wbr>")


def markdown(source: str) -> str:
    """Markdown as HTML; maths stays as it is, and links to lessons lead to their decks."""
    page: str = MarkdownWithMath(renderer=IPythonRenderer(escape=False, exclude_anchor_links=True)).render(source)
    return re.sub(r'href="(\d\d-[\w-]+)\.ipynb"', r'href="\1.html"', page)


def outputs(cell: NotebookNode) -> list[str]:
    """What a code cell shows, as HTML. The words that stand under a picture for want of its alternative are left out."""
    shown, alternative = [], None
    for output in cell.outputs:
        if output.output_type == "stream":
            shown.append(f"<pre>{ansi2html(output.text.rstrip())}</pre>")
            continue
        data, metadata = output.get("data", {}), output.get("metadata", {})
        if "image/png" in data:
            alternative = metadata.get("image/png", {}).get("alt", "")
            shown.append(picture(data["image/png"], **metadata.get("image/png", {})))
        elif "text/html" in data:
            if not (alternative and html.escape(alternative) in data["text/html"]):
                shown.append(data["text/html"])
        elif "text/latex" in data:
            shown.append(html.escape(data["text/latex"], quote=False))
        elif "text/markdown" in data:
            shown.append(markdown(data["text/markdown"]))
        elif "text/plain" in data:
            shown.append(f"<pre>{html.escape(data['text/plain'])}</pre>")
    return shown


def picture(data: str, *, alt: str, width: int, height: int) -> str:
    """A picture of `width` × `height` CSS pixels on a page, enlarged for a slide; kept once for all decks."""
    png = base64.b64decode(data)
    name = f"assets/pictures/{hashlib.sha256(png).hexdigest()[:16]}.png"
    path = OUT / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png)
    size = f'width="{width * FIGURE_SCALE:.0f}" height="{height * FIGURE_SCALE:.0f}"'
    return f'<img src="{name}" alt="{html.escape(alt)}" {size}>'


def columns(slide: list[NotebookNode]) -> int:
    """The longest line of code, or of printed text, on a slide."""
    code = [cell for cell in slide if cell.cell_type == "code"]
    texts = [cell.source for cell in code] + [o.text for cell in code for o in cell.outputs if "text" in o]
    return max((len(line) for text in texts for line in text.splitlines()), default=1)


def templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=select_autoescape([]), trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"kind": kind, "markdown": markdown, "code": code, "outputs": outputs, "columns": columns}
    return environment


def copy_assets() -> None:
    """What every deck shares, into the folder assets."""
    assets = OUT / "assets"
    shutil.rmtree(assets, ignore_errors=True)
    assets.mkdir(parents=True)
    node_modules = packages()
    for name, source in PACKAGES.items():
        (shutil.copytree if (node_modules / source).is_dir() else shutil.copy)(node_modules / source, assets / name)
    for path in HERE.glob("*.*s*"):
        if path.suffix in {".css", ".js"}:
            shutil.copy(path, assets)
    (assets / "code.css").write_text(HtmlFormatter(style=JupyterStyle).get_style_defs(".highlight"))


def build(decks: list[Deck]) -> None:
    copy_assets()
    template = templates().get_template("deck.html")
    for deck in decks:
        (OUT / f"{deck.name}.html").write_text(template.render(deck=deck), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="the beginnings of file names; all decks when left out")
    parser.add_argument("--check", action="store_true", help="measure every slide in Chromium")
    options = parser.parse_args()
    every = [lesson(path) for path in sorted(NOTEBOOKS.glob("*.ipynb"))]
    decks = [deck for deck in every if deck.name.startswith(tuple(options.names or [""]))]
    if not decks:
        sys.exit(f"no deck starts with {' or '.join(options.names)}")
    build(decks)
    if options.check:
        import slidecheck

        sys.exit(slidecheck.report(OUT, [deck.name for deck in decks]))


if __name__ == "__main__":
    main()
