"""The multi-layer perceptron in matrix form: forward, loss and gradient, one line for each equation.

The error signal δ_l is ∂E/∂Z_l, as in lesson 03; books that write δ = −∂E/∂net, as lesson 04 does, have the other sign.

Source: Rumelhart, Hinton and Williams (1986), 'Learning representations by back-propagating errors', equations 1 to 7.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from .activations import ACTIVATIONS
from .checks import check_choice, check_dtype, check_inputs, check_labels, check_targets, describe
from .initializers import INITIALIZERS
from .losses import LOSSES, one_hot, softmax
from .parameters import Parameters
from .penalties import Penalty, check_penalty

Array = NDArray[Any]

LOSS_NAMES = ("softmax_cross_entropy", "squared_error_sum", "squared_error_mean")


class Network:
    """A fully connected network of L layers.

        H_0 = X
        Z_l = H_{l−1} W_l + b_l        for l = 1 … L
        H_l = f(Z_l)                   for l < L; the last Z_L are the scores

    One example is one row of X; `W_l` has shape (n_in, n_out), so that w_ki leads from unit k to unit i.

    sizes        units of each layer, the inputs first: [784, 100, 10] has two layers of weights
    activation   f, a name in `ACTIVATIONS`; "parametric_relu" learns slopes `a_l` too, which start at ¼
    initializer  of the weights, a name in `INITIALIZERS`; biases start at 0
    loss         "softmax_cross_entropy", "squared_error_sum" or "squared_error_mean"
    penalty      `L1(strength)`, `L2(strength)` or None, added to the loss
    seed         of the generator PCG64 that draws the weights in float64, layer by layer
    dtype        of weights, inputs and gradients alike: "float32" or "float64"

    `params` holds W1, b1, W2, b2, … as one `Parameters`. Raises ValueError or TypeError for bad arguments.

    >>> net = Network([2, 3, 2], seed=1, dtype="float64")
    >>> net.params
    Parameters(17 numbers, float64: W1 (2, 3), b1 (3,), W2 (3, 2), b2 (2,))
    >>> x = np.array([[1.0, -1.0], [0.5, 2.0]])
    >>> net.gradient(x, [0, 1])["b2"].sum().round(12)  # (P − T)/n sums to 0
    np.float64(0.0)
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activation: str = "relu",
        initializer: str = "he",
        loss: str = "softmax_cross_entropy",
        penalty: Penalty | None = None,
        seed: int = 0,
        dtype: DTypeLike = "float32",
    ) -> None:
        self.sizes = _check_sizes(sizes)
        self.activation = ACTIVATIONS[check_choice(activation, ACTIVATIONS, "activation")]
        self.initializer = check_choice(initializer, INITIALIZERS, "initializer")
        self.loss_name = check_choice(loss, LOSS_NAMES, "loss")
        self.penalty = check_penalty(penalty)
        self.dtype = check_dtype(dtype)
        self.layers = len(self.sizes) - 1
        self.params = self._initial_parameters(seed)
        _keep_freed_memory()

    def _initial_parameters(self, seed: int) -> Parameters:
        generator = np.random.Generator(np.random.PCG64(seed))
        arrays: dict[str, Array] = {}
        for l in range(1, self.layers + 1):
            n_in, n_out = self.sizes[l - 1 : l + 1]
            arrays[f"W{l}"] = INITIALIZERS[self.initializer](generator, n_in, n_out)
            arrays[f"b{l}"] = np.zeros(n_out)
            if self.activation.learned and l < self.layers:
                arrays[f"a{l}"] = np.full(n_out, 0.25)
        return Parameters.from_arrays(arrays, self.dtype)

    def signals(self, x: ArrayLike, params: Parameters | None = None) -> tuple[list[Array], list[Array]]:
        """All Z_l and H_l of the forward pass, so that `Z[l]` and `H[l]` are those of the equations.

        x  (n, n_in);  returns Z, H: two lists of L + 1 arrays (n, units). Z[0] and H[0] are X; H[L] is Z[L].
        """
        params = self._check_params(params)
        Z = [check_inputs(x, self.sizes[0], self.dtype)]
        H = [Z[0]]
        f = self.activation.function
        for l in range(1, self.layers + 1):
            Z.append(H[l - 1] @ params[f"W{l}"] + params[f"b{l}"])
            H.append(f(Z[l], *self._slope(params, l)) if l < self.layers else Z[l])
        return Z, H

    def forward(self, x: ArrayLike, params: Parameters | None = None) -> Array:
        """The scores Z_L, shape (n, n_out), for x of shape (n, n_in)."""
        return self.signals(x, params)[1][-1]

    def loss_and_gradient(
        self, x: ArrayLike, labels: ArrayLike, params: Parameters | None = None
    ) -> tuple[float, Parameters]:
        """The loss and its gradient by every parameter, from one forward and one backward pass.

            δ_L = (P − T) / n                         (softmax cross-entropy)
            ∂E/∂W_l = H_{l−1}ᵀ δ_l                    (n_in, n) (n, n_out)
            ∂E/∂b_l = 1ᵀ δ_l                          (n,) (n, n_out)
            δ_{l−1} = (δ_l W_lᵀ) ∘ f′(Z_{l−1})

        x       (n, n_in), of the network's dtype
        labels  (n,) integers; for squared errors also targets (n, n_out)
        params  to be used instead of `self.params`, of the same layout

        >>> net = Network([1, 1], loss="squared_error_sum", dtype="float64", seed=0)
        >>> net.params.vector = [2.0, 1.0]  # o = 2x + 1
        >>> loss, gradient = net.loss_and_gradient(np.array([[3.0]]), np.array([[5.0]]))
        >>> loss, gradient.vector  # ½ (7 − 5)², (7 − 5)·3, 7 − 5
        (2.0, array([6., 2.]))
        """
        params = self._check_params(params)
        f = self.activation
        Z, H = self.signals(x, params)
        T = self._targets(labels, len(H[0]))
        loss, delta = LOSSES[self.loss_name].function(Z[-1], T)
        gradient = params.empty_like()
        ones = np.ones(len(T), self.dtype)
        for l in range(self.layers, 0, -1):
            np.matmul(H[l - 1].T, delta, out=gradient[f"W{l}"])
            np.matmul(ones, delta, out=gradient[f"b{l}"])
            if l > 1:
                delta = delta @ params[f"W{l}"].T
                slope = self._slope(params, l - 1)
                if f.slope_derivative:
                    gradient[f"a{l - 1}"] = ones @ (delta * f.slope_derivative(Z[l - 1], *slope))
                delta *= f.derivative(Z[l - 1], *slope)
        if self.penalty:
            loss += self.penalty.value(params)
            for l in range(1, self.layers + 1):
                gradient[f"W{l}"] += self.penalty.gradient(params[f"W{l}"])
        return loss.item(), gradient

    def loss(self, x: ArrayLike, labels: ArrayLike, params: Parameters | None = None) -> float:
        """The loss alone; arguments as in `loss_and_gradient`."""
        params = self._check_params(params)
        Z = self.forward(x, params)
        loss, _ = LOSSES[self.loss_name].function(Z, self._targets(labels, len(Z)))
        if self.penalty:
            loss += self.penalty.value(params)
        return loss.item()  # type: ignore[no-any-return]

    def gradient(self, x: ArrayLike, labels: ArrayLike, params: Parameters | None = None) -> Parameters:
        """The gradient alone; arguments as in `loss_and_gradient`."""
        return self.loss_and_gradient(x, labels, params)[1]

    def probabilities(self, x: ArrayLike) -> Array:
        """Softmax of the scores: rows of n_out probabilities."""
        return softmax(self.forward(x))

    def predict(self, x: ArrayLike) -> Array:
        """The class with the highest score, one integer for each row of x."""
        return self.forward(x).argmax(axis=1)  # type: ignore[no-any-return]

    def accuracy(self, x: ArrayLike, labels: ArrayLike) -> float:
        """The share of rows of x whose predicted class is the label."""
        predicted = self.predict(x)
        return float((predicted == check_labels(labels, len(predicted), self.sizes[-1])).mean())

    def __repr__(self) -> str:
        return (
            f"Network({list(self.sizes)}, {self.activation.name}, {self.loss_name}, "
            f"{self.params.vector.size:,} parameters, {self.dtype})"
        )

    def _slope(self, params: Parameters, l: int) -> list[Array]:
        return [params[f"a{l}"]] if self.activation.learned else []

    def _targets(self, labels: ArrayLike, n: int) -> Array:
        labels, n_out = np.asarray(labels), self.sizes[-1]
        if self.loss_name != "softmax_cross_entropy" and labels.ndim == 2:
            return check_targets(labels, n, n_out, self.dtype)
        return one_hot(check_labels(labels, n, n_out), n_out, self.dtype)

    def _check_params(self, params: Parameters | None) -> Parameters:
        if params is None:
            return self.params
        if not isinstance(params, Parameters) or params.shapes != self.params.shapes:
            raise ValueError(f"params must have the layout {self.params!r}, got {describe(params)}.")
        return params


def _keep_freed_memory() -> None:
    """Let the C library keep freed memory instead of handing it back to the system after each step.

    glibc adapts to the largest block that was ever freed. Without this every gradient is written to fresh pages, and
    a step of lesson 12 takes half as long again. The block is never touched: it costs nothing, and does nothing where
    the C library is another.
    """
    np.empty(4_000_000)


def _check_sizes(sizes: Sequence[int]) -> tuple[int, ...]:
    numbers = tuple(sizes)
    if len(numbers) < 2 or not all(isinstance(n, (int, np.integer)) and n >= 1 for n in numbers):
        raise ValueError(f"sizes must be two or more positive integers, inputs first, got {sizes!r}.")
    return tuple(int(n) for n in numbers)
