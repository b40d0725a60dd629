"""Lesson 08: each number and formula in the running text is built again from what is computed, or proved."""

import re
from fractions import Fraction as F
from itertools import combinations, pairwise
from pathlib import Path

import nbformat
import numpy as np
import pytest
import sympy as sp
from downslope.backprop import Network
from downslope.data import load_digits_mnist
from downslope.optim import SGD, surfaces, trajectory
from downslope.optim.paths import rate
from lesson_text import reader

ROOT = Path(__file__).resolve().parent.parent.parent
(PATH,) = (ROOT / "notebooks").glob("08-*.ipynb")
CELLS = nbformat.read(PATH, as_version=4).cells
TEXT = "\n".join(cell.source for cell in CELLS if cell.cell_type == "markdown")
CODE = [cell for cell in CELLS if cell.cell_type == "code"]
SOURCE = "\n".join(cell.source for cell in CODE)
KAPPA, START = 20, np.array([-10.0, 1.0])
VALLEY = surfaces.ravine(KAPPA)


def numbers(text):
    return [float(number.replace(",", "")) for number in re.findall(r"-?\d+(?:[\d,]*\.?\d+)?(?:e[-+]\d+)?", text)]


output, row, said = reader(CODE, TEXT, numbers)


def told(part):
    """The answers to predictions in cells whose source has this part."""
    return [o.data["text/plain"] for cell in CODE if part in cell.source for o in cell.outputs if "data" in o]


def degrees(u, v):
    return np.degrees(np.arccos(u @ v / np.linalg.norm(u) / np.linalg.norm(v)))


# The question and the direction --------------------------------------------------------------------------------------


def test_the_bowl_of_the_text_is_the_one_that_is_drawn():
    w1, w2 = sp.symbols("w1 w2")
    f = sp.Rational(1, 2) * (w1**2 + 20 * w2**2)
    said(r"f(w) = \tfrac12\bigl(w_1^2 + 20\,w_2^2\bigr) \qquad g = (w_1,\; 20\,w_2)", "starts at $(-10, 1)$")
    assert [sp.diff(f, v) for v in (w1, w2)] == [w1, 20 * w2]
    point = np.array([-3.0, 0.7])
    assert np.isclose(VALLEY.value(*point), float(f.subs({w1: -3, w2: sp.Rational(7, 10)})))
    assert np.allclose(VALLEY.gradient(point), [-3.0, 14.0])


def test_the_way_is_twice_as_long_as_it_need_be():
    path = trajectory(SGD(0.095), VALLEY.gradient, START, 30)
    length, straight = np.linalg.norm(np.diff(path, axis=0), axis=1).sum(), np.linalg.norm(START)
    assert [round(v, 1) for v in (straight, length)] == [*row("the straight way"), *row("the way that")]
    assert 1.9 < length / straight < 2.1
    said("the way is twice as long as it need be")


def test_the_gradient_is_normal_to_the_contour_and_not_the_way_to_the_minimum():
    said(r"$w = \bigl(\sqrt{2c}\,\cos a,\; \sqrt{2c/20}\,\sin a\bigr)$", "it is normal to the contour")
    a, c = sp.symbols("a c", positive=True)
    w = sp.Matrix([sp.sqrt(2 * c) * sp.cos(a), sp.sqrt(2 * c / 20) * sp.sin(a)])
    assert sp.simplify((w[0] ** 2 + 20 * w[1] ** 2) / 2 - c) == 0, "on the contour"
    assert sp.simplify(w.diff(a).dot(sp.Matrix([w[0], 20 * w[1]]))) == 0
    assert output("at (  9.61,").count("90.00 degrees") == 4
    astray = degrees(-VALLEY.gradient(START), -START)
    assert told("guess.reveal(round(degrees(-g, -start), 1))") == [f"It is {astray:.1f} degrees."]
    said(f"The steepest way down is {astray:.0f} degrees off the shortest")


