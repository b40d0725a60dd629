"""Lesson 15: every number and formula in its text is rebuilt here and looked up in the text."""

import re
from fractions import Fraction as F
from math import e, exp, isclose, log, sqrt
from pathlib import Path

import nbformat
import numpy as np
import pytest
import sympy
from downslope.byhand import adam_steps
from downslope.optim import Adam, Nadam, SparseAdam, SparseRows
from downslope.optim.conventions import convert_eps

PATH = next((Path(__file__).resolve().parent.parent.parent / "notebooks").glob("15-*.ipynb"))
NOTEBOOK = nbformat.read(PATH, as_version=4)
TEXT = "\n\n".join(cell.source for cell in NOTEBOOK.cells if cell.cell_type == "markdown")
CODE = [cell for cell in NOTEBOOK.cells if cell.cell_type == "code"]


def cell(part):
    return next(cell for cell in CODE if part in cell.source)


def printed(part):
    """What the code cell that holds `part` printed, in lines."""
    return "".join(o.text for o in cell(part).outputs if o.output_type == "stream").splitlines()


def revealed(part):
    """The answer that the code cell that holds `part` revealed."""
    return [output.data["text/plain"] for output in cell(part).outputs if "data" in output][-1]


def numbers(line):
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?(?:e-\d+)?", line.replace(",", ""))]


def lesson(*parts):
    """A namespace in which the functions of the cells that hold these parts are defined."""
    names = {"np": np, "Adam": Adam, "SparseAdam": SparseAdam, "SparseRows": SparseRows}
    for part in ("def averages(", *parts):
        exec(cell(part).source, names)
    return names


def too_long(t, beta1=0.9, beta2=0.999):
    return (1 - beta1**t) / sqrt(1 - beta2**t)


# The first steps


def test_the_four_first_steps_are_as_long_as_told():
    rows = {line.split(":")[0].strip(): numbers(line) for line in printed("first = directions(")}
    assert rows["momentum alone"] == [25.0, -0.0004]
    assert 250 / rows["momentum alone"][0] == 10
    assert f"{rows['squares alone'][0]:.1f}" == f"{1 / sqrt(0.001):.1f}" == "31.6"
    assert "Momentum alone is 10 times too short. Squares alone are 31.6 times too long" in TEXT
    assert rows["both"] == [round(sqrt(10), 4), -round(sqrt(10), 4)]
    assert printed("first = directions(")[3].split() == ["both,", "corrected:", "Adam:", "1.0000", "-1.0000"]
    assert revealed("first = directions(") == "It is 1 times."
    assert revealed("hook.reveal") == "It is too long."


def test_the_first_step_is_the_sign():
    g, b1, b2 = sympy.symbols("g beta1 beta2", real=True, nonzero=True)
    m, v = (1 - b1) * g, (1 - b2) * g**2
    direction = sympy.cancel(m / (1 - b1)) / sympy.sqrt(sympy.cancel(v / (1 - b2)))
    assert sympy.simplify(direction - g / sympy.Abs(g)) == 0
    assert r"\frac{\hat m}{\sqrt{\hat v}} = \frac{g}{|g|} = \operatorname{sign}(g)" in TEXT


def test_the_ledger_has_whole_roots_and_the_lengths_told():
    ledger = adam_steps(3, beta1="9/10", beta2="3/4", lr="1/10", g=[6, -1, 4])
    assert ledger.series("v_hat") == [36, 16, 16]
    assert r"Here $\beta_2 = \tfrac34$, chosen so that all three roots are whole numbers." in TEXT
    steps = [ledger["w", t - 1] - ledger["w", t] for t in (1, 2, 3)]
    assert [step / F(1, 10) for step in steps] == [1, F(11, 19), F(199, 271)]
    assert r"$1, \tfrac{11}{19}, \tfrac{199}{271}$" in TEXT
    assert printed("change = ledger")[1] == "the steps: 1/10 11/190 199/2710"
    assert revealed("change = ledger") == "It is down."
    for line in printed("enumerate([6.0, -1.0, 4.0]"):
        assert len(set(numbers(line)[1:])) == 1


