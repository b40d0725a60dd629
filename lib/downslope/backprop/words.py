"""Word vectors: looking them up, the gradient that comes back to them, and a classifier of word windows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from .activations import ACTIVATIONS, logistic
from .checks import check_choice, check_count, check_dtype, check_labels, check_words, describe
from .initializers import xavier
from .losses import logistic_cross_entropy, one_hot, softmax, softmax_cross_entropy
from .parameters import Parameters
from .penalties import Penalty, check_penalty

Array = NDArray[Any]

OUTPUTS = {"softmax": softmax_cross_entropy, "logistic": logistic_cross_entropy}


@dataclass(frozen=True, eq=False)
class SparseGradient:
    """The gradient of an array of which only some rows were used: all other rows are 0.

    rows    (k,) the rows used, each once, in rising order
    values  (k, d) their gradients
    shape   of the whole array

    >>> gradient = SparseGradient(np.array([2]), np.array([[5.0, 6.0]]), (3, 2))
    >>> gradient.dense()
    array([[0., 0.],
           [0., 0.],
           [5., 6.]])
    """

    rows: Array
    values: Array
    shape: tuple[int, ...]

    def dense(self) -> Array:
        """The whole array."""
        array = np.zeros(self.shape, self.values.dtype)
        array[self.rows] = self.values
        return array


def embed(vectors: Array, words: Array) -> Array:
    """Look up a vector for each word: word → integer → row → vector. The same as one_hot(words) @ vectors.

    vectors  (vocabulary, d);  words  integers of any shape;  returns words.shape + (d,)

    >>> vectors = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])
    >>> embed(vectors, np.array([2, 0]))
    array([[4., 5.],
           [0., 1.]])
    >>> one_hot(np.array([2, 0]), 3) @ vectors
    array([[4., 5.],
           [0., 1.]])
    """
    return vectors[words]


def embedding_gradient(words: Array, delta: Array, vocabulary: int) -> Array:
    """Gradient of the vectors from that of the looked-up ones; a word that came twice gets the sum of both.

        ∂E/∂vectors = one_hot(words)ᵀ δ

    `gradient[words] += delta` would keep only one of the two: numpy adds to a copy of the rows and writes it back.

    words  (n,);  delta  (n, d);  returns (vocabulary, d)

    >>> embedding_gradient(np.array([2, 0, 2]), np.array([[1.0], [5.0], [3.0]]), 3)
    array([[5.],
           [0.],
           [4.]])
    """
    gradient = np.zeros((vocabulary, delta.shape[-1]), delta.dtype)
    np.add.at(gradient, words, delta)
    return gradient


def sparse_embedding_gradient(words: Array, delta: Array, vocabulary: int) -> SparseGradient:
    """The same gradient, holding only the rows of words that occur.

    >>> gradient = sparse_embedding_gradient(np.array([2, 0, 2]), np.array([[1.0], [5.0], [3.0]]), 3)
    >>> gradient.rows, gradient.values
    (array([0, 2]), array([[5.],
           [4.]]))
    """
    rows, positions = np.unique(words, return_inverse=True)
    return SparseGradient(rows, embedding_gradient(positions, delta, len(rows)), (vocabulary, delta.shape[-1]))


class WindowClassifier:
    """What is the word in the middle of a window? One hidden layer over the vectors of the window's words.

        X = [v_1 v_2 v_3 v_4 v_5]          (n, window·d), looked up
        Z = X W1 + b1                      (n, hidden)
        H = f(Z)
        S = H W2 + b2                      (n, classes), or (n, 1) for a logistic output

    vocabulary  how many words there are: they are the integers from 0 to vocabulary − 1
    d           numbers in a word's vector
    hidden      units of the hidden layer
    classes     for "softmax"; a "logistic" output says how probable label 1 is against 0, so it has 2
    window      words in a window
    activation  f, a name in `ACTIVATIONS` without a learned slope
    output      "softmax" or "logistic", each with its cross-entropy
    penalty     `L1(strength)` or `L2(strength)` on W1 and W2, or None
    seed        of the generator PCG64; vectors ~ N(0, 1/d), weights by Xavier
    dtype       "float32" or "float64"

    `params` holds vectors (vocabulary, d), W1, b1, W2, b2.

    >>> model = WindowClassifier(vocabulary=10, d=4, hidden=3)
    >>> model.params
    Parameters(111 numbers, float64: vectors (10, 4), W1 (20, 3), b1 (3,), W2 (3, 2), b2 (2,))
    >>> words = np.array([[1, 2, 3, 2, 1]])
    >>> np.flatnonzero(model.gradient(words, [1])["vectors"].any(axis=1))
    array([1, 2, 3])
    """

    def __init__(
        self,
        vocabulary: int,
        d: int,
        hidden: int,
        classes: int = 2,
        window: int = 5,
        activation: str = "tanh",
        output: str = "softmax",
        penalty: Penalty | None = None,
        seed: int = 0,
        dtype: DTypeLike = "float64",
    ) -> None:
        self.vocabulary = check_count(vocabulary, "vocabulary")
        self.d = check_count(d, "d")
        self.hidden = check_count(hidden, "hidden")
        self.classes = check_count(classes, "classes")
        self.window = check_count(window, "window")
        names = [name for name, f in ACTIVATIONS.items() if not f.learned]
        self.activation = ACTIVATIONS[check_choice(activation, names, "activation")]
        self.output = check_choice(output, OUTPUTS, "output")
        if output == "logistic" and classes != 2:
            raise ValueError(f"classes must be 2 for a logistic output, got {classes}.")
        self.penalty = check_penalty(penalty)
        self.dtype = check_dtype(dtype)
        generator = np.random.Generator(np.random.PCG64(seed))
        outputs = 1 if output == "logistic" else classes
        self.params = Parameters.from_arrays(
            {
                "vectors": generator.standard_normal((vocabulary, d)) / np.sqrt(d),
                "W1": xavier(generator, window * d, hidden),
                "b1": np.zeros(hidden),
                "W2": xavier(generator, hidden, outputs),
                "b2": np.zeros(outputs),
            },
            self.dtype,
        )

    def signals(self, words: ArrayLike, params: Parameters | None = None) -> tuple[Array, Array, Array, Array]:
        """X, Z, H and S of the forward pass for words of shape (n, window)."""
        params = self._check_params(params)
        rows = check_words(words, self.vocabulary, self.window)
        X = embed(params["vectors"], rows).reshape(len(rows), self.window * self.d)
        Z = X @ params["W1"] + params["b1"]
        H = self.activation.function(Z)
        return X, Z, H, H @ params["W2"] + params["b2"]

    def forward(self, words: ArrayLike, params: Parameters | None = None) -> Array:
        """The scores S."""
        return self.signals(words, params)[-1]

    def loss(self, words: ArrayLike, labels: ArrayLike, params: Parameters | None = None) -> float:
        """Mean cross-entropy and penalty for words (n, window) and integer labels (n,)."""
        params = self._check_params(params)
        S = self.forward(words, params)
        loss, _ = OUTPUTS[self.output](S, self._targets(labels, len(S)))
        if self.penalty:
            loss += self.penalty.value(params)
        return loss.item()  # type: ignore[no-any-return]

    def loss_and_gradient(
        self, words: ArrayLike, labels: ArrayLike, params: Parameters | None = None
    ) -> tuple[float, Parameters]:
        """The loss and its gradient by every parameter.

        δ_S = (P − T) / n
        δ_Z = (δ_S W2ᵀ) ∘ f′(Z)
        δ_window = δ_Z W1ᵀ                 (n, window·d): split in five, one piece for each word
        ∂E/∂vectors = the sum of the pieces of each word
        """
        loss, gradient, pieces = self._backward(words, labels, self._check_params(params))
        gradient["vectors"] = embedding_gradient(np.ravel(words), pieces, self.vocabulary)
        return loss, gradient

    def gradient(self, words: ArrayLike, labels: ArrayLike, params: Parameters | None = None) -> Parameters:
        """The gradient alone."""
        return self.loss_and_gradient(words, labels, params)[1]

    def sparse_gradient(self, words: ArrayLike, labels: ArrayLike) -> dict[str, Array | SparseGradient]:
        """The gradient as a dict with a `SparseGradient` for the vectors: for `SparseAdam`.

        >>> model = WindowClassifier(vocabulary=10, d=4, hidden=3)
        >>> model.sparse_gradient(np.array([[1, 2, 3, 2, 1]]), [1])["vectors"].rows
        array([1, 2, 3])
        """
        _, gradient, pieces = self._backward(words, labels, self.params)
        sparse = sparse_embedding_gradient(np.ravel(words), pieces, self.vocabulary)
        return {**gradient, "vectors": sparse}

    def probabilities(self, words: ArrayLike) -> Array:
        """Probability of each class, shape (n, classes)."""
        S = self.forward(words)
        if self.output == "softmax":
            return softmax(S)
        p = logistic(S)
        return np.hstack([1 - p, p])

    def predict(self, words: ArrayLike) -> Array:
        """The most probable class of each window."""
        return self.probabilities(words).argmax(axis=1)  # type: ignore[no-any-return]

    def accuracy(self, words: ArrayLike, labels: ArrayLike) -> float:
        """The share of windows whose most probable class is the label."""
        predicted = self.predict(words)
        return float((predicted == check_labels(labels, len(predicted), self.classes)).mean())

    def __repr__(self) -> str:
        return (
            f"WindowClassifier({self.vocabulary} words, window {self.window}, d {self.d}, hidden {self.hidden}, "
            f"{self.activation.name}, {self.output}, {self.params.vector.size:,} parameters, {self.dtype})"
        )

    def _backward(self, words: ArrayLike, labels: ArrayLike, params: Parameters) -> tuple[float, Parameters, Array]:
        """Loss, gradient of all but the vectors, and δ_window split into the pieces of its words, (n·window, d)."""
        X, Z, H, S = self.signals(words, params)
        loss, delta_S = OUTPUTS[self.output](S, self._targets(labels, len(S)))
        delta_Z = (delta_S @ params["W2"].T) * self.activation.derivative(Z)
        delta_window = delta_Z @ params["W1"].T
        ones = np.ones(len(S), self.dtype)
        gradient = params.zeros_like()
        gradient["W2"] = H.T @ delta_S
        gradient["b2"] = ones @ delta_S
        gradient["W1"] = X.T @ delta_Z
        gradient["b1"] = ones @ delta_Z
        if self.penalty:
            loss += self.penalty.value(params)
            gradient["W1"] += self.penalty.gradient(params["W1"])
            gradient["W2"] += self.penalty.gradient(params["W2"])
        return loss.item(), gradient, delta_window.reshape(-1, self.d)

    def _targets(self, labels: ArrayLike, n: int) -> Array:
        y = check_labels(labels, n, self.classes)
        if self.output == "logistic":
            return y[:, None].astype(self.dtype)
        return one_hot(y, self.classes, self.dtype)

    def _check_params(self, params: Parameters | None) -> Parameters:
        if params is None:
            return self.params
        if not isinstance(params, Parameters) or params.shapes != self.params.shapes:
            raise ValueError(f"params must have the layout {self.params!r}, got {describe(params)}.")
        return params
