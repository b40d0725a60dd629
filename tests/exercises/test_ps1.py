"""Problem set 1: its numbers, its right answers beside independent ones, its hints, and answers written unusually."""

import importlib.util
import math
import re
from fractions import Fraction as F
from itertools import product
from pathlib import Path

import nbformat
import numpy as np
import pytest
from downslope.data import load_digits_mnist
from downslope.exercises import graded, ps1
from downslope.exercises.seeds import generator

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONS = ("delta_hidden", "layer_gradient", "measured_gradient", "window_gradient")


@pytest.fixture(scope="module")
def cells():
    return nbformat.read(ROOT / "solutions" / "ps1" / "ps1.ipynb", as_version=4).cells


@pytest.fixture(scope="module")
def text(cells):
    return "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def part(cells, name):
    """The code of the cell with this grade_id."""
    return next(c.source for c in cells if c.metadata.get("nbgrader", {}).get("grade_id") == name)


def loss(W1, W2, X, T):
    O = np.tanh(X @ W1) @ W2
    return ((O - T) ** 2).sum() / (2 * len(X))


def earns(name, answer):
    outcome = ps1.questions[name].check(answer, show=False)
    with graded("a seed of the grader"):
        return bool(outcome) and ps1.questions[name].grade(answer) == ps1.questions[name].points


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


# The numbers ---------------------------------------------------------------------------------------------------------


def test_the_graph_s_gradients_are_the_exact_differences():
    def through(a, b, c):
        p, r = a * b, a + c
        return max(p, c) * r

    at, h = (F(2), F(5), F(-3)), F(1, 1000)
    slopes = []
    for i in range(3):
        ahead, back = list(at), list(at)
        ahead[i] += h
        back[i] -= h
        slopes.append((through(*ahead) - through(*back)) / (2 * h))  # exact: f is quadratic in each input
    q, r = max(at[0] * at[1], at[2]), at[0] + at[2]
    assert slopes == [5, -2, 10]
    assert earns("gates", [r, q * r, r, q, r, *slopes])


def test_all_named_mistakes_of_the_graph_differ():
    found = [tuple(wrong()) for wrong in ps1.gates._mistakes.values()]
    assert len({*found, tuple(ps1.gates._right())}) == len(found) + 1


def test_the_two_numbers_that_meet_at_a_tell_the_four_rules_apart():
    one, other = -1 * 5, 10
    assert len({max(one, other), one * other, (one + other) / 2, one + other}) == 4
    assert [bool(ps1.twice.check(letter, show=False)) for letter in "ABCD"] == [False, False, False, True]
    for letter, slope in zip("ABC", (3, 9, 3), strict=True):
        assert f"it gives {slope}, and the slope of x² there is 6" in ps1.twice.check(letter, show=False).message


def test_the_shapes_are_those_of_the_arrays():
    X, W1, W2 = np.ones((64, 196)), np.ones((196, 30)), np.ones((30, 10))
    assert earns("shapes", [(X @ W1 @ W2).shape, (X @ W1).shape, W2.shape, W1.shape])


def test_numbers_in_the_text(cells, text):
    assert f"{len(ps1.questions)} questions, {ps1.points} points" in text
    assert f"{784 * 30:,} numbers" in text
    assert (5 * -2, 5 * 4) == (-10, 20)
    assert F("0.2") * 3 - F("0.4") == F("0.2")
    assert (1 * 2 + 3 * 4, F(14, 2)) == (14, 7)
    assert (F("2.1") ** 3, F("1.9") ** 3) == (F("9.261"), F("6.859"))
    assert (F("9.261") - F("6.859")) / F("0.2") == F("12.01")
    assert all(len(question.hints) == 3 for question in ps1.questions.values())
    for question in ps1.questions.values():
        unit = "point" if question.points == 1 else "points"
        assert f" (`{question.name}`, {question.points} {unit})\n" in text


def test_the_drawing_s_inputs_are_those_of_the_cell(cells, text):
    drawn = {name: int(value.replace("−", "-")) for name, value in re.findall(r"^ ([abc]) = +(\S+) ─", text, re.M)}
    space = {}
    exec(part(cells, "gates"), space)
    assert drawn == {name: space[name] for name in "abc"}


def test_the_notebook_s_loss_is_the_one_that_is_judged(cells):
    space = {"np": np}
    exec(part(cells, "loss"), space)
    rng = np.random.default_rng(0)
    arguments = [rng.normal(size=shape) for shape in ((3, 4), (4, 2), (6, 3), (6, 2))]
    W1 = arguments[0]
    ours = np.array([_difference(space["loss"], arguments, place, 0.3) for place in np.ndindex(W1.shape)])
    np.testing.assert_allclose(ps1.measured_gradient._judge.right(*arguments, 0.3).ravel(), ours, rtol=1e-12)


def _difference(function, arguments, place, h):
    ahead, back = (arguments[0].copy() for _ in range(2))
    ahead[place] += h
    back[place] -= h
    return (function(ahead, *arguments[1:]) - function(back, *arguments[1:])) / (2 * h)


