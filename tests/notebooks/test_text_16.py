"""Lesson 16: each number and formula in the running text is built again from what is computed, or proved."""

import re
from fractions import Fraction as F
from pathlib import Path

import nbformat
import numpy as np
import pytest
import sympy as sp
from downslope.backprop import Network
from downslope.data import load_digits_mnist
from downslope.optim import SGD, Momentum, convert, ewma, schedules, trajectory
from downslope.training import minibatches, train
from lesson_text import reader

ROOT = Path(__file__).resolve().parent.parent.parent
(PATH,) = (ROOT / "notebooks").glob("16-*.ipynb")
CELLS = nbformat.read(PATH, as_version=4).cells
TEXT = "\n".join(cell.source for cell in CELLS if cell.cell_type == "markdown")
CODE = [cell for cell in CELLS if cell.cell_type == "code"]
SOURCE = "\n".join(cell.source for cell in CODE)
T = 1000
SIX = {
    "constant": lambda lr: schedules.constant(lr),
    "step": lambda lr: schedules.step(lr, every=250),
    "exponential": lambda lr: schedules.exponential(lr, k=3 / T),
    "1/t": lambda lr: schedules.inverse_time(lr, k=19 / T),
    "cyclic": lambda lr: schedules.cyclic(lr / 20, lr, period=250),
    "cosine": lambda lr: schedules.warmup_cosine(lr, warmup=50, steps=T),
}
t, lr, k, a, P, W = sp.symbols("t lr k a P W", positive=True)


def numbers(text):
    return [float(number) for number in re.findall(r"[-+]?\d+(?:\.\d+)?(?:e[-+]\d+)?", text)]


output, row, said = reader(CODE, TEXT, numbers)


def squares(schedule, lam=1.0, square=9.0):
    for eta in schedule(np.arange(T)):
        square = (1 - eta * lam) ** 2 * square + eta**2
    return square


# Powers of ten -------------------------------------------------------------------------------------------------------


def test_what_a_factor_of_ten_costs():
    values = {name: row(f"{name:10}", "test digits read with") for name in ("SGD", "Momentum", "Adam")}
    below, best, above = values["SGD"]
    said(f"{best - below:.0f} digits in a hundred downwards and {best - above:.0f} upwards")
    (share,) = row("SGD with 0.001:", "test digits read with")
    said(f"plain descent reads {share:.0f} % with it", "0.001 for a start suits Adam, and only Adam")
    assert values["Adam"][1] - values["Adam"][0] <= 2
    assert values["Momentum"][1] - values["Momentum"][2] <= 4
    said("with a tenth Adam loses little, and momentum with ten times")
    best = {name: row(f"{name:10}", "lr  ")[-1] for name in values}
    assert best == {"SGD": 0.1, "Momentum": 0.01, "Adam": 0.01}
    said("a decade to the left of plain descent's: its steps are ten times as long", "so that an epoch has 250 steps")
    assert 8000 // 32 == 250
    said("found in 250 steps instead of 1,250", "the best power of ten was 0.1")
    assert row("lr  ")[:5] == [0.0001, 0.001, 0.01, 0.1, 1.0]


def test_the_rising_run_turns_where_the_lesson_says():
    digits = load_digits_mnist(dtype="float64")
    net = Network([784, 30, 10], seed=0, dtype="float64")

    def rise(s):
        return 1e-4 * 10 ** (s / 50)

    history = train(
        net,
        SGD(1),
        digits.x_train,
        digits.t_train,
        batches=minibatches(8000, 32, 250, 0),
        schedule=rise,
        progress=False,
    )
    smooth = ewma(history.losses, beta=0.9, correct=True)
    assert 0.3 < history.lrs[smooth.argmin()] < 0.4
    said("tenfold every 50 steps", "It falls from about 0.01 on and turns up beyond 0.3")
    assert smooth[np.searchsorted(history.lrs, 0.01)] > 0.9 * smooth[10]
    assert smooth[np.searchsorted(history.lrs, 0.1)] < 0.7 * smooth[10]
    assert rise(50) / rise(0) == pytest.approx(10)


