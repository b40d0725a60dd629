"""Lesson 04: what its text says and its formulas, against SymPy, the toy net run here, and the stored outputs."""

import contextlib
import io
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
import sympy as sp
from downslope.backprop import Network
from downslope.data import load_digits_mnist
from downslope.figures.live_numbers import live_network, mosaic, training_run
from downslope.optim import Momentum
from downslope.training import minibatches

PATH = Path(__file__).resolve().parent.parent.parent / "notebooks" / "04-error-signals.ipynb"
NOTEBOOK = nbformat.read(PATH, as_version=4)
TEXT = "\n".join(cell.source for cell in NOTEBOOK.cells if cell.cell_type == "markdown")


@pytest.fixture(scope="module")
def toy():
    """The lesson's names before the digits come."""
    names: dict = {}
    with contextlib.redirect_stdout(io.StringIO()):
        for cell in NOTEBOOK.cells:
            if cell.source.startswith("## Digits"):
                break
            if cell.cell_type == "code":
                exec(cell.source, names)
    return names


def stored(start):
    """The stored text of the cell whose code starts so."""
    (cell,) = (c for c in NOTEBOOK.cells if c.cell_type == "code" and c.source.startswith(start))
    return "".join(o.get("text", "") + str(o.get("data", {}).get("text/plain", "")) for o in cell.outputs)


def first_example(toy):
    """Error signals of the single example, computed anew (the batch has taken the names since)."""
    net_i = toy["x"] @ toy["w_ki"] + toy["b_i"]
    y_i = np.tanh(net_i)
    y_j = y_i @ toy["w_ij"] + toy["b_j"]
    delta_j = toy["t"] - y_j
    return y_j, delta_j, (1 - y_i**2) * (toy["w_ij"] @ delta_j)


def test_the_rules_for_both_layers_follow_from_differentiating_the_error():
    f, v = sp.tanh, sp.symbols("v")
    slope = sp.Lambda(v, sp.diff(f(v), v))
    x, t, n = sp.symbols("x:3"), sp.symbols("t:2"), sp.symbols("n:2")
    w_ki, w_ij = sp.Matrix(3, 2, sp.symbols("a:6")), sp.Matrix(2, 2, sp.symbols("c:4"))
    net_i = [sum(x[k] * w_ki[k, i] for k in range(3)) for i in range(2)]
    net_j = [sum(f(n[i]) * w_ij[i, j] for i in range(2)) for j in range(2)]
    E = sum((t[j] - f(net_j[j])) ** 2 for j in range(2)) / 2
    hidden = dict(zip(n, net_i, strict=True))
    delta_j = [(t[j] - f(net_j[j])) * slope(net_j[j]) for j in range(2)]
    delta_i = [slope(n[i]) * sum(delta_j[j] * w_ij[i, j] for j in range(2)) for i in range(2)]
    derived = [-sp.diff(E, n[i]) for i in range(2)]
    stated = list(delta_i)
    for i, j in np.ndindex(2, 2):
        derived.append(-sp.diff(E, w_ij[i, j]))
        stated.append(delta_j[j] * f(n[i]))
    for k, i in np.ndindex(3, 2):
        derived.append(-sp.diff(E.xreplace(hidden), w_ki[k, i]))
        stated.append(delta_i[i] * x[k])
    both = sp.lambdify([*x, *t, *w_ki, *w_ij], [sp.Matrix(side).xreplace(hidden) for side in (derived, stated)])
    for seed in range(5):
        left, right = both(*np.random.default_rng(seed).normal(0, 0.7, 15))
        np.testing.assert_allclose(left, right, rtol=1e-11, atol=1e-13)


def test_these_rules_are_the_ones_in_the_text():
    for formula in (
        r"f'(net_i) \sum_j \delta_j\, w_{ij}",
        r"(t_j - y_j)\, f'(net_j)",
        r"\Delta w_{ki} = c\,\delta_i\, x_k = c\, f'(net_i)\, x_k \sum_j \delta_j\, w_{ij}",
        r"\Delta w_{ij} = c\,\delta_j\, y_i",
    ):
        assert formula in TEXT


