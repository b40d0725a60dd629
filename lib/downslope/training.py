"""The training loop: a model, an optimizer, data; what came of it is a `History`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import inf
from numbers import Real
from operator import index
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["History", "LossNotFiniteError", "Model", "Optimizer", "minibatches", "train"]


class Model(Protocol):
    """What `train` needs of a model. One with `loss_and_gradient(x, labels)` too is asked for both at once."""

    @property
    def params(self) -> Any: ...
    def loss(self, x: Any, labels: Any) -> float: ...
    def gradient(self, x: Any, labels: Any) -> Any: ...


class Optimizer(Protocol):
    """What `train` needs of an optimizer: `update` moves the parameters in place; `lr` is its learning rate."""

    lr: Any

    def update(self, params: Any, grads: Any) -> Any: ...


@dataclass(repr=False)
class History:
    """What a training run leaves behind.

    `losses[s]` is the loss on the batch of step s, before the update of step s: `losses[0]` is the untrained model's.
    `lrs[s]` is the learning rate of that update. `accuracies[i]` was measured after `accuracy_steps[i]` updates.
    """

    losses: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    lrs: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    accuracies: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    accuracy_steps: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    def __len__(self) -> int:
        """How many steps were made."""
        return len(self.losses)

    def __getitem__(self, step: int) -> float:
        """The loss of a step."""
        return float(self.losses[step])

    def __repr__(self) -> str:
        if not len(self):
            return "History(no steps)"
        accuracy = f", accuracy {self.accuracies[-1]:.4f}" if len(self.accuracies) else ""
        return f"History({len(self)} steps, loss {self.losses[0]:.4g} → {self.losses[-1]:.4g}{accuracy})"


class LossNotFiniteError(FloatingPointError):
    """Training stopped at a loss that is infinite or not a number.

    `step` is the step, `lr` its learning rate, `loss` the loss. `history` holds the steps before it. The update of this
    step was not made: the model's parameters are the ones that gave this loss.
    """

    def __init__(self, step: int, lr: float, loss: float, history: History) -> None:
        self.step, self.lr, self.loss, self.history = step, lr, loss, history
        super().__init__(
            f"the loss is {loss} at step {step} with learning rate {lr:g}: training stopped before this step's update. "
            f"A smaller learning rate is the usual cure. The losses before it are in this error's `history`."
        )


def minibatches(n: int, batch_size: int, steps: int, seed: int) -> NDArray[np.intp]:
    """The examples of every step, as an integer array of shape (steps, batch_size): row s is the batch of step s.

    Every epoch goes through the n examples in a new random order, cut into batches; the n mod batch_size examples
    at its end are left out of that epoch. Equal arguments give equal batches, so two optimizers can be given the same.

    Parameters
    ----------
    n : how many examples there are.
    batch_size : how many go into one step, 1 to n.
    steps : how many batches.
    seed : of `numpy.random.PCG64`.

    Raises
    ------
    TypeError, ValueError : for a number that is not an integer, or out of range.

    >>> minibatches(4, batch_size=2, steps=3, seed=0)
    array([[2, 0],
           [1, 3],
           [3, 2]])
    """
    n, steps = _integer("n", n, 1), _integer("steps", steps, 0)
    batch_size, seed = _integer("batch_size", batch_size, 1), _integer("seed", seed, 0)
    if batch_size > n:
        raise ValueError(f"batch_size must be at most the number of examples, {n}, got {batch_size}")
    rng = np.random.Generator(np.random.PCG64(seed))
    per_epoch = n // batch_size
    epochs = -(-steps // per_epoch)
    batches = np.empty((epochs, per_epoch * batch_size), dtype=np.intp)
    for epoch in batches:
        epoch[:] = rng.permutation(n)[: len(epoch)]
    return batches.reshape(-1, batch_size)[:steps]


def train(
    model: Model,
    optimizer: Optimizer,
    x: ArrayLike,
    labels: ArrayLike,
    *,
    steps: int | None = None,
    batch_size: int | None = None,
    seed: int | None = None,
    batches: Sequence[ArrayLike] | NDArray[np.integer[Any]] | None = None,
    schedule: Callable[[int], float] | None = None,
    callback: Callable[[int, float], object] | None = None,
    test: tuple[ArrayLike, ArrayLike] | None = None,
    test_every: int = 100,
    progress: bool | str = True,
) -> History:
    """Train a model: at step s, the loss and its gradient on batch s, then one `optimizer.update`.

        E, g = loss and gradient of batch s at w;   w ← optimizer's step along g

    An optimizer in a look-ahead form takes both at `optimizer.gradient_point(w)` instead; the model must then take
    parameters as a third argument, `loss_and_gradient(x, labels, params)`, as `Network` does.

    Parameters
    ----------
    model : has `params`, `loss(x, labels)`, `gradient(x, labels)`; if it has `loss_and_gradient(x, labels)`, that.
    optimizer : has `update(params, grads)` and `lr`.
    x : the examples, first axis n.
    labels : n integer labels.
    steps : how many batches; may be left out when `batches` is given, which then says it.
    batch_size, seed : batches are `minibatches(n, batch_size, steps, seed)`; without them 128 and 0.
    batches : the batches themselves instead, one array of positions in `x` for each step. Give two optimizers the
        same ones to compare them.
    schedule : step → learning rate, steps counted from 0; sets `optimizer.lr` before each update.
    callback : called as `callback(step, loss)` after each update.
    test : `(x_test, t_test)`: `model.accuracy` of it is recorded before the first step, after every `test_every`
        steps and after the last.
    progress : a bar in the notebook or the terminal; a string is the name shown on it; False for none.

    Returns
    -------
    `History` with `losses`, `lrs`, and with `test` also `accuracies` and `accuracy_steps`.

    Raises
    ------
    LossNotFiniteError : when a loss is infinite or not a number; holds the history so far. The parameters stay as they
        were when that loss was computed.
    TypeError, ValueError : for bad arguments, before anything is changed.
    """
    _check_parts(model, optimizer, progress)
    run = _checked_run(model, x, labels, steps, batch_size, seed, batches)
    checkpoint = _checked_test(model, test, test_every)
    loss_and_gradient = getattr(model, "loss_and_gradient", None) or _one_after_the_other(model)
    params = model.params
    ahead = _look_ahead(optimizer, model)
    losses, lrs = np.empty(len(run.batches)), np.empty(len(run.batches))
    accuracies: dict[int, float] = {}

    def history(done: int) -> History:
        return History(
            losses[:done].copy(), lrs[:done].copy(),
            np.array(list(accuracies.values())), np.array(list(accuracies), dtype=np.int64),
        )  # fmt: skip

    with _bar(len(run.batches), progress) as advance:
        for step, batch in enumerate(run.batches):
            if checkpoint and step % test_every == 0:
                accuracies[step] = checkpoint()
            if schedule is not None:
                optimizer.lr = _scheduled(schedule, step)
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # the loss tells
                loss, grads = loss_and_gradient(run.x[batch], run.labels[batch], *ahead())
                losses[step], lrs[step] = loss, optimizer.lr
                if not np.isfinite(losses[step]):
                    raise LossNotFiniteError(step, float(optimizer.lr), float(loss), history(step))
                optimizer.update(params, grads)
            if callback is not None:
                callback(step, float(loss))
            advance(losses[step])
    if checkpoint:
        accuracies[len(run.batches)] = checkpoint()
    return history(len(run.batches))


def _check_parts(model: object, optimizer: object, progress: object) -> None:
    """A model where the model belongs, an optimizer where the optimizer does."""
    for name, part, needs in (
        ("model", model, ("params", "loss", "gradient")),
        ("optimizer", optimizer, ("update", "lr")),
    ):
        if missing := [need for need in needs if not hasattr(part, need)]:
            raise TypeError(f"{name} must have {', '.join(needs)}, got {type(part).__name__} without {missing[0]}")
    if not isinstance(progress, (bool, str)):
        raise TypeError(f"progress must be True, False or a name to show, got {progress!r}")


def _one_after_the_other(model: Model) -> Callable[..., tuple[float, Any]]:
    """Loss and gradient from a model that has only one method for each."""
    return lambda *at: (model.loss(*at), model.gradient(*at))


def _look_ahead(optimizer: Any, model: Model) -> Callable[[], tuple[Any, ...]]:
    """The point at which the gradient is wanted, as a further argument; none where it is the parameters themselves."""
    gradient_point, params = getattr(optimizer, "gradient_point", None), model.params
    if getattr(optimizer, "convention", None) == "look-ahead":
        for name in ("loss", "gradient", "loss_and_gradient"):
            _check_third_argument(getattr(model, name, None), f"{type(model).__name__}.{name}")

    def ahead() -> tuple[Any, ...]:
        point = params if gradient_point is None else gradient_point(params)
        return () if point is params else (point,)

    return ahead


def _check_third_argument(function: Any, name: str) -> None:
    """Raise unless a model's function can be asked at other parameters than the model's own."""
    try:
        if function is not None:
            inspect.signature(function).bind("x", "labels", "params")
    except TypeError as error:
        raise TypeError(
            f"{name} must take parameters as a third argument, since the optimizer's form is 'look-ahead'; "
            f"the form 'shifted' is the same method and fits any model"
        ) from error


@contextmanager
def _bar(steps: int, progress: bool | str) -> Iterator[Callable[[float], None]]:
    """A progress bar; what it gives is called once a step with the loss."""
    if progress is False:
        yield lambda loss: None
        return
    from tqdm.auto import tqdm

    with tqdm(total=steps, desc=progress if isinstance(progress, str) else None, unit="step") as bar:

        def advance(loss: float) -> None:
            bar.set_postfix_str(f"loss {loss:.4g}", refresh=False)
            bar.update()

        yield advance


@dataclass
class _Run:
    x: NDArray[Any]
    labels: NDArray[Any]
    batches: Sequence[NDArray[np.integer[Any]]] | NDArray[np.integer[Any]]


def _checked_run(
    model: Model,
    x: ArrayLike,
    labels: ArrayLike,
    steps: int | None,
    batch_size: int | None,
    seed: int | None,
    batches: Sequence[ArrayLike] | NDArray[np.integer[Any]] | None,
) -> _Run:
    """The data as arrays and the batches of every step, or an error that names what is wrong."""
    x, labels = _examples(x, labels, "x", "labels")
    _probe(model, x, labels)
    if batches is None:
        if steps is None:
            raise TypeError("steps must be given (or batches, which says how many there are)")
        made = minibatches(len(x), 128 if batch_size is None else batch_size, steps, 0 if seed is None else seed)
        return _Run(x, labels, made)
    if batch_size is not None or seed is not None:
        raise TypeError("batch_size and seed make the batches: give either them or batches, not both")
    given = _batches(batches, len(x))
    if steps is not None and _integer("steps", steps, 0) > len(given):
        raise ValueError(f"steps must be at most the number of batches, {len(given)}, got {steps}")
    return _Run(x, labels, given[:steps])


def _examples(x: ArrayLike, labels: ArrayLike, x_name: str, labels_name: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """Examples and their labels as arrays of numbers with the same first axis."""
    arrays = []
    for name, given in ((x_name, x), (labels_name, labels)):
        array = np.asarray(given)
        if array.dtype.kind not in "iuf":
            raise TypeError(f"{name} must be an array of integers or floats, got dtype {array.dtype}")
        if array.ndim == 0 or len(array) == 0:
            raise ValueError(f"{name} must have at least one example along its first axis, got shape {array.shape}")
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ValueError(f"{name} must be finite everywhere, got infinity or nan in it")
        arrays.append(array)
    if len(arrays[0]) != len(arrays[1]):
        raise ValueError(f"{labels_name} must have as many entries as {x_name}, {len(arrays[0])}, got {len(arrays[1])}")
    return arrays[0], arrays[1]


def _probe(model: Model, x: NDArray[Any], labels: NDArray[Any]) -> None:
    """Show the model one example of each label, so that what it refuses is refused before the first step."""
    each = np.unique(labels, return_index=True)[1] if labels.ndim == 1 and labels.dtype.kind in "iu" else [0]
    with np.errstate(all="ignore"):
        model.loss(x[each], labels[each])


def _batches(batches: Iterable[ArrayLike], n: int) -> Sequence[NDArray[np.integer[Any]]]:
    """Batches that were given, as integer arrays of positions 0 … n − 1; a 2-D array has one batch in each row."""
    if isinstance(batches, Iterator):
        raise TypeError("batches must be an array or a list, got an iterator, which is used up after one run")
    if isinstance(batches, np.ndarray) and batches.ndim != 2:
        raise ValueError(f"batches must have one row of positions for each step, got an array of shape {batches.shape}")
    arrays = batches if isinstance(batches, np.ndarray) else [np.asarray(batch) for batch in batches]
    wholes = (
        {"batches": arrays.ravel()}
        if isinstance(arrays, np.ndarray)
        else {f"batches[{s}]": row for s, row in enumerate(arrays)}
    )
    for name, positions in wholes.items():
        if positions.dtype.kind not in "iu" or positions.ndim != 1 or not positions.size:
            raise TypeError(
                f"{name} must hold one or more integers, got dtype {positions.dtype} and shape {positions.shape}"
            )
        if positions.min() < 0 or positions.max() >= n:
            raise ValueError(f"{name} must lie between 0 and {n - 1}, got {positions.min()} to {positions.max()}")
    return cast("Sequence[NDArray[np.integer[Any]]]", arrays)


def _checked_test(
    model: Model, test: tuple[ArrayLike, ArrayLike] | None, test_every: int
) -> Callable[[], float] | None:
    """A function that measures the model's accuracy on the held-out examples, or nothing when none were given."""
    if test is None:
        return None
    if not hasattr(model, "accuracy"):
        raise TypeError(f"test needs a model with an accuracy method, got {type(model).__name__}")
    if not isinstance(test, tuple) or len(test) != 2:
        raise TypeError(f"test must be a pair (x_test, t_test), got {type(test).__name__}")
    _integer("test_every", test_every, 1)
    x_test, t_test = _examples(*test, "x_test", "t_test")
    _probe(model, x_test, t_test)
    accuracy = cast("Callable[[Any, Any], float]", model.accuracy)
    return np.errstate(over="ignore", invalid="ignore")(lambda: float(accuracy(x_test, t_test)))


def _scheduled(schedule: Callable[[int], float], step: int) -> float:
    """The schedule's learning rate for a step, if it is one."""
    lr = schedule(step)
    if not isinstance(lr, Real) or isinstance(lr, bool) or not 0 <= lr < inf:
        raise ValueError(f"schedule must give a finite number of at least 0 for each step, got {lr!r} for step {step}")
    return lr


def _integer(name: str, value: Any, least: int) -> int:
    """An argument that must be an integer, at least `least`."""
    try:
        number = index(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer, got {value!r}") from None
    if isinstance(value, bool) or number < least:
        raise ValueError(f"{name} must be an integer of at least {least}, got {value!r}")
    return number