def test_the_second_average():
    b = F(9, 10)
    of_m1, of_g2 = b / (1 - b**2), (1 - b) / (1 - b**2)
    assert (of_m1, of_g2) == (F(90, 19), F(10, 19))
    assert 1 - b**2 == F(19, 100)
    assert r"\frac{9/10}{19/100}\,m_1 + \frac{1/10}{19/100}\,g_2 = \tfrac{90}{19} m_1 + \tfrac{10}{19} g_2" in TEXT
    assert f"{float(of_m1):.4f}\\,m_1 + {float(of_g2):.4f}\\,g_2" in TEXT
    assert f"add up to {float(of_m1 + of_g2):.2f}" in TEXT
    assert of_m1 * (1 - b) == F(9, 19)
    assert r"$\hat m_2 = \tfrac9{19} g_1 + \tfrac{10}{19} g_2$" in TEXT
    assert (int(100 * of_m1), int(100 * of_g2)) == (473, 52)
    assert "$4.73m_1 + 0.52g_2$: right, with the last digits cut off" in TEXT
    assert revealed("guess.reveal(m_hat_2)") == "It is 1."


def test_the_share_of_the_newest_gradient():
    share = [0.1 / (1 - 0.9**t) for t in range(1, 60)]
    assert f"{100 * share[1]:.1f} % in step 2" in TEXT
    assert share[19] > 0.11 > share[39]
    assert "even in step 20 it is still above 11 %" in TEXT


# Too long


def test_the_factor_is_equation_1():
    m_hat, v_hat, b1, b2, t = sympy.symbols("m v beta1 beta2 t", positive=True)
    m, v = (1 - b1**t) * m_hat, (1 - b2**t) * v_hat
    factor = (1 - b1**t) / sympy.sqrt(1 - b2**t)
    left = (m / sympy.sqrt(v)).subs({b1: 0.5, b2: 0.75, t: 3, m_hat: 5, v_hat: 7})
    right = (factor * m_hat / sympy.sqrt(v_hat)).subs({b1: 0.5, b2: 0.75, t: 3, m_hat: 5, v_hat: 7})
    assert isclose(left, right)
    assert (
        r"\frac{m}{\sqrt v} = \frac{1-\beta_1^t}{\sqrt{1-\beta_2^t}}\cdot\frac{\hat m}{\sqrt{\hat v}} \tag{1}" in TEXT
    )


def test_how_much_too_long_and_when():
    assert isclose(too_long(1), sqrt(10))
    assert r"$0.1/\sqrt{0.001} = \sqrt{10} = 3.16$" in TEXT
    worst = max(range(1, 4000), key=too_long)
    assert f"The worst is step {worst}: {too_long(worst):.2f} times too long." in TEXT
    assert (worst, f"{too_long(worst):.2f}") == (12, "6.57")
    assert f"{too_long(288):.0f} times, at step 1000 {too_long(1000):.2f} times" in TEXT
    assert abs(too_long(288) - 2) < 0.002
    assert f"**the opposite holds**: {too_long(1):.2f} times too long, then up to {too_long(12):.2f} times." in TEXT
    assert f"{too_long(1):.2f} times at first, {too_long(12):.2f} times at $t = 12$" in TEXT
    assert revealed("too_long[step - 1]") == "It is 12."
    assert printed("lengths.append")[0].endswith("True")


def test_the_peak_is_derived_as_told():
    u = sympy.symbols("u", positive=True)
    slope = sympy.diff((1 - sympy.exp(-u)) / sympy.sqrt(u), u)
    assert sympy.simplify(slope * 2 * u ** sympy.Rational(3, 2) * sympy.exp(u) - (1 + 2 * u - sympy.exp(u))) == 0
    assert "the derivative is 0 where $e^u = 1 + 2u$" in TEXT
    root = float(sympy.nsolve(sympy.exp(u) - 1 - 2 * u, 1.2))
    assert printed("u = np.log(1 + 2 * u)") == [f"u = {root:.4f}, t = {root / log(1 / 0.9):.2f}"]
    assert abs(1 - exp(-root) - 2 * root * exp(-root)) < 1e-12