# One noisy weight ----------------------------------------------------------------------------------------------------


def test_the_best_schedule_of_one_noisy_weight_is_one_over_t():
    Q, eta, x, e = sp.symbols("Q eta x e", positive=True)
    after = (1 - eta) ** 2 * Q + eta**2
    moved = sp.expand((x - eta * (x + e)) ** 2)
    assert sp.expand(moved.coeff(e, 0) - (1 - eta) ** 2 * x**2) == 0
    assert moved.coeff(e, 2) == eta**2, "e has mean 0 and spread 1"
    said(r"Q \leftarrow (1-\eta_t)^2\, Q + \eta_t^2 \tag{1}", r"Its slope $-2(1-\eta_t)Q + 2\eta_t$ is 0")
    assert sp.expand(sp.diff(after, eta) - (-2 * (1 - eta) * Q + 2 * eta)) == 0
    assert sp.solve(sp.diff(after, eta), eta) == [Q / (1 + Q)]
    assert sp.simplify(after.subs(eta, Q / (1 + Q)) - Q / (1 + Q)) == 0
    assert sp.simplify(1 / after.subs(eta, Q / (1 + Q)) - (1 / Q + 1)) == 0
    assert sp.diff(after, Q) == (1 - eta) ** 2, "the smaller Q is before a step, the smaller after it"
    said(r"\eta_t = \frac{Q}{1+Q}", r"\frac1Q \leftarrow \frac1Q + 1 \tag{2}")


def test_the_derived_rates_are_the_librarys_inverse_time_exactly():
    square, schedule = F(9), schedules.inverse_time(F(9, 10), F(9, 10))
    for s in range(50):
        eta = square / (1 + square)
        assert eta == schedule(s)
        square = (1 - eta) ** 2 * square + eta**2
        assert 1 / square == F(1, 9) + s + 1
    said(r"with $\eta = k = \tfrac{9}{10}$")


def test_the_spreads_of_section_2():
    rough, calm = squares(schedules.constant(0.5)) ** 0.5, squares(schedules.constant(0.05)) ** 0.5
    said(f"rate 0.5 leaves $\\sqrt Q = {rough:.2f}$ and 0.05 leaves {calm:.2f}")
    best = squares(schedules.inverse_time(0.9, 0.9)) ** 0.5
    constants = min(squares(schedules.constant(c / 1000)) for c in range(1, 30)) ** 0.5
    assert round(calm / best) == 5
    said("Five times nearer than 0.05 comes", f"{constants / best:.1f} times as near as any constant rate")
    assert row("the best constant rate is") == [0.005, round(constants, 3)]


def test_with_one_over_t_descent_is_the_mean_of_the_errors():
    rng = np.random.default_rng(0)
    errors = [F(int(n), 7) for n in rng.integers(-20, 20, 12)]
    schedule, x = schedules.inverse_time(F(1), F(1)), F(100)
    for s, e in enumerate(errors):
        x = x - schedule(s) * (x + e)
        assert x == -sum(errors[: s + 1]) / (s + 1)
    assert output("x = -1") == "x = -1   minus the mean of the errors = -1\n"


# The formulas --------------------------------------------------------------------------------------------------------

