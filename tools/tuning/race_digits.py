"""Make notebooks/data/race-on-digits.json: every optimizer tuned on the digits with one budget, then raced.

    python tools/tuning/race_digits.py          # some 7 minutes on one core

Lesson 17 reads it.
Numbers come from downslope and NumPy alone. The budget is the same for all: the 22 learning rates of one grid, five
seeds each, all other settings at the defaults of the papers. A seed fixes the first weights and the batches, so that
every optimizer meets the same ones. What a rate is worth is the loss on 1,000 digits that training does not see; the
race is run with ten other seeds and judged on 2,000 digits that neither training nor tuning has seen.

The network is small and the runs are short on purpose: 784-32-32-10, 400 steps of 64 digits, about four times through
the 7,000. The lesson says so.
"""

from __future__ import annotations

import json
import math
import os
import re
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from downslope.backprop import Network
from downslope.data import load_digits_mnist
from downslope.optim import (
    SGD,
    Adadelta,
    AdaGrad,
    Adam,
    Adamax,
    AdamW,
    Momentum,
    Nadam,
    Nesterov,
    Optimizer,
    RMSprop,
    RMSpropNesterov,
)
from downslope.training import LossNotFiniteError, minibatches, train

TARGET = Path(__file__).parents[2] / "notebooks" / "data" / "race-on-digits.json"

SIZES = [784, 32, 32, 10]
STEPS, BATCH, TRAINED_ON = 400, 64, 7000
RATES = [float(f"{10 ** (k / 3):.4g}") for k in range(-15, 7)]  # three a decade, from 0.00001 to 100
TUNING_SEEDS, RACE_SEEDS = range(5), range(100, 110)
EVERY = 10  # of the losses of a raced run, the mean over so many steps is stored

# name → (how it is made for a rate, the rate that it has by default; 0.01 where the papers give none)
RACERS: dict[str, tuple[Callable[..., Optimizer], float]] = {
    "SGD": (SGD, 0.01),
    "Momentum": (Momentum, 0.01),
    "Nesterov": (Nesterov, 0.01),
    "AdaGrad": (AdaGrad, 0.01),
    "Adadelta": (Adadelta, 1.0),
    "RMSprop": (RMSprop, 0.001),
    "RMSprop+N": (RMSpropNesterov, 0.001),
    "Adam": (Adam, 0.001),
    "AdamW": (AdamW, 0.001),
    "Adamax": (Adamax, 0.002),
    "Nadam": (Nadam, 0.002),
}

# title → (the racer, what else it is given, the dial, its values). The rate stays at the one that the tuning chose; for
# the average, which takes steps (1 − γ) times as long, at that over 1 − 0.9.
SHARES = [0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99]
DIALS: dict[str, tuple[str, dict[str, Any], str, list[float]]] = {
    "Momentum, momentum": ("Momentum", {}, "momentum", SHARES),
    "Momentum as an average, momentum": ("Momentum", {"convention": "average"}, "momentum", SHARES),
    "Adam, beta1": ("Adam", {}, "beta1", SHARES),
    "Adam, beta2": ("Adam", {}, "beta2", [0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999]),
    "Adam, eps": ("Adam", {}, "eps", [1e-12, 1e-8, 1e-6, 1e-4, 1e-2, 1.0]),
}


@cache
def digits() -> dict[str, tuple[Any, Any]]:
    """To train on 7,000, to tune with 1,000, to race on 2,000."""
    x, t, x_test, t_test = load_digits_mnist(dtype="float64")
    return {
        "train": (x[:TRAINED_ON], t[:TRAINED_ON]),
        "tune": (x[TRAINED_ON:], t[TRAINED_ON:]),
        "test": (x_test, t_test),
    }


def run(optimizer: Optimizer, seed: int, steps: int = STEPS) -> tuple[Network, Any]:
    """One training run: the network and its history. Raises LossNotFiniteError when it diverges."""
    net = Network(SIZES, activation="relu", initializer="he", seed=seed, dtype="float64")
    x, t = digits()["train"]
    batches = minibatches(len(x), batch_size=BATCH, steps=steps, seed=seed)
    return net, train(net, optimizer, x, t, batches=batches, progress=False)


