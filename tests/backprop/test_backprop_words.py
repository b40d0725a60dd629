"""Word vectors: looking up is a one-hot product, and a word that comes twice gets both gradients."""

import json
from pathlib import Path

import numpy as np
import pytest
from downslope.backprop import L1, L2, Parameters, check_gradient
from downslope.backprop.losses import one_hot
from downslope.backprop.words import (
    SparseGradient,
    WindowClassifier,
    embed,
    embedding_gradient,
    sparse_embedding_gradient,
)
from downslope.optim import SparseAdam
from hypothesis import given, settings
from hypothesis import strategies as st

ORACLES = np.load(Path(__file__).parent / "oracles" / "networks.npz")
OUTPUTS = [case.split("/")[1] for case in json.loads(str(ORACLES["cases"])) if case.startswith("window/")]


@given(st.integers(1, 6), st.integers(1, 4), st.integers(1, 12), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_look_up_and_its_gradient_are_one_hot_products(vocabulary, d, n, seed):
    generator = np.random.default_rng(seed)
    vectors, words = generator.standard_normal((vocabulary, d)), generator.integers(0, vocabulary, n)
    delta, T = generator.standard_normal((n, d)), one_hot(words, vocabulary)
    assert np.array_equal(embed(vectors, words), T @ vectors)
    gradient = embedding_gradient(words, delta, vocabulary)
    assert np.allclose(gradient, T.T @ delta, rtol=1e-13, atol=1e-15)
    sparse = sparse_embedding_gradient(words, delta, vocabulary)
    assert np.array_equal(sparse.dense(), gradient)
    assert sparse.rows.tolist() == sorted(set(words.tolist()))
    assert sparse.values.shape == (len(sparse.rows), d)


def test_a_plain_indexed_sum_would_lose_one_of_two():
    words, delta = np.array([3, 3]), np.array([[1.0], [10.0]])
    lost = np.zeros((4, 1))
    lost[words] += delta
    assert lost[3] == 10
    assert embedding_gradient(words, delta, 4)[3] == 11


@pytest.mark.parametrize("output", OUTPUTS)
def test_loss_and_gradients_are_those_of_pytorch(output):
    truth = {name.removeprefix(f"window/{output}/"): ORACLES[name] for name in ORACLES.files if f"/{output}/" in name}
    (vocabulary, d), hidden = truth["vectors"].shape, len(truth["b1"])
    classes = 2 if output == "logistic" else len(truth["b2"])
    model = WindowClassifier(vocabulary, d, hidden, classes, output=output)
    for name in model.params:
        model.params[name] = truth[name]
    loss, gradient = model.loss_and_gradient(truth["x"], truth["labels"])
    assert loss == pytest.approx(float(truth["loss"]), rel=1e-12)
    assert np.allclose(model.forward(truth["x"]), truth["scores"], rtol=1e-12, atol=1e-14)
    for name in gradient:
        assert np.allclose(gradient[name], truth[f"grad/{name}"], rtol=1e-12, atol=1e-14), name
    assert not gradient["vectors"][-1].any()  # the word that never occurs


WORDS, LABELS = np.array([[1, 2, 3, 2, 1], [0, 0, 4, 1, 0], [5, 5, 5, 5, 5]]), np.array([1, 0, 1])


@pytest.mark.parametrize("penalty", [None, L1(0.02), L2(0.02)], ids=repr)
@pytest.mark.parametrize("output", ["softmax", "logistic"])
@pytest.mark.parametrize("activation", ["tanh", "relu", "hard_tanh", "logistic"])
def test_the_window_gradient_agrees_with_the_complex_step(activation, output, penalty):
    model = WindowClassifier(7, 3, 4, activation=activation, output=output, penalty=penalty)
    model.params["b1"] = [0.1, -0.2, 0.3, 0.4]
    report = check_gradient(
        lambda p: model.loss(WORDS, LABELS, p),
        model.gradient(WORDS, LABELS),
        model.params,
        method="complex",
        tolerance=1e-11,
    )
    assert report, report


def test_the_sparse_gradient_is_the_dense_one_without_rows_of_zeros():
    model = WindowClassifier(7, 3, 4)
    dense, sparse = model.gradient(WORDS, LABELS), model.sparse_gradient(WORDS, LABELS)
    assert list(sparse) == list(dense)
    assert isinstance(sparse["vectors"], SparseGradient)
    assert sparse["vectors"].rows.tolist() == [0, 1, 2, 3, 4, 5]
    assert np.array_equal(sparse["vectors"].dense(), dense["vectors"])
    for name in ("W1", "b1", "W2", "b2"):
        assert np.array_equal(sparse[name], dense[name])


def test_sparse_adam_moves_only_the_words_that_came():
    model = WindowClassifier(7, 3, 4)
    before = model.params.copy()
    SparseAdam(lr=0.1).update(dict(model.params), model.sparse_gradient(WORDS, LABELS))
    moved = (model.params["vectors"] != before["vectors"]).any(axis=1)
    assert moved.tolist() == [True] * 6 + [False]
    assert (model.params["W1"] != before["W1"]).any()


@pytest.mark.parametrize("output", ["softmax", "logistic"])
def test_it_learns_which_word_stands_in_the_middle(output):
    generator = np.random.default_rng(0)
    words = generator.integers(0, 6, size=(200, 5))
    labels = (words[:, 2] >= 3).astype(int)
    model = WindowClassifier(6, 4, 8, output=output)
    for _ in range(200):
        model.params.vector -= 0.5 * model.gradient(words, labels).vector
    assert model.accuracy(words, labels) > 0.97
    assert np.allclose(model.probabilities(words).sum(axis=1), 1)


def test_float32_throughout_and_the_same_start():
    single, double = (WindowClassifier(7, 3, 4, dtype=dtype) for dtype in ("float32", "float64"))
    assert np.array_equal(single.params.vector, double.params.vector.astype("float32"))
    assert single.gradient(WORDS, LABELS).dtype == np.float32
    assert {array.dtype for array in single.signals(WORDS)} == {np.dtype("float32")}


@pytest.mark.parametrize(
    ("words", "labels", "error", "message"),
    [
        (WORDS[:, :4], LABELS, ValueError, r"words must have shape \(n, 5\)"),
        (WORDS[0], LABELS, ValueError, r"words must have shape \(n, 5\)"),
        (WORDS.astype(float), LABELS, TypeError, "words must be integers from 0 to 6, got dtype float64"),
        (WORDS + 2, LABELS, ValueError, "words must lie from 0 to 6, got 7"),
        (-WORDS, LABELS, ValueError, "words must lie from 0 to 6, got -1"),
        (WORDS, LABELS + 1, ValueError, "labels must lie from 0 to 1, got 2"),
        (WORDS, LABELS[:2], ValueError, r"labels must have shape \(3,\)"),
        (WORDS, LABELS == 1, TypeError, "labels must be integers"),
    ],
)
def test_bad_words_and_labels_are_named(words, labels, error, message):
    with pytest.raises(error, match=message):
        WindowClassifier(7, 3, 4).gradient(words, labels)


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({"vocabulary": 0}, ValueError, "vocabulary must be a whole number of at least 1, got 0"),
        ({"d": 2.5}, ValueError, "d must be a whole number"),
        ({"window": True}, ValueError, "window must be a whole number"),
        ({"activation": "parametric_relu"}, ValueError, "activation must be one of"),
        ({"output": "linear"}, ValueError, "output must be one of 'softmax', 'logistic', got 'linear'"),
        ({"output": "logistic", "classes": 3}, ValueError, "classes must be 2 for a logistic output, got 3"),
        ({"penalty": 1}, TypeError, "penalty must be L1"),
        ({"dtype": "int32"}, ValueError, "dtype must be a float dtype"),
    ],
)
def test_a_model_that_cannot_be_built_says_why(keywords, error, message):
    with pytest.raises(error, match=message):
        WindowClassifier(**{"vocabulary": 7, "d": 3, "hidden": 4, **keywords})


def test_params_of_another_layout_are_refused():
    with pytest.raises(ValueError, match="params must have the layout"):
        WindowClassifier(7, 3, 4).loss(WORDS, LABELS, Parameters({"vectors": (7, 3)}))
