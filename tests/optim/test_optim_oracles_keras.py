"""Keras walks the same paths as our optimizers, where its ε is put in its own place.

The paths are stored; tools/oracles/frameworks.py made them, on the gradients of tools/oracles/optimizers.py.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from downslope import optim
from downslope.optim.conventions import convert_eps

FOLDER = Path(__file__).parent / "oracles"
STORED = np.load(FOLDER / "keras.npz")
META = json.loads(str(STORED["meta"]))
WITH_TORCH = np.load(FOLDER / "optimizers.npz")
GRADS, START = WITH_TORCH["grads"], WITH_TORCH["start"]


class AdamaxOfKeras(optim.Adamax):
    """ε beside u in the step, and not inside u."""

    def rule(self, w, g, m, u):
        m *= self.beta1
        m += (1 - self.beta1) * g
        np.maximum(self.beta2 * u, np.abs(g), out=u)
        w -= self.lr / (1 - self.beta1**self.t) * m / (u + self.eps)


def walk(optimizer, cut=False, eps_hat=None):
    """The path over the stored gradients. With eps_hat, ε is what stands beside the root of the uncorrected v."""
    w, path = START.copy(), [START.copy()]
    for t, g in enumerate(GRADS):
        if cut and t == META["drop"]:
            optimizer.lr /= 10
        if eps_hat is not None:
            optimizer.eps = convert_eps(eps_hat, "beside uncorrected", "beside", beta2=optimizer.beta2, t=t + 1)
        optimizer.update(w, g)
        path.append(w.copy())
    return np.array(path)


def distance(path, expected):
    """The largest difference, relative to the largest value that the number had so far."""
    return float(np.max(np.abs(path - expected) / np.maximum.accumulate(np.abs(expected), axis=0)))


@pytest.mark.parametrize("name", META["cases"])
def test_path_is_that_of_keras(name):
    case = META["cases"][name]
    method = AdamaxOfKeras if name == "adamax" else getattr(optim, case["class"])
    eps_hat = case["hyper"]["eps"] if name in ("adam", "adamw") else None
    path = walk(method(**case["hyper"]), cut=case["cut"], eps_hat=eps_hat)
    assert distance(path, STORED[f"path {name}"]) < 1e-12


@pytest.mark.parametrize("name", ["adam", "adamw", "adamax"])
def test_the_place_of_eps_can_be_seen(name):
    case = META["cases"][name]
    path = walk(getattr(optim, case["class"])(**case["hyper"]))
    assert distance(path, STORED[f"path {name}"]) > 1e-3


def test_rate_outside_the_velocity_is_told_apart():
    hyper = META["cases"]["momentum, rate cut"]["hyper"] | {"convention": "sum"}
    assert distance(walk(optim.Momentum(**hyper), cut=True), STORED["path momentum, rate cut"]) > 1e-3


def test_every_class_that_keras_has_is_tested():
    assert {case["class"] for case in META["cases"].values()} == {
        name for name in optim.__all__ if isinstance(getattr(optim, name), type)
    } - {"Optimizer", "SparseRows", "SparseAdam", "RMSpropNesterov"}