FORMULAS = {
    "constant": (r"\eta_t = \eta", lr),
    "step": (
        r"\eta_t = \eta\cdot\left(\tfrac12\right)^{\lfloor t/K\rfloor}",
        lr * sp.Rational(1, 2) ** sp.floor(t / P),
    ),
    "exponential": (r"\eta_t = \eta\, e^{-kt}", lr * sp.exp(-k * t)),
    "1/t": (r"\eta_t = \dfrac{\eta}{1 + kt}", lr / (1 + k * t)),
    "cyclic": (
        r"\eta_t = a + (\eta - a)\left(1 - \left\lvert \dfrac{2\,(t \bmod P)}{P} - 1\right\rvert\right)",
        a + (lr - a) * (1 - sp.Abs(2 * sp.Mod(t, P) / P - 1)),
    ),
    "cosine": (
        r"t < W:\ \eta_t = \eta\,\dfrac{t+1}{W+1}$; "
        r"then $\eta_t = \dfrac{\eta}{2}\left(1 + \cos \pi\dfrac{t-W}{T-W}\right)",
        sp.Piecewise((lr * (t + 1) / (W + 1), t < W), (lr / 2 * (1 + sp.cos(sp.pi * (t - W) / (T - W))), True)),
    ),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_each_printed_formula_is_the_librarys_schedule(name):
    latex, formula = FORMULAS[name]
    said(f"| {name} | ${latex}$ |")
    values = {P: 250, W: 50, k: {"exponential": sp.Rational(3, T), "1/t": sp.Rational(19, T)}.get(name, 1)}
    theirs = SIX[name](0.7)
    for s in (0, 1, 49, 50, 51, 124, 125, 126, 249, 250, 251, 500, 999):
        mine = formula.subs({**values, a: sp.Rational(7, 200), lr: sp.Rational(7, 10)}).subs(t, s)
        assert float(mine) == pytest.approx(theirs(s), rel=1e-12), s


def test_the_settings_of_the_table_are_those_of_the_code():
    said("halved every epoch, $K = 250$", "$k = 3/T$", "$k = 19/T$", "$a = \\eta/20$, $P = 250$", "warm-up $W = 50$")
    for code in ("every=250", "k=3 / T", "k=19 / T", "cyclic(lr / 20, lr, period=250)", "warmup=50, steps=T"):
        assert code in SOURCE, code
    assert output("constant     the library agrees").count("True") == len(SIX)
    for name in ("exponential", "1/t"):
        assert SIX[name](1.0)(T) == pytest.approx(1 / 20, rel=0.005)
    said("Exponential and 1/t both end at a twentieth")
    assert SIX["step"](1.0)(T - 1) == 1 / 8
    said("Halving ends at an eighth of its start, exponential and 1/t at a twentieth, cosine at 0")


def test_a_k_per_epoch_taken_for_one_per_step_ends_the_training():
    alive = int((schedules.exponential(1.0, k=0.5)(np.arange(T)) > 0.01).sum())
    assert alive == 10
    said("Ten steps, and the training is over", "a $k$ per epoch is $k/250$ per step")
    per_epoch, per_step = schedules.exponential(1.0, k=0.5), schedules.exponential(1.0, k=0.5 / 250)
    assert [per_epoch(e) for e in range(4)] == pytest.approx([per_step(250 * e) for e in range(4)])


# The ravine and the digits -------------------------------------------------------------------------------------------


def test_the_second_weight_turns_the_order_round():
    lam, start = np.array([1.0, 0.01]), np.array([9.0, 900.0])
    derived = squares(schedules.inverse_time(0.9, 0.9), lam, start)
    said(f"has left the flat one where it was: {derived[1] ** 0.5:.1f} of 30", "starting at 3 and at 30")
    loss, steep = {"derived": lam @ derived / 2}, {"derived": derived[0]}
    for name, schedule in SIX.items():
        ends = [squares(schedule(base), lam, start) for base in (0.1, 0.2, 0.5, 1.0, 2.0)]
        end = min(ends, key=lambda square: lam @ square)
        loss[name], steep[name] = lam @ end / 2, end[0]
        assert row(f"{name:14}", "               base")[1] == round(loss[name], 3)
    assert max(loss, key=loss.get) == "derived"
    assert min(steep, key=steep.get) == "derived"
    assert min(loss, key=loss.get) == "exponential"
    said("there exponential was best and 1/t second, from a base as high as the bound")
    order = sorted(loss, key=loss.get)
    assert order[1] == "1/t"
    assert row(f"{'1/t':14}", "               base")[0] == 2.0
    assert order.index("cosine") < order.index("cyclic") < order.index("constant")
    said("1/t makes up for its short way with the base 2")
    assert schedules.inverse_time(2.0, 19 / T)(1) < 2


def test_the_sum_of_the_rates_is_the_way():
    sums = {name: sum(schedule(1.0)(s) for s in range(T)) for name, schedule in SIX.items()}
    for name, total in sums.items():
        assert row(f"{name:12} sum of 1000 rates with base 1:", "constant     sum") == [round(total)]
    assert round(sums["cosine"] / sums["constant"], 2) == 0.5
    said("Cosine has half of the constant's way and ends at 0", r"1 - \eta_t\lambda \approx e^{-\eta_t\lambda}")
    assert SIX["cosine"](1.0)(T) == 0
    way = sum(schedules.inverse_time(0.9, 0.9)(s) for s in range(T))
    assert 30 * np.exp(-0.01 * way) == pytest.approx(27.9, abs=0.1)


def test_the_digits_say_that_it_depends_on_how_the_rate_falls():
    table = {name: row(f"{name:12}", "             base") for name in SIX}
    assert {values[0] for values in table.values()} == {0.5}
    said("With seed 0, every schedule did better from 0.5 than from 1.")
    for name, (sign, words) in {
        "cosine": (1, "one digit more in a hundred than the constant rate, and the interval is above 0"),
        "cyclic": (1, "one digit more in a hundred than the constant rate, and the interval is above 0"),
        "1/t": (-1, "one digit less, and the interval is below 0"),
        "step": (0, "they cannot be told from the constant rate"),
        "exponential": (0, "they cannot be told from the constant rate"),
    }.items():
        said(words)
        more, half = table[name][-2:]
        assert abs(more - sign) <= 0.5
        assert (sign * more > half) if sign else abs(more) <= half
    beat = [name for name, values in table.items() if values[1] < table["constant"][1]]
    assert sorted(beat) == ["cosine", "cyclic"]
    assert "It is 2." in answers()


def test_the_curves_cross_as_the_lesson_says():
    digits = load_digits_mnist(dtype="float64")
    smooth = {}
    for name in ("constant", "1/t", "cosine"):
        net = Network([784, 30, 10], seed=1, dtype="float64")
        history = train(
            net, SGD(1), digits.x_train, digits.t_train, batches=minibatches(8000, 32, T, 1)[:500],
            schedule=SIX[name](0.5), progress=False,
        )  # fmt: skip
        smooth[name] = ewma(history.losses, beta=0.98, correct=True)
    early, later = ({name: values[s] for name, values in smooth.items()} for s in (100, 499))
    assert min(early, key=early.get) == "1/t"
    assert max(early, key=early.get) == "cosine"
    assert min(later, key=later.get) == "cosine"
    said("1/t is ahead at first", "Cosine starts last, passes both before step 500")


def test_one_interval_in_four_tables_misses_by_chance():
    said("Five comparisons are made at once, so one interval in four such tables will miss by chance")
    assert 4 * 5 * F(5, 100) == 1


def test_warm_up_saves_the_network():
    without = row("warm-up   0:", "warm-up   0:   88") if output("warm-up   0:   88") else []
    said("read {:.0f} %, {:.0f} % and {:.0f} % of the test digits".format(*without))
    assert min(row("warm-up 300:", "warm-up   0:   88")) > 92
    silent = [row(f"warm-up {w:3d}:", "warm-up   0: 24")[0] for w in (0, 300)]
    assert silent[0] > 3 * silent[1]
    said(
        "without warm-up {:.0f} units are left to tell ten digits apart, with it {:.0f}".format(
            *(30 - s for s in silent)
        )
    )
    best = max(row(f"{name:12}", "             base")[3] for name in SIX)
    (mean,) = [float(found[1]) for text in answers() if (found := re.match(r"It is ([\d.]+) %\.", text))]
    assert mean >= best
    said("among the best results of this lesson")


# Momentum ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("convention", "end"), [("step", -0.202), ("velocity", -0.202), ("sum", 0.331), ("average", 0.331)]
)
def test_a_cut_acts_late_inside_and_at_once_outside(convention, end):
    base, beta = convert(0.05, 0.9, source="velocity", target=convention)
    ways = [
        trajectory(Momentum(base, beta, convention), lambda x: x, [1.0], 10, schedules.step(base, 5, factor))[10, 0]
        for factor in (0.1, 1)
    ]
    assert round(ways[0], 3) == end
    assert row(f"{convention:9} x =", "step      x =") == [end, round(ways[1], 3)]
    said("−0.202 inside, 0.331 outside, and equal without the cut")