def test_an_exact_line_search_ends_along_a_contour():
    l1, l2, w1, w2, lr = sp.symbols("l1 l2 w1 w2 lr", positive=True)
    w, lam = sp.Matrix([w1, w2]), sp.Matrix([l1, l2])
    g = w.multiply_elementwise(lam)
    said(r"\eta = \dfrac{g\cdot g}{\lambda_1 g_1^2 + \lambda_2 g_2^2}")
    best = g.dot(g) / (l1 * g[0] ** 2 + l2 * g[1] ** 2)
    moved = w - lr * g
    height = (l1 * moved[0] ** 2 + l2 * moved[1] ** 2) / 2
    assert sp.simplify(sp.diff(height, lr).subs(lr, best)) == 0, "the lowest point of the line"
    assert sp.simplify(g.dot(moved.subs(lr, best).multiply_elementwise(lam))) == 0
    assert output("lr = 5/81") == "lr = 5/81   g · g_next = 0\n"


# Factors -------------------------------------------------------------------------------------------------------------


def test_a_step_multiplies_by_one_minus_lr_lambda():
    x, lr, lam = sp.symbols("x lr lam")
    assert sp.expand(x - lr * sp.diff(lam * x**2 / 2, x) - (1 - lr * lam) * x) == 0
    said(r"x - \eta\lambda x = (1 - \eta\lambda)\,x \tag{1}", r"$x_t = (1-\eta\lambda)^t\, x_0$")
    for lr in (F(1, 8), F(1, 4), F(3, 8), F(1, 2), F(5, 8)):
        assert f"lr = {lr}, factor {1 - 4 * lr!s:>4}:" in output("lr = 1/8,")
    assert "It is 0.5." in told("rates = [F(k, 1000)")


@pytest.mark.parametrize(
    ("times", "words"),
    [
        (F(1, 2), "creeps towards 0 on one side"),
        (F(1), "is there in one step"),
        (F(3, 2), "hops over 0 in every step, and comes nearer"),
        (F(2), "hops for ever"),
        (F(5, 2), "hops farther and farther away: diverges"),
    ],
)
def test_the_table_of_factors_holds(times, words):
    said(words)
    lam, x = F(7), [F(1)]
    for _ in range(6):
        x.append(x[-1] - times / lam * lam * x[-1])
    sizes, crosses = [abs(v) for v in x], any(a * b < 0 for a, b in pairwise(x))
    assert crosses == (times > 1)
    if times == 1:
        assert x[1] == 0
    else:
        grows = [b / a for a, b in pairwise(sizes)]
        assert all(g < 1 for g in grows) if times < 2 else all(g == 1 for g in grows) if times == 2 else grows[0] > 1
    assert float(rate(float(times / lam), 0.0, 7.0)) == pytest.approx(float(abs(1 - times)))


def test_exactly_at_the_bound_floats_are_not_exact():
    dying = [lam for lam in range(1, 101) if 1 - (2 / lam) * lam != -1]
    assert [int(n) for n in re.findall(r"λ = (\d+)", output("λ = 49"))] == dying
    assert f"It is {100 - len(dying)}." in told("factors.items()")
    said(
        "For two of them the roundings do not cancel: the factor is a hair less than 1 in size",
        "more than $10^{15}$ steps to halve them",
    )
    assert len(dying) == 2
    assert all(1 - (2 / lam) * lam > -1 for lam in dying)
    steps = np.log(2) / -np.log1p(-(1 + (1 - (2 / 49) * 49)))  # until the hops have halved
    assert steps > 1e15


def test_two_weights_share_one_rate():
    lr = 0.095
    said(f"the factor along the valley, of $w_1$, is {1 - lr}", f"the factor is −{abs(1 - 20 * lr):.1f}")
    low, high, eta = sp.symbols("low high eta", positive=True)
    best = 2 / (low + high)
    said(r"\eta_{best} = \frac{2}{\lambda_{min} + \lambda_{max}}", r"\frac{\kappa - 1}{\kappa + 1}")
    assert sp.simplify((1 - best * low) + (1 - best * high)) == 0, "equally far from 0"
    kappa = high / low
    assert sp.simplify((1 - best * low) - (kappa - 1) / (kappa + 1)) == 0
    assert sp.solve(sp.Eq(1 - eta, 20 * eta - 1), eta) == [sp.Rational(2, 21)]
    said(r"\eta = \tfrac{2}{21}$, and $\tfrac{19}{21}$ is left", "$1 - \\eta = 20\\,\\eta - 1$")
    assert row("best of 1,200 rates:")[0] == round(2 / 21, 4)
    said(f"The best rate, {2 / 21:.4f}, is next to the bound, $2/20 = {2 / 20}$")