# Right answers, made without the library, in unusual ways -------------------------------------------------------------


def delta_by_loops(delta, W, Z):
    def one(e, i):
        asked = sum(float(delta[e, j]) * float(W[i, j]) for j in range(W.shape[1]))
        return asked / math.cosh(Z[e, i]) ** 2

    return np.array([[one(e, i) for i in range(Z.shape[1])] for e in range(len(Z))])


def delta_by_the_complex_step(delta, W, Z):
    result = np.zeros_like(Z)
    for place in np.ndindex(Z.shape):
        moved = Z.astype(complex)
        moved[place] += 1e-20j
        result[place] = ((np.tanh(moved) @ W) * delta).sum().imag / 1e-20
    return result


def delta_in_float32(delta, W, Z):
    return ((delta @ W.T) * (1 - np.tanh(Z) ** 2)).astype("float32")


def delta_turned_over_and_in_place(delta, W, Z):
    back = (W @ delta.T).T
    back *= 1 - np.tanh(Z) ** 2
    return back


def layer_in_fractions(H, delta):
    n, n_in, n_out = len(H), H.shape[1], delta.shape[1]
    W = [[sum(F(H[e, k]) * F(delta[e, i]) for e in range(n)) / n for i in range(n_out)] for k in range(n_in)]
    b = [sum(F(delta[e, i]) for e in range(n)) / n for i in range(n_out)]
    return np.array(W, dtype=float), np.array(b, dtype=float)


def layer_one_by_one(H, delta):
    W, b = np.zeros((H.shape[1], delta.shape[1])), np.zeros(delta.shape[1])
    for h, d in zip(H, delta, strict=True):
        W += np.outer(h, d) / len(H)
        b += d / len(H)
    return [W, b]


def measured_by_lists(W1, W2, X, T, h):
    rows = []
    for i in range(W1.shape[0]):
        rows.append([])
        for j in range(W1.shape[1]):
            move = np.zeros_like(W1)
            move[i, j] = h
            rows[-1].append(float(loss(W1 + move, W2, X, T) - loss(W1 - move, W2, X, T)) / 2 / h)
    return np.array(rows)


def measured_on_the_spot_and_put_back(W1, W2, X, T, h):
    slopes = np.zeros_like(W1)
    for place in np.ndindex(W1.shape):
        before = W1[place]
        W1[place] = before + h
        ahead = loss(W1, W2, X, T)
        W1[place] = before - h
        slopes[place] = (ahead - loss(W1, W2, X, T)) / (2 * h)
        W1[place] = before
    return slopes


def window_in_dicts(words, delta, rows):
    w, d = words.shape[1], delta.shape[1] // words.shape[1]
    sums = {(word, j): F(0) for word, j in product(range(rows), range(d))}
    for e, k, j in product(range(len(words)), range(w), range(d)):
        sums[int(words[e, k]), j] += F(delta[e, k * d + j])
    return np.array([[float(sums[word, j]) for j in range(d)] for word in range(rows)])


def window_by_counting(words, delta, rows):
    columns = delta.reshape(words.size, -1).T
    return np.stack([np.bincount(words.ravel(), weights=column, minlength=rows) for column in columns], axis=1)


def window_by_one_hot_rows(words, delta, rows):
    return np.eye(rows)[words.ravel()].T @ delta.reshape(words.size, -1)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("delta_hidden", delta_by_loops),
        ("delta_hidden", delta_by_the_complex_step),
        ("delta_hidden", delta_in_float32),
        ("delta_hidden", delta_turned_over_and_in_place),
        ("layer_gradient", layer_in_fractions),
        ("layer_gradient", layer_one_by_one),
        ("measured_gradient", measured_by_lists),
        ("measured_gradient", measured_on_the_spot_and_put_back),
        ("window_gradient", window_in_dicts),
        ("window_gradient", window_by_counting),
        ("window_gradient", window_by_one_hot_rows),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_a_right_answer_earns_all_points_however_it_is_written(name, answer):
    assert earns(name, answer)


def test_numbers_may_come_as_a_tuple_as_fractions_or_as_whole_numbers():
    right = (-1, -10, -1, 10, -1, 5, -2, 10)
    for answer in (right, [F(each) for each in right], np.array(right), np.array(right, dtype="float32")):
        assert earns("gates", answer)
    assert earns("twice", " d ")