def test_the_toy_numbers_in_the_text_are_computed(toy):
    y_j, delta_j, delta_i = first_example(toy)
    t, w_ij = toy["t"], toy["w_ij"]
    answers = f"Targets are {t[0]:g} and {t[1]:g}; the outputs answer {y_j[0]:.2f} and {y_j[1]:.2f}".replace("-", "−")
    assert answers in TEXT
    weights = f"to unit 6 with weight {w_ij[0, 0]:g}, and to unit 7 with weight {w_ij[0, 1]:g}".replace("-", "−")
    assert weights in TEXT
    assert delta_j[0] < 0 < delta_j[1], "unit 6 wants less, unit 7 wants more"
    assert delta_i[0] < 0, "less"
    assert f"$\\delta_4 = {delta_i[0]:.2f}$ and $x_2 = {toy['x'][1]:g}$" in TEXT
    change = np.outer(toy["x"], delta_i)
    assert change[1, 0] > 0
    assert abs(change[:, 0]).argmin() == 2, "the weight from x₃ changes least"
    assert "The weight from $x_3$ changes least" in TEXT


def test_lesson_03s_signal_is_the_one_of_output_6(toy):
    slope = 1 - np.tanh(toy["x"] @ toy["w_ki"] + toy["b_i"]) ** 2
    delta = toy["w_ij"][:, 0] * slope
    assert f"$\\delta = ({delta[0]:.4f}, {delta[1]:.4f})$" in TEXT


def test_the_weights_are_lesson_03s_turned_over(toy):
    other = nbformat.read(PATH.with_name("03-matrix-gradients.ipynb"), as_version=4)
    names: dict = {}
    exec(next(c.source for c in other.cells if c.source.startswith("import numpy")), names)
    np.testing.assert_array_equal(toy["w_ki"], names["W"].T)
    np.testing.assert_array_equal(toy["x"], names["x"][:, 0])
    np.testing.assert_array_equal(toy["b_i"], names["b"][:, 0])
    np.testing.assert_array_equal(toy["w_ij"][:, 0], names["u"][:, 0])


def test_counts_and_single_numbers(toy):
    assert toy["w_ki"].size + toy["w_ij"].size == 10
    assert "All ten weights" in TEXT
    assert f"All {sum(array.size for array in toy['p'].values())} weights and biases" in TEXT
    sums = toy["X"] @ toy["w_ki"] + toy["b_i"]
    assert f"unit 5 adds up {sums[1, 1]:g}".replace("-", "−") in TEXT
    assert abs(toy["delta_i"][1, 1]) < 0.005, "shows as 0"
    assert f"with $c = {toy['c']:g}$ takes the error down" in TEXT


def test_the_symbol_table_gives_the_shapes_of_the_arrays(toy):
    assert f"| `x` | input $k$ | {toy['x'].shape} |" in TEXT
    for name in ("w_ki", "w_ij"):
        row = next(line for line in TEXT.splitlines() if f"| `{name}` |" in line)
        assert str(toy[name].shape) in row
    assert toy["b_i"].shape == toy["b_j"].shape == toy["t"].shape == (2,)


def test_mixed_signs_climb_from_the_first_step_and_right_ones_fall(toy):
    right, mixed = toy["five_steps"](+1), toy["five_steps"](-1)
    assert (np.diff(mixed) > 0).all()
    assert f"take the error from {right[0]:.2f} to almost nothing" in TEXT
    assert right[-1] < 0.01