def test_when_the_notes_would_be_right():
    assert isclose(1 - (1 - 0.9) ** 2, 0.99)
    assert r"$\beta_2 < 1 - (1-\beta_1)^2 = 0.99$" in TEXT
    assert too_long(1, beta2=0.75) < too_long(1, beta2=0.9) < 1 < too_long(1, beta2=0.999)
    assert isclose(too_long(1, beta2=0.99), 1)
    assert "At 0.99 the two faults cancel in the first step. In our ledger, with ¾, the notes would be right." in TEXT


def test_the_digits_say_what_the_text_says():
    rows = [numbers(line) for line in printed("table = {}")[1:]]
    keys = ["A 0.001", "U 0.001", "A 0.003", "A 0.01", "U 0.01"]
    first = {key: np.array(row[1:4]) for key, row in zip(keys, rows, strict=True)}
    late = {key: np.array(row[4:7]) for key, row in zip(keys, rows, strict=True)}
    assert (late["U 0.01"] > 2 * late["A 0.01"]).all()
    assert "steps 80 to 99 still have more than twice Adam's loss" in TEXT
    assert (late["U 0.001"] < late["A 0.001"]).all()
    assert (late["A 0.003"] < late["A 0.001"]).all()
    rates = [0.001 * too_long(t) for t in (1, 12, 100)]
    assert "starts at {:.4f}, rises to {:.4f} and is {:.4f} again at step 100".format(*rates) in TEXT
    assert max(range(1, 4000), key=too_long) == 12
    assert np.abs(first["U 0.001"] - first["A 0.003"]).max() < 0.02
    assert (first["U 0.01"] > 8).all()
    assert revealed("table = {}") == f"It is {first['U 0.01'][0]}."


def test_the_fresh_network_has_the_loss_told():
    from downslope.backprop import Network
    from downslope.data import load_digits_mnist
    from downslope.training import minibatches

    x, labels, _, _ = load_digits_mnist(dtype="float64")
    net = Network([784, 100, 100, 100, 100, 10], activation="relu", initializer="he", seed=0, dtype="float64")
    batch = minibatches(len(x), 128, 1, 0)[0]
    assert f"on its first batch is {net.loss(x[batch], labels[batch]):.2f}" in TEXT


def test_the_live_figure_says_what_the_text_says():
    from downslope.figures.live_paths import adam_path
    from downslope.optim import surfaces

    valley = surfaces.ravine(20)
    assert valley.curvatures[1] / valley.curvatures[0] == 20
    assert "20 times as curved across as along" in TEXT

    def first(**off):
        path = adam_path(valley.gradient, valley.start, 1, 0.3, **off)
        return np.abs(path[1] - path[0]) / 0.3

    assert f"without correction the first step is {first(correction=False).max():.2f} times the rate." in TEXT
    leap = first(correction=False, momentum=False)
    assert f"leap {leap.max():.1f} times the rate, out of the picture" in TEXT
    start = np.array(valley.start)
    low, high = valley.window[2:]
    assert not low <= start[1] - 0.3 * leap[1] <= high
    slow, steep = first(scaling=False)
    assert isclose(steep / slow, 2)
    assert "the steep direction starts twice as fast as the other: it has twice the gradient" in TEXT


def test_v_falls_and_m_is_seldom_below_it():
    fell, below = printed("v_before = ")
    assert numbers(fell)[-1] > 50
    assert numbers(below)[-1] < 10
    assert "**Both claims are false.**" in TEXT
    m = v = 0.0
    for g in (1.0, 0.1):
        before = v
        m, v, _, _ = lesson()["averages"](g, m, v, 1, 0.9, 0.9)
    assert v < before
    ratios = [numbers(line)[-1] for line in printed("for size in")[1:]]
    assert ratios == [1.0] * 4


