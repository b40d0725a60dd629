"""Lesson 07: each number and formula in the running text is built again from what is computed, or proved."""

import re
from itertools import product
from pathlib import Path

import nbformat
import numpy as np
import pytest
import sympy as sp
from downslope.backprop import L1, L2, Network
from downslope.backprop.activations import ACTIVATIONS
from downslope.backprop.initializers import INITIALIZERS
from downslope.data import load_digits_mnist, load_temperatures
from downslope.optim import SGD
from lesson_text import reader

ROOT = Path(__file__).resolve().parent.parent.parent
(PATH,) = (ROOT / "notebooks").glob("07-*.ipynb")
CELLS = nbformat.read(PATH, as_version=4).cells
TEXT = "\n".join(cell.source for cell in CELLS if cell.cell_type == "markdown")
CODE = [cell for cell in CELLS if cell.cell_type == "code"]

z, a, w = sp.symbols("z a w", real=True)
lam, n_in, n_out = sp.symbols("lam n_in n_out", positive=True)


def numbers(text):
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?(?:e[-+]\d+)?", text)]


output, row, said = reader(CODE, TEXT, numbers)


# The question and its answer -----------------------------------------------------------------------------------------


def test_the_deep_network_stands_where_the_lesson_says():
    said(f"$\\ln 10 = {np.log(10):.3f}$")
    assert [round(loss, 1) for loss in row("loss at step 0, 100, 200, 299:")] == [2.3] * 4
    assert output("the gradient agrees:") == "the gradient agrees: True\n"
    source = "\n".join(cell.source for cell in CODE)
    assert "9 * [100]" in source
    assert source.count("lr=0.05, steps=300") == 2, "the same rate and steps at the start and at the end"
    assert "batch_size=128" in source
    said("300 steps", "a batch of 128 digits", "nine hidden layers", "ten layers of weights")


def test_the_start_passes_on_and_passes_back_what_the_lesson_says():
    said(f"$\\tfrac12\\cdot 100\\cdot 0.01^2 = {0.5 * 100 * 0.01**2:.3f}$", "some $10^{-12}$")
    layers = {int(l): values for line in output("layer  strength").splitlines()[2:] for l, *values in [numbers(line)]}
    small, derivative, he, he_derivative = np.array([layers[l] for l in (1, 2, 5, 10)]).T
    assert (derivative < 5e-12).all()
    assert (derivative > 5e-13).all()
    assert 0.5 < small[2] / (small[1] * 0.005**3) < 2
    assert he.min() > 0.3 * he.max()
    assert he_derivative.min() > 0.01


def test_the_pairs_train_as_the_lesson_says():
    last = {pair: row(f"{pair:>16}:", "        ReLU, He:") for pair in ("ReLU, He", "ReLU, Xavier", "tanh, Xavier")}
    logistic = row("logistic, Xavier:", "        ReLU, He:")
    assert last["ReLU, He"][1] > 90
    assert last["tanh, Xavier"][1] > 90
    assert last["ReLU, He"][0] < last["tanh, Xavier"][0] < last["ReLU, Xavier"][0] < logistic[0]
    assert abs(logistic[0] - np.log(10)) < 0.01
    said("more than nine digits in ten")


def test_the_networks_of_the_question_are_the_ones_described():
    source = "\n".join(cell.source for cell in CODE)
    assert "sizes = [784] + 9 * [100] + [10]" in source
    assert 'initializer="small_random"' in source
    assert np.isclose(INITIALIZERS["small_random"](np.random.default_rng(0), 300, 300).std(), 0.01, rtol=0.01)
    said("ReLU, 784 inputs, layers of 100, spread 0.01", "the standard deviation: 0.01 there")
    assert "losses[-50:].mean()" in source
    said("the mean over the last 50 steps", '`"small_random"` becomes `"he"`')


# Penalties -----------------------------------------------------------------------------------------------------------


def test_the_temperatures_are_learned_by_heart_without_a_penalty():
    days = load_temperatures().max
    said(f"Of the {len(days):,} days of four years")
    (seen,), (unseen,) = row("seen days:   off by", "seen days:"), row("unseen days: off by", "seen days:")
    (mean,) = row("saying the mean of the seen days:", "seen days:")
    said(f"off by about {seen:.0f} °C", f"is off by {mean:.1f} °C", "or by more than 7 °C")
    assert unseen > mean > 7
    none, l2, l1 = (row(f"{name:>10}", "no penalty") for name in ("no penalty", "L2", "L1"))
    assert none[0] < l2[0] < l1[0]
    assert none[1] > l2[1] > l1[1]
    said(f"L1 has put {l1[2]:.0f} of the 100 weights to sleep", f"$\\eta\\lambda = {0.02 * 0.3:.3f}$")