def test_the_digits_in_the_text_are_those_of_the_stored_run():
    net = re.search(r"Network\(\[(\d+), (\d+), (\d+)\]", stored("from downslope.backprop import Network"))
    inputs, hidden, outputs = net.groups()
    assert f"{inputs} inputs for the pixels of an image, {hidden} hidden units and {outputs} outputs" in TEXT
    label, read = re.search(r"a (\d), read as (\d)", stored("e = wrong[0]")).groups()
    assert f"It is shown a {label} and says {read}" in TEXT
    assert 10_000 * 32 == 40 * 8_000
    assert "10,000 steps with batches of 32: 40 times through the 8,000 digits" in TEXT
    assert "of the 2,000 test digits" in TEXT
    first, last = re.search(r"error goes from ([\d.]+) to (\d+\.\d+)", stored("figures.losses")).groups()
    assert float(first) > 1.5
    assert float(last) < 0.1


def test_the_wires_tell_unit_13_mostly_through_the_output_that_was_read():
    text = stored("i, k = 13, 90")
    wires = [float(w) for w in re.search(r"\[(.*?)\]", text, re.DOTALL).group(1).split()]
    read = int(re.search(r"read as (\d)", stored("e = wrong[0]")).group(1))
    assert int(np.argmin(wires)) == read
    assert wires[read] < sum(wires) / 2 < 0, "more than half of it"
    assert f"most of it comes from output {read}" in TEXT
    assert float(re.search(r"changes by (-[\d.]+)", text).group(1)) < 0, "shrink"


def test_the_sum_belongs_to_a_batch_size_and_the_mean_does_not():
    added = dict(re.findall(r"sum, batch +(\d+): (.*)", stored("learned = 0")))
    assert [size for size, outcome in added.items() if "diverged" in outcome] == ["64", "256"]
    assert all(int(n) <= 5 for n in re.findall(r"within (\d+) steps", " ".join(added.values()))), "a handful"
    averaged = re.findall(r"mean, batch +(\d+): test accuracy ([\d.]+)%", stored("c = 0.1"))
    assert [size for size, _ in averaged] == list(added)
    accuracies = [float(a) for _, a in averaged]
    assert accuracies == sorted(accuracies), "larger batches do better here"
    assert min(accuracies) > 70


def test_one_digit_alone_costs_more_than_half_and_its_share_costs_nothing():
    outcomes = re.findall(r"step (\d+); of all test digits ([\d.]+)%", stored("for step in (c, c / 32)"))
    before = float(re.search(r"test accuracy ([\d.]+)%", stored("p, errors = learn(step=c / 32")).group(1))
    assert outcomes[0][0] == "1"
    assert float(outcomes[0][1]) < before / 2
    assert outcomes[1][0] == "3"
    assert "it takes three steps" in TEXT
    assert abs(float(outcomes[1][1]) - before) < 0.3, "the others do not suffer"


def test_six_pictures_of_the_live_network_stay_noise_because_their_units_are_off():
    opening = live_network().values
    assert (opening["optimizer"], opening["lr"]) == ("Momentum", 0.05)
    x, labels, _, _ = load_digits_mnist(dtype="float64")
    x, labels = x[:2000], labels[:2000]
    net, optimizer = Network([784, 16, 10], seed=0, dtype="float64"), Momentum(0.05, 0.9)
    start = net.params["W1"].copy()
    for batch in minibatches(len(x), 64, 300, seed=0):
        optimizer.update(net.params, net.gradient(x[batch], labels[batch]))
    np.testing.assert_allclose(training_run("Momentum", 0.05).pictures[-1], mosaic(net.params["W1"]), atol=1e-6)
    off = (net.signals(x)[1][1] > 0).mean(axis=0) < 0.05
    change = np.abs(net.params["W1"] - start).max(axis=0)
    assert off.sum() == 6
    assert change[off].max() < change[~off].min() / 2
    assert "six of the 16 pictures stay noise" in TEXT


