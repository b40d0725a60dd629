"""Problem set 4: its numbers, its right functions against other ways to them, and answers that try to slip through."""

from fractions import Fraction as F
from itertools import combinations

import numpy as np
import pytest
from downslope.backprop import Network
from downslope.byhand import adam_steps
from downslope.data import load_digits_mnist
from downslope.exercises import graded, ps4, ps4_adam
from downslope.exercises.questions import FunctionQuestion
from downslope.exercises.seeds import generator
from downslope.exercises.values import same
from downslope.optim import SGD, Adam, AdamW
from downslope.training import minibatches

FUNCTIONS = ("adagrad_step", "rmsprop_step", "adam_step", "too_long")


def check(name, answer):
    return ps4.questions[name].check(answer, show=False)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def adagrad_step(w, g, h, lr, eps):
    h = h + g**2
    return w - lr * g / (np.sqrt(h) + eps), h


def rmsprop_step(w, g, r, lr, rho, eps):
    r = rho * r + (1 - rho) * g**2
    return w - lr * g / (np.sqrt(r) + eps), r


def adam_step(w, g, m, v, t, lr, beta1, beta2, eps):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    return w - lr * m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


def too_long(t, beta1, beta2):
    return (1 - beta1**t) / np.sqrt(1 - beta2**t)


RIGHT = {"adagrad_step": adagrad_step, "rmsprop_step": rmsprop_step, "adam_step": adam_step, "too_long": too_long}


# What is right --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_formulas_of_the_lessons_are_right_for_every_grader(name):
    assert check(name, RIGHT[name])
    for seed in ("a", "b", "c"):
        with graded(seed):
            assert ps4.questions[name].grade(RIGHT[name]) == ps4.questions[name].points


def test_the_worked_adagrad_of_the_notebook():
    w, h = F(1), F(0)
    table = []
    for g, root in ((6, 6), (8, 10), (24, 26)):
        h += g**2
        assert root**2 == h
        step = F(1, 2) * g / root
        w -= step
        table.append((h, step, w))
    assert table == [(36, F(1, 2), F(1, 2)), (100, F(2, 5), F(1, 10)), (676, F(6, 13), F(-47, 130))]
    w, h = np.array([1.0]), np.array([0.0])
    for g in (6.0, 8.0, 24.0):
        w, h = ps4_adam._adagrad(w, np.array([g]), h, 0.5, 0.0)
    assert w[0] == pytest.approx(-47 / 130, rel=1e-14)


def test_rmsprop_s_first_step_by_hand_is_twice_the_rate():
    w, r = ps4_adam._rmsprop(np.zeros(1), np.array([4.0]), np.zeros(1), 1.0, 0.75, 0.0)
    assert (w[0], r[0]) == (-2, 4)


def test_adam_is_the_exact_ledger_of_lesson_15():
    ledger = adam_steps(3, beta1="9/10", beta2="3/4", lr="1/10", g=[6, -1, 4])
    w, m, v = np.ones(1), np.zeros(1), np.zeros(1)
    for t, g in enumerate((6.0, -1.0, 4.0), start=1):
        w, m, v = ps4_adam._adam(w, np.array([g]), m, v, t, 0.1, 0.9, 0.75, 0.0)
        exact = [float(ledger[line, t]) for line in ("w", "m", "v")]
        assert [w[0], m[0], v[0]] == pytest.approx(exact, rel=1e-13)


def test_the_smallest_cases_come_out_by_head():
    rng = np.random.default_rng(0)
    assert np.ravel(ps4_adam._adagrad(*next(ps4_adam._adagrad_cases(rng)))) == pytest.approx([1 - 3 / 5, 25])
    assert np.ravel(ps4_adam._rmsprop(*next(ps4_adam._rmsprop_cases(rng)))) == pytest.approx([1 - 4 / 2, 4])
    adam = ps4_adam._adam_cases(rng)
    assert np.ravel(ps4_adam._adam(*next(adam))) == pytest.approx([1 - 2 / 2, 1, 1])
    assert np.ravel(ps4_adam._adam(*next(adam))) == pytest.approx([1 - 4 * 2 / (2 + 2), 1.5, 1.75])


def test_the_average_forgets_and_the_sum_does_not():
    h, r = F(0), F(0)
    for g in [F(4)] * 100 + [F(1, 10)] * 900:
        h, r = h + g**2, F(round((F(9, 10) * r + F(1, 10) * g**2) * 10**30), 10**30)
    assert float(F(1, 10) / F(float(r) ** 0.5)) > 0.9
    assert 0.1 / float(h) ** 0.5 < 0.01
    assert [bool(check("memory", letter)) for letter in "ABCD"] == [False, True, False, False]


