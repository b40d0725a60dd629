"""Lesson 05: every number and formula in its text is rebuilt here and looked up in the text."""

import re
from fractions import Fraction as F
from math import comb, floor, log2, log10
from pathlib import Path

import nbformat
import numpy as np
import pytest
import sympy
from downslope.backprop import Network, check_gradient

PATH = next((Path(__file__).resolve().parent.parent.parent / "notebooks").glob("05-*.ipynb"))
NOTEBOOK = nbformat.read(PATH, as_version=4)
TEXT = "\n\n".join(cell.source for cell in NOTEBOOK.cells if cell.cell_type == "markdown")
CODE = [cell for cell in NOTEBOOK.cells if cell.cell_type == "code"]
EPS = float(np.finfo("float64").eps)
EPS32 = float(np.finfo("float32").eps)


def cell_with(start):
    return next(cell for cell in CODE if start in cell.source)


def printed(start):
    """The printed lines of the code cell that holds `start`."""
    return "".join(output.text for output in cell_with(start).outputs if output.output_type == "stream")


@pytest.fixture(scope="module")
def lesson():
    """A namespace in which the functions of the lesson and its small network are defined."""
    names = {"F": F, "np": np, "check_gradient": check_gradient}
    starts = (
        "def error(", "def forward(", "def cube(", "def relative(", "def complex_step(", "rng = ", "def network(",
        "def right(", "def measured(", "class Counted", "def relative_error(", "slips = {", "def relu(", "def along(",
        "def my_gradient(", "def judge(", "def check_mine(",
    )  # fmt: skip
    for start in starts:
        source = cell_with(start).source.replace("from downslope import figures", "")
        source = re.sub(r"^(for|print|guess|counted|m = |d = |judge\().*(\n .*)*", "", source, flags=re.MULTILINE)
        exec(source, names)
    names["p"] = {key: value.copy() for key, value in names["p"].items()}
    return names


def slope_of_cube(method, h, x=F(2)):
    ahead, back = (x + h) ** 3, (x - h) ** 3
    return (ahead - x**3) / h if method == "forward" else (ahead - back) / (2 * h)


def test_the_series_of_both_differences_are_those_printed():
    h, x = sympy.symbols("h x", positive=True)
    f = sympy.Function("f")
    d1, d2, d3 = sympy.symbols("d1 d2 d3")
    series = {sign: f(x) + sign * h * d1 + h**2 / 2 * d2 + sign * h**3 / 6 * d3 for sign in (1, -1)}
    for function, point in ((sympy.exp(x), 1), (sympy.sin(x), 2)):  # the expansion itself
        for sign in (1, -1):
            terms = sympy.series(function.subs(x, point + sign * h), h, 0, 4).removeO()
            derivatives = [sympy.diff(function, x, k).subs(x, point) for k in (1, 2, 3)]
            ours = series[sign].subs(f(x), function.subs(x, point)).subs(dict(zip((d1, d2, d3), derivatives)))  # noqa: B905
            assert sympy.simplify(terms - ours) == 0
    assert sympy.expand((series[1] - f(x)) / h) == sympy.expand(d1 + h / 2 * d2 + h**2 / 6 * d3)
    assert sympy.expand((series[1] - series[-1]) / (2 * h)) == sympy.expand(d1 + h**2 / 6 * d3)
    assert r"\text{forward} = f' + \frac{h}{2} f'' + \dots \tag{1}" in TEXT
    assert r"\text{centred} = f' + \frac{h^2}{6} f''' + \dots \tag{2}" in TEXT


def test_the_complex_step_has_the_series_printed():
    h, f, d1, d2, d3 = sympy.symbols("h f d1 d2 d3", real=True)
    value = sympy.expand(f + sympy.I * h * d1 + (sympy.I * h) ** 2 / 2 * d2 + (sympy.I * h) ** 3 / 6 * d3)
    assert sympy.expand(sympy.im(value) / h - (d1 - h**2 / 6 * d3)) == 0
    assert r"f(x + ih) = f + ih f' - \tfrac{h^2}2 f'' - i\tfrac{h^3}6 f''' + \dots" in TEXT
    assert r"\frac{\operatorname{Im} f(x+ih)}{h} = f' - \frac{h^2}6 f''' + \dots \tag{5}" in TEXT


