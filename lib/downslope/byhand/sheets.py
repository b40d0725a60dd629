"""Question sheets and worked keys, for one learner or a class: Markdown with LaTeX, and PDF by Typst, offline."""

from __future__ import annotations

import csv
import importlib
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from downslope.byhand.notation import LATEX, TEXT, TYPST
from downslope.byhand.show import given
from downslope.byhand.variants import normal_name

if TYPE_CHECKING:
    from downslope.byhand.ledger import Ledger, Line

__all__ = ["Sheet", "class_sheets", "read_class"]

# What stands on the paper, in one place for translators.
WORDS = {
    "name": "Name",
    "key": "Worked key",
    "given": "Your numbers",
    "given key": "Numbers",
    "rounding": "Write exact fractions or decimals rounded to {places} places. Later lines count when they follow "
    "from your own earlier ones.",
    "check": "Check yourself in the notebook: {call}",
    "line": "line",
    "working": "working",
    "value": "value",
    "decimal": "decimal",
    "numbers": "numbers",
    "marks": "marks",
    "total": "Total",
    "page": "page",
}
# Families with Hangul and other East Asian letters, as systems name them; the first one found is used.
EAST_ASIAN = (
    "Noto Serif CJK KR",
    "Noto Sans CJK KR",
    "Noto Serif KR",
    "Noto Sans KR",
    "NanumMyeongjo",
    "NanumGothic",
    "Nanum Myeongjo",
    "Nanum Gothic",
    "AppleMyungjo",
    "Apple SD Gothic Neo",
    "Malgun Gothic",
    "Batang",
    "UnBatang",
)
ROW, TALL_ROW = "9mm", "14mm"  # height of a line to fill in; where a step has a page to itself
TAGGED = 30  # learners up to which a PDF is tagged
TEMPLATE = """\
#set text(font: {fonts}, size: 10.5pt, lang: "en")
#set par(leading: 0.55em)
#let foot(name) = context grid(
  columns: (1fr, auto), text(size: 9pt, name), text(size: 9pt, [{page} #counter(page).display()]),
)
#let head(title, key, name) = {{
  grid(
    columns: (1fr, auto), align: (left, right + bottom),
    text(size: 15pt, weight: "bold", title), text(size: 11pt, key),
  )
  v(-4pt)
  line(length: 100%, stroke: 0.8pt)
  grid(columns: (auto, 1fr), column-gutter: 3mm, align: bottom, [{name}:], box(
    width: 100%, stroke: (bottom: 0.5pt), inset: (bottom: 2.5pt), if name == "" {{ v(4mm) }} else {{ strong(name) }},
  ))
}}
#let hair = 0.4pt + luma(120)
#let part(words, columns) = table.cell(colspan: columns, inset: (y: 2.5pt, x: 4pt), fill: luma(235), emph(words))
"""