# Your turn and the cheaper form


@pytest.fixture(scope="module")
def judge():
    names = {"np": np, "Adam": Adam}
    for part in ("def adams_rate", "def more_slips", "def judge"):
        exec(cell(part).source, names)
    return names["judge"]


def test_the_right_rate_passes_and_the_starter_is_not_attempted(judge):
    def right(lr, b1, b2, t):
        return lr * (1 - b2**t) ** 0.5 / (1 - b1**t)

    for form in (float, np.array, np.float64, np.float32):
        assert judge(lambda *case, form=form: form(right(*case))) == "Correct: in all three cases the step is Adam's."
    assert judge(lambda lr, b1, b2, t: lr * np.sqrt(1 - b2**t) / (1 - b1**t)).startswith("Correct")
    assert printed("print(judge(my_rate))") == ["Not attempted yet."]


@pytest.mark.parametrize(
    ("rate", "told"),
    [
        (lambda lr, b1, b2, t: lr * (1 - b1**t) / (1 - b2**t) ** 0.5, "upside down"),
        (lambda lr, b1, b2, t: lr * (1 - b2**t) / (1 - b1**t), "the root is missing"),
        (lambda lr, b1, b2, t: lr * (1 - b1**t) ** 0.5 / (1 - b2**t), "the two betas are swapped"),
        (lambda lr, b1, b2, t: lr / (1 - b1**t), "v is forgotten"),
        (lambda lr, b1, b2, t: lr * (1 - b2**t) ** 0.5, "m is forgotten"),
        (lambda lr, b1, b2, t: lr * (1 - b2) ** 0.5 / (1 - b1), "the power t is missing"),
        (lambda lr, b1, b2, t: (1 - b2**t) ** 0.5 / (1 - b1**t), "lr is forgotten"),
        (lambda lr, b1, b2, t: lr, "this is lr, unchanged"),
        (lambda lr, b1, b2, t: 0.3 * (1 - 0.95**3) ** 0.5 / (1 - 0.8**3), "use (1)"),
        (lambda lr, b1, b2, t: float("nan"), "use (1)"),
        (lambda lr, b1, b2, t: np.array([lr * (1 - b2**t) ** 0.5 / (1 - b1**t)]), "one number is needed"),
        (lambda lr, b1, b2, t: lr * (1 - b2**t) ** 0.5 / (1 - b1**t) * (1 + 0j), "one number is needed"),
        (lambda lr, b1, b2, t: [[1], 2, 3], "one number is needed, this is list"),
        (lambda lr, b1, b2, t: np.ones((2, 2)), "one number is needed, this is ndarray"),
        (lambda lr, b1, b2, t: 1, "use (1)"),
    ],
)
def test_a_wrong_rate_is_told_what_is_wrong(judge, rate, told):
    verdict = judge(rate)
    assert verdict.startswith("Not yet")
    assert told in verdict


def test_the_cheaper_form_is_the_same_step_with_the_eps_told():
    m, v, lr, eps, b1, t = sympy.symbols("m v eta epsilon beta1 t", positive=True)
    c = sympy.symbols("c", positive=True)  # the root of 1 − β₂ᵗ
    paper = lr * (m / (1 - b1**t)) / (sympy.sqrt(v) / c + eps)
    cheaper = lr * c / (1 - b1**t) * m / (sympy.sqrt(v) + eps * c)
    assert sympy.simplify(paper - cheaper) == 0
    assert r"\eta_t = \eta\,\frac{\sqrt{1-\beta_2^t}}{1-\beta_1^t}" in TEXT
    assert r"\hat\varepsilon = \varepsilon\sqrt{1-\beta_2^t}" in TEXT
    for step in (1, 12, 1000):
        hat = convert_eps(1e-8, "beside", "beside uncorrected", beta2=0.999, t=step)
        assert isclose(hat, 1e-8 * sqrt(1 - 0.999**step))


