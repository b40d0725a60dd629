"""Lesson 06: every number and formula in its text is rebuilt here and looked up in the text."""

import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
import sympy
from downslope.data import encode, load_corpus, load_reviews, windows
from downslope.training import minibatches

PATH = next((Path(__file__).resolve().parent.parent.parent / "notebooks").glob("06-*.ipynb"))
NOTEBOOK = nbformat.read(PATH, as_version=4)
TEXT = "\n\n".join(cell.source for cell in NOTEBOOK.cells if cell.cell_type == "markdown")
CODE = [cell for cell in NOTEBOOK.cells if cell.cell_type == "code"]
CORPUS = load_corpus()
X, T = windows(CORPUS.train, CORPUS.vocabulary)
X_TEST, T_TEST = windows(CORPUS.test, CORPUS.vocabulary)
NAMES = list(CORPUS.vocabulary)


def cell(part):
    return next(cell for cell in CODE if part in cell.source)


def printed(part):
    """What the code cell that holds `part` printed, in lines."""
    text = "".join(output.text for output in cell(part).outputs if output.output_type == "stream")
    return text.splitlines()


def revealed(part):
    """The answer that the code cell that holds `part` revealed."""
    told = [output.data["text/plain"] for output in cell(part).outputs if "data" in output]
    return told[-1]


def numbers(line):
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", line.replace(",", ""))]


def lesson(*starts):
    """A namespace in which the cells that begin so have run."""
    names = {"np": np}
    for start in starts:
        source = next(cell.source for cell in CODE if cell.source.startswith(start))
        exec(source.split("\n\n\nS = ")[0], names)
    return names


# The corpus


def test_the_corpus_is_as_large_as_the_text_says():
    train, test = len(CORPUS.train), len(CORPUS.test)
    assert f"{train + test} sentences in which every name of a place is tagged: {train} to train with, {test} " in TEXT
    assert f"the words of the {train} training sentences" in TEXT
    assert f"or all {train} training sentences" in TEXT
    assert f"another {test} sentences could" in TEXT
    assert f"all {len(X):,} windows" in TEXT
    assert f"{len(X_TEST)} words of held-out sentences" in TEXT
    assert printed("the first:")[0].startswith(f"{len(NAMES):,} words")


def test_jordan_is_one_word_in_two_roles():
    sentence = next(s for s in CORPUS.train if s.tokens[:3] == ("Jordan", "was", "born"))
    ids = encode(sentence.tokens, CORPUS.vocabulary)
    where = [i for i, token in enumerate(sentence.tokens) if token == "Jordan"]
    assert {ids[i] for i in where} == {204}
    assert [sentence.tags[i] for i in where] == [0, 1]
    assert "*Jordan* is word 204 both times, and only the tag differs" in TEXT
    assert "204 is not more than 3" in TEXT
    assert ids[3] == 3
    assert TEXT.count("> " + " ".join(sentence.tokens).replace(" ,", ",").replace(" .", ".")) == 1
    window = X[np.flatnonzero(X[:, 2] == CORPUS.vocabulary["born"])[0]]
    assert " ".join(NAMES[i] for i in window) == "jordan was born in jordan"
    assert "*jordan was born in jordan*: five pieces, four words" in TEXT
    assert len(set(window)) == 4


def test_no_training_window_holds_the_unknown_word_and_so_its_row_stays():
    assert not (X == 1).any()
    assert printed("words that have not moved") == ["words that have not moved at all: <unk>"]
    assert "All but one. Training never met an unknown word" in TEXT


# Looking up, and the way back


def test_a_look_up_is_a_product_and_its_gradient_the_transposed_product():
    table = 10.0 * np.arange(6)[:, None] + np.arange(3)
    one_hot = np.eye(6)[[4, 1, 3]]
    assert "in the columns 4, 1 and 3" in TEXT
    assert revealed("row_guess.reveal") == f"It is {' '.join(str(int(v)) for v in (one_hot @ table)[1])}."
    delta = np.arange(1.0, 10).reshape(3, 3)
    gradient = one_hot.T @ delta
    assert printed("grad_V = O.T @ delta") == str(gradient).splitlines()
    assert revealed("grad_V = O.T @ delta") == f"It is {gradient.any(axis=1).sum()}."
    assert "Three. Each row of $\\delta$ went" in TEXT


