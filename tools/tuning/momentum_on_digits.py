"""Make notebooks/data/momentum-on-digits.json: descent, momentum and Nesterov on the digits, over one grid of rates.

    python tools/tuning/momentum_on_digits.py

Lessons 12 and 13 read it. Network and data are those of lesson 12. All rules get the same seven learning rates and,
seed by seed, the same first weights and the same batches. The rate that is best on the seeds of "tuning" runs again on
the seeds of "fresh", so that a lucky rate gains nothing. It takes about 20 minutes on one core.

loss[rule][i][j][k] is the smoothed loss with learning rate i and seed j after steps[k] iterations; null where the loss
was infinite or not a number. reached[rule][level][i][j] counts the iterations until the smoothed loss is below the
level; null where it never was. accuracy[rule][i][j][k], for the fresh seeds only, is the share of the test digits that
are read correctly after steps[k] iterations.
"""

import json
from pathlib import Path

import numpy as np
from downslope.backprop import Network
from downslope.data import load_digits_mnist
from downslope.optim import SGD, Momentum, Nesterov, ewma
from downslope.training import LossNotFiniteError, minibatches, train

TARGET = Path(__file__).parents[2] / "notebooks" / "data" / "momentum-on-digits.json"
SIZES = [784, 100, 100, 100, 100, 10]
RULES = {
    "SGD": lambda lr: SGD(lr),
    "momentum": lambda lr: Momentum(lr, momentum=0.9, convention="velocity"),
    "Nesterov": lambda lr: Nesterov(lr, momentum=0.9, convention="shifted"),
}
RATES = [float(f"{10 ** (k / 2):.3g}") for k in range(-6, 1)]
BETA = 0.95
LEVELS = (0.5, 0.2)
TUNING, FRESH = range(10, 15), range(20, 25)
GRIDS = {128: (100, 300, 500), 1000: (50, 100, 200)}


def history(rule, rate, seed, batch_size, steps, test=None, test_every=100):
    """What one training leaves behind; shorter than `steps` if the loss ended in infinity."""
    x, t, _, _ = load_digits_mnist(dtype="float64")
    net = Network(SIZES, activation="relu", initializer="he", seed=seed, dtype="float64")
    batches = minibatches(len(x), batch_size=batch_size, steps=steps, seed=seed)
    how = {"batches": batches, "test": test, "test_every": test_every, "progress": False}
    try:
        return train(net, RULES[rule](rate), x, t, **how)
    except LossNotFiniteError as error:
        return error.history


def smoothed(history):
    """The loss of each batch, smoothed as in lesson 10."""
    return ewma(history.losses, BETA, correct=True)


def loss_after(losses, steps):
    """The smoothed loss after so many iterations, to four digits; None if it did not get there."""
    return float(f"{losses[steps - 1]:.4g}") if len(losses) >= steps else None


def reached(losses, level):
    """How many iterations it took to be below the level for the first time; None if it never was."""
    below = np.flatnonzero(losses < level)
    return int(below[0]) if len(below) else None


def accuracy_after(history, steps):
    """The share of the test digits read correctly after so many iterations; None if it did not get there."""
    found = dict(zip(history.accuracy_steps.tolist(), history.accuracies.tolist(), strict=True))
    return found.get(steps)


def measure(rates, seeds, batch_size, steps, test=None):
    """Every rule at its rates, on every seed, read after each number of steps; the largest ends a run."""
    histories = {
        rule: [
            [history(rule, rate, seed, batch_size, max(steps), test, min(steps)) for seed in seeds]
            for rate in rates[rule]
        ]
        for rule in RULES
    }
    losses = {rule: [[smoothed(run) for run in row] for row in rows] for rule, rows in histories.items()}
    found = {
        "rates": rates,
        "seeds": list(seeds),
        "steps": list(steps),
        "loss": {
            rule: [[[loss_after(run, n) for n in steps] for run in row] for row in rows]
            for rule, rows in losses.items()
        },
        "reached": {
            rule: {str(level): [[reached(run, level) for run in row] for row in rows] for level in LEVELS}
            for rule, rows in losses.items()
        },
    }
    if test is not None:
        found["accuracy"] = {
            rule: [[[accuracy_after(run, n) for n in steps] for run in row] for row in rows]
            for rule, rows in histories.items()
        }
    return found


def best_rate(grid, rule, step=1):
    """The rate with the least mean loss after steps[step]; a run that blew up counts as a guess, ln 10."""
    losses = np.fmin(np.array(grid["loss"][rule], dtype=float)[..., step], np.log(10))
    return grid["rates"][rule][int(losses.mean(axis=1).argmin())]


def main():
    _, _, x_test, t_test = load_digits_mnist(dtype="float64")
    found = {"beta": BETA, "numpy": np.__version__}
    for batch_size, steps in GRIDS.items():
        tuning = measure(dict.fromkeys(RULES, RATES), TUNING, batch_size, steps)
        best = {rule: [best_rate(tuning, rule)] for rule in RULES}
        fresh = measure(best, FRESH, batch_size, steps, test=(x_test, t_test))
        found[f"batch {batch_size}"] = {"tuning": tuning, "fresh": fresh}
        print(batch_size, best, flush=True)
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(json.dumps(found, indent=None, separators=(", ", ": ")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