def test_a_weight_that_hops_stays_below_two_bites():
    bite, rng = 0.006, np.random.default_rng(0)
    for pull in rng.uniform(-0.99, 0.99, 50) * bite:  # of the data, weaker than the price
        x = 0.05
        path = [x := x - pull - bite * np.sign(x) for _ in range(1000)]
        assert max(map(abs, path[500:])) < 2 * bite


def test_the_guesses_are_answered_by_what_was_computed():
    told = [
        o.data["text/plain"] for cell in CODE for o in cell.outputs if "guess.reveal" in cell.source and "data" in o
    ]
    for answer in ("near 2.3", "by more than 7 °C", "L2, then L1", "4 times", "b2", "a millionth"):
        assert f"It is {answer}." in told, answer


def test_l2_takes_a_share_and_l1_a_bite():
    lr, strength = 0.1, 0.4
    for x in (1.5, 0.5, 0.02):
        assert np.isclose(x - lr * L2(strength).gradient(np.array(x)), (1 - 0.08) * x)
        assert np.isclose(x - lr * L1(strength).gradient(np.array(x)), x - 0.04)
    said(f"{2 * lr * strength * 100:.0f} % a step", f"{lr * strength:.2f} a step", "$2\\lambda w$ (L2)")
    alt = next(o.data["text/plain"] for cell in CODE for o in cell.outputs if "°C over waves" in str(o.get("data")))
    (yearly,) = re.findall(r"L1, λ = 0.3: the largest is ([\d.]+) at 1;", alt)
    said(f"keeps the yearly wave, at {float(yearly):.0f} °C")


def test_the_printed_penalties_are_the_librarys_and_their_derivatives_are_right():
    (latex,) = [o.data["text/latex"] for cell in CODE for o in cell.outputs if "price" in str(o.get("data"))]
    for penalty in (L1, L2):
        assert rf"\text{{{penalty.__name__}}} & \displaystyle {penalty.formula} & \displaystyle " in latex
        assert penalty.derivative_formula in latex
    p = sp.Symbol("p", positive=True)
    for at in (p, -p):
        assert sp.simplify((sp.diff(read(L1.formula), w) - read(L1.derivative_formula)).subs(w, at)) == 0
        assert sp.simplify((sp.diff(read(L2.formula), w) - read(L2.derivative_formula)).subs(w, at)) == 0
    assert sp.diff(lam / 2 * w**2, w) == lam * w
    said("$\\frac{\\lambda}{2} w^2$ with the derivative $\\lambda w$")


def test_the_gradient_of_the_fit_is_the_one_in_the_text():
    X = sp.Matrix(2, 3, sp.symbols("x:6", real=True))
    y, weights, b = sp.Matrix(sp.symbols("y:2")), sp.Matrix(sp.symbols("w:3")), sp.Symbol("b")
    gap = X * weights + sp.ones(2, 1) * b - y
    loss = sum(x**2 for x in gap) / (2 * 2)
    assert (sp.Matrix([loss]).jacobian(weights).T - X.T * gap / 2).expand() == sp.zeros(3, 1)
    assert sp.expand(sp.diff(loss, b) - sum(gap) / 2) == 0
    said(r"$\frac{1}{2n}\sum (z - y)^2$, its gradient $\frac1n X^\top (z - y)$")
    source = "\n".join(cell.source for cell in CODE)
    assert "rng.choice(len(day), 80, replace=False)" in source
    assert "np.arange(1, 51)" in source
    said("we show it 80", "and so on to 50", "on to 50, each as a cosine and a sine")


def test_on_the_digits_a_penalty_moves_no_more_than_five_answers():
    shares = [row(f"{name:>12}", "        None")[1] for name in ("None", "L2(0.01)", "L1(0.001)")]
    assert round((max(shares) - min(shares)) / 100 * 2000, 6) == 5
    said("no more than five digits of 2,000")


# One product ---------------------------------------------------------------------------------------------------------


