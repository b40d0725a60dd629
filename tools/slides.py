"""Lessons and lectures as decks of slides: static pages in build/slides/ that open from a folder without any network.

    python tools/slides.py                every lesson, and every lecture of lectures/*.toml, with a PDF of each
    python tools/slides.py 09 course      those whose names start so
    python tools/slides.py --pages        without PDFs
    python tools/slides.py --handout 3    and handouts: three slides with their notes to a sheet (or two)
    python tools/slides.py --check 09     measure the slides in Chromium and say what is wrong with them

A slide begins at a cell with the slide type "slide" or "subslide"; "fragment" cells appear one after another; "skip"
cells are left out; "notes" cells are for the speaker (tools/lectures.py says how they tell minutes). What does not fit
on 1280 × 720 goes on under the same heading. A folded part of a text (answers, hints) becomes a slide of its own under
its summary.
"""

import argparse
import base64
import hashlib
import html
import json
import re
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from chromium import chromium
from downslope.figures.style import CSS_PIXELS_PER_INCH, SIZES
from jinja2 import Environment, FileSystemLoader
from jupyterlab_pygments import JupyterStyle
from nbconvert.filters import Highlight2HTML, ansi2html
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from packages import packages
from pygments.formatters import HtmlFormatter

from lectures import Lecture, Lesson, read_lessons, read_playlists

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "build" / "slides"
PRINTED = ROOT / "build" / "slides-printed.json"
TEMPLATES = Path(__file__).resolve().parent / "decks"
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
OWN = ("deck.css", "deck.js", "index.css")

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
    minutes: int | None
    cells: list[NotebookNode] = field(repr=False)

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


def text_cell(source: str, slide_type: str, lesson: str) -> NotebookNode:
    metadata = {"slideshow": {"slide_type": slide_type}, "lesson": lesson}
    return nbformat.v4.new_markdown_cell(source, metadata=metadata)


def unfolded(cells: list[NotebookNode]) -> list[NotebookNode]:
    """The cells without those to be skipped; a folded part of a text becomes a slide headed by its summary."""
    result = []
    for cell in cells:
        if cell.cell_type != "markdown" or kind(cell) == "notes":
            result += [cell] if kind(cell) != "skip" else []
            continue
        lesson = cell.metadata.lesson
        before, *folded = FOLDED.split(cell.source)
        pieces = [text_cell(before, kind(cell), lesson)]
        for summary, content, after in zip(folded[::3], folded[1::3], folded[2::3], strict=True):
            pieces += [text_cell(f"## {summary}\n{content}", "subslide", lesson), text_cell(after, "-", lesson)]
        result += [piece for piece in pieces if piece.source.strip() and kind(piece) != "skip"]
    return result


def deck_of_lesson(lesson: Lesson) -> Deck:
    return Deck(lesson.name, lesson.title, lesson.minutes, unfolded(lesson.cells))


def deck_of_lecture(lecture: Lecture) -> Deck:
    """The deck of a lecture: a title with its lessons, then its parts. Raises ValueError if it takes too long."""
    lecture.check()
    lessons = dict.fromkeys(lesson.title for lesson, _ in lecture.parts)
    title = f"# {lecture.title}\n\n" + "\n".join(f"- {lesson}" for lesson in lessons)
    cells = [text_cell(title, "slide", lecture.title)]
    for _, part in lecture.parts:
        cells += unfolded(part.cells)
    return Deck(lecture.name, lecture.title, lecture.minutes, cells)


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
    """What a code cell shows, as HTML, without the words that repeat a picture's alternative under it."""
    shown, alternative = [], None
    for output in cell.outputs:
        data, metadata = output.get("data", {}), output.get("metadata", {})
        if output.output_type == "stream":
            shown.append(f"<pre>{ansi2html(output.text.rstrip())}</pre>")
        elif "image/png" in data:
            alternative = html.escape(metadata["image/png"]["alt"])
            shown.append(picture(data["image/png"], **metadata["image/png"]))
        elif "text/html" in data:
            if not (alternative and alternative in data["text/html"]):
                shown.append(data["text/html"])
        elif "text/latex" in data:
            shown.append(html.escape(data["text/latex"], quote=False))
        elif "text/markdown" in data:
            shown.append(markdown(data["text/markdown"]))
        elif "text/plain" in data:
            shown.append(f"<pre>{html.escape(data['text/plain'])}</pre>")
    return shown


def picture(data: str, *, alt: str, width: int, height: int, smallest_text: float) -> str:
    """A picture of `width` × `height` CSS pixels on a page, enlarged for a slide; kept once for all decks."""
    png = base64.b64decode(data)
    name = f"assets/pictures/{digest(png)}.png"
    write(OUT / name, png)
    size = f'width="{width * FIGURE_SCALE:.0f}" height="{height * FIGURE_SCALE:.0f}"'
    letters = f'data-smallest-text="{smallest_text / width:.5f}"'  # as a part of the picture's width
    return f'<img src="{name}" alt="{html.escape(alt)}" {size} {letters}>'


