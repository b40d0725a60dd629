"""Lesson 14: each number and formula in the running text is built again from what is computed, or proved."""

import re
from fractions import Fraction as F
from itertools import pairwise
from pathlib import Path

import nbformat
import numpy as np
import pytest
import sympy as sp
from downslope.backprop import check_gradient
from downslope.data import load_corpus, windows
from downslope.optim import Adadelta, AdaGrad, RMSprop, RMSpropNesterov, surfaces, trajectory
from lesson_text import reader

ROOT = Path(__file__).resolve().parent.parent.parent
(PATH,) = (ROOT / "notebooks").glob("14-*.ipynb")
CELLS = nbformat.read(PATH, as_version=4).cells
TEXT = "\n".join(cell.source for cell in CELLS if cell.cell_type == "markdown")
CODE = [cell for cell in CELLS if cell.cell_type == "code"]
SOURCE = "\n".join(cell.source for cell in CODE)

eta, eps, rho, mu, g, h = sp.symbols("eta epsilon rho mu g h", positive=True)


def numbers(text):
    return [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?(?:e[-+]\d+)?", text.replace(",", ""))]


output, row, said = reader(CODE, TEXT, numbers)


def defined(*names, **given):
    """The functions of the lesson with these names, made from its own cells."""
    space = {"np": np, "F": F, **given}
    for name in names:
        (cell,) = [cell.source for cell in CODE if f"def {name}(" in cell.source]
        (body,) = re.findall(rf"^def {name}\(.*?(?=^\S|\Z)", cell, flags=re.M | re.S)
        exec(body, space)
    return space


def sizes(optimizer, gradients):
    w, found = np.zeros(1), []
    for each in gradients:
        w[:] = 0
        optimizer.update(w, np.array([float(each)]))
        found.append(abs(w[0]))
    return np.array(found)


@pytest.fixture(scope="module")
def corpus():
    loaded = load_corpus()
    return loaded.vocabulary, *windows(loaded.train, loaded.vocabulary)


# The words -----------------------------------------------------------------------------------------------------------


def test_the_words_come_as_often_as_the_lesson_says(corpus):
    vocabulary, x, place = corpus
    before = {word: place[x[:, 1] == vocabulary[word]] for word in ("in", "near")}
    assert (len(before["in"]), before["in"].sum()) == (117, 81)
    assert (len(before["near"]), before["near"].sum()) == (1, 1)
    said("*in* stands there 117 times, and 81 times", "*near* stands there once, and the word after it belongs")
    counts = np.bincount(x[:, 2], minlength=len(vocabulary))[2:]
    assert row("1,053 words,")[:2] == [658, 194]
    assert (counts == 1).sum() == 658
    assert len(counts) == 1053
    assert 658 / 1053 > 0.6
    said("1,053 different words", "Well over half", "5 · 1,055 entries")
    assert len(vocabulary) == 1055
    assert len(x) // 16 == 202
    said("202 batches of 16 windows", f"at most {5 * 16} of them", "all 3,237 windows", "at most 1/3,237")
    assert len(x) == 3237


def test_the_gradient_of_the_classifier_is_right(corpus):
    _, x, place = corpus
    space = defined("gradient", slot=np.arange(5))
    x, place = x[200:206] % 7, place[200:206]
    W = np.random.default_rng(0).normal(size=(5, 7))

    def loss(W):
        z = W[np.arange(5), x].sum(axis=1)
        return np.mean(np.logaddexp(0, z) - place * z)

    assert check_gradient(loss, space["gradient"](W, x, place), W).ok
    z, t = sp.symbols("z t")
    p = 1 / (1 + sp.exp(-z))
    for label in (0, 1):
        entropy = -sp.log(p) if label else -sp.log(1 - p)
        assert sp.simplify(sp.diff(entropy, z) - (p - label)) == 0
        assert abs((entropy - (sp.log(1 + sp.exp(z)) - t * z).subs(t, label)).subs(z, 0.7).evalf()) < 1e-12
    said(r"\delta = \frac{p - place}{n}", r"`np.logaddexp(0, z) - place * z` is the cross-entropy")


def test_in_and_near_get_what_the_lesson_says():
    tables = [o.text for cell in CODE for o in cell.outputs if o.get("text", "").startswith("the       258 times")]
    weights = [{line.split()[0]: float(line.split()[-1]) for line in table.splitlines()} for table in tables]
    sgd, adagrad = weights
    assert round(1.629 / sgd["near"]) in (30, 31)
    assert sgd["near"] < 1 / 16
    assert sgd["in"] == 1.629
    assert adagrad["near"] == adagrad["outside"] == 1.0
    assert round(adagrad["in"] / adagrad["near"]) == 4
    said("had about 30 times the weight of *near*; now it has 4 times")
    assert row("words that came once just before:") == [657, 11]
    assert row("the smallest of their weights, without its sign:", "words that came once")[0] > 0.9
    assert "every $\\eta$ from 0.3 to 100" in TEXT
    assert "thirds = np.array([0.3, 1, 3, 10, 30, 100])" in SOURCE


def test_the_ratio_of_30_is_exact_enough(corpus):
    vocabulary, x, place = corpus
    from downslope.optim import SGD
    from downslope.training import minibatches

    space = defined(
        "gradient", "learn", slot=np.arange(5), x=x, place=place, m=len(vocabulary), minibatches=minibatches
    )
    W = space["learn"](SGD(lr=1.0))[1]
    assert 30 <= W[vocabulary["in"]] / W[vocabulary["near"]] < 30.5
    W = space["learn"](AdaGrad(lr=1.0, eps=1e-15))[1]
    once = (np.bincount(x[:, 1], minlength=len(vocabulary)) == 1) & (W != 0)
    assert np.allclose(abs(W[once]), 1), "without ε each is a whole step: 'what is missing to 1 is the work of ε'"


# AdaGrad -------------------------------------------------------------------------------------------------------------


def test_the_three_steps_by_hand():
    squares, w, steps = F(0), F(1), []
    for each, length in ((3, 3), (4, 5), (12, 13)):
        squares += each**2
        assert squares == length**2
        steps.append(F(each, length))
        w -= steps[-1]
    assert steps == [1, F(4, 5), F(12, 13)]
    assert w == F(-112, 65)
    assert steps[2] > steps[1]
    assert f"w = {w}" in output("g = 12   h = 169")
    said("The second has 4/5", "from 1/5 to 1/13, the gradient grew from 4 to 12", r"$3/\sqrt{3^2} = 1$")
    assert "our weight and the ledger's: -112/65 -112/65 True" in output("our weight")


def test_the_size_of_the_gradients_drops_out_and_the_rate_falls_by_the_printed_factor():
    gradients = sp.symbols("g1:5", real=True)
    c = sp.Symbol("c", positive=True)

    def step(scale):
        return scale * gradients[-1] / sp.sqrt(sum((scale * each) ** 2 for each in gradients))

    assert sp.simplify(step(c) - step(1)) == 0
    assert sp.simplify(sp.sqrt(h) / sp.sqrt(h + g**2) - 1 / sp.sqrt(1 + g**2 / h)) == 0
    said(r"\frac{\sqrt{h_{t-1}}}{\sqrt{h_t}} = \frac{1}{\sqrt{1 + g_t^2/h_{t-1}}}")
    assert 1 / sp.sqrt(1 + sp.Rational(4**2, 3**2)) == sp.Rational(3, 5)
    assert round(100 * (1 - 1 / np.sqrt(1 + 1 / 100)), 1) == 0.5
    said("3/5 when 4 follows 3", "cuts by half a per cent")


def test_a_steady_gradient_gives_one_over_root_t():
    t = sp.Symbol("t", positive=True)
    assert sp.simplify(eta * g / sp.sqrt(t * g**2) - eta / sp.sqrt(t)) == 0
    noise = np.random.default_rng(0).choice([-0.3, 0.3], 400)
    assert np.allclose(sizes(AdaGrad(lr=1.0, eps=0.0), noise), 1 / np.sqrt(np.arange(1, 401)))
    way = np.cumsum(0.1 / np.sqrt(np.arange(1, 20_001)))
    needed = int(np.argmax(way >= 10)) + 1
    assert f"It is {needed:,} steps." in [str(o.get("data", {}).get("text/plain")) for c in CODE for o in c.outputs]
    twice = int(np.argmax(way >= 20)) + 1
    assert 3.9 < twice / needed < 4.1
    assert abs(way[9999] - 0.1 * 2 * 100) < 0.15
    said("Plain descent with $\\eta = 0.1$ gets there in 100 steps", r"is about $2\sqrt t$", "four times as long")
    assert 100 * 0.1 * 1 == 10


# ε -------------------------------------------------------------------------------------------------------------------


def test_the_place_of_eps():
    table = [numbers(line) for line in output("|g| = 1e+00").splitlines()]
    for size, beside, under, ratio in table:
        assert np.isclose(beside, size / (size + 1e-7), atol=5e-5)
        assert np.isclose(under, size / np.sqrt(size**2 + 1e-7), atol=5e-5)
        assert np.isclose(ratio, np.sqrt(size**2 + 1e-7) / (size + 1e-7), atol=5e-3)
    assert f"a factor of up to {max(table, key=lambda r: r[3])[3]:,.0f} in this table" in TEXT
    said(f"$\\sqrt{{10^{{-7}}}} = {np.sqrt(1e-7) * 1e4:.1f}\\cdot10^{{-4}}$")
    ratio = (g + eps) / sp.sqrt(g**2 + eps**2)
    (top,) = [s for s in sp.solve(sp.diff(ratio, g), g) if s.is_positive]
    assert top == eps
    assert sp.simplify(ratio.subs(g, eps) - sp.sqrt(2)) == 0
    assert sp.limit(ratio, g, 0) == sp.limit(ratio, g, sp.oo) == 1
    said(r"\le\; \sqrt 2", r"with the largest difference at $|g| = \varepsilon$")
    under = numbers(output("the   |g|").splitlines()[2])
    assert under[-1] < 0.5 < 0.99 < under[-2]
    said("the rare word loses more than half of its first step")


# RMSprop -------------------------------------------------------------------------------------------------------------


def test_rmsprop_by_hand():
    r = F(3, 4) * 0 + F(1, 4) * 16
    assert r == 4
    r = F(3, 4) * r + F(1, 4) * F(1, 4)
    assert r == F(7, 4) ** 2
    assert F(1, 2) * F(4, 7) == F(2, 7)
    said("The rate went **up**, from 1/2 to 4/7", "the first step is 2, twice $\\eta$", r"$1-\rho = \tfrac14$ of $g^2$")
    assert "ledger:  True" in output("library: [-2.         -0.28571429]")


def test_rmsprop_comes_back():
    steps = sizes(RMSprop(lr=1.0, rho=0.9, eps=0.0), [1.0] * 50 + [0.01] * 200)[50:]
    back = int(np.argmax(steps >= 0.9)) + 1
    k = np.log(1e-4) / np.log(0.9)
    assert round(k) == 87 < back < 110
    said(f"it takes {back - round(k)} more to come back to 0.9 η")
    said(f"$0.9^k = 10^{{-4}}$ takes $k = {round(k)}$", "The old squares are 10,000 times the new ones")
    assert row(f"small gradient {back}: step", "small gradient   1")[0] >= 0.9


def test_rmsprop_swings_by_half_a_rate():
    """x → −x is a step of η where r = x², so x = η/2; and this swing holds."""
    path = trajectory(RMSprop(lr=0.1), lambda w: w, [1.0], 3000)[-20:, 0]
    assert np.allclose(abs(path), 0.05, atol=1e-6)
    assert (path[1:] * path[:-1] < 0).all()
    said(r"It swings between $+\eta/2$ and $-\eta/2$")


# Units ---------------------------------------------------------------------------------------------------------------


def test_adadelta_does_not_see_units_if_eps_is_converted():
    a, b = sp.symbols("a b", positive=True)  # the loss times a, the parameter b units to one
    g1, g2, er, ed = sp.symbols("g1 g2 e_r e_d", positive=True)

    def way(gradients, e_r, e_d):
        r = d = w = 0
        for each in gradients:
            r = rho * r + (1 - rho) * each**2
            step = sp.sqrt(d + e_d) / sp.sqrt(r + e_r) * each
            d = rho * d + (1 - rho) * step**2
            w = w - step
        return w

    scaled = way([a * g1 / b, a * g2 / b], er * a**2 / b**2, ed * b**2)
    values = {a: 3.7, b: 11.0, g1: 0.4, g2: 2.2, er: 0.3, ed: 0.7, rho: 0.9}
    assert abs(((scaled / b) - way([g1, g2], er, ed)).subs(values).evalf()) < 1e-12
    assert "adadelta_end(1000, eps_r=1e-6 * k2)" in SOURCE
    assert "adadelta_end(1, 1000, eps_r=1e-6 / k2, eps_d=1e-6 * k2)" in SOURCE
    told = output("                          as it is  loss").splitlines()[1:]
    one, converted = ([float(n) for n in line.split()[-3:]] for line in told)
    assert converted[0] == converted[1] == converted[2] == one[0] == one[1]
    assert one[2] > 9.99


def test_adagrads_rate_is_a_length_and_plain_descents_is_not():
    step = [(trajectory(AdaGrad(lr=0.5 * b, eps=0.0), lambda u, b=b: u / b**2, [10.0 * b], 50) / b) for b in (1, 1000)]
    assert np.allclose(*step), "η times 1000, as in the answer of the recall question turned round"
    from downslope.optim import SGD

    step = [(trajectory(SGD(lr=0.01 * b**2), lambda u, b=b: u / b**2, [10.0 * b], 50) / b) for b in (1, 0.001)]
    assert np.allclose(*step)
    said(r"by 1/1000, $\eta$ is a length", r"by 1/1,000,000, its $\eta$ is in m²/€")


def test_adadelta_by_hand():
    r = d = w = F(0)
    roots = {F(0): F(0), F(4): F(2), F(4, 9): F(2, 3), F(49, 16): F(7, 4)}
    for each in (F(4), F(1, 2)):
        r = F(3, 4) * r + F(1, 4) * each**2
        step = (roots[d] + 1) / (roots[r] + 1) * each
        d = F(3, 4) * d + F(1, 4) * step**2
        w -= step
    assert f"r = {r}   d = {d}   w = {w}" in output("g = 4   r = 4   d")
    said(r"$\rho = \tfrac34$, $\varepsilon = 1$, gradients 4 and ½ again")


def test_eps_is_adadeltas_rate():
    d, e = sp.symbols("d e", positive=True)
    assert sp.expand(rho * d + (1 - rho) * (d + e) - (d + (1 - rho) * e)) == 0
    said(r"each step adds $(1-\rho)\,\varepsilon_{root}$ to $d$")
    path = trajectory(Adadelta(), np.ones_like, [0.0], 1000)[:, 0]
    growth = np.diff(np.diff(path) ** 2)[400:]
    assert np.allclose(growth, 0.05e-6, rtol=0.01)
    ways = [numbers(line)[-1] for line in output("ε = 1e-08").splitlines()]
    assert all(9.9 < far / near < 10.1 for near, far in pairwise(ways))
    said("Almost exactly ten times, the root of 100")


# With Nesterov momentum ----------------------------------------------------------------------------------------------


def test_rmsprop_with_nesterov_momentum():
    v = w = F(0)
    for step in (F(2), F(2, 7)):
        v = v / 2 - step
        w += v / 2 - step
    assert f"v = {v}   w = {w}" in output("g = 4   step = 2")
    said("The steps of RMSprop were 2 and 2/7")
    assert "w = θ + μv after every step: True" in output("w = θ")
    assert RMSpropNesterov().momentum == 0.9


def test_the_ravine_table_says_what_the_text_says():
    rates, steps, small_rates, small_steps = (
        line.split(":")[1].split() for line in output("RMSprop alone, η").splitlines()
    )
    pairs = list(zip(map(float, rates), steps, map(float, small_rates), small_steps, strict=True))
    assert all(np.isclose(a, 10 * b) for a, _, b, _ in pairs)
    assert all(abs(int(x) / int(y) - 1) < 0.01 for _, x, _, y in pairs[:3])
    assert [x for _, x, _, _ in pairs[4:]] == ["inf", "inf"]
    assert all(int(y) < 311 == int(pairs[3][1]) for _, _, _, y in pairs[3:])
    said("The first three agree to 1 %", r"$\tfrac12\cdot 20\cdot 0.05^2 = 0.025$")
    assert np.isclose(0.5 * 20 * 0.05**2, 0.025)
    ravine = surfaces.ravine(20)
    path = trajectory(RMSprop(lr=0.1), ravine.gradient, ravine.start, 3000)[-50:]
    assert np.allclose(abs(path), 0.05, atol=1e-4), "each of the two coordinates swings by η/2"
    path = trajectory(RMSprop(lr=0.05), ravine.gradient, ravine.start, 120)
    assert ravine.value(*path[-1]) > 1, "still on the way"


# Back to the words ---------------------------------------------------------------------------------------------------


def test_adagrad_wins_on_the_words_and_a_longer_window_catches_up():
    def line(name, of):
        best, mean, low, high = numbers(
            next(x for x in output(of).splitlines() if x.startswith(name)).removeprefix(name)
        )
        return best, mean, low, high

    names = ("SGD", "AdaGrad", "RMSprop", "Adadelta", "RMSprop with Nesterov")
    found = {name: line(name + "  ", "SGD                    best") for name in names}
    assert found["AdaGrad"][3] < min(low for name, (_, _, low, _) in found.items() if name != "AdaGrad")
    assert found["RMSprop"][1] > 0.94 * found["SGD"][1]
    said("its worst order is better than the best of any other", "RMSprop is hardly better than plain descent")
    assert found["SGD"][0] == 10
    assert found["AdaGrad"][0] == 1
    said("The best one found here is 10", "AdaGrad's best was 1")
    window = {name: line(f"RMSprop, ρ = {name} ", "RMSprop, ρ = 0.9 ") for name in ("0.9", "0.99", "0.999")}
    assert window["0.999"][1] < 1.02 * found["AdaGrad"][1]
    best = window["0.999"][0]
    said(f"The best $\\eta$ here, {best}, gives {best / np.sqrt(1 - 0.999):.2f}")
    said("little is forgotten in 202 steps")
    assert 0.999**202 > 0.8


def test_a_rare_word_is_new_each_time():
    rare = np.zeros(500)
    rare[::100] = 1
    steps = sizes(RMSprop(lr=1.0), rare)[::100]
    assert np.allclose(steps, 1 / np.sqrt(0.1), rtol=1e-4)
    said(r"$\eta/\sqrt{1-\rho} = 3.16\,\eta$")
    steps = sizes(RMSprop(lr=1.0, rho=0.999), rare)[::100]
    assert (np.diff(steps) < 0).all()


# The exercise --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def judge():
    return defined("divisors", "more_divisors", "one_answer", "judge")["judge"]


def right(gradients, lr, n):
    return -lr * gradients[-1] / np.sqrt(np.mean(gradients[-n:] ** 2, axis=0))


def test_the_printed_solution_is_right(judge):
    (solution,) = re.findall(r"`return (-lr \* gradients.*)`", TEXT)
    assert judge(eval(f"lambda gradients, lr, n: {solution}", {"np": np})) == "correct"
    assert judge(lambda gradients, lr, n: list(right(gradients, lr, n))) == "correct"


def spoiled(gradients, lr, n):
    answer = right(gradients, lr, n)
    gradients *= gradients
    return answer


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (lambda g, lr, n: None, "not attempted yet"),
        (lambda g, lr, n: -right(g, lr, n), "uphill"),
        (lambda g, lr, n: -lr * g[-1] / np.mean(g[-n:] ** 2, axis=0), "root"),
        (lambda g, lr, n: -lr * g[-1] / np.sqrt(np.sum(g[-n:] ** 2, axis=0)), "a sum, not a mean"),
        (lambda g, lr, n: -lr * g[-1] / np.sqrt(np.sum(g[-n:] ** 2, axis=0) / n), "fewer than n"),
        (lambda g, lr, n: -lr * g[-1] / abs(np.mean(g[-n:], axis=0)), "squares first"),
        (lambda g, lr, n: -lr * g[-1] / np.sqrt(np.mean(g[-n:] ** 2)), "its own mean"),
        (lambda g, lr, n: right(g, lr, len(g)), "all rows"),
        (lambda g, lr, n: -lr * g[-1] / np.sqrt(np.mean(g[:n] ** 2, axis=0)), "oldest"),
        (lambda g, lr, n: -lr * g[-1] / np.sqrt(np.mean(g[-n - 1 : -1] ** 2, axis=0)), "newest"),
        (lambda g, lr, n: right(g, lr, n) if len(g) < n else 2 * right(g, lr, n), "not yet"),
        (lambda g, lr, n: right(g, lr, n) if len(g) > n else 0 * right(g, lr, n), "not yet"),
        (lambda g, lr, n: right(g, lr, n)[:1], "shape"),
        (lambda g, lr, n: right(g, lr, n)[None], "shape"),
        (lambda g, lr, n: 0.5, "shape"),
        (lambda g, lr, n: [1, [2, 3], 4], "not an array of real numbers"),
        (lambda g, lr, n: right(g, lr, n) + 1e-9j, "not an array of real numbers"),
        (lambda g, lr, n: ["a", "b", "c"], "not an array of real numbers"),
        (lambda g, lr, n: np.ones(3), "numbers are not"),
        (lambda g, lr, n: right(g, lr, n).astype(int), "numbers are not"),
        (spoiled, "changes the gradients"),
    ],
)
def test_wrong_answers_are_told_why(judge, function, told):
    verdict = judge(function)
    assert told in verdict
    assert verdict.startswith("not ")