def test_the_claim_about_one_product_is_stated_and_settled_as_measured():
    said("639 µs against 53.8 µs: about ten times quicker")
    assert 10 <= 639 / 53.8 < 12
    said("the loop pays it 500 times", "ten times fewer numbers and a hundred times more classes")
    measured = row("loop", "loop ")[2] if output("more than 3 times:") else 0
    small, large = row("    5    30", "    C     d")[0], row("  500   300", "    C     d")[0]
    assert "more than 3 times: True" in output("more than 3 times:")
    assert small > measured > large, "the gain falls as the products grow"


# Activations ---------------------------------------------------------------------------------------------------------


def read(latex):
    """A formula of the library as SymPy; cases become a Piecewise."""
    if r"\begin{cases}" in latex:
        body = latex.removeprefix(r"\begin{cases} ").removesuffix(r" \end{cases}")
        return sp.Piecewise(*((read(value), condition(when)) for value, when in map(halves, body.split(r" \\ "))))
    for old, new in {
        r"\frac{1}{1 + e^{-z}} (1 - ": r"\frac{1}{1 + e^{-z}}*(1 - ",
        r"\frac{1}{1 + e^{-z}}": "(1/(1 + exp(-z)))",
        r"\tanh^{2}(z)": "tanh(z)**2",
        r"\tanh": "tanh",
        "2 \\lambda w": "2*lam*w",
        r"\lambda w^{2}": "lam*w**2",
        r"\lambda |w|": "lam*Abs(w)",
        r"\lambda": "lam",
        "a z": "a*z",
    }.items():
        latex = latex.replace(old, new)
    return sp.sympify(latex, {"z": z, "a": a, "w": w, "lam": lam})


def halves(branch):
    value, when = branch.split(" & ")
    return value, when


def condition(text):
    parts = re.split(r" (<|>|=|\\leq) ", text)
    relations = {"<": sp.Lt, ">": sp.Gt, "=": sp.Eq, r"\leq": sp.Le}
    if r"\geq" in text:
        left, right = text.split(r" \geq ")
        return sp.Ge(read(left), read(right))
    terms = [read(part) for part in parts[::2]]
    return sp.And(*(relations[sign](terms[i], terms[i + 1]) for i, sign in enumerate(parts[1::2])))


SHOWN = ("logistic", "tanh", "hard_tanh", "relu", "leaky_relu", "parametric_relu")


@pytest.mark.parametrize("name", SHOWN)
def test_the_lesson_prints_the_librarys_formula_and_its_derivative_is_right(name):
    activation = ACTIVATIONS[name]
    wanted = r" & \displaystyle ".join(
        (rf"\text{{{name.replace('_', ' ')}}}", activation.formula, activation.derivative_formula)
    )
    assert sum(wanted in o.get("data", {}).get("text/latex", "") for cell in CODE for o in cell.outputs) == 1
    f, slope = read(activation.formula), read(activation.derivative_formula)
    p = sp.Symbol("p", positive=True)
    places = {(): [z], (0.0,): [p, -p], (-1.0, 1.0): [1 + p, -1 - p, (p - 1) / (p + 1)]}[activation.kinks]
    for place in places:
        assert sp.simplify((sp.diff(f, z) - slope).subs(z, place)) == 0
        if activation.learned:
            printed = read(activation.slope_derivative_formula)
            assert sp.simplify((sp.diff(f, a) - printed).subs(z, place)) == 0
    if activation.learned:
        latex = r"\frac{\partial f}{\partial a} = " + activation.slope_derivative_formula
        assert any(latex in o.get("data", {}).get("text/latex", "") for cell in CODE for o in cell.outputs)


def test_tanh_is_a_logistic_and_every_step_of_the_proof_holds():
    (proof,) = re.findall(r"\$\$(2\\sigma\(2z\) - 1 = .* = \\tanh\(z\))\$\$", TEXT)
    steps = proof.split(" = ")
    e = sp.exp
    written = {
        r"2\sigma(2z) - 1": 2 / (1 + e(-2 * z)) - 1,
        r"\frac{2}{1+e^{-2z}} - 1": 2 / (1 + e(-2 * z)) - 1,
        r"\frac{1 - e^{-2z}}{1 + e^{-2z}}": (1 - e(-2 * z)) / (1 + e(-2 * z)),
        r"\frac{e^{z} - e^{-z}}{e^{z} + e^{-z}}": (e(z) - e(-z)) / (e(z) + e(-z)),
        r"\tanh(z)": sp.tanh(z),
    }
    assert steps == list(written)
    for step in written.values():
        assert sp.simplify((step - sp.tanh(z)).rewrite(sp.exp)) == 0