@pytest.mark.parametrize("convention", ["step", "velocity", "sum", "average"])
def test_written_out_the_sums_are_the_methods(convention):
    said(r"-\sum_{j=0}^{t} \beta^j\, \eta_{t-j}\, g_{t-j} \tag{3}", r"-\eta_t \sum_{j=0}^{t} \beta^j\, g_{t-j} \tag{4}")
    said(r"*average* has $1-\beta$ in front of the sum and a rate $\tfrac{1}{1-\beta}$ times as large")
    beta, g, etas = F(9, 10), [F(3), F(-1), F(2), F(5), F(-4)], [F(1), F(1), F(1, 2), F(3), F(1, 10)]
    scale = 1 / (1 - beta) if convention == "average" else 1
    w, optimizer = np.array([F(0)]), Momentum(etas[0] * scale, beta, convention)
    for s in range(5):
        optimizer.lr = etas[s] * scale
        before = w[0]
        optimizer.update(w, np.array([g[s]]))
        old = [etas[s - j] if convention in ("step", "velocity") else etas[s] for j in range(s + 1)]
        assert w[0] - before == -sum(beta**j * old[j] * g[s - j] for j in range(s + 1))


def test_inside_coasts_as_long_as_is_said():
    beta, cut = F(9, 10), F(1, 10)
    ratios, inside = [], 1 / (1 - beta)
    for _ in range(60):
        inside = beta * inside + cut
        ratios.append(inside / (cut / (1 - beta)))
    assert ratios[0] == F(91, 10)
    assert all(ratio == 1 + 9 * beta**j for j, ratio in enumerate(ratios, start=1))
    first = next(j for j, ratio in enumerate(ratios, start=1) if ratio < F(11, 10))
    said("the velocity was 10 long. Inside, 9 survive and 0.1 is added: 9.1. Outside, all 10 are cut to 1.")
    said("$9\\cdot 0.9^{j}$ after $j$ steps", f"A cut inside takes {first} steps to arrive")
    assert row("less than 10 % longer from step", "inside / outside") == [first]
    assert "It is 9.1 times." in answers()