# Recall and predictions ----------------------------------------------------------------------------------------------


def test_the_answers():
    assert 5**2 + 12**2 == 13**2
    said("$-1$ and $-12/13$", "the gradients are 5 and then 12")
    assert np.isclose(sizes(RMSprop(lr=0.01, rho=0.96), [7.0])[0], 0.05)
    said(r"$\eta/\sqrt{1-\rho} = 0.01/0.2 = 0.05$", r"RMSprop, $\rho = 0.96$, $\eta = 0.01$")
    said("$\\varepsilon = 10^{-4}$ beside the root", "About $10^{-8}$, its square")
    assert np.isclose(0.1 / np.sqrt(10_000), 0.001)
    said(r"$0.1/\sqrt{10{,}000} = 0.001$")
    w, state = np.array([1.0]), RMSprop()
    for each in (2.0, 0.0):
        state.update(w, np.array([each]))
    assert np.isclose(state.state["r"][0], 0.9 * 0.1 * 4)


def test_the_guesses_are_answered_by_what_was_computed():
    told = [o.data["text/plain"] for c in CODE for o in c.outputs if "guess.reveal" in c.source and "data" in o]
    for answer in ("658", "0.053", "longer", "the same", "1", "2,574 steps", "31.33 times", "102 steps", "0.05"):
        assert f"It is {answer}." in told, answer
    for answer in ("plain descent's", "0", "9.99 times", "AdaGrad", "better"):
        assert f"It is {answer}." in told, answer
    assert SOURCE.count("figures.predict(") == len(told) == 14