def test_where_eps_matters():
    lines = [line.replace("Algorithm 1", "").split(":") for line in printed("1e-6, 1e-8):")]
    rows = {start[4:]: numbers(rest) for start, rest in lines}
    for name, (ours, cheaper) in rows.items():
        g = float(name)
        assert f"{g / (g + 1e-8):.4f}" == f"{ours:.4f}"
        assert f"{g / (g + 1e-8 / sqrt(0.001)):.4f}" == f"{cheaper:.4f}"
    assert rows["1e+00"] == [1, 1]
    assert rows["1e-08"][0] == 0.5
    assert "at $g = 10^{-8}$ Adam's own first step is half as long" in TEXT
    assert f"like one {1 / sqrt(0.001):.1f} times as large" in TEXT
    assert printed("largest gap")[0].endswith("True")
    assert numbers(printed("largest gap")[-1])[-1] == 1e-8


# The relatives


def test_adamax_is_the_limit():
    farthest = [numbers(line)[-1] for line in printed("u, largest = ")]
    assert farthest == sorted(farthest, reverse=True)
    assert farthest[-1] < 1e-5
    assert "At $p = 128$ five digits agree." in TEXT
    names = lesson()
    exec(cell("def root_of_powers").source, names)
    u, largest = 0.0, []
    for g in names["gradients"]:
        u = max(0.9 * u, abs(g))
        largest.append(u)
    assert np.abs(names["root_of_powers"](128) - largest).max() < 5e-6


def test_nesterov_as_an_average_is_the_shifted_form():
    w0, lr, b = sympy.symbols("w0 eta beta", positive=True)
    w, m, theta, v = w0, 0, w0, 0
    for _ in range(3):
        g = 3 * w
        m = b * m + (1 - b) * g
        w = w - lr * (b * m + (1 - b) * g)
        g = 3 * theta
        v = b * v - lr * (1 - b) * g
        theta = theta + b * v - lr * (1 - b) * g
        assert sympy.expand(w - theta) == 0
    assert r"w \leftarrow w - \eta\,\bigl(\beta_1 m + (1-\beta_1)g\bigr)" in TEXT
    golden = [0.81, 0.5751, 0.327321]
    assert [numbers(line)[:1] + numbers(line)[-1:] for line in printed("from downslope.optim import Nadam")] == [
        [value, value] for value in golden
    ]


def test_nadams_first_step():
    b = F(9, 10)
    first = b * (1 - b) / (1 - b**2) + 1
    assert first == F(28, 19)
    assert rf"$\tfrac{{9}}{{19}} + 1 = \tfrac{{28}}{{19}} = {float(first):.4f}$" in TEXT
    w = np.zeros(1)
    Nadam(lr=1.0, eps=0.0, convention="constant").update(w, np.array([7.0]))
    assert isclose(-w[0], first)
    for line in printed("ours = nadam_step"):
        assert numbers(line)[1] == numbers(line)[2]


def test_an_absent_word_goes_on_with_adam_alone():
    names = lesson("def absent")
    dense, lazy = names["absent"](Adam), names["absent"](SparseAdam)
    assert f"{dense[-1]:.0f}" == "6"
    assert "5 of the 6 units come without any gradient" in TEXT
    assert isclose(dense[0], 1, rel_tol=1e-6)
    assert np.ptp(lazy) == 0
    assert revealed("guess.reveal(absent") == f"It is {dense[-1]:.3f} lr."


def test_adam_moves_every_word_but_the_unknown_one():
    rows = int(numbers(printed("rows = len(")[0])[1])
    adam, still, sparse = printed("rows moved")
    assert numbers(adam)[1] == rows - 1
    assert still.split(":")[1].split() == ["<unk>"]
    assert numbers(sparse)[0] == numbers(sparse)[1] < rows / 5
    assert "Adam moves every row but one: that of unknown words" in TEXT