class Sheet:
    """One sheet or key for each of some ledgers. `save` writes PDF, Markdown or Typst by the ending of the name."""

    def __init__(self, ledgers: Sequence[Ledger], key: bool, names: Sequence[str], places: int = 3) -> None:
        self.ledgers, self.key, self.names, self.places = tuple(ledgers), key, tuple(names), places

    def save(self, path: str | Path) -> Path:
        """Write the file; the folder is made. Raises ValueError unless it ends in .pdf, .md or .typ."""
        target = Path(path)
        writers: dict[str, Callable[[], bytes]] = {
            ".pdf": self.pdf,
            ".md": lambda: self.markdown().encode(),
            ".typ": lambda: self.typst().encode(),
        }
        if target.suffix not in writers:
            raise ValueError(f"path must end in .pdf, .md or .typ, got {str(path)!r}")
        content = writers[target.suffix]()
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        return target

    def pdf(self) -> bytes:
        """The PDF, made by Typst on this machine. Raises ImportError when the package typst is not installed.

        A file for a whole class is for paper: beyond 30 learners it carries no tags for screen readers, which take
        most of its size and a third of the time.
        """
        return bytes(_typst().compile(self.typst().encode(), timestamp=0, pdf_tags=len(self.ledgers) <= TAGGED))

    def pages(self, resolution: int = 100) -> list[bytes]:
        """The pages as PNG pictures."""
        made = _typst().compile(self.typst().encode(), format="png", ppi=resolution)
        return made if isinstance(made, list) else [made]

    def __repr__(self) -> str:
        title = self.ledgers[0].recipe.title if self.ledgers else ""
        return f"{'key' if self.key else 'sheet'} for {len(self.ledgers)}: {title}"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/plain": str(self), "text/markdown": self._repr_markdown_()}

    def _repr_markdown_(self) -> str:
        """As `markdown`, with bold lines for headings, which belong to the page, and without the drawings.

        A notebook that is not trusted yet strips SVG and leaves its letters behind.
        """
        return re.sub(r"(?m)^#+ (.*)$", r"**\1**", self.markdown(pictures=False))

    # plain text

    def __str__(self) -> str:
        """All sheets in plain letters: the given numbers and the lines to fill in, or the worked lines of a key."""
        return "\n\n---\n\n".join(
            self._text(ledger, name) for ledger, name in zip(self.ledgers, self.names, strict=True)
        )

    def _text(self, ledger: Ledger, name: str) -> str:
        recipe = ledger.recipe
        rows = [f"{recipe.title}: {WORDS['key'].lower()}" if self.key else recipe.title]
        rows += [f"{WORDS['name']}: {name or '_' * 40}", ""]
        if not self.key:
            rows += [*([recipe.task] if recipe.task else []), self._rounding(), ""]
        numbers = ", ".join(f"{symbol} = {value}" for symbol, value in given(ledger, TEXT))
        rows.append(f"{WORDS['given key' if self.key else 'given']}: {numbers}")
        for step in range(1, ledger.steps + 1):
            rows += ["", f"{recipe.step_word} {step}"] if ledger.has_steps else [""]
            for part, group in groupby(recipe.lines, key=lambda line: line.part):
                rows += [f"  {part}"] if part else []
                rows += [self._text_row(ledger, line, step) for line in group]
        return "\n".join(rows)

    def _text_row(self, ledger: Ledger, line: Line, step: int) -> str:
        if self.key:
            return f"    {ledger.line(line.name, step).text(self.places)}"
        return f"    {ledger.symbol(TEXT[ledger.in_decimals], line.name, step) + ' =':12}{'_' * 40}  / {line.marks}"

    # Markdown

    def markdown(self, pictures: bool = True) -> str:
        """All sheets as Markdown with LaTeX between dollar signs; the drawings in it are SVG."""
        return "\n---\n\n".join(
            self._markdown(ledger, name, pictures) for ledger, name in zip(self.ledgers, self.names, strict=True)
        )

    def _markdown(self, ledger: Ledger, name: str, pictures: bool) -> str:
        recipe = ledger.recipe
        title = f"{recipe.title}: {WORDS['key'].lower()}" if self.key else recipe.title
        rows = [f"# {title}", "", f"**{WORDS['name']}:** {_markdown_safe(name) or '_' * 40}", ""]
        if not self.key:
            rows += [recipe.task, "", self._rounding(), ""] if recipe.task else [self._rounding(), ""]
        numbers = ", ".join(f"${symbol} = {value}$" for symbol, value in given(ledger, LATEX))
        rows += [f"**{WORDS['given key' if self.key else 'given']}:** {numbers}", ""]
        if recipe.picture and pictures and not self.key:
            rows += [ledger.picture().svg, ""]
        for step in range(1, ledger.steps + 1):
            rows += [f"## {recipe.step_word} {step}", ""] if ledger.has_steps else []
            rows += [ledger.picture(step).svg, ""] if recipe.picture and pictures and self.key else []
            rows += self._markdown_table(ledger, step)
        return "\n".join(rows)

    def _markdown_table(self, ledger: Ledger, step: int) -> list[str]:
        rows = []
        for part, group in groupby(ledger.recipe.lines, key=lambda line: line.part):
            part_or_line = part or WORDS["line"]
            if self.key:
                heads = (part_or_line, WORDS["numbers"], WORDS["value"], WORDS["decimal"])
            else:
                heads = (part_or_line, WORDS["working"], WORDS["value"], WORDS["marks"])
            rows += ["| " + " | ".join(heads) + " |", "|:--|:--|:--|--:|"]
            for line in group:
                symbol, symbols, *rest = ledger.line(line.name, step).pieces(LATEX, self.places)
                if self.key:
                    cells = [f"${symbol} = {symbols}$", *(f"${piece}$" for piece in rest)]
                else:
                    cells = [f"${symbol} =$", "&emsp;" * 12, "&emsp;" * 5, f"/ {line.marks}"]
                rows.append("| " + " | ".join(cells) + " |")
            rows.append("")
        return rows

    def _rounding(self) -> str:
        return WORDS["rounding"].format(places=self.places)

    # Typst

    def typst(self) -> str:
        """The Typst source of all sheets."""
        title = _string(self.ledgers[0].recipe.title if self.ledgers else "")
        pieces = [
            f"#set document(title: {title}, date: none)",
            '#set page(paper: "a4", margin: (x: 18mm, top: 15mm, bottom: 17mm))',
            TEMPLATE.format(fonts=self._fonts(), page=WORDS["page"], name=WORDS["name"]),
        ]
        for ledger, name in zip(self.ledgers, self.names, strict=True):
            pieces.append(self._typst(ledger, name))
        return "\n".join(pieces)

    def _fonts(self) -> str:
        """The families for text. Raises RuntimeError when a name needs letters that no font here is known to have."""
        eastern = [name for name in self.names if any(_is_eastern(letter) for letter in name)]
        if not eastern:
            return '("Libertinus Serif",)'
        found = next((family for family in EAST_ASIAN if family in _typst().Fonts().families()), None)
        if found is None:
            raise RuntimeError(
                f"no font with the letters of {eastern[0]!r} was found; install one, for example the package "
                "fonts-noto-cjk on Debian and Ubuntu, or Nanum Gothic from your system's fonts"
            )
        return f'("Libertinus Serif", {_string(found)})'

    def _typst(self, ledger: Ledger, name: str) -> str:
        """One learner's pages, numbered from 1, beginning on a sheet of their own."""
        recipe = ledger.recipe
        key = WORDS["key"] if self.key else ""
        pieces = [
            '#pagebreak(weak: true, to: "odd")',
            "#counter(page).update(1)",
            f"#set page(footer: foot({_string(name or recipe.title)}))",
            f"#metadata({_string(name)}) <learner>",
            f"#head({_string(recipe.title)}, {_string(key)}, {_string(name)})",
        ]
        if recipe.task and not self.key:
            pieces.append(f"#{_string(recipe.task)}")
        if not self.key:
            pieces.append(f"#{_string(self._rounding())}")
        numbers = ", ".join(f"${symbol} = {value}$" for symbol, value in given(ledger, TYPST))
        pieces.append(f"#strong[{WORDS['given key' if self.key else 'given']}:] {numbers}")
        if recipe.picture and not self.key:
            pieces.append(_image(ledger.picture().svg, "118mm"))
        for step in range(1, ledger.steps + 1):
            pieces.append(self._typst_step(ledger, step))
        if not self.key:
            pieces.append(self._closing(ledger))
        return "\n\n".join(pieces)

    def _typst_step(self, ledger: Ledger, step: int) -> str:
        recipe = ledger.recipe
        pieces = ["#set text(size: 9.5pt)"] if self.key else []
        pieces += [f"#strong[{recipe.step_word} {step}]"] if ledger.has_steps else []
        if recipe.picture and self.key:
            pieces.append(_image(ledger.picture(step).svg, "112mm"))
        rows, heights = [], ["auto"]
        roomy = len(recipe.lines) <= 6  # then fractions may be tall
        for part, group in groupby(recipe.lines, key=lambda line: line.part):
            if part:
                rows.append(f"part({_string(part)}, 4)")
                heights.append("auto")
            for line in group:
                symbol, symbols, *rest = ledger.line(line.name, step).pieces(TYPST, self.places)
                heights.append("auto" if self.key else TALL_ROW if step > 1 and len(recipe.lines) > 9 else ROW)
                if self.key:
                    math = [f"{symbol} = {symbols}", *rest]
                    rows.append(", ".join(f"$display({piece})$" if roomy else f"${piece}$" for piece in math))
                else:
                    rows.append(f"${symbol} =$, [], [], [\\/ {line.marks}]")
        if self.key:
            heads, columns = ("", WORDS["numbers"], WORDS["value"], WORDS["decimal"]), "(auto, 1fr, auto, auto)"
        else:
            heads, columns = ("", WORDS["working"], WORDS["value"], WORDS["marks"]), "(20mm, 1fr, 38mm, 13mm)"
        head = ", ".join(f"text(size: 9pt, {_string(word)})" for word in heads)
        pieces.append(
            f"#table(columns: {columns}, rows: ({', '.join(heights)}), align: horizon + left, stroke: hair,\n"
            f"  inset: (x: 4pt, y: {5 if self.key else 3.5}pt), table.header({head}),\n  " + ",\n  ".join(rows) + ",\n)"
        )
        return "#block(breakable: false)[\n" + "\n\n".join(pieces) + "\n]"

    def _closing(self, ledger: Ledger) -> str:
        total = sum(line.marks for line in ledger.recipe.lines) * ledger.steps
        call = f"{ledger.recipe.call}(student={str(ledger.student)!r})" if ledger.recipe.call else ""
        check = ""
        if ledger.student is not None and call:
            before, after = WORDS["check"].split("{call}")
            check = f"#text(size: 9pt)[#{_string(before)}#raw({_string(call)})#{_string(after)}]"
        blank = "#box(width: 16mm, stroke: (bottom: 0.5pt))"
        return f"#grid(columns: (1fr, auto), [{check}], [{WORDS['total']}: {blank} \\/ {total}])"


