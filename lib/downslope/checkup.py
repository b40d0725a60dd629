"""Is the set-up complete? One line for each thing that the course needs, and what to do where it falls short."""

import importlib.metadata
import sys
from collections.abc import Callable, Iterator

__all__ = ["checkup"]

REPAIR = (
    "run `make setup` in the course's folder (with conda: `conda env update -f environment.yml`), restart the kernel"
)


def checkup() -> None:
    """Print what was checked and how it went; the last line says whether you can start.

    Checked: the version of Python, the version of every package that the course imports, the shipped data, and a
    network that trains for a few steps.
    """
    sound = True
    for what, check in CHECKS.items():
        faults = list(check())
        print(f"{what:<28}{'ok' if not faults else ''}")
        for fault in faults:
            print(f"    {fault}")
        sound = sound and not faults
    print("Everything is here. Go on." if sound else f"To repair: {REPAIR}.")


def python_version() -> Iterator[str]:
    version = sys.version_info
    if version < (3, 11):
        yield f"the kernel runs Python {sys.version.split()[0]}; the course needs 3.11 or newer"


def packages() -> Iterator[str]:
    from packaging.requirements import Requirement

    for line in importlib.metadata.requires("downslope") or []:
        requirement = Requirement(line)
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            version = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            yield f"{requirement.name} is not installed; the course needs {requirement.specifier}"
        else:
            if not requirement.specifier.contains(version, prereleases=True):
                yield f"{requirement.name} is {version}; the course needs {requirement.specifier}"


def data() -> Iterator[str]:
    from downslope.data import load_digits_mnist

    shape = load_digits_mnist().x_train.shape
    if shape != (8000, 784):
        yield f"the digits to train with have shape {shape}; (8000, 784) was expected"


def training() -> Iterator[str]:
    from downslope.backprop import Network
    from downslope.data import load_digits_mnist
    from downslope.optim import SGD
    from downslope.training import train

    x, labels, _, _ = load_digits_mnist()
    losses = train(Network([784, 10], seed=0), SGD(lr=0.1), x, labels, steps=50, progress=False).losses
    if not losses[-5:].mean() < losses[0] / 2:
        yield f"the loss of a small network went from {losses[0]:.2f} to {losses[-1]:.2f}; it should have halved"


CHECKS: dict[str, Callable[[], Iterator[str]]] = {
    "Python 3.11 or newer": python_version,
    "packages": packages,
    "data": data,
    "a network learns": training,
}