def trial(name: str, lr: float, seed: int, **dial: Any) -> float | None:
    """The loss on the digits kept for tuning, after one run; None when it diverged."""
    try:
        net, _ = run(RACERS[name][0](lr=lr, **dial), seed)
    except LossNotFiniteError:
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        loss = float(net.loss(*digits()["tune"]))
    return shortened(loss) if math.isfinite(loss) else None


def raced(name: str, lr: float, seed: int) -> dict[str, Any] | None:
    """A run of the race: loss and accuracy on the digits that nothing has seen, and the losses on the way."""
    try:
        net, history = run(RACERS[name][0](lr=lr), seed)
    except LossNotFiniteError:
        return None
    x, t = digits()["test"]
    way = history.losses.reshape(-1, EVERY).mean(axis=1)
    return {"loss": shortened(net.loss(x, t)), "accuracy": shortened(net.accuracy(x, t)), "way": way}


def turned(title: str, lr: float) -> dict[str, Any]:
    """One dial at each of its values, on the tuning seeds; lr is the rate that the tuning chose."""
    name, more, dial, values = DIALS[title]
    lr = shortened(lr / (1 - 0.9)) if more else lr
    losses = [[trial(name, lr, seed, **more, **{dial: value}) for seed in TUNING_SEEDS] for value in values]
    return {"lr": lr, "values": values, "loss": losses}


def shortened(value: float) -> float:
    """Five digits: more would differ from one machine to the next."""
    return float(f"{value:.5g}")


def best(losses: list[list[float | None]]) -> int:
    """The trial with the lowest mean over its seeds. One that diverged for any seed is out."""
    means = [math.inf if None in row else sum(row) / len(row) for row in losses]  # type: ignore[arg-type]
    return means.index(min(means))


def main() -> None:
    began = time.process_time()
    tuned: dict[str, list[list[float | None]]] = {}
    race: dict[str, dict[str, Any]] = {}
    for name, (_, default) in RACERS.items():
        tuned[name] = [[trial(name, lr, seed) for seed in TUNING_SEEDS] for lr in RATES]
        chosen = RATES[best(tuned[name])]
        race[name] = {}
        for setting, lr in (("tuned", chosen), ("default", default)):
            runs = [raced(name, lr, seed) for seed in RACE_SEEDS]
            ways = np.mean([each.pop("way") for each in runs if each], axis=0)
            race[name][setting] = {
                "lr": lr,
                "loss": [each and each["loss"] for each in runs],
                "accuracy": [each and each["accuracy"] for each in runs],
                "way": [shortened(loss) for loss in ways],
            }
        print(f"{name:>10}: lr {chosen:g}, {time.process_time() - began:.0f} s", flush=True)
    dials = {title: turned(title, race[DIALS[title][0]]["tuned"]["lr"]) for title in DIALS}
    stored = {
        "made by": "tools/tuning/race_digits.py",
        "numpy": np.__version__,
        "network": SIZES,
        "steps": STEPS,
        "batch": BATCH,
        "digits": {name: len(t) for name, (_, t) in digits().items()},
        "rates": RATES,
        "tuning seeds": list(TUNING_SEEDS),
        "race seeds": list(RACE_SEEDS),
        "tuning": tuned,
        "race": race,
        "dials": dials,
    }
    TARGET.write_text(written(stored), encoding="utf-8")
    print(f"{TARGET.name}: {TARGET.stat().st_size:,} bytes, {time.process_time() - began:.0f} CPU seconds")


def written(stored: dict[str, Any]) -> str:
    """JSON with each list of numbers on one line."""
    return re.sub(r"\[[^\[\]{}]*\]", lambda found: " ".join(found[0].split()), json.dumps(stored, indent=1)) + "\n"


if __name__ == "__main__":
    main()