def test_tanh_is_four_times_as_steep():
    sigma = read(ACTIVATIONS["logistic"].formula)
    slope = sp.diff(sigma, z)
    assert sp.simplify(sp.diff(2 * sigma.subs(z, 2 * z) - 1, z) - 4 * slope.subs(z, 2 * z)) == 0
    said("The derivative of $2\\sigma(2z) - 1$ is $4\\sigma'(2z)$")
    assert sp.diff(sp.tanh(z), z).subs(z, 0) / slope.subs(z, 0) == 4
    said("Four times: half the width")
    assert sp.simplify(sp.Rational(1, 4) - slope - (sp.Rational(1, 2) - sigma) ** 2) == 0, "so it is ¼ at most"
    said("never passes back more than a quarter", "four millionths")
    assert round(0.25**9 * 1e6) == 4


def test_the_slopes_in_the_text_are_the_ones_used_and_drawn():
    signals = pytest.importorskip("downslope.figures.signals")
    assert np.isclose(ACTIVATIONS["leaky_relu"].derivative(np.array([-1.0]))[0], 0.01)
    assert signals.SLOPES == {"leaky_relu": 0.1, "parametric_relu": 0.25}
    assert (Network([2, 3, 2], activation="parametric_relu").params["a1"] == 0.25).all()
    said("(0.01 as a rule, drawn here as 0.1)", "starts at ¼")


# The start -----------------------------------------------------------------------------------------------------------


def test_zero_learns_frequencies_and_equal_weights_learn_one_unit():
    assert [row(f"{name}: largest derivative", "W1: largest")[0] > 0 for name in ("W1", "b1", "W2", "b2")] == [
        False,
        False,
        False,
        True,
    ]
    zero, frequent, deep = (numbers(line)[0] for line in output("loss of the trained").splitlines()[:3])
    assert max(zero, frequent, deep) - min(zero, frequent, deep) < 0.0002
    assert "all 30 columns of W1 alike: True" in output("all 30 columns")
    said("We trained 30 units and got one")


def test_a_sum_of_products_has_the_variance_of_equation_1():
    """Exactly, over all values: three inputs that are not independent, weights that are ±s."""
    s = sp.Rational(1, 3)
    inputs = [(1, 1, 0), (2, -1, 3), (0, 0, 5)]  # three equally likely examples
    sums = [sum(x * y for x, y in zip(h, ws, strict=True)) for h in inputs for ws in product((-s, s), repeat=3)]
    assert sum(sums) == 0
    variance = sum(x**2 for x in sums) / sp.Integer(len(sums))
    mean_square = sum(sp.Integer(x) ** 2 for h in inputs for x in h) / 9
    assert variance == 3 * s**2 * mean_square
    said(r"$$\mathrm{Var}(z) = n_{in}\,\mathrm{Var}(w)\;\overline{h^2} \tag{1}$$")


def test_relu_halves_the_mean_square_of_what_is_as_often_negative_as_positive():
    values = [sp.Rational(n, 7) for n in (1, 2, 5, 40)]
    both = [*values, *(-x for x in values), sp.Integer(0)]
    assert sum(max(x, 0) ** 2 for x in both) == sum(x**2 for x in both) / 2
    said(r"$\overline{h^2} = \tfrac12\mathrm{Var}(z)$")


@pytest.mark.parametrize(
    ("name", "printed", "variance"),
    [
        ("xavier", r"\frac{2}{n_{in} + n_{out}} \tag{4}", 2 / (n_in + n_out)),
        ("he", r"\frac{2}{n_{in}} \tag{5}", 2 / n_in),
    ],
)
def test_the_librarys_start_has_the_printed_variance(name, printed, variance):
    assert rf"$$\mathrm{{Var}}(w) = {printed}$$" in TEXT
    W = INITIALIZERS[name](np.random.default_rng(0), 300, 500)
    plain = np.random.default_rng(0).standard_normal((300, 500))
    assert np.allclose(W**2, float(variance.subs({n_in: 300, n_out: 500})) * plain**2)