def test_the_gradient_of_a_look_up_is_that_of_a_product():
    v = sympy.Matrix(6, 3, lambda i, j: sympy.Symbol(f"v{i}{j}"))
    d = sympy.Matrix(3, 3, lambda i, j: sympy.Symbol(f"d{i}{j}"))
    one_hot = sympy.zeros(3, 6)
    for row, column in enumerate((4, 1, 4)):
        one_hot[row, column] = 1
    loss = sum((one_hot * v).multiply_elementwise(d))  # ∂loss/∂X = d
    assert sympy.Matrix(6, 3, lambda i, j: sympy.diff(loss, v[i, j])) == one_hot.T * d
    assert r"\frac{\partial E}{\partial V}} = \underset{6\times3}{O^\top}\;\underset{3\times3}{\delta}" in TEXT


def test_the_word_that_is_there_twice():
    ids, pieces = np.array([3, 1, 4, 2, 3]), np.outer(np.arange(1.0, 6), [1, 10])
    right = np.eye(6)[ids].T @ pieces
    first, last = pieces[[0, 4]].astype(int).tolist()
    both = right[3].astype(int).tolist()
    told = [f"({a}, {b})" for a, b in (first, last, both)]
    assert f"${told[0]} + {told[1]} = {told[2]}$" in TEXT
    wrong = np.zeros((6, 2))
    wrong[ids] += pieces
    assert wrong[3].tolist() == pieces[4].tolist()
    assert revealed("wrong[ids] += pieces") == f"It is {last[0]} {last[1]}."
    assert printed("np.add.at(right, ids, pieces)")[-1] == "equals the one-hot product: True"
    assert "The first Jordan's piece is gone" in TEXT


def test_a_batch_loses_almost_half_of_its_pieces():
    batch = minibatches(len(X), 64, 1, seed=0)[0]
    pieces, different = X[batch].size, len(np.unique(X[batch]))
    assert f"That is {pieces} pieces" in TEXT
    assert revealed("lost_guess.reveal") == f"It is {pieces - different}."
    assert 0.45 < (pieces - different) / pieces < 0.5
    assert "Almost half." in TEXT


# Softmax, cross-entropy


def test_the_gradient_of_softmax_cross_entropy_is_what_sympy_says():
    s, powers = sympy.symbols("s0:3", real=True), sympy.symbols("a0:3", positive=True)
    total = sum(sympy.exp(v) for v in s)
    p = [sympy.exp(v) / total for v in s]

    def zero(expression):  # as a fraction in a_k = e^(s_k)
        return sympy.cancel(expression.subs({sympy.exp(v): a for v, a in zip(s, powers, strict=True)})) == 0

    for t in range(3):
        short = -s[t] + sympy.log(total)
        assert zero(sympy.exp(s[t]) / total - p[t])  # e^(−E), so that E = −ln p_t
        assert all(zero(sympy.diff(short, s[k]) - p[k] + int(k == t)) for k in range(3))
        assert zero(sum(sympy.diff(short, v) for v in s))
    assert r"p_k = \frac{e^{s_k}}{\sum_j e^{s_j}} \qquad\qquad E = -\ln p_t" in TEXT
    assert r"E = -s_t + \ln \sum_j e^{s_j}" in TEXT
    assert r"= -[k = t] + \frac{e^{s_k}}{\sum_j e^{s_j}} = p_k - [k = t]" in TEXT
    assert "each row of $\\delta_S$ sums to 0" in TEXT