def test_the_three_ways_do_what_the_lesson_says():
    said("a rate 4 % above the bound leaves")
    assert "0.104" in SOURCE
    assert round(0.104 / (2 / KAPPA) - 1, 9) == 0.04
    ends = {lr: trajectory(SGD(lr), VALLEY.gradient, START, 30)[-1] for lr in (0.02, 0.095, 0.104)}
    assert abs(ends[0.02][0]) > 5
    assert np.linalg.norm(ends[0.095]) < 0.6
    assert abs(ends[0.104][1]) > 3
    assert output("our loop and the library agree:") == "our loop and the library agree: True\n"


def test_the_steps_grow_with_the_condition_number():
    counted = {int(k): int(t) for k, t in map(numbers, output("κ =     3:").splitlines())}
    for kappa, t in counted.items():
        assert t == int(np.ceil(np.log(1000) / np.log((kappa + 1) / (kappa - 1)))), "at its best rate, so (5) is exact"
    said(f"With $\\kappa = 100$ it takes {counted[100]} steps", f"{np.log(1000) / 2:.2f}\\,\\kappa \\tag{{5}}")
    assert 9.9 < counted[1000] / counted[100] < 10.1
    said("Ten times the condition number, ten times the steps")
    k = sp.symbols("k", positive=True)  # 1/κ
    series = sp.series(sp.log((1 + k) / (1 - k)), k, 0, 5).removeO()
    said(r"$\ln\frac{\kappa+1}{\kappa-1} = \frac2\kappa + \frac{2}{3\kappa^3} + \dots$")
    assert sp.expand(series - (2 * k + sp.Rational(2, 3) * k**3)) == 0


# The curvatures of the digits ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def digits():
    return load_digits_mnist(dtype="float64")


def test_the_least_squares_bowl_has_the_gradient_of_the_text():
    rng = np.random.default_rng(0)
    X, y, w = rng.normal(size=(6, 3)), rng.normal(size=6), rng.normal(size=3)
    H, c = X.T @ X / 6, X.T @ y / 6
    said(r"E = \frac1{2n}\lVert Xw - y\rVert^2", r"H = \frac1n X^\top X, \quad c = \frac1n X^\top y")

    def E(w):
        return ((X @ w - y) ** 2).sum() / 12

    slopes = [(E(w + h) - E(w - h)) / 2e-5 for h in 1e-5 * np.eye(3)]
    assert np.allclose(slopes, H @ w - c, atol=1e-8)
    assert np.allclose(H @ w - c, X.T @ (X @ w - y) / 6)
    assert np.isclose(E(w), w @ H @ w / 2 - c @ w + np.mean(y**2) / 2), "the loss that the code computes"
    lam, Q = np.linalg.eigh(H)
    off = np.linalg.solve(H, c) + 0.3 * Q[:, 1]
    assert np.allclose(off - 0.1 * (H @ off - c) - np.linalg.solve(H, c), (1 - 0.1 * lam[1]) * 0.3 * Q[:, 1])


def test_the_digits_are_a_ravine_with_the_bound_that_is_printed(digits):
    x, n = digits.x_train, len(digits.x_train)
    lam = np.linalg.eigvalsh(x.T @ x / n)[::-1]
    bound, ratio = 2 / lam[0], lam[0] / lam[99]
    said(f"$2/\\lambda_{{max}} = 2/{lam[0]:.1f} = {bound:.3f}$", f"stands alone, {lam[0]:.1f} before {lam[1]:.2f}")
    said(f"only $2/{ratio:.0f}$ of the error", f"{np.log(2) / -np.log1p(-2 / ratio):.0f} steps to halve it")
    assert row("the hundredth:")[1] == (x.max(axis=0) == 0).sum()
    losses = {v[0]: v[1:] for v in map(numbers, output("rate / bound").splitlines()[1:])}
    (start,) = {v[0] for v in losses.values()}
    said(f"The loss starts at {start}", "1 % above the bound")
    assert losses[1.01][-1] > 100 * start
    assert losses[0.99][-1] < losses[0.99][1] < start
    (centred, new, old) = (*row("largest curvature ", "largest curvature 5"),)
    assert (round(2 / centred, 2), round(bound, 3)) == (new, old)
    assert round(lam[0] / centred) == 7
    said("Seven times longer steps are allowed")


# Batches and noise ---------------------------------------------------------------------------------------------------