def test_the_third_convention_is_ten_or_five_times_smaller():
    net = Network([3, 2, 10], loss="squared_error_mean", dtype="float64", seed=1)
    rng = np.random.default_rng(0)
    x, T = rng.standard_normal((4, 3)), rng.standard_normal((4, 10))
    start, slope = net.params.vector.copy(), []
    for position in range(start.size):
        values = []
        for step in (1e-6, -1e-6):
            net.params.vector = start
            net.params.vector[position] += step
            values.append(np.mean((T - net.forward(x)) ** 2))
        slope.append((values[0] - values[1]) / 2e-6)
    net.params.vector = start
    ours = net.gradient(x, T).vector
    np.testing.assert_allclose(np.array(slope) / 2, ours / 10, atol=1e-8)
    np.testing.assert_allclose(slope, ours / 5, atol=1e-8)
    assert "ten times smaller again, or five times without the `/ 2`" in TEXT


def test_the_recall_answers():
    signal = sp.Rational(1, 2) * (sp.Rational("0.2") * 3 + sp.Rational("0.4") * -1)
    assert signal == sp.Rational("0.1")
    assert r"$\tfrac12\,(0.2\cdot 3 - 0.4\cdot 1) = 0.1$" in TEXT
    assert sp.Rational("0.001") * 100 == sp.Rational("0.1")
    assert "The sum over 100 with 0.001 equals the mean over 100 with 0.1" in TEXT


# Your turn -----------------------------------------------------------------------------------------------------------


def slope(net):
    return 1 - np.tanh(net) ** 2


def solved(turn_i=True, turn_h=True, f_i=slope, f_h=slope, sign_i=1, sign_h=1, straight=False):
    """The signals of both layers with one thing done otherwise."""

    def mine(net_h, net_i, w_hi, w_ij, delta_j):
        delta_i = sign_i * f_i(net_i) * (delta_j @ (w_ij.T if turn_i else w_ij))
        above = delta_j if straight else delta_i
        return delta_i, sign_h * f_h(net_h) * (above @ (w_hi.T if turn_h else w_hi))

    return mine


def test_the_check_accepts_what_is_right(toy):
    assert toy["check"](toy["my_signals"]) == "Not attempted yet."
    assert stored("print(check(my_signals))").startswith("Not attempted yet.")
    body = re.search(r"(    delta_i = df.*\n    delta_h = .*\n    return delta_i, delta_h\n)", TEXT).group()
    exec(f"def solution(net_h, net_i, w_hi, w_ij, delta_j):\n{body}", toy)
    assert toy["check"](toy["solution"]).startswith("Correct")
    assert toy["check"](lambda *given: tuple(part.tolist() for part in solved()(*given))).startswith("Correct")


@pytest.mark.parametrize(
    ("mine", "told"),
    [
        (solved(turn_i=False), "in delta_i the sum runs over the second index"),
        (solved(turn_h=False), "in delta_h the sum runs over the second index"),
        (solved(f_i=np.ones_like), "in delta_i f′ is missing"),
        (solved(f_h=np.ones_like), "in delta_h f′ is missing"),
        (solved(f_i=np.tanh), "in delta_i f stands where f′ belongs"),
        (solved(sign_i=-1), "in delta_i the sign is turned"),
        (solved(sign_h=-1), "in delta_h the sign is turned"),
        (solved(straight=True), "delta_h asks the layer above it"),
        (lambda *given: solved()(*given)[0], "return two arrays"),
        (lambda *given: solved()(*given)[::-1], "in delta_i the shape is right and the numbers are not"),
        (lambda *given: (solved()(*given)[0][0], 0), "delta_i has the shape (3,)"),
        (lambda *given: (solved()(*given)[0], 0), "delta_h has the shape ()"),
        (lambda *given: (solved()(*given)[0], None), "delta_h has the shape ()"),
        (lambda *given: (solved()(*given)[0], np.ones((4, 2))), "delta_h has the shape (4, 2)"),
        (lambda *given: (solved()(*given)[0], "no array"), "return two arrays"),
        (lambda *given: 0, "return two arrays"),
    ],
)
def test_a_wrong_signal_is_told_why(toy, mine, told):
    verdict = toy["check"](mine)
    assert verdict.startswith("Not yet")
    assert told in verdict