def test_the_logistic_function_is_the_softmax_of_z_and_0_and_its_signal_is_p_minus_t():
    z = sympy.Symbol("z", real=True)
    p = 1 / (1 + sympy.exp(-z))
    assert sympy.simplify(sympy.exp(z) / (sympy.exp(z) + 1) - p) == 0
    assert sympy.simplify(sympy.diff(-sympy.log(p), z) - (p - 1)) == 0
    assert sympy.simplify(sympy.diff(-sympy.log(1 - p), z) - p) == 0
    assert "$p = 1/(1+e^{-z})$: the softmax of $z$ and 0" in TEXT


def test_three_quarters_and_one_quarter():
    assert "The scores are $(\\ln 3,\\ 0)$" in TEXT
    assert "three quarters and one quarter" in TEXT
    assert revealed("p_guess.reveal") == f"It is {1 / (3 + 1)}."
    assert printed("delta_S =") == ["delta_S = [[ 0.75 -0.75]]", "the check agrees: True"]


def test_the_lines_of_the_backward_pass_agree_with_differences():
    names = lesson("def softmax", "def forward", "def gradient", "def start")
    names["m"] = 9
    params = names["start"](0, d=2, h=3)
    x, t = np.array([[1, 2, 3, 2, 1], [4, 4, 4, 0, 0]]), np.array([1, 0])
    grads = names["gradient"](params, x, t)
    for name, array in params.items():
        for place in np.ndindex(array.shape):
            losses = []
            for step in (1e-6, -1e-6):
                moved = {**params, name: array.copy()}
                moved[name][place] += step
                losses.append(names["loss"](moved, x, t))
            assert (losses[0] - losses[1]) / 2e-6 == pytest.approx(grads[name][place], abs=1e-8)
    assert r"\delta_Z = \delta_S W_2^\top \circ (1 - H^2) \qquad \delta_{window} = \delta_Z W_1^\top" in TEXT
    lines = cell("def gradient(params").source
    assert 'delta_Z = delta_S @ params["W2"].T * (1 - H**2)' in lines
    assert 'delta_window = delta_Z @ params["W1"].T' in lines


def test_the_check_finds_the_line_that_loses_pieces_and_the_loss_curve_does_not():
    right, wrong = printed("def overwrite")
    assert right.rstrip().endswith("right: True")
    assert "right: False worst in vectors" in wrong
    right_loss, wrong_loss = numbers(printed("mean loss of steps")[0])[2:]
    assert right_loss < wrong_loss < 1.5 * right_loss
    assert revealed("mean loss of steps") == "It is learn, a little more slowly."


# What beats what


def table():
    return {line[:19].strip(): [int(n) for n in numbers(line[19:])] for line in printed("words right          of")[1:]}


def test_what_beats_what():
    rows = table()
    every, both, unseen, one = (rows[name] for name in rows)
    assert every[:2] == [len(T_TEST), (T_TEST == 0).sum()]
    assert [sum(column) for column in zip(both, unseen, one, strict=True)][:3] == every[:3]
    assert both[2] < both[0] / 2
    assert all(0.64 < n / both[0] < 0.72 for n in both[3:])
    assert "there the counts get fewer than half, and the networks two thirds" in TEXT
    assert all(n > unseen[2] for n in unseen[3:])
    assert all(one[2] - 5 <= n < one[2] for n in one[3:])
    assert f"accuracy of {round(100 * every[1] / every[0])} % is nothing" in TEXT
    assert {round(100 * n / every[0]) for n in every[3:]} == {96}
    assert f"96 % against {100 * every[2] / every[0]:.1f} %" in TEXT
    assert printed("rivals = {") == [
        f"never: {every[1] / every[0]:.1%}", f"commonest role: {every[2] / every[0]:.1%}"
    ]  # fmt: skip