def test_the_digits_gradient_is_the_slope_of_the_error(cells):
    """Along three directions, against the difference of the error that the text states."""
    space = {"np": np}
    exec(part(cells, "digits-data"), space)
    X, T, W1, b1, W2, b2 = (space[name] for name in ("X", "T", "W1", "b1", "W2", "b2"))
    x, t, _, _ = load_digits_mnist(dtype="float64")
    assert np.array_equal(X, x[:32])
    assert np.array_equal(T.argmax(axis=1), t[:32])

    def mean_error(W1):
        O = np.tanh(X @ W1 + b1) @ W2 + b2
        return np.mean([((o - target) ** 2).sum() / 2 for o, target in zip(O, T, strict=True)])

    gradient = ps1.digits._right()
    rng = np.random.default_rng(3)
    for _ in range(3):
        d = rng.choice([-1.0, 1.0], size=W1.shape)
        slope = (mean_error(W1 + 1e-5 * d) - mean_error(W1 - 1e-5 * d)) / 2e-5
        assert slope == pytest.approx((gradient * d).sum(), rel=1e-6)
    assert earns("digits", gradient.tolist())
    assert not earns("digits", gradient + 1e-5)


# Inputs, messages, hints ---------------------------------------------------------------------------------------------


def cases(name, seed="what a learner sees"):
    return list(ps1.questions[name]._cases(generator("ps1", name, seed)))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_inputs_go_from_small_to_large_and_the_grader_has_others(name):
    here, hidden = cases(name), cases(name, "of the grader")
    assert 6 <= len(here) <= 10
    assert all(np.size(each) <= 2 for each in here[0])
    assert np.size(here[-1][0]) > np.size(here[0][0])
    assert not all(np.array_equal(one, other) for one, other in zip(here[-1], hidden[-1], strict=True))


def test_inputs_hold_the_edge_cases():
    delta, W, Z = zip(*cases("delta_hidden"), strict=True)
    assert any(not each.any() for each in delta)
    assert any(each.shape[0] == each.shape[1] > 1 for each in W)
    assert any(each.shape[0] != each.shape[1] for each in W)
    assert any(abs(each).max() > 15 for each in Z)  # saturated: the slope is 0
    assert {1} < {len(H) for H, _ in cases("layer_gradient")}
    words = [each for each, _, _ in cases("window_gradient")]
    assert any(each.shape[1] == 5 and len(np.unique(each)) == 4 for each in words)  # one word twice in one window
    assert any(each.shape[1] == 1 and len(np.unique(each)) < len(each) for each in words)  # in two windows
    assert any(len(np.unique(each)) == each.size for each in words)  # none twice
    assert any(rows > each.max() + 1 for each, _, rows in cases("window_gradient"))  # words that are not used


def test_steps_are_so_large_that_a_formula_is_told_from_a_measurement():
    arguments = cases("measured_gradient")[0]
    exact = ps1.measured_gradient._judge.mistakes[next(iter(ps1.measured_gradient._judge.mistakes))]
    assert abs(exact(*arguments) - ps1.measured_gradient._judge.right(*arguments)).max() > 0.01


def test_shapes_are_told_to_whoever_multiplies_what_does_not_fit():
    message = ps1.delta_hidden.check(lambda delta, W, Z: (delta @ W) * (1 - np.tanh(Z) ** 2), show=False).message
    assert message.endswith("which side of W is it on?")
    assert "delta is (n, n_out)" not in ps1.delta_hidden.check(lambda delta, W, Z: delta @ W.T, show=False).message


def test_who_adds_the_step_and_takes_it_away_is_told_of_rounding():
    def on_the_spot(W1, W2, X, T, h):
        slopes = np.zeros_like(W1)
        for place in np.ndindex(W1.shape):
            W1[place] += h
            ahead = loss(W1, W2, X, T)
            W1[place] -= 2 * h
            slopes[place] = (ahead - loss(W1, W2, X, T)) / (2 * h)
            W1[place] += h
        return slopes

    message = ps1.measured_gradient.check(on_the_spot, show=False).message
    assert message.startswith("For W1 = [[ 0.1, -1. ]]")
    assert "rounding leaves another number" in message
    assert 0.1 + 0.2 - 0.2 != 0.1


@pytest.mark.parametrize("name", FUNCTIONS)
def test_messages_of_known_mistakes_do_not_say_the_line(name, cells):
    code = part(cells, name).split("### BEGIN SOLUTION")[1].split("### END SOLUTION")[0]
    lines = {re.sub(r"\W", "", line) for line in code.splitlines() if len(line.strip()) > 12}
    question = ps1.questions[name]
    for sentence in (*question._judge.mistakes, *question._notes.values(), *question.hints[:1]):
        assert not any(line in re.sub(r"\W", "", sentence) for line in lines)


def test_the_first_hints_are_words_without_code_or_numbers():
    for question in ps1.questions.values():
        assert not re.search(r"[@`=()\[\]]|\bnp\b|\d|axis|\.T\b", question.hints[0]), question.name


def test_every_known_mistake_of_a_function_is_in_the_catalogue():
    spec = importlib.util.spec_from_file_location("mistakes_of_ps1", ROOT / "solutions" / "ps1" / "mistakes.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, question in ps1.questions.items():
        known = question._judge.mistakes if name in FUNCTIONS else getattr(question, "_mistakes", {})
        for sentence in known:
            assert any(words in sentence for _, words in module.MISTAKES[name]), (name, sentence)