def test_the_table_of_batches():
    n, B = 8000, 128
    said(f"| mini-batch | $B$ of them, say {B} | {n // B} (and {n - n // B * B} examples are left over) |")
    said("steps in an epoch of 8,000")


def test_the_digits_repeat_each_other_as_much_as_is_said(digits):
    net = Network([784, 30, 10], activation="relu", initializer="he", seed=0, dtype="float64")
    said(f"among the {net.params.vector.size:,} weights of this network")
    x, t = digits.x_train, digits.t_train
    g = net.gradient(x, t).vector
    off = {B: degrees(net.gradient(x[:B], t[:B]).vector, g) for B in (8, 80, 800, 4000)}
    for B, angle in off.items():
        assert row(f"the first {B:4d}:", "the first    8:") == [round(angle, 1)]
    said(f"shows the direction to {off[800]:.0f} degrees; half of it, to {off[4000]:.0f}")
    twice = net.gradient(np.vstack([x[:50], x[:50]]), np.tile(t[:50], 2)).vector
    assert np.allclose(twice, net.gradient(x[:50], t[:50]).vector, atol=1e-12), "every digit twice: the same gradient"
    lots = np.random.default_rng(0).standard_normal((2, net.params.vector.size))
    assert abs(degrees(*lots) - 90) < 2
    # the noise at the start, from the exact spread of single gradients of 400 digits
    few = [net.gradient(x[i : i + 1], t[i : i + 1]).vector for i in range(400)]
    (sigma,) = row("σ, from all 8,000 single gradients:")
    assert np.isclose(np.sqrt(np.mean([np.sum((h - g) ** 2) for h in few])), sigma, rtol=0.05)


def test_many_rough_steps_beat_one_exact_step():
    table = {int(v[0]): v[1:] for v in map(numbers, output("    B   steps").splitlines()[1:])}
    assert [table[B][0] for B in (8000, 128, 10, 1)] == [1, 62, 800, 8000]
    assert 20 <= table[8000][2] <= 27
    said(f"after 62 rough ones {table[128][2]:.0f} in a hundred", "after one exact step the network reads a quarter")
    assert table[10][2] == table[1][2]
    said("Ten at a time was as good as one at a time")
    assert all(v[1] in (0.01, 0.1, 1.0) for v in table.values())
    assert "more than twice: True" in output("more than twice:")


def test_the_noise_of_a_mean_goes_like_one_over_the_root_of_the_batch():
    gs = [F(1), F(-2), F(5), F(7)]
    g, n = sum(gs) / 4, 4
    sigma2 = sum((v - g) ** 2 for v in gs) / n
    pairs = [(a + b) / 2 for a in gs for b in gs]
    assert sum((p - g) ** 2 for p in pairs) / len(pairs) == sigma2 / 2, "(6), drawn with replacement"
    apart = [(a + b) / 2 for a, b in combinations(gs, 2)]
    assert sum((p - g) ** 2 for p in apart) / len(apart) == sigma2 / 2 * F(n - 2, n - 1)
    said(r"\text{noise} = \frac{\sigma}{\sqrt B} \tag{6}", "smaller by the factor (n − B)/(n − 1)")
    measured = dict(zip(row("B:", "B:"), row("noise:", "B:"), strict=True))
    (sigma,) = row("σ, from all 8,000 single gradients:")
    for B, m in measured.items():
        assert m == pytest.approx(sigma / B**0.5, rel=0.03)
    said("Four times the digits, half the noise")


