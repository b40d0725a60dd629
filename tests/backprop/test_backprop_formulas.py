"""The printed formulas are right: SymPy differentiates each and gets the printed derivative, and the code agrees."""

import re
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
import sympy as sp
from downslope.backprop import graph
from downslope.backprop.activations import ACTIVATIONS
from downslope.backprop.losses import LOSSES, one_hot
from downslope.backprop.penalties import L1, L2
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sympy.parsing.sympy_parser import (
    convert_xor,
    implicit_multiplication_application,
    parse_expr,
    standard_transformations,
)

z, a, w, n = sp.symbols("z a w n", real=True)
lam = sp.Symbol("lam", positive=True)
TRANSFORMATIONS = (*standard_transformations, convert_xor, implicit_multiplication_application)


def parse(text, **names):
    """A formula in plain ASCII as SymPy."""
    names = {"z": z, "a": a, "w": w, "n": n, "lam": lam, "e": sp.E, **names}
    return parse_expr(text, names, TRANSFORMATIONS)


def read(latex, **names):
    """A LaTeX formula of this room as SymPy. Cases become a Piecewise."""
    if r"\begin{cases}" in latex:
        body = re.fullmatch(r"\\begin\{cases\} (.*) \\end\{cases\}", latex)[1]
        branches = [branch.split(" & ") for branch in body.split(r" \\ ")]
        return sp.Piecewise(*((read(value, **names), condition(when)) for value, when in branches))
    text = latex.replace(r"\lambda", "lam").replace(r"\tanh^{2}(z)", "(tanh(z))^2").replace(r"\tanh", "tanh")
    text = re.sub(r"\|(\w)\|", r"Abs(\1)", text)
    while r"\frac" in text:
        text = re.sub(r"\\frac\{((?:[^{}]|\{[^{}]*\})*)\}\{((?:[^{}]|\{[^{}]*\})*)\}", r"((\1)/(\2))", text)
    text = text.replace("{", "(").replace("}", ")").replace(r"\log", "log")
    assert "\\" not in text, text
    return parse(text, **names)


def condition(text):
    """−1 ≤ z ≤ 1 and its like."""
    parts = re.split(r" (<|>|=|\\leq|\\geq) ", text)
    relations = {"<": sp.Lt, ">": sp.Gt, "=": sp.Eq, r"\leq": sp.Le, r"\geq": sp.Ge}
    terms = [parse(part) for part in parts[::2]]
    return sp.And(*(relations[r](terms[i], terms[i + 1]) for i, r in enumerate(parts[1::2])))


def same(derivative, printed, variable, kinks=()):
    """Whether two formulas are equal on every piece between the kinks."""
    p = sp.Symbol("p", positive=True)
    for left, right in pairwise([-sp.oo, *map(sp.nsimplify, kinks), sp.oo]):
        if left == -sp.oo:
            point = right - p if right != sp.oo else sp.Symbol("x", real=True)
        else:
            point = left + (p if right == sp.oo else (right - left) * p / (1 + p))
        if sp.simplify(sp.piecewise_fold((derivative - printed).subs(variable, point))) != 0:
            return False
    return True


# Activations ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)
def test_differentiating_the_printed_activation_gives_the_printed_derivative(activation):
    f = read(activation.formula)
    assert same(sp.diff(f, z), read(activation.derivative_formula), z, activation.kinks)
    if activation.learned:
        assert same(sp.diff(f, a), read(activation.slope_derivative_formula), z, activation.kinks)


def test_the_proof_sees_a_wrong_sign_and_a_wrong_factor():
    assert not same(sp.diff(read(r"\tanh(z)"), z), read(r"1 + \tanh^{2}(z)"), z)
    assert not same(sp.diff(read(r"\frac{1}{1 + e^{-z}}"), z), read(r"\frac{1}{1 + e^{-z}}"), z)
    relu = ACTIVATIONS["relu"]
    wrong = r"\begin{cases} 1 & z > 0 \\ 1 & z \leq 0 \end{cases}"
    assert not same(sp.diff(read(relu.formula), z), read(wrong), z, relu.kinks)


POINTS = [-3.0, -1.0, -0.5, 0.0, 0.25, 1.0, 2.0]  # kinks among them


def evaluate(formula, point):
    return float(read(formula).subs({z: sp.nsimplify(point), a: sp.Rational(1, 4)}))


@pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)
def test_code_and_printed_formula_give_the_same_numbers_at_kinks_too(activation):
    slope = {"leaky_relu": [0.25], "parametric_relu": [np.full(len(POINTS), 0.25)]}.get(activation.name, [])
    x = np.array(POINTS)
    assert np.allclose(activation.function(x, *slope), [evaluate(activation.formula, p) for p in POINTS], rtol=1e-14)
    expected = [evaluate(activation.derivative_formula, p) for p in POINTS]
    assert np.allclose(activation.derivative(x, *slope), expected, rtol=1e-14)
    if activation.learned:
        expected = [evaluate(activation.slope_derivative_formula, p) for p in POINTS]
        assert np.allclose(activation.slope_derivative(x, *slope), expected, rtol=1e-14)


@pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)
@given(arrays("float64", 5, elements=st.floats(-20, 20)))
@settings(max_examples=40, deadline=None)
def test_every_derivative_agrees_with_the_complex_step(activation, x):
    for kink in activation.kinks:
        x = np.where(np.abs(x - kink) < 1e-9, kink + 0.1, x)
    slope = [np.full(5, 0.25)] if activation.learned else []
    step = activation.function(x + 1e-20j, *slope).imag / 1e-20
    assert np.allclose(activation.derivative(x, *slope), step, rtol=1e-12, atol=1e-15)
    if activation.learned:
        step = activation.function(x, slope[0] + 1e-20j).imag / 1e-20
        assert np.allclose(activation.slope_derivative(x, *slope), step, rtol=1e-14)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)
def test_activations_keep_dtype_and_shape_and_leave_their_input_alone(activation, dtype):
    x = np.linspace(-200, 200, 12, dtype=dtype).reshape(3, 4)
    before, slope = x.copy(), [np.full(4, 0.25, dtype)] if activation.learned else []
    for function in (activation.function, activation.derivative, activation.slope_derivative):
        if function:
            result = function(x, *slope)
            assert (result.dtype, result.shape) == (x.dtype, x.shape)
            assert np.isfinite(result).all()
    assert np.array_equal(x, before)


def test_tanh_is_a_logistic_stretched_and_shifted():
    x = np.linspace(-30, 30, 101)
    assert np.allclose(ACTIVATIONS["tanh"].function(x), 2 * ACTIVATIONS["logistic"].function(2 * x) - 1, atol=1e-15)
    assert sp.simplify((read(r"\tanh(z)") - (2 * read(r"\frac{1}{1 + e^{-2 z}}") - 1)).rewrite(sp.exp)) == 0


# Penalties -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("penalty", "kinks"), [(L1, (0,)), (L2, ())])
def test_differentiating_the_printed_penalty_gives_the_printed_gradient(penalty, kinks):
    assert same(sp.diff(read(penalty.formula), w), read(penalty.derivative_formula), w, kinks)
    at = {lam: sp.Rational(1, 10)}
    W = np.array([-2.0, 0.0, 0.5])
    printed = [float(read(penalty.derivative_formula).subs({**at, w: sp.nsimplify(v)})) for v in W]
    assert np.allclose(penalty(0.1).gradient(W), printed)
    printed = sum(float(read(penalty.formula).subs({**at, w: sp.nsimplify(v)})) for v in W)
    assert np.isclose(penalty(0.1).value({"W1": W[None, :], "b1": np.array([9.0])}), printed)


# Losses --------------------------------------------------------------------------------------------------------------

EXAMPLES, CLASSES = 2, 3
Z = sp.Matrix(EXAMPLES, CLASSES, sp.symbols("s:6", real=True))
P = Z.applyfunc(sp.exp)
P = sp.Matrix(EXAMPLES, CLASSES, lambda i, c: P[i, c] / sum(P.row(i)))
LABELS = [2, 0]
T = sp.Matrix(EXAMPLES, CLASSES, lambda i, c: int(LABELS[i] == c))
o, t = sp.symbols("o:2", real=True), sp.symbols("t:2", real=True)


def total(term, values, count):
    """Σ over the examples of a printed term, each with its own values."""
    return sum(read(term, **values(i)).subs(n, count) for i in range(count))


def split(formula):
    """What stands before and after the Σ."""
    factor, term = formula.split(r"\sum_{i} ")
    return read(factor), term


def test_the_softmax_cross_entropy_has_the_printed_gradient():
    loss = LOSSES["softmax_cross_entropy"]
    factor, term = split(loss.formula)
    assert term == r"\log p_{i, t_i}"
    assert loss.gradient_formula == r"\frac{1}{n} (P - T)"
    E = factor.subs(n, EXAMPLES) * sum(sp.log(P[i, LABELS[i]]) for i in range(EXAMPLES))
    for i in range(EXAMPLES):
        for c in range(CLASSES):
            assert sp.simplify(sp.diff(E, Z[i, c]) - (P[i, c] - T[i, c]) / EXAMPLES) == 0