def test_the_best_steps_are_where_the_sums_are_smallest():
    h, e, f, d = sympy.symbols("h e f d", positive=True)
    forward, centred = h / 2 * d + e * f / h, h**2 / 6 * d + e * f / (2 * h)
    assert sympy.solve(sympy.diff(forward, h), h) == [sympy.sqrt(2 * e * f / d)]
    assert sympy.simplify(sympy.diff(centred, h).subs(h, sympy.cbrt(3 * e * f / (2 * d)))) == 0
    assert r"\sqrt{\frac{2\,\varepsilon\,|f|}{|f''|}}" in TEXT
    assert r"\sqrt[3]{\frac{3\,\varepsilon\,|f|}{2\,|f'''|}}" in TEXT
    assert r"\frac h2|f''| + \frac{\varepsilon|f|}{h}" in TEXT
    assert r"\frac{h^2}6|f'''| + \frac{\varepsilon|f|}{2h}" in TEXT
    assert printed("(4) says") == (
        f"forward: (4) says {(2 * EPS * 8 / 12) ** 0.5:.0e};  eps^(1/2) = {EPS**0.5:.0e}\n"
        f"centred: (4) says {(3 * EPS * 8 / 12) ** (1 / 3):.0e};  eps^(1/3) = {EPS ** (1 / 3):.0e}\n"
    )
    assert floor(-log10(EPS**0.5)) + 1 == 8
    assert 10 < -log10(EPS ** (2 / 3)) < 11
    assert f"{EPS ** (1 / 3):.0e}" == "6e-06"
    assert r"$\varepsilon^{1/3} \approx 6\cdot10^{-6}$" in TEXT


def test_the_errors_on_the_cube_are_those_told():
    x = sympy.symbols("x")
    assert [sympy.diff(x**3, x, k).subs(x, 2) for k in (0, 1, 2, 3)] == [8, 12, 12, 6]
    assert "slope is $3x^2 = 12$" in TEXT
    assert "$f'' = 12$ and $f''' = 6$" in TEXT
    for k in (10, 100, 1000):
        h = F(1, k)
        one, two = slope_of_cube("forward", h), slope_of_cube("centred", h)
        assert (one - 12, two - 12) == (6 * h + h * h, h * h)
        assert f"{float(one)}" in printed("h = 1/{k")
        assert f"{float(two)}" in printed("h = 1/{k")
    assert f"Off by {float(slope_of_cube('forward', F(1, 10)) - 12)} and by 0.01." in TEXT
    assert slope_of_cube("centred", F(1, 10)) - 12 == F(1, 100)
    assert sympy.diff(x**3, x).subs(x, 7) == 147
    assert "the slope is 147" in TEXT


def test_lesson_01_was_off_by_an_eighth_and_a_parabola_is_exact(lesson):
    w = sympy.symbols("w")
    E = (w / 2 - 1) ** 2 / 2
    assert [sympy.diff(E, w, k).subs(w, 1) for k in (1, 2, 3)] == [-sympy.Rational(1, 4), sympy.Rational(1, 4), 0]
    assert r"$E'' = \tfrac14$ and $E''' = 0$" in TEXT
    assert r"\tfrac h2 \cdot \tfrac14 = \tfrac h8" in TEXT
    for h in (F(1, 1000), F(1), F(1000)):
        assert lesson["forward"](lesson["error"], F(1), h) + F(1, 4) == h / 8
        assert lesson["centred"](lesson["error"], F(1), h) == F(-1, 4)
    lesson_01 = nbformat.read(next(PATH.parent.glob("01-*.ipynb")), as_version=4)
    assert any("an eighth of the step" in cell.source for cell in lesson_01.cells)


