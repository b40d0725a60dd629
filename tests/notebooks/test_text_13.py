"""Lesson 13: every number and formula in its text is rebuilt here and looked up in the text."""

import json
import re
from fractions import Fraction as F
from pathlib import Path

import nbformat
import numpy as np
import pytest
import sympy
from downslope.backprop import Network
from downslope.optim import Momentum, Nesterov, averages, trajectory
from downslope.optim.paths import best_momentum, rate, rate_nesterov
from downslope.training import minibatches, train

PATH = next((Path(__file__).resolve().parent.parent.parent / "notebooks").glob("13-*.ipynb"))
NOTEBOOK = nbformat.read(PATH, as_version=4)
TEXT = "\n\n".join(cell.source for cell in NOTEBOOK.cells if cell.cell_type == "markdown")
CODE = [cell for cell in NOTEBOOK.cells if cell.cell_type == "code"]
LR, MU = F(1, 10), F(9, 10)
GOLDEN_LOOK_AHEAD = [0.9, 0.729, 0.51759, 0.294589, 0.084499]
GOLDEN_SHIFTED = [0.81, 0.5751, 0.327321, 0.093888, -0.104582]


def cell_with(start):
    return next(cell for cell in CODE if start in cell.source)


def printed(start):
    """The printed lines of the code cell that holds `start`."""
    return "".join(output.text for output in cell_with(start).outputs if output.output_type == "stream")


def reaching(reach, steps, lr=LR, mu=MU):
    """θ and v where the gradient of ½θ² is taken at θ + reach·v: 0 momentum, μ Nesterov, μ + μ² the third program."""
    theta, v, states = F(1), F(0), []
    for _ in range(steps):
        v = mu * v - lr * (theta + reach * v)
        theta += v
        states.append((theta, v))
    return states


def third_program(steps, lr=LR, mu=MU):
    w, v, states = F(1), F(0), []
    for _ in range(steps):
        g = w
        v = mu * v - lr * g
        w = w + mu**2 * v - (1 + mu) * lr * g
        states.append((w, v))
    return states


@pytest.fixture(scope="module")
def lesson():
    """A namespace in which the small functions of the lesson are defined."""
    names = {"np": np}
    for start in ("lr, mu = F(1, 10)", "def look_ahead(", "def walk(", "def shifted(", "repairs = {", "def program(",
                  "def look_two_ahead(", "def slope(", "def known_slips(", "def reason(",
                  "def check(step)"):  # fmt: skip
        source = cell_with(start).source
        source = re.sub(r"^(for|print|guess|second|pairs|agree).*(\n .*)*", "", source, flags=re.MULTILINE)
        exec(source, names)
    names["Nesterov"] = Nesterov
    return names


def test_the_golden_numbers_are_printed_and_exact():
    ahead = reaching(MU, 5)
    assert np.allclose([float(theta) for theta, _ in ahead], GOLDEN_LOOK_AHEAD, atol=5e-7)
    assert np.allclose([float(theta + MU * v) for theta, v in ahead], GOLDEN_SHIFTED, atol=5e-7)
    rows = re.findall(r"^ +\d((?: +-?\d\.\d+){4}) +True$", printed("equal"), re.MULTILINE)
    rows = np.array([row.split() for row in rows], dtype=float)[1:]
    assert np.array_equal(rows[:, 0], GOLDEN_LOOK_AHEAD)
    assert np.array_equal(rows[:, 1], GOLDEN_SHIFTED)
    assert np.array_equal(rows[:, 3], GOLDEN_LOOK_AHEAD)
    assert "False" not in printed("equal") + printed("equal to ours")


def test_the_three_programs_of_the_question_stand_where_it_says():
    first = (reaching(MU, 1)[0][0], reaching(MU, 1)[0][0] + MU * reaching(MU, 1)[0][1], third_program(1)[0][0])
    assert r"$$0.9 \qquad\qquad 0.81 \qquad\qquad 0.729$$" in TEXT
    assert [float(x) for x in first] == [0.9, 0.81, 0.729]
    assert "0.9 is θ and 0.81 is $w$: one method, kept at two points. 0.729 is wrong" in TEXT
    assert [float(-(1 + MU) * LR), float(-(1 + MU + MU**2) * LR)] == [-0.19, -0.271]
    assert r"$-(1+\mu)\,\eta g = -0.19$ is right, and $-(1+\mu+\mu^2)\,\eta g = -0.271$ comes out" in TEXT