def test_the_first_step_with_and_without_correction():
    g, lr, beta1, beta2 = F(-1, 20), F(2, 100), F(7, 10), F(99, 100)
    m, v = (1 - beta1) * g, (1 - beta2) * g**2
    root = F(1, 200)
    assert root**2 == v
    corrected = -lr * (m / (1 - beta1)) / abs(g)
    assert (corrected, -lr * m / root) == (F(1, 50), F(3, 50))
    assert check("first_steps", {"principle": "c", "corrected": corrected, "uncorrected": "3/50"})
    assert [ps4_adam._why_the_first_step(letter)[0] for letter in "ABCD"] == [False, False, True, False]


def test_the_worst_step_by_exact_comparison():
    b1, b2 = F(95, 100), F(99, 100)
    squares = {t: (1 - b1**t) ** 2 / (1 - b2**t) for t in range(1, 200)}
    worst = max(squares, key=squares.get)
    assert worst == 29
    assert round(float(squares[worst]) ** 0.5, 2) == 1.54
    assert squares[1] == F(1, 4)
    assert ps4_adam._worst(0.95, 0.99) == (29, pytest.approx(float(squares[29]) ** 0.5, rel=1e-12))
    assert ps4_adam._worst(0.9, 0.999) == (12, pytest.approx(6.569, abs=5e-4))
    assert check("worst", {"first": "C", "t": 29, "times": 1.54})
    assert check("worst", {"times": np.float64(1.5394465823649883), "t": np.int64(29), "first": "c"})


# Known mistakes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_known_mistake_differs_from_the_right_function_and_from_each_other(name):
    question = ps4.questions[name]
    assert isinstance(question, FunctionQuestion)
    cases = list(question._cases(generator("ps4", name, "x")))
    with np.errstate(all="ignore"):
        results = {says: [wrong(*case) for case in cases] for says, wrong in question._judge.mistakes.items()}
        results["right"] = [RIGHT[name](*case) for case in cases]
    for one, other in combinations(results, 2):
        assert not same(results[one], results[other], 1e-7), (one, other)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_known_mistake_is_told_by_its_own_words(name):
    question = ps4.questions[name]
    for says, wrong in question._judge.mistakes.items():
        outcome = check(name, wrong)
        if name != "too_long" or "NumPy array" not in outcome.message:
            assert outcome.mistake == says, outcome.message
        assert outcome.points == 0


@pytest.mark.parametrize("name", ["adagrad_step", "rmsprop_step"])
def test_a_partly_written_starter_is_not_attempted(name):
    assert check(name, ps4.questions[name]._judge.starter).status == "not attempted"


# Right, but written otherwise -----------------------------------------------------------------------------------------


def test_a_right_adam_may_be_written_in_many_ways():
    def names_and_lists(a, b, c, d, e, f, x, y, z):
        c, d = c.copy(), d.copy()
        c *= x
        c += (1 - x) * b
        d *= y
        d += (1 - y) * np.square(b)
        return [a - f * (c / (1 - x**e)) / (np.sqrt(d / (1 - y**e)) + z), c, d]

    def cheaper(w, g, m, v, t, lr, beta1, beta2, eps):
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
        root = (1 - beta2**t) ** 0.5
        return w - lr * root / (1 - beta1**t) * m / (v**0.5 + eps * root), m, v

    def one_by_one(w, g, m, v, t, lr, beta1, beta2, eps):
        m = np.array([beta1 * a + (1 - beta1) * b for a, b in zip(m.flat, g.flat, strict=True)]).reshape(m.shape)
        v = np.array([beta2 * a + (1 - beta2) * b**2 for a, b in zip(v.flat, g.flat, strict=True)]).reshape(m.shape)
        return w - lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps), m, v

    class Step:
        def __call__(self, *arguments):
            return adam_step(*arguments)

    for answer in (names_and_lists, cheaper, one_by_one, Step(), lambda *a: adam_step(*a)):
        assert check("adam_step", answer), check("adam_step", answer)


def test_a_right_factor_may_be_written_in_many_ways():
    def listed(t, beta1, beta2):
        return np.array([(1 - beta1**k) / (1 - beta2**k) ** 0.5 for k in t])

    def from_the_recurrences(t, beta1, beta2):
        m = v = 0.0
        factors = []
        for _ in range(max(t)):
            m, v = beta1 * m + 1 - beta1, beta2 * v + 1 - beta2
            factors.append(m / v**0.5)
        return np.array([factors[k - 1] for k in t])

    assert check("too_long", listed)
    assert check("too_long", from_the_recurrences)


# What tries to slip through -------------------------------------------------------------------------------------------


def adamw_step(w, g, m, v, t, lr, beta1, beta2, eps):
    optimizer = AdamW(lr, beta1, beta2, eps, weight_decay=0.01)
    optimizer.state = {"m": m, "v": v, "t": t - 1} if t > 1 else {"t": 0}
    w = w.copy()
    optimizer.update(w, g)
    return w, optimizer.state["m"], optimizer.state["v"]