def test_late_words_take_long_first_steps():
    rows = {int(a): b for a, b in (numbers(line) for line in printed("for arrival in"))}
    for arrival, step in rows.items():
        assert f"{1 / too_long(arrival) * sqrt(10):.2f}" == f"{step:.2f}"
    assert rows[1] == 1
    assert abs(1 / too_long(10**6) * sqrt(10) - sqrt(10)) < 1e-9
    assert r"tends to $3.16\,\eta$" in TEXT


def test_the_decay_that_each_weight_gets():
    rows = {line.split(":")[0].strip(): numbers(line.split(":")[1]) for line in printed("lost = 1 - paths")}
    assert rows["AdamW"] == rows["SGD with L2"] == [round(1 / e, 2)] * 2
    assert "$e^{-1} = 0.37$" in TEXT
    assert 0.001 * 0.1 * 10000 == 1
    assert rows["Adam with L2"] == [round(exp(-0.1), 2), 0]
    assert revealed("lost = 1 - paths") == "It is the one with small gradients."


# Where Adam fails


def steady_steps(beta2=F(1, 10), large=3):
    v, steps = 0, []
    for t in range(1, 31):
        g = large if t % 3 == 1 else -1
        v = beta2 * v + (1 - beta2) * g * g
        steps.append(-g / sqrt(v / (1 - beta2**t)))
    return steps[-3:]


def test_the_three_steps_go_the_wrong_way():
    left, one, two = steady_steps()
    assert f"divides itself: {-left:.2f} to the left" in TEXT
    assert f"go {one + two:.2f} to the right" in TEXT
    assert left + one + two > 0 > sum(steady_steps(F(999, 1000)))
    assert r"$\beta_2 = 1/(1+3^2) = 0.1$" in TEXT
    assert [numbers(line)[-1] for line in printed("total -= ")] == [
        round(number, 3) for number in (left, one, two, left + one + two)
    ]
    assert revealed("np.digitize(end") == "It is near 1."


def test_both_cures_end_at_the_right_place():
    adam, larger, amsgrad = (numbers(line)[-1] for line in printed("points {path[-300:]"))
    assert adam > 0.98
    assert max(larger, amsgrad) < -0.98
    assert "Both mend it." in TEXT


def test_a_rarer_gradient_defeats_the_larger_beta():
    rows = [numbers(line) for line in printed("period=101, steps=40000")[1:]]
    assert [row[0] for row in rows] == [0.99, 0.99, 0.999, 0.999]
    assert rows[0][-1] > 0.98
    assert rows[2][1] < rows[2][2] < rows[2][3]
    for row in (rows[1], rows[3]):
        assert row[1] > row[2] >= row[3]
        assert row[3] < -0.9
    assert sum(101 if t % 101 == 1 else -1 for t in range(1, 102)) == 1
    assert "101 once in 101 steps, else −1, with momentum as usual. The sum of a period is still +1." in TEXT


# Recall


def test_the_answers_of_the_recall():
    assert isclose(0.1 / sqrt(1 - 0.9999), 10)
    assert r"$0.1/\sqrt{0.0001} = 10$ times" in TEXT
    assert F(9, 19) * 2 - F(10, 19) * 2 == F(-2, 19)
    assert r"$\tfrac9{19}\cdot 2 - \tfrac{10}{19}\cdot 2 = -\tfrac2{19}$" in TEXT
    paths = []
    for scale in (1.0, 1000.0):
        w, optimizer = np.array([1.0, -2.0]), Adam(lr=0.1, eps=0.0)
        for _ in range(20):
            optimizer.update(w, scale * w * np.array([1.0, 5.0]))
        paths.append(w)
    assert np.allclose(*paths, rtol=1e-12)
    word, optimizer = np.ones((2, 1)), Adam(lr=0.1)
    for _ in range(5):
        optimizer.update(word, np.array([[1.0], [0.0]]))
    assert word[1, 0] == 1
