"""Numbers in the running text of lessons 00, 01 and 09: each phrase is built again from what is computed."""

import re
from fractions import Fraction as F
from pathlib import Path

import nbformat
import pytest
from downslope.byhand import first_path, momentum_homework

ROOT = Path(__file__).resolve().parent.parent.parent
GLYPHS = {F(1, 2): "½", F(1, 4): "¼", F(1, 8): "⅛", F(5, 8): "⅝"}


def lesson(number):
    (path,) = (ROOT / "notebooks").glob(f"{number}-*.ipynb")
    return nbformat.read(path, as_version=4)


def text(number):
    return "\n".join(cell.source for cell in lesson(number).cells if cell.cell_type == "markdown")


def glyph(value):
    return ("−" if value < 0 else "") + GLYPHS[abs(value)]


def tfrac(value):
    sign = "-" if value < 0 else ""
    return rf"{sign}\tfrac{{{abs(value.numerator)}}}{{{value.denominator}}}"


def phrases_of_lesson_01():
    path = first_path()
    w = {name: 1 - path[f"d{name}", 1] for name in ("w1", "w2", "w3")}
    stepped = first_path(**w)
    yield f"The output is {glyph(path['o', 1])} where 1 was wanted: too small. The error is {glyph(path['E', 1])}."
    yield f"a derivative of {glyph(path['dw3', 1])}"
    yield f"by {glyph(-path['dw3', 1])} of that little"
    yield f"Does $w_3$ still give {glyph(path['dw3', 1])}?"
    yield f"from {float(path['E', 1]):.3f} to {float(stepped['E', 1]):.3f}"
    wrong = path["dw1", 1] * w["w3"]  # w3 is 1 in the right one
    for slip in (-path["dw1", 1], path["dw1", 1] / 1, wrong):  # the sign; w3 = 1 forgotten; the new w3
        yield f"| {glyph(slip)} | {glyph(path['dw1', 1])} |"
    off = first_path(x1=-1, x2=F(1, 2))
    assert [off[f"d{name}", 1] for name in w] == [0, 0, 0]
    yield f"The hidden unit adds up {glyph(off['net1', 1])}, so it answers {off['h', 1]}"
    yield f"It rises by about {float(F(1, 100) * path['dw2', 1])}."
    settled = first_path(t=path["o", 1])
    assert [settled[f"d{name}", 1] for name in w] == [0, 0, 0]
    yield f"All 0: the output is {glyph(settled['o', 1])} already"
    step = F(1, 1000)
    moved = first_path(w3=1 + step)
    assert (moved["E", 1] - path["E", 1]) / step - path["dw3", 1] == step / 8
    yield "off by an eighth of the step"
    assert abs(path["dw1", 1]) == 2 * abs(path["dw3", 1])
    yield "its derivative is twice as large as that of $w_3$"


def phrases_of_lesson_09():
    ledger = momentum_homework(epochs=30)
    yield f"the network answers ${tfrac(ledger['o', 2])}$"
    for name in ("w1", "w2", "w3"):
        yield f"$w_{name[1]} = {tfrac(ledger[name, 2])}$"
    died = next(epoch for epoch in range(1, 31) if ledger["w3", epoch] < 0)
    yield f"In epoch {died} the velocity carries $w_3$ below 0"
    yield f"what happens in epoch {died}"
    assert ledger["E", died + 1] == F(1, 2)
    yield f"From epoch {died + 1} on the error stands at ½"
    energy = {
        epoch: ledger["E", epoch] + sum(ledger[f"m{i}", epoch] ** 2 for i in (1, 2, 3)) / 2 for epoch in range(1, 31)
    }
    lowest = min(range(1, 29), key=energy.get)
    yield f"it fell at first, to {float(energy[lowest]):.2f} in epoch {lowest}"
    rubbing = momentum_homework(epochs=36, momentum=F(9, 10))
    away = [abs(rubbing["o", epoch] - 1) for epoch in range(1, 37)]
    assert max(away[24:]) < max(away[12:24]) < max(away[:12])
    yield "the output still swings around 1, by less and less"
    assert -F(1, 4) + F(1, 5) == -F(1, 20)
    yield r"$-\tfrac14 + \tfrac15 = -\tfrac1{20}$"
    turned = [ledger[f"m{i}", 1] * ledger[f"m{i}", 2] < 0 for i in (1, 2, 3)]
    assert turned == [True] * 3
    yield "All three turn, but $w_1$ and $w_2$ only just"
    assert abs(ledger["dw1", 2] - F(1, 2)) < F(1, 100)
    yield "would have sent $w_1$ back by half a unit"
    assert F(1, 2) ** 3 == F(1, 8)
    yield r"$(\tfrac12)^3 = \tfrac18$"


CLAIMS = {"01": phrases_of_lesson_01, "09": phrases_of_lesson_09}


@pytest.mark.parametrize(("number", "phrases"), CLAIMS.items(), ids=CLAIMS)
def test_the_numbers_in_the_text_are_those_that_are_computed(number, phrases):
    told = text(number)
    for phrase in phrases():
        assert phrase in told, f"lesson {number} does not say: {phrase}"


def test_the_minutes_in_the_list_of_lessons_are_those_of_the_lessons():
    rows = re.findall(r"^\| \[(\d\d) ([^\]]+)\]\(([^)]+)\) \| [^|]+ \| (\d+) \|", text("00"), re.MULTILINE)
    assert [file for _, _, file, _ in rows] == [path.name for path in sorted((ROOT / "notebooks").glob("*.ipynb"))][1:]
    for number, title, file, minutes in rows:
        first = nbformat.read(ROOT / "notebooks" / file, as_version=4).cells[0].source
        assert first.startswith(f"# {number} {title}\n")
        assert f"**{minutes} minutes**" in first
