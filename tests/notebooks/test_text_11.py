"""Lesson 11: each number and formula in the running text is built again from what is computed, or proved."""

import re
from fractions import Fraction as F
from pathlib import Path

import nbformat
import numpy as np
import pytest
import sympy as sp
from downslope.optim import SGD, Momentum, convert, ewma, paths, surfaces, trajectory
from downslope.optim.averages import half_life, mean_age, span

ROOT = Path(__file__).resolve().parent.parent.parent
(PATH,) = (ROOT / "notebooks").glob("11-*.ipynb")
CELLS = nbformat.read(PATH, as_version=4).cells
TEXT = "\n".join(cell.source for cell in CELLS if cell.cell_type == "markdown")
CODE = [cell for cell in CELLS if cell.cell_type == "code"]
SOURCE = "\n".join(cell.source for cell in CODE)

g, b, x, z = sp.symbols("gamma b x z", positive=True)  # x is ηλ


def output(part):
    """What the cell printed whose output holds this."""
    found = [text for cell in CODE for o in cell.outputs if part in (text := o.get("text", ""))]
    assert len(found) == 1, f"{len(found)} outputs hold {part!r}"
    return found[0]


def numbers(text):
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?", text)]


def table(head):
    """The numbers of each line below the line that holds this."""
    return [numbers(line) for line in output(head).splitlines()[1:]]


def said(*phrases):
    for phrase in phrases:
        assert phrase in TEXT, phrase


def define(name):
    """A function of the lesson, taken from its own cell."""
    (cell,) = [cell for cell in CODE if f"def {name}(" in cell.source]
    space = {"np": np, "F": F, "guess": None}
    exec(re.split(r"\n(?=print\(|[a-z_]+ = )", cell.source)[0], space)
    return space[name]


# The question --------------------------------------------------------------------------------------------------------


def test_the_two_programs_end_where_the_lesson_prints():
    assert numbers(output("the paper's program").splitlines()[0])[-1] < 0.1
    assert numbers(output("your framework").splitlines()[1])[-1] > 1e15
    assert convert(F(1, 10), F(9, 10), "average", "sum") == (F(1, 100), F(9, 10))
    said("learning rate 0.1, momentum 0.9")


# The average ---------------------------------------------------------------------------------------------------------


def test_a_zigzag_is_averaged_to_what_2_says():
    a = sp.solve(sp.Eq(z, -b * z + (1 - b)), z)[0]
    assert sp.simplify(a - (1 - b) / (1 + b)) == 0
    said(
        r"$a = -\beta a + (1-\beta)$",
        r"a = \frac{1-\beta}{1+\beta} = \tfrac{1}{19} \quad\text{at } \beta = 0.9 \tag{2}",
    )
    assert a.subs(b, sp.Rational(9, 10)) == sp.Rational(1, 19) == 1 / sp.Integer(span(F(9, 10)))
    assert abs(abs(ewma((-1.0) ** np.arange(400), 0.9)[-1]) - 1 / 19) < 1e-12
    said("It is $1/N$, with lesson 10's span $N$")


def test_the_ravine_settles_as_the_lesson_says():
    plain, ball, longer = (
        [*map(int, re.findall(r"after +(\d+)", line))] for line in output("plain, lr 0.098").splitlines()
    )
    assert plain[0] < 1.2 * ball[0], "hardly faster along"
    said(f"*along* the valley it takes {ball[0]} steps in place of {plain[0]}")
    assert plain[1] > 5 * ball[1], "the zigzag is cancelled"
    assert longer[0] <= ball[0] / 3
    assert 2 / 20 == 0.1
    said("plain descent's limit of 0.1", "Now 0.25 is possible, 2.5 times plain descent's limit")
    assert paths.rate_map([0.5 * 0.25], [0.5], [1, 20])[0, 0] < 1


def test_correction_does_what_the_lesson_says():
    (_, small, _), (_, small_c, _), (_, large, _), (_, large_c, thrown) = (
        numbers(re.sub("True|False", "", line)) for line in output("corrected     at rest").splitlines()[1:]
    )
    said(f"at rest {small - small_c:.0f} steps sooner")
    assert large_c > large
    assert thrown > 10
    said("Correction makes the first step ten times as long.")
    assert round(1 / (1 - 0.9)) == 10
    short = sum(1 - (1 - F(9, 10) ** t) for t in range(1, 400))
    assert abs(float(short) - 9) < 1e-12
    said("measured what that saves on a slope: nine steps", "what leaving it out costs, nine steps")


