"""Make the oracles of the networks: loss and gradients of small nets by PyTorch's autograd, in float64.

    python -m venv /tmp/oracles && /tmp/oracles/bin/pip install torch==2.13.0 numpy
    /tmp/oracles/bin/python tools/oracles/networks.py

It writes tests/backprop/oracles/networks.npz, with the versions used inside. The tests need no PyTorch.

Each case holds its weights, inputs and labels too, so that the tests draw nothing. A key is case/array; the gradient by
W1 is case/grad/W1.
"""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

TARGET = Path(__file__).parents[2] / "tests" / "backprop" / "oracles" / "networks.npz"
SIZES = (4, 6, 5, 3)
EXAMPLES = 7

ACTIVATIONS = {
    "identity": lambda z, a: z,
    "logistic": lambda z, a: torch.sigmoid(z),
    "tanh": lambda z, a: torch.tanh(z),
    "hard_tanh": lambda z, a: F.hardtanh(z),
    "relu": lambda z, a: torch.relu(z),
    "leaky_relu": lambda z, a: F.leaky_relu(z, 0.01),
    "parametric_relu": F.prelu,
}
LOSSES = {
    "softmax_cross_entropy": lambda s, y, t: F.cross_entropy(s, y),
    "squared_error_sum": lambda s, y, t: F.mse_loss(s, t, reduction="sum") / 2,
    "squared_error_mean": lambda s, y, t: F.mse_loss(s, t, reduction="sum") / (2 * len(s)),
}
PENALTIES = {
    "none": lambda w: 0.0,
    "l1": lambda w: 0.01 * w.abs().sum(),
    "l2": lambda w: 0.01 * (w**2).sum(),
}


def network(rng, activation: str, loss: str, penalty: str) -> dict[str, np.ndarray]:
    """One multi-layer perceptron: loss and gradients on one batch."""
    arrays = {}
    for l, (n_in, n_out) in enumerate(pairwise(SIZES), start=1):
        arrays[f"W{l}"] = rng.normal(size=(n_in, n_out))
        arrays[f"b{l}"] = rng.normal(size=n_out)
        if activation == "parametric_relu" and l < len(SIZES) - 1:
            arrays[f"a{l}"] = rng.uniform(0.1, 0.4, size=n_out)
    x, labels = rng.normal(size=(EXAMPLES, SIZES[0])), rng.integers(0, SIZES[-1], EXAMPLES)
    params = {name: torch.tensor(array, requires_grad=True) for name, array in arrays.items()}
    h = torch.tensor(x)
    for l in range(1, len(SIZES)):
        z = h @ params[f"W{l}"] + params[f"b{l}"]
        h = ACTIVATIONS[activation](z, params.get(f"a{l}")) if l < len(SIZES) - 1 else z
    y = torch.tensor(labels)
    total = LOSSES[loss](h, y, F.one_hot(y, SIZES[-1]).double())
    total = total + sum(PENALTIES[penalty](p) for name, p in params.items() if name.startswith("W"))
    return results(total, params, arrays, {"x": x, "labels": labels, "scores": h.detach().numpy()})


def window_model(rng, output: str) -> dict[str, np.ndarray]:
    """A window classifier whose windows hold words twice."""
    vocabulary, d, hidden, window, classes = 8, 3, 4, 5, 1 if output == "logistic" else 3
    arrays = {
        "vectors": rng.normal(size=(vocabulary, d)),
        "W1": rng.normal(size=(window * d, hidden)),
        "b1": rng.normal(size=hidden),
        "W2": rng.normal(size=(hidden, classes)),
        "b2": rng.normal(size=classes),
    }
    words = rng.integers(0, vocabulary - 1, size=(EXAMPLES, window))  # the last word never occurs
    words[0] = 2, 3, 2, 3, 2
    labels = rng.integers(0, max(classes, 2), EXAMPLES)
    params = {name: torch.tensor(array, requires_grad=True) for name, array in arrays.items()}
    x = F.embedding(torch.tensor(words), params["vectors"]).reshape(EXAMPLES, -1)
    s = torch.tanh(x @ params["W1"] + params["b1"]) @ params["W2"] + params["b2"]
    y = torch.tensor(labels)
    logistic = output == "logistic"
    total = F.binary_cross_entropy_with_logits(s[:, 0], y.double()) if logistic else F.cross_entropy(s, y)
    return results(total, params, arrays, {"x": words, "labels": labels, "scores": s.detach().numpy()})


def results(total, params, arrays, inputs) -> dict[str, np.ndarray]:
    total.backward()
    grads = {f"grad/{name}": p.grad.numpy() for name, p in params.items()}
    return {**inputs, **arrays, **grads, "loss": np.array(total.item())}


def main() -> None:
    rng = np.random.default_rng(19861009)
    cases = {}
    for activation in ACTIVATIONS:
        cases[f"network/{activation}/softmax_cross_entropy/none"] = network(
            rng, activation, "softmax_cross_entropy", "none"
        )
    for loss in ("squared_error_sum", "squared_error_mean"):
        cases[f"network/tanh/{loss}/none"] = network(rng, "tanh", loss, "none")
    for penalty in ("l1", "l2"):
        cases[f"network/relu/softmax_cross_entropy/{penalty}"] = network(rng, "relu", "softmax_cross_entropy", penalty)
    for output in ("softmax", "logistic"):
        cases[f"window/{output}"] = window_model(rng, output)
    arrays = {f"{case}/{name}": array for case, result in cases.items() for name, array in result.items()}
    versions = {"torch": torch.__version__, "numpy": np.__version__}
    np.savez_compressed(TARGET, versions=json.dumps(versions), cases=json.dumps(list(cases)), **arrays)
    print(f"{len(cases)} cases, {TARGET.stat().st_size:,} bytes, {versions}")


if __name__ == "__main__":
    main()
