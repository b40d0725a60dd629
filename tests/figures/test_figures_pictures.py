"""Every figure against its stored picture, in baseline/.

After a change that is meant, look at the new pictures and store them:
    python -m pytest tests/figures/test_figures_pictures.py -n0 --mpl-generate-path=tests/figures/baseline
"""

from fractions import Fraction as F

import numpy as np
import pytest
from downslope import figures
from downslope.backprop import Value, maximum
from downslope.optim import SGD, Adam, Momentum, surfaces, trajectory

compared = pytest.mark.mpl_image_compare(baseline_dir="baseline", tolerance=2, savefig_kwargs={"dpi": 70})
LOOKS = pytest.mark.parametrize(("look", "size"), [("light", "page"), ("dark", "slide")])


def runs():
    rng, steps = np.random.default_rng(0), np.arange(400)
    return {
        "SGD": (2.2 * np.exp(-steps / 90) + 0.2) * np.exp(0.2 * rng.standard_normal(400)),
        "Momentum": (2.2 * np.exp(-steps / 25) + 0.04) * np.exp(0.3 * rng.standard_normal(400)),
    }


def paths(surface, lr=0.05, steps=60):
    optimizers = {"SGD": SGD(lr), "Momentum": Momentum(lr / 2, 0.9), "Adam": Adam(0.2)}
    return {name: trajectory(o, surface.gradient, surface.start, steps) for name, o in optimizers.items()}


def circuit():
    x, y, z = Value(1, "x"), Value(2, "y"), Value(0, "z")
    f = (x + y) * maximum(y, z)
    f.name = "f"
    f.backward()
    return f


@LOOKS
@compared
def test_losses(look, size):
    return figures.losses(runs(), look=look, size=size)


@compared
def test_series():
    return figures.series(
        {"train": [0.5, 0.8, 0.9, 0.95], "test": [0.5, 0.75, 0.86, 0.84]},
        xlabel="epoch",
        ylabel="accuracy",
        markers=True,
    )


@compared
def test_digits():
    images = np.random.default_rng(0).random((12, 8, 8))
    return figures.digits(images, range(12), predicted=[0, 1, 7, *range(3, 12)])


@LOOKS
@compared
def test_contour(look, size):
    return figures.contour(surfaces.ravine(20), paths(surfaces.ravine(20)), look=look, size=size)


@compared
def test_contour_with_a_path_that_leaves():
    return figures.contour(surfaces.saddle, paths(surfaces.saddle))


@compared
def test_weights_of_one_average():
    return figures.weights(0.9)


@compared
def test_weights_of_several():
    return figures.weights([0.5, 0.9, 0.98])


@LOOKS
@compared
def test_gates(look, size):
    return figures.gates(circuit(), look=look, size=size)


@compared
def test_gates_of_a_whole_network():
    x1, x2, w1, w2, w3 = (
        Value(F(v), n) for v, n in zip((1, F(-1, 2), 1, 1, 1), ("x₁", "x₂", "w₁", "w₂", "w₃"), strict=True)
    )
    e = ((w3 * (x1 * w1 + x2 * w2).relu() - 1) ** 2) * F(1, 2)
    e.name = "E"
    e.backward()
    return figures.gates(e, size="slide")


@compared
def test_network():
    half, quarter = F(1, 2), F(1, 4)
    return figures.network(
        [{"x₁": 1, "x₂": -half}, {"h": (half, -half)}, {"o": (half, -half)}],
        {("x₁", "h"): ("w₁", 1, -half), ("x₂", "h"): ("w₂", 1, quarter), ("h", "o"): ("w₃", 1, -quarter)},
    )


@compared
def test_activations():
    return figures.activations("logistic", "tanh", "relu", "leaky_relu")


@compared
def test_step_sizes():
    # x³: products round alike everywhere
    return figures.step_sizes(lambda x: x * x * x, 3 * 1.1 * 1.1, 1.1)


@compared
def test_through_layers():
    k = np.arange(10)
    return figures.through_layers(
        {
            "tanh": {"Xavier": 0.9**k, "too small": 0.01**k},
            "ReLU": {"He": 1.02**k, "Xavier": 0.6**k, "too small": 0.005**k},
        },
        ylabel="variance of activations",
    )


@LOOKS
@compared
def test_convergence(look, size):
    return figures.convergence(20, look=look, size=size)


@compared
def test_race():
    return figures.race(surfaces.ravine(20), paths(surfaces.ravine(20)))


@pytest.mark.parametrize(
    "name", ["live_adam", "live_averages", "live_ball", "live_convergence", "live_nesterov", "live_race", "live_ravine"]
)
@compared
def test_live(name):
    return getattr(figures, name)().figure


@pytest.mark.parametrize("name", ["live_ball", "live_convergence"])
@compared
def test_live_elsewhere(name):
    live = getattr(figures, name)()
    live.set(**{"live_ball": {"friction": 0.0, "step": 7}, "live_convergence": {"lr": 3.0, "momentum": 0.6}}[name])
    return live.figure