def test_on_the_digits_only_the_forty_steps_differ():
    inside, outside = (row(name, "inside   step 250") for name in ("inside   step 250 is", "outside  step 250 is"))
    assert inside[0] > 7 * outside[0]
    assert abs(inside[-1] - outside[-1]) < 0.5
    said("inside slides down for some forty steps", "the first with the new rate, since the steps count from 0")
    assert schedules.step(0.05, every=250, factor=0.1)(249) == 0.05
    assert schedules.step(0.05, every=250, factor=0.1)(250) == pytest.approx(0.005)


def test_a_velocity_that_is_told_of_the_cut_acts_like_outside():
    x, v, rate = F(1), F(0), F(1, 20)
    for s in range(10):
        if s == 5:
            v, rate = v / 10, rate / 10
        v = F(9, 10) * v - rate * x
        x += v
    assert round(float(x), 3) == 0.331
    said("multiply $v$ by $\\eta_{new}/\\eta_{old}$", "0.331, as outside.", "PyTorch's SGD is outside, Keras's inside")
    assert 'is "sum"' in Momentum.__doc__
    assert 'Keras is "velocity"' in Momentum.__doc__


def test_adam_gains_by_a_schedule_at_each_rate():
    constant, cosine = (row(f"{name:9} with 0.005, 0.01, 0.02:", "constant  with") for name in ("constant", "cosine"))
    assert all(b > a for a, b in zip(constant, cosine, strict=True))
    assert max(cosine) == cosine[2]
    assert min(constant) == constant[2]
    said("At each of the three rates cosine reads more, and it bears the largest one best, where the constant rate")