def test_the_opening_is_best_in_the_middle():
    slopes = [float(line.split(": ")[1]) for line in printed("def error(w3)").splitlines()]
    errors = [abs(slope + 0.25) for slope in slopes]
    assert 0 < errors.index(min(errors)) < len(errors) - 1
    assert -0.25 not in slopes


def test_the_table_of_steps_holds_what_the_text_says():
    rows = {
        row[0]: row[1:] for row in re.findall(r"h = (\S+) +forward (\S+) +centred (\S+)", printed("for h in steps:"))
    }
    forward, centred = ({float(h): float(row[k]) for h, row in rows.items()} for k in (0, 1))
    assert min(centred, key=centred.get) == 1e-5
    assert min(forward, key=forward.get) == 1e-8
    assert -log10(forward[1e-4]) > 4
    assert -log10(centred[1e-4]) > 9
    assert -log10(forward[1e-8]) > 8
    assert 10 < -log10(centred[1e-5]) < 11
    assert all(centred[h] < 1e-8 for h in (1e-4, 1e-5, 1e-6)), "anything from 1e-4 to 1e-6 will do"
    assert "| $h = 10^{-4}$ | four digits | **nine digits** |" in TEXT
    assert "| best | eight digits, at $10^{-8}$ | ten to eleven digits, at $10^{-5}$ |" in TEXT
    assert forward[1e-16] == centred[1e-16] == 1
    assert 2 + 1e-16 == 2


def test_the_digits_that_are_left():
    exact, stored, slope = (line.split()[1] for line in printed("from decimal").splitlines())
    zeros = re.match(r"8\.(0+)", exact).group(1)
    assert 1 + len(zeros) == 9
    assert "nine of them go to the 8 and the zeros behind it. Seven are left" in TEXT
    assert 16 - 9 == 7
    wrong = next(k for k, (a, b) in enumerate(zip(exact, stored, strict=True)) if a != b)
    assert len(exact[:wrong].replace(".", "")) >= 16
    assert 7 <= -log10(abs(float(slope) - 12) / 12) < 8, "seven right digits"


def test_float32_has_the_digits_told():
    assert f"{EPS32:.1e}" == "1.2e-07"
    assert r"$\varepsilon \approx 1.2\cdot10^{-7}$" in TEXT
    assert f"{EPS:.1e}" == "2.2e-16"
    errors = {float(h): float(e) for h, e in re.findall(r"h = (\S+): .* error (\S+)", printed("small = np.float32"))}
    assert 2 <= -log10(errors[1e-5]) < 3
    assert errors[1e-7] == 1
    assert "Two digits are left, and with $10^{-7}$ none at all." in TEXT
    assert 4 < -log10(EPS32 ** (2 / 3)) < 5
    assert "Four to five digits are all that we can count on in float32." in TEXT
    assert printed("eps32 = ") == f"best step about {EPS32 ** (1 / 3):.0e}, error there about {EPS32 ** (2 / 3):.0e}\n"


def test_the_formulas_of_the_network_are_right(lesson):
    loss, gradient, p = lesson["loss"], lesson["gradient"], lesson["p"]
    report = check_gradient(loss, gradient, p, method="complex")
    assert report.ok
    assert report.checked == 36
    assert "Two for each: $2n = 72$." in TEXT
    assert "forward runs of the library's check: 73" in printed("counted = Counted(loss)\ncheck")


def test_right_and_wrong_gradients_are_as_far_apart_as_told(lesson):
    m = lesson["measured"](lesson["loss"], lesson["p"])
    errors = {name: lesson["worst"](lesson["gradient"](lesson["p"], b), m) for name, b in lesson["slips"].items()}
    assert errors["right"] < 1e-6
    wrong = [e for name, e in errors.items() if name != "right"]
    assert max(wrong) < 2 + 1e-6
    assert min(wrong) > 1e-6 * 10_000
    assert min(wrong) > 1e-3, "the last band of the table"
    for name, e in errors.items():
        assert name == "right" or f"{name}: {e:.3f}" in printed("for name, back in slips.items():\n    e =")


