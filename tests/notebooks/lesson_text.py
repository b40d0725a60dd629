"""What the tests of the lessons' texts share: what a lesson printed, and what its text says."""

from collections.abc import Callable
from typing import NamedTuple


class Reader(NamedTuple):
    """How a test reads one lesson.

    output(start)      what the cell printed whose output has a line that starts so
    row(start, of)     the numbers of a printed line, behind its name; `of`: the start of another line of that output
    said(*phrases)     fails unless each phrase stands in the text
    """

    output: Callable
    row: Callable
    said: Callable


def reader(code, text, numbers):
    """The reader of a lesson with these code cells and this text; `numbers` finds the numbers in a line."""

    def output(start):
        found = [told for cell in code for o in cell.outputs if f"\n{start}" in f"\n{(told := o.get('text', ''))}"]
        assert len(found) == 1, f"{len(found)} outputs have a line that starts with {start!r}"
        return found[0]

    def row(start, of=None):
        (line,) = [line for line in output(of or start).splitlines() if line.startswith(start)]
        return numbers(line.removeprefix(start))

    def said(*phrases):
        for phrase in phrases:
            assert phrase in text, phrase

    return Reader(output, row, said)