def test_0729_is_an_accident_of_these_numbers():
    lr, mu = sympy.symbols("lr mu")
    second = (1 - lr) + mu * -lr - lr * (1 - lr - mu * lr)
    first = 1 - (1 + mu + mu**2) * lr
    assert sympy.factor(sympy.expand(second - first)) == sympy.factor(lr * (mu + 1) * (lr + mu - 1))
    assert r"an accident of $\eta = 1 - \mu$" in TEXT
    assert printed("second θ:") == (
        f"second θ: {float(reaching(MU, 2, F(1, 20))[1][0])}\n"
        f"third program, first step: {float(third_program(1, F(1, 20))[0][0])}\n"
    )


def test_the_second_step_and_the_swings_are_those_told():
    momentum, nesterov = (reaching(reach, 50) for reach in (F(0), MU))
    assert f"Momentum: {float(momentum[1][0])} against {float(nesterov[1][0])}." in TEXT
    lowest = [min(float(theta) for theta, _ in states) for states in (momentum, nesterov)]
    assert f"Momentum: lowest {lowest[0]:.3f}" in printed("swings =")
    assert f"Nesterov: lowest {lowest[1]:.3f}" in printed("swings =")
    assert abs(lowest[1]) < 0.6 * abs(lowest[0])


def test_the_friction_depends_on_the_curvature():
    theta, v, lr, mu, lam = sympy.symbols("theta v lr mu lam")
    new = mu * v - lr * lam * (theta + mu * v)
    assert sympy.expand(new - (mu * (1 - lr * lam) * v - lr * lam * theta)) == 0
    assert (
        r"v \leftarrow \mu v - \eta\lambda\theta - \eta\lambda\mu v = \mu(1-\eta\lambda)\,v - \eta\lambda\theta" in TEXT
    )
    told = printed("across, within 0.01")
    rest = [int(n) for n in re.findall(r"from step (\d+)", told)]
    along = [float(n) for n in re.findall(r"w1 = (-?[\d.]+)", told)]
    assert rest[1] * 5 < rest[0] < 120
    assert abs(along[0] - along[1]) < 0.02 * 10
    assert "Along the floor both go alike" in TEXT


def test_the_two_forms_follow_from_each_other():
    w, v, g, lr, mu = sympy.symbols("w v g lr mu")
    new_v = mu * v - lr * g
    theta = w - mu * v
    new_w = theta + new_v + mu * new_v
    assert sympy.expand(new_w - (w - lr * g + mu * new_v)) == 0
    assert r"&= w - \eta g + \mu v' && \text{since } v' - \mu v = -\eta g" in TEXT
    assert sympy.expand(new_w - (w + mu**2 * v - (1 + mu) * lr * g)) == 0
    assert r"w \leftarrow w + \mu^2 v - (1+\mu)\,\eta g \quad\text{with the old } v \tag{5}" in TEXT
    assert sympy.expand(theta + new_v - (w - lr * g)) == 0
    assert r"In (1) the new θ is $w - \eta g$: one plain step from $w$." in TEXT


def test_a_look_ahead_rule_asked_at_the_weights_is_momentum():
    x, optimizer = np.array([F(1)]), Nesterov(LR, MU, "look-ahead")
    for theta, _ in reaching(F(0), 10):
        optimizer.update(x, x.copy())
        assert x[0] == theta
    assert "Momentum, to the last digit, under another name." in TEXT


def test_the_librarys_loops_ask_at_the_point_ahead():
    assert "as the library's `trajectory` and `train` do." in TEXT
    x, labels = np.random.default_rng(0).normal(size=(12, 3)), np.arange(12) % 2
    nets = [Network([3, 4, 2], seed=1, dtype="float64") for _ in range(2)]
    rules = [Nesterov(0.1, 0.9, form) for form in ("look-ahead", "shifted")]
    for net, rule in zip(nets, rules, strict=True):
        train(net, rule, x, labels, batches=minibatches(12, batch_size=4, steps=9, seed=0), progress=False)
    ahead = rules[0].gradient_point(nets[0].params)
    assert np.allclose(ahead.vector, nets[1].params.vector, rtol=1e-10)


def test_the_third_program_looks_two_steps_ahead(lesson):
    W, v, new, mu, c = sympy.symbols("W v new mu c")
    moved = W + mu**2 * new - (1 + mu) * (mu * v - new) - c * new
    assert sympy.expand(moved - (W - (mu + mu**2) * v + (1 + mu + mu**2 - c) * new)) == 0
    assert r"this is $W - (\mu+\mu^2)\,v + (1 + \mu + \mu^2 - c)\,v'$" in TEXT
    two = reaching(MU + MU**2, 20)
    assert [(theta + (MU + MU**2) * u, u) for theta, u in two] == third_program(20)
    assert lesson["walk"](lesson["program"](lesson["third_program"]), 20)[1:] == third_program(20)