def test_the_noise_outlives_the_gradient():
    (g0, s0, b0), (g1, s1, b1) = row("     start: |g| =", "     start:"), row("ten epochs: |g| =", "     start:")
    said(f"At first a batch of {b0:.0f} has as much gradient as noise", f"so that takes {b1:.0f}")
    assert (s0 / g0) ** 2 == pytest.approx(b0, rel=0.01)
    assert 6.5 < g0 / g1 < 7.5
    assert 0.38 < s1 / s0 < 0.42
    said("After ten epochs the gradient has shrunk to a seventh of what it was and σ to two fifths")
    assert "steps=620" in SOURCE
    assert 620 == 10 * (8000 // 128)


def test_noise_with_a_constant_rate_settles_where_the_balance_says():
    V, lr, lam, s = sp.symbols("V lr lam s", positive=True)
    (settled,) = sp.solve(sp.Eq(V, (1 - lr * lam) ** 2 * V + lr**2 * s**2), V)
    assert sp.simplify(settled - lr * s**2 / (lam * (2 - lr * lam))) == 0
    said(r"V = \frac{\eta\,\sigma^2}{\lambda\,(2 - \eta\lambda)} \tag{7}")
    assert sp.limit(settled.subs({lam: 1, s: 1}), lr, 2, "-") == sp.oo
    for lr in (0.5, 0.05):
        measured, formula = row(f"lr = {lr:4}: spread", "lr =  0.5: spread")[0], np.sqrt(lr / (2 - lr))
        assert measured == pytest.approx(formula, rel=0.02)
    third = np.sqrt(0.05 / 1.95) / np.sqrt(0.5 / 1.5)
    assert 0.25 < third < 0.36
    said("a tenth of the rate leaves about a third of the spread, not a tenth. (Here 0.28,")


# The end -------------------------------------------------------------------------------------------------------------


def test_a_sum_of_ten_gradients_keeps_the_direction_and_loses_the_swinging():
    ten = VALLEY.gradient(trajectory(SGD(0.095), VALLEY.gradient, START, 10)[:10])
    left = 100 * np.abs(ten.sum(axis=0)) / np.abs(ten).sum(axis=0)
    assert row("left of ten gradients: along") == [round(left[0]), round(left[1])] == [100, 5]
    assert told("08 memory")[:1] == ["Predict: Across the valley, what is left of ten gradients?"]


def given(*names):
    """What the cells define under these names, run together."""
    scope = {"np": np, "F": F}
    for name in names:
        (source,) = [cell.source for cell in CODE if f"def {name}(" in cell.source]
        exec(source, scope)
    return scope


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        (lambda c: None, "Not attempted yet."),
        (lambda c: 2 / (min(c) + max(c)), "Correct"),
        (lambda c: F(2) / F(float(min(c) + max(c))), "Correct"),
        (lambda c: np.float32(2 / (min(c) + max(c))), "Correct"),
        (lambda c: 1 / max(c), "forgets the flattest"),
        (lambda c: 2 / max(c), "hops for ever"),
        (lambda c: 1 / np.mean(c), "the mean does not decide"),
        (lambda c: 2 / (c[0] + c[-1]), "keeps"),
        (lambda c: 2 / 21, "keeps"),
        (lambda c: 1, "keeps"),
        (lambda c: True, "one number"),
        (lambda c: "2/21", "one number"),
        (lambda c: [2 / (min(c) + max(c))], "one number"),
        (lambda c: [[1], [2, 3]], "one number"),
        (lambda c: 2 / (c + c), "one number"),
        (lambda c: float("nan"), "keeps nan"),
        (lambda c: 1j, "one number"),
        (lambda c: c.sort(), "changed the curvatures"),
    ],
)
def test_the_judge_takes_the_right_rate_and_names_what_is_wrong(answer, wanted):
    verdict = given("wrong_because", "judge")["judge"](answer)
    assert wanted in verdict
    assert (wanted == "Correct") == verdict.startswith("Correct")


def test_the_untouched_starter_is_not_attempted():
    assert output("Not attempted yet.") == "Not attempted yet.\n"


def test_the_answers():
    said("Those between 0 and ¼, best ⅛. At ¼ it hops", "A direction has the curvature 8")
    assert (F(2) / 8, F(1) / 8) == (F(1, 4), F(1, 8))
    said(f"$\\kappa = {50 // 2}$, $\\eta = 2/{2 + 50} = {2 / 52:.4f}$", "The curvatures of a bowl are 2, 5 and 50")
    said(f"$3.45\\cdot 25 \\approx {3.45 * 25:.0f}$ steps")
    said(f"Nine times as many: {int(100 * (F(6, 10) / F(2, 10)) ** 2)}", "A batch of 100 has a gradient noise of 0.6")


def test_the_guesses_are_answered_by_what_was_computed():
    answers = [text for text in told("guess.reveal") if text.startswith("It is ")]
    assert len(answers) == SOURCE.count("guess.reveal(") == SOURCE.count("figures.predict(")
    for answer in ("90 degrees", "57.7 degrees", "0.5", "98", "close to 0.095", "3,454 steps", "14.7 degrees", "5.3 %"):
        assert f"It is {answer}." in answers, answer
