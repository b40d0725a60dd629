"""Look at three frameworks: how their optimizers are called, what their defaults are, and where they go.

    python -m venv oracles-venv
    oracles-venv/bin/pip install torch==2.13.0 optax==0.2.8 jax==0.10.2 keras==3.15.1 numpy
    oracles-venv/bin/python tools/oracles/frameworks.py

It writes two files, with the versions used inside. The tests and the lesson need none of the frameworks.

- notebooks/data/frameworks.json: the defaults as each framework's own signatures give them, and short paths at
  these defaults (a learning rate and a momentum of 0.9 are given where there is none). Lesson 18 is held against it.
- tests/optim/oracles/keras.npz: Keras on the 100 gradients that PyTorch and optax were given in `optimizers.py`.

Keras runs on its PyTorch backend, in float64 like the others.
"""

import inspect
import json
import os
import re
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "torch"

import jax
import jax.numpy as jnp
import keras
import numpy as np
import optax
import torch
from optimizers import DROP, STEPS, gradients

ROOT = Path(__file__).parents[2]
LESSON = ROOT / "notebooks" / "data" / "frameworks.json"
KERAS = ROOT / "tests" / "optim" / "oracles" / "keras.npz"

SHORT, CUT, RATE = 12, 6, 0.1  # steps of a short path, where its rate is cut to a tenth, and the rate if none is usual

# our class → its name in each framework; the dials that lesson 18 lists, as each calls them
NAMES = {
    "SGD": ("SGD", "sgd", "SGD"),
    "AdaGrad": ("Adagrad", "adagrad", "Adagrad"),
    "Adadelta": ("Adadelta", "adadelta", "Adadelta"),
    "RMSprop": ("RMSprop", "rmsprop", "RMSprop"),
    "Adam": ("Adam", "adam", "Adam"),
    "AdamW": ("AdamW", "adamw", "AdamW"),
    "Adamax": ("Adamax", "adamax", "Adamax"),
    "Nadam": ("NAdam", "nadam", "Nadam"),
}
LISTED = {
    *("lr", "learning_rate", "momentum", "nesterov", "dampening", "rho", "alpha", "decay", "eps", "epsilon"),
    *("eps_root", "eps_in_sqrt", "betas", "b1", "b2", "beta_1", "beta_2", "weight_decay", "momentum_decay"),
    *("initial_accumulator_value",),
}


def defaults(function: Any) -> dict[str, Any]:
    """The listed arguments of a signature with their defaults; "required" where there is none."""
    found = inspect.signature(function).parameters
    empty = inspect.Parameter.empty
    return {name: "required" if p.default is empty else p.default for name, p in found.items() if name in LISTED}


def every_default() -> dict[str, dict[str, Any]]:
    return {
        "torch": {ours: defaults(getattr(torch.optim, t).__init__) for ours, (t, _, _) in NAMES.items()},
        "optax": {ours: defaults(getattr(optax, o)) for ours, (_, o, _) in NAMES.items()},
        "keras": {ours: defaults(getattr(keras.optimizers, k).__init__) for ours, (_, _, k) in NAMES.items()},
    }


# Paths ---------------------------------------------------------------------------------------------------------------


def torch_path(optimizer: Any, start: np.ndarray, g: np.ndarray, cut: int | None = None) -> np.ndarray:
    w = torch.nn.Parameter(torch.tensor(start))
    made = optimizer([w])
    path = [start]
    for t in range(len(g)):
        if t == cut:
            made.param_groups[0]["lr"] /= 10
        w.grad = torch.tensor(g[t])
        made.step()
        path.append(w.detach().numpy().copy())
    return np.array(path)


def optax_path(optimizer: Any, start: np.ndarray, g: np.ndarray) -> np.ndarray:
    w = jnp.asarray(start)
    state = optimizer.init(w)
    path = [start]
    for gradient in g:
        updates, state = optimizer.update(jnp.asarray(gradient), state, w)
        w = optax.apply_updates(w, updates)
        path.append(np.asarray(w))
    return np.array(path)


def keras_path(optimizer: Any, start: np.ndarray, g: np.ndarray, cut: int | None = None) -> np.ndarray:
    w = keras.Variable(start, dtype="float64")
    optimizer.build([w])
    path = [start]
    for t in range(len(g)):
        if t == cut:
            optimizer.learning_rate = float(optimizer.learning_rate.value) / 10
        optimizer.apply([keras.ops.convert_to_tensor(g[t], dtype="float64")], [w])
        path.append(keras.ops.convert_to_numpy(w).copy())
    return np.array(path)