# The ball ------------------------------------------------------------------------------------------------------------


def test_a_ball_coasts_its_mean_age_and_half_of_it_is_gone_in_the_half_life():
    assert mean_age(F(9, 10)) == 9
    said(r"$\gamma + \gamma^2 + \dots = \gamma/(1-\gamma) = 9$")
    assert output("it comes to rest after") == "it comes to rest after 9.000000\n"
    said(f"{half_life(0.9):.1f} steps: on a flat floor")


def test_the_velocity_rule_is_friction_and_push_and_has_the_terminal_step_of_5():
    v, eta, slope = sp.symbols("v eta g")
    assert sp.expand((g * v - eta * slope) - v - (-(1 - g) * v - eta * slope)) == 0
    (terminal,) = sp.solve(-(1 - g) * v - eta * slope, v)
    assert sp.simplify(terminal + eta * slope / (1 - g)) == 0
    said(r"v = -\frac{\eta}{1-\gamma}\, g \tag{5}")
    for _, times, share, _, power in (numbers(line) for line in output("of the terminal step").splitlines()):
        assert share == power
        assert abs(times - 10 * share) < 0.01
    said(r"$\frac{1}{1+\gamma} = " + f"{1 / 1.9:.3f}$ times", "19 times less", "From 1 to nearly 10 times")
    assert round((1 / 0.1) / (1 / 1.9)) == 19


# Conventions ---------------------------------------------------------------------------------------------------------


def test_three_rules_are_one_and_6_converts_the_fourth():
    ends = {}
    for name in ("step", "velocity", "average", "sum"):
        w = np.array([F(1)])
        rule = Momentum(F(1, 10), F(9, 10), name)
        for _ in range(3):
            rule.update(w, w.copy())
        ends[name] = w[0]
    assert ends["step"] == ends["velocity"] == ends["sum"] == F(243, 500) != ends["average"]
    for name, end in ends.items():
        assert any(f"{name}: {end}" in o.get("text", "") for cell in CODE for o in cell.outputs)
    for name in ends:
        w, rule = np.array([F(1)]), Momentum(*convert(F(1, 10), F(9, 10), "average", name), name)
        for _ in range(3):
            rule.update(w, w.copy())
        assert w[0] == ends["average"]
    said(r"\eta_{\text{step}} = \eta_{\text{velocity}} = \eta_{\text{sum}} = (1-\beta)\,\eta_{\text{average}}")


def test_the_cut_gives_the_golden_numbers():
    assert "lr cut:       velocity -0.202, sum 0.331" in output("lr cut:")
    assert output("velocity, mended:") == "velocity, mended: 0.331\n"
    same = numbers(output("lr cut:").splitlines()[0])
    assert same[0] == same[1]
    said("The learning rate is 0.05, and after 5 of 10 steps it is cut to 0.005")
    assert "return 0.05 if t < 5 else 0.005" in SOURCE


def test_the_smaller_break():
    def run(name, converted=True):
        w, rule = np.array([F(1)]), Momentum(*convert(F(1, 100), F(9, 10), "sum", name), name)
        for t in range(6):
            if t == 3:
                rule.lr, rule.momentum = convert(F(1, 100), F(1, 2), "sum", name)
            rule.update(w, w.copy())
        return w[0]

    ends = {name: run(name) for name in ("step", "velocity", "sum", "average")}
    assert ends["step"] == ends["velocity"] == ends["sum"] != ends["average"]
    said("When $\\beta$ changes on the way, `average` parts from the other three")


TRUTH = {"right": lambda lr, gamma, d: (lr * (1 - d), gamma)}
WRONG = {
    "the dampening is not used": lambda lr, gamma, d: (lr, gamma),
    "right only where d = γ": lambda lr, gamma, d: (lr * (1 - gamma), gamma),
    "multiply where you divide": lambda lr, gamma, d: (lr / (1 - d), gamma),
    "not by d": lambda lr, gamma, d: [lr * d, gamma],
    "lr should be": lambda lr, gamma, d: (F(2, 15), F(3, 4)) if d == F(5, 8) else (lr * (1 - d), gamma),
    "it stays": lambda lr, gamma, d: (lr * (1 - d), gamma * (1 - d)),
    "return two numbers": lambda lr, gamma, d: lr * (1 - d),
    "plain numbers": lambda lr, gamma, d: (np.array([0.1, 0.2]), gamma),
    "lr should be 2/15": lambda lr, gamma, d: (float("nan"), gamma),
}