def columns(slide: list[NotebookNode]) -> int:
    """The longest line of code, or of printed text, on a slide."""
    programs = [cell for cell in slide if cell.cell_type == "code"]
    texts = [cell.source for cell in programs]
    texts += [output.text for cell in programs for output in cell.outputs if output.output_type == "stream"]
    return max((len(line) for text in texts for line in text.splitlines()), default=1)


# What is written.


def digest(*contents: bytes) -> str:
    return hashlib.sha256(b"\0".join(contents)).hexdigest()[:16]


def write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def write_assets() -> str:
    """What every deck shares, into the folder assets; returns its digest."""
    assets = OUT / "assets"
    node_modules = packages()
    files = {name: node_modules / source for name, source in PACKAGES.items()}
    files |= {name: TEMPLATES / name for name in OWN}
    for name, source in files.items():
        if source.is_dir():
            shutil.copytree(source, assets / name, dirs_exist_ok=True)
        else:
            write(assets / name, source.read_bytes())
    write(assets / "code.css", HtmlFormatter(style=JupyterStyle).get_style_defs(".highlight").encode())
    return digest(*((assets / name).read_bytes() for name in [*files, "code.css"] if (assets / name).is_file()))


def templates() -> Environment:
    environment = Environment(loader=FileSystemLoader(TEMPLATES), trim_blocks=True, lstrip_blocks=True)
    filters = {"kind": kind, "markdown": markdown, "code": code, "outputs": outputs, "columns": columns}
    environment.filters |= filters
    return environment


def clear(decks: list[Deck]) -> None:
    """Take away decks that are no more, and what all decks share."""
    shutil.rmtree(OUT / "assets", ignore_errors=True)
    names = {deck.name for deck in decks}
    for path in [*OUT.glob("*.html"), *OUT.glob("*.pdf")]:
        if path.stem.removesuffix("-handout") not in names:
            path.unlink()


def write_pages(decks: list[Deck]) -> dict[str, str]:
    """Write the page of each deck; a digest of all that it shows, by name."""
    shared = write_assets()
    template = templates().get_template("deck.html")
    digests = {}
    for deck in decks:
        page = template.render(deck=deck).encode()
        write(OUT / f"{deck.name}.html", page)
        digests[deck.name] = digest(shared.encode(), page)
    return digests


def print_pdfs(digests: dict[str, str], handout: int | None) -> None:
    """Print a PDF of each deck, one slide to a page, and a handout if asked for: where the deck has changed."""
    printed = json.loads(PRINTED.read_text()) if PRINTED.exists() else {}
    views = {".pdf": "?print-pdf"} | ({"-handout.pdf": f"?print-pdf&handout={handout}"} if handout else {})
    wanted = {f"{deck}{end}": [deck, query, value] for deck, value in digests.items() for end, query in views.items()}
    due = [pdf for pdf, job in wanted.items() if printed.get(pdf) != job or not (OUT / pdf).exists()]
    if not due:
        return
    with chromium() as browser:
        page = browser.new_page()
        for pdf in due:
            print(pdf, flush=True)
            deck, query, _ = wanted[pdf]
            print_pdf(page, OUT / f"{deck}.html", query, OUT / pdf)
            printed[pdf] = wanted[pdf]
            PRINTED.write_text(json.dumps(printed, indent=1))


def print_pdf(page: Any, deck: Path, query: str, path: Path) -> None:
    page.goto(deck.as_uri() + query)
    page.locator(".pdf-page").first.wait_for(state="attached")
    page.pdf(path=path, prefer_css_page_size=True, print_background=True)


def write_index(groups: dict[str, list[Deck]]) -> None:
    """The page that lists all decks, with the PDFs that are there."""
    papers = {path.name for path in OUT.glob("*.pdf")}
    write(OUT / "index.html", templates().get_template("index.html").render(groups=groups, papers=papers).encode())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="the beginnings of decks' names; all decks when left out")
    parser.add_argument("--check", action="store_true", help="measure every slide in Chromium; print nothing on paper")
    parser.add_argument("--pages", action="store_true", help="pages alone, no PDFs")
    parser.add_argument("--handout", type=int, choices=(2, 3), help="so many slides with notes to a sheet, as PDFs")
    options = parser.parse_args()
    chosen = tuple(options.names or [""])
    try:
        lessons = read_lessons()
        groups = {
            playlist.title: [
                deck_of_lecture(lecture) for lecture in playlist.lectures if lecture.name.startswith(chosen)
            ]
            for playlist in read_playlists(lessons)
        }
        groups["Lessons"] = [deck_of_lesson(lesson) for lesson in lessons if lesson.name.startswith(chosen)]
        decks = [deck for group in groups.values() for deck in group]
        if not decks:
            sys.exit(f"no deck starts with {' or '.join(options.names)}")
        if not options.names:
            clear(decks)
        digests = write_pages(decks)
        if options.check:
            from slidecheck import report

            sys.exit(report(OUT, list(digests)))
        if not options.pages:
            print_pdfs(digests, options.handout)
        if not options.names:
            write_index(groups)
    except (RuntimeError, ValueError) as error:
        sys.exit(str(error))
    print(f"{len(decks)} decks in {OUT.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