def short_gradients() -> np.ndarray:
    """Shape (12, 3), of six digits: ordinary ones, ones as small as ε, and one that is absent at first."""
    g = np.random.default_rng(20150507).normal(size=(SHORT, 3)) * [1.0, 1e-6, 1.0]
    g[:2, 2] = 0
    return np.array([[float(f"{x:.6g}") for x in row] for row in g])


def short_cases() -> dict[str, tuple[str, Any]]:
    """name → (what one writes, what came of it)"""
    o, k = torch.optim, keras.optimizers
    called: dict[str, tuple[str, Any]] = {
        "torch SGD": (f"SGD(params, lr={RATE})", lambda p: o.SGD(p, lr=RATE)),
        "torch momentum": (f"SGD(params, lr={RATE}, momentum=0.9)", lambda p: o.SGD(p, lr=RATE, momentum=0.9)),
        "torch dampening": (
            f"SGD(params, lr={RATE}, momentum=0.9, dampening=0.9)",
            lambda p: o.SGD(p, lr=RATE, momentum=0.9, dampening=0.9),
        ),
        "torch nesterov": (
            f"SGD(params, lr={RATE}, momentum=0.9, nesterov=True)",
            lambda p: o.SGD(p, lr=RATE, momentum=0.9, nesterov=True),
        ),
        "optax SGD": (f"sgd({RATE})", optax.sgd(RATE)),
        "optax momentum": (f"sgd({RATE}, momentum=0.9)", optax.sgd(RATE, momentum=0.9)),
        "optax nesterov": (
            f"sgd({RATE}, momentum=0.9, nesterov=True)",
            optax.sgd(RATE, momentum=0.9, nesterov=True),
        ),
        "optax Adadelta": ("adadelta(1.0)", optax.adadelta(1.0)),
        "optax Adadelta, no rate": ("adadelta()", optax.adadelta()),
        "keras SGD": (f"SGD({RATE})", k.SGD(RATE)),
        "keras momentum": (f"SGD({RATE}, momentum=0.9)", k.SGD(RATE, momentum=0.9)),
        "keras nesterov": (f"SGD({RATE}, momentum=0.9, nesterov=True)", k.SGD(RATE, momentum=0.9, nesterov=True)),
    }
    for ours, (in_torch, in_optax, in_keras) in NAMES.items():
        if ours == "SGD":
            continue
        called[f"torch {ours}"] = (f"{in_torch}(params)", getattr(o, in_torch))
        if ours != "Adadelta":
            called[f"optax {ours}"] = (f"{in_optax}({RATE})", getattr(optax, in_optax)(RATE))
        called[f"keras {ours}"] = (f"{in_keras}()", getattr(k, in_keras)())
    return called


def short_paths(start: np.ndarray, g: np.ndarray) -> dict[str, dict[str, Any]]:
    walk = {"torch": torch_path, "optax": optax_path, "keras": keras_path}
    paths = {
        name: {"call": call, "path": walk[name.split()[0]](made, start, g).tolist()}
        for name, (call, made) in short_cases().items()
    }
    o, k = torch.optim, keras.optimizers
    falling = optax.piecewise_constant_schedule(RATE, {CUT: 0.1})
    more: dict[str, tuple[str, np.ndarray]] = {
        "torch momentum, cut": (
            f"SGD(params, lr={RATE}, momentum=0.9)",
            torch_path(lambda p: o.SGD(p, lr=RATE, momentum=0.9), start, g, CUT),
        ),
        "optax momentum, cut": (
            f"sgd(piecewise_constant_schedule({RATE}, {{{CUT}: 0.1}}), momentum=0.9)",
            optax_path(optax.sgd(falling, momentum=0.9), start, g),
        ),
        "keras momentum, cut": (
            f"SGD({RATE}, momentum=0.9)",
            keras_path(k.SGD(RATE, momentum=0.9), start, g, CUT),
        ),
        "torch Adam, decay": (
            "Adam(params, lr=0.1, weight_decay=0.1)",
            torch_path(lambda p: o.Adam(p, lr=RATE, weight_decay=0.1), start, g),
        ),
        "keras Adam, decay": (
            "Adam(0.1, weight_decay=0.1)",
            keras_path(k.Adam(RATE, weight_decay=0.1), start, g),
        ),
    }
    more |= {
        "optax nesterov, no momentum": (
            f"sgd({RATE}, nesterov=True)",
            optax_path(optax.sgd(RATE, nesterov=True), start, g),
        ),
        "keras nesterov, no momentum": (
            f"SGD({RATE}, nesterov=True)",
            keras_path(k.SGD(RATE, nesterov=True), start, g),
        ),
    }
    for name, (call, path) in more.items():
        paths[name] = {"call": call, "path": path.tolist()}
    return paths