def test_the_readers_answer_is_judged():
    space = {"F": F, "wrong": define("wrong")}
    (cell,) = [cell for cell in CODE if "def check(mine)" in cell.source]
    exec(cell.source.split("\n\n\n")[0], space)
    check = space["check"]
    assert check(lambda *case: None) == "Not attempted yet."
    assert check(TRUTH["right"]).startswith("Correct")
    assert check(lambda lr, gamma, d: [float(lr * (1 - d)), float(gamma)]).startswith("Correct")
    assert check(lambda lr, gamma, d: np.array([float(lr * (1 - d)), float(gamma)])).startswith("Correct")
    for reason, answer in WRONG.items():
        assert reason in check(answer), reason
    for odd in ([[0.1], 0.9], (None, None), ("0.1", "0.9"), (0.1,), {"lr": 0.1, "momentum": 0.9}, (1, 0)):
        assert check(lambda *case, odd=odd: odd).startswith("Not yet")
    w, v, u, vv = F(1), F(0), F(1), F(0)
    rate, momentum = TRUTH["right"](F(1, 5), F(3, 4), F(1, 3))
    for _ in range(5):
        v = F(3, 4) * v + F(2, 3) * w
        w = w - F(1, 5) * v
        vv = momentum * vv - rate * u
        u = u + vv
        assert u == w


# The roots -----------------------------------------------------------------------------------------------------------


def test_7_and_8_follow_from_the_rule():
    w1, w0 = sp.symbols("w1 w0")
    nxt = w1 + g * (w1 - w0) - x * w1
    assert sp.expand(nxt - ((1 + g - x) * w1 - g * w0)) == 0
    p = sp.expand(z**2 - (1 + g - x) * z + g)
    t = sp.Symbol("t")
    assert sp.simplify((z ** (t + 1) - (1 + g - x) * z**t + g * z ** (t - 1)) / z ** (t - 1) - p) == 0
    assert sp.simplify(p.subs(z, 1) - x) == 0
    assert sp.simplify(p.subs(z, -1) - (2 * (1 + g) - x)) == 0
    said(
        "w_{t+1} &= (1 + \\gamma - \\eta\\lambda)\\, w_t - \\gamma\\, w_{t-1}\n\\end{aligned} \\tag{7}",
        r"z^2 - (1+\gamma-\eta\lambda)\, z + \gamma = 0 \tag{8}",
        r"p(1) = \eta\lambda > 0 \qquad p(-1) = 2(1+\gamma) - \eta\lambda > 0 \qquad \gamma < 1",
    )


def test_the_factor_stays_while_the_ball_swings():
    assert "|z| = 0.7000 and 0.7000" in output("|z| =")
    assert np.allclose(paths.rate([0.5, 1.0, 0.09, 2.89], 0.49, 1.0), 0.7, atol=1e-7)
    assert paths.rate(0.08, 0.49, 1.0) > 0.7 < paths.rate(2.9, 0.49, 1.0)
    said(
        r"With $\gamma = 0.49$ and $\eta\lambda = 0.5$ the factor is 0.7",
        r"Below $\eta\lambda = 0.09$ both roots are real",
    )


def test_the_limit_with_momentum():
    said("The steepest curvature is 20", "below $\\eta = 0.1$", "it is 1.9: 19 times plain descent's limit")
    limit = F(2) * (1 + F(9, 10)) / 20
    assert limit == F(19, 100)
    assert limit / (1 - F(9, 10)) == F(19, 10) == 19 * F(2, 20)
    assert "54000 pairs: True" in output("(9) holds")


def test_critical_damping():
    solutions = sp.solve(sp.Eq((1 + g - x) ** 2, 4 * g), g)
    assert any(sp.simplify(s - (1 - sp.sqrt(x)) ** 2) == 0 for s in solutions)
    factors = {line[0]: line[1] for line in map(numbers, output("γ = 0.25: factor").splitlines())}
    assert min(factors, key=factors.get) == 0.25
    assert factors[0.25] == 0.5
    said(r"At $\gamma = \tfrac14$ the factor is least, $\sqrt\gamma = \tfrac12$")