def test_only_one_repair_is_right(lesson):
    right = [
        name for name, rule in lesson["repairs"].items()
        if lesson["walk"](lesson["program"](rule), 9) == lesson["walk"](lesson["shifted"], 9)
    ]  # fmt: skip
    assert right == ["make the new v last"]
    assert r"Only their order is wrong: $\mu^2$ belongs to the velocity of before." in TEXT


def test_the_rate_of_nesterov_is_the_polynomial_printed():
    for lr, mu, lam in [(0.3, 0.9, 1.0), (0.013, 0.79, 100.0), (1.2, 0.3, 1.0)]:
        keep = 1 - lr * lam
        roots = np.roots([1, -(1 + mu) * keep, mu * keep])
        assert np.isclose(rate_nesterov(lr, mu, lam), np.abs(roots).max())
        path = trajectory(Nesterov(lr, mu, "shifted"), lambda x, lam=lam: lam * x, [1.0], 5)[:, 0]
        assert np.allclose(path[2:], (1 + mu) * keep * path[1:-1] - mu * keep * path[:-2])
    assert r"z^2 - (1+\mu)(1-\eta\lambda)\,z + \mu(1-\eta\lambda) = 0" in TEXT


def test_the_tuned_race_in_the_ravine_is_as_told():
    told = re.findall(r"(\w+): lr ([\d.]+), momentum ([\d.]+), +(\d+) steps", printed("best = {"))
    lr = {name: float(rate) for name, rate, _, _ in told}
    steps = {name: int(n) for name, _, _, n in told}
    assert min(steps, key=steps.get) == "Momentum"
    assert f"a learning rate {lr['Momentum'] / lr['Nesterov']:.1f} times as large" in TEXT
    alt = next(output.data["text/plain"] for output in cell_with("left.items()}").outputs if "image/png" in output.data)
    assert "highest 3.61 at step 4" in alt
    assert "It swings out to 3.6 at first" in TEXT
    best = {name: float(mu) for name, _, mu, _ in told}
    for name, law in (("Momentum", rate), ("Nesterov", rate_nesterov)):
        slowest = max(law(lr[name], best[name], lam) for lam in (1, 100))
        for d_lr, d_mu in ((1.02, 0), (0.98, 0), (1, 0.005), (1, -0.005)):
            assert slowest <= 2e-4 + max(law(lr[name] * d_lr, best[name] + d_mu, lam) for lam in (1, 100))
    pairs = [
        (int(a), int(b)) for a, b in re.findall(r": +(\d+) steps plain, +(\d+) with", printed("steps_needed(rule)"))
    ]
    assert pairs[0][0] < pairs[0][1]
    assert pairs[1][0] > pairs[1][1]
    assert pairs[2][0] > 2 * pairs[2][1]
    assert "At 0.82 the brake costs steps, at 0.9 it saves some, at 0.99 it saves more than half." in TEXT


def test_momentum_circles_and_nesterov_does_not(lesson):
    slope = lesson["slope"]
    x = sympy.symbols("x")
    assert [slope(F(1)), slope(F(2))] == [25, 26], "the slope does not jump: 25 at 1, 26 at 2"
    assert [sympy.diff(f, x) for f in (25 * x, x + 24, 25 * x - 24)] == [25, 1, 25]
    assert np.allclose(best_momentum(1, 25), (1 / 9, 4 / 9))
    assert r"$\eta = \tfrac19$, $\mu = \tfrac49$" in TEXT
    assert F(5 - 1, 5 + 1) == F(2, 3)
    assert r"\mu = \frac{\sqrt\kappa - 1}{\sqrt\kappa + 1} = \frac23" in TEXT
    points = [F(-2208, 1225), F(2592, 1225), F(792, 1225)]
    for before, here, after in zip(points, points[1:] + points[:1], points[2:] + points[:2], strict=True):
        assert here + F(4, 9) * (here - before) - F(1, 9) * slope(here) == after
    assert "in exact fractions it is back after every three steps" in TEXT
    ends = {float(s): float(e) for s, e in re.findall(r"from ([\d.]+): it ends at ([\d.]+)", printed("circle = "))}
    assert ends[3.3] > 0.5
    assert {ends[s] for s in ends if s != 3.3} == {0.0}
    theta, v = F(33, 10), F(0)
    for _ in range(3):
        v = F(2, 3) * v - F(1, 25) * slope(theta + F(2, 3) * v)
        theta += v
    assert theta == 0


