"""Draw the README's picture, notebooks/valley.png: two paths down a narrow valley.

python tools/picture.py
"""

from pathlib import Path

from downslope import figures
from downslope.optim import SGD, Momentum, surfaces, trajectory

PICTURE = Path(__file__).resolve().parent.parent / "notebooks" / "valley.png"


def draw() -> figures.Figure:
    valley = surfaces.ravine(kappa=25)
    methods = {"SGD": SGD(lr=0.076), "momentum": Momentum(lr=0.03, momentum=0.7)}
    paths = {name: trajectory(method, valley.gradient, (-10.0, 2.5), steps=25) for name, method in methods.items()}
    return figures.contour(valley, paths)


if __name__ == "__main__":
    PICTURE.write_bytes(draw().png())