def _typst() -> Any:
    try:
        return importlib.import_module("typst")
    except ImportError:
        raise ImportError(
            "printing needs the package typst, which is not installed: python -m pip install 'downslope[print]'"
        ) from None


def _string(text: str) -> str:
    r"""A Typst string: nothing in it is markup.

    >>> print(_string('Kim "#[$x$]\\'))
    "Kim \"#[$x$]\\"
    """
    safe = "".join(letter if letter.isprintable() else " " for letter in unicodedata.normalize("NFC", text))
    return '"' + safe.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _markdown_safe(text: str) -> str:
    return "".join(f"&#{ord(letter)};" if letter in "\\`*_{}[]<>#$|~&" else letter for letter in text)


def _is_eastern(letter: str) -> bool:
    return unicodedata.east_asian_width(letter) in ("W", "F")


def _image(svg: str, width: str) -> str:
    return f'#align(center, image(bytes({_string(svg)}), format: "svg", width: {width}))'


def class_sheets(
    make: Callable[..., Ledger], students: Iterable[str], *, key: bool = False, places: int = 3, **arguments: Any
) -> Sheet:
    """The sheets, or keys, of a whole class: `make(student=…, **arguments)` gives each learner's ledger.

    Parameters
    ----------
    make: such as momentum_homework.
    students: names or numbers, as the learners themselves give them in the notebook.

    Raises ValueError when two students are the same, since they would get the same numbers.

    >>> from downslope.byhand import momentum_homework
    >>> len(class_sheets(momentum_homework, ["Kim Minjun", "20240007"]).ledgers)
    2
    """
    names = [str(student).strip() for student in students]
    seen: dict[str, str] = {}
    for name in names:
        if (same := normal_name(name)) in seen:
            raise ValueError(f"students must differ, got {seen[same]!r} and {name!r}: they would get the same numbers")
        seen[same] = name
    return Sheet([make(student=name, **arguments) for name in names], key, names, places)


