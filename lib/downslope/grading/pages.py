"""What formgrader and feedback show: safe to open, and readable without the network.

c.HTMLExporter.preprocessors = ["downslope.grading.pages.SafeContent"]      in nbgrader_config.py

Of a learner's Markdown, HTML shows as it was typed, links and pictures as their addresses: a picture's address can be
a command to the instructor's own server. Formulas become MathML, which every browser shows without a script, so
a feedback page is one file, and its policy forbids scripts altogether.
"""

from __future__ import annotations

import re
from functools import cache
from html import escape
from itertools import accumulate
from typing import Any

from jinja2 import DictLoader, pass_context
from math_core import LatexError, LatexToMathML
from mistune import HTMLRenderer
from nbconvert.filters.markdown_mistune import MarkdownWithMath
from nbconvert.preprocessors import Preprocessor

__all__ = ["SafeContent", "markdown_to_html", "mathml"]

MAX_MARKDOWN = 20_000  # characters; reading it takes time that grows with the square
MAX_FORMULA, MAX_DEPTH = 4000, 30  # the converter ends the process on a formula nested some thousand levels deep
FONTS = '"STIX Two Math", "Cambria Math", "Latin Modern Math", "DejaVu Math TeX Gyre", math'
NO_SCRIPT = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
STYLE = f"""<style>
math {{ font-family: {FONTS}; }} math[display=block] {{ margin: 1em 0; }}
p:has(math), li:has(math) {{ line-height: 1.9; }}
</style>"""
HEADS = {
    "feedback": f'<meta http-equiv="Content-Security-Policy" content="{NO_SCRIPT}">',
    # formgrader waits for MathJax to say that the page has its final height
    "formgrade": "<script>MathJax = {Hub: {Startup: {signal: {Interest: tell => tell('End')}}}}</script>",
}


class SafeContent(Preprocessor):
    """Registered with an HTML exporter, it takes over how the exporter turns Markdown into HTML and loads MathJax."""

    def __init__(self, **words: Any) -> None:
        super().__init__(**words)  # type: ignore[no-untyped-call]
        exporter: Any = self.parent
        mathjax = f"{{% macro mathjax() %}}{STYLE}{HEADS.get(exporter.template_name, '')}{{% endmacro %}}"
        exporter.extra_loaders = [DictLoader({"mathjax.html.j2": mathjax})]
        exporter.filters = {**exporter.filters, "markdown2html": _cell_to_html}
        exporter.sanitize_html = True

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Names go into the page's frame as text, and the style sheet of a feedback page asks for no file beside it."""
        for key, value in resources.items():
            if isinstance(value, str):
                resources[key] = escape(value)
        whole = resources["include_css"]
        resources["include_css"] = lambda name: re.sub(r"@font-face\s*{.*?}", "", whole(name), flags=re.DOTALL)
        return nb, resources


@pass_context
def _cell_to_html(context: Any, source: str) -> str:
    cell = context.get("cell", {})
    ours = cell.get("metadata", {}).get("nbgrader", {}).get("locked", False)
    return markdown_to_html(source, ours=bool(ours))


def markdown_to_html(source: str, *, ours: bool = False) -> str:
    """Markdown as HTML, with formulas as MathML. HTML and links are kept where the text is the course's own."""
    if len(source) > MAX_MARKDOWN:
        return f"<pre>{escape(source)}</pre>"
    html = MarkdownWithMath(renderer=_Ours() if ours else _Theirs()).render(source)
    return str(html)


def mathml(formula: str, *, display: bool = False) -> str:
    """TeX as MathML; as it was typed where it is no TeX."""
    depth = max(accumulate((char == "{") - (char == "}") for char in formula), default=0)
    if len(formula) <= MAX_FORMULA and depth <= MAX_DEPTH:
        numbered = "\\tag" in formula and "\\begin{equation}" not in formula
        whole = f"\\begin{{equation}}{formula}\\end{{equation}}" if numbered else formula
        try:
            return _converter().convert_with_local_state(whole, displaystyle=display)
        except LatexError:
            pass
    mark = "$$" if display else "$"
    return f"<code>{escape(mark + formula + mark)}</code>"


@cache
def _converter() -> LatexToMathML:
    return LatexToMathML()


class _Ours(HTMLRenderer):
    """Markdown of the course."""

    def __init__(self, trusted: bool = True) -> None:
        super().__init__(escape=not trusted, allow_harmful_protocols=trusted)

    def inline_math(self, body: str) -> str:
        return mathml(body)

    def block_math(self, body: str) -> str:
        return mathml(body, display=True)

    def latex_environment(self, name: str, body: str) -> str:
        return mathml(f"\\begin{{{name}}}{body}\\end{{{name}}}", display=True)


class _Theirs(_Ours):
    """Markdown of a learner."""

    def __init__(self) -> None:
        super().__init__(trusted=False)

    def link(self, text: str, url: str, title: str | None = None) -> str:
        return f"{text} ({escape(url)})"

    def image(self, text: str, url: str, title: str | None = None) -> str:
        return self.link(text, url)