# Your turn and recall ------------------------------------------------------------------------------------------------


def answers():
    """The answers that the predictions were given."""
    shown = [
        o.data["text/plain"] for cell in CODE if "guess.reveal" in cell.source for o in cell.outputs if "data" in o
    ]
    return [text for text in shown if text.startswith("It is ")]


def wave(rate, period):
    return lambda s: rate / 2 * (1 + np.cos(np.pi * (s % period) / period))


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        (lambda rate, period: lambda s: None, "Not attempted yet."),
        (wave, "Correct"),
        (lambda rate, period: lambda s: float(wave(rate, period)(s)), "Correct"),
        (lambda rate, period: schedules.warmup_cosine(rate, 0, period), "after the jump"),
        (lambda rate, period: lambda s: wave(rate, period)(min(s, period)), "in the sixth period"),
        (lambda rate, period: lambda s: 2 * wave(rate, period)(s), "at the start"),
        (lambda rate, period: lambda s: rate, "on the way down"),
        (lambda rate, period: lambda s: rate * (1 - s % period / period), "before the jump"),
        (lambda rate, period: lambda s: rate / 2 * (1 + np.cos(s % period / period)), "on the way down"),
        (lambda rate, period: lambda s: wave(rate, period)(s) if s <= period else rate, "in the sixth period"),
        (lambda rate, period: lambda s: wave(rate, 10)(s), "on the way down"),
        (lambda rate, period: lambda s: [wave(rate, period)(s)], "one number"),
        (lambda rate, period: lambda s: [[1], [2, 3]], "one number"),
        (lambda rate, period: lambda s: wave(rate, period)(np.array([s, s])), "one number"),
        (lambda rate, period: lambda s: True, "one number"),
        (lambda rate, period: lambda s: "0.8", "one number"),
        (lambda rate, period: lambda s: float("nan"), "at the start"),
        (lambda rate, period: None, "has to return a function"),
        (lambda rate, period: rate, "has to return a function"),
    ],
)
def test_the_judge_takes_the_right_schedule_and_names_what_is_wrong(answer, wanted):
    scope = {"np": np, "schedules": schedules}
    for name in ("problem", "judge"):
        (source,) = [cell.source for cell in CODE if f"def {name}(" in cell.source]
        exec(source, scope)
    verdict = scope["judge"](answer)
    assert wanted in verdict
    assert (wanted == "Correct") == verdict.startswith("Correct")


def test_the_untouched_starter_is_not_attempted():
    assert output("Not attempted yet.") == "Not attempted yet.\n"


def test_the_answers():
    assert schedules.exponential(0.5, k=0.5)(10) < 0.5 / 100
    said("`exponential(0.5, k=0.5)`", "after ten steps less than a hundredth of the rate is left")
    said(f"$0.9 + 0.1\\cdot 2 = {0.9 + 0.1 * 2:.1f}$ times, and twice in the end")
    halving, decay = schedules.step(1.0, 250), schedules.exponential(1.0, np.log(2) / 250)
    assert [halving(s) for s in (0, 250, 500)] == pytest.approx([decay(s) for s in (0, 250, 500)])
    assert all(decay(s) < halving(s) for s in (1, 100, 249, 251, 499))
    said("At $t = 0, 250, 500, \\dots$; in between the exponential is lower", f"Those below $2/40 = {2 / 40}$")


def test_every_prediction_is_answered_from_what_was_computed():
    assert len(answers()) == SOURCE.count("guess.reveal(") == SOURCE.count("figures.predict(")
    for answer in ("0", "near 0.3", "0.03162", "10 steps", "derived", "lr inside the velocity"):
        assert f"It is {answer}." in answers(), answer