def test_the_digits_say_what_the_text_says():
    told = printed("gaps = {}")
    rows = re.findall(r"(\w[\w ]*): loss ([\d.]+), minus momentum's ([+-][\d.]+) ± ([\d.]+)", told)
    rows = [(name, *map(float, numbers)) for name, *numbers in rows]
    gentle, strong = rows[:3], rows[3:]
    assert abs(gentle[1][2]) < gentle[1][3], "the interval holds 0"
    assert "With $\\mu = 0.9$ **no difference is seen**: the interval holds 0." in TEXT
    assert strong[1][2] + strong[1][3] < -0.05
    assert 0.2 < -strong[1][2] / strong[0][1] < 0.3
    assert "Nesterov's loss is lower by about a quarter, and the interval is far from 0" in TEXT
    assert gentle[2][1] <= gentle[1][1]
    assert strong[2][1] <= strong[1][1]
    assert "does no worse than the right one" in TEXT
    assert F(1, 10) / (1 - F(9, 10)) == F(1, 100) / (1 - F(99, 100)) == 1
    assert r"the same effective rate $\eta/(1-\mu) = 1$" in TEXT
    assert averages.mean_age(F(19, 20)) == 19


def test_the_answers_to_recall_are_right():
    theta, v, lr, mu = F(1), F(-1), F(1, 2), F(1, 2)
    ahead = theta + mu * v
    new = mu * v - lr * ahead
    assert (ahead, new, theta + new, theta + new + mu * new) == (F(1, 2), F(-3, 4), F(1, 4), F(-1, 8))
    assert r"At $1 - \tfrac12 = \tfrac12$. Then $v = -\tfrac12 - \tfrac14 = -\tfrac34$, $\theta = \tfrac14$" in TEXT
    assert r"$w = \tfrac14 - \tfrac38 = -\tfrac18$" in TEXT
    w, torch_v, lr_, mu_ = sympy.symbols("w v lr mu")
    assert sympy.expand(w - mu_ * (-lr_ * torch_v) - (w + lr_ * mu_ * torch_v)) == 0
    assert r"so $\theta = w + \eta\mu v$" in TEXT


def test_the_check_tells_right_from_wrong(lesson):
    check = lesson["check"]

    def solution(w, v, g, lr, mu):
        v = mu * v + g
        return w - lr * (g + mu * v), v

    assert check(solution).startswith("Correct")
    assert check(lambda *_: None) == "Not attempted yet."
    slips = {
        "plain momentum": lambda w, v, g, lr, mu: (w - lr * (mu * v + g), mu * v + g),
        "plain descent": lambda w, v, g, lr, mu: (w - lr * g, mu * v + g),
        "both parts": lambda w, v, g, lr, mu: (w - lr * g - mu * (mu * v + g), mu * v + g),
        "third program": lambda w, v, g, lr, mu: (w - lr * ((1 + mu) * g + mu**2 * (mu * v + g)), mu * v + g),
        "uphill": lambda w, v, g, lr, mu: (w + lr * (g + mu * (mu * v + g)), mu * v + g),
        "once more": lambda w, v, g, lr, mu: (w - lr * (1 + mu) * (mu * v + g), mu * v + g),
        "without η": lambda w, v, g, lr, mu: (w + mu * (mu * v - lr * g) - lr * g, mu * v - lr * g),
        "the new w is not": lambda w, v, g, lr, mu: (w, mu * v + g),
        "shape (4,)": lambda *_: (1, 2),
        "together yours have the shape (4,)": lambda w, *_: w,
        "two arrays of numbers": lambda *_: ([1, [2, 3]], "b"),
    }
    for words, slip in slips.items():
        assert words in check(slip), words


def test_both_rules_are_the_librarys():
    for reach, rule in ((F(0), Momentum(LR, MU)), (MU, Nesterov(LR, MU, "look-ahead"))):
        path = trajectory(rule, lambda x: x, np.array([F(1)]), 5)[1:, 0]
        assert [theta for theta, _ in reaching(reach, 5)] == list(path)


