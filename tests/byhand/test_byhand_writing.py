"""What is shown: every line says the same in LaTeX, Typst and plain text, and the numbers give the value."""

import re
import xml.etree.ElementTree as ET
from fractions import Fraction as F
from math import isqrt

import pytest
from downslope.byhand import EXERCISES, first_path, momentum_homework
from downslope.byhand.intervals import Interval
from downslope.byhand.notation import LATEX, TEXT, TYPST
from downslope.byhand.numbers import as_decimal, decimals_of, significant
from hypothesis import given, settings
from hypothesis import strategies as st

LEDGERS = [recipe.ledger() for recipe in EXERCISES.values()] + [
    recipe.ledger(student=name) for recipe in EXERCISES.values() if recipe.draw for name in ("Kim", "Lee")
]
LINES = [worked for ledger in LEDGERS for worked in ledger]


def root(x):
    top, bottom = isqrt(x.numerator), isqrt(x.denominator)
    return F(top, bottom) if F(top, bottom) ** 2 == x else x**0.5


def computed(text):
    """The value of a numbers line, given as Python text."""
    text = re.sub(r"(?<![\w.])(\d+(?:\.\d+)?)(?![\w.])", r'F("\1")', text)
    names = {"F": F, "ReLU": lambda x: max(x, F(0)), "sqrt": root, "frac": lambda a, b: a / b, "abs": abs}
    return eval(text, {"__builtins__": {}}, names)


def from_text(text):
    text = text.replace("·", "*").replace("²", "**2").replace("√", "sqrt")
    return re.sub(r"\^(\d+)", r"**\1", text)


def from_latex(text):
    text = text.replace(r"\left", "").replace(r"\right", "").replace(r"\cdot", "*").replace(r"\mathrm{ReLU}", "ReLU")
    for _ in range(9):  # from the inside out
        text = re.sub(r"\^\{(\d+)\}", r"**\1", re.sub(r"\\sqrt\{([^{}]*)\}", r"sqrt(\1)", text))
        text = re.sub(r"\\t?frac\{([^{}]*)\}\{([^{}]*)\}", r"((\1)/(\2))", text)
    return text


def from_typst(text):
    text = text.replace("dot.op", "*").replace('upright("ReLU")', "ReLU")
    return re.sub(r"\^\((\d+)\)", r"**\1", text)


READ = {"latex": (LATEX, from_latex), "typst": (TYPST, from_typst), "text": (TEXT, from_text)}


@pytest.mark.parametrize("way", READ)
def test_the_numbers_of_every_line_give_its_value(way):
    notation, read = READ[way]
    for worked in LINES:
        _, _, numbers, value, decimal = worked.pieces(notation, 6)
        sign, _, rest = numbers.partition(" ")
        found = float(computed(read(rest)))
        if sign == "=" and worked.exact:
            assert computed(read(rest)) == worked.value, worked
        assert found == pytest.approx(float(worked.value), abs=2e-5, rel=2e-5), worked
        shown = value.partition(" ")[2]
        assert float(computed(read(shown))) == pytest.approx(float(worked.value), abs=1e-6)
        assert float(decimal.partition(" ")[2]) == pytest.approx(float(worked.value), abs=1e-6)


def test_an_equals_sign_stands_only_between_equals():
    for worked in LINES:
        _, _, numbers, value, decimal = worked.pieces(TEXT)
        if value.startswith("="):
            assert computed(from_text(value[2:])) == worked.value
        assert decimal.startswith("=") == (F(decimal[2:]) == worked.value)
        assert not (value.startswith("=") and numbers.startswith("≈"))


def test_a_line_reads_as_symbol_formula_numbers_value():
    ledger = momentum_homework()
    assert repr(ledger.line("w1", 2)) == "w1[2] = w1[1] - m1[2] = 3/2 - 1/128 = 191/128 ≈ 1.492"
    assert ledger.line("dw3", 1).pieces(LATEX)[:3] == (
        r"\frac{\partial E^{(1)}}{\partial w_{3}}",
        r"(o^{(1)} - t)\,\mathrm{ReLU}'(\mathrm{net}_{2}^{(1)})\,h^{(1)}",
        r"= \left(\tfrac{1}{2} - 1\right) \cdot 1 \cdot \tfrac{1}{2}",
    )
    assert EXERCISES["adam"].ledger().line("v", 1).pieces(LATEX)[1].endswith(r"(g^{(1)})^{2}")


def test_long_fractions_fall_back_to_decimals():
    ledger = momentum_homework(epochs=30, momentum=F(9, 10))
    assert max(len(repr(worked)) for worked in ledger) < 200
    assert repr(ledger.line("w3", 30)).count("≈") == 3


def test_decimals_round_halves_away_from_zero():
    assert [as_decimal(F(n, 8), 2) for n in (1, -1, 3)] == ["0.13", "-0.13", "0.38"]
    assert as_decimal(F(5), 0) == "5"
    assert as_decimal(F(-1, 10**9), 3) == "-1.0e-9"


