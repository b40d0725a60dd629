"""Make the oracle paths of the optimizers: the same gradients through PyTorch's and optax's optimizers, in float64.

    python -m venv oracles-venv && oracles-venv/bin/pip install torch==2.13.0 optax==0.2.8 jax==0.10.2 numpy
    oracles-venv/bin/python tools/oracles/optimizers.py

It writes tests/optim/oracles/optimizers.npz, with the versions used inside. The tests need neither library.

Each path has 100 steps and 8 numbers with gradients of their own kind (see `gradients`). Nothing depends on the
parameters, so that rounding doesn't grow. Hyper-parameters are not the defaults; ε is large enough to be seen.
"""

import json
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
import torch

STEPS = 100
DROP = 50  # where the learning rate is cut, in the paths that say so
TARGET = Path(__file__).parents[2] / "tests" / "optim" / "oracles" / "optimizers.npz"


def gradients() -> np.ndarray:
    """Shape (100, 8): what an optimizer may meet."""
    rng = np.random.default_rng(20140609)
    g = rng.normal(size=(STEPS, 8))
    t = np.arange(STEPS)
    g[:, 0] = 0  # never a gradient
    g[(t < 5) | ((t >= 30) & (t < 60)), 1] = 0  # none at first, and a long pause
    g[t % 10 == 3, 2] *= 1e100  # huge ones among others
    g[:, 3] *= 1e-6  # as small as ε
    g[:, 4] = 1  # constant
    g[:, 5] = (-1.0) ** t  # alternating
    g[:, 6] *= 10 ** rng.uniform(-6, 6, size=STEPS)  # of every size
    return g


def sparse_gradients() -> tuple[np.ndarray, np.ndarray]:
    """Rows (100, 4), with repetitions, of a table of 6 rows, and their values (100, 4, 2). Row 5 comes once."""
    rng = np.random.default_rng(20140610)
    rows = rng.integers(0, 5, size=(STEPS, 4))
    rows[40, 0] = 5
    return rows, rng.normal(size=(STEPS, 4, 2))


def torch_path(make, start: np.ndarray, grads, drop: float | None = None) -> np.ndarray:
    w = torch.nn.Parameter(torch.tensor(start))
    optimizer = make([w])
    path = [start]
    for t in range(STEPS):
        if drop is not None and t == DROP:
            optimizer.param_groups[0]["lr"] = drop
        w.grad = grads(t)
        optimizer.step()
        path.append(w.detach().numpy().copy())
    return np.array(path)


def optax_path(transform, start: np.ndarray, g: np.ndarray) -> np.ndarray:
    w = jnp.asarray(start)
    state = transform.init(w)
    path = [start]
    for t in range(STEPS):
        updates, state = transform.update(jnp.asarray(g[t]), state, w)
        w = optax.apply_updates(w, updates)
        path.append(np.asarray(w))
    return np.array(path)


