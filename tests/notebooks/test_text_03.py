"""Lesson 03: what its text says, its formulas, and its own check, each against something computed here."""

import contextlib
import io
from pathlib import Path

import nbformat
import numpy as np
import pytest
import sympy as sp

PATH = Path(__file__).resolve().parent.parent.parent / "notebooks" / "03-matrix-gradients.ipynb"
NOTEBOOK = nbformat.read(PATH, as_version=4)
TEXT = "\n".join(cell.source for cell in NOTEBOOK.cells if cell.cell_type == "markdown")
SOLUTION = {
    "delta_2": "u4.T * df(z2).T",
    "delta_1": "(delta_2 @ V) * df(z1).T",
    "dV": "delta_2.T @ h1.T",
    "dW_deep": "delta_1.T @ x.T",
}


@pytest.fixture(scope="module")
def run():
    """The lesson's names after all its cells have run."""
    names: dict = {}
    with contextlib.redirect_stdout(io.StringIO()):
        for cell in NOTEBOOK.cells:
            if cell.cell_type == "code":
                exec(cell.source, names)
    return names


def stored(start):
    """The stored text of the cell whose code starts so."""
    (cell,) = (c for c in NOTEBOOK.cells if c.cell_type == "code" and c.source.startswith(start))
    return "".join(o.get("text", "") + str(o.get("data", {}).get("text/plain", "")) for o in cell.outputs)


def net(n=2, m=3):
    """Symbols for s = uᵀ f(Wx + b) with f = tanh, and s."""
    W, x, b, u = sp.MatrixSymbol("W", n, m), sp.Matrix(sp.symbols(f"x:{m}")), sp.symbols(f"b:{n}"), sp.symbols(f"u:{n}")
    W = sp.Matrix(W)
    z = W * x + sp.Matrix(b)
    return W, x, sp.Matrix(b), sp.Matrix(u), z, (sp.Matrix(u).T * z.applyfunc(sp.tanh))[0]


def test_the_derivative_of_tanh_is_one_minus_its_square():
    z = sp.symbols("z")
    assert sp.simplify(sp.diff(sp.tanh(z), z) - (1 - sp.tanh(z) ** 2)) == 0
    assert r"here $\tanh$, and its derivative $1 - \tanh^2$" in TEXT


def test_the_three_formulas_of_the_lesson_follow_from_differentiating_the_score():
    W, x, b, u, z, s = net()
    slope = z.applyfunc(lambda entry: 1 - sp.tanh(entry) ** 2)
    delta = u.T.multiply_elementwise(slope.T)
    assert (sp.Matrix([s]).jacobian(b) - delta).expand() == sp.zeros(1, 2)
    assert (sp.Matrix([s]).jacobian(x) - delta * W).expand() == sp.zeros(1, 3)
    by_weight = sp.Matrix(2, 3, lambda i, j: sp.diff(s, W[i, j]))
    assert (by_weight - delta.T * x.T).expand() == sp.zeros(2, 3)
    for phrase in (
        r"\frac{\partial s}{\partial W_{ij}} = \underbrace",
        r"$\delta^\top x^\top$ | 2×3 |",
        r"$W^\top\delta^\top$ | 3×1 |",
        r"$\delta$ | 1×2 | $\delta^\top$ | 2×1 |",
    ):
        assert phrase in TEXT


def test_the_jacobian_by_the_weights_is_x_once_for_each_unit_in_either_order_of_reading(run):
    W, x, _, _, z, _ = net()
    rows = sp.Matrix(z).jacobian([W[i, j] for i in range(2) for j in range(3)])
    columns = sp.Matrix(z).jacobian([W[i, j] for j in range(3) for i in range(2)])
    assert rows == sp.kronecker_product(sp.eye(2), x.T)
    assert columns == sp.kronecker_product(x.T, sp.eye(2))
    assert r"$x^\top \otimes I$ for this Jacobian instead of $I \otimes x^\top$" in TEXT
    assert np.count_nonzero(run["dz_dW"] == 0) * 2 == run["dz_dW"].size == 12
    assert "twelve entries" in TEXT
    assert "Half of them" in TEXT


def test_the_numbers_in_the_text_are_those_of_the_net(run):
    delta, W = run["delta"], run["W"]
    assert f"$\\delta = ({delta[0, 0]:.4f}, {delta[0, 1]:.4f})$" in TEXT
    assert f"first column of $W$ is $({W[0, 0]:g}, {W[1, 0]:g})$" in TEXT
    count = sum(run[name].size for name in "Wxbu")
    assert f"one `Value` for each of the {count} numbers" in TEXT
    assert f"in {784 + 100} numbers" in TEXT
    assert "Take a layer from 784 pixels to 100 units" in TEXT
    assert f"One gate for the whole product instead of {['', '', '', '', '', '', 'six'][W.size]}" in TEXT