def test_the_best_pair_is_11_and_12():
    k, lam, r, eta = sp.symbols("kappa lambda r eta", positive=True)
    (balanced,) = sp.solve(sp.Eq(1 + g - eta * lam, eta * k * lam - (1 + g)), eta)
    assert sp.simplify(balanced - 2 * (1 + g) / (lam + k * lam)) == 0
    (root,) = sp.solve(sp.Eq(sp.sqrt(k), (1 + r) / (1 - r)), r)
    assert sp.simplify(root - (sp.sqrt(k) - 1) / (sp.sqrt(k) + 1)) == 0
    for kappa in (2, 9, 20, 100):
        lr, gamma = paths.best_momentum(1, kappa)
        assert np.isclose(gamma**0.5, (kappa**0.5 - 1) / (kappa**0.5 + 1))
        assert np.isclose(lr, 2 * (1 + gamma) / (1 + kappa))
        assert np.allclose([(lr * 1) ** 0.5, (lr * kappa) ** 0.5], [1 - gamma**0.5, 1 + gamma**0.5])
    least = numbers(output("least factor of 160,000 pairs:").splitlines()[2])[-1]
    best = numbers(output("least factor of 160,000 pairs:").splitlines()[1])[0]
    assert best <= least < best + 0.01
    assert paths.best_momentum(1, 9) == (0.25, 0.25)
    said(r"$\eta = \frac{2(1+1/4)}{1+9} = \tfrac14$", "curvatures from 1 to 9")


def test_at_the_same_speed_momentum_serves_the_square():
    r = 0.7
    xs = np.linspace(0.01, 3.2, 100_001)
    served = xs[paths.rate(xs, r**2, 1.0) <= r + 1e-12]
    plain = xs[np.abs(1 - xs) <= r]
    assert np.isclose(served[-1] / served[0], (plain[-1] / plain[0]) ** 2, rtol=0.01)
    said(r"$1-r \le \eta\lambda \le 1+r$", r"$(1-r)^2 \le \eta\lambda \le (1+r)^2$")


def test_steps_grow_like_kappa_and_its_root():
    rows = table("steps/√κ")
    assert [row[0] for row in rows] == [10, 100, 1000, 10000]
    assert {row[2] for row in rows} == {6.9}, "κ"
    slope = np.polyfit(np.log([row[0] for row in rows[1:]]), np.log([row[3] for row in rows[1:]]), 1)[0]
    assert 0.48 < slope < 0.55, "√κ"
    lr, gamma = paths.best_momentum(1, 100)
    route = trajectory(Momentum(lr, gamma), lambda w: w, [1.0], 200)[:, 0]
    mixture = route / gamma ** (np.arange(201) / 2)
    assert np.allclose(np.diff(mixture, 2), 0, atol=1e-9), "with equal roots: (c₁ + c₂t) zᵗ"
    said("Plain descent needs a hundred times as many steps")
    assert round(rows[3][1] / rows[1][1]) == 100


def steps_to(small, optimizer, curvatures):
    w, steps = np.array([1.0, 1.0]), 0
    while np.abs(w).max() > small:
        optimizer.update(w, np.array(curvatures) * w)
        steps += 1
    return steps


def test_where_0_9_loses():
    root = sp.sqrt(sp.Rational(9, 10))
    said(
        f"$\\sqrt{{0.9}} = {float(root):.3f}$", f"{float((1 + root) / (1 - root)):.2f} for 0.9", "$\\kappa < 38$ at 0.9"
    )
    k = sp.Symbol("k", positive=True)
    (border,) = sp.solve(sp.Eq((k - 1) / (k + 1), z), k)
    assert sp.simplify(border - (1 + z) / (1 - z)) == 0
    rows = {int(row[0]): row[1:] for row in table("momentum at its best")}
    said(f"at $\\kappa = 1$ it takes {rows[1][1]:.0f} steps in place of {rows[1][0]:.0f}")
    for kappa, (plain, fixed, best) in rows.items():
        assert (fixed < plain) == (kappa > 38)
        assert (best <= min(plain, fixed)) == (kappa != 1000), "the odd row"
    fixed_pair, best_pair = (3.8 / 1001, 0.9), paths.best_momentum(1, 1000)
    factors = [paths.rate(lr, gamma, [1, 1000]).max() for lr, gamma in (best_pair, fixed_pair)]
    said(f"{factors[0]:.3f} against {factors[1]:.3f}")
    steps = [steps_to(1e-15, Momentum(*pair), [1.0, 1000.0]) for pair in (best_pair, fixed_pair)]
    said(f"to $10^{{-15}}$ it takes {steps[0]} steps against {steps[1]}")
    assert 2 * (1 + F(9, 10)) == F(38, 10)  # the 3.8 in the code is (11)


# Noise ---------------------------------------------------------------------------------------------------------------