def dense_cases() -> dict:
    """name → (our class, our hyper-parameters, how the other library makes it, our rate from step DROP on)."""
    o = torch.optim
    drop = optax.piecewise_constant_schedule(-0.05, {DROP: 0.1})
    beta = {"beta1": 0.85, "beta2": 0.97}
    betas = (0.85, 0.97)
    e = 1e-6
    return {
        "sgd": ("SGD", {"lr": 0.05}, lambda p: o.SGD(p, lr=0.05), None),
        "momentum sum": (
            "Momentum",
            {"lr": 0.05, "momentum": 0.8, "convention": "sum"},
            lambda p: o.SGD(p, lr=0.05, momentum=0.8),
            None,
        ),
        "momentum sum, rate cut": (
            "Momentum",
            {"lr": 0.05, "momentum": 0.8, "convention": "sum"},
            lambda p: o.SGD(p, lr=0.05, momentum=0.8),
            0.005,
        ),
        "momentum average": (
            "Momentum",
            {"lr": 0.05, "momentum": 0.8, "convention": "average"},
            optax.chain(optax.ema(0.8, debias=False), optax.scale(-0.05)),
            None,
        ),
        "momentum velocity": (
            "Momentum",
            {"lr": 0.05, "momentum": 0.8, "convention": "velocity"},
            optax.chain(optax.scale(-0.05), optax.trace(0.8)),
            None,
        ),
        "momentum velocity, rate cut": (
            "Momentum",
            {"lr": 0.05, "momentum": 0.8, "convention": "velocity"},
            optax.chain(optax.scale_by_schedule(drop), optax.trace(0.8)),
            0.005,
        ),
        "nesterov": (
            "Nesterov",
            {"lr": 0.05, "momentum": 0.8},
            lambda p: o.SGD(p, lr=0.05, momentum=0.8, nesterov=True),
            None,
        ),
        "nesterov, rate cut": (
            "Nesterov",
            {"lr": 0.05, "momentum": 0.8},
            optax.chain(optax.scale_by_schedule(drop), optax.trace(0.8, nesterov=True)),
            0.005,
        ),
        "adagrad": ("AdaGrad", {"lr": 0.05, "eps": e}, lambda p: o.Adagrad(p, lr=0.05, eps=e), None),
        "adagrad, eps under": (
            "AdaGrad",
            {"lr": 0.05, "eps": 0.0, "eps_root": 1e-12},
            optax.chain(optax.scale_by_rss(initial_accumulator_value=0.0, eps=1e-12), optax.scale(-0.05)),
            None,
        ),
        "adadelta": (
            "Adadelta",
            {"lr": 0.7, "rho": 0.8, "eps_root": e},
            lambda p: o.Adadelta(p, lr=0.7, rho=0.8, eps=e),
            None,
        ),
        "rmsprop": (
            "RMSprop",
            {"lr": 0.05, "rho": 0.8, "eps": e},
            lambda p: o.RMSprop(p, lr=0.05, alpha=0.8, eps=e),
            None,
        ),
        "rmsprop, eps under": (
            "RMSprop",
            {"lr": 0.05, "rho": 0.8, "eps": 0.0, "eps_root": 1e-12},
            optax.rmsprop(0.05, decay=0.8, eps=1e-12, eps_in_sqrt=True),
            None,
        ),
        "rmsprop nesterov": (
            "RMSpropNesterov",
            {"lr": 0.05, "rho": 0.8, "momentum": 0.7, "eps": e},
            optax.rmsprop(0.05, decay=0.8, eps=e, eps_in_sqrt=False, momentum=0.7, nesterov=True),
            None,
        ),
        "adam": ("Adam", {"lr": 0.05, **beta, "eps": e}, lambda p: o.Adam(p, lr=0.05, betas=betas, eps=e), None),
        "adam, rate cut": (
            "Adam",
            {"lr": 0.05, **beta, "eps": e},
            lambda p: o.Adam(p, lr=0.05, betas=betas, eps=e),
            0.005,
        ),
        "adam, both eps": (
            "Adam",
            {"lr": 0.05, **beta, "eps": e, "eps_root": 1e-12},
            optax.adam(0.05, *betas, eps=e, eps_root=1e-12),
            None,
        ),
        "adamw": (
            "AdamW",
            {"lr": 0.05, **beta, "eps": e, "weight_decay": 0.2},
            lambda p: o.AdamW(p, lr=0.05, betas=betas, eps=e, weight_decay=0.2),
            None,
        ),
        "adamax": (
            "Adamax",
            {"lr": 0.05, **beta, "eps": e},
            lambda p: o.Adamax(p, lr=0.05, betas=betas, eps=e),
            None,
        ),
        "nadam scheduled": (
            "Nadam",
            {"lr": 0.05, **beta, "eps": e, "momentum_decay": 0.04},
            lambda p: o.NAdam(p, lr=0.05, betas=betas, eps=e, momentum_decay=0.04),
            None,
        ),
        "nadam constant": (
            "Nadam",
            {"lr": 0.05, **beta, "eps": e, "eps_root": 1e-12, "convention": "constant"},
            optax.nadam(0.05, *betas, eps=e, eps_root=1e-12),
            None,
        ),
    }


def main() -> None:
    jax.config.update("jax_enable_x64", True)
    torch.set_default_dtype(torch.float64)  # NAdam keeps μ₁⋯μ_t in the default dtype: in float32 it errs by 6e-9
    g, start = gradients(), np.linspace(-2, 2, 8)
    rows, values = sparse_gradients()
    table = np.linspace(-1, 1, 12).reshape(6, 2)
    arrays = {"grads": g, "start": start, "rows": rows, "values": values, "table": table}
    meta = {
        "versions": {"torch": torch.__version__, "optax": optax.__version__, "jax": jax.__version__},
        "drop": DROP,
        "cases": {},
    }
    for name, (ours, hyper, theirs, drop) in dense_cases().items():
        if callable(theirs):
            library, path = "torch", torch_path(theirs, start, lambda t: torch.tensor(g[t]), drop)
        else:
            library, path = "optax", optax_path(theirs, start, g)
        arrays[f"path {name}"] = path
        meta["cases"][name] = {"class": ours, "hyper": hyper, "library": library, "drop": drop}

    def sparse(t: int) -> torch.Tensor:
        return torch.sparse_coo_tensor(
            torch.tensor(rows[t])[None], torch.tensor(values[t]), table.shape, check_invariants=True
        )

    hyper = {"lr": 0.05, "beta1": 0.85, "beta2": 0.97, "eps": 1e-2}
    arrays["sparse path"] = torch_path(
        lambda p: torch.optim.SparseAdam(p, lr=0.05, betas=(0.85, 0.97), eps=1e-2), table, sparse
    )
    meta["sparse"] = {"class": "SparseAdam", "hyper": hyper, "library": "torch", "eps": "beside uncorrected"}

    TARGET.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(TARGET, meta=np.array(json.dumps(meta)), **arrays)
    print(f"{len(meta['cases']) + 1} paths, {TARGET.stat().st_size:,} bytes, {meta['versions']}")


if __name__ == "__main__":
    main()
