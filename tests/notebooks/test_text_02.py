"""Lesson 02: every number and formula in its text is rebuilt here and looked up in the text."""

import re
from collections import Counter
from fractions import Fraction as F
from pathlib import Path

import nbformat
import pytest
import sympy
from downslope import backprop
from downslope.backprop import Value, topological_order

PATH = next((Path(__file__).resolve().parent.parent.parent / "notebooks").glob("02-*.ipynb"))
NOTEBOOK = nbformat.read(PATH, as_version=4)
TEXT = "\n\n".join(cell.source for cell in NOTEBOOK.cells if cell.cell_type == "markdown")
CODE = [cell for cell in NOTEBOOK.cells if cell.cell_type == "code"]


def printed(start):
    """The printed lines of the code cell that holds `start`."""
    cell = next(cell for cell in CODE if start in cell.source)
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def lesson(*starts):
    """A namespace in which the cells that begin so have run."""
    names = {"F": F, "backprop": backprop}
    for start in starts:
        exec(next(cell.source for cell in CODE if cell.source.startswith(start)), names)
    return names


@pytest.fixture(scope="module")
def engine():
    return lesson("class Multiply", "class Add", "class Max", "class Node", "def connect", "def backward", "def topo")


def example(x, y, z):
    x, y, z = Value(x), Value(y), Value(z)
    f = (x + y) * backprop.maximum(y, z)
    f.backward()
    return f, [v.grad for v in (x, y, z)]


def test_the_example_has_the_golden_numbers():
    f, gradients = example(1, 2, 0)
    a, b = f.parents
    assert (f.value, gradients) == (6, [2, 5, 0])
    assert f"$a = {a.value}$ and $b = {b.value}$ | $f = {f.value}$" in TEXT
    assert f"\\partial f/\\partial y = {a.grad} + {b.grad} = {gradients[1]}$" in TEXT
    assert f"is answered: {gradients[0]}, {gradients[1]} and {gradients[2]}," in TEXT
    assert f"The same {f.value}, and the same {gradients[0]}, {gradients[1]} and {gradients[2]}." in TEXT
    assert "hands back to $a$" not in TEXT
    assert f"Two to $a$ and {b.grad} to $b$" in TEXT
    assert a.grad == 2
    assert printed("y gets {").splitlines()[0] == "da = 2   db = 3"


def test_the_drawings_show_the_values_and_gradients():
    f, (x, y, z) = example(1, 2, 0)
    a, b = f.parents
    values, gradients = re.findall(r"```text\n(.*?)```", TEXT, re.DOTALL)
    for drawing in (values, gradients):
        assert re.findall(r"(\w) = (\d)", drawing) == [
            ("x", "1"), ("a", str(a.value)), ("y", "2"), ("f", str(f.value)), ("b", str(b.value)), ("z", "0")
        ]  # fmt: skip
    assert re.findall(r"\[(\d)\]", gradients) == [str(n) for n in (x, a.grad, y, f.grad, b.grad, z)]
    assert "[" not in values


def test_the_formulas_of_the_text_are_what_sympy_says():
    x, y, a, b, s = sympy.symbols("x y a b s")
    assert (sympy.diff(x * y, x), sympy.diff(x * y, y)) == (y, x)
    assert r"\frac{\partial\, out}{\partial x} = y \qquad\qquad \frac{\partial\, out}{\partial y} = x" in TEXT
    assert sympy.expand((a + s) * (b + s) - a * b - (b * s + a * s + s**2)) == 0
    assert r"(a + s)(b + s) - ab \;=\; b\,s + a\,s + s^2" in TEXT
    g = (x * y + x) * (x * y)
    assert sympy.expand(g - (x**2 * y**2 + x**2 * y)) == 0
    assert "$g = x^2y^2 + x^2y$" in TEXT
    for by, words in ((x, "2xy^2 + 2xy"), (y, "2x^2y + x^2")):
        slope = sympy.diff(g, by)
        spaced = re.sub(r"(?<=[0-9a-z])(?=[xy])", "*", words.replace("^", "**"))
        assert sympy.expand(slope - sympy.sympify(spaced, locals={"x": x, "y": y})) == 0
        assert rf"\frac{{\partial g}}{{\partial {by}}} = {words} = {slope.subs({x: 2, y: 3})}" in TEXT
    assert sympy.diff(x / y, x) == 1 / y
    assert sympy.diff(x / y, y) == -x * y**-2
    assert "slope $1/y$" in TEXT
    assert "gives $-x\\,y^{-2}$" in TEXT