def keras_cases() -> dict[str, tuple[str, dict[str, Any], Any, bool]]:
    """name → (our class, our hyper-parameters, how Keras makes it, whether the rate is cut to a tenth at DROP)"""
    k, beta, betas = keras.optimizers, {"beta1": 0.85, "beta2": 0.97}, {"beta_1": 0.85, "beta_2": 0.97}
    under = {"eps": 0.0, "eps_root": 1e-12}
    momentum = {"lr": 0.05, "momentum": 0.8, "convention": "velocity"}
    return {
        "sgd": ("SGD", {"lr": 0.05}, k.SGD(0.05), False),
        "momentum": ("Momentum", momentum, k.SGD(0.05, momentum=0.8), False),
        "momentum, rate cut": ("Momentum", momentum, k.SGD(0.05, momentum=0.8), True),
        "nesterov, rate cut": (
            "Nesterov",
            {"lr": 0.05, "momentum": 0.8},
            k.SGD(0.05, momentum=0.8, nesterov=True),
            True,
        ),
        "adagrad": (
            "AdaGrad",
            {"lr": 0.05, **under},
            k.Adagrad(0.05, initial_accumulator_value=0.0, epsilon=1e-12),
            False,
        ),
        "adadelta": (
            "Adadelta",
            {"lr": 0.7, "rho": 0.8, "eps_root": 1e-6},
            k.Adadelta(0.7, rho=0.8, epsilon=1e-6),
            False,
        ),
        "rmsprop": ("RMSprop", {"lr": 0.05, "rho": 0.8, **under}, k.RMSprop(0.05, rho=0.8, epsilon=1e-12), False),
        "adam": ("Adam", {"lr": 0.05, **beta, "eps": 1e-6}, k.Adam(0.05, **betas, epsilon=1e-6), False),
        "adamw": (
            "AdamW",
            {"lr": 0.05, **beta, "eps": 1e-6, "weight_decay": 0.2},
            k.AdamW(0.05, weight_decay=0.2, **betas, epsilon=1e-6),
            False,
        ),
        "adamax": ("Adamax", {"lr": 0.05, **beta, "eps": 1e-6}, k.Adamax(0.05, **betas, epsilon=1e-6), False),
        "nadam": (
            "Nadam",
            {"lr": 0.05, **beta, "eps": 1e-6, "momentum_decay": 1.0},
            k.Nadam(0.05, **betas, epsilon=1e-6),
            False,
        ),
    }


def written(stored: dict[str, Any]) -> str:
    """JSON with each list of numbers on one line."""
    return re.sub(r"\[[^\[\]{}]*\]", lambda found: " ".join(found[0].split()), json.dumps(stored, indent=1)) + "\n"


def refusal() -> str:
    """What PyTorch says to nesterov=True without a momentum."""
    try:
        torch.optim.SGD([torch.zeros(1)], lr=RATE, nesterov=True)
    except ValueError as error:
        return str(error)
    return ""


def main() -> None:
    jax.config.update("jax_enable_x64", True)
    torch.set_default_dtype(torch.float64)
    keras.config.set_floatx("float64")
    versions = {each.__name__: each.__version__.split("+")[0] for each in (torch, optax, jax, keras)}

    start, g = np.array([1.0, 1.0, 1.0]), short_gradients()
    stored = {
        "made by": "tools/oracles/frameworks.py",
        "versions": versions,
        "names": {ours: dict(zip(("torch", "optax", "keras"), names, strict=True)) for ours, names in NAMES.items()},
        "defaults": every_default(),
        "start": start.tolist(),
        "gradients": g.tolist(),
        "cut": CUT,
        "paths": short_paths(start, g),
        "torch nesterov, no momentum": refusal(),
    }
    LESSON.write_text(written(stored), encoding="utf-8")

    long, begin = gradients(), np.linspace(-2, 2, 8)
    arrays, cases = {}, {}
    for name, (ours, hyper, theirs, cut) in keras_cases().items():
        arrays[f"path {name}"] = keras_path(theirs, begin, long, DROP if cut else None)
        cases[name] = {"class": ours, "hyper": hyper, "cut": cut}
    meta = json.dumps({"versions": versions, "drop": DROP, "steps": STEPS, "cases": cases})
    np.savez_compressed(KERAS, meta=np.array(meta), **arrays)
    for path in (LESSON, KERAS):
        print(f"{path.name}: {path.stat().st_size:,} bytes, {versions}")


if __name__ == "__main__":
    main()