def test_xavier_puts_the_mean_of_both_sides_into_their_rule():
    assert sp.simplify(1 / ((n_in + n_out) / 2) - 2 / (n_in + n_out)) == 0
    said(r"$$\mathrm{Var}(w) = 1/n_{in} \tag{2}$$", r"$$\mathrm{Var}(w) = 1/n_{out} \tag{3}$$")
    said("with ReLU it loses half in every layer")  # (1), n = 100: ½ · 100 · 2/200
    assert sp.Rational(1, 2) * 100 * (2 / (n_in + n_out)).subs({n_in: 100, n_out: 100}) == sp.Rational(1, 2)


def test_the_other_laws_have_xaviers_variance():
    r = sp.sqrt(6 / (n_in + n_out))
    said(r"$r = \sqrt{6/(n_{in}+n_{out})}$", r"$s = \sqrt{2/(n_{in}+n_{out})}$")
    assert sp.simplify(sp.integrate(w**2 / (2 * r), (w, -r, r)) - 2 / (n_in + n_out)) == 0
    laws = {name: row(f"{name:>8}: strength of layer 10", "  normal:") for name in ("normal", "uniform", "coin")}
    means = [np.mean(values) for values in laws.values()]
    assert max(means) - min(means) < min(max(v) - min(v) for v in laws.values())


def test_ten_layers_pass_on_what_the_lesson_says():
    said(f"$100\\cdot 0.05^2 = {100 * 0.05**2:.2f}$", "Below a millionth")
    _, _, _, tenth, quarter = row("layer 0:")[:1] + row("layer 0:")
    assert tenth < 1e-6
    assert np.isclose(quarter, 0.25**10, rtol=0.01)
    back = {values[0]: values[1:] for values in map(numbers, output("spread   returns").splitlines()[2:])}
    said(f"Xavier's keeps {100 * back[0.1][0]:.0f} % over ten layers")
    assert 0.5 < back[0.14][2] < 2, "He with ReLU"
    assert back[1.0][1] > 50, "most units are flat"
    assert back[1.0][0] > 1e6, "and yet it explodes"
    assert back[0.3][0] > 100


# Recall --------------------------------------------------------------------------------------------------------------


def test_the_answers():
    l2 = l1 = 0.3
    for _ in range(10):
        l2 -= 0.1 * L2(0.5).gradient(np.array(l2))
        l1 -= 0.1 * L1(0.2).gradient(np.array(l1))
    said(f"$0.3\\cdot 0.9^{{10}} = {l2:.3f}$", f"$0.3 - 0.2 = {l1:.1f}$")
    said(f"$\\sqrt{{2/200}} = {(2 / 200) ** 0.5:.1f}$", f"$\\sqrt{{2/250}} = {(2 / 250) ** 0.5:.3f}$")
    said(
        "A weight of 0.3",
        r"With $\eta = 0.1$, where is it after 10 steps",
        "each step takes a tenth",
        "each step takes 0.02",
    )
    said(r"under L2 with $\lambda = 0.5$, and under L1 with $\lambda = 0.2$", "has 200 inputs and 50 units")
    said(f"$(1/4)^5 = 1/{4**5}$", "after five layers of it")
    said(r"tanh $\mathrm{Var}(w) = 2/(n_{in}+n_{out})$, ReLU $\mathrm{Var}(w) = 2/n_{in}$")
    kinks = {name for name, activation in ACTIVATIONS.items() if activation.kinks}
    assert kinks == {"hard_tanh", "relu", "leaky_relu", "parametric_relu"}
    said("hard tanh at −1 and 1, ReLU and its leaky relatives at 0")


def test_unequal_biases_break_the_symmetry_from_the_second_step_on():
    net = Network([784, 5, 10], activation="tanh", initializer="zero", dtype="float64")
    for name in ("b1", "b2"):
        net.params[name] = np.random.default_rng(0).standard_normal(net.params[name].shape)
    digits = load_digits_mnist(dtype="float64")
    few = digits.x_train[:200], digits.t_train[:200]
    moved = []
    for _ in range(2):
        gradient = net.gradient(*few)
        moved.append([np.abs(gradient[name]).max() > 0 for name in ("W1", "W2")])
        SGD(lr=0.1).update(net.params, gradient)
    assert moved == [[False, True], [True, True]]
    columns = net.params["W1"].T
    assert all(np.abs(x - y).max() > 1e-6 for i, x in enumerate(columns) for y in columns[:i])