def test_the_ratio_of_a_forgotten_factor_is_that_factor(lesson):
    assert "numeric / gradient = 4.0000" in printed('g["b2"] = g["b2"] / len(X)')
    assert len(lesson["X"]) == 4
    assert "Exactly 4, the number of examples" in TEXT


def test_what_rounding_hides_is_as_small_as_told(lesson):
    flat = {**lesson["p"], "b1": np.array([-15.0, 0.5, 0.5])}
    floor_ = EPS * lesson["loss"](flat) / 2e-5
    assert 0.5e-10 < floor_ < 2e-10
    assert r"$\varepsilon|f|/2h \approx 10^{-10}$" in TEXT
    assert abs(lesson["gradient"](flat)["b1"][0]) < floor_ / 10
    assert r"$4\varepsilon|f|/h$" in TEXT


def test_the_kink_numbers():
    def relu(x):
        return max(x, 0)

    for h in (F(1, 10), F(1, 1000), F(1, 10**9)):
        assert (relu(h) - relu(-h)) / (2 * h) == F(1, 2)
    assert "it says ½ for every step" in TEXT
    lines = printed("def error_with_relu").splitlines()
    assert [line.split("centred ")[1] for line in lines[:3]] == ["-1/4", "-1/4", "-0.09375"]

    def error(w):
        return (relu(w / 2) - 1) ** 2 / 2

    assert (error(F(3)) - error(F(-1))) / 4 == F(-9375, 100000)


def test_kinks_go_on_where_truncation_has_gone():
    rows = re.findall(r"h = (\S+): .* ReLU +(\d+), with tanh +(\d+)", printed("with tanh {tanh_off"))
    relu, tanh = ([int(row[k]) for row in rows] for k in (1, 2))
    assert relu == sorted(relu, reverse=True)
    assert relu[1] > relu[2] > 0
    assert set(tanh[1:]) == {0}
    net = Network([10, 50, 3])
    assert f"of {net.params.vector.size} slopes" in printed("with tanh {tanh_off")
    assert "50 hidden units and 100 examples make 5,000 sums" in TEXT
    assert 50 * 100 == 5000


def test_the_large_network_costs_what_is_told():
    n = sum(i * o + o for i, o in ((784, 100), (100, 100), (100, 10)))
    assert f"784-100-100-10, has {n:,} weights and biases" in TEXT
    assert f"takes {2 * n:,} forward runs" in TEXT
    assert f"in place of {2 * n:,}" in TEXT
    runs = int(re.search(r"runs: (\d+)", printed("report = check_gradient(counted, g")).group(1))
    assert 75 < runs < 150, "about 100"
    rounds = floor(log2(n)) + 1
    assert f"Halving {n:,} entries down to one takes {rounds} rounds." in TEXT
    assert runs == 1 + 2 * 5 + 4 * rounds + 2 + 20, "size of f; five directions; halving; the entry; the cause"
    assert "at fault: W2 [57, 31]" in printed("report = check_gradient(counted, g")


def test_a_swap_is_missed_by_half_of_the_directions():
    assert comb(2, 1) / 2**2 == 0.5
    signs = [(a, b) for a in (-1, 1) for b in (-1, 1)]
    assert sum(0.5 * a - 0.5 * b == 0 for a, b in signs) / len(signs) == 0.5
    assert "One half: whenever both entries get the same sign." in TEXT
    share, all_ten = re.search(r"direction: (\S+)%, by all of ten: (\S+)%", printed("off = np.zeros(36)")).groups()
    assert abs(float(share) - 50) < 1.5
    assert float(all_ten) < 0.2


def test_the_report_of_the_exercise_has_one_worst_entry(lesson):
    loss, p = lesson["loss"], lesson["p"]
    truth, slipped = lesson["gradient"](p), lesson["my_gradient"](p)
    shown = cell_with("slipped = my_gradient(p)").outputs[0].data["text/plain"]
    errors = {name: lesson["relative_error"](slipped[name], truth[name]) for name in p}
    ranked = sorted((e, f"{name}{list(place)}") for name in p for place, e in np.ndenumerate(errors[name]))
    assert f"worst: {ranked[-1][1]} " in shown
    assert ranked[-1][0] > 1.01 * ranked[-2][0]
    assert str(check_gradient(loss, slipped, p, method="complex")) == shown
    assert errors["b3"].max() < 1e-12 > errors["W3"].max()
    assert errors["b2"].min() > 1e-3, "the first wrong array from the top"