@pytest.mark.parametrize("name", ["squared_error_sum", "squared_error_mean", "logistic_cross_entropy"])
def test_a_loss_has_the_printed_gradient(name):
    loss = LOSSES[name]
    logistic = name == "logistic_cross_entropy"
    s = sp.symbols("s:2", real=True)
    outputs = [1 / (1 + sp.exp(-x)) for x in s] if logistic else s

    def values(i):
        return {"o_i": outputs[i], "p_i": outputs[i], "t_i": t[i]}

    factor, term = split(loss.formula)
    E = factor.subs(n, 2) * total(term, values, 2)
    for i in range(2):
        printed = read(loss.gradient_formula, **values(i)).subs(n, 2)
        assert sp.simplify(sp.diff(E, s[i]) - printed) == 0


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
@given(arrays("float64", (4, 3), elements=st.floats(-30, 30)), arrays("int64", 4, elements=st.integers(0, 2)))
@settings(max_examples=40, deadline=None)
def test_every_loss_gradient_agrees_with_the_complex_step(loss, scores, labels):
    targets = one_hot(labels, 3)
    if loss.name == "logistic_cross_entropy":
        scores, targets = scores[:, :1] + 0.0137, (labels[:, None] > 0).astype(float)
    value, delta = loss.function(scores, targets)
    assert np.isfinite(value)
    for i in np.ndindex(scores.shape):
        moved = scores.astype(complex)
        moved[i] += 1e-20j
        assert np.isclose(loss.function(moved, targets)[0].imag / 1e-20, delta[i], rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_losses_stay_finite_in_float32_and_leave_their_input_alone(loss):
    scores = np.array([[500.0, -500.0], [-500.0, 500.0]], "float32")
    targets = np.array([[0.0, 1.0], [1.0, 0.0]], "float32")
    before = scores.copy()
    value, delta = loss.function(scores, targets)
    assert np.isfinite(value)
    assert value > 100
    assert delta.dtype == np.float32
    assert np.array_equal(scores, before)


# Gates of the graph --------------------------------------------------------------------------------------------------

x, y = sp.symbols("x y", positive=True)
GATES = {
    "add": (graph.add_backward, x + y),
    "subtract": (graph.subtract_backward, x - y),
    "negate": (graph.negate_backward, -x),
    "multiply": (graph.multiply_backward, x * y),
    "divide": (graph.divide_backward, x / y),
    "exp": (graph.exp_backward, sp.exp(x)),
    "log": (graph.log_backward, sp.log(x)),
    "tanh": (graph.tanh_backward, sp.tanh(x)),
    "logistic": (graph.logistic_backward, 1 / (1 + sp.exp(-x))),
}


@pytest.mark.parametrize("name", GATES)
def test_a_gate_sends_back_upstream_times_the_local_derivative(name):
    backward, formula = GATES[name]
    upstream = sp.Symbol("upstream")
    inputs = [SimpleNamespace(value=v, grad=0) for v in (x, y) if v in formula.free_symbols]
    backward(SimpleNamespace(value=formula), upstream, *inputs)
    for node in inputs:
        assert sp.simplify(node.grad - upstream * sp.diff(formula, node.value)) == 0


@pytest.mark.parametrize("name", GATES)
def test_the_rules_written_at_a_gate_are_its_derivatives(name):
    backward, formula = GATES[name]
    left, right = backward.__doc__.split(":  ")
    plain = str.maketrans({"−": "-", "²": "^2"})
    names = {"x": x, "y": y, "z": formula, "e": sp.E, "tanh": sp.tanh, "log": sp.log}
    written = left.translate(plain).removeprefix("z = ").replace("e^-x", "e^(-x)").replace("tanh x", "tanh(x)")
    assert sp.simplify(parse(written.replace("log x", "log(x)"), **names) - formula) == 0
    rules = re.findall(r"∂z/∂([xy]) = ([^,]+)", right)
    assert [v for v, _ in rules] == [str(v) for v in (x, y) if v in formula.free_symbols]
    for variable, rule in rules:
        for side in rule.translate(plain).split(" = "):
            assert sp.simplify(parse(side, **names) - sp.diff(formula, names[variable])) == 0


def test_power_rules():
    k = sp.Symbol("k", positive=True)
    node = SimpleNamespace(value=x, grad=0)
    graph.power_backward(k, SimpleNamespace(value=x**k), 1, node)
    assert sp.simplify(node.grad - sp.diff(x**k, x)) == 0