def test_on_the_deep_network_nesterov_gains_a_little():
    stored = json.loads((PATH.parent / "data" / "momentum-on-digits.json").read_text(encoding="utf-8"))
    found = {}
    for batch in (128, 1000):
        reached = stored[f"batch {batch}"]["fresh"]["reached"]
        ratio = np.divide(reached["momentum"]["0.2"][0], reached["Nesterov"]["0.2"][0])
        found[batch] = ratio, ratio.mean(), 2.776 * ratio.std(ddof=1) / 5**0.5
    ratio, mean, half = found[128]
    assert (ratio > 1).all()
    assert mean - half > 1
    assert f"needs fewer iterations on every seed, and momentum {mean:.2f} ± {half:.2f} times as many" in TEXT
    _, mean, half = found[1000]
    assert mean - half < 1 < mean + half
    assert "With batches of 1000 none is seen." in TEXT
    assert "a small gain in one of three trials, no difference seen in two" in TEXT


SETTINGS = [  # what the text says, and where the code says it too
    (r"with learning rate $\tfrac1{10}$ and momentum $\tfrac9{10}$", "lr, mu = F(1, 10), F(9, 10)"),
    (r"with velocity v, and $\mu = 0.9$", "lr=0.2, momentum=0.9, whole=False"),
    (r"$f = \tfrac12x^2$: its gradient at a point is that point", "def gradient(x):\n    return x"),
    (r"**Predict.** Both start at 1 with $v = 0$", "start=F(1)"),
    (r"A ravine with $\kappa = 100$: across, $\lambda = 100$; along, $\lambda = 1$", '{"along": 1, "across": 100}'),
    (r"With $\eta = 0.005$ and $\mu = 0.9$", "0.9 * (1 - 0.005 * lam)"),
    (r"With $\eta = 0.005$ and $\mu = 0.9$", "Nesterov(0.005, 0.9, convention"),
    (r"**Predict.** $\kappa = 100$. Each rule", "kappa = 100"),
    ("Who brings the error to a thousandth", "> 1e-3"),
    (r"Take $\eta = 0.01$ for both, and more and more momentum", "Nesterov(0.01, mu_here"),
    (r"curvature is 25 outside and 1 between $x = 1$ and $x = 2$", "25 * x if x < 1 else x + 24 if x < 2"),
    (r"curvatures lie between 1 and 25, so $\kappa = 25$", "descend(F(1, 9), F(4, 9), ahead=0)"),
    (r"$\eta = 1/\lambda_{max} = \tfrac1{25}$", "descend(F(1, 25), F(2, 3), ahead=1)"),
    ("**Predict.** Start at 3.3. Who reaches the minimum at 0?", "x=F(33, 10)"),
    ("784-32-10, batches of 128, 250 steps, five seeds", "Network([784, 32, 10]"),
    ("784-32-10, batches of 128, 250 steps, five seeds", "batch_size=128"),
    ("784-32-10, batches of 128, 250 steps, five seeds", "steps=250"),
    ("784-32-10, batches of 128, 250 steps, five seeds", "range(5)"),
    (r"**Predict.** With $\eta = 0.1$ and $\mu = 0.9$, the interval", '"Nesterov", (0.1, 0.9)'),
    (r"With $\mu = 0.99$, too much for 250 steps", "(0.01, 0.99)"),
    (r"$v \leftarrow \mu v + g$ (lesson 11's `sum`)", "new = mu * v + g"),
]


@pytest.mark.parametrize(("told", "done"), SETTINGS)
def test_the_settings_told_are_those_of_the_code(told, done):
    assert told in TEXT
    assert any(done in cell.source for cell in CODE)


FORMULAS = [  # proved above, from the same symbols
    r"g = \nabla f(\theta + \mu v) \qquad v \leftarrow \mu v - \eta g \qquad \theta \leftarrow \theta + v \tag{1}",
    r"g = \nabla f(w) \qquad v \leftarrow \mu v - \eta g \qquad w \leftarrow w + \mu v - \eta g",
    r"w_{t+1} = (1+\mu)(1-\eta\lambda)\,w_t - \mu(1-\eta\lambda)\,w_{t-1}",
    r"W' - c\,v' = W + \mu^2 v' - (1+\mu)\,\eta g - c\,v'",
    r"$\mu v' = \mu^2 v - \mu\eta g$",
    r"It is momentum with $\mu(1-\eta\lambda)$",
    r"Nothing: $\mu(1-1) = 0$.",
    r"1. $f = \tfrac12x^2$, $\eta = \tfrac12$, $\mu = \tfrac12$, $\theta = 1$, $v = -1$.",
    r"3. In a direction with $\eta\lambda = 1$",
]


@pytest.mark.parametrize("formula", FORMULAS)
def test_the_formulas_proved_are_those_printed(formula):
    assert formula in TEXT
