"""The library's docstrings as reStructuredText. They are plain text, and stay so in the code.

A block is what stands between blank lines. How it is written says what it is:

    >>> 1 + 1                   an example
    indented                    a formula or a piece of code, shown as it is
    name  what it is            a list of names: two blanks or more, or blank, colon, blank under a heading
    a line over ------          a heading
    anything else               a paragraph; `names` in backquotes are code
"""

import ast
import re
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

Lines = list[str]
SPECIAL = re.compile(r"([\\*_|])")
CODE = re.compile(r"(`+)(.+?)\1", re.DOTALL)
RULE = re.compile(r"-{3,}|={3,}")
ENTRY = re.compile(r"(\S.*?)(?: {2,}| : )(\S.*)")


def as_rst(lines: Iterable[str]) -> Lines:
    """The lines of a docstring as lines of reStructuredText."""
    return [line for block in joined(blocks(lines)) for line in [*block_as_rst(block), ""]]


def blocks(lines: Iterable[str]) -> Iterator[Lines]:
    """Blocks of lines. A heading is a block of its own, and so is each change between indented and not."""
    block: Lines = []
    for line in [*map(str.rstrip, lines), ""]:
        starts_anew = not line or RULE.fullmatch(line) or bool(block and is_formula(block) and line[0] != " ")
        if starts_anew and block:
            yield block
            block = []
        if RULE.fullmatch(line):
            yield [line]
        elif line:
            block.append(line)


def joined(found: Iterable[Lines]) -> Iterator[Lines]:
    """Indented blocks that follow one another are one; a line and the rule under it are one."""
    pending: Lines = []
    for block in found:
        if pending and is_formula(pending) and is_formula(block):
            pending = [*pending, "", *block]
        elif len(pending) == 1 and RULE.fullmatch(block[0]):
            pending = [*pending, *block]
        else:
            if pending:
                yield pending
            pending = block
    if pending:
        yield pending


def is_formula(block: Lines) -> bool:
    return all(not line or line.startswith(" ") for line in block)


def block_as_rst(block: Lines) -> Lines:
    if block[0].startswith(">>>"):
        return literal("pycon", block)
    if is_formula(block):
        return literal("python" if is_python(block) else "text", block)
    if RULE.fullmatch(block[-1]):
        return [f".. rubric:: {escaped(block[0])}"]
    return names(block) or [escaped(" ".join(block))]


def literal(language: str, block: Lines) -> Lines:
    return [f".. code-block:: {language}", "", *textwrap.indent(textwrap.dedent("\n".join(block)), "   ").split("\n")]


def is_python(block: Lines) -> bool:
    """Whether a block is a piece of code, and not a formula that happens to read like one."""
    text = textwrap.dedent("\n".join(block))
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return text.isascii() or "#" in text


def names(block: Lines) -> Lines:
    """A list of names with what they are; nothing if the block is something else."""
    entries: list[tuple[str, Lines]] = []
    for line in block:
        if line.startswith("    ") and entries:
            entries[-1][1].append(line.strip())
        elif entry := ENTRY.fullmatch(line):
            entries.append((entry[1], [entry[2]]))
        else:
            return []
    return [part for name, text in entries for part in (f"``{name}``", f"   {escaped(' '.join(text))}", "")]


def escaped(text: str) -> str:
    """Text in which nothing but `code` means anything to reStructuredText."""
    parts, end = [], 0
    for code in CODE.finditer(text):
        parts += [SPECIAL.sub(r"\\\1", text[end : code.start()]), f"``{code[2].strip('`')}``\\ "]
        end = code.end()
    return "".join([*parts, SPECIAL.sub(r"\\\1", text[end:])])


def convert(app: Any, what: str, name: str, obj: Any, options: Any, lines: Lines) -> None:
    """Sphinx's event autodoc-process-docstring: change `lines` in place."""
    lines[:] = as_rst(lines)


def setup(app: Any) -> dict[str, bool]:
    app.connect("autodoc-process-docstring", convert)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