def test_gains_and_losses():
    gains, losses, found, counted = (numbers(line.split(":")[1]) for line in printed("the other way round"))
    counted = counted[0]
    assert len(gains) == len(losses) == len(found) == 5
    said = f"gains {min(gains):.0f} to {max(gains):.0f} words and loses {min(losses):.0f} to {max(losses):.0f}"
    assert said in TEXT
    assert (
        f"find {min(found):.0f} to {max(found):.0f} of the {T_TEST.sum()} places, where counting found {counted:.0f}"
        in TEXT
    )
    count = np.bincount(X[:, 2], minlength=len(NAMES))
    role = np.bincount(X[:, 2], weights=T, minlength=len(NAMES)) > count / 2
    assert (role[X_TEST[:, 2]] & (T_TEST == 1)).sum() == counted
    assert sorted(np.array(gains) - losses + table()["all held-out words"][2]) == table()["all held-out words"][3:]


def test_five_found_of_fourteen():
    lines = [re.match(r"([\d.]+) +(\S+) +(\S+) \[(\S+)\] (\S+) (\S+)", line).groups() for line in printed("chosen[np")]
    found = [line for line in lines if float(line[0]) > 0.5]
    missed = [line for line in lines if float(line[0]) < 0.5]
    assert (len(found), len(lines)) == (5, 14)
    assert {line[2] for line in found} == {"in", "of", "to", "from"}
    assert [line[3] for line in missed if line[2] == "in"] == ["florence"]
    assert {("through", "georgia"), ("the", "amazon"), ("<pad>", "paris"), ("near", "florence")} <= {
        line[2:4] for line in missed
    }
    told = printed("others = both[middle]")
    assert told[0] == "14 words, of them read as a place: 0"
    assert told[2] == "and of the 14 places it finds 0"
    assert "The counts find none of these places." in TEXT
    assert "No false alarm at all." in TEXT


def test_the_word_before():
    rows = {line.split()[0]: numbers(line) for line in printed("average = {}")[1:]}
    assert max(rows, key=lambda word: rows[word][0]) == "in"
    assert rows["from"][0] > 0.3 > 0.05 > rows["near"][0]
    assert rows["near"][2] == 1
    assert "With *near* it did not, because training has it once" in TEXT
    assert sum(token.lower() == "near" for sentence in CORPUS.train for token in sentence.tokens) == 1
    for word, (_, place, every) in rows.items():
        there = X[:, 1] == CORPUS.vocabulary[word]
        assert (place, every) == (T[there].sum(), there.sum())


def test_the_words_that_announce_a_place_have_moved_farthest():
    farthest = re.findall(r"(\S+) \d\.\d\d", printed("farthest:")[0])
    assert farthest[:4] == ["in", "from", "of", "to"]


# Film reviews


def test_the_reviews_are_as_the_text_says():
    train, test = load_reviews()
    assert f"{len(train)} short reviews to train with, {len(test)} to test" in TEXT
    assert all((review.label == 0) == bool({"TV", "telly"} & set(review.tokens)) for review in train)
    assert all((review.label == 0) == ("television" in review.tokens) for review in test)
    assert "51 numbers" in TEXT
    assert "pretrained = (U * np.sqrt(s))[:, :50]" in cell("pretrained =").source


def test_the_three_words_are_alike_and_television_stays():
    close = [numbers(line)[0] for line in printed("pairs = [")]
    assert min(close[:3]) > 0.7 > 0.3 > close[3]
    rows = {line.split()[0]: numbers(line) for line in printed("score, fixed")[1:]}
    assert rows["television"][2] == 0
    assert min(rows["tv"][2], rows["telly"][2]) > 5
    fixed = [rows[word][0] for word in ("tv", "telly", "television")]
    assert max(fixed) < -50
    assert rows["television"][1] > 3 * max(rows["tv"][1], rows["telly"][1]) / 4
    assert rows["cinema"][0] > 0