def test_both_moves_add_up():
    step = F(1, 1000)
    change = (1 + 2 + step) * (2 + step) - 6
    assert change == 5 * step + step**2
    assert printed("f changes by") == f"f changes by {float(change)}, which is {float(change / step)} times the step\n"


def test_the_wrong_order_loses_what_the_text_says():
    p, q = 2 * 3, 2 * 3 + 2
    assert f"$p$ handed back the {q} that it had from $g$, and the {p} from $q$ came too late" in TEXT
    assert printed("visiting g, p, q") == f"visiting g, p, q: {q * 3 + p} {q * 2}\nvisiting g, q, p: 48 28\n"


def test_only_the_value_used_twice_goes_wrong_with_equals():
    assert printed("forgetful_backward(order)\n") == "gradients: 2 2 0\ngradients: 2 3 0\n"
    assert "Only $y$, the value that is used twice" in TEXT


def test_moving_z_moves_the_gradients_as_told():
    (_, before), (f, after) = example(1, 2, 0), example(1, 2, 3)
    assert printed("z.value = 3\n") == f"z = 3:  f = {f.value}   gradients {after[0]} {after[1]} {after[2]}\n"
    assert f"{after[1]} instead of {before[1]}. The gradient of $x$ rises to {after[0]}" in TEXT
    assert after[2] > before[2]
    assert after[1] < before[1]


def test_the_two_paths_of_y_can_cancel():
    f, gradients = example(-2, 1, 0)
    a, b = f.parents
    assert gradients[1] == 0
    assert b.gate is not None
    assert b.parents[0].value > b.parents[1].value, "y is the larger input"
    assert f"path brings $b = {b.value}$ and the max gate's path brings $a = {a.value}$" in TEXT
    assert "At $x = -2$, $y = 1$, $z = 0$" in TEXT


def test_every_entry_of_the_operation_table_is_counted(engine):
    names = lesson("tally =", "class Counted")
    tally, Counted = names["tally"], names["Counted"]
    least = {}
    for gate, pairs in {"Add": [(3, 2)], "Multiply": [(3, 2)], "Max": [(3, 2), (2, 3), (2, 2)]}.items():
        for x, y in pairs:
            x, y = engine["Node"](Counted(x)), engine["Node"](Counted(y))
            tally["operations"] = 0
            out = engine["connect"](engine[gate](), x, y)
            assert tally["operations"] == 1, "one operation forwards"
            tally["operations"] = 0
            downstream = out.gate.backward(Counted(10))
            local = tally["operations"]
            for parent, gradient in zip((x, y), downstream, strict=True):
                parent.grad = Counted(1)
                parent.grad += gradient
            least[gate] = (local, tally["operations"] - local)
    assert least == {"Add": (0, 2), "Multiply": (2, 2), "Max": (0, 2)}
    assert "| add | 0 | 2 | 2 |" in TEXT
    assert "| multiply | 2 | 2 | 4 |" in TEXT
    assert "| max | 0 | at most 2 | at most 2 |" in TEXT
    assert "more than 4 times as many operations" in TEXT
    assert "at most 4 times the operations of forward" in TEXT


def test_the_cost_of_the_networks_is_what_their_gates_add_up_to():
    rows = re.findall(
        r"([\d,]+) weights: forward +([\d,]+), backward +([\d,]+), ratio ([\d.]+)",
        printed("backwards.append("),
    )
    rows = [[int(entry.replace(",", "")) for entry in row[:3]] + [row[3]] for row in rows]
    assert len(rows) == 5
    for n, (weights, forward, backward, ratio) in zip((2, 4, 8, 16, 32), rows, strict=True):
        units = n + 1
        gates = Counter(multiply=units * n + 1, add=units * (n - 1), max=units)
        assert weights == units * n
        assert forward == sum(gates.values())
        assert backward == 4 * gates["multiply"] + 2 * gates["add"] + gates["max"]
        assert ratio == f"{backward / forward:.2f}"
        assert 2.5 < backward / forward < 3.05, "about 3"
        assert 3.5 < (forward + backward) / forward < 4.05, "about four times above forward"
    assert f"With $n = {n}$ there are {weights:,} weights, so {weights:,} gradients" in TEXT
    assert f"{weights // rows[0][0]} times as many weights" in TEXT
    assert weights % rows[0][0] == 0
    assert f"with {weights:,} weights it takes {weights + 1:,} forward runs" in TEXT


def test_walking_every_path_takes_the_calls_told():
    assert f"turns {2**17 - 1:,} calls into 17" in TEXT
    last = printed("impatient(v, 1)").splitlines()[-1]
    assert last.endswith(f"calls {2**17 - 1:,}")
    assert "gradient 65,536 (right: 65,536)" in last