@given(st.fractions(), st.integers(1, 12))
@settings(deadline=None, max_examples=100)
def test_rounding_is_within_half_a_unit(value, digits):
    assert abs(significant(value, digits) - value) <= abs(value) * F(1, 2) * F(10) ** (1 - digits)
    exact = decimals_of(value, 6)
    assert exact is None or F(exact) == value


@given(st.lists(st.fractions(-9, 9, max_denominator=50), min_size=4, max_size=4), st.floats(0, 1), st.floats(0, 1))
@settings(deadline=None, max_examples=100)
def test_an_interval_encloses_every_result(ends, here, there):
    a, b = Interval(*sorted(ends[:2])), Interval(*sorted(ends[2:]))
    x = a.low + (a.high - a.low) * F(here)
    y = b.low + (b.high - b.low) * F(there)
    pairs = [(a + b, x + y), (a - b, x - y), (a * b, x * y), (a**2, x**2), (a**3, x**3), (-a, -x)]
    pairs += [(a + y, x + y), (y - a, y - x), (y * a, x * y)]
    if not b.low <= 0 <= b.high:
        pairs += [(a / b, x / y), (x / b, x / y)]
    assert all(each.low <= value <= each.high for each, value in pairs)


# in the notebook


def bundle(shown):
    return shown._repr_mimebundle_()


@pytest.mark.parametrize("ledger", LEDGERS, ids=lambda ledger: f"{ledger.recipe.name}-{ledger.student}")
def test_html_markdown_and_text_hold_the_same_lines(ledger):
    shown = bundle(ledger)
    assert set(shown) == {"text/plain", "text/markdown", "text/html"}
    assert shown["text/plain"] == str(ledger)
    for worked in ledger:
        assert worked.text() in shown["text/plain"]
        for piece in worked.pieces(LATEX):
            assert piece in shown["text/markdown"]
            assert piece.replace("&", "&amp;").replace("'", "&#x27;") in shown["text/html"]
    assert "<script" not in shown["text/html"]
    assert "<svg" not in "".join(shown.values())  # a notebook that is not trusted leaves a jumble of its letters
    ET.fromstring(f"<div>{shown['text/html'].replace('<br>', '<br/>').replace(' open ', ' ')}</div>")


def test_each_epoch_folds_and_a_long_ledger_shows_two_and_a_table():
    assert bundle(momentum_homework(2))["text/html"].count("<details open") == 2
    four = bundle(momentum_homework(4))["text/html"]
    assert (four.count("<details open"), four.count("<details")) == (1, 4)
    long = momentum_homework(30)
    assert bundle(long)["text/html"].count("<details") == 2
    assert len(str(long).splitlines()) < 80
    assert bundle(first_path())["text/html"].count("<details") == 0


def test_parts_lines_and_steps_can_be_chosen():
    ledger = momentum_homework()
    shown = str(ledger.show(2, parts=["update"], lines=["w1", "w3"], places=5))
    assert shown.splitlines()[-2:] == [
        "    w3[2] = w3[1] - m3[2] = 5/4 - 53/256 = 267/256 ≈ 1.04297",
        "    w1[2] = w1[1] - m1[2] = 3/2 - 1/128 = 191/128 ≈ 1.49219",
    ]
    with pytest.raises(ValueError, match="steps must be among 1, 2, got 3"):
        ledger.show(3)
    with pytest.raises(ValueError, match="lines must be among"):
        ledger.show(lines=["w4"])


def test_the_table_of_some_lines_has_a_row_for_each_epoch():
    assert str(momentum_homework().table("E", "w1")).splitlines() == [
        "epoch      E     w1",
        "    0         1.000",
        "    1  0.125  1.500",
        "    2  0.083  1.492",
    ]


def test_the_drawing_is_sound_svg_and_says_in_words_what_it_shows():
    for ledger, step in [(momentum_homework(), 2), (momentum_homework(student="Kim"), 1), (first_path(), 1)]:
        picture = ledger.picture(step)
        svg = ET.fromstring(picture.svg)
        assert svg.find("{*}title").text == picture.title
        assert svg.find("{*}desc").text == picture.description
        assert svg.get("role") == "img"
        assert "∂E/∂w3" in picture.description
        seen = "".join(svg.itertext())
        assert f"E{'=' if ledger['E', step].denominator == 8 else '≈'}"[0] in seen
    blank = momentum_homework().picture()
    assert "Forward" not in blank.description
    assert "#3f78d8" not in blank.svg
    with pytest.raises(ValueError, match="has no picture"):
        EXERCISES["adam"].ledger().picture(1)
    with pytest.raises(ValueError, match="step must be from 1 to 2"):
        momentum_homework().picture(3)


def test_a_drawing_is_shown_as_an_image_and_not_as_html():
    picture = momentum_homework().picture(1)
    assert picture._repr_mimebundle_() == {"text/plain": repr(picture), "image/svg+xml": picture.svg}


def test_values_stand_above_the_wires_and_gradients_below():
    svg = ET.fromstring(momentum_homework().picture(1).svg)
    texts = {"".join(text.itertext()).replace("\u200b", ""): float(text.get("y")) for text in svg.findall(".//{*}text")}
    wire = 135  # from h to o
    assert texts["w3 = 1"] < wire < texts["∂E/∂w3 = −1/4"]