def test_the_symbol_table_gives_the_shapes_of_the_arrays(run):
    for name in ("x", "z", "h", "u", "s", "delta"):
        row = next(line for line in TEXT.splitlines() if line.startswith("|") and f"| `{name}` |" in line)
        assert str(run[name].shape) in row, name
    assert f"{run['W'].shape}, {run['b'].shape} |" in TEXT


def test_what_the_text_says_of_the_four_lines_is_what_was_printed(run):
    small = stored("for name, line in lines.items():")
    assert "delta.T * x.T  shape (2, 3)  right: True" in small
    assert "x @ delta      shape (3, 2)  right: False" in small
    assert "delta @ x      stops" in small
    square = stored("W_square")
    assert square.count("right: True") == 2
    assert "x @ delta      shape (2, 2)  right: False" in square
    assert np.array_equal(run["x"] @ run["delta"], run["dW"].T), "mirrored"


def test_broadcasting_leaves_the_right_numbers_on_the_diagonal(run):
    assert run["wrong"].shape == (2, 2)
    np.testing.assert_array_equal(np.diag(run["wrong"]), run["delta"][0])
    assert "The right two numbers stand on the diagonal" in TEXT


def test_each_column_of_the_flat_bias_uses_one_bias_for_both_units(run):
    product = run["W"] @ run["x"]
    for j in range(2):
        np.testing.assert_array_equal(run["z_wrong"][:, j], product[:, 0] + run["b_flat"][j])


def test_the_live_unit_opens_with_the_first_row_of_the_table_and_its_gate_swaps(run):
    delta_1, dw = run["delta"][0, 0], run["dW"][0, 0]
    assert f"{delta_1:.3f} below $z$ is $\\delta_1$, and {dw:.3f} below `w` is the first row of the table" in TEXT
    text = stored("w, x_1 = figures.Slider")
    assert f"w {dw:.4g}" in text
    assert f"z {delta_1:.4g}" in text
    w, x, rest, u = (run["Value"](v) for v in (0.5, 0.0, -0.5, 2.0))
    run["unit_1"](w, x, rest, u).backward()
    assert w.grad == 0 != x.grad, "that of w"


def test_the_recall_answers():
    n, m = 3, 5
    jacobian = np.kron(np.eye(n), np.ones((1, m)))
    assert f"{n}×{m}, {n}×{m}, 1×{n}, {n}×{n * m}; {np.count_nonzero(jacobian)} of its {jacobian.size}." in TEXT


def judged(run, **answers):
    names = dict(run, **answers)
    (cell,) = (c for c in NOTEBOOK.cells if c.source.startswith('print(judge("delta_2"'))
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(cell.source, names)
    return dict(line.split(": ", 1) for line in out.getvalue().splitlines())


def test_the_printed_solution_is_correct_and_an_untouched_one_is_not_attempted(run):
    answers: dict = {}
    for name, code in SOLUTION.items():
        assert f"`{name} = {code}`" in TEXT
        answers[name] = eval(code, dict(run, **answers))
    assert set(judged(run, **answers).values()) == {"correct"}
    assert set(judged(run).values()) == {"not attempted"}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("delta_2", "u4.T"),
        ("delta_2", "(u4.T * df(z2).T).T"),
        ("delta_2", "u4.T * df(z2)"),
        ("delta_2", "u4.T * df(h2).T"),
        ("delta_1", "delta_2 @ V"),
        ("delta_1", "(delta_2 @ V) * df(z1)"),
        ("delta_1", "V.T @ delta_2.T"),
        ("delta_1", "(delta_2 @ V) * f(z1).T"),
        ("dV", "h1 @ delta_2"),
        ("dV", "delta_2.T @ z1.T"),
        ("dV", "-(delta_2.T @ h1.T)"),
        ("dW_deep", "x @ delta_1"),
        ("dW_deep", "delta_1.T * np.ones((1, 3))"),
        ("dW_deep", "np.full((2, 3), np.nan)"),
    ],
)
def test_a_known_mistake_is_not_yet_correct(run, name, code):
    answers: dict = {}
    for known, right in SOLUTION.items():
        answers[known] = eval(right, dict(run, **answers))
    answers[name] = eval(code, dict(run, **answers))
    assert judged(run, **answers)[name].startswith("not yet")