def read_class(path: str | Path, column: str | int = 1) -> list[str]:
    """The names or numbers in one column of a CSV file (by number from 1, or by heading); empty lines are left out.

    UTF-8, or the Korean code page of spreadsheets; commas, semicolons or tabs. A first line that is a heading in any
    column ('name', 'student', 'number', '이름', '학번' …) is left out.
    """
    content = Path(path).read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = content.decode("cp949")
        except UnicodeDecodeError:
            raise ValueError(f"{path} is neither UTF-8 nor CP949 text; save it again as 'CSV UTF-8'") from None
    first = text.lstrip().splitlines()[0] if text.strip() else ""
    delimiter = max(",;\t", key=first.count)
    rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if any(cell.strip() for cell in row)]
    if not rows:
        raise ValueError(f"{path} holds no names")
    heads = [cell.strip() for cell in rows[0]]
    position = _column(heads, column, str(path))
    if not str(column).isdigit() or any(head.casefold() in HEADINGS for head in heads):
        rows = rows[1:]
    names = [row[position].strip() if position < len(row) else "" for row in rows]
    if "" in names:
        raise ValueError(f"{path}: line {names.index('') + 1} of the names has nothing in column {column}")
    return names


HEADINGS = {"name", "names", "student", "students", "number", "no.", "id", "student id", "student number"} | {
    "이름",
    "성명",
    "학번",
    "번호",
    "학생",
}


def _column(heads: Sequence[str], column: str | int, path: str) -> int:
    if not str(column).isdigit():
        if column not in heads:
            raise ValueError(f"{path} has no column {column!r}; its first line is {', '.join(heads)}")
        return heads.index(str(column))
    if not 1 <= int(column) <= len(heads):
        raise ValueError(f"column must be from 1 to {len(heads)}, got {column!r}")
    return int(column) - 1