def test_another_optimizer_is_not_adam():
    assert not check("adam_step", adamw_step)


def test_a_table_of_the_visible_inputs_earns_nothing():
    seen = {}

    def spy(*arguments):
        seen[repr(arguments)] = adam_step(*arguments)
        return seen[repr(arguments)]

    assert check("adam_step", spy)
    assert ps4.adam_step.grade(lambda *arguments: seen.get(repr(arguments), arguments[:3])) == 0


def test_a_step_that_is_right_in_the_first_step_only_is_refused():
    def sign(w, g, m, v, t, lr, beta1, beta2, eps):
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
        return w - lr * g / (np.abs(g) + eps), m, v

    assert not check("adam_step", sign)


@pytest.mark.parametrize(
    "answer",
    [
        {"principle": "C", "corrected": 0.02},
        {"principle": "C", "corrected": 0.02, "uncorrected": 0.06, "more": 1},
        {"principle": "C", "corrected": [0.02], "uncorrected": 0.06},
        {"principle": ["C"], "corrected": 0.02, "uncorrected": 0.06},
        {"principle": "C", "corrected": 0.02, "uncorrected": float("nan")},
        {1: "C"},
        "C",
        [0.02, 0.06],
        7,
    ],
    ids=str,
)
def test_parts_that_are_missing_or_of_another_kind_earn_nothing(answer):
    outcome = check("first_steps", answer)
    assert (outcome.status, outcome.points) == ("not yet", 0)


def test_a_part_can_be_checked_before_the_others_are_there():
    outcome = check("first_steps", {"principle": "C", "corrected": ..., "uncorrected": ...})
    assert outcome.message == "'corrected': Write a number in place of the three dots.\nRight so far: 'principle'."
    assert check("first_steps", {"principle": ..., "corrected": ..., "uncorrected": ...}).status == "not attempted"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (np.full(25450, np.nan), "NaN or infinite"),
        (np.full(25450, "a"), "not all of it is numbers"),
        (np.zeros(25450, dtype=object), "not all of it is numbers"),
        (np.zeros(25450, dtype=complex), "not all of it is numbers"),
        ([[1.0], [1.0, 2.0]], "not all of it is numbers"),
        (np.ones((25450, 1)), "take .ravel()"),
        (np.ones(25451), "Yours has the shape (25451,)"),
        (np.ones((2000, 10)), "the scores of the held-out digits"),
        (np.ones(8000, dtype=int), "labels or predictions"),
        (np.ones(25450, dtype=bool), "not all of it is numbers"),
        (-np.ones(25450) * 1e300, "what guessing gives"),
        (0.94, "This is the number 0.94"),
        (Network([784, 32, 10], seed=0), "an object of type Network"),
        (np.random.default_rng(0).normal(size=25450), "what guessing gives"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_what_is_no_vector_of_trained_weights_is_told(answer, says):
    outcome = check("weights", answer)
    assert (outcome.status, outcome.points) == ("not yet", 0)
    assert says in outcome.message


# The digits -----------------------------------------------------------------------------------------------------------


def trained(optimizer, seed=0, steps=600):
    x, labels, _, _ = load_digits_mnist(dtype="float64")
    net = Network([784, 32, 10], seed=seed, dtype="float64")
    for batch in minibatches(len(x), 128, steps, seed=seed):
        optimizer.update(net.params, net.gradient(x[batch], labels[batch]))
    return net.params.vector.copy()


@pytest.mark.parametrize(("lr", "seed"), [(0.01, 0), (0.01, 1), (0.003, 2), (0.001, 0)])
def test_adam_reaches_the_asked_accuracy_with_a_sensible_rate(lr, seed):
    weights = trained(Adam(lr), seed)
    assert check("weights", weights).points == 5
    assert check("weights", weights.astype("float32"))
    assert check("weights", weights.tolist())


@pytest.mark.parametrize("optimizer", [SGD(0.01), SGD(0.03), Adam(0.3)], ids=repr)
def test_a_poor_rate_does_not(optimizer):
    outcome = check("weights", trained(optimizer))
    assert outcome.points == 0
    assert "Asked are 92%" in outcome.message or "NaN" in outcome.message


def test_the_starting_weights_read_one_digit_in_ten():
    _, _, x, labels = load_digits_mnist(dtype="float64")
    assert round(Network([784, 32, 10], seed=0, dtype="float64").accuracy(x, labels) * 2000) == 195


# Hints and layout -----------------------------------------------------------------------------------------------------


def test_the_first_hints_hold_no_code_and_no_formula():
    for question in ps4.questions.values():
        assert len(question.hints) == 3
        assert not any(sign in question.hints[0] for sign in ("=", "**", "np.", "√", "/"))


def test_the_set_is_worth_28_points_in_eight_questions():
    assert (len(ps4.questions), ps4.points) == (8, 28)