def test_what_retraining_costs():
    rows = [numbers(line.split("d =")[1]) for line in printed("for d_film in")[2:]]
    trained, random = {row[0]: row[1:] for row in rows[:3]}, {row[0]: row[1:] for row in rows[3:]}
    costs = [row[1] - row[4] for row in trained.values()]
    assert f"retraining costs {min(costs):.0f} to {max(costs):.0f} of the 12, in every row" in TEXT
    small = trained[10]
    assert f"({small[0]:.0f} of 48)" in TEXT
    assert f"{small[4] + small[5]:.0f} of 24 against {small[1] + small[2]:.0f}" in TEXT
    assert revealed("random_guess.reveal") == f"It is {random[50][4]:.0f}."
    two = [numbers(line) for line in printed("better_guess.reveal")[1:]]
    assert two == [[48, 48, 12, 12, 12, 12], [48, 48, 9, 12, 12, 12]]
    assert [trained[50][:3], trained[50][3:]] == [[row[0], row[2], row[4]] for row in two]
    assert "Both know the training reviews by heart" in TEXT


def test_whether_to_retrain():
    lines = printed("best[n] = max")[2:]
    rows = {int(numbers(line)[0]): np.array(numbers(line)[1:]).reshape(3, 3) for line in lines}
    random, fixed, both = range(3)
    assert list(rows) == [20, 80, 313]
    means = rows[20].mean(axis=1)
    widest = np.ptp(rows[20], axis=1).max()
    assert f"by up to {widest:.0f} words, and the ways differ by {np.ptp(means):.0f} on average: no verdict" in TEXT
    for n in (80, 313):
        assert rows[n][both].min() > rows[n][fixed].max()
    assert all(0 < rows[n][both].mean() - rows[n][random].mean() < 7 for n in rows)
    assert "From 80 on, every pre-trained table that was trained on beats every fixed one." in TEXT
    assert "**Predict.** With 80 sentences" in TEXT
    assert "small_guess.reveal(best[80])" in cell("best[n] = max").source
    assert revealed("best[n] = max") == "It is pre-trained, trained."


# Your turn, recall


def test_the_judge_of_the_exercise():
    names = lesson("def mistakes", "def judge", "def gradient_of_means")
    judge, mistakes = names["judge"], names["mistakes"]
    assert judge(names["gradient_of_means"]) == "not attempted"
    assert printed("print(judge(") == ["not attempted"]
    body = re.findall(r"`(.*?)`", TEXT.split("<details><summary>A solution</summary>")[1].split("</details>")[0])[:3]
    exec("def solution(ids, delta, m):\n    " + "\n    ".join(body), names)
    assert judge(names["solution"]) == "correct"
    for told in mistakes(np.zeros((1, 5), int), np.zeros((1, 1)), 1):
        assert judge(lambda ids, delta, m, told=told: mistakes(ids, delta, m)[told]) == told
    assert judge(lambda ids, delta, m: np.zeros((m, 3))) == "not yet"
    assert judge(lambda ids, delta, m: np.full((m, 3), np.nan)) == "not yet"
    assert judge(lambda ids, delta, m: delta).startswith("not yet: the shape is (8, 3)")

    def once(ids, delta, m):  # each different word of a window once
        grad = np.zeros((m, delta.shape[1]))
        for row, d in zip(ids, delta, strict=True):
            grad[np.unique(row)] += d / 5
        return grad

    assert judge(once) == "not yet"


def test_the_answers_to_recall():
    answers = TEXT.split("## Recall")[1]
    assert f"1. At most {32 * 5}, one for each word of the batch." in answers
    ids, pieces = np.array([0, 1, 0, 1, 0]), np.arange(1, 6)  # day to day to day
    right, wrong = np.zeros(2, int), np.zeros(2, int)
    np.add.at(right, ids, pieces)
    wrong[ids] += pieces
    assert f"2. {right[0]} and {right[1]}; the wrong line leaves {wrong[0]} and {wrong[1]}." in answers
    p = np.array([0.2, 0.8])
    told = ["({:g}, {:g})".format(*(p - np.eye(2)[t]).round(12)) for t in (1, 0)]
    assert f"3. ${told[0]}$; ${told[1]}$." in answers


def test_lines_of_code_fit_the_width_of_the_page():
    assert max(len(line) for cell in CODE for line in cell.source.splitlines()) <= 108