def test_13_solves_the_two_equations_and_the_simulation_agrees():
    s, c, eta, lam, sigma = sp.symbols("s c eta lambda sigma", positive=True)
    bb = 1 + g - eta * lam
    solution = sp.solve(
        [sp.Eq(c, bb * s - g * c), sp.Eq(s, bb**2 * s + g**2 * s - 2 * bb * g * c + eta**2 * sigma**2)], [s, c]
    )
    printed = eta * sigma**2 / lam * (1 + g) / ((1 - g) * (2 * (1 + g) - eta * lam))
    assert sp.simplify(solution[s] - printed) == 0
    assert sp.simplify(printed.subs(g, 0) - eta * sigma**2 / (lam * (2 - eta * lam))) == 0
    said(
        r"$$c = b s - \gamma c \qquad\qquad s = b^2 s + \gamma^2 s - 2 b\gamma c + \eta^2\sigma^2$$",
        r"\frac{1+\gamma}{(1-\gamma)\,\bigl(2(1+\gamma) - \eta\lambda\bigr)} \tag{13}",
        "With $\\gamma = 0$ this is lesson 08's",
    )
    wander = define("wander")
    for effective, gamma, formula, *seeds in table("effective lr  momentum"):
        assert round(wander(effective * (1 - gamma), gamma), 3) == formula
        assert all(abs(seed - formula) < 0.04 * formula for seed in seeds)
        assert abs(np.mean(seeds) - formula) < 0.02 * formula


def test_what_momentum_does_to_noise():
    wander = define("wander")
    said(f"At 0.1 momentum takes away {100 * (1 - wander(0.01, 0.9) / wander(0.1, 0)):.0f} per cent")
    assert 0.45 < wander(0.1, 0.9) / wander(1.0, 0) < 0.55
    assert abs(wander(0.15, 0.9) / wander(1.5, 0) - 0.25) < 0.02
    said("a half is left at 1.0, a quarter at 1.5")
    assert numbers(output("with plain descent, "))[-1] == round(wander(0.1, 0.9) / wander(0.1, 0), 1) > 1
    calmed = numbers(output("of its average"))
    assert abs(calmed[1] - 1 / 19) < 0.001
    rng = np.random.default_rng(0)
    w, v, steps = np.zeros(20_000), np.zeros(20_000), []
    for _ in range(200):
        v = 0.9 * v - 0.01 * (w + rng.standard_normal(20_000))
        w = w + v
        steps.append(v)
    assert np.corrcoef(steps[-1], steps[-2])[0, 1] > 0.5, "neighbouring steps err in the same direction"


# Basins --------------------------------------------------------------------------------------------------------------


def test_the_ball_leaves_both_basins_or_stays():
    f = surfaces.two_basins
    heights = [f.value(place, 0) for place in (-1, 1, 0.25)]
    assert abs(heights[0]) < 1e-12
    said(f"with the height 1.33, and between them a ridge, {heights[2]:.2f} high")
    assert round(heights[1], 2) == 1.33
    assert f.value(1.2, 0) < heights[2] < f.value(-1.6, 0), "1.2 starts below the ridge, −1.6 above it"
    for start, left in {1.6: True, -1.8: True, 1.2: False, -1.6: False}.items():
        for y in (0.0, 1.1, -1.1):
            plain, ball = (trajectory(o, f.gradient, [start, y], 2000)[-1, 0] for o in (SGD(0.01), Momentum(0.01, 0.9)))
            assert np.sign(plain) == np.sign(start)
            assert (np.sign(ball) != np.sign(start)) == left
    said("at $y = \\pm 1.1$")
    said("From 1.6 it leaves the shallow basin, from −1.8 it leaves the **deep** one. From 1.2")


# Recall --------------------------------------------------------------------------------------------------------------


def test_the_answers():
    assert convert(F(2, 100), F(95, 100), "velocity", "average")[0] == F(4, 10)
    said("$0.02/(1-0.95) = 0.4$", "uses the learning rate 0.02 and momentum 0.95")
    effective = [lr / (1 - gamma) for lr, gamma in ((F(1, 10), 0), (F(1, 100), F(9, 10)), (F(1, 100), F(99, 100)))]
    assert effective == [F(1, 10), F(1, 10), 1]
    said("(0.1, 0), (0.01, 0.9), (0.01, 0.99)?", "The first two: 0.1. The third has 1.")
    said(f"$\\sqrt{{0.81}} = {0.81**0.5:.1f}$")


@pytest.mark.parametrize("claim", ["bias correction is rarely needed", "almost always faster", "escapes local minima"])
def test_the_claims_that_belong_here_are_settled(claim):
    assert sum("**The claim" in line and claim in line for line in TEXT.splitlines()) == 1
