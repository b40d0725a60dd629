"""Lesson 12: every number in its text is rebuilt from what the lesson printed and from the stored trial."""

import importlib.util
import json
import re
from fractions import Fraction as F
from pathlib import Path

import nbformat
import numpy as np
import pytest
from downslope.backprop import Network
from downslope.data import load_digits_mnist
from downslope.optim import averages

ROOT = Path(__file__).resolve().parent.parent.parent
PATH = next((ROOT / "notebooks").glob("12-*.ipynb"))
NOTEBOOK = nbformat.read(PATH, as_version=4)
TEXT = "\n\n".join(cell.source for cell in NOTEBOOK.cells if cell.cell_type == "markdown")
CODE = [cell for cell in NOTEBOOK.cells if cell.cell_type == "code"]
STORED = json.loads((ROOT / "notebooks" / "data" / "momentum-on-digits.json").read_text(encoding="utf-8"))
TUNING, FRESH = STORED["batch 128"]["tuning"], STORED["batch 128"]["fresh"]


def cell_with(start):
    return next(cell for cell in CODE if start in cell.source)


def printed(start):
    """The printed lines of the code cell that holds `start`."""
    return "".join(output.text for output in cell_with(start).outputs if output.output_type == "stream")


def script():
    spec = importlib.util.spec_from_file_location("trial", ROOT / "tools" / "tuning" / "momentum_on_digits.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def interval(values):
    """Mean and half the interval of Student's t for five values."""
    return np.mean(values), 2.776 * np.std(values, ddof=1) / 5**0.5


def ratio(stored, level, rows=(0, 0), rules=("SGD", "momentum")):
    above, below = (np.array(stored["reached"][r][level][i], float) for r, i in zip(rules, rows, strict=True))
    return interval(above / below)


def losses_after_300(rule):
    return np.fmin(np.array(TUNING["loss"][rule], dtype=float)[:, :, 1], np.log(10))


def test_the_first_part_says_what_it_printed():
    accuracy = {}
    for step in (100, 2000):
        row = re.search(rf"^ +{step} +([\d.]+)% +([\d.]+)%$", printed("accuracies[i]:8.1%"), re.MULTILINE)
        accuracy[step] = round(float(row.group(2)) - float(row.group(1)))
    assert f"At iteration 100 momentum reads {accuracy[100]} more digits in a hundred. At the end it is " in TEXT
    assert f"At the end it is {accuracy[2000]} more." in TEXT
    size = Network([784, 100, 100, 100, 100, 10]).params.vector.size
    assert f"all {size:,} weights and biases in one row" in TEXT
    announced = (PATH.parent / "09-the-momentum-homework.ipynb").read_text(encoding="utf-8")
    assert f"gives the same rule {size:,} weights and biases" in announced
    fresh = float(re.search(r"fresh network: loss ([\d.]+)", printed("ln 10 = {")).group(1))
    assert np.log(10) < fresh < np.log(10) + 0.2
    assert rf"$\ln 10 = {np.log(10):.3f}$" in TEXT
    assert "A little above." in TEXT
    mean, half = map(float, re.search(r"momentum: ([\d.]+) ± ([\d.]+)", printed("def interval")).groups())
    assert mean - half > 2
    assert f"plain descent needs {mean:.0f} times as many iterations to reach a loss of 0.5" in TEXT
    assert f"| the post's rate, 0.01 (to a loss of 0.5) | {mean} ± {half} |" in TEXT


def test_a_smoothed_curve_is_late():
    assert averages.mean_age(F(95, 100)) == 19
    assert r"its mean age is $\beta/(1-\beta) = 19$ batches" in TEXT
    raw, smooth = map(float, re.search(r"around it ([\d.]+), average ([\d.]+)", printed("averages.mean_age")).groups())
    assert smooth > raw
    assert averages.mean_age(F(98, 100)) == 49
    assert "$0.98/0.02 = 49$ steps" in TEXT


def test_the_whole_gain_came_from_the_longer_step():
    sgd, momentum, longer = (int(n) for n in re.findall(r"below 0.5 after +(\d+)", printed("gap = [")))
    assert abs(longer - momentum) <= 5 < sgd - momentum
    assert "On momentum's. The whole gain of the post came from the longer step" in TEXT
    assert F("0.01") / (1 - F("0.9")) == F("0.1")
    assert "has the effective rate 0.1" in TEXT
    assert f"$0.02/(1-0.95) = {float(F('0.02') / (1 - F('0.95')))}$" in TEXT


def test_both_rules_had_the_same_trials():
    assert TUNING["rates"]["SGD"] == TUNING["rates"]["momentum"]
    rates = TUNING["rates"]["SGD"]
    assert len(rates) == 7
    assert (rates[0], rates[-1]) == (0.001, 1.0)
    assert np.allclose(np.divide(rates[1:], rates[:-1]), 10**0.5, rtol=2e-3)
    assert "seven rates, from 0.001 to 1, each $\\sqrt{10}$ times the one before" in TEXT
    for rule in ("SGD", "momentum"):
        assert np.array(TUNING["loss"][rule], dtype=float).shape == (7, 5, 3)
    assert "35 runs for SGD, 35 for momentum" in TEXT
    assert TUNING["steps"][1] == 300
    assert not set(TUNING["seeds"]) & set(FRESH["seeds"]), "fresh seeds are fresh"
    assert not set(range(5)) & set(FRESH["seeds"])


def test_the_best_rates_are_inside_the_grid():
    trial = script()
    for batch in ("batch 128", "batch 1000"):
        for rule in ("SGD", "momentum", "Nesterov"):
            best = trial.best_rate(STORED[batch]["tuning"], rule)
            assert STORED[batch]["fresh"]["rates"][rule] == [best]
            assert best not in (TUNING["rates"][rule][0], TUNING["rates"][rule][-1])


def test_the_columns_part_where_the_text_says():
    sgd, momentum = (losses_after_300(rule).mean(axis=1) for rule in ("SGD", "momentum"))
    assert f"0.1: {sgd[4]:.3f} against {momentum[2]:.3f}" in TEXT
    assert f"SGD gains little ({sgd[5]:.3f}). Momentum gains much ({momentum[3]:.3f})" in TEXT
    assert momentum[5] > 2 > 10 * sgd[5], "at 0.316 momentum learns next to nothing"
    assert (losses_after_300("momentum")[5] >= np.log(10)).sum() == 4
    assert "four of its five runs are no better than a guess" in TEXT
    assert "| the same rate, 0.316 | momentum never arrives |" in TEXT
    assert TUNING["reached"]["momentum"]["0.5"][5] == [None] * 5
    assert np.allclose(sgd[2:5], momentum[:3], rtol=0.08), "moved up by two rows"
    assert "Momentum's column is close to SGD's, moved up by two rows" in TEXT


def test_what_remains_is_what_was_measured():
    rows = {
        "the same effective rate, 0.1 (to 0.5)": "{:.2f} ± {:.2f}".format(*ratio(TUNING, "0.5", (4, 2))),
        "its own best rate, batches of 128 (to 0.5)": "{:.1f} ± {:.1f}".format(*ratio(FRESH, "0.5")),
        "its own best rate, batches of 128 (to 0.2)": "{:.1f} ± {:.1f}".format(*ratio(FRESH, "0.2")),
        "its own best rate, batches of 1000 (to 0.2)": "{:.1f} ± {:.1f}".format(
            *ratio(STORED["batch 1000"]["fresh"], "0.2")
        ),
    }
    for row, value in rows.items():
        assert f"| {row} | {value} |" in TEXT, row
    assert "the interval holds 1" in TEXT
    mean, half = ratio(TUNING, "0.5", (4, 2))
    assert mean - half < 1 < mean + half
    early, late = ratio(FRESH, "0.5"), ratio(FRESH, "0.2")
    assert min(early[0] - early[1], late[0] - late[1]) > 1
    assert f"it needs {late[0]:.1f} to {early[0]:.1f} times as many with batches of 128" in TEXT
    assert STORED["batch 1000"]["tuning"]["steps"][1] == 100
    assert "35 runs each, judged after 100 iterations" in TEXT
    large = ratio(STORED["batch 1000"]["fresh"], "0.2")
    assert "The advantage is there again, {:.1f} ± {:.1f}.".format(*large) in TEXT
    assert late[0] < large[0] < late[0] + late[1]


def test_the_verdict_on_the_best_is_that_of_the_stored_runs():
    told = printed('for level in ("0.5", "0.2")')
    for level in ("0.5", "0.2"):
        line = next(line for line in told.splitlines() if line.startswith(f"to {level}"))
        counts = [[int(n) for n in group.split()] for group in re.findall(r"\[([\d ]+)\]", line)]
        assert counts == [FRESH["reached"]["SGD"][level][0], FRESH["reached"]["momentum"][level][0]]
    gaps = [(float(m), float(h)) for m, h in re.findall(r"SGD: ([+-][\d.]+) ± ([\d.]+)", printed("endings = {"))]
    assert gaps[0][0] + gaps[0][1] < 0
    assert round(gaps[1][0]) == 1
    assert 0 < gaps[1][0] - gaps[1][1] < 0.5
    assert "about one test digit in a hundred more; that interval only just leaves out 0" in TEXT


def test_the_script_tries_the_momentum_of_the_lesson():
    assert script().RULES["momentum"](0.1).momentum == 0.9


def test_the_script_reads_the_test_digits():
    trial, test = script(), load_digits_mnist(dtype="float64")[2:]
    history = trial.history("SGD", FRESH["rates"]["SGD"][0], FRESH["seeds"][0], 128, 100, test)
    assert trial.accuracy_after(history, 100) == pytest.approx(FRESH["accuracy"]["SGD"][0][0][0], abs=0.002)


@pytest.mark.parametrize(("rule", "row"), [("SGD", "fresh"), ("momentum", "fresh"), ("Nesterov", "tuning")])
def test_the_script_makes_a_stored_number_again(rule, row):
    trial, stored = script(), STORED["batch 128"][row]
    losses = trial.smoothed(trial.history(rule, stored["rates"][rule][0], stored["seeds"][1], 128, 100))
    assert stored["steps"][0] == 100
    assert trial.loss_after(losses, 100) == pytest.approx(stored["loss"][rule][0][1][0], rel=1e-3)
    reached = stored["reached"][rule]["0.5"][0][1]
    assert trial.reached(losses, 0.5) == (reached if reached is not None and reached < 100 else None)


SETTINGS = [  # what the text says, and where the code says it too
    ("**1.53** without momentum, **0.379** with it", "100: (1.53, 0.379)"),
    ("A guesser that gives each of ten digits", "np.log(10)"),
    ("784 inputs, four hidden layers of 100 units with ReLU, ten outputs", "sizes = [784, 100, 100, 100, 100, 10]"),
    ("128 other images each time", "batch_size=128"),
    ("How many per cent of the 2,000 test digits", "test=(x_test, t_test)"),
    ("read correctly after 2,000 iterations", "steps=2000"),
    (r"Strong: the average with $\beta = 0.95$", "momentum.losses}, beta=0.95)"),
    (r"at $\beta = 0.95$ its mean age", "averages.mean_age(0.95)"),
    ("at iteration 100, where does the average lie?", "smooth[100]"),
    ("its smoothed loss falls below 0.5 for the first time", "steps_until(h.losses, 0.5)"),
    ("four more seeds", "for seed in (1, 2, 3, 4):"),
    (r"$\bar r \pm 2.776\, s/\sqrt 5$", "t=2.776"),
    (r"Momentum with $\eta = 0.01$ and $\gamma = 0.9$", "Momentum(lr=0.01, momentum=0.9"),
    (r"**Predict.** Give plain descent $\eta = 0.1$", "run(SGD(lr=0.1)"),
    (r"($\gamma$ stays at 0.9)", "Momentum(lr=0.01, momentum=0.9"),
    ("the smoothed loss after 300 iterations", 'ylabel="loss after 300 iterations"'),
    (r"counts as a guess, $\ln 10$", "np.fmin(losses, np.log(10))"),
    ("the smoothed loss below 0.2?", 'for level in ("0.5", "0.2"):'),
    ("five seeds that the search has not seen", 'stored["batch 128"]["fresh"]'),
    (
        "You can make each of these runs here: `run(SGD(0.316), seed=20, steps=300)`",
        "def run(optimizer, seed, steps=2000",
    ),
    ("with batches of 1000: seven rates, 35 runs each", "for batch in (128, 1000):"),
]


@pytest.mark.parametrize(("told", "done"), SETTINGS)
def test_the_settings_told_are_those_of_the_code(told, done):
    assert told in TEXT
    assert any(done in cell.source for cell in CODE)


def test_the_data_are_as_told():
    shapes = printed("load_digits_mnist(")
    assert "(8000, 784)" in shapes
    assert "(2000, 784)" in shapes
    assert "10,000 of the 70,000 MNIST images: 8,000 to train with and 2,000 that training never sees" in TEXT
    assert "| `x_train` | images, one a row, ink from 0 to 1 | (8000, 784) |" in TEXT
    assert "| `t_train` | which digit each row shows | (8000,) |" in TEXT
    assert f"we have 8,000 and go through all of them in every epoch ({8000 // 128} iterations)" in TEXT
    assert -1 / (1 - F(9, 10)) == -10
    assert r"v = -\frac{\eta}{1-\gamma}\, g = -10\,\eta\, g" in TEXT
    rate = TUNING["rates"]["SGD"][5]
    assert f"Give both the rate {rate}." in TEXT
    assert "The post gave both rules *the same* rate, 0.01" in TEXT
    assert r"Momentum with $\eta = 0.02$, $\gamma = 0.95$ under" in TEXT
    assert r"a loss curve is smoothed with $\beta = 0.98$" in TEXT


# Your turn -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def space():
    names = {"np": np, "stored": STORED}
    for start in ("def interval", "def my_verdict", "rows = [", "def judge"):
        source = cell_with(start).source
        exec(source.split("\n\n\n")[0], names)
    return names


def test_untouched_it_is_not_attempted(space):
    assert space["judge"](space["my_verdict"]) == "Not attempted yet."
    assert printed("print(judge(my_verdict))").startswith("Not attempted yet.")


def test_the_printed_solution_is_right(space):
    body = re.search(r"    mean, half = interval\(a / b\)\n    return .*\n", TEXT).group()
    exec(f"def solution(a, b):\n{body}", space)
    assert space["judge"](space["solution"]) == "Correct."
    momentum, nesterov = (np.array(FRESH["reached"][rule]["0.2"][0]) for rule in ("momentum", "Nesterov"))
    assert space["solution"](momentum, nesterov) == "b"


def by_means(a, b):
    return "a" if a.mean() < b.mean() else "b"


def by_two_intervals(a, b):
    (a, wide_a), (b, wide_b) = interval(a), interval(b)
    return "open" if abs(a - b) < wide_a + wide_b else "a" if a < b else "b"


@pytest.mark.parametrize(
    ("verdict", "told"),
    [
        (by_means, "the interval of the ratio holds 1"),
        (by_two_intervals, "compare seed by seed"),
        (lambda a, b: by_means(b, a), "the other rule needs fewer"),
        (lambda a, b: "open", "compare seed by seed"),
        (lambda a, b: a / b, 'the answer is "a", "b" or "open"'),
        (lambda a, b: True, "it was True"),
    ],
)
def test_a_wrong_verdict_is_told_why(space, verdict, told):
    assert told in space["judge"](verdict)
    assert space["judge"](verdict).startswith("Not yet")