def test_the_judge_tells_right_from_wrong(lesson, capsys):
    p = lesson["p"]
    lesson["slipped"] = lesson["my_gradient"](p)
    lesson["report"] = report = check_gradient(lesson["loss"], lesson["slipped"], p, method="complex")
    entry = f"{report.name}{list(report.index)}"

    def verdicts(*given):
        lesson["judge"](dict(zip(("entry", "first wrong array", "line"), given, strict=True)))
        return [line.split(": ")[1] for line in capsys.readouterr().out.splitlines()]

    assert verdicts(entry, "b2", "delta2") == ["correct"] * 3
    assert verdicts(entry.replace(" ", ""), " b2", "delta2 ") == ["correct"] * 3
    assert verdicts("", "", "") == ["not attempted yet"] * 3
    assert verdicts("b2[0]", "b1", "delta1") == ["not yet"] * 3
    assert verdicts("b1", "W2", "delta3") == ["not yet"] * 3


WRONG = {
    "the slope of the other layer": "(1 - y1**2) * (delta3 @ p['W3'].T)",
    "half of it": "(1 - y2) * (delta3 @ p['W3'].T)",
    "of the sum": "(1 - np.tanh(y2) ** 2) * (delta3 @ p['W3'].T)",
    "transposed": "(1 - y2**2) * (delta3 @ p['W3'])",
    "sign": "-(1 - y2**2) * (delta3 @ p['W3'].T)",
    "only nearly": "0.9999999 * (1 - y2**2) * (delta3 @ p['W3'].T)",
}


def mended(lesson, line):
    source = cell_with("def my_gradient(").source.replace('delta3 @ p["W3"].T', line)
    assert line in source
    names = dict(lesson)
    names["slipped"] = lesson["my_gradient"](lesson["p"])
    exec(source, names)
    return lesson["check_mine"].__class__(lesson["check_mine"].__code__, names)(names["my_gradient"])


@pytest.mark.parametrize("line", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_repair_is_told_so(lesson, line):
    assert mended(lesson, line).startswith("Not yet: worst is ")


def test_the_right_repair_passes_and_the_starter_is_not_judged(lesson):
    assert mended(lesson, "(1 - y2**2) * (delta3 @ p['W3'].T)").startswith("Correct")
    assert mended(lesson, "delta3 @ p['W3'].T").startswith("Not attempted yet")


def test_the_right_repair_passes_also_after_running_all_cells_again(lesson):
    """Then `slipped` has been computed by the mended function."""
    names = {**lesson, "slipped": lesson["gradient"](lesson["p"])}
    check = lesson["check_mine"].__class__(lesson["check_mine"].__code__, names)
    assert check(lesson["gradient"]).startswith("Correct")


def test_measuring_in_place_of_mending_is_noticed(lesson):
    names = {**lesson, "slipped": lesson["my_gradient"](lesson["p"])}
    check = lesson["check_mine"].__class__(lesson["check_mine"].__code__, names)
    assert check(lambda p: lesson["measured"](lesson["loss"], p)).startswith("Not yet")


def test_recall_answers_are_right():
    assert F(3, 10**6) / 10**2 == F(3, 10**8)
    assert r"About $3\cdot10^{-8}$" in TEXT
    assert f"{EPS / 2e-12:.0e}" == "1e-04"
    assert "it is of the order $10^{-4}$ times the size of $f$" in TEXT
    assert "5. 1/32." in TEXT


def test_a_direction_crosses_kinks_and_a_complex_step_does_not():
    assert printed("for method in (") == "ReLU, centred: False\nReLU, complex: True\n"
    assert "A false alarm and none, for one and the same right gradient." in TEXT