def test_the_long_chain_collects_a_one_for_each_use():
    x = Value(1)
    v = x
    for _ in range(1000):
        v = v + x
    v.backward()
    assert x.grad == 1001, "n gates use x n + 1 times"
    assert "used 100,001 times" in TEXT
    assert printed("values, v =") == "100,001 values, v = 100,001, gradient of x = 100,001\n"
    assert printed("v.backward()\n") == "v = 100,001, gradient of x = 100,001\n"
    assert printed("except RecursionError").startswith("RecursionError")


def test_the_engine_of_the_lesson_has_the_golden_numbers(engine):
    x, y, z = (engine["Node"](n) for n in (1, 2, 0))
    f = (x + y) * engine["connect"](engine["Max"](), y, z)
    engine["backward"](engine["topological_order"](f))
    assert (f.value, x.grad, y.grad, z.grad) == (6, 2, 5, 0)


def test_the_order_of_the_lesson_is_topological(engine):
    formula = lesson("import random")["random_formula"]
    for seed in range(20):
        output = formula([engine["Node"](n) for n in (-2, -1, 1, 3)], lambda x, y: x + y, seed)
        order = engine["topological_order"](output)
        place = {node: i for i, node in enumerate(order)}
        assert all(place[parent] < place[node] for node in order for parent in node.parents)
        assert len(place) == len(order)
        assert order[-1] is output


def test_the_random_formulas_say_something():
    formula = lesson("import random")["random_formula"]
    alive = shared = 0
    for seed in range(200):
        inputs = [Value(n) for n in (-2, -1, 1, 3)]
        output = formula(inputs, backprop.maximum, seed)
        output.backward()
        alive += sum(value.grad != 0 for value in inputs)
        uses = Counter(parent for node in topological_order(output) for parent in node.parents)
        shared += max(uses.values()) > 1
    assert alive > 400, "gradients that are not 0, of 800"
    assert shared == 200, "every formula uses some value more than once"
    assert printed("of 200 formulas") == "200 of 200 formulas: all four gradients equal\n"


def test_recall_answers_are_right():
    x, y, z = Value(2), Value(3), Value(1)
    g = (x * y + z) * z
    g.backward()
    assert f"$g = {g.value}$. For $x$: $y z = {x.grad}$. For $y$: $x z = {y.grad}$." in TEXT
    assert f"$z + (x y + z) = {z.grad}$" in TEXT
    assert 11 < 1_000_000 / 86_400 < 12
    assert "more than eleven days" in TEXT
    assert "at most 4 seconds" in TEXT


def test_a_tie_lets_nothing_through_with_the_strict_rule():
    assert printed("StrictMax(), Max()") == "StrictMax: gradient of x = 0\nMax: gradient of x = 1\n"
    x = Value(2)
    backprop.maximum(x, x).backward()
    assert x.grad == 1
    x, y = Value(2), Value(2)
    backprop.maximum(x, y).backward()
    assert (x.grad, y.grad) == (0, 1), "on a tie the second gets it"


WRONG = {
    "upstream forgotten": "1 / self.y, -self.x / self.y**2",
    "sign forgotten": "upstream / self.y, upstream * self.x / self.y**2",
    "swapped": "-upstream * self.x / self.y**2, upstream / self.y",
    "square forgotten": "upstream / self.y, -upstream * self.x / self.y",
    "sizes only": "upstream / abs(self.y), -upstream * self.x / self.y**2",
    "one number": "upstream / self.y",
    "three numbers": "upstream / self.y, -upstream * self.x / self.y**2, 0",
    "as multiply": "upstream * self.y, upstream * self.x",
    "zeros": "0, 0",
}


def divide(body):
    names = lesson("class Divide", "def check")
    source = next(cell.source for cell in CODE if cell.source.startswith("class Divide"))
    source = re.sub(r"return None.*", f"return {body}", source)
    exec(source, names)
    return names["check"](names["Divide"]())


@pytest.mark.parametrize("body", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_divide_gate_is_told_so(body):
    assert divide(body).startswith("Not yet")


def test_the_right_divide_gate_passes_and_the_starter_is_not_judged():
    assert divide("upstream / self.y, -upstream * self.x / self.y**2") == "Correct."
    assert divide("[upstream / self.y, -upstream * self.x / (self.y * self.y)]") == "Correct."
    assert divide("None") == "Not attempted yet."
    assert printed("check(Divide())") == "Not attempted yet.\n"
